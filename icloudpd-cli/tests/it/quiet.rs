//! A run of the whole program when nothing has happened: one request to see whether the session lives, and one for news.

use icloud_photos_testkit::{Edit, FaultAction, FaultRule, FaultScript, LibrarySpec, SharedLibrary};

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
    let decomposed = titles.iter().find(|title| title.contains('\u{308}')).unwrap();
    let choices: [&[&str]; 10] = [
        &[],
        &["--album", first],
        &["--album", first, "--album", second],
        &["--album", "Favorites"],
        &["--album", first, "--album", "Favorites"],
        &["--album", decomposed],
        &["--recent", "20"],
        &["--recent", "2", "--album", first, "--album", "Favorites"],
        &shared_all,
        &shared_album,
    ];
    choices.iter().map(|args| args.iter().map(|arg| (*arg).to_owned()).collect()).collect()
}

#[test]
fn without_news_the_program_asks_twice_in_all() {
    let mut table = Vec::new();
    for (mode, options) in MODES {
        for number in 0..10 {
            let world = World::new(LibrarySpec::everyday(3, 100));
            let selection = selections(&world).swap_remove(number);
            let run = || {
                let done = ran(world.download().args(options).args(&selection));
                assert!(matches!(done.code, Some(0 | 2)), "{mode}, {selection:?}: {} {}", done.out, done.err);
                done
            };
            (0..UNTIL_SETTLED).for_each(|_| drop(run()));
            // Whenever the newest few have gone, others are.
            while selection.first().is_some_and(|first| first == "--recent")
                && run().out.contains(" Deleted ")
            {}
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

fn requests(world: &World) -> u64 {
    let requests = world.cloud.counts().requests;
    world.cloud.reset_counts();
    requests
}

/// What is remembered of an album is checked as soon as there is anything new.
#[test]
fn an_album_that_is_not_what_it_was_is_noticed() {
    let world = World::new(LibrarySpec::plain(6, 1000));
    let (library, now) = (world.cloud.library(World::USER).unwrap(), world.cloud.now_ms());
    let ids: Vec<String> = {
        let truth = library.truth();
        truth["assets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|asset| asset["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let album = library.add_album("Trip", now);
    library.edit(&ids[0], &Edit::Enter(album.clone()), now);
    let run = || ran(world.download().args(["--album", "Trip"]));
    run().exits(0);
    world.cloud.reset_counts();
    run().exits(0);
    assert_eq!((requests(&world), world.photos().len()), (2, 1));
    // Renamed: there is none of that title.
    library.rename_album(&album, "Journey", now);
    for _ in 0..2 {
        let refused = run().exits(1);
        assert!(refused.out.contains("Unknown album: Trip. The nearest titles are: "), "{}", refused.out);
    }
    // Another of that title.
    let other = library.add_album("Trip", now);
    library.edit(&ids[1], &Edit::Enter(other.clone()), now);
    run().exits(0);
    assert_eq!(world.photos().len(), 2);
    world.cloud.reset_counts();
    run().exits(0);
    assert_eq!(requests(&world), 2);
    // Deleted, and made again.
    library.delete_album(&other, now);
    let again = library.add_album("Trip", now);
    library.edit(&ids[2], &Edit::Enter(again.clone()), now);
    run().exits(0);
    assert_eq!(world.photos().len(), 3);
    library.delete_album(&again, now);
    run().exits(1).says("Unknown album: Trip");
}

/// Two albums have one title, and the first of them that was copied is not the one that is meant any more.
#[test]
fn albums_of_one_title_do_not_take_turns() {
    let world = World::new(LibrarySpec::plain(6, 1000));
    let (library, now) = (world.cloud.library(World::USER).unwrap(), world.cloud.now_ms());
    let run = || ran(world.download().args(["--album", "Trip"])).exits(0);
    for round in 0..4 {
        // Record names are made at random: whichever comes first, the one that was copied last is meant.
        library.add_album("Trip", now + round);
        run();
        // The catalogue counts seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    world.cloud.reset_counts();
    for _ in 0..2 {
        run();
        assert_eq!(requests(&world), 2);
    }
}

/// An album of the user's takes the place of one that iCloud fills.
#[test]
fn an_album_of_the_same_title_is_noticed() {
    let world = World::new(LibrarySpec::plain(6, 1000));
    let (library, now) = (world.cloud.library(World::USER).unwrap(), world.cloud.now_ms());
    let id = library.truth()["assets"][0]["id"].as_str().unwrap().to_owned();
    let run = || ran(world.download().args(["--album", "Favorites"])).exits(0);
    run();
    world.cloud.reset_counts();
    run();
    assert_eq!((requests(&world), world.photos().len()), (2, 0));
    let album = library.add_album("Favorites", now);
    library.edit(&id, &Edit::Enter(album), now);
    run();
    assert_eq!(world.photos().len(), 1);
    world.cloud.reset_counts();
    run();
    assert_eq!(requests(&world), 2);
}

/// A library that somebody stopped sharing.
#[test]
fn a_library_that_is_gone_is_noticed() {
    for at in [SharedLibrary::Owner, SharedLibrary::Participant] {
        let world = World::new(LibrarySpec::everyday(3, 30).with_shared_library(at, 10));
        let list = ran(&mut world.icloudpd(&["--list-libraries", "--log-level", "error"])).exits(0).out;
        let shared = list.lines().nth(1).unwrap().to_owned();
        ran(world.download().args(["--library", &shared])).exits(0);
        world.cloud.reset_counts();
        ran(world.download().args(["--library", &shared])).exits(0);
        assert_eq!(requests(&world), 2, "{at:?}");
        let answer = |body: String| FaultAction::Status { code: 200, retry_after: None, body: Some(body) };
        let gone = format!(
            r#"{{"zones":[{{"zoneID":{{"zoneName":"{shared}"}},"serverErrorCode":"ZONE_NOT_FOUND"}}]}}"#
        );
        let none = r#"{"zones":[],"moreComing":false}"#.to_owned();
        let rules = vec![
            FaultRule::new("cloudkit/changes/zone", answer(gone)),
            FaultRule::new("cloudkit/zones/list", answer(none)),
        ];
        world.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
        let refused = ran(world.download().args(["--library", &shared])).exits(1);
        refused.says(&format!("Unknown library: {shared}. The libraries of this account are:"));
    }
}

/// icloudpd's own tests ask for the bar so.
#[test]
fn a_bar_can_be_forced() {
    for (value, drawn) in [("yes", true), ("", false)] {
        let world = World::new(LibrarySpec::plain(3, 1000));
        let mut program = world.download();
        let forced = ran(program.arg("--no-progress-bar").env("FORCE_TQDM", value)).exits(0);
        assert_eq!(forced.err.contains("/3 looked at"), drawn, "{}", forced.err);
        assert!(!forced.out.contains("looked at"), "{}", forced.out);
    }
}
