//! `records/modify` (protocol page, 8).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::json::Keys;
use super::query::{MAX_RECORDS, push_error};
use super::random::{bytes, hash};
use super::record::{Writer, tag};
use super::reply::Fault;
use super::zone::{Album, Database, Place, Zone, dashed};
use super::{Call, State, token};

/// One operation, checked, ready to be carried out.
enum Action {
    Asset(u32, Vec<(AssetField, bool)>),
    Album(u32, AlbumChange),
    NewAlbum(Box<Album>),
    Enter(u32, u32),
    Leave(u32, u32),
}

#[derive(Clone, Copy)]
enum AssetField {
    Deleted,
    Favourite,
    Hidden,
}

#[derive(Default)]
struct AlbumChange {
    title: Option<String>,
    deleted: bool,
}

impl State {
    /// Answers `records/modify`: checks every operation first, then carries them out.
    pub(super) fn modify(
        &mut self,
        call: &Call<'_>,
        database: Database,
        body: &Value,
    ) -> Result<String, Fault> {
        let operations = body["operations"].as_array();
        let operations = operations.ok_or_else(|| Fault::bad_request("missing operations"))?;
        if operations.len() as u64 > MAX_RECORDS {
            return Err(Fault::bad_request("limit of 200 operations exceeded"));
        }
        let name = self.zone(database, &body["zoneID"])?.name.clone();
        self.clock += 1;
        let clock = self.clock;
        let zones = &mut self.zones;
        let zone = zones.iter_mut().find(|zone| zone.name == name && zone.database == database);
        let zone = zone.ok_or_else(Fault::zone_not_found)?;
        let mut checked: Vec<Result<Action, Fault>> =
            operations.iter().map(|operation| check(zone, call, operation)).collect();
        if body["atomic"].as_bool().unwrap_or(false) && checked.iter().any(Result::is_err) {
            for result in checked.iter_mut().filter(|result| result.is_ok()) {
                let reason = "Another operation of the batch failed";
                *result = Err(Fault { code: "ATOMIC_ERROR", ..Fault::bad_request(reason) });
            }
        }
        let done: Vec<Result<Place, Fault>> = checked
            .into_iter()
            .map(|result| result.map(|action| carry_out(zone, action, call.now_ms)))
            .collect();
        if done.iter().any(Result::is_ok) {
            zone.note(Place::Info);
            zone.touched = clock;
        }
        let keys = Keys::from_request(&body["desiredKeys"]);
        let links = call.links(zone, &self.switches);
        let writer = Writer { zone, keys: &keys, links: &links, with_zone: false };
        let mut records = String::new();
        for (operation, place) in operations.iter().zip(&done) {
            push_result(&writer, &mut records, &operation["record"], place);
        }
        let token = token::of_head(zone);
        Ok(format!("{{\"records\":[{records}],\"syncToken\":\"{token}\"}}"))
    }
}

fn push_result(writer: &Writer<'_>, out: &mut String, record: &Value, result: &Result<Place, Fault>) {
    let name = record["recordName"].as_str().unwrap_or_default();
    match result {
        Err(fault) => push_error(out, name, fault),
        Ok(place) => {
            if !writer.push(out, *place) {
                let comma = if out.is_empty() { "" } else { "," };
                out.push_str(&format!("{comma}{{\"recordName\":{},\"deleted\":true}}", Value::from(name)));
            }
        }
    }
}

/// What an operation asks for, or why it cannot be.
fn check(zone: &Zone, call: &Call<'_>, operation: &Value) -> Result<Action, Fault> {
    let record = &operation["record"];
    let name = record["recordName"].as_str();
    let kind = record["recordType"].as_str().unwrap_or_default();
    let found = name.and_then(|name| zone.find(name)).filter(|place| zone.exists(*place));
    match (operation["operationType"].as_str().unwrap_or_default(), kind, found) {
        ("update", "CPLAsset", Some(Place::Asset(asset))) => {
            check_tag(record, zone.assets[asset as usize].changed)?;
            Ok(Action::Asset(asset, asset_fields(&record["fields"])?))
        }
        ("update", "CPLAlbum", Some(Place::Album(album))) => {
            check_tag(record, zone.albums[album as usize].changed)?;
            Ok(Action::Album(album, album_change(&record["fields"])?))
        }
        ("update", _, None) => Err(Fault::not_found()),
        ("create", _, Some(_)) => Err(Fault::conflict("EXISTS", "Record exists")),
        ("create", "CPLAlbum", None) => Ok(Action::NewAlbum(new_album(zone, call, record)?.into())),
        ("create", "CPLContainerRelation", None) => {
            let text = |field: &str| record["fields"][field]["value"].as_str().unwrap_or_default();
            let asset = zone.asset_place(text("itemId")).filter(|asset| zone.exists(Place::Asset(*asset)));
            match (zone.album_place(text("containerId")), asset) {
                (Some(album), Some(asset)) => Ok(Action::Enter(album, asset)),
                _ => Err(Fault::conflict("VALIDATING_REFERENCE_ERROR", "No such album or photo")),
            }
        }
        ("forceDelete", _, Some(Place::Member(album, asset))) => Ok(Action::Leave(album, asset)),
        ("forceDelete", _, None) => Err(Fault::not_found()),
        _ => Err(Fault::bad_request("the fake does not know this operation")),
    }
}

