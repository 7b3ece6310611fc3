//! The HTTP API: [`respond`] turns a request into an answer, on plain values.
//!
//! It never touches a socket and reads no clock. The order of things is HelpDeskZ's: path and method,
//! token, permission, then the parameters. A request that reads gets one snapshot for all of it; one
//! that changes something checks its values on a snapshot first, so that a refusal never takes the
//! write lock, and again in the one write transaction that makes the change, keeps the answer for an
//! Idempotency-Key and queues the mails.
//!
//! Three dialects: HelpDeskZ's, whose endpoints are all answered in the same way here; Faveo's register
//! (`faveo`) and Servetel's create user (`servetel`), which check tokens and print errors in theirs.

mod access;
#[path = "api/system/activation.rs"]
mod activate;
#[path = "api/helpdeskz/answer.rs"]
mod answer;
#[path = "api/helpdeskz/attachments.rs"]
mod attachments;
#[path = "api/helpdeskz/departments.rs"]
mod departments;
mod email;
mod error;
mod faveo;
mod idempotency;
#[path = "api/client_address.rs"]
pub mod ip;
#[path = "login.rs"]
mod login;
#[path = "api/helpdeskz/messages.rs"]
mod messages;
#[path = "api/system/metrics.rs"]
pub mod metrics;
#[path = "api/system/docs.rs"]
mod pages;
mod params;
#[path = "api/system/readiness.rs"]
mod probes;
mod random;
mod refusal;
pub mod route;
mod servetel;
#[path = "api/helpdeskz/staff.rs"]
mod staff;
#[cfg(test)]
mod tests;
#[path = "api/helpdeskz/tickets.rs"]
mod tickets;
#[path = "api/helpdeskz/upload.rs"]
mod upload;
#[path = "api/helpdeskz/users.rs"]
mod users;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

pub use access::token_hash;
use error::{ApiError, Statuses};
use idempotency::{Key, Reply};
use ip::IpList;
use metrics::Metrics;
use params::Params;
use probes::Readiness;
use route::{NotRouted, Permission, Route, Scope};

use crate::domain::{Timestamp, TokenId};
use crate::http::{Client, Method, Request, Response};
use crate::password::Slots;
use crate::store::settings::Settings;
use crate::store::{self, ReadTx, Store, WriteTx};

/// Seconds between two notes of a token's last use: it is kept to the minute, so that reading
/// requests do not each cost a write.
const TOKEN_USE_NOTED_S: i64 = 60;

/// How long memory and database connections are kept after their last use. With the threads of `http`
/// (10 s) and its idle connections (15 s) all is given back well within a minute.
const UNUSED_KEPT: Duration = Duration::from_secs(10);

/// What the machine's configuration file says about the API; SIGHUP brings another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRules {
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: IpList,
    /// Seconds the oldest unsent mail may wait before `/readyz` says so.
    pub outbox_age_max_s: i64,
}

/// Whom to wake when something is to be done outside of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A committed request queued mail, or may have.
    Outbox,
    /// A token was used for the first time in a while.
    TokenUse,
}

/// Called with what is to be done; must return at once.
pub type Waker = Box<dyn Fn(Wake) + Send + Sync>;

/// What requests are answered from. One for the whole server.
pub struct Api {
    store: Arc<Store>,
    rules: RwLock<HostRules>,
    wake: Waker,
    uses: Mutex<TokenUses>,
    /// Every password of a request is hashed here.
    slots: Slots,
    logins: login::Progress,
    failed_login_time: Duration,
    /// The setting `cors_origins` as it was a moment ago, for refusals that cannot wait for the database.
    origins: RwLock<String>,
    metrics: Metrics,
    readiness: Readiness,
}

/// Uses of tokens that are yet to be written, and when each was written last.
#[derive(Default)]
struct TokenUses {
    seen: std::collections::HashMap<i64, Use>,
}

#[derive(Clone, Copy)]
struct Use {
    last_at: Timestamp,
    noted_at: Timestamp,
}

impl Api {
    /// An API on `store`. Readiness is looked at through `probe`, a handle on the same database that
    /// waits for the write lock only as long as a health check may take.
    #[must_use]
    pub fn new(store: Arc<Store>, probe: Store, rules: HostRules, wake: Waker) -> Self {
        Self {
            store,
            rules: RwLock::new(rules),
            wake,
            uses: Mutex::default(),
            slots: Slots::default(),
            logins: login::Progress::default(),
            failed_login_time: login::FAILURE_ANSWERED_AFTER,
            origins: RwLock::default(),
            metrics: Metrics::default(),
            readiness: Readiness::new(probe),
        }
    }

