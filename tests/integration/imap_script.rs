//! A small IMAP server in the test's own process, on the plain path, whose every answer a test may replace: for what real
//! servers do only on a bad day, or only some of them. It keeps one mailbox with any number of folders. Nothing here knows
//! what maildesk should make of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::desk::{Desk, mail};
use crate::mta::set_mode;

/// How often the wait of an IDLE looks for news. Short, because tests measure how fast news gets through.
const TICK: Duration = Duration::from_millis(20);

/// The desk's address whose mail is fetched.
pub(crate) const ADDRESS: &str = "imap@helpdesk.test";

/// A mail in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) uid: usize,
    pub(crate) text: String,
    /// Such as `\Seen`, in the order they were set.
    pub(crate) flags: Vec<String>,
}

/// What the server holds and has heard.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) folders: BTreeMap<String, Vec<Mail>>,
    /// Every command of every client, without its tag.
    pub(crate) commands: Vec<String>,
    pub(crate) connections: usize,
    /// What `CAPABILITY` answers after `IMAP4rev1`.
    pub(crate) offers: String,
    /// Bytes said over the newest connection.
    pub(crate) said: usize,
    /// The connection ends after so many bytes of the server's.
    pub(crate) cut_after: Option<usize>,
}

impl State {
    /// How many commands contain a text.
    pub(crate) fn heard(&self, text: &str) -> usize {
        self.commands.iter().filter(|command| command.contains(text)).count()
    }

    pub(crate) fn inbox(&mut self) -> &mut Vec<Mail> {
        self.folders.entry("INBOX".to_owned()).or_default()
    }

    /// Puts a mail into INBOX.
    pub(crate) fn put(&mut self, uid: usize) {
        let text = text_of(uid);
        self.inbox().push(Mail { uid, text, flags: Vec::new() });
    }

    fn folder(&mut self, name: &str) -> &mut Vec<Mail> {
        self.folders.entry(name.to_owned()).or_default()
    }
}

/// The text of the mail with this UID.
pub(crate) fn text_of(uid: usize) -> String {
    mail(&format!("script-{uid}"), &format!("Subject: mail {uid}\n"), "It burns.").replace('\n', "\r\n")
}

/// What a test makes of a command: other lines for the server to say (the tag is `TAG`), or nothing. `BREAK` at the end
/// of the lines ends the connection.
type Quirk = dyn Fn(&mut State, &str) -> Option<String> + Send + Sync;

/// A running server.
pub(crate) struct Script {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl Script {
    /// Starts one with the mails `uids` in INBOX that behaves well but for `quirk`.
    pub(crate) fn start(
        uids: &[usize],
        offers: &str,
        quirk: impl Fn(&mut State, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let mut state = State { offers: offers.to_owned(), ..State::default() };
        uids.iter().for_each(|uid| state.put(*uid));
        let state = Arc::new(Mutex::new(state));
        let (shared, quirk): (_, Arc<Quirk>) = (Arc::clone(&state), Arc::new(quirk));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, quirk) = (Arc::clone(&shared), Arc::clone(&quirk));
                thread::spawn(move || Conversation::new(stream, state, quirk).run());
            }
        });
        Self { port, state }
    }

    /// One that behaves well.
    pub(crate) fn plain(uids: &[usize], offers: &str) -> Self {
        Self::start(uids, offers, |_, _| None)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// UIDs and flags of a folder's mails.
    pub(crate) fn mails(&self, folder: &str) -> Vec<(usize, String)> {
        let mut state = self.state();
        state.folder(folder).iter().map(|mail| (mail.uid, mail.flags.join(" "))).collect()
    }

    /// A desk whose mail comes from here; `more` are further options of `admin address add`.
    pub(crate) fn desk(&self, more: &[&str]) -> Desk {
        let desk = Desk::new();
        desk.configure("imap_deadline_s = 5");
        fs::write(desk.path("password"), "secret").expect("the desk's folder is writable");
        set_mode(desk.path("password"), 0o600);
        let (port, password) = (self.port.to_string(), desk.path("password").display().to_string());
        let imap = ["--imap-host", "127.0.0.1", "--imap-port", &port, "--imap-user", "u", "--imap-tls", "none"];
        let address = ["address", "add", ADDRESS, "--name", "I", "--department", "1", "--incoming", "imap"];
        desk.admin(&[&address[..], &imap, &["--imap-password-file", &password], more].concat());
        desk
    }
}

