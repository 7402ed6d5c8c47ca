//! What a row remembers of an asset beside its columns.
//!
//! Only what a listing with [`Fields::Basic`](crate::asset::Fields::Basic) brings is taken, wherever the asset came from, so
//! that rows can be compared. Of files only the roles that a selection asks for are known: what another selection knew of
//! other roles stays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

use super::{AssetRow, LibraryKey, role_name};
use crate::asset::{Asset, Checksum, Filename, MediaKind, Role};

/// [`AssetRow::metadata`], read. The order of the fields is that of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sheet {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) added: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adjustment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subtype: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subtype_v2: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) burst: Option<String>,
    /// By the name of the role; `None` for a file that was asked for and is not there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) files: BTreeMap<String, Option<String>>,
}

impl Sheet {
    fn of(asset: &Asset, roles: &[Role]) -> Self {
        let (data, details) = (&asset.0, &asset.0.details);
        let kind = match data.kind {
            MediaKind::Photo => "photo",
            MediaKind::Video => "video",
            MediaKind::Unknown => "",
        };
        let files = roles.iter().map(|role| {
            let digest = asset.resource(*role).and_then(|resource| digest(resource.size, resource.checksum));
            (role_name(*role).to_owned(), digest)
        });
        Self {
            kind: kind.to_owned(),
            media_type: data.media_type.clone(),
            added: data.added_ms,
            offset: data.utc_offset.map(time::UtcOffset::whole_seconds),
            adjustment: details.adjustment_type.clone(),
            subtype: details.subtype,
            subtype_v2: details.subtype_v2,
            burst: details.burst_id.clone(),
            files: files.collect(),
        }
    }

    /// What was written by hand, or by another program, says nothing.
    pub(crate) fn read(row: &AssetRow) -> Self {
        serde_json::from_str(&row.metadata).unwrap_or_default()
    }

    /// A digest of the files that are there.
    fn content(&self) -> u64 {
        let mut sum = Sha1::new();
        for (role, digest) in &self.files {
            if let Some(digest) = digest {
                sum.update(format!("{role} {digest}\n"));
            }
        }
        first_bytes(sum)
    }
}

impl AssetRow {
    /// An asset as it is, with the files of these roles.
    pub(crate) fn of(library: &LibraryKey, asset: &Asset, roles: &[Role]) -> Self {
        let mut row = Self::new(library.clone(), asset.id().clone(), asset.master_id().clone(), 0);
        row.tag = asset.change_tag().map(str::to_owned);
        row.trashed = asset.is_trashed();
        row.hidden = asset.is_hidden();
        row.favorite = asset.is_favorite();
        row.name = match asset.filename() {
            Filename::Known(name) | Filename::Undecodable(name) => name.clone(),
            Filename::Missing => String::new(),
        };
        row.created = asset.created_ms();
        row.describe(&Sheet::of(asset, roles));
        row
    }

    /// The row with what only an earlier one knew.
    pub(crate) fn after(self, before: &Self) -> Self {
        if self.is_hollow() {
            // iCloud has lost the record of its files; what they were is known still.
            return Self { tag: self.tag, trashed: true, ..before.clone() };
        }
        let (mut now, known) = (Sheet::read(&self), Sheet::read(before).files);
        if self.master != before.master || known.keys().all(|role| now.files.contains_key(role)) {
            return self;
        }
        for (role, digest) in known {
            now.files.entry(role).or_insert(digest);
        }
        let mut row = self;
        row.describe(&now);
        row
    }

    fn is_hollow(&self) -> bool {
        let sheet = Sheet::read(self);
        let nothing = sheet.media_type.is_none() && sheet.files.values().all(Option::is_none);
        self.trashed && self.name.is_empty() && nothing
    }

    fn describe(&mut self, sheet: &Sheet) {
        self.content = sheet.content();
        // Neither maps with odd keys nor numbers that JSON lacks: it cannot fail.
        self.metadata = serde_json::to_string(sheet).unwrap_or_default();
    }
}

/// What [`Sheet::files`] has for a file. A mere description is none.
pub(crate) fn digest(size: Option<u64>, checksum: Option<Checksum>) -> Option<String> {
    if size.is_none() && checksum.is_none() {
        return None;
    }
    let mut sum = Sha1::new();
    sum.update(format!("{size:?} "));
    sum.update(checksum.map(|checksum| checksum.to_string()).unwrap_or_default());
    Some(format!("{:016x}", first_bytes(sum)))
}

/// Stored digests must stay what they are, and an accidental match would hide a change.
fn first_bytes(sum: Sha1) -> u64 {
    sum.finalize().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
