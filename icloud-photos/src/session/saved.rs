//! What stays of a session between runs.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::budget::{self, Attempts};
use super::tokens::Tokens;

/// A session as it is stored: opaque, serialisable with serde, and a secret. Whoever has it and the password signs in
/// without a code.
///
/// The format carries its version. Formats of older versions stay readable; one from a newer version is refused, not
/// overwritten.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(from = "Format", into = "Format")]
pub struct SavedSession {
    pub(crate) signed_in: Option<SignedIn>,
    /// Recent sign-in attempts; they outlive the session.
    pub(crate) attempts: Attempts,
    /// The mark of a session that another program left under this account's name, and that proved to be another
    /// account's.
    pub(crate) disowned: Option<String>,
    /// What another program left; never stored.
    pub(crate) borrowed: Option<Borrowed>,
}

/// What a sign-in left.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SignedIn {
    pub(crate) tokens: Tokens,
    pub(crate) account: Account,
    /// Grows with each sign-in and renewal, so that a process sees that another one was faster.
    pub(crate) renewals: u64,
}

/// A browser that Apple may know.
pub(crate) struct Source {
    pub(crate) tokens: Tokens,
    /// Another program left it, so it may be that of another account.
    pub(crate) is_borrowed: bool,
}

/// A session that another program left.
#[derive(Debug, Clone)]
pub(crate) struct Borrowed {
    pub(crate) tokens: Tokens,
    /// Somebody entered a code there after our own session was saved, so it lasts longer than ours.
    pub(crate) is_newer: bool,
}

/// Every format there ever was; the newest one is written.
#[derive(Serialize, Deserialize)]
#[serde(tag = "format")]
enum Format {
    #[serde(rename = "1")]
    V1 {
        #[serde(default)]
        signed_in: Option<SignedIn>,
        #[serde(default)]
        attempts: Attempts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disowned: Option<String>,
    },
}

/// The number after `previous`. It is not below the time, so that the first sign-in after a sign-out, which has nothing
/// to count on from, is newer than every session before.
pub(crate) fn next_renewal(previous: u64, now: SystemTime) -> u64 {
    previous.max(budget::seconds(now)).saturating_add(1)
}

impl SavedSession {
    /// Whether there is nothing in it worth keeping.
    pub(crate) fn is_empty(&self) -> bool {
        self.signed_in.is_none() && self.attempts.is_empty() && self.disowned.is_none()
    }

    /// What a sign-in may go on from, the best first.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let own = self.signed_in.iter().map(|own| Source { tokens: own.tokens.clone(), is_borrowed: false });
        let mut sources: Vec<Source> = own.collect();
        if let Some(Borrowed { tokens, is_newer }) = &self.borrowed {
            let at = if *is_newer { 0 } else { sources.len() };
            sources.insert(at, Source { tokens: tokens.clone(), is_borrowed: true });
        }
        sources
    }
}

impl From<Format> for SavedSession {
    fn from(format: Format) -> Self {
        match format {
            Format::V1 { signed_in, attempts, disowned } => {
                Self { signed_in, attempts, disowned, borrowed: None }
            }
        }
    }
}

impl From<SavedSession> for Format {
    fn from(session: SavedSession) -> Self {
        let SavedSession { signed_in, attempts, disowned, borrowed: _ } = session;
        Self::V1 { signed_in, attempts, disowned }
    }
}

impl fmt::Debug for SavedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedSession").field("signed_in", &self.signed_in.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as version 0.1 wrote it. Never change it: old sessions must stay readable.
    const FORMAT_1: &str = r#"{"format":"1","signed_in":{"tokens":{"client_id":"auth-1","country":"USA",
        "session_id":"s","session_token":"t","scnt":"n","trust_token":"HSARMTK","attributes":"",
        "cookies":[{"raw_cookie":"X-APPLE-WEBAUTH-USER=\"v=1:s=1:d=7\"; Secure; Path=/; Domain=icloud.com",
        "path":["/",true],"domain":{"Suffix":"icloud.com"},"expires":"SessionEnd"}]},
        "account":{"dsid":"7","hsa_version":2,"challenged":false,"trusted":true,"locked":false,"web_access":true,
        "data_protection":false,"keys_required":true,"terms_needed":false,"language":"en-us",
        "database":"https://p61-ckdatabasews.icloud.com/","other_domain":null},"renewals":3},
        "attempts":[{"at":1700000000,"wrong":true}]}"#;

    #[test]
    fn format_1_stays_readable() {
        let saved: SavedSession = serde_json::from_str(FORMAT_1).unwrap();
        let signed_in = saved.signed_in.clone().unwrap();
        assert_eq!(signed_in.tokens.trust_token.expose(), "HSARMTK");
        assert!(signed_in.tokens.cookies.holds("X-APPLE-WEBAUTH-USER"));
        assert_eq!((signed_in.account.dsid.as_str(), signed_in.renewals), ("7", 3));
        assert!(!saved.attempts.is_empty());
        let again = serde_json::to_string(&saved).unwrap();
        assert!(serde_json::from_str::<SavedSession>(&again).is_ok());
        assert!(!format!("{saved:?} {signed_in:?}").contains("HSARMTK"));
    }

    #[test]
    fn a_newer_format_is_refused() {
        assert!(serde_json::from_str::<SavedSession>(r#"{"format":"99","signed_in":{}}"#).is_err());
    }
}
