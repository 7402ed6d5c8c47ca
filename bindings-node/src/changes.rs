//! What happened in a library since a cursor.

use futures::stream::{self, StreamExt};
use icloud_photos::asset::ChangeBatch;
use napi::Env;
use napi_derive::napi;

use crate::runtime::{Abort, Feed, Promised};

#[napi]
pub struct Changes(Feed<ChangeBatch>);

impl Changes {
    pub(crate) fn new(changes: icloud_photos::asset::Changes) -> Self {
        let batches = stream::try_unfold(changes, |mut changes| async move {
            Ok(changes.next().await?.map(|batch| (batch, changes)))
        });
        Self(Feed::at_most(1, batches.boxed()))
    }
}

#[napi]
impl Changes {
    #[napi(ts_return_type = "Promise<Array<ChangeBatch>>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        self.0.next(env, abort)
    }

    #[napi]
    pub fn close(&self) {
        self.0.close();
    }
}
