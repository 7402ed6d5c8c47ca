//! Which path each file of an asset gets, and whether it is there.
//!
//! The catalogue speaks first: a file it knows stays where it is, whatever its name. Then icloudpd's rules: a file of the
//! right name and length is taken for the right one. Where two photos want one name, claims and checksums decide.

mod seek;
mod stands;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::catalogue::{FileRow, Status};
use super::super::claims::{Claim, Claims};
use super::super::content::{self, Source};
use super::super::engine::Inner;
use super::super::event::{SkipReason, Target};
use super::super::layout::{LayoutProblem, Placement, WantedFile};
use super::super::trees::is_named_so;
use super::astray::Tally;
use super::moved::Strays;
use super::streak::Streak;
use super::survey::{Found, Surveyed};
use super::wanted::Wanted;
use super::{Action, Why, is_about_storage};
use crate::asset::{Asset, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath};

/// Decides for one asset after the other; the actions wait in a queue.
pub(super) struct Decider {
    inner: Arc<Inner>,
    claims: Claims,
    queue: VecDeque<Action>,
    /// A file that the catalogue does not know is read before it is taken for a photo.
    doubts: bool,
    /// One that cannot be proven by reading it is fetched to compare.
    compares: bool,
    /// Files of no row, once one was looked for.
    strays: Option<Strays>,
    pub(super) streak: Streak,
    /// Removed files that were looked for and not found.
    vain: Tally,
}

