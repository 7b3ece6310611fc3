//! Signing in and out. Passwords, lockouts and the second factor are checked where the API checks them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use askama::Template;

use crate::domain::Timestamp;
use crate::http::{Method, Response};
use crate::login::{Error, Outcome, Try, Waiting};
use crate::store::session::{NewSession, SessionOwner};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::form::Form;
use crate::web::gate;
use crate::web::kept;
use crate::web::limits::Act;
use crate::web::page::{self, Page};
use crate::web::session::{self, Side};
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;

/// Longest name looked at, in bytes. Chosen: longer ones cannot be accounts.
const USERNAME_BYTES_MAX: usize = 255;

/// How long a right password waits for its code, in seconds.
const PENDING_S: i64 = 300;

/// Passwords that wait for their code at a time. Chosen: more than any desk has staff; further ones are typed again.
const PENDING_MAX: usize = 1000;

/// What is carried over a sign-in at most, in bytes. Chosen: a message of the greatest length and some.
const CARRIED_BYTES_MAX: usize = 2 * crate::web::form::TEXT_BYTES_MAX;

/// The name under which the name of a file is carried that was not.
const LOST_FILE: &str = "lost-file";

/// Names and passwords that were right and wait for the code of the second factor; in memory only.
#[derive(Default)]
pub(crate) struct Pending(Mutex<HashMap<[u8; 32], Waits>>);

struct Waits {
    username: String,
    password: String,
    until: Timestamp,
}

impl Pending {
    /// Remembers a name and password; gives what the next form has to bring.
    fn keep(&self, username: &str, password: &str, now: Timestamp) -> Result<String, Refusal> {
        let (secret, hash) = session::new_secret()?;
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waits.retain(|_, waits| waits.until > now);
        if waits.len() < PENDING_MAX {
            let until = now.plus_s(PENDING_S);
            waits.insert(hash, Waits { username: username.to_owned(), password: password.to_owned(), until });
        }
        Ok(secret)
    }

    /// The password that waits under that secret for that name.
    fn password(&self, secret: &str, username: &str, now: Timestamp) -> Option<String> {
        let waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waits.get(&session::hash_of(secret))?;
        (found.until > now && found.username == username).then(|| found.password.clone())
    }

    fn forget(&self, secret: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session::hash_of(secret));
    }
}

#[derive(Template)]
#[template(path = "staff/sign_in.html")]
struct SignIn {
    ui: Ui,
    /// Why it did not work; nothing on the first visit.
    wrong: Wrong,
    /// Where it leads afterwards.
    next: String,
    username: String,
    /// The secret of a right password that waits for its code.
    pending: String,
    /// A form that was sent without a session, to be taken afterwards.
    carried: Vec<(String, String)>,
    /// Whether it can be tried from here.
    is_open: bool,
}

impl SignIn {
    fn new(call: &Call<'_>) -> Self {
        let is_open = is_open(call);
        let wrong = if is_open { Wrong::default() } else { Wrong::anywhere(call.language.t("needs-tls")) };
        Self {
            ui: call.bare_ui(),
            wrong,
            next: String::new(),
            username: String::new(),
            pending: String::new(),
            carried: Vec::new(),
            is_open,
        }
    }

