//! `icloud`: puts a password into the system's key store and proves it by a sign-in, as icloudpd's command of that name.
//!
//! What is safer: `--delete-from-keyring` stops there; the password is always proved before it is stored, even where a
//! session would do without; a code is made to come; a stored password is removed only if Apple refused that very one;
//! and the session that is made serves `icloudpd` too, so that it asks for no second code.

mod line;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use icloud_photos::auth::Challenge;
use icloud_photos::redact::SecretString;
use icloud_photos::session::FileSessionStore;
use icloud_photos::{
    AppleId, Client, Credentials, Endpoints, Error, ErrorKind, Login, Region, Result, SecurityCode,
};

use self::line::Line;
use crate::exit::{Exit, message};
use crate::signals::{self, Terminal};
use crate::{keystore, prompt};

/// Bad passwords that a person may enter; Apple counts as well.
const MOST_FAILURES: u32 = 3;

/// The line, with what the environment says besides.
#[derive(Debug)]
struct Options {
    username: String,
    password: Option<SecretString>,
    non_interactive: bool,
    domain: String,
    cookie_directory: PathBuf,
    auth_endpoint: Option<String>,
    setup_endpoint: Option<String>,
}

impl From<Line> for Options {
    fn from(line: Line) -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let folder = || std::env::var_os("ICLOUDPD_COOKIE_DIRECTORY").filter(|folder| !folder.is_empty());
        let folder = line.cookie_directory.or_else(folder).unwrap_or_else(|| "~/.pyicloud".into());
        Self {
            username: line.username.unwrap_or_default(),
            password: line.password,
            non_interactive: line.non_interactive,
            domain: line.domain.unwrap_or_else(|| "com".to_owned()),
            cookie_directory: folder.into(),
            auth_endpoint: line.auth_endpoint.or_else(|| set("ICLOUDPD_AUTH_ENDPOINT")),
            setup_endpoint: line.setup_endpoint.or_else(|| set("ICLOUDPD_SETUP_ENDPOINT")),
        }
    }
}

/// Runs the command with these arguments (without the program's name).
pub(crate) fn main(args: &[OsString]) -> Exit {
    let line = match line::read(args) {
        Ok(line) => line,
        Err(complaint) => return usage(&complaint),
    };
    if line.help {
        return crate::say(&format!("{}{}", line::USAGE, line::HELP.trim_end()));
    }
    if line.version {
        return crate::say(&crate::version());
    }
    let deletes = line.delete_from_keyring;
    let options = Options::from(line);
    if options.username.trim().is_empty() {
        return usage("No username supplied");
    }
    if deletes {
        return delete(options.username.trim());
    }
    let terminal = Terminal::remember();
    let exit = until_stopped(&options).unwrap_or_else(|error| {
        eprintln!("icloud: {}", told(&error));
        if error.kind() == ErrorKind::Cancelled { Exit::Interrupted } else { Exit::Failed }
    });
    // A prompt for a password may have been cut short.
    if let Some(terminal) = terminal.filter(|_| exit >= Exit::Interrupted) {
        terminal.give_back();
    }
    exit
}

fn until_stopped(options: &Options) -> Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Error::storage(error, "threads"))?;
    let ended = runtime.block_on(async {
        tokio::select! {
            // Signals are to be heeded before a prompt can change the terminal.
            biased;
            exit = signals::next() => Ok(exit),
            ended = run(options) => ended,
        }
    });
    // Nobody answers the prompt any more.
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

fn usage(complaint: &str) -> Exit {
    eprintln!("{}icloud: error: {complaint}", line::USAGE);
    Exit::Usage
}

/// What ended it. That nobody answered is said without the advice of icloudpd, which has other options.
fn told(error: &Error) -> String {
    if error.kind() == ErrorKind::CodeRequired { error.to_string() } else { message(error) }
}

/// The name as it was typed, and as icloudpd spells it: what is stored under the one only, icloudpd does not find.
fn spellings(username: &str) -> Vec<String> {
    let lower = username.to_lowercase();
    if lower == username { vec![lower] } else { vec![username.to_owned(), lower] }
}

fn delete(username: &str) -> Exit {
    let mut deleted = false;
    for name in spellings(username) {
        match keystore::delete(&name) {
            Ok(()) => deleted = true,
            Err(keyring::v1::Error::NoEntry | keyring::v1::Error::NoDefaultStore) => {}
            Err(error) => {
                eprintln!("icloud: the key store does not remove the password: {error}");
                return Exit::Failed;
            }
        }
    }
    // Python's plain file is not ours to write.
    let path = keystore::python_file();
    let left = path
        .filter(|path| spellings(username).iter().any(|name| keystore::in_python_file(path, name).is_some()));
    if let Some(path) = left {
        eprintln!(
            "icloud: {} holds the password of {username}, unencrypted; remove it there",
            path.display()
        );
        return Exit::Failed;
    }
    if !deleted {
        eprintln!("icloud: the key store holds no password of {username}");
        return Exit::Failed;
    }
    crate::say("Password delete from keyring")
}

