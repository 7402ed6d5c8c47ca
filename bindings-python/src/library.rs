//! Libraries, their albums, and lists of assets.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use icloud_photos::asset::{Fields as Depth, Listing, Role};
use icloud_photos::library::{AlbumKind, AlbumTree as Tree, IndexState};
use icloud_photos::{AssetId, SmartAlbum};
use icloud_photos_bindings::{ToValue, Value};
use pyo3::prelude::*;

use crate::asset::Asset;
use crate::changes::Changes;
use crate::convert::{ToPython, named, valid};
use crate::download::Downloader;
use crate::errors::raised;
use crate::runtime::{Feed, Op};
use crate::session::Session;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Library(pub(crate) icloud_photos::Library);

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Album(pub(crate) icloud_photos::Album);

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct AlbumTree(pub(crate) Tree);

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct AlbumNode(icloud_photos::library::AlbumNode);

#[pymethods]
impl Library {
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.id().to_python(py)
    }

    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_python(py)
    }

    #[getter]
    fn session(&self) -> Session {
        Session(self.0.session().clone())
    }

    fn all(&self) -> Album {
        Album(self.0.all())
    }

    fn smart_album(&self, album: &str) -> PyResult<Album> {
        Ok(Album(self.0.smart_album(named("smart album", album, &SmartAlbum::ALL)?)))
    }

    fn albums(&self) -> Op {
        let library = self.0.clone();
        Op::new(async move { library.albums().await })
    }

    fn counts(&self, albums: Vec<Bound<'_, Album>>) -> Op {
        let library = self.0.clone();
        let albums: Vec<_> = albums.iter().map(|album| album.get().0.clone()).collect();
        Op::new(async move { library.counts(&albums).await })
    }

    fn index_state(&self) -> Op {
        let library = self.0.clone();
        Op::new(async move { library.index_state().await.map(index) })
    }

    fn require_index(&self) -> Op {
        let library = self.0.clone();
        Op::new(async move { library.require_index().await })
    }

    fn asset(&self, id: &str) -> Op {
        let (library, id) = (self.0.clone(), AssetId::new(id));
        Op::new(async move { library.asset(&id).await })
    }

    fn assets_by_id(&self, ids: Vec<String>) -> Op {
        let library = self.0.clone();
        let ids: Vec<AssetId> = ids.into_iter().map(AssetId::new).collect();
        Op::new(async move { library.assets_by_id(&ids).await })
    }

    fn renew(&self, assets: Vec<Bound<'_, Asset>>, roles: Vec<String>) -> PyResult<Op> {
        let (library, roles) = (self.0.clone(), self::roles(&roles)?);
        let assets: Vec<_> = assets.iter().map(|asset| asset.get().0.clone()).collect();
        Ok(Op::new(async move { library.renew(&assets, &roles).await }))
    }

    fn cursor(&self) -> Op {
        let library = self.0.clone();
        Op::new(async move { library.cursor().await })
    }

    fn changes(
        &self,
        py: Python<'_>,
        since: &str,
        fields: &str,
        roles: Option<Vec<String>>,
        page_size: Option<usize>,
    ) -> PyResult<Changes> {
        let cursor = icloud_photos_bindings::cursor(since).map_err(|error| raised(py, &error))?;
        let mut changes = self.0.changes(&cursor).fields(depth(fields)?);
        if let Some(roles) = roles {
            changes = changes.roles(self::roles(&roles)?);
        }
        if let Some(size) = page_size {
            changes = changes.page_size(at_least_one("page_size", size)?);
        }
        Ok(Changes::new(changes))
    }

    fn downloader(&self) -> Downloader {
        Downloader::new(&self.0)
    }
}

fn index(state: IndexState) -> Value {
    let (class, member) = match state {
        IndexState::Ready => ("IndexReady", None),
        IndexState::Building { progress } => ("IndexBuilding", Some(("progress", progress.to_value()))),
        IndexState::Unknown(state) => ("IndexUnknown", Some(("state", state.to_value()))),
        other => ("IndexUnknown", Some(("state", format!("{other:?}").to_value()))),
    };
    Value::Model(class, member.into_iter().collect())
}

#[pymethods]
impl AlbumTree {
    #[getter]
    fn roots(&self) -> Vec<AlbumNode> {
        self.0.roots().iter().cloned().map(AlbumNode).collect()
    }

