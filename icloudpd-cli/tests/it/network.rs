//! Proxies and trust stores, as the environment names them. Nothing leaves this machine: the hosts do not exist.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::support::{icloudpd, ran};

const SIGN_IN: [&str; 5] = ["-u", "jdoe@example.com", "-p", "password", "--auth-only"];

#[test]
fn https_goes_through_the_proxy_of_the_environment_unless_told_otherwise() {
    let runtime = Runtime::new().unwrap();
    let proxy = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let asked = runtime.spawn(async move {
        let (mut client, _) = proxy.accept().await.unwrap();
        let mut request = vec![0; 1024];
        let length = client.read(&mut request).await.unwrap();
        client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let home = tempfile::tempdir().unwrap();
    let run = |no_proxy: &str| {
        let mut command = icloudpd(&SIGN_IN);
        command.args([
            "--auth-endpoint",
            "https://auth.invalid",
            "--setup-endpoint",
            "https://setup.invalid",
        ]);
        command.args(["--cookie-directory", home.path().to_str().unwrap()]);
        ran(command.env("HTTPS_PROXY", &url).env("NO_PROXY", no_proxy)).exits(1)
    };
    run("auth.invalid,setup.invalid").says("Cannot connect to Apple iCloud service");
    assert!(!asked.is_finished(), "NO_PROXY was not heeded");
    run("").says("Cannot connect to Apple iCloud service");
    let asked = runtime.block_on(asked).unwrap();
    assert!(asked.starts_with("CONNECT auth.invalid:443"), "{asked}");
}

#[test]
fn certificates_are_checked_against_the_trust_store_of_the_system() {
    let runtime = Runtime::new().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    let server = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = server.local_addr().unwrap().port();
    runtime.spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((client, _)) = server.accept().await {
            let Ok(mut client) = acceptor.accept(client).await else { continue };
            let _ = client.read(&mut [0; 4096]).await;
            let _ = client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
            let _ = client.shutdown().await;
        }
    });
    let home = tempfile::tempdir().unwrap();
    let roots = home.path().join("roots.pem");
    std::fs::write(&roots, certified.cert.pem()).unwrap();
    let endpoint = format!("https://localhost:{port}");
    let command = || {
        let mut command = icloudpd(&SIGN_IN);
        command.args(["--auth-endpoint", &endpoint, "--setup-endpoint", &endpoint]);
        command.args(["--cookie-directory", home.path().to_str().unwrap()]);
        command
    };
    let stranger = ran(&mut command()).exits(1);
    stranger.says("Cannot connect to Apple iCloud service");
    assert!(stranger.out.contains("name its root certificate in SSL_CERT_FILE"), "{}", stranger.out);
    assert!(!stranger.out.contains("is the network up?"), "{}", stranger.out);
    let unusable = ran(command().env("SSL_CERT_FILE", home.path().join("nothing.pem"))).exits(1);
    assert!(unusable.out.contains("root certificate"), "{}", unusable.out);
    let known = ran(command().env("SSL_CERT_FILE", &roots)).exits(1);
    assert!(
        !known.out.contains("Cannot connect"),
        "the server is trusted and its answer is heard: {}",
        known.out
    );
}
