//! Whether files may stand in the storage that came in a run of ours and have no row.
//!
//! A file gets its name before its row is written. A run that is killed between the two leaves a file whose name says whose it was
//! then: by the next run that photo may be gone, and another one may have its name and length. So a run says that it begins before it
//! stores anything, and that it has come to its end once all rows are written; while any run has not, names prove nothing.

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

    async fn note_storing(&self, storing: bool) -> Result<()> {
        if !self.remembers() {
            return Ok(());
        }
        let selection = format!("{BEGUN} {}", self.selection);
        let known = self.catalogue.progress(&self.key, &selection).await?;
        if known.is_some_and(|known| known.token.is_some()) == storing {
            return Ok(());
        }
        let mut progress = Progress::new(self.key.clone(), selection, seconds(self.now()));
        progress.token = storing.then(|| "storing".to_owned());
        self.catalogue.commit(Batch { progress: vec![progress], ..Batch::default() }).await
    }
}
