//! What goes under an answer: the writer's own signature, and below it that of the address the answer leaves by.

use crate::desk::answers_leave_by;
use crate::domain::{AddressId, DepartmentId};
use crate::mail::html;
use crate::store::ReadTx;
use crate::store::ticket::Ticket;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::text::{self, Markup, Typed};

/// What HTML ends with after which a line begins anyway.
const BLOCK_ENDS: [&str; 6] = ["</p>", "</ul>", "</ol>", "</div>", "</pre>", "</blockquote>"];

/// What goes under an answer, as HTML; empty for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature(String);

impl Signature {
    /// Of the person's answers to a ticket.
    pub(super) fn of_ticket(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket) -> Result<Self, Refusal> {
        Self::of(tx, call, ticket.department, ticket.address)
    }

    /// Of the first message of a new ticket of a department.
    pub(super) fn of_department(tx: &ReadTx<'_>, call: &Call<'_>, department: DepartmentId) -> Result<Self, Refusal> {
        Self::of(tx, call, department, None)
    }

    fn of(
        tx: &ReadTx<'_>,
        call: &Call<'_>,
        department: DepartmentId,
        came_to: Option<AddressId>,
    ) -> Result<Self, Refusal> {
        let viewer = call.viewer()?;
        let own = tx.staff_pages(viewer.id())?.signature;
        let of_address = match answers_leave_by(tx, department, came_to)? {
            Some(address) => tx.address_signature(address)?,
            None => String::new(),
        };
        Ok(Self::joined(own, &filled(&of_address, &viewer.staff.fullname, &call.settings.site_name)))
    }

    /// The person's own, as HTML, and that of an address, as typed.
    fn joined(own: String, of_address: &str) -> Self {
        let of_address = of_address.trim();
        if of_address.is_empty() {
            return Self(own);
        }
        let below = match text::typed(of_address) {
            Typed::Plain => html::text_to_html(of_address),
            Typed::Formatted(html) => html,
        };
        if own.is_empty() {
            return Self(below);
        }
        let between = if BLOCK_ENDS.iter().any(|end| own.trim_end().ends_with(end)) { "" } else { "<br />\n" };
        Self(format!("{own}{between}{below}"))
    }

    /// As the form shows it; none where there is nothing.
    pub(super) fn shown(&self) -> Option<Markup> {
        (!self.0.is_empty()).then(|| text::shown(&self.0, true).0)
    }

    /// A text with the signature under it, behind the line that mail programs know signatures by (RFC 3676 §4.3). It is
    /// part of the message: what the customer gets is what the ticket shows.
    pub(super) fn under(&self, text: &str, html: Option<String>) -> (String, Option<String>) {
        if self.0.is_empty() {
            return (text.to_owned(), html);
        }
        let plain = html::to_text(&self.0);
        let plain = plain.trim_end();
        if html.is_none() && html::text_to_html(plain) == self.0 {
            return (format!("{text}\n\n-- \n{plain}"), None);
        }
        let text = html.unwrap_or_else(|| html::text_to_html(text));
        (String::new(), Some(html::sanitise_message(&format!("{text}<p>-- <br>{}</p>", self.0))))
    }
}

/// Fills in who writes and what the desk is called; other signs stay.
fn filled(text: &str, staff: &str, site: &str) -> String {
    text.replace("%staff_name%", staff).replace("%company_name%", site)
}

/// A signature for some of the departments of a new ticket.
pub(super) struct OfDepartments {
    /// Their ids, blank-separated; empty where it is the same for all.
    pub(super) departments: String,
    /// Their names.
    pub(super) names: String,
    pub(super) text: Markup,
}

/// The signatures of new tickets of these departments, each once; empty where there is none.
pub(super) fn of_departments(
    tx: &ReadTx<'_>,
    call: &Call<'_>,
    departments: &[(DepartmentId, String)],
) -> Result<Vec<OfDepartments>, Refusal> {
    let mut found: Vec<(Signature, Vec<&(DepartmentId, String)>)> = Vec::new();
    for department in departments {
        let signature = Signature::of_department(tx, call, department.0)?;
        match found.iter_mut().find(|(known, _)| *known == signature) {
            Some((_, of)) => of.push(department),
            None => found.push((signature, vec![department])),
        }
    }
    let is_same = found.len() == 1;
    let list = |words: Vec<String>, between: &str| if is_same { String::new() } else { words.join(between) };
    let shown = |(signature, of): (Signature, Vec<&(DepartmentId, String)>)| {
        Some(OfDepartments {
            departments: list(of.iter().map(|(id, _)| id.to_string()).collect(), " "),
            names: list(of.iter().map(|(_, name)| name.clone()).collect(), ", "),
            text: signature.shown()?,
        })
    };
    Ok(found.into_iter().filter_map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_stands_under_the_text_in_its_form() {
        let plain = Signature(html::text_to_html("Sam\nDesk & Co"));
        assert_eq!(plain.under("Hello", None), ("Hello\n\n-- \nSam\nDesk & Co".to_owned(), None));
        assert_eq!(Signature::default().under("Hello", None), ("Hello".to_owned(), None));
        let (_, html) = Signature("<p><strong>Sam</strong></p>".to_owned()).under("1 < 2", None);
        let html = html.unwrap_or_default();
        assert!(html.starts_with("1 &lt; 2") && html.contains("<strong>Sam</strong>"), "{html}");
        assert_eq!(html::sanitise_message(&html), html, "what is stored is what the sanitiser wrote");
        let (_, html) = plain.under("*x*", Some("<p><em>x</em></p>".to_owned()));
        assert_eq!(html::to_text(&html.unwrap_or_default()).trim_end(), "x\n\n--\nSam\nDesk & Co");
    }

    #[test]
    fn the_writer_signs_first_and_the_address_below() {
        let sam = || html::text_to_html("Sam");
        let both = Signature::joined(sam(), "Support\nDesk & Co");
        assert_eq!(both.under("Hello", None), ("Hello\n\n-- \nSam\nSupport\nDesk & Co".to_owned(), None));
        assert_eq!(Signature::joined(String::new(), " \n"), Signature::default());
        assert_eq!(Signature::joined(sam(), ""), Signature(sam()));
        let alone = Signature::joined(String::new(), &filled("%staff_name%, %company_name%, 5%", "Sam <x>", "Desk"));
        assert_eq!(alone.under("Hello", None).0, "Hello\n\n-- \nSam <x>, Desk, 5%");
        let formatted = Signature::joined("<p><strong>Sam</strong></p>".to_owned(), "**Support**");
        let (_, html) = formatted.under("Hello", None);
        assert_eq!(html::to_text(&html.unwrap_or_default()).trim_end(), "Hello\n\n--\n\nSam\n\nSupport");
    }
}
