//! Which paths this run has spoken for.
//!
//! Two photos may want one path. icloudpd looks at the disk alone: it takes any file of the right length for the right
//! one, so of two different photos with one name and one length it fetches only the first. Here each path that was
//! handed out remembers what it was handed out for.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::asset::{AssetId, Checksum, Role};
use crate::storage::StoragePath;

/// What stands, or will stand, under a path.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) size: Option<u64>,
    /// Apple's checksum, shortened; 0 if unknown.
    content: u64,
    /// Who was taken to own a file that stood there before this run. Its bytes were not read.
    pub(super) assumed: Option<(AssetId, Role)>,
}

impl Claim {
    pub(super) fn new(size: Option<u64>, checksum: Option<&Checksum>) -> Self {
        Self { size, content: shorten(checksum), assumed: None }
    }

    pub(super) fn assumed(mut self, asset: &AssetId, role: Role) -> Self {
        self.assumed = Some((asset.clone(), role));
        self
    }

    /// Whether both are for the same bytes. Where a checksum is missing, the length decides, as icloudpd has it.
    pub(super) fn is_for(&self, size: Option<u64>, checksum: Option<&Checksum>) -> bool {
        let content = shorten(checksum);
        if content == 0 || self.content == 0 { self.size == size } else { self.content == content }
    }
}

fn shorten(checksum: Option<&Checksum>) -> u64 {
    let Some(checksum) = checksum else { return 0 };
    let mut first = [0; 8];
    first.copy_from_slice(&checksum.as_bytes()[1..9]);
    u64::from_be_bytes(first) | 1
}

/// The claims of one run: some hundred bytes for each file, without its path.
#[derive(Debug)]
pub(super) struct Claims {
    case_sensitive: bool,
    hasher: RandomState,
    by_path: HashMap<u64, Claim>,
}

impl Claims {
    pub(super) fn new(case_sensitive: bool) -> Self {
        Self { case_sensitive, hasher: RandomState::new(), by_path: HashMap::new() }
    }

    pub(super) fn get(&self, path: &StoragePath) -> Option<&Claim> {
        self.by_path.get(&self.key(path))
    }

    pub(super) fn set(&mut self, path: &StoragePath, claim: Claim) {
        self.by_path.insert(self.key(path), claim);
    }

    fn key(&self, path: &StoragePath) -> u64 {
        if self.case_sensitive {
            self.hasher.hash_one(path.as_str())
        } else {
            self.hasher.hash_one(path.as_str().to_lowercase())
        }
    }
}
