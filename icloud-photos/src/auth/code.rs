//! The code that a person types, and the phones it can be sent to.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

const DIGITS: usize = 6;

/// A six-digit code. It is a text: leading zeros count. `Debug` shows nothing.
#[derive(Clone)]
pub struct SecurityCode(SecretString);

impl SecurityCode {
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for SecurityCode {
    type Err = Error;

    /// Reads a code as people type it, with spaces or dashes anywhere. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless six digits are left.
    fn from_str(text: &str) -> Result<Self> {
        let digits: String =
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—')).collect();
        if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::new(ErrorKind::Config, "a code has six digits"));
        }
        Ok(Self(digits.into()))
    }
}

impl fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityCode(***)")
    }
}

/// How a code reaches a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CodeDelivery {
    /// As a text message.
    Sms,
    /// A voice reads it out in a call.
    Voice,
}

/// A phone that the account's owner registered with Apple. Its number is masked by Apple.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phone {
    /// A number for most accounts, a text for some; sent back as it came.
    pub(super) id: Value,
    pub(super) number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) delivery: CodeDelivery,
    /// Members of Apple's object that must be sent back with a request.
    pub(super) echo: Value,
}

impl Phone {
    /// Apple's identifier.
    pub fn id(&self) -> String {
        crate::session::wire::number_or_text(&self.id)
    }

    /// The masked number, or the name of the device where the old two-step verification lists devices.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// What its owner calls it, where the old two-step verification lists a device.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How a code is delivered.
    pub fn delivery(&self) -> CodeDelivery {
        self.delivery
    }

    /// The same phone, called instead of texted.
    #[must_use]
    pub fn by_voice(&self) -> Self {
        Self { delivery: CodeDelivery::Voice, ..self.clone() }
    }

    /// The same phone, texted instead of called.
    #[must_use]
    pub fn by_sms(&self) -> Self {
        Self { delivery: CodeDelivery::Sms, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_as_people_type_them() {
        for text in ["054321", " 054 321\n", "054-321", "0 5 4 3 2 1"] {
            assert_eq!(text.parse::<SecurityCode>().unwrap().expose(), "054321", "{text:?}");
        }
        for text in ["", "54321", "0543210", "05432a", "٠٥٤٣٢١"] {
            assert_eq!(text.parse::<SecurityCode>().unwrap_err().kind(), ErrorKind::Config, "{text:?}");
        }
        let code: SecurityCode = "054321".parse().unwrap();
        assert!(!format!("{code:?}").contains("054"));
    }
}
