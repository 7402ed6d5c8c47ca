//! Hidden prompts at a terminal, and signals that cut them short.
//!
//! The terminal is made by `python3`; where it is missing the tests say that they were skipped, and with `CI=true` that is a failure.

use std::process::{Command, Stdio};

use icloud_photos_testkit::{AccountSpec, LibrarySpec};

use crate::support::World;

/// Runs a program at a terminal of its own, sends it a signal once it shows a prompt, and prints how it ended, and whether the
/// terminal shows what is typed: before the signal, and after the end.
const AT_A_TERMINAL: &str = r#"
import os, pty, select, signal, sys, termios, time
prompt, name, argv = sys.argv[1].encode(), sys.argv[2], sys.argv[3:]
master, slave = pty.openpty()
child = os.fork()
if child == 0:
    os.close(master)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.login_tty(slave) if hasattr(os, "login_tty") else None
    if not hasattr(os, "login_tty"):
        import fcntl
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
    os.execv(argv[0], argv)
def echoes():
    return bool(termios.tcgetattr(slave)[3] & termios.ECHO) and bool(termios.tcgetattr(slave)[3] & termios.ICANON)
said, end = b"", time.time() + 60
while (prompt not in said or echoes()) and time.time() < end:
    if select.select([master], [], [], 0.05)[0]:
        said += os.read(master, 4096)
before = echoes()
os.write(master, b"half of a secr")
os.kill(child, getattr(signal, name))
while True:
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid:
        break
    if select.select([master], [], [], 0.05)[0]:
        said += os.read(master, 4096)
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
print(code, before, echoes(), prompt in said, b"secr" in said)
"#;

/// What the above prints; `None` without Python.
fn at_a_terminal(program: &Command, prompt: &str, signal: &str) -> Option<String> {
    python(AT_A_TERMINAL, &[prompt, signal], program)
}

/// What a script of the above kind prints; `None` without Python.
fn python(script: &str, arguments: &[&str], program: &Command) -> Option<String> {
    let mut python = Command::new("python3");
    python.args(["-c", script]).args(arguments).arg(program.get_program()).args(program.get_args());
    python.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Whoever installed Python in the home folder needs to be found there.
    python.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    match python.stdin(Stdio::null()).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("python3: {error}"),
        Err(error) => {
            eprintln!("SKIPPED: python3 cannot be started ({error})");
            None
        }
    }
}

/// Runs a program at a terminal of its own and goes through steps, one a line: `see TEXT` waits until the program shows it next,
/// `hidden` and `open` until the terminal is as it is for a password and as it is else, `type JSON` types, `kill NAME` sends a signal, `sane` sets the terminal as a shell does,
/// `end` waits for the end. Prints the exit code and what was shown, or the step that came to nothing.
const DIALOGUE: &str = r#"
import json, os, pty, select, signal, sys, termios, time
steps, argv = sys.argv[1].splitlines(), sys.argv[2:]
child, master = pty.fork()
if child == 0:
    os.execv(argv[0], argv)
said, seen, code = "", 0, None
def read():
    global said, code
    if select.select([master], [], [], 0.05)[0]:
        try:
            said += os.read(master, 4096).decode(errors="replace")
        except OSError:
            pass
    if code is None:
        pid, status = os.waitpid(child, os.WNOHANG)
        code = os.waitstatus_to_exitcode(status) if pid else None
def modes():
    flags = termios.tcgetattr(master)[3]
    return [bool(flags & one) for one in (termios.ECHO, termios.ICANON, termios.ISIG)]
def done(verb, what):
    global seen
    if verb == "see" and what in said[seen:]:
        seen = said.index(what, seen) + len(what)
        return True
    return {"see": False, "hidden": not modes()[0], "open": all(modes()), "end": code is not None}[verb]
for step in steps:
    verb, _, what = step.partition(" ")
    if verb == "type":
        os.write(master, json.loads(what).encode())
    elif verb == "kill":
        os.kill(child, getattr(signal, "SIG" + what))
    elif verb == "sane":
        now = termios.tcgetattr(master)
        now[3] |= termios.ECHO | termios.ICANON | termios.ISIG
        termios.tcsetattr(master, termios.TCSANOW, now)
    else:
        until = time.time() + 40
        read()
        while not (reached := done(verb, what)) and time.time() < until:
            read()
        if not reached:
            print("NOT", step)
            break
if code is None:
    os.kill(child, signal.SIGKILL)
print(code, said)
"#;

/// What was shown at the terminal, after the exit code; `None` without Python.
pub(crate) fn dialogue(program: &Command, steps: &[&str]) -> Option<String> {
    python(DIALOGUE, &[&steps.join("\n")], program)
}

/// The program for these users, in this order, with nothing that knows a password.
pub(crate) fn watching(world: &World, users: &[&str], answer_within: &str) -> Command {
    let (sessions, folder) = (world.sessions(), world.directory());
    let mut args = vec!["--cookie-directory", sessions.to_str().unwrap()];
    args.extend(["--watch-with-interval", "3600", "--answer-within", answer_within]);
    for user in users {
        args.extend(["-u", user, "-d", folder.to_str().unwrap()]);
    }
    let mut program = crate::support::icloudpd(&args);
    program.envs(world.icloudpd(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    program.env_remove("ICLOUDPD_PASSWORD");
    program
}

pub(crate) const PASSWORD: &str = r#"type "correct horse battery staple\n""#;

#[test]
fn a_password_prompt_that_timed_out_takes_nothing_from_the_next() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let program = watching(&world, &["other@example.com", World::USER], "4");
    let steps = [
        "see iCloud Password for other@example.com:",
        "hidden",
        r#"type "half of a secr""#,
        "see Nobody gave the password of other@example.com in time",
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        PASSWORD,
        "open",
        "see All photos and videos have been downloaded",
        r#"type "\u0003""#,
        "end",
    ];
    let Some(said) = dialogue(&program, &steps) else { return };
    assert!(said.starts_with("-2 "), "{said}");
    assert!(!said.contains("battery") && !said.contains("secr"), "{said}");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 1);
}

