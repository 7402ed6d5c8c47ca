//! `doctor`: each case is named in one line, and nothing is made worse by asking.

use icloud_photos_test_servers::s3::Fault;
use icloud_photos_testkit::{AccountSpec, FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::elsewhere::Bucket;
use crate::keep::verb;
use crate::support::{Ran, World, icloudpd, ran};

fn problems(ran: &Ran) -> Vec<&str> {
    ran.out.lines().filter(|line| line.starts_with("PROBLEM")).collect()
}

#[track_caller]
fn only_problem(ran: Ran, text: &str) {
    let ran = ran.exits(1);
    let problems = problems(&ran);
    assert!(matches!(problems[..], [one] if one.contains(text)), "{}", ran.out);
}

fn world(account: AccountSpec) -> World {
    World::of(account, LibrarySpec::plain(3, 300))
}

fn state(name: &str) -> AccountSpec {
    AccountSpec::in_state(name).unwrap()
}

#[test]
fn a_healthy_copy_has_no_problem_and_costs_no_password() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    world.cloud.reset_counts();
    let ran = verb(&world, "doctor", &[]).exits(0);
    assert!(problems(&ran).is_empty());
    for line in [
        "ok      session: Apple accepts it",
        "ok      photos: 3 in library",
        "ok      catalogue: 3 files proven",
        "ok      clock:",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[test]
fn without_a_session_nobody_is_signed_in() {
    let world = world(state("password-only"));
    let ran = verb(&world, "doctor", &[]).exits(0);
    assert!(ran.out.contains("note    session: none is saved"), "{}", ran.out);
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
    assert!(!world.directory().exists() && !world.sessions().exists(), "nothing is made");
}

#[test]
fn what_apple_says_of_the_account_is_named() {
    type Change = fn(&mut AccountSpec);
    let changes: [(Change, &str); 3] = [
        (|account| account.web_access = false, "Access iCloud Data on the Web"),
        (|account| account.terms_update_needed = true, "new terms of service"),
        (|account| account.photos_service = false, "never set up"),
    ];
    for (change, text) in changes {
        let world = world(state("password-only"));
        ran(&mut world.download()).exits(0);
        world.cloud.change_account(World::USER, change);
        only_problem(verb(&world, "doctor", &[]), text);
    }
}

#[test]
fn who_is_turned_away_is_told_so_and_not_that_the_password_is_wrong() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    let rule = |on: &str| FaultRule::new(on, FaultAction::status(503));
    world.cloud.set_faults(FaultScript::new([rule("*")])).unwrap();
    let ran = verb(&world, "doctor", &[]).exits(1);
    assert!(ran.out.contains("answers 503: Apple refuses to serve this address for now"), "{}", ran.out);
}

#[test]
fn after_wrong_passwords_the_rest_is_told() {
    let world = world(state("password-only"));
    for _ in 0..3 {
        ran(world.download().env("ICLOUDPD_PASSWORD", "wrong")).exits(1);
    }
    only_problem(verb(&world, "doctor", &[]), "Too many sign-ins in half an hour");
}

#[cfg(unix)]
#[test]
fn a_full_or_forbidden_folder_is_named() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    let at = world.directory();
    std::fs::remove_dir_all(&at).unwrap();
    std::fs::write(&at, "a file").unwrap();
    only_problem(verb(&world, "doctor", &[]), "a file stands where a folder is needed");
}

#[test]
fn a_disk_that_is_not_mounted_is_named() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    std::fs::remove_dir_all(world.directory()).unwrap();
    std::fs::create_dir(world.directory()).unwrap();
    let ran = verb(&world, "doctor", &[]).exits(1);
    assert!(problems(&ran).iter().any(|line| line.contains("mounted")), "{}", ran.out);
}

/// A storage elsewhere is given a small file, so that a run need not find out that it takes none.
#[test]
fn a_storage_that_does_not_take_or_give_or_let_go_is_named() {
    let (world, bucket) = (world(state("password-only")), Bucket::new());
    let doctor = || ran(&mut bucket.icloudpd(&world, &["doctor"], &[]));
    let well = doctor().exits(0);
    for line in ["ok      storage: a small file could be written", "keeps hashes beside files"] {
        assert!(well.out.contains(line), "{line}\n{}", well.out);
    }
    assert!(bucket.server.keys().is_empty(), "{:?}", bucket.server.keys());

    let table = [
        (
            "PutObject",
            "AccessDenied",
            "write a small file: the storage refuses: these credentials have no right",
        ),
        ("PutObject", "QuotaExceeded", "write a small file: the storage is full"),
        (
            "GetObject",
            "AccessDenied",
            "read a small file back: the storage refuses: these credentials have no right",
        ),
        (
            "DeleteObject",
            "AccessDenied",
            "remove a small file: the storage refuses: these credentials have no right",
        ),
    ];
    for (operation, code, text) in table {
        // What may pass is tried again.
        for _ in 0..5 {
            bucket.server.fail_next(operation, Fault::Refuse(code));
        }
        let ran = doctor();
        assert!(!ran.out.contains("disk") && !ran.out.contains("Cannot connect"), "{}", ran.out);
        only_problem(ran, text);
        bucket.server.calm();
    }
}

