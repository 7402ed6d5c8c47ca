//! Whether what befell a file, or its sidecar, would befall all others too.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::super::trial::require_well;
use super::Shared;
use crate::error::{Error, ErrorKind, Result};

/// So many failures in a row without one success mean that nothing can be reached.
const HOPELESS: u64 = 32;

/// So many refusals in a row, each after all retries, mean that Apple refuses us and not a file.
const REFUSED: u64 = 8;

/// What a failure says of what is still to come.
enum Outlook {
    /// Nothing.
    Good,
    /// The storage itself may be at fault.
    Doubtful,
    Hopeless,
}

impl Shared {
    /// Counts a failure in its row; an error if it ends the run. Where files fail that others would not share their fate with (a folder
    /// that belongs to somebody else), the storage itself is still well.
    pub(super) async fn bear(&self, error: Error, row: &AtomicU64) -> Result<()> {
        let in_a_row = row.fetch_add(1, Relaxed) + 1;
        match outlook(&error, in_a_row) {
            Outlook::Good => Ok(()),
            Outlook::Hopeless => Err(error),
            Outlook::Doubtful => {
                let well = require_well(&*self.inner.storage).await;
                well.map_err(|error| error.with("failures before", in_a_row))?;
                row.store(0, Relaxed);
                Ok(())
            }
        }
    }
}

fn outlook(error: &Error, in_a_row: u64) -> Outlook {
    let if_many = |outlook| if in_a_row >= HOPELESS { outlook } else { Outlook::Good };
    match error.kind() {
        ErrorKind::StorageFull
        | ErrorKind::SessionExpired
        | ErrorKind::CodeRequired
        | ErrorKind::BadCredentials
        | ErrorKind::AccountLocked
        | ErrorKind::TooManyAttempts
        | ErrorKind::TooManyCodes
        | ErrorKind::AdvancedDataProtection
        | ErrorKind::WebAccessDisabled
        | ErrorKind::TermsRequired => Outlook::Hopeless,
        // One file that Apple cannot serve answers so too; many in a row, or a long wait, is about us.
        ErrorKind::RateLimited if in_a_row >= REFUSED || error.retry_after().is_some() => Outlook::Hopeless,
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::LinkExpired => if_many(Outlook::Hopeless),
        ErrorKind::Storage | ErrorKind::PermissionDenied => if_many(Outlook::Doubtful),
        _ => Outlook::Good,
    }
}
