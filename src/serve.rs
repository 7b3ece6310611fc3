//! `maildesk serve`: the HTTP API on a socket, and besides it the `threads` that send queued mail, watch
//! mailboxes, do the timed work and keep the desk's heartbeat.
//!
//! What is answered is `api`'s, how bytes become requests is `http`'s. Here are the process's own
//! affairs: the socket (ours or systemd's), signals, readiness, an orderly end.

mod errand;
mod threads;
mod tools;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use sd_notify::NotifyState;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::api::{self, Api, HostRules, PROBE_LOCK_WAIT, Wake};
use crate::config::{self, Config, Loaded};
use crate::http::{self, Control, Request, Response};
use crate::intake::Rules;
use crate::ip_list::IpList;
use crate::lmtp;
use crate::logging;
use crate::options::Global;
use crate::outcome::{self, Done, Failure, WithContext};
use crate::stop::on_signals;
use crate::store::{Place, Store, presence};
use crate::web::{self, Web};
use crate::worker::Leases;
use threads::{Threads, Watching};

/// Where `serve` listens unless told otherwise: behind a proxy on the same machine.
pub(crate) const LISTEN: &str = "127.0.0.1:8080";

/// How long the threads may take to end after the last request; with the drain of `http` this is 10 s and a little.
const THREADS_END: Duration = Duration::from_secs(2);

/// How long the answer of a server to a mail that it has got may take then. With the drain within the 45 s that
/// examples/systemd gives; most servers answer within seconds, those that look for viruses first among them.
const ANSWER_END: Duration = Duration::from_secs(30);

/// Arguments of `maildesk serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Address and port; port 0 picks a free one [default: `listen` of the configuration, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Take mails by LMTP there as well: unix:PATH or ADDR:PORT [default: `lmtp` of the configuration, else not]
    #[arg(long, value_name = "PLACE")]
    pub lmtp: Option<String>,
    /// Answer requests only: send no mail, do no timed work
    #[arg(long)]
    pub no_jobs: bool,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps it from starting: configuration, database, address in use.
pub(crate) fn run(global: &Global, loaded: &Loaded, arguments: &Arguments) -> outcome::Result<Done> {
    let db = config::database(global.db.as_deref(), &loaded.config)?;
    let log_level = if global.quiet || global.verbose > 0 { LogLevel::Kept } else { LogLevel::FromFile };
    let lmtp = arguments.lmtp.clone().or_else(|| loaded.config.lmtp.clone());
    serve_desk(&db, loaded, &Arguments { lmtp, ..arguments.clone() }, log_level)
}

/// What SIGHUP does to the level of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// The file's new level holds.
    FromFile,
    /// The command line's stays.
    Kept,
}

