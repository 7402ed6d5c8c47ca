//! The setup service, `/setup/ws/1/...`: from a session token to cookies and the map of services.

mod account_json;
mod pcs;
mod session_cookies;
mod two_step;

use http::StatusCode;
use serde_json::json;

use crate::cookies::{self, CookieWriter, cookie};
use crate::desk::Desk;
use crate::http::{Request, Response, ResponseExt, body_json, empty, json};

/// One call and what it may touch.
#[derive(Debug)]
struct Call<'a> {
    desk: &'a mut Desk,
    request: &'a Request,
    now_ms: i64,
    base_url: &'a str,
}

/// Answers the call with that name. `base_url` is where the map of services points.
pub(crate) fn answer(
    desk: &mut Desk,
    endpoint: &str,
    request: &Request,
    now_ms: i64,
    base_url: &str,
) -> Response {
    let mut call = Call { desk, request, now_ms, base_url };
    let response = match endpoint {
        "setup/accountLogin" => call.account_login(),
        "setup/validate" => call.validate(),
        "setup/listDevices" => call.list_devices(),
        "setup/sendVerificationCode" => call.send_verification_code(),
        "setup/validateVerificationCode" => call.validate_verification_code(),
        "setup/requestWebAccessState" => call.web_access_state(),
        "setup/enableDeviceConsentForPCS" => call.ask_for_consent(),
        "setup/requestPCS" => call.request_pcs(),
        "setup/getTerms" => call.terms(),
        "setup/repairDone" => call.accept_terms(),
        "setup/logout" => call.logout(),
        _ => empty(StatusCode::NOT_FOUND),
    };
    let uuid = call.desk.uuid();
    with_usual_headers(response, &uuid)
}

impl Call<'_> {
    fn account_login(&mut self) -> Response {
        let sent = body_json(self.request);
        let token = sent["dsWebAuthToken"].as_str().unwrap_or_default();
        let Some(account) = self.desk.session_tokens.get(token).map(|token| token.account) else {
            return no_session("Invalid Session Token");
        };
        let trusted = self.desk.trusts(sent["trustToken"].as_str().unwrap_or_default(), account, self.now_ms);
        let extended = sent["extended_login"].as_bool().unwrap_or(false);
        match self.desk.open_web_session(token, trusted, extended, self.now_ms) {
            Some(id) => self.account(&id, true),
            None => no_session("Invalid Session Token"),
        }
    }

    fn validate(&mut self) -> Response {
        if cookie(self.request, cookies::TOKEN).is_none() {
            return no_session("Missing X-APPLE-WEBAUTH-TOKEN cookie");
        }
        if cookie(self.request, cookies::USER).is_none() {
            return no_session("Missing X-APPLE-WEBAUTH-USER cookie");
        }
        let Some(id) = self.session(cookies::TOKEN) else { return no_session("Invalid global session") };
        if let Some(session) = self.desk.web_sessions.get_mut(&id) {
            session.partition = self.desk.accounts[session.account].spec.partition;
        }
        self.account(&id, false)
    }

    fn logout(&mut self) -> Response {
        let Some(id) = self.session(cookies::TOKEN) else {
            return no_session("Missing X-APPLE-WEBAUTH-TOKEN cookie");
        };
        let Some(session) = self.desk.web_sessions.remove(&id) else {
            return no_session("Invalid global session");
        };
        self.desk.session_tokens.remove(&session.session_token);
        if body_json(self.request)["trustBrowser"] == false {
            self.desk.trust_tokens.retain(|_, token| token.account != session.account);
        }
        let mut writer = CookieWriter::new(self.request, self.now_ms);
        for name in [cookies::TOKEN, cookies::USER, cookies::LOGIN] {
            writer.delete(name);
        }
        json(StatusCode::OK, &json!({"success": true})).with_cookies(&writer.finish())
    }

    /// The text a person would have to read; here it has a version and a line.
    fn terms(&mut self) -> Response {
        if self.session(cookies::LOGIN).is_none() {
            return no_session("Missing X-APPLE-WEBAUTH-LOGIN cookie");
        }
        json(
            StatusCode::OK,
            &json!({"iCloudTerms": {"version": 2026.1, "text": "Be kind."}, "success": true}),
        )
    }

    fn accept_terms(&mut self) -> Response {
        let Some(id) = self.session(cookies::LOGIN) else {
            return no_session("Missing X-APPLE-WEBAUTH-LOGIN cookie");
        };
        if body_json(self.request)["acceptedICloudTerms"] != 2026.1 {
            let answer = json!({"success": false, "error": "Unknown terms version"});
            return json(StatusCode::BAD_REQUEST, &answer);
        }
        if let Some(session) = self.desk.web_sessions.get(&id) {
            self.desk.accounts[session.account].spec.terms_update_needed = false;
        }
        json(StatusCode::OK, &json!({"success": true}))
    }

    /// The account's JSON and the cookies that go with it.
    fn account(&mut self, id: &str, at_login: bool) -> Response {
        let answer = account_json::account_json(self.desk, id, self.base_url);
        let cookies = self.session_cookies(id, at_login);
        let partition = self.desk.web_sessions.get(id).map(|session| session.partition.to_string());
        json(StatusCode::OK, &answer)
            .with("x-apple-user-partition", &partition.unwrap_or_default())
            .with_cookies(&cookies)
    }

    /// The live session a cookie stands for.
    fn session(&self, name: &str) -> Option<String> {
        let (id, _) = self.desk.of_cookie(cookie(self.request, name)?)?;
        let session = self.desk.web_sessions.get(&id)?;
        self.desk.alive(session, self.now_ms).then_some(id)
    }
}

/// 421: sign in again.
pub(crate) fn no_session(reason: &str) -> Response {
    json(StatusCode::MISDIRECTED_REQUEST, &json!({"success": false, "reason": reason, "error": 1}))
}

fn with_usual_headers(response: Response, uuid: &str) -> Response {
    response
        .with("access-control-allow-credentials", "true")
        .with("access-control-allow-origin", "https://www.icloud.com")
        .with("cache-control", "no-cache, no-store, private")
        .with("server", "AppleHttpServer/78689afb4479")
        .with("x-apple-request-uuid", uuid)
        .with("x-apple-edge-response-time", "12")
        .with("x-responding-instance", "setupservice:33200401:fake:7001:2404B363:5934c9004de5")
}
