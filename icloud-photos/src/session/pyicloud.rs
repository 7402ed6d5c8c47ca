//! The session files of the Python icloudpd and of pyicloud, in the same folder as ours.
//!
//! `<name>.session` is one JSON object with the tokens, `<name>` the cookies as [`lwp`] reads them (pyicloud calls it
//! `<name>.cookiejar`). `<name>` is the login without all that is no letter, digit or underscore, so `a.b@x.com` and
//! `ab@x.com` have the same files, and nothing in them says whose they are but a cookie with Apple's number for the account.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::saved::{Borrowed, SavedSession};
use super::store_file::{LONGEST, bounded, replace};
use super::tokens::{Token, Tokens};
use super::{AppleId, lwp};
use crate::http::CookieJar;

/// Holds `d=` and Apple's number for the account.
const USER_COOKIE: &str = "X-APPLE-WEBAUTH-USER";

/// What the answers of their last request said; it is not about our session.
const LAST_ANSWER: [&str; 2] = ["apple_rscd", "apple_ercd"];

/// Where the files of one account are.
#[derive(Debug, Clone)]
pub(super) struct Files {
    cookies: PathBuf,
    data: PathBuf,
    /// pyicloud's name for the cookies; read only.
    other_cookies: PathBuf,
}

/// What is in them.
struct Content {
    data: Map<String, Value>,
    jar: Option<CookieJar>,
    /// There is something in them that neither program wrote.
    is_foreign: bool,
    written: Option<SystemTime>,
}

impl Files {
    pub(super) fn new(folder: &Path, account: &AppleId) -> Self {
        // As Python's `\w`. Files of names that are too long for a file are not found, there as here.
        let kept = |letter: &char| letter.is_alphanumeric() || *letter == '_';
        let name: String = account.as_str().chars().filter(kept).collect();
        Self {
            cookies: folder.join(&name),
            data: folder.join(format!("{name}.session")),
            other_cookies: folder.join(format!("{name}.cookiejar")),
        }
    }

    /// The session in them, unless it is known to be another account's.
    pub(super) fn borrow(&self, own: &SavedSession, own_written: Option<SystemTime>) -> Option<Borrowed> {
        let content = self.read();
        let tokens = content.tokens();
        if tokens.opens_nothing() || own.disowned.as_deref() == Some(tokens.mark().as_str()) {
            return None;
        }
        let Some(mine) = &own.signed_in else { return Some(Borrowed { tokens, is_newer: true }) };
        let dsid = user(&tokens.cookies);
        if dsid.as_ref().is_some_and(|dsid| *dsid != mine.account.dsid) {
            return None;
        }
        let is_newer = dsid.is_some() && content.has_newer_trust(&mine.tokens, own_written);
        Some(Borrowed { tokens, is_newer })
    }

    /// Puts our session there too, so that the other program goes on without a code. Does nothing if what is there may
    /// belong to another account, or is fresher than ours. `before` is what was saved before `own`.
    pub(super) fn lend(
        &self,
        own: &SavedSession,
        before: &SavedSession,
        own_written: Option<SystemTime>,
    ) -> io::Result<()> {
        let Some(mine) = &own.signed_in else { return Ok(()) };
        let content = self.read();
        let theirs = content.tokens();
        if !content.may_be_replaced(own, before) || content.has_newer_trust(&mine.tokens, own_written) {
            return Ok(());
        }
        let folder = self.data.parent().unwrap_or(Path::new("."));
        put(folder, &self.cookies, lwp::write(&mine.tokens.cookies).as_bytes())?;
        let data = Value::Object(with_tokens(content.data, &mine.tokens));
        put(folder, &self.data, data.to_string().as_bytes())?;
        if theirs.trust_token.is_empty() {
            tracing::debug!(path = %self.data.display(), "the session is there for the Python icloudpd too");
        }
        Ok(())
    }

