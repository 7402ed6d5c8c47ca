//! The one reader of the terminal and of standard input.
//!
//! A question that is given up ends its reading: nothing that is typed later reaches it, and the next question starts clean.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, PipeReader, Write as _};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
};
use tokio::sync::Mutex;

use super::terminal::{Hidden, show};
use super::typed::{Key, MOST, Typed};

/// Who holds it reads. It keeps what a question that was given up had read of a line in a pipe: the rest is still to come, and a
/// line in a pipe waits for its question.
static READING: Mutex<Vec<u8>> = Mutex::const_new(Vec::new());

/// Reads, on a thread that may wait, once nobody else does. Dropping this future closes a pipe, which ends the reading.
async fn alone<T: Send + 'static>(
    read: impl FnOnce(&mut Vec<u8>, &PipeReader) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let mut half = READING.lock().await;
    let (given_up, asker) = io::pipe()?;
    let reading = tokio::task::spawn_blocking(move || {
        // The thread may come late, and a prompt that nobody waits for is not to be shown.
        match is_closed(&given_up) {
            true => Err(nobody_waits()),
            false => read(&mut half, &given_up),
        }
    });
    let read = reading.await;
    drop(asker);
    read.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A line of standard input with its end; empty at the end of the input.
pub(super) async fn line(prompt: String, to_stderr: bool) -> io::Result<Vec<u8>> {
    alone(move |half, given_up| {
        let stdin = io::stdin();
        // What a person typed when nobody asked is no answer to this, nor is it one to the next question.
        let _clean = stdin.is_terminal().then(|| {
            half.clear();
            Clean::new(stdin.as_fd())
        });
        show(&prompt, to_stderr)?;
        read_line(stdin.as_fd(), half, given_up)?;
        Ok(std::mem::take(half))
    })
    .await
}

fn read_line(input: BorrowedFd<'_>, line: &mut Vec<u8>, given_up: &PipeReader) -> io::Result<()> {
    while let Some(byte) = next_byte(input, given_up)? {
        // No answer is that long.
        if line.len() < MOST || byte == b'\n' {
            line.push(byte);
        }
        if byte == b'\n' {
            break;
        }
    }
    Ok(())
}

/// A line from the terminal, which shows nothing of it.
pub(super) async fn hidden(prompt: String) -> io::Result<Hidden> {
    alone(move |_, given_up| {
        let Some(terminal) = terminal() else { return Ok(Hidden::NoTerminal) };
        let quiet = Quiet::new(terminal.as_fd())?;
        say(&prompt);
        let read = read_hidden(terminal.as_fd(), given_up)?;
        drop(quiet);
        match read {
            Hidden::Text(_) => say("\n"),
            Hidden::Interrupted => {
                say("\n");
                kill_process(getpid(), Signal::INT)?;
            }
            _ => {}
        }
        Ok(read)
    })
    .await
}

fn read_hidden(terminal: BorrowedFd<'_>, given_up: &PipeReader) -> io::Result<Hidden> {
    let mut typed = Typed::new();
    while let Some(byte) = next_byte(terminal, given_up)? {
        match typed.press(byte) {
            Key::More => {}
            Key::Done => return Ok(Hidden::Text(typed.into_text())),
            Key::Interrupt => return Ok(Hidden::Interrupted),
            Key::End => break,
        }
    }
    Ok(Hidden::End)
}

/// Standard input if it is one: macOS cannot wait for `/dev/tty`.
fn terminal() -> Option<File> {
    let stdin = io::stdin();
    if stdin.is_terminal()
        && let Ok(terminal) = stdin.as_fd().try_clone_to_owned()
    {
        return Some(terminal.into());
    }
    File::open("/dev/tty").ok().filter(File::is_terminal)
}

/// To the terminal, wherever the output goes.
fn say(text: &str) {
    let shown = OpenOptions::new().write(true).open("/dev/tty").and_then(|mut tty| write!(tty, "{text}"));
    if shown.is_err() {
        // Whoever cannot read it cannot answer either; the answer decides.
        let _ = write!(io::stderr(), "{text}");
    }
}

/// The next byte, by itself: what comes after the line is for the next question. `None` at the end of the input.
fn next_byte(input: BorrowedFd<'_>, given_up: &PipeReader) -> io::Result<Option<u8>> {
    loop {
        let mut waited = [
            PollFd::from_borrowed_fd(given_up.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(input, PollFlags::IN),
        ];
        match poll(&mut waited, None) {
            Err(Errno::INTR) => continue,
            polled => polled?,
        };
        if !waited[0].revents().is_empty() {
            return Err(nobody_waits());
        }
        // Where it cannot be waited for (`/dev/tty` on macOS) reading waits.
        let mut byte = [0];
        match rustix::io::read(input, &mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(byte[0])),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_closed(given_up: &PipeReader) -> bool {
    let mut waited = [PollFd::from_borrowed_fd(given_up.as_fd(), PollFlags::IN)];
    poll(&mut waited, Some(&Timespec::default())).is_ok_and(|closed| closed > 0)
}

/// Reaches nobody.
fn nobody_waits() -> io::Error {
    io::Error::other("nobody waits for the answer any more")
}

/// For as long as there is one, what is typed belongs to one question: what was typed before and what is left after it is
/// forgotten.
struct Clean<'a>(BorrowedFd<'a>);

impl<'a> Clean<'a> {
    fn new(terminal: BorrowedFd<'a>) -> Self {
        let clean = Self(terminal);
        clean.forget();
        clean
    }

    fn forget(&self) {
        // A terminal that is gone has nothing to forget.
        let _ = tcflush(self.0, QueueSelector::IFlush);
    }
}

impl Drop for Clean<'_> {
    fn drop(&mut self) {
        self.forget();
    }
}

/// A terminal that shows nothing and leaves all keys to us, until this goes.
struct Quiet<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: BorrowedFd<'a>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal, OptionalActions::Now, &quiet)?;
        let quiet = Self { terminal, before };
        let _ = tcflush(terminal, QueueSelector::IFlush);
        Ok(quiet)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Half a password is nothing for the shell. The terminal may be gone.
        let _ = tcflush(self.terminal, QueueSelector::IFlush);
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
