//! An SFTP server: Debian's `openssh-server`, as the user who runs the tests, with keys of its own and nobody else's.
//!
//! A client gets in with [`SftpServer::key`] and knows the server by [`SftpServer::known_hosts`]. Clients that run the program `ssh` and
//! cannot be told files (OpenDAL is one) take both from [`SftpServer::ssh_folder`], which stands first in the `PATH` of their process and
//! holds an `ssh` that reads nobody's `~/.ssh`.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::child::{self, Guard};

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct SftpServer {
    address: SocketAddr,
    user: String,
    _guard: Guard,
    folder: TempDir,
}

impl SftpServer {
    /// Starts a server; `None` where it or the client is not on the machine (Debian: `openssh-server`, `openssh-client`).
    pub fn start() -> Option<Self> {
        let (sshd, ssh) = (child::find("sshd")?, child::find("ssh")?);
        let folder = tempfile::tempdir().expect("a folder for keys and files");
        let at = |name: &str| folder.path().join(name);
        for name in ["files", "bin"] {
            std::fs::create_dir(at(name)).expect("a new folder");
        }
        make_key(&at("host_key"))?;
        make_key(&at("key"))?;
        std::fs::copy(at("key.pub"), at("authorized_keys")).expect("the key that may in");
        if child::is_root() {
            // Where it locks itself in while it does not know yet who asks; Debian makes it when the service starts.
            std::fs::create_dir_all("/run/sshd").expect("root may make it");
        }
        let (guard, address) = Guard::serve(&at("log"), |port| {
            std::fs::write(at("sshd_config"), server_file(folder.path(), port)).expect("its configuration");
            let mut command = Command::new(&sshd);
            command.arg("-D").arg("-f").arg(at("sshd_config")).arg("-E").arg(at("log"));
            command
        });
        let server = Self { address, user: user()?, _guard: guard, folder };
        server.write_client(&ssh);
        Some(server)
    }

    /// Host and port, as `ssh` wants them: `ssh://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("ssh://{}", self.address)
    }

    /// The port of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Who logs in: who runs the tests.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The file with the key that gets in.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// The file that says what the server's own key is.
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// What `ssh -F` and `sftp -F` are given, so that they ask nothing and read nothing of the user's.
    pub fn client_configuration(&self) -> PathBuf {
        self.folder.path().join("ssh_config")
    }

    /// A folder for the head of `PATH`, with an `ssh` that uses [`SftpServer::client_configuration`].
    pub fn ssh_folder(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// An empty folder for files. The server shows all that the user may see, so its path is part of names.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn write_client(&self, ssh: &Path) {
        let host_key = std::fs::read_to_string(self.folder.path().join("host_key.pub")).expect("its key");
        let known = format!("[127.0.0.1]:{} {host_key}", self.port());
        std::fs::write(self.known_hosts(), known).expect("the file of known hosts");
        let configuration = format!(
            "StrictHostKeyChecking yes\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\nIdentityFile {}\n\
             IdentitiesOnly yes\nBatchMode yes\nLogLevel ERROR\n",
            self.known_hosts().display(),
            self.key().display(),
        );
        std::fs::write(self.client_configuration(), configuration).expect("the client's configuration");
        let script = format!(
            "#!/bin/sh\nexec {} -F {} \"$@\"\n",
            ssh.display(),
            self.client_configuration().display()
        );
        let program = self.ssh_folder().join("ssh");
        std::fs::write(&program, script).expect("the client");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("its own file");
    }
}

fn make_key(path: &Path) -> Option<()> {
    let mut command = Command::new(child::find("ssh-keygen")?);
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f"]).arg(path).stdin(Stdio::null());
    assert!(command.status().is_ok_and(|status| status.success()), "ssh-keygen makes a key");
    Some(())
}

fn user() -> Option<String> {
    let told = Command::new("id").arg("-un").output().ok()?;
    Some(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

/// Many clients come at once in tests, and none is to be turned away for that.
fn server_file(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
MaxStartups 1000
MaxSessions 1000
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"
    )
}
