//! `--watch-with-interval`: rounds, failures, people who are needed, signals.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use icloud_photos_testkit::{AccountSpec, FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::support::{World, ran, ran_with_input};

/// No test waits so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs until it is told to stop.
struct Watching {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Watching {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in out.split(b'\n').map_while(Result::ok) {
                let _ = send.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line that holds this text.
    #[track_caller]
    fn says(&mut self, text: &str) {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("{text:?} was not said:\n{}", self.seen.join("\n")),
            }
            if self.seen.last().is_some_and(|line| line.contains(text)) {
                return;
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    #[track_caller]
    fn ends_on(mut self, signal: &str, code: i32) -> String {
        self.signal(signal);
        assert_eq!(crate::support::code(self.child.wait().unwrap()), Some(code), "{}", self.seen.join("\n"));
        self.seen.extend(self.lines.iter());
        self.seen.join("\n")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn attempts(world: &World) -> u64 {
    world.cloud.counts().requests_to("auth/complete")
}

#[test]
fn rounds_go_on_a_quiet_one_costs_one_request_and_news_are_fetched() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let mut watching = Watching::start(world.download().args(["--watch-with-interval", "1"]));
    watching.says("All photos and videos have been downloaded");
    watching.says("Waiting for 1 sec...");
    world.cloud.reset_counts();
    watching.says("Waiting for 1 sec...");
    let counts = world.cloud.counts();
    assert_eq!(counts.requests, 1, "{counts:?}");
    world.cloud.library(World::USER).unwrap().add_photo("NEW.JPG", 1000, world.cloud.now_ms());
    watching.says("NEW.JPG");
    watching.says("Waiting for");
    assert_eq!(world.photos().len(), 4);
    watching.ends_on("-TERM", 143);
}

#[test]
fn a_wrong_password_is_tried_once_and_again_when_there_is_another() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "wrong").unwrap();
    let mut command = world.download();
    command.env_remove("ICLOUDPD_PASSWORD").args(["--watch-with-interval", "1", "--password-file"]);
    let mut watching = Watching::start(command.arg(file.path()));
    watching.says("Invalid email/password combination");
    watching.says("Error processing user jdoe@example.com, continuing with next user...");
    for _ in 0..2 {
        watching.says("Skipping user jdoe@example.com, it needs a person");
    }
    assert_eq!(attempts(&world), 1);
    std::fs::write(file.path(), World::PASSWORD).unwrap();
    watching.says("All photos and videos have been downloaded");
    assert_eq!(attempts(&world), 2);
    watching.ends_on("-INT", 130);
}

/// Nobody is asked where nobody can answer; the others go on; who signs in elsewhere is noticed.
#[test]
fn an_account_that_needs_a_code_waits_without_a_request_until_somebody_signs_in() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(2, 1000));
    let notes = tempfile::NamedTempFile::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script =
        script(folder.path(), &format!("echo \"$ICLOUDPD_EVENT_NEED\" >> '{}'", notes.path().display()));
    let mut command = world.download();
    command.args(["--watch-with-interval", "1", "--notification-script", &script]);
    let mut watching = Watching::start(&mut command);
    watching.says("Two-factor authentication is required (2fa)");
    watching.says("is left alone until somebody signs in");
    watching.says("Waiting for");
    world.cloud.reset_counts();
    for _ in 0..2 {
        watching.says("it needs a person");
    }
    let counts = world.cloud.counts();
    assert_eq!(counts.requests, 0, "{counts:?}");
    assert_eq!(std::fs::read_to_string(notes.path()).unwrap(), "code-required\n", "told once");
    ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    watching.says("All photos and videos have been downloaded");
    watching.ends_on("-TERM", 143);
}

#[test]
fn a_question_that_nobody_answers_does_not_hold_up_the_others_and_sigusr1_asks_again() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(2, 1000));
    let mut command = world.download();
    command.args(["--watch-with-interval", "1", "--answer-within", "1"]).stdin(Stdio::piped());
    let mut watching = Watching::start(&mut command);
    watching.says("nobody was there to give the code");
    watching.says("it needs a person");
    // Whenever it comes, it is heeded.
    watching.signal("-USR1");
    watching.says("Two-factor authentication is required (2fa)");
    let mut stdin = watching.child.stdin.take().unwrap();
    stdin.write_all(b"012345\n").unwrap();
    watching.says("All photos and videos have been downloaded");
    watching.ends_on("-TERM", 143);
}

#[test]
fn an_account_that_fails_does_not_hold_up_the_next_and_rests_as_long_as_apple_asks() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    ran(&mut world.download()).exits(0);
    let rules = [FaultRule::new("cloudkit", FaultAction::status_retry_after(503, 5000))];
    world.cloud.set_faults(FaultScript::new(rules)).unwrap();
    let second = ["-u", "nobody@example.com", "-p", "x", "-d", "/dev/null/folder"];
    let mut command = world.download();
    let mut watching = Watching::start(command.args(["--watch-with-interval", "1"]).args(second));
    watching.says("Error processing user jdoe@example.com, continuing with next user...");
    watching.says("Processing user: nobody@example.com");
    watching.says("Error processing user nobody@example.com");
    watching.says("Skipping user jdoe@example.com for another");
    let wait = watching.seen.last().unwrap().split_whitespace().rev().nth(1).unwrap().parse::<u64>().unwrap();
    assert!((4900..=5000).contains(&wait), "{wait}");
    watching.ends_on("-TERM", 143);
}

