//! A TCP proxy between maildesk and a real IMAP server that breaks what the server says at one byte, and the whole fetch
//! put through it: whatever breaks where, the next fetches have every mail exactly once, and no mail leaves the server
//! before it is on record.
//!
//! A sample of the bytes is broken; `MAILDESK_FAULT_STEP=1` breaks every one for each of the three things that are done
//! with mails (the better part of an hour), 3 every one for one of the three.

use std::collections::BTreeSet;
use std::env;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::desk::{Desk, Done, feed, mail};
use crate::dovecot::{Certificate, Dovecot, PASSWORD, Plaintext, USER};
use crate::mta::set_mode;

const ADDRESS: &str = "imap@helpdesk.test";

/// Mails put into the folder for each fault: with one, a mail cannot be taken for another.
const MAILS: usize = 2;

/// Bytes sent twice by [`Fault::Double`]: a number and what stands around it.
const DOUBLED_BYTES: usize = 12;

/// Every how many bytes a fault strikes in a sample. Primes, so that they do not go with the lines of the server.
const SAMPLE_STEP: usize = 211;
const STALL_STEP: usize = 797;

/// A mail's name and its flags.
type Named = (String, String);

/// What happens to the byte at a position of what the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The connection ends before it.
    Cut,
    /// Nothing comes from it on, and the connection stays.
    Stall,
    /// It becomes another one: a digit another digit, a letter another letter.
    Flip,
    /// It is left out.
    Drop,
    /// It and the ones before it come twice.
    Double,
}

#[derive(Debug, Default)]
struct Plan {
    fault: Option<(usize, Fault)>,
    /// Bytes the server said over the newest connection.
    said: usize,
}

/// A running proxy. Every connection starts counting again.
struct Proxy {
    port: u16,
    plan: Arc<Mutex<Plan>>,
}

fn locked(plan: &Mutex<Plan>) -> MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let shared = Arc::clone(&plan);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let plan = Arc::clone(&shared);
                thread::spawn(move || join(&client, server, &plan));
            }
        });
        Self { port, plan }
    }

    fn set(&self, fault: Option<(usize, Fault)>) {
        locked(&self.plan).fault = fault;
    }
}

/// Carries one connection to its end.
fn join(client: &TcpStream, server: u16, plan: &Mutex<Plan>) -> Option<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).ok()?;
    let (mut from_client, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        std::io::copy(&mut from_client, &mut to_server).ok();
        to_server.shutdown(Shutdown::Both).ok();
    });
    let fault = {
        let mut plan = locked(plan);
        plan.said = 0;
        plan.fault
    };
    carry(&server, client, fault, plan);
    server.shutdown(Shutdown::Both).ok();
    client.shutdown(Shutdown::Both).ok();
    Some(())
}

fn carry(
    mut server: &TcpStream,
    mut client: &TcpStream,
    fault: Option<(usize, Fault)>,
    plan: &Mutex<Plan>,
) -> Option<()> {
    let (mut buffer, mut last) = ([0; 4096], Vec::new());
    loop {
        let count = server.read(&mut buffer).ok().filter(|count| *count > 0)?;
        let said = std::mem::replace(&mut locked(plan).said, 0) + count;
        locked(plan).said = said;
        let mut bytes = buffer[..count].to_vec();
        // Where in these bytes the fault strikes, if it does.
        let strikes = fault.and_then(|(at, fault)| Some((at.checked_sub(said - count)?, fault)));
        if let Some((at, fault)) = strikes.filter(|(at, _)| *at < count) {
            match fault {
                Fault::Cut => {
                    client.write_all(&bytes[..at]).ok();
                    return None;
                }
                Fault::Stall => {
                    client.write_all(&bytes[..at]).ok()?;
                    // Until the client has had enough: then the server's side is closed as well.
                    while server.read(&mut buffer).is_ok_and(|count| count > 0) {}
                    return None;
                }
                Fault::Flip => bytes[at] ^= 1,
                Fault::Drop => drop(bytes.remove(at)),
                Fault::Double => {
                    let before: Vec<u8> = [last.as_slice(), &bytes[..=at]].concat();
                    let again = before[before.len().saturating_sub(DOUBLED_BYTES)..].to_vec();
                    bytes.splice(at + 1..at + 1, again);
                }
            }
        }
        last = buffer[..count].to_vec();
        client.write_all(&bytes).ok()?;
    }
}

fn fetch(desk: &Desk) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]), b"")
}

/// A desk that fetches one folder through a proxy of its own.
struct Run<'a> {
    server: &'a Dovecot,
    proxy: Proxy,
    desk: Desk,
    folder: String,
    after: &'static str,
    put: usize,
}

impl<'a> Run<'a> {
    fn new(server: &'a Dovecot, name: &str, after: &'static str) -> Self {
        let folder = format!("In{name}");
        server.make_folder(&folder);
        server.make_folder(&format!("Done{name}"));
        let (proxy, desk) = (Proxy::start(server.port), Desk::new());
        desk.configure("imap_deadline_s = 1");
        std::fs::write(desk.path("password"), PASSWORD).expect("the desk's folder is writable");
        set_mode(desk.path("password"), 0o600);
        let (port, password) = (proxy.port.to_string(), desk.path("password").display().to_string());
        let done = if after == "move" { format!("move:Done{name}") } else { after.to_owned() };
        let args = ["address", "add", ADDRESS, "--name", "I", "--department", "1", "--incoming", "imap"];
        let imap = ["--imap-host", "127.0.0.1", "--imap-port", &port, "--imap-user", USER, "--imap-tls", "none"];
        let more = ["--imap-password-file", &password, "--imap-folder", &folder, "--imap-after", &done];
        desk.admin(&[&args[..], &imap, &more].concat());
        Self { server, proxy, desk, folder, after, put: 0 }
    }

