//! What a shell does with its jobs while they ask: Ctrl-C, Ctrl-Z and `fg`, `&`.

use std::process::Command;

use icloud_photos_testkit::LibrarySpec;

use crate::support::World;
use crate::terminal::{PASSWORD, dialogue, watching};

/// A shell with the environment of a program, and the program as one types it there.
fn shell(name: &str, args: &[&str], program: &Command) -> (Command, String) {
    let mut shell = Command::new("/usr/bin/env");
    shell.arg(name).args(args).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("TERM", "dumb");
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let line = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
    (shell, line)
}

/// A step that types a line.
fn typed(line: &str) -> String {
    format!("type {}", serde_json::to_string(&format!("{line}\n")).unwrap())
}

/// A world and the program that asks for a password.
fn asking() -> (World, Command) {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut program = world.download();
    program.env_remove("ICLOUDPD_PASSWORD");
    (world, program)
}

#[test]
fn ctrl_c_at_a_hidden_prompt_ends_the_script_too() {
    let (_world, program) = asking();
    let (_, line) = shell("sh", &[], &program);
    let script = format!("for round in 1 2; do echo round $round; {line}; done; echo and on");
    // Some shells go by the signal that reaches them, some by what their child died of, too.
    for name in ["sh", "bash"] {
        let (shell, _) = shell(name, &["-c", &script], &program);
        let steps = ["see iCloud Password", "hidden", r#"type "half\u0003""#, "open", "end"];
        let Some(said) = dialogue(&shell, &steps) else { return };
        let ended = said.starts_with("-2 ") || said.starts_with("130 ");
        assert!(ended && !said.contains("round 2") && !said.contains("and on"), "{name}: {said}");
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_asks_again_unseen() {
    let (_world, program) = asking();
    let (shell, line) = shell("sh", &["-i"], &program);
    let (line, end) = (typed(&line), typed("exit"));
    let steps = [
        &line,
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        r#"type "half\u001a""#,
        "see Stopped",
        "open",
        r#"type "fg\n""#,
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        PASSWORD,
        "see All photos and videos have been downloaded",
        "open",
        &end,
        "end",
    ];
    let Some(said) = dialogue(&shell, &steps) else { return };
    assert!(said.starts_with("0 ") && !said.contains("half") && !said.contains("battery"), "{said}");
}

/// Nothing of ours runs when it stops, but when it goes on.
#[test]
fn who_was_stopped_from_outside_goes_on_unseen() {
    let (_world, program) = asking();
    let steps = [
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        "kill STOP",
        "sane",
        "open",
        "kill CONT",
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        PASSWORD,
        "see All photos and videos have been downloaded",
        "end",
    ];
    let Some(said) = dialogue(&program, &steps) else { return };
    assert!(said.starts_with("0 ") && !said.contains("battery"), "{said}");
}

#[test]
fn ctrl_backslash_ends_a_hidden_prompt() {
    let (_world, program) = asking();
    let (mut shell, _) = shell("sh", &["-c", "ulimit -c 0; exec \"$@\"", "sh"], &program);
    shell.arg(program.get_program()).args(program.get_args());
    let steps = ["see iCloud Password", "hidden", r#"type "half\u001c""#, "open", "end"];
    let Some(said) = dialogue(&shell, &steps) else { return };
    assert!(said.starts_with("-3 ") && !said.contains("half"), "{said}");
}

#[test]
fn a_watch_in_the_background_is_not_stopped_by_its_questions() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let program = watching(&world, &[World::USER], "8");
    let (shell, line) = shell("sh", &["-i"], &program);
    let line = typed(&format!("{line} &"));
    let (nudge, ended) = (typed("kill -USR1 %1"), typed("kill %1; wait %1; echo code $?"));
    let end = typed("exit");
    let steps = [
        &line,
        "see A question waits until this program is in front (fg)",
        "see Nobody gave the password of jdoe@example.com in time",
        "see Waiting for",
        &nudge,
        "see A question waits",
        r#"type "jobs\n""#,
        "see Running",
        // The shell that has it in front now tells it nothing.
        r#"type "fg\n""#,
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        PASSWORD,
        "see All photos and videos have been downloaded",
        r#"type "\u001a""#,
        "see Stopped",
        r#"type "bg\n""#,
        &ended,
        "see code 143",
        &end,
        "end",
    ];
    let Some(said) = dialogue(&shell, &steps) else { return };
    assert!(said.starts_with("0 ") && !said.contains("battery"), "{said}");
}
