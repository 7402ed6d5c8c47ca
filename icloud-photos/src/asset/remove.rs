//! Moving assets to Recently Deleted (protocol notes 8.1, 8.2).
//!
//! Nobody outside this crate can call it: the way in is a [`Receipt`](crate::sync::Receipt), which only proven files make.

use std::collections::HashMap;

use super::record::parse_page;
use super::{Asset, AssetId};
use crate::error::{Error, ErrorKind, Result};
use crate::library::{Library, query};

impl Library {
    /// Moves assets to Recently Deleted, from where iCloud removes them after 30 days. Each names the version it was seen in, so
    /// that one that was changed meanwhile stays. One request for every 200; the results are in the order of `assets`. Only what
    /// the answer says to be in Recently Deleted was moved for sure; of the others a lookup says more: where an answer gets lost
    /// and the request is sent again, the second answer speaks of a conflict with the first.
    ///
    /// # Errors
    /// Those of every request. Then it is not known which of its assets went.
    pub(crate) async fn move_to_recently_deleted(&self, assets: &[Asset]) -> Result<Vec<Result<()>>> {
        let mut results = Vec::with_capacity(assets.len());
        for assets in assets.chunks(query::MAX_RECORDS) {
            let records = assets.iter().map(|asset| (asset.id().as_str(), asset.change_tag()));
            let body = query::trash(records, self.zone());
            let page = self.post("/records/modify", &body, parse_page).await?;
            let moved = page.assets.into_iter().map(|asset| (asset.id.clone(), verdict(asset.is_trashed())));
            let refused = page.failures.into_iter().map(|(name, error)| (AssetId::new(name), Err(error)));
            let mut answers: HashMap<AssetId, Result<()>> = moved.chain(refused).collect();
            results.extend(assets.iter().map(|asset| match answers.remove(asset.id()) {
                Some(answer) => answer.map_err(|error| error.with("asset", asset.id())),
                None => verdict(false).map_err(|error| error.with("asset", asset.id())),
            }));
        }
        Ok(results)
    }
}

fn verdict(moved: bool) -> Result<()> {
    let message = "Apple's answer does not say that the photo was moved to Recently Deleted";
    if moved { Ok(()) } else { Err(Error::new(ErrorKind::Protocol, message)) }
}
