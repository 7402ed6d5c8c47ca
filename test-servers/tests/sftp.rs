//! The SFTP server lets the right key in, and the clients of Debian agree with it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use icloud_photos_test_servers::sftp::SftpServer;
use icloud_photos_test_servers::skip;

/// Runs the lines in Debian's `sftp`, which ends at the first that fails.
fn batch(server: &SftpServer, more: &[&str], lines: &str) -> Output {
    let mut command = Command::new("sftp");
    command.arg("-F").arg(server.client_configuration()).args(more);
    command.args(["-P", &server.port().to_string(), "-b", "-"]).arg(format!("{}@127.0.0.1", server.user()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn files_go_and_come() {
    let Some(server) = SftpServer::start() else {
        return skip("files_go_and_come", "sshd, ssh or ssh-keygen");
    };
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("a"), "photo").unwrap();
    let (there, here) = (server.folder(), here.path());
    let lines = format!(
        "mkdir \"{0}/2018\"\nput {1}/a \"{0}/2018/b c\"\nget \"{0}/2018/b c\" {1}/back\n",
        there.display(),
        here.display()
    );
    let done = batch(&server, &[], &lines);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(std::fs::read(there.join("2018/b c")).unwrap(), b"photo");
    assert_eq!(std::fs::read(here.join("back")).unwrap(), b"photo");
}

#[test]
fn another_key_does_not_get_in_and_another_server_is_not_spoken_to() {
    let Some(server) = SftpServer::start() else {
        return skip("another_key_does_not_get_in", "sshd, ssh or ssh-keygen");
    };
    let Some(other) = SftpServer::start() else { panic!("one was there") };
    let key = format!("IdentityFile={}", other.key().display());
    // The first of two is not forgotten, so the file with both is left out.
    let refused = Command::new("ssh")
        .args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", &key, "-o"])
        .arg(format!("UserKnownHostsFile={}", server.known_hosts().display()))
        .args(["-p", &server.port().to_string(), "127.0.0.1", "-s", "sftp"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"), "{refused:?}");
    let known = format!("UserKnownHostsFile={}", other.known_hosts().display());
    let strange = batch(&server, &["-o", &known], "pwd\n");
    assert!(!strange.status.success());
}

#[test]
fn clients_end_with_the_server() {
    let Some(server) = SftpServer::start() else { return skip("clients_end", "sshd, ssh or ssh-keygen") };
    let mut command = Command::new(server.ssh_folder().join("ssh"));
    command.args([&server.endpoint(), "-s", "sftp"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut client = command.spawn().unwrap();
    // The greeting of SFTP: there is a session. The server's own follows.
    client.stdin.as_mut().unwrap().write_all(&[0, 0, 0, 5, 1, 0, 0, 0, 3]).unwrap();
    client.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
    assert!(client.try_wait().unwrap().is_none());
    drop(server);
    let ended = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        client.try_wait().unwrap().is_some()
    });
    let _ = client.kill();
    assert!(ended, "its connection is still there");
}

#[test]
fn the_client_of_its_folder_needs_no_words() {
    let Some(server) = SftpServer::start() else {
        return skip("the_client_of_its_folder", "sshd, ssh or ssh-keygen");
    };
    let reached = Command::new(server.ssh_folder().join("ssh"))
        .args([&server.endpoint(), "-s", "sftp"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(reached.status.success(), "{}", String::from_utf8_lossy(&reached.stderr));
}
