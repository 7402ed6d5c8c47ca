//! What the record knows and the catalogue does not.
//!
//! A catalogue that was lost, put back from a backup, or is another program's learns from the record beside the photos what was moved
//! out of iCloud: from then on it looks for those files as the one does that moved them.

use std::collections::BTreeMap;

use super::super::catalogue::{Batch, FileRow, Progress, RECORD, RemovalRow, RemovalState, Status};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::super::store;
use super::Receipt;
use super::parts::Part;
use super::remote::is_sent;
use crate::asset::AssetId;
use crate::error::Result;
use crate::storage::StoragePath;

const CONTESTED: &str = "another version was known here than the one that was moved out of iCloud";

impl Inner {
    /// Takes over what the record says of this library. Nothing is read if there is nothing new; what cannot be read, or is missing, is told and
    /// left for the next time.
    ///
    /// # Errors
    /// What the catalogue reports.
    pub(in crate::sync) async fn recall_moved(&self) -> Result<()> {
        if !self.remembers() {
            return Ok(());
        }
        let heard = store::heard_of(&*self.catalogue).await?;
        if heard > self.records().await {
            // The mark and the end of the record are lost together: those who know less are to miss it.
            store::note_records(&*self.storage, heard).await?;
        }
        let mut parts = match self.whole_record(&StoragePath::root()).await {
            Ok(parts) => parts,
            Err(error) => {
                tracing::warn!(%error, "the record of what was moved out of iCloud is not whole");
                return Ok(());
            }
        };
        let known = self.recalled().await?;
        if known >= parts.last {
            return Ok(());
        }
        let last = parts.last;
        parts.skip_to(known);
        loop {
            match parts.next().await {
                Ok(Some(part)) => self.take_over(part).await?,
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "a part of what was moved out of iCloud is not known");
                    return Ok(());
                }
            }
        }
        self.catalogue.commit(Batch { progress: vec![self.recalled_to(last)], ..Batch::default() }).await
    }

    /// Whether photos were moved out of iCloud from this storage: names prove nothing where their files may stand. Says so if the catalogue
    /// does not know them all, which a run has learned by now if it could, and a rehearsal never does.
    pub(in crate::sync) async fn has_record(&self) -> bool {
        let written = self.records().await;
        if self.recalled().await.is_ok_and(|known| known < written) {
            tracing::warn!(
                "what was moved out of iCloud from this folder is not all known to the catalogue: a run learns it from the record first, if \
                 it can read all of it, and then also looks for those files"
            );
        }
        self.remembers() && written > 0
    }

    /// The note that this catalogue knows the record up to this file, if it knows all before it.
    pub(super) async fn recalled_with(&self, number: u64) -> Result<Option<Progress>> {
        Ok((self.recalled().await? + 1 == number).then(|| self.recalled_to(number)))
    }

    /// How many files the record has, by the mark or by what stands there.
    async fn records(&self) -> u64 {
        let mark = store::read_mark(&*self.storage).await.ok().flatten().map_or(0, |mark| mark.records);
        mark.max(store::last_record(&*self.storage).await.unwrap_or(0))
    }

    async fn recalled(&self) -> Result<u64> {
        let progress = self.catalogue.progress(&self.key, RECORD).await?;
        Ok(progress.and_then(|progress| progress.token?.parse().ok()).unwrap_or(0))
    }

    fn recalled_to(&self, number: u64) -> Progress {
        let mut progress = Progress::new(self.key.clone(), RECORD, seconds(self.now()));
        progress.token = Some(number.to_string());
        progress
    }

    /// Takes over what one file of the record says: whatever the catalogue knows of these photos is older, but for files that were fetched
    /// since.
    async fn take_over(&self, part: Part) -> Result<()> {
        let at = part.at.unwrap_or_else(|| seconds(self.now()));
        let receipts = part.moved.iter().map(|moved| moved.receipt(at));
        // The last one counts.
        let receipts: BTreeMap<AssetId, Receipt> = receipts
            .filter(|receipt| receipt.library() == self.key.as_str())
            .map(|receipt| (receipt.asset(), receipt))
            .collect();
        let ids: Vec<_> = receipts.keys().cloned().collect();
        let known = self.catalogue.removals(&self.key, &ids).await?;
        let mut batch = Batch::default();
        for ((id, receipt), known) in receipts.into_iter().zip(known) {
            // One without a number has no place among what was said before.
            let is_old =
                !part.is_numbered && known.as_ref().is_some_and(|row| row.state == RemovalState::Sent);
            if !is_old && !is_sent(&known, &receipt) {
                // Who asked for it before does not ask again: its owner may take it back.
                let row = RemovalRow::new(self.key.clone(), id, RemovalState::Sent, at);
                batch.removals.push(RemovalRow { receipt: serde_json::to_string(&receipt).ok(), ..row });
            }
        }
        let proven: Vec<FileRow> = batch.removals.iter().flat_map(RemovalRow::proven_files).collect();
        let ids: Vec<_> = proven.iter().map(|file| file.key.asset.clone()).collect();
        for (file, known) in proven.into_iter().zip(self.catalogue.files_of(&self.key, &ids).await?) {
            let same: Vec<_> = known.iter().filter(|row| row.key.is_same_file(&file.key)).collect();
            if same.iter().any(|row| row.checksum == file.checksum) {
                continue;
            }
            let known = same.into_iter().find(|row| row.key == file.key || row.key.tree.is_none());
            let key = known.map_or(&file.key, |row| &row.key).clone();
            let status = match known {
                // Which of the two is the later one clocks do not say: it is read again, and asked about.
                Some(_) => Status::Failed { reason: CONTESTED.to_owned(), attempts: 0 },
                None if file.status == Status::Derived => Status::Derived,
                // Whether it still is what it was `verify` finds out.
                None => Status::Assumed,
            };
            batch.files.push(FileRow { key, status, ..file });
        }
        if batch.is_empty() { Ok(()) } else { self.catalogue.commit(batch).await }
    }
}
