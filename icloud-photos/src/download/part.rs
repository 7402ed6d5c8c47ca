//! Some bytes out of the middle of a file.
//!
//! No checksum speaks for a part, so each answer must say that it is of the file that was asked for: as long as its record states, or as long
//! as the first answer said. Otherwise it is as with whole files: what breaks off goes on at the same byte.

use std::ops::Range;

use futures::StreamExt;
use http::response::Parts;

use super::answer::{self, Answer, Awaited};
use super::fetch::{ODD, odd};
use super::sink::Sink;
use super::source::{Failures, Progress, Source, tell};
use crate::error::{Error, ErrorKind, Result};

/// The work on one part.
pub(super) struct Part<'a> {
    source: Source<'a>,
    progress: Option<Progress>,
    /// The next byte that is wanted.
    at: u64,
    /// The one behind the last.
    end: u64,
    /// How long the file is, by the first answer.
    total: Option<Option<u64>>,
    /// How long an answer was that is not as long as the file.
    odd: Option<u64>,
}

impl<'a> Part<'a> {
    pub(super) fn new(source: Source<'a>, range: Range<u64>, progress: Option<Progress>) -> Self {
        let end = source.resource.size.map_or(range.end, |size| range.end.min(size));
        Self { source, progress, at: range.start, end, total: None, odd: None }
    }

    /// Hands the bytes to `sink`, however many attempts the retry policy allows: as many as there are.
    pub(super) async fn run(mut self, sink: &mut impl Sink) -> Result<()> {
        let mut failures = Failures::at(self.at);
        while self.at < self.end {
            if let Err(error) = self.attempt(sink).await {
                self.source.bear(&mut failures, error, self.at).await?;
            }
        }
        Ok(())
    }

    /// One request: takes over what it brings. `Ok` when nothing more is to come.
    async fn attempt(&mut self, sink: &mut impl Sink) -> Result<()> {
        let (head, mut body) = self.source.ask(self.at, Some(self.end)).await?.into_parts();
        let Some(mut ahead) = self.bytes_ahead(&head)? else {
            self.end = self.at;
            return Ok(());
        };
        let total = answer::total(head.status, &head.headers).or(self.source.resource.size);
        if *self.total.get_or_insert(total) != total {
            return Err(Error::new(ErrorKind::Network, "two answers are of files of different lengths"));
        }
        let announced = answer::content_length(&head.headers).map(|length| self.at - ahead + length);
        let last = total.or(announced);
        self.end = last.map_or(self.end, |last| self.end.min(last));
        while self.at < self.end {
            let Some(mut piece) = body.next().await.transpose()? else { return self.ended(last.is_some()) };
            let passed = ahead.min(piece.len() as u64);
            ahead -= passed;
            let mut piece = piece.split_off(usize::try_from(passed).unwrap_or(usize::MAX));
            piece.truncate(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
            if !piece.is_empty() {
                self.at += piece.len() as u64;
                tell(self.progress.as_ref(), piece.len() as i64);
                sink.write(piece).await?;
            }
        }
        Ok(())
    }

    /// How many bytes an answer brings before the one that is wanted; `None` if the file has none of those that are.
    fn bytes_ahead(&mut self, head: &Parts) -> Result<Option<u64>> {
        let size = self.source.resource.size;
        let file = Awaited { size, is_provable: false };
        let silent = answer::content_length(&head.headers).is_none();
        match answer::read(head.status, &head.headers, self.at, file, self.source.now())? {
            Answer::Continues => Ok(Some(0)),
            // A checksum would tell what it is. Here nothing does.
            Answer::Whole if silent && size.is_some() => {
                Err(Error::new(ErrorKind::Network, "the answer does not say how long it is"))
            }
            Answer::Whole => Ok(Some(self.at)),
            Answer::Misfit(length) => Err(self.misfit(length)),
            Answer::OutOfRange if head.status == 416 && size.is_none() && self.total.is_none() => Ok(None),
            Answer::OutOfRange => Err(match self.other_length(head) {
                Some(length) => self.misfit(length),
                None => Error::new(ErrorKind::Network, "the answer is not about the bytes asked for"),
            }),
        }
    }

    /// How long the file is of which an answer brings a part, if that is not the one that was asked for.
    fn other_length(&self, head: &Parts) -> Option<u64> {
        let stated = answer::total(head.status, &head.headers).filter(|_| head.status == 206)?;
        self.source.resource.size.filter(|size| *size != stated).map(|_| stated)
    }

    /// An answer is over before the last byte came that was asked for.
    fn ended(&mut self, is_cut: bool) -> Result<()> {
        if is_cut {
            return Err(Error::new(ErrorKind::Network, "the connection ended early"));
        }
        // It ended as whoever sent it meant it to, and nobody said more of the file.
        self.end = self.at;
        Ok(())
    }

    /// An answer of another length than the file is an error of some machine on the way, until the same comes again over a fresh link.
    fn misfit(&mut self, length: u64) -> Error {
        if self.odd.replace(length) == Some(length) {
            return odd(length);
        }
        self.source.forget_link();
        Error::new(ErrorKind::Network, ODD).with("length", length)
    }
}
