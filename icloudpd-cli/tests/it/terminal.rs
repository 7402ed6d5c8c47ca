//! Hidden prompts at a terminal, and signals that cut them short.
//!
//! The terminal is made by `python3`; where it is missing the tests say that they were skipped, and with `CI=true` that is a failure.

use std::process::{Command, Stdio};

use icloud_photos_testkit::LibrarySpec;

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
    let mut python = Command::new("python3");
    python.args(["-c", AT_A_TERMINAL, prompt, signal]).arg(program.get_program()).args(program.get_args());
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
        for (signal, code) in [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)] {
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
