//! How customers come in: by a mailed link, by a password, by the link of one ticket.

use askama::Template;

use super::guest::{self, is_open};
use super::robots::{self, TRAP};
use super::ui_of;
use crate::desk::notify;
use crate::domain::{EmailAddress, TicketId, TicketLink};
use crate::http::{Method, Response};
use crate::login::{CustomerOutcome, CustomerTry, Error, Waiting};
use crate::store::session::{EntryLink, SessionOwner};
use crate::store::{ReadTx, WriteTx};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::limits::Act;
use crate::web::page::Page;
use crate::web::session;
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;

/// How long a mailed link lets in, in seconds.
const LINK_S: i64 = 1800;

/// Links that let in one customer at a time. Chosen: who asks again and again has a mail on the way.
const LINKS_MAX: i64 = 5;

#[derive(Template)]
#[template(path = "customer/sign_in.html")]
struct SignIn {
    ui: Ui,
    wrong: Wrong,
    /// What was done; empty for nothing.
    said: String,
    email: String,
    next: String,
    is_open: bool,
    trap: &'static str,
}

#[derive(Template)]
#[template(path = "customer/enter.html")]
struct Enter {
    ui: Ui,
    token: String,
}

#[derive(Template)]
#[template(path = "customer/no_link.html")]
struct NoLink {
    ui: Ui,
}

fn page(call: &Call<'_>) -> SignIn {
    let is_open = is_open(call);
    SignIn {
        ui: ui_of(call),
        wrong: if is_open { Wrong::default() } else { Wrong::anywhere(call.language.t("needs-tls")) },
        said: String::new(),
        email: String::new(),
        next: next_of(call.query.get("next")),
        is_open,
        trap: TRAP,
    }
}

impl SignIn {
    fn response(&self, status: u16) -> Result<Response, Refusal> {
        Ok(answer::html_page(status, self.render()?))
    }
}

/// Where a sign-in leads: a page of customers', never another site.
fn next_of(text: &str) -> String {
    let path = text.split('?').next().unwrap_or("");
    let is_ours = !text.starts_with("//")
        && matches!(Page::of(path), Some(Page::Customers(_)))
        && !text.contains(['\r', '\n', '\\']);
    if is_ours { text.to_owned() } else { String::new() }
}

/// A page was asked for by somebody who is not signed in.
pub(crate) fn first(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method == Method::Post {
        return Err(Refusal::SignedOut);
    }
    let next = match &call.page {
        Page::Customers(super::CustomerPage::Ticket(id)) => format!("?next=/tickets/show/{id}"),
        Page::Customers(super::CustomerPage::Profile) => "?next=/account/profile".to_owned(),
        _ => String::new(),
    };
    Ok(call.lead_to(&format!("/login{next}")))
}

/// `GET /login`
pub(super) fn show(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.guest.as_ref().is_some_and(|guest| guest.customer().is_some()) {
        return Ok(call.lead_to("/tickets"));
    }
    let said = if call.query.has("sent") { call.language.t("link-sent") } else { String::new() };
    SignIn { said, ..page(call) }.response(200)
}

/// `POST /login`: mails a link, or checks a password.
pub(super) fn try_to(call: &Call<'_>) -> Result<Response, Refusal> {
    let form = &call.form;
    let again = SignIn { email: form.get("email").to_owned(), next: next_of(form.get("next")), ..page(call) };
    if !again.is_open {
        return again.response(403);
    }
    let Ok(email) = form.trimmed("email").parse::<EmailAddress>() else {
        return SignIn { wrong: Wrong::of("email", call.language.t("email-wrong")), ..again }.response(422);
    };
    let has_password = !form.get("password").is_empty();
    match form.get("do") {
        "password" => by_password(call, &email, again),
        // Enter was pressed in a field.
        "enter" if has_password => by_password(call, &email, again),
        _ => mail_link(call, &email, again),
    }
}

