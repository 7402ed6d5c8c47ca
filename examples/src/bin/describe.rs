//! Copies what was taken in the last ten years with what other programs want to know: a date inside of each JPEG that has none, and an XMP
//! file beside each photo. A second run writes nothing.

use std::sync::Arc;

use icloud_photos::metadata::exif::Format;
use icloud_photos::storage::FsStorage;
use icloud_photos::sync::catalogue::MemoryCatalogue;
use icloud_photos::sync::{DateLimit, SyncEngine, SyncEvent, SyncObserver};
use icloud_photos::{Error, Result};

struct Printer;

impl SyncObserver for Printer {
    fn event(&self, event: SyncEvent<'_>) {
        match event {
            SyncEvent::Dating { path, created, problem: None, .. } => {
                println!("{created} now stands in {path}")
            }
            SyncEvent::Described { path } => println!("wrote {path}"),
            SyncEvent::Failed { error, .. } => eprintln!("failed: {error}"),
            _ => {}
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let folder = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let engine =
        SyncEngine::builder(&guest.session.primary_library(), Arc::new(FsStorage::open(folder.path())?))
            .catalogue(Arc::new(MemoryCatalogue::new()))
            .skip_created_before(Some(DateLimit::DaysAgo(3650)))
            .write_dates([Format::Jpeg])
            .sidecars(true)
            .build()?;
    println!("first run:  {}", engine.run(Arc::new(Printer)).await?);
    let again = engine.run(Arc::new(Printer)).await?;
    println!("second run: {again}, {} sidecars", again.sidecars);
    Ok(())
}
