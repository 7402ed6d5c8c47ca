//! One folder, two trees: by date, and the favourites of somebody who likes flat folders. Each file is fetched once.

use std::sync::Arc;

use icloud_photos::storage::{FsStorage, Storage};
use icloud_photos::sync::SyncEngine;
use icloud_photos::sync::catalogue::{Catalogue, SqliteCatalogue};
use icloud_photos::sync::layout::LayoutOptions;
use icloud_photos::{Error, Result, SmartAlbum};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let library = guest.session.primary_library();
    let folder = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let storage: Arc<dyn Storage> = Arc::new(FsStorage::open(folder.path().join("photos"))?);
    let catalogue: Arc<dyn Catalogue> =
        Arc::new(SqliteCatalogue::open(folder.path().join("catalogue.sqlite"))?);

    let by_date = SyncEngine::builder(&library, storage.clone()).catalogue(catalogue.clone()).build()?;
    println!("by date:    {}", by_date.run(Arc::new(())).await?);

    let favourites = SyncEngine::builder(&library, storage)
        .catalogue(catalogue)
        .album(library.smart_album(SmartAlbum::Favorites))
        .layout(LayoutOptions::default().folder("favourites"))
        .build()?;
    let report = favourites.run(Arc::new(())).await?;
    println!("favourites: {report}");
    println!("of those {} copied, {} fetched", report.copied, report.downloaded - report.copied);
    Ok(())
}
