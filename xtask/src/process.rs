//! Other programs: run them, let them sign in, listen to what they print.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::fake::Fake;

/// How long any one program may take; a hang must not look like slowness.
const PATIENCE: Duration = Duration::from_secs(900);
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

/// Runs `command` to its end in silence, `folder` keeping what it printed. Whenever the fake sends its owner a code,
/// the code is typed in; `first_lines` are typed in at once.
pub(crate) fn run(mut command: Command, folder: &Path, person: &Person<'_>) -> Result<Ended> {
    let name = format!("{command:?}");
    let out = folder.join("stdout.log");
    let err = folder.join("stderr.log");
    command.stdin(Stdio::piped()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let code = person.attend(&mut child).with_context(|| format!("while running {name}"));
    let code = match code {
        Ok(code) => code,
        Err(error) => {
            end(&mut child);
            return Err(error);
        }
    };
    let text = |path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Ended { code, stdout: text(&out)?, stderr: text(&err)? })
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
    /// Somebody with a phone, who first types `lines` and then the code that appears on it.
    WithPhone { fake: &'a Fake, lines: &'a str },
}

impl Person<'_> {
    fn attend(&self, child: &mut Child) -> Result<i32> {
        let mut keyboard = child.stdin.take();
        let mut phone = match self {
            Self::Nobody => None,
            Self::WithPhone { fake, lines } => {
                if let Some(keyboard) = &mut keyboard {
                    keyboard.write_all(lines.as_bytes()).context("the program does not read its stdin")?;
                }
                Some((*fake, fake.codes()?.len()))
            }
        };
        if phone.is_none() {
            keyboard = None;
        }
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(exit_code(status));
            }
            if start.elapsed() > PATIENCE {
                bail!("it did not end within {} s", PATIENCE.as_secs());
            }
            if let (Some((fake, before)), Some(stdin)) = (phone, &mut keyboard) {
                let codes = fake.codes()?;
                if let Some(code) = codes.get(before..).and_then(|new| new.last()) {
                    // It may have ended without reading; its exit code tells.
                    let _ = writeln!(stdin, "{code}");
                    keyboard = None;
                    phone = None;
                }
            }
            thread::sleep(POLL);
        }
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
