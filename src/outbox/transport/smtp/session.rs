//! A conversation with an SMTP server (RFC 5321), step by step, each with its own time limit. Commands and the
//! server's extensions are lettre's types; bytes are sent and received in [`super::wire`].

use std::time::{Duration, Instant};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo};
use lettre::transport::smtp::response::Response;
use native_tls::{Protocol, TlsConnector};

use super::wire::{Trouble, Wire};
use crate::domain::desk_address::Tls;
use crate::outbox::patience::Handover;

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The greeting, and each step before the first mail.
    pub(super) greeting: Duration,
    /// Connecting, TLS and login together.
    pub(super) opening: Duration,
    pub(super) mail: Duration,
    pub(super) rcpt: Duration,
    pub(super) data: Duration,
    /// All of the data.
    pub(super) content: Duration,
    /// The answer to the final dot.
    pub(super) after_dot: Duration,
}

/// The times of RFC 5321 §4.5.3.2. It has none for connecting, so that is chosen: no usable server
/// takes longer; and none for all of the data, only three minutes for a block: 50 MiB over a line of 256 kbit/s.
pub(super) const RFC: Times = Times {
    greeting: minutes(5),
    opening: minutes(15),
    mail: minutes(5),
    rcpt: minutes(5),
    data: minutes(2),
    content: minutes(30),
    after_dot: minutes(10),
};

/// QUIT, which nothing depends on.
const QUIT: Duration = Duration::from_millis(500);

/// The longest time from taking up a mail to knowing what became of it. An old connection may take all the
/// time for MAIL before it is found dead, and a new one is opened.
pub(in crate::outbox) const LONGEST_S: u64 = RFC.mail.as_secs()
    + RFC.opening.as_secs()
    + RFC.mail.as_secs()
    + RFC.rcpt.as_secs()
    + RFC.data.as_secs()
    + RFC.content.as_secs()
    + RFC.after_dot.as_secs();

/// Most challenges of a login that are answered. Chosen: LOGIN has two.
const CHALLENGES_MAX: usize = 4;

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// The step, and what went wrong in it.
pub(super) type Fault = (&'static str, Trouble);

/// What became of a mail that was not handed over.
pub(super) enum Handing {
    /// The server does not have it, for this reason.
    No(Trouble),
    /// The final dot was sent and no proper answer came.
    Unknown(Trouble),
    /// The sender could not have waited for the answer: the final dot was not sent.
    Left,
}

/// A server that has greeted us and knows who we are.
pub(super) struct Session {
    wire: Wire,
    server: ServerInfo,
    times: Times,
}

impl Session {
    /// Connects, starts TLS, logs in.
    pub(super) fn open(
        host: &str,
        port: u16,
        tls: Tls,
        times: Times,
        login: Option<&Credentials>,
    ) -> Result<Self, Fault> {
        let end = Instant::now() + times.opening;
        let step = || times.greeting.min(end.saturating_duration_since(Instant::now()));
        let connecting = |trouble| ("connecting to", trouble);
        let connector = match tls {
            Tls::None => None,
            Tls::Starttls | Tls::Implicit => Some(connector().map_err(|trouble| ("preparing TLS for", trouble))?),
        };
        let mut wire = Wire::connect(host, port, Instant::now() + step()).map_err(connecting)?;
        if let (Tls::Implicit, Some(connector)) = (tls, &connector) {
            wire = wire.start_tls(host, connector, step()).map_err(connecting)?;
        }
        let greeting = wire.reply(Instant::now() + step()).map_err(connecting)?;
        expect(greeting, 220..221).map_err(connecting)?;
        let mut server = hello(&mut wire, step()).map_err(connecting)?;
        if let (Tls::Starttls, Some(connector)) = (tls, &connector) {
            let upgrading = |trouble| ("STARTTLS with", trouble);
            if !server.supports_feature(Extension::StartTls) {
                return Err(upgrading(Trouble::Nonsense("STARTTLS is not supported on this server".to_owned())));
            }
            let answer = wire.command(&Starttls.to_string(), step()).map_err(upgrading)?;
            expect(answer, 220..221).map_err(upgrading)?;
            wire = wire.start_tls(host, connector, step()).map_err(upgrading)?;
            // What was offered before TLS may have come from anyone on the line.
            server = hello(&mut wire, step()).map_err(upgrading)?;
        }
        let mut session = Self { wire, server, times };
        if let Some(credentials) = login {
            session.log_in(credentials, step).map_err(|trouble| ("logging in to", trouble))?;
        }
        Ok(session)
    }

    fn log_in(&mut self, credentials: &Credentials, step: impl Fn() -> Duration) -> Result<(), Trouble> {
        let nonsense = |error: lettre::transport::smtp::Error| Trouble::Nonsense(error.to_string());
        let mechanism = self
            .server
            .get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login])
            .ok_or_else(|| Trouble::Nonsense("the server offers neither PLAIN nor LOGIN".to_owned()))?;
        let first = Auth::new(mechanism, credentials.clone(), None).map_err(nonsense)?;
        let mut answer = self.wire.command(&first.to_string(), step())?;
        for _ in 0..CHALLENGES_MAX {
            if !answer.has_code(334) {
                break;
            }
            let next = Auth::new_from_response(mechanism, credentials.clone(), &answer).map_err(nonsense)?;
            answer = self.wire.command(&next.to_string(), step())?;
        }
        expect(answer, 200..300)?;
        Ok(())
    }

    /// Whether this server can take all addresses in the envelope.
    pub(super) fn takes(&self, envelope: &Envelope) -> bool {
        is_ascii(envelope) || self.server.supports_feature(Extension::SmtpUtfEight)
    }

    /// The beginning of a mail (RFC 5321 §3.3).
    pub(super) fn begin(&mut self, envelope: &Envelope, raw: &[u8]) -> Result<(), Trouble> {
        let mut options = Vec::new();
        if !is_ascii(envelope) {
            options.push(MailParameter::SmtpUtfEight);
        }
        if !raw.is_ascii() && self.server.supports_feature(Extension::EightBitMime) {
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let answer = self.wire.command(&Mail::new(envelope.from().cloned(), options).to_string(), self.times.mail)?;
        expect(answer, 200..300)
    }

    /// The rest of a mail after [`Self::begin`].
    ///
    /// The final dot leaves in one write with the end of the data: apart, it would wait for the server's
    /// delayed acknowledgement.
    pub(super) fn hand_over(
        &mut self,
        envelope: &Envelope,
        raw: &[u8],
        handover: &mut Handover<'_>,
    ) -> Result<(), Handing> {
        for to in envelope.to() {
            let answer = self.wire.command(&Rcpt::new(to.clone(), Vec::new()).to_string(), self.times.rcpt);
            answer.and_then(|answer| expect(answer, 200..300)).map_err(Handing::No)?;
        }
        let answer = self.wire.command(&Data.to_string(), self.times.data);
        answer.and_then(|answer| expect(answer, 354..355)).map_err(Handing::No)?;
        if self.wire.is_there_more() {
            // Taken for the answer to the final dot, it would lose the mail.
            return Err(Handing::No(Trouble::Nonsense(
                "the server sends more replies than it got commands".to_owned(),
            )));
        }
        if !handover.commit() {
            return Err(Handing::Left);
        }
        // A write that fails has left out the end of the data: without the dot there is no mail yet.
        self.wire.write(&stuffed(raw), handover.end_of(self.times.content)).map_err(Handing::No)?;
        match self.wire.reply(handover.end_of(self.times.after_dot)) {
            Ok(answer) => expect(answer, 200..300).map_err(|trouble| match trouble {
                Trouble::Refused(answer) if (400..600).contains(&u16::from(answer.code())) => {
                    Handing::No(Trouble::Refused(answer))
                }
                trouble => Handing::Unknown(trouble),
            }),
            Err(trouble) => Err(Handing::Unknown(trouble)),
        }
    }

    /// Says goodbye; the server's answer changes nothing.
    pub(super) fn quit(mut self) {
        self.wire.command(&Quit.to_string(), QUIT).ok();
    }
}