impl Decider {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        let claims = Claims::new(inner.storage.capabilities().case_sensitive);
        let vain = Tally::default();
        let (doubts, compares) = (false, false);
        let streak = Streak::new(inner.until_found);
        Self { inner, claims, queue: VecDeque::new(), doubts, compares, strays: None, streak, vain }
    }

    pub(super) fn push(&mut self, action: Action) {
        self.queue.push_back(action);
    }

    pub(super) fn pop(&mut self) -> Option<Action> {
        self.queue.pop_front()
    }

    /// Whether files of unknown origin are to be doubted. Before the first run has come to its end they are taken for what
    /// their name says, as icloudpd does. Later they are left from an edit, or put there by somebody. Of a run that was killed
    /// (`compares`) they may be of any photo.
    pub(super) fn doubts(&mut self, doubts: bool, compares: bool) {
        (self.doubts, self.compares) = (doubts, compares);
    }

    /// Plans all files of one asset.
    pub(super) async fn place(&mut self, surveyed: Surveyed) {
        let Surveyed { asset, mut placement, found } = surveyed;
        let modified = Some(modified(&placement));
        for problem in std::mem::take(&mut placement.problems) {
            self.queue.push_back(remark(&asset, problem));
        }
        for (file, found) in placement.files.iter().zip(found) {
            let claimless = found.as_ref().ok().and_then(|found| self.claimless(&asset, found));
            let treeless = found.as_ref().ok().and_then(|found| self.treeless(&placement, found));
            let placed = match found {
                Ok(found) => self.decide(&asset, file, found, modified).await,
                Err(error) => Err(error),
            };
            self.streak.note(file, placed.as_ref().ok());
            match placed {
                Ok(mut action) => {
                    if let Action::Renamed { row, .. } = &mut action {
                        row.sidecar |= self.inner.gets_sidecar(&asset, file.role);
                    }
                    let treeless = treeless.filter(|_| matches!(action, Action::Present { known: true, .. }));
                    let describe =
                        self.describe(&asset, file, &action, claimless.filter(|_| treeless.is_none()));
                    self.queue.push_back(action);
                    if let Some(row) = treeless {
                        let sidecar = row.sidecar || self.inner.gets_sidecar(&asset, file.role);
                        let now = self.inner.borrowed(&FileRow { sidecar, ..row.clone() });
                        self.queue.push_back(Action::Settle { row: now, before: row.key });
                    }
                    self.queue.extend(describe);
                }
                Err(error) => {
                    let (asset, lacks) = (Some(asset.clone()), is_about_storage(&error).then_some(file.role));
                    self.queue.push_back(Action::Problem { asset, id: None, lacks, error });
                }
            }
        }
        self.queue.push_back(Action::Done { asset });
    }

    /// The row of a file that was not to have a sidecar so far, and now is.
    fn claimless(&self, asset: &Asset, found: &Found) -> Option<FileRow> {
        let row = found.row.as_ref().filter(|row| !row.sidecar && row.status.is_kept())?;
        self.inner.gets_sidecar(asset, row.key.role).then(|| row.clone())
    }

    /// The row of a file of no tree that stands where this layout may have put it: it becomes one of this tree.
    fn treeless(&self, placement: &Placement, found: &Found) -> Option<FileRow> {
        let row = found.row.as_ref().filter(|row| row.key.tree.is_none())?;
        row.path.as_ref().is_some_and(|path| is_named_so(placement, row, path)).then(|| row.clone())
    }

    /// A file that is only remembered anew stands all the same, and gets its sidecar.
    fn describe(
        &self,
        asset: &Asset,
        file: &WantedFile,
        action: &Action,
        claimless: Option<FileRow>,
    ) -> Option<Action> {
        match action {
            Action::Renamed { row, found } => {
                let (asset, role) = (asset.clone(), file.role);
                let target = Target { asset, role, tree: row.key.tree.clone(), path: found.path.clone() };
                self.inner.sidecars.then_some(Action::Describe { target })
            }
            Action::Present { known: true, .. } => claimless.map(|row| Action::Claim { row }),
            _ => None,
        }
    }

    async fn decide(
        &mut self,
        asset: &Asset,
        file: &WantedFile,
        found: Found,
        modified: Option<SystemTime>,
    ) -> Result<Action> {
        // The catalogue has one row for both names; as long as nobody has seen to it that both stand, only the disk counts.
        let row = found.row.filter(|_| self.doubts || !found.is_second);
        let contested = !found.owners.is_empty();
        let tree = row.as_ref().map_or(&self.inner.tree, |row| &row.key.tree).clone();
        let wanted = Wanted::of(&tree, asset, file.role, found.path);
        let copies = wanted.standing_in(&found.elsewhere);
        let wanted = Wanted { modified, row, contested, copies, ..wanted };
        let older = file.legacy_name.as_ref().map(|name| wanted.path.sibling(name));
        if let Some(action) = self.as_remembered(&wanted, found.at_row, older.as_ref()).await? {
            return Ok(if found.is_borrowed { noted(action) } else { action });
        }
        let wanted = self.of_this_tree(wanted);
        let mut there = found.there?;
        self.note_owners(&wanted, &wanted.path.clone(), there.as_ref(), &found.owners);
        if let Some(claim) = self.claims.get(&wanted.path).cloned() {
            return self.beside(&wanted, claim).await;
        }
        if there.as_ref().is_none_or(|there| there.path != wanted.path)
            && let Some((older, claim)) = self.older_name(older)
        {
            if claim.is_for(wanted.size, wanted.checksum) {
                return self.shared(&wanted, older, false).await;
            }
            if self.inner.layout.compares_sizes() && claim.size != wanted.size {
                return self.by_size(&wanted).await;
            }
            // It is another photo's, and the plain name is free.
            there = None;
        }
        match there {
            None => match wanted.rival(&found.owners) {
                None => Ok(self.download(&wanted, wanted.path.clone(), false)),
                Some(rival) if self.inner.layout.compares_sizes() && rival.size != wanted.size => {
                    self.by_size(&wanted).await
                }
                Some(_) => self.by_content(&wanted).await,
            },
            // Where the name alone decides a file may have grown, by a date that was written into it. What is shorter was cut, or made
            // smaller by its owner.
            Some(meta)
                if !self.inner.layout.compares_sizes()
                    && wanted.size.is_some_and(|size| size > meta.size) =>
            {
                match self.smaller(&wanted, meta).await? {
                    Some(action) => Ok(action),
                    None => self.by_content(&wanted).await,
                }
            }
            Some(meta)
                if !self.inner.layout.compares_sizes()
                    || wanted.size.is_none_or(|size| size == meta.size) =>
            {
                match self.take(&wanted, wanted.path.clone(), meta).await? {
                    Some(action) => Ok(action),
                    None => self.by_content(&wanted).await,
                }
            }
            Some(_) => self.by_size(&wanted).await,
        }
    }

    /// A file of no tree that is laid out anew is of this one.
    fn of_this_tree<'a>(&mut self, wanted: Wanted<'a>) -> Wanted<'a> {
        let Some(row) = wanted.row.as_ref().filter(|row| row.key.tree.is_none()) else { return wanted };
        let (now, before) = (self.inner.borrowed(row), row.key.clone());
        self.queue.push_back(Action::Settle { row: now.clone(), before });
        Wanted { tree: self.inner.tree.clone(), row: Some(now), ..wanted }
    }

    /// The name that older versions of icloudpd gave a file, where it is the name of another photo of this run.
    fn older_name(&self, older: Option<StoragePath>) -> Option<(StoragePath, Claim)> {
        let older = older?;
        let claim = self.claims.get(&older)?.clone();
        Some((older, claim))
    }

    /// What the catalogue knows of a file is a claim to its name, made in an earlier run.
    fn note_owners(
        &mut self,
        wanted: &Wanted<'_>,
        path: &StoragePath,
        there: Option<&ObjectMeta>,
        owners: &[FileRow],
    ) {
        let Some(there) = there else { return };
        if self.claims.get(path).is_some() {
            return;
        }
        let stands = |row: &&FileRow| row.size == Some(there.size) && row.status.is_kept();
        let Some(row) = owners.iter().find(stands) else { return };
        let claim = Claim::new(row.resource_size.or(row.size), row.checksum.as_ref());
        let ours = row.key.asset == *wanted.asset.id() && row.key.role == wanted.role;
        match row.status {
            // Its bytes were never read: whose they are is as open as it was.
            Status::Assumed if ours && wanted.is_in(row) => {}
            Status::Assumed => self.claims.set(path, claim.assumed(&row.key.asset, row.key.role)),
            _ => self.claims.set(path, claim),
        }
    }

    /// The plain name was handed out already.
    async fn beside(&mut self, wanted: &Wanted<'_>, claim: Claim) -> Result<Action> {
        if claim.is_for(wanted.size, wanted.checksum) {
            return self.shared(wanted, wanted.path.clone(), false).await;
        }
        if self.inner.layout.compares_sizes() && claim.size != wanted.size {
            return self.by_size(wanted).await;
        }
        match self.contest(wanted, &wanted.path, &claim).await? {
            Some(action) => Ok(action),
            None => self.by_content(wanted).await,
        }
    }

    /// A file that another asset has as well, or that this run is about to fetch for one.
    async fn shared(&self, wanted: &Wanted<'_>, path: StoragePath, deduplicated: bool) -> Result<Action> {
        let there = self.inner.storage.stat(&path).await?;
        Ok(wanted.present(path, deduplicated, there))
    }

    /// Two photos lay claim to a file that stood there before this run: its bytes say whose it is. If it is this one's, the
    /// one we took for its owner is a newcomer and still missing; if it is neither's, both are.
    async fn contest(
        &mut self,
        wanted: &Wanted<'_>,
        path: &StoragePath,
        claim: &Claim,
    ) -> Result<Option<Action>> {
        let (Some((owner, role)), Some(checksum)) = (&claim.assumed, wanted.checksum) else {
            return Ok(None);
        };
        let Some((_, digests)) = content::look(&*self.inner.storage, path, Source::Told).await? else {
            return Ok(None);
        };
        let content = digests.checksum;
        let ours = content == *checksum;
        if !ours && claim.is_for(claim.size, Some(&content)) {
            return Ok(None);
        }
        let owner = match self.inner.library.asset(owner).await {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            owner => Some(owner?),
        };
        self.claims.set(path, if ours { wanted.claim() } else { Claim::new(claim.size, Some(&content)) });
        if let Some(owner) = owner {
            let modified = Some(modified(&self.inner.layout.place(&owner)));
            let other = Wanted { modified, ..Wanted::of(&wanted.tree, &owner, *role, wanted.path.clone()) };
            let twin = self.by_content(&other).await?;
            self.queue.push_back(twin);
        }
        if !ours {
            return Ok(None);
        }
        Ok(Some(self.shared(wanted, path.clone(), *path != wanted.path).await?))
    }

    /// icloudpd's rule: another length gets the length in its name, and whatever stands there is taken for it.
    async fn by_size(&mut self, wanted: &Wanted<'_>) -> Result<Action> {
        let Some(size) = wanted.size else { return self.by_content(wanted).await };
        let path = wanted.path.with_suffix(&size.to_string());
        let there = self.inner.storage.stat(&path).await?;
        if there.is_some() {
            let owners = self.inner.catalogue.files_at(std::slice::from_ref(&path)).await?;
            self.note_owners(wanted, &path, there.as_ref(), owners.first().map_or(&[], Vec::as_slice));
        }
        match self.claims.get(&path).cloned() {
            Some(claim) if claim.is_for(wanted.size, wanted.checksum) => {
                Ok(wanted.present(path, true, there))
            }
            Some(claim) => match self.contest(wanted, &path, &claim).await? {
                Some(action) => Ok(action),
                None => self.by_content(wanted).await,
            },
            None => match there {
                None => {
                    let plain = wanted.path.clone();
                    if let Some(there) = self.inner.storage.stat(&plain).await?
                        && let Some(action) = self.derived(wanted, there).await?
                    {
                        return Ok(action);
                    }
                    // The record may be wrong about the length.
                    let standing = self.claims.get(&plain).is_none().then_some(plain);
                    Ok(self.fetch(wanted, path, true, standing.into_iter().collect()))
                }
                Some(meta) => match self.take(wanted, path, meta).await? {
                    Some(action) => Ok(action),
                    None => self.by_content(wanted).await,
                },
            },
        }
    }

    /// Our own rule for what icloudpd loses: a different photo with the same name and length gets eight digits of its
    /// checksum in its name. They are its own, so the name is the same in every run. Should the same bytes come as stand under one of
    /// the names that were passed over, and nobody has that one, it was this photo's after all.
    async fn by_content(&mut self, wanted: &Wanted<'_>) -> Result<Action> {
        let digits: String = match wanted.checksum {
            Some(checksum) => checksum.digits(),
            None => wanted.asset.id().as_str().chars().take(8).collect::<String>().to_lowercase(),
        };
        let plain = wanted.path.with_suffix(&digits);
        let by_size = wanted.size.map(|size| wanted.path.with_suffix(&size.to_string()));
        let mut standing: Vec<_> = by_size.into_iter().chain([wanted.path.clone()]).collect();
        standing.retain(|path| self.claims.get(path).is_none());
        let (mut path, mut number) = (plain.clone(), 1);
        loop {
            let there = self.inner.storage.stat(&path).await?;
            if self.claims.get(&path).is_some() {
                return Ok(wanted.present(path, true, there));
            }
            let Some(meta) = there else {
                return match self.dated_among(wanted, &standing).await? {
                    Some(action) => Ok(action),
                    None => Ok(self.fetch(wanted, path, true, standing)),
                };
            };
            if let Some(action) = self.take(wanted, path.clone(), meta).await? {
                return Ok(action);
            }
            // It is damaged. Nothing is overwritten.
            standing.push(path);
            number += 1;
            path = plain.with_suffix(&number.to_string());
        }
    }

    fn download(&mut self, wanted: &Wanted<'_>, path: StoragePath, deduplicated: bool) -> Action {
        self.fetch(wanted, path, deduplicated, Vec::new())
    }

    fn fetch(
        &mut self,
        wanted: &Wanted<'_>,
        path: StoragePath,
        deduplicated: bool,
        standing: Vec<StoragePath>,
    ) -> Action {
        self.claims.set(&path, wanted.claim());
        Action::Download {
            target: wanted.target(path),
            size: wanted.size,
            modified: wanted.modified,
            deduplicated,
            standing,
            copies: wanted.copies.clone(),
            why: match &wanted.row {
                None => Why::New,
                Some(FileRow { status: Status::Failed { attempts, .. }, .. }) => {
                    Why::Failed { attempts: *attempts }
                }
                Some(row) if wanted.is_in(row) => Why::Missing,
                Some(_) => Why::Edited,
            },
        }
    }
}

/// A file that stands, and that this tree has no row for so far.
fn noted(action: Action) -> Action {
    match action {
        Action::Present { target, deduplicated, proven, doubted, found, .. } => {
            Action::Present { target, deduplicated, known: false, proven, doubted, found }
        }
        action => action,
    }
}

/// Some problems of names and versions leave a file out, others only change its name.
fn remark(asset: &Asset, problem: LayoutProblem) -> Action {
    let asset = asset.clone();
    match problem {
        LayoutProblem::SizeMissing { size, name } => {
            let reason = SkipReason::NoSuchSize { size: size.as_str().to_owned(), name };
            Action::Skip { asset, reason }
        }
        LayoutProblem::OriginalMissing { name } => {
            let error =
                Error::new(ErrorKind::NotFound, "Apple has no original of this photo").with("name", name);
            Action::Problem { asset: Some(asset), id: None, lacks: Some(Role::Original), error }
        }
        problem => Action::Remark { asset, problem },
    }
}

/// Whole seconds, also before 1970.
fn modified(placement: &Placement) -> SystemTime {
    let seconds = placement.created.seconds();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}