async fn run(options: &Options) -> Result<Exit> {
    let username = options.username.trim();
    let id = AppleId::new(username)?;
    let sessions = crate::config::expand_home(&options.cookie_directory)
        .map_err(|_| Error::new(ErrorKind::Config, "--cookie-directory: there is no home directory"))?;
    let client = Client::builder()
        .endpoints(endpoints(options)?)
        .sessions(FileSessionStore::new(sessions).beside_icloudpd())
        .build()?;
    let mut given = options.password.clone().and_then(stripped);
    for _ in 0..MOST_FAILURES {
        let stored = if given.is_none() { stored(username).await } else { None };
        let is_stored = stored.is_some();
        let password = match given.take().or(stored) {
            Some(password) => password,
            None => {
                match prompt::hidden(format!("Enter iCloud password for {username}: ")).await?.map(stripped) {
                    Some(Some(password)) => password,
                    Some(None) => return Ok(usage("No password supplied")),
                    None => return Err(Error::new(ErrorKind::CodeRequired, "nobody gave a password")),
                }
            }
        };
        match client.login(Credentials::new(id.clone(), password.clone())).await {
            Ok(login) => {
                if !is_stored && !options.non_interactive {
                    offer_to_store(username, password).await?;
                }
                return second_step(login).await;
            }
            Err(error) if error.kind() == ErrorKind::BadCredentials => {
                eprintln!("Bad username or password for {username}");
                if is_stored {
                    forget(username).await;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Exit::Failed)
}

fn stripped(password: SecretString) -> Option<SecretString> {
    use icloud_photos::redact::ExposeSecret as _;
    let text = password.expose_secret().trim();
    (!text.is_empty()).then(|| text.into())
}

async fn stored(username: &str) -> Option<SecretString> {
    let names = spellings(username);
    prompt::blocking(move || Ok(names.iter().find_map(|name| keystore::get(name)))).await.ok().flatten()
}

async fn forget(username: &str) {
    let names = spellings(username);
    let gone =
        prompt::blocking(move || Ok(names.iter().filter(|name| keystore::delete(name).is_ok()).count()));
    if gone.await.is_ok_and(|gone| gone > 0) {
        eprintln!("The stored password was removed");
    }
}

async fn offer_to_store(username: &str, password: SecretString) -> Result<()> {
    let answer = prompt::ask("Save password in keyring? [y/N] ".to_owned(), String::new(), false).await?;
    let answer = answer.unwrap_or_default().trim().to_lowercase();
    if answer != "y" && answer != "yes" {
        return Ok(());
    }
    let names = spellings(username);
    let saved =
        prompt::blocking(move || Ok(names.iter().try_for_each(|name| keystore::set(name, &password))))
            .await?;
    if let Err(error) = saved {
        eprintln!("Password was not saved to keyring: {error}");
    }
    Ok(())
}

async fn second_step(login: Login) -> Result<Exit> {
    let challenge = match login {
        Login::Complete(_) => return Ok(Exit::Success),
        Login::CodeRequired(challenge) => challenge,
        Login::ActionRequired(action) => return Err(action.error()),
        _ => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "Apple asks for something that this version does not know",
            ));
        }
    };
    prompt::say("\nTwo-step authentication required. ", false);
    if challenge.is_two_step() {
        if let Some(end) = choose_device(&challenge).await? {
            return Ok(end);
        }
        prompt::say("", false);
    } else if let Err(error) = challenge.request_push().await {
        eprintln!("The code could not be sent to your devices ({error}). Enter one from Settings");
    }
    prompt::say("Please enter validation code", false);
    let code: Option<SecurityCode> = answer("(string) --> ").await?.trim().parse().ok();
    let verified = match code {
        Some(code) => challenge.submit(code).await.map(drop),
        None => Err(Error::new(ErrorKind::CodeRejected, "that is no code")),
    };
    match verified {
        Ok(()) => Ok(crate::say("\n")),
        Err(error) if error.kind() == ErrorKind::CodeRejected => {
            Ok(failed("Failed to verify verification code"))
        }
        Err(error) => Err(error),
    }
}

/// Sends a code to a device of the old two-step verification; the end, if that fails.
async fn choose_device(challenge: &Challenge) -> Result<Option<Exit>> {
    prompt::say("Your trusted devices are:", false);
    for (index, phone) in challenge.phones().iter().enumerate() {
        prompt::say(&format!("    {index}: {}", prompt::device(phone)), false);
    }
    prompt::say("\nWhich device would you like to use?", false);
    let line = answer("(number) --> ").await?;
    let chosen = line.trim().parse::<usize>().ok().and_then(|index| challenge.phones().get(index));
    let Some(phone) = chosen else { return Ok(Some(failed("That is none of the numbers above"))) };
    match challenge.send_code(phone).await {
        Ok(()) => Ok(None),
        Err(error) => {
            eprintln!("icloud: {}", message(&error));
            Ok(Some(failed("Failed to send verification code")))
        }
    }
}

async fn answer(question: &str) -> Result<String> {
    let line = prompt::ask(question.to_owned(), String::new(), false).await?;
    line.ok_or_else(|| Error::new(ErrorKind::CodeRequired, "standard input ended before a code came"))
}

fn failed(text: &str) -> Exit {
    crate::say(text);
    Exit::Failed
}

fn endpoints(options: &Options) -> Result<Endpoints> {
    let region = match options.domain.as_str() {
        "com" => Region::World,
        "cn" => Region::China,
        other => return Err(Error::new(ErrorKind::Config, format!("Domain '{other}' is not supported yet"))),
    };
    let mut endpoints = Endpoints::for_region(region);
    if let Some(url) = &options.auth_endpoint {
        endpoints = endpoints.with_auth(url)?;
    }
    if let Some(url) = &options.setup_endpoint {
        endpoints = endpoints.with_setup(url)?;
    }
    Ok(endpoints)
}
