//! What happened in a library since a cursor.

use futures::stream::{self, StreamExt};
use icloud_photos::asset::ChangeBatch;
use pyo3::prelude::*;

use crate::runtime::{Feed, Op};

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Changes(Feed<ChangeBatch>);

impl Changes {
    pub(crate) fn new(changes: icloud_photos::asset::Changes) -> Self {
        let batches = stream::try_unfold(changes, |mut changes| async move {
            Ok(changes.next().await?.map(|batch| (batch, changes)))
        });
        Self(Feed::at_most(1, batches.boxed()))
    }
}

#[pymethods]
impl Changes {
    fn next(&self, into: Py<PyAny>) -> Op {
        self.0.next(into)
    }

    fn close(&self) {
        self.0.close();
    }
}
