//! The catalogues in a PostgreSQL database, each named by the id of its storage.

use async_trait::async_trait;

use super::Catalogues;
use crate::error::Result;
use crate::sync::catalogue::{Database, PostgresCatalogue};

#[async_trait]
impl Catalogues for Database {
    type Catalogue = PostgresCatalogue;

    async fn open(&self, id: &str) -> Result<PostgresCatalogue> {
        PostgresCatalogue::open(self, id).await
    }

    async fn open_read_only(&self, id: &str) -> Result<Option<PostgresCatalogue>> {
        PostgresCatalogue::open_read_only(self, id).await
    }

    async fn last_seen_at(&self, place: &str) -> Result<Option<(PostgresCatalogue, String)>> {
        let found = PostgresCatalogue::of_place(self, place).await?;
        Ok(found.map(|catalogue| (catalogue, self.to_string())))
    }
}