    /// Removes them after a sign-out, if they are those of the session that ended.
    pub(super) fn forget(&self, ended: &SavedSession) -> io::Result<()> {
        let (Some(mine), theirs) = (&ended.signed_in, self.read().tokens()) else { return Ok(()) };
        let is_ours = match user(&theirs.cookies) {
            Some(dsid) => dsid == mine.account.dsid,
            None => theirs.is(&mine.tokens),
        };
        if !is_ours {
            return Ok(());
        }
        for file in [&self.data, &self.cookies] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn read(&self) -> Content {
        let cookies = text(&self.cookies);
        let jar = cookies.as_deref().and_then(lwp::read);
        let json = text(&self.data);
        let data = json.as_deref().and_then(|json| serde_json::from_str(json).ok());
        // Python would empty the first kind before it writes; the second is what a kill leaves of that.
        let rubbish =
            |text: &Option<String>, read: bool| text.as_ref().is_some_and(|text| !text.is_empty() && !read);
        let is_foreign = rubbish(&cookies, jar.is_some()) && data.is_none();
        Content {
            is_foreign,
            data: data.unwrap_or_default(),
            jar: jar.or_else(|| lwp::read(&text(&self.other_cookies)?)),
            written: written(&self.data),
        }
    }

    /// Whether other users of this machine can read them.
    pub(super) fn are_exposed(&self) -> bool {
        [&self.data, &self.cookies].into_iter().any(|file| is_exposed(file))
    }
}

impl Content {
    fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name).and_then(Value::as_str).filter(|text| !text.contains(char::is_control))
    }

    fn tokens(&self) -> Tokens {
        let token = |name: &str| self.text(name).map(Token::from).unwrap_or_default();
        let mut tokens = Tokens {
            country: self.text("account_country").unwrap_or_default().to_owned(),
            session_id: token("session_id"),
            session_token: token("session_token"),
            scnt: token("scnt"),
            trust_token: token("trust_token"),
            cookies: self.jar.clone().unwrap_or_default(),
            ..Tokens::fresh()
        };
        if let Some(client_id) = self.text("client_id").filter(|id| !id.is_empty()) {
            client_id.clone_into(&mut tokens.client_id);
        }
        tokens
    }

    /// Somebody signed in there with a code since our own file was written.
    fn has_newer_trust(&self, mine: &Tokens, own_written: Option<SystemTime>) -> bool {
        let trust = self.text("trust_token").unwrap_or_default();
        let newer = matches!((self.written, own_written), (Some(theirs), Some(ours)) if theirs > ours);
        newer && !trust.is_empty() && trust != mine.trust_token.expose()
    }

    /// Whether it is this account's: by Apple's number in a cookie or, without one, because it is the session that we
    /// have, or saved last. What names nobody may be the only trust that somebody else has.
    fn may_be_replaced(&self, own: &SavedSession, before: &SavedSession) -> bool {
        let Some(mine) = &own.signed_in else { return false };
        let theirs = self.tokens();
        if self.is_foreign || own.disowned.as_deref() == Some(theirs.mark().as_str()) {
            return false;
        }
        match user(&theirs.cookies) {
            Some(dsid) => dsid == mine.account.dsid,
            None => {
                let known = [Some(mine), before.signed_in.as_ref()];
                theirs.opens_nothing() || known.into_iter().flatten().any(|one| theirs.is(&one.tokens))
            }
        }
    }
}

impl Tokens {
    fn opens_nothing(&self) -> bool {
        self.session_token.is_empty() && self.trust_token.is_empty()
    }

    /// Whether both are one session: no two sign-ins have one session token.
    fn is(&self, other: &Self) -> bool {
        !self.session_token.is_empty() && self.session_token == other.session_token
    }
}

fn with_tokens(mut data: Map<String, Value>, tokens: &Tokens) -> Map<String, Value> {
    data.retain(|name, _| !LAST_ANSWER.contains(&name.as_str()));
    let texts = [
        ("client_id", tokens.client_id.as_str()),
        ("account_country", &tokens.country),
        ("session_id", tokens.session_id.expose()),
        ("session_token", tokens.session_token.expose()),
        ("trust_token", tokens.trust_token.expose()),
        ("scnt", tokens.scnt.expose()),
    ];
    for (name, text) in texts {
        // What belongs to another browser must not stay beside what is ours.
        if text.is_empty() {
            data.remove(name)
        } else {
            data.insert(name.to_owned(), text.into())
        };
    }
    data
}

/// Apple's number for the account, from a value like `"v=1:s=1:d=12345"`.
fn user(jar: &CookieJar) -> Option<String> {
    let cookie = jar.entries().find(|entry| entry.name == USER_COOKIE)?;
    let number = cookie.value.trim_matches('"').split(':').find_map(|part| part.strip_prefix("d="))?;
    (!number.is_empty()).then(|| number.to_owned())
}

/// A regular file of sensible size; anything else counts as absent. Bytes that are no UTF-8 spoil only their line.
fn text(file: &Path) -> Option<String> {
    // A pipe would have us wait for ever.
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    match File::open(file).and_then(bounded) {
        Ok(bytes) if bytes.len() <= LONGEST => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%error, path = %file.display(), "cannot read a session file of the Python icloudpd");
            None
        }
    }
}

fn written(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

/// Writes a file unless it holds these bytes and is for its owner only.
fn put(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    let same = text(file).is_some_and(|old| old.as_bytes() == bytes);
    if same && !is_open_to_others(file) {
        return Ok(());
    }
    replace(folder, file, bytes)
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Python makes `<name>.session` readable for all, and the folder for its owner only.
#[cfg(unix)]
fn is_exposed(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = file.parent().and_then(|folder| fs::metadata(folder).ok());
    let open = folder.is_some_and(|folder| folder.permissions().mode() & 0o011 != 0);
    open && fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