    /// The same with another time at which failed logins are answered, for those who do not want to wait.
    #[must_use]
    pub const fn with_failed_login_time(mut self, time: Duration) -> Self {
        self.failed_login_time = time;
        self
    }

    /// Gives what a burst of requests took and nobody has used for a while back to the system.
    pub fn give_back_unused(&self) {
        self.slots.give_back(UNUSED_KEPT);
        self.store.close_unused(UNUSED_KEPT);
    }

    /// Reads again what refusals of the HTTP shell need; to be called now and then.
    pub fn note_origins(&self) {
        match self.store.read(|tx| tx.settings()) {
            Ok(settings) => {
                let origins = settings.text("cors_origins").to_owned();
                *self.origins.write().unwrap_or_else(PoisonError::into_inner) = origins;
            }
            Err(error) => tracing::warn!(%error, "reading the settings; tried again"),
        }
    }

    /// From now on `/readyz` wants a sign of life from the one who sends mail, not older than
    /// [`crate::outbox::SERVED_FRESH_S`].
    pub fn expect_sender(&self, since: Timestamp) {
        self.readiness.expect_sender(since);
    }

    /// Puts other host rules in force for the requests to come.
    pub fn set_rules(&self, rules: HostRules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn rules(&self) -> HostRules {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Token uses that are to be written now, with their times.
    #[must_use]
    pub fn take_token_uses(&self) -> Vec<(TokenId, Timestamp)> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = uses.seen.iter_mut().filter(|(_, used)| used.last_at > used.noted_at);
        fresh
            .map(|(id, used)| {
                used.noted_at = used.last_at;
                (TokenId::new(*id), used.last_at)
            })
            .collect()
    }

    fn note_use(&self, token: TokenId, now: Timestamp) {
        let is_due = {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            let used = uses.seen.entry(token.get()).or_insert(Use { last_at: now, noted_at: Timestamp::default() });
            used.last_at = used.last_at.max(now);
            now >= used.noted_at.plus_s(TOKEN_USE_NOTED_S)
        };
        if is_due {
            (self.wake)(Wake::TokenUse);
        }
    }

    /// Counts of requests and connections, for `/metrics`.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// Answers one request. A panic in it is the caller's to catch; no lock of ours is left poisoned.
#[must_use]
pub fn respond(api: &Api, request: Request, now: Timestamp) -> Response {
    let started = Instant::now();
    let origin = request.header("Origin").map(str::to_owned);
    let is_preflight = request.method == Method::Options;
    let (label, response) = match Route::parse(&request.method, &request.path) {
        Ok(route) => (route.label(), answer_route(api, &route, request, now)),
        Err(refusal) => (("other", "unknown"), not_routed(refusal)),
    };
    let response = match origin {
        Some(origin) => with_cors(api, response, &origin, is_preflight),
        None => response,
    };
    api.metrics.count(label, response.status(), started.elapsed());
    response
}

/// Completes a refusal of the HTTP shell's for a browser page of that origin. Never waits: the shell says
/// some of them where it accepts connections.
#[must_use]
pub fn refusal_for(api: &Api, response: Response, origin: &str) -> Response {
    let setting = api.origins.read().unwrap_or_else(PoisonError::into_inner);
    for_origin(response, allowed_origin(&setting, origin))
}

/// Whether a path is answered even when the server has no place for others: the health checks.
#[must_use]
pub fn has_kept_place(path: &str) -> bool {
    matches!(Route::parse(&Method::Get, path), Ok(Route::Health | Route::Ready))
}

fn not_routed(refusal: NotRouted) -> Response {
    match refusal {
        NotRouted::Unknown => Response::json(404, error::error_body("Unknown endpoint.")),
        NotRouted::Method(allow) => {
            Response::json(405, error::error_body("Method not allowed.")).with_header("Allow", allow)
        }
        NotRouted::Options(allow) => Response::empty(204).with_header("Allow", allow),
    }
}

/// Lets a browser page of an allowed origin (setting `cors_origins`) read the answer.
fn with_cors(api: &Api, response: Response, origin: &str, is_preflight: bool) -> Response {
    let Ok(settings) = api.store.read(|tx| tx.settings()) else { return response };
    let allowed = allowed_origin(settings.text("cors_origins"), origin);
    let is_allowed = allowed.is_some();
    let response = for_origin(response, allowed);
    if is_allowed && is_preflight {
        return response
            .with_header("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
            .with_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Token")
            .with_header("Access-Control-Max-Age", "600");
    }
    response
}

/// What the setting says to that origin.
fn allowed_origin<'s>(setting: &'s str, origin: &str) -> Option<&'s str> {
    let mut allowed = setting.split(',').map(str::trim).filter(|allowed| !allowed.is_empty());
    allowed.find(|allowed| *allowed == "*" || *allowed == origin)
}

fn for_origin(response: Response, allowed: Option<&str>) -> Response {
    let Some(allowed) = allowed else { return response };
    response
        .with_header("Access-Control-Allow-Origin", allowed)
        .with_header("Vary", "Origin")
        .with_header("Access-Control-Expose-Headers", "Idempotency-Replayed")
}

fn answer_route(api: &Api, route: &Route, request: Request, now: Timestamp) -> Response {
    match route.scope() {
        Scope::Public => match route {
            Route::Ready => api.readiness.response(&api.rules(), now),
            Route::OpenApi => pages::openapi(),
            Route::Docs => pages::docs(),
            Route::ActivationShow(code) => activate::show(api, code, now),
            Route::ActivationConfirm(code) => activate::confirm(api, code, now),
            _ => pages::health(),
        },
        Scope::OwnToken(_) => match route {
            Route::FaveoRegister => faveo::register(api, request, now),
            Route::ServetelCreate => servetel::create(api, request, now),
            _ => ApiError::Broken("an endpoint without a handler".to_owned()).response(Statuses::Compat),
        },
        Scope::TokenOrSetting(permission, key) => {
            let mut statuses = Statuses::Compat;
            let admitted = api.store.read(|tx| {
                if tx.settings()?.is_on(key) {
                    return Ok(());
                }
                admit(api, tx, &request, permission, &mut statuses).map(|_| ())
            });
            match admitted {
                Ok(()) => probes::metrics(api, now),
                Err(refusal) => refusal.response(statuses),
            }
        }
        Scope::Token(permission) => {
            let mut statuses = Statuses::Compat;
            let done = match route_kind(route) {
                Kind::Reads(handler) => reading(api, request, (permission, handler), &mut statuses, now),
                Kind::Acts(handler) => acting(api, request, (permission, handler), &mut statuses, now),
                Kind::Other => Err(ApiError::Broken("an endpoint without a handler".to_owned())),
            };
            done.unwrap_or_else(|refusal| refusal.response(statuses))
        }
    }
}

type Reader<'a> = Box<dyn FnOnce(&ReadTx<'_>, &Call<'_>) -> Result<String, ApiError> + 'a>;
type Actor<'a> = Box<dyn FnOnce(&Call<'_>) -> Result<Reply, ApiError> + 'a>;

