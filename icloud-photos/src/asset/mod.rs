//! One photo or video.
//!
//! An [`Asset`] is a `CPLAsset` record; its bytes hang on a `CPLMaster`. Two assets may share one master: they are
//! two photos with the same original. The identity of a file is `(library, asset, role)`; the identity of content is
//! its [`Checksum`].
//!
//! Assets are had by listing an album ([`Album::assets`](crate::library::Album::assets)) or by their id
//! ([`Library::asset`](crate::library::Library::asset)). What happened to them since one looked last is told by
//! [`Library::changes`](crate::library::Library::changes).

mod changes;
mod checksum;
mod filename;
mod listing;
mod location;
mod lookup;
mod record;
mod remove;
mod resource;
pub mod uti;

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use time::{OffsetDateTime, UtcOffset};

pub use self::changes::{AssetChange, AssetState, Change, ChangeBatch, ChangeCursor, Changes};
pub(crate) use self::checksum::parse_sha256;
pub use self::checksum::{Checksum, Digests, Hasher, Scheme};
pub use self::filename::Filename;
pub use self::listing::{Assets, Listing};
pub use self::location::Location;
pub use self::resource::{Holder, Resource, Role};
pub(crate) use self::resource::{Link, role_name};
use crate::library::LibraryId;

/// The record name of a `CPLAsset`, unique in its library: an upper-case UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetId(pub(crate) Arc<str>);

/// The record name of a `CPLMaster`, in base64: Apple's checksum of the original.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MasterId(pub(crate) Arc<str>);

macro_rules! record_name {
    ($name:ident) => {
        impl $name {
            /// A record name as Apple gave it.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The record name as Apple gave it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
    };
}

record_name!(AssetId);
record_name!(MasterId);

/// How much a listing asks for about each asset. Less makes answers smaller and quicker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Fields {
    /// What a download needs: names, dates, types, flags, and the files of the roles asked for.
    Basic,
    /// All that has an accessor, and what metadata files are written from.
    #[default]
    Full,
    /// Whatever Apple has; what this version does not model is in [`Asset::raw`]. The roles asked for are ignored.
    Everything,
}

/// What kind of thing an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// A still, animated ones too.
    Photo,
    /// A film.
    Video,
    /// Apple does not say.
    Unknown,
}

/// How an asset was made, by `assetSubtypeV2`, else `assetSubtype`, else `adjustmentRenderType`.
///
/// Live, screenshot and time-lapse are recorded facts; the others are what one client reads (protocol notes 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subtype {
    /// In no special way.
    Plain,
    /// A Live Photo.
    Live,
    /// A screenshot.
    Screenshot,
    /// A panorama.
    Panorama,
    /// A slow-motion video.
    SloMo,
    /// A time-lapse video.
    TimeLapse,
    /// A photo with the portrait effect.
    Portrait,
    /// A Live Photo with the long-exposure effect.
    LongExposure,
    /// A value this version does not know.
    Unknown(i64),
}

/// One photo or video of a library, with everything the listing said about it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Asset(pub(crate) Arc<AssetData>);

#[derive(Debug)]
pub(crate) struct AssetData {
    pub(crate) id: AssetId,
    pub(crate) master: MasterId,
    pub(crate) library: LibraryId,
    pub(crate) change_tag: Option<String>,
    pub(crate) filename: Filename,
    pub(crate) media_type: Option<String>,
    pub(crate) kind: MediaKind,
    pub(crate) created_ms: Option<i64>,
    pub(crate) added_ms: Option<i64>,
    pub(crate) utc_offset: Option<UtcOffset>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) details: Details,
    pub(crate) raw: RawFields,
}

/// What only some callers ask for. Property lists stay encoded until somebody looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    pub(crate) favorite: bool,
    pub(crate) hidden: bool,
    pub(crate) trashed: bool,
    pub(crate) hdr: bool,
    pub(crate) expunge_ms: Option<i64>,
    pub(crate) time_zone: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) latitude: Option<f64>,
    pub(crate) longitude: Option<f64>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) keywords: Option<String>,
    pub(crate) burst_id: Option<String>,
    pub(crate) burst_flags: Option<i64>,
    pub(crate) burst_flags_ext: Option<i64>,
    pub(crate) subtype: Option<i64>,
    pub(crate) subtype_v2: Option<i64>,
    pub(crate) adjustment_type: Option<String>,
    pub(crate) render_type: Option<i64>,
    pub(crate) orientation: Option<u8>,
    pub(crate) original_orientation: Option<u8>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) live_duration: Ratio,
    pub(crate) live_still: Ratio,
    pub(crate) contributors: Vec<String>,
}

/// Seconds as `value / scale`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ratio {
    pub(crate) value: Option<i64>,
    pub(crate) scale: Option<i64>,
}

