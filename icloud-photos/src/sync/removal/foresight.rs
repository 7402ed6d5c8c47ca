//! What the catalogue alone says of assets that may have to leave iCloud.
//!
//! It knows which of their files iCloud has and which are here, as of the present: a run follows the history of the library before it
//! removes anything. Whatever stays in any case is told without asking iCloud, by every run, until the catalogue knows better. The
//! others are looked up, and leave on the proof of their bytes alone.

use std::collections::BTreeSet;

use time::UtcOffset;

use super::super::catalogue::{AssetRow, Batch, FileRow, Sheet, Status, digest, role_name};
use super::super::copies::has_others;
use super::super::engine::Inner;
use super::super::layout::ItemKind;
use super::super::ledger::seconds;
use super::receipt::IRREPLACEABLE;
use super::remote::age;
use super::{Coming, Kept, MoveRule};
use crate::asset::{Asset, AssetId, Role, date};
use crate::error::Result;

/// What became of some candidates.
#[derive(Default)]
pub(super) struct Foreseen {
    /// Those that iCloud is to be asked about.
    pub(super) open: Vec<AssetId>,
    pub(super) staying: Vec<Staying>,
}

/// An asset that stays in iCloud.
pub(super) struct Staying {
    pub(super) asset: AssetId,
    pub(super) name: String,
    /// When it was taken, as Apple says it.
    pub(super) created: Option<i64>,
    pub(super) why: Kept,
}

/// One that may go by its row.
struct Eligible {
    asset: AssetId,
    name: String,
    created: Option<i64>,
}

impl Eligible {
    fn stays(self, why: Kept) -> Staying {
        let Self { asset, name, created } = self;
        Staying { asset, name, created, why }
    }
}

enum Verdict {
    /// It is not this run's to judge.
    None,
    Stays(Kept),
    /// It may go if these files stand here.
    Open(Vec<FileRow>),
}

impl Inner {
    /// Leaves out what is known to be gone, and tells what is known to stay. Before a run, whose `coming` is known in a rehearsal, nothing
    /// is known of files.
    pub(super) async fn foresee(
        &self,
        ids: &[AssetId],
        rule: MoveRule,
        coming: Option<&Coming>,
    ) -> Result<Foreseen> {
        let mut foreseen = Foreseen::default();
        let now = seconds(self.now()).saturating_mul(1000);
        let mut eligible = Vec::new();
        for (id, row) in ids.iter().zip(self.catalogue.assets(&self.key, ids).await?) {
            // What was fetched and is gone is to be settled; other candidates are in the library, or nobody's.
            let is_known = row.is_some();
            let Some(mut row) = row.filter(|row| !(row.trashed && rule == MoveRule::Fetched)) else {
                // Of files that were adopted a rehearsal knows nothing else, and a run would have listed their assets by now.
                let adopted = !is_known && coming.is_some() && self.has_files(id).await?;
                foreseen.open.extend((rule == MoveRule::Fetched || adopted).then(|| id.clone()));
                continue;
            };
            if coming.is_some_and(|coming| coming.shown.contains(id)) {
                (row.trashed, row.hidden) = (false, false);
            }
            let sheet = Sheet::read(&row);
            let (kind, name) =
                self.layout.recall(&row.name, row.master.as_str(), sheet.media_type.as_deref());
            let verdict = self.by_sight(&row, &sheet, kind, rule, now);
            let candidate = Eligible { asset: row.asset, name, created: row.created };
            match verdict {
                Verdict::None => {}
                Verdict::Stays(why) => foreseen.staying.push(candidate.stays(why)),
                Verdict::Open(_) if coming.is_some() => foreseen.open.push(candidate.asset),
                Verdict::Open(_) => eligible.push((candidate, sheet)),
            }
        }
        let ids: Vec<_> = eligible.iter().map(|(candidate, _)| candidate.asset.clone()).collect();
        let files = self.catalogue.files_of(&self.key, &ids).await?;
        let mut open = Vec::new();
        for ((candidate, sheet), files) in eligible.into_iter().zip(files) {
            match self.by_files(&sheet, &files) {
                Verdict::None => {}
                Verdict::Stays(why) => foreseen.staying.push(candidate.stays(why)),
                Verdict::Open(files) => open.push((candidate, files)),
            }
        }
        self.look(open, &mut foreseen).await;
        foreseen.staying = self.unfiltered(foreseen.staying).await?;
        Ok(foreseen)
    }

    /// Those that the filter of this run wants: the others are not its to judge. A row does not say enough to ask it. Whoever cannot be
    /// looked up just now is told as staying.
    async fn unfiltered(&self, staying: Vec<Staying>) -> Result<Vec<Staying>> {
        let Some(filter) = self.filter.as_ref().filter(|_| !staying.is_empty()) else { return Ok(staying) };
        let ids: Vec<_> = staying.iter().map(|staying| staying.asset.clone()).collect();
        let assets = self.library.assets_by_id(&ids).await?;
        let with = staying.into_iter().zip(assets);
        let wanted = with.filter(|(_, asset)| !matches!(asset, Ok(asset) if filter.reason(asset).is_some()));
        Ok(wanted.map(|(staying, _)| staying).collect())
    }