/// One connection.
struct Conversation {
    stream: TcpStream,
    input: Vec<u8>,
    state: Arc<Mutex<State>>,
    quirk: Arc<Quirk>,
    said: usize,
    folder: Option<String>,
    /// Mails in the folder as far as the client was told.
    told: usize,
}

impl Conversation {
    fn new(stream: TcpStream, state: Arc<Mutex<State>>, quirk: Arc<Quirk>) -> Self {
        Self { stream, input: Vec::new(), state, quirk, said: 0, folder: None, told: 0 }
    }

    fn run(mut self) {
        self.lock().connections += 1;
        self.talk();
        self.stream.shutdown(Shutdown::Both).ok();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next line of the client's; `None` at the end, an empty one when none came in time.
    fn line(&mut self, wait: Option<Duration>) -> Option<String> {
        self.stream.set_read_timeout(wait).ok()?;
        loop {
            if let Some(end) = self.input.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.input.extend_from_slice(&bytes[..count]),
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    return Some(String::new());
                }
                Err(_) => return None,
            }
        }
    }

    /// Says something; `None` when the connection is over.
    fn say(&mut self, text: &str) -> Option<()> {
        let (text, is_last) = text.strip_suffix("BREAK").map_or((text, false), |text| (text, true));
        let cut_after = self.lock().cut_after;
        let left = cut_after.map_or(usize::MAX, |cut| cut.saturating_sub(self.said));
        let part = text.as_bytes().get(..left).unwrap_or(text.as_bytes());
        self.said += part.len();
        self.lock().said = self.said;
        self.stream.write_all(part).ok()?;
        (!is_last && part.len() == text.len() && left > text.len()).then_some(())
    }

    fn talk(&mut self) -> Option<()> {
        let greeting = (self.quirk)(&mut self.lock(), "GREETING").unwrap_or_else(|| "* OK ready\r\n".to_owned());
        self.say(&greeting)?;
        loop {
            let line = self.line(None)?;
            let (tag, command) = line.split_once(' ')?;
            let quirky = {
                let mut state = self.lock();
                state.commands.push(command.to_owned());
                (self.quirk)(&mut state, command)
            };
            if quirky.is_some() && command.starts_with("SELECT") {
                self.folder = Some("INBOX".to_owned());
            }
            match quirky {
                Some(answer) => self.say(&answer.replace("TAG", tag))?,
                None if command == "IDLE" => self.idle(tag)?,
                None => {
                    let answer = self.answer(command).replace("TAG", tag);
                    self.say(&answer)?;
                }
            }
        }
    }

    fn idle(&mut self, tag: &str) -> Option<()> {
        self.say("+ idling\r\n")?;
        loop {
            let news = self.news();
            if !news.is_empty() {
                self.say(&news)?;
            }
            let line = self.line(Some(TICK))?;
            if line.eq_ignore_ascii_case("DONE") {
                return self.say(&format!("{tag} OK done\r\n"));
            }
        }
    }

    /// `* n EXISTS` if the client does not know.
    fn news(&mut self) -> String {
        let Some(folder) = self.folder.clone() else { return String::new() };
        let count = self.lock().folder(&folder).len();
        if count == std::mem::replace(&mut self.told, count) { String::new() } else { format!("* {count} EXISTS\r\n") }
    }

    fn answer(&mut self, command: &str) -> String {
        let mut words = command.split(' ');
        let first = words.next().unwrap_or_default().to_ascii_uppercase();
        let is_uid = first == "UID";
        let word = if is_uid { words.next().unwrap_or_default().to_ascii_uppercase() } else { first };
        let rest: Vec<&str> = words.collect();
        match word.as_str() {
            "CAPABILITY" => format!("* CAPABILITY IMAP4rev1 {}\r\nTAG OK done\r\n", self.lock().offers),
            "SELECT" | "EXAMINE" => {
                let name = unquoted(&rest.join(" "));
                let Some(mails) = self.lock().folders.get(&name).cloned() else {
                    return "TAG NO no such folder\r\n".to_owned();
                };
                self.folder = Some(name);
                self.told = mails.len();
                let next = mails.iter().map(|mail| mail.uid + 1).max().unwrap_or(1);
                let count = mails.len();
                format!(
                    "* {count} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT {next}] ok\r\nTAG OK [READ-WRITE] done\r\n"
                )
            }
            "CREATE" => {
                self.lock().folder(&unquoted(&rest.join(" ")));
                "TAG OK done\r\n".to_owned()
            }
            "LIST" => {
                let names: String =
                    self.lock().folders.keys().map(|name| format!("* LIST () \"/\" \"{name}\"\r\n")).collect();
                format!("{names}TAG OK done\r\n")
            }
            "LOGOUT" => "* BYE bye\r\nTAG OK done\r\nBREAK".to_owned(),
            "SEARCH" | "FETCH" | "STORE" | "COPY" | "MOVE" | "EXPUNGE" if is_uid => self.on_mails(&word, &rest),
            "NOOP" => format!("{}TAG OK done\r\n", self.news()),
            "LOGIN" => "TAG OK done\r\n".to_owned(),
            other => format!("TAG BAD {other} is unknown\r\n"),
        }
    }

    fn on_mails(&mut self, word: &str, rest: &[&str]) -> String {
        let Some(name) = self.folder.clone() else { return "TAG BAD no folder is open\r\n".to_owned() };
        let mut state = self.lock();
        let mails = state.folder(&name);
        let last = mails.iter().map(|mail| mail.uid).max().unwrap_or(0);
        let set = if word == "SEARCH" && rest.first() == Some(&"UID") { rest[1] } else { rest[0] };
        let set = if word == "SEARCH" && rest[0] != "UID" { "1:*" } else { set };
        let chosen = |mail: &Mail| is_in(set, mail.uid, last);
        let is_deleted = |mail: &Mail| mail.flags.iter().any(|flag| flag == "\\Deleted");
        let mut said = String::new();
        match word {
            "SEARCH" => {
                let uids = mails.iter().filter(|mail| chosen(mail) && !is_deleted(mail));
                said = uids.fold("* SEARCH".to_owned(), |line, mail| format!("{line} {}", mail.uid)) + "\r\n";
            }
            "FETCH" => {
                let asks_size = rest.join(" ").contains("RFC822.SIZE");
                for (at, Mail { uid, text, .. }) in mails.iter().enumerate().filter(|(_, mail)| chosen(mail)) {
                    let (number, bytes) = (at + 1, text.len());
                    said += &if asks_size {
                        format!("* {number} FETCH (UID {uid} RFC822.SIZE {bytes})\r\n")
                    } else {
                        format!("* {number} FETCH (UID {uid} BODY[] {{{bytes}}}\r\n{text})\r\n")
                    };
                }
            }
            "STORE" => {
                let flags = rest[2..].join(" ").trim_matches(['(', ')']).to_owned();
                for mail in mails.iter_mut().filter(|mail| chosen(mail) && !mail.flags.contains(&flags)) {
                    mail.flags.push(flags.clone());
                }
            }
            "EXPUNGE" => mails.retain(|mail| !(chosen(mail) && is_deleted(mail))),
            _ => {
                let target = unquoted(&rest[1..].join(" "));
                let taken: Vec<Mail> = mails.iter().filter(|mail| chosen(mail)).cloned().collect();
                if word == "MOVE" {
                    mails.retain(|mail| !taken.contains(mail));
                }
                let Some(there) = state.folders.get_mut(&target) else {
                    return "TAG NO [TRYCREATE] no such folder\r\n".to_owned();
                };
                there.extend(taken);
            }
        }
        format!("{said}TAG OK done\r\n")
    }
}

fn unquoted(name: &str) -> String {
    name.trim_matches('"').to_owned()
}

/// Whether a UID is in a set; `*` is the highest there is (RFC 3501 §9).
fn is_in(set: &str, uid: usize, last: usize) -> bool {
    let number = |text: &str| if text == "*" { last } else { text.parse().unwrap_or(0) };
    set.split(',').any(|run| {
        let (first, end) = run.split_once(':').unwrap_or((run, run));
        let (first, end) = (number(first), number(end));
        (first.min(end)..=first.max(end)).contains(&uid)
    })
}

/// Waits until the server's state satisfies a test, within `deadline`.
pub(crate) fn within(deadline: Duration, script: &Script, what: &str, is_so: impl Fn(&mut State) -> bool) {
    let started = Instant::now();
    while !is_so(&mut script.state()) {
        let state = script.state();
        assert!(started.elapsed() < deadline, "waited in vain until {what}: {:?}", state.commands);
        drop(state);
        thread::sleep(TICK);
    }
}