fn mail_link(call: &Call<'_>, email: &EmailAddress, again: SignIn) -> Result<Response, Refusal> {
    if robots::is_trapped(call) {
        return SignIn { wrong: Wrong::anywhere(call.language.t("form-hasty")), ..again }.response(422);
    }
    if call.settings.site_url.is_empty() {
        return SignIn { wrong: Wrong::anywhere(call.language.t("link-needs-url")), ..again }.response(422);
    }
    let links = call.settings.web_links;
    if let Err(seconds) = call.web.limits.count(Act::Link, call.address, links, call.now) {
        let page = SignIn { wrong: Wrong::anywhere(call.language.t("too-many-links")), ..again }.response(429)?;
        return Ok(page.with_header("Retry-After", seconds.to_string()));
    }
    let (token, hash) = session::new_secret()?;
    call.write(|tx| queue_link(tx, call, email, &NewLink { token: &token, hash: &hash }))?;
    // The same for everybody: nobody learns here who writes to this desk.
    Ok(call.lead_to("/login?sent=1"))
}

/// What is mailed of a link, and what is kept of it.
struct NewLink<'l> {
    token: &'l str,
    hash: &'l [u8; 32],
}

fn queue_link(tx: &WriteTx<'_>, call: &Call<'_>, email: &EmailAddress, link: &NewLink<'_>) -> Result<(), Refusal> {
    let customer = tx.customer_by_email(email.as_str())?.filter(|customer| customer.is_active);
    match customer {
        Some(customer) if tx.living_entry_links(customer.id, call.now)? < LINKS_MAX => {
            if notify::entry_link(tx, &call.settings, &customer, link.token, call.now)? {
                let ends_at = call.now.plus_s(LINK_S);
                tx.add_entry_link(link.hash, EntryLink::Customer(customer.id), ends_at, call.now)?;
            }
        }
        // Writes as well, so that the time it takes does not say who is known.
        Some(_) | None => tx.prove_writable()?,
    }
    Ok(())
}

fn by_password(call: &Call<'_>, email: &EmailAddress, again: SignIn) -> Result<Response, Refusal> {
    let signins = call.settings.web_signins;
    call.web.limits.count(Act::SignIn, call.address, signins, call.now).map_err(Refusal::TooMany)?;
    let given = CustomerTry {
        email: email.as_str(),
        password: call.form.get("password"),
        ip: call.address,
        settings: &call.settings,
    };
    let waiting = Waiting { since: call.client.waits_since(), is_gone: &|| call.client.is_gone() };
    let tried = call
        .web
        .logins
        .enter()
        .and_then(|entered| entered.log_in_customer(&call.web.store, &call.web.slots, &given, waiting, call.now));
    let outcome = tried.map_err(|error| match error {
        Error::TooMany | Error::NoSlot(_) => Refusal::Busy,
        Error::Store(error) => error.into(),
    })?;
    match outcome {
        CustomerOutcome::LoggedIn(customer) => {
            let next = if again.next.is_empty() { "/tickets" } else { again.next.as_str() };
            guest::begin(call, &SessionOwner::Customer(customer), next)
        }
        CustomerOutcome::Wrong => {
            SignIn { wrong: Wrong::of("password", call.language.t("wrong-email-or-password")), ..again }.response(403)
        }
        CustomerOutcome::Locked { minutes } => {
            SignIn { wrong: Wrong::anywhere(call.language.with("locked", "minutes", minutes)), ..again }.response(429)
        }
    }
}

/// A page whose address holds a token: no page of ours or of others learns it from `Referer`.
fn without_referrer(response: Response) -> Response {
    response.with_header("Referrer-Policy", "strict-origin")
}

fn no_link(call: &Call<'_>) -> Result<Response, Refusal> {
    Ok(without_referrer(answer::html_page(403, NoLink { ui: ui_of(call) }.render()?)))
}

