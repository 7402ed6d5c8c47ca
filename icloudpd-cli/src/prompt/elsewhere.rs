//! Reading where it cannot be broken off: a question that is given up leaves its reading behind, and the next one waits until that
//! has ended. So what answers a dead question still answers no other.

use std::io::{self, BufRead as _};

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::terminal::{Hidden, show};

/// Who holds it reads.
static READING: Mutex<Readings> = Mutex::const_new(Readings { line: None, hidden: None });

struct Readings {
    line: Option<JoinHandle<io::Result<Vec<u8>>>>,
    hidden: Option<JoinHandle<io::Result<String>>>,
}

impl Readings {
    async fn wait_for_the_dead(&mut self) {
        if let Some(hidden) = &mut self.hidden {
            let _ = hidden.await;
        }
        self.hidden = None;
        if let Some(line) = &mut self.line {
            let _ = line.await;
        }
        self.line = None;
    }
}

/// A line of standard input with its end; empty at the end of the input.
pub(super) async fn line(prompt: String, _: String, to_stderr: bool) -> io::Result<Vec<u8>> {
    let mut readings = READING.lock().await;
    readings.wait_for_the_dead().await;
    show(&prompt, to_stderr)?;
    let read = readings.line.get_or_insert_with(|| tokio::task::spawn_blocking(read_line)).await;
    readings.line = None;
    read.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn read_line() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    Ok(line)
}

/// A line from the terminal, which shows nothing of it.
pub(super) async fn hidden(prompt: String) -> io::Result<Hidden> {
    let mut readings = READING.lock().await;
    readings.wait_for_the_dead().await;
    let ask = move || rpassword::prompt_password(prompt);
    let read = readings.hidden.get_or_insert_with(|| tokio::task::spawn_blocking(ask)).await;
    readings.hidden = None;
    Ok(match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(text) => Hidden::Text(text.into_bytes()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Hidden::Interrupted,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Hidden::End,
        Err(_) => Hidden::NoTerminal,
    })
}
