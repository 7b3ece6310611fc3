//! What tables and forms of the set-up are made of, and reading what was typed into them.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::errand::Shown;
use crate::domain::one_line::is_one_line;
use crate::domain::{EmailAddress, Timestamp};
use crate::web::call::Call;
use crate::web::form;

/// A list.
#[derive(Default)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) about: String,
    /// Where a new one is made.
    pub(super) add: Option<&'static str>,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Where it goes on.
    pub(super) older: String,
    /// What was searched for, where the list can be searched.
    pub(super) search: Option<String>,
    /// What a search keeps of the query: name and value.
    pub(super) kept: Option<(&'static str, &'static str)>,
    /// Parts of the list.
    pub(super) filters: Vec<Filter>,
    /// Further pages: text and path.
    pub(super) links: Vec<(String, String)>,
    /// The newest long work of this page.
    pub(super) errand: Option<Box<Shown>>,
    /// What is done on this page itself.
    pub(super) form: Option<Form>,
    /// Texts to copy: title, hint, text.
    pub(super) blocks: Vec<(String, String, String)>,
}

/// A part of a list.
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) path: String,
    pub(super) is_here: bool,
}

impl Table {
    /// Whether the page has a list at all, or only something to do.
    pub(super) fn is_list(&self) -> bool {
        !self.head.is_empty()
    }

    pub(super) fn has_deeds(&self) -> bool {
        self.rows
            .iter()
            .any(|row| row.edit.is_some() || row.remove.is_some() || !row.deeds.is_empty() || !row.links.is_empty())
    }
}

/// A line of a list.
#[derive(Default)]
pub(super) struct Row {
    /// For the ids of the page.
    pub(super) key: String,
    pub(super) cells: Vec<String>,
    /// Cells that are times, by their place.
    pub(super) times: Vec<(usize, Timestamp)>,
    pub(super) edit: Option<String>,
    pub(super) remove: Option<String>,
    pub(super) links: Vec<(String, String)>,
    pub(super) deeds: Vec<RowDeed>,
}

impl Row {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as templates call it
    pub(super) fn time_at(&self, place: &usize) -> Option<&Timestamp> {
        self.times.iter().find(|(own, at)| own == place && at.unix() > 0).map(|(_, at)| at)
    }
}

/// A button of a line.
pub(super) struct RowDeed {
    pub(super) path: String,
    pub(super) word: String,
    pub(super) text: String,
}

/// One of several values.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) is_on: bool,
}

/// A field of a form.
#[derive(Default)]
pub(super) struct Field {
    /// `text`, `password`, `email`, `url`, `number`, `date`, `file`, `area`, `select`, `check`, `checks` or `heading`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) hint: String,
    pub(super) error: String,
    pub(super) choices: Vec<Choice>,
    pub(super) is_required: bool,
}

impl Field {
    pub(super) fn new(kind: &'static str, name: &str, label: String, value: impl Into<String>) -> Self {
        Self { kind, name: name.to_owned(), label, value: value.into(), ..Self::default() }
    }

    pub(super) fn text(name: &str, label: String, value: impl Into<String>) -> Self {
        Self::new("text", name, label, value)
    }

    pub(super) fn check(name: &str, label: String, is_on: bool) -> Self {
        Self::new("check", name, label, if is_on { "1" } else { "" })
    }

    pub(super) fn heading(label: String, hint: String) -> Self {
        Self { hint, ..Self::new("heading", "", label, "") }
    }

    /// One of these: value and text of each.
    pub(super) fn select(name: &str, label: String, value: &str, choices: Vec<(String, String)>) -> Self {
        let choices = choices.into_iter().map(|(own, text)| Choice { is_on: own == value, value: own, text }).collect();
        Self { choices, ..Self::new("select", name, label, value) }
    }

    /// Any of these: value, text and whether it is ticked of each.
    pub(super) fn checks(name: &str, label: String, choices: Vec<(String, String, bool)>) -> Self {
        let choices = choices.into_iter().map(|(value, text, is_on)| Choice { value, text, is_on }).collect();
        Self { choices, ..Self::new("checks", name, label, "") }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) fn is_on(&self) -> bool {
        self.value == "1"
    }

    /// Its value, for people.
    fn said(&self, call: &Call<'_>) -> String {
        match self.kind {
            "password" | "heading" | "file" => String::new(),
            "check" => call.language.t(if self.is_on() { "yes" } else { "no" }),
            "checks" | "select" => {
                let chosen = self.choices.iter().filter(|choice| choice.is_on).map(|choice| choice.text.as_str());
                chosen.collect::<Vec<_>>().join(", ")
            }
            _ => self.value.replace("\r\n", "\n").trim().to_owned(),
        }
    }

    pub(super) fn has_note(&self) -> bool {
        !self.hint.is_empty() || !self.error.is_empty()
    }
}

/// What a deed said.
pub(super) struct OutcomeLine {
    pub(super) text: String,
    /// `good` or `bad`.
    pub(super) look: &'static str,
}

impl OutcomeLine {
    pub(super) const fn good(text: String) -> Self {
        Self { text, look: "good" }
    }

    pub(super) const fn bad(text: String) -> Self {
        Self { text, look: "bad" }
    }
}

/// A form.
#[derive(Default)]
pub(super) struct Form {
    pub(super) title: String,
    pub(super) about: String,
    pub(super) fields: Vec<Field>,
    /// Whether there is "Save".
    pub(super) can_save: bool,
    /// Further buttons: word and text.
    pub(super) deeds: Vec<(&'static str, String)>,
    /// What is said in the status region.
    pub(super) outcome: Vec<OutcomeLine>,
    /// Texts to copy: title, hint, text.
    pub(super) blocks: Vec<(String, String, String)>,
    /// Where one may go from here: text and path.
    pub(super) links: Vec<(String, String)>,
    /// The newest long work of this page.
    pub(super) errand: Option<Box<Shown>>,
    /// What somebody else has made of it since the form was made, in short; empty where nobody has.
    pub(super) changed_to: String,
}

impl Form {
    pub(super) fn new(title: String, fields: Vec<Field>) -> Self {
        Self { title, fields, can_save: true, ..Self::default() }
    }

