//! Paths of this machine, as people give them.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// That a path is no address: a folder `s3:` would be made of it, and what it holds, such as a password, become names of folders. So it is not
/// quoted either. `advice` says what to do.
///
/// Programs that tidy paths up leave one of its slashes. One letter before the colon is a drive of Windows.
pub(crate) fn refuse_address(path: &Path, advice: &str) -> Result<()> {
    let text = path.to_string_lossy();
    let Some((scheme, _)) = text.split_once(":/") else { return Ok(()) };
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
    if !is_scheme {
        return Ok(());
    }
    let advice =
        if scheme.eq_ignore_ascii_case("file") { "give the path itself, without file:" } else { advice };
    Err(Error::new(ErrorKind::Config, format!("this is an address, and no path of this machine: {advice}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        let addresses =
            ["s3://key:hunter2@bucket/photos", "s3:/bucket", "postgres://u:hunter2@host/db", "FILE:///x"];
        for address in addresses {
            let error = refuse_address(Path::new(address), "open it as what it is").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.to_string().contains("hunter2"), "{error}");
            let advice =
                if address == "FILE:///x" { "give the path itself" } else { "open it as what it is" };
            assert!(error.to_string().contains(advice), "{error}");
        }
        for path in [
            "photos",
            "/photos",
            "./s3://x",
            "a/b:/c",
            "C:/photos",
            r"C:\photos",
            "C://photos",
            "~/a:b",
            "12:/x",
            "s3:",
            "",
        ] {
            refuse_address(Path::new(path), "").unwrap();
        }
    }
}
