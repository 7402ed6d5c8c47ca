//! What a program leaves out of a copy by a function of its own.

use std::fmt;
use std::sync::Arc;

use super::event::SkipReason;
use crate::asset::Asset;

type Keep = dyn Fn(&Asset) -> bool + Send + Sync;

/// Nobody can look into the function: its name stands for it.
#[derive(Clone)]
pub(super) struct Filter {
    name: String,
    keep: Arc<Keep>,
}

impl Filter {
    pub(super) fn new(name: String, keep: impl Fn(&Asset) -> bool + Send + Sync + 'static) -> Self {
        Self { name, keep: Arc::new(keep) }
    }

    /// The same text in every run, for the same name, and for no other.
    pub(super) fn text(&self) -> String {
        format!(" filter {:?}", self.name)
    }

    /// Why an asset is left out, if it is.
    pub(super) fn reason(&self, asset: &Asset) -> Option<SkipReason> {
        let is_wanted = (self.keep)(asset);
        (!is_wanted).then(|| SkipReason::Filtered { name: self.name.clone() })
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({:?})", self.name)
    }
}
