//! Standard input that is no terminal: lines in a pipe wait for their questions, and are for no other.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::terminal::{MOST, say};
use super::waiting::{Event, Source};

/// Who has not answered for so long after a question was given up, does not answer it any more.
const LATE: Duration = Duration::from_secs(600);

/// What editors of Windows put before the text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// What is known of the lines that are still to come.
pub(super) struct Feed {
    /// The first line was read.
    begun: bool,
    /// A question was given up within a line: the rest is of no use.
    within: bool,
    /// Questions that were given up, what they were about, and until when a line may come that answers them.
    late: VecDeque<(Instant, String)>,
}

impl Feed {
    pub(super) const fn new() -> Self {
        Self { begun: false, within: false, late: VecDeque::new() }
    }

    /// The line that answers this question, with its end; empty at the end of the input. `again` shows the question.
    pub(super) fn answer(
        &mut self,
        about: String,
        source: &mut Source<'_>,
        again: impl Fn() -> io::Result<()>,
    ) -> io::Result<Vec<u8>> {
        loop {
            let mut line = Vec::new();
            if let Err(given_up) = read_line(source, &mut line) {
                self.within |= !line.is_empty();
                self.forget();
                self.late.push_back((Instant::now() + LATE, about));
                return Err(given_up);
            }
            if !std::mem::replace(&mut self.begun, true) && line.starts_with(MARK) {
                line.drain(..MARK.len());
            }
            if line.is_empty() || !self.is_late(&about) {
                return Ok(line);
            }
            say("\nThis line came too late for an earlier question and is not used", true);
            again()?;
        }
    }

    /// Whether the line that was read now belongs to a question that was given up. Who is asked the same again may answer now.
    fn is_late(&mut self, about: &str) -> bool {
        self.forget();
        let within = std::mem::take(&mut self.within);
        let owed = self.late.iter().position(|(_, asked)| within || asked != about);
        owed.and_then(|owed| self.late.remove(owed)).is_some() || within
    }

    /// Those that nobody answers any more.
    fn forget(&mut self) {
        let now = Instant::now();
        self.late.retain(|(until, _)| *until >= now);
    }
}

/// One byte more than an answer may have tells that it is too long.
fn read_line(source: &mut Source<'_>, line: &mut Vec<u8>) -> io::Result<()> {
    loop {
        match source.next()? {
            Event::Byte(b'\n') => {
                line.push(b'\n');
                return Ok(());
            }
            Event::Byte(byte) if line.len() <= MOST => line.push(byte),
            Event::Byte(_) | Event::Back => {}
            Event::End => return Ok(()),
        }
    }
}
