//! Signing in, with a person at the other end if need be.

mod page;

use std::time::Duration;

use icloud_photos::auth::{Action, ConsentAction, Phone};
use icloud_photos::session::FileSessionStore;
use icloud_photos::{AppleId, Challenge, Client, Error, ErrorKind, Login, Result, SecurityCode, Session};
use tracing::{debug, error, info, warn};

use super::Shared;
use crate::args::MfaProvider;
use crate::board::Seat;
use crate::config::{Account, Config};
use crate::exit;
use crate::output::PARAGRAPH;
use crate::prompt::{self, Answer};

/// Wrong codes that a person, or a pipe, may enter before we give up; Apple counts as well.
const WRONG_CODES: u32 = 3;

/// How long a person may take to find the device that must approve.
const CONSENT: Duration = Duration::from_secs(300);

/// What a sign-in may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// The saved session, the password, and a person if there is one.
    All,
    /// The saved session and a password that is at hand. Nobody is asked.
    Unattended,
    /// The saved session alone.
    Saved,
}

/// A session: the saved one while Apple accepts it, else a new one by password and, where Apple asks for it, a code.
pub(super) async fn sign_in(
    shared: Shared<'_>,
    account: &Account,
    number: usize,
    means: Means,
) -> Result<Session> {
    let config = shared.config;
    debug!("Authenticating...");
    let id = AppleId::new(&account.username)?;
    let client = Client::builder()
        .endpoints(config.endpoints.clone())
        .sessions(FileSessionStore::new(&account.sessions).beside_icloudpd())
        // icloudpd's name for it.
        .client_id(std::env::var("CLIENT_ID").unwrap_or_default())
        .build()?;
    if let Some(session) = client.restore(&id).await.map_err(about_the_folder)? {
        return Ok(session);
    }
    let seat = &shared.board.seat(number);
    let entry = page::Entry { config, account, seat, client: &client };
    let (credentials, login) = entry.login(&id, means).await?;
    let Login::CodeRequired(challenge) = login else { return finish(login, entry).await };
    // Before anybody is asked, for nobody may be there.
    shared.notifier.needs_person(config, number, ErrorKind::CodeRequired, "Apple asks for a code");
    let answered = match config.mfa {
        MfaProvider::Webui => entry.code(&credentials, challenge).await,
        MfaProvider::Console => {
            let desk = Desk {
                to_stderr: config.keeps_stdout(),
                may_ask: means == Means::All,
                username: &account.username,
            };
            seat.notice(Some("Waits for the code at the terminal".to_owned()));
            let answered = in_time(
                config,
                || {
                    leave_prompt(config);
                    late_code()
                },
                desk.answer(&challenge),
            )
            .await;
            seat.notice(None);
            answered.map_err(|error| match challenge.is_two_step() {
                true => error.with("factor", exit::TWO_STEP),
                false => error,
            })
        }
    };
    match answered {
        // The code was right. Signing in again needs none and offers what is left to do.
        Err(error) if error.kind() == ErrorKind::AdvancedDataProtection && entry.has_a_person() => {
            finish(client.login(credentials).await?, entry).await
        }
        answered => answered,
    }
}

/// Nothing else is read or written while a saved session is taken up.
fn about_the_folder(error: Error) -> Error {
    if exit::is_storage(&error) { error.with("option", "--cookie-directory") } else { error }
}

/// In watch mode a question does not wait for ever: other accounts want to be served.
async fn in_time<T>(
    config: &Config,
    late: impl FnOnce() -> Error,
    question: impl Future<Output = Result<T>>,
) -> Result<T> {
    if config.watch.is_none() {
        return question.await;
    }
    tokio::time::timeout(config.answer_within, question).await.unwrap_or_else(|_| Err(late()))
}

fn late_code() -> Error {
    Error::new(ErrorKind::CodeRequired, "nobody answered in time")
}

/// At a terminal the next log line is to begin a line.
fn leave_prompt(config: &Config) {
    prompt::say("", config.keeps_stdout());
}

/// The session of a login that wants no code.
async fn finish(login: Login, entry: page::Entry<'_>) -> Result<Session> {
    match login {
        Login::Complete(session) => Ok(session),
        Login::ActionRequired(Action::ApproveOnDevice(consent)) if entry.has_a_person() => {
            approve(&consent, entry.seat).await
        }
        Login::ActionRequired(action) => Err(action.error()),
        Login::CodeRequired(_) => Err(Error::new(ErrorKind::CodeRequired, "Apple asks for a code again")),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            "Apple asks for something that this version does not know",
        )),
    }
}

async fn approve(consent: &ConsentAction, seat: &Seat) -> Result<Session> {
    let what = format!(
        "Advanced Data Protection is on. Allow the access on an iPhone, iPad or Mac of this Apple ID within {} minutes",
        CONSENT.as_secs() / 60
    );
    info!("{what}");
    seat.notice(Some(what));
    consent.wait(CONSENT).await
}

/// Where questions are put.
#[derive(Clone, Copy)]
struct Desk<'a> {
    to_stderr: bool,
    may_ask: bool,
    username: &'a str,
}

