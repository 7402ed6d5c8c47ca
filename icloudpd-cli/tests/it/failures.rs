//! What goes wrong between us, Apple and the disk: each has a message that says what to do, and its exit code.

use icloud_photos_testkit::{
    Access, AccountSpec, Adp, FaultAction, FaultRule, FaultScript, LibrarySpec, RetryAfter,
};

use crate::support::{World, ran, ran_with_input};

fn account(state: &str) -> AccountSpec {
    AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::in_state(state).unwrap() }
}

/// Answers every call of that name with this status.
fn status(on: &str, code: u16, retry_after: Option<RetryAfter>) -> FaultScript {
    let action = FaultAction::Status { code, retry_after, body: None };
    FaultScript { seed: 1, rules: vec![FaultRule::new(on, action)] }
}

/// Signs in with the right password and no code, and expects failure 1 with a line that begins so and says that.
#[track_caller]
fn refused(state: &str, begins: &str, advises: &str) {
    let world = World::of(account(state), LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(1);
    ran.says(begins);
    assert!(ran.out.contains(advises), "{}", ran.out);
    assert!(!ran.out.contains(World::PASSWORD) && !ran.err.contains(World::PASSWORD));
}

#[test]
fn wrong_password() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let ran = ran(world.icloudpd(&["--auth-only"]).env("ICLOUDPD_PASSWORD", "wrong-one")).exits(1);
    ran.says("Invalid email/password combination. Check the Apple ID and its password");
    assert!(!ran.out.contains("wrong-one"));
}

#[test]
fn wrong_code() {
    let world = World::of(account("two-factor"), LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "999999\n").exits(1);
    ran.says("Failed to verify two-factor authentication code. Run again");
    // The session that was begun is worth nothing: the next run asks again.
    ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
}

#[test]
fn codes_that_apple_locked() {
    let spec = icloud_photos_testkit::AccountSpec { wrong_codes_allowed: 1, ..account("two-factor") };
    let world = World::of(spec, LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "999999\n999998\n999997\n").exits(1);
    ran.says(
        "Too many two-factor authentication codes; Apple sends or takes no more for now. Wait some hours",
    );
}

#[test]
fn nobody_to_give_the_code() {
    let world = World::of(account("two-factor"), LibrarySpec::plain(1, 1000));
    let ran = ran(&mut world.icloudpd(&["--auth-only"])).exits(1);
    ran.says("Two-factor authentication is required, and nobody was there to give the code. Run again with --auth-only");
    // Nobody was there, so no device was made to ring.
    assert!(world.cloud.codes().is_empty());
    ran_with_input(&mut world.icloudpd(&["--auth-only"]), "")
        .exits(1)
        .says("Two-factor authentication is required, and");
}

/// Somebody was there, and gave something that is no code.
#[test]
fn a_malformed_code() {
    let world = World::of(account("two-factor"), LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "12345\n").exits(1);
    ran.says("Failed to verify two-factor authentication code. Run again");
    assert!(!ran.out.contains("nobody was there"), "{}", ran.out);
}

#[test]
fn a_damaged_session_is_told_once() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    for name in crate::support::tree(&world.sessions()).iter().filter(|name| name.ends_with(".json")) {
        std::fs::write(world.sessions().join(name), "{").unwrap();
    }
    let ran = ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    assert_eq!(format!("{}{}", ran.out, ran.err).matches("session is damaged").count(), 1, "{}", ran.out);
}

#[test]
fn locked() {
    refused("locked", "Apple has locked this Apple ID", "https://iforgot.apple.com");
}

/// To go on knocking would keep it locked.
#[test]
fn a_locked_account_gets_the_password_once() {
    let world = World::of(account("locked"), LibrarySpec::plain(1, 1000));
    let locked = || ran(&mut world.icloudpd(&["--auth-only"])).exits(1).out;
    let knocked = || world.cloud.counts().requests_to("auth/complete");
    locked();
    let once = knocked();
    let again = locked();
    assert_eq!(knocked(), once);
    assert!(again.contains("(wait 60 min)") && again.contains("out of --cookie-directory"), "{again}");
    world.forget_session();
    locked();
    assert_eq!(knocked(), once + 1);
}

