//! `maildesk serve`: the HTTP API on a socket, and beside it the threads that send queued mail and
//! keep the desk's heartbeat.
//!
//! What is answered is `api`'s, how bytes become requests is `http`'s. Here are the process's own
//! affairs: the socket (ours or systemd's), signals, readiness, an orderly end.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use sd_notify::NotifyState;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::api::ip::IpList;
use crate::api::{self, Api, HostRules, PROBE_LOCK_WAIT, Wake};
use crate::cli::{Done, Global};
use crate::config::{self, Config, Loaded};
use crate::domain::Timestamp;
use crate::http::{self, Control};
use crate::outbox;
use crate::store::{self, Store};

/// Where `serve` listens when nobody says otherwise: behind a proxy on the same machine.
const LISTEN: &str = "127.0.0.1:8080";

/// Between two heartbeats; `pipe` takes over sending after six missed ones.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The outbox is looked at this often even when nobody says that there is something: other
/// processes queue mail too.
const OUTBOX_POLL: Duration = Duration::from_secs(1);

/// Between two clearings of what is kept for a while: answers for Idempotency-Keys, old failures.
const CLEARING: Duration = Duration::from_secs(600);

/// How long the threads may take to end after the last request; with the drain of `http` this is
/// the 10 s of the contract and a little for what is being sent.
const THREADS_END: Duration = Duration::from_secs(2);

/// Arguments of `maildesk serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Address and port; port 0 picks a free one [default: `listen` of the configuration, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Answer requests only: send no mail, do no timed work
    #[arg(long)]
    pub no_jobs: bool,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps it from starting: configuration, database, address in use.
pub fn run(global: &Global, loaded: &Loaded, arguments: &Arguments) -> anyhow::Result<Done> {
    let db = config::database_path(global.db.as_deref(), &loaded.config)?;
    serve_desk(&db, loaded, arguments)
}

/// Serves the desk in that file until SIGTERM or SIGINT.
///
/// # Errors
/// As [`run`].
pub fn serve_desk(db: &Path, loaded: &Loaded, arguments: &Arguments) -> anyhow::Result<Done> {
    let rules = host_rules(loaded)?;
    let store = Arc::new(Store::open(db, Duration::from_secs(loaded.config.limits.lock_wait_s))?);
    let probe = Store::open(db, PROBE_LOCK_WAIT)?;
    raise_file_limit();
    let (listener, address) =
        listen(arguments.listen.as_deref().or(loaded.config.listen.as_deref()).unwrap_or(LISTEN))?;
    let control = Control::new(http_limits(&loaded.config)).context("preparing the server")?;
    let threads = Threads::default();
    let (wake_sender, outbox_wakes) = mpsc::channel();
    let (wake_keeper, token_wakes) = mpsc::channel();
    let api = Arc::new(Api::new(Arc::clone(&store), probe, rules, waker(wake_sender.clone(), wake_keeper.clone())));
    watch_signals(&control, &api, loaded)?;
    let jobs = if arguments.no_jobs { Jobs::None } else { Jobs::All };
    threads.start("keeper", {
        let (api, store, threads) = (Arc::clone(&api), Arc::clone(&store), threads.clone());
        move || keep(&api, &store, &token_wakes, (jobs, &threads))
    })?;
    if jobs == Jobs::All {
        let (store, threads) = (Arc::clone(&store), threads.clone());
        threads.clone().start("outbox", move || send(&store, &outbox_wakes, &threads))?;
    }
    announce(address);
    let handler: http::Handler = {
        let api = Arc::clone(&api);
        Arc::new(move |request| api::respond(&api, request, Timestamp::now()))
    };
    let served = http::serve(listener, handler, &control).context("serving")?;
    tell_systemd(&[NotifyState::Stopping]);
    if served.connections_cut > 0 {
        tracing::warn!(connections = served.connections_cut, "requests were cut off by the end");
    }
    threads.stop();
    wake_sender.send(()).ok();
    wake_keeper.send(()).ok();
    threads.join(THREADS_END);
    tracing::info!("stopped");
    Ok(Done::Fully)
}

/// What runs beside the answering of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jobs {
    All,
    None,
}

fn host_rules(loaded: &Loaded) -> Result<HostRules, config::Error> {
    let trusted_proxies = IpList::parse(&loaded.config.trusted_proxies.join(",")).map_err(|refused| {
        let path = loaded.path.clone().unwrap_or_default();
        config::Error::Invalid { path, reason: format!("trusted_proxies: {refused}") }
    })?;
    Ok(HostRules { trusted_proxies, outbox_age_max_s: loaded.config.limits.outbox_age_max_s })
}

fn http_limits(config: &Config) -> http::Limits {
    http::Limits {
        body_bytes_max: config.limits.http_body_bytes_max,
        connections_max: config.limits.http_connections_max,
        head_deadline: Duration::from_secs(config.limits.http_head_deadline_s),
        body_deadline: Duration::from_secs(config.limits.http_body_deadline_s),
        ..http::Limits::default()
    }
}

