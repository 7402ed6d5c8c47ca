//! What the library really holds, for tests to compare with.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::asset::{Asset, Flaw, Master, Resource};
use super::blob::Blob;
use super::link::Links;
use super::zone::{Database, Purpose, Zone};
use super::{Context, Library};

#[derive(Serialize)]
struct ZoneTruth<'a> {
    zone: &'a str,
    database: &'static str,
    albums: Vec<AlbumTruth<'a>>,
}

#[derive(Serialize)]
struct AlbumTruth<'a> {
    id: &'a str,
    title: Option<&'a str>,
    folder: bool,
    parent: Option<&'a str>,
    assets: usize,
}

#[derive(Serialize)]
struct AssetTruth<'a> {
    id: String,
    master: String,
    zone: &'a str,
    /// The UTI of the original.
    kind: &'static str,
    name: Option<String>,
    date: Option<i64>,
    added: i64,
    zone_offset: i32,
    favourite: bool,
    hidden: bool,
    deleted: bool,
    live: bool,
    edited: bool,
    /// What is wrong with the records, if anything.
    flaw: Option<String>,
    /// Names of another asset with the same name, date and length, but other bytes.
    twin: Option<String>,
    albums: Vec<&'a str>,
    resources: Vec<ResourceTruth>,
}

#[derive(Serialize)]
struct ResourceTruth {
    family: &'static str,
    kind: &'static str,
    size: u64,
    /// As the record shows it.
    #[serde(rename = "fileChecksum")]
    checksum: String,
    /// Whether the checksum is that of the bytes.
    proven: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl Library {
    /// All there is to know, as one value: `{"zones": [...], "assets": [...]}`.
    pub fn truth(&self) -> Value {
        let mut text = Vec::new();
        // Into memory, nothing can fail.
        let _ = self.write_truth(&mut text, false);
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the same, asset by asset; with the SHA-256 of every file when asked, which reads all of them.
    pub fn write_truth(&self, mut out: impl io::Write, with_sha256: bool) -> io::Result<()> {
        let state = self.read();
        let zones: Vec<ZoneTruth<'_>> = state.zones.iter().map(zone_truth).collect();
        out.write_all(b"{\"zones\":")?;
        serde_json::to_writer(&mut out, &zones)?;
        out.write_all(b",\"assets\":[")?;
        let mut first = true;
        for zone in &state.zones {
            let twins = twins(zone);
            for (place, asset) in zone.assets.iter().enumerate().filter(|(_, asset)| !asset.purged) {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                let mut truth = asset_truth(zone, place as u32, asset, with_sha256);
                truth.twin = twins.get(&(place as u32)).map(|twin| zone.asset_id(*twin));
                serde_json::to_writer(&mut out, &truth)?;
            }
        }
        out.write_all(b"]}")
    }
}

impl Library {
    /// Writes a fresh link to every original that the personal library shows, one a line.
    pub fn write_links(&self, context: &Context, mut out: impl io::Write) -> io::Result<()> {
        let state = self.read();
        let base_url = &context.base_url;
        let expires = context.now_ms / 1000 + state.switches.link_lifetime;
        for zone in state.zones.iter().filter(|zone| zone.purpose == Purpose::Personal) {
            let links = Links { base_url, secret: self.key, request: "links", expires, zone: &zone.name };
            for asset in zone.assets.iter().filter(|asset| asset.is_shown()) {
                let master = &zone.masters[asset.master as usize];
                writeln!(out, "{}", links.link(&master.original(), &master.checksum))?;
            }
        }
        Ok(())
    }
}

fn zone_truth(zone: &Zone) -> ZoneTruth<'_> {
    let albums = zone.albums.iter().filter(|album| album.trashed.is_none()).map(|album| AlbumTruth {
        id: &album.id,
        title: album.title.as_deref(),
        folder: album.folder,
        parent: album.parent.as_deref(),
        assets: album.members.keys().filter(|asset| zone.assets[**asset as usize].is_live()).count(),
    });
    let database = if zone.database == Database::Private { "private" } else { "shared" };
    ZoneTruth { zone: &zone.name, database, albums: albums.collect() }
}

/// Assets that share name, date and length with another, and not its bytes.
fn twins(zone: &Zone) -> std::collections::HashMap<u32, u32> {
    let mut seen = std::collections::HashMap::new();
    let mut twins = std::collections::HashMap::new();
    for (place, asset) in zone.assets.iter().enumerate().filter(|(_, asset)| !asset.purged) {
        let master = &zone.masters[asset.master as usize];
        let key = (master.file_name(), asset.date, master.size);
        let (other, bytes) = *seen.entry(key).or_insert((place as u32, master.key));
        if bytes != master.key {
            twins.insert(place as u32, other);
            twins.insert(other, place as u32);
        }
    }
    twins
}

fn asset_truth<'a>(zone: &'a Zone, place: u32, asset: &Asset, with_sha256: bool) -> AssetTruth<'a> {
    let master: &Master = zone.master_of(place);
    let mut resources = Vec::new();
    let mut each = |resource: Resource| resources.push(resource_truth(&resource, with_sha256));
    master.resources(&mut each);
    asset.resources(master, &mut each);
    let albums = zone.albums.iter().filter(|album| album.members.contains_key(&place));
    AssetTruth {
        id: zone.asset_id(place),
        master: master.record_name(),
        zone: &zone.name,
        kind: master.uti.name,
        name: master.file_name(),
        date: asset.date,
        added: asset.added,
        zone_offset: asset.zone_offset,
        favourite: asset.favourite,
        hidden: asset.hidden,
        deleted: asset.trashed.is_some(),
        live: master.live,
        edited: asset.renders > 0,
        flaw: (master.flaw != Flaw::None).then(|| format!("{:?}", master.flaw)),
        twin: None,
        albums: albums.map(|album| album.id.as_str()).collect(),
        resources,
    }
}

fn resource_truth(resource: &Resource, with_sha256: bool) -> ResourceTruth {
    let real = resource.blob.checksum();
    let shown = resource.checksum.unwrap_or(real);
    ResourceTruth {
        family: resource.prefix,
        kind: resource.uti.name,
        size: resource.blob.size,
        checksum: STANDARD.encode(shown),
        proven: shown == real,
        sha256: with_sha256.then(|| sha256(&resource.blob)),
    }
}

fn sha256(blob: &Blob) -> String {
    use std::fmt::Write;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut at = 0;
    while at < blob.size {
        let n = (blob.size - at).min(buffer.len() as u64) as usize;
        blob.read(at, &mut buffer[..n]);
        hasher.update(&buffer[..n]);
        at += n as u64;
    }
    hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
