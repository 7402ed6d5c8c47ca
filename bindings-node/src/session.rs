//! A signed-in account.

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::library::Library;
use crate::runtime::{Abort, Promised, run};
use crate::value::ToJs;

#[napi]
pub struct Session(pub(crate) icloud_photos::Session);

impl Session {
    pub(crate) fn new(session: icloud_photos::Session) -> Self {
        Self(session)
    }
}

#[napi]
impl Session {
    #[napi(getter)]
    pub fn account(&self) -> &str {
        self.0.account().as_str()
    }

    #[napi(getter)]
    pub fn dsid(&self) -> &str {
        self.0.dsid()
    }

    #[napi(getter, ts_return_type = "Date | null")]
    pub fn trusted_until<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.trusted_until().to_js().make(env)
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn save<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let session = self.0.clone();
        run(env, abort, async move { session.save().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn refresh<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let session = self.0.clone();
        run(env, abort, async move { session.refresh().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn sign_out<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let session = self.0.clone();
        run(env, abort, async move { session.sign_out().await })
    }

    #[napi]
    pub fn primary_library(&self) -> Library {
        Library::new(self.0.primary_library())
    }

    #[napi(ts_return_type = "Promise<Array<Library>>")]
    pub fn libraries<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let session = self.0.clone();
        run(env, abort, async move { session.libraries().await })
    }

    #[napi(ts_return_type = "Promise<Library>")]
    pub fn library<'env>(&self, env: &'env Env, name: String, abort: Option<&Abort>) -> Promised<'env> {
        let session = self.0.clone();
        run(env, abort, async move { session.library(&name).await })
    }
}