/// Signals come at any time: in the first round as well as between two.
#[test]
fn a_nudge_during_a_round_is_kept_for_its_end() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let stall = FaultAction::Stall { after: None, ms: Some(500) };
    world.cloud.set_faults(FaultScript::new([FaultRule::new("content", stall)])).unwrap();
    let mut watching = Watching::start(world.download().args(["--watch-with-interval", "1000"]));
    watching.says("Processing user");
    watching.signal("-USR1");
    watching.says("Waiting for 1000 sec...");
    watching.says("The next round begins now");
    watching.says("Waiting for 1000 sec...");
    watching.ends_on("-TERM", 143);
}

#[test]
fn the_service_manager_is_told() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = world.download();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000");
    let mut watching = Watching::start(command.args(["--watch-with-interval", "100"]));
    // A manager reads all the time: who writes to a full socket waits.
    let (send, messages) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 500];
        while let Ok(length) = socket.recv(&mut buffer) {
            let _ = send.send(String::from_utf8_lossy(&buffer[..length]).trim().to_owned());
        }
    });
    let mut heard = Vec::new();
    let mut hear_until = |wanted: &str| loop {
        heard.push(messages.recv_timeout(PATIENCE).unwrap());
        if heard.last().is_some_and(|last| last == wanted) {
            break heard.clone();
        }
    };
    watching.says("Waiting for");
    let heard = hear_until("STATUS=Waiting for 100 sec...");
    assert!(heard.contains(&"READY=1".to_owned()) && heard.contains(&"WATCHDOG=1".to_owned()), "{heard:?}");
    hear_until("WATCHDOG=1");
    watching.signal("-TERM");
    hear_until("STOPPING=1");
    assert_eq!(watching.child.wait().unwrap().code(), Some(143));
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_manager_without_a_file_is_told() {
    use std::os::linux::net::SocketAddrExt as _;
    let world = World::new(LibrarySpec::plain(1, 1000));
    let name = format!("icloudpd-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    ran(world.download().env("NOTIFY_SOCKET", format!("@{name}"))).exits(0);
    let mut buffer = [0; 500];
    let length = socket.recv(&mut buffer).unwrap();
    assert_eq!(std::str::from_utf8(&buffer[..length]).unwrap().trim(), "READY=1");
}

/// A run that waits for what is slow, and knows of no rounds.
fn slow(world: &World) -> Command {
    let rules = [FaultRule::new("content", FaultAction::Stall { after: None, ms: Some(3000) })];
    world.cloud.set_faults(FaultScript::new(rules)).unwrap();
    world.download()
}

#[test]
fn a_nudge_ends_no_run_that_knows_none() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut watching = Watching::start(&mut slow(&world));
    watching.says("Processing user");
    watching.ends_on("-USR1", 0);
    assert_eq!(world.photos().len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_was_started_to_ignore_ctrl_c_does() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let program = slow(&world);
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' INT; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args());
    command.env_clear();
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let mut watching = Watching::start(&mut command);
    watching.says("Processing user");
    watching.ends_on("-INT", 0);
    assert_eq!(world.photos().len(), 1);
}

#[test]
fn a_command_that_knows_one_password_is_not_told_the_others() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let command = format!(
        "test -z \"$ICLOUDPD_SMTP_PASSWORD$ICLOUDPD_NOTIFICATION_WEBHOOK\" && echo '{}'",
        World::PASSWORD
    );
    let mut run = world.download();
    run.env_remove("ICLOUDPD_PASSWORD").env("ICLOUDPD_SMTP_PASSWORD", "hunter2");
    run.env("ICLOUDPD_NOTIFICATION_WEBHOOK", "http://127.0.0.1:9/secret");
    ran(run.args(["--password-command", &command])).exits(0);
}

/// A command that waits for somebody holds up its own account, and no other.
#[test]
fn a_password_command_that_hangs_holds_up_nobody_else() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    let base = world.icloudpd(&[]);
    let mut command = Command::new(base.get_program());
    command.env_clear();
    for (name, value) in base.get_envs().filter(|(name, _)| *name != "ICLOUDPD_PASSWORD") {
        command.env(name, value.unwrap_or_default());
    }
    let other = world.sessions().join("other");
    command.args(["--watch-with-interval", "600", "--answer-within", "1", "--cookie-directory"]);
    command.arg(world.sessions()).args(["-u", "a@example.com", "--password-command", "exec sleep 60", "-d"]);
    command.arg(&other).args(["-u", World::USER, "-p", World::PASSWORD, "-d"]).arg(world.directory());
    let mut watching = Watching::start(&mut command);
    watching.says("Nobody gave the password of a@example.com in time");
    watching.says("All photos and videos have been downloaded");
    watching.ends_on("-TERM", 143);
}

