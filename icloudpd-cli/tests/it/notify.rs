//! Notifications as they reach a script, a mail server and a webhook.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use icloud_photos_testkit::{AccountSpec, LibrarySpec};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{World, ran};
use crate::watch::script;

const PATIENCE: Duration = Duration::from_secs(60);

fn needing_a_code() -> World {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    World::of(account, LibrarySpec::plain(1, 1000))
}

/// A mail server for one mail. Gives what it was told.
struct MailServer {
    port: String,
    heard: Receiver<Vec<String>>,
    pem: String,
}

impl MailServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = certified.cert.pem();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
        let tls = ServerConfig::builder().with_no_client_auth();
        let tls = Arc::new(tls.with_single_cert(vec![certified.cert.der().clone()], key).unwrap());
        let (send, heard) = channel();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut said = Vec::new();
                let mut plain = client;
                if Self::serve(&mut plain, true, &mut said) {
                    let tls = ServerConnection::new(tls.clone()).unwrap();
                    Self::serve(&mut StreamOwned::new(tls, plain), false, &mut said);
                }
                let _ = send.send(said);
            }
        });
        Self { port, heard, pem }
    }

    /// True if the client wants TLS.
    fn serve(stream: &mut (impl std::io::Read + Write), greet: bool, said: &mut Vec<String>) -> bool {
        if greet && stream.write_all(b"220 sink\r\n").is_err() {
            return false;
        }
        loop {
            let Some(line) = line(stream) else { return false };
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            said.push(line);
            let answer: &[u8] = match verb.as_str() {
                "EHLO" => b"250-sink\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
                "STARTTLS" => {
                    let _ = stream.write_all(b"220 go\r\n");
                    return true;
                }
                "AUTH" => b"235 ok\r\n",
                "QUIT" => return false,
                "DATA" => {
                    let _ = stream.write_all(b"354 go\r\n");
                    while let Some(text) = line_of(stream).filter(|text| text != ".") {
                        said.push(text);
                    }
                    b"250 ok\r\n"
                }
                _ => b"250 ok\r\n",
            };
            if stream.write_all(answer).and_then(|()| stream.flush()).is_err() {
                return false;
            }
        }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.recv_timeout(PATIENCE).unwrap()
    }
}

use self::line as line_of;

fn line(stream: &mut impl std::io::Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(1) if byte[0] == b'\n' => break,
            Ok(1) => bytes.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned())
}

fn mailing(world: &World, server: &MailServer, options: &[&str]) -> Command {
    let mut command = world.download();
    command.args(["--smtp-host", "localhost", "--smtp-port", &server.port]).args(options);
    command
}

#[test]
fn a_mail_goes_out_before_anybody_is_asked_for_the_code() {
    let (world, server) = (needing_a_code(), MailServer::start());
    let options = ["--smtp-no-tls", "--notification-email", "JD <jdoe+n@example.org>"];
    let ran = ran(&mut mailing(&world, &server, &options)).exits(1);
    ran.says("Sending 'two-step expired' notification via email...");
    let heard = server.heard();
    for expected in [
        "MAIL FROM:<jdoe+n@example.org>",
        "RCPT TO:<jdoe+n@example.org>",
        "From: JD <jdoe+n@example.org>",
        "To: JD <jdoe+n@example.org>",
        "Subject: icloud_photos_downloader: Two step authentication has expired",
        "Hello,",
    ] {
        assert!(heard.iter().any(|line| line.starts_with(expected)), "{expected}: {heard:#?}");
    }
    assert!(heard.iter().any(|line| line.contains(World::USER)), "{heard:#?}");
    assert!(!heard.iter().any(|line| line.starts_with("AUTH") || line.contains(World::PASSWORD)));
}

#[test]
fn with_a_password_there_is_tls_and_a_login_and_the_certificate_counts() {
    let (world, server) = (needing_a_code(), MailServer::start());
    let folder = tempfile::tempdir().unwrap();
    let (roots, password) = (folder.path().join("roots.pem"), folder.path().join("password"));
    std::fs::write(&roots, &server.pem).unwrap();
    std::fs::write(&password, "hunter2\n").unwrap();
    let options = [
        "--smtp-username",
        "jdoe+smtp@example.org",
        "--smtp-password-file",
        password.to_str().unwrap(),
        "--notification-email",
        "n@example.org",
    ];
    let trusting = ran(mailing(&world, &server, &options).env("SSL_CERT_FILE", &roots)).exits(1);
    assert!(!trusting.out.contains("failed (mail)"), "{}", trusting.out);
    let heard = server.heard();
    let at = |start: &str| heard.iter().position(|line| line.starts_with(start));
    assert!(at("STARTTLS").unwrap() < at("AUTH").unwrap(), "{heard:#?}");
    assert!(at("From: \"iCloud Photos Downloader\" <jdoe+smtp@example.org>").is_some(), "{heard:#?}");
    let stranger = ran(&mut mailing(&world, &server, &options)).exits(1);
    stranger.says("Notification of the required MFA failed (mail)");
    assert!(stranger.out.contains("SSL_CERT_FILE") && !stranger.out.contains("hunter2"), "{}", stranger.out);
    assert!(!server.heard().iter().any(|line| line.starts_with("AUTH")));
}

