//! Signing in, with a person at the other end if need be.

use icloud_photos::auth::{Challenge, Phone, SecurityCode};
use icloud_photos::session::{AppleId, FileSessionStore};
use icloud_photos::{Client, Credentials, Error, ErrorKind, Login, Result, Session};
use tracing::{debug, error, info};

use crate::config::{Account, Config};
use crate::prompt::{self, Answer};

/// Wrong codes a person at a terminal may enter before we give up; Apple counts as well.
const WRONG_CODES: u32 = 3;

/// A session: the saved one while Apple accepts it, else a new one by password and, where Apple asks for it, a code.
pub(super) async fn sign_in(config: &Config, account: &Account) -> Result<Session> {
    debug!("Authenticating...");
    let id = AppleId::new(&account.username)?;
    let client = Client::builder()
        .endpoints(config.endpoints.clone())
        .sessions(FileSessionStore::new(&account.sessions))
        .build()?;
    if let Some(session) = client.restore(&id).await? {
        return Ok(session);
    }
    let password = prompt::password(&account.username, &config.providers, &account.password).await?;
    let login = client.login(Credentials::new(id, password.text.clone())).await?;
    prompt::remember(&account.username, password, &config.providers).await;
    match login {
        Login::Complete(session) => Ok(session),
        Login::CodeRequired(challenge) => answer(&challenge, Desk { to_stderr: config.only_print_filenames }).await,
        Login::ActionRequired(action) => Err(action.into()),
        _ => Err(Error::new(ErrorKind::Unsupported, "Apple asks for something this version does not know")),
    }
}

/// Answers a challenge with a code that a person, or a program behind a pipe, enters.
async fn answer(challenge: &Challenge, desk: Desk) -> Result<Session> {
    info!("Two-factor authentication is required (2fa)");
    if !prompt::someone_may_answer() {
        return Err(Error::new(ErrorKind::CodeRequired, "a code is needed and nobody can be asked"));
    }
    match challenge.request_push().await {
        Ok(()) => debug!("2FA push notification triggered"),
        Err(error) => debug!("Failed to trigger 2FA push notification, continuing anyway: {error}"),
    }
    for (index, phone) in challenge.phones().iter().enumerate() {
        desk.say(&format!("  {}: {}", prompt::letter(index), phone.number().replace('•', "*")));
    }
    let mut wrong = 0;
    loop {
        let code = desk.ask_code(challenge).await?;
        match challenge.submit(&code).await {
            Ok(session) => {
                info!("{ALL_SET}");
                return Ok(session);
            }
            Err(refusal) if refusal.kind() == ErrorKind::CodeRejected => {
                wrong += 1;
                if wrong == WRONG_CODES || !prompt::at_terminal() {
                    return Err(refusal);
                }
                error!("Failed to verify two-factor authentication code. Try again");
            }
            Err(other) => return Err(other),
        }
    }
}

const ALL_SET: &str = "Great, you're all set up. The script can now be run without user interaction until 2FA expires.\n\
    You can set up email notifications for when the two-factor authentication expires.\n\
    (Use --help to view information about SMTP options.)";

/// Where questions are put.
#[derive(Clone, Copy)]
struct Desk {
    to_stderr: bool,
}

impl Desk {
    fn say(self, line: &str) {
        prompt::say(line, self.to_stderr);
    }

    async fn ask(self, prompt: String) -> Result<String> {
        let line = prompt::ask(prompt, self.to_stderr).await?;
        line.ok_or_else(|| Error::new(ErrorKind::CodeRequired, "standard input ended before a code came"))
    }

    /// Asks until there is a code; sends messages to phones on the way.
    async fn ask_code(self, challenge: &Challenge) -> Result<SecurityCode> {
        let phones = challenge.phones();
        loop {
            let line = self.ask(prompt::code_prompt(phones.len())).await?;
            match prompt::read_answer(&line, phones.len()) {
                Answer::Code(code) => return Ok(code),
                Answer::Again(why) => self.say(&why),
                Answer::Phone(index) => {
                    if let Some(phone) = phones.get(index) {
                        return self.ask_sent_code(challenge, phone).await;
                    }
                }
            }
        }
    }

    async fn ask_sent_code(self, challenge: &Challenge, phone: &Phone) -> Result<SecurityCode> {
        challenge.send_code(phone).await?;
        loop {
            let line = self.ask(prompt::SENT_CODE.to_owned()).await?;
            match line.parse() {
                Ok(code) => return Ok(code),
                Err(_) => self.say("Invalid code, should be six digits. Try again"),
            }
        }
    }
}
