//! The program is killed at any moment, and run again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use icloud_photos::asset::{Checksum, Hasher};
use icloud_photos::storage::FsStorage;
use icloud_photos::sync::catalogue::{Catalogue, FileRow, Status};
use icloud_photos::sync::store;
use icloud_photos_testkit::{FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::support::{World, ran, tree};

/// Numbers that look random and follow from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

fn library() -> LibrarySpec {
    LibrarySpec::everyday(8, 160).with_same_length_twins()
}

/// Weather in which a run takes some seconds.
fn rough(seed: u64) -> FaultScript {
    let stall = |ms| FaultAction::Stall { after: Some(300), ms: Some(ms) };
    let rules = vec![
        FaultRule::new("content", stall(120)).rate(0.5),
        FaultRule::new("content", FaultAction::Cut { after: 700 }).rate(0.1),
        FaultRule::new("content", FaultAction::Flip { at: None }).rate(0.05),
        FaultRule::new("cloudkit", FaultAction::Stall { after: None, ms: Some(40) }).rate(0.5),
    ];
    FaultScript { seed, rules }
}

/// Every file with the checksum of its bytes, as Apple computes it.
fn contents(root: &Path) -> BTreeMap<String, Checksum> {
    if !root.exists() {
        return BTreeMap::new();
    }
    let read = |path: String| {
        let mut hasher = Hasher::new();
        hasher.update(&std::fs::read(root.join(&path)).unwrap());
        (path, hasher.finish().checksum)
    };
    tree(root).into_iter().map(read).collect()
}

/// What the catalogue holds, read as anybody may.
fn rows(world: &World) -> Vec<FileRow> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if !world.directory().exists() {
            return Vec::new();
        }
        let storage = FsStorage::open(world.directory()).unwrap();
        let place = world.directory();
        let found =
            store::open_read_only(&storage, place.to_str().unwrap(), &world.sessions()).await.unwrap();
        match found {
            Some(catalogue) => catalogue.files(None, None, 100_000).await.unwrap(),
            None => Vec::new(),
        }
    })
}

/// Whatever the moment: a final name means the right bytes, and the catalogue promises nothing that is not there.
fn holds_true(world: &World, calm: &BTreeMap<String, Checksum>, about: &str) -> usize {
    let found = contents(&world.directory());
    let files = found.iter().filter(|(path, _)| !path.ends_with(".part"));
    let files: BTreeMap<_, _> = files.collect();
    for (path, content) in &files {
        assert_eq!(
            calm.get(*path),
            Some(*content),
            "{about}: {path} has wrong bytes, or is none of the tree"
        );
    }
    for row in rows(world).into_iter().filter(|row| row.status.is_kept()) {
        let path = row.path.unwrap().to_string();
        let there = files.get(&path).copied();
        let is_as_apple_has_it = row.status != Status::Derived;
        assert!(
            there.is_some() && (!is_as_apple_has_it || there == row.checksum.as_ref()),
            "{about}: {path}"
        );
    }
    files.len()
}

fn killed_after(mut child: Child, delay: Duration) {
    let end = Instant::now() + delay;
    while Instant::now() < end && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    // SIGKILL: nothing of the program runs after it.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    survives(12, library, &[]);
}

/// Dates are written into the photos meanwhile.
#[test]
fn a_run_that_is_killed_while_it_dates_photos_is_finished_by_the_next() {
    // Larger than what reaches the disk in one step.
    let library = || LibrarySpec::plain(60, 700_000);
    survives(
        8,
        library,
        &["--set-exif-datetime", "--exif-datetime-format", "jpeg", "--exif-datetime-format", "png"],
    );
}

