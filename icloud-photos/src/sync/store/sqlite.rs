//! The SQLite files of a folder, each named by the id of its storage.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::Catalogues;
use crate::error::{Error, ErrorKind, Result};
use crate::sync::catalogue::{Catalogue, SqliteCatalogue};

/// How the file of a catalogue is called in the data folder.
const PREFIX: &str = "catalogue-";
const SUFFIX: &str = ".sqlite";

#[async_trait]
impl Catalogues for Path {
    type Catalogue = SqliteCatalogue;

    async fn open(&self, id: &str) -> Result<SqliteCatalogue> {
        SqliteCatalogue::open(file_of(self, id))
    }

    async fn open_read_only(&self, id: &str) -> Result<Option<SqliteCatalogue>> {
        let file = file_of(self, id);
        if !file.exists() {
            return Ok(None);
        }
        SqliteCatalogue::open_read_only(file).map(Some)
    }

    async fn last_seen_at(&self, place: &str) -> Result<Option<(SqliteCatalogue, String)>> {
        for file in catalogues(self) {
            let catalogue = SqliteCatalogue::open_read_only(&file).map_err(|error| {
                let message = "this folder bears no mark, and whether it was filled before cannot be told, for a catalogue cannot \
                               be read; if that one is not about this folder, move it away";
                Error::new(ErrorKind::StoreLost, message).with("catalogue", file.display()).caused_by(error)
            })?;
            if catalogue.store().await?.is_some_and(|store| store.place == place) {
                return Ok(Some((catalogue, file.display().to_string())));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Catalogues for PathBuf {
    type Catalogue = SqliteCatalogue;

    async fn open(&self, id: &str) -> Result<SqliteCatalogue> {
        self.as_path().open(id).await
    }

    async fn open_read_only(&self, id: &str) -> Result<Option<SqliteCatalogue>> {
        self.as_path().open_read_only(id).await
    }

    async fn last_seen_at(&self, place: &str) -> Result<Option<(SqliteCatalogue, String)>> {
        self.as_path().last_seen_at(place).await
    }
}

fn catalogues(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data) else { return Vec::new() };
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
    };
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_one).collect();
    found.sort();
    found
}

fn file_of(data: &Path, id: &str) -> PathBuf {
    data.join(format!("{PREFIX}{id}{SUFFIX}"))
}
