//! What goes wrong on purpose, and the count of what was asked for. One door that every signed request passes, before its body is
//! read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::wire::Strings;

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this code of S3 (`SlowDown`, `InternalError`, `ConditionalRequestConflict`, ...), and its status; nothing is
    /// done.
    Refuse(&'static str),
    /// The connection ends when this many more bytes of the request have come; nothing is done, unless there were no more.
    CutRequest(u64),
    /// The request is obeyed; the connection ends when this many bytes of the answer were sent. With 0 nobody learns that it was
    /// obeyed.
    CutAnswer(u64),
    /// Obeyed, but later.
    Slow(Duration),
}

#[derive(Debug, Default)]
pub(super) struct Gate {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: BTreeMap<String, u64>,
    next: BTreeMap<String, VecDeque<Fault>>,
    chaos: Option<(StdRng, f64)>,
    no_conditions: bool,
}

impl Gate {
    pub(super) fn counts(&self) -> Vec<(String, u64)> {
        self.lock().counts.iter().map(|(name, count)| (name.clone(), *count)).collect()
    }

    pub(super) fn forget_counts(&self) {
        self.lock().counts.clear();
    }

    pub(super) fn fail_next(&self, operation: &str, fault: Fault) {
        self.lock().next.entry(operation.to_owned()).or_default().push_back(fault);
    }

    pub(super) fn chaos(&self, seed: u64, rate: f64) {
        self.lock().chaos = Some((StdRng::seed_from_u64(seed), rate));
    }

    pub(super) fn forget_conditions(&self) {
        self.lock().no_conditions = true;
    }

    pub(super) fn calm(&self) {
        let mut inner = self.lock();
        inner.next.clear();
        inner.chaos = None;
    }

    /// Counts a request and says what is to go wrong with it.
    fn pass(&self, operation: &str) -> Option<Fault> {
        let mut inner = self.lock();
        *inner.counts.entry(operation.to_owned()).or_default() += 1;
        let told = inner.next.get_mut(operation).and_then(VecDeque::pop_front);
        told.or_else(|| inner.chaos.as_mut().and_then(|(dice, rate)| throw(dice, *rate)))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn throw(dice: &mut StdRng, rate: f64) -> Option<Fault> {
    let fault = match (dice.random_bool(rate), dice.random_range(0..6)) {
        (false, _) => return None,
        (_, 0) => Fault::Refuse("SlowDown"),
        (_, 1) => Fault::Refuse("InternalError"),
        (_, 2) => Fault::CutRequest(dice.random_range(0..200_000)),
        (_, 3) => Fault::CutAnswer(dice.random_range(0..200_000)),
        (_, 4) => Fault::CutAnswer(0),
        _ => Fault::Slow(Duration::from_millis(dice.random_range(0..50))),
    };
    Some(fault)
}

/// A body that arrives with its head.
const SHORT: u64 = 16 << 10;

/// What `s3s` asks whether a request may pass.
pub(super) struct Door {
    gate: Arc<Gate>,
}

impl Door {
    pub(super) fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }
}

#[async_trait::async_trait]
impl S3Access for Door {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(S3Error::new(S3ErrorCode::AccessDenied));
        }
        let fault = self.gate.pass(context.s3_op().name());
        let strings = context.extensions_mut().get::<Strings>().cloned();
        if self.gate.lock().no_conditions && context.headers().contains_key(http::header::IF_NONE_MATCH) {
            // It does not wait for what it will not take: only a short body leaves the time to hear why.
            let length = context.headers().get(http::header::CONTENT_LENGTH);
            let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0_u64);
            if let Some(strings) = strings.filter(|_| length > SHORT) {
                strings.cut_request(0);
                return Ok(());
            }
            let message = "A header you provided implies functionality that is not implemented.";
            return Err(S3Error::with_message(S3ErrorCode::NotImplemented, message));
        }
        match (fault, strings) {
            (Some(Fault::Refuse(code)), _) => {
                let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
                return Err(S3Error::with_message(code, "a fault that a test asked for"));
            }
            (Some(Fault::CutRequest(bytes)), Some(strings)) => strings.cut_request(bytes),
            (Some(Fault::CutAnswer(bytes)), Some(strings)) => strings.cut_answer(bytes),
            (Some(Fault::Slow(time)), _) => tokio::time::sleep(time).await,
            _ => {}
        }
        Ok(())
    }
}
