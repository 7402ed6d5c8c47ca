//! What an account is like: the switches of the fake's sign-in and setup services.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::srp::Protocol;

/// One account and how Apple's services treat it. The default is an ordinary two-factor account.
///
/// Read as JSON, every member is optional and an unknown one is an error.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSpec {
    /// The login. Compared without regard to case; the proof covers it as the client wrote it.
    pub username: String,
    /// The password.
    pub password: String,
    /// Apple's number for the account; made from its place in the list of accounts when absent.
    pub dsid: Option<String>,
    /// How the password is hashed.
    pub protocol: Protocol,
    /// PBKDF2 rounds.
    pub iterations: u32,
    /// The salt, base64; made from the login when absent.
    pub salt: Option<String>,
    /// Three letters.
    pub country: String,
    /// What is asked beside the password.
    pub second_factor: SecondFactor,
    /// Whether a device of the account can show a code. Without one only the phones are left.
    pub trusted_devices: bool,
    /// Phones that take a code.
    pub phones: Vec<Phone>,
    /// The code every push and message brings; a random one when absent.
    pub code: Option<String>,
    /// Whether the password alone makes the devices show a code, as it did before iOS 26.4.
    pub push_on_sign_in: bool,
    /// How a right code is answered.
    pub code_accepted: CodeAccepted,
    /// How a wrong code is answered.
    pub code_rejected: CodeRejected,
    /// Wrong codes until code entry is locked.
    pub wrong_codes_allowed: u32,
    /// Codes that may be asked for until sending is locked.
    pub codes_sent_allowed: u32,
    /// How the status of `signin/complete` travels.
    pub status: StatusForm,
    /// Whether bodies say `authType`.
    pub says_auth_type: bool,
    /// A leading zero byte in the exchange, one login in 128 in real life.
    pub leading_zero: LeadingZero,
    /// Every call after `init` must echo the newest `scnt` and session id. Off by default: icloudpd 1.32.3 sends
    /// `complete` with the headers it had before `init`, and does not read the headers of every answer.
    pub strict_scnt: bool,
    /// Locked for security reasons (`-20209`).
    pub locked: bool,
    /// Wrong passwords in a row that lock the account.
    pub lock_after: Option<u32>,
    /// Answers 412 until `repair/complete` was called.
    pub repair_needed: bool,
    /// Days a trust token lives.
    pub trust_days: u32,
    /// Days a session lives.
    pub session_days: u32,
    /// Only the newest `X-APPLE-WEBAUTH-TOKEN` is valid.
    pub strict_token: bool,
    /// Advanced Data Protection.
    pub adp: Option<Adp>,
    /// "Access iCloud Data on the Web".
    pub web_access: bool,
    /// New terms wait for a yes.
    pub terms_update_needed: bool,
    /// The account lives on the other domain, for instance `iCloud.com.cn`.
    pub domain_to_use: Option<String>,
    /// Whether the account has `ckdatabasews` at all.
    pub photos_service: bool,
    /// A school's or company's account.
    pub managed: bool,
    /// The partition; changing it is what [`crate::FakeCloud::move_partition`] does.
    pub partition: u32,
}

impl Default for AccountSpec {
    fn default() -> Self {
        Self {
            username: "jdoe@example.com".to_owned(),
            password: "correct horse battery staple".to_owned(),
            dsid: None,
            protocol: Protocol::S2k,
            iterations: 20064,
            salt: None,
            country: "USA".to_owned(),
            second_factor: SecondFactor::TwoFactor,
            trusted_devices: true,
            phones: vec![Phone {
                id: 1,
                last_digits: "81".to_owned(),
                mode: "sms".to_owned(),
                device_name: None,
            }],
            code: None,
            push_on_sign_in: false,
            code_accepted: CodeAccepted::Usual,
            code_rejected: CodeRejected::BadRequest,
            wrong_codes_allowed: 5,
            codes_sent_allowed: 10,
            status: StatusForm::Real,
            says_auth_type: true,
            leading_zero: LeadingZero::None,
            strict_scnt: false,
            locked: false,
            lock_after: Some(10),
            repair_needed: false,
            trust_days: 60,
            session_days: 31,
            strict_token: false,
            adp: None,
            web_access: true,
            terms_update_needed: false,
            domain_to_use: None,
            photos_service: true,
            managed: false,
            partition: 61,
        }
    }
}

impl AccountSpec {
    /// The names [`AccountSpec::in_state`] knows.
    pub const STATES: &[&str] = &[
        "two-factor",
        "sms-only",
        "two-step",
        "password-only",
        "security-keys",
        "adp",
        "web-access-off",
        "terms",
        "repair",
        "locked",
        "wrong-domain",
        "no-photos-service",
    ];

