//! Records as they go over the wire (protocol page, 5.13 and 6).

use std::fmt::Write;

use super::asset::{Asset, Edit, Flaw, Master, Name, Resource, Subtype};
use super::json::{Fields, Keys, push_int, push_plain, push_text};
use super::link::Links;
use super::metadata;
use super::zone::{Album, DAY, Member, Place, Zone};

/// What it takes to write records of one zone into an answer.
pub(super) struct Writer<'a> {
    pub(super) zone: &'a Zone,
    pub(super) keys: &'a Keys,
    pub(super) links: &'a Links<'a>,
    /// `records/modify` leaves the zone out.
    pub(super) with_zone: bool,
}

/// Who wrote a record, and when.
struct Stamp {
    created: i64,
    modified: i64,
    by_web: bool,
    trashed: Option<i64>,
    changed: u32,
}

impl Writer<'_> {
    /// Appends a record to a list of records; nothing when there is no such record.
    pub(super) fn push(&self, out: &mut String, place: Place) -> bool {
        if !self.zone.exists(place) {
            return false;
        }
        if !out.is_empty() && !out.ends_with('[') {
            out.push(',');
        }
        match place {
            Place::Master(i) => self.master(out, &self.zone.masters[i as usize]),
            Place::Asset(i) => self.asset(out, i, &self.zone.assets[i as usize]),
            Place::Album(i) => self.album(out, &self.zone.albums[i as usize]),
            Place::Member(album, asset) => {
                if let Some(member) = self.zone.albums[album as usize].members.get(&asset) {
                    self.member(out, album, asset, member);
                }
            }
            Place::Info => self.info(out),
        }
        true
    }

    fn record(
        &self,
        out: &mut String,
        name: &str,
        kind: &str,
        stamp: &Stamp,
        fill: impl FnOnce(&mut Fields<'_>),
    ) {
        let _ = write!(out, "{{\"recordName\":\"{name}\",\"recordType\":\"{kind}\",\"fields\":");
        let mut fields = Fields::begin(out, self.keys);
        fill(&mut fields);
        fields.end();
        out.push_str(",\"pluginFields\":{},\"recordChangeTag\":\"");
        push_tag(out, stamp.changed);
        let (owner, device) = (&self.zone.owner, &self.zone.device);
        let writer = if stamp.by_web { "2" } else { device };
        let _ = write!(
            out,
            "\",\"created\":{{\"timestamp\":{},\"userRecordName\":\"{owner}\",\"deviceID\":\"{device}\"}},\
             \"modified\":{{\"timestamp\":{},\"userRecordName\":\"{owner}\",\"deviceID\":\"{writer}\"}},\
             \"deleted\":false",
            stamp.created, stamp.modified,
        );
        if self.with_zone {
            out.push_str(",\"zoneID\":");
            self.zone.push_id(out);
        }
        if let Some(trashed) = stamp.trashed {
            let _ = write!(out, ",\"expirationTime\":{}", (trashed + 40 * DAY) / 1000);
        }
        out.push('}');
    }

    fn master(&self, out: &mut String, master: &Master) {
        let created = metadata::import_date(master);
        let stamp = Stamp {
            created,
            modified: master.trashed.unwrap_or(created),
            by_web: false,
            trashed: master.trashed,
            changed: master.changed,
        };
        self.record(out, &master.record_name(), "CPLMaster", &stamp, |fields| {
            match master.flaw {
                Flaw::NoItemType => {}
                Flaw::NullItemType => fields.field("itemType", "STRING", |out| out.push_str("null")),
                _ => fields.text("itemType", master.item_type()),
            }
            push_name(fields, master);
            fields.int("dataClassType", master.uti.class);
            fields.int("originalOrientation", i64::from(master.orientation));
            fields.time("originalCreationDate", created);
            fields.time("importDate", created);
            if let Some(trashed) = master.trashed {
                fields.int("isDeleted", 1);
                fields.time("dateExpunged", trashed + 30 * DAY);
            }
            if master.flaw == Flaw::Strange {
                fields.untyped("videoFrameRate", "0");
                fields.field("resVidHDRMedWidth", "INT64", |out| out.push_str("1920"));
                fields.field("quantumState", "SUPERPOSITION_LIST", |out| out.push_str("[{\"a\":[null]}]"));
            }
            self.shared(fields);
            master.resources(&mut |resource| self.resource(fields, &resource, master.flaw));
        });
    }

    fn asset(&self, out: &mut String, place: u32, asset: &Asset) {
        let master = self.zone.master_of(place);
        let stamp = Stamp {
            created: asset.added,
            modified: asset.modified,
            by_web: asset.by_web,
            trashed: asset.trashed,
            changed: asset.changed,
        };
        self.record(out, &self.zone.asset_id(place), "CPLAsset", &stamp, |fields| {
            fields.field("masterRef", "REFERENCE", |out| {
                out.push_str("{\"recordName\":");
                push_plain(out, &master.record_name());
                out.push_str(",\"action\":\"DELETE_SELF\",\"zoneID\":");
                self.zone.push_id(out);
                out.push('}');
            });
            push_dates(fields, asset, master);
            push_flags(fields, asset, master);
            push_edit(fields, asset);
            metadata::push(fields, asset, master);
            self.shared(fields);
            asset.resources(master, &mut |resource| self.resource(fields, &resource, Flaw::None));
        });
    }

    /// Fields that only records of a Shared Photo Library have.
    fn shared(&self, fields: &mut Fields<'_>) {
        if self.zone.purpose == super::zone::Purpose::Shared {
            fields.field("contributors", "REFERENCE_LIST", |out| {
                let _ =
                    write!(out, "[{{\"recordName\":\"{}\",\"action\":\"NONE\",\"zoneID\":", self.zone.owner);
                self.zone.push_id(out);
                out.push_str("}]");
            });
        }
    }

    fn resource(&self, fields: &mut Fields<'_>, resource: &Resource, flaw: Flaw) {
        let Resource { prefix, uti, blob, .. } = resource;
        let original = *prefix == "resOriginal";
        fields.member(prefix, "Width", "INT64", |out| push_int(out, i64::from(resource.width)));
        fields.member(prefix, "Height", "INT64", |out| push_int(out, i64::from(resource.height)));
        if !(original && flaw == Flaw::NoFileType) {
            fields.member(prefix, "FileType", "STRING", |out| push_plain(out, uti.name));
        }
        fields.member(prefix, "FileSize", "INT64", |out| push_int(out, blob.size as i64));
        let mut known = resource.checksum;
        let mut checksum = || *known.get_or_insert_with(|| blob.checksum());
        fields.member(prefix, "Fingerprint", "STRING", |out| super::json::push_base64(out, &checksum()));
        fields.member(prefix, "Res", "ASSETID", |out| {
            let no_link = resource.no_link || original && flaw == Flaw::NoLink;
            self.links.push_asset(out, blob, &checksum(), !no_link);
        });
    }

    fn album(&self, out: &mut String, album: &Album) {
        let stamp = Stamp {
            created: album.modified,
            modified: album.modified,
            by_web: album.by_web,
            trashed: album.trashed,
            changed: album.changed,
        };
        self.record(out, &album.id, "CPLAlbum", &stamp, |fields| {
            fields.time("recordModificationDate", album.modified);
            fields.int("sortAscending", 1);
            fields.int("sortType", i64::from(album.by_date));
            fields.int("albumType", if album.folder { 3 } else { 0 });
            fields.int("position", album.position);
            fields.int("sortTypeExt", 0);
            if let Some(title) = &album.title {
                fields.bytes("albumNameEnc", title.as_bytes());
            }
            if let Some(parent) = &album.parent {
                fields.text("parentId", parent);
            }
            if let Some(trashed) = album.trashed {
                fields.int("isDeleted", 1);
                fields.time("dateExpunged", trashed + 30 * DAY);
            }
        });
    }

    fn member(&self, out: &mut String, album: u32, asset: u32, member: &Member) {
        let stamp = Stamp {
            created: member.added,
            modified: member.added,
            by_web: false,
            trashed: None,
            changed: member.changed,
        };
        let name = self.zone.member_name(album, asset);
        self.record(out, &name, "CPLContainerRelation", &stamp, |fields| {
            fields.text("itemId", &self.zone.asset_id(asset));
            fields.text("containerId", &self.zone.albums[album as usize].id);
            fields.int("position", member.position);
            fields.int("isKeyAsset", 0);
            fields.time("recordModificationDate", member.added);
        });
    }

    fn info(&self, out: &mut String) {
        let zone = self.zone;
        let count = |keep: &dyn Fn(&Asset, &Master) -> bool| {
            let live = (0..zone.assets.len() as u32).filter(|i| zone.assets[*i as usize].is_live());
            live.filter(|i| keep(&zone.assets[*i as usize], zone.master_of(*i))).count() as i64
        };
        let stamp =
            Stamp { created: 0, modified: 0, by_web: false, trashed: None, changed: zone.info_changed };
        self.record(out, &zone.info_name(), "CPLLibraryInfo", &stamp, |fields| {
            fields.int("photosCount", count(&|asset, master| !asset.hidden && !master.is_video()));
            fields.int("videosCount", count(&|asset, master| !asset.hidden && master.is_video()));
            fields.int("hiddenPhotosCount", count(&|asset, master| asset.hidden && !master.is_video()));
            fields.int("hiddenVideosCount", count(&|asset, master| asset.hidden && master.is_video()));
            let albums = zone.albums.iter().filter(|a| a.trashed.is_none() && !a.folder).count();
            fields.int("albumsCount", albums as i64);
        });
    }
}

