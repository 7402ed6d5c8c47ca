//! What is remembered of a storage, wherever `--catalogue` says that it is kept.

use std::sync::Arc;

use icloud_photos::storage::Storage;
use icloud_photos::sync::catalogue::Catalogue;
use icloud_photos::sync::store;
use icloud_photos::{Error, ErrorKind, Result};

use crate::args::Catalogues;
use crate::config::Account;

/// For writing: by one run at a time.
pub(super) async fn open(
    storage: &dyn Storage,
    place: &str,
    account: &Account,
) -> Result<Arc<dyn Catalogue>> {
    Ok(match &account.catalogues {
        Catalogues::Folder(folder) => Arc::new(store::open(storage, place, folder).await?),
        Catalogues::Database(database) => {
            let database = database.clone().usual_password()?;
            Arc::new(store::open(storage, place, &database).await?)
        }
    })
}

/// For reading, also while a run writes; nothing if nothing is remembered.
pub(super) async fn open_read_only(
    storage: &dyn Storage,
    place: &str,
    account: &Account,
) -> Result<Option<Arc<dyn Catalogue>>> {
    Ok(match &account.catalogues {
        Catalogues::Folder(folder) => {
            let found = store::open_read_only(storage, place, folder).await?;
            found.map(|catalogue| Arc::new(catalogue) as _)
        }
        Catalogues::Database(database) => {
            let database = database.clone().usual_password()?;
            let found = store::open_read_only(storage, place, &database).await?;
            found.map(|catalogue| Arc::new(catalogue) as _)
        }
    })
}

/// Whether another worker of the fleet keeps what was to be opened: no fault of anybody, and over when that one is done.
pub(super) fn is_kept_by_another(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.is_retryable()
}