/// Serves the desk in that file until SIGTERM or SIGINT.
///
/// # Errors
/// As [`run`].
pub(crate) fn serve_desk(
    db: &Place,
    loaded: &Loaded,
    arguments: &Arguments,
    log_level: LogLevel,
) -> outcome::Result<Done> {
    let rules = host_rules(loaded)?;
    let store = Arc::new(Store::open(db, Duration::from_secs(loaded.config.limits.lock_wait_s))?);
    // Only a restore asks; where the file cannot be made, the heartbeat has to do.
    let _presence = db
        .file()
        .map(presence::serve_begins)
        .transpose()
        .inspect_err(|error| tracing::warn!(%error, "a restore will not see us"));
    let probe = Store::open(db, PROBE_LOCK_WAIT)?;
    raise_file_limit();
    let (listener, address) = listen(arguments.listen.as_deref(), loaded.config.listen.as_deref())?;
    let lmtp = bind_lmtp(arguments, loaded)?;
    let control = Control::new(http_limits(&loaded.config)).context("preparing the server")?;
    let threads = Threads::default();
    let (wake_sender, outbox_wakes) = mpsc::channel();
    let (wake_keeper, token_wakes) = mpsc::channel();
    let api = Arc::new(Api::new(Arc::clone(&store), probe, rules, waker(wake_sender.clone(), wake_keeper.clone())));
    api.note_origins();
    let lmtp = lmtp.map(|server| start_lmtp(server, &store, &api, loaded, wake_sender.clone())).transpose()?;
    let tools = tools::of(&store, loaded.path.as_deref(), &threads);
    let web = pages(&store, &api, tools, wake_sender.clone());
    let web = Arc::new(web.taking(loaded.config.limits.http_body_bytes_max));
    let steered =
        Steered { control: control.clone(), api: Arc::clone(&api), web: Arc::clone(&web), lmtp: lmtp.clone() };
    watch_signals(steered, loaded, log_level)?;
    threads.start("keeper", {
        let (api, store, threads) = (Arc::clone(&api), Arc::clone(&store), threads.clone());
        move || threads::keep(&api, &store, &token_wakes, &threads)
    })?;
    if !arguments.no_jobs {
        api.expect_sender(store.now());
        start_jobs(&threads, &store, loaded, outbox_wakes)?;
    }
    announce(address, lmtp.as_ref());
    let served =
        http::serve(listener, Arc::new(Answers { api: Arc::clone(&api), web, store: Arc::clone(&store) }), &control)
            .context("serving")?;
    tell_systemd(&[NotifyState::Stopping]);
    if let Some(lmtp) = &lmtp {
        lmtp.stop();
        let cut = lmtp.drain(control.limits().drain);
        if cut > 0 {
            tracing::warn!(connections = cut, "mails by LMTP were cut off by the end");
        }
    }
    if served.connections_cut > 0 {
        tracing::warn!(connections = served.connections_cut, "requests were cut off by the end");
    }
    threads.stop();
    wake_sender.send(()).ok();
    wake_keeper.send(()).ok();
    threads.join(THREADS_END, ANSWER_END);
    if !arguments.no_jobs {
        threads::take_leave(&store);
    }
    tracing::info!("stopped");
    Ok(Done)
}

/// The socket for LMTP, where one is wanted.
fn bind_lmtp(arguments: &Arguments, loaded: &Loaded) -> outcome::Result<Option<lmtp::Server>> {
    let config = &loaded.config;
    let Some(place) = &arguments.lmtp else { return Ok(None) };
    let place: lmtp::Place = place.parse().map_err(|refused: String| Failure::usage(format!("--lmtp: {refused}")))?;
    let peers = lmtp::Peers::new(config.lmtp_accounts.as_deref(), &config.lmtp_networks);
    let peers = peers.map_err(|refused| Failure::other(format!("lmtp_networks: {refused}")))?;
    let server = lmtp::Server::bind(&place, peers, config.limits.lmtp_connections_max);
    let server = server.with_context(|| format!("listening for LMTP on {place}"))?;
    Ok(Some(server))
}

fn start_lmtp(
    server: lmtp::Server,
    store: &Arc<Store>,
    api: &Api,
    loaded: &Loaded,
    outbox: Sender<()>,
) -> outcome::Result<lmtp::Handle> {
    let queued = move || {
        // There is no receiver with --no-jobs.
        outbox.send(()).ok();
    };
    let handle = server.start(Arc::clone(store), loaded.config.limits.mail(), queued);
    let handle = handle.context("starting to take mails by LMTP")?;
    let metrics = handle.metrics();
    api.add_metrics(Box::new(move || metrics.text()));
    Ok(handle)
}

/// The pages of the desk, which check passwords where the API does.
fn pages(store: &Arc<Store>, api: &Api, tools: web::setup::Tools, outbox: Sender<()>) -> Web {
    let (slots, logins) = api.password_checks();
    let wake = Box::new(move || {
        // There is no receiver with --no-jobs, and at the end.
        outbox.send(()).ok();
    });
    Web::new(Arc::clone(store), slots, logins, api.trusted_proxies(), wake).with_tools(tools)
}

