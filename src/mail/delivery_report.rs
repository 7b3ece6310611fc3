//! Delivery reports: RFC 3464 parts, and the bounces of mail systems that write prose instead.
//!
//! Only what a report says is read; whether it is about a mail of ours is decided by the caller.

use super::encoded_word::{Decoder, one_line};
use super::header::Header;
use super::message_id::{self, IDS_MAX};
use super::origin::Sign;
use super::structure::{Leaf, PartHeader, Structure};
use super::{DeliveryReport, Part};

/// Recipients read of one report (chosen; list servers report some hundred at most).
const RECIPIENTS_MAX: usize = 200;

/// Bytes of a report part read (chosen: 200 recipients have about 100 KiB).
const REPORT_BYTES_MAX: usize = 256 * 1024;

/// Longest text kept of one report field, in characters (chosen: a few lines of SMTP answer).
const TEXT_CHARS_MAX: usize = 1000;

/// The kind a multipart/report is of (RFC 6522).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportKind {
    /// Delivery status (RFC 3464).
    DeliveryStatus,
    /// Disposition notification (RFC 8098): a read receipt.
    Disposition,
    /// Anything else, such as abuse feedback (RFC 5965).
    Other,
}

/// The report this mail is, if its header `top` says that it is one.
pub(super) fn kind_of(top: &PartHeader, structure: &Structure<'_>) -> Option<ReportKind> {
    if disposition_leaf(structure).is_some() && status_leaf(structure).is_none() {
        return Some(ReportKind::Disposition);
    }
    if top.kind != "multipart/report" {
        return None;
    }
    let declared = top.content_type.get("report-type", Decoder::default()).unwrap_or_default();
    let is_delivery = declared.eq_ignore_ascii_case("delivery-status") || status_leaf(structure).is_some();
    let is_disposition = declared.eq_ignore_ascii_case("disposition-notification");
    Some(match (is_delivery, is_disposition) {
        (true, _) => ReportKind::DeliveryStatus,
        (false, true) => ReportKind::Disposition,
        (false, false) => ReportKind::Other,
    })
}

fn disposition_leaf<'s, 'a>(structure: &'s Structure<'a>) -> Option<&'s Leaf<'a>> {
    let kinds = ["message/disposition-notification", "message/global-disposition-notification"];
    structure.leaves.iter().find(|leaf| kinds.contains(&leaf.header.kind.as_str()))
}

/// The mails that a disposition notification confirms: its Original-Message-ID, and the mail it returns.
pub(super) fn confirmed_ids(structure: &Structure<'_>, decoder: Decoder) -> Vec<String> {
    let mut report = DeliveryReport::default();
    if let Some(leaf) = disposition_leaf(structure) {
        let bytes = leaf.header.transfer.decode(leaf.bytes);
        let (fields, _) = fields_of_block(bytes.get(..REPORT_BYTES_MAX).unwrap_or(&bytes).trim_ascii_start());
        for (_, value) in fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("original-message-id")) {
            add_ids(&mut report, Some(value.as_bytes()), decoder);
        }
    }
    add_returned_ids(structure, decoder, &mut report);
    report.original_message_ids
}

fn status_leaf<'s, 'a>(structure: &'s Structure<'a>) -> Option<&'s Leaf<'a>> {
    structure
        .leaves
        .iter()
        .find(|leaf| matches!(leaf.header.kind.as_str(), "message/delivery-status" | "message/global-delivery-status"))
}

/// Reads the delivery report of a multipart/report: its status part and the mail it returns.
pub(super) fn read_structured(structure: &Structure<'_>, decoder: Decoder) -> DeliveryReport {
    let mut report = DeliveryReport::default();
    if let Some(leaf) = status_leaf(structure) {
        read_status(&leaf.header.transfer.decode(leaf.bytes), decoder, &mut report);
    }
    add_returned_ids(structure, decoder, &mut report);
    report
}