impl Zone {
    /// Writes the `zoneID`.
    pub(super) fn push_id(&self, out: &mut String) {
        let _ = write!(
            out,
            "{{\"zoneName\":\"{}\",\"ownerRecordName\":\"{}\",\"zoneType\":\"REGULAR_CUSTOM_ZONE\"}}",
            self.name, self.owner
        );
    }
}

fn push_name(fields: &mut Fields<'_>, master: &Master) {
    if let Some(raw) = master.exact.as_ref().and_then(|exact| exact.raw_name.as_ref()) {
        return fields.field("filenameEnc", "ENCRYPTED_BYTES", |out| push_text(out, raw));
    }
    match &master.name {
        Name::Missing => {}
        Name::Clear(text) => fields.text("filenameEnc", text),
        Name::BadBase64 => fields.field("filenameEnc", "ENCRYPTED_BYTES", |out| {
            push_plain(out, "aS9uIHY6YQBsKmk/ZFxwPGE+dCJofC5KUE");
        }),
        Name::BadUtf8 => fields.field("filenameEnc", "ENCRYPTED_BYTES", |out| push_plain(out, "abcdefgh")),
        Name::Serial(_) | Name::Text(_) => {
            fields.bytes("filenameEnc", master.file_name().unwrap_or_default().as_bytes());
        }
    }
}

