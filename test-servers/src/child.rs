//! Programs that serve: started on a port that was free, awaited, ended by their id, and all that they started with them: `sshd` has a
//! process for each client, which outlives it, and so would the client's.

use std::fmt;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take until it serves.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running program; killed when dropped.
pub(crate) struct Guard {
    child: Child,
}

impl Guard {
    /// Starts what `command` makes for a free port, and waits until it takes connections there. Somebody else may take the port in
    /// between; then another is tried.
    ///
    /// # Panics
    /// If it ends or stays silent; `log` is shown then.
    pub(crate) fn serve(log: &Path, command: impl Fn(u16) -> Command) -> (Self, SocketAddr) {
        for _ in 0..5 {
            let address = free_address();
            let child = command(address.port()).spawn().expect("the program was found before");
            let mut guard = Self { child };
            if guard.await_connections(address) {
                return (guard, address);
            }
        }
        let log = std::fs::read_to_string(log).unwrap_or_default();
        panic!("the server did not start; it says:\n{log}");
    }

    fn await_connections(&mut self, address: SocketAddr) -> bool {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            if TcpStream::connect(address).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Whose child they were nobody knows any more once it is gone.
        let below = descendants(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        for id in below.into_iter().filter_map(|id| Pid::from_raw(id.try_into().ok()?)) {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

/// The processes that this one started, and those that they started.
fn descendants(id: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let parents: Vec<(u32, u32)> = ids.filter_map(|id| Some((id, parent(id)?))).collect();
    let mut found = vec![id];
    let mut next = 0;
    while let Some(&id) = found.get(next) {
        found.extend(parents.iter().filter(|(_, parent)| *parent == id).map(|(child, _)| child));
        next += 1;
    }
    found.split_off(1)
}

fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in brackets and may hold some; then come the state and the parent.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("id", &self.child.id()).finish()
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
    listener.local_addr().expect("the port that was bound")
}

/// Where a program is, in the places where Debian has programs; `/usr/sbin` is not in everybody's path.
pub(crate) fn find(program: &str) -> Option<std::path::PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Whether this process may do everything; servers then want to be told what they may not.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}
