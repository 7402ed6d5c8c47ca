//! Files that the user names and that hold one secret. They may be pipes (`<(pass show apple)`), or named by mistake.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

/// Bytes.
const MOST: usize = 64 << 10;

/// A pipe may wait for a person that a key store asks.
const PATIENCE: Duration = Duration::from_secs(300);

/// All that it holds, or its first line.
///
/// # Errors
/// What the file system reports, of text that is none or too long, and if nothing comes from a pipe.
pub(crate) fn read(path: &Path, only_line: bool) -> io::Result<String> {
    read_within(path, only_line, PATIENCE)
}

fn read_within(path: &Path, only_line: bool, patience: Duration) -> io::Result<String> {
    let mut file = opened(path)?;
    // Growing would leave copies behind.
    let mut text = Vec::with_capacity(MOST + 1);
    // The next byte by itself: what follows the line in a pipe may be for others.
    let mut byte = [0];
    loop {
        wait(&file, patience)?;
        match file.read(&mut byte) {
            Ok(0) => break,
            Ok(_) if only_line && byte == *b"\n" => {
                // As Windows ends its lines.
                text.pop_if(|last| *last == b'\r');
                break;
            }
            Ok(_) if text.len() == MOST => {
                let what = if only_line { "its first line" } else { "it" };
                return Err(io::Error::other(format!("{what} is longer than {MOST} bytes")));
            }
            Ok(_) => text.extend(byte),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(error) => return Err(error),
        }
    }
    // The error would hold the bytes.
    String::from_utf8(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// Opening a pipe would wait for whoever writes into it.
#[cfg(unix)]
fn opened(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(unix)]
fn wait(file: &File, patience: Duration) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let patience = Timespec::try_from(patience).ok();
    match poll(&mut [PollFd::new(file, PollFlags::IN)], patience.as_ref()) {
        Ok(0) => Err(io::Error::new(io::ErrorKind::TimedOut, "it is a pipe, and nothing comes out of it")),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn opened(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(not(unix))]
fn wait(_: &File, _: Duration) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn what_follows_the_line_is_nobodys_business() {
        let much = [&b"a secret\r\n\xff\xfe"[..], &[b'x'; 2 * MOST]].concat();
        assert_eq!(read(file(&much).path(), true).unwrap(), "a secret");
        assert_eq!(read(file(b"a secret").path(), true).unwrap(), "a secret");
        assert_eq!(read(file(b" a\n b\n").path(), false).unwrap(), " a\n b\n");
    }

    #[test]
    fn what_never_ends_is_refused() {
        for only_line in [true, false] {
            let error = read(Path::new("/dev/zero"), only_line).unwrap_err().to_string();
            assert!(error.ends_with("longer than 65536 bytes"), "{error}");
        }
        let error = read(file(b"p\xe4ss").path(), true).unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }

    #[test]
    fn pipes_are_read_as_long_as_somebody_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let nothing = read_within(&path, true, Duration::from_millis(100)).unwrap_err();
        assert!(nothing.to_string().contains("nothing comes out"), "{nothing}");
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                let mut pipe = File::options().write(true).open(path).unwrap();
                pipe.write_all(b"sec").unwrap();
                std::thread::sleep(Duration::from_millis(200));
                // It stays open behind the line.
                pipe.write_all(b"ret\nmore").unwrap();
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        assert_eq!(read_within(&path, true, Duration::from_secs(20)).unwrap(), "secret");
        writer.join().unwrap();
    }
}
