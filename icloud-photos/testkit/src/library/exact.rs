//! Libraries of exact assets: each photo is told field by field, so that a test can have just the one it is about.

use std::sync::Arc;

use serde::Deserialize;

use super::albums;
use super::asset::{Asset, Flaw, Master, Name, Resource};
use super::blob::Blob;
use super::random::{hash, hash_bytes};
use super::uti;
use super::zone::{Place, Zone};

/// One photo of an exact library, as JSON:
///
/// ```json
/// {"name": "IMG_1.HEIC", "kind": "public.heic", "date": 1533021744816,
///  "files": {"resOriginal": {"size": 1884}, "resOriginalVidCompl": {"kind": "com.apple.quicktime-movie", "size": 3294}}}
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExactAsset {
    /// The file name; no `filenameEnc` at all when absent.
    #[serde(default)]
    name: Option<String>,
    /// `filenameEnc` is sent with the type `STRING`.
    #[serde(default)]
    clear_name: bool,
    /// `filenameEnc` as it is sent, in place of the base64 of the name.
    #[serde(default)]
    raw_name: Option<String>,
    /// The record name of the master, if it is not to be the checksum of its original. Two assets with one such name
    /// share the master, which is as the first says.
    #[serde(default)]
    master: Option<String>,
    /// The type: `itemType`, and that of every file without one of its own.
    kind: String,
    /// `itemType`, where it is another than that of the original.
    #[serde(default)]
    item_kind: Option<String>,
    /// `assetDate`, in milliseconds; no such field when absent.
    #[serde(default)]
    date: Option<i64>,
    /// `assetDate`, as a text.
    #[serde(default)]
    text_date: Option<String>,
    /// `timeZoneOffset`, in seconds.
    #[serde(default)]
    offset: i32,
    /// The families of fields of the master, `resOriginal` and so on.
    #[serde(default)]
    files: Vec<ExactFile>,
    /// The families of fields of the asset.
    #[serde(default)]
    own_files: Vec<ExactFile>,
    /// When it was deleted, in milliseconds.
    #[serde(default)]
    deleted: Option<i64>,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    favourite: bool,
    /// It is in the Shared Photo Library.
    #[serde(default)]
    shared: bool,
    /// Titles of albums, which are made in the order they are first named.
    #[serde(default)]
    albums: Vec<String>,
    /// What is wrong with its records.
    #[serde(default)]
    flaw: Flaw,
}

/// One file of a photo.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ExactFile {
    /// `resOriginal`, `resJPEGMed` and so on.
    family: String,
    #[serde(default)]
    kind: Option<String>,
    size: u64,
    /// There is no `downloadURL`.
    #[serde(default)]
    no_link: bool,
}

/// What an exact master or asset has in place of what is computed.
#[derive(Debug, Clone, Default)]
pub(super) struct Exact {
    pub(super) record: Option<String>,
    pub(super) item_type: Option<&'static str>,
    pub(super) raw_name: Option<String>,
    pub(super) text_date: Option<String>,
    pub(super) files: Vec<Resource>,
}

/// Prefixes of families that a record may have.
const FAMILIES: [&str; 9] = [
    "resOriginal",
    "resOriginalAlt",
    "resOriginalVidCompl",
    "resJPEGMed",
    "resJPEGThumb",
    "resJPEGFull",
    "resVidFull",
    "resVidMed",
    "resVidSmall",
];

impl ExactAsset {
    /// Reads a list of assets.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, String> {
        let list: Vec<Self> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for asset in &list {
            asset.check()?;
        }
        Ok(list)
    }

    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    fn check(&self) -> Result<(), String> {
        let kinds = [Some(&self.kind), self.item_kind.as_ref()];
        let files = || self.files.iter().chain(&self.own_files);
        let kinds = kinds.into_iter().chain(files().map(|file| file.kind.as_ref())).flatten();
        if let Some(unknown) = kinds.into_iter().find(|kind| uti::find(kind).is_none()) {
            return Err(format!("there is no type {unknown}"));
        }
        match files().find(|file| !FAMILIES.contains(&file.family.as_str())) {
            Some(file) => Err(format!("there is no family {}", file.family)),
            None => Ok(()),
        }
    }

    fn resources(&self, files: &[ExactFile], key: u64) -> Vec<Resource> {
        let one = |file: &ExactFile| {
            let uti = uti::find(file.kind.as_ref().unwrap_or(&self.kind))?;
            let prefix = FAMILIES.into_iter().find(|family| *family == file.family)?;
            let key = hash(&[key, hash_bytes(prefix.as_bytes())]);
            let blob = Blob { format: uti.format, size: file.size, key };
            Some(Resource {
                prefix,
                uti,
                blob,
                checksum: None,
                width: 400,
                height: 300,
                no_link: file.no_link,
            })
        };
        files.iter().filter_map(one).collect()
    }

    fn master(&self, number: u32, key: u64) -> Master {
        let files = self.resources(&self.files, key);
        let original = files.iter().find(|file| file.prefix == "resOriginal");
        let blob =
            original.map_or(Blob { format: super::format::Format::Opaque, size: 0, key }, |file| file.blob);
        let uti = original.map_or(&uti::JPEG, |file| file.uti);
        let name = match (&self.name, self.clear_name) {
            (Some(name), true) => Name::Clear(name.as_str().into()),
            (Some(name), false) => Name::Text(name.as_str().into()),
            (None, _) => Name::Missing,
        };
        let mut master = Master::new(number, blob.key, blob.size, uti, name);
        master.live = files.iter().any(|file| file.prefix == "resOriginalVidCompl");
        master.flaw = self.flaw;
        master.checksum = blob.checksum();
        let item_type = uti::find(self.item_kind.as_ref().unwrap_or(&self.kind)).map(|uti| uti.name);
        let (record, raw_name) = (self.master.clone(), self.raw_name.clone());
        master.exact = Some(Arc::new(Exact { record, item_type, raw_name, text_date: None, files }));
        master
    }
}

