//! One copy, and two trees over it that people browse: by album and by year. Each photo is fetched once and stored once; in the trees stand links
//! to it.

use std::sync::Arc;

use icloud_photos::storage::FsStorage;
use icloud_photos::sync::catalogue::SqliteCatalogue;
use icloud_photos::sync::{SyncEngine, SyncEvent, SyncObserver, View, ViewEvent};
use icloud_photos::{Error, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let library = guest.session.primary_library();
    let folder = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let storage = Arc::new(FsStorage::open(folder.path().join("photos"))?);
    let catalogue = Arc::new(SqliteCatalogue::open(folder.path().join("catalogue.sqlite"))?);

    let engine = SyncEngine::builder(&library, storage)
        .catalogue(catalogue)
        .view(View::new("albums", "{album_path}")?)
        .view("years:{:%Y}".parse()?)
        .build()?;
    println!("{}", engine.run(Arc::new(Teller)).await?);
    // Albums are listed once; from now on the history tells who comes and goes.
    let report = engine.run(Arc::new(())).await?;
    println!("again: {} laid, {} removed", report.views_laid, report.views_removed);
    Ok(())
}

struct Teller;

impl SyncObserver for Teller {
    fn event(&self, event: SyncEvent<'_>) {
        match event {
            SyncEvent::View(ViewEvent::Done { view, entries, .. }) => println!("{view}: {entries} entries"),
            SyncEvent::View(ViewEvent::Left { path, why }) => println!("{path} stays: {why}"),
            _ => {}
        }
    }
}
