//! The binary under test, kept away from the developer's home, keyring, terminal and time zone.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// `icloudpd` with these arguments, in an empty world.
pub(crate) fn icloudpd(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icloudpd"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("TZ", "UTC")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::null());
    command
}

/// Exit code, standard output, standard error.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Standard output without the time and the level of log lines.
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.out.lines().map(|line| line.get(29..).filter(|_| is_log_line(line)).unwrap_or(line)).collect()
    }

    /// Asserts that a line of standard output begins so.
    #[track_caller]
    pub(crate) fn says(&self, start: &str) {
        let said = self.messages().iter().any(|line| line.starts_with(start));
        assert!(said, "no line begins with {start:?}\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
    }
}

/// `2018-01-01 00:00:00 INFO     ...`
pub(crate) fn is_log_line(line: &str) -> bool {
    let levels = ["DEBUG   ", "INFO    ", "WARNING ", "ERROR   "];
    line.len() > 28 && line.is_char_boundary(20) && levels.iter().any(|level| line[20..].starts_with(level))
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    finish(command.output().unwrap())
}

/// Runs with `input` on standard input.
pub(crate) fn ran_with_input(command: &mut Command, input: impl AsRef<[u8]>) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends before it has read everything closes the pipe: no failure of the test.
    let _ = stdin.write_all(input.as_ref());
    drop(stdin);
    finish(child.wait_with_output().unwrap())
}

/// The exit code as a shell tells it: 130 for who died of Ctrl-C.
#[cfg(unix)]
pub(crate) fn code(status: std::process::ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or(status.signal().map(|signal| 128 + signal))
}

fn finish(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Paths of all files below a folder, relative, sorted; without the mark of the store.
pub(crate) fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.retain(|path| path != ".icloud-photos-store" && !path.starts_with(".icloud-photos-moved/"));
    found.sort();
    found
}

/// A fake iCloud, a folder for photos, one for sessions, and the program between them.
pub(crate) struct World {
    pub(crate) cloud: FakeCloud,
    server: Server,
    folder: TempDir,
    _runtime: Runtime,
}

impl World {
    pub(crate) const USER: &str = "jdoe@example.com";
    pub(crate) const PASSWORD: &str = "correct horse battery staple";

    /// An account that signs in with its password alone.
    pub(crate) fn new(library: LibrarySpec) -> Self {
        Self::of(AccountSpec::in_state("password-only").unwrap(), library)
    }

    pub(crate) fn of(account: AccountSpec, library: LibrarySpec) -> Self {
        let runtime = Runtime::new().unwrap();
        let cloud = FakeCloud::builder().account(account).library(library).build();
        let server = runtime.block_on(cloud.serve()).unwrap();
        Self { cloud, server, folder: TempDir::new().unwrap(), _runtime: runtime }
    }

    /// Where photos go.
    pub(crate) fn directory(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    /// Paths of the photos that are there.
    pub(crate) fn photos(&self) -> Vec<String> {
        tree(&self.directory())
    }

    /// Where sessions are kept.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.folder.path().join("deep/sessions")
    }

    /// The next run has to sign in again.
    pub(crate) fn forget_session(&self) {
        let _ = std::fs::remove_dir_all(self.sessions());
    }

    /// The program in a session of its own: no terminal to ask for a password.
    pub(crate) fn detached(&self, args: &[&str]) -> Command {
        let program = self.icloudpd(args);
        let mut command = Command::new("setsid");
        command.env_clear();
        command.arg("--wait").arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    }

    /// The program, with the right password in the environment, and these arguments after the user.
    pub(crate) fn icloudpd(&self, args: &[&str]) -> Command {
        let sessions = self.sessions();
        let mut command = icloudpd(&["--cookie-directory", sessions.to_str().unwrap(), "-u", Self::USER]);
        command
            .args(args)
            .env("ICLOUDPD_PASSWORD", Self::PASSWORD)
            .env("ICLOUDPD_AUTH_ENDPOINT", self.server.url())
            .env("ICLOUDPD_SETUP_ENDPOINT", self.server.url())
            .env("NO_PROXY", "127.0.0.1");
        command
    }

    /// The program, about to download everything.
    pub(crate) fn download(&self) -> Command {
        self.icloudpd(&["-d", self.directory().to_str().unwrap()])
    }
}
