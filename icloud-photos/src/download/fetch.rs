//! One file, from the first byte to a verdict.

use futures::{StreamExt, TryStreamExt};

use super::answer::{self, Answer};
use super::sink::Sink;
use super::source::{Failures, Progress, Source, tell};
use super::{Doubt, Proof};
use crate::asset::{Checksum, Digests, Hasher, Resource, Scheme};
use crate::error::{Error, ErrorKind, Result};

/// How often bytes may turn out wrong before the file is given up.
const MAX_REJECTIONS: u32 = 4;

pub(super) const ODD: &str = "the content host sends something that is not as long as the file";

/// The work on one file.
pub(super) struct Fetch<'a> {
    source: Source<'a>,
    resource: &'a Resource,
    progress: Option<Progress>,
    /// Bytes at the beginning that come from an earlier run, and may belong to another file.
    inherited: u64,
    /// All bytes so far are of one answer: they are as Apple sent them, whatever they are.
    one_piece: bool,
    /// How long the file is, by the answer that its beginning is of.
    total: Option<u64>,
    /// How long the file must be: as its record says, or, as long as whole answers of another length are tried, that.
    size: Option<u64>,
    /// How long an answer was that is not as long as the file.
    odd: Option<u64>,
    /// Bytes of that length turned out not to be the file.
    refuted: bool,
}

/// Bytes that may get their name.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) size: u64,
    pub(super) proof: Proof,
    pub(super) digests: Digests,
    pub(super) resumed_from: u64,
    /// Apple asked for less at some point.
    pub(super) throttled: bool,
    /// Nothing was fetched: the bytes stood in the storage already.
    pub(super) copied: bool,
}

pub(super) fn odd(length: u64) -> Error {
    Error::new(ErrorKind::Integrity, ODD).with("length", length)
}

enum Verdict {
    Keep(Proof),
    Reject(&'static str),
}

impl<'a> Fetch<'a> {
    pub(super) fn new(source: Source<'a>, progress: Option<Progress>) -> Self {
        let resource = source.resource;
        Self {
            source,
            resource,
            progress,
            inherited: 0,
            one_piece: true,
            total: None,
            size: resource.size,
            odd: None,
            refuted: false,
        }
    }

    /// Fills `sink` with the file, however many attempts the retry policy allows.
    pub(super) async fn run(mut self, sink: &mut impl Sink) -> Result<Fetched> {
        let mut hasher = self.hash_part(sink).await?;
        let resumed_from = hasher.length();
        self.inherited = resumed_from;
        self.one_piece = resumed_from == 0;
        let mut rejected = None;
        let mut rejections = 0;
        loop {
            if !self.is_full(&hasher) {
                self.fill(sink, &mut hasher).await?;
            }
            if self.is_refuted(&hasher)? {
                continue;
            }
            let size = hasher.length();
            let digests = hasher.clone().finish();
            let checksum = digests.checksum;
            let reason = match self.judge(size, &checksum, self.one_piece && rejected == Some(checksum)) {
                Verdict::Keep(proof) => {
                    let throttled = self.source.throttled;
                    return Ok(Fetched { size, proof, digests, resumed_from, throttled, copied: false });
                }
                Verdict::Reject(reason) => reason,
            };
            rejections += 1;
            tracing::warn!(asset = %self.source.asset.id(), reason, rejections, "wrong bytes; fetching them again");
            self.source.forget_link();
            // The same bytes again, and not of the right length: no use in asking a third time. What was put together here says
            // nothing of what Apple sends.
            let settled = self.one_piece && rejected.replace(checksum) == Some(checksum);
            hasher = self.start_over(sink, &hasher).await?;
            if settled || rejections == MAX_REJECTIONS {
                return Err(Error::new(ErrorKind::Integrity, reason)
                    .with("seen", format!("{size} bytes, {checksum}")));
            }
        }
    }

    async fn hash_part(&self, sink: &mut impl Sink) -> Result<Hasher> {
        let mut hasher = Hasher::new();
        let there = sink.position();
        if there == 0 {
            return Ok(hasher);
        }
        // Nobody knows what a part is of whose file no checksum speaks for.
        if !self.resource.is_provable() || self.resource.size.is_some_and(|size| there > size) {
            sink.restart(&hasher).await?;
            return Ok(hasher);
        }
        let mut bytes = sink.resumed().await?;
        while let Some(chunk) = bytes.try_next().await? {
            hasher.update(&chunk);
        }
        if hasher.length() != there {
            // Somebody else is at work on the same part.
            sink.restart(&hasher).await?;
            return Ok(Hasher::new());
        }
        self.report(hasher.length() as i64);
        Ok(hasher)
    }

    /// Attempts until the file is there in the length that was announced, or more came than that.
    async fn fill(&mut self, sink: &mut impl Sink, hasher: &mut Hasher) -> Result<()> {
        let mut failures = Failures::at(hasher.length());
        while let Err(error) = self.attempt(sink, hasher).await {
            self.source.bear(&mut failures, error, hasher.length()).await?;
        }
        Ok(())
    }

