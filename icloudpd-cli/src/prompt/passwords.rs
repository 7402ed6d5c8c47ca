//! Where passwords come from: the command line, a file, a command, the keyring, a person.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::PoisonError;

use icloud_photos::redact::{ExposeSecret as _, SecretString};
use icloud_photos::{Error, ErrorKind, Result};
use tracing::{debug, info, warn};

use super::{blocking, hidden};
use crate::args::PasswordProvider;
use crate::board::{About, Answer as PageAnswer, Seat};
use crate::config::GivenPassword;
use crate::{keystore, process, secretfile};

/// A password and whether it may go into the keyring: not when it came from there, and not when the user keeps it in
/// a place of their own choice.
#[derive(Debug)]
pub(crate) struct Password {
    pub(crate) text: SecretString,
    savable: bool,
    /// Somebody typed it into the web page, and is there to type another one.
    pub(crate) from_page: bool,
}

impl Password {
    fn new(text: SecretString, savable: bool) -> Self {
        Self { text, savable, from_page: false }
    }
}

/// Asks the providers in order until one has a password. `page` is where a web page would ask, if there is one.
///
/// # Errors
/// [`ErrorKind::PasswordRequired`] when none has one; [`ErrorKind::Config`] when a file or a command that was named gives none.
pub(crate) async fn password(
    username: &str,
    providers: &[PasswordProvider],
    given: &GivenPassword,
    page: Option<&Seat>,
) -> Result<Password> {
    for provider in providers {
        let found = match provider {
            PasswordProvider::Parameter => given_password(given.clone()).await?,
            PasswordProvider::Keyring => from_keyring(username.to_owned()).await?,
            PasswordProvider::Console => from_console(username.to_owned()).await?,
            PasswordProvider::Webui => match page {
                Some(seat) => from_page(username, seat).await,
                None => None,
            },
        };
        if let Some(password) = found.filter(|password| !password.text.expose_secret().is_empty()) {
            return Ok(password);
        }
    }
    Err(Error::new(
        ErrorKind::PasswordRequired,
        "No password was found. Give one with --password-file, --password-command, ICLOUDPD_PASSWORD or the keyring, \
         or run at a terminal to be asked",
    ))
}

/// A password that can be had without asking anybody. Where that goes wrong there is none.
pub(crate) async fn unattended(
    username: &str,
    providers: &[PasswordProvider],
    given: &GivenPassword,
) -> Option<Password> {
    let quiet = [PasswordProvider::Parameter, PasswordProvider::Keyring];
    let quiet: Vec<_> = providers.iter().copied().filter(|provider| quiet.contains(provider)).collect();
    password(username, &quiet, given, None).await.ok()
}

/// The first line of a file that holds a password.
///
/// # Errors
/// [`ErrorKind::Config`] when it cannot be read or is empty.
pub(crate) async fn password_file(path: PathBuf) -> Result<SecretString> {
    blocking(move || from_file(&path)).await
}

/// Puts a password that has proved right into the keyring, if the keyring is among the providers.
pub(crate) async fn remember(username: &str, password: Password, providers: &[PasswordProvider]) {
    if !password.savable || !providers.contains(&PasswordProvider::Keyring) {
        return;
    }
    let user = username.to_owned();
    let saved = blocking(move || Ok(keystore::set(&user, &password.text)));
    match saved.await {
        Ok(Ok(())) => {}
        Ok(Err(keyring::v1::Error::NoDefaultStore)) => {
            debug!("No keyring on this system, the password is not saved")
        }
        _ => warn!("Password was not saved to keyring"),
    }
}

async fn given_password(given: GivenPassword) -> Result<Option<Password>> {
    let (text, savable) = match given {
        GivenPassword::None => return Ok(None),
        // Going on to the next provider would take what was meant as a code for the password.
        GivenPassword::Text(text) if text.expose_secret().is_empty() => {
            return Err(Error::new(ErrorKind::Config, "The password given with --password is empty"));
        }
        GivenPassword::Text(text) => {
            debug!("Other users of this machine can see a password on the command line, see --password-file");
            (text, true)
        }
        GivenPassword::Private(text) => (text, false),
        GivenPassword::File(path) => (blocking(move || from_file(&path)).await?, false),
        GivenPassword::Command(command) => (from_command(&command).await?, false),
    };
    Ok(Some(Password::new(text, savable)))
}

fn from_file(path: &Path) -> Result<SecretString> {
    let complain = |error: io::Error| {
        Error::new(ErrorKind::Config, "The password file cannot be read")
            .with("path", path.display())
            .caused_by(error)
    };
    let content = SecretString::from(secretfile::read(path, true).map_err(complain)?);
    warn_if_exposed(path);
    first_line(&content).ok_or_else(|| {
        Error::new(ErrorKind::Config, "The first line of the password file is empty")
            .with("path", path.display())
    })
}

