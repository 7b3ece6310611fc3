//! A host without a database, and a line between it and the desk that can be cut at any byte.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::desk::{Desk, Done, feed};

/// The token of the mail host.
const TOKEN: &str = "HOST000000000000000000000000000000000000";

/// A folder with a configuration that hands mail to a desk.
pub(super) struct MailHost {
    desk: Desk,
    url: String,
}

impl MailHost {
    /// A host whose token the desk knows and lets hand over mails.
    pub(super) fn of(desk: &Desk, url: &str) -> Self {
        desk.try_admin(&["token", "add", "mailhost", "--allow", "mail/deliver", "--value", TOKEN]);
        Self::new(url)
    }

    pub(super) fn new(url: &str) -> Self {
        let host = Self { desk: Desk::without_database(), url: url.to_owned() };
        let token = host.path("token");
        std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        host.limit("");
        host
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.desk.path(name)
    }

    /// The usual configuration with these lines of `[limits]`.
    pub(super) fn limit(&self, limits: &str) {
        self.with("", limits);
    }

    /// The usual configuration with `lines` at its top and in `[limits]`.
    pub(super) fn with(&self, lines: &str, limits: &str) {
        let (url, token) = (&self.url, self.path("token"));
        self.configure(&format!("deliver_to = {url:?}\ndeliver_token_file = {token:?}\n{lines}\n[limits]\n{limits}\n"));
    }

    /// This configuration, with the log in a file.
    pub(super) fn configure(&self, text: &str) {
        let log = self.path("maildesk.log");
        std::fs::write(self.path("maildesk.toml"), format!("{text}\n[log]\ntarget = {log:?}\n")).unwrap();
    }

    pub(super) fn pipe(&self, mail: impl AsRef<[u8]>, arguments: &[&str]) -> Done {
        self.desk.pipe(mail, arguments)
    }

    pub(super) fn run(&self, arguments: &[&str], input: &[u8]) -> Done {
        feed(self.desk.command().args(arguments), input)
    }

    pub(super) fn log(&self) -> String {
        self.desk.log()
    }
}

/// Where a line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nowhere.
    No,
    /// Before the desk is connected to.
    BeforeAccept,
    /// After so many bytes of the request.
    Request(usize),
    /// After so many bytes of the answer.
    Answer(usize),
}

/// What went over a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) request: usize,
    pub(super) answer: usize,
}

type Kill = Box<dyn FnMut() + Send>;

struct Rules {
    to: SocketAddr,
    cut: Cut,
    kill: Kill,
    passed: Passed,
}

/// A line from a port of its own to the desk, one connection after the other.
pub(super) struct Line {
    pub(super) port: u16,
    rules: Arc<Mutex<Rules>>,
}

impl Line {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let rules = Rules { to, cut: Cut::No, kill: Box::new(|| {}), passed: Passed::default() };
        let rules = Arc::new(Mutex::new(rules));
        let shared = Arc::clone(&rules);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                carry(&client, &shared);
            }
        });
        Self { port, rules }
    }

    /// From now on the line leads there and is cut so; `kill` is called at that moment.
    pub(super) fn lead(&self, to: SocketAddr, cut: Cut, kill: impl FnMut() + Send + 'static) {
        *self.rules.lock().unwrap() = Rules { to, cut, kill: Box::new(kill), passed: Passed::default() };
    }

    pub(super) fn passed(&self) -> Passed {
        self.rules.lock().unwrap().passed
    }
}

fn carry(client: &TcpStream, rules: &Arc<Mutex<Rules>>) {
    let (to, cut) = {
        let rules = rules.lock().unwrap();
        (rules.to, rules.cut)
    };
    if cut == Cut::BeforeAccept {
        (rules.lock().unwrap().kill)();
        return;
    }
    let Ok(desk) = TcpStream::connect(to) else { return };
    thread::scope(|scope| {
        scope.spawn(|| {
            let most = if let Cut::Request(most) = cut { Some(most) } else { None };
            pass(client, &desk, most, rules, |passed| &mut passed.request);
        });
        let most = if let Cut::Answer(most) = cut { Some(most) } else { None };
        pass(&desk, client, most, rules, |passed| &mut passed.answer);
        // The end of the answer is the end of the line.
        client.shutdown(Shutdown::Both).ok();
    });
}

/// Passes bytes on, at most so many; then the desk is killed and both ends are closed.
fn pass(
    mut from: &TcpStream,
    mut to: &TcpStream,
    most: Option<usize>,
    rules: &Arc<Mutex<Rules>>,
    count: impl Fn(&mut Passed) -> &mut usize,
) {
    let mut left = most.unwrap_or(usize::MAX);
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let passed = read.min(left);
        if to.write_all(&buffer[..passed]).is_err() {
            break;
        }
        left -= passed;
        let mut rules = rules.lock().unwrap();
        *count(&mut rules.passed) += passed;
        if left == 0 && most.is_some() {
            (rules.kill)();
            from.shutdown(Shutdown::Both).ok();
            to.shutdown(Shutdown::Both).ok();
            return;
        }
    }
    to.shutdown(Shutdown::Write).ok();
}
