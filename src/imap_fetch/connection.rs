//! From a host name to a logged-in session: TCP, TLS or STARTTLS, greeting, login. Nothing is sent
//! in the clear before TLS but the word STARTTLS, and nothing received before it is believed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use imap::{Authenticator, Client, Session};
use native_tls::{Certificate, HandshakeError, Protocol, TlsConnector};

use super::Error;
use super::account::{Account, Secret};
use super::channel::{Channel, End, Link};
use super::mailbox::{lost, refused};
use super::wire::{Clock, Wire};
use crate::domain::desk_address::Tls;
use crate::stop::Stop;

/// A session and the other side of its connection.
pub(super) struct Opened {
    pub(super) session: Session<End>,
    pub(super) channel: Rc<RefCell<Channel>>,
}

/// Connects and logs in.
pub(super) fn open(account: &Account, stop: &Stop, patience: Duration) -> Result<Opened, Error> {
    // Fetching a token may take a while, which must not count against the server.
    let secret = account.secret()?;
    let clock = Rc::new(Clock::new(stop, patience));
    let wire = Wire::connect(&account.host, account.port, Rc::clone(&clock))?;
    clock.allow(Duration::ZERO);
    let (channel, welcome) = match account.tls {
        Tls::None => greeted(Channel::new(Link::Plain(wire), clock), account)?,
        Tls::Implicit => {
            let link = handshake(account, wire)?;
            greeted(Channel::new(link, clock), account)?
        }
        Tls::Starttls => {
            let (plain, welcome) = greeted(Channel::new(Link::Plain(wire), Rc::clone(&clock)), account)?;
            if welcome == Welcome::LoggedIn {
                let why = "greets with PREAUTH, after which TLS cannot begin; use --imap-tls implicit with port 993";
                return Err(Error::Connection(format!("{} {why}", place(account))));
            }
            (Channel::new(start_tls(account, plain)?, clock), welcome)
        }
    };
    let channel = Rc::new(RefCell::new(channel));
    let client = Client::new(End(Rc::clone(&channel)));
    let session = match welcome {
        Welcome::Hello => log_in(account, client, secret)?,
        Welcome::LoggedIn => {
            channel.borrow_mut().answer_next("a1 OK logged in already\r\n");
            client.login("", "").map_err(|(error, _)| lost(&format!("greeting {}", place(account)), error))?
        }
    };
    Ok(Opened { session, channel })
}

/// How a server says hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Welcome {
    /// It wants to know who we are.
    Hello,
    /// It knows, by the address or the tunnel we come from (PREAUTH, RFC 3501 §7.1.4).
    LoggedIn,
}

fn place(account: &Account) -> String {
    format!("{}:{}", account.host, account.port)
}

/// POP3's ports (RFC 1939 §3, RFC 8314 §7.3).
const POP_PORTS: [u16; 2] = [110, 995];

/// What to do about a server that speaks POP3.
const POP_ADVICE: &str = "maildesk fetches mail by IMAP; use the provider's IMAP server, with --imap-port 993";

/// What a port says of a server that does not answer as it should.
fn port_hint(account: &Account) -> String {
    if POP_PORTS.contains(&account.port) {
        format!("; port {} is POP3's: {POP_ADVICE}", account.port)
    } else {
        String::new()
    }
}

/// Reads the server's first line.
fn greeted(mut channel: Channel, account: &Account) -> Result<(Channel, Welcome), Error> {
    let place = place(account);
    let hint = match (port_hint(account), account.tls) {
        (hint, _) if !hint.is_empty() => hint,
        (_, Tls::Implicit) => String::new(),
        (_, Tls::Starttls | Tls::None) => {
            "; port 993 speaks TLS from the first byte, use --imap-tls implicit there".to_owned()
        }
    };
    let line =
        channel.next_line().map_err(|e| Error::Connection(format!("waiting for {place} to say hello: {e}{hint}")))?;
    let word = line.strip_prefix("* ").unwrap_or_default().split([' ', '[']).next().unwrap_or_default();
    match word.to_ascii_uppercase().as_str() {
        "OK" => Ok((channel, Welcome::Hello)),
        "PREAUTH" => Ok((channel, Welcome::LoggedIn)),
        "BYE" => Err(Error::Connection(format!("{place} turns us away: {}", line.get(5..).unwrap_or("").trim()))),
        _ if line.starts_with("+OK") => Err(Error::Connection(format!("{place} is a POP3 server; {POP_ADVICE}"))),
        _ => Err(Error::Connection(format!("{place} does not speak IMAP{}", port_hint(account)))),
    }
}

/// Asks for TLS and starts it (RFC 3501 §6.2.1).
fn start_tls(account: &Account, mut channel: Channel) -> Result<Link, Error> {
    const TAG: &str = "a0";
    let place = place(account);
    let broken = |e: std::io::Error| Error::Connection(format!("asking {place} for STARTTLS: {e}"));
    channel.send_line(&format!("{TAG} STARTTLS")).map_err(broken)?;
    let answer = loop {
        let line = channel.next_line().map_err(broken)?;
        if let Some(answer) = line.strip_prefix(TAG) {
            break answer.trim().to_owned();
        }
    };
    if !answer.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("OK")) {
        return Err(Error::Connection(format!(
            "{place} refuses STARTTLS ({answer}); use --imap-tls implicit with port 993, or look who is between us and the server"
        )));
    }
    // What came after the OK was sent before TLS, perhaps by an attacker in between: CVE-2021-33515 and others.
    let Some(Link::Plain(wire)) = channel.into_link() else {
        return Err(Error::Connection(format!(
            "{place} sent data between STARTTLS and TLS: an attacker in between may be injecting it; use --imap-tls implicit with port 993"
        )));
    };
    handshake(account, wire)
}