fn survives(kills: u64, library: fn() -> LibrarySpec, options: &[&str]) {
    let kills: u64 =
        std::env::var("ICLOUDPD_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(kills);
    let calm = World::new(library());
    ran(calm.download().args(options)).exits(0);
    let calm = contents(&calm.directory());
    let mut dice = Dice(20);
    let mut kill = 0;
    let mut stages = Vec::new();
    while kill < kills {
        let world = World::new(library());
        // Signed in before, so that the moments lie in the run and not in the sign-in.
        ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
        // A few kills of one run, one after the other, then its end.
        for _ in 0..=dice.roll(4).min(kills - kill - 1) {
            world.cloud.set_faults(rough(kill)).unwrap();
            let mut command = world.download();
            let child = command.args(options).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            killed_after(child, Duration::from_millis(30 + dice.roll(1200)));
            kill += 1;
            stages.push(holds_true(&world, &calm, &format!("kill {kill}")));
        }
        world.cloud.set_faults(FaultScript::default()).unwrap();
        ran(world.download().args(options)).exits(0);
        assert_eq!(contents(&world.directory()), calm, "after kill {kill}: the same tree, and no part");
        let rows = rows(&world);
        assert!(rows.iter().all(|row| row.status != Status::Unconfirmed && row.status.is_kept()), "{rows:?}");
        assert_eq!(holds_true(&world, &calm, "the end"), calm.len());
        let named: std::collections::BTreeSet<_> = rows.iter().map(|row| row.path.clone().unwrap()).collect();
        assert_eq!(named.len(), calm.len(), "every file has its row");
        world.cloud.reset_counts();
        ran(world.download().args(options)).exits(0);
        assert_eq!(world.cloud.counts().requests_to("content"), 0);
    }
    let cut = stages.iter().filter(|files| (1..calm.len()).contains(*files)).count();
    println!("killed with so many of {} files there: {stages:?}", calm.len());
    assert!(cut * 3 >= stages.len(), "most moments should lie within the downloads: {stages:?}");
}

/// Nothing is fetched, and much is listed, for the history is lost: what was listed before the end came is not listed again.
#[test]
fn a_listing_that_is_killed_goes_on() {
    let world = World::new(LibrarySpec::plain(2500, 200));
    let pages = || world.cloud.counts().requests_to("cloudkit/records/query");
    let lose_history = || {
        world.cloud.library(World::USER).unwrap().expire_tokens();
        world.cloud.reset_counts();
    };
    ran(&mut world.download()).exits(0);
    let before = contents(&world.directory());
    lose_history();
    ran(&mut world.download()).exits(0);
    let all = pages();
    let slow = FaultAction::Stall { after: None, ms: Some(2100) };
    let rules = vec![FaultRule::new("cloudkit/records/query", slow).containing("startRank")];
    world.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    lose_history();
    let child = world.download().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let asked = Instant::now();
    while pages() < all {
        assert!(asked.elapsed() < Duration::from_secs(60), "{} of {all} pages", pages());
        std::thread::sleep(Duration::from_millis(5));
    }
    // The last few pages are on their way.
    killed_after(child, Duration::from_millis(1900));
    world.cloud.set_faults(FaultScript::default()).unwrap();
    world.cloud.reset_counts();
    ran(&mut world.download()).exits(0);
    let (again, fetched) = (pages(), world.cloud.counts().requests_to("content"));
    println!("{again} of {all} questions were asked again");
    assert!(again <= all / 2 && fetched == 0, "{again} of {all} pages, {fetched} files");
    assert_eq!(contents(&world.directory()), before);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_asked_to_end_writes_down_what_it_has() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let world = World::new(library());
        ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
        world.cloud.set_faults(rough(1)).unwrap();
        let mut child = world.download().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while world.cloud.counts().requests_to("content") < 60 {
            std::thread::sleep(Duration::from_millis(5));
            assert_eq!(child.try_wait().unwrap(), None);
        }
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(crate::support::code(child.wait().unwrap()), Some(code));
        let files = contents(&world.directory());
        let files: std::collections::BTreeSet<_> =
            files.into_keys().filter(|path| !path.ends_with(".part")).collect();
        let rows = rows(&world);
        let named: std::collections::BTreeSet<_> =
            rows.iter().map(|row| row.path.clone().unwrap().to_string()).collect();
        assert!(!files.is_empty());
        assert!(files.is_subset(&named), "{:?}", files.difference(&named));
        assert!(rows.iter().all(|row| row.status != Status::Assumed), "{rows:?}");
    }
}

/// The program waits for somebody to read its output, and nobody does.
#[cfg(unix)]
#[test]
fn a_run_whose_output_nobody_reads_can_be_ended() {
    let world = World::new(LibrarySpec::plain(3000, 100));
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    let mut command =
        world.icloudpd(&["-d", world.directory().to_str().unwrap(), "--dry-run", "--log-level", "debug"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // More than a pipe holds.
    let mut quiet = 0;
    let mut seen = 0;
    while quiet < 20 {
        std::thread::sleep(Duration::from_millis(50));
        let now = world.cloud.counts().requests;
        quiet = if now == seen { quiet + 1 } else { 0 };
        seen = now;
    }
    assert_eq!(child.try_wait().unwrap(), None, "else this proves nothing");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
