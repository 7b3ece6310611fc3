//! Long work that was asked for in the browser, each piece by a command of its own: it holds no thread of requests, writes
//! as any other command does, and one that fails takes nothing along. What it prints is kept for the page.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::threads::Threads;
use crate::child;
use crate::domain::Timestamp;
use crate::outcome::{EXIT_DONE, EXIT_PARTLY, PROGRESS_LINE, PROGRESS_VARIABLE};
use crate::store::errand::Outcome;
use crate::store::{self, Store};
use crate::web::setup::Work;

/// Between two signs of life. Chosen: what the page shows is a moment old; six missed ones count as the end.
const SIGN_EVERY: Duration = Duration::from_secs(10);

/// Between two notes of how far the work is.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

/// Most bytes kept of what a command prints: the last ones, where it says how it ended.
const SAID_BYTES_MAX: usize = 64 * 1024;

/// Begins work that is on record, with our own program.
///
/// # Errors
/// Why no thread could be started for it.
pub(super) fn start(store: &Arc<Store>, threads: &Threads, command: Command, work: Work) -> Result<(), String> {
    let (store, stopping) = (Arc::clone(store), threads.clone());
    let mut once = Some((command, work));
    let run = move || {
        // Work that panicked is not begun again: what it has done is not known.
        if let Some((command, work)) = once.take() {
            carry_out(&store, &stopping, command, &work);
        }
    };
    threads.start("errand", run).map_err(|failure| format!("{failure:#}"))
}

/// The newest lines of what was printed.
#[derive(Default)]
struct Printed {
    lines: VecDeque<String>,
    bytes: usize,
    left_out: usize,
}

impl Printed {
    fn add(&mut self, line: &str) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line.to_owned());
        while self.bytes > SAID_BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len() + 1;
            self.left_out += 1;
        }
    }

    fn text(&self) -> String {
        let lines = self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        if self.left_out > 0 { format!("… ({} lines before)\n{lines}", self.left_out) } else { lines }
    }
}

/// What is known of work that runs.
struct Running<'a> {
    store: &'a Store,
    work: &'a Work,
    progress: String,
    noted_at: Instant,
    is_ours: bool,
}

impl Running<'_> {
    /// Gives a sign of life when one is due, and how far the work is.
    fn note(&mut self, is_news: bool) {
        let every = if is_news { PROGRESS_EVERY } else { SIGN_EVERY };
        if self.noted_at.elapsed() < every {
            return;
        }
        self.noted_at = Instant::now();
        let (kind, run, now) = (self.work.kind, self.work.run, self.store.now());
        match self.store.write_soon(|tx| tx.note_errand(kind, run, &self.progress, now)) {
            Ok(is_ours) => self.is_ours = is_ours,
            Err(error) => tracing::warn!(%error, "noting how far long work is; tried again"),
        }
    }
}

fn carry_out(store: &Store, threads: &Threads, mut command: Command, work: &Work) {
    tracing::info!(kind = work.kind.word(), "long work begins");
    command.arg("admin").args(&work.arguments).env(PROGRESS_VARIABLE, "1");
    let mut printed = Printed::default();
    let running = std::cell::RefCell::new(Running {
        store,
        work,
        progress: String::new(),
        noted_at: Instant::now(),
        is_ours: true,
    });
    let mut on_line = |line: &str| match line.strip_prefix(PROGRESS_LINE) {
        Some(progress) => {
            let mut running = running.borrow_mut();
            progress.clone_into(&mut running.progress);
            running.note(true);
        }
        None => printed.add(line),
    };
    let mut go_on = || {
        let mut running = running.borrow_mut();
        running.note(false);
        running.is_ours && !threads.is_stopping()
    };
    let ended = child::follow(&mut command, &mut on_line, &mut go_on);
    // What failed in part has named each part that did.
    let done = [i32::from(EXIT_DONE), i32::from(EXIT_PARTLY)];
    let is_done = ended.as_ref().is_ok_and(|status| status.code().is_some_and(|code| done.contains(&code)));
    match &ended {
        Ok(status) if !status.success() && printed.lines.is_empty() => printed.add(&child::ending(*status)),
        Ok(_) => {}
        Err(error) => printed.add(&error.to_string()),
    }
    tracing::info!(kind = work.kind.word(), is_done, "long work has ended");
    settle(store, work, &Outcome { is_done, said: &printed.text() });
}

/// Writes down how it ended, as often as it takes: the page would wait for it else.
fn settle(store: &Store, work: &Work, outcome: &Outcome<'_>) {
    /// Tries. Chosen: a database that is locked for minutes has other worries.
    const TRIES: usize = 3;
    for _ in 0..TRIES {
        let now: Timestamp = store.now();
        let done: store::Result<()> = store.write(|tx| tx.end_errand(work.kind, work.run, outcome, now));
        match done {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "noting the end of long work"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_printed_the_end_is_kept() {
        let mut printed = Printed::default();
        let line = "x".repeat(1023);
        for _ in 0..64 {
            printed.add(&line);
        }
        assert_eq!((printed.text().len(), printed.left_out), (SAID_BYTES_MAX - 1, 0));
        printed.add("the end");
        assert!(printed.text().starts_with("… (1 lines before)\n") && printed.text().ends_with("\nthe end"));
    }
}
