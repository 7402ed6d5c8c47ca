//! Reads a film without storing it: its first bytes alone, and then all of it as it comes, with what is known of the bytes at the end.

use futures::TryStreamExt;
use icloud_photos::asset::MediaKind;
use icloud_photos::download::Downloader;
use icloud_photos::{Error, ErrorKind, Result, Role};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let library = guest.session.primary_library();
    let mut assets = library.all().assets();
    let film = loop {
        let asset = assets.try_next().await?;
        let asset = asset.ok_or_else(|| Error::new(ErrorKind::NotFound, "the library has no film"))?;
        if asset.kind() == MediaKind::Video {
            break asset;
        }
    };
    let downloader = Downloader::new(&library);

    let beginning = downloader.get(&film, Role::Original).range(0..4096);
    let (bytes, proof) = beginning.bytes(4096).await?;
    println!("the first {} bytes: {proof:?}", bytes.len());

    // Whatever takes the pieces sets the pace: a player, an upload, a pipe.
    let mut pieces = downloader.get(&film, Role::Original).stream()?;
    let mut length = 0;
    while let Some(piece) = pieces.try_next().await? {
        length += piece.len();
    }
    println!("all {length} bytes: {:?}", pieces.proof());
    Ok(())
}
