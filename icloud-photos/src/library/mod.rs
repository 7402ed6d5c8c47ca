//! What an account holds: libraries, albums, listings.

use std::sync::Arc;

use crate::session::Database;

/// Names one library (a CloudKit zone) of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LibraryId(pub(crate) Arc<LibraryIdData>);

#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LibraryIdData {
    pub(crate) database: Database,
    /// `PrimarySync` or `SharedSync-<UUID>`.
    pub(crate) zone: String,
    pub(crate) owner: Option<String>,
}
