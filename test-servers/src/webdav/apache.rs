//! Debian's Apache with `mod_dav`, with a configuration of its own.

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use tempfile::TempDir;

use super::{PASSWORD, USER, files_below};
use crate::child::{self, Guard};

/// Where Debian has Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// Those that it takes to serve files by WebDAV to whoever knows the password.
const WANTED: [&str; 8] =
    ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dav", "dav_fs"];

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct Apache {
    address: SocketAddr,
    _guard: Guard,
    folder: TempDir,
}

impl Apache {
    /// Starts a server with an empty folder; `None` where Apache is not on the machine (Debian: `apache2-bin`).
    pub fn start() -> Option<Self> {
        let program = child::find("apache2")?;
        let folder = tempfile::tempdir().expect("a folder for the files");
        let files = folder.path().join("files");
        std::fs::create_dir_all(&files).expect("the folder that it serves");
        std::fs::create_dir_all(folder.path().join("locks")).expect("the folder of its locks");
        let password = STANDARD.encode(Sha1::digest(PASSWORD));
        std::fs::write(folder.path().join("users"), format!("{USER}:{{SHA}}{password}\n"))
            .expect("the file of users");
        if child::is_root() {
            give_away(folder.path());
        }
        let log = folder.path().join("log");
        let (guard, address) = Guard::serve(&log, |port| {
            let configuration = folder.path().join("conf");
            std::fs::write(&configuration, configure(folder.path(), port)).expect("its configuration");
            let mut command = Command::new(&program);
            // One process: whoever ends it ends all of it.
            command.arg("-f").arg(configuration).arg("-X");
            command
        });
        Some(Self { address, _guard: guard, folder })
    }

    /// Where it listens, as clients want to hear it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder that it serves.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The files that are there, as paths with slashes, sorted; without what Apache keeps for itself.
    pub fn files(&self) -> Vec<String> {
        let mut files = files_below(&self.folder());
        files.retain(|file| !file.split('/').any(|name| name == ".DAV"));
        files
    }
}

/// Started by root, Apache works as somebody else, who then must own the files.
fn give_away(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("its own folder");
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.starts_with("www-data:"));
    let id = line.and_then(|line| line.split(':').nth(2)?.parse().ok()).expect("Debian's www-data");
    for name in ["files", "locks"] {
        std::os::unix::fs::chown(folder.join(name), Some(id), Some(id)).expect("root may give away");
        assert_eq!(std::fs::metadata(folder.join(name)).map(|meta| meta.uid()).ok(), Some(id));
    }
}

fn configure(folder: &Path, port: u16) -> String {
    let modules = WANTED.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n")).concat();
    let folder = folder.display();
    format!(
        "{modules}ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
User www-data
Group www-data
PidFile {folder}/pid
ErrorLog {folder}/log
DefaultRuntimeDir {folder}
DocumentRoot {folder}/files
DavLockDB {folder}/locks/db
ServerLimit 1
StartServers 1
<Directory {folder}/files>
    Dav On
    AuthType Basic
    AuthName photos
    AuthUserFile {folder}/users
    Require valid-user
</Directory>
"
    )
}
