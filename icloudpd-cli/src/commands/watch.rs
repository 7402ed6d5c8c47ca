//! `--watch-with-interval`: all accounts, again and again.
//!
//! What happens to one account is no business of the others. One that fails for passing reasons is left alone for longer and longer;
//! one that needs a person is left alone until there is a sign of one, for Apple locks accounts that try wrong passwords, and
//! phones that ring every hour for a code that nobody enters are no help. Sessions are kept from round to round, so that a
//! quiet round costs one request.

use std::time::{Duration, Instant, SystemTime};

use icloud_photos::{Error, ErrorKind, Result, Session};
use tracing::{debug, error, info};

use super::auth::Means;
use super::sign::Signs;
use super::{Books, Gone, Shared, needs_person, report, serve};
use crate::args::MfaProvider;
use crate::config::Config;
use crate::exit::{Exit, Outcome};
use crate::signals::Nudges;
use crate::{prompt, service};

/// The first pause after a failure, where the interval is shorter; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// No pause is longer, unless Apple asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);
/// Apple is not believed beyond this.
const LONGEST_WISH: Duration = Duration::from_secs(24 * 60 * 60);
/// What somebody may mend elsewhere, in a browser or on a phone, is looked at this often.
const ELSEWHERE: Duration = Duration::from_secs(60 * 60);
/// A session is shown to Apple at least this often, so that its cookies do not age (protocol notes 4.5: they last for 31 days).
const RENEW_EVERY: Duration = Duration::from_secs(8 * 60 * 60);

/// An account over the rounds.
#[derive(Default)]
pub(super) struct Member {
    session: Option<(Session, Instant)>,
    /// In a row, for passing reasons.
    failures: u32,
    not_before: Option<Instant>,
    /// It needs a person, for this reason; how things looked then.
    waits: Option<(ErrorKind, Signs)>,
}

/// Ends when a signal stops the work.
pub(super) async fn rounds(shared: Shared<'_>, interval: Duration) -> Exit {
    let accounts = &shared.config.accounts;
    let mut members: Vec<Member> = accounts.iter().map(|_| Member::default()).collect();
    let mut nudges = Nudges::new();
    let mut books = Books::new(accounts.len());
    loop {
        books.begin();
        // The limit of removals is one for each round.
        let gone = Gone::default();
        for (number, member) in members.iter_mut().enumerate() {
            service::status(&format!("Processing user: {}", accounts[number].username));
            if member.turn(shared, number, &gone, &mut books).await == Some(Exit::Interrupted) {
                return books.close(shared, shared.brake.exit().unwrap_or(Exit::Interrupted));
            }
        }
        books.close(shared, books.worst());
        if let Some(exit) = shared.brake.exit() {
            return exit;
        }
        if pause(shared, &members, interval, &mut nudges).await {
            members.iter_mut().for_each(Member::somebody_is_there);
        }
    }
}

/// Waits for the next round. True if somebody wants it now.
async fn pause(shared: Shared<'_>, members: &[Member], interval: Duration, nudges: &mut Nudges) -> bool {
    let wait = until_next(members, interval);
    let text = format!("Waiting for {} sec...", wait.as_secs_f64().ceil());
    info!("{text}");
    service::status(&text);
    shared.board.next_round(SystemTime::now().checked_add(wait));
    let called = tokio::select! {
        () = tokio::time::sleep(wait) => false,
        () = shared.board.hurried() => true,
        () = nudges.next() => true,
    };
    shared.board.next_round(None);
    if called {
        info!("The next round begins now");
    }
    called
}

/// The interval, or longer if nobody is due before.
fn until_next(members: &[Member], interval: Duration) -> Duration {
    let now = Instant::now();
    let due = members
        .iter()
        .map(|member| member.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(now)));
    interval.max(due.min().unwrap_or_default())
}