    /// The same without "Save": it only shows something.
    pub(super) fn only_shown(mut self) -> Self {
        self.can_save = false;
        self
    }

    pub(super) fn has_buttons(&self) -> bool {
        self.can_save || !self.deeds.is_empty()
    }

    pub(super) fn has_errors(&self) -> bool {
        self.fields.iter().any(|field| !field.error.is_empty())
    }

    /// The same form with what was typed in place of what is stored. Passwords are not given back.
    pub(super) fn filled(mut self, typed: &form::Form) -> Self {
        for field in &mut self.fields {
            match field.kind {
                "password" | "heading" | "file" => {}
                "check" => field.value = if typed.has(&field.name) { "1" } else { "" }.to_owned(),
                "checks" => {
                    for choice in &mut field.choices {
                        choice.is_on = typed.all(&field.name).any(|value| value == choice.value);
                    }
                }
                _ if !typed.has(&field.name) => {}
                _ => {
                    typed.get(&field.name).clone_into(&mut field.value);
                    for choice in &mut field.choices {
                        choice.is_on = choice.value == field.value;
                    }
                }
            }
        }
        self
    }

    /// What its fields say, in short: other digits, other words. What is shown of files and passwords does not count.
    pub(super) fn version(&self) -> String {
        let mut digest = Sha256::new();
        for field in self.fields.iter().filter(|field| !matches!(field.kind, "password" | "heading" | "file")) {
            digest.update(format!("{}={}\0", field.name, field.value.replace("\r\n", "\n").trim()));
            for choice in field.choices.iter().filter(|choice| choice.is_on) {
                digest.update(format!("{}+{}\0", field.name, choice.value));
            }
        }
        HEXLOWER.encode(&digest.finalize())
    }

    /// The form with what was typed, where somebody else has changed meanwhile what it is about: what stands there now is
    /// said above. None where that is what was typed.
    pub(super) fn changed_meanwhile(self, call: &Call<'_>) -> Option<Self> {
        let changed_to = self.version();
        let now: Vec<(String, String)> =
            self.fields.iter().map(|field| (field.name.clone(), field.said(call))).collect();
        let mut typed = self.filled(&call.form);
        if typed.version() == changed_to {
            return None;
        }
        typed.outcome = vec![OutcomeLine::bad(call.language.t("changed-meanwhile"))];
        for (field, (_, said)) in typed.fields.iter().zip(&now).filter(|(field, (_, said))| field.said(call) != *said) {
            typed.outcome.push(OutcomeLine::bad(format!("{}: {said}", field.label)));
        }
        Some(Self { changed_to, ..typed })
    }

    pub(super) fn with_errors(mut self, errors: Vec<(&str, String)>) -> Self {
        for (name, error) in errors {
            if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
                field.error = error;
            }
        }
        self
    }
}

/// What is asked before something is removed.
pub(super) struct Loss {
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) is_possible: bool,
}

impl Loss {
    pub(super) const fn new(title: String, lines: Vec<String>) -> Self {
        Self { title, lines, is_possible: true }
    }
}

/// Reads what was typed and gathers what is wrong with it.
pub(super) struct Typed<'c> {
    call: &'c Call<'c>,
    pub(super) errors: Vec<(&'c str, String)>,
}

impl<'c> Typed<'c> {
    pub(super) const fn new(call: &'c Call<'c>) -> Self {
        Self { call, errors: Vec::new() }
    }

    pub(super) fn wrong(&mut self, name: &'c str, text: String) {
        self.errors.push((name, text));
    }

    /// A text of at most so many characters, with nothing around it.
    pub(super) fn text(&mut self, name: &'c str, chars_max: usize) -> String {
        let text = self.call.form.trimmed(name).replace("\r\n", "\n");
        if text.chars().count() > chars_max {
            let max = i64::try_from(chars_max).unwrap_or(i64::MAX);
            self.errors.push((name, self.call.language.with("wrong-long", "max", max)));
        }
        text
    }

    /// One line of 1 to so many characters.
    pub(super) fn line(&mut self, name: &'c str, chars_max: usize) -> &'c str {
        let text = self.call.form.trimmed(name);
        if !is_one_line(text, chars_max) {
            self.errors.push((
                name,
                self.call.language.with("wrong-line", "max", i64::try_from(chars_max).unwrap_or(i64::MAX)),
            ));
        }
        text
    }

    /// The same, or nothing.
    pub(super) fn line_or_none(&mut self, name: &'c str, chars_max: usize) -> &'c str {
        if self.call.form.trimmed(name).is_empty() { "" } else { self.line(name, chars_max) }
    }

    /// An address.
    pub(super) fn email(&mut self, name: &'c str) -> Option<EmailAddress> {
        let parsed = self.call.form.trimmed(name).parse().ok();
        if parsed.is_none() {
            self.errors.push((name, self.call.language.t("wrong-email")));
        }
        parsed
    }

    /// A TCP port.
    pub(super) fn port(&mut self, name: &'c str, default: u16) -> u16 {
        let text = self.call.form.trimmed(name);
        if text.is_empty() {
            return default;
        }
        text.parse().ok().filter(|port| *port > 0).unwrap_or_else(|| {
            self.errors.push((name, self.call.language.t("wrong-port")));
            default
        })
    }

    pub(super) fn is_fine(&self) -> bool {
        self.errors.is_empty()
    }
}
