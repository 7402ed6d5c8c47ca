//! What a service manager wants to know (`sd_notify`): that the program is ready, what it does, that it lives, that it stops.
//! Without a manager that asked for it nothing happens.

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    use sd_notify::NotifyState;
    use tracing::debug;

    /// How long a manager may leave its socket full. Of what it must not miss alone: a heart beats again.
    const PATIENCE: Duration = Duration::from_millis(250);

    fn tell(state: &NotifyState<'_>) {
        let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
        let patience = (!matches!(state, NotifyState::Watchdog)).then_some(PATIENCE);
        if let Err(error) = send(&socket, state.to_string().as_bytes(), patience) {
            debug!("The service manager cannot be told: {error}");
        }
    }

    fn send(to: &OsStr, message: &[u8], patience: Option<Duration>) -> io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        connect(&socket, to)?;
        match patience {
            Some(_) => socket.set_write_timeout(patience)?,
            None => socket.set_nonblocking(true)?,
        }
        socket.send(message).map(drop)
    }

    /// A name that begins with `@` is one of the system's, and of no file.
    fn connect(socket: &UnixDatagram, to: &OsStr) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(name) = std::os::unix::ffi::OsStrExt::as_bytes(to).strip_prefix(b"@") {
            use std::os::linux::net::SocketAddrExt as _;
            return socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?);
        }
        socket.connect(to)
    }

    /// The options are understood and work begins: an account may yet need a person, and others go on meanwhile.
    pub(crate) fn ready() {
        tell(&NotifyState::Ready);
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(text: &str) {
        tell(&NotifyState::Status(text));
    }

    pub(crate) fn stopping() {
        tell(&NotifyState::Stopping);
    }

    /// Says that the program lives, twice as often as it must, for as long as it is polled.
    pub(crate) async fn heartbeat() {
        let Some(period) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        let mut beat = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
        loop {
            beat.tick().await;
            tell(&NotifyState::Watchdog);
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_manager_that_does_not_read_holds_nobody_up() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("notify");
            let _manager = UnixDatagram::bind(&path).unwrap();
            let began = std::time::Instant::now();
            while send(path.as_os_str(), b"WATCHDOG=1", None).is_ok() {}
            assert!(send(path.as_os_str(), b"READY=1", Some(Duration::from_millis(10))).is_err());
            assert!(began.elapsed() < Duration::from_secs(20));
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
