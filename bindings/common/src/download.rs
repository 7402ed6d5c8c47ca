//! The bytes of an asset, as another language reads them.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::TryFutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use icloud_photos::Result;
use icloud_photos::download::{ByteStream, Proof};

/// What is known of the bytes of a download, once the last has come.
#[derive(Debug, Clone, Default)]
pub struct Proven(Arc<Mutex<Option<Proof>>>);

impl Proven {
    /// Nothing before that.
    pub fn get(&self) -> Option<Proof> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, proof: Option<Proof>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = proof;
    }
}

/// The chunks of a download, which begins when the first is wanted.
pub fn chunks(
    begin: impl FnOnce() -> Result<ByteStream> + Send + 'static,
) -> (BoxStream<'static, Result<Bytes>>, Proven) {
    let proven = Proven::default();
    let told = proven.clone();
    let begun = async move { begin() };
    let chunks = begun.map_ok(move |bytes| stream::try_unfold((bytes, told), step));
    (chunks.try_flatten_stream().boxed(), proven)
}

async fn step((mut bytes, told): (ByteStream, Proven)) -> Result<Option<(Bytes, (ByteStream, Proven))>> {
    if let Some(chunk) = bytes.next().await.transpose()? {
        return Ok(Some((chunk, (bytes, told))));
    }
    told.set(bytes.proof());
    Ok(None)
}