/// The Message-IDs of the mails a report returns, whole or their headers.
fn add_returned_ids(structure: &Structure<'_>, decoder: Decoder, report: &mut DeliveryReport) {
    let returned = structure.leaves.iter().filter(|leaf| {
        leaf.is_message()
            || matches!(
                leaf.header.kind.as_str(),
                "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers"
            )
    });
    for leaf in returned {
        let bytes = leaf.header.transfer.decode(leaf.bytes);
        let (header, _) = Header::read(bytes.get(..REPORT_BYTES_MAX).unwrap_or(&bytes), RECIPIENTS_MAX);
        add_ids(report, header.first("message-id"), decoder);
    }
}

/// Reads the blocks of fields of a delivery-status part: one about the mail, one for each recipient.
fn read_status(bytes: &[u8], decoder: Decoder, report: &mut DeliveryReport) {
    let mut rest = bytes.get(..REPORT_BYTES_MAX).unwrap_or(bytes);
    for _ in 0..=RECIPIENTS_MAX {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return;
        }
        let (fields, len) = fields_of_block(rest);
        rest = rest.get(len.max(1)..).unwrap_or_default();
        let get = |name: &str| {
            fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        for name in ["X-Original-Message-ID", "Original-Message-ID", "X-Actual-Message-ID"] {
            add_ids(report, get(name).map(str::as_bytes), decoder);
        }
        let recipient = get("Final-Recipient").or_else(|| get("Original-Recipient"));
        let Some(recipient) = recipient.map(|value| behind_type(value).trim_matches(['<', '>', ' ']).to_owned()) else {
            continue;
        };
        let is_failed = get("Action").is_some_and(|action| action.trim().to_ascii_lowercase().starts_with("failed"));
        if is_failed && !report.is_failure {
            report.is_failure = true;
            report.status = get("Status").and_then(status_code);
            report.diagnostic = get("Diagnostic-Code").map(|text| bounded_line(behind_type(text)));
        }
        if !recipient.is_empty() {
            report.recipients.push(bounded_line(&recipient));
        }
    }
}

/// The fields up to the next empty line, decoded, and the bytes they take.
fn fields_of_block(block: &[u8]) -> (Vec<(String, String)>, usize) {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut len = block.len();
    for line in super::header::Lines::from(block, 0) {
        if line.text.trim_ascii().is_empty() {
            len = line.next;
            break;
        }
        let text = String::from_utf8_lossy(line.text);
        if text.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(text.trim());
            }
        } else if let Some((name, value)) = text.split_once(':') {
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    (fields, len)
}

/// The text after the `rfc822;` or `smtp;` that names its type.
fn behind_type(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, text)| text).trim()
}

fn bounded_line(text: &str) -> String {
    one_line(text).chars().take(TEXT_CHARS_MAX).collect()
}

fn add_ids(report: &mut DeliveryReport, value: Option<&[u8]>, decoder: Decoder) {
    for id in value.map(|value| message_id::message_ids(value, decoder)).unwrap_or_default() {
        if report.original_message_ids.len() < IDS_MAX && !report.original_message_ids.contains(&id) {
            report.original_message_ids.push(id);
        }
    }
}

/// The first enhanced status code in a text (RFC 3463): a class 2, 4 or 5 and two numbers.
fn status_code(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find(|word| is_status(word)).map(str::to_owned)
}

fn is_status(word: &str) -> bool {
    let mut numbers = word.split('.');
    let is_number =
        |part: Option<&str>| part.is_some_and(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    matches!(numbers.next(), Some("2" | "4" | "5"))
        && is_number(numbers.next())
        && is_number(numbers.next())
        && numbers.next().is_none()
}

/// Completes a report by what the mail says in prose, where its report part is missing or empty.
pub(super) fn completed(
    structured: Option<DeliveryReport>,
    prose: &Prose<'_>,
    decoder: Decoder,
) -> Option<DeliveryReport> {
    let Some(mut report) = structured else { return read_prose(prose, decoder) };
    if report.recipients.is_empty()
        && let Some(found) = read_prose(prose, decoder)
    {
        let known = std::mem::replace(&mut report, found);
        for id in known.original_message_ids {
            add_ids(&mut report, Some(format!("<{id}>").as_bytes()), decoder);
        }
    }
    Some(report)
}

/// What shows that a mail is a bounce in prose: the header and the text.
pub(super) struct Prose<'a> {
    /// The signs in the header.
    pub(super) signs: &'a [Sign],
    /// The value of X-Failed-Recipients (Exim).
    pub(super) failed_recipients: Option<&'a [u8]>,
    /// Its subject.
    pub(super) subject: &'a str,
    /// The text of the mail.
    pub(super) text: &'a str,
    /// The files with it, among which may be the mail that is returned.
    pub(super) files: &'a [Part],
}

