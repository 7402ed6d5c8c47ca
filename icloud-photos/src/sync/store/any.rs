//! Where catalogues lie, as people say it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{open, open_read_only};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Storage;
use crate::sync::catalogue::Catalogue;
#[cfg(feature = "postgres")]
use crate::sync::catalogue::Database;

/// Where the catalogues of many storages lie, whichever kind they are. Prints without a password.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AnyCatalogues {
    /// A SQLite file each.
    #[cfg(feature = "sqlite")]
    Folder(PathBuf),
    /// All in one PostgreSQL database. Its password is as libpq has it (`PGPASSWORD`, `~/.pgpass`), asked for when it is opened.
    #[cfg(feature = "postgres")]
    Database(Database),
}

impl AnyCatalogues {
    /// A folder, or the URL of a database (`postgres://...`).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is such a URL and a wrong one, or of a kind that this build lacks. It is not quoted: it
    /// may hold a password.
    pub fn at(place: impl Into<PathBuf>) -> Result<Self> {
        let place = place.into();
        #[cfg(feature = "postgres")]
        if let Some(url) = place.to_str().filter(|text| Database::is_url(text)) {
            return Database::parse(url).map(Self::Database);
        }
        Self::folder(place)
    }

    #[cfg(feature = "sqlite")]
    fn folder(folder: PathBuf) -> Result<Self> {
        if folder.as_os_str().is_empty() {
            return Err(Error::new(ErrorKind::Config, "the folder of the catalogues has no name"));
        }
        Ok(Self::Folder(folder))
    }

    #[cfg(not(feature = "sqlite"))]
    fn folder(_: PathBuf) -> Result<Self> {
        Err(Error::new(ErrorKind::Config, "catalogues in a folder need the feature `sqlite`"))
    }

    /// As [`open()`]; the folder is made as needed.
    ///
    /// # Errors
    /// As [`open()`].
    pub async fn open(&self, storage: &dyn Storage, place: &str) -> Result<Arc<dyn Catalogue>> {
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Self::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| Error::storage(error, folder.display()))?;
                Arc::new(open(storage, place, folder).await?)
            }
            #[cfg(feature = "postgres")]
            Self::Database(database) => {
                Arc::new(open(storage, place, &database.clone().usual_password()?).await?)
            }
        })
    }

    /// As [`open_read_only()`].
    ///
    /// # Errors
    /// As [`open()`].
    pub async fn open_read_only(
        &self,
        storage: &dyn Storage,
        place: &str,
    ) -> Result<Option<Arc<dyn Catalogue>>> {
        fn any<C: Catalogue + 'static>(found: Option<C>) -> Option<Arc<dyn Catalogue>> {
            found.map(|catalogue| Arc::new(catalogue) as _)
        }
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Self::Folder(folder) => any(open_read_only(storage, place, folder).await?),
            #[cfg(feature = "postgres")]
            Self::Database(database) => {
                any(open_read_only(storage, place, &database.clone().usual_password()?).await?)
            }
        })
    }
}

impl fmt::Display for AnyCatalogues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Folder(folder) => folder.display().fmt(f),
            #[cfg(feature = "postgres")]
            Self::Database(database) => database.fmt(f),
        }
    }
}
