//! What the record knows and the catalogue does not.
//!
//! A catalogue that was lost, put back from a backup, or is another program's learns from the record beside the photos what was moved
//! out of iCloud: from then on it looks for those files as the one does that moved them.

use std::collections::HashSet;

use super::super::catalogue::{Batch, FileRow, Progress, RECORD, RemovalRow, RemovalState, Status};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::super::store;
use super::Receipt;
use crate::error::Result;
use crate::storage::StoragePath;

impl Inner {
    /// Takes over what the record says of this library. Nothing is read if there is nothing new; what cannot be read is left for the
    /// next time.
    ///
    /// # Errors
    /// What the catalogue reports.
    pub(in crate::sync) async fn recall_moved(&self) -> Result<()> {
        if !self.remembers() {
            return Ok(());
        }
        let (written, known) = (self.records().await, self.recalled().await?);
        if known > written {
            // The mark and the end of the record are lost together: those who know less are to miss it.
            return store::note_records(&*self.storage, known).await;
        }
        if known == written {
            return Ok(());
        }
        let files = match self.whole_record(&StoragePath::root()).await {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(%error, "the record of what was moved out of iCloud is not whole");
                return Ok(());
            }
        };
        for file in
            files.iter().filter(|file| store::number_of(&file.path).is_none_or(|number| number > known))
        {
            match self.read_record(file).await {
                Ok(moved) => {
                    self.take_over(moved.iter().map(|moved| moved.receipt(seconds(self.now())))).await?
                }
                Err(error) => {
                    tracing::warn!(%error, "a part of what was moved out of iCloud is not known");
                    return Ok(());
                }
            }
        }
        self.catalogue.commit(Batch { progress: vec![self.recalled_to(written)], ..Batch::default() }).await
    }

    /// Whether photos were moved out of iCloud from this storage: names prove nothing where their files may stand.
    pub(in crate::sync) async fn has_record(&self) -> bool {
        self.remembers() && self.records().await > 0
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

    async fn take_over(&self, receipts: impl Iterator<Item = Receipt>) -> Result<()> {
        let receipts: Vec<_> = receipts.filter(|receipt| receipt.library() == self.key.as_str()).collect();
        let ids: Vec<_> = receipts.iter().map(Receipt::asset).collect();
        let known = self.catalogue.removals(&self.key, &ids).await?;
        let (mut seen, mut proven) = (HashSet::new(), Vec::new());
        let mut batch = Batch::default();
        for ((receipt, id), known) in receipts.iter().zip(ids).zip(known) {
            if known.is_none() && seen.insert(id.clone()) {
                let row = RemovalRow::new(self.key.clone(), id, RemovalState::Sent, receipt.at());
                let row = RemovalRow { receipt: serde_json::to_string(receipt).ok(), ..row };
                proven.extend(row.proven_files());
                batch.removals.push(row);
            }
        }
        let ids: Vec<_> = proven.iter().map(|file: &FileRow| file.key.asset.clone()).collect();
        for (file, known) in proven.into_iter().zip(self.catalogue.files_of(&self.key, &ids).await?) {
            if !known.iter().any(|row| row.key == file.key) {
                // Whether it still is what it was `verify` finds out.
                batch.files.push(FileRow { status: Status::Assumed, ..file });
            }
        }
        if batch.is_empty() { Ok(()) } else { self.catalogue.commit(batch).await }
    }
}