/// Reads a bounce without RFC 3464 parts: Exim's (X-Failed-Recipients), qmail's and similar ones
/// from a mailer-daemon, which quote or attach the mail they return. `None` when nothing says that
/// it is one.
fn read_prose(prose: &Prose<'_>, decoder: Decoder) -> Option<DeliveryReport> {
    let is_told_by = [Sign::FailedRecipients, Sign::MailerDaemon, Sign::Postmaster];
    is_told_by.iter().any(|sign| prose.signs.contains(sign)).then(|| read_text(prose, decoder)).flatten()
}

/// Reads a mail as a bounce in prose, no matter who sent it.
pub(super) fn read_text(prose: &Prose<'_>, decoder: Decoder) -> Option<DeliveryReport> {
    let is_exim = prose.signs.contains(&Sign::FailedRecipients);
    let text = prose.text.get(..prose.text.floor_char_boundary(REPORT_BYTES_MAX)).unwrap_or_default();
    let mut report = DeliveryReport { status: status_code(text), ..DeliveryReport::default() };
    let listed = decoder.line(prose.failed_recipients.unwrap_or_default());
    report.recipients =
        listed.split([',', ' ']).filter(|word| word.contains('@')).take(RECIPIENTS_MAX).map(str::to_owned).collect();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let bare = line.trim_start_matches(['>', ' ', '\t']);
        if bare.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("message-id:")) {
            let value = bare.get(11..).unwrap_or_default();
            // A long id is on the next line.
            let next = lines.peek().filter(|_| value.trim().is_empty()).copied().unwrap_or_default();
            add_ids(&mut report, Some(format!("{value} {next}").as_bytes()), decoder);
        }
        // qmail: "<ann@example.org>:" and the other side's answer on the next line.
        if let Some(recipient) = line.strip_prefix('<').and_then(|rest| rest.trim_end().strip_suffix(">:"))
            && recipient.contains('@')
            && report.recipients.len() < RECIPIENTS_MAX
        {
            report.recipients.push(bounded_line(recipient));
            report.diagnostic = report.diagnostic.or_else(|| lines.peek().map(|next| bounded_line(next)));
        }
    }
    for file in prose.files.iter().filter(|file| is_returned_mail(&file.content_type)) {
        let bytes = file.content.get(..REPORT_BYTES_MAX).unwrap_or(&file.content);
        add_ids(&mut report, Header::read(bytes, RECIPIENTS_MAX).0.first("message-id"), decoder);
    }
    report.is_failure = is_exim || is_permanent(report.status.as_deref(), prose.subject, text);
    let says_something = report.is_failure || !report.recipients.is_empty() || !report.original_message_ids.is_empty();
    says_something.then_some(report)
}

fn is_returned_mail(kind: &str) -> bool {
    matches!(
        kind,
        "message/rfc822"
            | "message/global"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global-headers"
    )
}

/// Whether prose says that a mail will not arrive. Warnings about a mail that is still tried look
/// similar, so without such a phrase it is not a failure.
fn is_permanent(status: Option<&str>, subject: &str, text: &str) -> bool {
    if let Some(status) = status {
        return status.starts_with('5');
    }
    let prose = format!("{subject}\n{}", text.get(..text.floor_char_boundary(PROSE_BYTES_MAX)).unwrap_or_default());
    // Lines may be wrapped anywhere.
    let prose = prose.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| prose.contains(phrase));
    let is_smtp_refusal = || {
        let mut words = prose.split(|c: char| c.is_whitespace() || matches!(c, '-' | ':' | '(' | ')' | '<' | '>'));
        words.any(|word| REFUSALS.contains(&word))
    };
    !says(STILL_TRIED) && (says(GIVEN_UP) || is_smtp_refusal())
}

