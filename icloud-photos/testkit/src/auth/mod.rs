//! The sign-in service, `/appleauth/auth/...`.
//!
//! Error codes -20000 to -20003 are ours: they tell a client's author what is wrong with a request that no real
//! client sends.

mod code;
mod password;
mod state;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::cookies::CookieWriter;
use crate::desk::{Desk, Stage};
use crate::http::{Request, Response, ResponseExt, empty, header, html, text};

/// The public key of icloud.com's own sign-in page.
const WIDGET_KEY: &str = "d39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d";
const JSON: &str = "application/json;charset=UTF-8";

/// One call and what it may touch.
#[derive(Debug)]
struct Call<'a> {
    desk: &'a mut Desk,
    request: &'a Request,
    now_ms: i64,
}

/// Answers the call with that name.
pub(crate) fn answer(desk: &mut Desk, endpoint: &str, request: &Request, now_ms: i64) -> Response {
    let mut call = Call { desk, request, now_ms };
    // The page of the widget has the key in its query, and pyicloud sends it nowhere else.
    if endpoint != "auth/authorize" && !knows_us(request.headers()) {
        return refusal(StatusCode::BAD_REQUEST, "-20000", "The widget key is missing.");
    }
    match endpoint {
        "auth/authorize" => call.authorize(),
        "auth/federate" => call.federate(),
        "auth/init" => call.init(),
        "auth/complete" => call.complete(),
        // The way of old clients; Apple has stopped accepting it.
        "auth/legacy" => unavailable(),
        "auth/other" => empty(StatusCode::NOT_FOUND),
        _ => match call.current() {
            Some(id) => call.of_sign_in(endpoint, &id),
            None => {
                refusal(StatusCode::UNAUTHORIZED, "-20101", "The session is unknown or over. Sign in again.")
            }
        },
    }
}

impl Call<'_> {
    fn of_sign_in(&mut self, endpoint: &str, id: &str) -> Response {
        match endpoint {
            "auth/state" => self.state(id),
            "auth/repair" => self.repair(id),
            "auth/push/device" => self.push_to_devices(id),
            "auth/push/phone" => self.push_to_phone(id),
            "auth/code/device" => self.enter_device_code(id),
            "auth/code/phone" => self.enter_phone_code(id),
            "auth/code/key" => self.answer_with_key(id),
            "auth/trust" => self.trust(id),
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    /// The page of the sign-in widget; only its headers matter.
    fn authorize(&mut self) -> Response {
        let id = self.desk.open_sign_in(self.now_ms);
        self.sealed(
            &id,
            html(StatusCode::OK, "<!DOCTYPE html><html><head><title>Sign In</title></head></html>"),
            None,
        )
    }

    /// Asks whether an account signs in at a company's identity provider. None of ours does.
    fn federate(&mut self) -> Response {
        let body = text(StatusCode::OK, JSON, json!({"federated": false}).to_string());
        match self.current() {
            Some(id) => self.sealed(&id, body, None),
            None => with_usual_headers(body),
        }
    }

    fn trust(&mut self, id: &str) -> Response {
        let Some((account, stage)) = self.whose(id) else { return empty(StatusCode::UNAUTHORIZED) };
        if self.desk.accounts[account].spec.second_factor == crate::account::SecondFactor::TwoStep {
            return self.sealed(id, empty(StatusCode::NOT_FOUND), None);
        }
        if stage != Stage::Verified {
            let response = refusal(StatusCode::UNAUTHORIZED, "-20101", "A code is needed first.");
            return self.sealed(id, response, None);
        }
        let trust = self.desk.new_trust_token(account, self.now_ms);
        let token = self.desk.new_session_token(account, true, true);
        let grant = self.desk.name(16);
        let response = empty(StatusCode::NO_CONTENT)
            .with("x-apple-twosv-trust-token", &trust)
            .with("x-apple-oauth-grant-code", &grant);
        self.sealed(id, response, Some(&token))
    }

    /// The sign-in the request's headers speak of.
    fn current(&mut self) -> Option<String> {
        let id = header(self.request.headers(), "x-apple-id-session-id")?.to_owned();
        let scnt = header(self.request.headers(), "scnt")?;
        let newest = self.strict(&id);
        let sign_in = self.desk.sign_in(&id, self.now_ms)?;
        sign_in.knows_scnt(scnt, newest).then_some(id)
    }

    fn strict(&self, id: &str) -> bool {
        let account = self.desk.sign_ins.get(id).and_then(|sign_in| sign_in.account);
        account.is_some_and(|account| self.desk.accounts[account].spec.strict_scnt)
    }

    /// The account of a sign-in whose password was right, and how far it got.
    fn whose(&mut self, id: &str) -> Option<(usize, Stage)> {
        let sign_in = self.desk.sign_in(id, self.now_ms)?;
        if sign_in.stage == Stage::Opened { None } else { Some((sign_in.account?, sign_in.stage)) }
    }

    /// Adds what every answer within a sign-in carries: a new `scnt`, the session id, cookies; the session token
    /// where there is one.
    fn sealed(&mut self, id: &str, response: Response, token: Option<&str>) -> Response {
        let attributes = self.desk.name(24);
        let request_id = self.desk.uuid();
        let account = self.desk.sign_ins.get(id).and_then(|sign_in| sign_in.account);
        let country = account.map(|account| self.desk.accounts[account].spec.country.clone());
        let scnt = self.desk.sign_in(id, self.now_ms).map(|sign_in| sign_in.next_scnt()).unwrap_or_default();
        let mut response = with_usual_headers(response)
            .with("scnt", &scnt)
            .with("x-apple-id-session-id", id)
            .with("x-apple-auth-attributes", &attributes)
            .with("x-apple-i-request-id", &request_id)
            .with_cookies(&self.cookies());
        if let (Some(token), Some(country)) = (token, country) {
            response = response
                .with("x-apple-session-token", token)
                .with("x-apple-id-account-country", &country)
                .with("x-apple-twosv-trust-eligible", "true");
        }
        response
    }

    fn cookies(&mut self) -> Vec<String> {
        let mut cookies = CookieWriter::new(self.request, self.now_ms);
        cookies.sign_in("dslang", "US-EN", "apple.com");
        cookies.sign_in("site", "USA", "apple.com");
        cookies.sign_in("aasp", &self.desk.name(32), "idmsa.apple.com");
        cookies.sign_in("acn01", &self.desk.name(24), "idmsa.apple.com");
        cookies.finish()
    }
}

fn knows_us(headers: &HeaderMap) -> bool {
    let is_ours = |name| header(headers, name) == Some(WIDGET_KEY);
    is_ours("x-apple-widget-key") || is_ours("x-apple-oauth-client-id")
}

fn with_usual_headers(response: Response) -> Response {
    response
        .with("server", "Apple")
        .with("cache-control", "no-cache, no-store")
        .with("pragma", "no-cache")
        .with("x-buildversion", "R4_1")
        .with("x-frame-options", "DENY")
        .with("x-content-type-options", "nosniff")
}

/// An error in the spelling of `signin/*`.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({"code": code, "message": message, "suppressDismissal": false});
    with_usual_headers(text(status, JSON, json!({"serviceErrors": [error]}).to_string()))
}

/// What a refusing front server says.
fn unavailable() -> Response {
    with_usual_headers(html(StatusCode::SERVICE_UNAVAILABLE, "Service Temporary Unavailable"))
}

/// JSON in the content type of this service.
fn body(status: StatusCode, value: &Value) -> Response {
    text(status, JSON, value.to_string())
}
