//! Signing in: where the password comes from, where the code comes from, what is kept.

use icloud_photos_testkit::{
    AccountSpec, FaultAction, FaultRule, FaultScript, LibrarySpec, Phone, SecondFactor,
};

use crate::support::{World, ran, ran_with_input};

const CODE: &str = "012345";

fn with_code() -> World {
    World::of(
        AccountSpec { code: Some(CODE.to_owned()), ..AccountSpec::default() },
        LibrarySpec::plain(3, 1000),
    )
}

#[test]
fn the_code_comes_from_a_pipe_and_is_asked_for_once() {
    let world = with_code();
    let first = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    assert_eq!(
        first.messages()[..3],
        [
            "Processing user: jdoe@example.com",
            "Authenticating...",
            "Two-factor authentication is required (2fa)",
        ]
    );
    first.says("  a: (***) ***-**81");
    assert!(first.out.contains(
        "Please enter two-factor authentication code or device index (a) to send SMS with a code: "
    ));
    first.says("Authentication completed successfully");
    assert!(first.out.contains(
        "Great, you're all set up. The script can now be run without user interaction until 2FA expires."
    ));
    let second = ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    assert_eq!(
        second.messages(),
        ["Processing user: jdoe@example.com", "Authenticating...", "Authentication completed successfully",]
    );
}

#[test]
fn a_wrong_code_in_a_pipe_is_followed_by_the_next_line() {
    let world = with_code();
    let right = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "999999\n012345\n").exits(0);
    right.says("Failed to verify two-factor authentication code. Try again");
    world.forget_session();
    let alone = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "999999\n").exits(1);
    assert!(!alone.out.contains("standard input ended"), "{}", alone.out);
}

#[test]
fn answers_that_make_no_sense_are_asked_for_again() {
    let world = with_code();
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "\nz\n12345x\n12\n012 345\n").exits(0);
    for text in [
        "Empty string. Try again",
        "Invalid index, should be (a). Try again",
        "Invalid code, should be six digits. Try again",
        "Should be index (a) or six-digit code. Try again",
    ] {
        assert!(ran.out.contains(text), "{text}: {}", ran.out);
    }
}

#[test]
fn bytes_that_are_no_text_are_a_wrong_answer() {
    let world = with_code();
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), b"\xff\xfe12\n012345\n").exits(0);
    ran.says("Authentication completed successfully");
}

#[test]
fn a_letter_sends_a_message_to_that_phone() {
    let phones = [(1, "81"), (2, "17")].map(|(id, digits)| Phone {
        id,
        last_digits: digits.to_owned(),
        mode: "sms".to_owned(),
        device_name: None,
    });
    let account =
        AccountSpec { code: Some(CODE.to_owned()), phones: phones.into(), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "B\n012345\n").exits(0);
    ran.says("  b: (***) ***-**17");
    assert!(ran.out.contains("device index (a..b) to send SMS"));
    assert!(ran.out.contains("Please enter two-factor authentication code that you received over SMS: "));
    assert_eq!(world.cloud.counts().requests_to("auth/push/phone"), 1);
    assert_eq!(world.cloud.counts().requests_to("auth/code/device"), 0);
}

#[test]
fn the_password_comes_from_flag_file_command_environment_or_standard_input() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}\nsecond line\n", World::PASSWORD)).unwrap();
    let file = file.path().to_str().unwrap();
    let command = format!("head -n 1 '{file}'");
    let ways: [&[&str]; 3] =
        [&["-p", World::PASSWORD], &["--password-file", file], &["--password-command", &command]];
    for way in ways {
        let mut program = world.icloudpd(&["--auth-only"]);
        world.forget_session();
        // The environment is there too and wrong: what stands on the command line wins.
        let ran = ran(program.args(way).env("ICLOUDPD_PASSWORD", "wrong")).exits(0);
        assert!(!ran.out.contains(World::PASSWORD) && !ran.err.contains(World::PASSWORD), "{}", ran.out);
    }
    world.forget_session();
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
}