/// `GET /enter/TOKEN`: asks first, because programs that look at mail follow its links but press no button.
pub(super) fn ask_to_enter(call: &Call<'_>, token: &str) -> Result<Response, Refusal> {
    let link = call.read(|tx| Ok(tx.entry_link(&session::hash_of(token), call.now)?))?;
    match link {
        Some(EntryLink::Customer(_)) => {
            let page = Enter { ui: ui_of(call), token: token.to_owned() };
            Ok(without_referrer(answer::html_page(200, page.render()?)))
        }
        Some(EntryLink::Setup) | None => no_link(call),
    }
}

/// `POST /enter/TOKEN`
pub(super) fn enter(call: &Call<'_>, token: &str) -> Result<Response, Refusal> {
    if !is_open(call) {
        return page(call).response(403);
    }
    let hash = session::hash_of(token);
    let customer = call.web.store.write(|tx| match tx.entry_link(&hash, call.now)? {
        Some(EntryLink::Customer(customer)) => {
            tx.use_entry_link(&hash, call.now)?;
            Ok::<_, Refusal>(tx.customer(customer)?.filter(|customer| customer.is_active))
        }
        Some(EntryLink::Setup) | None => Ok(None),
    })?;
    match customer {
        Some(customer) => guest::begin(call, &SessionOwner::Customer(customer.id), "/tickets"),
        None => no_link(call),
    }
}

/// The address that a ticket's link was mailed to, if it is one of the ticket's people.
fn holder(tx: &ReadTx<'_>, call: &Call<'_>, link: &TicketLink) -> Result<Option<EmailAddress>, Refusal> {
    let mut next = Some(link.ticket());
    // A ticket that was merged took its people along; the link names the one it was.
    let merged = tx.ticket_after_merges(link.ticket())?.map(|ticket| ticket.id).filter(|id| *id != link.ticket());
    let mut merged = merged.into_iter();
    while let Some(id) = next {
        if let Some(ticket) = tx.ticket(id)? {
            let customer = tx.customer(ticket.customer)?.map(|customer| customer.email);
            let people = tx.participants(id)?.into_iter().map(|(email, _)| email);
            let mut all = customer.into_iter().chain([ticket.reply_to]).chain(people);
            let is_holder = |email: &EmailAddress| link.is_for(&call.secret, email);
            if let Some(found) = all.by_ref().filter_map(|email| email.parse().ok()).find(is_holder) {
                return Ok(Some(found));
            }
        }
        next = merged.next();
    }
    Ok(None)
}

/// `/t/TOKEN`: the token becomes a cookie for that ticket and leaves the address bar.
pub(super) fn open_ticket(call: &Call<'_>, token: &str) -> Result<Response, Refusal> {
    let Some(link) = TicketLink::parse(token).filter(|link| !link.has_ended(call.now)) else { return no_link(call) };
    let (holder, is_in) = call.read(|tx| {
        let is_in = match &call.guest {
            Some(guest) => guest.ticket(tx, link.ticket()).is_ok(),
            None => false,
        };
        Ok((holder(tx, call, &link)?, is_in))
    })?;
    let Some(email) = holder else { return no_link(call) };
    let path = path_of(link.ticket());
    if is_in && call.guest.as_ref().is_some_and(|guest| guest.email == email) {
        return Ok(without_referrer(call.lead_to(&path)));
    }
    if !is_open(call) {
        return page(call).response(403);
    }
    let owner = SessionOwner::TicketLink(link.ticket(), email.to_string());
    Ok(without_referrer(guest::begin(call, &owner, &path)?))
}

/// Where a customer reads a ticket, without prefix.
pub(super) fn path_of(id: TicketId) -> String {
    format!("/tickets/show/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_customers_pages_only() {
        for (text, expected) in [
            ("/tickets/show/3", "/tickets/show/3"),
            ("//evil.test/tickets", ""),
            ("https://evil.test/", ""),
            ("/\\evil.test", ""),
            ("/staff/tickets", ""),
            ("", ""),
        ] {
            assert_eq!(next_of(text), expected, "{text}");
        }
    }
}
