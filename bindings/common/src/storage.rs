//! What storages say.

use icloud_photos::storage::{Capabilities, ObjectMeta, WriteOptions};

use crate::value::{ToValue, Value, as_model, model};

as_model!(Capabilities => "Capabilities" {
    modified_time, resume, exclusive_commit, case_sensitive, max_name, max_size, distant, metadata, hard_links, reflinks, symbolic_links,
});

impl ToValue for WriteOptions {
    fn to_value(self) -> Value {
        model!(
            "WriteOptions",
            part = self.part,
            modified = self.modified,
            size = self.size,
            replace = self.replace,
            through_links = self.through_links,
        )
    }
}

impl ToValue for ObjectMeta {
    fn to_value(self) -> Value {
        let metadata = self.metadata.into_iter().map(|(key, value)| (key, value.to_value())).collect();
        model!(
            "ObjectMeta",
            path = self.path,
            size = self.size,
            modified = self.modified,
            metadata = Value::Map(metadata)
        )
    }
}
