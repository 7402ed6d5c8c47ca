//! What is remembered of an asset, to tell later what a change of it was.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::{Digest, Sha1};

use crate::asset::record::family;
use crate::asset::{Asset, AssetData, Details, Filename, MasterId, MediaKind, Ratio};

/// What is remembered of an asset: some 80 bytes, to be stored.
///
/// The digests are the same in every run and on every machine. They cover what was asked for: compare only assets that
/// were had with the same [`Fields`](crate::asset::Fields) and roles.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AssetState {
    /// Digest of the files: what for, how long, and Apple's checksum.
    pub content: u64,
    /// Digest of everything else an [`Asset`] tells, but for the flags below, [`Asset::change_tag`] and [`Asset::raw`].
    pub metadata: u64,
    /// It was in Recently Deleted.
    pub trashed: bool,
    /// It was hidden.
    pub hidden: bool,
    /// It was marked with a heart.
    pub favorite: bool,
    /// Its master, by which [`Change::File`](super::Change::File) names it, and by which it is known again in
    /// another library.
    #[serde(with = "as_text")]
    pub master: MasterId,
}

/// What became of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AssetChange {
    /// It was not known.
    Added,
    /// It has other files, other metadata perhaps too.
    Edited,
    /// Its files are the same; something else differs.
    Metadata,
    /// It is in Recently Deleted and was not, or was not known.
    Trashed,
    /// It was in Recently Deleted. Files and metadata may differ too. It is back in its albums, and no change says in
    /// which: who never saw it there has to list them.
    Restored,
    /// Nothing that can be seen.
    Unchanged,
}

impl AssetState {
    /// What to remember of an asset.
    pub fn of(asset: &Asset) -> Self {
        let AssetData { master, details, .. } = &*asset.0;
        let Details { trashed, hidden, favorite, .. } = *details;
        let (content, metadata) = (content(asset), metadata(&asset.0));
        Self { content, metadata, trashed, hidden, favorite, master: master.clone() }
    }

    /// What became of an asset since.
    pub fn compare(before: Option<&Self>, now: &Asset) -> AssetChange {
        let now = Self::of(now);
        match before {
            Some(before) if *before == now => AssetChange::Unchanged,
            before if now.trashed && before.is_none_or(|before| !before.trashed) => AssetChange::Trashed,
            None => AssetChange::Added,
            Some(before) if before.trashed && !now.trashed => AssetChange::Restored,
            Some(before) if (before.content, &before.master) != (now.content, &now.master) => {
                AssetChange::Edited
            }
            Some(_) => AssetChange::Metadata,
        }
    }
}

fn content(asset: &Asset) -> u64 {
    let mut sum = Sum::new();
    for resource in asset.resources() {
        // A mere description is no file.
        if resource.size.is_none() && resource.checksum.is_none() {
            continue;
        }
        sum.text(Some(family(resource.role)));
        sum.number(resource.size);
        sum.bytes(resource.checksum.as_ref().map(|checksum| &checksum.as_bytes()[..]));
    }
    sum.end()
}

fn metadata(asset: &AssetData) -> u64 {
    let AssetData {
        filename, media_type, kind, created_ms, added_ms, utc_offset, resources, details, ..
    } = asset;
    let mut sum = Sum::new();
    let (form, name) = match filename {
        Filename::Known(name) => (1, Some(name)),
        Filename::Missing => (2, None),
        Filename::Undecodable(name) => (3, Some(name)),
    };
    sum.number(Some(form));
    sum.text(name.map(String::as_str));
    sum.text(media_type.as_deref());
    sum.number(Some(match kind {
        MediaKind::Photo => 1,
        MediaKind::Video => 2,
        MediaKind::Unknown => 3,
    }));
    sum.signed(*created_ms);
    sum.signed(*added_ms);
    sum.signed(utc_offset.map(|offset| offset.whole_seconds().into()));
    for resource in resources {
        sum.text(Some(family(resource.role)));
        sum.text(resource.media_type.as_deref());
        sum.number(resource.width.map(u64::from));
        sum.number(resource.height.map(u64::from));
    }
    sum.details(details);
    sum.end()
}

/// A digest over values, each told from its neighbours and from none. The first eight bytes of SHA-1: stored digests
/// must stay what they are, and an accidental match would hide a change.
struct Sum(Sha1);

impl Sum {
    fn new() -> Self {
        Self(Sha1::new())
    }

    fn bytes(&mut self, value: Option<&[u8]>) {
        self.0.update([u8::from(value.is_some())]);
        if let Some(value) = value {
            self.0.update((value.len() as u64).to_le_bytes());
            self.0.update(value);
        }
    }

    fn text(&mut self, value: Option<&str>) {
        self.bytes(value.map(str::as_bytes));
    }

    fn number(&mut self, value: Option<u64>) {
        self.bytes(value.map(u64::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
    }

    fn signed(&mut self, value: Option<i64>) {
        self.number(value.map(i64::cast_unsigned));
    }

    fn ratio(&mut self, Ratio { value, scale }: Ratio) {
        self.signed(value);
        self.signed(scale);
    }

    fn details(&mut self, details: &Details) {
        let Details {
            hdr,
            expunge_ms,
            time_zone,
            location,
            latitude,
            longitude,
            title,
            description,
            keywords,
            ..
        } = details;
        let Details { burst_id, burst_flags, burst_flags_ext, subtype, subtype_v2, .. } = details;
        let Details { adjustment_type, render_type, orientation, original_orientation, .. } = details;
        let Details { duration_ms, live_duration, live_still, contributors, .. } = details;
        self.number(Some((*hdr).into()));
        for number in [expunge_ms, burst_flags, burst_flags_ext, subtype, subtype_v2, render_type] {
            self.signed(*number);
        }
        for text in [time_zone, location, title, description, keywords, burst_id, adjustment_type] {
            self.text(text.as_deref());
        }
        for degrees in [latitude, longitude] {
            self.number(degrees.map(f64::to_bits));
        }
        for orientation in [orientation, original_orientation] {
            self.number(orientation.map(u64::from));
        }
        self.number(*duration_ms);
        self.ratio(*live_duration);
        self.ratio(*live_still);
        for person in contributors {
            self.text(Some(person));
        }
    }

    fn end(self) -> u64 {
        self.0.finalize().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

/// A record name as plain text.
mod as_text {
    use super::{Deserialize, Deserializer, MasterId, Serializer};

    pub(super) fn serialize<S: Serializer>(name: &MasterId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(name.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MasterId, D::Error> {
        String::deserialize(from).map(MasterId::new)
    }
}
