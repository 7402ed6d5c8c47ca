//! What the program says, and where.
//!
//! Log lines have icloudpd's shape and go to standard output, where scripts look for them. With
//! `--only-print-filenames` standard output holds names only: the log is silent and an error goes to standard error. With `--json` it
//! holds JSON only, and the log goes to standard error.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::Path;

use icloud_photos::{Error, Result};
use indicatif::MultiProgress;
use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::LogLevel;
use crate::config::Config;

/// The target of events of several lines, of which icloudpd stamps the first only. They hold no name of other people's.
pub(crate) const PARAGRAPH: &str = "icloudpd::paragraph";

/// Starts the log. Lines are printed above whatever `bars` shows.
///
/// The library's own events come through from the level `warn` on, or as `RUST_LOG` says.
pub(crate) fn start_log(config: &Config, bars: MultiProgress) {
    let ours = match config.log_level {
        _ if config.only_print_filenames => "off",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Error => "error",
    };
    // What SFTP complains of is told once, with the file that it is about.
    let others = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn,openssh_sftp_client=off".to_owned());
    let filter = EnvFilter::new(format!("{others},icloudpd={ours}"));
    let lines = Lines { bars, to_stderr: config.keeps_stdout() };
    // A second start would be a defect, and then the first log goes on.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

/// Prints a line that is the product itself, such as a title or a path, not a log line. `Break` says that nobody reads
/// any more: the caller stops, and that is no failure.
///
/// # Errors
/// When standard output cannot be written to for another reason.
pub(crate) fn print(bars: &MultiProgress, line: impl fmt::Display) -> Result<ControlFlow<()>> {
    let line = line.to_string();
    let line = harmless(&line, &['\n']);
    match bars.suspend(|| writeln!(io::stdout().lock(), "{line}")) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(Error::storage(error, "standard output")),
    }
}

/// Turns events into lines.
struct Lines {
    bars: MultiProgress,
    to_stderr: bool,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        let allowed: &[char] = if event.metadata().target() == PARAGRAPH { &['\n'] } else { &[] };
        let line = line(&Zoned::now(), *event.metadata().level(), &message.text, allowed);
        // A log that nobody reads any more must not stop the work.
        let _ = self.bars.suspend(|| match self.to_stderr {
            true => io::stderr().lock().write_all(line.as_bytes()),
            false => io::stdout().lock().write_all(line.as_bytes()),
        });
    }
}

/// `YYYY-MM-DD HH:MM:SS LEVEL    message` and a line feed.
fn line(now: &Zoned, level: Level, message: &str, allowed: &[char]) -> String {
    let level = match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    };
    format!("{} {level:<8} {}\n", now.strftime("%Y-%m-%d %H:%M:%S"), harmless(message, allowed))
}

/// Names come from other people: what would move the cursor, colour the terminal or feign a line is shown as an escape, but for
/// what is `allowed`.
fn harmless<'a>(text: &'a str, allowed: &[char]) -> Cow<'a, str> {
    let harms = |letter: &char| letter.is_control() && !allowed.contains(letter);
    if !text.chars().any(|letter| harms(&letter)) {
        return Cow::Borrowed(text);
    }
    let shown =
        |letter: char| if harms(&letter) { letter.escape_default().to_string() } else { letter.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// The message of an event, followed by its fields.
#[derive(Default)]
struct Message {
    text: String,
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.text, "{value:?}"),
            name => write!(self.text, " {name}={value:?}"),
        };
    }
}

/// A path as icloudpd shows it in most lines: at most 96 characters, the middle left out.
pub(crate) fn shorten(path: &Path) -> String {
    truncate_middle(&path.to_string_lossy(), 96)
}

/// icloudpd's rule, which gives one character less than `limit`.
fn truncate_middle(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    if limit <= 3 {
        return ".".repeat(limit);
    }
    let half = limit / 2 - 2;
    let (head, tail) = (limit - half - 4, half.max(1));
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}...{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_icloudpds_shape() {
        let now: Zoned = "2018-01-01T00:00:00[UTC]".parse().unwrap();
        assert_eq!(
            line(&now, Level::INFO, "Test info output", &[]),
            "2018-01-01 00:00:00 INFO     Test info output\n"
        );
        assert_eq!(line(&now, Level::DEBUG, "x", &[]), "2018-01-01 00:00:00 DEBUG    x\n");
        assert_eq!(line(&now, Level::ERROR, "x", &[]), "2018-01-01 00:00:00 ERROR    x\n");
        assert_eq!(line(&now, Level::WARN, "x", &[]), "2018-01-01 00:00:00 WARNING  x\n");
        assert_eq!(line(&now, Level::INFO, "x\ny\r", &['\n']), "2018-01-01 00:00:00 INFO     x\ny\\r\n");
    }

    #[test]
    fn names_cannot_feign_lines_nor_speak_to_the_terminal() {
        let now: Zoned = "2018-01-01T00:00:00[UTC]".parse().unwrap();
        assert_eq!(
            line(&now, Level::INFO, "Jörg\u{1b}[2J\r\nall is well\u{9b}1m", &[]),
            "2018-01-01 00:00:00 INFO     Jörg\\u{1b}[2J\\r\\nall is well\\u{9b}1m\n"
        );
        assert_eq!(harmless("two\nlines\u{7}", &['\n']), "two\nlines\\u{7}");
    }

    #[test]
    fn long_paths_lose_their_middle() {
        let table = [
            (50, "test_filename.jpg"),
            (17, "test_filename.jpg"),
            (16, "test_f...me.jpg"),
            (10, "tes...jpg"),
            (5, "t...g"),
            (4, "...g"),
            (3, "..."),
            (1, "."),
            (0, ""),
        ];
        for (limit, short) in table {
            assert_eq!(truncate_middle("test_filename.jpg", limit), short, "{limit}");
        }
        assert_eq!(shorten(Path::new(&"é".repeat(97))).chars().count(), 95);
    }
}
