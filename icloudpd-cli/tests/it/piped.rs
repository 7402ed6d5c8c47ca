//! Answers that come through a pipe, in time and late.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use icloud_photos_testkit::{AccountSpec, LibrarySpec};

use crate::support::{World, ran_with_input};
use crate::terminal::watching;

/// A program in a session of its own, with a pipe for what it asks.
struct Asked {
    child: Child,
    pipe: ChildStdin,
    said: Arc<Mutex<String>>,
    seen: usize,
}

impl Asked {
    fn start(program: &Command) -> Self {
        let mut apart = Command::new("setsid");
        apart.arg("--wait").arg(program.get_program()).args(program.get_args()).env_clear();
        apart.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        // The order of both is what a person sees.
        let (mut reader, writer) = std::io::pipe().unwrap();
        apart.stdin(Stdio::piped()).stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = apart.spawn().unwrap();
        drop(apart);
        let said = Arc::<Mutex<String>>::default();
        let heard = said.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                *heard.lock().unwrap() += &String::from_utf8_lossy(&bytes[..length]);
            }
        });
        Self { pipe: child.stdin.take().unwrap(), child, said, seen: 0 }
    }

    #[track_caller]
    fn sees(&mut self, text: &str) {
        let until = Instant::now() + Duration::from_secs(40);
        loop {
            let said = self.said.lock().unwrap();
            if let Some(at) = said[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(Instant::now() < until, "{text:?} was not said:\n{said}");
            drop(said);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&mut self, text: &str) {
        self.pipe.write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PASSWORD: &str = World::PASSWORD;

#[test]
fn a_password_that_comes_late_is_not_sent_for_the_next_account() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut asked = Asked::start(&watching(&world, &["other@example.com", World::USER], "4"));
    asked.sees("iCloud Password for other@example.com:");
    asked.answers("half of a ");
    asked.sees("Nobody gave the password of other@example.com in time");
    asked.sees("iCloud Password for jdoe@example.com:");
    asked.answers("password\n");
    asked.sees("came too late");
    // It is asked again, and nothing of the above sticks to the answer.
    asked.sees("iCloud Password for jdoe@example.com:");
    asked.answers(&format!("{PASSWORD}\n"));
    asked.sees("All photos and videos have been downloaded");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 1);
}

#[test]
fn a_code_that_comes_late_is_no_password() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let mut asked = Asked::start(&watching(&world, &[World::USER, "other@example.com"], "4"));
    asked.sees("iCloud Password for jdoe@example.com:");
    asked.answers(&format!("{PASSWORD}\n"));
    asked.sees("Please enter two-factor authentication code");
    asked.sees("iCloud Password for other@example.com:");
    asked.answers("012345\n");
    asked.sees("came too late");
    asked.sees("Nobody gave the password of other@example.com in time");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 1);
}

/// A program that writes its answers before it is asked gets each to its question.
#[test]
fn lines_that_come_early_wait_for_their_questions() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let mut program = world.detached(&["--auth-only"]);
    program.env_remove("ICLOUDPD_PASSWORD");
    // With what editors of Windows put before it.
    let input = format!("\u{feff}{PASSWORD}\r\n999999\r\n012345\r\n");
    ran_with_input(&mut program, input).exits(0);
}

#[test]
fn a_password_that_is_too_long_is_not_cut_and_sent() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut program = world.detached(&["--auth-only"]);
    program.env_remove("ICLOUDPD_PASSWORD");
    let ran = ran_with_input(&mut program, format!("{}\n", "x".repeat(5000))).exits(1);
    ran.says("The password that was entered is longer than 4096 bytes");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}
