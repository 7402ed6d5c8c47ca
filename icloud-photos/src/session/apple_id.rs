//! Whose session it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// The name a person signs in with: an e-mail address or a phone number, trimmed and in lower case.
///
/// Apple takes names in any case, but its proof of the password hashes the name as it was sent (protocol notes 2.4.2),
/// so there is one form everywhere: in requests, in file names, in comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppleId(String);

impl AppleId {
    /// Reads a name as a person types it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if nothing is left of it, or if it holds control characters.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        let name = name.as_ref().trim().to_lowercase();
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(Error::new(
                ErrorKind::Config,
                "not an Apple ID: give the e-mail address or phone number",
            ));
        }
        Ok(Self(name))
    }

    /// The name in its one form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AppleId {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<String> for AppleId {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::new(name)
    }
}

impl From<AppleId> for String {
    fn from(id: AppleId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_all_spellings() {
        assert_eq!(AppleId::new(" Jane.Doe@iCloud.com\n").unwrap().as_str(), "jane.doe@icloud.com");
        assert_eq!(AppleId::new("  ").unwrap_err().kind(), ErrorKind::Config);
        assert_eq!("a\0b@c".parse::<AppleId>().unwrap_err().kind(), ErrorKind::Config);
    }
}