/// API and pages as the HTTP shell asks them.
struct Answers {
    api: Arc<Api>,
    web: Arc<Web>,
    store: Arc<Store>,
}

impl http::Answer for Answers {
    fn answer(&self, request: Request) -> Response {
        let mut request = web::without_prefix(&self.web, request);
        if !api::is_for_api(&request.path) {
            request = web::without_new_prefix(&self.web, request);
        }
        if !api::is_for_api(&request.path) && web::is_for_pages(&request) {
            return web::respond(&self.web, request, self.store.now());
        }
        api::respond(&self.api, request, self.store.now())
    }

    fn refusal_for(&self, response: Response, origin: &str) -> Response {
        api::refusal_for(&self.api, response, origin)
    }

    fn refusal_as(&self, response: Response, accept: &str, language: &str) -> Response {
        if web::wants_page(accept) { web::shell_refusal(&self.web, response, language) } else { response }
    }

    fn has_kept_place(&self, path: &str) -> bool {
        api::has_kept_place(path)
    }

    fn wants_beginning(&self, path: &str) -> bool {
        !api::is_for_api(path) && web::takes_forms(&self.web, path)
    }

    fn needs_body(&self, method: &http::Method, path: &str, headers: &http::Headers) -> bool {
        !api::is_for_api(path) || api::needs_body(method, path, headers)
    }

    fn body_bytes_max(&self, path: &str, usual: u64) -> u64 {
        api::body_bytes_max(&self.api, path, usual)
    }
}

/// The work outside of requests, each kind in its own thread, so that none waits for another.
fn start_jobs(
    threads: &Threads,
    store: &Arc<Store>,
    loaded: &Loaded,
    outbox_wakes: mpsc::Receiver<()>,
) -> outcome::Result<()> {
    let limits = &loaded.config.limits;
    let rules = Rules { limits: limits.mail() };
    let patience = Duration::from_secs(limits.imap_deadline_s);
    let leases = Arc::new(Leases::default());
    let with = || (Arc::clone(store), threads.clone());
    threads.start("outbox", {
        let (store, threads) = with();
        move || threads::send(&store, &outbox_wakes, &threads)
    })?;
    threads.start("webhooks", {
        let (store, threads) = with();
        move || threads::tell_webhooks(&store, &threads)
    })?;
    threads.start("timed", {
        let ((store, threads), leases) = (with(), Arc::clone(&leases));
        move || threads::work_by_time(&store, &leases, &threads)
    })?;
    threads.start("tidy", {
        let (store, threads) = with();
        move || threads::tidy(&store, &threads)
    })?;
    store.expect_copying();
    threads.start("mailboxes", {
        let (store, threads) = with();
        move || {
            let watch = Watching { store: &store, leases: &leases, rules: &rules, patience };
            threads::watch_mailboxes(watch, &threads);
        }
    })
}

fn host_rules(loaded: &Loaded) -> Result<HostRules, config::Error> {
    let trusted_proxies = IpList::parse(&loaded.config.trusted_proxies.join(",")).map_err(|refused| {
        let path = loaded.path.clone().unwrap_or_default();
        config::Error::Invalid { path, reason: format!("trusted_proxies: {refused}") }
    })?;
    let limits = &loaded.config.limits;
    Ok(HostRules { trusted_proxies, outbox_age_max_s: limits.outbox_age_max_s, mail_limits: limits.mail() })
}

fn http_limits(config: &Config) -> http::HttpLimits {
    http::HttpLimits {
        body_bytes_max: config.limits.http_body_bytes_max,
        connections_max: config.limits.http_connections_max,
        head_deadline: Duration::from_secs(config.limits.http_head_deadline_s),
        body_deadline: Duration::from_secs(config.limits.http_body_deadline_s),
        ..http::HttpLimits::default()
    }
}

