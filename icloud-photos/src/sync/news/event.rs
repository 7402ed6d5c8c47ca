//! What can have happened, and how it is told from two rows of one asset.

use serde::{Serialize, Serializer};

use crate::asset::{AssetId, Role};
use crate::error::Error;
use crate::library::AlbumId;
use crate::storage::StoragePath;
use crate::sync::catalogue::{AlbumRow, AssetRow, LibraryKey, Sheet, role_named};

/// One thing that happened. Serialises as an object with its name, such as `edited`, under `change`.
#[derive(Debug, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NewsEvent {
    /// An asset that the catalogue does not know.
    Added(AssetNews),
    /// Its files changed, or what edited it; other things perhaps too.
    Edited(AssetNews),
    /// Its files are the same; what else differs, [`AssetNews::details`] says.
    Metadata(AssetNews),
    /// It is in Recently Deleted now.
    Trashed(AssetNews),
    /// It was in Recently Deleted, and is back.
    Restored(AssetNews),
    /// It is gone from this library, and the catalogue knows its original in another one, by a run there.
    Moved {
        /// As it was here.
        #[serde(flatten)]
        news: AssetNews,
        /// Where its original is.
        to: LibraryKey,
    },
    /// It is gone for good.
    Gone(AssetNews),
    /// An album or folder that the catalogue does not know.
    AlbumMade(AlbumRow),
    /// It has another title.
    AlbumRenamed {
        /// As it is now.
        #[serde(flatten)]
        album: AlbumRow,
        /// Its title before.
        was: String,
    },
    /// It lies in another folder.
    AlbumMoved {
        /// As it is now.
        #[serde(flatten)]
        album: AlbumRow,
        /// Its path before.
        was: String,
    },
    /// It was deleted; what was in it stays.
    AlbumDeleted(AlbumRow),
    /// An asset is in an album. Apple tells it anew at times of one that was there before.
    Entered(Membership),
    /// An asset is in an album no longer.
    Left(Membership),
    /// An asset, or something else, that could not be read.
    Problem {
        /// Which asset, if known.
        asset: Option<AssetId>,
        /// What is wrong with it.
        #[serde(serialize_with = "as_text")]
        error: Error,
    },
    /// The history cannot be followed any more: the next run lists everything. This is the last event.
    Reset {
        /// Why, in Apple's words or ours.
        reason: String,
    },
}

/// An asset of which there is news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AssetNews {
    /// As it is now; as it was when last seen if it is gone.
    #[serde(flatten)]
    pub asset: AssetRow,
    /// Where its files stand, by the catalogue.
    pub files: Vec<StoragePath>,
    /// What differs, beside what the event itself says.
    pub details: Vec<Detail>,
}

/// An asset in an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Membership {
    /// The album.
    pub album: AlbumId,
    /// Its title with the folders above it, if it is known.
    pub path: Option<String>,
    /// The asset.
    pub asset: AssetId,
    /// Its file name, if it is known.
    pub name: Option<String>,
    /// Where its files stand, by the catalogue.
    pub files: Vec<StoragePath>,
}

/// One thing that differs from what was known of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Detail {
    /// These files are new, changed or gone, of those that the options ask for.
    Files(Vec<Role>),
    /// What edited it, such as `com.apple.photo`; `None` for nothing.
    Adjustment {
        /// Before.
        was: Option<String>,
        /// Now.
        now: Option<String>,
    },
    /// Whether it is a favourite now.
    Favorite(bool),
    /// Whether it is hidden now.
    Hidden(bool),
    /// Its file name.
    Name {
        /// Before.
        was: String,
        /// Now.
        now: String,
    },
    /// When it was taken, in milliseconds since 1970.
    Created {
        /// Before.
        was: Option<i64>,
        /// Now.
        now: Option<i64>,
    },
    /// The offset from UTC where it was taken, in seconds.
    Offset {
        /// Before.
        was: Option<i32>,
        /// Now.
        now: Option<i32>,
    },
    /// What kind of thing it is, or how it was made.
    Kind,
    /// The burst it belongs to.
    Burst,
    /// When it came into the library.
    Added,
}

impl NewsEvent {
    /// What became of an asset; `None` if nothing that can be seen.
    pub(super) fn of(before: Option<&AssetRow>, asset: AssetRow, files: Vec<StoragePath>) -> Option<Self> {
        let Some(before) = before else {
            let trashed = asset.trashed;
            let news = AssetNews { asset, files, details: Vec::new() };
            return Some(if trashed { Self::Trashed(news) } else { Self::Added(news) });
        };
        let details = details(before, &asset);
        let edited =
            details.iter().any(|detail| matches!(detail, Detail::Files(_) | Detail::Adjustment { .. }));
        let trashed = (before.trashed, asset.trashed);
        let (edited, same) = (edited || before.master != asset.master, details.is_empty());
        let news = AssetNews { asset, files, details };
        match trashed {
            (false, true) => Some(Self::Trashed(news)),
            (true, false) => Some(Self::Restored(news)),
            _ if edited => Some(Self::Edited(news)),
            _ if !same => Some(Self::Metadata(news)),
            _ => None,
        }
    }
}

fn details(before: &AssetRow, now: &AssetRow) -> Vec<Detail> {
    let (old, new) = (Sheet::read(before), Sheet::read(now));
    // Of roles that only one of the two was asked for nothing is known.
    let differ =
        old.files.iter().filter(|(role, digest)| new.files.get(*role).is_some_and(|now| now != *digest));
    let files: Vec<Role> = differ.filter_map(|(role, _)| role_named(role)).collect();
    let kind =
        |sheet: &Sheet| (sheet.kind.clone(), sheet.media_type.clone(), sheet.subtype, sheet.subtype_v2);
    let found = [
        (!files.is_empty()).then_some(Detail::Files(files)),
        (old.adjustment != new.adjustment)
            .then(|| Detail::Adjustment { was: old.adjustment.clone(), now: new.adjustment.clone() }),
        (before.favorite != now.favorite).then_some(Detail::Favorite(now.favorite)),
        (before.hidden != now.hidden).then_some(Detail::Hidden(now.hidden)),
        (before.name != now.name).then(|| Detail::Name { was: before.name.clone(), now: now.name.clone() }),
        (before.created != now.created).then_some(Detail::Created { was: before.created, now: now.created }),
        (old.offset != new.offset).then_some(Detail::Offset { was: old.offset, now: new.offset }),
        (kind(&old) != kind(&new)).then_some(Detail::Kind),
        (old.burst != new.burst).then_some(Detail::Burst),
        (old.added != new.added).then_some(Detail::Added),
    ];
    found.into_iter().flatten().collect()
}

fn as_text<S: Serializer>(error: &Error, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(error)
}
