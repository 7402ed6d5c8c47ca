//! Libraries, their albums, and lists of assets.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use icloud_photos::asset::{Fields as Depth, Listing};
use icloud_photos::library::{AlbumId, AlbumKind, AlbumTree as Tree, IndexState};
use icloud_photos::{AssetId, Error, ErrorKind, Result, SmartAlbum};
use icloud_photos_bindings::{ToValue, Value};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Unknown};
use napi_derive::napi;

use crate::asset::{Asset, Come, roles};
use crate::changes::Changes;
use crate::download::Downloader;
use crate::runtime::{Abort, Feed, Promised, lock, now, run};
use crate::session::Session;
use crate::value::{ToJs, named, valid};

#[napi]
pub struct Library(pub(crate) icloud_photos::Library);

#[napi]
pub struct Album(pub(crate) icloud_photos::Album);

#[napi]
pub struct AlbumTree(pub(crate) Tree);

#[napi]
pub struct AlbumNode(icloud_photos::library::AlbumNode);

impl Library {
    pub(crate) fn new(library: icloud_photos::Library) -> Self {
        Self(library)
    }
}

#[napi]
impl Library {
    #[napi(getter, ts_return_type = "LibraryId")]
    pub fn id<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.id().to_js().make(env)
    }

    #[napi(getter)]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    #[napi(getter, ts_return_type = "LibraryKind")]
    pub fn kind<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.kind().to_js().make(env)
    }

    #[napi(getter)]
    pub fn session(&self) -> Session {
        Session::new(self.0.session().clone())
    }

    #[napi]
    pub fn all(&self) -> Album {
        Album(self.0.all())
    }

    #[napi]
    pub fn smart_album(&self, album: String) -> napi::Result<Album> {
        Ok(Album(self.0.smart_album(now(named("smart album", &album, &SmartAlbum::ALL))?)))
    }

    #[napi(ts_return_type = "Promise<AlbumTree>")]
    pub fn albums<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let library = self.0.clone();
        run(env, abort, async move { library.albums().await })
    }

    #[napi(ts_return_type = "Promise<Array<number | null>>")]
    pub fn counts<'env>(
        &self,
        env: &'env Env,
        albums: Vec<ClassInstance<'_, Album>>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let library = self.0.clone();
        let albums: Vec<_> = albums.iter().map(|album| album.0.clone()).collect();
        run(env, abort, async move { library.counts(&albums).await })
    }

    #[napi(ts_return_type = "Promise<IndexState>")]
    pub fn index_state<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let library = self.0.clone();
        run(env, abort, async move { library.index_state().await.map(index) })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn require_index<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let library = self.0.clone();
        run(env, abort, async move { library.require_index().await })
    }

    #[napi(ts_return_type = "Promise<Batch>")]
    pub fn asset<'env>(&self, env: &'env Env, id: String, abort: Option<&Abort>) -> Promised<'env> {
        let (library, id) = (self.0.clone(), AssetId::new(id));
        run(env, abort, async move { library.asset(&id).await })
    }

    #[napi(ts_return_type = "Promise<Array<Batch | Failure>>")]
    pub fn assets_by_id<'env>(
        &self,
        env: &'env Env,
        ids: Vec<String>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let library = self.0.clone();
        let ids: Vec<AssetId> = ids.into_iter().map(AssetId::new).collect();
        run(env, abort, async move { library.assets_by_id(&ids).await })
    }

    #[napi(ts_return_type = "Promise<Array<Batch | Failure>>")]
    pub fn renew<'env>(
        &self,
        env: &'env Env,
        assets: Vec<ClassInstance<'_, Asset>>,
        roles: Vec<String>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let (library, roles) = (self.0.clone(), self::roles(&roles));
        let assets: Vec<_> = assets.iter().map(|asset| asset.0.clone()).collect();
        run(env, abort, async move { library.renew(&assets, &roles?).await })
    }

    #[napi(ts_return_type = "Promise<ChangeCursor>")]
    pub fn cursor<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let library = self.0.clone();
        run(env, abort, async move { library.cursor().await })
    }

    #[napi]
    pub fn changes(
        &self,
        since: String,
        fields: String,
        roles: Option<Vec<String>>,
        page_size: Option<f64>,
    ) -> napi::Result<Changes> {
        now(self.changes_since(&since, &fields, roles, page_size))
    }

    #[napi]
    pub fn downloader(&self) -> Downloader {
        Downloader::new(&self.0)
    }
}

impl Library {
    fn changes_since(
        &self,
        since: &str,
        fields: &str,
        roles: Option<Vec<String>>,
        page_size: Option<f64>,
    ) -> Result<Changes> {
        let cursor = icloud_photos_bindings::cursor(since)?;
        let mut changes = self.0.changes(&cursor).fields(depth(fields)?);
        if let Some(roles) = roles {
            changes = changes.roles(self::roles(&roles)?);
        }
        if let Some(size) = page_size {
            changes = changes.page_size(at_least_one("pageSize", size)?);
        }
        Ok(Changes::new(changes))
    }
}

fn index(state: IndexState) -> Value {
    let (state, more) = match state {
        IndexState::Ready => ("ready", None),
        IndexState::Building { progress } => ("building", Some(("progress", progress.to_value()))),
        IndexState::Unknown(state) => ("unknown", Some(("name", state.to_value()))),
        other => ("unknown", Some(("name", format!("{other:?}").to_value()))),
    };
    Value::Model("IndexState", [("state", state.to_value())].into_iter().chain(more).collect())
}

