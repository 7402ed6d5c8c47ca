//! Assets by their id (protocol notes 5.9).

use std::collections::HashMap;

use super::listing::join_all;
use super::record::{AssetPart, Page, desired_keys, parse_page};
use super::{Asset, AssetId, Fields, MasterId, Role};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::library::{Library, LibraryId, query};

impl Library {
    /// The asset of that id, with everything modelled and fresh links. Two requests.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if Apple says that the library has none; those of every request.
    pub async fn asset(&self, id: &AssetId) -> Result<Asset> {
        let found = self.assets_by_id(std::slice::from_ref(id)).await?;
        found.into_iter().next().unwrap_or_else(|| Err(unmentioned(id)))
    }

    /// The assets of these ids, in that order. What is wrong with one is that one's result: [`ErrorKind::NotFound`] if Apple
    /// says that there is none, and nothing else means that; [`ErrorKind::Protocol`], worth another try, if Apple's answer
    /// does not speak of it. Two requests for every 200 ids.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn assets_by_id(&self, ids: &[AssetId]) -> Result<Vec<Result<Asset>>> {
        let keys = desired_keys(Fields::Full, &Role::ALL);
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(query::MAX_RECORDS) {
            let mut page = self.look_up(ids.iter().map(AssetId::as_str), keys.as_deref()).await?;
            let masters: Vec<MasterId> =
                page.assets.iter().filter_map(|asset| asset.master.clone()).collect();
            let masters = self.look_up(masters.iter().map(MasterId::as_str), keys.as_deref()).await?;
            page.masters = masters.masters;
            page.failures.extend(masters.failures);
            found.extend(in_order(ids, page, self.id()));
        }
        Ok(found)
    }

    /// The same assets as they are now, as far as [`Fields::Basic`] goes, with fresh links. One request for every 100 assets: quicker than
    /// [`Library::assets_by_id`], for the masters are known. `roles` are those whose links are wanted.
    ///
    /// # Errors
    /// Those of every request; [`ErrorKind::Config`] if an asset belongs to another library.
    pub async fn renew(&self, assets: &[Asset], roles: &[Role]) -> Result<Vec<Result<Asset>>> {
        if let Some(stranger) = assets.iter().find(|asset| asset.library() != self.id()) {
            let error = Error::new(ErrorKind::Config, "the asset belongs to another library");
            return Err(error.with("asset", stranger.id()));
        }
        let keys = desired_keys(Fields::Basic, roles);
        let mut found = Vec::with_capacity(assets.len());
        for assets in assets.chunks(query::MAX_RECORDS / 2) {
            let names = assets.iter().flat_map(|asset| [asset.id().as_str(), asset.master_id().as_str()]);
            let page = self.look_up(names, keys.as_deref()).await?;
            let ids: Vec<AssetId> = assets.iter().map(|asset| asset.id().clone()).collect();
            found.extend(in_order(&ids, page, self.id()));
        }
        Ok(found)
    }

    /// What `records/lookup` says, [`query::MAX_RECORDS`] names at most.
    pub(super) async fn records(&self, names: &[impl AsRef<str>], keys: Option<&[String]>) -> Result<Page> {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        self.post("/records/lookup", &query::lookup(&names, self.zone(), keys), parse_page).await
    }

    async fn look_up<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        keys: Option<&[String]>,
    ) -> Result<Page> {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Ok(Page::default());
        }
        self.records(&names, keys).await
    }
}

/// Joins what was looked up, a result for each id.
fn in_order(ids: &[AssetId], page: Page, library: &LibraryId) -> Vec<Result<Asset>> {
    let known: Vec<AssetId> = page.assets.iter().map(|asset: &AssetPart| asset.id.clone()).collect();
    let joined = join_all(page.assets, page.masters, &page.failures, library);
    let mut found: HashMap<AssetId, Result<Asset>> = known.into_iter().zip(joined).collect();
    let gone = page.gone.into_iter().map(|name| {
        let error = Error::new(ErrorKind::NotFound, "the library has no photo of this id any more");
        (name, error)
    });
    found.extend(page.failures.into_iter().chain(gone).map(|(name, error)| {
        let id = AssetId::new(name);
        let error = error.with("asset", &id);
        (id, Err(error))
    }));
    let one = |id: &AssetId| match found.get(id) {
        Some(Ok(asset)) => Ok(asset.clone()),
        Some(Err(error)) => Err(error.duplicate()),
        None => Err(unmentioned(id)),
    };
    ids.iter().map(one).collect()
}

/// Whoever is gone is named, with an error of its own (protocol notes 5.9): silence says nothing.
fn unmentioned(id: &AssetId) -> Error {
    let error =
        Error::new(ErrorKind::Protocol, "Apple's answer does not mention a photo that was asked about");
    error.with("asset", id).retrying(Retry::Later { after: None })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::library::LibraryIdData;
    use crate::session::Database;

    #[test]
    fn only_who_is_said_to_be_gone_is_gone() {
        let asset = |number: u32| {
            let reference =
                serde_json::json!({ "masterRef": { "value": { "recordName": format!("m{number}") } } });
            serde_json::json!({ "recordName": format!("a{number}"), "recordType": "CPLAsset", "fields": reference })
        };
        let answer = serde_json::json!({ "records": [
            asset(1), asset(2), asset(3),
            { "recordName": "m1", "recordType": "CPLMaster", "fields": {} },
            { "recordName": "m2", "serverErrorCode": "THROTTLED" },
            { "recordName": "a4", "serverErrorCode": "NOT_FOUND" },
            { "recordName": "a5", "recordType": "CPLAsset", "deleted": true },
        ] });
        let page = parse_page(answer.to_string().as_bytes()).unwrap();
        let library =
            LibraryIdData { database: Database::Private, zone: "PrimarySync".to_owned(), owner: None };
        let ids = ["a6", "a5", "a4", "a3", "a2", "a1"].map(AssetId::new);
        let found = in_order(&ids, page, &LibraryId(Arc::new(library)));
        let kinds: Vec<_> = found.iter().map(|found| found.as_ref().err().map(Error::kind)).collect();
        let (gone, throttled) = (Some(ErrorKind::NotFound), Some(ErrorKind::RateLimited));
        let silent = Some(ErrorKind::Protocol);
        assert_eq!(kinds, [silent, gone, gone, silent, throttled, None]);
        assert!([0, 3].into_iter().all(|at| found[at].as_ref().unwrap_err().is_retryable()));
        let error = found[4].as_ref().unwrap_err();
        assert!(error.is_retryable() && error.context().any(|pair| pair == ("asset", "a2")), "{error}");
    }
}
