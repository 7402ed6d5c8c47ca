//! Copies a library into a folder, shows what happens, then runs again: nothing is left to do.

use std::sync::Arc;

use icloud_photos::storage::FsStorage;
use icloud_photos::sync::{SyncEngine, SyncEvent, SyncObserver};
use icloud_photos::{Error, Result};

struct Printer;

impl SyncObserver for Printer {
    fn event(&self, event: SyncEvent<'_>) {
        match event {
            SyncEvent::Downloaded { path, bytes, .. } => println!("{bytes:>9} {path}"),
            SyncEvent::Failed { error, .. } => eprintln!("failed: {error}"),
            _ => {}
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let folder = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let storage = Arc::new(FsStorage::open(folder.path())?);
    let engine = SyncEngine::builder(&guest.session.primary_library(), storage).build()?;
    println!("first run:  {}", engine.run(Arc::new(Printer)).await?);
    println!("second run: {}", engine.run(Arc::new(())).await?);
    Ok(())
}