#[test]
fn a_code_prompt_that_timed_out_takes_nothing_from_the_password_prompt_after_it() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let program = watching(&world, &[World::USER, "other@example.com"], "4");
    let steps = [
        "see iCloud Password for jdoe@example.com:",
        "hidden",
        PASSWORD,
        "see Please enter two-factor authentication code",
        r#"type "01234""#,
        "see nobody was there to give the code",
        "see iCloud Password for other@example.com:",
        "hidden",
        PASSWORD,
        // It is of the other one.
        "see Invalid email/password combination",
        "open",
        "kill TERM",
        "end",
    ];
    let Some(said) = dialogue(&program, &steps) else { return };
    assert!(said.starts_with("143 ") && !said.contains("battery"), "{said}");
}

#[test]
fn after_a_time_out_the_terminal_is_as_it_was_and_ctrl_c_ends() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let program = watching(&world, &[World::USER], "1");
    let steps = ["hidden", "see Nobody gave", "see Waiting for", "open", PASSWORD, r#"type "\u0003""#, "end"];
    let Some(said) = dialogue(&program, &steps) else { return };
    assert!(said.starts_with("-2 "), "{said}");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[test]
fn what_is_typed_while_nobody_asks_is_no_answer() {
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(1, 1000));
    let mut program = watching(&world, &[World::USER], "4");
    program.env("ICLOUDPD_PASSWORD", World::PASSWORD);
    let steps = [
        "see Please enter two-factor authentication code",
        "see nobody was there to give the code",
        "see Waiting for",
        r#"type "999999\n98""#,
        "kill USR1",
        "see Please enter two-factor authentication code",
        r#"type "012345\n""#,
        "see All photos and videos have been downloaded",
        "kill TERM",
        "end",
    ];
    let Some(said) = dialogue(&program, &steps) else { return };
    assert!(said.starts_with("143 ") && !said.contains("Failed to verify"), "{said}");
}

#[test]
fn ctrl_c_and_the_end_of_the_input_end_a_hidden_prompt() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut program = world.icloudpd(&["--auth-only"]);
    program.env_remove("ICLOUDPD_PASSWORD");
    for (key, ending) in [(r#"type "half\u0003""#, "-2 "), (r#"type "\u0004""#, "1 ")] {
        let steps = ["see iCloud Password", "hidden", key, "open", "end"];
        let Some(said) = dialogue(&program, &steps) else { return };
        assert!(said.starts_with(ending) && !said.contains("half"), "{said}");
    }
}

/// A password must not stay on the screen, and a terminal without an echo is of no use.
#[test]
fn a_signal_at_a_hidden_prompt_gives_the_terminal_back() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut run = world.icloudpd(&["--auth-only"]);
    run.env_remove("ICLOUDPD_PASSWORD");
    let mut icloud = Command::new(env!("CARGO_BIN_EXE_icloud"));
    icloud.args(["--username", World::USER]);
    icloud.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    icloud.env("ICLOUDPD_COOKIE_DIRECTORY", world.sessions());
    for (program, prompt) in [
        (run, "iCloud Password for jdoe@example.com:"),
        (icloud, "Enter iCloud password for jdoe@example.com: "),
    ] {
        for (signal, code) in [("SIGTERM", 143), ("SIGINT", -2), ("SIGHUP", 129)] {
            let Some(said) = at_a_terminal(&program, prompt, signal) else { return };
            // The code; no echo at the prompt; an echo after it; the prompt was shown, and what was typed was not.
            assert_eq!(said, format!("{code} False True True False"), "{prompt} {signal}");
        }
    }
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

/// `nohup` means that the end of the terminal is not to be heeded.
#[cfg(target_os = "linux")]
#[test]
fn who_is_started_to_outlive_the_terminal_does() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let program = world.download();
    let mut nohup = Command::new("nohup");
    nohup.env_clear().arg(program.get_program()).args(program.get_args());
    nohup.args(["--watch-with-interval", "1"]);
    nohup.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = crate::page::Running::start(nohup.stderr(Stdio::null()));
    running.after("Waiting for");
    running.signal("-HUP");
    running.after("Waiting for");
    running.after("Waiting for");
    assert_eq!(running.terminate(), Some(143));
}

#[cfg(target_os = "linux")]
#[test]
fn the_end_of_the_terminal_ends_a_watch_in_good_order() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let program = world.download();
    // Whoever started the tests may be one who outlives terminals.
    let mut heeding = Command::new("env");
    heeding.env_clear().arg("--default-signal=HUP").arg(program.get_program()).args(program.get_args());
    heeding.args(["--watch-with-interval", "100"]);
    heeding.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = crate::page::Running::start(&mut heeding);
    running.after("Waiting for");
    running.signal("-HUP");
    assert_eq!(running.ended(), Some(129), "{}", running.said);
}
