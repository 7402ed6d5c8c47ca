//! The fields of both records, by Apple's names: what is asked for, and how it is read (protocol notes 6.1 to 6.4).

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::resource::{Holder, Link, Resource, Role};
use super::super::{Checksum, Details, Fields, Filename, RawFields};
use crate::library::wire::{Field, Object, Text};

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

/// What a full listing asks for in addition. The last ones are not modelled and end in [`Asset::raw`](crate::asset::Asset::raw).
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
pub(in crate::asset) fn desired_keys(fields: Fields, roles: &[Role]) -> Option<Vec<String>> {
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
/// What Apple calls the files of a role.
pub(in crate::asset) fn family(role: Role) -> &'static str {
    FAMILIES.iter().find(|(_, other)| *other == role).map_or("", |(prefix, _)| prefix)
}

/// The fields of either record, borrowed from the answer where they are dropped or decoded anyway.
#[derive(Default)]
pub(super) struct PhotoFields<'a> {
    pub(super) item_type: Option<Cow<'a, str>>,
    pub(super) data_class: Option<i64>,
    pub(super) filename: Option<Filename>,
    pub(super) master_ref: Option<Cow<'a, str>>,
    pub(super) asset_date: Option<i64>,
    pub(super) added_date: Option<i64>,
    pub(super) time_zone_offset: Option<i64>,
    pub(super) details: Details,
    pub(super) families: Vec<Family<'a>>,
    pub(super) raw: RawFields,
}

/// One resource family while it is read.
pub(super) struct Family<'a> {
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

    pub(super) fn resource(self, holder: Holder) -> Resource {
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
            "itemType" => self.item_type = item_type(next(map)?),
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

/// A type that is null is given all the same, and is none that anybody knows.
fn item_type(field: Field<'_>) -> Option<Cow<'_, str>> {
    let given = field.given;
    field.text().or(given.then_some(Cow::Borrowed("")))
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
