//! The progress bar: photos looked at, files and bytes that were fetched, rate, time left. On standard error, and only for a person who looks.

use std::fmt;
use std::io::{IsTerminal as _, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const TEMPLATE: &str = "[{bar:30}] {pos}/{len} looked at, {fetched}, {eta} left";

/// Where bars are drawn. Log lines go through it as well, so that they stand above the bar. As with icloudpd, whoever sets
/// `FORCE_TQDM` gets one wherever it goes.
pub(crate) fn area(wanted: bool) -> MultiProgress {
    if std::env::var_os("FORCE_TQDM").is_some_and(|value| !value.is_empty()) {
        let anything = Box::new(console::Term::stderr());
        return MultiProgress::with_draw_target(ProgressDrawTarget::term_like_with_hz(anything, 4));
    }
    let seen = wanted && stdout().is_terminal() && stderr().is_terminal();
    MultiProgress::with_draw_target(if seen {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    })
}

/// The bar of one run. It vanishes with this value.
#[derive(Debug)]
pub(crate) struct Progress {
    area: MultiProgress,
    bar: ProgressBar,
    fetched: Arc<Fetched>,
}

/// What came in so far.
#[derive(Debug, Default)]
struct Fetched {
    files: AtomicU64,
    bytes: AtomicI64,
}

impl Progress {
    /// Begins at nothing.
    pub(crate) fn start(area: &MultiProgress) -> Self {
        let fetched = Arc::<Fetched>::default();
        let bar = area.add(ProgressBar::no_length().with_style(style(fetched.clone())));
        if !area.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self { area: area.clone(), bar, fetched }
    }

    /// So many more photos will be looked at.
    pub(crate) fn expect(&self, photos: u64) {
        // Without a length the bar is empty, not full.
        self.bar.set_length(self.bar.length().unwrap_or(0) + photos);
    }

    /// A photo was looked at; what is missing of it may still be on its way.
    pub(crate) fn photo(&self) {
        self.bar.inc(1);
    }

    /// A file was fetched.
    pub(crate) fn file(&self) {
        self.fetched.files.fetch_add(1, Relaxed);
    }

    /// Bytes came in, or were thrown away again.
    pub(crate) fn bytes(&self, count: i64) {
        self.fetched.bytes.fetch_add(count, Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        // Watch mode has one for each round.
        self.area.remove(&self.bar);
    }
}

fn style(fetched: Arc<Fetched>) -> ProgressStyle {
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("#> ").with_key("fetched", move |state: &ProgressState, out: &mut dyn fmt::Write| {
        // An error here could only come from the terminal, and then there is nothing to show.
        let _ = out.write_str(&fetched.told(state.elapsed()));
    })
}

impl Fetched {
    fn told(&self, elapsed: Duration) -> String {
        let files = self.files.load(Relaxed);
        let noun = if files == 1 { "file" } else { "files" };
        format!("{files} {noun} fetched, {}", rate(self.bytes.load(Relaxed), elapsed))
    }
}

fn rate(bytes: i64, elapsed: Duration) -> String {
    let bytes = u64::try_from(bytes).unwrap_or(0);
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = bytes.saturating_mul(1000) / milliseconds;
    format!("{} at {}/s", HumanBytes(bytes), HumanBytes(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_bytes_by_time() {
        assert_eq!(rate(4 << 20, Duration::from_secs(2)), "4.00 MiB at 2.00 MiB/s");
        assert_eq!(rate(-5, Duration::ZERO), "0 B at 0 B/s");
    }

    #[test]
    fn files_are_counted_when_they_are_here() {
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let progress = Progress::start(&area);
        progress.expect(3);
        progress.photo();
        progress.bytes(2 << 20);
        let second = Duration::from_secs(1);
        assert_eq!(progress.fetched.told(second), "0 files fetched, 2.00 MiB at 2.00 MiB/s");
        progress.file();
        assert_eq!(progress.fetched.told(second), "1 file fetched, 2.00 MiB at 2.00 MiB/s");
    }

    #[test]
    fn the_template_is_understood() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
