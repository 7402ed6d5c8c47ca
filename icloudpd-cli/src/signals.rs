//! Ctrl-C, and what a service manager sends to end a program.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use icloud_photos::sync::StopSignal;

use crate::exit::Exit;

/// How work is told to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Brake {
    pub(crate) signal: StopSignal,
    /// Somebody heeds the signal; all other work is simply dropped.
    heeded: Arc<AtomicBool>,
    /// Which signal it was.
    exit: Arc<OnceLock<Exit>>,
}

impl Brake {
    /// Tells the work to end, for this signal.
    pub(crate) fn pull(&self, exit: Exit) {
        // The first one counts.
        let _ = self.exit.set(exit);
        self.signal.stop();
    }

    /// How the program will end, once a signal came.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.exit.get().copied()
    }

    /// For as long as the future runs, ending is its own business.
    pub(crate) async fn heeding<F: Future>(&self, work: F) -> F::Output {
        self.heeded.store(true, Relaxed);
        let output = work.await;
        self.heeded.store(false, Relaxed);
        output
    }

    /// Whether there is anybody to wait for once the signal is given.
    pub(crate) fn is_heeded(&self) -> bool {
        self.heeded.load(Relaxed)
    }
}

/// Waits for the next signal to end, and says with which code.
#[cfg(unix)]
pub(crate) async fn next() -> Exit {
    use tokio::signal::unix::SignalKind;
    tokio::select! {
        () = one(SignalKind::terminate()) => Exit::Terminated,
        () = one(SignalKind::hangup()), if heeds_hangups() => Exit::HungUp,
        exit = interrupt(), if heeds_interrupts() => exit,
    }
}

#[cfg(unix)]
async fn one(kind: tokio::signal::unix::SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Whether the end of the terminal is to end us. Not where we were started to outlive it (`nohup`): heeding the signal would undo
/// that.
#[cfg(unix)]
fn heeds_hangups() -> bool {
    use std::io::IsTerminal as _;
    // Where nobody can be asked: `nohup` leaves no output at the terminal.
    let at_terminal = || std::io::stdout().is_terminal() || std::io::stderr().is_terminal();
    ignored().map_or_else(at_terminal, |mask| mask & HANGUP == 0)
}

/// Whether Ctrl-C is meant for us. Not where a shell started us beside itself (`&` in a script, `trap "" INT`).
#[cfg(unix)]
pub(crate) fn heeds_interrupts() -> bool {
    ignored().is_none_or(|mask| mask & INTERRUPT == 0)
}

/// Bits of [`ignored`]; the first is that of the first signal.
#[cfg(unix)]
const HANGUP: u64 = 1;
#[cfg(unix)]
const INTERRUPT: u64 = 1 << 1;

/// What whoever started us had us ignore, as far as the system tells. To be asked before any of them is heeded.
#[cfg(unix)]
fn ignored() -> Option<u64> {
    static IGNORED: std::sync::LazyLock<Option<u64>> = std::sync::LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok())
    });
    *IGNORED
}

/// From now on SIGUSR1, which ends a program that knows nothing of it, does nothing where nobody waits for it. Needs a runtime.
#[cfg(unix)]
pub(crate) fn outlive_nudges() {
    // What is heeded once is never again left to the system.
    drop(Nudges::new());
}

#[cfg(not(unix))]
pub(crate) fn outlive_nudges() {}

#[cfg(not(unix))]
pub(crate) async fn next() -> Exit {
    interrupt().await
}

/// SIGUSR1: the next round is to begin. One that comes during a round is not lost.
#[cfg(unix)]
pub(crate) struct Nudges(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Nudges {
    pub(crate) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::user_defined1()).ok())
    }

    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(nudges) => drop(nudges.recv().await),
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
pub(crate) struct Nudges;

#[cfg(not(unix))]
impl Nudges {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) async fn next(&mut self) {
        std::future::pending().await
    }
}

/// SIGCONT: the program was stopped and goes on; who was in front meanwhile may have changed the terminal.
#[cfg(unix)]
pub(crate) struct Continued(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Continued {
    pub(crate) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())).ok())
    }

    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(continued) => drop(continued.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// The end of the program. Ctrl-C is to be what ended it: a shell goes on with its script if we seem to have ended by ourselves.
#[cfg(unix)]
pub(crate) fn end(exit: Exit) -> u8 {
    use rustix::process::{Signal, getpid};
    // The first process of a container does not die of signals.
    if exit == Exit::Interrupted && !getpid().is_init() {
        let _ = signal_hook::low_level::emulate_default_handler(Signal::INT.as_raw());
    }
    exit.code()
}

#[cfg(not(unix))]
pub(crate) fn end(exit: Exit) -> u8 {
    exit.code()
}

async fn interrupt() -> Exit {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Interrupted,
        // Where there is no such thing nobody sends it.
        Err(_) => std::future::pending().await,
    }
}

/// How the terminal was when the program began: a password prompt that a signal cuts short leaves it without an echo.
#[cfg(unix)]
pub(crate) struct Terminal(std::fs::File, rustix::termios::Termios);

#[cfg(unix)]
impl Terminal {
    /// `None` without a terminal. One that others are in front of is as they need it.
    pub(crate) fn remember() -> Option<Self> {
        let terminal = std::fs::File::open("/dev/tty").ok().filter(Self::is_ours)?;
        let state = rustix::termios::tcgetattr(&terminal).ok()?;
        Some(Self(terminal, state))
    }

    fn is_ours(terminal: &std::fs::File) -> bool {
        crate::prompt::modes::is_ours(std::os::fd::AsFd::as_fd(terminal))
    }

    pub(crate) fn give_back(&self) {
        if Self::is_ours(&self.0) {
            // It may be gone.
            let _ = rustix::termios::tcsetattr(&self.0, rustix::termios::OptionalActions::Now, &self.1);
        }
    }
}

#[cfg(not(unix))]
pub(crate) struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    pub(crate) fn remember() -> Option<Self> {
        None
    }

    pub(crate) fn give_back(&self) {}
}
