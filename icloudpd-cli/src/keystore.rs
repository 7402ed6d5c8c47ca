//! Passwords in the system's key store, under the name that icloudpd and pyicloud use, so that they are shared.
//!
//! Where a Linux has no secret service, the Python programs keep passwords in a plain file. It is read, never written.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icloud_photos::redact::{ExposeSecret as _, SecretString};
use keyring::v1::{Entry, Error};
use tracing::debug;

const SERVICE: &str = "pyicloud://icloud-password";

/// A list of passwords is no longer than this.
const LONGEST: u64 = 1 << 20;

/// The password of `user`, whom icloudpd spells in lower case. A store that fails has none.
pub(crate) fn get(user: &str) -> Option<SecretString> {
    match entries(user).and_then(|entries| first_password(&entries)) {
        Ok(text) => return Some(text.into()),
        Err(Error::NoEntry | Error::NoDefaultStore) => {}
        Err(error) => debug!("The keyring gave no password: {error}"),
    }
    let path = python_file()?;
    let password = in_python_file(&path, user)?;
    debug!("The password comes from {}, where it is not encrypted", path.display());
    Some(password)
}

/// Stores a password.
///
/// # Errors
/// What the store reports; [`Error::NoDefaultStore`] where there is none.
pub(crate) fn set(user: &str, password: &SecretString) -> Result<(), Error> {
    entries(user)?.iter().try_for_each(|entry| entry.set_password(password.expose_secret()))
}

/// Removes a password.
///
/// # Errors
/// What the store reports; [`Error::NoEntry`] if it has none.
pub(crate) fn delete(user: &str) -> Result<(), Error> {
    entries(user)?.iter().try_for_each(Entry::delete_credential)
}

/// All that have this name. The Python programs mark theirs, and so write one of their own beside ours.
fn entries(user: &str) -> Result<Vec<Entry>, Error> {
    let entry = Entry::new(SERVICE, user)?;
    match entry.inner.get_credential() {
        Err(Error::Ambiguous(several)) => Ok(several.into_iter().map(|inner| Entry { inner }).collect()),
        // One that is not there yet can be written.
        _ => Ok(vec![entry]),
    }
}

/// That of the first that has one, as the Python programs take it.
fn first_password(entries: &[Entry]) -> Result<String, Error> {
    let mut found = Err(Error::NoEntry);
    for entry in entries {
        found = entry.get_password();
        if found.is_ok() {
            break;
        }
    }
    found
}

/// Where `keyrings.alt` keeps passwords on Linux.
pub(crate) fn python_file() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("python_keyring").join("keyring_pass.cfg"))
}

/// The password of `user` in such a file.
pub(crate) fn in_python_file(path: &Path, user: &str) -> Option<SecretString> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return None;
    }
    let content = SecretString::from(std::fs::read_to_string(path).ok()?);
    let base64 = option(content.expose_secret(), &escaped(SERVICE), &escaped(user).to_lowercase())?;
    let bytes = BASE64_STANDARD.decode(base64.expose_secret()).ok()?;
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(SecretString::from)
}

/// The value of a key in a file of Python's `configparser`, which spells keys in lower case and continues values on
/// indented lines.
fn option(text: &str, section: &str, key: &str) -> Option<SecretString> {
    let mut here = false;
    let mut value: Option<String> = None;
    for line in text.lines() {
        if let (Some(value), true) = (&mut value, line.starts_with([' ', '\t'])) {
            value.push_str(line.trim());
            continue;
        }
        if value.is_some() && !line.trim().is_empty() {
            break;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            here = name == section;
        } else if let Some((name, first)) = line.split_once(['=', ':'])
            && here
            && name.trim().to_lowercase() == key
        {
            value = Some(first.trim().to_owned());
        }
    }
    value.map(SecretString::from)
}

/// `keyrings.alt`'s escape: `_` and two digits for each byte that is no letter and no digit of ASCII.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        other => format!("_{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `keyrings.alt` 5.0.2, the version that comes with icloudpd 1.32.3.
    const REAL: &str = "[pyicloud_3A_2F_2Ficloud_2Dpassword]\njdoe_40example_2ecom = \n\t\
        Y29ycmVjdCBow7Zyc2U7IGJhdHRlcnkgc3RhcGxlLCBhIGxvbmcgb25lIG9mIG1vcmUgdGhhbiBm\n\t\
        aWZ0eS1zZXZlbiBieXRlcw==\nother_5f1_40x_2ecom = \n\tdHdv\n\n[else]\njdoe_40example_2ecom = \n\tdGhyZWU=\n\t\n";

    fn read(content: impl AsRef<[u8]>, user: &str) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        in_python_file(file.path(), user).map(|password| password.expose_secret().to_owned())
    }

    #[test]
    fn pythons_plain_file_is_read() {
        let long = "correct hörse; battery staple, a long one of more than fifty-seven bytes";
        assert_eq!(read(REAL, "jdoe@example.com").as_deref(), Some(long));
        assert_eq!(read(REAL, "Other_1@x.com").as_deref(), Some("two"));
        assert_eq!(read(REAL, "nobody@x.com"), None);
        assert_eq!(in_python_file(Path::new("/no/such/file"), "a").map(drop), None);
    }

    #[test]
    fn rubbish_in_it_is_no_password() {
        let entry = |value: &str| format!("[pyicloud_3A_2F_2Ficloud_2Dpassword]\na = {value}\n");
        assert_eq!(read(entry("dHdv"), "a").as_deref(), Some("two"));
        for rubbish in [entry("%%%"), entry(""), entry("/w=="), "a = dHdv\n".to_owned(), "[[[".to_owned()] {
            assert_eq!(read(&rubbish, "a"), None, "{rubbish}");
        }
        assert_eq!(read(b"\xff\xfe", "a"), None);
    }
}
