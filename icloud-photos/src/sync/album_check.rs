//! A question that is put before albums are listed: are they still those that were meant?

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::library::AlbumTree;

type Check = dyn Fn(&AlbumTree) -> Result<()> + Send + Sync;

#[derive(Clone, Default)]
pub(super) struct AlbumCheck(Option<Arc<Check>>);

impl AlbumCheck {
    pub(super) fn new(check: impl Fn(&AlbumTree) -> Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(check)))
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn check(&self, albums: &AlbumTree) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |check| check(albums))
    }
}

impl fmt::Debug for AlbumCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlbumCheck({})", self.0.is_some())
    }
}
