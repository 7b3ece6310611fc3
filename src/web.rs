//! The pages that people open in a browser: [`respond`] turns a request into an answer, on plain values.
//!
//! It stands beside `api`; neither knows the other, and both change tickets through `desk`. `page` says which page a
//! path means and who is let in, `agent` has the pages of staff. A page is HTML from the server; the script makes it
//! pleasanter and is needed for nothing.

mod addressees;
mod agent;
mod answer;
mod assets;
mod call;
mod clock;
mod customer;
mod forgery;
mod form;
mod frame;
mod gate;
mod kept;
mod language;
mod limits;
mod once;
mod page;
mod pulse;
mod session;
pub(crate) mod setup;
#[cfg(test)]
mod tests;
mod text;
mod ui;
mod upload;
mod writers;
mod wrong;

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::Timestamp;
use crate::http::{Method, Request, Response};
use crate::ip_list::IpList;
use crate::login::Logins;
use crate::password::Slots;
use crate::store::Store;
use crate::store::settings::Settings;
use agent::sign_in::Pending;
use answer::Refusal;
use call::Call;
use form::Form;
use language::Language;
use page::Page;
use ui::Ui;

/// Where a file is below a folder of pages, without prefix.
pub(crate) fn file_path(folder: &str, id: crate::domain::AttachmentId, name: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    format!("{folder}/{id}/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// Called after a change that may have queued mail; must return at once.
pub(crate) type Waker = Box<dyn Fn() + Send + Sync>;

/// What pages are made from. One for the whole server.
pub(crate) struct Web {
    store: Arc<Store>,
    slots: Arc<Slots>,
    logins: Arc<Logins>,
    wake: Waker,
    trusted_proxies: RwLock<IpList>,
    limits: limits::Limits,
    pending: Pending,
    feed: pulse::Feed,
    /// What the set-up needs from the process around; none in tests.
    tools: Option<setup::Tools>,
    /// Bytes of a request's body that the server takes; 0 where nobody has said.
    body_bytes_max: u64,
    /// The path of `site_url` as it was a moment ago, for what cannot wait for the database.
    prefix: RwLock<String>,
}

impl Web {
    /// The pages of a desk. Passwords are checked as the API checks them, in the same places.
    pub(crate) fn new(
        store: Arc<Store>,
        slots: Arc<Slots>,
        logins: Arc<Logins>,
        trusted_proxies: IpList,
        wake: Waker,
    ) -> Self {
        let web = Self {
            store,
            slots,
            logins,
            wake,
            trusted_proxies: RwLock::new(trusted_proxies),
            limits: limits::Limits::default(),
            pending: Pending::default(),
            feed: pulse::Feed::default(),
            tools: None,
            body_bytes_max: 0,
            prefix: RwLock::default(),
        };
        if let Ok(settings) = web.store.read(|tx| tx.settings()) {
            web.note_prefix(&settings);
        }
        web
    }

    /// The same with what the set-up needs from the process around.
    #[must_use]
    pub(crate) fn with_tools(mut self, tools: setup::Tools) -> Self {
        self.tools = Some(tools);
        self
    }

    /// The same on a server that takes bodies of so many bytes.
    #[must_use]
    pub(crate) const fn taking(mut self, body_bytes_max: u64) -> Self {
        self.body_bytes_max = body_bytes_max;
        self
    }

    /// Believes other proxies from now on.
    pub(crate) fn set_trusted_proxies(&self, proxies: IpList) {
        *self.trusted_proxies.write().unwrap_or_else(PoisonError::into_inner) = proxies;
    }

    fn note_prefix(&self, settings: &Settings) {
        let prefix = page::prefix_of(&settings.site_url);
        let mut known = self.prefix.write().unwrap_or_else(PoisonError::into_inner);
        if *known != prefix {
            prefix.clone_into(&mut known);
        }
    }

    fn prefix(&self) -> String {
        self.prefix.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn client_address(&self, request: &Request) -> IpAddr {
        let proxies = self.trusted_proxies.read().unwrap_or_else(PoisonError::into_inner);
        crate::http::client_address(request.peer, &request.headers, &proxies)
    }

    /// Whether the request came over TLS, as the connection's proxy or the desk's address says.
    fn is_secure(&self, request: &Request, settings: &Settings) -> bool {
        let is_trusted =
            self.trusted_proxies.read().unwrap_or_else(PoisonError::into_inner).has(request.peer.ip().to_canonical());
        let by_proxy = request.header("X-Forwarded-Proto").filter(|_| is_trusted);
        by_proxy.map_or_else(|| settings.site_url.starts_with("https://"), |proto| proto.eq_ignore_ascii_case("https"))
    }
}

/// A request without the path prefix of the desk's address, which a proxy may have kept or cut off.
pub(crate) fn without_prefix(web: &Web, mut request: Request) -> Request {
    let prefix = web.prefix();
    if !prefix.is_empty() {
        let path = page::without_prefix(&request.path, &prefix).to_owned();
        request.path = path;
    }
    request
}

/// The same for a request that leads nowhere: the desk's address may have changed since the last look at it.
pub(crate) fn without_new_prefix(web: &Web, request: Request) -> Request {
    if Page::of(&request.path).is_some() {
        return request;
    }
    match web.store.read(|tx| tx.settings()) {
        Ok(settings) if page::prefix_of(&settings.site_url) != web.prefix() => {
            web.note_prefix(&settings);
            without_prefix(web, request)
        }
        Ok(_) | Err(_) => request,
    }
}

/// Whether the path is a page, or the client wants to read one.
pub(crate) fn is_for_pages(request: &Request) -> bool {
    Page::of(&request.path).is_some() || wants_page(request.header("Accept").unwrap_or(""))
}

/// Whether a form may be sent to the path, which is given with or without the prefix of the desk's address.
pub(crate) fn takes_forms(web: &Web, path: &str) -> bool {
    Page::of(page::without_prefix(path, &web.prefix())).is_some_and(|page| page.takes_post())
}

/// Whether that `Accept` is a browser's.
pub(crate) fn wants_page(accept: &str) -> bool {
    accept.split(',').any(|piece| piece.trim().split(';').next() == Some("text/html"))
}

/// A refusal of the HTTP shell's, as a page. Never waits.
pub(crate) fn shell_refusal(web: &Web, response: Response, accept_language: &str) -> Response {
    answer::shell_refusal(response, Language::accepted(accept_language), &web.prefix())
}

/// Answers one request. A panic in it is the caller's to catch; no lock of ours is left poisoned.
pub(crate) fn respond(web: &Web, mut request: Request, now: Timestamp) -> Response {
    let language = Language::accepted(request.header("Accept-Language").unwrap_or(""));
    let page = Page::of(&request.path);
    if let Some(Page::Asset(name)) = &page {
        let found = assets::answer(name).map(answer::with_guards);
        return found.unwrap_or_else(|| Refusal::NotFound.response(language, &web.prefix()));
    }
    // Read before the database is asked, which may not answer: what was typed is given back then.
    let is_form = page.is_some() && request.method == Method::Post;
    let posted = match request.is_cut {
        true => Ok(Form::of_beginning(&mut request)),
        false if is_form => Form::of_body(&mut request),
        false => Ok(Form::default()),
    };
    let early = |refusal: Refusal, posted: Option<&Form>| {
        let form = posted.zip(page.as_ref()).map(|(form, page)| (form, page, &request.headers));
        kept::before_known(&refusal, form, Ui::bare(language, &web.prefix()))
    };
    let settings = match web.store.read(|tx| tx.settings()) {
        Ok(settings) => settings,
        Err(error) => return early(error.into(), posted.as_ref().ok()),
    };
    web.note_prefix(&settings);
    if !settings.web {
        return Response::json(404, "{\"error\":1,\"message\":\"Unknown endpoint.\"}");
    }
    let Some(page) = page.clone() else { return early(Refusal::NotFound, None) };
    let form = match posted {
        Ok(form) => form,
        Err(unreadable) => return early(unreadable.into(), None),
    };
    match Call::of(web, settings, page, &request, now) {
        Ok(mut call) => {
            call.form = form;
            gate::answer(&call).unwrap_or_else(|refusal| kept::refused(&call, &refusal))
        }
        Err(refusal) => early(refusal, Some(&form)),
    }
}

/// Markdown as sanitised HTML, as articles keep it.
pub(crate) fn markdown(text: &str) -> String {
    text::markdown(text).0
}