impl Desk<'_> {
    /// Answers a challenge with a code that a person, or a program behind a pipe, enters.
    async fn answer(self, challenge: &Challenge) -> Result<Session> {
        let (name, short) = if challenge.is_two_step() { ("Two-step", "2sa") } else { ("Two-factor", "2fa") };
        info!("{name} authentication is required ({short})");
        if !self.may_ask || !prompt::someone_may_answer() {
            return Err(Error::new(ErrorKind::CodeRequired, "a code is needed and nobody can be asked"));
        }
        self.offer(challenge).await?;
        let mut refused: Option<Error> = None;
        for attempt in 1..=WRONG_CODES {
            let code = match (self.ask_code(challenge).await, refused) {
                (Ok(code), _) => code,
                // A pipe held one code only: that it was wrong says more than that no other came.
                (Err(ended), Some(refusal)) if ended.kind() == ErrorKind::CodeRequired => {
                    return Err(refusal);
                }
                (Err(error), _) => return Err(error),
            };
            match challenge.submit(code).await {
                Err(refusal) if refusal.kind() == ErrorKind::CodeRejected => {
                    if attempt < WRONG_CODES {
                        error!("Failed to verify {} authentication code. Try again", name.to_lowercase());
                    }
                    refused = Some(refusal);
                }
                Ok(session) => {
                    all_set(&name.to_lowercase(), &short.to_uppercase());
                    return Ok(session);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| Error::new(ErrorKind::CodeRequired, "no code came")))
    }

    /// Makes a code come, or says where one may be sent to.
    async fn offer(self, challenge: &Challenge) -> Result<()> {
        if challenge.is_two_step() {
            return self.choose_device(challenge).await;
        }
        match challenge.request_push().await {
            Ok(()) => debug!("2FA push notification triggered"),
            // A throttled account gets no code at all: asking a person for one would end in "wrong code".
            Err(error) if error.kind() == ErrorKind::RateLimited => return Err(error),
            Err(error) => {
                let other = if challenge.phones().is_empty() { "" } else { ", or choose a phone for an SMS" };
                warn!("The code could not be sent to your devices ({error}). Enter one from Settings{other}");
            }
        }
        for (index, phone) in challenge.phones().iter().take(prompt::MOST_PHONES).enumerate() {
            self.say(&format!("  {}: {}", prompt::letter(index), stars(phone)));
        }
        if let Some(more @ 1..) = challenge.phones().len().checked_sub(prompt::MOST_PHONES) {
            warn!("Too many trusted devices for authentication: {more} of the phones cannot be chosen here");
        }
        Ok(())
    }

    /// The old two-step verification sends a code to a device that is chosen by its number.
    async fn choose_device(self, challenge: &Challenge) -> Result<()> {
        let devices = challenge.phones();
        if devices.is_empty() {
            return Err(Error::new(ErrorKind::Protocol, "Apple lists no device that a code can be sent to"));
        }
        for (index, device) in devices.iter().enumerate() {
            self.say(&format!("  {index}: {}", prompt::device(device)));
        }
        loop {
            let line = self.ask("Please choose an option: [0]: ").await?;
            match prompt::read_choice(&line, devices.len()).map(|index| devices.get(index)) {
                Ok(Some(device)) => return send(challenge, device).await,
                Ok(None) => {}
                Err(why) => self.say(&why),
            }
        }
    }

    /// Asks until there is a code; sends messages to phones on the way.
    async fn ask_code(self, challenge: &Challenge) -> Result<SecurityCode> {
        if challenge.is_two_step() {
            return self.ask_six_digits("Please enter two-step authentication code: ").await;
        }
        let phones = challenge.phones();
        let mut answered = false;
        loop {
            let line = self.ask(&prompt::code_prompt(phones.len())).await;
            let line = line.map_err(|error| after_an_answer(error, answered))?;
            answered = true;
            match prompt::read_answer(&line, phones.len()) {
                Answer::Code(code) => return Ok(code),
                Answer::Again(why) => self.say(&why),
                Answer::Phone(index) => {
                    let Some(phone) = phones.get(index) else { continue };
                    send(challenge, phone).await?;
                    return self.ask_six_digits(prompt::SENT_CODE).await;
                }
            }
        }
    }

    async fn ask_six_digits(self, prompt: &str) -> Result<SecurityCode> {
        let mut answered = false;
        loop {
            let line = self.ask(prompt).await.map_err(|error| after_an_answer(error, answered))?;
            answered = true;
            match line.parse() {
                Ok(code) => return Ok(code),
                Err(_) => self.say("Invalid code, should be six digits. Try again"),
            }
        }
    }

    async fn ask(self, prompt: &str) -> Result<String> {
        let about = format!("code of {}", self.username);
        let line = prompt::ask(prompt.to_owned(), about, self.to_stderr).await?;
        line.ok_or_else(|| Error::new(ErrorKind::CodeRequired, "standard input ended before a code came"))
    }

    fn say(self, line: &str) {
        prompt::say(line, self.to_stderr);
    }
}

/// Makes a message come. Why it does not is told when the run ends.
async fn send(challenge: &Challenge, phone: &Phone) -> Result<()> {
    let name = if challenge.is_two_step() { "two-step" } else { "two-factor" };
    let sent = challenge.send_code(phone).await;
    sent.inspect_err(|_| error!("Failed to send {name} authentication code"))
}

/// Whoever answered with something that is no code was there.
fn after_an_answer(error: Error, answered: bool) -> Error {
    if answered && error.kind() == ErrorKind::CodeRequired {
        return Error::new(ErrorKind::CodeRejected, "what was entered is no code").caused_by(error);
    }
    error
}

/// The masked number, with stars where Apple has bullets.
fn stars(phone: &Phone) -> String {
    phone.number().replace('•', "*")
}

/// icloudpd's words; container wrappers look for them.
fn all_set(name: &str, short: &str) {
    info!(
        target: PARAGRAPH,
        "Great, you're all set up. The script can now be run without user interaction until {short} expires.\n\
         You can set up email notifications for when the {name} authentication expires.\n\
         (Use --help to view information about SMTP options.)"
    );
}