#[test]
fn advanced_data_protection() {
    let spec = AccountSpec { adp: Some(Adp { refused: true, ..Default::default() }), ..account("adp") };
    let world = World::of(spec, LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.download(), "012345\n").exits(1);
    ran.says("Advanced Data Protection is on for this Apple ID");
    assert!(ran.out.contains("allow the access when an iPhone"));
}

#[test]
fn web_access_off() {
    refused("web-access-off", "\"Access iCloud Data on the Web\" is switched off", "Switch it on");
}

#[test]
fn terms_wait() {
    refused("terms", "Apple has new terms of service", "https://www.icloud.com");
}

/// What a right code earned is kept, whatever else is wrong with the account: the next run needs no code.
#[test]
fn a_code_is_given_once() {
    let states = [
        ("web-access-off", "\"Access iCloud Data on the Web\" is switched off"),
        ("wrong-domain", "This Apple ID lives in the other"),
        ("no-photos-service", "iCloud Photos was never set up"),
    ];
    for (state, begins) in states {
        let world = World::of(account(state), LibrarySpec::plain(1, 1000));
        ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(1).says(begins);
        ran(&mut world.icloudpd(&["--auth-only"])).exits(1).says(begins);
        assert_eq!(world.cloud.counts().requests_to("auth/code/device"), 1, "{state}");
    }
}

#[test]
fn the_other_domain() {
    refused("wrong-domain", "This Apple ID lives in the other of Apple's two domains", "--domain cn");
}

#[test]
fn security_keys() {
    refused(
        "security-keys",
        "This Apple ID signs in with a security key only",
        "remove it from the Apple ID",
    );
}

#[test]
fn photos_never_set_up() {
    let library = LibrarySpec::plain(1, 1000).with(|switches| switches.access = Access::NeverSetUp);
    let ran = ran(&mut World::new(library).download()).exits(1);
    ran.says("iCloud Photos was never set up for this Apple ID. Sign in at https://www.icloud.com/photos");
    let world = World::of(account("no-photos-service"), LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.download(), "012345\n").exits(1);
    ran.says("iCloud Photos was never set up for this Apple ID");
}

/// A listing that Apple does not deliver says what to do, and does not guess at an account without Photos.
#[test]
fn pages_that_do_not_come() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let ends = |on: &str, code, body: Option<&str>, advises: &str| {
        let action = FaultAction::Status { code, retry_after: None, body: body.map(str::to_owned) };
        let rule = FaultRule::new(on, action).containing("CPLAssetAndMaster");
        world.cloud.set_faults(FaultScript::new([rule])).unwrap();
        let ran = ran(&mut world.download()).exits(1);
        assert!(ran.out.contains(advises) && !ran.out.contains("never set up"), "{}", ran.out);
        assert!(!ran.out.contains("album: )"), "{}", ran.out);
    };
    ends("cloudkit/records/query", 200, Some("{}"), "(tried 5 times). Run again in a while");
    ends("cloudkit/records/query", 400, None, "Run again in a while");
    ends("cloudkit/records/query", 404, None, "run again, and if it stays so");
}

/// Right after a sign-in with a password, nobody is told of a saved session without one.
#[test]
fn a_session_that_photos_keeps_refusing() {
    for code in [421, 450] {
        let world = World::new(LibrarySpec::plain(1, 1000));
        world.cloud.set_faults(status("cloudkit", code, None)).unwrap();
        for _ in 0..2 {
            let ran = ran(&mut world.download()).exits(1);
            let told = "iCloud Photos keeps refusing this session although it was renewed just now";
            assert!(ran.out.contains(told), "{}", ran.out);
            assert!(!ran.out.contains("no password was found"), "{}", ran.out);
            assert!(ran.out.contains("move this Apple ID's file out of --cookie-directory"), "{}", ran.out);
        }
    }
}

#[test]
fn index_not_ready() {
    let library = LibrarySpec::plain(1, 1000).with(|switches| switches.indexing_state = "RUNNING".to_owned());
    let world = World::new(library);
    ran(&mut world.download()).exits(1).says("iCloud Photos has not finished indexing this library. Wait");
}

#[test]
fn throttled() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    world.cloud.set_faults(status("auth/init", 503, Some(RetryAfter::Seconds(3600)))).unwrap();
    let ran = ran(&mut world.download()).exits(1);
    ran.says("Apple iCloud is temporary refusing to serve icloudpd");
    assert!(ran.out.contains("Wait some minutes"));
}