#[test]
fn without_a_terminal_password_and_code_come_from_standard_input() {
    let world = with_code();
    let mut program = world.detached(&["--auth-only"]);
    let input = format!("{}\n{CODE}\n", World::PASSWORD);
    let ran = ran_with_input(program.env_remove("ICLOUDPD_PASSWORD"), &input).exits(0);
    assert!(ran.err.contains("iCloud Password for jdoe@example.com:"), "{}", ran.err);
}

#[test]
fn password_providers_are_asked_in_their_order_and_no_other() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    // The environment is a parameter; a keyring that does not exist has nothing.
    ran(&mut world.icloudpd(&["--auth-only", "--password-provider", "keyring"]))
        .exits(1)
        .says("No password was found.");
    ran(&mut world.icloudpd(&[
        "--auth-only",
        "--password-provider",
        "KEYRING",
        "--password-provider",
        "parameter",
    ]))
    .exits(0);
}

#[test]
fn one_password_in_the_environment_is_for_one_account() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let ran = ran(&mut world.icloudpd(&["--auth-only", "-u", "other@example.com", "--auth-only"])).exits(2);
    assert!(ran.out.starts_with("ICLOUDPD_PASSWORD is set, but it cannot be the password of several users"));
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[test]
fn a_password_command_that_fails_is_told_and_nothing_is_sent() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let ran = ran(&mut world.icloudpd(&["--auth-only", "--password-command", "exit 4"])).exits(1);
    ran.says("The password command gave no password: it ended with exit status: 4");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[cfg(unix)]
#[test]
fn sessions_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(LibrarySpec::plain(1, 1000));
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.sessions()), 0o700);
    for file in crate::support::tree(&world.sessions()) {
        assert_eq!(mode(&world.sessions().join(&file)), 0o600, "{file}");
    }
}

#[test]
fn several_users_are_served_one_after_the_other_and_the_first_failure_ends_the_run() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let other = ["-u", "nobody@example.com", "-p", "x", "--auth-only", "-u", World::USER, "--auth-only"];
    let ran = ran(world.icloudpd(&["--auth-only"]).args(other)).exits(1);
    let users: Vec<_> =
        ran.messages().into_iter().filter(|line| line.starts_with("Processing user")).collect();
    assert_eq!(users, ["Processing user: jdoe@example.com", "Processing user: nobody@example.com"]);
}

#[test]
fn a_message_that_is_not_sent_ends_the_sign_in() {
    let account = AccountSpec::in_state("two-step").unwrap();
    let world = World::of(account, LibrarySpec::plain(1, 100));
    let fault = FaultRule::new("setup/sendVerificationCode", FaultAction::status(500));
    world.cloud.set_faults(FaultScript::new([fault])).unwrap();
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "0\n");
    let ran = ran.exits(1);
    assert!(ran.out.contains("  0: SMS to "), "{}", ran.out);
    assert!(!ran.out.contains("Please enter two-step authentication code"), "{}", ran.out);
}

#[test]
fn two_step_accounts_sign_in_by_message() {
    let account = AccountSpec {
        second_factor: SecondFactor::TwoStep,
        code: Some(CODE.to_owned()),
        ..AccountSpec::in_state("two-step").unwrap()
    };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "0\n012345\n").exits(0);
    ran.says("Two-step authentication is required (2sa)");
    ran.says("  0: SMS to ");
}

