//! What a fetch did: counted, printed as a line or as JSON, and shown while it goes on.

use std::io::{self, IsTerminal};
use std::ops::AddAssign;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::intake::Outcome;

/// Mails, counted by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Read from the server.
    pub fetched: usize,
    /// Opened a ticket or went into one.
    pub stored: usize,
    /// Were on record already.
    pub duplicates: usize,
    /// Are kept raw for a human.
    pub quarantined: usize,
    /// Were dropped on record.
    pub dropped: usize,
    /// Could not be read or taken in; they stay where they are.
    pub failed: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.fetched += other.fetched;
        self.stored += other.stored;
        self.duplicates += other.duplicates;
        self.quarantined += other.quarantined;
        self.dropped += other.dropped;
        self.failed += other.failed;
    }
}

impl Counts {
    pub(super) const fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Opened | Outcome::Appended => self.stored += 1,
            Outcome::Duplicate => self.duplicates += 1,
            Outcome::Quarantined => self.quarantined += 1,
            Outcome::Dropped => self.dropped += 1,
            // `intake` refuses nothing of ours: there is no sender to refuse it to.
            Outcome::Refused(_) => self.failed += 1,
        }
    }

    fn as_json(&self) -> Value {
        json!({
            "fetched": self.fetched, "stored": self.stored, "duplicates": self.duplicates,
            "quarantined": self.quarantined, "dropped": self.dropped, "failed": self.failed,
        })
    }
}

/// One folder of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderSummary {
    /// Its name as people write it.
    pub name: String,
    /// Its mails.
    pub counts: Counts,
    /// What went wrong, if anything.
    pub error: Option<String>,
    /// The host that reads it at this time, where that is not ours.
    pub elsewhere: Option<String>,
}

impl FolderSummary {
    /// One of which nothing was read.
    pub(super) fn untouched(name: &str) -> Self {
        Self { name: name.to_owned(), counts: Counts::default(), error: None, elsewhere: None }
    }
}

/// One mailbox.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub(crate) struct Summary {
    /// The desk's address.
    pub address: String,
    /// Folder by folder.
    pub folders: Vec<FolderSummary>,
    /// Seconds it took.
    pub seconds: f64,
    /// What went wrong with the mailbox as a whole, if anything.
    pub error: Option<String>,
}

impl Summary {
    /// The mails of all folders.
    #[must_use]
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for folder in &self.folders {
            sum += folder.counts;
        }
        sum
    }

    /// What went wrong, each with its folder.
    #[must_use]
    pub(crate) fn errors(&self) -> Vec<String> {
        let whole = self.error.iter().map(|error| format!("{}: {error}", self.address));
        let folders = self.folders.iter().filter_map(|folder| {
            Some(format!("{}, folder {}: {}", self.address, folder.name, folder.error.as_deref()?))
        });
        whole.chain(folders).collect()
    }

    /// Whether every mail was taken in and settled.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.counts().failed == 0 && self.errors().is_empty()
    }

    /// For programs.
    #[must_use]
    pub(crate) fn as_json(&self) -> Value {
        let folders = self.folders.iter().map(|folder| {
            let mut object = json!({ "folder": folder.name });
            merge(&mut object, folder.counts.as_json());
            merge(&mut object, json!({ "error": folder.error, "fetched_by": folder.elsewhere }));
            object
        });
        let errors = self.errors();
        let mut object = json!({ "address": self.address });
        merge(&mut object, self.counts().as_json());
        let error = (!errors.is_empty()).then(|| errors.join("; "));
        let folders: Vec<Value> = folders.collect();
        merge(
            &mut object,
            json!({ "seconds": (self.seconds * 1000.0).round() / 1000.0, "error": error, "folders": folders }),
        );
        object
    }

    /// For people.
    #[must_use]
    pub(crate) fn as_text(&self) -> String {
        let Counts { fetched, stored, duplicates, quarantined, dropped, failed } = self.counts();
        let verdict = if self.errors().is_empty() { "" } else { ", stopped by an error" };
        let elsewhere = self
            .folders
            .iter()
            .filter_map(|folder| Some(format!("; host {} reads {} now", folder.elsewhere.as_deref()?, folder.name)));
        format!(
            "{}: fetched {fetched}, stored {stored}, duplicates {duplicates}, quarantined {quarantined}, \
             dropped {dropped}, failed {failed}, {:.1} seconds{verdict}{}",
            self.address,
            self.seconds,
            elsewhere.collect::<String>()
        )
    }
}

fn merge(object: &mut Value, more: Value) {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
}

/// A bar on the terminal for all mailboxes together; nothing elsewhere.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar that shows itself when stderr is a terminal.
    pub(super) fn on_terminal() -> Self {
        if !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        // A template of ours that cannot be read leaves the default one: nothing but looks depends on it.
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} mails {per_sec} {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// A bar that never shows itself.
    pub(super) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    pub(super) fn expect(&self, mails: usize) {
        self.bar.inc_length(mails as u64);
    }

    pub(super) fn advance(&self, mails: usize) {
        self.bar.inc(mails as u64);
    }

    /// Takes the bar off the terminal.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_adds_its_folders_and_names_their_errors() {
        let folder = |name: &str, stored, error: Option<&str>| FolderSummary {
            name: name.to_owned(),
            counts: Counts { fetched: stored, stored, ..Counts::default() },
            error: error.map(str::to_owned),
            elsewhere: None,
        };
        let folders = vec![folder("INBOX", 2, None), folder("Ärger", 1, Some("no such folder"))];
        let summary = Summary { address: "a@example.org".to_owned(), folders, seconds: 0.25, error: None };
        assert_eq!(summary.counts().stored, 3);
        assert!(!summary.is_clean());
        assert_eq!(summary.errors(), ["a@example.org, folder Ärger: no such folder"]);
        assert_eq!(summary.as_json()["fetched"], 3);
        assert_eq!(summary.as_json()["folders"][1]["folder"], "Ärger");
        assert!(summary.as_text().starts_with("a@example.org: fetched 3, stored 3, duplicates 0, "));
    }
}
