//! The file: every option by its long name, in TOML. What stands at the top is for all users, a table `[[user]]` for one.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Surroundings;
use super::errors::UsageError;
use super::settings::{Origin, Setting, read as read_values};
use super::table::{Known, Level, TABLE, Takes, nearest};

/// Bytes. Whatever is longer was named by mistake, or never ends.
const LONGEST: u64 = 1_000_000;

/// What a file sets.
#[derive(Default)]
pub(super) struct ConfigFile {
    /// Nothing, if there is none.
    pub(super) path: Option<Arc<PathBuf>>,
    pub(super) all: Vec<Setting>,
    /// One for each `[[user]]`, in order.
    pub(super) users: Vec<Vec<Setting>>,
}

impl ConfigFile {
    /// Reads the file that was named (an empty name means none), or the one in its usual place if it exists.
    ///
    /// # Errors
    /// With the line, for what is no option, of the wrong kind, in the wrong place, or a password that others can read. Values are
    /// looked at later.
    pub(super) fn find(named: Option<&Path>, around: &Surroundings) -> Result<Self, UsageError> {
        let usual = || {
            let folder =
                around.variables.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
            let folder = folder.or_else(|| Some(around.home.as_ref()?.join(".config")));
            folder.map(|folder| folder.join("icloudpd").join("config.toml"))
        };
        let path = match named {
            Some(path) if path.as_os_str().is_empty() => return Ok(Self::default()),
            Some(path) => path.to_owned(),
            None => match usual() {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        match read(&path) {
            Ok((text, is_private)) => Reader { path: Arc::new(path), text: &text, is_private, around }.file(),
            Err(error) if named.is_none() && is_absent(&error) => Ok(Self::default()),
            Err(error) => Err(UsageError::Argument(format!(
                "argument --config: {} cannot be read: {error}",
                path.display()
            ))),
        }
    }
}

impl ConfigFile {
    /// Whether every value can be read, those that nobody hears included.
    ///
    /// # Errors
    /// For the first that cannot.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        std::iter::once(&self.all).chain(&self.users).try_for_each(|table| read_values(table).map(drop))
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The text, and whether only its owner can read it.
fn read(path: &Path) -> io::Result<(String, bool)> {
    let mut file = fs::File::open(path)?;
    let is_private = is_private(&file.metadata()?);
    let mut text = String::new();
    file.by_ref().take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("it is longer than a million bytes"));
    }
    // Editors of Windows put a byte order mark before the text.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok((text, is_private))
}

#[cfg(unix)]
fn is_private(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    true
}

struct Reader<'a> {
    path: Arc<PathBuf>,
    text: &'a str,
    is_private: bool,
    around: &'a Surroundings,
}

impl Reader<'_> {
    fn file(self) -> Result<ConfigFile, UsageError> {
        let root = match DeTable::parse(self.text) {
            Ok(root) => root,
            // The error's own text shows the line, and with it a password.
            Err(error) => return Err(self.wrong(error.span().unwrap_or_default(), error.message())),
        };
        let mut file = ConfigFile { path: Some(self.path.clone()), ..ConfigFile::default() };
        for (key, value) in in_order(root.get_ref()) {
            match key.get_ref().as_ref() {
                "user" => file.users = self.users(value)?,
                _ => file.all.extend(self.entry(key, value, false)?),
            }
        }
        Ok(file)
    }

    fn users(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<Vec<Setting>>, UsageError> {
        let expected = || self.wrong(value.span(), "a user is a table of its own: write [[user]]");
        let tables = value.get_ref().as_array().ok_or_else(expected)?;
        let mut users = Vec::new();
        for table in tables.iter() {
            let entries = table.get_ref().as_table().ok_or_else(expected)?;
            let mut settings = Vec::new();
            for (key, value) in in_order(entries) {
                settings.extend(self.entry(key, value, true)?);
            }
            if !settings.iter().any(|setting| setting.known.long == "username") {
                return Err(self.wrong(table.span(), "this [[user]] has no username"));
            }
            users.push(settings);
        }
        Ok(users)
    }

    fn entry(
        &self,
        key: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
        of_user: bool,
    ) -> Result<Vec<Setting>, UsageError> {
        let known = self.known(key.get_ref().as_ref(), key.span(), of_user)?;
        if known.is_secret() && !self.is_private {
            let advice = match known.long {
                "password" => ", or use password-file or password-command",
                _ => "",
            };
            let text = format!(
                "{} stands here, and others can read the file: chmod 600 {}{advice}",
                known.long,
                self.path.display()
            );
            return Err(self.wrong(key.span(), text));
        }
        let origin = Origin::File(self.path.clone(), self.line(key.span()));
        let one = |value: &Spanned<DeValue<'_>>| {
            let text = text(value.get_ref()).ok_or_else(|| self.wrong_kind(known, value))?;
            Ok(self.around.one(known, text, origin.clone()))
        };
        match (known.takes, value.get_ref()) {
            (Takes::Nothing, DeValue::Boolean(is_on)) => {
                Ok(vec![Setting { is_off: !is_on, ..Setting::new(known, None, origin.clone()) }])
            }
            (Takes::Nothing, _) => Err(self.wrong_kind(known, value)),
            (Takes::Many, DeValue::Array(values)) => values.iter().map(one).collect(),
            _ => Ok(vec![one(value)?]),
        }
    }

    fn known(&self, name: &str, span: Range<usize>, of_user: bool) -> Result<&'static Known, UsageError> {
        let offered = |known: &&Known| !known.is_question() && known.long != "config";
        let Some(known) = Known::by_long(name).filter(offered) else {
            let names = TABLE.iter().filter(offered).map(|known| known.long).chain(["user"]);
            let advice =
                nearest(name, names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(self.wrong(span, format!("no option is called {name}{advice}")));
        };
        match (known.level, of_user) {
            (Level::Global, true) => {
                Err(self.wrong(span, format!("{name} is for all users: it goes above the first [[user]]")))
            }
            (Level::User, false) => {
                Err(self.wrong(span, format!("{name} belongs to a user: it goes below a [[user]]")))
            }
            _ => Ok(known),
        }
    }

    fn wrong_kind(&self, known: &Known, value: &Spanned<DeValue<'_>>) -> UsageError {
        let expected = match known.takes {
            Takes::Nothing => "true or false",
            Takes::One => "one value, as text or as a number",
            Takes::Many => "a list of values",
        };
        self.wrong(value.span(), format!("{} must be {expected}", known.long))
    }

    fn wrong(&self, span: Range<usize>, what: impl std::fmt::Display) -> UsageError {
        UsageError::Argument(format!("{}:{}: {what}", self.path.display(), self.line(span)))
    }

    fn line(&self, span: Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// As they stand in the file.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<toml::de::DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// A value as it would be typed.
fn text(value: &DeValue<'_>) -> Option<OsString> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => return None,
    };
    Some(text.into())
}
