//! What was asked for: icloudpd's grammar, and beside it the environment and a file that say the same things.
//!
//! icloudpd reads a line in three steps: global options count wherever they stand and are picked out first; what is left is cut
//! before every word that is exactly `-u` or `--username`; what stands before the first cut are defaults for each user's own
//! part. Which words are options and which are values is settled by [`scan`], values are read by clap's table in [`options`].
//! Environment and file are turned into the same settings ([`settings`]), so that values, checks and messages are the same.

mod environment;
mod errors;
mod file;
mod options;
mod pages;
mod scan;
mod secret;
mod settings;
mod show;
mod table;
mod values;

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

pub(crate) use self::environment::Surroundings;
pub(crate) use self::errors::{UsageError, python_repr};
use self::file::ConfigFile;
pub(crate) use self::options::*;
pub(crate) use self::pages::help;
use self::scan::{Scan, scan};
pub(crate) use self::secret::without as without_secrets;
use self::settings::{Origin, Setting, read, winners};
pub(crate) use self::show::Listing;
use self::table::Level;

/// What was asked for, taken apart.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) verb: Verb,
    pub(crate) global: Global,
    /// One per user section, in order.
    pub(crate) sections: Vec<(Common, User)>,
    /// What is odd and no reason to stop.
    pub(crate) warnings: Vec<String>,
    /// For `icloudpd config`.
    pub(crate) listing: Option<Listing>,
}

/// What is to be done: what icloudpd does, unless the line begins with one of our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// What the options say.
    Run,
    Adopt,
    Verify,
    Status,
    Plan,
    Changes,
    Doctor,
    Config,
}

impl Verb {
    fn split(args: &[OsString]) -> (Self, &[OsString]) {
        let verb = match args.first().and_then(|first| first.to_str()) {
            Some("adopt") => Self::Adopt,
            Some("verify") => Self::Verify,
            Some("status") => Self::Status,
            Some("plan") => Self::Plan,
            Some("changes") => Self::Changes,
            Some("doctor") => Self::Doctor,
            Some("config") => Self::Config,
            _ => return (Self::Run, args),
        };
        (verb, &args[1..])
    }

    /// Whether it places photos in folders.
    pub(crate) fn places(self, repair: bool) -> bool {
        self != Self::Config && !self.is_offline(repair)
    }

    /// Whether no account need be named: it speaks of what is on this machine, or of what accounts have in common.
    pub(crate) fn is_offline(self, repair: bool) -> bool {
        match self {
            Self::Status | Self::Doctor => true,
            Self::Verify => !repair,
            _ => false,
        }
    }
}

/// What the program is to do first: show a page, or do what the line says.
#[derive(Debug)]
pub(crate) enum Request {
    /// Completions or the man page.
    Page(String),
    Line(Box<Line>),
}

/// Reads the arguments (without the program's name), the environment and the file.
///
/// # Errors
/// In icloudpd's words, for the stream icloudpd uses.
pub(crate) fn parse(args: &[OsString], around: &Surroundings) -> Result<Request, UsageError> {
    if let Some(page) = pages::asked_for(args)? {
        return Ok(Request::Page(page));
    }
    let (verb, rest) = Verb::split(args);
    let typed = Typed::read(rest)?;
    let mut line = match typed.global.iter().any(|setting| setting.known.is_question()) {
        // Whoever asks for help gets it, whatever is wrong elsewhere.
        true => assemble(verb, typed, &ConfigFile::default(), &[])?,
        false => {
            let environment = around.settings()?;
            let named = named_file(&typed, around);
            let file = ConfigFile::find(named.as_deref().map(Path::new), around)?;
            file.check()?;
            read(&environment)?;
            assemble(verb, typed, &file, &environment)?
        }
    };
    // No arguments at all ask for help, unless somebody else says what to do.
    line.global.help |= args.is_empty() && line.sections.is_empty();
    line.warnings = around.strangers();
    Ok(Request::Line(Box::new(line)))
}

/// The command line, in icloudpd's three steps.
struct Typed {
    global: Vec<Setting>,
    defaults: Vec<Setting>,
    users: Vec<Vec<Setting>>,
}

impl Typed {
    fn read(args: &[OsString]) -> Result<Self, UsageError> {
        let global = scan(args, &[Level::Global]);
        let rest = global.rest.clone();
        let global = sound(global)?;
        let (defaults, users) = split(&rest);
        let defaults = complete(defaults, &[Level::Common])?;
        let user = |part: &[OsString]| complete(part, &[Level::Common, Level::User]);
        let users = users.into_iter().map(user).collect::<Result<_, _>>()?;
        Ok(Self { global, defaults, users })
    }
}

/// What a pass found, once its values are looked at: a bad one comes before what ended the pass.
fn sound(scan: Scan) -> Result<Vec<Setting>, UsageError> {
    read(&scan.found)?;
    scan.error.map_or(Ok(scan.found), Err)
}

/// The same for a pass that has to know every word.
fn complete(part: &[OsString], levels: &[Level]) -> Result<Vec<Setting>, UsageError> {
    let mut scan = scan(part, levels);
    let rest = std::mem::take(&mut scan.rest);
    let found = sound(scan)?;
    if rest.is_empty() { Ok(found) } else { Err(UsageError::unknown(&rest, part)) }
}

/// The part before the first user, and one part for each.
fn split(args: &[OsString]) -> (&[OsString], Vec<&[OsString]>) {
    let mut starts: Vec<usize> = (0..args.len()).filter(|&at| starts_section(&args[at])).collect();
    let defaults = &args[..starts.first().copied().unwrap_or(args.len())];
    starts.push(args.len());
    (defaults, starts.windows(2).map(|pair| &args[pair[0]..pair[1]]).collect())
}

