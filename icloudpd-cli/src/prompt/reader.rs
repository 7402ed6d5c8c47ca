//! The one reader of the terminal and of standard input.
//!
//! A question that is given up ends its reading: nothing that is typed later reaches it, and the next question starts clean.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::process::Signal;
use tokio::sync::Mutex;

use super::feed::Feed;
use super::modes::{Clean, Quiet, Terminal, tell_who_is_in_front};
use super::terminal::{Hidden, MOST, show};
use super::typed::{Key, Typed};
use super::waiting::{Asker, Event, Source};
use crate::signals::{self, Continued};

/// Instead of a question: the answer would go to the shell, and be seen.
const BEHIND: &str = "A question waits until this program is in front (fg)\n";

/// Who holds it reads.
static READING: Mutex<Feed> = Mutex::const_new(Feed::new());

/// Reads, on a thread that may wait, once nobody else does. Dropping this future closes a pipe, which ends the reading.
async fn alone<T: Send + 'static>(
    read: impl FnOnce(&mut Feed, &Asker) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let mut feed = READING.lock().await;
    let (asker, mut goes_on) = Asker::new()?;
    let mut continued = Continued::new();
    let mut reading = tokio::task::spawn_blocking(move || {
        // The thread may come late, and a prompt that nobody waits for is not to be shown.
        asker.waits()?;
        read(&mut feed, &asker)
    });
    let read = loop {
        tokio::select! {
            read = &mut reading => break read,
            // The reading may have ended just now.
            () = continued.next() => drop(goes_on.write_all(&[0])),
        }
    };
    read.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A line of standard input with its end; empty at the end of the input.
pub(super) async fn line(prompt: String, about: String, to_stderr: bool) -> io::Result<Vec<u8>> {
    alone(move |feed, asker| {
        let stdin = io::stdin();
        let again = || show(&prompt, to_stderr);
        if stdin.is_terminal() {
            return line_at_terminal(stdin.as_fd(), asker, again, || show(BEHIND, to_stderr));
        }
        again()?;
        feed.answer(about, &mut Source::new(stdin.as_fd(), asker), again)
    })
    .await
}

fn line_at_terminal(
    terminal: BorrowedFd<'_>,
    asker: &Asker,
    again: impl Fn() -> io::Result<()>,
    behind: impl Fn() -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    // What a person typed when nobody asked is no answer to this, nor is it one to the next question.
    let _clean = Clean::new(terminal);
    let mut source = Source::new(terminal, asker);
    if source.is_away() { behind() } else { again() }?;
    let mut line = Vec::new();
    loop {
        match source.next()? {
            Event::Byte(byte) => {
                line.push(byte);
                // No terminal gives a longer one.
                if byte == b'\n' || line.len() > MOST {
                    return Ok(line);
                }
            }
            Event::Back => {
                line.clear();
                again()?;
            }
            Event::End => return Ok(line),
        }
    }
}

/// A line from the terminal, which shows nothing of it.
pub(super) async fn hidden(prompt: String) -> io::Result<Hidden> {
    alone(move |_, asker| {
        let Some(terminal) = Terminal::find() else { return Ok(Hidden::NoTerminal) };
        let mut quiet = Quiet::new(terminal.as_fd())?;
        terminal.say(if quiet.is_on() { &prompt } else { BEHIND });
        let read = read_hidden(&terminal, &mut quiet, asker, &prompt)?;
        drop(quiet);
        if matches!(read, Hidden::Text(_)) {
            terminal.say("\n");
        }
        Ok(read)
    })
    .await
}

fn read_hidden(
    terminal: &Terminal,
    quiet: &mut Quiet<'_>,
    asker: &Asker,
    prompt: &str,
) -> io::Result<Hidden> {
    let mut typed = Typed::new(quiet.keys());
    let mut source = Source::new(terminal.as_fd(), asker);
    loop {
        // Nothing is read that the terminal shows, even if it is ours since a moment ago.
        if !quiet.is_on() {
            source.turn_away();
        }
        let key = match source.next()? {
            Event::Byte(byte) => typed.press(byte),
            Event::End => return Ok(Hidden::End),
            // Whoever was in front meanwhile has left the terminal as it likes it.
            Event::Back => {
                quiet.enter()?;
                typed = Typed::new(quiet.keys());
                terminal.say(prompt);
                continue;
            }
        };
        match key {
            Key::More => {}
            Key::Done => return Ok(Hidden::Text(typed.into_text())),
            Key::End => return Ok(Hidden::End),
            Key::Interrupt if !signals::heeds_interrupts() => {}
            Key::Interrupt => {
                quiet.leave();
                terminal.say("\n");
                tell_who_is_in_front(terminal.as_fd(), Signal::INT)?;
                return Ok(Hidden::Interrupted);
            }
            Key::Quit => stop(terminal, quiet, Signal::QUIT, &mut source)?,
            Key::Suspend => stop(terminal, quiet, Signal::TSTP, &mut source)?,
        }
    }
}

/// What the terminal would do with such a key, were it left to it. Comes back once we go on.
fn stop(
    terminal: &Terminal,
    quiet: &mut Quiet<'_>,
    signal: Signal,
    source: &mut Source<'_>,
) -> io::Result<()> {
    quiet.leave();
    terminal.say("\n");
    tell_who_is_in_front(terminal.as_fd(), signal)?;
    source.pause()
}