#[test]
fn too_many_attempts() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut last = String::new();
    for _ in 0..20 {
        last = ran(world.icloudpd(&["--auth-only"]).env("ICLOUDPD_PASSWORD", "wrong")).exits(1).out;
    }
    assert!(last.contains("no password was tried") && last.contains("(wait 30 min)"), "{last}");
    assert!(!world.cloud.account(World::USER).unwrap().locked, "our own budget ends before Apple's");
}

#[test]
fn no_network() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    // The port was free a moment ago, and nobody listens on it now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = format!("http://127.0.0.1:{port}");
    let ran =
        ran(world.download().env("ICLOUDPD_AUTH_ENDPOINT", &dead).env("ICLOUDPD_SETUP_ENDPOINT", &dead))
            .exits(1);
    ran.says("Cannot connect to Apple iCloud service");
    assert!(ran.out.contains("Check the network, HTTPS_PROXY and SSL_CERT_FILE"));
}

#[test]
fn unknown_album() {
    let world = World::new(LibrarySpec::everyday(1, 30));
    let ran = ran(world.download().args(["--album", "Favourites"])).exits(1);
    ran.says("Unknown album: Favourites. The nearest titles are: Favorites,");
}

#[test]
fn unknown_library() {
    let world = World::new(LibrarySpec::everyday(1, 30));
    let ran = ran(world.download().args(["--library", "doesnotexist"])).exits(1);
    ran.says("Unknown library: doesnotexist. The libraries of this account are: PrimarySync");
}

#[test]
fn files_that_fail_are_told_by_a_line_and_the_exit_code() {
    let world = World::new(LibrarySpec::plain(5, 1000));
    let mut script = status("content", 404, None);
    script.rules[0].after = 2;
    world.cloud.set_faults(script).unwrap();
    let first = ran(&mut world.download()).exits(3);
    first.says("Could not download IMG_");
    first.says("Some files failed and will be tried again by the next run: 2 downloaded");
    assert!(first.out.contains("3 failed"));
    assert!(!first.out.contains("have been downloaded"));
    assert_eq!(world.photos().len(), 2);
    world.cloud.set_faults(FaultScript::default()).unwrap();
    ran(&mut world.download()).exits(0).says("All photos and videos have been downloaded");
    assert_eq!(world.photos().len(), 5);
}

#[test]
fn files_that_fail_end_the_run_with_icloudpds_code_if_asked_to() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    world.cloud.set_faults(status("content", 404, None)).unwrap();
    ran(world.download().arg("--icloudpd-exit-codes")).exits(0);
    assert!(world.photos().is_empty());
    // Without it the run says so.
    ran(&mut world.download()).exits(3);
}

#[test]
fn a_short_listing_is_told_by_a_line_and_the_exit_code() {
    let world = World::new(LibrarySpec::plain(9, 1000).with(|switches| switches.missing_from_lists = 2));
    ran(&mut world.download())
        .exits(3)
        .says("Photos and videos that Apple counts and did not list: 2. Run again for them");
    assert_eq!(world.photos().len(), 7);
}

