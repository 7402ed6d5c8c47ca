//! Where passwords and codes come from: the command line, a file, a command, the keyring, a person.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::PoisonError;

use icloud_photos::SecurityCode;
use icloud_photos::auth::Phone;
use icloud_photos::redact::{ExposeSecret as _, SecretString};
use icloud_photos::{Error, ErrorKind, Result};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use crate::args::PasswordProvider;
use crate::board::{About, Answer as PageAnswer, Seat};
use crate::config::GivenPassword;
use crate::{keystore, process};

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
    let content = SecretString::from(std::fs::read_to_string(path).map_err(complain)?);
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

/// A hidden prompt at the terminal; without one, a line of standard input. `None` if nobody can be asked.
pub(crate) async fn hidden(prompt: String) -> Result<Option<SecretString>> {
    let shown = prompt.clone();
    let read = blocking(move || Ok(rpassword::prompt_password(&shown)));
    let text = match read.await? {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Err(Error::new(ErrorKind::Cancelled, "interrupted"));
        }
        // The end of the input, at a terminal: asking once more would show what is typed.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            say("", true);
            None
        }
        Err(_) if someone_may_answer() => ask(prompt, true).await?,
        Err(_) => None,
    };
    match text {
        // What stands for bytes that are no text: sent to Apple, it would count as a wrong password.
        Some(text) if text.contains('\u{fffd}') => Err(Error::new(
            ErrorKind::PasswordRequired,
            "The password that was entered is no text in UTF-8; look at the encoding of the terminal, or of what is piped in",
        )),
        text => Ok(text.map(SecretString::from)),
    }
}

/// Whether anybody or anything can answer on standard input: a terminal, a pipe or a file, but not `/dev/null`.
pub(crate) fn someone_may_answer() -> bool {
    at_terminal() || stdin_is_fed()
}

#[cfg(unix)]
fn stdin_is_fed() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let metadata = io::stdin().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    metadata.is_ok_and(|metadata| {
        let kind = metadata.file_type();
        kind.is_fifo() || kind.is_file() || kind.is_socket()
    })
}

#[cfg(not(unix))]
fn stdin_is_fed() -> bool {
    true
}

/// Whether a person sits at standard input.
pub(crate) fn at_terminal() -> bool {
    io::stdin().is_terminal()
}

/// A line that belongs to a prompt.
pub(crate) fn say(line: &str, to_stderr: bool) {
    // Whoever cannot read it cannot answer either; the answer decides.
    let _ = if to_stderr { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") };
}

/// Standard input is read by one at a time. Whoever is no longer waited for leaves the reading to the next question: the line
/// that comes then is its answer.
static READING: Mutex<Option<JoinHandle<io::Result<Vec<u8>>>>> = Mutex::const_new(None);

/// Shows a prompt and reads the answer from standard input, which may be a pipe. `None` at its end.
pub(crate) async fn ask(prompt: String, to_stderr: bool) -> Result<Option<String>> {
    let shown = if to_stderr {
        write!(io::stderr(), "{prompt}")
    } else {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{prompt}").and_then(|()| stdout.flush())
    };
    shown.map_err(|error| Error::storage(error, "standard input"))?;
    let mut reading = READING.lock().await;
    // What a person typed when nobody asked any more is no answer to this; a line in a pipe waits for its question.
    if at_terminal() && reading.as_ref().is_some_and(JoinHandle::is_finished) {
        *reading = None;
    }
    let read = reading.get_or_insert_with(|| tokio::task::spawn_blocking(read_line)).await;
    *reading = None;
    if !at_terminal() {
        // What is piped in is not echoed, nor is its line feed; the next log line begins a line all the same.
        say("", to_stderr);
    }
    match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(line) if line.is_empty() => Ok(None),
        Ok(line) => Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())),
        Err(error) => Err(Error::storage(error, "standard input")),
    }
}

/// What is no text is a wrong answer and not the end.
fn read_line() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    Ok(line)
}

/// What was answered to the prompt for a code.
#[derive(Debug)]
pub(crate) enum Answer {
    Code(SecurityCode),
    /// Send a message to the phone of this index.
    Phone(usize),
    /// Neither; the text says why.
    Again(String),
}

/// As many phones can be chosen from as there are letters.
pub(crate) const MOST_PHONES: usize = 26;

/// A device of the old two-step verification, as it is listed.
pub(crate) fn device(phone: &Phone) -> String {
    phone.name().map_or_else(|| format!("SMS to {}", phone.number().replace('•', "*")), str::to_owned)
}

