//! The HTTP API: [`respond`] turns a request into an answer, on plain values.
//!
//! It never touches a socket and reads no clock. `endpoint` is the table of endpoints, `route` finds the row
//! for a path, `admission` lets in. A request that reads gets one snapshot for all of it; one that changes
//! something checks its values on a snapshot first, so that a refusal never takes the write lock, and again in
//! the one write transaction that makes the change, keeps the answer for an Idempotency-Key and queues the
//! mails.
//!
//! Three dialects: HelpDeskZ's (`helpdeskz`), Faveo's register (`faveo`) and Servetel's create user
//! (`servetel`). What belongs to none of them is in `system`.

mod access;
mod admission;
mod cors;
mod email;
mod endpoint;
mod error;
mod faveo;
mod helpdeskz;
mod idempotency;
mod json;
mod mail;
mod params;
mod random;
mod refusal;
mod route;
mod servetel;
mod system;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::ip_list::IpList;
pub(crate) use access::token_hash;
use admission::{Dialect, Wanted, act, admit, token_checked};
pub(crate) use cors::refusal_for;
use endpoint::Handler;
use error::ApiError;
use faveo::Faveo;
use helpdeskz::HelpDeskZ;
use idempotency::{Key, KeyedAnswer};
use mail::MailHost;

use params::Params;
use refusal::ErrorAnswer;
use route::{NotRouted, Route};
use servetel::Servetel;
use system::activation;
use system::metrics::Metrics;
use system::readiness::Readiness;

use crate::desk::Change;
use crate::domain::permission::Permission;
use crate::domain::{Actor, Door, Timestamp, TokenId};
use crate::http::{Client, Headers, Method, Request, Response, client_address};
use crate::login::Logins;
use crate::mail::Limits;
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
    /// What bounds the reading of a mail that is handed over.
    pub mail_limits: Limits,
}

/// Which thread to wake when there is work to do outside of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A committed request queued mail, or may have.
    Outbox,
    /// A token was used for the first time in a while.
    TokenUse,
}

/// Called with the kind of work; must return at once.
pub(crate) type Waker = Box<dyn Fn(Wake) + Send + Sync>;

/// What requests are answered from. One for the whole server.
pub struct Api {
    store: Arc<Store>,
    rules: RwLock<HostRules>,
    wake: Waker,
    uses: Mutex<TokenUses>,
    /// Every password of a request is hashed here.
    slots: Arc<Slots>,
    logins: Arc<Logins>,
    /// The setting `cors_origins` as it was a moment ago, for refusals that cannot wait for the database.
    origins: RwLock<String>,
    metrics: Metrics,
    /// Prints what others have counted.
    more_metrics: OnceLock<MoreMetrics>,
    readiness: Readiness,
}

