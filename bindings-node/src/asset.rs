//! One photo or film, and the files that iCloud has of it.

use icloud_photos::asset::{AssetState, Filename, Resource, Role, Scheme};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::{ToValue, Value, snake};
use napi::bindgen_prelude::{BigInt, Unknown};
use napi::{Env, Status};
use napi_derive::napi;
use serde::Serialize;

use crate::runtime::now;
use crate::value::{Js, ToJs, as_own, own, valid};

/// Most assets that are handed over as one object.
const MOST: usize = 32;

/// An asset that goes into a call.
#[napi]
pub struct Asset(pub(crate) icloud_photos::Asset);

/// Assets that came together, each of which is asked for by its place. An object of JavaScript's for each costs more than reading its record
/// does; one of them holds all in memory, so that there are few.
#[napi]
pub struct Batch(Vec<icloud_photos::Asset>);

as_own!(Batch);

impl Batch {
    pub(crate) fn of(asset: icloud_photos::Asset) -> Self {
        Self(vec![asset])
    }

    pub(crate) fn at(&self, at: u32) -> napi::Result<&icloud_photos::Asset> {
        let asset = usize::try_from(at).ok().and_then(|at| self.0.get(at));
        asset.ok_or_else(|| napi::Error::new(Status::InvalidArg, "there is no such asset"))
    }
}

/// What came of a list, in its order: assets by the batch, and what is wrong with single ones.
pub(crate) struct Come(pub(crate) Vec<Result<icloud_photos::Asset>>);

impl ToJs for Come {
    fn to_js(self) -> Js {
        let (mut list, mut batch) = (Vec::new(), Vec::new());
        for item in self.0 {
            match item {
                Ok(asset) if batch.len() < MOST => batch.push(asset),
                Ok(asset) => list.extend(batched(std::mem::replace(&mut batch, vec![asset]))),
                failure => {
                    list.extend(batched(std::mem::take(&mut batch)));
                    list.push(failure.to_js());
                }
            }
        }
        list.extend(batched(batch));
        Js::List(list)
    }
}

fn batched(assets: Vec<icloud_photos::Asset>) -> Option<Js> {
    (!assets.is_empty()).then(|| own(Batch(assets)))
}

/// Members whose value is what the library's method of the same name gives: the type in TypeScript, the name.
macro_rules! members {
    ($($ts:literal $name:ident),* $(,)?) => {
        #[napi]
        impl Batch {
            $(
                #[napi(ts_return_type = $ts)]
                pub fn $name<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
                    self.at(at)?.$name().to_js().make(env)
                }
            )*
        }
    };
}

members!(
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
impl Batch {
    #[napi(getter)]
    pub fn length(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// One of them.
    #[napi]
    pub fn asset(&self, at: u32) -> napi::Result<Asset> {
        Ok(Asset(self.at(at)?.clone()))
    }

    #[napi]
    pub fn id(&self, at: u32) -> napi::Result<&str> {
        Ok(self.at(at)?.id().as_str())
    }

    #[napi]
    pub fn master_id(&self, at: u32) -> napi::Result<&str> {
        Ok(self.at(at)?.master_id().as_str())
    }

    #[napi(ts_return_type = "string | null")]
    pub fn filename<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        self.at(at)?.filename().known().to_js().make(env)
    }

    #[napi(ts_return_type = "string | null")]
    pub fn undecodable_filename<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        let stored = match self.at(at)?.filename() {
            Filename::Undecodable(stored) => Some(stored.to_string()),
            _ => None,
        };
        stored.to_js().make(env)
    }

    #[napi(ts_return_type = "number | null")]
    pub fn utc_offset_ms<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        self.at(at)?.utc_offset().to_js().make(env)
    }

    #[napi(ts_return_type = "number | null")]
    pub fn duration_ms<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        self.at(at)?.duration().to_js().make(env)
    }

    #[napi(ts_return_type = "number | null")]
    pub fn live_duration_ms<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        self.at(at)?.live_duration().to_js().make(env)
    }

    #[napi(ts_return_type = "number | null")]
    pub fn live_still_at_ms<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        self.at(at)?.live_still_at().to_js().make(env)
    }

    #[napi(ts_return_type = "Array<string>")]
    pub fn contributors<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        self.at(at)?.contributors().to_vec().to_js().make(env)
    }

    /// JSON, as is what one of them is: dozens of members are read quicker than they are set one by one.
    #[napi]
    pub fn resources(&self, at: u32) -> napi::Result<String> {
        Ok(json(&self.at(at)?.resources().iter().map(written).collect::<Vec<_>>()))
    }

    #[napi]
    pub fn resource(&self, at: u32, role: String) -> napi::Result<String> {
        Ok(json(&self.at(at)?.resource(now(self::role(&role))?).map(written)))
    }

    #[napi(ts_return_type = "Record<string, string>")]
    pub fn raw<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        let members = self.at(at)?.raw().map(|(name, json)| (name.to_owned(), json.to_value()));
        Value::Map(members.collect()).to_js().make(env)
    }

    #[napi(ts_return_type = "AssetState")]
    pub fn state<'env>(&self, env: &'env Env, at: u32) -> napi::Result<Unknown<'env>> {
        AssetState::of(self.at(at)?).to_js().make(env)
    }

    /// What happened since `before`.
    #[napi(ts_return_type = "AssetChange")]
    pub fn compare<'env>(
        &self,
        env: &'env Env,
        at: u32,
        before: Option<State>,
    ) -> napi::Result<Unknown<'env>> {
        let before = now(before.map(State::read).transpose())?;
        AssetState::compare(before.as_ref(), self.at(at)?).to_js().make(env)
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

/// What `resourceOf` of `lib/asset.ts` reads, in its order. Names of members would be most of the text, and of the time.
fn written(resource: &Resource) -> impl Serialize {
    let checksum = resource.checksum.as_ref();
    (
        snake(&format!("{:?}", resource.role)),
        snake(&format!("{:?}", resource.holder)),
        resource.media_type.as_deref(),
        resource.size,
        checksum.map(ToString::to_string),
        checksum.map(|checksum| matches!(checksum.scheme(), Scheme::SaltedSha1)),
        resource.width,
        resource.height,
        resource.is_offered(),
        resource.is_provable(),
    )
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
