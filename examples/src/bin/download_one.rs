//! Fetches the newest photo into memory and into a folder, and says what is known of its bytes.

use futures::TryStreamExt;
use icloud_photos::download::Downloader;
use icloud_photos::storage::{FsStorage, StoragePath};
use icloud_photos::{Error, ErrorKind, Result, Role};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let library = guest.session.primary_library();
    let asset = library.all().assets().try_next().await?;
    let asset = asset.ok_or_else(|| Error::new(ErrorKind::NotFound, "the library is empty"))?;
    let downloader = Downloader::new(&library);

    let (bytes, proof) = downloader.get(&asset, Role::Original).bytes(64 << 20).await?;
    println!("{} bytes in memory, {proof:?}", bytes.len());

    let folder = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let storage = FsStorage::open(folder.path())?;
    let saved = downloader.get(&asset, Role::Original).save(&storage, &StoragePath::parse("newest")?).await?;
    println!("{} bytes on disk as {}, {:?}", saved.size, saved.path, saved.proof);
    Ok(())
}
