//! One account: its session folder, its session, its photos.

use std::path::Path;

use icloud_photos::session::FileSessionStore;
use icloud_photos::{AppleId, Client, Credentials, Login, Result, Session};

use super::{Findings, folder};
use crate::args::PasswordProvider;
use crate::config::{Account, Config, GivenPassword};
use crate::prompt;

pub(super) async fn examine(config: &Config, account: &Account, all: &mut Findings) {
    session_folder(&account.sessions, all);
    password(config, account, all);
    let restored = restore(config, account, all).await;
    let session = match restored {
        Ok(Some(session)) => session,
        Ok(None) if config.sign_in => match sign_in(config, account, all).await {
            Some(session) => session,
            None => return,
        },
        Ok(None) => {
            return all.note(
                "session",
                "none is saved: the next run asks for the password, and Apple most likely for a code. Run with --auth-only at a \
                 terminal; `icloudpd doctor --sign-in` tries the password once and says what Apple answers",
            );
        }
        Err(error) => return all.error("session", &error),
    };
    all.good("session", "Apple accepts it: no password and no code is needed");
    photos(&session, all).await;
}

async fn restore(config: &Config, account: &Account, all: &mut Findings) -> Result<Option<Session>> {
    // A store of sessions makes its folder.
    if !account.sessions.exists() {
        return Ok(None);
    }
    let id = AppleId::new(&account.username)?;
    let client = client(config, account)?;
    if let Some(rest) = client.cooldown(&id).await? {
        all.error("sign-ins", &rest);
    }
    client.restore(&id).await
}

/// As a run would, but for the code: a wrong one would be worse than none. `None` if that brought no session.
async fn sign_in(config: &Config, account: &Account, all: &mut Findings) -> Option<Session> {
    match log_in(config, account).await {
        Ok(Login::Complete(session)) => return Some(session),
        Ok(Login::CodeRequired(_)) => all.note(
            "sign-in",
            "the password is right, and Apple asks for a code: run with --auth-only at a terminal",
        ),
        Ok(Login::ActionRequired(action)) => all.error("sign-in", &action.error()),
        Ok(_) => all.bad("sign-in", "Apple asks for something that this version does not know"),
        Err(error) => all.error("sign-in", &error),
    }
    None
}

async fn log_in(config: &Config, account: &Account) -> Result<Login> {
    let id = AppleId::new(&account.username)?;
    let client = client(config, account)?;
    if let Some(rest) = client.cooldown(&id).await? {
        return Err(rest);
    }
    // There is no page to ask on.
    let password = prompt::password(&account.username, &config.providers, &account.password, None).await?;
    client.login(Credentials::new(id, password.text)).await
}

fn client(config: &Config, account: &Account) -> Result<Client> {
    Client::builder()
        .endpoints(config.endpoints.clone())
        .sessions(FileSessionStore::new(&account.sessions).beside_icloudpd())
        .build()
}

/// The case behind "nothing works" shows here: Advanced Data Protection, web access, terms, an index that is not ready.
async fn photos(session: &Session, all: &mut Findings) {
    let libraries = match session.libraries().await {
        Ok(libraries) => libraries,
        Err(error) => return all.error("photos", &error),
    };
    for library in &libraries {
        match library.all().count().await {
            Ok(Some(count)) => all.good("photos", format_args!("{count} in library {}", library.name())),
            Ok(None) => {
                all.note("photos", format_args!("Apple gives no count of library {}", library.name()))
            }
            Err(error) => all.error("photos", &error),
        }
    }
    if libraries.is_empty() {
        all.bad(
            "photos",
            "this account has no library: set Photos up at https://www.icloud.com/photos in a browser",
        );
    }
}

fn session_folder(folder: &Path, all: &mut Findings) {
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Ok(meta) if !meta.is_dir() => {
            all.bad("session folder", format_args!("{shown} is a file: choose another --cookie-directory"));
        }
        Ok(meta) => match folder::takes_files(folder) {
            Err(error) => all.bad(
                "session folder",
                format_args!("{shown} cannot be written to ({}): every run would ask for a code. Check owner and permissions", error.message()),
            ),
            Ok(()) if others_may_read(&meta) => all.note(
                "session folder",
                format_args!("{shown} can be read by others of this machine; `chmod 700` keeps them out"),
            ),
            Ok(()) => all.good("session folder", shown),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match folder::takes_files(folder) {
            Err(error) => all.bad(
                "session folder",
                format_args!("{shown} is not there and cannot be made ({}): choose another --cookie-directory", error.message()),
            ),
            Ok(()) => all.note(
                "session folder",
                format_args!("{shown} is not there yet. In a container: is it on a volume that stays?"),
            ),
        },
        Err(error) => all.bad("session folder", format_args!("{shown} cannot be looked at: {error}")),
    }
}

#[cfg(unix)]
fn others_may_read(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn others_may_read(_: &std::fs::Metadata) -> bool {
    false
}

/// Where the password would come from. It is not looked at.
fn password(config: &Config, account: &Account, all: &mut Findings) {
    let given = match &account.password {
        GivenPassword::None => None,
        GivenPassword::Text(_) => Some("the command line, where other users of this machine see it"),
        GivenPassword::Private(_) => Some("the environment or the configuration file"),
        GivenPassword::File(_) => Some("--password-file"),
        GivenPassword::Command(_) => Some("--password-command"),
    };
    let given = given.filter(|_| config.providers.contains(&PasswordProvider::Parameter));
    let text = match given {
        Some(place) => format!("would come from {place}"),
        None if config.providers.contains(&PasswordProvider::Keyring) => {
            "would be looked for in the keyring, then a person is asked".to_owned()
        }
        None => "a person would be asked".to_owned(),
    };
    all.note("password", text);
}
