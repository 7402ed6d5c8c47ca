//! How the terminal is while it is read, and whose it is.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcgetpgrp,
    tcsetattr,
};

use super::typed::Keys;
use crate::signals;

/// Whether nobody else is in front of this terminal. To a shell that has us in the background it is not ours to read or to change,
/// and the system stops who tries. What is no terminal, or not the one that controls us, knows no front.
pub(crate) fn is_ours(terminal: BorrowedFd<'_>) -> bool {
    tcgetpgrp(terminal).map_or(true, |front| front == getpgrp())
}

/// Sends a signal as the terminal would: to all in front of it, a script that called us among them.
pub(super) fn tell_who_is_in_front(terminal: BorrowedFd<'_>, signal: Signal) -> io::Result<()> {
    let controls_us = tcgetpgrp(terminal).is_ok_and(|front| front == getpgrp());
    let told = if controls_us { kill_current_process_group(signal) } else { kill_process(getpid(), signal) };
    Ok(told?)
}

/// Where hidden answers are typed.
pub(super) struct Terminal(File);

impl Terminal {
    /// Standard input if it is one: macOS cannot wait for `/dev/tty`.
    pub(super) fn find() -> Option<Self> {
        let stdin = io::stdin();
        if stdin.is_terminal()
            && let Ok(terminal) = stdin.as_fd().try_clone_to_owned()
        {
            return Some(Self(terminal.into()));
        }
        // A script that started us beside itself (`&`) shares its place in front with us, and whatever we made of the terminal would
        // stay when it ends.
        let tty = || File::open("/dev/tty").ok().filter(File::is_terminal).map(Self);
        signals::heeds_interrupts().then(tty).flatten()
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// To the terminal, wherever the output goes.
    pub(super) fn say(&self, text: &str) {
        let shown = OpenOptions::new().write(true).open("/dev/tty").and_then(|mut tty| write!(tty, "{text}"));
        if shown.is_err() {
            // Whoever cannot read it cannot answer either; the answer decides.
            let _ = write!(io::stderr(), "{text}");
        }
    }
}

/// For as long as there is one, what is typed belongs to one question: what was typed before and what is left after it is
/// forgotten.
pub(super) struct Clean<'a>(BorrowedFd<'a>);

impl<'a> Clean<'a> {
    pub(super) fn new(terminal: BorrowedFd<'a>) -> Self {
        forget(terminal);
        Self(terminal)
    }
}

impl Drop for Clean<'_> {
    fn drop(&mut self) {
        forget(self.0);
    }
}

/// What is typed for others is theirs.
fn forget(terminal: BorrowedFd<'_>) {
    if is_ours(terminal) {
        // A terminal that is gone has nothing to forget.
        let _ = tcflush(terminal, QueueSelector::IFlush);
    }
}

/// A terminal that shows nothing and leaves all keys to us, until this goes.
pub(super) struct Quiet<'a> {
    terminal: BorrowedFd<'a>,
    /// How it was when it was ours for the first time.
    before: Option<Termios>,
    is_on: bool,
}

impl<'a> Quiet<'a> {
    /// One that is not ours waits for [`Quiet::enter`].
    pub(super) fn new(terminal: BorrowedFd<'a>) -> io::Result<Self> {
        let mut quiet = Self { terminal, before: None, is_on: false };
        quiet.enter()?;
        Ok(quiet)
    }

    /// Once more, after others had the terminal.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        self.is_on = false;
        if !is_ours(self.terminal) {
            return Ok(());
        }
        let before = match &self.before {
            Some(before) => before,
            None => self.before.insert(tcgetattr(self.terminal)?),
        };
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(self.terminal, OptionalActions::Now, &quiet)?;
        self.is_on = true;
        forget(self.terminal);
        Ok(())
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Half a password is nothing for the shell.
    pub(super) fn leave(&mut self) {
        // Who is in front has the terminal as it needs it.
        if self.is_on && is_ours(self.terminal) {
            forget(self.terminal);
            // It may be gone.
            let _ = self.before.as_ref().map(|before| tcsetattr(self.terminal, OptionalActions::Now, before));
        }
        self.is_on = false;
    }

    /// The keys that the terminal would make signals of.
    pub(super) fn keys(&self) -> Keys {
        let heeded = self.before.as_ref().filter(|before| before.local_modes.contains(LocalModes::ISIG));
        let key =
            |code| heeded.map(|before| before.special_codes[code]).filter(|key| !matches!(key, 0 | 0xff));
        Keys {
            interrupt: key(SpecialCodeIndex::VINTR),
            quit: key(SpecialCodeIndex::VQUIT),
            suspend: key(SpecialCodeIndex::VSUSP),
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