    async fn has_files(&self, asset: &AssetId) -> Result<bool> {
        let rows = self.catalogue.files_of(&self.key, std::slice::from_ref(asset)).await?;
        Ok(rows.into_iter().flatten().any(|row| row.status.is_kept()))
    }

    /// What its row says of an asset, without its files.
    fn by_sight(&self, row: &AssetRow, sheet: &Sheet, kind: ItemKind, rule: MoveRule, now: i64) -> Verdict {
        let skipped = match kind {
            ItemKind::Movie => self.skip_videos,
            ItemKind::Image => self.skip_photos,
            _ => false,
        };
        if row.trashed || row.hidden || skipped || self.date_to_skip(row.created).is_some() {
            return Verdict::None;
        }
        let MoveRule::OlderThan { days } = rule else { return Verdict::Open(Vec::new()) };
        let offset = sheet.offset.and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok());
        let Some(created) = row.created.filter(|_| date(row.created, offset).is_some()) else {
            return Verdict::Stays(Kept::NoDate);
        };
        let age = age(created, now);
        if age < i64::from(days) {
            Verdict::Stays(Kept::Young { days: age })
        } else {
            Verdict::Open(Vec::new())
        }
    }

    /// Files may have gone, or been written to, since the catalogue heard of them.
    async fn look(&self, open: Vec<(Eligible, Vec<FileRow>)>, foreseen: &mut Foreseen) {
        let paths = open.iter().flat_map(|(_, files)| files).filter_map(|row| row.path.clone()).collect();
        let mut stats = self.storage.stat_all(paths).await.into_iter();
        for (candidate, files) in open {
            let mut why = None;
            for (row, path) in files.iter().filter_map(|row| Some((row, row.path.clone()?))) {
                let problem = match stats.next() {
                    Some(Ok(None)) => Some(Kept::Missing { path }),
                    Some(Ok(Some(there))) if row.size.is_some_and(|size| size != there.size) => {
                        Some(Kept::Differs { path })
                    }
                    // What cannot be looked at is told when it is to be read.
                    _ => None,
                };
                // The photo may stand under another name as well.
                let is_lost = problem.is_some() && !has_others(&*self.storage, row).await;
                why = why.or(problem.filter(|_| is_lost));
            }
            match why {
                Some(why) => foreseen.staying.push(candidate.stays(why)),
                None => foreseen.open.push(candidate.asset),
            }
        }
    }

    /// What iCloud has of an asset that cannot be made again, against what is here: as for a receipt, but for the bytes.
    fn by_files(&self, sheet: &Sheet, files: &[FileRow]) -> Verdict {
        let known = |role: &Role| sheet.files.get(role_name(*role));
        // An older version did not ask for all of them.
        if IRREPLACEABLE.iter().any(|role| known(role).is_none()) {
            return Verdict::Open(Vec::new());
        }
        let held = IRREPLACEABLE.into_iter().filter(|role| known(role).is_some_and(Option::is_some));
        let held: BTreeSet<Role> = held.chain([Role::Original]).collect();
        let mut standing = Vec::new();
        for role in held {
            let row = self.best_among(files, role);
            match claim(role, known(&role).and_then(Option::as_ref), row) {
                Ok(file) => standing.push(file),
                Err(why) => return Verdict::Stays(why),
            }
        }
        Verdict::Open(standing)
    }

    /// Remembers how assets are of which the catalogue did not know which files iCloud has.
    pub(super) async fn learn(&self, assets: &[Asset]) -> Result<()> {
        let ids: Vec<_> = assets.iter().map(|asset| asset.id().clone()).collect();
        let before = self.catalogue.assets(&self.key, &ids).await?;
        let rows = assets.iter().zip(before).filter_map(|(asset, before)| {
            let now = AssetRow::of(&self.key, asset, &self.roles());
            let now = before.as_ref().map_or_else(|| now.clone(), |before| now.clone().after(before));
            (before.as_ref() != Some(&now)).then_some(now)
        });
        let batch = Batch { assets: rows.collect(), ..Batch::default() };
        if batch.is_empty() { Ok(()) } else { self.catalogue.commit(batch).await }
    }
}

fn claim(
    role: Role,
    at_icloud: Option<&String>,
    row: Option<&FileRow>,
) -> std::result::Result<FileRow, Kept> {
    let not_copied = if role == Role::EditedVideo { Kept::EditOfVideo } else { Kept::NotCopied { role } };
    let Some(row) = row.filter(|row| row.status.is_kept() && at_icloud.is_some()) else {
        return Err(not_copied);
    };
    let Some(path) = row.path.clone() else { return Err(not_copied) };
    if digest(row.resource_size, row.checksum).as_ref() != at_icloud {
        return Err(Kept::Edited);
    }
    if !row.is_provable() {
        return Err(Kept::NoChecksum);
    }
    if row.status == Status::Unconfirmed {
        return Err(Kept::NotAsInICloud { path });
    }
    Ok(row.clone())
}
