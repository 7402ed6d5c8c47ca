//! Views are looked at last, after whatever was mended in the copy.

use super::super::views::{ViewFault, check};
use super::{Verification, VerifyEvent};
use crate::error::Result;
use crate::storage::StoragePath;

impl Verification<'_> {
    /// Counts and tells what is wrong with the entries of all views. None is touched.
    pub(super) async fn views(&mut self) -> Result<()> {
        let (storage, reread) = (self.storage.clone(), self.options.reread);
        let (report, tell) = (&mut self.report, self.tell);
        let mut told = |path: &StoragePath, found: Result<Option<ViewFault>>| match found {
            Ok(None) => report.views += 1,
            Ok(Some(fault)) => {
                (report.views, report.views_bad) = (report.views + 1, report.views_bad + 1);
                tell(VerifyEvent::View { path, fault });
            }
            Err(error) => {
                report.failed += 1;
                tell(VerifyEvent::Failed { path, error: &error });
            }
        };
        check(&*storage, reread, &mut told).await
    }
}