/// How an endpoint of HelpDeskZ's dialect is answered.
enum Kind<'a> {
    /// On the snapshot that admitted it.
    Reads(Reader<'a>),
    /// In transactions of its own: it changes something, or has heavy work to do outside of them.
    Acts(Actor<'a>),
    Other,
}

fn route_kind(route: &Route) -> Kind<'_> {
    fn reads<'a>(handler: impl FnOnce(&ReadTx<'_>, &Call<'_>) -> Result<String, ApiError> + 'a) -> Kind<'a> {
        Kind::Reads(Box::new(handler))
    }
    fn acts<'a>(handler: impl FnOnce(&Call<'_>) -> Result<Reply, ApiError> + 'a) -> Kind<'a> {
        Kind::Acts(Box::new(handler))
    }
    match route {
        Route::UsersCreate => acts(users::create),
        Route::UsersList => reads(users::list),
        Route::UsersShow(id) => reads(|tx, _| users::show(tx, id)),
        Route::UsersUpdate(id) => acts(|call| users::update(call, id)),
        Route::UsersDelete(id) => acts(|call| users::delete(call, id)),
        Route::DepartmentsCreate => acts(departments::create),
        Route::DepartmentsList => reads(|tx, _| departments::list(tx)),
        Route::DepartmentsShow(id) => reads(|tx, _| departments::show(tx, id)),
        Route::DepartmentsUpdate(id) => acts(|call| departments::update(call, id)),
        Route::DepartmentsDelete(id) => acts(|call| departments::delete(call, id)),
        Route::TicketsCreate => acts(tickets::create),
        Route::TicketsList => reads(tickets::list),
        Route::TicketsShow(id) => reads(|tx, _| tickets::show(tx, id)),
        Route::TicketsUpdate(id) => acts(|call| tickets::update(call, id)),
        Route::TicketsDelete(id) => acts(|call| tickets::delete(call, id)),
        Route::MessagesCreate => acts(messages::create),
        Route::MessagesShow(id) => reads(|tx, call| messages::show(tx, call, id)),
        Route::AttachmentsList => reads(attachments::list),
        Route::AttachmentsShow(id) => acts(|call| attachments::show(call, id)),
        Route::AttachmentsDelete(id) => acts(|call| attachments::delete(call, id)),
        Route::StaffList => reads(staff::list),
        Route::StaffShow(id) => reads(|tx, _| staff::show(tx, id)),
        Route::StaffAuth => acts(login::authenticate),
        Route::Health
        | Route::Ready
        | Route::Metrics
        | Route::OpenApi
        | Route::Docs
        | Route::ActivationShow(_)
        | Route::ActivationConfirm(_)
        | Route::FaveoRegister
        | Route::ServetelCreate => Kind::Other,
    }
}

