//! What is known of a copy.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use icloud_photos::storage::StoragePath;
use icloud_photos::sync::catalogue::{Catalogue as Books, MemoryCatalogue, SqliteCatalogue};
use icloud_photos::sync::store::{self, AnyCatalogues};
use icloud_photos::sync::{remembered, stock};
use icloud_photos::{Error, ErrorKind, Result};
use napi::Env;
use napi_derive::napi;

use crate::library::Library;
use crate::runtime::{Abort, Items, Promised, blocking, lock, now, run};
use crate::session::Session;
use crate::storage::{Storage, given, place_of};
use crate::value::{Js, ToJs, as_own, own};

type Shared = Arc<dyn Books>;

#[napi]
pub struct Catalogue(Mutex<Option<Shared>>);

as_own!(Catalogue);

/// The one of a storage, if there is one.
struct Found(Option<Catalogue>);

impl ToJs for Found {
    fn to_js(self) -> Js {
        self.0.map_or_else(|| ().to_js(), own)
    }
}

impl Catalogue {
    fn new(books: Shared) -> Self {
        Self(Mutex::new(Some(books)))
    }

    pub(crate) fn shared(&self) -> Result<Shared> {
        let books = lock(&self.0).clone();
        books.ok_or_else(|| Error::new(ErrorKind::Config, "this catalogue was closed; open it again"))
    }
}

#[napi]
impl Catalogue {
    #[napi(factory)]
    pub fn memory() -> Self {
        Self::new(Arc::new(MemoryCatalogue::new()))
    }

    #[napi(ts_return_type = "Promise<Catalogue>")]
    pub fn sqlite(env: &Env, file: String) -> Promised<'_> {
        run(env, None, async move {
            let books = blocking(move || SqliteCatalogue::open(PathBuf::from(file))).await?;
            Ok(Self::new(Arc::new(books)))
        })
    }

    /// `at` is a folder, or the address of a database. Null if it is only to be read and there is none.
    #[napi(ts_return_type = "Promise<Catalogue | null>")]
    pub fn open<'env>(
        env: &'env Env,
        storage: &Storage,
        place: Option<String>,
        at: String,
        read_only: bool,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let name = place.or_else(|| place_of(storage)).unwrap_or_else(|| "storage".into());
        let storage = given(storage);
        run(env, abort, async move {
            let at = AnyCatalogues::at(PathBuf::from(at))?;
            match read_only {
                true => Ok(Found(at.open_read_only(storage.as_ref(), &name).await?.map(Self::new))),
                false => Ok(Found(Some(Self::new(at.open(storage.as_ref(), &name).await?)))),
            }
        })
    }

    #[napi(ts_return_type = "Promise<Totals>")]
    pub fn totals<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let books = self.shared();
        run(env, abort, async move { books?.totals().await })
    }

    #[napi(ts_return_type = "Promise<Stock>")]
    pub fn stock<'env>(&self, env: &'env Env, storage: &Storage, abort: Option<&Abort>) -> Promised<'env> {
        let (books, storage) = (self.shared(), given(storage));
        run(env, abort, async move { stock(storage.as_ref(), books?.as_ref()).await })
    }

    #[napi(ts_return_type = "Promise<Library | null>")]
    pub fn library<'env>(
        &self,
        env: &'env Env,
        session: &Session,
        name: String,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let (books, session) = (self.shared(), session.0.clone());
        run(env, abort, async move { remembered::library(&session, books?.as_ref(), &name).await })
    }

    #[napi(ts_return_type = "Promise<Array<Album>>")]
    pub fn albums<'env>(&self, env: &'env Env, library: &Library, abort: Option<&Abort>) -> Promised<'env> {
        let (books, library) = (self.shared(), library.0.clone());
        run(env, abort, async move { remembered::albums(books?.as_ref(), &library).await })
    }

    #[napi]
    pub fn files(&self) -> napi::Result<Items> {
        let books = now(self.shared())?;
        Ok(Items::new(icloud_photos_bindings::files(books)))
    }

    #[napi(ts_return_type = "Promise<Array<Array<FileRow>>>")]
    pub fn files_at<'env>(
        &self,
        env: &'env Env,
        paths: Vec<String>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let books = self.shared();
        run(env, abort, async move {
            let paths: Result<Vec<StoragePath>> = paths.iter().map(|path| StoragePath::parse(path)).collect();
            books?.files_at(&paths?).await
        })
    }

    /// From now on nothing of it can be asked; the promise is for what is under way.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Promised<'env> {
        let books = lock(&self.0).take();
        run(env, None, async move {
            match books {
                Some(books) => books.close().await,
                None => Ok(()),
            }
        })
    }
}

/// The copy that a folder lies in.
#[napi(ts_return_type = "Promise<string | null>")]
pub fn copy_above<'env>(env: &'env Env, folder: String, abort: Option<&Abort>) -> Promised<'env> {
    run(env, abort, async move {
        let above = blocking(move || Ok(store::copy_above(&PathBuf::from(folder)))).await?;
        Ok(above.map(|path| path.to_string_lossy().into_owned()))
    })
}
