//! One photo or film, and the files that iCloud has of it.

use icloud_photos::asset::{AssetState, Filename, Resource, Role, Scheme};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::{ToValue, Value, snake};
use napi::Env;
use napi::bindgen_prelude::{BigInt, Unknown};
use napi_derive::napi;
use serde::Serialize;

use crate::runtime::now;
use crate::value::{ToJs, valid};

#[napi]
pub struct Asset(pub(crate) icloud_photos::Asset);

impl Asset {
    pub(crate) fn new(asset: icloud_photos::Asset) -> Self {
        Self(asset)
    }
}

/// Getters whose value is what the library's method of the same name gives: the type in TypeScript, the name.
macro_rules! getters {
    ($($ts:literal $name:ident),* $(,)?) => {
        #[napi]
        impl Asset {
            $(
                #[napi(getter, ts_return_type = $ts)]
                pub fn $name<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
                    self.0.$name().to_js().make(env)
                }
            )*
        }
    };
}

getters!(
    "LibraryId" library,
    "string | null" change_tag,
    "string | null" media_type,
    "MediaKind" kind,
    "Subtype" subtype,
    "number | null" created_ms,
    "Date | null" created,
    "Date | null" added,
    "string | null" time_zone,
    "Location | null" location,
    "string | null" title,
    "string | null" description,
    "Array<string>" keywords,
    "boolean" is_favorite,
    "boolean" is_hidden,
    "boolean" is_trashed,
    "Date | null" expunges_at,
    "string | null" burst_id,
    "[number | null, number | null]" burst_flags,
    "string | null" adjustment_type,
    "boolean" is_edited,
    "boolean" is_hdr,
    "number | null" orientation,
    "number | null" original_orientation,
    "[number, number] | null" dimensions,
);

#[napi]
impl Asset {
    #[napi(getter)]
    pub fn id(&self) -> &str {
        self.0.id().as_str()
    }

    #[napi(getter)]
    pub fn master_id(&self) -> &str {
        self.0.master_id().as_str()
    }

    #[napi(getter, ts_return_type = "string | null")]
    pub fn filename<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.filename().known().to_js().make(env)
    }

    #[napi(getter, ts_return_type = "string | null")]
    pub fn undecodable_filename<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let stored = match self.0.filename() {
            Filename::Undecodable(stored) => Some(stored.to_string()),
            _ => None,
        };
        stored.to_js().make(env)
    }

    #[napi(getter, ts_return_type = "number | null")]
    pub fn utc_offset_ms<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.utc_offset().to_js().make(env)
    }

    #[napi(getter, ts_return_type = "number | null")]
    pub fn duration_ms<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.duration().to_js().make(env)
    }

    #[napi(getter, ts_return_type = "number | null")]
    pub fn live_duration_ms<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.live_duration().to_js().make(env)
    }

    #[napi(getter, ts_return_type = "number | null")]
    pub fn live_still_at_ms<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.live_still_at().to_js().make(env)
    }

    #[napi(getter, ts_return_type = "Array<string>")]
    pub fn contributors<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.contributors().to_vec().to_js().make(env)
    }

    /// JSON, as is what one of them is: dozens of members are read quicker than they are set one by one.
    #[napi(getter)]
    pub fn resources(&self) -> String {
        json(&self.0.resources().iter().map(written).collect::<Vec<_>>())
    }

    #[napi]
    pub fn resource(&self, role: String) -> napi::Result<String> {
        Ok(json(&self.0.resource(now(self::role(&role))?).map(written)))
    }

    #[napi(ts_return_type = "Record<string, string>")]
    pub fn raw<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let members = self.0.raw().map(|(name, json)| (name.to_owned(), json.to_value()));
        Value::Map(members.collect()).to_js().make(env)
    }

    #[napi(ts_return_type = "AssetState")]
    pub fn state<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        AssetState::of(&self.0).to_js().make(env)
    }

    /// What happened since `before`.
    #[napi(ts_return_type = "AssetChange")]
    pub fn compare<'env>(&self, env: &'env Env, before: Option<State>) -> napi::Result<Unknown<'env>> {
        let before = now(before.map(State::read).transpose())?;
        AssetState::compare(before.as_ref(), &self.0).to_js().make(env)
    }
}

/// An `AssetState` that comes back.
#[napi(object, object_to_js = false)]
pub struct State {
    pub content: BigInt,
    pub metadata: BigInt,
    pub trashed: bool,
    pub hidden: bool,
    pub favorite: bool,
    pub master: String,
}

impl State {
    fn read(self) -> Result<AssetState> {
        let json = serde_json::json!({
            "content": digest(&self.content)?,
            "metadata": digest(&self.metadata)?,
            "trashed": self.trashed,
            "hidden": self.hidden,
            "favorite": self.favorite,
            "master": self.master,
        });
        serde_json::from_value(json).map_err(|_| no_state())
    }
}

fn digest(given: &BigInt) -> Result<u64> {
    match given.get_u64() {
        (false, value, true) => Ok(value),
        _ => Err(no_state()),
    }
}

fn no_state() -> Error {
    Error::new(ErrorKind::Config, "this is no state of an asset")
}

/// A file as `lib/models.ts` has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    role: String,
    holder: String,
    media_type: Option<&'a str>,
    size: Option<u64>,
    checksum: Option<WrittenChecksum>,
    width: Option<u32>,
    height: Option<u32>,
    is_offered: bool,
    is_provable: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenChecksum {
    text: String,
    is_known: bool,
}

fn written(resource: &Resource) -> Written<'_> {
    let checksum = resource.checksum.as_ref().map(|checksum| WrittenChecksum {
        text: checksum.to_string(),
        is_known: matches!(checksum.scheme(), Scheme::SaltedSha1),
    });
    Written {
        role: snake(&format!("{:?}", resource.role)),
        holder: snake(&format!("{:?}", resource.holder)),
        media_type: resource.media_type.as_deref(),
        size: resource.size,
        checksum,
        width: resource.width,
        height: resource.height,
        is_offered: resource.is_offered(),
        is_provable: resource.is_provable(),
    }
}

/// JSON of what was written down from memory, which cannot fail.
fn json(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_else(|_| "null".to_owned())
}

pub(crate) fn role(name: &str) -> Result<Role> {
    valid(icloud_photos_bindings::role(name))
}

pub(crate) fn roles(names: &[String]) -> Result<Vec<Role>> {
    valid(icloud_photos_bindings::roles(names))
}
