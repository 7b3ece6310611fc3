//! Person or machine: the signs a mail carries and the origin they add up to.
//!
//! Signs are read off one mail; what an origin means for tickets is decided in `decision`.

use super::delivery_report::ReportKind;
use super::encoded_word::{Decoder, one_line};
use super::header::Header;
use super::{Mailbox, ParsedMail, ReversePath};

/// A sign that a machine sent the mail, each from one header or the MIME structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sign {
    /// Auto-Submitted with another value than `no` (RFC 3834 §5), token compare, parameters ignored.
    AutoSubmitted,
    /// X-Autoreply, X-Autorespond, X-Mail-Autoreply, X-Vacation, X-FC-MachineGenerated, `Precedence: auto_reply` or
    /// `Delivered-To: Autoresponder`.
    AutoReply,
    /// `Precedence: bulk` or `junk`.
    Bulk,
    /// List-Id (RFC 2919) or `Precedence: list`.
    List,
    /// X-Failed-Recipients (Exim's bounces).
    FailedRecipients,
    /// `Return-Path: <>`.
    NullReturnPath,
    /// multipart/report with a delivery-status part (RFC 3464).
    DeliveryStatus,
    /// A disposition notification (RFC 8098): the mail was displayed, deleted …
    Disposition,
    /// multipart/report of another kind, such as abuse feedback (RFC 5965).
    OtherReport,
    /// X-Loop, X-OTRS-Loop: another desk's or list's machine sent it.
    ForeignLoop,
    /// From mailer-daemon (local part, case-insensitive).
    MailerDaemon,
    /// From postmaster (the same).
    Postmaster,
    /// List-Post (RFC 2369) without List-Id: no sign of a machine, but its Cc are not all people.
    ListPost,
}

/// Who or what sent a mail, decided in the order of these variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// This desk's own mail that came back: a valid X-Maildesk-Loop.
    Own,
    /// A delivery report.
    Bounce,
    /// A mailing list.
    List,
    /// Any other machine: auto-replies, alerts, newsletters.
    Auto,
    /// No sign of a machine: a person.
    Person,
}

impl Origin {
    /// The word for it in what the program prints.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Bounce => "bounce",
            Self::List => "list",
            Self::Auto => "auto",
            Self::Person => "person",
        }
    }
}

/// What the caller, who knows the desk's secret, found about [`ParsedMail::loop_mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LoopMark {
    /// The mark was made by this desk.
    Ours,
    /// There is no mark, or another desk made it, or it is forged.
    NotOurs,
}

/// Where a mail names a Message-ID this desk has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NamesOurs {
    /// In the mail it returns.
    InReport,
    /// Only in In-Reply-To or References, as answers do.
    InThread,
    /// Nowhere.
    No,
}

/// What the caller knows about a mail besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// The envelope sender; `None` if not given, then Return-Path is used instead.
    pub envelope: Option<&'a ReversePath>,
    /// Whose mark it carries.
    pub loop_mark: LoopMark,
    /// Whether it is about a mail of ours.
    pub names_ours: NamesOurs,
}

