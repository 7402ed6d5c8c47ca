//! Completions and the man page.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{icloudpd, ran, ran_with_input};

const VERBS: [&str; 8] = ["adopt", "verify", "status", "plan", "changes", "config", "completions", "man"];

/// Every option there is.
fn options() -> Vec<String> {
    let all = ran(&mut icloudpd(&["config", "--json", "-l", "-u", "a"])).exits(0).out;
    let all: Value = serde_json::from_str(&all).unwrap();
    let tables = [&all["global"], &all["users"][0]];
    let names = tables.into_iter().flat_map(|table| table.as_object().unwrap().keys().cloned());
    names.chain(["help".to_owned(), "version".to_owned()]).collect()
}

/// Whether a program is here. Where everything is to be tested it must be.
fn is_here(program: &str) -> bool {
    let here =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(here || std::env::var_os("CI").is_none(), "{program} is not installed");
    if !here {
        println!("skipped: {program} is not installed");
    }
    here
}

#[test]
fn completions_of_every_shell_name_every_option_and_verb() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = ran(&mut icloudpd(&["completions", shell])).exits(0).out;
        for option in options() {
            let long = if shell == "fish" { format!("-l {option}") } else { format!("--{option}") };
            assert!(script.contains(&long), "{shell} says nothing of {option}");
        }
        for verb in VERBS {
            assert!(script.contains(verb), "{shell} says nothing of {verb}");
        }
    }
}

#[test]
fn bash_takes_its_completions_and_completes() {
    if !is_here("bash") {
        return;
    }
    let script = ran(&mut icloudpd(&["completions", "bash"])).exits(0).out;
    let checked = ran_with_input(Command::new("bash").arg("-n"), &script).exits(0);
    assert_eq!(checked.err, "");
    let ask = "\nCOMP_WORDS=(icloudpd adopt --live-photo-m); COMP_CWORD=2; _icloudpd icloudpd --live-photo-m adopt; \
               echo \"${COMPREPLY[*]}\"";
    let completed = ran_with_input(Command::new("bash").arg("--norc"), script + ask).exits(0);
    assert_eq!(completed.out.trim_end(), "--live-photo-mov-filename-policy", "{}", completed.err);
}

#[test]
fn the_man_page_names_every_option_and_groff_has_nothing_to_say() {
    let page = ran(&mut icloudpd(&["man"])).exits(0).out;
    for option in options() {
        assert!(page.contains(&format!("\\-\\-{}", option.replace('-', "\\-"))), "{option}");
    }
    for part in ["COMMANDS", "FILES", "ENVIRONMENT", "EXIT STATUS"] {
        assert!(page.contains(part), "{part}");
    }
    if is_here("groff") {
        let set =
            ran_with_input(Command::new("groff").args(["-man", "-Tascii", "-ww", "-z"]), &page).exits(0);
        assert_eq!(set.err, "");
    }
}

#[test]
fn what_is_no_page_is_refused() {
    for args in
        [&["completions"][..], &["completions", "tcsh"], &["completions", "bash", "-l"], &["man", "-l"]]
    {
        let ran = ran(&mut icloudpd(args)).exits(2);
        assert!(
            ran.out.contains("icloudpd completions bash|elvish|fish|powershell|zsh") || args[0] == "man",
            "{}",
            ran.out
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_that_cannot_be_written_is_a_failure() {
    for args in
        [&["man"][..], &["completions", "bash"], &["config", "-l", "-u", "a"], &["--help"], &["--version"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let done = icloudpd(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{args:?} {said}");
        assert!(said.contains("standard output cannot be written to"), "{args:?} {said}");
    }
}

#[test]
fn the_default_that_help_names_is_the_one_that_config_prints() {
    let all = ran(&mut icloudpd(&["config", "-l", "-u", "a"])).exits(0).out;
    assert!(all.contains("# exif-datetime-format = [\"jpeg\"]\n"), "{all}");
}

#[cfg(unix)]
#[test]
fn a_file_of_options_that_never_ends_is_refused() {
    let endless = ran(&mut icloudpd(&["--config", "/dev/zero", "-l", "-u", "a"])).exits(2);
    assert!(endless.out.contains("longer than a million bytes"), "{}", endless.out);
}