/// Fields this version does not model, as JSON text.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawFields(Vec<(Box<str>, Box<RawValue>)>);

impl Asset {
    pub(crate) fn new(data: AssetData) -> Self {
        Self(Arc::new(data))
    }

    /// The `CPLAsset` record name: what identifies this photo in its library.
    pub fn id(&self) -> &AssetId {
        &self.0.id
    }

    /// The `CPLMaster` record name; shared by duplicates.
    pub fn master_id(&self) -> &MasterId {
        &self.0.master
    }

    /// The library it was listed in.
    pub fn library(&self) -> &LibraryId {
        &self.0.library
    }

    /// The version of the `CPLAsset` record, which a change of it must name.
    pub fn change_tag(&self) -> Option<&str> {
        self.0.change_tag.as_deref()
    }

    /// The name it was imported under.
    pub fn filename(&self) -> &Filename {
        &self.0.filename
    }

    /// Uniform type identifier of the original (`itemType`), if given; empty where Apple gives null.
    pub fn media_type(&self) -> Option<&str> {
        self.0.media_type.as_deref()
    }

    /// Photo or video, by `dataClassType`, else by the type, else by the name's extension.
    pub fn kind(&self) -> MediaKind {
        self.0.kind
    }

    /// How it was made.
    pub fn subtype(&self) -> Subtype {
        let details = &self.0.details;
        let render = details.render_type.unwrap_or(0);
        let made = [details.subtype_v2, details.subtype].into_iter().flatten().find(|value| *value != 0);
        match made {
            Some(2) if render & 4 != 0 => Subtype::LongExposure,
            Some(2) => Subtype::Live,
            Some(3) => Subtype::Screenshot,
            Some(1) => Subtype::Panorama,
            Some(100) => Subtype::SloMo,
            Some(101) => Subtype::TimeLapse,
            Some(other) => Subtype::Unknown(other),
            None if render & 2 != 0 => Subtype::Portrait,
            None => Subtype::Plain,
        }
    }

    /// `assetDate` as it came: milliseconds since 1970, UTC. It may be absurd; see [`Asset::created`].
    pub fn created_ms(&self) -> Option<i64> {
        self.0.created_ms
    }

    /// When the photo was taken, in the asset's own offset from UTC where known. `None` if Apple has no date, or one
    /// outside the years 1 to 9999, or the year-1 value that stands for "no date".
    pub fn created(&self) -> Option<OffsetDateTime> {
        date(self.0.created_ms, self.0.utc_offset)
    }

    /// When it came into the library, in UTC.
    pub fn added(&self) -> Option<OffsetDateTime> {
        self.0.added_ms.and_then(instant)
    }

    /// The offset from UTC where the photo was taken.
    pub fn utc_offset(&self) -> Option<UtcOffset> {
        self.0.utc_offset
    }

    /// The name of the time zone where the photo was taken, such as `Asia/Taipei` or `GMT+0800`.
    pub fn time_zone(&self) -> Option<&str> {
        self.0.details.time_zone.as_deref()
    }

    /// Where the photo was taken. Decoded at each call.
    pub fn location(&self) -> Option<Location> {
        let details = &self.0.details;
        let measured = details.location.as_deref().and_then(Location::read);
        measured.or_else(|| Location::at(details.latitude?, details.longitude?))
    }

    /// The title (`captionEnc`).
    pub fn title(&self) -> Option<&str> {
        self.0.details.title.as_deref()
    }

    /// The description, which Photos calls caption (`extendedDescEnc`).
    pub fn description(&self) -> Option<&str> {
        self.0.details.description.as_deref()
    }

    /// The keywords. Decoded at each call.
    pub fn keywords(&self) -> Vec<String> {
        let list = self.0.details.keywords.as_deref().and_then(location::property_list);
        let words = list.and_then(plist::Value::into_array).unwrap_or_default();
        words.into_iter().filter_map(plist::Value::into_string).collect()
    }

    /// Marked with a heart.
    pub fn is_favorite(&self) -> bool {
        self.0.details.favorite
    }

    /// In the Hidden album.
    pub fn is_hidden(&self) -> bool {
        self.0.details.hidden
    }

    /// In Recently Deleted.
    pub fn is_trashed(&self) -> bool {
        self.0.details.trashed
    }

    /// When iCloud will remove it for good, if it is in Recently Deleted.
    pub fn expunges_at(&self) -> Option<OffsetDateTime> {
        self.0.details.expunge_ms.and_then(instant)
    }

    /// What the shots of one burst have in common.
    pub fn burst_id(&self) -> Option<&str> {
        self.0.details.burst_id.as_deref()
    }

    /// `burstFlags` and `burstFlagsExt` as they came; their bits are not known.
    pub fn burst_flags(&self) -> (Option<i64>, Option<i64>) {
        (self.0.details.burst_flags, self.0.details.burst_flags_ext)
    }

