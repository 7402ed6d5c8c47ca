//! Sessions, libraries, albums and lists, and the words that ask for them.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use icloud_photos::asset::{Fields, Listing, Role};
use icloud_photos::auth::{CodeDelivery, Phone};
use icloud_photos::library::{AlbumKind, LibraryId, LibraryKind};
use icloud_photos::session::Database;
use icloud_photos::{Probe, SmartAlbum};

use crate::names::{named, snake};
use crate::value::{ToValue, Value, as_member, model};

as_member!(
    CodeDelivery => "CodeDelivery",
    Database => "Database",
    LibraryKind => "LibraryKind",
    SmartAlbum => "SmartAlbum",
);

impl ToValue for Probe {
    fn to_value(self) -> Value {
        let (turned_away, clock_error) = (self.is_turned_away(), self.clock_error());
        model!(
            "Probe",
            host = self.host,
            status = self.status,
            took = self.took,
            apple = self.apple,
            here = self.here,
            is_turned_away = turned_away,
            clock_error = clock_error,
        )
    }
}

impl ToValue for &Phone {
    fn to_value(self) -> Value {
        model!(
            "Phone",
            id = self.id(),
            number = self.number(),
            name = self.name(),
            delivery = self.delivery()
        )
    }
}

impl ToValue for &LibraryId {
    fn to_value(self) -> Value {
        model!("LibraryId", database = self.database(), zone = self.zone(), owner = self.owner())
    }
}

impl ToValue for AlbumKind {
    fn to_value(self) -> Value {
        match self {
            Self::Smart(_) => Value::Member("AlbumKind", "smart".into()),
            other => Value::Member("AlbumKind", snake(&format!("{other:?}")).into()),
        }
    }
}

impl ToValue for Listing {
    fn to_value(self) -> Value {
        let (state, seen, expected, gap) = match self {
            Self::Complete { seen } => ("complete", seen, None, false),
            Self::Limited { seen } => ("limited", seen, None, false),
            Self::Short { expected, seen, gap } => ("short", seen, expected, gap),
            // What is not known to be whole is not.
            _ => ("short", 0, None, true),
        };
        model!(
            "Listing",
            state = Value::Member("ListingState", state.into()),
            seen = seen,
            expected = expected,
            gap = gap,
            is_complete = self.is_complete(),
            has_all = self.has_all(),
            lacks = self.lacks(),
            missing = self.missing(),
            text = self.to_string(),
        )
    }
}

/// How much to ask about each asset.
///
/// # Errors
///
/// There is no such depth.
pub fn depth(word: &str) -> Result<Fields, String> {
    named("depth of fields", word, &[Fields::Basic, Fields::Full, Fields::Everything])
}

/// A file of an asset.
///
/// # Errors
///
/// There is no such role.
pub fn role(word: &str) -> Result<Role, String> {
    static NAMES: LazyLock<HashMap<String, Role>> =
        LazyLock::new(|| Role::ALL.iter().map(|role| (snake(&format!("{role:?}")), *role)).collect());
    match NAMES.get(word) {
        Some(role) => Ok(*role),
        // It says which there are.
        None => named("role", word, &Role::ALL),
    }
}

/// Several.
///
/// # Errors
///
/// There is no such role.
pub fn roles(words: &[String]) -> Result<Vec<Role>, String> {
    words.iter().map(|word| role(word)).collect()
}

/// A number of something of which there must be some.
///
/// # Errors
///
/// It is 0.
pub fn at_least_one(what: &str, number: usize) -> Result<NonZeroUsize, String> {
    NonZeroUsize::new(number).ok_or_else(|| format!("{what} must be at least 1"))
}
