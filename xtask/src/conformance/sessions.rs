//! One session folder for the real icloudpd and ours, over time.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result};

use super::runs::{SESSION, icloudpd, ours};
use super::visits::{Place, ours_without_password, unless_ended_with};
use crate::fake::{Fake, PASSWORD, USERNAME};
use crate::process::{self, Ended, Person};

/// Whatever Apple ends but the trust, neither asks for a code, and what ours leaves theirs can read.
pub(super) fn expiring(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(5)?;
    let mut wrong =
        unless_ended_with(0, &place.icloudpd(&fake, &["--auth-only"], Person::WithDevice(&fake))?);
    for what in ["sessions", "session-tokens", "sessions"] {
        fake.expire(what)?;
        wrong.extend(told(what, "ours", unless_ended_with(0, &ours_with_password(place, &fake)?)));
        wrong.extend(told(what, "theirs", unless_ended_with(0, &theirs(place, &fake)?)));
        fake.expire(what)?;
        wrong.extend(told(what, "theirs first", unless_ended_with(0, &theirs(place, &fake)?)));
        wrong.extend(told(
            what,
            "ours, without password",
            unless_ended_with(0, &ours_without_password(place, &fake, Person::Nobody)?),
        ));
    }
    Ok(wrong)
}

/// Runs of both that overlap leave files that either goes on with.
pub(super) fn at_once(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(5)?;
    let mut wrong =
        unless_ended_with(0, &place.icloudpd(&fake, &["--auth-only"], Person::WithDevice(&fake))?);
    for _ in 0..4 {
        let (there, here) = thread::scope(|scope| {
            let there = scope.spawn(|| theirs(place, &fake));
            let here = ours_with_password(place, &fake);
            (there.join(), here)
        });
        let there = there.ok().context("a run broke down")??;
        wrong.extend(told("at once", "theirs", unless_ended_with(0, &there)));
        wrong.extend(told("at once", "ours", unless_ended_with(0, &here?)));
    }
    wrong.extend(told("after it", "theirs", unless_ended_with(0, &theirs(place, &fake)?)));
    wrong.extend(told("after it", "ours", unless_ended_with(0, &ours_with_password(place, &fake)?)));
    Ok(wrong)
}

/// `a.b@x.com` of theirs and `ab@x.com` of ours have the same file names. Theirs keeps its session to the byte.
pub(super) fn clashing(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = |name: &str, dsid: &str| {
        let account = format!(r#"{{"dsid": "{dsid}"}}"#);
        let arguments = ["--username", name, "--account", &account, "--assets", "3", "--code", "012345"];
        Fake::start_named(&place.world.programs, &arguments)
    };
    let (dotted, plain) = (fake("a.b@x.com", "111")?, fake("ab@x.com", "222")?);
    let run = |mut command: Command, name: &str, typed: &str| -> Result<Ended> {
        command.args([
            "--username",
            name,
            "--password",
            PASSWORD,
            "--cookie-directory",
            SESSION,
            "--auth-only",
        ]);
        command.current_dir(&place.folder).env("HOME", &place.folder);
        process::run(command, &place.folder, Person::Typing(typed))
    };
    let there = || place.world.clients.icloudpd(&dotted.url);
    let mut wrong = unless_ended_with(0, &run(there(), "a.b@x.com", "012345\n")?);
    let files = || -> Result<[Vec<u8>; 2]> {
        let read = |name: &str| fs::read(place.folder.join(SESSION).join(name));
        Ok([read("abxcom")?, read("abxcom.session")?])
    };
    let before = files()?;
    for typed in ["012345\n", ""] {
        let here = run(ours(&place.world.programs, &plain.url), "ab@x.com", typed)?;
        wrong.extend(told("clash", "ours", unless_ended_with(0, &here)));
        if files()? != before {
            wrong.push("ours changed the files of another account".to_owned());
        }
    }
    wrong.extend(told("clash", "theirs again", unless_ended_with(0, &run(there(), "a.b@x.com", "")?)));
    Ok(wrong)
}

/// What either puts into the key store of a desktop the other finds, and ours removes what theirs stored.
pub(super) fn key_store(place: &Place<'_>) -> Result<Vec<String>> {
    let tools = ["dbus-run-session", "gnome-keyring-daemon"];
    let missing: Vec<&str> =
        tools.into_iter().filter(|tool| !process::exists(tool, &["--version"])).collect();
    if !missing.is_empty() {
        let what =
            format!("not compared: {} is missing (apt-get install dbus gnome-keyring)", missing.join(", "));
        if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
            return Ok(vec![what]);
        }
        println!("{what}");
        return Ok(Vec::new());
    }
    let fake = Fake::start_with(&place.world.programs, &["--state", "password-only", "--assets", "3"])?;
    let programs = place.world.programs.icloudpd.parent().context("our programs stand in no folder")?;
    let command =
        place.world.clients.on_one_key_store(&place.folder, &fake.url, [USERNAME, PASSWORD], programs);
    Ok(unless_ended_with(0, &process::run(command, &place.folder, Person::Nobody)?))
}

fn theirs(place: &Place<'_>, fake: &Fake) -> Result<Ended> {
    let folder = place.folder.join("runs-of-theirs");
    fs::create_dir_all(&folder)?;
    let command = icloudpd(place.world.clients.icloudpd(&fake.url), &place.folder, &["--auth-only"]);
    process::run(command, &folder, Person::Nobody)
}

fn ours_with_password(place: &Place<'_>, fake: &Fake) -> Result<Ended> {
    let command = icloudpd(ours(&place.world.programs, &fake.url), &place.folder, &["--auth-only"]);
    process::run(command, &place.folder, Person::Nobody)
}

fn told(when: &str, who: &str, wrong: Vec<String>) -> Vec<String> {
    wrong.into_iter().map(|line| format!("{when}, {who}: {line}")).collect()
}
