//! A run of the whole program when nothing has happened: one request to see whether the session lives, and one for news.

use icloud_photos_testkit::LibrarySpec;

use crate::support::{World, ran};

/// Runs that change something, at most, before there is nothing to do.
const UNTIL_SETTLED: usize = 3;

const MODES: [(&str, &[&str]); 4] = [
    ("copy", &[]),
    ("mirror", &["--auto-delete", "--remove-at-most", "100"]),
    ("move what is old", &["--keep-icloud-recent-days", "1000", "--remove-at-most", "100"]),
    ("move what was fetched", &["--delete-after-download", "--remove-at-most", "100"]),
];

/// Options for everything that can be asked for.
fn selections(world: &World) -> Vec<Vec<String>> {
    let list = |args: &[&str]| {
        let out = ran(&mut world.icloudpd(args)).exits(0).out;
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let shared = list(&["--list-libraries", "--log-level", "error"]).remove(1);
    let titles = list(&["--list-albums", "--log-level", "error"]);
    let (first, second) = (&titles[11], &titles[12]);
    let shared_all: [&str; 2] = ["--library", &shared];
    let shared_album: [&str; 4] = ["--library", &shared, "--album", "Favorites"];
    let choices: [&[&str]; 7] = [
        &[],
        &["--album", first],
        &["--album", first, "--album", second],
        &["--album", "Favorites"],
        &["--album", first, "--album", "Favorites"],
        &shared_all,
        &shared_album,
    ];
    choices.iter().map(|args| args.iter().map(|arg| (*arg).to_owned()).collect()).collect()
}

#[test]
fn without_news_the_program_asks_twice_in_all() {
    let mut table = Vec::new();
    for (mode, options) in MODES {
        for number in 0..7 {
            let world = World::new(LibrarySpec::everyday(3, 100));
            let selection = selections(&world).swap_remove(number);
            let run = || {
                let done = ran(world.download().args(options).args(&selection));
                assert!(matches!(done.code, Some(0 | 2)), "{mode}, {selection:?}: {} {}", done.out, done.err);
                done
            };
            (0..UNTIL_SETTLED).for_each(|_| drop(run()));
            world.cloud.reset_counts();
            let photos = world.photos();
            run();
            let counts = world.cloud.counts();
            assert_eq!(world.photos(), photos, "{mode}, {selection:?}");
            table.push((mode, selection, counts.requests, counts.requests_to("content")));
        }
    }
    table.iter().for_each(|row| println!("{row:?}"));
    let bad: Vec<_> = table.iter().filter(|(.., requests, fetches)| *requests > 2 || *fetches > 0).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}
