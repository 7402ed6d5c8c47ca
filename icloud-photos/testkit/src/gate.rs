//! Who may speak to CloudKit, and what every one of its answers carries.

use http::StatusCode;
use serde_json::json;

use crate::account::AccountSpec;
use crate::cookies::{self, CookieWriter, cookie};
use crate::desk::{Desk, WebSession};
use crate::http::{Request, Response, ResponseExt, json, text};
use crate::setup::no_session;

/// A request that may pass.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Whose library it is about.
    pub(crate) account: usize,
    cookies: Vec<String>,
    partition: u32,
}

/// Looks at the cookies; the error is the answer.
pub(crate) fn admit(desk: &mut Desk, request: &Request, now_ms: i64) -> Result<Pass, Box<Response>> {
    let (id, number) = known_session(desk, request, now_ms)?;
    let Some(session) = desk.web_sessions.get(&id).cloned() else { return Err(Box::new(over())) };
    let spec = &desk.accounts[session.account].spec;
    if spec.strict_token && number != session.tokens {
        return Err(Box::new(over()));
    }
    if session.partition != spec.partition {
        return Err(Box::new(text(StatusCode::MISDIRECTED_REQUEST, "text/plain", "Misdirected Request")));
    }
    if let Some(refusal) = refused(spec, &session, request, &id, now_ms) {
        return Err(Box::new(refusal));
    }
    let (account, partition) = (session.account, session.partition);
    let mut writer = CookieWriter::new(request, now_ms);
    let token = desk.next_web_token(&id).unwrap_or_default();
    writer.short(cookies::TOKEN, &token);
    Ok(Pass { account, cookies: writer.finish(), partition })
}

impl Pass {
    /// Adds the account's headers to an answer of the database.
    pub(crate) fn seal(self, response: Response) -> Response {
        response.with("x-apple-user-partition", &self.partition.to_string()).with_cookies(&self.cookies)
    }
}

fn known_session(desk: &Desk, request: &Request, now_ms: i64) -> Result<(String, u64), Box<Response>> {
    let Some(token) = cookie(request, cookies::TOKEN) else {
        return Err(Box::new(no_session("Missing X-APPLE-WEBAUTH-TOKEN cookie")));
    };
    if cookie(request, cookies::USER).is_none() {
        return Err(Box::new(no_session("Missing X-APPLE-WEBAUTH-USER cookie")));
    }
    let found = desk.of_cookie(token).filter(|(id, _)| {
        desk.web_sessions.get(id).is_some_and(|session| session.verified && desk.alive(session, now_ms))
    });
    found.ok_or_else(|| Box::new(over()))
}

/// Accounts whose photos a browser does not get.
fn refused(
    spec: &AccountSpec,
    session: &WebSession,
    request: &Request,
    id: &str,
    now_ms: i64,
) -> Option<Response> {
    if !spec.web_access {
        return Some(access_denied());
    }
    let adp = spec.adp.as_ref()?;
    let given = |name| cookie(request, name).is_some_and(|value| value.contains(id));
    if given(cookies::PCS_PHOTOS) && given(cookies::PCS_SHARING) && now_ms < session.pcs_until_ms {
        return None;
    }
    Some(if adp.says_locked {
        error(StatusCode::LOCKED, "ACCESS_DENIED", "Missing PCS cookies")
    } else {
        access_denied()
    })
}

fn access_denied() -> Response {
    error(StatusCode::FORBIDDEN, "ACCESS_DENIED", "private db access disabled for this account")
}

/// 401: the session was revoked or is too old.
fn over() -> Response {
    json(StatusCode::UNAUTHORIZED, &json!({"success": false, "reason": "Invalid global session", "error": 2}))
}

/// A CloudKit error.
pub(crate) fn error(status: StatusCode, code: &str, reason: &str) -> Response {
    json(
        status,
        &json!({"uuid": "00000000-0000-0000-0000-000000000000", "serverErrorCode": code, "reason": reason}),
    )
}
