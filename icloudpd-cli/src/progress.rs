//! The progress bar: files done, bytes per second, time left. On standard error, and only for a person who looks.

use std::io::{IsTerminal as _, stderr, stdout};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{bar:30} {pos}/{len} {bytes_done} at {rate}, {eta} left";

/// Where bars are drawn. Log lines go through it as well, so that they stand above the bar.
pub(crate) fn area(wanted: bool) -> MultiProgress {
    let seen = wanted && stdout().is_terminal() && stderr().is_terminal();
    MultiProgress::with_draw_target(if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() })
}