    /// What edited it, such as `com.apple.photo`; `None` if it is as it was taken.
    pub fn adjustment_type(&self) -> Option<&str> {
        self.0.details.adjustment_type.as_deref()
    }

    /// True if somebody edited it. The slow motion of a video is no edit, and has no file of its own.
    pub fn is_edited(&self) -> bool {
        self.adjustment_type().is_some_and(|kind| kind != "com.apple.video.slomo")
    }

    /// High dynamic range.
    pub fn is_hdr(&self) -> bool {
        self.0.details.hdr
    }

    /// EXIF orientation, 1 to 8, of the current version.
    pub fn orientation(&self) -> Option<u8> {
        self.0.details.orientation
    }

    /// EXIF orientation, 1 to 8, of the original.
    pub fn original_orientation(&self) -> Option<u8> {
        self.0.details.original_orientation
    }

    /// Width and height of the original in pixels, as stored (before rotation).
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        let original = self.resource(Role::Original)?;
        Some((original.width?, original.height?))
    }

    /// How long a video is; `None` for a still.
    pub fn duration(&self) -> Option<Duration> {
        self.0.details.duration_ms.filter(|ms| *ms > 0).map(Duration::from_millis)
    }

    /// How long the movie of a Live Photo is.
    pub fn live_duration(&self) -> Option<Duration> {
        self.0.details.live_duration.seconds()
    }

    /// Where in its movie the still of a Live Photo lies.
    pub fn live_still_at(&self) -> Option<Duration> {
        self.0.details.live_still.seconds()
    }

    /// Record names of the people who put it into a shared library.
    pub fn contributors(&self) -> &[String] {
        &self.0.details.contributors
    }

    /// The files of this asset that Apple describes, of the roles that were asked for.
    pub fn resources(&self) -> &[Resource] {
        &self.0.resources
    }

    /// The file of one role.
    pub fn resource(&self, role: Role) -> Option<&Resource> {
        self.0.resources.iter().find(|resource| resource.role == role)
    }

    /// Fields this version does not model: name, and JSON exactly as Apple sent it (`{"value": ..., "type": ...}`).
    /// Those of the `CPLAsset` come first. Only [`Fields::Everything`] asks for all there are.
    pub fn raw(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.raw.0.iter().map(|(name, value)| (&**name, value.get()))
    }
}

/// Milliseconds that stand for "no date": year 1, by two calendars (protocol notes 6.2).
const NO_DATE: [i64; 2] = [-62_135_769_600_000, -62_135_596_800_000];

/// [`Asset::created`], of what is remembered of an asset.
pub(crate) fn date(created_ms: Option<i64>, offset: Option<UtcOffset>) -> Option<OffsetDateTime> {
    let utc = created_ms.filter(|ms| !NO_DATE.contains(ms)).and_then(instant)?;
    let local = utc.checked_to_offset(offset.unwrap_or(UtcOffset::UTC))?;
    (1..=9999).contains(&local.year()).then_some(local)
}

fn instant(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

/// Reads bytes as an answer of the photo database and decodes everything in it, for fuzzing. Nothing is returned.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub fn parse_page(bytes: &[u8]) {
    use crate::library::LibraryIdData;
    use crate::session::Database;

    let Ok(page) = record::parse_page(bytes) else { return };
    let id = LibraryIdData { database: Database::Private, zone: String::new(), owner: None };
    for asset in listing::join_all(page.assets, page.masters, &page.failures, &LibraryId(Arc::new(id)))
        .iter()
        .flatten()
    {
        let _ = (asset.created(), asset.added(), asset.expunges_at(), asset.location(), asset.keywords());
        let _ = (asset.subtype(), asset.duration(), asset.live_duration(), asset.live_still_at());
    }
}

/// An asset of these fields of its `CPLAsset` record, as JSON.
#[cfg(test)]
pub(crate) fn of_fields(fields: &serde_json::Value) -> Asset {
    use crate::library::LibraryIdData;
    use crate::session::Database;

    let record = serde_json::json!({ "recordName": "F2A2", "recordType": "CPLAsset", "fields": fields });
    let id = LibraryIdData { database: Database::Private, zone: "PrimarySync".to_owned(), owner: None };
    let master = record::MasterPart::hollow(MasterId::new("AY6c"));
    record::read_asset(&record.to_string()).unwrap().join(master, &LibraryId(Arc::new(id)))
}

impl Ratio {
    fn seconds(self) -> Option<Duration> {
        let (value, scale) = (self.value?, self.scale.filter(|scale| *scale > 0)?);
        Duration::try_from_secs_f64(value as f64 / scale as f64).ok().filter(|time| !time.is_zero())
    }
}

impl RawFields {
    fn push(&mut self, name: &str, value: &RawValue) {
        self.0.push((name.into(), value.to_owned()));
    }

    fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}