    /// The names of files that have to be chosen again afterwards.
    fn lost_files(&self) -> String {
        let names = self.carried.iter().filter(|(name, _)| name == LOST_FILE).map(|(_, value)| value.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    fn response(&self, status: u16) -> Result<Response, Refusal> {
        Ok(answer::html_page(status, self.render()?))
    }
}

/// Without TLS a password is only taken from this machine, or where the desk's owner says so.
fn is_open(call: &Call<'_>) -> bool {
    call.is_secure || call.is_loopback || call.settings.web_insecure
}

/// The cookie that keeps to TLS is usable on this machine too.
fn has_secure_cookie(call: &Call<'_>) -> bool {
    call.is_secure || call.is_loopback
}

/// `GET /staff/login`
pub(super) fn show(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.viewer.is_some() {
        return Ok(call.lead_to("/staff/tickets"));
    }
    let next = next_of(call.query.get("next"));
    SignIn { next, ..SignIn::new(call) }.response(200)
}

/// A page was asked for by somebody who is not signed in. A form that was sent is kept, and taken afterwards.
pub(crate) fn first(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method != Method::Post {
        let path = path_of(call);
        return Ok(call.lead_to(&format!("/staff/login?next={}", escaped(&path))));
    }
    let bytes: usize = call.form.pairs().iter().map(|(name, value)| name.len() + value.len()).sum();
    if !gate::may_wait(&call.page) {
        return Err(Refusal::Forged);
    }
    if bytes > CARRIED_BYTES_MAX {
        return Err(Refusal::SignedOut);
    }
    // Files cannot be carried: their names are, so that nothing is sent without them.
    let files = call.form.files().iter().map(|file| (LOST_FILE.to_owned(), file.name.clone()));
    let own = call.form.pairs().iter().filter(|(name, _)| name != "form_token" && name != LOST_FILE).cloned();
    let carried = own.chain(files).collect();
    SignIn { next: path_of(call), carried, ..SignIn::new(call) }.response(403)
}

fn path_of(call: &Call<'_>) -> String {
    let query: String = call
        .query
        .pairs()
        .iter()
        .enumerate()
        .map(|(n, (name, value))| format!("{}{}={}", if n == 0 { '?' } else { '&' }, escaped(name), escaped(value)))
        .collect();
    match &call.page {
        Page::Ticket(id) => format!("/staff/tickets/view/{id}{query}"),
        Page::Tickets(list) => format!("{}{query}", page::list_path(*list)),
        Page::Search => format!("/staff/tickets/search{query}"),
        Page::NewTicket => format!("/staff/tickets/create{query}"),
        Page::Aside => "/staff/aside".to_owned(),
        Page::AsideMail(id) => format!("/staff/aside/{id}"),
        Page::Outbox => "/staff/outbox".to_owned(),
        Page::Profile => "/staff/account/profile".to_owned(),
        Page::SetUp(place) => format!("{}{query}", place.path()),
        Page::Bulk => "/staff/tickets/bulk".to_owned(),
        _ => "/staff/tickets".to_owned(),
    }
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Where a sign-in leads: a page of ours, never another site.
fn next_of(text: &str) -> String {
    let path = text.split('?').next().unwrap_or("");
    let is_ours = text.starts_with("/staff") && Page::of(path).is_some() && !text.contains(['\r', '\n', '\\']);
    if is_ours { text.to_owned() } else { String::new() }
}

/// `POST /staff/login`
pub(super) fn try_to(call: &Call<'_>) -> Result<Response, Refusal> {
    let form = &call.form;
    let username = form.trimmed("username");
    let carried: Vec<(String, String)> = form
        .pairs()
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("carried.")?.to_owned(), value.clone())))
        .collect();
    let again = SignIn { next: next_of(form.get("next")), username: username.to_owned(), carried, ..SignIn::new(call) };
    if !again.is_open {
        return again.response(403);
    }
    let signins = call.settings.web_signins;
    call.web.limits.count(Act::SignIn, call.address, signins, call.now).map_err(Refusal::TooMany)?;
    let pending = form.get("pending");
    let password = match form.get("password") {
        "" => call.web.pending.password(pending, username, call.now).unwrap_or_default(),
        typed => typed.to_owned(),
    };
    match outcome(call, username, &password)? {
        Outcome::LoggedIn(staff) => {
            call.web.pending.forget(pending);
            begin(call, staff, again)
        }
        Outcome::CodeMissing => {
            let pending = call.web.pending.keep(username, &password, call.now)?;
            SignIn { pending, wrong: Wrong::of("code", call.language.t("code-wanted")), ..again }.response(200)
        }
        Outcome::CodeWrong(_) => {
            let pending = call.web.pending.keep(username, &password, call.now)?;
            SignIn { pending, wrong: Wrong::of("code", call.language.t("code-wrong")), ..again }.response(403)
        }
        Outcome::AddressLocked { minutes, .. } | Outcome::NameLocked { minutes } => {
            SignIn { wrong: Wrong::anywhere(call.language.with("locked", "minutes", minutes)), ..again }.response(429)
        }
        Outcome::Blocked | Outcome::Wrong(_) => {
            SignIn { wrong: Wrong::of("password", call.language.t("wrong-password")), ..again }.response(403)
        }
    }
}

