//! How far long work is: on a terminal a bar with rate and time left, for `serve`, which shows it in the browser, lines.
//! Nothing anywhere else.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{self, Output};
use crate::outcome::{PROGRESS_LINE, PROGRESS_VARIABLE};

/// Between two lines. Chosen: nobody reads faster, and each is written to the database.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// What a bar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Mails.
    Mails,
    /// Pages of the database, of 4 kB.
    Pages,
    /// Parts of the work, which are long.
    Parts,
}

/// A bar on stderr, or lines there.
pub(super) struct Progress {
    bar: ProgressBar,
    unit: Unit,
    /// When the last line was written, where lines are wanted.
    told: Option<Mutex<Option<Instant>>>,
}

impl Progress {
    /// A bar that ends at `total`; it shows on a terminal only, and not when the sysadmin wants quiet.
    pub(super) fn new(out: &Output, unit: Unit, total: u64) -> Self {
        let is_shown = stderr().is_terminal() && !out.is_quiet();
        let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = match unit {
            Unit::Bytes => "{msg:16} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
            Unit::Mails => "{msg:16} {wide_bar} {human_pos}/{human_len} mails {per_sec} {eta} left",
            Unit::Pages => "{msg:16} {wide_bar} {percent} % {eta} left",
            Unit::Parts => "{spinner} {msg:16} part {pos} of {len}, {elapsed}",
        };
        // A template of ours that cannot be read leaves the default one: nothing but looks depends on it.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if is_shown {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        let told = std::env::var_os(PROGRESS_VARIABLE).map(|_| Mutex::new(None));
        Self { bar, unit, told }
    }

    /// Writes a line, unless one was written a moment ago.
    fn tell(&self) {
        let Some(told) = &self.told else { return };
        let mut last = told.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= LINE_EVERY) {
            *last = Some(Instant::now());
            let (at, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let far = match self.unit {
                Unit::Parts => format!("{at}/{all}"),
                Unit::Bytes | Unit::Mails | Unit::Pages => {
                    format!("{} %", at.saturating_mul(100).checked_div(all).unwrap_or(0).min(100))
                }
            };
            output::progress(&format!("{PROGRESS_LINE}{} {far}", self.bar.message()));
        }
    }

    /// Starts another part of the same length or a new one.
    pub(super) fn part(&self, name: &'static str, total: u64) {
        self.bar.set_message(name);
        self.bar.set_length(total);
        self.bar.set_position(0);
        self.bar.reset_eta();
        self.tell();
    }

    /// Where it ends, once that is known.
    pub(super) fn length(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// What is being done.
    pub(super) fn name(&self, name: &'static str) {
        self.bar.set_message(name);
    }

    /// How far it is.
    pub(super) fn at(&self, position: u64) {
        self.bar.set_position(position);
        self.tell();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