fn push_dates(fields: &mut Fields<'_>, asset: &Asset, master: &Master) {
    let text = asset.exact.as_ref().and_then(|exact| exact.text_date.as_ref());
    match asset.date {
        _ if text.is_some() => fields.text("assetDate", text.map_or("", String::as_str)),
        Some(date) => fields.time("assetDate", date),
        None if master.flaw == Flaw::Strange => {
            fields.field("assetDate", "TIMESTAMP", |out| out.push_str("null"));
        }
        None => {}
    }
    fields.time("addedDate", asset.added);
    if master.flaw == Flaw::Strange {
        fields.field("timeZoneOffset", "INT64", |out| out.push_str("null"));
    } else {
        fields.int("timeZoneOffset", i64::from(asset.zone_offset));
    }
    if let Some(trashed) = asset.trashed {
        fields.int("isDeleted", 1);
        fields.int("isExpunged", 0);
        fields.time("dateExpunged", trashed + 30 * DAY);
    }
}

fn push_flags(fields: &mut Fields<'_>, asset: &Asset, master: &Master) {
    fields.int("isFavorite", i64::from(asset.favourite));
    fields.int("isHidden", i64::from(asset.hidden));
    fields.int("orientation", i64::from(master.orientation));
    fields.int("duration", if master.is_video() { 1950 } else { 0 });
    let (subtype, subtype_v2) = match asset.subtype {
        Subtype::Panorama => (1, 0),
        Subtype::SlowMotion => (100, 0),
        Subtype::TimeLapse => (101, 101),
        Subtype::Screenshot => (0, 3),
        _ if master.live => (0, 2),
        _ => (0, 0),
    };
    fields.int("assetSubtype", subtype);
    fields.int("assetSubtypeV2", subtype_v2);
    fields.int("assetHDRType", 0);
    fields.int("customRenderedValue", 0);
    fields.int("burstFlags", 0);
    if let Some(burst) = asset.burst {
        fields.int("burstFlagsExt", 0);
        fields.field("burstId", "STRING", |out| {
            push_text(out, &super::random::uuid(u64::from(burst)).to_uppercase());
        });
    }
    let scale = if master.live { 600 } else { 0 };
    fields.int("vidComplDurValue", scale * 2);
    fields.int("vidComplDurScale", scale);
    fields.int("vidComplDispValue", scale);
    fields.int("vidComplDispScale", scale);
    fields.int("vidComplVisibilityState", 0);
}

fn push_edit(fields: &mut Fields<'_>, asset: &Asset) {
    let render_type = match asset.subtype {
        Subtype::Portrait => 2,
        Subtype::LongExposure => 4,
        _ => 0,
    };
    let (kind, edited) = match asset.edit {
        Edit::None => (None, 0),
        Edit::Photos | Edit::PhotosHeic => (Some("com.apple.photo"), 2048),
        Edit::Screenshot => (Some("ScreenshotServices"), 0),
        Edit::SlowMotion => (Some("com.apple.video.slomo"), 0),
    };
    fields.int("adjustmentRenderType", render_type | edited);
    if let Some(kind) = kind {
        fields.text("adjustmentType", kind);
    }
}

/// `recordChangeTag`: a short counter.
fn push_tag(out: &mut String, changed: u32) {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = [0; 8];
    let mut value = changed + 36 * 36;
    let mut at = digits.len();
    while value > 0 {
        at -= 1;
        digits[at] = DIGITS[(value % 36) as usize];
        value /= 36;
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// The tag of the last change at a position.
pub(super) fn tag(changed: u32) -> String {
    let mut out = String::new();
    push_tag(&mut out, changed);
    out
}