/// `--username=x` is ours alone; icloudpd knows the spaced form only.
fn starts_section(arg: &OsString) -> bool {
    arg == "-u" || arg == "--username" || arg.as_encoded_bytes().starts_with(b"--username=")
}

/// The file that the line or the environment names.
fn named_file(typed: &Typed, around: &Surroundings) -> Option<OsString> {
    let typed = typed.global.iter().rfind(|setting| setting.known.long == "config");
    let typed = typed.and_then(|setting| setting.value.clone());
    let variable = || {
        let known = table::Known::by_long("config")?;
        let value = around.of("config")?.to_owned();
        around.one(known, value, Origin::CommandLine).value
    };
    typed.or_else(variable)
}

/// Puts line, environment and file on top of each other, for the run and for each user.
fn assemble(
    verb: Verb,
    typed: Typed,
    file: &ConfigFile,
    environment: &[Setting],
) -> Result<Line, UsageError> {
    let Typed { global, defaults, users } = typed;
    let is_served = verb == Verb::Config
        || verb == Verb::Run && !global.iter().chain(&defaults).chain(users.iter().flatten()).any(asks_once);
    let mut global = winners(&[global, of(environment, &[Level::Global]), of(&file.all, &[Level::Global])]);
    // What a service is told for its rounds is not meant for whoever looks after it.
    global.retain(|setting| is_served || setting.origin == Origin::CommandLine || !is_for_rounds(setting));
    let options = read(&global)?.global;
    let lists_nobody = verb.is_offline(options.repair);
    let mut sections = Vec::new();
    for (user, table) in people(users, file, environment, lists_nobody) {
        let typed = defaults.iter().chain(&user).cloned().collect();
        let surrounding = of(environment, &[Level::Common, Level::User]);
        sections.push(winners(&[typed, surrounding, table, of(&file.all, &[Level::Common])]));
    }
    refuse_shared_password(&sections)?;
    let listing = (verb == Verb::Config).then(|| Listing::new(file, &global, &sections)).transpose()?;
    let sections = sections.iter().map(|settings| section(settings)).collect::<Result<_, _>>()?;
    Ok(Line { verb, global: options, sections, warnings: Vec::new(), listing })
}

/// Whether this asks for something that a watch does not do.
fn asks_once(setting: &Setting) -> bool {
    let once = ["auth-only", "list-albums", "list-libraries", "only-print-filenames"];
    once.contains(&setting.known.long) && !setting.is_off
}

fn is_for_rounds(setting: &Setting) -> bool {
    ["watch-with-interval", "report-json"].contains(&setting.known.long)
}

fn of(settings: &[Setting], levels: &[Level]) -> Vec<Setting> {
    settings.iter().filter(|setting| levels.contains(&setting.known.level)).cloned().collect()
}

/// Whom the run is about: what the line says of each, and what the file does. The line's users come first, then those of the
/// file, then the one of the environment.
fn people(
    typed: Vec<Vec<Setting>>,
    file: &ConfigFile,
    environment: &[Setting],
    lists_nobody: bool,
) -> Vec<(Vec<Setting>, Vec<Setting>)> {
    let in_file = |name: Option<String>| {
        file.users.iter().filter(move |table| username(table) == name && name.is_some()).cloned()
    };
    if !typed.is_empty() {
        return typed
            .into_iter()
            .flat_map(|user| {
                let mut tables: Vec<_> = in_file(username(&user)).collect();
                if tables.is_empty() {
                    tables.push(Vec::new());
                }
                tables.into_iter().map(move |table| (user.clone(), table))
            })
            .collect();
    }
    // The variable must not stand before a name that the file gives.
    if !file.users.is_empty() {
        let name = |table: &[Setting]| {
            of(table, &[Level::User]).into_iter().filter(|set| set.known.long == "username")
        };
        return file.users.iter().map(|table| (name(table).collect(), table.clone())).collect();
    }
    match username(environment).is_some() || lists_nobody {
        true => vec![(Vec::new(), Vec::new())],
        false => Vec::new(),
    }
}

fn username(settings: &[Setting]) -> Option<String> {
    let setting = settings.iter().rfind(|setting| setting.known.long == "username")?;
    Some(setting.value.as_ref()?.to_string_lossy().trim().to_lowercase())
}

fn section(settings: &[Setting]) -> Result<(Common, User), UsageError> {
    let Options { common, mut user, .. } = read(settings)?;
    let typed = |setting: &Setting| setting.known.long == "password" && setting.origin == Origin::CommandLine;
    user.password_is_private = !settings.iter().any(typed);
    Ok((common, user))
}

/// A password of the environment can only mean one account: sent to the wrong one it may lock it.
fn refuse_shared_password(sections: &[Vec<Setting>]) -> Result<(), UsageError> {
    let mut variable = None;
    let mut names = HashSet::new();
    for section in sections {
        let password = section.iter().find(|setting| setting.known.slot() == "password");
        if let Some(Origin::Environment(name)) = password.map(|setting| &setting.origin) {
            variable = Some(name);
            names.extend(username(section));
        }
    }
    match variable.filter(|_| names.len() > 1) {
        Some(name) => Err(UsageError::Argument(format!(
            "{name} is set, but it cannot be the password of several users: give each user a --password-file or \
             --password-command"
        ))),
        None => Ok(()),
    }
}
