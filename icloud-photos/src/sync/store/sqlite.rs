//! The SQLite files of a folder, each named by the id of its storage.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures::TryStreamExt;
use tokio::io::AsyncWriteExt as _;

use super::{Catalogues, SNAPSHOT};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath};
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

    async fn restore(&self, id: &str, storage: &dyn Storage) -> Result<bool> {
        restore(&file_of(self, id), id, storage).await
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

    async fn restore(&self, id: &str, storage: &dyn Storage) -> Result<bool> {
        self.as_path().restore(id, storage).await
    }

    async fn last_seen_at(&self, place: &str) -> Result<Option<(SqliteCatalogue, String)>> {
        self.as_path().last_seen_at(place).await
    }
}

/// Takes the copy that lies in the storage, if it is whole and of this very storage.
async fn restore(target: &Path, id: &str, storage: &dyn Storage) -> Result<bool> {
    if target.exists() {
        return Ok(false);
    }
    let mut bytes = match storage.read(&StoragePath::parse(SNAPSHOT)?, 0).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let fault = |error| Error::storage(error, target.display());
    let folder = target.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(fault)?;
    let file = tempfile::Builder::new().prefix("restored-").tempfile_in(folder).map_err(fault)?;
    let (file, path) = file.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    while let Some(piece) = bytes.try_next().await? {
        file.write_all(&piece).await.map_err(fault)?;
    }
    file.sync_all().await.map_err(fault)?;
    let is_ours = async {
        let restored = SqliteCatalogue::open_read_only(&path)?;
        restored.require_whole().await?;
        Ok::<_, Error>(restored.store().await?.is_some_and(|store| store.id == id))
    };
    match is_ours.await {
        Ok(true) => path.persist_noclobber(target).map(|()| true).map_err(|error| fault(error.error)),
        Ok(false) => Ok(false),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            let advice = "the copy of the catalogue in the storage was written by a newer version of this program: update it here";
            Err(Error::new(ErrorKind::Unsupported, advice).with("copy", SNAPSHOT))
        }
        Err(error) => {
            let aside = target.with_extension(format!("damaged-{}", uuid::Uuid::new_v4().simple()));
            path.persist_noclobber(&aside).map_err(|error| fault(error.error))?;
            if let Err(error) = storage.remove(&StoragePath::parse(SNAPSHOT)?).await {
                tracing::warn!(%error, "and cannot be removed there");
            }
            let damage = error.message();
            tracing::warn!(
                damage,
                aside = %aside.display(),
                "the copy of the catalogue in the storage is damaged, and was put aside on this machine; the next run that leaves copies makes a new one"
            );
            Ok(false)
        }
    }
}

/// For its owner's eyes only.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut maker = std::fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder)
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
