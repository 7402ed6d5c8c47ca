//! Whether every file that the catalogue knows stands in a storage elsewhere.
//!
//! A run looks for each of them. Where each question is a request over a network a list is asked for in its place, which tells of a
//! thousand in one: if as many rows are right about a file of the list as there are, nothing is missing. Else each is asked for.

use futures::StreamExt;

use super::super::catalogue::FileRow;
use super::super::engine::Inner;
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

/// So few files are asked for one by one.
const FEW: u64 = 20;

/// Files of the list that are compared in one go.
const FILES: usize = 1000;

impl Inner {
    /// True only if all stand, with the lengths that they should have.
    pub(super) async fn all_stand(&self) -> Result<bool> {
        if !self.storage.capabilities().distant {
            return Ok(false);
        }
        let known = self.catalogue.totals().await?.kept();
        if known < FEW {
            return Ok(false);
        }
        let (mut right, mut list) = (0, self.storage.list(&StoragePath::root()).ready_chunks(FILES));
        while let Some(files) = list.next().await {
            // What cannot be listed is asked for.
            let Ok(files) = files.into_iter().collect::<Result<Vec<ObjectMeta>>>() else { return Ok(false) };
            let paths: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
            for (file, rows) in files.iter().zip(self.catalogue.files_at(&paths).await?) {
                right += rows.iter().filter(|row| is_right(row, file)).count() as u64;
            }
        }
        Ok(right == known)
    }
}

fn is_right(row: &FileRow, file: &ObjectMeta) -> bool {
    row.status.is_kept() && row.size == Some(file.size)
}
