//! Lists libraries, albums with their counts, and the newest photos.

use futures::TryStreamExt;
use icloud_photos::{Result, Role};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    for library in guest.session.libraries().await? {
        println!("library {} ({:?})", library.name(), library.kind());
    }
    let library = guest.session.primary_library();
    let tree = library.albums().await?;
    let albums: Vec<_> = tree.iter().cloned().collect();
    let counts = library.counts(&albums).await?;
    for (album, count) in albums.iter().zip(counts) {
        println!("album   {} ({})", album.path().join("/"), count.unwrap_or(0));
    }
    let mut newest = library.all().assets().limit(10);
    while let Some(asset) = newest.try_next().await? {
        let bytes = asset.resource(Role::Original).and_then(|original| original.size).unwrap_or(0);
        println!("asset   {:?} {:?} {bytes} bytes", asset.filename(), asset.created());
    }
    Ok(())
}
