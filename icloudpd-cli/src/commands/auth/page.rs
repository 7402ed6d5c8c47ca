//! Signing in with a person at the web page: wrong answers are told there, and asked for again.
//!
//! Nothing is sent to Apple twice by itself: after a refusal a person gives another answer, or says that it is time to try
//! once more. Whoever restarts a program that ended would sign in each time, and Apple counts.

use icloud_photos::{
    AppleId, Challenge, Client, Credentials, Error, ErrorKind, Login, Result, SecurityCode, Session,
};
use tracing::{debug, error, info, warn};

use super::{Means, all_set, in_time, late_code, leave_prompt, stars};
use crate::args::{MfaProvider, PasswordProvider};
use crate::board::{About, Answer, Seat};
use crate::config::{Account, Config};
use crate::exit::message;
use crate::prompt::{self, Password};

/// A sign-in under way.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) config: &'a Config,
    pub(super) account: &'a Account,
    pub(super) seat: &'a Seat,
    pub(super) client: &'a Client,
}

/// What the page goes on with after a code or a wish was sent to Apple.
enum Step {
    Done(Session),
    /// The same challenge waits for the next answer.
    Ask,
    /// It is of no use any more.
    Renew,
}

impl Entry<'_> {
    /// Whether somebody can act on another device because we say so.
    pub(super) fn has_a_person(self) -> bool {
        prompt::at_terminal() || self.config.mfa == MfaProvider::Webui
    }

    /// Signs in with the password of the first provider that has one. Once it is refused, only the page is asked, if it is
    /// a provider: what is written down somewhere does not get better.
    pub(super) async fn login(self, id: &AppleId, means: Means) -> Result<(Credentials, Login)> {
        let Self { config, account, seat, .. } = self;
        let mut providers = &config.providers[..];
        let mut refusal = None;
        loop {
            let password = self.password(providers, means, refusal.take()).await?;
            let credentials = Credentials::new(id.clone(), password.text.clone());
            match self.try_password(&credentials, &password).await {
                Ok(login) => {
                    seat.trouble(None);
                    prompt::remember(&account.username, password, &config.providers).await;
                    return Ok((credentials, login));
                }
                Err(error)
                    if means == Means::All
                        && mends_a_password(&error)
                        && providers.contains(&PasswordProvider::Webui) =>
                {
                    self.refused(&error);
                    refusal = Some(error);
                    providers = &[PasswordProvider::Webui];
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// If nobody gives one in time, the `refusal` of the one before says more than that.
    async fn password(
        self,
        providers: &[PasswordProvider],
        means: Means,
        refusal: Option<Error>,
    ) -> Result<Password> {
        let Account { username, password: given, .. } = self.account;
        match means {
            Means::All => {
                let password = prompt::password(username, providers, given, Some(self.seat));
                in_time(self.config, || self.late(providers, refusal), password).await
            }
            Means::Unattended => prompt::unattended(username, providers, given)
                .await
                .ok_or_else(|| Error::new(ErrorKind::SessionExpired, "there is no password at hand")),
            Means::Saved => {
                Err(Error::new(ErrorKind::SessionExpired, "Apple does not accept the saved session"))
            }
        }
    }

    fn late(self, providers: &[PasswordProvider], refusal: Option<Error>) -> Error {
        if providers.contains(&PasswordProvider::Console) {
            leave_prompt(self.config);
        }
        let nobody = || format!("Nobody gave the password of {} in time", self.account.username);
        refusal.unwrap_or_else(|| Error::new(ErrorKind::PasswordRequired, nobody()))
    }

    /// Asks on the page. In watch mode that does not wait for ever; `late` is what is wrong then.
    async fn ask(self, about: About, late: impl FnOnce() -> Error) -> Result<Answer> {
        in_time(self.config, late, async { Ok(self.seat.ask(about).await) }).await
    }

    /// What passes by itself is no reason to ask for the password anew: who typed it says when to try again.
    async fn try_password(self, credentials: &Credentials, password: &Password) -> Result<Login> {
        loop {
            match self.client.login(credentials.clone()).await {
                Err(error) if password.from_page && passes(&error) => {
                    self.when_told(error).await?;
                }
                ended => return ended,
            }
        }
    }

    /// Answers a challenge with what a person enters on the page, however often.
    pub(super) async fn code(self, credentials: &Credentials, challenge: Challenge) -> Result<Session> {
        let (name, short) = names(&challenge);
        info!("{name} authentication is required ({short})");
        let mut challenge = challenge;
        let mut sent_to = None;
        self.push(&challenge).await;
        loop {
            info!("Waiting for the code of {} on the web page", self.account.username);
            let answer = self.ask(question(&challenge, sent_to.clone()), late_code).await?;
            match self.act(&challenge, answer, &mut sent_to).await? {
                Step::Done(session) => {
                    all_set(&name.to_lowercase(), &short.to_uppercase());
                    return Ok(session);
                }
                Step::Ask => {}
                Step::Renew => match self.renew(credentials).await? {
                    Login::CodeRequired(fresh) => {
                        (challenge, sent_to) = (fresh, None);
                        self.push(&challenge).await;
                    }
                    login => return super::finish(login, self).await,
                },
            }
        }
    }

    /// Signs in again with a password that was right, for a new challenge.
    async fn renew(self, credentials: &Credentials) -> Result<Login> {
        loop {
            match self.client.login(credentials.clone()).await {
                Err(error) if passes(&error) || error.kind() == ErrorKind::TooManyAttempts => {
                    self.when_told(error).await?;
                }
                ended => return ended,
            }
        }
    }

    async fn act(self, challenge: &Challenge, answer: Answer, sent_to: &mut Option<String>) -> Result<Step> {
        let done = match answer {
            Answer::Code(code) => return self.submit(challenge, code).await,
            Answer::Devices => challenge.request_push().await.map(|()| *sent_to = None),
            Answer::Phone(index) => match challenge.phones().get(index) {
                Some(phone) => challenge.send_code(phone).await.map(|()| *sent_to = Some(stars(phone))),
                None => Ok(()),
            },
            // The desk takes none of these here.
            Answer::Password(_) | Answer::Again => Ok(()),
        };
        match done {
            Ok(()) => {
                self.seat.trouble(None);
                Ok(Step::Ask)
            }
            Err(error) => self.judge(error).await,
        }
    }

    async fn submit(self, challenge: &Challenge, code: SecurityCode) -> Result<Step> {
        match challenge.submit(code).await {
            Ok(session) => {
                self.seat.trouble(None);
                Ok(Step::Done(session))
            }
            Err(error) => self.judge(error).await,
        }
    }

    /// What a refusal means for the challenge.
    async fn judge(self, error: Error) -> Result<Step> {
        match error.kind() {
            ErrorKind::CodeRejected | ErrorKind::Network | ErrorKind::Timeout => {
                self.refused(&error);
                Ok(Step::Ask)
            }
            ErrorKind::ChallengeExpired => {
                self.refused(&error);
                Ok(Step::Renew)
            }
            ErrorKind::TooManyCodes | ErrorKind::RateLimited => {
                self.when_told(error).await?;
                Ok(Step::Renew)
            }
            _ => Err(error),
        }
    }

    /// Shows the trouble, and goes on when a person says so.
    async fn when_told(self, error: Error) -> Result<()> {
        self.refused(&error);
        self.ask(About::Again, || error).await.map(drop)
    }

    /// Makes a code come. It can be had in other ways as well, so a failure is only told.
    async fn push(self, challenge: &Challenge) {
        if challenge.is_two_step() {
            return;
        }
        match challenge.request_push().await {
            Ok(()) => debug!("2FA push notification triggered"),
            Err(error) => {
                warn!("The code could not be sent to your devices ({error})");
                self.seat.trouble(Some(format!(
                    "The code could not be sent to your devices: {}",
                    message(&error)
                )));
            }
        }
    }

    /// Tells it on the page and in the log.
    fn refused(self, error: &Error) {
        let user = &self.account.username;
        let what = match error.kind() {
            ErrorKind::BadCredentials => {
                format!("Wrong password for {user}. After several in a row Apple locks the account")
            }
            ErrorKind::CodeRejected => format!("Wrong Two-Factor Code for {user}. Enter the newest one"),
            ErrorKind::ChallengeExpired => {
                "The code came too late; here is a new try with a new code".to_owned()
            }
            _ => message(error),
        };
        error!("{what}");
        self.seat.trouble(Some(what));
    }
}

fn question(challenge: &Challenge, sent_to: Option<String>) -> About {
    let phones: Vec<String> = challenge.phones().iter().map(stars).collect();
    match challenge.is_two_step() {
        true if sent_to.is_none() => About::Device { phones },
        two_step => About::Code { phones, devices: !two_step && challenge.has_devices(), sent_to },
    }
}

fn names(challenge: &Challenge) -> (&'static str, &'static str) {
    if challenge.is_two_step() { ("Two-step", "2sa") } else { ("Two-factor", "2fa") }
}

/// Another password may help, now or after the time that the message names.
fn mends_a_password(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BadCredentials | ErrorKind::TooManyAttempts | ErrorKind::AccountLocked)
}

/// The same password may do later.
fn passes(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::RateLimited | ErrorKind::TooManyCodes
    )
}
