//! Names inside a storage.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// A path relative to the root of a storage: parts joined by `/`, never empty, never leaving the root.
///
/// Names are kept exactly, whatever characters they hold but `/` and NUL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize)]
pub struct StoragePath(String);

impl StoragePath {
    /// The root itself, as a prefix for listing.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from text; doubled slashes and `.` parts vanish.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for `..` parts and NUL.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") || text.contains('\0') {
            return Err(Error::new(ErrorKind::Config, "a path inside the storage may not hold `..` or NUL")
                .with("path", text.escape_debug()));
        }
        Ok(Self(parts.join("/")))
    }

    /// The text, parts joined by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// Everything before the last part; `None` directly below the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// Another name in the same folder; slashes in it become `_`.
    #[must_use]
    pub(crate) fn sibling(&self, name: &str) -> Self {
        let name = name.replace('/', "_");
        match self.parent() {
            Some(parent) => Self(format!("{parent}/{name}")),
            None => Self(name),
        }
    }

    /// The same name with `-suffix` before its last dot, or at its end if it has none: `IMG_1.JPG` and `100` give
    /// `IMG_1-100.JPG`.
    #[must_use]
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        match self.name().rsplit_once('.') {
            Some((stem, extension)) => self.sibling(&format!("{stem}-{suffix}.{extension}")),
            None => self.sibling(&format!("{}-{suffix}", self.name())),
        }
    }

    /// The way back: `IMG_1-100.JPG` becomes `IMG_1.JPG`. `None` for a name without that suffix.
    pub(crate) fn without_suffix(&self, suffix: &str) -> Option<Self> {
        let (stem, extension) = match self.name().rsplit_once('.') {
            Some((stem, extension)) => (stem, format!(".{extension}")),
            None => (self.name(), String::new()),
        };
        let plain = stem.strip_suffix(suffix)?.strip_suffix('-')?;
        Some(self.sibling(&format!("{plain}{extension}")))
    }
}

impl fmt::Display for StoragePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let path = StoragePath::parse("/2018//07/./31/IMG_1.JPG").unwrap();
        assert_eq!((path.as_str(), path.name()), ("2018/07/31/IMG_1.JPG", "IMG_1.JPG"));
        assert_eq!(path.parent().unwrap().as_str(), "2018/07/31");
        assert_eq!(StoragePath::parse("x").unwrap().parent(), None);
        assert_eq!(path.sibling("x").as_str(), "2018/07/31/x");
        assert_eq!(path.sibling("../x").as_str(), "2018/07/31/.._x");
        assert_eq!(path.with_suffix("100").as_str(), "2018/07/31/IMG_1-100.JPG");
        assert_eq!(StoragePath::parse("a.b/c").unwrap().with_suffix("7").as_str(), "a.b/c-7");
        assert!(StoragePath::parse("a/../../b").is_err());
        assert!(StoragePath::parse("a\0b").is_err());
    }
}