    /// One request: takes over what it brings. `Ok` when it ended where it should.
    async fn attempt(&mut self, sink: &mut impl Sink, hasher: &mut Hasher) -> Result<()> {
        let from = hasher.length();
        let (head, mut body) = self.source.ask(from, None).await?.into_parts();
        let now = self.source.now();
        let total = answer::total(head.status, &head.headers);
        let is_page = answer::is_a_page(&head.headers);
        let file = answer::Awaited { size: self.size, is_provable: self.resource.is_provable() };
        match answer::read(head.status, &head.headers, from, file, now)? {
            Answer::Continues if self.agrees(from, total) => self.one_piece &= from == 0,
            Answer::Misfit(length) => *hasher = self.misfit(sink, hasher, length).await?,
            Answer::Whole if from == 0 => {}
            Answer::Whole => *hasher = self.start_over(sink, hasher).await?,
            // Apple's file ends where ours does: it is shorter than its record says. The verdict is not ours to give.
            Answer::OutOfRange if from > self.inherited => return Ok(()),
            Answer::OutOfRange | Answer::Continues => {
                *hasher = self.start_over(sink, hasher).await?;
                return Err(Error::new(ErrorKind::Network, "the part did not fit the file; starting over"));
            }
        }
        // A page is no word of Apple's, however often it comes.
        self.one_piece &= !is_page;
        if hasher.length() == 0 {
            self.total = total.filter(|total| self.size.is_none_or(|size| size == *total));
        }
        let announced = answer::content_length(&head.headers).map(|length| hasher.length() + length);
        let end = self.size.or(announced);
        while let Some(chunk) = body.next().await.transpose()? {
            hasher.update(&chunk);
            self.report(chunk.len() as i64);
            sink.write(chunk).await?;
            if end.is_some_and(|end| hasher.length() > end) {
                return Ok(());
            }
        }
        let cut = [announced, self.size].into_iter().flatten().any(|end| hasher.length() < end);
        if !cut || self.is_proven(hasher) {
            return Ok(());
        }
        if announced.is_none() {
            // It ended as whoever sent it meant it to.
            *hasher = self.start_over(sink, hasher).await?;
        }
        Err(Error::new(ErrorKind::Network, "the connection ended early"))
    }

    /// An answer of its own length is an error of some machine on the way, until the same comes again. Then it may be what there is: a
    /// record may be wrong about the length, and hosts are known to cut long films. It is read to its end, if a checksum can say what it
    /// is.
    async fn misfit(&mut self, sink: &mut impl Sink, hasher: &Hasher, length: u64) -> Result<Hasher> {
        if self.resource.size == Some(length) {
            // Another length was tried, and here is the right one.
            self.size = self.resource.size;
            return self.start_over(sink, hasher).await;
        }
        let again = self.odd.replace(length) == Some(length);
        if !again {
            self.source.forget_link();
            self.refuted = false;
            return Err(Error::new(ErrorKind::Network, ODD).with("length", length));
        }
        if !self.resource.is_provable() {
            return Err(odd(length));
        }
        if !self.refuted {
            self.size = Some(length);
        }
        self.start_over(sink, hasher).await
    }

    /// Whether a whole answer of another length is not the file. A shorter one may be its beginning, which is gone on with.
    fn is_refuted(&mut self, hasher: &Hasher) -> Result<bool> {
        if self.size == self.resource.size || self.is_proven(hasher) {
            return Ok(false);
        }
        (self.size, self.refuted, self.total) = (self.resource.size, true, None);
        match self.size.is_some_and(|size| hasher.length() > size) {
            true => Err(odd(hasher.length())),
            false => Ok(true),
        }
    }

    fn is_full(&self, hasher: &Hasher) -> bool {
        self.size == Some(hasher.length()) && hasher.length() > 0 || self.is_proven(hasher)
    }

    fn is_proven(&self, hasher: &Hasher) -> bool {
        let expected = self.resource.checksum.filter(|_| self.resource.is_provable());
        expected.is_some_and(|expected| hasher.clone().finish().checksum == expected)
    }

    /// Whether an answer goes on with the file whose beginning is here. Where no checksum proves that later, both must say so.
    fn agrees(&self, from: u64, total: Option<u64>) -> bool {
        from == 0
            || self.total == total
            || self.resource.is_provable() && (self.total.is_none() || total.is_none())
    }

    fn judge(&self, size: u64, checksum: &Checksum, seen_before: bool) -> Verdict {
        // What Apple's checksum proves is the file, whatever its record says of the length.
        if self.resource.is_provable() && self.resource.checksum == Some(*checksum) {
            return Verdict::Keep(Proof::Verified);
        }
        if self.resource.size.is_some_and(|expected| expected != size) {
            return Verdict::Reject("the file does not have the length that Apple states");
        }
        match &self.resource.checksum {
            None => Verdict::Keep(Proof::Unconfirmed(Doubt::NoChecksum)),
            Some(expected) if expected.scheme() != Scheme::SaltedSha1 => {
                Verdict::Keep(Proof::Unconfirmed(Doubt::UnknownScheme))
            }
            Some(_) if seen_before => Verdict::Keep(Proof::Unconfirmed(Doubt::Mismatch)),
            Some(_) => Verdict::Reject("the bytes do not match Apple's checksum"),
        }
    }

    async fn start_over(&mut self, sink: &mut impl Sink, dropped: &Hasher) -> Result<Hasher> {
        sink.restart(dropped).await?;
        self.inherited = 0;
        self.one_piece = true;
        self.total = None;
        self.report(-(dropped.length() as i64));
        Ok(Hasher::new())
    }

    fn report(&self, bytes: i64) {
        tell(self.progress.as_ref(), bytes);
    }
}
