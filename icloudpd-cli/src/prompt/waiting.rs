//! Waiting for bytes, and for all that may come instead.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::modes::is_ours;

/// How often we look whether the terminal is ours again. A shell tells only those that it had stopped.
const LOOK: Duration = Duration::from_millis(250);

/// A signal that is to stop us has done so by then, and we know that we go on.
const STOPPING: Duration = Duration::from_millis(150);

/// The far end of a question. It is closed when the question is given up; a byte means that the program goes on after a stop.
pub(super) struct Asker(PipeReader);

impl Asker {
    pub(super) fn new() -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        Ok((Self(reader), writer))
    }

    /// # Errors
    /// If nobody waits for the answer any more. Reaches nobody.
    pub(super) fn waits(&self) -> io::Result<()> {
        self.went_on(Duration::ZERO).map(drop)
    }

    /// Whether the program went on after a stop, in this time.
    fn went_on(&self, within: Duration) -> io::Result<bool> {
        let mut waited = [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)];
        if wait(&mut waited, Some(within))? == 0 {
            return Ok(false);
        }
        let mut byte = [0];
        match rustix::io::read(&self.0, &mut byte)? {
            0 => Err(io::Error::other("nobody waits for the answer any more")),
            _ => Ok(true),
        }
    }
}

pub(super) enum Event {
    Byte(u8),
    End,
    /// The terminal is ours again, or we were stopped meanwhile: nothing is as it was left.
    Back,
}

/// Where answers come from.
pub(super) struct Source<'a> {
    input: BorrowedFd<'a>,
    asker: &'a Asker,
    /// Something else was in front, or we were stopped.
    away: bool,
}

impl<'a> Source<'a> {
    pub(super) fn new(input: BorrowedFd<'a>, asker: &'a Asker) -> Self {
        Self { input, asker, away: !is_ours(input) }
    }

    /// The next byte, by itself: what comes after the line is for the next question. From a terminal only while it is ours: the
    /// system stops who reads what is typed for others, and a watch has more to do than to ask.
    pub(super) fn next(&mut self) -> io::Result<Event> {
        loop {
            if self.away && is_ours(self.input) {
                self.away = false;
                return Ok(Event::Back);
            }
            if self.away {
                self.asker.went_on(LOOK)?;
                continue;
            }
            let mut waited = [
                PollFd::from_borrowed_fd(self.asker.0.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.input, PollFlags::IN),
            ];
            if wait(&mut waited, None)? == 0 {
                continue;
            }
            if self.asker.went_on(Duration::ZERO)? || !is_ours(self.input) {
                self.away = true;
                continue;
            }
            // Where it cannot be waited for (`/dev/tty` on macOS) reading waits.
            let mut byte = [0];
            match rustix::io::read(self.input, &mut byte) {
                Ok(0) => return Ok(Event::End),
                Ok(_) => return Ok(Event::Byte(byte[0])),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) fn is_away(&self) -> bool {
        self.away
    }

    /// Nothing comes from here before [`Event::Back`].
    pub(super) fn turn_away(&mut self) {
        self.away = true;
    }

    /// After a signal that stops us, unless it is ignored.
    pub(super) fn pause(&mut self) -> io::Result<()> {
        self.turn_away();
        // The first wait may end with the stop; that we go on is told a moment later.
        if !self.asker.went_on(STOPPING)? {
            self.asker.went_on(STOPPING)?;
        }
        Ok(())
    }
}

/// How many have something to tell; none after a time-out or a signal.
fn wait(waited: &mut [PollFd<'_>], within: Option<Duration>) -> io::Result<usize> {
    let within = within.and_then(|time| Timespec::try_from(time).ok());
    match poll(waited, within.as_ref()) {
        Err(Errno::INTR) => Ok(0),
        polled => Ok(polled?),
    }
}
