//! Files that are missing here, or failed, and that this selection may not bring back.
//!
//! A row does not say which selection it came from: a file may be of another album, of a photo that this one leaves out, or of a size
//! that it does not ask for; and another selection may still want it, so it is not forgotten as long as iCloud has it. iCloud is asked
//! once, by id for a whole library, by a list for an album. What this selection does not ask for is noted, as a digest, and as long as
//! the same files are missing nobody asks again. Where removed files are left alone they may still have been moved: they are looked for
//! once, and noted alike.

use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt;
use sha1::{Digest as _, Sha1};

use super::super::catalogue::{ASTRAY, FileKey, FileRow, LibraryKey, Progress, REMOVED, Status};
use super::super::engine::{Inner, Missing};
use super::survey::{Item, Step, Survey, Surveyed, survey};
use crate::asset::Change;
use crate::error::Result;

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

/// Some files, in no order: how many, and a digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    count: u64,
    sum: u64,
}

impl Tally {
    pub(super) fn of<'a>(keys: impl Iterator<Item = &'a FileKey>) -> Self {
        let mut tally = Self::default();
        keys.for_each(|key| tally.add(key));
        tally
    }

    pub(super) fn add(&mut self, key: &FileKey) {
        self.merge(Self { count: 1, sum: digest(&key.to_string()) });
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }

    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    /// As it is noted; nothing for no files.
    fn text(self) -> Option<String> {
        (self.count > 0).then(|| format!("{} {:016x}", self.count, self.sum))
    }
}