/// A process that took over a saved session has seen no password; it finds one once that session ends.
#[test]
fn a_session_that_ends_is_replaced_without_a_person() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    let mut watching = Watching::start(world.download().args(["--watch-with-interval", "1"]));
    watching.says("All photos and videos have been downloaded");
    watching.says("Waiting for");
    world.cloud.expire_session_tokens();
    world.cloud.expire_sessions();
    world.cloud.library(World::USER).unwrap().add_photo("NEW.JPG", 1000, world.cloud.now_ms());
    watching.says("The session has ended, signing in anew");
    watching.says("NEW.JPG");
    watching.says("Waiting for");
    let said = watching.ends_on("-TERM", 143);
    assert!(!said.contains("is left alone"), "{said}");
}

/// The saved session has cookies, and they are stored in no order.
#[test]
fn an_account_that_is_left_alone_costs_nothing_though_it_has_a_session() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(2, 1000));
    ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    world.cloud.expire_trust_tokens();
    let mut watching = Watching::start(world.download().args(["--watch-with-interval", "1"]));
    watching.says("is left alone");
    watching.says("Waiting for");
    world.cloud.reset_counts();
    for _ in 0..4 {
        watching.says("Skipping user jdoe@example.com, it needs a person");
    }
    let counts = world.cloud.counts();
    assert_eq!(counts.requests, 0, "{counts:?}");
    ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    watching.says("All photos and videos have been downloaded");
    watching.ends_on("-TERM", 143);
}

#[test]
fn a_report_takes_the_place_of_files_alone() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let folder = tempfile::tempdir().unwrap();
    let [real, link, pipe] = ["real", "link", "pipe"].map(|name| folder.path().join(name));
    std::fs::write(&real, "\n").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    ran(world.download().arg("--report-json").arg(&link)).exits(0);
    assert!(link.is_symlink() && std::fs::read_to_string(&real).unwrap().starts_with('{'));
    let ran = ran(world.download().arg("--report-json").arg(&pipe)).exits(2);
    assert!(ran.out.contains("something that is no file has that name"), "{}", ran.out);
    assert!(!std::fs::metadata(&pipe).unwrap().is_file());
}

/// It may be a photo, perhaps one that has just left iCloud.
#[test]
fn a_report_takes_no_place_but_that_of_a_report() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    ran(&mut world.download()).exits(0);
    let photo = world.directory().join(&world.photos()[0]);
    let before = std::fs::read(&photo).unwrap();
    world.forget_session();
    let asked = world.cloud.counts().requests_to("auth/init");
    let told = ran(world.download().arg("--report-json").arg(&photo)).exits(2);
    assert!(told.out.contains("a file that is no report has that name"), "{}", told.out);
    assert_eq!(world.cloud.counts().requests_to("auth/init"), asked, "it is seen before anything is asked");
    let names = ran(world.download().arg("--only-print-filenames").arg("--report-json").arg(&photo)).exits(2);
    assert!(names.out.is_empty() && names.err.contains("no report has that name"), "{}", names.err);
    assert_eq!(std::fs::read(&photo).unwrap(), before);
    let report = tempfile::NamedTempFile::new().unwrap();
    for _ in 0..2 {
        ran(world.download().arg("--report-json").arg(report.path())).exits(0);
    }
}

#[test]
fn a_report_is_written_after_each_round() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let read = || -> serde_json::Value { serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap() };
    // One photo fails for good.
    let rules = [FaultRule::new("content", FaultAction::status(404)).times(1000)];
    world.cloud.set_faults(FaultScript::new(rules)).unwrap();
    ran(world.download().arg("--report-json").arg(&path)).exits(3);
    let report = read();
    assert_eq!((&report["version"], &report["exit"], &report["round"]), (&1.into(), &3.into(), &1.into()));
    let account = &report["accounts"][0];
    assert_eq!((&account["username"], &account["result"]), (&World::USER.into(), &"incomplete".into()));
    assert_eq!(account["counts"]["failed"], 3);
    let failure = &account["failures"]["first"][0];
    let asset = world.cloud.library(World::USER).unwrap().truth()["assets"][0]["id"].clone();
    let assets = account["failures"]["first"].as_array().unwrap();
    assert!(assets.iter().any(|failure| failure["asset"] == asset), "{asset} {failure}");
    world.cloud.set_faults(FaultScript::default()).unwrap();
    let mut command = world.download();
    let mut watching =
        Watching::start(command.args(["--watch-with-interval", "1", "--report-json"]).arg(&path));
    watching.says("Waiting for");
    let report = read();
    assert_eq!(
        (&report["accounts"][0]["result"], &report["accounts"][0]["counts"]["downloaded"]),
        (&"success".into(), &3.into())
    );
    watching.says("Waiting for");
    watching.says("Waiting for");
    assert!(read()["round"].as_u64().unwrap() >= 2);
    watching.ends_on("-TERM", 143);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

pub(crate) fn script(folder: &std::path::Path, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("notify.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}
