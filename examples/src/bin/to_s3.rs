//! Copies a library straight to S3: nothing touches a disk here, every byte is proven on its way, and a second run puts nothing.
//!
//! `PHOTOS_URL` names a bucket (`s3://bucket/folder?region=eu-central-1`), whose keys come from where Amazon's own tools have them;
//! without it a server of its own is started in this process.

use std::sync::Arc;

use icloud_photos::Result;
use icloud_photos::storage::{OpendalStorage, Storage};
use icloud_photos::sync::SyncEngine;
use icloud_photos::sync::catalogue::MemoryCatalogue;
use icloud_photos_test_servers::s3::{self, S3Server};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let server = S3Server::start().await;
    let storage: Arc<dyn Storage> = match std::env::var("PHOTOS_URL") {
        Ok(address) => Arc::new(OpendalStorage::from_url(&address)?),
        Err(_) => Arc::new(in_this_process(&server)?),
    };
    // A program that runs again keeps its catalogue: `sync::store` finds the one of a storage.
    let catalogue = Arc::new(MemoryCatalogue::new());
    let library = guest.session.primary_library();
    let engine = SyncEngine::builder(&library, storage).catalogue(catalogue).build()?;
    println!("first run:  {}", engine.run(Arc::new(())).await?);
    let puts = server.puts();
    println!("second run: {}", engine.run(Arc::new(())).await?);
    println!("{puts} puts by the first run, {} by the second", server.puts() - puts);
    for key in server.keys().iter().take(3) {
        println!("{key}: {:?}", server.metadata(key).unwrap_or_default());
    }
    Ok(())
}

/// Secrets are never part of an address.
fn in_this_process(server: &S3Server) -> Result<OpendalStorage> {
    let address = format!("s3://{}/photos?endpoint={}", s3::BUCKET, server.endpoint());
    OpendalStorage::from_url_with(&address, |name| match name {
        "OPENDAL_S3_ACCESS_KEY_ID" => Some(s3::ACCESS_KEY.to_owned()),
        "OPENDAL_S3_SECRET_ACCESS_KEY" => Some(s3::SECRET_KEY.to_owned()),
        _ => None,
    })
}
