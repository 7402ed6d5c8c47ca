//! Passwords as PostgreSQL's own programs find them: `PGPASSWORD`, else the file that `PGPASSFILE` names, else `~/.pgpass`.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::error::{Error, Result};

/// For whom a password is asked.
pub(super) struct Asker<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// # Errors
/// Of a file that is there and cannot be read.
pub(super) fn usual(asker: &Asker<'_>) -> Result<Option<SecretString>> {
    if let Ok(password) = std::env::var("PGPASSWORD")
        && !password.is_empty()
    {
        return Ok(Some(password.into()));
    }
    let Some(file) = file() else { return Ok(None) };
    if !is_private(&file) {
        tracing::warn!("{} is not read: others may read it; chmod 600 makes it yours alone", file.display());
        return Ok(None);
    }
    match std::fs::read(&file) {
        Ok(bytes) => Ok(find(&bytes, asker)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::storage(error, file.display())),
    }
}

fn file() -> Option<PathBuf> {
    let named = std::env::var_os("PGPASSFILE").filter(|name| !name.is_empty());
    named.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".pgpass")))
}

#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).map_or(true, |meta| !meta.is_file() || meta.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

/// The first line that fits: `host:port:database:user:password`, where `*` fits everything and a backslash takes the meaning off
/// `:` and `\`. Lines that are no UTF-8 are somebody else's.
fn find(file: &[u8], asker: &Asker<'_>) -> Option<SecretString> {
    let port = asker.port.to_string();
    let wanted = [asker.host, &port, asker.database, asker.user];
    let lines = file.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter_map(|line| std::str::from_utf8(line).ok());
    lines.filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let (password, pattern) = fields.split_last().filter(|(_, pattern)| pattern.len() == wanted.len())?;
        let fits = pattern.iter().zip(wanted).all(|(field, value)| field == "*" || field == value);
        fits.then(|| SecretString::from(password.clone()))
    })
}

/// The password is the fifth, whatever colons are in it.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let (letter, plain) = match letter {
            '\\' => (letters.next().unwrap_or('\\'), true),
            letter => (letter, false),
        };
        if letter == ':' && !plain && fields.len() < 5 {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.push(letter);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_first_line_that_fits_counts() {
        let text = "# host:port:database:user:password\n\
                    db.example:5432:photos:other:no\n\
                    db.example:5433:photos:me:no\n\
                    short:line\n\
                    db.example:*:photos:me:se\\:cr:et\\\\\n\
                    *:*:*:*:last";
        let asker = Asker { host: "db.example", port: 5432, database: "photos", user: "me" };
        let found = |asker: &Asker<'_>| {
            find(text.as_bytes(), asker).map(|password| password.expose_secret().to_owned())
        };
        assert_eq!(found(&asker).as_deref(), Some("se:cr:et\\"));
        assert_eq!(found(&Asker { database: "x", ..asker }).as_deref(), Some("last"));
        assert!(find(b"db.example:1:photos:me:x", &asker).is_none());
        let odd = b"db.old:*:*:me:caf\xe9\r\ndb.example:*:*:\xff:no\r\ndb.example:*:photos:me:right\r\n";
        assert_eq!(find(odd, &asker).unwrap().expose_secret(), "right", "other lines are read all the same");
    }
}