#[test]
fn a_script_that_fails_keeps_no_mail_and_no_webhook_from_going() {
    let (world, server) = (needing_a_code(), MailServer::start());
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret-token", hook.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut client, _): (TcpStream, _) = hook.accept().unwrap();
        let mut reader = BufReader::new(client.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head += &line;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        client.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").unwrap();
        (head, serde_json::from_slice::<serde_json::Value>(&body).unwrap())
    });
    let options = [
        "--smtp-no-tls",
        "--notification-email",
        "n@example.org",
        "--notification-script",
        "/no/such/script",
        "--notification-webhook",
        &url,
    ];
    let ran = ran(&mut mailing(&world, &server, &options)).exits(1);
    ran.says("Notification of the required MFA failed (script): /no/such/script cannot be started");
    ran.says("Notification of the required MFA failed (webhook): the server answered 500");
    assert!(!ran.out.contains("secret-token"), "{}", ran.out);
    assert!(server.heard().iter().any(|line| line == "Hello,"));
    let (head, body) = heard.join().unwrap();
    assert!(head.starts_with("POST /secret-token HTTP/1.1"), "{head}");
    assert_eq!((&body["event"], &body["username"]), (&"needs-person".into(), &World::USER.into()));
    assert_eq!(body["details"]["need"], "code-required");
}

/// icloudpd looks `./x` up in PATH.
#[test]
fn a_script_is_run_from_where_it_is_said_to_be_and_learns_no_secret() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), r#"echo "$#:$ICLOUDPD_EVENT:$ICLOUDPD_PASSWORD" >> told"#);
    for (name, on) in [("./notify.sh", "run-done"), ("notify.sh", "needs-person,run-done")] {
        let mut command = world.download();
        command.args(["--notification-script", name, "--notify-on", on]).current_dir(folder.path());
        let ran = ran(&mut command).exits(0);
        assert!(!ran.out.contains("failed (script)"), "{}", ran.out);
    }
    let told = std::fs::read_to_string(folder.path().join("told")).unwrap();
    assert_eq!(told, "0:run-done:\n0:run-done:\n");
}

#[test]
fn only_what_was_asked_for_is_told() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "echo \"$ICLOUDPD_EVENT\" >> \"${0%/*}/told\"");
    let run = |options: &[&str]| ran(world.download().args(["--notification-script", &path]).args(options));
    run(&[]).exits(0);
    assert!(!folder.path().join("told").exists());
    // Without a session that lasts there is nothing to warn of; with a failing list there is.
    run(&["--notify-on", "session-ends,run-failed", "--album", "No such album"]).exits(1);
    assert_eq!(std::fs::read_to_string(folder.path().join("told")).unwrap(), "run-failed\n");
}

#[test]
fn the_end_of_the_session_is_told_days_before() {
    let world = needing_a_code();
    crate::support::ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "echo \"$ICLOUDPD_EVENT $ICLOUDPD_EVENT_DAYS\" >> \"${0%/*}/told\"");
    let run = |days: &str| {
        let options =
            ["--notification-script", &path, "--notify-on", "session-ends", "--notify-days-before", days];
        ran(world.download().args(options)).exits(0)
    };
    run("30");
    assert!(!folder.path().join("told").exists(), "the fake trusts for sixty days");
    run("61").says("Apple trusts this machine with jdoe@example.com until ");
    let told = std::fs::read_to_string(folder.path().join("told")).unwrap();
    assert!(told == "session-ends 59\n" || told == "session-ends 60\n", "{told}");
}

/// A timer starts a process each time.
#[test]
fn the_end_of_the_session_is_told_once_a_day_however_many_processes_run() {
    let world = needing_a_code();
    crate::support::ran_with_input(&mut world.icloudpd(&["--auth-only"]), "012345\n").exits(0);
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "echo \"$ICLOUDPD_EVENT\" >> \"${0%/*}/told\"");
    let run = |on: &str| {
        let options = ["--notification-script", &path, "--notify-on", on, "--notify-days-before", "61"];
        ran(world.download().args(options)).exits(0)
    };
    let told = || std::fs::read_to_string(folder.path().join("told")).unwrap_or_default().lines().count();
    // Whoever is not told has not been told.
    run("run-failed");
    for _ in 0..3 {
        run("session-ends");
        assert_eq!(told(), 1);
        world.cloud.advance_seconds(60);
        world.cloud.expire_sessions();
    }
    // Another day.
    let state = crate::support::tree(&world.sessions());
    let state: Vec<_> = state.iter().filter(|name| name.ends_with(".told.json")).collect();
    let [state] = &state[..] else { panic!("{state:?}") };
    let file = world.sessions().join(state);
    let text = std::fs::read_to_string(&file).unwrap();
    let today = text.split('"').nth_back(1).unwrap().to_owned();
    assert_eq!(today.len(), 10, "{text}");
    std::fs::write(&file, text.replace(&today, "2020-01-01")).unwrap();
    run("session-ends");
    assert_eq!(told(), 2);
    // What cannot be read or written keeps nobody from being told.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    run("session-ends");
    assert_eq!(told(), 3);
}