#[napi]
impl AlbumTree {
    #[napi(getter)]
    pub fn roots(&self) -> Vec<AlbumNode> {
        self.0.roots().iter().cloned().map(AlbumNode).collect()
    }

    #[napi]
    pub fn albums(&self) -> Vec<Album> {
        self.0.iter().cloned().map(Album).collect()
    }

    #[napi]
    pub fn find(&self, path: Vec<String>) -> Option<Album> {
        self.0.find(&path).cloned().map(Album)
    }

    #[napi]
    pub fn get(&self, id: String) -> Option<Album> {
        self.0.get(&AlbumId::new(id)).cloned().map(Album)
    }
}

#[napi]
impl AlbumNode {
    #[napi(getter)]
    pub fn album(&self) -> Album {
        Album(self.0.album.clone())
    }

    #[napi(getter)]
    pub fn children(&self) -> Vec<AlbumNode> {
        self.0.children.iter().cloned().map(AlbumNode).collect()
    }
}

#[napi]
impl Album {
    #[napi(getter, ts_return_type = "string | null")]
    pub fn id<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.id().map(AlbumId::as_str).to_js().make(env)
    }

    #[napi(getter, ts_return_type = "AlbumKind")]
    pub fn kind<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.kind().to_js().make(env)
    }

    #[napi(getter, ts_return_type = "SmartAlbum | null")]
    pub fn smart<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let smart = match self.0.kind() {
            AlbumKind::Smart(smart) => Some(smart),
            _ => None,
        };
        smart.to_js().make(env)
    }

    #[napi(getter)]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    #[napi(getter)]
    pub fn original_name(&self) -> &str {
        self.0.original_name()
    }

    #[napi(getter)]
    pub fn path(&self) -> Vec<String> {
        self.0.path().to_vec()
    }

    #[napi(getter)]
    pub fn library(&self) -> Library {
        Library(self.0.library().clone())
    }

    #[napi]
    pub fn is_titled(&self, title: String) -> bool {
        self.0.is_titled(&title)
    }

    #[napi(ts_return_type = "Promise<number | null>")]
    pub fn count<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let album = self.0.clone();
        run(env, abort, async move { album.count().await })
    }

    #[napi]
    pub fn assets(&self, wanted: Wanted) -> napi::Result<Assets> {
        now(wanted.of(&self.0))
    }
}

/// What of an album a listing is to have.
#[napi(object, object_to_js = false)]
pub struct Wanted {
    pub fields: String,
    pub roles: Option<Vec<String>>,
    pub page_size: Option<f64>,
    pub prefetch: Option<f64>,
    pub limit: Option<f64>,
}

impl Wanted {
    fn of(self, album: &icloud_photos::Album) -> Result<Assets> {
        let mut assets = album.assets().fields(depth(&self.fields)?);
        if let Some(roles) = self.roles {
            assets = assets.roles(self::roles(&roles)?);
        }
        if let Some(size) = self.page_size {
            assets = assets.page_size(at_least_one("pageSize", size)?);
        }
        if let Some(pages) = self.prefetch {
            assets = assets.prefetch(number("prefetch", pages)?);
        }
        if let Some(limit) = self.limit {
            assets = assets.limit(number("limit", limit)? as u64);
        }
        Ok(Assets::new(assets))
    }
}

/// A listing.
#[napi]
pub struct Assets {
    items: Feed<Result<icloud_photos::Asset>>,
    told: Arc<Mutex<(Listing, Option<String>)>>,
}

impl Assets {
    fn new(assets: icloud_photos::Assets) -> Self {
        let told = Arc::new(Mutex::new((assets.outcome(), None)));
        let (here, first) = (told.clone(), (assets, false));
        let items = futures::stream::unfold(first, move |(mut assets, over)| {
            let here = here.clone();
            async move {
                if over {
                    return None;
                }
                let item = assets.next().await;
                let token = assets.sync_token().map(|token| token.as_str().to_owned());
                *lock(&here) = (assets.outcome(), token);
                match item? {
                    // What concerns one asset is a value, and the list goes on.
                    Err(error) if icloud_photos::Assets::concerns_one(&error) => {
                        Some((Ok(Err(error)), (assets, false)))
                    }
                    Err(error) => Some((Err(error), (assets, true))),
                    Ok(asset) => Some((Ok(Ok(asset)), (assets, false))),
                }
            }
        });
        Self { items: Feed::new(items.boxed()), told }
    }
}

#[napi]
impl Assets {
    #[napi(ts_return_type = "Promise<Array<Batch | Failure>>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let read = self.items.read();
        run(env, abort, async move { Ok(Come(read.await?.all())) })
    }

    #[napi]
    pub fn close(&self) {
        self.items.close();
    }

    #[napi(getter, ts_return_type = "string | null")]
    pub fn sync_token<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let token = lock(&self.told).1.clone();
        token.to_js().make(env)
    }

    #[napi(ts_return_type = "Listing")]
    pub fn outcome<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let outcome = lock(&self.told).0;
        outcome.to_js().make(env)
    }
}

fn depth(name: &str) -> Result<Depth> {
    valid(icloud_photos_bindings::depth(name))
}

/// A whole number that is not negative. JavaScript's may be anything.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn number(what: &str, given: f64) -> Result<usize> {
    if given.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&given) {
        return Ok(given as usize);
    }
    Err(Error::new(ErrorKind::Config, format!("{what} must be a whole number that is not negative")))
}

pub(crate) fn at_least_one(what: &str, given: f64) -> Result<NonZeroUsize> {
    valid(icloud_photos_bindings::at_least_one(what, number(what, given)?))
}