/// Bytes of prose looked at for these phrases; they come before the returned mail (chosen).
const PROSE_BYTES_MAX: usize = 4 * 1024;

/// What mail servers write about a mail they have not given up (Exim, sendmail, Postfix, Exchange, qmail).
const STILL_TRIED: &[&str] = &[
    "not yet been delivered",
    "no action is required",
    "attempts will continue",
    "will continue to be",
    "will keep trying",
    "will be retried",
    "will try again",
    "still being retried",
    "still trying",
    "warning message only",
    "do not need to resend",
    "has been delayed",
    "is delayed",
    "(delay)",
    "message delayed",
    "delivery delayed",
    "delayed 24 hours",
    "noch nicht zugestellt",
    "verzögert",
    "retardé",
    "retrasad",
];

/// What they write about a mail they have given up.
const GIVEN_UP: &[&str] = &[
    "permanent",
    "given up",
    "giving up",
    "not be delivered",
    "couldn't be delivered",
    "can't be delivered",
    "cannot be delivered",
    "can not be delivered",
    "unable to deliver",
    "able to deliver your message",
    "undeliverable",
    "undelivered",
    "delivery failed",
    "delivery has failed",
    "delivery failure",
    "delivery to the following recipient",
    "failure notice",
    "(failure)",
    "returned mail",
    "returned to sender",
    "no mailbox",
    "mailbox unavailable",
    "mailbox not found",
    "user unknown",
    "unknown user",
    "no such user",
    "does not exist",
    "unzustellbar",
    "nicht zugestellt werden",
    "pas pu être",
    "non remis",
    "no se pudo entregar",
    "no se ha podido entregar",
    "non è stato possibile",
    "não foi possível entregar",
    "niet worden bezorgd",
    "nie można dostarczyć",
    "не удалось доставить",
    "не может быть доставлено",
];

