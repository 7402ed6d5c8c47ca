//! Two WebDAV servers: `dav-server` in this process, and Debian's Apache with `mod_dav`, which others run their clouds on. They differ
//! where the standard leaves room, so a client that only one of them likes is found out.
//!
//! Both keep plain files in a folder and want a name and a password. Kept as files means: `a` and `a/b` cannot both be there, a name has
//! at most 255 bytes, and a client sets no times. Neither creates folders by itself: a `PUT` below one that is not there is 409.

mod apache;
mod in_process;

use std::path::{Path, PathBuf};

pub use self::apache::Apache;
pub use self::in_process::WebDavServer;

/// Who may use them.
pub const USER: &str = "photos";
/// And what proves it.
pub const PASSWORD: &str = "not-a-secret";

/// The files below a folder, relative to it, with slashes, sorted; folders do not count.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => found.push(relative(folder, &entry.path())),
            }
        }
    }
    found.sort();
    found
}

fn relative(folder: &Path, path: &Path) -> String {
    let rest: PathBuf = path.strip_prefix(folder).unwrap_or(path).to_owned();
    rest.to_string_lossy().into_owned()
}
