//! Azurite, with which Microsoft's own tools are tested: Azure Blob Storage in one process.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use reqsign_azure_storage::{Credential, RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Signer};
use tempfile::TempDir;

use crate::child::{self, Guard};

/// The account and the key that Azurite is known for, and nobody else has.
pub const ACCOUNT: &str = "devstoreaccount1";
/// See [`ACCOUNT`].
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The container that is there from the start.
pub const CONTAINER: &str = "photos";

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct Azurite {
    address: SocketAddr,
    _guard: Guard,
    _folder: TempDir,
}

impl Azurite {
    /// Starts a server with an empty container; `None` where Azurite is not on the machine (`npm install -g azurite`).
    pub async fn start() -> Option<Self> {
        let program = child::find("azurite-blob")?;
        let folder = tempfile::tempdir().expect("a folder for the log");
        let log = folder.path().join("log");
        let (guard, address) = Guard::serve(&log, |port| {
            let mut command = Command::new(&program);
            command.args([
                "--silent",
                "--inMemoryPersistence",
                "--disableTelemetry",
                "--skipApiVersionCheck",
            ]);
            command.args(["--blobPort", &port.to_string()]).current_dir(folder.path());
            let output = std::fs::File::create(&log).expect("its log");
            command.stdout(output.try_clone().expect("its log")).stderr(output).stdin(Stdio::null());
            command
        });
        let server = Self { address, _guard: guard, _folder: folder };
        server.create_container().await;
        Some(server)
    }

    /// Where it listens, as clients want to hear it.
    pub fn endpoint(&self) -> String {
        format!("http://{}/{ACCOUNT}", self.address)
    }

    /// No client of blobs makes containers.
    async fn create_container(&self) {
        let address = format!("{}/{CONTAINER}?restype=container", self.endpoint());
        let request = http::Request::put(address).header("content-length", "0").body("").expect("a request");
        let (mut parts, body) = request.into_parts();
        let provider = StaticCredentialProvider::new_shared_key(ACCOUNT, KEY);
        let signer = Signer::<Credential>::new(Context::new(), provider, RequestSigner::new());
        signer.sign(&mut parts, None).await.expect("a signature");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = http::Request::from_parts(parts, body).try_into().expect("a request");
        let answer = client.execute(request).await.expect("an answer");
        assert_eq!(answer.status(), 201, "the container was made");
    }
}
