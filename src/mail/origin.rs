//! Person or machine: the signs a mail carries and the origin they add up to (mail.md §3).
//!
//! Signs are read off one mail; what an origin means for tickets is decided in `decision`.

use super::header::Header;
use super::report::ReportKind;
use super::words::{Decoder, one_line};
use super::{Mailbox, ParsedMail, ReversePath};

/// A sign that a machine sent the mail, each from one header or the MIME structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// Auto-Submitted with another value than `no` (RFC 3834 §5), token compare, parameters ignored.
    AutoSubmitted,
    /// X-Autoreply, X-Autorespond or `Precedence: auto_reply`.
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
    /// multipart/report of another kind: read receipts (RFC 8098), abuse feedback (RFC 5965).
    OtherReport,
    /// From mailer-daemon or postmaster (local part, case-insensitive).
    MailerDaemon,
}

/// Who or what sent a mail, decided in the order of these variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This desk's own mail come back: a valid X-Maildesk-Loop.
    Own,
    /// A delivery report.
    Bounce,
    /// A mailing list.
    List,
    /// Any other machine: auto-replies, alerts, newsletters.
    Auto,
    /// Nothing speaks against a person.
    Person,
}

/// What the caller, who knows the desk's secret, found about [`ParsedMail::loop_mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopMark {
    /// The mark was made by this desk.
    Ours,
    /// There is no mark, or another desk made it, or it is forged.
    NotOurs,
}

/// The origin of a mail: own, bounce, list, auto or person, the first that fits.
///
/// A bounce needs a delivery-status report, X-Failed-Recipients, or a mailer-daemon's mail that is
/// sent from the null path or reads like a report. The null path alone only says that a machine
/// wrote (RFC 3834 §3.3: auto-replies use it too). `envelope` is the envelope sender, where the
/// caller knows it; a Return-Path field counts beside it, because it was written on delivery.
#[must_use]
pub fn origin_of(mail: &ParsedMail, envelope: Option<&ReversePath>, loop_mark: LoopMark) -> Origin {
    let has = |sign: Sign| mail.signs.contains(&sign);
    let is_null_sender = envelope == Some(&ReversePath::Null) || has(Sign::NullReturnPath);
    let is_daemons_report = has(Sign::MailerDaemon) && (is_null_sender || mail.delivery_report.is_some());
    match loop_mark {
        LoopMark::Ours => Origin::Own,
        LoopMark::NotOurs if has(Sign::DeliveryStatus) || has(Sign::FailedRecipients) || is_daemons_report => {
            Origin::Bounce
        }
        LoopMark::NotOurs if has(Sign::List) => Origin::List,
        LoopMark::NotOurs if is_null_sender || !mail.signs.is_empty() => Origin::Auto,
        LoopMark::NotOurs => Origin::Person,
    }
}

/// Reads the signs off a header, its senders and the kind of report the mail is.
pub(super) fn signs_in(header: &Header<'_>, from: Option<&Mailbox>, report: Option<ReportKind>) -> Vec<Sign> {
    let decoder = Decoder::default();
    let says_something =
        |name: &str| header.all(name).any(|value| !matches!(token(value).as_str(), "" | "no" | "false"));
    let precedences: Vec<String> = header.all("precedence").map(token).collect();
    let precedence = |words: &[&str]| precedences.iter().any(|token| words.contains(&token.as_str()));
    let is_null_path =
        header.all("return-path").any(|value| super::address::reverse_path(value) == Some(ReversePath::Null));
    let is_daemon = match from {
        Some(from) => is_daemon_name(from.address.local_part()),
        // Systems without a domain of their own write the bare word.
        None => header
            .all("from")
            .any(|value| decoder.line(value).split([' ', '<', '>', '(', ')', '"']).any(is_daemon_name)),
    };
    let found = [
        (Sign::AutoSubmitted, header.all("auto-submitted").any(|value| !matches!(token(value).as_str(), "" | "no"))),
        (
            Sign::AutoReply,
            says_something("x-autoreply")
                || says_something("x-autorespond")
                || precedence(&["auto_reply", "auto-reply"]),
        ),
        (Sign::Bulk, precedence(&["bulk", "junk"])),
        (Sign::List, header.first("list-id").is_some() || precedence(&["list"])),
        (Sign::FailedRecipients, header.first("x-failed-recipients").is_some()),
        (Sign::NullReturnPath, is_null_path),
        (Sign::DeliveryStatus, report == Some(ReportKind::DeliveryStatus)),
        (Sign::OtherReport, report == Some(ReportKind::Other)),
        (Sign::MailerDaemon, is_daemon),
    ];
    found.into_iter().filter(|(_, is_there)| *is_there).map(|(sign, _)| sign).collect()
}

fn is_daemon_name(word: &str) -> bool {
    word.eq_ignore_ascii_case("mailer-daemon") || word.eq_ignore_ascii_case("postmaster")
}

/// The first word of a value in lower case, comments and parameters left out (RFC 3834 §5.2).
fn token(value: &[u8]) -> String {
    let line = one_line(&String::from_utf8_lossy(value));
    let mut rest = line.as_str();
    while let Some(comment) = rest.trim_start().strip_prefix('(') {
        rest = comment.split_once(')').map_or("", |(_, after)| after);
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
        origin_of(&ParsedMail::parse(mail.as_bytes(), &Limits::default()).unwrap(), None, LoopMark::NotOurs)
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
        assert_eq!(origin_of(&mail, Some(&address), LoopMark::NotOurs), Origin::Person);
        assert_eq!(origin_of(&mail, Some(&ReversePath::Null), LoopMark::NotOurs), Origin::Auto);
        assert_eq!(origin_of(&mail, Some(&ReversePath::Null), LoopMark::Ours), Origin::Own);
    }
}
