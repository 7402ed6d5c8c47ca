//! One photo under several names.
//!
//! Where a file has another length than iCloud says, icloudpd fetches the photo once more and puts it beside; a date that it wrote into
//! the first has the same effect. So several files may be the photo, and any may be damaged. Bytes alone say which are: one that is
//! proven is enough.

use super::catalogue::{Catalogue, FileRow, Status};
use super::content;
use super::dating;
use crate::asset::{Checksum, Digests, Role};
use crate::error::Result;
use crate::storage::{ObjectMeta, Storage, StoragePath};

/// What reading a file for a proof came to.
pub(super) enum Look {
    Missing,
    Proven(Proven),
    /// Other bytes than Apple's.
    Other(Digests),
}

/// A file in which Apple's checksum was found.
pub(super) struct Proven {
    /// Of what stands there.
    pub(super) size: u64,
    pub(super) digests: Digests,
    /// Set if a date was written into it: the length that it had before.
    pub(super) original: Option<u64>,
}

/// Reads a file and looks for Apple's checksum: in its bytes, or in what they were before a date was written into them. `size` is how
/// long they were then, if that is known for sure. What a storage was told once proves nothing here: photos leave iCloud for it.
pub(super) async fn look(
    storage: &dyn Storage,
    path: &StoragePath,
    size: Option<u64>,
    checksum: &Checksum,
) -> Result<Look> {
    let Some((length, digests)) = content::read(storage, path).await? else {
        return Ok(Look::Missing);
    };
    if digests.checksum == *checksum {
        return Ok(Look::Proven(Proven { size: length, digests, original: None }));
    }
    Ok(match dating::undone(storage, (path, length), size, checksum).await? {
        Some(undone) => {
            Look::Proven(Proven { size: length, digests: undone.digests, original: Some(undone.original) })
        }
        None => Look::Other(digests),
    })
}

/// A file under another of the names that this one may have, that is proven to be it and that no row has for another photo.
pub(super) async fn elsewhere(
    storage: &dyn Storage,
    catalogue: &dyn Catalogue,
    row: &FileRow,
) -> Result<Option<(ObjectMeta, Proven)>> {
    let Some(checksum) = row.checksum.filter(|_| row.is_provable()) else { return Ok(None) };
    let names = row.other_names();
    let owners = catalogue.files_at(&names).await?;
    let there = storage.stat_all(names).await;
    for (owners, there) in owners.into_iter().zip(there) {
        let is_taken = owners.iter().any(|owner| owner.status.is_kept() && owner.checksum != row.checksum);
        let Some(there) = there.ok().flatten().filter(|_| !is_taken) else { continue };
        // What cannot be read proves nothing.
        if let Ok(Look::Proven(proven)) = look(storage, &there.path, row.resource_size, &checksum).await {
            return Ok(Some((there, proven)));
        }
    }
    Ok(None)
}

/// Which of these paths something stands under that may be a file as well.
pub(super) async fn has_others(storage: &dyn Storage, row: &FileRow) -> bool {
    let there = storage.stat_all(row.other_names()).await;
    row.is_provable() && there.into_iter().any(|there| matches!(there, Ok(Some(_))))
}

impl FileRow {
    /// The file that was read for this row.
    pub(super) fn proven_at(&self, path: &StoragePath, modified: Option<i64>, proven: &Proven) -> Self {
        Self {
            status: if proven.original.is_some() { Status::Derived } else { Status::Verified },
            path: Some(path.clone()),
            size: Some(proven.size),
            modified,
            sha256: Some(proven.digests.sha256),
            ..self.clone()
        }
    }

    /// The names that icloudpd and this program may have given the file, but for the one it has.
    fn other_names(&self) -> Vec<StoragePath> {
        let Some(path) = &self.path else { return Vec::new() };
        let size = self.resource_size.map(|size| size.to_string());
        let digits = self.checksum.map(|checksum| checksum.digits());
        // As old versions of icloudpd had it.
        let legacy = (self.key.role == Role::Original).then(|| "original".to_owned());
        let suffixes: Vec<String> = [size, digits, legacy].into_iter().flatten().collect();
        let plain = suffixes.iter().find_map(|suffix| path.without_suffix(suffix));
        let plain = plain.unwrap_or_else(|| path.clone());
        let mut names = vec![plain.clone()];
        names.extend(suffixes.iter().map(|suffix| plain.with_suffix(suffix)));
        names.retain(|name| name != path);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{FileKey, LibraryKey};
    use super::*;
    use crate::asset::AssetId;

    #[test]
    fn every_name_leads_to_the_others() {
        let key = FileKey::new(LibraryKey::new("1/private/PrimarySync"), AssetId::new("A"), Role::Original);
        let mut row = FileRow::new(key, Status::Assumed, 0);
        assert!(row.other_names().is_empty(), "a row without a path");
        row.resource_size = Some(2000);
        let all = ["2024/A.JPG", "2024/A-2000.JPG", "2024/A-original.JPG"]
            .map(|name| StoragePath::parse(name).unwrap());
        for path in &all {
            row.path = Some(path.clone());
            let others: Vec<_> = all.iter().filter(|other| *other != path).cloned().collect();
            assert_eq!(row.other_names(), others, "{path}");
        }
    }
}