/// The certificate is checked against the system's authorities; a private one is named by the environment
/// variable SSL_CERT_FILE, as for every program that uses OpenSSL.
fn connector() -> Result<TlsConnector, Trouble> {
    let made = TlsConnector::builder().min_protocol_version(Some(Protocol::Tlsv12)).build();
    made.map_err(|error| Trouble::Lost(error.to_string()))
}

fn hello(wire: &mut Wire, patience: Duration) -> Result<ServerInfo, Trouble> {
    let answer = wire.command(&Ehlo::new(ClientId::default()).to_string(), patience)?;
    let code = answer.code();
    expect(answer.clone(), 200..300)?;
    // Keywords are the same in any case (RFC 5321 §2.4); lettre knows them in capitals.
    let offers = answer.message().map(str::to_ascii_uppercase).collect();
    ServerInfo::from_response(&Response::new(code, offers)).map_err(|error| Trouble::Nonsense(error.to_string()))
}

fn expect(answer: Response, wanted: std::ops::Range<u16>) -> Result<(), Trouble> {
    if wanted.contains(&u16::from(answer.code())) { Ok(()) } else { Err(Trouble::Refused(answer)) }
}

fn is_ascii(envelope: &Envelope) -> bool {
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    envelope.from().into_iter().chain(envelope.to()).all(is_ascii)
}

/// The data with dots doubled at the starts of lines and the end mark added (RFC 5321 §4.5.2).
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 64 + 8);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_at_the_starts_of_lines_are_doubled_and_the_end_is_marked() {
        assert_eq!(stuffed(b".a\r\n.\r\nb.c\r\n"), b"..a\r\n..\r\nb.c\r\n.\r\n");
        assert_eq!(stuffed(b"no line end"), b"no line end\r\n.\r\n");
        assert_eq!(stuffed(b"\xff\r\n"), b"\xff\r\n.\r\n", "the same bytes as queued");
    }

    #[test]
    fn steps_have_the_times_of_the_rfc() {
        let seconds = [RFC.greeting, RFC.mail, RFC.rcpt, RFC.data, RFC.after_dot].map(|time| time.as_secs());
        assert_eq!(seconds, [300, 300, 300, 120, 600]);
    }
}
