//! A folder as it stands on disk, and how two of them differ.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// What lies at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Folder,
    File {
        length: u64,
        /// SHA-256 of the bytes, in hex.
        sha256: String,
        /// Whole seconds since 1970.
        modified: i64,
    },
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder => f.write_str("a folder"),
            Self::File { length, sha256, modified } => {
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

/// Reads the tree below `root`; a folder that is not there is empty.
pub(crate) fn read(root: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    if root.exists() {
        walk(root, "", &mut tree).with_context(|| format!("cannot read {}", root.display()))?;
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
            let sha256 = sha256(&entry.path())?;
            tree.insert(path, Entry::File { length: metadata.len(), sha256, modified: metadata.mtime() });
        }
    }
    Ok(())
}

/// Reads a file in pieces through `digest`.
pub(crate) fn digest_file<D: sha2::Digest>(path: &Path, mut digest: D) -> Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(digest.finalize().to_vec());
        }
        digest.update(&piece[..read]);
    }
}

fn sha256(path: &Path) -> Result<String> {
    Ok(hex(&digest_file(path, Sha256::new())?))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
