//! One photo or film, and the files that iCloud has of it.

use icloud_photos::asset::{
    AssetChange, AssetState, Checksum, Filename, Holder, Location, MediaKind, Resource, Role, Scheme, Subtype,
};
use icloud_photos::{Error, ErrorKind, Result};
use napi::Env;
use napi::bindgen_prelude::{BigInt, Unknown};
use napi_derive::napi;

use crate::runtime::now;
use crate::value::{ToJs, Value, as_handle, as_member, as_model, named, snake, word};

#[napi]
pub struct Asset(pub(crate) icloud_photos::Asset);

as_handle!(icloud_photos::Asset => Asset);
as_member!(MediaKind, Role, Holder, AssetChange);
as_model!(Location {
    c"latitude": latitude,
    c"longitude": longitude,
    c"altitude": altitude,
    c"speed": speed,
    c"course": course,
    c"horizontalAccuracy": horizontal_accuracy,
    c"verticalAccuracy": vertical_accuracy,
    c"timestamp": timestamp,
});

impl Asset {
    pub(crate) fn new(asset: icloud_photos::Asset) -> Self {
        Self(asset)
    }
}

impl ToJs for &icloud_photos::Asset {
    fn to_js(self) -> Value {
        self.clone().to_js()
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

    #[napi(getter, ts_return_type = "Array<Resource>")]
    pub fn resources<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.resources().iter().collect::<Vec<_>>().to_js().make(env)
    }

    #[napi(ts_return_type = "Resource | null")]
    pub fn resource<'env>(&self, env: &'env Env, role: String) -> napi::Result<Unknown<'env>> {
        self.0.resource(now(self::role(&role))?).to_js().make(env)
    }

    #[napi(ts_return_type = "Record<string, string>")]
    pub fn raw<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let members = self.0.raw().map(|(name, json)| (name.to_owned(), json.to_js()));
        Value::Map(members.collect()).make(env)
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

impl ToJs for &Resource {
    fn to_js(self) -> Value {
        Value::Model(vec![
            (c"role", self.role.to_js()),
            (c"holder", self.holder.to_js()),
            (c"mediaType", self.media_type.as_deref().to_js()),
            (c"size", self.size.to_js()),
            (c"checksum", self.checksum.as_ref().to_js()),
            (c"width", self.width.to_js()),
            (c"height", self.height.to_js()),
            (c"isOffered", self.is_offered().to_js()),
            (c"isProvable", self.is_provable().to_js()),
        ])
    }
}

impl ToJs for Subtype {
    fn to_js(self) -> Value {
        match self {
            Self::Unknown(_) => "unknown".to_js(),
            known => word(&known),
        }
    }
}

impl ToJs for Checksum {
    fn to_js(self) -> Value {
        (&self).to_js()
    }
}

impl ToJs for &Checksum {
    fn to_js(self) -> Value {
        Value::Model(vec![
            (c"text", self.to_string().to_js()),
            (c"isKnown", matches!(self.scheme(), Scheme::SaltedSha1).to_js()),
        ])
    }
}

impl ToJs for AssetState {
    fn to_js(self) -> Value {
        Value::Model(vec![
            (c"content", Value::Big(self.content)),
            (c"metadata", Value::Big(self.metadata)),
            (c"trashed", self.trashed.to_js()),
            (c"hidden", self.hidden.to_js()),
            (c"favorite", self.favorite.to_js()),
            (c"master", self.master.as_str().to_js()),
        ])
    }
}

pub(crate) fn role(name: &str) -> Result<Role> {
    use std::collections::HashMap;
    use std::sync::LazyLock;
    static NAMES: LazyLock<HashMap<String, Role>> =
        LazyLock::new(|| Role::ALL.iter().map(|role| (snake(&format!("{role:?}")), *role)).collect());
    match NAMES.get(name) {
        Some(role) => Ok(*role),
        // It says which there are.
        None => named("role", name, &Role::ALL),
    }
}

pub(crate) fn roles(names: &[String]) -> Result<Vec<Role>> {
    names.iter().map(|name| role(name)).collect()
}
