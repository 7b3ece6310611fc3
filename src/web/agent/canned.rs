//! Canned responses with their variables filled in, and what a text will look like.

use serde_json::json;

use super::ticket::visible;
use crate::domain::TicketId;
use crate::http::Response;
use crate::mail::html;
use crate::store::customer::Customer;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::text;

/// What HelpDeskZ's templates and canned responses call their variables.
struct Values<'a> {
    ticket: Option<(i64, String, String)>,
    customer: Option<&'a Customer>,
    staff: &'a str,
    site: &'a str,
}

/// Fills `%client_name%` and the like in; what is no variable stays.
fn filled(text: &str, values: &Values<'_>) -> String {
    let mut out = text.to_owned();
    let mut put = |name: &str, value: &str| out = out.replace(&format!("%{name}%"), value);
    let (id, subject, department) = values.ticket.clone().unwrap_or_default();
    let name = values.customer.map_or("", |customer| customer.fullname.as_str());
    put("client_name", name);
    put("client_first_name", name.split_whitespace().next().unwrap_or(""));
    put("client_email", values.customer.map_or("", |customer| customer.email.as_str()));
    put("ticket_id", &if id > 0 { id.to_string() } else { String::new() });
    put("ticket_subject", &subject);
    put("ticket_department", &department);
    put("staff_name", values.staff);
    put("company_name", values.site);
    out
}

/// `/staff/canned-responses/insert?ticket=12`
pub(super) fn for_ticket(call: &Call<'_>) -> Result<Response, Refusal> {
    let found = call.read(|tx| {
        let viewer = call.viewer()?;
        let ticket = match call.query.number("ticket") {
            Some(id) => Some(visible(tx, viewer, TicketId::new(id))?),
            None => None,
        };
        let customer = match &ticket {
            Some(ticket) => tx.customer(ticket.customer)?,
            None => None,
        };
        let department = match &ticket {
            Some(ticket) => tx.department(ticket.department)?.map_or_else(String::new, |found| found.name),
            None => String::new(),
        };
        let values = Values {
            ticket: ticket.map(|ticket| (ticket.id.get(), ticket.subject, department)),
            customer: customer.as_ref(),
            staff: &viewer.staff.fullname,
            site: &call.settings.site_name,
        };
        let canned = tx.canned_responses()?.into_iter();
        let one =
            |title: &str, body: &str| json!({ "title": title, "text": filled(html::to_text(body).trim(), &values) });
        let mut all: Vec<_> = canned.map(|canned| one(&canned.title, &canned.body)).collect();
        let links = super::knowledge::links(tx, call)?.into_iter();
        all.extend(
            links.map(
                |(title, link)| json!({ "title": call.language.with("kb-link-to", "title", &title), "text": link }),
            ),
        );
        Ok(all)
    })?;
    Ok(answer::json(200, &found.into()))
}

/// `POST /staff/preview`
pub(super) fn preview(call: &Call<'_>) -> Response {
    answer::json(200, &json!({ "html": text::markdown(call.form.get("text")).0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_other_signs_stay() {
        let values =
            Values { ticket: Some((12, "Printer".into(), "IT".into())), customer: None, staff: "Sam", site: "Desk" };
        let text = "Hello %client_name%, #%ticket_id% %ticket_subject% 100% %unknown% %staff_name% %company_name%";
        assert_eq!(filled(text, &values), "Hello , #12 Printer 100% %unknown% Sam Desk");
    }
}
