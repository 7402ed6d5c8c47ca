//! A PostgreSQL server of its own for each test that wants one.
//!
//! Debian's `initdb` and `postgres`, or those of the `PATH`. Making the files takes about half a second and starting less, so that a
//! test need not share. Nothing is flushed to the disk (`fsync=off`). Words sort as people sort them and not by their bytes, for
//! that is what a database may do to its users.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Where Debian puts what only servers need.
const DEBIAN: &str = "/usr/lib/postgresql";

/// PostgreSQL refuses to run as root.
const USERS: [&str; 2] = ["postgres", "nobody"];

const PATIENCE: Duration = Duration::from_secs(30);

/// Who may come in: one user only with a password, all others without.
const RULES: &str =
    "local all all trust\nhost all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";

/// A server that ends with this value, also when a test panics.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Postgres {
    /// Starts a server; `None` where the program is not on the machine.
    ///
    /// # Panics
    /// If it is there and does not start.
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().expect("a temporary folder");
        if let Some(user) = other_user() {
            ran(Command::new("chown").arg(user).arg(folder.path()));
        }
        let data = folder.path().join("data");
        ran(as_other_user(&programs.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync"])
            .args(["--locale-provider", "icu", "--icu-locale", "en-US", "--locale", "C.UTF-8"]));
        fs::write(data.join("pg_hba.conf"), RULES).expect("the rules");
        certify(&data);
        // Whoever else takes a port meanwhile takes it first: another try, another port.
        (0..5).find_map(|_| Self::listen(&programs, &data)).map(|(child, port)| Self {
            programs,
            child,
            port,
            folder,
        })
    }

    fn listen(programs: &Path, data: &Path) -> Option<(Child, u16)> {
        let port =
            TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its number").port();
        let log = fs::File::create(data.with_file_name("log")).expect("a log");
        let mut child = as_other_user(&programs.join("postgres"))
            .arg("-D")
            .arg(data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB"])
            .args(["-c", "ssl=on", "-c", "max_connections=60"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let end = Instant::now() + PATIENCE;
        while child.try_wait().expect("its state").is_none() {
            assert!(Instant::now() < end, "the server is not ready");
            let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Some((child, port));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// The URL of its database for its superuser, who needs no password.
    pub fn url(&self) -> String {
        self.url_for("postgres")
    }

    /// The URL for another user. `locked` needs a password, once there is such a user.
    pub fn url_for(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    /// The port on the loopback address 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file with the certificate of the server, which it has signed itself for the name `localhost`.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("data/server.crt")
    }

    /// Runs statements as the superuser, and gives back what they say, a line for each row, with `|` between columns.
    ///
    /// # Panics
    /// If one fails.
    pub fn sql(&self, statements: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", statements]);
        ran(&mut psql).trim_end().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Ends all sessions at once and waits for none.
        let _ = kill_process(Pid::from_child(&self.child), Signal::QUIT);
        let _ = self.child.wait();
    }
}

/// The folder of the newest server.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_server = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let number = |folder: &PathBuf| folder.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter(has_server).max_by_key(number);
    newest.or_else(|| std::env::split_paths(&path).find(has_server))
}

fn other_user() -> Option<&'static str> {
    let is_root = rustix::process::geteuid().is_root();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let exists = |user: &&str| accounts.lines().any(|line| line.starts_with(&format!("{user}:")));
    is_root.then(|| USERS.into_iter().find(exists).expect("a user for the server"))
}

/// `setpriv` becomes the program, so that its id is that of the child.
fn as_other_user(program: &Path) -> Command {
    let Some(user) = other_user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--regid", &group_of(user), "--clear-groups", "--"])
        .arg(program)
        .current_dir("/");
    command
}

fn group_of(user: &str) -> String {
    ran(Command::new("id").args(["-g", user])).trim().to_owned()
}

/// A certificate for `localhost`, and its key, which must be the server's own.
fn certify(data: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    fs::write(data.join("server.crt"), made.cert.pem()).expect("its file");
    let key = data.join("server.key");
    fs::write(&key, made.signing_key.serialize_pem()).expect("the file of its key");
    ran(Command::new("chmod").arg("600").arg(&key));
    if let Some(user) = other_user() {
        ran(Command::new("chown").arg(user).arg(&key));
    }
}

fn ran(command: &mut Command) -> String {
    let output = command.output().expect("the program is there");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