#[test]
fn a_storage_that_cannot_be_reached_is_not_apple() {
    let world = world(state("password-only"));
    let ran = verb(&world, "doctor", &["-d", "webdav+http://127.0.0.1:1/photos"]);
    assert!(!ran.out.contains("Cannot connect to Apple"), "{}", ran.out);
    only_problem(ran, "nothing answers at the address of the storage");
}

#[test]
fn nothing_of_the_person_is_in_the_bundle() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    let file = world.sessions().join("bundle.txt");
    verb(
        &world,
        "doctor",
        &["--bundle", file.to_str().unwrap(), "--smtp-password", "hunter2", "-a", "Secret Album"],
    )
    .exits(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("ok      session"), "{text}");
    for secret in [
        "jdoe",
        "example.com",
        World::PASSWORD,
        "hunter2",
        "Secret Album",
        world.directory().to_str().unwrap(),
    ] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[test]
fn without_an_account_and_without_a_network_it_still_speaks() {
    let ran = ran(icloudpd(&["doctor"])
        .env("ICLOUDPD_AUTH_ENDPOINT", "http://127.0.0.1:9")
        .env("ICLOUDPD_SETUP_ENDPOINT", "http://127.0.0.1:9"))
    .exits(1);
    assert_eq!(problems(&ran).len(), 2, "{}", ran.out);
    assert!(ran.out.contains("PROBLEM sign-in host: Cannot connect to Apple iCloud service"), "{}", ran.out);
    assert!(ran.out.contains("note    account: no --username was given"), "{}", ran.out);
}

#[test]
fn what_a_sign_in_meets_is_named_once_it_is_asked_for() {
    let table = [
        ("two-factor", 0, "note    sign-in: the password is right, and Apple asks for a code"),
        ("password-only", 0, "ok      photos: 3 in library"),
        ("security-keys", 1, "PROBLEM sign-in: This Apple ID signs in with a security key only"),
        ("locked", 1, "PROBLEM sign-in: Apple has locked this Apple ID"),
        ("wrong-domain", 1, "PROBLEM sign-in: This Apple ID lives in the other of Apple's two domains"),
        ("terms", 1, "PROBLEM sign-in: Apple has new terms of service"),
        ("web-access-off", 1, "\"Access iCloud Data on the Web\" is switched off"),
        ("adp", 1, "Advanced Data Protection is on"),
    ];
    for (name, code, line) in table {
        let account = match name {
            // The code comes first else, and nobody is asked for it here.
            "terms" | "web-access-off" | "adp" | "wrong-domain" => {
                let second_factor = state("password-only").second_factor;
                AccountSpec { second_factor, ..state(name) }
            }
            name => state(name),
        };
        let world = world(account);
        let ran = verb(&world, "doctor", &["--sign-in"]);
        assert!(ran.out.contains(line), "{name}\n{}\n{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(code), "{name}\n{}", ran.out);
        assert!(world.cloud.counts().requests_to("auth/complete") <= 1, "{name}");
    }
}

#[test]
fn places_that_cannot_be_made_are_named() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    let file = world.sessions().join("file");
    std::fs::write(&file, "a file").unwrap();
    let places = ["/proc/icloudpd", file.to_str().unwrap(), &format!("{}/below", file.display())];
    for place in places.into_iter().filter(|place| cfg!(target_os = "linux") || !place.starts_with("/proc")) {
        let ran = verb(&world, "doctor", &["--cookie-directory", place]).exits(1);
        assert!(problems(&ran)[0].starts_with("PROBLEM session folder:"), "{place}\n{}", ran.out);
        let ran = verb(&world, "doctor", &["--catalogue", place]).exits(1);
        assert!(problems(&ran)[0].starts_with("PROBLEM catalogue folder:"), "{place}\n{}", ran.out);
    }
    let absent = world.sessions().join("absent");
    let ran = verb(&world, "doctor", &["--catalogue", absent.to_str().unwrap()]);
    assert!(ran.out.contains("note    catalogue folder:") && !absent.exists(), "{}", ran.out);
}

#[test]
fn a_bundle_takes_no_files_place() {
    let world = world(state("password-only"));
    ran(&mut world.download()).exits(0);
    let file = world.directory().join("photo");
    std::fs::write(&file, "a photo").unwrap();
    let ran = verb(&world, "doctor", &["--bundle", file.to_str().unwrap()]).exits(1);
    assert!(ran.out.contains("is there already"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a photo");
}
