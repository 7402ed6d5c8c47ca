//! What a folder has been through before.

use std::fs;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::world::{Damage, Harm};
use crate::tree::{self, Entry};

/// Does to the files below `root` what happened to them.
pub(super) fn damage(root: &Path, damages: &[Damage]) -> Result<()> {
    let tree = tree::read(root)?;
    let files: Vec<(&String, &Entry)> =
        tree.iter().filter(|(_, entry)| matches!(entry, Entry::File { .. })).collect();
    for damage in damages {
        let Some((path, Entry::File { length, checksum, modified, .. })) =
            files.get(damage.file % files.len().max(1))
        else {
            continue;
        };
        let path = root.join(path);
        // Another damage may have been first.
        if path.is_file() {
            harm(&path, damage.kind, *length, checksum)?;
            if path.is_file() {
                let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs((*modified).max(0) as u64);
                fs::File::options().write(true).open(&path)?.set_modified(time)?;
            }
        }
    }
    Ok(())
}

fn harm(path: &Path, harm: Harm, length: u64, checksum: &str) -> Result<()> {
    let write = || fs::File::options().write(true).open(path);
    let beside = |name: &str| path.with_file_name(name);
    let part = || STANDARD.decode(checksum).map(|bytes| beside(&format!("{}.part", base32(&bytes))));
    match harm {
        Harm::Removed => fs::remove_file(path)?,
        Harm::Cut => write()?.set_len(length / 2)?,
        Harm::Emptied => write()?.set_len(0)?,
        Harm::Garbled => fs::write(path, vec![b'x'; length as usize])?,
        Harm::Longer => write()?.set_len(length + 7)?,
        Harm::Folder => {
            fs::remove_file(path)?;
            fs::create_dir(path)?;
        }
        Harm::Legacy => {
            if let Some((stem, extension)) = path.to_string_lossy().rsplit_once('.') {
                fs::rename(path, format!("{stem}-original.{extension}"))?;
            }
        }
        Harm::Renamed => fs::rename(path, beside("renamed by somebody.JPG"))?,
        Harm::HalfPart => {
            write()?.set_len(length / 2)?;
            fs::rename(path, part()?)?;
        }
        Harm::WholePart => fs::rename(path, part()?)?,
        Harm::Foreign => fs::write(beside("somebody's own.txt"), b"not a photo")?,
    }
    Ok(())
}

/// RFC 4648, with its padding: how icloudpd names what it has not fetched whole.
pub(super) fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let mut bits = [0; 8];
        bits[3..3 + five.len()].copy_from_slice(five);
        let bits = u64::from_be_bytes(bits);
        let digits = (five.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = DIGITS[(bits >> (35 - 5 * at)) as usize & 31];
            text.push(if at < digits { digit as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_the_name_that_icloudpd_gives_it() {
        let checksum = STANDARD.decode("AY6c+BsE0jjaXx9tmVGJM1D2VcEO").unwrap();
        assert_eq!(base32(&checksum), "AGHJZ6A3ATJDRWS7D5WZSUMJGNIPMVOBBY======");
    }

    #[test]
    fn a_file_is_harmed_once_and_keeps_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.JPG");
        fs::write(&path, b"abcd").unwrap();
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        let cut = Damage { file: 5, kind: Harm::Cut };
        damage(folder.path(), &[cut]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ab");
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), old);
        let gone = [Harm::Removed, Harm::Removed].map(|kind| Damage { file: 0, kind });
        damage(folder.path(), &gone).unwrap();
        assert!(!path.exists());
    }
}
