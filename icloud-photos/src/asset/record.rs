//! From records to assets: the one place that knows the field names of `CPLAsset` and `CPLMaster` (protocol notes
//! 6.1 to 6.4). What cannot be decoded is "no value"; nothing in a record is fatal.

mod fields;

use std::borrow::Cow;

use time::UtcOffset;

use self::fields::PhotoFields;
pub(super) use self::fields::{desired_keys, family};
use super::resource::{Holder, Resource, Role};
use super::{Asset, AssetData, AssetId, Details, Filename, MasterId, MediaKind, RawFields, uti};
use crate::error::{Error, Result};
use crate::library::LibraryId;
use crate::library::wire::{Record, Records};

/// A `CPLAsset` record, with what hangs on it.
#[derive(Debug)]
pub(crate) struct AssetPart {
    pub(crate) id: AssetId,
    pub(crate) master: Option<MasterId>,
    change_tag: Option<String>,
    created_ms: Option<i64>,
    added_ms: Option<i64>,
    utc_offset: Option<UtcOffset>,
    details: Details,
    resources: Vec<Resource>,
    raw: RawFields,
}

/// A `CPLMaster` record, with what hangs on it.
#[derive(Debug, Clone)]
pub(crate) struct MasterPart {
    pub(crate) id: MasterId,
    media_type: Option<String>,
    data_class: Option<i64>,
    filename: Filename,
    orientation: Option<u8>,
    resources: Vec<Resource>,
    raw: RawFields,
}

/// A page of a listing or the answer of a lookup, read.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// In the server's order.
    pub(crate) assets: Vec<AssetPart>,
    pub(crate) masters: Vec<MasterPart>,
    /// Records that came as errors, with their names.
    pub(crate) failures: Vec<(String, Error)>,
    /// Names of records that are said to be gone for good.
    pub(crate) gone: Vec<String>,
    /// How many records the page held in all.
    pub(crate) records: usize,
    /// The server says that more follows.
    pub(crate) more: bool,
    pub(crate) token: Option<String>,
}

/// Reads a page of records.
///
/// # Errors
/// `ErrorKind::Protocol` if it is not a page of records at all.
pub(crate) fn parse_page(bytes: &[u8]) -> Result<Page> {
    let answer = Records::<PhotoFields<'_>>::read(bytes)?;
    let mut page = Page {
        records: answer.records.len(),
        more: answer.marker.is_some(),
        token: answer.token.map(|token| token.0.into_owned()).filter(|token| !token.is_empty()),
        ..Page::default()
    };
    for record in answer.records {
        if let Some(error) = record.error() {
            page.failures.push((record.name().to_owned(), error));
            continue;
        }
        match record.kind() {
            _ if record.name().is_empty() => {}
            _ if record.deleted == Some(true) => page.gone.push(record.name().to_owned()),
            "CPLAsset" => page.assets.push(AssetPart::read(record)),
            "CPLMaster" => page.masters.push(MasterPart::read(record)),
            _ => {}
        }
    }
    Ok(page)
}

/// Reads one `CPLAsset` record.
pub(super) fn read_asset(json: &str) -> serde_json::Result<AssetPart> {
    serde_json::from_str(json).map(AssetPart::read)
}

/// Reads one `CPLMaster` record.
pub(super) fn read_master(json: &str) -> serde_json::Result<MasterPart> {
    serde_json::from_str(json).map(MasterPart::read)
}

impl AssetPart {
    /// In Recently Deleted.
    pub(super) fn is_trashed(&self) -> bool {
        self.details.trashed
    }

    fn read(record: Record<'_, PhotoFields<'_>>) -> Self {
        let id = AssetId::new(record.name());
        let fields = record.fields.unwrap_or_default();
        let offset = fields.time_zone_offset.and_then(|seconds| i32::try_from(seconds).ok());
        Self {
            id,
            master: fields.master_ref.as_deref().map(MasterId::new),
            change_tag: record.record_change_tag.map(|tag| tag.0.into_owned()),
            created_ms: fields.asset_date,
            added_ms: fields.added_date,
            utc_offset: offset.and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok()),
            details: fields.details,
            resources: fields.families.into_iter().map(|family| family.resource(Holder::Asset)).collect(),
            raw: fields.raw,
        }
    }

    /// The asset, once its master is known.
    pub(crate) fn join(self, master: MasterPart, library: &LibraryId) -> Asset {
        let kind = media_kind(&master);
        let details = Details { original_orientation: master.orientation, ..self.details };
        Asset::new(AssetData {
            id: self.id,
            master: master.id,
            library: library.clone(),
            change_tag: self.change_tag,
            filename: master.filename,
            media_type: master.media_type,
            kind,
            created_ms: self.created_ms,
            added_ms: self.added_ms,
            utc_offset: self.utc_offset,
            resources: merge(self.resources, master.resources),
            details,
            raw: self.raw.and(master.raw),
        })
    }
}

impl MasterPart {
    /// Stands in for a master of which only the name is known.
    pub(super) fn hollow(id: MasterId) -> Self {
        Self {
            id,
            media_type: None,
            data_class: None,
            filename: Filename::Missing,
            orientation: None,
            resources: Vec::new(),
            raw: RawFields::default(),
        }
    }

    fn read(record: Record<'_, PhotoFields<'_>>) -> Self {
        let id = MasterId::new(record.name());
        let fields = record.fields.unwrap_or_default();
        Self {
            id,
            media_type: fields.item_type.map(Cow::into_owned),
            data_class: fields.data_class,
            filename: fields.filename.unwrap_or(Filename::Missing),
            orientation: fields.details.original_orientation,
            resources: fields.families.into_iter().map(|family| family.resource(Holder::Master)).collect(),
            raw: fields.raw,
        }
    }
}

/// `dataClassType`, else the type, else the extension (protocol notes 6.5).
fn media_kind(master: &MasterPart) -> MediaKind {
    match master.data_class {
        Some(1) => return MediaKind::Photo,
        Some(2) => return MediaKind::Video,
        _ => {}
    }
    let by_type = master.media_type.as_deref().map_or(MediaKind::Unknown, uti::kind);
    let extension =
        master.filename.known().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    match (by_type, extension) {
        (MediaKind::Unknown, Some(extension)) => uti::kind_of_extension(extension),
        (kind, _) => kind,
    }
}

/// One resource per role, from the record that comes first for it, if that one has more than dimensions.
fn merge(asset: Vec<Resource>, master: Vec<Resource>) -> Vec<Resource> {
    let mut merged = master;
    for own in asset {
        match merged.iter_mut().find(|other| other.role == own.role) {
            None => merged.push(own),
            Some(other) => {
                let first = if is_original(own.role) {
                    has_content(&own) && !has_content(other)
                } else {
                    has_content(&own) || !has_content(other)
                };
                if first {
                    *other = own;
                }
            }
        }
    }
    merged.sort_by_key(|resource| resource.role);
    merged
}

fn is_original(role: Role) -> bool {
    matches!(role, Role::Original | Role::Alternative | Role::LiveMovie | Role::Sidecar)
}

fn has_content(resource: &Resource) -> bool {
    resource.size.is_some() || resource.link.is_some()
}

#[cfg(test)]
mod tests;