#[test]
fn a_session_that_apple_ended_is_renewed_by_the_cheapest_way() {
    let world = with_code();
    ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    // The cookies are worth nothing: the tokens renew them, without the password.
    world.cloud.expire_sessions();
    world.cloud.reset_counts();
    ran(world.download().env_remove("ICLOUDPD_PASSWORD")).exits(0);
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
    // The tokens too: the password is needed, but no code, for this machine is trusted.
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    ran(&mut world.download()).exits(0);
    // One of 256 public values is short, and another one is asked for.
    assert!(matches!(world.cloud.counts().requests_to("auth/init"), 1 | 2));
    // The trust too: the code is needed.
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    world.cloud.expire_trust_tokens();
    ran(&mut world.download()).exits(1).says("Two-factor authentication is required, and nobody was there");
    ran_with_input(&mut world.download(), "012345\n").exits(0);
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_run_needs_no_person() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    let once = |code| {
        FaultRule::new("cloudkit", FaultAction::Status { code, retry_after: None, body: None }).times(1)
    };
    world.cloud.set_faults(FaultScript { seed: 1, rules: vec![once(421).after(2)] }).unwrap();
    ran(world.download().env_remove("ICLOUDPD_PASSWORD")).exits(0);
    assert_eq!(world.photos().len(), 3);
}

#[test]
fn a_password_that_is_no_text_is_told_wherever_it_comes_from() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new(LibrarySpec::plain(1, 1000));
    let bad = b"caf\xe9";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, bad).unwrap();
    let file = file.to_str().unwrap();
    let mut typed = world.detached(&["--auth-only"]);
    let typed = ran_with_input(typed.env_remove("ICLOUDPD_PASSWORD"), b"caf\xe9\n").exits(1);
    typed.says("The password that was entered is no text in UTF-8");
    for way in [["--password-file", file], ["--password-command", "printf 'caf\\351'"]] {
        let told = ran(world.icloudpd(&["--auth-only"]).args(way)).exits(1);
        assert!(told.out.to_lowercase().contains("utf-8"), "{}", told.out);
    }
    let mut variable = world.icloudpd(&["--auth-only"]);
    let told = ran(variable.env("ICLOUDPD_PASSWORD", std::ffi::OsStr::from_bytes(bad))).exits(2);
    assert!(told.out.contains("must be text in UTF-8 (ICLOUDPD_PASSWORD)"), "{}", told.out);
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[cfg(unix)]
#[test]
fn a_password_file_that_others_may_read_is_told_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(LibrarySpec::plain(1, 1000));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), World::PASSWORD).unwrap();
    let path = file.path().to_str().unwrap();
    for (mode, times) in [(0o600, 0), (0o640, 1), (0o444, 1)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        world.forget_session();
        let way = ["--password-file", path, "-u", World::USER, "--password-file", path, "--auth-only"];
        let ran = ran(world.icloudpd(&["--auth-only"]).args(way)).exits(0);
        let said = ran.out.matches("may be read by other users of this machine").count();
        assert_eq!(said, times, "{mode:o}: {}", ran.out);
    }
}