/// The socket systemd passes, else one of our own.
fn listen(named: Option<&str>, configured: Option<&str>) -> outcome::Result<(TcpListener, SocketAddr)> {
    if let Some(text) = named.filter(|text| !config::is_address_with_port(text)) {
        return Err(Failure::usage(format!("--listen: {text:?} is no address and port, such as {LISTEN}")));
    }
    let address = named.or(configured).unwrap_or(LISTEN);
    let passed = listenfd::ListenFd::from_env().take_tcp_listener(0).context("taking the socket from systemd")?;
    let listener = match passed {
        Some(listener) => listener,
        None => TcpListener::bind(address).with_context(|| format!("listening on {address}"))?,
    };
    let address = listener.local_addr().context("asking the socket for its address")?;
    Ok((listener, address))
}

/// Connections, spooled bodies and the database take more descriptors than the usual 1,024; the hard
/// limit is what the machine's owner allows.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::debug!(%error, "raising the limit of open files");
    }
}

/// Says that requests and mails are taken from now on, on stdout and to systemd.
fn announce(address: SocketAddr, lmtp: Option<&lmtp::Handle>) {
    let mut stdout = std::io::stdout().lock();
    let mut lines = format!("listening on http://{address}\n");
    if let Some(lmtp) = lmtp {
        lines.push_str(&format!("taking mail by LMTP on {}\n", lmtp.place()));
        tracing::info!(place = %lmtp.place(), "taking mail by LMTP");
    }
    // It does not matter if stdout is closed.
    stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush()).ok();
    tell_systemd(&[NotifyState::Ready]);
    tracing::info!(%address, "listening");
}

/// Without systemd there is no socket to notify, and nothing to do.
fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "telling systemd");
    }
}

fn waker(outbox: Sender<()>, keeper: Sender<()>) -> api::Waker {
    Box::new(move |wake| {
        let sender = match wake {
            Wake::Outbox => &outbox,
            Wake::TokenUse => &keeper,
        };
        // There is no receiver with --no-jobs, and at the end.
        sender.send(()).ok();
    })
}

/// What signals steer.
struct Steered {
    control: Control,
    api: Arc<Api>,
    web: Arc<Web>,
    lmtp: Option<lmtp::Handle>,
}

fn watch_signals(steered: Steered, loaded: &Loaded, log_level: LogLevel) -> outcome::Result<()> {
    let path = loaded.path.clone();
    let hear = move |signal| {
        if signal == SIGHUP {
            let reloaded = AssertUnwindSafe(|| reload(&steered, path.as_deref(), log_level));
            if catch_unwind(reloaded).is_err() {
                tracing::error!("an internal error ended the reloading; signals are still heard");
            }
        } else {
            tracing::info!(signal, "stopping");
            steered.control.stop();
            steered.lmtp.iter().for_each(lmtp::Handle::stop);
        }
    };
    on_signals(&[SIGTERM, SIGINT, SIGHUP], hear).context("listening for signals")
}

/// Puts the configuration file's limits, proxies and log level in force and opens the log file again; a
/// configuration that cannot be used changes no limits.
fn reload(steered: &Steered, path: Option<&Path>, log_level: LogLevel) {
    let done = config::load(path).and_then(|loaded| {
        steered.api.set_rules(host_rules(&loaded)?);
        steered.web.set_trusted_proxies(steered.api.trusted_proxies());
        steered.control.set_limits(http_limits(&loaded.config));
        steered.lmtp.iter().for_each(|lmtp| lmtp.set_limits(loaded.config.limits.mail()));
        Ok(loaded.config.log.level)
    });
    let level = done.as_ref().ok().copied().filter(|_| log_level == LogLevel::FromFile);
    if let Err(error) = logging::reopen(level) {
        tracing::error!(%error, "the log file could not be opened again; the old one stays in use");
    }
    match done {
        Ok(_) => tracing::info!("configuration reloaded"),
        Err(error) => tracing::error!(%error, "configuration not reloaded; the old one stays in force"),
    }
}