    fn put_mails(&mut self) {
        for _ in 0..MAILS {
            self.put += 1;
            let name = format!("{}-{:05}", self.folder, self.put);
            let text = mail(&name, &format!("Subject: {name}\n"), "It burns.");
            self.server.put(&self.server.folder(&self.folder), &name, text);
        }
    }

    fn receipts(&self) -> usize {
        usize::try_from(self.desk.outside().number("SELECT count(*) FROM receipt")).expect("a count")
    }

    /// Names and flags of the mails in the folder, and in the one they are moved to.
    fn on_server(&self) -> (Vec<Named>, Vec<Named>) {
        let target = self.folder.replacen("In", "Done", 1);
        (self.server.mails(&self.server.folder(&self.folder)), self.server.mails(&self.server.folder(&target)))
    }

    /// How many bytes the server says in a whole fetch of new mails.
    fn whole(&mut self) -> usize {
        self.proxy.set(None);
        self.put_mails();
        let done = fetch(&self.desk);
        assert_eq!(done.status, 0, "{done:?}");
        locked(&self.proxy.plan).said
    }

    /// New mails, a fetch with the fault, then fetches without it.
    fn survive(&mut self, at: usize, fault: Fault) {
        let what = format!("{fault:?} at {at}, {}", self.after);
        self.put_mails();
        self.proxy.set(Some((at, fault)));
        let broken = fetch(&self.desk);
        assert!([0, 3].contains(&broken.status), "{what}: {broken:?}");
        let (there, moved) = self.on_server();
        let gone = self.put.saturating_sub(there.len() + moved.len());
        assert!(self.receipts() >= gone + moved.len(), "{what}: {gone} gone, {} on record", self.receipts());
        self.proxy.set(None);
        let done = fetch(&self.desk);
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{what}: {done:?}\n{broken:?}");
        if !self.is_complete(fault) {
            // What a number that was another one hid is found when the folder is compared.
            self.desk.outside().run("UPDATE imap_folder SET reconciled_at = 0");
            let done = fetch(&self.desk);
            assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{what}: a day later: {done:?}\n{broken:?}");
            assert_ne!(fault, Fault::Cut, "{what}: a connection that ended hides nothing");
        }
        let evidence = || format!("{what}: {:?}\n{broken:?}\n{done:?}\n{}", self.on_server(), self.desk.log());
        assert!(self.is_complete(fault), "{}", evidence());
        assert_eq!(self.receipts(), self.put, "{}", evidence());
    }

    /// Whether every mail is on record and was dealt with on the server. A server whose offer of UIDPLUS did not come
    /// through is one without it: the mails stay, marked as deleted.
    fn is_complete(&self, fault: Fault) -> bool {
        let (mut there, moved) = self.on_server();
        if !matches!(fault, Fault::Cut | Fault::Stall) {
            there.retain(|(_, flags)| !flags.contains('T'));
        }
        let names: BTreeSet<&String> = moved.iter().map(|(name, _)| name).collect();
        let is_settled = match self.after {
            "seen" => there.len() == self.put && there.iter().all(|(_, flags)| flags == "S"),
            "move" => there.is_empty() && names.len() == self.put,
            _ => there.is_empty(),
        };
        is_settled && self.receipts() >= self.put
    }
}

/// One desk for each thing that is done with mails, side by side; `faults` with every how many bytes each strikes.
fn break_at(faults: &[(Fault, usize)]) {
    let Some(server) = Dovecot::start_with(Certificate::Good, Plaintext::Taken) else { return };
    let chosen: Option<usize> = env::var("MAILDESK_FAULT_STEP").ok().and_then(|step| step.parse().ok());
    thread::scope(|scope| {
        for (first, after) in ["seen", "move", "delete"].into_iter().enumerate() {
            for (fault, step) in faults.iter().copied() {
                let server = &server;
                scope.spawn(move || {
                    let mut run = Run::new(server, &format!("{fault:?}{after}"), after);
                    let whole = run.whole();
                    assert!((800..4000).contains(&whole), "{whole}");
                    // Each stall takes as long as the client waits.
                    let step = chosen.filter(|_| fault != Fault::Stall).map_or(step, |step| step.max(1));
                    // Each a third of the way on, so that together they see three times as many places.
                    for at in (first * step / 3..whole).step_by(step) {
                        run.survive(at, fault);
                    }
                });
            }
        }
    });
}

#[test]
fn a_connection_cut_or_silent_at_any_byte_loses_and_doubles_nothing() {
    break_at(&[(Fault::Cut, SAMPLE_STEP), (Fault::Stall, STALL_STEP)]);
}

#[test]
fn bytes_changed_lost_or_doubled_on_the_way_lose_and_double_no_mail() {
    break_at(&[(Fault::Flip, SAMPLE_STEP), (Fault::Drop, SAMPLE_STEP), (Fault::Double, SAMPLE_STEP)]);
}
