//! An emulator of Google Cloud Storage (`gcp-storage-emulator` of PyPI). It knows Google's JSON protocol and its resumable uploads, but
//! neither multipart uploads by XML nor conditions.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::child::{self, Guard};

/// The bucket that is there from the start.
pub const BUCKET: &str = "photos";

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct Gcs {
    address: SocketAddr,
    _guard: Guard,
    _folder: TempDir,
}

impl Gcs {
    /// Starts a server with an empty bucket; `None` where the emulator is not on the machine (`pip install gcp-storage-emulator`).
    pub fn start() -> Option<Self> {
        let program = child::find("gcp-storage-emulator")?;
        let folder = tempfile::tempdir().expect("a folder for the log");
        let log = folder.path().join("log");
        let (guard, address) = Guard::serve(&log, |port| {
            let mut command = Command::new(&program);
            command.args(["start", "--in-memory", "--host", "127.0.0.1", "--port", &port.to_string()]);
            command.args(["--default-bucket", BUCKET]).current_dir(folder.path());
            let output = std::fs::File::create(&log).expect("its log");
            command.stdout(output.try_clone().expect("its log")).stderr(output).stdin(Stdio::null());
            command
        });
        Some(Self { address, _guard: guard, _folder: folder })
    }

    /// Where it listens, as clients want to hear it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}
