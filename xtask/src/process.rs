//! Other programs: run them, let them sign in, listen to what they print.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::fake::{Code, Fake};

/// How long any one program may take; a hang must not look like slowness.
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(10);

/// What a program left when it ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// The exit code; 128 and more where a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The last lines of what it printed, for a report.
    pub(crate) fn tail(&self) -> String {
        let last = |text: &str| {
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(8)..].join("\n")
        };
        format!("exit code {}\n{}\n{}", self.code, last(&self.stdout), last(&self.stderr))
    }
}

/// Runs `command` with our own streams; an error unless it ends well.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    let name = format!("{command:?}");
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// Whether a program can be started at all.
pub(crate) fn exists(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Runs `command` with our own streams and hands every line it prints to `seen` as well.
pub(crate) fn listen(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<bool> {
    let (read, write) = std::io::pipe().context("cannot make a pipe")?;
    let name = format!("{command:?}");
    command.stdout(write.try_clone().context("cannot share a pipe")?).stderr(write);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    // The command holds the writing end; as long as it lives the reading end would wait.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for line in BufReader::new(read).lines() {
        let line = line.unwrap_or_default();
        println!("{line}");
        seen(&line);
    }
    Ok(child.wait()?.success())
}

/// Runs `command` to its end in silence; `folder` keeps what it printed.
pub(crate) fn run(mut command: Command, folder: &Path, person: Person<'_>) -> Result<Ended> {
    let out = folder.join("stdout.log");
    let err = folder.join("stderr.log");
    command.stdout(File::create(&out)?).stderr(File::create(&err)?);
    let code = attended(&mut command, person)?;
    let text = |path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Ended { code, stdout: text(&out)?, stderr: text(&err)? })
}

/// Runs `command` to its end with our own streams, somebody sitting in front of it; gives the exit code.
pub(crate) fn attended(command: &mut Command, person: Person<'_>) -> Result<i32> {
    let name = format!("{:?}", command.get_program());
    let mut child = command.stdin(Stdio::piped()).spawn().with_context(|| format!("cannot start {name}"))?;
    let ended = person.attend(&mut child).with_context(|| format!("while running {name}"));
    if ended.is_err() {
        end(&mut child);
    }
    ended
}

/// Kills a child of ours and waits for it.
pub(crate) fn end(child: &mut Child) {
    // It may have ended by itself meanwhile; either way nothing is left of it.
    let _ = child.kill();
    let _ = child.wait();
}

/// Who sits in front of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Person<'a> {
    /// Nobody: stdin is closed.
    Nobody,
    /// Somebody who types the code that appears on their devices.
    WithDevice(&'a Fake),
    /// The same, and what they type is shown.
    WithDeviceAloud(&'a Fake),
    /// Somebody who first types `lines`, among them the choice of a phone, and then the code that comes as a message.
    WithPhone { fake: &'a Fake, lines: &'a str },
    /// Somebody who types this at once, and then closes stdin.
    Typing(&'a str),
}

impl<'a> Person<'a> {
    /// Looks after `child` until it ends; gives the exit code.
    fn attend(self, child: &mut Child) -> Result<i32> {
        let mut keyboard = match self {
            Self::Nobody => None,
            Self::Typing(text) => {
                if let Some(mut stdin) = child.stdin.take() {
                    // It may have ended without reading; its exit code tells.
                    let _ = stdin.write_all(text.as_bytes());
                }
                None
            }
            Self::WithDevice(fake) => Some(Keyboard::new(child, fake)?),
            Self::WithDeviceAloud(fake) => Some(Keyboard { aloud: true, ..Keyboard::new(child, fake)? }),
            Self::WithPhone { fake, lines } => {
                let mut keyboard = Keyboard { phone: true, ..Keyboard::new(child, fake)? };
                keyboard.stdin.write_all(lines.as_bytes()).context("the program does not read its stdin")?;
                Some(keyboard)
            }
        };
        drop(child.stdin.take());
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(exit_code(status));
            }
            if start.elapsed() > PATIENCE {
                bail!("it did not end within {} s", PATIENCE.as_secs());
            }
            if let Some(waiting) = keyboard.take() {
                keyboard = waiting.look()?;
            }
            thread::sleep(POLL);
        }
    }
}

/// Stdin of a program that will ask for a code.
struct Keyboard<'a> {
    stdin: ChildStdin,
    fake: &'a Fake,
    /// The code comes to a phone, not to the devices.
    phone: bool,
    aloud: bool,
    /// What stood on the devices before.
    old: Vec<Code>,
}

impl<'a> Keyboard<'a> {
    fn new(child: &mut Child, fake: &'a Fake) -> Result<Self> {
        let stdin = child.stdin.take().context("the program has no stdin")?;
        Ok(Self { stdin, fake, phone: false, aloud: false, old: fake.codes()? })
    }

    /// Types a new code, after which nothing more will be typed.
    fn look(mut self) -> Result<Option<Self>> {
        let shown = self.fake.codes()?;
        match shown.iter().find(|code| code.phone.is_some() == self.phone && !self.old.contains(code)) {
            None => Ok(Some(self)),
            Some(code) => {
                if self.aloud {
                    println!("{}", code.code);
                }
                // It may have ended without reading; its exit code tells.
                let _ = writeln!(self.stdin, "{}", code.code);
                Ok(None)
            }
        }
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
