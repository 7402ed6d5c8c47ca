//! Reads the whole library, and says what it holds.

use std::collections::BTreeMap;

use futures::StreamExt;
use icloud_photos::{Assets, Result, Role};

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let mut assets = guest.session.primary_library().all().assets();
    let (mut kinds, mut bytes, mut problems) = (BTreeMap::new(), 0, 0);
    while let Some(item) = assets.next().await {
        match item {
            Ok(asset) => {
                *kinds.entry(format!("{:?}", asset.kind()).to_lowercase()).or_insert(0) += 1;
                bytes += asset.resource(Role::Original).and_then(|original| original.size).unwrap_or(0);
            }
            // What concerns one asset is no reason to stop.
            Err(error) if Assets::concerns_one(&error) => problems += 1,
            Err(error) => return Err(error),
        }
    }
    for (kind, count) in &kinds {
        println!("{kind}: {count}");
    }
    println!("{bytes} bytes of originals, {problems} assets that cannot be read: {}", assets.outcome());
    Ok(())
}
