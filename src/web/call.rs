//! One request that is being answered: who asks, in which language, with what form.

use std::cell::Cell;
use std::net::IpAddr;

use super::answer::{self, Refusal};
use super::clock::Clock;
use super::customer::Guest;
use super::form::{Form, Unreadable};
use super::language::Language;
use super::page::{self, Page};
use super::session::{self, Viewer};
use super::ui::Ui;
use super::{Web, forgery, once};
use crate::desk::Change;
use crate::domain::{Actor, DeskSecret, Door, Timestamp};
use crate::http::{Client, Headers, Method, Request, Response};
use crate::store::session::Session;
use crate::store::settings::Settings;
use crate::store::staff::{Preferences, StaffPages};
use crate::store::{self, ReadTx, WriteTx};

/// A request and what is known about who sent it.
pub(crate) struct Call<'a> {
    /// Where it is answered from.
    pub(crate) web: &'a Web,
    /// The desk's settings.
    pub(crate) settings: Settings,
    /// Its secret.
    pub(crate) secret: DeskSecret,
    /// The page.
    pub(crate) page: Page,
    /// Its method.
    pub(crate) method: Method,
    /// Its header lines.
    pub(crate) headers: Headers,
    /// What follows the `?`.
    pub(crate) query: Form,
    /// What was posted.
    pub(crate) form: Form,
    /// Where it comes from.
    pub(crate) address: IpAddr,
    /// Whether the connection's other end is this machine.
    pub(crate) is_loopback: bool,
    /// Whether it came over TLS.
    pub(crate) is_secure: bool,
    /// Who waits.
    pub(crate) client: Client,
    /// The session it names.
    pub(crate) session: Option<Session>,
    /// The hash of that session's secret.
    session_hash: [u8; 32],
    /// The staff member who is signed in.
    pub(crate) viewer: Option<Viewer>,
    /// The customer who is signed in, or has a ticket's link.
    pub(crate) guest: Option<Guest>,
    /// Their language, else the browser's.
    pub(crate) language: &'static Language,
    /// Their clock.
    pub(crate) clock: Clock,
    /// How they want the pages.
    pub(crate) preferences: Preferences,
    /// Now.
    pub(crate) now: Timestamp,
    /// Whether the key of its form was spent by this very request.
    pub(super) has_spent: Cell<bool>,
}

impl From<Unreadable> for Refusal {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Broken => Self::Broken,
            Unreadable::TooLarge => Self::TooLarge,
        }
    }
}

impl<'a> Call<'a> {
    /// Looks up who a request comes from. Its form is not read here: it is to be at hand when this fails.
    pub(super) fn of(
        web: &'a Web,
        settings: Settings,
        page: Page,
        request: &Request,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let address = web.client_address(request);
        let is_secure = web.is_secure(request, &settings);
        let named = session::named(&request.headers, page.side(), settings.web_insecure);
        let (secret, session, viewer, guest, profile) = web.store.read(|tx| {
            let session = match &named {
                Some(hash) => tx.session(hash, now)?,
                None => None,
            };
            let viewer = match &session {
                Some(session) => session::viewer(tx, session)?,
                None => None,
            };
            let profile = match &viewer {
                Some(viewer) => Some(tx.staff_pages(viewer.id())?),
                None => None,
            };
            let guest = match &session {
                Some(session) => Guest::of(tx, session)?,
                None => None,
            };
            let profile = match guest.as_ref().and_then(Guest::customer) {
                Some(customer) => {
                    let (locale, timezone) = tx.customer_preferences(customer)?;
                    Some(StaffPages { timezone, locale, ..StaffPages::default() })
                }
                None => profile,
            };
            Ok::<_, store::Error>((tx.desk_secret()?, session, viewer, guest, profile))
        })?;
        if let Some(session) = session.as_ref().filter(|session| session.is_use_due(now)) {
            web.store.write_soon(|tx| tx.note_session_use(session.id, now))?;
        }
        let StaffPages { timezone: zone, locale, preferences, .. } = profile.unwrap_or_default();
        let asked = request.header("Accept-Language").unwrap_or("");
        let language = Language::of_code(&locale).unwrap_or_else(|| Language::accepted(asked));
        // The script notes the browser's zone in a cookie: `Europe%2FBerlin`.
        let browser_zone = session::cookie(&request.headers, "zone").unwrap_or("").replace("%2F", "/");
        let clock = Clock::of(&[&zone, &browser_zone, &settings.timezone], now, language);
        let query = Form::of_query(&request.query)?;
        let (method, headers, client) = (request.method.clone(), request.headers.clone(), request.client.clone());
        let is_loopback = request.peer.ip().to_canonical().is_loopback();
        Ok(Self {
            web,
            settings,
            secret,
            page,
            method,
            headers,
            query,
            form: Form::default(),
            address,
            is_loopback,
            is_secure,
            client,
            session,
            session_hash: named.unwrap_or_default(),
            viewer,
            guest,
            language,
            clock,
            preferences,
            now,
            has_spent: Cell::new(false),
        })
    }