fn handshake(account: &Account, wire: Wire) -> Result<Link, Error> {
    let connector = connector(account)?;
    let tls = connector.connect(&account.host, wire).map_err(|error| {
        let text = match error {
            HandshakeError::Failure(error) => error.to_string(),
            HandshakeError::WouldBlock(_) => "no answer in time".to_owned(),
        };
        let hint = Some(port_hint(account)).filter(|hint| !hint.is_empty());
        let hint = hint.unwrap_or_else(|| tls_hint(&text).to_owned());
        Error::Connection(format!("TLS with {}: {text}{hint}", place(account)))
    })?;
    Ok(Link::Tls(Box::new(tls)))
}

fn connector(account: &Account) -> Result<TlsConnector, Error> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    if let Some(path) = &account.options.ca_file {
        let refused = |why: String| Error::Setup(format!("reading certificates from {}: {why}", path.display()));
        let pem = std::fs::read(path).map_err(|e| refused(e.to_string()))?;
        let authorities = Certificate::stack_from_pem(&pem).map_err(|e| refused(e.to_string()))?;
        if authorities.is_empty() {
            return Err(refused("there is none in PEM form".to_owned()));
        }
        // A private authority is named because the public ones are not to be trusted for this server.
        builder.disable_built_in_roots(true);
        for authority in authorities {
            builder.add_root_certificate(authority);
        }
    }
    builder.build().map_err(|e| Error::Setup(format!("preparing TLS: {e}")))
}

/// What to do about a failed handshake, chosen by the words of OpenSSL's verification (x509_txt.c).
fn tls_hint(text: &str) -> &'static str {
    let text = text.to_ascii_lowercase();
    if text.contains("hostname mismatch") || text.contains("ip address mismatch") {
        "; set --imap-host to the name in the server's certificate"
    } else if text.contains("expired") {
        "; the server's certificate has to be renewed"
    } else if text.contains("not yet valid") {
        "; check the clocks of both machines"
    } else if text.contains("self-signed") || text.contains("self signed") || text.contains("local issuer") {
        "; if the server is yours, name its authority's certificate with --imap-ca-file"
    } else if text.contains("wrong version number") || text.contains("packet length too long") {
        "; the port does not speak TLS from the first byte, try --imap-tls starttls"
    } else if text.contains("protocol version") || text.contains("unsupported protocol") {
        "; the server is older than TLS 1.2"
    } else {
        ""
    }
}

/// SASL PLAIN (RFC 4616).
struct Plain<'a> {
    user: &'a str,
    password: &'a str,
}

impl Authenticator for Plain<'_> {
    type Response = String;

    fn process(&self, _: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password)
    }
}

/// Google's and Microsoft's XOAUTH2: the token first; an error comes as a second challenge, which is
/// answered with nothing.
struct XOauth2<'a> {
    user: &'a str,
    token: &'a str,
    is_sent: Cell<bool>,
    complaint: RefCell<String>,
}

impl Authenticator for XOauth2<'_> {
    type Response = String;

    fn process(&self, challenge: &[u8]) -> String {
        if self.is_sent.replace(true) {
            self.complaint.replace(String::from_utf8_lossy(challenge).into_owned());
            return String::new();
        }
        format!("user={}\x01auth=Bearer {}\x01\x01", self.user, self.token)
    }
}

fn log_in(account: &Account, mut client: Client<End>, secret: Secret) -> Result<Session<End>, Error> {
    let place = place(account);
    let doing = format!("logging in to {place} as {}", account.user);
    let offers = client.capabilities().map_err(|e| lost(&format!("asking {place} what it can do"), e))?;
    let password = match secret {
        Secret::Password(password) => password,
        Secret::Token(token) => {
            let sasl = XOauth2 {
                user: &account.user,
                token: &token,
                is_sent: Cell::new(false),
                complaint: RefCell::default(),
            };
            return client.authenticate("XOAUTH2", &sasl).map_err(|(error, _)| {
                let complaint = sasl.complaint.take();
                let error = refused(&doing, error);
                Error::Login(format!("{error} {complaint}; the access token may have expired").replace("  ", " "))
            });
        }
    };
    if offers.has_str("AUTH=PLAIN") {
        let sasl = Plain { user: &account.user, password: &password };
        match client.authenticate("PLAIN", &sasl) {
            Ok(session) => return Ok(session),
            // It does not know the command after all; a NO would be about the password.
            Err((imap::Error::Bad(_), back)) => client = back,
            Err((error, _)) => return Err(login_error(&doing, error)),
        }
    }
    if offers.has_str("LOGINDISABLED") {
        return Err(Error::Login(format!(
            "{doing}: it takes no password over this connection; use --imap-tls starttls"
        )));
    }
    client.login(&account.user, &password).map_err(|(error, _)| login_error(&doing, error))
}

fn login_error(doing: &str, error: imap::Error) -> Error {
    match refused(doing, error) {
        Error::Refused(text) => Error::Login(format!("{text}; check --imap-user and --imap-password-file")),
        other => other,
    }
}