fn outcome(call: &Call<'_>, username: &str, password: &str) -> Result<Outcome, Refusal> {
    let name = if username.len() > USERNAME_BYTES_MAX { "" } else { username };
    let given = Try {
        username: name,
        password,
        two_factor: call.form.trimmed("code"),
        ip: call.address,
        agent: "web",
        settings: &call.settings,
    };
    let waiting = Waiting { since: call.client.waits_since(), is_gone: &|| call.client.is_gone() };
    let entered = call.web.logins.enter();
    let done = entered.and_then(|entered| entered.log_in(&call.web.store, &call.web.slots, &given, waiting, call.now));
    done.map_err(|error| match error {
        Error::TooMany | Error::NoSlot(_) => Refusal::Busy,
        Error::Store(error) => error.into(),
    })
}

/// Begins a session, and takes the form that was carried over or leads on.
fn begin(call: &Call<'_>, staff: crate::domain::StaffId, page: SignIn) -> Result<Response, Refusal> {
    let (secret, hash) = session::new_secret()?;
    let owner = SessionOwner::Staff(staff);
    let ip = call.address.to_string();
    let agent = call.headers.get("User-Agent").unwrap_or("");
    let former = call.session.as_ref().map(|session| session.id);
    call.web.store.write(|tx| {
        // The browser has one cookie: what it named before ends.
        if let Some(former) = former {
            tx.end_session(former)?;
        }
        tx.add_session(&NewSession { sha256: &hash, owner: &owner, ip: &ip, agent }, call.now)
    })?;
    let response = if page.carried.is_empty() {
        let next = if page.next.is_empty() { "/staff/tickets" } else { page.next.as_str() };
        call.lead_to(next)
    } else {
        // Signed in is signed in, whatever becomes of the form.
        taken_up(call, &hash, page).unwrap_or_else(|refusal| refusal.response(call.language, call.prefix()))
    };
    Ok(response.with_header("Set-Cookie", session::set_cookie(Side::Staff, &secret, has_secure_cookie(call))))
}

/// Takes a form that was sent while nobody was signed in, as if it came now.
fn taken_up(call: &Call<'_>, hash: &[u8; 32], page: SignIn) -> Result<Response, Refusal> {
    let path = page.next.split('?').next().unwrap_or("");
    let Some(wanted) = Page::of(path).filter(Page::takes_post) else { return Ok(call.lead_to("/staff/tickets")) };
    let found = call.web.store.read(|tx| {
        let session = tx.session(hash, call.now)?;
        let viewer = match &session {
            Some(session) => session::viewer(tx, session)?,
            None => None,
        };
        Ok::<_, crate::store::Error>(session.zip(viewer))
    })?;
    let (session, viewer) = found.ok_or(Refusal::Forbidden)?;
    let lost = page.lost_files();
    let form = Form::of_pairs(page.carried.into_iter().filter(|(name, _)| name != LOST_FILE).collect());
    let later = call.for_page(wanted, form).signed_in(session, *hash, viewer);
    if let Some(response) = super::led_to_second_factor(&later) {
        // What was typed waits as a draft.
        if let Page::Ticket(id) = later.page {
            super::ticket::keep(&later, id)?;
        }
        return Ok(response);
    }
    if !lost.is_empty() {
        return kept::without_files(&later, lost, &page.next);
    }
    Ok(gate::take_up(&later).unwrap_or_else(|refusal| kept::refused(&later, &refusal)))
}

/// `POST /staff/logout`
pub(super) fn out(call: &Call<'_>) -> Result<Response, Refusal> {
    if let Some(session) = &call.session {
        call.web.store.write(|tx| tx.end_session(session.id))?;
    }
    let gone = session::set_cookie(Side::Staff, "", has_secure_cookie(call));
    Ok(call.lead_to("/staff/login").with_header("Set-Cookie", gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_pages_of_ours_only() {
        for (text, expected) in [
            ("/staff/tickets/view/3?page=2", "/staff/tickets/view/3?page=2"),
            ("https://evil.test/", ""),
            ("//evil.test/staff", ""),
            ("/staff/../../evil", ""),
            ("/staff\\@evil.test", ""),
            ("", ""),
        ] {
            assert_eq!(next_of(text), expected, "{text}");
        }
    }
}
