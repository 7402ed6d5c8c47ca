//! What stands between a password and a session: a code, new terms, a device that must agree, a security key.

use std::sync::Arc;

use icloud_photos::auth::{
    Action, CodeDelivery, ConsentAction, SecurityKeyAction, SecurityKeyAssertion, TermsAction,
};
use icloud_photos::{Error, ErrorKind, Login};
use pyo3::prelude::*;

use crate::client::limit;
use crate::convert::{ToPython, as_handle, named};
use crate::runtime::Op;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Challenge(Arc<icloud_photos::Challenge>);

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Terms(Arc<TermsAction>, Error);

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Consent(Arc<ConsentAction>, Error);

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct SecurityKey(Arc<SecurityKeyAction>, Error);

as_handle!(Challenge, Terms, Consent, SecurityKey);

impl Challenge {
    pub(crate) fn new(challenge: icloud_photos::Challenge) -> Self {
        Self(Arc::new(challenge))
    }
}

/// What a sign-in came to.
pub(crate) struct Outcome(pub(crate) Login);

impl ToPython for Outcome {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let error = match &self.0 {
            Login::ActionRequired(action) => action.error(),
            _ => Error::new(
                ErrorKind::Unsupported,
                "this version does not know what Apple wants of the account's owner",
            ),
        };
        match self.0 {
            Login::Complete(session) => session.to_python(py),
            Login::CodeRequired(challenge) => Challenge::new(challenge).to_python(py),
            Login::ActionRequired(Action::AcceptTerms(action)) => {
                Terms(Arc::new(action), error).to_python(py)
            }
            Login::ActionRequired(Action::ApproveOnDevice(action)) => {
                Consent(Arc::new(action), error).to_python(py)
            }
            Login::ActionRequired(Action::UseSecurityKey(action)) => {
                SecurityKey(Arc::new(action), error).to_python(py)
            }
            _ => Err(crate::errors::raised(py, &error)),
        }
    }
}

#[pymethods]
impl Challenge {
    #[getter]
    fn account(&self) -> &str {
        self.0.account().as_str()
    }

    #[getter]
    fn has_devices(&self) -> bool {
        self.0.has_devices()
    }

    #[getter]
    fn is_two_step(&self) -> bool {
        self.0.is_two_step()
    }

    #[getter]
    fn phones<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.phones().iter().collect::<Vec<_>>().to_python(py)
    }

    fn request_push(&self) -> Op {
        let challenge = self.0.clone();
        Op::new(async move { challenge.request_push().await })
    }

    fn send_code(&self, phone_id: &str, delivery: &str) -> PyResult<Op> {
        let challenge = self.0.clone();
        let delivery = named("delivery", delivery, &[CodeDelivery::Sms, CodeDelivery::Voice])?;
        let phone = challenge.phones().iter().find(|phone| phone.id() == phone_id).cloned();
        Ok(Op::new(async move {
            let phone =
                phone.ok_or_else(|| Error::new(ErrorKind::NotFound, "the challenge lists no such phone"))?;
            let phone = match delivery {
                CodeDelivery::Voice => phone.by_voice(),
                _ => phone.by_sms(),
            };
            challenge.send_code(&phone).await
        }))
    }

    fn submit(&self, code: &str) -> Op {
        let (challenge, code) = (self.0.clone(), code.parse());
        Op::new(async move { challenge.submit(code?).await })
    }

    fn to_saved(&self) -> Op {
        let challenge = self.0.clone();
        Op::new(async move {
            serde_json::to_string(&challenge.to_saved().await)
                .map_err(|_| Error::new(ErrorKind::Unexpected, "the challenge cannot be written down"))
        })
    }
}

#[pymethods]
impl Terms {
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (&self.1).to_python(py)
    }

    fn accept(&self) -> Op {
        let action = self.0.clone();
        Op::new(async move { action.accept().await.map(Outcome) })
    }
}

#[pymethods]
impl Consent {
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (&self.1).to_python(py)
    }

    fn request(&self) -> Op {
        let action = self.0.clone();
        Op::new(async move { action.request().await })
    }

    fn poll(&self) -> Op {
        let action = self.0.clone();
        Op::new(async move { action.poll().await })
    }

    fn wait(&self, limit: f64) -> Op {
        let (action, limit) = (self.0.clone(), self::limit(limit));
        Op::new(async move { action.wait(limit?).await })
    }
}

#[pymethods]
impl SecurityKey {
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (&self.1).to_python(py)
    }

    #[getter]
    fn challenge(&self) -> &str {
        self.0.challenge()
    }

    #[getter]
    fn credentials(&self) -> Vec<String> {
        self.0.credentials().to_vec()
    }

    #[getter]
    fn relying_party(&self) -> &str {
        self.0.relying_party()
    }

    #[getter]
    fn key_names(&self) -> Vec<String> {
        self.0.key_names().to_vec()
    }

    fn submit(
        &self,
        client_data: String,
        signature: String,
        authenticator_data: String,
        user_handle: Option<String>,
        credential_id: String,
    ) -> Op {
        let action = self.0.clone();
        let assertion =
            SecurityKeyAssertion { client_data, signature, authenticator_data, user_handle, credential_id };
        Op::new(async move { action.submit(assertion).await.map(Outcome) })
    }
}
