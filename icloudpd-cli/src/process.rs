//! Programs that the user names: a command that knows the password, a script that is to be told.
//!
//! Whoever hangs must not outlive us, nor may its children: a shell that is ended leaves behind what it waits for.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output};

/// What is ours alone: no program of the user's needs it from us.
const SECRETS: [&str; 3] = ["ICLOUDPD_PASSWORD", "ICLOUDPD_SMTP_PASSWORD", "ICLOUDPD_NOTIFICATION_WEBHOOK"];

/// Bytes of the line that is wanted.
const MOST: u64 = 64 << 10;

/// Bytes that may follow it.
const ENOUGH: u64 = 16 << 20;

/// Runs it to its end, off the threads that serve the network. If this future is dropped before, the program is ended with all that
/// it started; of one that `may_ask` a person at our terminal, itself alone. Gives the first line that it wrote to its standard
/// output, if `command` has a pipe there.
///
/// # Errors
/// If it cannot be started, or writes a line of more than [`MOST`] bytes, or more than [`ENOUGH`] behind it.
pub(crate) async fn to_the_end(mut command: Command, may_ask: bool) -> io::Result<Output> {
    SECRETS.iter().for_each(|name| {
        command.env_remove(name);
    });
    let apart = !(may_ask && has_our_terminal());
    #[cfg(unix)]
    if apart {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let child = command.spawn()?;
    let mut guard = Guard { leader: Some(child.id()), apart };
    let ended = tokio::task::spawn_blocking(move || output(child)).await;
    guard.leader = None;
    ended.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn output(mut child: Child) -> io::Result<Output> {
    let (mut stdout, mut rest) = (Vec::new(), 0);
    if let Some(pipe) = child.stdout.take() {
        // The pipe closes behind this: who writes on is ended by it.
        let mut pipe = BufReader::new(pipe);
        pipe.by_ref().take(MOST + 1).read_until(b'\n', &mut stdout)?;
        if stdout.len() as u64 <= MOST {
            rest = io::copy(&mut pipe.take(ENOUGH + 1), &mut io::sink())?;
        }
    }
    let status = child.wait()?;
    if stdout.len() as u64 > MOST {
        return Err(io::Error::other(format!("its first line is longer than {MOST} bytes")));
    }
    if rest > ENOUGH {
        return Err(io::Error::other(format!("it writes more than {ENOUGH} bytes")));
    }
    Ok(Output { status, stdout, stderr: Vec::new() })
}

/// Whether a person at this terminal can be asked by what we start: only then must it stay in our group, for the terminal stops
/// others that read from it. Ctrl-C and the end of the terminal reach all of the group.
#[cfg(unix)]
fn has_our_terminal() -> bool {
    let Ok(terminal) = std::fs::File::open("/dev/tty") else { return false };
    rustix::termios::tcgetpgrp(&terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn has_our_terminal() -> bool {
    false
}

/// A program and its children, until it ended by itself.
struct Guard {
    #[cfg_attr(not(unix), allow(dead_code))]
    leader: Option<u32>,
    /// They are a group of their own.
    #[cfg_attr(not(unix), allow(dead_code))]
    apart: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader
            && let Some(leader) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw)
        {
            use rustix::process::{Signal, kill_process, kill_process_group};
            // It may have ended just now.
            let _ = match self.apart {
                true => kill_process_group(leader, Signal::KILL),
                false => kill_process(leader, Signal::TERM),
            };
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::process::Stdio;

    use super::*;

    async fn shell(text: &str) -> io::Result<Output> {
        let mut command = Command::new("sh");
        command.args(["-c", text]).stdin(Stdio::null()).stdout(Stdio::piped());
        to_the_end(command, false).await
    }

    #[tokio::test]
    async fn a_program_is_not_heard_for_ever() {
        assert_eq!(shell("echo secret").await.unwrap().stdout, b"secret\n");
        for (text, why) in [
            ("exec yes", "more than 16777216 bytes"),
            ("exec cat /dev/zero", "first line is longer than 65536 bytes"),
        ] {
            let endless = tokio::time::timeout(std::time::Duration::from_secs(20), shell(text)).await;
            assert!(endless.unwrap().unwrap_err().to_string().contains(why));
        }
    }

    #[tokio::test]
    async fn a_program_may_say_more_than_its_first_line() {
        let ended = shell("echo secret; head -c 100000 /dev/zero").await.unwrap();
        assert!(ended.status.success());
        assert_eq!(ended.stdout, b"secret\n");
    }
}
