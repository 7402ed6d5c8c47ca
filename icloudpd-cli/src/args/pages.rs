//! Pages made from the table of options: the help text, completions of shells, the man page.

use std::ffi::OsString;
use std::io;

use clap::{Command, ValueEnum as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::errors::UsageError;

/// Our own first words, and what they are for.
const VERBS: [(&str, &str); 9] = [
    ("adopt", "Recognise the files of a folder by their content"),
    ("verify", "Read the files of a copy again and compare them"),
    ("status", "Say what is known of a copy, without asking iCloud"),
    ("plan", "Say what a run would do"),
    ("changes", "Say what has happened in iCloud since the last run"),
    ("doctor", "Say why nothing works, a line for each thing that can be wrong"),
    ("config", "Print what would be used and who says so, as a file for --config"),
    ("completions", "Print what a shell completes: bash|elvish|fish|powershell|zsh"),
    ("man", "Print the man page"),
];

/// The text of `--help`.
pub(crate) fn help() -> String {
    let verbs = VERBS.iter().map(|(verb, about)| format!("  {verb:<12} {about}\n"));
    let verbs = format!(
        "COMMANDS. In place of a run, as the first word (ours alone):\n{}",
        verbs.collect::<String>()
    );
    super::options::command().before_help(verbs).render_help().to_string()
}

/// The page that the line asks for, if it does.
///
/// # Errors
/// For a shell that is none, and words that mean nothing here.
pub(super) fn asked_for(args: &[OsString]) -> Result<Option<String>, UsageError> {
    let words: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect();
    match words[..] {
        ["man"] => page(man),
        ["completions", shell] => match Shell::from_str(shell, true) {
            Ok(shell) => page(|to| {
                clap_complete::generate(shell, &mut with_verbs(), "icloudpd", to);
                Ok(())
            }),
            Err(_) => Err(shells(&format!("no completions are known for {shell}"))),
        },
        ["completions", ..] => Err(shells("completions are for one shell")),
        ["man", ..] => Err(UsageError::Argument("icloudpd man takes no options".to_owned())),
        _ => Ok(None),
    }
}

fn shells(what: &str) -> UsageError {
    let names: Vec<String> = Shell::value_variants().iter().map(ToString::to_string).collect();
    UsageError::Argument(format!("{what}: icloudpd completions {}", names.join("|")))
}

fn page(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<Option<String>, UsageError> {
    let mut page = Vec::new();
    match write(&mut page) {
        Ok(()) => Ok(Some(String::from_utf8_lossy(&page).into_owned())),
        Err(error) => Err(UsageError::Argument(format!("the page cannot be made: {error}"))),
    }
}

/// The table with our first words: all options go with each of them.
fn with_verbs() -> Command {
    let mut command = super::options::command().mut_args(|arg| arg.global(true));
    for (verb, about) in VERBS {
        let mut subcommand = Command::new(verb).about(about).disable_help_flag(true);
        if verb == "completions" {
            let shells =
                clap::builder::PossibleValuesParser::new(["bash", "elvish", "fish", "powershell", "zsh"]);
            subcommand = subcommand.arg(clap::Arg::new("shell").required(true).value_parser(shells));
        }
        command = command.subcommand(subcommand);
    }
    command.disable_help_subcommand(true)
}

fn man(to: &mut Vec<u8>) -> io::Result<()> {
    let command = super::options::command().after_help(None::<&str>).before_help(None::<&str>);
    let man = Man::new(command).manual("icloudpd manual");
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    roff.text([roman("In place of a run, as the first word, before the options:")]);
    entries(&mut roff, &VERBS);
    roff.to_writer(to)?;
    man.render_options_section(to)?;
    let mut roff = Roff::new();
    for (heading, text, list) in SECTIONS {
        roff.control("SH", [*heading]);
        roff.text([roman(*text)]);
        entries(&mut roff, list);
    }
    roff.to_writer(to)
}

fn entries(roff: &mut Roff, list: &[(&str, &str)]) {
    for (name, text) in list {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*text)]);
    }
}

type Section = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SECTIONS: &[Section] = &[
    (
        "FILES",
        "A file sets options by their long names, in TOML: those for all users at the top, those for one in a table [[user]]. \
         Nearer hides further: command line, environment, [[user]], top of the file, default. Relative paths start at the \
         current folder. A password may stand in it only if nobody but its owner can read it.",
        &[
            ("~/.config/icloudpd/config.toml", "Read if it exists and --config names no other file."),
            ("~/.pyicloud", "Sessions and catalogues, see --cookie-directory."),
        ],
    ),
    (
        "ENVIRONMENT",
        "",
        &[
            (
                "ICLOUDPD_<OPTION>",
                "Sets an option: its long name in capitals, with _ for -. Flags are true, 1, false or 0. A repeatable option has a \
                 value on each line; where the values are fixed words, commas do too.",
            ),
            ("ICLOUDPD_PASSWORD", "The password, where only one user needs one."),
            ("TZ", "The time zone of folders and file times."),
            ("HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE", "The way to Apple."),
            ("RUST_LOG", "The library's own log, for example debug."),
        ],
    ),
    (
        "EXIT STATUS",
        "",
        &[
            ("0", "All is well."),
            ("1", "The run failed."),
            ("2", "The command line, the environment or the file is wrong; nothing was done."),
            (
                "3",
                "Some files failed, or the list was short; run again. With --icloudpd-exit-codes this is 0.",
            ),
            ("130, 143", "Interrupted; terminated."),
        ],
    ),
];