/// Reads the number of one of `devices` devices; nothing means the first. What is wrong with it, in icloudpd's words.
pub(crate) fn read_choice(line: &str, devices: usize) -> std::result::Result<usize, String> {
    let answer = line.trim();
    let number: i128 = match answer {
        "" => 0,
        text => text.parse().map_err(|_| format!("Invalid input: '{text}' is not a valid integer"))?,
    };
    let index = usize::try_from(number).ok().filter(|index| *index < devices);
    index
        .ok_or_else(|| format!("Invalid input: {number} is not in the range 0-{}", devices.saturating_sub(1)))
}

/// `(a)` or `(a..c)`, for so many phones; nothing for none.
fn letters(phones: usize) -> String {
    match phones {
        0 => String::new(),
        1 => "(a)".to_owned(),
        more => format!("(a..{})", letter(more.min(MOST_PHONES) - 1)),
    }
}

/// The letter of a phone in lists and answers.
pub(crate) fn letter(index: usize) -> char {
    char::from(b'a'.saturating_add(u8::try_from(index).unwrap_or(u8::MAX)))
}

/// The prompt for a code, with so many phones to choose from.
pub(crate) fn code_prompt(phones: usize) -> String {
    match phones {
        0 => "Please enter two-factor authentication code: ".to_owned(),
        more => format!(
            "Please enter two-factor authentication code or device index {} to send SMS with a code: ",
            letters(more)
        ),
    }
}

/// The prompt for a code that went to a phone.
pub(crate) const SENT_CODE: &str = "Please enter two-factor authentication code that you received over SMS: ";

/// Reads an answer to [`code_prompt`], in icloudpd's words when it makes no sense.
pub(crate) fn read_answer(line: &str, phones: usize) -> Answer {
    let answer = line.trim().to_lowercase();
    if let Ok(code) = answer.parse() {
        return Answer::Code(code);
    }
    if phones == 0 {
        return Answer::Again("Invalid code, should be six digits. Try again".to_owned());
    }
    if let Some(index) = (0..phones.min(MOST_PHONES)).find(|&index| answer == letter(index).to_string()) {
        return Answer::Phone(index);
    }
    Answer::Again(match answer.chars().count() {
        0 => "Empty string. Try again".to_owned(),
        1 => format!("Invalid index, should be {}. Try again", letters(phones)),
        6 => "Invalid code, should be six digits. Try again".to_owned(),
        _ => format!("Should be index {} or six-digit code. Try again", letters(phones)),
    })
}

/// Runs what may wait for a person or a program off the threads that serve the network.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Unexpected, "a prompt broke down").caused_by(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_icloudpd_reads_them() {
        let table = [
            ("  012345 ", 3, "Code(SecurityCode(***))"),
            ("B", 3, "Phone(1)"),
            ("", 3, "Empty string. Try again"),
            ("d", 3, "Invalid index, should be (a..c). Try again"),
            ("b", 1, "Invalid index, should be (a). Try again"),
            ("12345x", 1, "Invalid code, should be six digits. Try again"),
            ("12", 2, "Should be index (a..b) or six-digit code. Try again"),
            ("a", 0, "Invalid code, should be six digits. Try again"),
            ("١٢٣٤٥٦", 0, "Invalid code, should be six digits. Try again"),
        ];
        for (line, phones, expected) in table {
            let answer = match read_answer(line, phones) {
                Answer::Again(why) => why,
                other => format!("{other:?}"),
            };
            assert_eq!(answer, expected, "{line:?}");
        }
    }

    #[test]
    fn prompts_name_the_phones() {
        assert_eq!(code_prompt(0), "Please enter two-factor authentication code: ");
        assert!(code_prompt(1).contains("device index (a) to send SMS"));
        assert!(code_prompt(26).contains("device index (a..z) to send SMS"));
        assert_eq!(code_prompt(27), code_prompt(26), "there are no more letters");
        assert!(matches!(read_answer("{", 27), Answer::Again(_)));
    }

    #[test]
    fn a_choice_of_devices_is_read_as_icloudpd_reads_it() {
        let table = [
            ("", Ok(0)),
            (" 2 ", Ok(2)),
            ("+1", Ok(1)),
            ("7", Err("Invalid input: 7 is not in the range 0-2")),
            ("-1", Err("Invalid input: -1 is not in the range 0-2")),
            ("x", Err("Invalid input: 'x' is not a valid integer")),
        ];
        for (line, expected) in table {
            assert_eq!(read_choice(line, 3), expected.map_err(str::to_owned), "{line:?}");
        }
    }

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
