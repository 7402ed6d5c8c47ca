//! Ctrl-C, and what a service manager sends to end a program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use icloud_photos::sync::StopSignal;

use crate::exit::Exit;

/// How work is told to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Brake {
    pub(crate) signal: StopSignal,
    /// Somebody heeds the signal; all other work is simply dropped.
    heeded: Arc<AtomicBool>,
}

impl Brake {
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
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => Exit::Terminated,
            exit = interrupt() => exit,
        },
        Err(_) => interrupt().await,
    }
}

#[cfg(not(unix))]
pub(crate) async fn next() -> Exit {
    interrupt().await
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
    /// `None` without a terminal.
    pub(crate) fn remember() -> Option<Self> {
        let terminal = std::fs::File::open("/dev/tty").ok()?;
        let state = rustix::termios::tcgetattr(&terminal).ok()?;
        Some(Self(terminal, state))
    }

    pub(crate) fn give_back(&self) {
        // It may be gone.
        let _ = rustix::termios::tcsetattr(&self.0, rustix::termios::OptionalActions::Now, &self.1);
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
