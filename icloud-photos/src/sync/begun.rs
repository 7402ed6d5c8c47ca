//! Whether files may stand in the storage that came in a run of ours and have no row.
//!
//! A file gets its name before its row is written. A run that is killed between the two leaves a file whose name says whose it was
//! then: by the next run that photo may be gone, and another one may have its name and length. So a run says that it begins before it
//! stores anything, and that it has come to its end once all rows are written, also if it was asked to stop; while any run has not,
//! names prove nothing.
//!
//! Nobody else takes that back. A run of another selection may look at other names, and of a photo that has left the library at
//! none: that the whole library was copied meanwhile says nothing of the files that were left.

use super::catalogue::{BEGUN, Batch, Progress};
use super::engine::Inner;
use super::ledger::seconds;
use crate::error::Result;

impl Inner {
    /// Whether a run stored files and never came to its end, whatever it was asked for.
    pub(super) async fn was_killed(&self) -> Result<bool> {
        if !self.remembers() {
            return Ok(false);
        }
        let all = self.catalogue.all_progress().await?;
        Ok(all.iter().any(|progress| progress.selection.starts_with(BEGUN) && progress.token.is_some()))
    }

    /// From now on files may come.
    pub(super) async fn begin_storing(&self) -> Result<()> {
        self.note_storing(true).await
    }

    /// Everything that came has its row.
    pub(super) async fn end_storing(&self) -> Result<()> {
        self.note_storing(false).await
    }

    /// Whether that was said by an earlier run of this selection, and never taken back.
    pub(super) async fn has_begun(&self) -> Result<bool> {
        if !self.remembers() {
            return Ok(false);
        }
        let known = self.catalogue.progress(&self.key, &self.begun()).await?;
        Ok(known.is_some_and(|known| known.token.is_some()))
    }

    fn begun(&self) -> String {
        format!("{BEGUN} {}", self.selection)
    }

    async fn note_storing(&self, storing: bool) -> Result<()> {
        if !self.remembers() || self.has_begun().await? == storing {
            return Ok(());
        }
        let mut progress = Progress::new(self.key.clone(), self.begun(), seconds(self.now()));
        progress.token = storing.then(|| "storing".to_owned());
        self.catalogue.commit(Batch { progress: vec![progress], ..Batch::default() }).await
    }
}
