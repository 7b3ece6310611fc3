//! What is wrong with a form, and which of its fields the fault is in.

use crate::mail::html::escape;
use crate::web::text::Markup;

/// A fault of a form, in words, with the field that has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The name of the field; empty where it is none's alone.
    pub(crate) field: String,
    /// What is wrong; empty for nothing.
    pub(crate) text: String,
}

/// The id of the text that says what is wrong; a page has one.
const ID: &str = "wrong";

impl Wrong {
    /// A fault of that field.
    pub(crate) fn of(field: &str, text: String) -> Self {
        Self { field: field.to_owned(), text }
    }

    /// A fault of no field alone.
    pub(crate) const fn anywhere(text: String) -> Self {
        Self { field: String::new(), text }
    }

    /// Whether nothing is wrong.
    pub(crate) const fn is_none(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether it is in that field.
    pub(crate) fn is_in(&self, field: &str) -> bool {
        !self.is_none() && self.field == field
    }

    /// What the tag of a field says of it: programs that read pages out say the fault with the field.
    pub(crate) fn on(&self, field: &str) -> Markup {
        let said =
            if self.is_in(field) { format!(" aria-invalid=\"true\" aria-describedby=\"{ID}\"") } else { String::new() };
        Markup(said)
    }

    /// The same for a group of boxes, which no `aria-invalid` may stand on.
    pub(crate) fn on_group(&self, field: &str) -> Markup {
        let said = if self.is_in(field) { format!(" aria-describedby=\"{ID}\"") } else { String::new() };
        Markup(said)
    }

    /// The fault as it stands above a form; nothing where nothing is wrong.
    pub(crate) fn above(&self) -> Markup {
        if self.is_none() { Markup::default() } else { self.said("notice error") }
    }

    /// The same where it is in none of these fields, beside which it stands: their names with blanks between.
    pub(crate) fn above_but(&self, beside: &str) -> Markup {
        if beside.split(' ').any(|field| self.is_in(field)) { Markup::default() } else { self.above() }
    }

    /// The fault as it stands beside its field.
    pub(crate) fn beside(&self, field: &str) -> Markup {
        if self.is_in(field) { self.said("wrong") } else { Markup::default() }
    }

    fn said(&self, look: &str) -> Markup {
        Markup(format!("<p class=\"{look}\" id=\"{ID}\" role=\"alert\">{}</p>", escape(&self.text)))
    }
}
