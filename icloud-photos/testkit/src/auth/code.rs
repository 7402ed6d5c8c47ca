//! Codes: asking for one, entering it; hardware keys.
//!
//! Codes other than -21669 and the status of a locked entry come from memory of other Apple sign-in tools, not
//! from recordings of the iCloud page.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, body, state};
use crate::account::{CodeAccepted, CodeRejected, SecondFactor};
use crate::desk::{IssuedCode, Stage};
use crate::http::{Response, ResponseExt, body_json, empty};

impl Call<'_> {
    /// Makes the account's devices show a code.
    pub(super) fn push_to_devices(&mut self, id: &str) -> Response {
        let Some((account, Stage::CodeNeeded)) = self.whose(id) else {
            return self.sealed(id, empty(StatusCode::UNAUTHORIZED), None);
        };
        if !self.desk.accounts[account].spec.trusted_devices {
            let response =
                service_error(StatusCode::PRECONDITION_FAILED, "-21674", "No trusted device.", json!({}));
            return self.sealed(id, response, None);
        }
        self.send(id, account, None, "device", StatusCode::ACCEPTED)
    }

    /// Sends a code to one of the listed phones.
    pub(super) fn push_to_phone(&mut self, id: &str) -> Response {
        let Some((account, Stage::CodeNeeded)) = self.whose(id) else {
            return self.sealed(id, empty(StatusCode::UNAUTHORIZED), None);
        };
        let wanted = body_json(self.request);
        let (phone, mode) =
            (wanted["phoneNumber"]["id"].as_u64(), wanted["mode"].as_str().unwrap_or_default());
        let listed = self.desk.accounts[account].spec.phones.iter().any(|listed| Some(listed.id) == phone);
        if !listed || !matches!(mode, "sms" | "voice") {
            let response =
                service_error(StatusCode::BAD_REQUEST, "-28248", "Phone number is not trusted.", json!({}));
            return self.sealed(id, response, None);
        }
        self.send(id, account, phone, mode, StatusCode::OK)
    }

    pub(super) fn enter_device_code(&mut self, id: &str) -> Response {
        self.enter(id, None)
    }

    pub(super) fn enter_phone_code(&mut self, id: &str) -> Response {
        match body_json(self.request)["phoneNumber"]["id"].as_u64() {
            Some(phone) => self.enter(id, Some(phone)),
            None => self.sealed(id, malformed(), None),
        }
    }

    /// The answer of a hardware key. The signature is not computed but compared with the one the account names.
    pub(super) fn answer_with_key(&mut self, id: &str) -> Response {
        let Some((account, Stage::CodeNeeded)) = self.whose(id) else {
            return self.sealed(id, empty(StatusCode::UNAUTHORIZED), None);
        };
        let answer = body_json(self.request);
        let challenge = self.key_challenge(id)["challenge"].clone();
        let accepted = match &self.desk.accounts[account].spec.second_factor {
            SecondFactor::SecurityKeys(keys) => keys.accepted_signature.clone(),
            _ => None,
        };
        if answer["challenge"] == challenge
            && accepted.is_some_and(|it| answer["signatureData"] == it.as_str())
        {
            return self.let_in(id, account, StatusCode::OK);
        }
        let response =
            service_error(StatusCode::BAD_REQUEST, "-21670", "Security key was not verified.", json!({}));
        self.sealed(id, response, None)
    }

    /// Puts a new code on a screen; the one before is worth nothing any more.
    pub(super) fn issue_code(&mut self, id: &str, account: usize, phone: Option<u64>, mode: &str) {
        self.desk.accounts[account].codes_sent += 1;
        let value = self.desk.accounts[account].spec.code.clone().unwrap_or_else(|| self.desk.code());
        if let Some(sign_in) = self.desk.sign_in(id, self.now_ms) {
            sign_in.code = Some(IssuedCode { value, phone, mode: mode.to_owned() });
        }
    }

    fn send(
        &mut self,
        id: &str,
        account: usize,
        phone: Option<u64>,
        mode: &str,
        status: StatusCode,
    ) -> Response {
        let response = if self.desk.accounts[account].sending_locked() {
            let state = state::phone_state(&self.desk.accounts[account]);
            service_error(StatusCode::LOCKED, "-22979", "Too many codes sent. Try again later.", state)
        } else {
            self.issue_code(id, account, phone, mode);
            let mut answer = state::phone_state(&self.desk.accounts[account]);
            if phone.is_none() {
                answer = json!({"trustedDeviceCount": 1, "securityCode": answer["securityCode"], "phoneNumberVerification": answer});
            }
            body(status, &answer)
        };
        self.sealed(id, response, None)
    }

    fn enter(&mut self, id: &str, phone: Option<u64>) -> Response {
        let Some((account, Stage::CodeNeeded)) = self.whose(id) else {
            return self.sealed(id, empty(StatusCode::UNAUTHORIZED), None);
        };
        let request = body_json(self.request);
        // A number would have lost its leading zeros.
        let Some(entered) = request["securityCode"]["code"].as_str() else {
            return self.sealed(id, malformed(), None);
        };
        if self.desk.accounts[account].codes_locked() {
            let flags = json!({"securityCode": state::security_code(&self.desk.accounts[account])});
            let response = service_error(StatusCode::LOCKED, "-22981", "Too many incorrect codes.", flags);
            return self.sealed(id, response, None);
        }
        let issued = self.desk.sign_ins.get(id).and_then(|sign_in| sign_in.code.as_ref());
        if issued.is_some_and(|code| code.value == entered && code.phone == phone) {
            let usual = if phone.is_some() { StatusCode::OK } else { StatusCode::NO_CONTENT };
            return self.let_in(id, account, usual);
        }
        self.desk.accounts[account].wrong_codes += 1;
        let status = match self.desk.accounts[account].spec.code_rejected {
            CodeRejected::BadRequest => StatusCode::BAD_REQUEST,
            CodeRejected::OkWithError => StatusCode::OK,
        };
        let flags = json!({"securityCode": state::security_code(&self.desk.accounts[account])});
        let response = service_error(status, "-21669", "Incorrect verification code.", flags);
        self.sealed(id, response, None)
    }

    fn let_in(&mut self, id: &str, account: usize, usual: StatusCode) -> Response {
        let entry = &mut self.desk.accounts[account];
        (entry.wrong_codes, entry.codes_sent) = (0, 0);
        let form = entry.spec.code_accepted;
        if let Some(sign_in) = self.desk.sign_in(id, self.now_ms) {
            (sign_in.stage, sign_in.code) = (Stage::Verified, None);
        }
        let token = self.desk.new_session_token(account, true, false);
        let grant = self.desk.name(16);
        let response = match form {
            CodeAccepted::Usual if usual == StatusCode::NO_CONTENT => empty(usual),
            CodeAccepted::Usual => body(usual, &state::phone_state(&self.desk.accounts[account])),
            CodeAccepted::Ok => body(StatusCode::OK, &json!({"hasError": false})),
            CodeAccepted::Conflict => {
                let flags = json!({"length": 6, "valid": true, "tooManyCodesValidated": false, "securityCodeLocked": false});
                body(StatusCode::CONFLICT, &json!({"authType": "hsa2", "securityCode": flags}))
            }
        };
        self.sealed(id, response.with("x-apple-oauth-grant-code", &grant), Some(&token))
    }
}

fn malformed() -> Response {
    service_error(
        StatusCode::BAD_REQUEST,
        "-21668",
        "The request has no code, or it is not a string.",
        json!({}),
    )
}

/// An error in the spelling of `verify/*`, which differs from that of `signin/*`.
fn service_error(status: StatusCode, code: &str, message: &str, mut others: Value) -> Response {
    let title = if code == "-21669" { "Incorrect Verification Code" } else { "Cannot Verify" };
    let error = json!({"code": code, "title": title, "message": message, "suppressDismissal": false});
    others["service_errors"] = json!([error]);
    others["hasError"] = true.into();
    body(status, &others).with("x-apple-i-ercd", code)
}
