//! What would be used, and who says so: `icloudpd config`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;
use clap::builder::ValueParser;
use clap::parser::ValueSource;
use serde_json::{Map, Value, json};

use super::errors::UsageError;
use super::file::ConfigFile;
use super::settings::{Origin, Setting, matches};
use super::table::{Known, Level, TABLE, Takes};
use super::values::int;

/// Every option with its value and its origin. Secrets are not in it.
#[derive(Debug)]
pub(crate) struct Listing {
    file: Option<Arc<PathBuf>>,
    global: Vec<Shown>,
    users: Vec<Vec<Shown>>,
}

/// One option as it would be used.
#[derive(Debug)]
struct Shown {
    name: &'static str,
    /// Nothing, if nobody says anything; of a secret only that it is there.
    value: Value,
    is_secret: bool,
    /// Nothing, if it is the default.
    origin: Option<Origin>,
}

impl Listing {
    pub(super) fn new(
        file: &ConfigFile,
        global: &[Setting],
        sections: &[Vec<Setting>],
    ) -> Result<Self, UsageError> {
        let users = sections.iter().map(|settings| shown(settings, &[Level::Common, Level::User]));
        Ok(Self {
            file: file.path.clone(),
            global: shown(global, &[Level::Global])?,
            users: users.collect::<Result<_, _>>()?,
        })
    }

    /// For programs: `{"file", "global": {OPTION: {"value", "from"}}, "users": [...]}`.
    pub(crate) fn json(&self) -> String {
        let table = |options: &[Shown]| {
            let entry = |shown: &Shown| {
                let origin = shown.origin.as_ref().map_or("default".to_owned(), ToString::to_string);
                (shown.name.to_owned(), json!({"value": shown.value, "from": origin}))
            };
            Value::Object(options.iter().map(entry).collect::<Map<_, _>>())
        };
        let users: Vec<Value> = self.users.iter().map(|user| table(user)).collect();
        json!({"file": self.file.as_ref().map(|path| path.display().to_string()), "global": table(&self.global), "users": users})
            .to_string()
    }

    /// For people: a file that sets the same, with the origin behind each line. Defaults and secrets stand in comments.
    pub(crate) fn toml(&self) -> String {
        let mut text = match &self.file {
            Some(path) => format!("# With the file {}.\n", path.display()),
            None => "# There is no file.\n".to_owned(),
        };
        self.global.iter().for_each(|shown| shown.write(&mut text));
        for user in &self.users {
            text.push_str("\n[[user]]\n");
            user.iter().filter(|shown| shown.name == "username").for_each(|shown| shown.write(&mut text));
            user.iter().filter(|shown| shown.name != "username").for_each(|shown| shown.write(&mut text));
        }
        text
    }
}

impl Shown {
    fn write(&self, text: &mut String) {
        let Self { name, value, is_secret, origin } = self;
        // Writing to a String cannot fail.
        let _ = match (value, origin) {
            (Value::Null, _) => Ok(()),
            (_, Some(origin)) if *is_secret => writeln!(text, "# {name} is set and not shown  # {origin}"),
            // A file names no other file.
            (value, Some(origin)) if *name == "config" => {
                writeln!(text, "# {name} = {}  # {origin}", toml_value(value))
            }
            (value, Some(origin)) => writeln!(text, "{name} = {}  # {origin}", toml_value(value)),
            (value, None) => writeln!(text, "# {name} = {}", toml_value(value)),
        };
    }
}

/// The values are texts, numbers, truths, and lists of texts.
fn toml_value(value: &Value) -> String {
    match value {
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn shown(settings: &[Setting], levels: &[Level]) -> Result<Vec<Shown>, UsageError> {
    let matches = matches(settings)?;
    let options = TABLE.iter().filter(|known| levels.contains(&known.level) && !known.is_question());
    Ok(options
        .map(|known| {
            let said = settings.iter().rfind(|setting| setting.known.long == known.long);
            let value = match known.is_secret() {
                true => said.map_or(Value::Null, |_| Value::String("(not shown)".to_owned())),
                false => value(known, &matches),
            };
            Shown {
                name: known.long,
                value,
                is_secret: known.is_secret(),
                origin: said.map(|said| said.origin.clone()),
            }
        })
        .collect())
}

fn value(known: &Known, matches: &ArgMatches) -> Value {
    let Some(arg) = known.arg() else { return Value::Null };
    let id = arg.get_id().as_str();
    let mut values =
        matches.get_raw(id).into_iter().flatten().map(|raw| plain(known, arg.get_value_parser(), raw));
    match known.takes {
        Takes::Nothing => matches.get_flag(id).into(),
        // The parser has no default for it: whether anybody says it has a meaning of its own.
        Takes::Many if known.long == "exif-datetime-format" && matches.get_raw(id).is_none() => {
            json!(["jpeg"])
        }
        // icloudpd drops repeated words, and keeps repeated titles.
        Takes::Many if known.is_choice => Value::Array(values.fold(Vec::new(), |mut seen, value| {
            if !seen.contains(&value) {
                seen.push(value);
            }
            seen
        })),
        Takes::Many => Value::Array(values.collect()),
        Takes::One
            if is_text(arg.get_value_parser())
                && matches.value_source(id) == Some(ValueSource::CommandLine) =>
        {
            // Texts are shown as they are understood.
            matches.get_one::<String>(id).map_or(Value::Null, |text| text.clone().into())
        }
        Takes::One => values.next_back().unwrap_or_default(),
    }
}

fn is_text(parser: &ValueParser) -> bool {
    parser.type_id() == clap::builder::ValueParser::string().type_id()
}

fn plain(known: &Known, parser: &ValueParser, raw: &OsStr) -> Value {
    let text = raw.to_string_lossy();
    let numbers = [ValueParser::from(clap::value_parser!(i64)), ValueParser::from(clap::value_parser!(u64))];
    let is_number = numbers.iter().any(|number| number.type_id() == parser.type_id());
    match int(&text) {
        Ok(number) if is_number => number.into(),
        _ if known.is_choice => text.to_lowercase().into(),
        _ => text.into(),
    }
}
