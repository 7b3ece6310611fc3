//! A form that was not taken, given back: a page that says why, with what was typed and a button that sends it again.
//!
//! A browser's own way back finds an empty box, because the pages are not kept and the boxes not filled in. Nothing is done
//! by such a page, and nothing is believed of it: the form is sent as if it were new, with the token of who asks now.

use askama::Template;

use super::answer::{self, Refusal};
use super::call::Call;
use super::customer::CustomerPage;
use super::forgery;
use super::form::Form;
use super::language::Language;
use super::page::Page;
use super::ui::Ui;
use crate::http::{Headers, Response};

/// A value longer than this stands in a box of several lines, in characters. Chosen: what fits a line.
const LINE_CHARS: usize = 80;

/// Fields that people type into, and the names of their texts.
const TYPED: [(&str, &str); 22] = [
    ("text", "message"),
    ("subject", "subject"),
    ("to", "to"),
    ("cc", "cc"),
    ("name", "name"),
    ("email", "your-email"),
    ("title", "title"),
    ("comment", "rate-comment"),
    ("zone", "time-zone"),
    ("tag", "tag"),
    ("requester", "customer-address"),
    ("into", "merge-with"),
    ("username", "username"),
    ("signature", "signature"),
    ("password", "password"),
    ("current", "current-password"),
    ("new", "new-password"),
    ("code", "code"),
    ("body", "text"),
    ("description", "text"),
    ("pattern", "f-ban"),
    ("q", "search"),
];

/// Fields whose values leave no trace on a page: they are typed again.
const SECRETS: [&str; 5] = ["current", "new", "code", "oauth_secret", "oauth_refresh"];

/// What the page itself has put into a form, however long it is.
const OF_THE_PAGE: [&str; 5] = ["do", "key", "version", "from", "next"];

/// How a field stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// It goes along unseen: what was chosen or pressed, and what the page said.
    Hidden,
    /// A line.
    Line,
    /// A box.
    Area,
    /// A line that shows nothing, and is empty.
    Secret,
}

struct Field {
    shape: Shape,
    name: String,
    label: String,
    value: String,
}

#[derive(Template)]
#[template(path = "kept.html")]
struct Kept {
    ui: Ui,
    title: String,
    text: String,
    fields: Vec<Field>,
    /// The names of files that have to be chosen again.
    files: String,
    /// What the button that sends it stands for, and its text; nothing where the form says so itself.
    buttons: Vec<(&'static str, String)>,
    /// Where it is sent, with prefix; empty: where the page is.
    action: String,
    /// Where one signs in, without prefix; empty where that does not help.
    sign_in: &'static str,
}

/// The answer to a form, or to a question, of somebody who is known.
pub(super) fn refused(call: &Call<'_>, refusal: &Refusal) -> Response {
    let posted =
        Posted { page: &call.page, headers: &call.headers, site_url: &call.settings.site_url, form: &call.form };
    given_back(refusal, &posted, || call.bare_ui()).unwrap_or_else(|| refusal.response(call.language, call.prefix()))
}

/// The same before anybody is known: the database does not answer. The form keeps the token it came with.
pub(super) fn before_known(refusal: &Refusal, form: Option<(&Form, &Page, &Headers)>, ui: Ui) -> Response {
    let (language, prefix) = (ui.language, ui.prefix.clone());
    let kept = form.and_then(|(form, page, headers)| {
        let posted = Posted { page, headers, site_url: "", form };
        given_back(refusal, &posted, || Ui { form_token: form.get("form_token").to_owned(), ..ui })
    });
    kept.unwrap_or_else(|| refusal.response(language, &prefix))
}

/// What was carried over a sign-in has lost its files: it is not sent without them, and shown with their names.
/// `path` is where it goes, without prefix.
pub(super) fn without_files(call: &Call<'_>, files: String, path: &str) -> Result<Response, Refusal> {
    let (title, text) = (call.language.t("kept-without-files"), call.language.t("kept-without-files-text"));
    let action = format!("{}{path}", call.prefix());
    let page = Kept { files, action, ..Kept::of(call.bare_ui(), title, text, &call.form) };
    Ok(answer::html_page(422, page.render()?))
}

/// What was posted, and where.
struct Posted<'p> {
    page: &'p Page,
    headers: &'p Headers,
    site_url: &'p str,
    form: &'p Form,
}

impl Posted<'_> {
    /// Whether it comes from a page of ours, and not from the script or a button that leads away.
    fn can_be_given_back(&self) -> bool {
        let is_page = !matches!(
            self.page,
            Page::Pulse | Page::Drafts | Page::Preview | Page::SignOut | Page::Customers(CustomerPage::SignOut)
        );
        is_page
            && self.form.pairs().iter().any(|(name, _)| name != "form_token")
            && forgery::is_same_origin(self.headers, self.site_url)
    }

    /// Whether somebody has typed something into it.
    fn has_text(&self) -> bool {
        let is_typed = |(name, value): &(String, String)| {
            matches!(shape(name, value), Shape::Line | Shape::Area) && !value.trim().is_empty()
        };
        self.form.pairs().iter().any(is_typed)
    }
}

