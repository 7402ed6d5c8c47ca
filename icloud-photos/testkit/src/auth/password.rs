//! `signin/init`, `signin/complete` and `repair/complete`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, JSON, body, refusal};
use crate::account::{LeadingZero, SecondFactor, StatusForm};
use crate::desk::{Pending, Registration, Stage};
use crate::http::{Response, ResponseExt, body_json, empty, header, html, text};
use crate::srp::Exchange;

/// Bytes of a public value without a leading zero.
const WIDTH: usize = 256;

impl Call<'_> {
    pub(super) fn init(&mut self) -> Response {
        let wanted = body_json(self.request);
        let (Some(login), Some(public)) = (wanted["accountName"].as_str(), wanted["a"].as_str()) else {
            return refusal(StatusCode::BAD_REQUEST, "-20001", "The request has no accountName or no a.");
        };
        let registration = self.desk.registration(login);
        let protocol = registration.protocol.name();
        if !wanted["protocols"].as_array().is_some_and(|offered| offered.iter().any(|it| it == protocol)) {
            return refusal(StatusCode::BAD_REQUEST, "-20002", "The protocols do not fit.");
        }
        let Some(exchange) = self.exchange(login, public, &registration) else {
            return refusal(StatusCode::BAD_REQUEST, "-20003", "a cannot be a public value.");
        };
        let context = format!("d-{}-{}:MSA", self.desk.name(2), self.desk.uuid());
        let answer = json!({
            "iteration": registration.iterations,
            "salt": STANDARD.encode(&registration.salt),
            "protocol": protocol,
            "version": 1,
            "b": STANDARD.encode(exchange.public()),
            "c": context,
        });
        let (id, is_new) = match self.current() {
            Some(id) => (id, false),
            None => (self.desk.open_sign_in(self.now_ms), true),
        };
        let account = self.desk.find(login);
        if let Some(sign_in) = self.desk.sign_in(&id, self.now_ms) {
            (sign_in.account, sign_in.stage, sign_in.code) = (account, Stage::Opened, None);
        }
        self.desk
            .exchanges
            .insert(context, Pending { exchange, login: login.to_owned(), sign_in: id.clone() });
        let mut response = self.sealed(&id, body(StatusCode::OK, &answer), None);
        if is_new {
            // Apple tells the session's id only with the next answer.
            response.headers_mut().remove("x-apple-id-session-id");
        }
        response
    }

    pub(super) fn complete(&mut self) -> Response {
        let sent = body_json(self.request);
        let pending = sent["c"].as_str().and_then(|context| self.desk.exchanges.remove(context));
        let Some(pending) = pending.filter(|it| self.desk.sign_in(&it.sign_in, self.now_ms).is_some()) else {
            return refusal(
                StatusCode::UNAUTHORIZED,
                "-20101",
                "The context is unknown or over. Begin again.",
            );
        };
        let id = pending.sign_in.clone();
        let account = self.desk.find(&pending.login);
        if self.strict(&id) && !self.echoes_newest(&id) {
            return refusal(StatusCode::UNAUTHORIZED, "-20101", "scnt or the session id is not the newest.");
        }
        let proofs = (sent["m1"].as_str().unwrap_or_default(), sent["m2"].as_str().unwrap_or_default());
        let right =
            sent["accountName"] == pending.login.as_str() && pending.exchange.accepts(proofs.0, proofs.1);
        match account {
            Some(account) if right && !self.desk.accounts[account].spec.locked => {
                self.accept(&id, account, &sent)
            }
            _ => self.reject(&id, account, right),
        }
    }

    pub(super) fn repair(&mut self, id: &str) -> Response {
        let Some((account, Stage::RepairNeeded)) = self.whose(id) else {
            return self.sealed(id, empty(StatusCode::NOT_FOUND), None);
        };
        self.desk.accounts[account].spec.repair_needed = false;
        let verified = self.desk.accounts[account].spec.second_factor == SecondFactor::None;
        if let Some(sign_in) = self.desk.sign_in(id, self.now_ms) {
            sign_in.stage = if verified { Stage::Verified } else { Stage::CodeNeeded };
        }
        let token = self.desk.new_session_token(account, verified, verified);
        self.sealed(id, text(StatusCode::OK, JSON, ""), Some(&token))
    }

    /// The password was right.
    fn accept(&mut self, id: &str, account: usize, sent: &Value) -> Response {
        self.desk.accounts[account].wrong_passwords = 0;
        let spec = self.desk.accounts[account].spec.clone();
        let tokens = sent["trustTokens"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let trusted = tokens.into_iter().any(|token| self.desk.trusts(token, account, self.now_ms));
        let (status, stage, kind) = match spec.second_factor {
            _ if spec.repair_needed => (StatusCode::PRECONDITION_FAILED, Stage::RepairNeeded, "sa"),
            SecondFactor::None => (StatusCode::OK, Stage::Verified, "sa"),
            // The second step is asked for by the setup service.
            SecondFactor::TwoStep => (StatusCode::OK, Stage::Verified, "hsa"),
            _ if trusted => (StatusCode::OK, Stage::Verified, "hsa2"),
            _ => (StatusCode::CONFLICT, Stage::CodeNeeded, "hsa2"),
        };
        let challenge = self.desk.name(32);
        if let Some(sign_in) = self.desk.sign_in(id, self.now_ms) {
            (sign_in.account, sign_in.stage, sign_in.challenge) = (Some(account), stage, challenge);
        }
        let mut answer = json!({});
        if spec.says_auth_type {
            answer["authType"] = kind.into();
        }
        if stage == Stage::CodeNeeded {
            if spec.push_on_sign_in && spec.trusted_devices {
                self.issue_code(id, account, None, "device");
            }
            self.describe_challenge(id, account, &mut answer);
        }
        let verified = stage == Stage::Verified && spec.second_factor != SecondFactor::TwoStep;
        let token = self.desk.new_session_token(
            account,
            verified,
            verified && (trusted || spec.second_factor == SecondFactor::None),
        );
        let response = in_form(spec.status, status, body(status, &answer).with("location", "/auth"));
        self.sealed(id, response, Some(&token))
    }

    /// The password was wrong, the account is locked, or there is none.
    fn reject(&mut self, id: &str, account: Option<usize>, right: bool) -> Response {
        let mut form = StatusForm::Real;
        let mut locked = false;
        if let Some(account) = account.map(|index| &mut self.desk.accounts[index]) {
            account.wrong_passwords += u32::from(!right);
            account.spec.locked |=
                account.spec.lock_after.is_some_and(|limit| account.wrong_passwords >= limit);
            (locked, form) = (account.spec.locked, account.spec.status);
        }
        let (status, code, message) = if locked {
            (StatusCode::FORBIDDEN, "-20209", "This Apple Account has been locked for security reasons.")
        } else {
            let message = "Enter the email or phone number and password for your Apple Account.";
            (StatusCode::UNAUTHORIZED, "-20101", message)
        };
        let response = in_form(form, status, refusal(status, code, message));
        let mut response = self.sealed(id, response, None);
        response.headers_mut().remove("x-apple-id-session-id");
        response
    }

    fn exchange(&mut self, login: &str, public: &str, registration: &Registration) -> Option<Exchange> {
        let wanted = match self.desk.find(login) {
            Some(account) => self.desk.accounts[account].spec.leading_zero,
            None => LeadingZero::None,
        };
        loop {
            let secret = self.desk.bytes(32);
            let exchange = Exchange::new(login, &registration.salt, &registration.verifier, &secret, public)?;
            let fits = match wanted {
                LeadingZero::None => true,
                LeadingZero::Public => exchange.public().len() < WIDTH,
                LeadingZero::Shared => exchange.shared()?.len() < WIDTH,
            };
            if fits {
                return Some(exchange);
            }
        }
    }

    /// For [`crate::AccountSpec::strict_scnt`].
    fn echoes_newest(&mut self, id: &str) -> bool {
        let headers = self.request.headers();
        let scnt = header(headers, "scnt").unwrap_or_default();
        let same_session = header(headers, "x-apple-id-session-id").is_none_or(|sent| sent == id);
        same_session
            && self.desk.sign_in(id, self.now_ms).is_some_and(|sign_in| sign_in.knows_scnt(scnt, true))
    }
}

/// Writes the status where the account's form wants it.
fn in_form(form: StatusForm, status: StatusCode, mut response: Response) -> Response {
    match form {
        StatusForm::Header if status != StatusCode::OK => {
            html(StatusCode::OK, "{}").with("x-apple-i-rscd", status.as_str())
        }
        StatusForm::Hidden if status == StatusCode::CONFLICT => {
            *response.status_mut() = StatusCode::OK;
            response
        }
        _ => response,
    }
}
