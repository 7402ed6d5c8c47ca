//! Questions to whoever sits at the terminal, or writes to standard input.

use std::io::{self, IsTerminal as _, Write as _};

use icloud_photos::redact::SecretString;
use icloud_photos::{Error, ErrorKind, Result};

#[cfg(not(unix))]
use super::elsewhere as reader;
#[cfg(unix)]
use super::reader;

/// Bytes of an answer; terminals take no longer lines either.
pub(super) const MOST: usize = 4096;

/// How a hidden question ended.
pub(super) enum Hidden {
    Text(Vec<u8>),
    /// The end of the input.
    End,
    Interrupted,
    NoTerminal,
}

/// A hidden prompt at the terminal; without one, a line of standard input. `None` if nobody can be asked.
pub(crate) async fn hidden(prompt: String) -> Result<Option<SecretString>> {
    let read = reader::hidden(prompt.clone()).await;
    let broken =
        |error| Error::new(ErrorKind::PasswordRequired, "The terminal cannot be read").caused_by(error);
    let text = match read.map_err(broken)? {
        Hidden::Text(text) => match String::from_utf8(text) {
            Ok(text) => Some(text),
            Err(_) => return Err(no_text()),
        },
        Hidden::Interrupted => return Err(Error::new(ErrorKind::Cancelled, "interrupted")),
        // Asking once more would show what is typed.
        Hidden::End => {
            say("", true);
            None
        }
        Hidden::NoTerminal if someone_may_answer() => ask(prompt.clone(), prompt, true).await?,
        Hidden::NoTerminal => None,
    };
    match text {
        // What stands for bytes that are no text: sent to Apple, it would count as a wrong password.
        Some(text) if text.contains('\u{fffd}') => Err(no_text()),
        // What is cut would count as a wrong one too.
        Some(text) if text.len() > MOST => Err(Error::new(
            ErrorKind::PasswordRequired,
            format!("The password that was entered is longer than {MOST} bytes"),
        )),
        text => Ok(text.map(SecretString::from)),
    }
}

fn no_text() -> Error {
    Error::new(
        ErrorKind::PasswordRequired,
        "The password that was entered is no text in UTF-8; look at the encoding of the terminal, or of what is piped in",
    )
}

/// Shows a prompt and reads the answer from standard input, which may be a pipe. `None` at its end. An answer that comes late may
/// still be one to a later question `about` the same.
pub(crate) async fn ask(prompt: String, about: String, to_stderr: bool) -> Result<Option<String>> {
    let read = reader::line(prompt, about, to_stderr).await;
    if !at_terminal() {
        // What is piped in is not echoed, nor is its line feed; the next log line begins a line all the same.
        say("", to_stderr);
    }
    match read.map_err(|error| Error::storage(error, "standard input"))? {
        line if line.is_empty() => Ok(None),
        // What is no text is a wrong answer and not the end.
        line => Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())),
    }
}

pub(super) fn show(prompt: &str, to_stderr: bool) -> io::Result<()> {
    if to_stderr {
        return write!(io::stderr(), "{prompt}");
    }
    let mut stdout = io::stdout().lock();
    write!(stdout, "{prompt}").and_then(|()| stdout.flush())
}

/// A line that belongs to a prompt.
pub(crate) fn say(line: &str, to_stderr: bool) {
    // Whoever cannot read it cannot answer either; the answer decides.
    let _ = if to_stderr { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") };
}

/// Whether anybody or anything can answer on standard input: a terminal, a pipe or a file, but not `/dev/null`.
pub(crate) fn someone_may_answer() -> bool {
    at_terminal() || stdin_is_fed()
}

#[cfg(unix)]
fn stdin_is_fed() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let metadata = io::stdin().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    metadata.is_ok_and(|metadata| {
        let kind = metadata.file_type();
        kind.is_fifo() || kind.is_file() || kind.is_socket()
    })
}

#[cfg(not(unix))]
fn stdin_is_fed() -> bool {
    true
}

/// Whether a person sits at standard input.
pub(crate) fn at_terminal() -> bool {
    io::stdin().is_terminal()
}
