//! What every page needs around its own content: language, links, the person, their lists.

use askama::Template;

use super::assets;
use super::clock::{Clock, Time};
use super::language::{Language, Value};
use crate::domain::Timestamp;

/// A list beside the page, with the number of tickets in it.
#[derive(Clone, Debug)]
pub(crate) struct NavItem {
    /// Its name.
    pub(crate) name: String,
    /// Where it is, without prefix.
    pub(crate) path: String,
    /// How many; empty where it is not counted.
    pub(crate) count: String,
    /// Whether it is the list shown.
    pub(crate) is_here: bool,
    /// The key that the script updates the count by; empty for none.
    pub(crate) key: &'static str,
    /// What stands above it, where it is the first of several of a kind; else empty.
    pub(crate) heading: String,
}

/// What is said once at the top of the next page.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The text.
    pub(crate) text: String,
    /// What "Undo" takes back; none where nothing can be.
    pub(crate) undo: Option<i64>,
    /// Until when, where that ends soon.
    pub(crate) until: Option<Timestamp>,
    /// Whether something went wrong.
    pub(crate) is_error: bool,
}

/// Everything around a page's own content.
pub(crate) struct Ui {
    /// The person's language.
    pub(crate) language: &'static Language,
    /// The path in front of every link.
    pub(crate) prefix: String,
    /// The name of the desk.
    pub(crate) site: String,
    /// The token of this page's forms.
    pub(crate) form_token: String,
    /// The person's clock.
    pub(crate) clock: Clock,
    /// The signed-in person's name; empty for nobody.
    pub(crate) person: String,
    /// Whether that is a customer with the link of one ticket only.
    pub(crate) is_link_only: bool,
    /// Their lists.
    pub(crate) nav: Vec<NavItem>,
    /// Whether they may set up the desk.
    pub(crate) may_set_up: bool,
    /// What stands in the search box.
    pub(crate) search: String,
    /// What is said once.
    pub(crate) notices: Vec<Notice>,
    /// `light`, `dark`, or empty: as the system has it.
    pub(crate) scheme: String,
    /// Whether single keys work.
    pub(crate) has_keys: bool,
    /// The newest event the page shows, for live updates.
    pub(crate) newest_event: i64,
    /// Bytes that a form may have; 0 where nobody has said.
    pub(crate) form_bytes_max: u64,
}

impl Ui {
    /// Around a page of which nothing is known but language and prefix.
    pub(super) fn bare(language: &'static Language, prefix: &str) -> Self {
        Self {
            language,
            prefix: prefix.to_owned(),
            site: String::new(),
            form_token: String::new(),
            clock: Clock::of(&[], Timestamp::default(), language),
            person: String::new(),
            is_link_only: false,
            nav: Vec::new(),
            may_set_up: false,
            search: String::new(),
            notices: Vec::new(),
            scheme: String::new(),
            has_keys: false,
            newest_event: 0,
            form_bytes_max: 0,
        }
    }

    /// The text of that name.
    pub(crate) fn t(&self, name: &str) -> String {
        self.language.t(name)
    }

    /// The text of that name with one value.
    pub(crate) fn with<'v>(&self, name: &str, key: &str, value: impl Into<Value<'v>>) -> String {
        self.language.with(name, key, value)
    }

    /// The text for a word of ours, such as a status: `status` and `open` give `status-open`.
    pub(crate) fn word(&self, kind: &str, word: &str) -> String {
        self.language.word(kind, word)
    }

    /// A link: the path with the prefix.
    pub(crate) fn to(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The link of a script, style sheet or sign.
    pub(crate) fn asset(&self, file: &str) -> String {
        format!("{}/assets/{}", self.prefix, assets::name(file))
    }

    /// A time in its three forms.
    pub(crate) fn time(&self, at: &Timestamp) -> Time {
        self.clock.time(*at)
    }

    /// The direction of the language's writing.
    pub(crate) const fn dir(&self) -> &'static str {
        if self.language.is_rtl { "rtl" } else { "ltr" }
    }
}

/// A page that says one thing: a refusal.
#[derive(Template)]
#[template(path = "refusal.html")]
pub(crate) struct Bare {
    ui: Ui,
    title: String,
    text: String,
}

impl Bare {
    /// The page of a refusal's word.
    pub(super) fn new(language: &'static Language, prefix: &str, word: &str) -> Self {
        let ui = Ui::bare(language, prefix);
        let title = ui.word("refused", word);
        let text = ui.word("refused", &format!("{word}-text"));
        Self { ui, title, text }
    }
}
