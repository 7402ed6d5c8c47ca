//! The program `icloud`, and what it shares with `icloudpd`.

use std::process::Command;

use icloud_photos_testkit::{AccountSpec, LibrarySpec};

use crate::support::{World, ran, ran_with_input};

const CODE: &str = "012345";

fn with_code() -> World {
    let account = AccountSpec { code: Some(CODE.to_owned()), ..AccountSpec::default() };
    World::of(account, LibrarySpec::plain(3, 1000))
}

/// `icloud` in the world of `icloudpd`.
fn icloud(world: &World, args: &[&str]) -> Command {
    let template = world.icloudpd(&[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_icloud"));
    command.env_clear().envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(args).env("ICLOUDPD_COOKIE_DIRECTORY", world.sessions()).stdin(std::process::Stdio::null());
    command
}

const USER: [&str; 4] = ["--username", World::USER, "--password", World::PASSWORD];

#[test]
fn a_sign_in_there_serves_icloudpd_too() {
    let world = with_code();
    let first = ran_with_input(&mut icloud(&world, &USER), "n\n012345\n").exits(0);
    let said = [
        "Save password in keyring? [y/N] ",
        "\nTwo-step authentication required. \nPlease enter validation code\n(string) --> ",
    ];
    for text in said {
        assert!(first.out.contains(text), "{text:?}: {}", first.out);
    }
    let mut session = world.icloudpd(&["--auth-only"]);
    ran(session.env_remove("ICLOUDPD_PASSWORD")).exits(0).says("Authentication completed successfully");
}

#[test]
fn a_wrong_code_ends_it() {
    let world = with_code();
    let wrong = ran_with_input(icloud(&world, &USER).arg("-n"), "999999\n").exits(1);
    assert!(wrong.out.contains("Failed to verify verification code") && !wrong.out.contains("[y/N]"));
}

#[test]
fn a_wrong_password_is_asked_for_again() {
    let world = with_code();
    let args = ["--username", World::USER, "--password", "wrong", "-n"];
    let program = icloud(&world, &args);
    let mut detached = Command::new("setsid");
    detached.env_clear().arg("--wait").arg(program.get_program()).args(program.get_args());
    detached.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = ran_with_input(&mut detached, "bad\nworse\n").exits(1);
    assert_eq!(ran.err.matches("Bad username or password for jdoe@example.com").count(), 3, "{}", ran.err);
    assert!(ran.err.contains("Enter iCloud password for jdoe@example.com: ") && !ran.err.contains("wrong"));
}

#[test]
fn the_line_is_checked_as_icloud_checks_it() {
    let world = with_code();
    let nobody = ran(&mut icloud(&world, &["--username", " "])).exits(2);
    assert!(
        nobody.err.starts_with("usage: icloud") && nobody.err.contains("icloud: error: No username supplied")
    );
    ran(&mut icloud(&world, &["--version"])).exits(0).says("version:");
    ran(&mut icloud(&world, &["--help"])).exits(0);
    assert!(ran(&mut icloud(&world, &["--rubbish"])).exits(2).err.contains("icloud: error: "));
    for line in
        [&["--password", "my", "hunter2"][..], &["--pasword=hunter2"], &["--passwordhunter2"], &["-phunter2"]]
    {
        let slip = ran(&mut icloud(&world, &[&["--username", World::USER], line].concat())).exits(2);
        assert!(!slip.err.contains("hunter"), "{line:?}: {}", slip.err);
    }
    let domain = ran(icloud(&world, &USER).args(["--domain", "org"])).exits(1);
    assert!(domain.err.contains("Domain 'org' is not supported yet"), "{}", domain.err);
}

#[test]
fn deleting_a_password_stops_there() {
    let world = with_code();
    let ran = ran(icloud(&world, &USER).arg("--delete-from-keyring")).exits(1);
    assert!(ran.err.contains("holds no password of jdoe@example.com"), "{}", ran.err);
    assert!(!world.sessions().exists(), "no sign-in was begun");
}

#[cfg(target_os = "linux")]
#[test]
fn the_plain_file_of_pythons_keyring_spares_the_prompt() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir(data.path().join("python_keyring")).unwrap();
    let file = "[pyicloud_3A_2F_2Ficloud_2Dpassword]\njdoe_40example_2ecom = \n\tY29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==\n";
    let path = data.path().join("python_keyring/keyring_pass.cfg");
    std::fs::write(&path, file).unwrap();
    let mut run = world.icloudpd(&["--auth-only"]);
    ran(run.env_remove("ICLOUDPD_PASSWORD").env("XDG_DATA_HOME", data.path())).exits(0);
    let delete = ["--username", World::USER, "--delete-from-keyring"];
    let told = ran(icloud(&world, &delete).env("XDG_DATA_HOME", data.path())).exits(1);
    assert!(told.err.contains("keyring_pass.cfg") && told.err.contains("remove it there"), "{}", told.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), file);
}
