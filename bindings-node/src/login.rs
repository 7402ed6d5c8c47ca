//! What stands between a password and a session: a code, new terms, a device that must agree, a security key.

use std::sync::Arc;

use icloud_photos::auth::{
    Action, CodeDelivery, ConsentAction, SecurityKeyAction, SecurityKeyAssertion, TermsAction,
};
use icloud_photos::{Error, ErrorKind, Login};
use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::client::limit;
use crate::runtime::{Abort, Promised, run};
use crate::value::{Js, ToJs, named, own};

#[napi]
pub struct Challenge(Arc<icloud_photos::Challenge>);

#[napi]
pub struct Terms(Arc<TermsAction>);

#[napi]
pub struct Consent(Arc<ConsentAction>);

#[napi]
pub struct SecurityKey(Arc<SecurityKeyAction>);

impl Challenge {
    pub(crate) fn new(challenge: icloud_photos::Challenge) -> Self {
        Self(Arc::new(challenge))
    }
}

/// Tagged by `state`, with the handle that goes on from there, and the error to throw where nobody can act.
pub(crate) struct Outcome(pub(crate) Login);

impl ToJs for Outcome {
    fn to_js(self) -> Js {
        let error = match &self.0 {
            Login::ActionRequired(action) => action.error(),
            _ => Error::new(
                ErrorKind::Unsupported,
                "this version does not know what Apple wants of the account's owner",
            ),
        };
        let (state, next) = match self.0 {
            Login::Complete(session) => return outcome("complete", session.to_js(), None),
            Login::CodeRequired(challenge) => {
                return outcome("code_required", own(Challenge::new(challenge)), None);
            }
            Login::ActionRequired(Action::AcceptTerms(action)) => {
                ("terms_required", own(Terms(Arc::new(action))))
            }
            Login::ActionRequired(Action::ApproveOnDevice(action)) => {
                ("consent_required", own(Consent(Arc::new(action))))
            }
            Login::ActionRequired(Action::UseSecurityKey(action)) => {
                ("security_key_required", own(SecurityKey(Arc::new(action))))
            }
            _ => ("unknown", ().to_js()),
        };
        outcome(state, next, Some(error))
    }
}

fn outcome(state: &'static str, next: Js, error: Option<Error>) -> Js {
    Js::Model(vec![("state", state.to_js()), ("next", next), ("error", error.to_js())])
}

#[napi]
impl Challenge {
    #[napi(getter)]
    pub fn account(&self) -> &str {
        self.0.account().as_str()
    }

    #[napi(getter)]
    pub fn has_devices(&self) -> bool {
        self.0.has_devices()
    }

    #[napi(getter)]
    pub fn is_two_step(&self) -> bool {
        self.0.is_two_step()
    }

    #[napi(getter, ts_return_type = "Array<Phone>")]
    pub fn phones<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.0.phones().iter().collect::<Vec<_>>().to_js().make(env)
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn request_push<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let challenge = self.0.clone();
        run(env, abort, async move { challenge.request_push().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn send_code<'env>(
        &self,
        env: &'env Env,
        phone_id: String,
        delivery: String,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let challenge = self.0.clone();
        let delivery = named("delivery", &delivery, &[CodeDelivery::Sms, CodeDelivery::Voice]);
        let phone = challenge.phones().iter().find(|phone| phone.id() == phone_id).cloned();
        run(env, abort, async move {
            let phone =
                phone.ok_or_else(|| Error::new(ErrorKind::NotFound, "the challenge lists no such phone"))?;
            let phone = match delivery? {
                CodeDelivery::Voice => phone.by_voice(),
                _ => phone.by_sms(),
            };
            challenge.send_code(&phone).await
        })
    }

    #[napi(ts_return_type = "Promise<Session>")]
    pub fn submit<'env>(&self, env: &'env Env, code: String, abort: Option<&Abort>) -> Promised<'env> {
        let (challenge, code) = (self.0.clone(), code.parse());
        run(env, abort, async move { challenge.submit(code?).await })
    }

    #[napi(ts_return_type = "Promise<string>")]
    pub fn to_saved<'env>(&self, env: &'env Env) -> Promised<'env> {
        let challenge = self.0.clone();
        run(env, None, async move {
            serde_json::to_string(&challenge.to_saved().await)
                .map_err(|_| Error::new(ErrorKind::Unexpected, "the challenge cannot be written down"))
        })
    }
}

#[napi]
impl Terms {
    #[napi(ts_return_type = "Promise<LoginOutcome>")]
    pub fn accept<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let action = self.0.clone();
        run(env, abort, async move { action.accept().await.map(Outcome) })
    }
}

#[napi]
impl Consent {
    #[napi(ts_return_type = "Promise<void>")]
    pub fn request<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let action = self.0.clone();
        run(env, abort, async move { action.request().await })
    }

    #[napi(ts_return_type = "Promise<Session | null>")]
    pub fn poll<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let action = self.0.clone();
        run(env, abort, async move { action.poll().await })
    }

    #[napi(ts_return_type = "Promise<Session>")]
    pub fn wait<'env>(&self, env: &'env Env, limit_ms: f64, abort: Option<&Abort>) -> Promised<'env> {
        let (action, limit) = (self.0.clone(), limit(limit_ms));
        run(env, abort, async move { action.wait(limit?).await })
    }
}

/// What a security key answered, each part in base64.
#[napi(object, object_to_js = false)]
pub struct Assertion {
    pub client_data: String,
    pub signature: String,
    pub authenticator_data: String,
    pub user_handle: Option<String>,
    pub credential_id: String,
}

#[napi]
impl SecurityKey {
    #[napi(getter)]
    pub fn challenge(&self) -> &str {
        self.0.challenge()
    }

    #[napi(getter)]
    pub fn credentials(&self) -> Vec<String> {
        self.0.credentials().to_vec()
    }

    #[napi(getter)]
    pub fn relying_party(&self) -> &str {
        self.0.relying_party()
    }

    #[napi(getter)]
    pub fn key_names(&self) -> Vec<String> {
        self.0.key_names().to_vec()
    }

    #[napi(ts_return_type = "Promise<LoginOutcome>")]
    pub fn submit<'env>(
        &self,
        env: &'env Env,
        assertion: Assertion,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let action = self.0.clone();
        let Assertion { client_data, signature, authenticator_data, user_handle, credential_id } = assertion;
        let assertion =
            SecurityKeyAssertion { client_data, signature, authenticator_data, user_handle, credential_id };
        run(env, abort, async move { action.submit(assertion).await.map(Outcome) })
    }
}