/// A tag that is given must be the last one.
fn check_tag(record: &Value, changed: u32) -> Result<(), Fault> {
    match record["recordChangeTag"].as_str() {
        Some(given) if given != tag(changed) => {
            Err(Fault::conflict("CONFLICT", "client oplock error updating record"))
        }
        _ => Ok(()),
    }
}

fn asset_fields(fields: &Value) -> Result<Vec<(AssetField, bool)>, Fault> {
    let fields = fields.as_object().ok_or_else(|| Fault::bad_request("missing fields"))?;
    let known = |name: &str| match name {
        "isDeleted" => Some(AssetField::Deleted),
        "isFavorite" => Some(AssetField::Favourite),
        "isHidden" => Some(AssetField::Hidden),
        _ => None,
    };
    let each = fields.iter().map(|(name, field)| {
        let value = field["value"].as_i64().map(|value| value != 0);
        match (known(name), value) {
            (Some(field), Some(value)) => Ok((field, value)),
            _ => Err(Fault::bad_request(format!("cannot set {name}"))),
        }
    });
    each.collect()
}

fn album_change(fields: &Value) -> Result<AlbumChange, Fault> {
    Ok(AlbumChange {
        title: title(fields)?,
        deleted: fields["isDeleted"]["value"].as_i64() == Some(1) || fields["isDeleted"]["value"] == true,
    })
}

fn title(fields: &Value) -> Result<Option<String>, Fault> {
    let Some(encoded) = fields["albumNameEnc"]["value"].as_str() else { return Ok(None) };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.map(Some).ok_or_else(|| Fault::bad_request("albumNameEnc is not base64 of UTF-8"))
}

fn new_album(zone: &Zone, call: &Call<'_>, record: &Value) -> Result<Album, Fault> {
    let fields = &record["fields"];
    let made_up = || dashed(&bytes(hash(&[zone.key, u64::from(zone.head()), 41])));
    let parent = fields["parentId"]["value"].as_str().map(str::to_owned);
    if parent.as_ref().is_some_and(|id| zone.album_place(id).is_none()) {
        return Err(Fault::conflict("VALIDATING_REFERENCE_ERROR", "No such folder"));
    }
    Ok(Album {
        id: record["recordName"].as_str().map_or_else(made_up, str::to_owned),
        title: title(fields)?,
        folder: fields["albumType"]["value"].as_i64() == Some(3),
        parent,
        position: fields["position"]["value"].as_i64().unwrap_or(0),
        by_date: fields["sortType"]["value"].as_i64() == Some(1),
        modified: call.now_ms,
        trashed: None,
        by_web: true,
        changed: 0,
        members: Default::default(),
    })
}

fn carry_out(zone: &mut Zone, action: Action, now: i64) -> Place {
    match action {
        Action::Asset(asset, fields) => {
            for (field, value) in fields {
                match field {
                    AssetField::Deleted => zone.set_trashed(asset, value.then_some(now)),
                    AssetField::Favourite => zone.assets[asset as usize].favourite = value,
                    AssetField::Hidden => zone.assets[asset as usize].hidden = value,
                }
            }
            zone.touch_asset(asset, now, true);
            Place::Asset(asset)
        }
        Action::Album(album, change) => {
            let record = &mut zone.albums[album as usize];
            record.title = change.title.or(record.title.take());
            record.trashed = change.deleted.then_some(now);
            touch_album(zone, album, now)
        }
        Action::NewAlbum(album) => {
            zone.albums.push(*album);
            touch_album(zone, zone.albums.len() as u32 - 1, now)
        }
        Action::Enter(album, asset) => {
            zone.enter_album(album, asset, now);
            touch_album(zone, album, now);
            Place::Member(album, asset)
        }
        Action::Leave(album, asset) => {
            zone.leave_album(album, asset);
            touch_album(zone, album, now);
            Place::Member(album, asset)
        }
    }
}

fn touch_album(zone: &mut Zone, album: u32, now: i64) -> Place {
    let record = &mut zone.albums[album as usize];
    record.modified = now;
    record.by_web = true;
    zone.note(Place::Album(album));
    Place::Album(album)
}