impl Member {
    /// `None` if it was left alone.
    async fn turn(
        &mut self,
        shared: Shared<'_>,
        number: usize,
        gone: &Gone,
        books: &mut Books,
    ) -> Option<Exit> {
        let account = &shared.config.accounts[number];
        let Some(means) = self.means(shared, number).await else {
            books.left_alone(number);
            return None;
        };
        let session = self.session().await;
        let began = SystemTime::now();
        let (had_one, mut kept) = (session.is_some(), None);
        let mut served = serve(shared, account, number, gone, (session, means), &mut kept).await;
        // A session knows no password, and asks nobody. Once it has ended, signing in anew may need nobody, or find somebody.
        if means == Means::All && (had_one || kept.is_some()) && has_ended(&served, shared.config) {
            debug!("The session has ended, signing in anew");
            kept = None;
            served = serve(shared, account, number, gone, (None, means), &mut kept).await;
        }
        let exit = books.note(shared, number, began, &served, kept.as_ref());
        match &served {
            Ok(_) => {
                self.session = kept
                    .map(|session| (session, self.session.take().map_or_else(Instant::now, |(_, at)| at)));
                (self.failures, self.not_before, self.waits) = (0, None, None);
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Some(Exit::Interrupted),
            Err(error) => {
                self.session = None;
                report(shared.config, error);
                error!("Error processing user {}, continuing with next user...", account.username);
                self.failed(shared, number, error, means).await;
            }
        }
        Some(exit)
    }

    /// What a turn may use; `None` if there is to be none.
    async fn means(&mut self, shared: Shared<'_>, number: usize) -> Option<Means> {
        let account = &shared.config.accounts[number];
        if let Some(at) = self.not_before.filter(|at| *at > Instant::now()) {
            let left = at.saturating_duration_since(Instant::now()).as_secs();
            debug!("Skipping user {} for another {left} sec", account.username);
            return None;
        }
        let Some((kind, before)) = &self.waits else { return Some(Means::All) };
        if is_mended_elsewhere(*kind) {
            return Some(Means::Unattended);
        }
        let now = Signs::read(shared.config, account).await;
        if before.password_differs(&now) {
            return Some(Means::All);
        }
        if *before == now {
            debug!("Skipping user {}, it needs a person", account.username);
            return None;
        }
        // Somebody signed in elsewhere. A password that was refused stays refused.
        Some(Means::Saved)
    }

    /// The session of the round before, renewed if that is due.
    async fn session(&mut self) -> Option<Session> {
        let (session, checked) = self.session.as_mut()?;
        if checked.elapsed() >= RENEW_EVERY {
            debug!("Renewing the session");
            if session.refresh().await.is_err() {
                // Signing in says why.
                self.session = None;
                return None;
            }
            *checked = Instant::now();
        }
        Some(session.clone())
    }

    async fn failed(&mut self, shared: Shared<'_>, number: usize, error: &Error, means: Means) {
        let account = &shared.config.accounts[number];
        let kind = match (&self.waits, means) {
            // Nothing but the saved session was tried, and it was no use: what is needed is what was needed before.
            (Some((kind, _)), Means::Saved) if needs_person(error.kind()) => *kind,
            _ => error.kind(),
        };
        if needs_person(kind) {
            self.not_before = is_mended_elsewhere(kind).then(|| Instant::now() + ELSEWHERE);
            self.waits = Some((kind, Signs::read(shared.config, account).await));
            self.failures = 0;
            let page = if shared.config.web.page.is_some() { ", or presses Run now on the page" } else { "" };
            info!("{} is left alone until somebody {}{page}", account.username, sign(kind));
        } else if is_passing(error) {
            self.failures = self.failures.saturating_add(1);
            self.not_before = Some(Instant::now() + back_off(self.failures, error.retry_after()));
        }
    }

    /// A person pressed a button.
    fn somebody_is_there(&mut self) {
        (self.failures, self.not_before, self.waits) = (0, None, None);
    }
}

fn has_ended(served: &Result<Outcome>, config: &Config) -> bool {
    served.as_ref().is_err_and(|error| match error.kind() {
        ErrorKind::SessionExpired => true,
        ErrorKind::CodeRequired => config.mfa == MfaProvider::Webui || prompt::someone_may_answer(),
        _ => false,
    })
}

fn sign(kind: ErrorKind) -> &'static str {
    match kind {
        _ if is_mended_elsewhere(kind) => {
            "has done that; it is looked at once an hour, and when SIGUSR1 is sent"
        }
        ErrorKind::BadCredentials | ErrorKind::AccountLocked => {
            "gives another password, signs in with --auth-only, or sends SIGUSR1"
        }
        ErrorKind::PasswordRequired => "gives a password, signs in with --auth-only, or sends SIGUSR1",
        _ => "signs in with --auth-only at a terminal, or sends SIGUSR1",
    }
}

/// What its owner mends in a browser or on a phone, and where looking again cannot make it worse.
fn is_mended_elsewhere(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TermsRequired
            | ErrorKind::WebAccessDisabled
            | ErrorKind::AdvancedDataProtection
            | ErrorKind::NotActivated
    )
}

fn is_passing(error: &Error) -> bool {
    error.is_retryable()
        || error.retry_after().is_some()
        || matches!(
            error.kind(),
            ErrorKind::Network
                | ErrorKind::Timeout
                | ErrorKind::RateLimited
                | ErrorKind::IndexNotReady
                | ErrorKind::Protocol
                | ErrorKind::Forbidden
                | ErrorKind::TooManyAttempts
        )
}

fn back_off(failures: u32, wish: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).max(wish.unwrap_or_default().min(LONGEST_WISH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_in(seconds: u64) -> Member {
        Member { not_before: Some(Instant::now() + Duration::from_secs(seconds)), ..Member::default() }
    }

    #[test]
    fn pauses_double_up_to_half_an_hour_and_apple_may_ask_for_more() {
        let seconds = |failures, wish| back_off(failures, wish).as_secs();
        assert_eq!(
            [1, 2, 3, 6, 4_000_000].map(|failures| seconds(failures, None)),
            [60, 120, 240, 1800, 1800]
        );
        assert_eq!(seconds(1, Some(Duration::from_secs(7200))), 7200);
        assert_eq!(seconds(1, Some(Duration::from_secs(u64::MAX))), 24 * 60 * 60);
    }

    #[test]
    fn an_account_that_rests_does_not_hold_up_the_others() {
        let interval = Duration::from_secs(10);
        assert_eq!(until_next(&[due_in(500), Member::default()], interval), interval);
        assert!(until_next(&[due_in(500), due_in(300)], interval) > Duration::from_secs(290));
        assert_eq!(until_next(&[], interval), interval);
    }

    #[test]
    fn what_passes_is_told_from_what_needs_a_person() {
        let error = |kind| Error::new(kind, "x");
        assert!(is_passing(&error(ErrorKind::RateLimited)) && is_passing(&error(ErrorKind::TooManyAttempts)));
        for kind in [ErrorKind::BadCredentials, ErrorKind::AccountLocked, ErrorKind::TermsRequired] {
            assert!(needs_person(kind) && !is_passing(&error(kind)), "{kind:?}");
        }
        assert!(!is_passing(&error(ErrorKind::StorageFull)) && !needs_person(ErrorKind::StorageFull));
        assert!(
            is_mended_elsewhere(ErrorKind::TermsRequired) && !is_mended_elsewhere(ErrorKind::AccountLocked)
        );
    }
}
