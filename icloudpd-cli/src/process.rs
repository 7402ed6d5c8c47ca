//! Programs that the user names: a command that knows the password, a script that is to be told.
//!
//! Whoever hangs must not outlive us, nor may its children: a shell that is ended leaves behind what it waits for.

use std::io;
use std::process::{Command, Output};

/// Runs it to its end, off the threads that serve the network. If this future is dropped before, the program is ended with all that
/// it started; of one that `may_ask` a person at our terminal, itself alone. Gives what it wrote to where `command` has pipes.
pub(crate) async fn to_the_end(mut command: Command, may_ask: bool) -> io::Result<Output> {
    let apart = !(may_ask && has_our_terminal());
    #[cfg(unix)]
    if apart {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let child = command.spawn()?;
    let mut guard = Guard { leader: Some(child.id()), apart };
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    guard.leader = None;
    ended.unwrap_or_else(|error| Err(io::Error::other(error)))
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
