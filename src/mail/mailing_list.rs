//! Mail that a mailing list passes on: the list's posting address, and the person who wrote.
//!
//! Lists put their own address into From, because the writer's domain (DMARC) would have the mail refused
//! otherwise, and name the writer in another field.

use super::address::mailboxes;
use super::encoded_word::Decoder;
use super::header::Header;
use super::{Mailbox, NAME_CHARS_MAX};
use crate::domain::EmailAddress;

/// Posting addresses read of one header (chosen: a list has one, with List-Id perhaps a second spelling).
const POSTING_ADDRESSES_MAX: usize = 4;

/// Where lists name the writer, in the order they are believed.
const WRITER_FIELDS: [&str; 3] = ["x-original-from", "x-original-sender", "reply-to"];

/// Addresses looked at in one of those fields: two are enough to see that it does not name one person.
const WRITERS_READ_MAX: usize = 8;

/// The addresses by which one writes to the list: List-Post's (RFC 2369), and the one that List-Id (RFC 2919)
/// spells with a dot in place of the `@`.
pub(super) fn posting_addresses(header: &Header<'_>, decoder: Decoder) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    let mut note = |address: Option<EmailAddress>| {
        if let Some(address) = address.filter(|address| !found.contains(address))
            && found.len() < POSTING_ADDRESSES_MAX
        {
            found.push(address);
        }
    };
    for value in header.all("list-post") {
        let line = decoder.line(value);
        for part in line.split(['<', '>', ',']) {
            let part = part.trim();
            if part.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:")) {
                note(part.get(7..).and_then(|rest| rest.split('?').next()).and_then(|address| address.parse().ok()));
            }
        }
    }
    for value in header.all("list-id") {
        let line = decoder.line(value);
        let id = line.rsplit_once('<').map_or(line.as_str(), |(_, id)| id).trim_end_matches('>').trim();
        note(id.split_once('.').and_then(|(list, domain)| format!("{list}@{domain}").parse().ok()));
    }
    found
}

/// The person who wrote a mail whose From is the list's own address: the only other one that a field names.
/// `None` where From is somebody else, or the writer stays unknown.
pub(super) fn writer(
    header: &Header<'_>,
    from: Option<&Mailbox>,
    posting: &[EmailAddress],
    decoder: Decoder,
) -> Option<Mailbox> {
    let from = from.filter(|from| posting.contains(&from.address))?;
    let person = WRITER_FIELDS.iter().find_map(|name| {
        let mut others: Vec<Mailbox> = header
            .all(name)
            .flat_map(|value| mailboxes(value, decoder, WRITERS_READ_MAX))
            .filter(|person| !posting.contains(&person.address))
            .collect();
        others.dedup_by(|a, b| a.address == b.address);
        if others.len() == 1 { others.pop() } else { None }
    })?;
    let name = if person.name.is_empty() { &from.name } else { &person.name };
    Some(Mailbox { name: without_via(name), address: person.address })
}

/// What lists write between a writer's name and their own, in the language they are kept in.
const VIA: [&str; 14] = [
    " via ",
    " (via ",
    " über ",
    " (über ",
    " vía ",
    " (vía ",
    " a través de ",
    " através de ",
    " par ",
    " tramite ",
    " przez ",
    " через ",
    " üzerinden",
    " 通过 ",
];

/// `'Ann Example' via Support` and `Ann Example (über Support)` without what the list put behind the name.
fn without_via(name: &str) -> String {
    let lower = name.to_lowercase();
    let is_aligned = lower.len() == name.len();
    let end = VIA.iter().filter_map(|mark| lower.rfind(mark)).min().filter(|at| is_aligned && *at > 0);
    let person = end.and_then(|end| name.get(..end)).unwrap_or(name);
    person.trim().trim_matches(['\'', '"']).trim().chars().take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn written_by(fields: &str) -> Option<(String, String)> {
        let text = format!("{fields}\n\n");
        let (header, _) = Header::read(text.as_bytes(), 100);
        let posting = posting_addresses(&header, Decoder::default());
        let from = header.first("from").and_then(|value| mailboxes(value, Decoder::default(), 1).pop());
        writer(&header, from.as_ref(), &posting, Decoder::default())
            .map(|person| (person.name, person.address.to_string()))
    }

    fn ann() -> Option<(String, String)> {
        Some(("Ann Example".to_owned(), "ann@client.test".to_owned()))
    }

    #[test]
    fn the_writer_of_a_lists_mail_is_found_where_lists_name_them() {
        let post = "List-Post: <mailto:team@lists.test>\nFrom: 'Ann Example' via Team <team@lists.test>";
        for field in [
            "X-Original-From: Ann Example <ann@client.test>",
            "X-Original-Sender: ann@client.test",
            "Reply-To: Ann Example <ann@client.test>",
            "Reply-To: Team <team@lists.test>, ann@client.test",
        ] {
            assert_eq!(written_by(&format!("{post}\n{field}")), ann(), "{field}");
        }
        let german =
            "List-Post: <mailto:team@lists.test>\nFrom: =?utf-8?Q?Ann_Example_=C3=BCber_Team?= <team@lists.test>";
        assert_eq!(written_by(&format!("{german}\nReply-To: ann@client.test")), ann());
        let by_id = "List-Id: The team <team.lists.test>\nFrom: \"Ann Example (via Team)\" <team@lists.test>";
        assert_eq!(written_by(&format!("{by_id}\nX-Original-Sender: ann@client.test")), ann());
    }

    #[test]
    fn nobody_is_made_up_where_the_writer_is_not_clear() {
        let post = "List-Post: <mailto:team@lists.test>\nFrom: Team <team@lists.test>";
        for field in [
            "Reply-To: team@lists.test",
            "Reply-To: ann@client.test, bob@client.test",
            "X-Original-From: nobody",
            "Subject: x",
        ] {
            assert_eq!(written_by(&format!("{post}\n{field}")), None, "{field}");
        }
        let other = "List-Post: <mailto:team@lists.test>\nFrom: Bob <bob@client.test>\nReply-To: ann@client.test";
        assert_eq!(written_by(other), None);
        assert_eq!(written_by("List-Post: NO\nFrom: team@lists.test\nReply-To: ann@client.test"), None);
    }

    #[test]
    fn posting_addresses_up_to_the_limit_are_read_and_one_more_is_not() {
        let of = |count: usize| {
            let text = (0..count).map(|n| format!("List-Post: <mailto:l{n}@x.test>\n")).collect::<String>() + "\n";
            posting_addresses(&Header::read(text.as_bytes(), 100).0, Decoder::default()).len()
        };
        assert_eq!((of(POSTING_ADDRESSES_MAX), of(POSTING_ADDRESSES_MAX + 1)), (4, 4));
    }
}