/// One request that was let in.
struct Call<'a> {
    api: &'a Api,
    settings: Settings,
    params: Params,
    key: Option<Key>,
    /// Who waits for the answer.
    client: Client,
    now: Timestamp,
}

/// Checks the token. `statuses` is set as soon as the settings are known.
fn admit(
    api: &Api,
    tx: &ReadTx<'_>,
    request: &Request,
    permission: Permission,
    statuses: &mut Statuses,
) -> Result<(TokenId, Settings), ApiError> {
    let settings = tx.settings()?;
    if settings.text("api_error_status") == "http" {
        *statuses = Statuses::Http;
    }
    let client = ip::client(request.peer, &request.headers, &api.rules().trusted_proxies);
    let token = access::authorize(tx, access::token_of(&request.headers), client, permission)?;
    Ok((token, settings))
}

fn reading(
    api: &Api,
    request: Request,
    (permission, handler): (Permission, Reader<'_>),
    statuses: &mut Statuses,
    now: Timestamp,
) -> Result<Response, ApiError> {
    api.store.read(|tx| {
        let (token, settings) = admit(api, tx, &request, permission, statuses)?;
        api.note_use(token, now);
        let client = request.client.clone();
        let call = Call { api, settings, params: Params::of(request)?, key: None, client, now };
        Ok(Response::json(200, handler(tx, &call)?))
    })
}

fn acting(
    api: &Api,
    request: Request,
    (permission, handler): (Permission, Actor<'_>),
    statuses: &mut Statuses,
    now: Timestamp,
) -> Result<Response, ApiError> {
    let (token, settings) = api.store.read(|tx| admit(api, tx, &request, permission, statuses))?;
    api.note_use(token, now);
    let has_key = request.method == Method::Post && permission != Permission::StaffAuth;
    let (headers, path, client) = (request.headers.clone(), request.path.clone(), request.client.clone());
    let params = Params::of(request)?;
    let key = if has_key { Key::of(&headers, token, &path, *params.sha256())? } else { None };
    if let Some(key) = &key
        && let Some(reply) = key.replay(&api.store, now)?
    {
        return Ok(reply.response());
    }
    let call = Call { api, settings, params, key, client, now };
    let done = handler(&call);
    if let (Err(refusal), Some(key)) = (&done, &call.key)
        && refusal.is_final()
    {
        api.store.write(|tx| key.keep_refusal(tx, refusal, *statuses, now))?;
    }
    done.map(Reply::response)
}

impl Call<'_> {
    /// Checks on a snapshot and again under the write lock, then changes, keeps the answer, commits.
    fn change<T, E: From<ApiError> + From<store::Error>>(
        &self,
        check: impl Fn(&ReadTx<'_>) -> Result<T, E>,
        apply: impl FnOnce(&WriteTx<'_>, T) -> Result<String, E>,
    ) -> Result<Reply, E> {
        self.api.store.read(|tx| check(tx).map(|_| ()))?;
        let reply = self.api.store.write(|tx| {
            if let Some(key) = &self.key
                && let Some(reply) = key.look_up(tx, self.now)?
            {
                return Ok(reply);
            }
            let body = apply(tx, check(tx)?)?;
            if let Some(key) = &self.key {
                key.keep(tx, &body, self.now)?;
            }
            Ok::<_, E>(Reply::fresh(body))
        })?;
        let reply = reply.made_sure(&self.api.store)?;
        (self.api.wake)(Wake::Outbox);
        Ok(reply)
    }
}

/// How long a health check waits for the write lock. Far above any transaction of ours, below the
/// patience of whoever asks.
pub const PROBE_LOCK_WAIT: Duration = Duration::from_secs(2);