/// The origin of a mail: own, bounce, list, auto or person, the first that fits.
///
/// A bounce needs a delivery-status report, X-Failed-Recipients, or a mailer-daemon's mail that is
/// sent from the null path or reads like a report. People write from postmaster too, and machines
/// from envelopes like a mailer-daemon's: such a mail is a bounce only if it returns a mail of ours.
/// The null path alone only says that a machine wrote (RFC 3834 §3.3: auto-replies use it too).
#[must_use]
pub(crate) fn origin_of(mail: &ParsedMail, seen: &Seen<'_>) -> Origin {
    let has = |sign: Sign| mail.signs.contains(&sign);
    let sender = System::of(mail, seen.envelope);
    let is_robot = sender == System::Daemon;
    let is_null = sender == System::Null;
    // The envelope is more reliable than a Return-Path that was left in the header.
    let is_machine =
        is_null || is_robot || mail.signs.iter().any(|sign| !matches!(sign, Sign::NullReturnPath | Sign::ListPost));
    let is_daemons = has(Sign::MailerDaemon) && (is_null || mail.delivery_report.is_some());
    let is_of_ours = mail.delivery_report.as_ref().is_some_and(|report| report.is_failure)
        && match seen.names_ours {
            NamesOurs::InReport => is_machine,
            NamesOurs::InThread => is_robot,
            NamesOurs::No => false,
        };
    let is_bounce = has(Sign::DeliveryStatus)
        || has(Sign::FailedRecipients)
        || is_daemons
        || has(Sign::Postmaster) && is_null
        || is_of_ours;
    match seen.loop_mark {
        LoopMark::Ours => Origin::Own,
        LoopMark::NotOurs if is_bounce => Origin::Bounce,
        LoopMark::NotOurs if has(Sign::List) => Origin::List,
        LoopMark::NotOurs if is_machine => Origin::Auto,
        LoopMark::NotOurs => Origin::Person,
    }
}

/// Whether the envelope sender is a mail system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// The null path.
    Null,
    /// mailer-daemon.
    Daemon,
    /// postmaster, which people use as well (RFC 5321 §4.5.1).
    Postmaster,
    /// Another sender, or none is known.
    No,
}

impl System {
    /// Reads the envelope sender, or Return-Path where there is none.
    #[must_use]
    pub(crate) fn of(mail: &ParsedMail, envelope: Option<&ReversePath>) -> Self {
        match envelope.or(mail.return_path.as_ref()) {
            Some(ReversePath::Null) => Self::Null,
            Some(ReversePath::Address(sender)) if is_daemon(sender.local_part()) => Self::Daemon,
            Some(ReversePath::Address(sender)) if is_postmaster(sender.local_part()) => Self::Postmaster,
            None if mail.signs.contains(&Sign::NullReturnPath) => Self::Null,
            Some(ReversePath::Address(_)) | None => Self::No,
        }
    }
}

/// Fields that automatic answers have, whatever their value says, unless it says no.
const AUTO_REPLY_FIELDS: [&str; 5] =
    ["x-autoreply", "x-autorespond", "x-mail-autoreply", "x-vacation", "x-fc-machinegenerated"];

/// Reads the signs off a header, its senders and the kind of report the mail is.
pub(super) fn signs_in(header: &Header<'_>, from: Option<&Mailbox>, report: Option<ReportKind>) -> Vec<Sign> {
    let decoder = Decoder::default();
    let says_something =
        |name: &str| header.all(name).any(|value| !matches!(token(value).as_str(), "" | "no" | "false"));
    let precedences: Vec<String> = header.all("precedence").map(token).collect();
    let precedence = |words: &[&str]| precedences.iter().any(|token| words.contains(&token.as_str()));
    let is_null_path =
        header.all("return-path").any(|value| super::address::reverse_path(value) == Some(ReversePath::Null));
    let is_from = |is_name: fn(&str) -> bool| match from {
        Some(from) => is_name(from.address.local_part()),
        // Systems without a domain of their own write the bare word.
        None => header.all("from").any(|value| decoder.line(value).split([' ', '<', '>', '(', ')', '"']).any(is_name)),
    };
    let found = [
        (Sign::AutoSubmitted, header.all("auto-submitted").any(|value| !matches!(token(value).as_str(), "" | "no"))),
        (
            Sign::AutoReply,
            AUTO_REPLY_FIELDS.iter().any(|name| says_something(name))
                || precedence(&["auto_reply", "auto-reply"])
                || header.all("delivered-to").any(|value| token(value) == "autoresponder"),
        ),
        (Sign::ForeignLoop, says_something("x-loop") || says_something("x-otrs-loop")),
        (Sign::Disposition, report == Some(ReportKind::Disposition)),
        (Sign::Bulk, precedence(&["bulk", "junk"])),
        (Sign::List, header.first("list-id").is_some() || precedence(&["list"])),
        (Sign::FailedRecipients, header.first("x-failed-recipients").is_some()),
        (Sign::NullReturnPath, is_null_path),
        (Sign::DeliveryStatus, report == Some(ReportKind::DeliveryStatus)),
        (Sign::OtherReport, report == Some(ReportKind::Other)),
        (Sign::MailerDaemon, is_from(is_daemon)),
        (Sign::Postmaster, is_from(is_postmaster)),
        (Sign::ListPost, header.first("list-post").is_some()),
    ];
    found.into_iter().filter(|(_, is_there)| *is_there).map(|(sign, _)| sign).collect()
}