    /// The default account in one of [`AccountSpec::STATES`]; `None` for another name.
    pub fn in_state(name: &str) -> Option<Self> {
        let plain = Self::default();
        Some(match name {
            "two-factor" => plain,
            "sms-only" => Self { trusted_devices: false, ..plain },
            "two-step" => Self { second_factor: SecondFactor::TwoStep, trusted_devices: false, ..plain },
            "password-only" => Self { second_factor: SecondFactor::None, ..plain },
            "security-keys" => {
                Self { second_factor: SecondFactor::SecurityKeys(SecurityKeys::default()), ..plain }
            }
            "adp" => Self { adp: Some(Adp::default()), ..plain },
            "web-access-off" => Self { web_access: false, ..plain },
            "terms" => Self { terms_update_needed: true, ..plain },
            "repair" => Self { second_factor: SecondFactor::None, repair_needed: true, ..plain },
            "locked" => Self { locked: true, ..plain },
            "wrong-domain" => Self { domain_to_use: Some("iCloud.com.cn".to_owned()), ..plain },
            "no-photos-service" => Self { photos_service: false, ..plain },
            _ => return None,
        })
    }

    /// The account with the members that `changes`, a JSON object, names.
    ///
    /// # Errors
    /// What is wrong with the JSON; an unknown member is.
    pub fn with_json(&self, changes: &str) -> Result<Self, String> {
        let mut members = serde_json::to_value(self).map_err(|error| error.to_string())?;
        let changes: Map<String, Value> = serde_json::from_str(changes).map_err(|error| error.to_string())?;
        for (name, change) in changes {
            members[name.as_str()] = change;
        }
        serde_json::from_value(members).map_err(|error| error.to_string())
    }
}

/// What is asked beside the password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondFactor {
    /// Nothing.
    None,
    /// The old two-step verification (`hsaVersion` 1).
    TwoStep,
    /// A code on a device or phone (`hsaVersion` 2).
    #[default]
    TwoFactor,
    /// A hardware key.
    SecurityKeys(SecurityKeys),
}

/// The keys of an account that signs in with hardware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityKeys {
    /// What the owner called them.
    pub names: Vec<String>,
    /// The `signatureData` that is accepted. No signature is computed; without a value every one is refused.
    pub accepted_signature: Option<String>,
}

impl Default for SecurityKeys {
    fn default() -> Self {
        Self { names: vec!["Blue key".to_owned(), "Key in the safe".to_owned()], accepted_signature: None }
    }
}

/// A phone that takes codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// Its number in requests.
    pub id: u64,
    /// The two digits that are shown.
    pub last_digits: String,
    /// `sms` or `voice`.
    pub mode: String,
    /// What its owner calls it, where the old two-step verification lists a device that is no phone.
    #[serde(default)]
    pub device_name: Option<String>,
}

/// How a right code is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeAccepted {
    /// 204 for a device, 200 for a phone.
    #[default]
    Usual,
    /// 200 with a body.
    Ok,
    /// 409 with a session token, as seen since the middle of 2026.
    Conflict,
}

/// How a wrong code is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeRejected {
    /// 400.
    #[default]
    BadRequest,
    /// 200 whose body says `hasError`.
    OkWithError,
}

/// How the status of `signin/complete` travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusForm {
    /// As the HTTP status.
    #[default]
    Real,
    /// 200 with `{}` as HTML; the status stands in `X-Apple-I-Rscd`.
    Header,
    /// A second factor is hidden behind 200, as in the cassettes; errors are real.
    Hidden,
}

/// A leading zero byte in the exchange. Finding one takes some hundred tries, a second or so unoptimised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeadingZero {
    /// As it comes.
    #[default]
    None,
    /// In the server's public value.
    Public,
    /// In the shared secret.
    Shared,
}

/// How an account with Advanced Data Protection behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adp {
    /// How often the state must be asked for after the prompt until the person has said yes.
    pub consent_after: u32,
    /// How often the cookies must be asked for after that until they are there.
    pub cookies_after: u32,
    /// The person says no.
    pub refused: bool,
    /// Seconds an approval lasts.
    pub lasts_seconds: u32,
    /// Whether CloudKit says 423 without the cookies, or 403 `ACCESS_DENIED`.
    pub says_locked: bool,
}

impl Default for Adp {
    fn default() -> Self {
        Self { consent_after: 2, cookies_after: 2, refused: false, lasts_seconds: 3600, says_locked: true }
    }
}
