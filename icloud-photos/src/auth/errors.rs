//! What refusals of the sign-in and setup services mean (protocol notes 2.7, 3.4, 3.5, 9.3).

use super::machine::Answer;
use crate::error::{Error, ErrorKind};
use crate::http::error_for_status;

/// Which call was refused: the same status means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Init,
    Complete,
    Repair,
    SendCode,
    Verify,
    Setup,
}

/// The error for an answer that means no.
pub(super) fn refusal(stage: Stage, answer: &Answer) -> Error {
    let reason = answer.reason();
    let error = reason
        .code
        .as_deref()
        .and_then(|code| by_code(stage, code))
        .unwrap_or_else(|| by_status(stage, answer));
    reason.explain(error.with("http", answer.status()))
}

/// The session that another program left under this account's name is not this account's.
pub(super) fn another_account() -> Error {
    Error::new(ErrorKind::SessionExpired, "the session that was found belongs to another account")
}

/// Apple's codes that have one meaning.
fn by_code(stage: Stage, code: &str) -> Option<Error> {
    Some(match code {
        "-20101" if stage == Stage::Complete => bad_credentials(),
        "-20209" => locked(),
        "-21669" => code_rejected(),
        _ => return None,
    })
}

fn by_status(stage: Stage, answer: &Answer) -> Error {
    let status = answer.status();
    let known = http::StatusCode::from_u16(status).ok();
    if let Some(error) = known.and_then(|status| error_for_status(status, &answer.headers, answer.now)) {
        return error;
    }
    match (stage, status) {
        (Stage::Complete, 401) if answer.reason().code.is_none() => bad_credentials(),
        (Stage::Verify, 400 | 409) => code_rejected(),
        (Stage::Verify | Stage::SendCode, 401 | 403 | 404 | 410 | 421 | 450) => challenge_expired(),
        (Stage::Verify | Stage::SendCode, 412 | 423) => no_more_codes(),
        (Stage::Init | Stage::Complete | Stage::Repair, 412) | (Stage::Repair, 400..=499) => Error::new(
            ErrorKind::Forbidden,
            "Apple wants this account's owner to look at something first: sign in once at https://www.icloud.com",
        ),
        (_, 401 | 403 | 421 | 423 | 450) => forbidden(),
        (_, 200..=299) if answer.reason().refused => forbidden(),
        (_, 200..=299) => {
            Error::new(ErrorKind::Network, "Apple answered with something that is no answer; try again")
        }
        _ => Error::new(
            ErrorKind::Protocol,
            "Apple's sign-in service answered in a way this version does not understand",
        ),
    }
}

fn bad_credentials() -> Error {
    Error::new(ErrorKind::BadCredentials, "wrong Apple ID or password")
}

fn locked() -> Error {
    Error::new(
        ErrorKind::AccountLocked,
        "Apple has locked this account; unlock it at https://iforgot.apple.com and sign in again",
    )
}

fn code_rejected() -> Error {
    Error::new(ErrorKind::CodeRejected, "this code is wrong or too old; try again")
}

fn challenge_expired() -> Error {
    Error::new(
        ErrorKind::ChallengeExpired,
        "Apple no longer waits for this code; sign in again to get a new one",
    )
}

pub(super) fn no_more_codes() -> Error {
    Error::new(
        ErrorKind::TooManyCodes,
        "Apple sends or takes no more codes for now; wait some hours and sign in again",
    )
}

pub(super) fn too_many_codes() -> Error {
    Error::new(ErrorKind::TooManyCodes, "too many wrong codes; sign in again to get a new one")
}

fn forbidden() -> Error {
    Error::new(
        ErrorKind::Forbidden,
        "Apple refused this sign-in and gave no clear reason; wait a while, try another network, or sign in once at \
         https://www.icloud.com",
    )
}

pub(super) fn untrusted() -> Error {
    Error::new(ErrorKind::Forbidden, "Apple took the code but does not trust this sign-in; sign in again")
}

pub(super) fn expired() -> Error {
    Error::new(
        ErrorKind::SessionExpired,
        "Apple no longer accepts the saved session; sign in with the password",
    )
}

pub(super) fn code_required() -> Error {
    Error::new(ErrorKind::CodeRequired, "the session ended and Apple wants a code again; sign in")
}

pub(super) fn out_of_step() -> Error {
    Error::new(ErrorKind::Unexpected, "the sign-in got out of step; please report this")
}