/// Without a count nobody knows what is missing.
#[test]
fn a_listing_without_a_count_is_told_by_a_line_and_the_exit_code() {
    let world = World::new(LibrarySpec::plain(4, 1000));
    let nothing =
        FaultAction::Status { code: 200, retry_after: None, body: Some(r#"{"batch":[]}"#.to_owned()) };
    let rules = vec![FaultRule::new("cloudkit/records/query/batch", nothing)];
    world.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    ran(world.download().arg("--only-print-filenames")).exits(3);
    ran(world.download().arg("--dry-run")).exits(3);
    let ran = ran(&mut world.download()).exits(3);
    ran.says("Apple's list may lack photos and videos: it moved while it was read, or Apple gave no count. Run again");
    assert!(!ran.out.contains("have been downloaded"));
    assert_eq!(world.photos().len(), 4);
}

/// An incomplete copy of one user is no reason to leave the next one out; the exit code remembers.
#[test]
fn the_next_user_is_served_after_an_incomplete_copy() {
    let world = World::new(LibrarySpec::plain(9, 1000).with(|switches| switches.missing_from_lists = 2));
    let second = world.directory().join("second");
    ran(world.download().args(["-u", World::USER, "-d", second.to_str().unwrap()])).exits(3);
    assert_eq!(crate::support::tree(&second).len(), 7);
}

/// Folders that refuse, and disks that are full, need an operating system that can make them.
#[cfg(target_os = "linux")]
mod disk {
    use super::*;

    #[test]
    fn a_file_where_the_folder_should_be() {
        let world = World::new(LibrarySpec::plain(1, 1000));
        std::fs::write(world.directory(), "a file").unwrap();
        let ran = ran(&mut world.download()).exits(1);
        assert!(ran.out.contains(world.directory().to_str().unwrap()), "{}", ran.out);
    }

    /// Its disk may not be mounted: what it leads to is not replaced by another copy.
    #[test]
    fn a_link_that_leads_nowhere_is_left_alone_and_its_photo_told() {
        let world = World::new(LibrarySpec::plain(3, 1000));
        ran(&mut world.download()).exits(0);
        let photo = world.directory().join(&world.photos()[0]);
        std::fs::remove_dir_all(world.directory()).unwrap();
        std::fs::create_dir_all(photo.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/nonexistent/photo", &photo).unwrap();
        let other = world.sessions().with_file_name("other sessions");
        let run = ran(world.download().args(["--cookie-directory", other.to_str().unwrap()])).exits(3);
        run.says(&format!("Could not download {}. ", photo.file_name().unwrap().to_str().unwrap()));
        assert!(photo.is_symlink() && std::fs::read_link(&photo).unwrap().starts_with("/nonexistent"));
    }

    #[test]
    fn a_copy_that_was_emptied_is_refused_and_not_filled_again() {
        let world = World::new(LibrarySpec::plain(3, 1000));
        ran(&mut world.download()).exits(0);
        std::fs::remove_dir_all(world.directory()).unwrap();
        std::fs::create_dir(world.directory()).unwrap();
        world.cloud.reset_counts();
        let run = ran(&mut world.download()).exits(1);
        assert!(run.out.contains(world.directory().to_str().unwrap()), "{}", run.out);
        assert_eq!(world.cloud.counts().requests_to("content"), 0);
    }

    #[test]
    fn unwritable_folder() {
        let world = World::new(LibrarySpec::plain(1, 1000));
        // /proc refuses new folders even for root.
        let ran = ran(&mut world.icloudpd(&["-d", "/proc/icloudpd"])).exits(1);
        assert!(ran.out.contains("choose another folder (path: /proc)"), "{}", ran.out);
        assert_eq!(world.cloud.counts().requests_to("content"), 0, "nothing is fetched for nowhere");
    }

    #[test]
    fn a_name_too_long_for_the_disk() {
        let world = World::new(LibrarySpec::plain(2, 1000));
        let name = format!("{}.JPG", "n".repeat(260));
        world.cloud.library(World::USER).unwrap().add_photo(&name, 2000, 1_500_000_000_000);
        for fetched in [2, 0] {
            world.cloud.reset_counts();
            let ran = ran(&mut world.download()).exits(3);
            assert!(ran.out.contains("too long for this storage"), "{}", ran.out);
            ran.says(&format!("Could not download {name}. Please try again later."));
            assert_eq!(
                world.cloud.counts().requests_to("content"),
                fetched,
                "nothing is fetched for no name"
            );
        }
    }

    #[test]
    fn full_disk() {
        let world = World::new(LibrarySpec::plain(20, 10_000));
        std::fs::create_dir(world.directory()).unwrap();
        // A file system of 64 KiB, in a mount namespace of its own that ends with the program.
        let small = r#"mount -t tmpfs -o size=64k none "$0" && exec "$@""#;
        let program = world.download();
        let mut command = std::process::Command::new("unshare");
        command.env_clear();
        command.args(["-Urm", "sh", "-c", small]).arg(world.directory()).arg(program.get_program());
        command.args(program.get_args());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let ran = ran(&mut command);
        if ran.out.is_empty() {
            eprintln!("skipped: no mount namespace here: {}", ran.err);
            return;
        }
        let ran = ran.exits(1);
        assert!(ran.out.contains("IOError while writing file to"), "{}", ran.out);
        assert!(ran.out.contains("the disk is full; free some space and run again"), "{}", ran.out);
    }
}