    fn albums(&self) -> Vec<Album> {
        self.0.iter().cloned().map(Album).collect()
    }

    fn find(&self, path: Vec<String>) -> Option<Album> {
        self.0.find(&path).cloned().map(Album)
    }

    fn get(&self, id: String) -> Option<Album> {
        self.0.get(&icloud_photos::library::AlbumId::new(id)).cloned().map(Album)
    }
}

#[pymethods]
impl AlbumNode {
    #[getter]
    fn album(&self) -> Album {
        Album(self.0.album.clone())
    }

    #[getter]
    fn children(&self) -> Vec<AlbumNode> {
        self.0.children.iter().cloned().map(AlbumNode).collect()
    }
}

#[pymethods]
impl Album {
    #[getter]
    fn id(&self) -> Option<&str> {
        self.0.id().map(|id| id.as_str())
    }

    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_python(py)
    }

    #[getter]
    fn smart<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let smart = match self.0.kind() {
            AlbumKind::Smart(smart) => Some(smart),
            _ => None,
        };
        smart.to_python(py)
    }

    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    #[getter]
    fn original_name(&self) -> &str {
        self.0.original_name()
    }

    #[getter]
    fn path(&self) -> Vec<String> {
        self.0.path().to_vec()
    }

    #[getter]
    fn library(&self) -> Library {
        Library(self.0.library().clone())
    }

    fn is_titled(&self, title: &str) -> bool {
        self.0.is_titled(title)
    }

    fn count(&self) -> Op {
        let album = self.0.clone();
        Op::new(async move { album.count().await })
    }

    #[pyo3(signature = (*, fields, roles, page_size, prefetch, limit))]
    fn assets(
        &self,
        fields: &str,
        roles: Option<Vec<String>>,
        page_size: Option<usize>,
        prefetch: Option<usize>,
        limit: Option<u64>,
    ) -> PyResult<Assets> {
        let mut assets = self.0.assets().fields(depth(fields)?);
        if let Some(roles) = roles {
            assets = assets.roles(self::roles(&roles)?);
        }
        if let Some(size) = page_size {
            assets = assets.page_size(at_least_one("page_size", size)?);
        }
        if let Some(pages) = prefetch {
            assets = assets.prefetch(pages);
        }
        if let Some(limit) = limit {
            assets = assets.limit(limit);
        }
        Ok(Assets::new(assets))
    }
}

/// A listing.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Assets {
    items: Feed<icloud_photos::Result<icloud_photos::Asset>>,
    outcome: Arc<Mutex<(Listing, Option<String>)>>,
}

impl Assets {
    fn new(assets: icloud_photos::Assets) -> Self {
        let outcome = Arc::new(Mutex::new((assets.outcome(), None)));
        let told = outcome.clone();
        let items = futures::stream::unfold((assets, false), move |(mut assets, over)| {
            let told = told.clone();
            async move {
                if over {
                    return None;
                }
                let item = assets.next().await;
                let token = assets.sync_token().map(|token| token.as_str().to_owned());
                *told.lock().unwrap_or_else(PoisonError::into_inner) = (assets.outcome(), token);
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
        Self { items: Feed::new(items.boxed()), outcome }
    }

    fn told(&self) -> (Listing, Option<String>) {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[pymethods]
impl Assets {
    fn next(&self, into: Py<PyAny>) -> Op {
        self.items.next(into)
    }

    fn close(&self) {
        self.items.close();
    }

    #[getter]
    fn sync_token(&self) -> Option<String> {
        self.told().1
    }

    fn outcome<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.told().0.to_python(py)
    }
}

pub(crate) fn depth(name: &str) -> PyResult<Depth> {
    valid(icloud_photos_bindings::depth(name))
}

pub(crate) fn role(name: &str) -> PyResult<Role> {
    valid(icloud_photos_bindings::role(name))
}

pub(crate) fn roles(names: &[String]) -> PyResult<Vec<Role>> {
    valid(icloud_photos_bindings::roles(names))
}

pub(crate) fn at_least_one(what: &str, number: usize) -> PyResult<NonZeroUsize> {
    valid(icloud_photos_bindings::at_least_one(what, number))
}
