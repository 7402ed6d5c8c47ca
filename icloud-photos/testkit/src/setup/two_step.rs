//! The old two-step verification (`hsaVersion` 1), which the setup service does itself.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, no_session};
use crate::account::Phone;
use crate::cookies;
use crate::desk::IssuedCode;
use crate::http::{Response, body_json, json};

impl Call<'_> {
    pub(super) fn list_devices(&mut self) -> Response {
        let Some(account) = self.account_of_login() else {
            return no_session("Missing X-APPLE-WEBAUTH-LOGIN cookie");
        };
        let devices: Vec<Value> = self.desk.accounts[account].spec.phones.iter().map(device).collect();
        json(StatusCode::OK, &json!({"devices": devices}))
    }

    pub(super) fn send_verification_code(&mut self) -> Response {
        let Some(id) = self.session(cookies::LOGIN) else {
            return no_session("Missing X-APPLE-WEBAUTH-LOGIN cookie");
        };
        let Some((account, phone)) = self.chosen(&id) else {
            return json(
                StatusCode::OK,
                &json!({"success": false, "errorMessage": "Unknown device.", "errorCode": -1}),
            );
        };
        let value = self.desk.accounts[account].spec.code.clone().unwrap_or_else(|| self.desk.code());
        let code = IssuedCode { value, phone: Some(phone), mode: "sms".to_owned() };
        if let Some(session) = self.desk.web_sessions.get_mut(&id) {
            session.code = Some(code);
        }
        json(StatusCode::OK, &json!({"success": true}))
    }

    pub(super) fn validate_verification_code(&mut self) -> Response {
        let Some(id) = self.session(cookies::LOGIN) else {
            return no_session("Missing X-APPLE-WEBAUTH-LOGIN cookie");
        };
        let sent = body_json(self.request);
        let entered = sent["verificationCode"].as_str().unwrap_or_default();
        let Some(session) = self.desk.web_sessions.get_mut(&id) else {
            return no_session("Invalid global session");
        };
        if session.code.as_ref().is_none_or(|code| code.value != entered) {
            let answer = json!({
                "success": false,
                "errorTitle": "Invalid Code",
                "errorMessage": "The code you entered is not valid.",
                "errorCode": -21669,
            });
            return json(StatusCode::OK, &answer);
        }
        session.code = None;
        let token = session.session_token.clone();
        if let Some(token) = self.desk.session_tokens.get_mut(&token) {
            (token.verified, token.trusted) = (true, sent["trustBrowser"] == true);
        }
        json(StatusCode::OK, &json!({"success": true}))
    }

    fn account_of_login(&self) -> Option<usize> {
        let id = self.session(cookies::LOGIN)?;
        self.desk.web_sessions.get(&id).map(|session| session.account)
    }

    /// The phone a request names, if it is one of the account's.
    fn chosen(&self, id: &str) -> Option<(usize, u64)> {
        let account = self.desk.web_sessions.get(id)?.account;
        let sent = body_json(self.request);
        let wanted: u64 = sent["deviceId"].as_str()?.parse().ok()?;
        let listed = self.desk.accounts[account].spec.phones.iter().any(|phone| phone.id == wanted);
        listed.then_some((account, wanted))
    }
}

fn device(phone: &Phone) -> Value {
    let mut device = json!({
        "deviceType": "SMS",
        "areaCode": "",
        "phoneNumber": format!("*******{}", phone.last_digits),
        "deviceId": phone.id.to_string(),
    });
    if let Some(name) = &phone.device_name {
        device["deviceName"] = name.as_str().into();
    }
    device
}
