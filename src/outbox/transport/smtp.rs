//! Mails to an SMTP server (RFC 5321), over one connection per drain. Connecting, TLS and login are
//! apart from sending, because a refused login must not count as refused mails.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters, TlsVersion};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use super::Failure;
use crate::domain::EmailAddress;
use crate::outbox::compose::mailable;
use crate::store::addresses::AddressRow;
use crate::store::queue::{Claimed, Fault};

/// How long one command may take, connecting included. Chosen: RFC 5321 §4.5.3.2 allows minutes,
/// but the next try is never far, and a relay of one's own answers at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest password file read, in bytes.
const PASSWORD_BYTES_MAX: u64 = 64 * 1024;

/// Mails over one connection; then a new one. Chosen: Postfix's default is to allow any number,
/// Exim's (smtp_accept_max_per_connection) is 1000.
const MAILS_PER_CONNECTION_MAX: u32 = 500;

/// The server of one address, connected when first needed.
#[derive(Debug)]
pub struct Smtp {
    host: String,
    port: u16,
    user: String,
    password_file: String,
    tls: String,
    connection: Option<Open>,
}

struct Open {
    connection: SmtpConnection,
    mails: u32,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Open({} mails)", self.mails)
    }
}

impl Smtp {
    pub(super) fn new(row: &AddressRow) -> Self {
        Self {
            host: row.smtp_host.clone(),
            port: row.smtp_port,
            user: row.smtp_user.clone(),
            password_file: row.smtp_password_file.clone(),
            tls: row.smtp_tls.clone(),
            connection: None,
        }
    }

    pub(super) fn send(&mut self, mail: &Claimed, raw: &[u8]) -> Result<(), Failure> {
        let envelope = envelope(mail)?;
        if self.connection.as_ref().is_some_and(|open| open.mails >= MAILS_PER_CONNECTION_MAX) {
            self.close();
        }
        let mut open = match self.connection.take() {
            Some(mut open) => match begin(&mut open.connection, &envelope, raw) {
                Ok(()) => open,
                // The server has had enough of a connection that worked before (RFC 5321 §3.8); so far
                // it knows nothing of this mail.
                Err(Failure::Transport(_)) => {
                    open.connection.abort();
                    self.open_for(&envelope, raw)?
                }
                Err(failure) => {
                    open.connection.abort();
                    return Err(failure);
                }
            },
            None => self.open_for(&envelope, raw)?,
        };
        match exchange(&mut open.connection, &envelope, raw) {
            Ok(()) => {
                open.mails += 1;
                self.connection = Some(open);
                Ok(())
            }
            Err(failure) => {
                // Half an exchange lies behind: the next mail gets a new connection.
                open.connection.abort();
                Err(failure)
            }
        }
    }

    /// A new connection that has taken MAIL FROM.
    fn open_for(&self, envelope: &Envelope, raw: &[u8]) -> Result<Open, Failure> {
        let mut open = self.open()?;
        match begin(&mut open.connection, envelope, raw) {
            Ok(()) => Ok(open),
            Err(failure) => {
                open.connection.abort();
                Err(failure)
            }
        }
    }

    pub(super) fn test(&mut self) -> Result<(), Failure> {
        self.connection = Some(self.open()?);
        self.close();
        Ok(())
    }

    pub(super) fn close(&mut self) {
        if let Some(mut open) = self.connection.take() {
            open.connection.abort();
        }
    }

    fn open(&self) -> Result<Open, Failure> {
        let place = format!("{}:{}", self.host, self.port);
        let during = |what: &str, error: &Error| Failure::Transport(format!("{what} {place}: {}", causes(error)));
        let name = ClientId::default();
        let tls = match self.tls.as_str() {
            "none" => None,
            _ => Some(self.tls_parameters().map_err(|e| during("preparing TLS for", &e))?),
        };
        let from_the_start = tls.as_ref().filter(|_| self.tls == "implicit");
        let server = (self.host.as_str(), self.port);
        let mut connection = SmtpConnection::connect(server, Some(PATIENCE), &name, from_the_start, None)
            .map_err(|e| during("connecting to", &e))?;
        if let Some(tls) = tls.as_ref().filter(|_| self.tls == "starttls") {
            connection.starttls(tls, &name).map_err(|e| during("STARTTLS with", &e))?;
        }
        if !self.user.is_empty() {
            let credentials = Credentials::new(self.user.clone(), self.password()?);
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .map_err(|e| during("logging in to", &e))?;
        }
        Ok(Open { connection, mails: 0 })
    }

    /// The certificate is checked against the system's authorities; a private one is named by the
    /// environment variable SSL_CERT_FILE, as for every program that uses OpenSSL.
    fn tls_parameters(&self) -> Result<TlsParameters, Error> {
        TlsParameters::builder(self.host.clone()).set_min_tls_version(TlsVersion::Tlsv12).build()
    }