/// A shell waits for its child: ending the shell alone would leave the child behind.
#[cfg(unix)]
#[test]
fn a_password_command_that_hangs_is_ended_with_us() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("child");
    let command = format!("echo secret-output; sleep 1000 & echo $! > '{}'; wait", note.display());
    let program = world.icloudpd(&["--auth-only", "--password-command", &command]);
    // In a session of its own, as a service has it: there is no terminal.
    let mut detached = std::process::Command::new("setsid");
    detached.env_clear().arg(program.get_program()).args(program.get_args());
    detached.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = crate::page::Running::start(&mut detached);
    let child = loop {
        let text = std::fs::read_to_string(&note).unwrap_or_default();
        if let Ok(child) = text.trim().parse::<u32>() {
            break child;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    assert_eq!(running.terminate(), Some(143), "{}", running.said);
    let is_gone = || {
        let state = std::fs::read_to_string(format!("/proc/{child}/stat"));
        state.map_or(true, |state| state.contains(") Z "))
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !is_gone() {
        assert!(std::time::Instant::now() < until, "the child is still there");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(!running.said.contains("secret-output"), "{}", running.said);
}

#[test]
fn what_follows_a_right_code_is_one_record_of_three_lines() {
    let world = with_code();
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    let rest = "until 2FA expires.\nYou can set up email notifications for when the two-factor authentication expires.\n\
        (Use --help to view information about SMTP options.)\n";
    assert!(ran.out.contains(rest), "{}", ran.out);
    world.forget_session();
    let quiet = ["--auth-only", "--log-level", "error"];
    let ran = ran_with_input(&mut world.icloudpd(&quiet), "012345\n").exits(0);
    assert!(!ran.out.contains("email notifications"), "{}", ran.out);
}

#[test]
fn where_there_are_more_phones_than_letters_the_others_are_told_of() {
    let phone = |id| Phone { id, last_digits: format!("{id:02}"), mode: "sms".to_owned(), device_name: None };
    let account = AccountSpec {
        code: Some(CODE.to_owned()),
        phones: (1..=28).map(phone).collect(),
        ..AccountSpec::default()
    };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let ran = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "{\nz\n012345\n").exits(0);
    ran.says("  z: (***) ***-**26");
    ran.says("Too many trusted devices for authentication: 2 of the phones");
    assert!(ran.out.contains("Invalid index, should be (a..z). Try again") && !ran.out.contains("**27"));
}

#[test]
fn two_step_accounts_without_a_device_or_with_a_wrong_code_are_told_so() {
    let two_step = |phones| AccountSpec {
        code: Some(CODE.to_owned()),
        phones,
        ..AccountSpec::in_state("two-step").unwrap()
    };
    let named = Phone {
        id: 1,
        last_digits: "81".to_owned(),
        mode: "sms".to_owned(),
        device_name: Some("Jane's iPad".to_owned()),
    };
    let world = World::of(two_step(vec![named]), LibrarySpec::plain(1, 100));
    let wrong = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "1\nx\n0\n999999\n").exits(1);
    wrong.says("  0: Jane's iPad");
    for text in ["Invalid input: 1 is not in the range 0-0", "Invalid input: 'x' is not a valid integer"] {
        assert!(wrong.out.contains(text), "{text}: {}", wrong.out);
    }
    wrong.says("Failed to verify two-step authentication code. Run again");
    let world = World::of(two_step(Vec::new()), LibrarySpec::plain(1, 100));
    let none = ran_with_input(&mut world.icloudpd(&["--auth-only"]), "0\n").exits(1);
    assert!(none.out.contains("Apple lists no device that a code can be sent to"), "{}", none.out);
}

#[test]
fn a_new_browser_has_the_id_that_the_environment_names() {
    let world = World::new(LibrarySpec::plain(1, 100));
    let id = || {
        let text = std::fs::read_to_string(world.sessions().join("jdoeexamplecom.session")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["client_id"].as_str().unwrap().to_owned()
    };
    ran(world.icloudpd(&["--auth-only"]).env("CLIENT_ID", "auth-mine")).exits(0);
    assert_eq!(id(), "auth-mine");
    ran(world.icloudpd(&["--auth-only"]).env("CLIENT_ID", "auth-other")).exits(0);
    assert_eq!(id(), "auth-mine", "the session has one");
    for none in ["", "a\nb"] {
        world.forget_session();
        ran(world.icloudpd(&["--auth-only"]).env("CLIENT_ID", none)).exits(0);
        assert!(id().starts_with("auth-") && id().len() > 20, "{}", id());
    }
}

#[test]
fn a_session_folder_that_cannot_be_made_is_named_with_its_option() {
    let world = World::new(LibrarySpec::plain(1, 100));
    let ran = ran(&mut world.icloudpd(&["--auth-only", "--cookie-directory", "/dev/null/x"])).exits(1);
    assert!(ran.out.contains("--cookie-directory") && ran.out.contains("/dev/null/x"), "{}", ran.out);
}

#[test]
fn sessions_lie_at_no_address() {
    let world = World::new(LibrarySpec::plain(1, 100));
    let address = "s3://user:hunter2@bucket/sessions";
    let ran = ran(&mut world.icloudpd(&["--auth-only", "--cookie-directory", address])).exits(1);
    assert!(ran.out.contains("this is an address") && !ran.out.contains("hunter2"), "{}", ran.out);
}