/// The socket systemd passes, else one of our own.
fn listen(address: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
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

/// Says that requests are answered from now on, to whoever reads stdout and to systemd.
fn announce(address: SocketAddr) {
    let mut stdout = std::io::stdout().lock();
    // Nobody has to read it.
    writeln!(stdout, "listening on http://{address}").and_then(|()| stdout.flush()).ok();
    tell_systemd(&[NotifyState::Ready]);
    tracing::info!(%address, "listening");
}

/// Without systemd there is no socket to tell it by, and nothing to do.
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
        // Nobody listens with --no-jobs, and at the end.
        sender.send(()).ok();
    })
}

fn watch_signals(control: &Control, api: &Arc<Api>, loaded: &Loaded) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).context("watching for signals")?;
    let (control, api, path) = (control.clone(), Arc::clone(api), loaded.path.clone());
    let watch = move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                reload(&control, &api, path.as_deref());
            } else {
                tracing::info!(signal, "stopping");
                control.stop();
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(watch).context("starting a thread")?;
    Ok(())
}

/// Puts the configuration file's limits and proxies in force; a file that cannot be used changes nothing.
fn reload(control: &Control, api: &Api, path: Option<&Path>) {
    let done = config::load(path).and_then(|loaded| {
        api.set_rules(host_rules(&loaded)?);
        control.set_limits(http_limits(&loaded.config));
        Ok(())
    });
    match done {
        Ok(()) => tracing::info!("configuration reloaded"),
        Err(error) => tracing::error!(%error, "configuration not reloaded; the old one stays in force"),
    }
}

/// Heartbeat, token uses, clearing, and systemd's watchdog.
fn keep(api: &Api, store: &Store, wakes: &Receiver<()>, (jobs, threads): (Jobs, &Threads)) {
    let watchdog = sd_notify::watchdog_enabled().map(|interval| interval / 2);
    let pause = watchdog.unwrap_or(HEARTBEAT).min(HEARTBEAT);
    let (mut beat_at, mut clear_at): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        let is_due = |last: Option<Instant>, every: Duration| last.is_none_or(|last| last.elapsed() >= every);
        let now = Timestamp::now();
        if jobs == Jobs::All && is_due(beat_at, HEARTBEAT) {
            beat_at = Some(Instant::now());
            logged("writing the heartbeat", store.write(|tx| tx.note_served(now)));
        }
        if jobs == Jobs::All && is_due(clear_at, CLEARING) {
            clear_at = Some(Instant::now());
            let day_ago = now.plus_s(-Timestamp::DAY_S);
            logged("clearing old keys", store.write(|tx| tx.forget_keys(day_ago, day_ago)));
        }
        note_token_uses(api, store);
        if watchdog.is_some() {
            tell_systemd(&[NotifyState::Watchdog]);
        }
        if threads.is_stopping() {
            note_token_uses(api, store);
            return;
        }
        wait(wakes, pause);
    }
}

fn note_token_uses(api: &Api, store: &Store) {
    let uses = api.take_token_uses();
    if uses.is_empty() {
        return;
    }
    let done = store.write(|tx| {
        for (token, at) in &uses {
            tx.note_token_use(*token, *at)?;
        }
        Ok(())
    });
    logged("noting the use of tokens", done);
}

/// Sends what is queued, at once when told, else every second.
fn send(store: &Store, wakes: &Receiver<()>, threads: &Threads) {
    while !threads.is_stopping() {
        let now = Timestamp::now();
        match store.read(|tx| tx.oldest_pending()) {
            Ok(None) => {}
            Ok(Some(_)) => match outbox::send_due(store, now) {
                Ok(report) if report == outbox::SendReport::default() => {}
                Ok(report) => {
                    tracing::info!(sent = report.sent, deferred = report.deferred, failed = report.failed, "outbox");
                }
                Err(error) => tracing::warn!(%error, "sending mail; tried again"),
            },
            Err(error) => tracing::warn!(%error, "looking for mail to send; tried again"),
        }
        wait(wakes, OUTBOX_POLL);
    }
}

fn logged(what: &str, done: store::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}; tried again");
    }
}

/// Waits until woken, at most so long; many wakes count as one.
fn wait(wakes: &Receiver<()>, at_most: Duration) {
    match wakes.recv_timeout(at_most) {
        Ok(()) => while wakes.try_recv().is_ok() {},
        Err(RecvTimeoutError::Timeout) => {}
        // Every waker is gone: only at the end, and without this the loop would spin.
        Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(50)),
    }
}

/// The threads beside the server, and the word to end.
#[derive(Clone, Default)]
struct Threads {
    is_stopping: Arc<AtomicBool>,
    running: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Threads {
    fn start(&self, name: &str, work: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
        let started = thread::Builder::new().name(name.to_owned()).spawn(work).context("starting a thread")?;
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(started);
        Ok(())
    }

    fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Waits for the threads to end. One that is in the middle of sending a mail may be left behind:
    /// its claim on the mail runs out and the next `serve` sends it.
    fn join(&self, at_most: Duration) {
        let end = Instant::now() + at_most;
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        while Instant::now() < end && running.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
