//! The fake's own clock, so that expiry can be tested without waiting.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock plus an offset, or a clock that stands until it is advanced.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    standing_at_ms: Option<i64>,
    offset_ms: AtomicI64,
}

impl Clock {
    /// A clock that only [`Clock::advance`] moves.
    pub(crate) fn standing(at_ms: i64) -> Self {
        Self { standing_at_ms: Some(at_ms), offset_ms: AtomicI64::new(0) }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.standing_at_ms.unwrap_or_else(system_ms).saturating_add(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Moves the clock, backwards too.
    pub(crate) fn advance(&self, by_ms: i64) {
        self.offset_ms.fetch_add(by_ms, Ordering::Relaxed);
    }
}

fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