/// Fills a zone with those of its assets.
pub(super) fn fill(zone: &mut Zone, assets: &[ExactAsset]) {
    let mut titles: Vec<&str> = Vec::new();
    for exact in assets {
        let number = zone.assets.len() as u32;
        let key = hash(&[zone.key, u64::from(number), 91]);
        let known = exact.master.as_deref().and_then(|name| zone.master_of_name(name));
        let master = known.unwrap_or_else(|| zone.add_master(exact.master(number, key)));
        let mut asset = Asset::new(number, master, exact.date.unwrap_or(0));
        asset.date = exact.date;
        asset.zone_offset = exact.offset;
        (asset.hidden, asset.favourite) = (exact.hidden, exact.favourite);
        let files = exact.resources(&exact.own_files, key ^ 1);
        asset.renders = u8::from(!files.is_empty());
        let text_date = exact.text_date.clone();
        asset.exact = Some(Arc::new(Exact { text_date, files, ..Exact::default() }));
        let place = zone.add_asset(asset);
        if exact.deleted.is_some() {
            zone.set_trashed(place, exact.deleted);
            zone.note(Place::Asset(place));
        }
        for title in &exact.albums {
            let album = titles.iter().position(|known| known == title).unwrap_or_else(|| {
                titles.push(title);
                albums::add(zone, titles.len() - 1, title);
                titles.len() - 1
            });
            zone.enter_album(album as u32, place, exact.date.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Library, LibrarySpec};
    use super::*;

    const TWO: &str = r#"[
        {"name": "IMG_1.HEIC", "kind": "public.heic", "date": 1533021744816, "master": "AY6c+BsE0jjaXx9tmVGJM1D2VcEO",
         "albums": ["One"], "files": [{"family": "resOriginal", "size": 1884},
         {"family": "resOriginalVidCompl", "kind": "com.apple.quicktime-movie", "size": 3294}],
         "own-files": [{"family": "resJPEGFull", "kind": "public.jpeg", "size": 900}]},
        {"kind": "public.jpeg", "shared": true, "files": [{"family": "resJPEGMed", "size": 9}]}]"#;

    #[test]
    fn an_exact_library_holds_what_its_list_says_and_nothing_else() {
        let list = ExactAsset::list_from_json(TWO).unwrap();
        let truth = Library::generate(&LibrarySpec::exact(1, list)).truth();
        let assets = truth["assets"].as_array().unwrap();
        assert_eq!(assets.len(), 2);
        assert_eq!(assets[0]["master"], "AY6c+BsE0jjaXx9tmVGJM1D2VcEO");
        assert_eq!(assets[0]["name"], "IMG_1.HEIC");
        let sizes: Vec<_> =
            assets[0]["resources"].as_array().unwrap().iter().map(|one| &one["size"]).collect();
        assert_eq!(sizes, [1884, 3294, 900]);
        assert_eq!(assets[1]["name"], serde_json::Value::Null);
        assert!(assets[1]["zone"].as_str().unwrap().starts_with("SharedSync-"));
        assert_eq!(truth["zones"][0]["albums"][0]["title"], "One");
    }

    #[test]
    fn a_type_or_family_that_nobody_knows_is_an_error() {
        let one = |text: &str| ExactAsset::list_from_json(text).unwrap_err();
        assert!(one(r#"[{"kind": "public.jpg"}]"#).contains("public.jpg"));
        let family = r#"[{"kind": "public.jpeg", "files": [{"family": "resNone", "size": 1}]}]"#;
        assert!(one(family).contains("resNone"));
    }
}
