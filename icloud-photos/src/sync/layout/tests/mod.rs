//! The layout against the documented examples, and against what CPython and the real icloudpd answered.

mod against_icloudpd;
mod against_python;
mod examples;
mod locales;

use std::sync::Arc;

use super::*;
use crate::asset::{AssetData, AssetId, Details, Holder, Link, MasterId, MediaKind, RawFields, Resource};
use crate::library::{LibraryId, LibraryIdData};
use crate::session::Database;

const MASTER: &str = "AY6c+BsE0jjaXx9tmVGJM1D2VcEO";
const JPEG: &str = "public.jpeg";
const HEIC: &str = "public.heic";
const DNG: &str = "com.adobe.raw-image";
const CR2: &str = "com.canon.cr2-raw-image";
const MOVIE: &str = "com.apple.quicktime-movie";
const MP4: &str = "public.mpeg-4";

/// An asset as a listing would give it.
struct Build {
    master: String,
    filename: Filename,
    media_type: Option<String>,
    created_ms: Option<i64>,
    resources: Vec<Resource>,
}

impl Build {
    /// With an original of the type of the whole.
    fn new(name: &str, media_type: &str) -> Self {
        Self {
            master: MASTER.to_owned(),
            filename: Filename::Known(name.to_owned()),
            media_type: Some(media_type.to_owned()),
            created_ms: Some(1_533_021_744_816),
            resources: Vec::new(),
        }
        .with(Role::Original, media_type)
    }

    fn with(mut self, role: Role, media_type: &str) -> Self {
        self.resources.push(resource(role, media_type));
        self
    }

    fn without(mut self, role: Role) -> Self {
        self.resources.retain(|resource| resource.role != role);
        self
    }

    fn asset(self) -> Asset {
        let library =
            LibraryIdData { database: Database::Private, zone: "PrimarySync".to_owned(), owner: None };
        Asset::new(AssetData {
            id: AssetId::new("F2A23C38-0020-42FE-A273-2923ADE3CAED"),
            master: MasterId::new(self.master),
            library: LibraryId(Arc::new(library)),
            change_tag: None,
            filename: self.filename,
            media_type: self.media_type,
            kind: MediaKind::Unknown,
            created_ms: self.created_ms,
            added_ms: None,
            utc_offset: None,
            resources: self.resources,
            details: Details::default(),
            raw: RawFields::default(),
        })
    }
}

fn resource(role: Role, media_type: &str) -> Resource {
    Resource {
        role,
        holder: Holder::Master,
        media_type: Some(media_type.to_owned()),
        size: Some(100),
        checksum: None,
        width: None,
        height: None,
        link: Link::new("https://cvws.icloud-content.com/x"),
    }
}

fn utc() -> LayoutOptions {
    LayoutOptions::default().zone(LocalZone::utc())
}

fn place(asset: Build, options: LayoutOptions) -> Placement {
    Layout::new(options).unwrap().place(&asset.asset())
}

fn names(asset: Build, options: LayoutOptions) -> Vec<String> {
    place(asset, options).files.into_iter().map(|file| file.name).collect()
}
