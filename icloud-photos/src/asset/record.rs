//! From records to assets: the one place that knows the field names of `CPLAsset` and `CPLMaster` (protocol notes
//! 6.1 to 6.4). What cannot be decoded is "no value"; nothing in a record is fatal.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use time::UtcOffset;

use super::resource::{Holder, Link, Resource, Role};
use super::{
    Asset, AssetData, AssetId, Checksum, Details, Fields, Filename, MasterId, MediaKind, RawFields, uti,
};
use crate::error::{Error, Result};
use crate::library::LibraryId;
use crate::library::wire::{Field, Object, Record, Records, Text};

/// Resource families. Originals belong to the master; of everything else the asset's own comes first, for it is
/// made from the edit.
const FAMILIES: [(&str, Role); 12] = [
    ("resOriginal", Role::Original),
    ("resOriginalAlt", Role::Alternative),
    ("resOriginalVidCompl", Role::LiveMovie),
    ("resJPEGFull", Role::Edited),
    ("resVidFull", Role::EditedVideo),
    ("resJPEGLarge", Role::Large),
    ("resJPEGMed", Role::Medium),
    ("resJPEGThumb", Role::Thumb),
    ("resVidMed", Role::VideoMedium),
    ("resVidSmall", Role::VideoSmall),
    ("resVidHDRMed", Role::VideoHdr),
    ("resSidecar", Role::Sidecar),
];

/// What every listing asks for beside the resources.
const BASIC: &[&str] = &[
    "recordName",
    "recordType",
    "recordChangeTag",
    "masterRef",
    "itemType",
    "dataClassType",
    "filenameEnc",
    "assetDate",
    "addedDate",
    "timeZoneOffset",
    "isDeleted",
    "isHidden",
    "isFavorite",
    "adjustmentType",
    "assetSubtype",
    "assetSubtypeV2",
    "burstId",
];

/// What a full listing asks for in addition. The last ones are not modelled and end in [`Asset::raw`].
const DETAILS: &[&str] = &[
    "timeZoneNameEnc",
    "locationEnc",
    "locationV2Enc",
    "locationLatitude",
    "locationLongitude",
    "captionEnc",
    "extendedDescEnc",
    "keywordsEnc",
    "dateExpunged",
    "burstFlags",
    "burstFlagsExt",
    "orientation",
    "originalOrientation",
    "duration",
    "vidComplDurValue",
    "vidComplDurScale",
    "vidComplDispValue",
    "vidComplDispScale",
    "adjustmentRenderType",
    "assetHDRType",
    "contributors",
    "adjustmentSimpleDataEnc",
    "customRenderedValue",
    "originalChoice",
    "isExpunged",
    "remappedRef",
    "trashReason",
    "codec",
    "videoFrameRate",
];

/// The names to send as `desiredKeys`; `None` asks for everything.
pub(super) fn desired_keys(fields: Fields, roles: &[Role]) -> Option<Vec<String>> {
    let (names, parts): (&[&[&str]], &[&str]) = match fields {
        Fields::Basic => (&[BASIC], &["Res", "FileType"]),
        Fields::Full => (&[BASIC, DETAILS], &["Res", "FileType", "Width", "Height"]),
        Fields::Everything => return None,
    };
    let families = FAMILIES.iter().filter(|(_, role)| roles.contains(role));
    let of_families =
        families.flat_map(|(prefix, _)| parts.iter().map(move |part| format!("{prefix}{part}")));
    Some(names.iter().copied().flatten().map(|name| (*name).to_owned()).chain(of_families).collect())
}

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

/// What Apple calls the files of a role.
pub(super) fn family(role: Role) -> &'static str {
    FAMILIES.iter().find(|(_, other)| *other == role).map_or("", |(prefix, _)| prefix)
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

/// The fields of either record, borrowed from the answer where they are dropped or decoded anyway.
#[derive(Default)]
struct PhotoFields<'a> {
    item_type: Option<Cow<'a, str>>,
    data_class: Option<i64>,
    filename: Option<Filename>,
    master_ref: Option<Cow<'a, str>>,
    asset_date: Option<i64>,
    added_date: Option<i64>,
    time_zone_offset: Option<i64>,
    details: Details,
    families: Vec<Family<'a>>,
    raw: RawFields,
}

/// One resource family while it is read.
struct Family<'a> {
    role: Role,
    content: Option<Object<'a>>,
    media_type: Option<Cow<'a, str>>,
    fingerprint: Option<Cow<'a, str>>,
    size: Option<i64>,
    width: Option<i64>,
    height: Option<i64>,
}

impl<'a> Family<'a> {
    fn new(role: Role) -> Self {
        let (content, media_type, fingerprint) = (None, None, None);
        Self { role, content, media_type, fingerprint, size: None, width: None, height: None }
    }

    fn set(&mut self, part: Part, field: Field<'a>) {
        match part {
            Part::Content => self.content = field.object(),
            Part::Type => self.media_type = field.text(),
            Part::Fingerprint => self.fingerprint = field.text(),
            Part::Size => self.size = field.int(),
            Part::Width => self.width = field.int(),
            Part::Height => self.height = field.int(),
        }
    }

