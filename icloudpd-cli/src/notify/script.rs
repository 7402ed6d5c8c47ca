//! A program of the user's. It is given no arguments, as icloudpd gives none; the event is in its environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::event::Message;
use crate::process;

/// Runs it to its end. If this future is dropped before, the script is ended with all that it started.
pub(super) async fn run(path: &Path, message: &Message, keeps_stdout: bool) -> Result<(), String> {
    let mut command = Command::new(program(path));
    command.stdin(Stdio::null()).envs(message.environment());
    if keeps_stdout {
        command.stdout(Stdio::null());
    }
    let status = process::to_the_end(command, false)
        .await
        .map_err(|error| format!("{} cannot be started: {error}", path.display()))?
        .status;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", path.display())) }
}

/// What is named with a folder is meant from the current one. A bare name may stand beside us, or in `PATH`.
fn program(path: &Path) -> PathBuf {
    let bare = path.components().count() == 1 && !path.to_string_lossy().contains(std::path::is_separator);
    if bare && path.is_file() { Path::new(".").join(path) } else { path.to_owned() }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use icloud_photos::ErrorKind;

    use super::super::event::Event;
    use super::*;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("script");
        std::fs::write(&path, format!("#!/bin/sh\ncd '{}'\n{text}\n", folder.display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn message() -> Message {
        Message::new("jdoe@example.com", &Event::NeedsPerson { need: ErrorKind::BadCredentials, what: "x" })
    }

    #[tokio::test]
    async fn a_script_is_told_the_event_and_given_no_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let path = script(folder.path(), r#"echo "$# $ICLOUDPD_EVENT $ICLOUDPD_EVENT_NEED" > told"#);
        run(&path, &message(), false).await.unwrap();
        let told = std::fs::read_to_string(folder.path().join("told")).unwrap();
        assert_eq!(told, "0 needs-person bad-credentials\n");
        let failed = run(&script(folder.path(), "exit 4"), &message(), false).await.unwrap_err();
        assert!(failed.contains("exit status: 4"), "{failed}");
        assert!(run(Path::new("/no/such/script"), &message(), false).await.is_err());
    }

    #[tokio::test]
    async fn a_script_that_hangs_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let path = script(folder.path(), "sleep 1000 & echo $! > child; wait");
        let work = tokio::spawn(async move { run(&path, &message(), false).await });
        let child = loop {
            let text = std::fs::read_to_string(folder.path().join("child")).unwrap_or_default();
            if let Ok(child) = text.trim().parse::<i32>() {
                break child;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        work.abort();
        let _ = work.await;
        // A dead child may stay in the table until somebody asks for it.
        let gone = || {
            let state = std::fs::read_to_string(format!("/proc/{child}/stat"));
            state.map_or(true, |state| state.contains(") Z "))
        };
        while !gone() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
