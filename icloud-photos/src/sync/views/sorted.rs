//! Sorting more than memory should hold: what is too much waits in temporary files, sorted, and is merged when it is read.
//!
//! A program without the feature `fs` has no temporary files, and sorts in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};

/// So many things are held in memory, some megabytes.
const HELD: usize = 32_768;

/// So many bytes are.
#[cfg(feature = "fs")]
const BYTES: usize = 4 << 20;

#[cfg(feature = "fs")]
type Waiting = tempfile::SpooledTempFile;
#[cfg(not(feature = "fs"))]
type Waiting = std::io::Cursor<Vec<u8>>;

#[cfg(feature = "fs")]
fn waiting() -> Waiting {
    tempfile::SpooledTempFile::new(BYTES)
}

#[cfg(not(feature = "fs"))]
fn waiting() -> Waiting {
    Waiting::default()
}

/// Takes things in any order.
pub(super) struct Sorter<T> {
    held: Vec<T>,
    runs: Vec<Spool>,
    most: usize,
}

impl<T> Default for Sorter<T> {
    fn default() -> Self {
        Self { held: Vec::new(), runs: Vec::new(), most: HELD }
    }
}

impl<T: Ord + Clone + Serialize + DeserializeOwned> Sorter<T> {
    pub(super) fn push(&mut self, thing: T) -> Result<()> {
        self.held.push(thing);
        if self.held.len() < self.most {
            return Ok(());
        }
        self.held.sort();
        let mut run = Spool::new();
        for thing in self.held.drain(..) {
            run.line(&thing)?;
        }
        self.runs.push(run);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Sorted<T> {
        self.held.sort();
        Sorted { held: self.held, runs: self.runs }
    }
}

/// Gives them back in their order, as often as it is asked.
pub(super) struct Sorted<T> {
    held: Vec<T>,
    runs: Vec<Spool>,
}

impl<T: Ord + Clone + Serialize + DeserializeOwned> Sorted<T> {
    pub(super) fn iter(&mut self) -> Result<Merge<'_, T>> {
        let mut sources = vec![Source::Held(self.held.iter())];
        for run in &mut self.runs {
            sources.push(Source::Run(BufReader::new(run.rewound()?)));
        }
        let mut merge = Merge { heads: BinaryHeap::new(), sources };
        for number in 0..merge.sources.len() {
            merge.refill(number)?;
        }
        Ok(merge)
    }
}

pub(super) struct Merge<'s, T> {
    heads: BinaryHeap<Reverse<(T, usize)>>,
    sources: Vec<Source<'s, T>>,
}

enum Source<'s, T> {
    Held(std::slice::Iter<'s, T>),
    Run(BufReader<&'s mut Waiting>),
}

impl<T: Ord + Clone + DeserializeOwned> Merge<'_, T> {
    pub(super) fn next(&mut self) -> Result<Option<T>> {
        let Some(Reverse((thing, number))) = self.heads.pop() else { return Ok(None) };
        self.refill(number)?;
        Ok(Some(thing))
    }

    /// The next one, without taking it.
    pub(super) fn peek(&self) -> Option<&T> {
        self.heads.peek().map(|Reverse((thing, _))| thing)
    }

    fn refill(&mut self, number: usize) -> Result<()> {
        let next = match self.sources.get_mut(number) {
            Some(Source::Held(held)) => held.next().cloned(),
            Some(Source::Run(run)) => {
                let mut line = String::new();
                run.read_line(&mut line).map_err(fault)?;
                (!line.is_empty()).then(|| serde_json::from_str(&line)).transpose().map_err(fault)?
            }
            None => None,
        };
        self.heads.extend(next.map(|thing| Reverse((thing, number))));
        Ok(())
    }
}

/// Text that is put together first and used later; what is long waits on the disk.
pub(super) struct Spool(Waiting);

impl Spool {
    pub(super) fn new() -> Self {
        Self(waiting())
    }

    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        self.0.write_all(text.as_bytes()).map_err(fault)
    }

    fn line(&mut self, thing: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(thing).map_err(fault)?;
        self.text(&line)?;
        self.text("\n")
    }

    fn rewound(&mut self) -> Result<&mut Waiting> {
        self.0.seek(SeekFrom::Start(0)).map_err(fault)?;
        Ok(&mut self.0)
    }

    /// Some of the text from a place on; nothing at its end.
    pub(super) fn piece(&mut self, from: u64) -> Result<Vec<u8>> {
        self.0.seek(SeekFrom::Start(from)).map_err(fault)?;
        let mut piece = Vec::new();
        Read::by_ref(&mut self.0).take(256 * 1024).read_to_end(&mut piece).map_err(fault)?;
        Ok(piece)
    }
}

fn fault(error: impl Into<std::io::Error>) -> Error {
    let error = error.into();
    if error.kind() == std::io::ErrorKind::StorageFull {
        let advice = "no room for temporary files; make room there, or name another folder by TMPDIR";
        return Error::new(ErrorKind::StorageFull, advice).caused_by(error);
    }
    Error::new(ErrorKind::Storage, "a temporary file cannot be used").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(numbers: &[u32], most: usize) -> Sorted<u32> {
        let mut sorter = Sorter { most, ..Sorter::default() };
        numbers.iter().for_each(|number| sorter.push(*number).unwrap());
        sorter.finish()
    }

    fn all(sorted: &mut Sorted<u32>) -> Vec<u32> {
        let mut merge = sorted.iter().unwrap();
        let mut all = Vec::new();
        while let Some(number) = merge.next().unwrap() {
            all.push(number);
        }
        all
    }

    #[test]
    fn however_little_is_held_the_order_is_one_and_it_reads_twice() {
        let numbers: Vec<u32> = (0..500).map(|number| number * 7919 % 503).collect();
        let mut right = numbers.clone();
        right.sort();
        for most in [1, 3, 100, 1000] {
            let mut sorted = sorted(&numbers, most);
            assert_eq!(sorted.runs.len(), numbers.len() / most);
            assert_eq!(all(&mut sorted), right, "{most} held");
            assert_eq!(all(&mut sorted), right, "again with {most} held");
        }
        assert!(all(&mut sorted(&[], 3)).is_empty());
    }

    #[test]
    fn text_comes_back_in_pieces() {
        let mut spool = Spool::new();
        let text = "0123456789".repeat(60_000);
        spool.text(&text).unwrap();
        let (mut back, mut at) = (Vec::new(), 0);
        loop {
            let piece = spool.piece(at).unwrap();
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            back.extend(piece);
        }
        assert!(back == text.as_bytes());
    }
}
