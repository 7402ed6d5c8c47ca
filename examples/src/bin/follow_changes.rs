//! Keeps a copy with a catalogue: the second run sends one question, and a lost catalogue is made anew from the files.

use std::sync::Arc;

use icloud_photos::storage::{FsStorage, Storage};
use icloud_photos::sync::{AdoptEvent, AdoptOptions, SyncEngine, VerifyOptions, store, verify};
use icloud_photos::{Error, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let folder = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let photos = folder.path().join("photos");
    let place = photos.display().to_string();
    let storage: Arc<dyn Storage> = Arc::new(FsStorage::open(&photos)?);
    let library = guest.session.primary_library();

    let catalogue = Arc::new(store::open(&*storage, &place, &folder.path().join("data")).await?);
    let engine = SyncEngine::builder(&library, storage.clone()).catalogue(catalogue.clone()).build()?;
    println!("first run:  {}", engine.run(Arc::new(())).await?);
    println!("second run: {}", engine.run(Arc::new(())).await?);
    let report = verify(storage.clone(), catalogue, VerifyOptions::default(), None, |_| {}).await?;
    println!("verified:   {report}");

    let fresh = Arc::new(store::open(&*storage, &place, &folder.path().join("other-data")).await?);
    let engine = SyncEngine::builder(&library, storage).catalogue(fresh).build()?;
    let report = engine
        .adopt(AdoptOptions::default(), |event| {
            if let AdoptEvent::Damaged { path } = event {
                println!("damaged: {path}");
            }
        })
        .await?;
    println!("adopted:    {report}");
    println!("third run:  {}", engine.run(Arc::new(())).await?);
    Ok(())
}