    fn password(&self) -> Result<String, Failure> {
        let refused = |why: String| Failure::Transport(format!("reading {}: {why}", self.password_file));
        let file = File::open(&self.password_file).map_err(|e| refused(e.to_string()))?;
        let mode = file.metadata().map_err(|e| refused(e.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(refused("others can read it; run chmod 600 on it".to_owned()));
        }
        let mut text = String::new();
        file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text).map_err(|e| refused(e.to_string()))?;
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        Ok(secret.strip_suffix('\r').unwrap_or(secret).to_owned())
    }
}

/// The beginning of one mail over an open connection: MAIL FROM (RFC 5321 §3.3). A connection that
/// was lost is the transport's failure here, because nothing of the mail was said.
fn begin(connection: &mut SmtpConnection, envelope: &Envelope, raw: &[u8]) -> Result<(), Failure> {
    let mut options = Vec::new();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.from().into_iter().chain(envelope.to()).all(is_ascii) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let why = "the address needs SMTPUTF8, which the server does not offer";
            return Err(Failure::Permanent(why.to_owned(), Fault::Elsewhere));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !raw.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    match connection.command(Mail::new(envelope.from().cloned(), options)) {
        Ok(_) => Ok(()),
        Err(error) => Err(match refusal(&error) {
            Failure::Temporary(why) if error.status().is_none() => Failure::Transport(why),
            failure => failure,
        }),
    }
}

/// The rest of one mail after [`begin`].
///
/// lettre's own `send` writes the final dot apart from the data, and without TCP_NODELAY the dot then
/// waits for the server's delayed acknowledgement: 45 ms a mail, measured on loopback.
fn exchange(connection: &mut SmtpConnection, envelope: &Envelope, raw: &[u8]) -> Result<(), Failure> {
    let refused = |error: Error| refusal(&error);
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).map_err(refused)?;
    }
    connection.command(Data).map_err(refused)?;
    connection.command(stuffed(raw)).map_err(refused)?;
    Ok(())
}

/// The data with dots doubled at the starts of lines and the end mark behind (RFC 5321 §4.5.2).
fn stuffed(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(text.len() + text.len() / 64 + 8);
    for line in text.split_inclusive('\n') {
        if line.starts_with('.') {
            out.push('.');
        }
        out.push_str(line);
    }
    if !out.ends_with("\r\n") {
        out.push_str("\r\n");
    }
    out.push_str(".\r\n");
    out
}

fn envelope(mail: &Claimed) -> Result<Envelope, Failure> {
    let refused = |why: String| Failure::Permanent(why, Fault::Elsewhere);
    let address = |text: &str| -> Result<Address, Failure> {
        let email: EmailAddress =
            text.parse().map_err(|e: crate::domain::InvalidEmailAddress| refused(e.to_string()))?;
        mailable(&email).map_err(|e| refused(e.to_string()))
    };
    let sender = if mail.envelope_sender.is_empty() { None } else { Some(address(&mail.envelope_sender)?) };
    Envelope::new(sender, vec![address(&mail.recipient)?]).map_err(|e| refused(e.to_string()))
}

/// What a failed exchange about one mail means.
fn refusal(error: &Error) -> Failure {
    let why = causes(error);
    let code = error.status().map(u16::from);
    match code {
        // The server wants another login (RFC 4954 §6, RFC 3207): that is not the mail's fault.
        Some(530 | 534 | 535 | 538) => Failure::Transport(why),
        // It is closing (RFC 5321 §3.8).
        Some(421) => Failure::Transport(why),
        Some(500..=599) => {
            let fault = if names_a_bad_mailbox(&why) { Fault::Recipient } else { Fault::Elsewhere };
            Failure::Permanent(why, fault)
        }
        Some(_) => Failure::Temporary(why),
        // The address or the mail needs what the server does not offer (SMTPUTF8).
        None if error.is_client() => Failure::Permanent(why, Fault::Elsewhere),
        None => Failure::Temporary(why),
    }
}

/// RFC 3463 §3.2: status 5.1.1, 5.1.2, 5.1.3, 5.1.6 and 5.1.10 (RFC 7505) speak of the recipient's address.
fn names_a_bad_mailbox(why: &str) -> bool {
    why.split(|c: char| !c.is_ascii_digit() && c != '.')
        .any(|word| matches!(word, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10"))
}

/// The error with what is behind it, on one line.
fn causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let is_timeout = cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
        let more = if is_timeout { format!("no answer within {} s", PATIENCE.as_secs()) } else { cause.to_string() };
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_at_the_starts_of_lines_are_doubled_and_the_end_is_marked() {
        assert_eq!(stuffed(b".a\r\n.\r\nb.c\r\n"), "..a\r\n..\r\nb.c\r\n.\r\n");
        assert_eq!(stuffed(b"no line end"), "no line end\r\n.\r\n");
    }

    #[test]
    fn only_statuses_about_the_address_count_against_it() {
        assert!(names_a_bad_mailbox("permanent error (550): 5.1.1 <ann@example.org>: Recipient address rejected"));
        assert!(!names_a_bad_mailbox("permanent error (554): 5.7.1 relay access denied"));
        assert!(!names_a_bad_mailbox("permanent error (550): 15.1.12 no"));
    }
}
