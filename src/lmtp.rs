//! LMTP (RFC 2033): the door for volume. A mail server hands over mails on connections that stay open, each recipient
//! gets its own reply, and mails that come at the same time share one wait for the disk.
//!
//! [`Server::bind`] makes the socket, [`Server::start`] serves it in threads: one for each connection, which reads and
//! parses, and one that writes (`committer`). A mail is acknowledged after the commit that has it. Bytes become commands
//! in `command` and mails in `content`; `session` says what follows what.
//!
//! Whoever connects is trusted as a mail server is, so it must be one: on a socket the system says which
//! account is at the other end, on a port the address counts.

mod command;
mod committer;
mod content;
mod metrics;
mod place;
mod reply;
mod session;
mod wire;

use std::fs::{self, Permissions};
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use crate::mail::Limits;
use crate::stop::{Stop, poll_until};
use crate::store::Store;
use committer::Committer;
use content::Room;
pub(crate) use metrics::Metrics;
pub(crate) use place::{Peers, Place};
use session::Session;
use wire::Stream;

/// The pause after an accept that failed, most often for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often the end of the last connection is looked for.
const DRAIN_POLL: Duration = Duration::from_millis(10);

/// Everybody's socket: who is at the other end is asked of the system.
const SOCKET_MODE: u32 = 0o666;

/// What those get to read who are no mail server of ours, and those for whom there is no place. Both keep their mail: a
/// list of accounts that lacks one must bounce nothing.
const NOT_OURS: &str = "421 4.7.0 you may not hand over mail here";
const TOO_MANY: &str = "421 4.3.2 too many connections";

/// What sessions share.
struct Shared {
    limits: RwLock<Limits>,
    room: Room,
    committer: Committer,
    metrics: Arc<Metrics>,
    stop: Stop,
    /// When the end was asked for.
    stopped_at: OnceLock<Instant>,
}

impl Shared {
    fn limits(&self) -> Limits {
        self.limits.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug)]
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A socket that is listened on.
#[derive(Debug)]
pub(crate) struct Server {
    listener: Listener,
    place: Place,
    peers: Peers,
    connections_max: usize,
}

/// What a running server is steered by.
#[derive(Clone)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
    place: Place,
}