    fn resource(self, holder: Holder) -> Resource {
        let content = self.content.unwrap_or_default();
        let checksum = content.file_checksum.or(self.fingerprint);
        Resource {
            role: self.role,
            holder,
            media_type: self.media_type.map(Cow::into_owned),
            size: content.size.or(self.size).and_then(|size| u64::try_from(size).ok()),
            checksum: checksum.as_deref().and_then(Checksum::parse),
            width: self.width.and_then(|width| u32::try_from(width).ok()),
            height: self.height.and_then(|height| u32::try_from(height).ok()),
            link: content.download_url.as_deref().and_then(Link::new),
        }
    }
}

/// A member of a resource family.
#[derive(Clone, Copy)]
enum Part {
    Content,
    Type,
    Fingerprint,
    Size,
    Width,
    Height,
}

fn family_part(key: &str) -> Option<(Role, Part)> {
    if !key.starts_with("res") {
        return None;
    }
    FAMILIES.iter().find_map(|(prefix, role)| {
        let part = match key.strip_prefix(prefix)? {
            "Res" => Part::Content,
            "FileType" => Part::Type,
            "Fingerprint" => Part::Fingerprint,
            "FileSize" => Part::Size,
            "Width" => Part::Width,
            "Height" => Part::Height,
            _ => return None,
        };
        Some((*role, part))
    })
}

impl<'a> PhotoFields<'a> {
    fn family(&mut self, role: Role) -> &mut Family<'a> {
        let index = self.families.iter().position(|family| family.role == role).unwrap_or_else(|| {
            self.families.push(Family::new(role));
            self.families.len() - 1
        });
        &mut self.families[index]
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for PhotoFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'a> Visitor<'a> for FieldsVisitor {
    type Value = PhotoFields<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of a record")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<PhotoFields<'a>, M::Error> {
        let mut fields = PhotoFields::default();
        while let Some(key) = map.next_key::<Text<'a>>()? {
            match family_part(&key) {
                Some((role, part)) => {
                    let field = map.next_value()?;
                    fields.family(role).set(part, field);
                }
                None => fields.take(&key, &mut map)?,
            }
        }
        Ok(fields)
    }
}

impl<'a> PhotoFields<'a> {
    /// Takes the value of a field that belongs to no resource.
    fn take<M: MapAccess<'a>>(&mut self, key: &str, map: &mut M) -> Result<(), M::Error> {
        let details = &mut self.details;
        match key {
            "itemType" => self.item_type = next(map)?.text(),
            "dataClassType" => self.data_class = next(map)?.int(),
            "filenameEnc" => self.filename = Some(Filename::read(next(map)?)),
            "masterRef" => self.master_ref = next(map)?.reference(),
            "assetDate" => self.asset_date = next(map)?.int(),
            "addedDate" => self.added_date = next(map)?.int(),
            "timeZoneOffset" => self.time_zone_offset = next(map)?.int(),
            "timeZoneNameEnc" => details.time_zone = next(map)?.decoded(),
            "isFavorite" => details.favorite = next(map)?.flag(),
            "isHidden" => details.hidden = next(map)?.flag(),
            "isDeleted" => details.trashed = next(map)?.flag(),
            "dateExpunged" => details.expunge_ms = next(map)?.int(),
            "captionEnc" => details.title = next(map)?.decoded(),
            "extendedDescEnc" => details.description = next(map)?.decoded(),
            "keywordsEnc" => details.keywords = next(map)?.text().map(Cow::into_owned),
            "locationEnc" => details.location = next(map)?.text().map(Cow::into_owned),
            "locationLatitude" => details.latitude = next(map)?.float(),
            "locationLongitude" => details.longitude = next(map)?.float(),
            "burstId" => details.burst_id = next(map)?.text().map(Cow::into_owned),
            "burstFlags" => details.burst_flags = next(map)?.int(),
            "burstFlagsExt" => details.burst_flags_ext = next(map)?.int(),
            "assetSubtype" => details.subtype = next(map)?.int(),
            "assetSubtypeV2" => details.subtype_v2 = next(map)?.int(),
            "adjustmentType" => details.adjustment_type = next(map)?.text().map(Cow::into_owned),
            "adjustmentRenderType" => details.render_type = next(map)?.int(),
            "assetHDRType" => details.hdr = next(map)?.flag(),
            "orientation" => details.orientation = exif_orientation(next(map)?),
            "originalOrientation" => details.original_orientation = exif_orientation(next(map)?),
            "duration" => details.duration_ms = duration_ms(next(map)?),
            "vidComplDurValue" => details.live_duration.value = next(map)?.int(),
            "vidComplDurScale" => details.live_duration.scale = next(map)?.int(),
            "vidComplDispValue" => details.live_still.value = next(map)?.int(),
            "vidComplDispScale" => details.live_still.scale = next(map)?.int(),
            "contributors" => details.contributors = references(next(map)?),
            _ => self.raw.push(key, map.next_value()?),
        }
        Ok(())
    }
}

fn next<'a, M: MapAccess<'a>>(map: &mut M) -> Result<Field<'a>, M::Error> {
    map.next_value()
}

fn exif_orientation(field: Field<'_>) -> Option<u8> {
    field.int().and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value))
}

/// Milliseconds; a `DOUBLE` is said to be seconds (protocol notes 6.2).
fn duration_ms(field: Field<'_>) -> Option<u64> {
    if field.kind.as_deref() == Some("DOUBLE") {
        let seconds = field.float().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
        return Some((seconds * 1000.0).round() as u64);
    }
    u64::try_from(field.int()?).ok()
}

fn references(field: Field<'_>) -> Vec<String> {
    field
        .value
        .list()
        .into_iter()
        .filter_map(|value| Some(value.object()?.record_name?.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests;