/// Prints counts as Prometheus reads them.
type MoreMetrics = Box<dyn Fn() -> String + Send + Sync>;

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
            slots: Arc::default(),
            logins: Arc::default(),
            origins: RwLock::default(),
            metrics: Metrics::default(),
            more_metrics: OnceLock::new(),
            readiness: Readiness::new(probe),
        }
    }

    /// The same with another time at which failed logins are answered, for those who do not want to wait.
    #[must_use]
    pub fn with_failed_login_time(mut self, time: Duration) -> Self {
        self.logins = Arc::new(Logins::default().with_failed_after(time));
        self
    }

    /// Where passwords are checked, for the others who check them in this process.
    pub(crate) fn password_checks(&self) -> (Arc<Slots>, Arc<Logins>) {
        (Arc::clone(&self.slots), Arc::clone(&self.logins))
    }

    /// Gives back to the system what a burst of requests took and has not been used for a while.
    pub fn give_back_unused(&self) {
        self.slots.give_back(UNUSED_KEPT);
        self.store.close_unused(UNUSED_KEPT);
    }

    /// From now on `/readyz` wants a heartbeat from the thread that sends mail, not older than
    /// [`crate::outbox::SERVED_FRESH_S`].
    pub fn expect_sender(&self, since: Timestamp) {
        self.readiness.expect_sender(since);
    }

    /// Puts other host rules in force for the requests to come.
    pub fn set_rules(&self, rules: HostRules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// Whose X-Forwarded-For is believed.
    pub(crate) fn trusted_proxies(&self) -> IpList {
        self.rules().trusted_proxies
    }

    fn rules(&self) -> HostRules {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Token uses to be written now, with their times.
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

    /// From now on `/metrics` has these as well.
    pub(crate) fn add_metrics(&self, print: MoreMetrics) {
        self.more_metrics.get_or_init(|| print);
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
    let (label, response) = match route::find(&request.method, &request.path) {
        Ok(route) => (route.endpoint.label(), answer(api, &route, request, now)),
        Err(refusal) => (("other", "unknown"), not_routed(refusal)),
    };
    let response = match origin {
        Some(origin) => cors::with_cors(api, response, &origin, is_preflight),
        None => response,
    };
    api.metrics.count(label, response.status(), started.elapsed());
    response
}

/// Whether a path is answered even when the server has no place for others: the health checks.
#[must_use]
pub(crate) fn has_kept_place(path: &str) -> bool {
    let found = route::find(&Method::Get, path);
    found.is_ok_and(|route| [system::HEALTH, system::READY].contains(&route.endpoint.path))
}

/// Bytes of a body at a path, where `usual` are those at others.
#[must_use]
pub(crate) fn body_bytes_max(api: &Api, path: &str, usual: u64) -> u64 {
    if route::without_final_slash(path) == mail::DELIVER { mail::body_bytes_max(api, usual) } else { usual }
}

/// Whether the answer depends on the body: not where there is nothing at the path, and not without the token that an
/// endpoint wants on a header line. Faveo's clients send theirs in the body, and activating takes none.
#[must_use]
pub(crate) fn needs_body(method: &Method, path: &str, headers: &Headers) -> bool {
    let Ok(route) = route::find(method, path) else { return false };
    access::token_of(headers).is_some() || [faveo::REGISTER, activation::PATH].contains(&route.endpoint.path)
}

/// Whether a path belongs to the API.
#[must_use]
pub(crate) fn is_for_api(path: &str) -> bool {
    !matches!(route::find(&Method::Get, path), Err(NotRouted::Unknown))
        || ["/api/", "/v1/"].iter().any(|beginning| path.starts_with(beginning))
}

fn not_routed(refusal: NotRouted) -> Response {
    match refusal {
        NotRouted::Unknown => Response::json(404, helpdeskz::error_body("Unknown endpoint.")),
        NotRouted::Method(allow) => {
            Response::json(405, helpdeskz::error_body("Method not allowed.")).with_header("Allow", allow)
        }
        NotRouted::Options(allow) => Response::empty(204).with_header("Allow", allow),
    }
}

/// Lets a request in as its row of the table has it, and has it answered.
fn answer(api: &Api, route: &Route, request: Request, now: Timestamp) -> Response {
    let wanted = |permission, is_once| Wanted { permission, is_once };
    let done = match route.endpoint.handler {
        Handler::Public(handler) => return handler(api, now),
        Handler::Code(handler) => return handler(api, &route.code(), now),
        Handler::TokenOrSetting(permission, is_open, handler) => {
            return match open_or_admitted(api, permission, is_open, &request) {
                Ok(()) => handler(api, now),
                Err(refusal) => refusal.response(),
            };
        }
        Handler::Reads(permission, handler) => {
            let id = route.id();
            return read(api, &wanted(permission, false), request, |tx, call| handler(tx, call, &id), now);
        }
        Handler::Works(permission, handler) => {
            let id = route.id();
            act::<HelpDeskZ>(api, &wanted(permission, false), request, |call| handler(call, &id), now)
        }
        Handler::Changes(permission, handler) => {
            let id = route.id();
            act::<HelpDeskZ>(api, &wanted(permission, true), request, |call| handler(call, &id), now)
        }
        Handler::Faveo(permission, handler) => act::<Faveo>(api, &wanted(permission, true), request, handler, now),
        Handler::Servetel(permission, handler) => {
            act::<Servetel>(api, &wanted(permission, true), request, handler, now)
        }
        Handler::MailHost(permission, handler) => {
            act::<MailHost>(api, &wanted(permission, false), request, handler, now)
        }
    };
    done.map_or_else(ErrorAnswer::response, KeyedAnswer::response)
}

/// Answers on the snapshot that admits.
fn read(
    api: &Api,
    wanted: &Wanted,
    request: Request,
    handler: impl FnOnce(&ReadTx<'_>, &Call<'_>) -> Result<String, ApiError>,
    now: Timestamp,
) -> Response {
    let done = api.store.read(|tx| {
        let done = admit::<HelpDeskZ>(api, wanted, request, Some(tx), now)
            .and_then(|call| handler(tx, &call).map_err(|error| HelpDeskZ::print(error, Some(&call.settings))));
        Ok::<_, ApiError>(done)
    });
    let done = done.unwrap_or_else(|error| Err(HelpDeskZ::print(error, None)));
    done.map_or_else(ErrorAnswer::response, |body| Response::json(200, body))
}

fn open_or_admitted(
    api: &Api,
    permission: Permission,
    is_open: fn(&Settings) -> bool,
    request: &Request,
) -> Result<(), ErrorAnswer> {
    let address = client_address(request.peer, &request.headers, &api.rules().trusted_proxies);
    let checked = api.store.read(|tx| {
        let settings = tx.settings()?;
        if is_open(&settings) {
            return Ok(Ok(()));
        }
        let checked = token_checked::<HelpDeskZ>(tx, permission, &request.headers, None, address);
        let printed = checked.map(|_| ()).map_err(|error| HelpDeskZ::print(error, Some(&settings)));
        Ok::<_, ApiError>(printed)
    });
    checked.unwrap_or_else(|error| Err(HelpDeskZ::print(error, None)))
}

/// One request that was let in.
struct Call<'a, P = Params> {
    api: &'a Api,
    settings: Settings,
    params: P,
    key: Option<Key>,
    /// Where it comes from.
    address: IpAddr,
    /// Who waits for the answer.
    client: Client,
    now: Timestamp,
}

impl<P> Call<'_, P> {
    /// Changes to tickets that this request makes in a transaction.
    fn change_by<'a>(&'a self, tx: &'a WriteTx<'a>, actor: Actor) -> Change<'a> {
        Change::new(tx, &self.settings, actor, Door::Api, self.now)
    }

    /// Checks on a snapshot and again under the write lock, then changes, keeps the answer, commits.
    fn change<T, E: From<ApiError> + From<store::Error>>(
        &self,
        check: impl Fn(&ReadTx<'_>) -> Result<T, E>,
        apply: impl FnOnce(&WriteTx<'_>, T) -> Result<String, E>,
    ) -> Result<KeyedAnswer, E> {
        self.api.store.read(|tx| check(tx).map(|_| ()))?;
        let reply = self.api.store.write(|tx| {
            if let Some(key) = &self.key
                && let Some(reply) = key.look_up(tx, self.now)?
            {
                return Ok(reply);
            }
            tx.act_as(Actor::Machine, Door::Api);
            tx.come_from(self.address);
            let body = apply(tx, check(tx)?)?;
            if let Some(key) = &self.key {
                key.keep(tx, &body, self.now)?;
            }
            Ok::<_, E>(KeyedAnswer::fresh(body))
        })?;
        let reply = reply.made_sure(&self.api.store)?;
        (self.api.wake)(Wake::Outbox);
        Ok(reply)
    }
}

/// How long a health check waits for the write lock. Far above any transaction of ours, below the
/// patience of the client.
pub(crate) const PROBE_LOCK_WAIT: Duration = Duration::from_secs(2);