/// SMTP's refusals (RFC 5321 §4.2.3, RFC 7504).
const REFUSALS: &[&str] = &["550", "551", "552", "553", "554", "556", "521"];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn status(part: &str) -> DeliveryReport {
        let mut report = DeliveryReport::default();
        read_status(part.as_bytes(), Decoder::default(), &mut report);
        report
    }

    #[test]
    fn the_first_failed_recipient_is_read_and_every_recipient_named() {
        let report = status(
            "Reporting-MTA: dns; mx.example.org\nX-Original-Message-ID: <a@desk>\n\nFinal-Recipient: rfc822; slow@example.org\n\
             Action: delayed\nStatus: 4.0.0\n\n\nFinal-Recipient: RFC822;<gone@example.org>\nAction: Failed\nStatus: 5.1.1 (no such user)\n\
             Diagnostic-Code: smtp; 550 5.1.1 no\n such user\n",
        );
        assert!(report.is_failure);
        assert_eq!(report.status.as_deref(), Some("5.1.1"));
        assert_eq!(report.recipients, ["slow@example.org", "gone@example.org"]);
        assert_eq!(report.diagnostic.as_deref(), Some("550 5.1.1 no such user"));
        assert_eq!(report.original_message_ids, ["a@desk"]);
    }

    #[test]
    fn a_delay_is_no_failure() {
        let report = status(
            "Reporting-MTA: dns; x\n\nOriginal-Recipient: rfc822;a@example.org\nAction: delayed\nStatus: 4.4.1\n",
        );
        assert!(!report.is_failure && report.status.is_none());
        assert_eq!(report.recipients, ["a@example.org"]);
    }

    #[test]
    fn recipients_up_to_the_limit_are_read_and_one_more_is_not() {
        let block = |n: usize| format!("\n\nFinal-Recipient: rfc822; a{n}@example.org\nAction: failed\n");
        let of = |count: usize| {
            status(&format!("Reporting-MTA: dns; x{}", (0..count).map(block).collect::<String>())).recipients.len()
        };
        assert_eq!((of(RECIPIENTS_MAX), of(RECIPIENTS_MAX + 1)), (RECIPIENTS_MAX, RECIPIENTS_MAX));
    }

    fn prose(signs: &[Sign], failed: Option<&[u8]>, text: &str) -> Option<DeliveryReport> {
        read_prose(&Prose { signs, failed_recipients: failed, subject: "", text, files: &[] }, Decoder::default())
    }

    #[test]
    fn an_exim_bounce_is_read() {
        let text = "This message was created automatically.\n\n  gone@example.org\n    550 5.1.1 unknown\n\n------ headers ------\n\n\
                    Message-ID: <a@desk>\nSubject: x\n";
        let report = prose(&[Sign::FailedRecipients], Some(b" gone@example.org"), text).unwrap();
        assert!(report.is_failure);
        assert_eq!((report.status.as_deref(), report.recipients[0].as_str()), (Some("5.1.1"), "gone@example.org"));
        assert_eq!(report.original_message_ids, ["a@desk"]);
    }

    #[test]
    fn a_qmail_bounce_is_read() {
        let text = "Hi. This is the qmail-send program.\n\n<gone@example.org>:\nSorry, no mailbox here. (#5.1.1)\n\n--- Below this line\n\n\
                    Message-ID:\n <a@desk>\n";
        let report = prose(&[Sign::MailerDaemon], None, text).unwrap();
        assert_eq!(report.diagnostic.as_deref(), Some("Sorry, no mailbox here. (#5.1.1)"));
        assert!(
            report.is_failure && report.original_message_ids == ["a@desk"] && report.recipients == ["gone@example.org"]
        );
    }

    #[test]
    fn a_persons_mail_about_a_bounce_is_none() {
        assert_eq!(prose(&[], None, "<gone@example.org>:\nMessage-ID: <a@desk>"), None);
        assert_eq!(prose(&[Sign::MailerDaemon], None, "Welcome to example.org"), None);
    }

    #[test]
    fn a_warning_in_prose_is_no_failure() {
        let exim = "This message was created automatically by mail delivery software.\nA message that you sent has not yet been\n\
                    delivered to one or more of its recipients after more than 24 hours on the queue.\n\n  slow@example.org\n    \
                    Delay reason: SMTP timeout\n\nNo action is required on your part. Delivery attempts will continue for\n\
                    some time, and the message will be returned to you if it remains undelivered.\n\nMessage-ID: <a@desk>\n";
        let report = prose(&[Sign::MailerDaemon], None, exim).unwrap();
        assert!(!report.is_failure && report.original_message_ids == ["a@desk"]);
        for (text, is_failure) in [
            ("<slow@example.org>:\nConnected, but greeting failed. Will try again.", false),
            ("<slow@example.org>:\n450 busy", false),
            ("<gone@example.org>:\n550-no such mailbox", true),
            ("<gone@example.org>:\nYour message could\nnot be delivered.", true),
            ("<gone@example.org>:\nThis is a permanent error; I've given up.", true),
            ("<slow@example.org>: 4.4.1 permanent trouble", false),
        ] {
            let report = prose(&[Sign::MailerDaemon], None, text);
            assert_eq!(report.is_some_and(|report| report.is_failure), is_failure, "{text}");
        }
    }

    #[test]
    fn a_mail_returned_as_an_attachment_is_named() {
        let file = |kind: &str, content: &[u8]| Part {
            name: "x.eml".to_owned(),
            original_name: String::new(),
            content_type: kind.to_owned(),
            content: content.to_vec(),
            content_id: None,
            is_inline: false,
        };
        let files =
            [file("text/plain", b"Message-ID: <no@desk>\n"), file("message/rfc822", b"Message-ID: <a@desk>\n\nx")];
        let signs = [Sign::MailerDaemon];
        let prose =
            Prose { signs: &signs, failed_recipients: None, subject: "failure notice", text: "", files: &files };
        let report = read_prose(&prose, Decoder::default()).unwrap();
        assert!(report.is_failure && report.original_message_ids == ["a@desk"]);
    }

    #[test]
    fn status_codes_are_told_from_other_numbers() {
        for (text, code) in [
            ("550 5.1.1 no", Some("5.1.1")),
            ("at 10.0.0.5 it said 4.7.0", Some("4.7.0")),
            ("5.1.1.1", None),
            ("1.2.3", None),
            ("5..1", None),
        ] {
            assert_eq!(status_code(text).as_deref(), code, "{text}");
        }
    }
}
