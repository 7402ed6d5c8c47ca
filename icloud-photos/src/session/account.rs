//! What Apple says about the account after sign-in.

use serde::{Deserialize, Serialize};
use url::Url;

use super::AppleId;
use super::wire::PCS_COOKIES;
use crate::error::{Error, ErrorKind};
use crate::http::CookieJar;

/// What to do about [`ErrorKind::WrongRegion`].
pub(crate) const OTHER_DOMAIN: &str = "this account lives on Apple's other domain: accounts of mainland China sign in at icloud.com.cn (region \
                                       China, `--domain cn`), all others at icloud.com (region World, `--domain com`)";

/// The part of the account JSON that this library acts on (protocol notes 4.2).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    pub(crate) dsid: String,
    /// The addresses and numbers that Apple lists for it, in the one form of [`AppleId`]; never stored.
    #[serde(skip)]
    pub(crate) names: Vec<AppleId>,
    /// 2: two-factor, 1: the old two-step, 0: neither.
    pub(crate) hsa_version: u64,
    pub(crate) challenged: bool,
    pub(crate) trusted: bool,
    pub(crate) locked: bool,
    /// "Access iCloud Data on the Web".
    pub(crate) web_access: bool,
    /// Advanced Data Protection.
    pub(crate) data_protection: bool,
    /// The database wants keys; true also for accounts without Advanced Data Protection.
    pub(crate) keys_required: bool,
    pub(crate) terms_needed: bool,
    pub(crate) language: String,
    /// Where the photos are; it may change with each answer.
    pub(crate) database: Option<Url>,
    /// The account lives on the other domain.
    pub(crate) other_domain: Option<String>,
}

impl Account {
    /// Whether one may sign in to it by this name, as far as Apple says.
    pub(crate) fn is_named(&self, name: &AppleId) -> bool {
        let digits = |name: &AppleId| -> Option<String> {
            // `+1 (555) 010-0199` and `15550100199` are one telephone number.
            let telephone = name.as_str().chars().all(|letter| !letter.is_alphabetic() && letter != '@');
            telephone.then(|| name.as_str().chars().filter(char::is_ascii_digit).collect())
        };
        let same = |other: &AppleId| {
            other == name
                || digits(name).is_some_and(|mine| digits(other).is_some_and(|theirs| theirs == mine))
        };
        self.names.iter().any(same)
    }

    /// Whether Apple wants a code (protocol notes 4.3).
    pub(crate) fn needs_code(&self) -> bool {
        self.hsa_version >= 1 && (self.challenged || !self.trusted)
    }

    /// Whether a device must approve this session before it can see anything (protocol notes 4.6).
    pub(crate) fn needs_consent(&self, cookies: &CookieJar) -> bool {
        self.data_protection && self.keys_required && !PCS_COOKIES.iter().all(|name| cookies.holds(name))
    }

    /// What makes the account unusable until its owner changes something elsewhere.
    pub(crate) fn obstacle(&self) -> Option<Error> {
        if let Some(domain) = &self.other_domain {
            let advice = OTHER_DOMAIN;
            return Some(Error::new(ErrorKind::WrongRegion, advice).with("domain", domain));
        }
        if self.locked {
            return Some(Error::new(
                ErrorKind::AccountLocked,
                "Apple has locked this account; unlock it at https://iforgot.apple.com and sign in again",
            ));
        }
        if !self.web_access {
            return Some(web_access_disabled());
        }
        None
    }
}

pub(crate) fn web_access_disabled() -> Error {
    Error::new(
        ErrorKind::WebAccessDisabled,
        "access to iCloud data on the web is off; switch it on in the iCloud settings of an iPhone, iPad or Mac",
    )
}

pub(crate) fn data_protection() -> Error {
    Error::new(
        ErrorKind::AdvancedDataProtection,
        "Advanced Data Protection is on and no device has approved this session; sign in again and approve it on a \
         trusted device",
    )
}

pub(crate) fn not_activated() -> Error {
    Error::new(
        ErrorKind::NotActivated,
        "iCloud Photos is not set up for this account; finish its setup at https://www.icloud.com",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_answers_to_the_names_apple_lists() {
        let json = serde_json::json!({"dsInfo": {
            "appleId": "Jane@x.com", "primaryEmail": "jane@me.com", "appleIdAliases": ["j@x.com", 7],
            "appleIdEntries": [{"type": "PHONE", "value": "+1 (555) 010-0199"}, {"value": null}],
        }});
        let account = super::super::wire::account(&json);
        let named = |name: &str| account.is_named(&AppleId::new(name).unwrap());
        for name in ["jane@x.com", "JANE@me.com", "j@x.com", "15550100199", "+1 555 0100199"] {
            assert!(named(name), "{name}");
        }
        for name in ["ja.ne@x.com", "15550100198", "1", "j"] {
            assert!(!named(name), "{name}");
        }
        assert!(!Account::default().is_named(&AppleId::new("jane@x.com").unwrap()));
    }
}