/// Says once of each file with a secret that others may read it. It is no reason to stop: containers mount secrets so.
#[cfg(unix)]
pub(crate) fn warn_if_exposed(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    static TOLD: std::sync::Mutex<BTreeSet<PathBuf>> = std::sync::Mutex::new(BTreeSet::new());
    let others = |file: std::fs::Metadata| file.is_file() && file.permissions().mode() & 0o077 != 0;
    let exposed = std::fs::metadata(path).is_ok_and(others);
    if exposed && TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
        warn!(
            "{} holds a secret and may be read by other users of this machine; chmod 600 keeps them out",
            path.display()
        );
    }
}

#[cfg(not(unix))]
pub(crate) fn warn_if_exposed(_: &Path) {}

/// The command may hold no secret, but it is not shown in messages: it could.
async fn from_command(command: &str) -> Result<SecretString> {
    let complain = |reason: String| {
        Error::new(ErrorKind::Config, "The password command gave no password").caused_by(reason)
    };
    let mut shell = shell(command);
    shell.stdin(Stdio::null()).stdout(Stdio::piped());
    let output = process::to_the_end(shell, true).await.map_err(|error| complain(error.to_string()))?;
    if !output.status.success() {
        return Err(complain(format!("it ended with {}", output.status)));
    }
    let text =
        String::from_utf8(output.stdout).map_err(|_| complain("its output is not UTF-8".to_owned()))?;
    first_line(&text.into()).ok_or_else(|| complain("the first line of its output is empty".to_owned()))
}

fn shell(command: &str) -> Command {
    let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.args([flag, command]);
    shell
}

fn first_line(text: &SecretString) -> Option<SecretString> {
    // Editors of Windows put a byte order mark before the text.
    let text = text.expose_secret();
    text.strip_prefix('\u{feff}')
        .unwrap_or(text)
        .lines()
        .next()
        .filter(|line| !line.is_empty())
        .map(SecretString::from)
}

async fn from_keyring(username: String) -> Result<Option<Password>> {
    let text = blocking(move || Ok(keystore::get(&username))).await?;
    Ok(text.map(|text| Password::new(text, false)))
}

/// Waits until somebody gives it on the web page.
async fn from_page(username: &str, seat: &Seat) -> Option<Password> {
    info!("Waiting for the password of {username} on the web page");
    match seat.ask(About::Password).await {
        PageAnswer::Password(text) => Some(Password { text, savable: true, from_page: true }),
        // The desk takes no other.
        _ => None,
    }
}

/// A hidden prompt at the terminal; without one, a line of standard input.
async fn from_console(username: String) -> Result<Option<Password>> {
    let text = hidden(format!("iCloud Password for {username}:")).await?;
    Ok(text.map(|text| Password::new(text, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_first_lines() {
        let line = |text: &str| first_line(&text.into()).map(|line| line.expose_secret().to_owned());
        assert_eq!(line("pass word \r\nrest\n").as_deref(), Some("pass word "));
        assert_eq!(line("\u{feff}pass\r\n").as_deref(), Some("pass"));
        assert_eq!(line("\nx"), None);
        assert_eq!(line(""), None);
    }

    #[tokio::test]
    async fn a_command_that_fails_gives_a_reason_without_the_command() {
        assert_eq!(from_command("echo secret; echo more").await.unwrap().expose_secret(), "secret");
        let error = from_command("exit 3 # my-secret").await.unwrap_err();
        let shown = format!("{error:?}");
        assert!(shown.contains("exit status: 3") && !shown.contains("my-secret"), "{shown}");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_named() {
        let given = GivenPassword::File(std::path::PathBuf::from("/no/such/file"));
        let error = password("a", &[PasswordProvider::Parameter], &given, None).await.unwrap_err();
        assert!(error.to_string().contains("/no/such/file"));
    }

    #[tokio::test]
    async fn an_empty_password_is_not_passed_over() {
        let providers = [PasswordProvider::Parameter, PasswordProvider::Console];
        let error = password("a", &providers, &GivenPassword::Text("".into()), None).await.unwrap_err();
        assert!(error.to_string().contains("--password is empty"));
    }

    #[tokio::test]
    async fn without_any_password_the_ways_are_named() {
        let error =
            password("a", &[PasswordProvider::Parameter], &GivenPassword::None, None).await.unwrap_err();
        assert!(error.to_string().contains("--password-file"));
    }
}
