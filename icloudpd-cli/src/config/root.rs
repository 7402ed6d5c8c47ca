//! Where files go: a folder of this machine, or the address of a storage elsewhere.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use icloud_photos::Result;
use icloud_photos::storage::{FsStorage, MemoryStorage, OpendalStorage, Storage, StoragePath, is_address};
use icloud_photos::sync::store;

use super::paths::{leading_out, normalise};
use crate::args::UsageError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    Folder(PathBuf),
    /// Without secrets, which are refused in an address.
    Address(String),
}

impl Root {
    /// The root that `directory` and `structure` mean together, what of the structure is left, and how messages name the directory.
    pub(super) fn of(
        directory: &OsStr,
        structure: String,
    ) -> std::result::Result<(Self, String, PathBuf), UsageError> {
        let Some(directory) = directory.to_str().filter(|text| is_address(text)) else {
            let directory = normalise(Path::new(directory));
            let (folder, structure) = super::paths::root(&directory, structure);
            return Ok((Self::Folder(folder), structure, directory));
        };
        let address = directory.trim_end_matches('/').to_owned();
        OpendalStorage::from_url(&address)
            .map_err(|error| UsageError::Argument(format!("argument -d/--directory: {}", error.message())))?;
        if leading_out(&structure) {
            let text = "argument --folder-structure: leads out of --directory, which only a folder of this machine allows";
            return Err(UsageError::Argument(text.to_owned()));
        }
        let shown = PathBuf::from(shown(&address));
        Ok((Self::Address(address), structure, shown))
    }

    /// What a catalogue knows it by.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Folder(folder) => {
                std::path::absolute(folder).unwrap_or_else(|_| folder.clone()).display().to_string()
            }
            Self::Address(address) => address.clone(),
        }
    }

    /// A folder that is not there holds nothing; elsewhere only the storage itself can tell.
    pub(crate) fn may_exist(&self) -> bool {
        self.as_folder().is_none_or(Path::exists)
    }

    pub(crate) fn as_folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Address(_) => None,
        }
    }

    /// How messages name a file.
    pub(crate) fn file(&self, path: &StoragePath) -> PathBuf {
        match self {
            Self::Folder(folder) => normalise(&folder.join(path.as_str())),
            Self::Address(address) => PathBuf::from(format!("{}/{path}", shown(address))),
        }
    }

    /// A folder that is not there is no storage yet, and is not made by what changes nothing.
    ///
    /// # Errors
    /// Those of opening it.
    pub(crate) fn storage(&self, changes_nothing: bool) -> Result<Arc<dyn Storage>> {
        let folder = match self {
            Self::Address(address) => return Ok(Arc::new(OpendalStorage::from_url(address)?)),
            Self::Folder(folder) => folder,
        };
        if changes_nothing && !folder.exists() {
            return Ok(Arc::new(MemoryStorage::new()));
        }
        let storage = FsStorage::open(folder)?;
        // A folder that bears the mark took files before; whether it still does matters only when there are new ones.
        if !changes_nothing && !folder.join(store::MARK).exists() {
            storage.check_writable()?;
        }
        Ok(Arc::new(storage))
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Address(address) => f.write_str(shown(address)),
        }
    }
}

/// An address without its options.
fn shown(address: &str) -> &str {
    address.split('?').next().unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_folders_are_told_apart() {
        let of = |directory: &str| {
            Root::of(directory.as_ref(), "{:%Y}".to_owned()).map(|(root, _, shown)| (root, shown))
        };
        assert_eq!(of("/a//b/").unwrap(), (Root::Folder("/a/b".into()), "/a/b".into()));
        assert!(of("s3:/a").is_err(), "a mistyped address is no folder");
        assert_eq!(of("a:/b").unwrap().0, Root::Folder("a:/b".into()));
        let (root, shown) = of("s3://bucket/a/?region=eu").unwrap();
        assert_eq!((root.place().as_str(), shown), ("s3://bucket/a/?region=eu", "s3://bucket/a".into()));
        let file = root.file(&StoragePath::parse("2018/x.jpg").unwrap());
        assert_eq!(file, Path::new("s3://bucket/a/2018/x.jpg"));
        assert!(of("gopher://x").is_err());
        assert!(Root::of("s3://bucket".as_ref(), "../{:%Y}".to_owned()).is_err());
    }
}
