//! Ending a run in good order.

use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};

/// Ends runs before their time, and in good order: nothing more is begun, and what was fetched is written down. Cheap to
/// clone; all clones are one.
///
/// Dropping the future of a run stops it as well, and at once; then the last files that came are on the disk and not in the
/// catalogue, and the next run knows them by name and length only.
#[derive(Debug, Clone, Default)]
pub struct StopSignal(CancellationToken);

impl StopSignal {
    /// One that was not given yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A signal that is given with this one, and can be given alone: it ends one run of several.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Whether it was given.
    pub fn is_given(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Gives it, for good.
    pub fn stop(&self) {
        self.0.cancel();
    }

    /// The error of a run that is stopped, when it is.
    pub(super) async fn given(&self) -> Error {
        self.0.cancelled().await;
        Error::new(ErrorKind::Cancelled, "the run was stopped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_alone_or_with_its_parent() {
        let parent = StopSignal::new();
        let (one, two) = (parent.child(), parent.child());
        one.stop();
        assert!(one.is_given() && !two.is_given() && !parent.is_given());
        parent.stop();
        assert!(two.is_given() && parent.is_given());
    }
}
