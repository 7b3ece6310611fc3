//! A customer's tickets.

use askama::Template;

use super::{guest_of, sign_in, ui_of};
use crate::http::Response;
use crate::store::ticket::OwnTicket;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::ui::Ui;

/// Tickets a page. Chosen: what one scrolls through; most customers have fewer.
const PAGE: i64 = 30;

#[derive(Template)]
#[template(path = "customer/tickets.html")]
struct Tickets {
    ui: Ui,
    tickets: Vec<OwnTicket>,
    /// Where older ones are; empty for nowhere.
    older: String,
}

/// `/tickets`
pub(super) fn list(call: &Call<'_>) -> Result<Response, Refusal> {
    let guest = guest_of(call)?;
    let Some(customer) = guest.customer() else {
        // The link of one ticket opens that one alone.
        let only = guest.only_ticket().ok_or(Refusal::NotFound)?;
        return Ok(call.lead_to(&sign_in::path_of(only)));
    };
    let before = call.query.number("before").unwrap_or(i64::MAX);
    let mut tickets = call.read(|tx| Ok(tx.tickets_of_person(customer, guest.email.as_str(), before, PAGE + 1)?))?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let has_older = tickets.len() > page;
    tickets.truncate(page);
    let last = tickets.last().filter(|_| has_older);
    let older = last.map_or_else(String::new, |last| format!("{}/tickets?before={}", call.prefix(), last.id));
    Ok(answer::html_page(200, Tickets { ui: ui_of(call), tickets, older }.render()?))
}