/// The same in every run.
fn digest(text: &str) -> u64 {
    Sha1::digest(text).iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// What a route finds missing.
#[derive(Default)]
pub(super) struct Astray {
    /// The files that the lists of an album asked for, eight bytes each.
    asked: HashSet<u64>,
    /// Files that are missing, failed or doubted, of this selection or another.
    restless: Tally,
    /// Files that somebody removed, and that are to be left alone.
    removed: Tally,
    known_restless: Option<String>,
    known_removed: Option<String>,
}

impl Astray {
    /// As the last run left it.
    pub(super) async fn recall(inner: &Inner) -> Result<Self> {
        let (known_restless, known_removed) = (inner.aside(ASTRAY).await?, inner.aside(REMOVED).await?);
        Ok(Self { known_restless, known_removed, ..Self::default() })
    }

    pub(super) fn note(&mut self, key: &LibraryKey, step: &Step, lists: bool) {
        match step {
            Step::Asset(surveyed) if lists => self.list(key, surveyed),
            Step::Restless(tally) => self.restless.merge(*tally),
            Step::Removed(tally) => self.removed.merge(*tally),
            // What was left alone for its photo was shown, or iCloud had it, may be nobody's now.
            Step::Note(Change::Gone { .. } | Change::Trashed(_) | Change::Asset(_)) => {
                self.known_restless = None
            }
            _ => {}
        }
    }

    fn list(&mut self, key: &LibraryKey, Surveyed { asset, placement, .. }: &Surveyed) {
        let file = |role| FileKey::new(key.clone(), asset.id().clone(), role);
        self.asked.extend(placement.files.iter().map(|wanted| digest(&file(wanted.role).to_string())));
    }

    /// Whether there is anything that iCloud was not asked about yet, or may bring.
    pub(super) fn is_restless(&self) -> bool {
        !self.restless.is_empty() && self.restless.text() != self.known_restless
    }

    /// Whether files were removed, or moved, since they were looked for.
    pub(super) fn wants_search(&self) -> bool {
        !self.removed.is_empty() && self.removed.text() != self.known_removed
    }

    /// After the albums were listed: notes what is missing that they did not ask for.
    pub(super) fn settle(&mut self, inner: Arc<Inner>) -> Survey {
        settle(inner, Some(std::mem::take(&mut self.asked)))
    }
}

/// Asks iCloud about the files of a whole library that are missing, failed or doubted, and notes what is not asked for.
pub(super) fn ask(inner: Arc<Inner>) -> Survey {
    settle(inner, None)
}

fn settle(inner: Arc<Inner>, listed: Option<HashSet<u64>>) -> Survey {
    let pages =
        futures::stream::unfold(Some((inner.clone(), listed, None, Tally::default())), |state| async {
            let (inner, listed, after, mut tally): (_, _, Option<FileKey>, _) = state?;
            let page = async {
                let rows = inner.catalogue.files(Some(&inner.key), after.as_ref(), ROWS).await?;
                let Some(last) = rows.last().map(|row| row.key.clone()) else { return Ok(None) };
                let Sorted { doubted, wanted, .. } = inner.sort(rows, false).await?;
                let (items, unasked) = match &listed {
                    Some(asked) => inner.beside(asked, doubted, wanted).await?,
                    None => inner.ask_about(doubted, wanted).await?,
                };
                tally.merge(unasked);
                Ok(Some((items, last)))
            };
            match page.await {
                Ok(Some((items, last))) => Some((items, Some((inner, listed, Some(last), tally)))),
                Ok(None) => Some((inner.noted(ASTRAY, tally).await.into_iter().collect(), None)),
                Err(error) => Some((vec![Item::Asset(Err(error))], None)),
            }
        });
    survey(inner, pages.flat_map(futures::stream::iter))
}

/// Names the files that somebody removed, one by one: each may have been moved.
pub(super) fn search(inner: Arc<Inner>) -> Survey {
    let pages = futures::stream::unfold(Some((inner.clone(), None)), |state| async {
        let (inner, after) = state?;
        let rows = match inner.catalogue.files(Some(&inner.key), after.as_ref(), ROWS).await {
            Ok(rows) => rows,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let Some(last) = rows.last().map(|row| row.key.clone()) else {
            return Some((vec![Item::Other(Step::Searched)], None));
        };
        let rows = inner.of_layout(rows).filter(|row| row.status.is_kept());
        let rows: Vec<_> = rows.filter_map(|row| Some((row.path.clone()?, row))).collect();
        let stats = inner.storage.stat_all(rows.iter().map(|(path, _)| path.clone()).collect()).await;
        let gone = rows.into_iter().zip(stats).filter(|(_, there)| matches!(there, Ok(None)));
        let items = gone.map(|((_, row), _)| Item::Other(Step::Astray(Box::new(row)))).collect();
        Some((items, Some((inner, Some(last)))))
    });
    survey(inner, pages.flat_map(futures::stream::iter))
}

/// The rows of a page, by what is to be done about them.
#[derive(Default)]
pub(super) struct Sorted {
    /// What is to be told in any case.
    pub(super) items: Vec<Item>,
    /// Files that could not be confirmed, and are due.
    pub(super) doubted: Vec<FileRow>,
    /// Files that are missing or failed.
    pub(super) wanted: Vec<FileRow>,
    /// Files that are as they should be, and are to have sidecars.
    pub(super) standing: Vec<FileRow>,
}

impl Inner {
    /// Rows of files that this layout asks for, in its own tree.
    fn of_layout(&self, rows: Vec<FileRow>) -> impl Iterator<Item = FileRow> {
        let roles = self.layout.roles();
        rows.into_iter().filter(move |row| roles.contains(&row.key.role) && self.is_own(row))
    }

    /// Looks for the files of a page of rows, unless it is known that all stand.
    pub(super) async fn sort(&self, rows: Vec<FileRow>, all_stand: bool) -> Result<Sorted> {
        let (kept, wanted): (Vec<_>, Vec<_>) = self.of_layout(rows).partition(|row| row.status.is_kept());
        let mut sorted = Sorted { wanted, ..Sorted::default() };
        let kept: Vec<_> = kept.into_iter().filter_map(|row| Some((row.path.clone()?, row))).collect();
        let sizes: Vec<Result<Option<u64>>> = match all_stand {
            true => kept.iter().map(|(_, row)| Ok(row.size)).collect(),
            false => {
                let paths = kept.iter().map(|(path, _)| path.clone()).collect();
                let stats = self.storage.stat_all(paths).await.into_iter();
                stats.map(|there| there.map(|there| there.map(|there| there.size))).collect()
            }
        };
        let mut removed = Tally::default();
        for ((path, row), there) in kept.into_iter().zip(sizes) {
            match there {
                Ok(Some(size)) if Some(size) == row.size => {
                    if row.is_due(self.now()) {
                        sorted.doubted.push(row);
                    } else {
                        let doubted = row.status == Status::Unconfirmed;
                        sorted.items.push(Item::Other(Step::Stands { path, doubted }));
                        sorted.standing.extend(self.may_miss_sidecar(&row).then_some(row));
                    }
                }
                Ok(None) if self.missing == Missing::Respect => removed.add(&row.key),
                Ok(_) => sorted.wanted.push(row),
                Err(error) => {
                    sorted.items.push(Item::Other(Step::Problem(Some(row.key.asset), error)));
                }
            }
        }
        if !removed.is_empty() {
            sorted.items.push(Item::Other(Step::Removed(removed)));
        }
        self.leave_superseded(&mut sorted).await?;
        self.leave_moved_out(&mut sorted.wanted).await?;
        Ok(sorted)
    }

    /// What was of no tree and is gone does not matter where this tree has the file. Whom it matters to the row is for.
    async fn leave_superseded(&self, sorted: &mut Sorted) -> Result<()> {
        let (treeless, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut sorted.wanted).into_iter().partition(|row| row.key.tree.is_none());
        sorted.wanted = rest;
        let ids: Vec<_> = treeless.iter().map(|row| row.key.asset.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let known = self.catalogue.files_of(&self.key, &ids).await?;
        for (row, known) in treeless.into_iter().zip(known) {
            let own = self.row_among(&known, row.key.role).0;
            if own.is_none_or(|own| own.key == row.key) {
                sorted.wanted.push(row);
            }
        }
        Ok(())
    }

    /// Of these files those that lists did not ask for. What iCloud shows is another selection's affair.
    async fn beside(
        &self,
        asked: &HashSet<u64>,
        doubted: Vec<FileRow>,
        wanted: Vec<FileRow>,
    ) -> Result<(Vec<Item>, Tally)> {
        let unasked = |row: &FileRow| !asked.contains(&digest(&row.key.to_string()));
        let (doubted, wanted) = (
            doubted.into_iter().filter(unasked).collect::<Vec<_>>(),
            wanted.into_iter().filter(unasked).collect::<Vec<_>>(),
        );
        // A list of everything has shown whoever is shown, as far as it went, and told of what never came.
        if self.is_whole_library() {
            let was_here = |row: &FileRow| row.path.is_some() && row.was_right();
            return self.ask_about(doubted, wanted.into_iter().filter(was_here).collect()).await;
        }
        let (mut left, out) = self.shown_or_not(wanted).await?;
        left.extend(doubted);
        let (items, mut tally) = self.ask_about(Vec::new(), out).await?;
        tally.merge(Tally::of(left.iter().map(|row| &row.key)));
        Ok((items, tally))
    }

    /// What is noted for this selection about something beside the copy.
    async fn aside(&self, about: &str) -> Result<Option<String>> {
        let progress = self.catalogue.progress(&self.key, &format!("{about} {}", self.selection)).await?;
        Ok(progress.and_then(|progress| progress.token))
    }

    pub(super) fn aside_of(&self, about: &str, tally: Tally) -> Progress {
        let mut progress = Progress::new(self.key.clone(), format!("{about} {}", self.selection), 0);
        progress.token = tally.text();
        progress
    }

    /// A note, if it says something new.
    async fn noted(&self, about: &str, tally: Tally) -> Option<Item> {
        match self.aside(about).await {
            Ok(known) if known == tally.text() => None,
            Ok(_) => Some(Item::Other(Step::Aside(self.aside_of(about, tally)))),
            Err(error) => Some(Item::Asset(Err(error))),
        }
    }
}