fn given_back(refusal: &Refusal, posted: &Posted<'_>, ui: impl FnOnce() -> Ui) -> Option<Response> {
    if !posted.can_be_given_back() {
        return None;
    }
    let is_kept = match refusal {
        Refusal::Stale | Refusal::SignedOut | Refusal::TooLarge | Refusal::Busy => true,
        Refusal::NotFound
        | Refusal::Forbidden
        | Refusal::Broken
        | Refusal::Merged(..)
        | Refusal::Wrong(_)
        | Refusal::TooMany(_)
        | Refusal::Failed => posted.has_text(),
        Refusal::Forged | Refusal::Before | Refusal::Method(_) => false,
    };
    if !is_kept {
        return None;
    }
    let (status, word) = refusal.parts();
    let ui = ui();
    let text = match refusal {
        Refusal::Wrong(wrong) => wrong.text.clone(),
        _ => ui.word("refused", &format!("{word}-text")),
    };
    let names: Vec<&str> = posted.form.files().iter().map(|file| file.name.as_str()).collect();
    let page = Kept {
        files: names.join(", "),
        buttons: buttons(posted, ui.language),
        sign_in: match (refusal, posted.page) {
            (Refusal::SignedOut, Page::Customers(_)) => "/login",
            (Refusal::SignedOut, _) => "/staff/login",
            _ => "",
        },
        ..Kept::of(ui, String::new(), text, posted.form)
    };
    let page = Kept { title: page.ui.word("refused", word), ..page };
    // A page that cannot be made is not worth another refusal: the plain one says what happened.
    page.render().ok().map(|html| refusal.headed(answer::html_page(status, html)))
}

/// The buttons of a form that was cut off before the one that was pressed: whether it is an answer or a note is never
/// guessed.
fn buttons(posted: &Posted<'_>, language: &Language) -> Vec<(&'static str, String)> {
    let form = posted.form;
    match posted.page {
        _ if form.has("do") => Vec::new(),
        Page::Ticket(_) if form.get("kind") == "note" => vec![("note", language.t("save-note"))],
        Page::Ticket(_) if form.has("kind") => {
            vec![("send", language.t("send")), ("send-close", language.t("send-and-close"))]
        }
        Page::NewTicket => vec![("send", language.t("send")), ("note", language.t("save-as-note"))],
        _ => Vec::new(),
    }
}

impl Kept {
    fn of(ui: Ui, title: String, text: String, form: &Form) -> Self {
        let own = form.pairs().iter().filter(|(name, _)| name != "form_token");
        let fields = own.map(|(name, value)| Field::of(ui.language, name, value)).collect();
        Self { ui, title, text, fields, files: String::new(), buttons: Vec::new(), action: String::new(), sign_in: "" }
    }
}

/// The name of a field without what a sign-in puts in front of those that it carries.
fn own_name(name: &str) -> &str {
    name.strip_prefix("carried.").unwrap_or(name)
}

fn shape(name: &str, value: &str) -> Shape {
    let name = own_name(name);
    if name.contains("password") || SECRETS.contains(&name) {
        return Shape::Secret;
    }
    if OF_THE_PAGE.contains(&name) {
        return Shape::Hidden;
    }
    let is_long = value.contains('\n') || value.chars().nth(LINE_CHARS).is_some();
    let is_typed = TYPED.iter().any(|(own, _)| *own == name) && !(name == "signature" && value == "1");
    match (is_typed, is_long || name == "text") {
        (_, true) if is_typed || is_long => Shape::Area,
        (true, _) => Shape::Line,
        (false, _) => Shape::Hidden,
    }
}

impl Field {
    fn of(language: &Language, name: &str, value: &str) -> Self {
        let shape = shape(name, value);
        let own = own_name(name);
        let label = || {
            let known = TYPED.iter().find(|(typed, _)| *typed == own).map(|(_, text)| language.t(text));
            known.or_else(|| language.known_word("f", &own.replace('_', "-"))).unwrap_or_else(|| own.to_owned())
        };
        Self {
            label: if shape == Shape::Hidden { String::new() } else { label() },
            value: if shape == Shape::Secret { String::new() } else { value.to_owned() },
            name: name.to_owned(),
            shape,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_shown_and_what_is_secret_is_not_kept() {
        for (name, value, expected) in [
            ("text", "x", Shape::Area),
            ("carried.text", "x", Shape::Area),
            ("subject", "x", Shape::Line),
            ("description", "a\nb", Shape::Area),
            ("do", "send", Shape::Hidden),
            ("key", &"k".repeat(LINE_CHARS + 1), Shape::Hidden),
            ("signature", "1", Shape::Hidden),
            ("signature", "Abe", Shape::Line),
            ("password", "x", Shape::Secret),
            ("imap_password", "x", Shape::Secret),
            ("code", "1", Shape::Secret),
        ] {
            assert_eq!(shape(name, value), expected, "{name}");
        }
        let long = "x".repeat(LINE_CHARS);
        assert_eq!((shape("f", &long), shape("f", &format!("{long}x"))), (Shape::Hidden, Shape::Area));
        let english = Language::accepted("en");
        assert_eq!(Field::of(english, "imap_user", &format!("{long}x")).label, "IMAP user");
        assert_eq!(Field::of(english, "password", "secret").value, "");
    }
}