impl Server {
    /// Makes the socket. One that was left behind by a process that is no more is replaced.
    ///
    /// # Errors
    /// What the system says; `AddrInUse` when somebody listens there.
    pub(crate) fn bind(place: &Place, peers: Peers, connections_max: usize) -> io::Result<Self> {
        let (listener, place) = match place {
            Place::Unix(path) => {
                remove_stale(path)?;
                let listener = UnixListener::bind(path)?;
                fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
                listener.set_nonblocking(true)?;
                (Listener::Unix(listener), place.clone())
            }
            Place::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                let place = Place::Tcp(listener.local_addr()?);
                (Listener::Tcp(listener), place)
            }
        };
        Ok(Self { listener, place, peers, connections_max })
    }

    /// Serves in threads of its own. `queued` is called after mails that may have queued others.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        self,
        store: Arc<Store>,
        limits: Limits,
        queued: impl Fn() + Send + 'static,
    ) -> io::Result<Handle> {
        store.expect_groups();
        let (committer, commits) = committer::channel();
        let metrics = Arc::new(Metrics::default());
        let (room, stop) = (Room::default(), Stop::new()?);
        let (limits, stopped_at) = (RwLock::new(limits), OnceLock::new());
        let shared = Shared { limits, room, committer, metrics: Arc::clone(&metrics), stop, stopped_at };
        let handle = Handle { shared: Arc::new(shared), place: self.place.clone() };
        let write = move || {
            // A panic beside the storing, which catches its own, must not leave the desk without this thread.
            while catch_unwind(AssertUnwindSafe(|| committer::run(&commits, &store, &metrics, &queued))).is_err() {
                tracing::error!("an internal error ended the storing of mails; it is begun again");
            }
        };
        thread::Builder::new().name("lmtp-writer".to_owned()).spawn(write)?;
        let shared = Arc::clone(&handle.shared);
        thread::Builder::new().name("lmtp-door".to_owned()).spawn(move || self.accept(&shared))?;
        Ok(handle)
    }

    fn accept(self, shared: &Arc<Shared>) {
        let mut has_failed = false;
        while !shared.stop.is_asked() {
            let accepted = match &self.listener {
                Listener::Unix(listener) => listener.accept().map(|(stream, _)| Stream::Unix(stream)),
                Listener::Tcp(listener) => listener.accept().map(|(stream, _)| Stream::Tcp(stream)),
            };
            match accepted {
                Ok(stream) => {
                    has_failed = false;
                    self.serve(stream, shared);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(&shared.stop),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    if !std::mem::replace(&mut has_failed, true) {
                        tracing::warn!(%error, place = %self.place, "accepting connections; tried again");
                    }
                    thread::sleep(ACCEPT_PAUSE);
                }
            }
        }
        if let Some(path) = self.place.path() {
            fs::remove_file(path).ok();
        }
    }

    /// Sleeps until a client connects or the end is asked for.
    fn wait(&self, stop: &Stop) {
        let door = match &self.listener {
            Listener::Unix(listener) => PollFd::new(listener, PollFlags::IN),
            Listener::Tcp(listener) => PollFd::new(listener, PollFlags::IN),
        };
        if let Err(error) = poll_until(&mut [door, PollFd::new(stop.signal(), PollFlags::IN)], None) {
            tracing::warn!(%error, place = %self.place, "waiting for connections; tried again");
            thread::sleep(ACCEPT_PAUSE);
        }
    }

    /// Serves a connection in a thread of its own, or turns it away.
    fn serve(&self, stream: Stream, shared: &Arc<Shared>) {
        let prepared = match &stream {
            Stream::Unix(stream) => stream.set_nonblocking(true),
            Stream::Tcp(stream) => stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)),
        };
        let (peer, may) = self.peer(&stream);
        if let Err(error) = prepared {
            return tracing::debug!(peer, %error, "preparing a connection");
        }
        let metrics = &shared.metrics;
        if !may {
            tracing::warn!(peer, "turned away: not a mail server of ours (lmtp_accounts, lmtp_networks)");
            metrics.count_turned_away();
            return wire::turn_away(&stream, NOT_OURS);
        }
        // Only this thread adds to it.
        if metrics.connections.load(Ordering::Relaxed) >= self.connections_max {
            metrics.count_turned_away();
            return wire::turn_away(&stream, TOO_MANY);
        }
        metrics.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(shared);
        let work = move || {
            let served = catch_unwind(AssertUnwindSafe(|| Session::new(stream, &shared, &peer).run()));
            if served.is_err() {
                tracing::error!(peer, "a connection ended in an internal error");
            }
            shared.metrics.connections.fetch_sub(1, Ordering::Relaxed);
        };
        if let Err(error) = thread::Builder::new().name("lmtp".to_owned()).spawn(work) {
            tracing::warn!(%error, "starting a thread for a connection");
            metrics.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Who is at the other end, and whether it may hand over mails.
    fn peer(&self, stream: &Stream) -> (String, bool) {
        match stream {
            Stream::Unix(stream) => match rustix::net::sockopt::socket_peercred(stream) {
                Ok(peer) => {
                    let uid = peer.uid.as_raw();
                    (format!("account {uid}, process {}", peer.pid.as_raw_pid()), self.peers.has_account(uid))
                }
                Err(error) => (format!("unknown ({error})"), false),
            },
            Stream::Tcp(stream) => match stream.peer_addr() {
                Ok(address) => (address.to_string(), self.peers.has_address(address.ip())),
                Err(error) => (format!("unknown ({error})"), false),
            },
        }
    }
}

/// Removes a socket that nobody listens on.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        // Somebody is there, or it cannot be known: binding says so.
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Handle {
    /// Asks for an end: no new connections, those without a mail at hand end now.
    pub(crate) fn stop(&self) {
        self.shared.stopped_at.get_or_init(Instant::now);
        self.shared.stop.ask();
    }

    /// Waits until the last connection has ended, at most so long after the end was asked for; how many have not.
    pub(crate) fn drain(&self, patience: Duration) -> usize {
        let until = *self.shared.stopped_at.get_or_init(Instant::now) + patience;
        loop {
            let left = self.shared.metrics.connections.load(Ordering::Relaxed);
            if left == 0 || Instant::now() >= until {
                return left;
            }
            thread::sleep(DRAIN_POLL);
        }
    }

    /// Puts other limits in force for the mails to come.
    pub(crate) fn set_limits(&self, limits: Limits) {
        *self.shared.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// Counts for `/metrics`.
    #[must_use]
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.shared.metrics)
    }

    /// Where it listens.
    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }
}