    /// The same request, now by a person who has just signed in.
    pub(crate) fn signed_in(mut self, session: Session, hash: [u8; 32], viewer: Viewer) -> Self {
        (self.session, self.session_hash, self.viewer) = (Some(session), hash, Some(viewer));
        self
    }

    /// The same request for another page with another form.
    pub(crate) fn for_page(&self, page: Page, form: Form) -> Self {
        Self {
            web: self.web,
            settings: self.settings.clone(),
            secret: self.secret.clone(),
            page,
            method: Method::Post,
            headers: self.headers.clone(),
            query: Form::default(),
            form,
            address: self.address,
            is_loopback: self.is_loopback,
            is_secure: self.is_secure,
            client: self.client.clone(),
            session: self.session.clone(),
            session_hash: self.session_hash,
            viewer: self.viewer.clone(),
            guest: self.guest.clone(),
            language: self.language,
            clock: self.clock.clone(),
            preferences: self.preferences.clone(),
            now: self.now,
            has_spent: Cell::new(false),
        }
    }

    /// The same person looking at a page.
    pub(crate) fn looking_at(&self, page: Page, query: Form) -> Self {
        Self { method: Method::Get, query, ..self.for_page(page, Form::default()) }
    }

    /// Whether somebody is signed in.
    const fn is_known(&self) -> bool {
        self.session.is_some() && (self.viewer.is_some() || self.guest.is_some())
    }

    /// Whether the form came from a page of ours, and one of this session.
    pub(crate) fn check_forgery(&self) -> Result<(), Refusal> {
        if !forgery::is_same_origin(&self.headers, &self.settings.site_url) {
            return Err(Refusal::Forged);
        }
        let token = self.form.get("form_token");
        let is_right = if self.is_known() {
            forgery::is_token_of(&self.secret, &self.session_hash, token)
        } else {
            forgery::anonymous_made_at(&self.secret, token, self.now).is_some()
        };
        if is_right { Ok(()) } else { Err(Refusal::Stale) }
    }

    /// The staff member who is signed in; the gate has seen to it that there is one.
    pub(crate) fn viewer(&self) -> Result<&Viewer, Refusal> {
        self.viewer.as_ref().ok_or(Refusal::Forbidden)
    }

    /// The path in front of every link.
    pub(crate) fn prefix(&self) -> &str {
        page::prefix_of(&self.settings.site_url)
    }

    /// Leads the browser to a page of ours, given without prefix.
    pub(crate) fn lead_to(&self, path: &str) -> Response {
        answer::lead_to(format!("{}{path}", self.prefix()))
    }

    /// Changes by the person who is signed in.
    pub(crate) fn change<'t>(&'t self, tx: &'t WriteTx<'t>) -> Result<Change<'t>, Refusal> {
        Ok(Change::new(tx, &self.settings, Actor::Staff(self.viewer()?.id()), Door::Web, self.now))
    }

    /// Reads on one snapshot.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&ReadTx<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.web.store.read(f)
    }

    /// Changes in one transaction, and has queued mail sent.
    pub(crate) fn write<T>(&self, f: impl FnOnce(&WriteTx<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let done = self.web.store.write(|tx| {
            tx.come_from(self.address);
            let customer = self.guest.as_ref().and_then(Guest::customer);
            let actor = match (&self.viewer, customer) {
                (Some(viewer), _) => Actor::Staff(viewer.id()),
                (None, Some(customer)) => Actor::Customer(customer),
                (None, None) => Actor::Desk,
            };
            tx.act_as(actor, Door::Web);
            once::spend(self, tx)?;
            f(tx)
        })?;
        self.has_spent.set(true);
        (self.web.wake)();
        Ok(done)
    }

    /// What is around a page without lists: for those who are not signed in.
    pub(crate) fn bare_ui(&self) -> Ui {
        let form_token = if self.is_known() {
            forgery::token_of(&self.secret, &self.session_hash)
        } else {
            forgery::anonymous_token(&self.secret, self.now)
        };
        Ui {
            language: self.language,
            prefix: self.prefix().to_owned(),
            site: self.settings.site_name.clone(),
            form_token,
            clock: self.clock.clone(),
            person: String::new(),
            is_link_only: false,
            nav: Vec::new(),
            may_set_up: false,
            search: String::new(),
            notices: Vec::new(),
            scheme: self.preferences.scheme.clone(),
            has_keys: self.preferences.has_keys,
            newest_event: 0,
            form_bytes_max: self.web.body_bytes_max,
        }
    }
}
