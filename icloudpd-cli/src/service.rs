//! What a service manager wants to know (`sd_notify`): that the program is ready, what it does, that it lives, that it stops.
//! Without a manager that asked for it nothing happens.

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use sd_notify::NotifyState;
    use tracing::debug;

    fn tell(state: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(state) {
            debug!("The service manager cannot be told: {error}");
        }
    }

    /// The options are understood and work begins: an account may yet need a person, and others go on meanwhile.
    pub(crate) fn ready() {
        tell(&[NotifyState::Ready]);
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(text: &str) {
        tell(&[NotifyState::Status(text)]);
    }

    pub(crate) fn stopping() {
        tell(&[NotifyState::Stopping]);
    }

    /// Says that the program lives, twice as often as it must, for as long as it is polled.
    pub(crate) async fn heartbeat() {
        let Some(period) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        let mut beat = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
        loop {
            beat.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    }
}

#[cfg(unix)]
pub(crate) use self::unix::{heartbeat, ready, status, stopping};

#[cfg(not(unix))]
pub(crate) fn ready() {}
#[cfg(not(unix))]
pub(crate) fn status(_: &str) {}
#[cfg(not(unix))]
pub(crate) fn stopping() {}
#[cfg(not(unix))]
pub(crate) async fn heartbeat() {
    std::future::pending().await
}