fn is_daemon(word: &str) -> bool {
    word.eq_ignore_ascii_case("mailer-daemon")
}

fn is_postmaster(word: &str) -> bool {
    word.eq_ignore_ascii_case("postmaster")
}

/// What follows the end of a comment whose `(` was removed; comments nest (RFC 5322 §3.2.2).
fn behind_comment(comment: &str) -> &str {
    let (mut depth, mut is_escaped) = (1usize, false);
    for (at, c) in comment.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return comment.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

/// The first word of a value in lower case, comments and parameters left out (RFC 3834 §5.2).
fn token(value: &[u8]) -> String {
    let line = one_line(&String::from_utf8_lossy(value));
    let mut rest = line.as_str();
    while let Some(comment) = rest.trim_start().strip_prefix('(') {
        rest = behind_comment(comment);
    }
    let word =
        rest.trim_start().split(|c: char| c.is_whitespace() || matches!(c, ';' | '(' | ',')).next().unwrap_or_default();
    word.trim_matches('"').to_ascii_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Limits;
    use super::*;

    fn origin(fields: &str) -> Origin {
        let mail = format!("{fields}\nSubject: hello\n\nThank you for your mail.\n");
        seen(&mail, None, NamesOurs::No)
    }

    fn seen(mail: &str, envelope: Option<&str>, names_ours: NamesOurs) -> Origin {
        let mut mail = ParsedMail::parse(mail.as_bytes(), &Limits::default()).unwrap();
        let envelope = envelope.map(|sender| match sender {
            "" => ReversePath::Null,
            address => ReversePath::Address(address.parse().unwrap()),
        });
        mail.look_for_report(envelope.as_ref());
        origin_of(&mail, &Seen { envelope: envelope.as_ref(), loop_mark: LoopMark::NotOurs, names_ours })
    }

    #[test]
    fn signs_of_machines_are_told_from_persons() {
        for (fields, expected) in [
            ("From: ann@example.org", Origin::Person),
            ("Auto-Submitted: auto-replied", Origin::Auto),
            ("Auto-Submitted: Auto-Generated; owner-email=\"x\"", Origin::Auto),
            ("Auto-Submitted: auto-notified (by cron)", Origin::Auto),
            ("Auto-Submitted: something-new", Origin::Auto),
            ("Auto-submitted:   No  ", Origin::Person),
            ("Auto-Submitted: no; x=y", Origin::Person),
            ("Auto-Submitted: (a comment) no", Origin::Person),
            ("Auto-Submitted: (a (b) c) no", Origin::Person),
            ("Auto-Submitted: (a \\) auto) (()) no", Origin::Person),
            ("Auto-Submitted: (a (b) no", Origin::Person),
            ("Auto-Submitted:", Origin::Person),
            ("X-Autoreply: yes", Origin::Auto),
            ("X-Autoreply: no", Origin::Person),
            ("X-Autorespond: Away", Origin::Auto),
            ("Precedence: auto_reply", Origin::Auto),
            ("Precedence: Bulk", Origin::Auto),
            ("Precedence: junk", Origin::Auto),
            ("Precedence: first-class", Origin::Person),
            ("Precedence: list", Origin::List),
            ("List-Id: <dev.example.org>", Origin::List),
            ("List-Unsubscribe: <mailto:x@example.org>", Origin::Person),
            ("List-Post: <mailto:dev@example.org>", Origin::Person),
            ("X-Auto-Response-Suppress: All", Origin::Person),
            ("X-Failed-Recipients: gone@example.org", Origin::Bounce),
            ("Return-Path: <>", Origin::Auto),
            ("Return-Path: <>\nFrom: Mail System <MAILER-DAEMON@example.org>", Origin::Bounce),
            ("Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON>", Origin::Bounce),
            ("From: postmaster@example.org", Origin::Auto),
            ("From: \"Mailer-Daemon Smith\" <ann@example.org>", Origin::Person),
            ("X-Failed-Recipients: a@example.org\nList-Id: <x>", Origin::Bounce),
            ("List-Id: <x>\nAuto-Submitted: auto-generated", Origin::List),
        ] {
            assert_eq!(origin(fields), expected, "{fields}");
        }
    }

    #[test]
    fn reports_are_bounces_or_automatic_by_their_kind() {
        let report = |kind: &str| format!("Content-Type: multipart/report; report-type={kind}; boundary=b\nX: y");
        assert_eq!(origin(&report("delivery-status")), Origin::Bounce);
        assert_eq!(origin(&report("disposition-notification")), Origin::Auto);
    }

    #[test]
    fn the_envelope_and_the_loop_mark_come_from_the_caller() {
        let mail =
            ParsedMail::parse(b"From: ann@example.org\nX-Maildesk-Loop: 1-abc\n\nhello", &Limits::default()).unwrap();
        let address = ReversePath::Address("ann@example.org".parse().unwrap());
        assert_eq!(mail.loop_mark.as_deref(), Some("1-abc"));
        let with = |envelope, loop_mark| origin_of(&mail, &Seen { envelope, loop_mark, names_ours: NamesOurs::No });
        assert_eq!(with(Some(&address), LoopMark::NotOurs), Origin::Person);
        assert_eq!(with(Some(&ReversePath::Null), LoopMark::NotOurs), Origin::Auto);
        assert_eq!(with(Some(&ReversePath::Null), LoopMark::Ours), Origin::Own);
    }

    #[test]
    fn the_envelope_sender_outweighs_a_return_path() {
        let mail = "Return-Path: <>\nFrom: ann@example.org\nSubject: x\n\nhello";
        assert_eq!(seen(mail, Some("ann@example.org"), NamesOurs::No), Origin::Person);
        assert_eq!(seen(mail, None, NamesOurs::No), Origin::Auto);
    }

    #[test]
    fn a_mailer_daemon_in_the_envelope_is_a_machine_and_a_postmaster_only_with_another_sign() {
        let mail = "From: Ann <ann@example.org>\nSubject: x\n\nhello";
        assert_eq!(seen(mail, Some("MAILER-DAEMON@mx.example.org"), NamesOurs::No), Origin::Auto);
        assert_eq!(seen(mail, Some("MAILER-DAEMON@mx.example.org"), NamesOurs::InThread), Origin::Auto);
        assert_eq!(seen(mail, Some("postmaster@mx.example.org"), NamesOurs::No), Origin::Person);
        let failed = "From: Ann <ann@example.org>\nSubject: Undeliverable\n\nIt could not be delivered.";
        assert_eq!(seen(failed, Some("mailer-daemon@mx.example.org"), NamesOurs::InThread), Origin::Bounce);
        assert_eq!(seen(failed, Some("postmaster@mx.example.org"), NamesOurs::InThread), Origin::Person);
    }

    #[test]
    fn a_person_who_writes_from_postmaster_is_no_bounce() {
        for text in ["Message-ID: <abc@news.test>", "<bob@x.test>:\nno such user", "It could not be delivered."] {
            let mail = format!("From: Bob <postmaster@x.test>\nSubject: our mail\n\n{text}\n");
            assert_eq!(seen(&mail, Some("postmaster@x.test"), NamesOurs::No), Origin::Auto, "{text}");
        }
        let failed = "From: postmaster@x.test\nSubject: x\n\nIt could not be delivered.\nMessage-ID: <a@desk>";
        assert_eq!(seen(failed, Some("postmaster@x.test"), NamesOurs::InReport), Origin::Bounce);
    }
}
