//! What the catalogue says is there, and whether anything stands there.

use super::catalogue::{Catalogue, FileKey, FileRow, Tally, Totals};
use super::store::require_own;
use crate::error::Result;
use crate::storage::{Storage, StoragePath};

/// Rows looked at in one go.
const ROWS: usize = 1000;

/// How many files a copy has, by what is known of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stock {
    /// Files that stand where the catalogue says, and those that failed.
    pub here: Totals,
    /// Files that were here by the catalogue, and are gone or cannot be looked at.
    pub missing: Tally,
}

/// Looks for every file of a catalogue, as a run does: names only, nothing is read, nothing changed and nothing sent.
///
/// # Errors
/// What the catalogue reports, and [`ErrorKind::StoreLost`](crate::ErrorKind::StoreLost) if it is about another storage.
pub async fn stock(storage: &dyn Storage, catalogue: &dyn Catalogue) -> Result<Stock> {
    require_own(storage, catalogue).await?;
    let mut stock = Stock::default();
    stock.here.assets = catalogue.totals().await?.assets;
    let (mut after, mut seen): (Option<FileKey>, Seen) = (None, Seen::default());
    loop {
        let mut rows = catalogue.files(None, after.as_ref(), ROWS).await?;
        let Some(last) = rows.last() else { return Ok(stock) };
        after = Some(last.key.clone());
        rows.retain(|row| seen.is_first(row));
        let (paths, kept): (Vec<StoragePath>, Vec<FileRow>) = rows
            .iter()
            .filter(|row| row.status.is_kept())
            .filter_map(|row| Some((row.path.clone()?, row.clone())))
            .unzip();
        for (row, there) in kept.iter().zip(storage.stat_all(paths).await) {
            let is_here = matches!(there, Ok(Some(_)));
            stock.count(row, is_here);
        }
        rows.iter().filter(|row| !row.status.is_kept()).for_each(|row| stock.count(row, true));
    }
}

/// Where the file of the last row stands, in each tree: rows of one file follow each other.
#[derive(Default)]
struct Seen(Option<(FileKey, Vec<StoragePath>)>);

impl Seen {
    /// Whether no row before was about the same file under the same name, for another tree.
    fn is_first(&mut self, row: &FileRow) -> bool {
        let Some(path) = &row.path else { return true };
        match &mut self.0 {
            Some((key, paths)) if key.is_same_file(&row.key) => {
                let is_first = !paths.contains(path);
                paths.push(path.clone());
                is_first
            }
            _ => {
                self.0 = Some((row.key.clone(), vec![path.clone()]));
                true
            }
        }
    }
}

impl Stock {
    fn count(&mut self, row: &FileRow, is_here: bool) {
        let tally = if is_here { self.here.tally(row.status.name()) } else { Some(&mut self.missing) };
        if let Some(tally) = tally {
            tally.files += 1;
            tally.bytes = tally.bytes.saturating_add(row.size.unwrap_or(0));
        }
    }
}
