//! A folder as it stands on disk, and how two of them differ.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// What lies at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Folder,
    File {
        length: u64,
        /// SHA-256 of the bytes, in hex.
        sha256: String,
        /// Apple's checksum of the bytes, as its records show it.
        checksum: String,
        /// Whole seconds since 1970.
        modified: i64,
    },
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder => f.write_str("a folder"),
            Self::File { length, sha256, modified, .. } => {
                write!(
                    f,
                    "{length} bytes, sha256 {}, modified {modified}",
                    sha256.get(..16).unwrap_or(sha256)
                )
            }
        }
    }
}

/// Everything below a folder, by relative path.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// Ours alone: says which catalogue is about the folder.
pub(crate) const MARK: &str = ".icloud-photos-store";

/// Ours alone: says what was moved out of iCloud.
const RECORD: &str = ".icloud-photos-moved";

/// Reads the tree below `root`, without our mark and record; a folder that is not there is empty.
pub(crate) fn read(root: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    if root.exists() {
        walk(root, "", &mut tree).with_context(|| format!("cannot read {}", root.display()))?;
        tree.retain(|path, _| path != MARK && !path.starts_with(RECORD));
    }
    Ok(tree)
}

fn walk(folder: &Path, prefix: &str, tree: &mut Tree) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            tree.insert(path.clone(), Entry::Folder);
            walk(&entry.path(), &format!("{path}/"), tree)?;
        } else {
            let (sha256, checksum) = digests(&entry.path())?;
            let (length, modified) = (metadata.len(), metadata.mtime());
            tree.insert(path, Entry::File { length, sha256, checksum, modified });
        }
    }
    Ok(())
}

/// Reads a file once: its SHA-256 in hex, and Apple's checksum.
fn digests(path: &Path) -> Result<(String, String)> {
    let mut file = fs::File::open(path)?;
    let mut sha256 = Sha256::new();
    let mut apple = Sha1::new_with_prefix(b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0");
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        sha256.update(&piece[..read]);
        apple.update(&piece[..read]);
    }
    let mut checksum = vec![1];
    checksum.extend_from_slice(&apple.finalize());
    let hex = sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, STANDARD.encode(checksum)))
}

/// Copies the tree below `from` to `to`, modification times included.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::options().write(true).open(&target)?.set_modified(metadata.modified()?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_and_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let one = folder.path().join("one");
        fs::create_dir_all(one.join("2020/01")).unwrap();
        fs::write(one.join("2020/01/a.JPG"), b"abc").unwrap();
        fs::write(one.join(MARK), b"{}").unwrap();
        let tree = read(&one).unwrap();
        assert_eq!(tree.keys().collect::<Vec<_>>(), ["2020", "2020/01", "2020/01/a.JPG"]);
        let Entry::File { length, sha256, checksum, .. } = &tree["2020/01/a.JPG"] else {
            panic!("not a file")
        };
        assert_eq!(*length, 3);
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        // printf 'com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0abc' | sha1sum
        assert_eq!(checksum, "AYnnoj1r4lMYTs3JP/g7mjGaDCgO");
        let two = folder.path().join("two");
        copy(&one, &two).unwrap();
        assert_eq!(read(&two).unwrap(), tree);
        assert!(read(&folder.path().join("none")).unwrap().is_empty());
    }
}
