//! Address fields: From, To and similar ones, Return-Path, Delivered-To.
//!
//! mail-parser reads the grammar; here its input is repaired and its output made into usable addresses.

use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, HeaderValue};

use super::encoded_word::{Decoder, one_line, unfolded};
use super::{Mailbox, ReversePath, plain_address};
use crate::domain::EmailAddress;

/// Longest display name kept, in characters (HelpDeskZ's `fullname` column).
pub(super) const NAME_CHARS_MAX: usize = 250;

/// Every usable address of a field, at most `count_max`.
///
/// When a field has none by its grammar, it is searched for something like an address: some
/// programs encode the whole field as one word or forget the brackets.
pub(super) fn mailboxes(value: &[u8], decoder: Decoder, count_max: usize) -> Vec<Mailbox> {
    let found = by_grammar(plain_address::rewritten(&decoder.repaired(value)), count_max);
    if found.is_empty() && count_max > 0 {
        loose_mailbox(&plain_address::rewritten(&decoder.line(value))).into_iter().collect()
    } else {
        found
    }
}

/// The first usable address of a From field. A name with an unquoted comma is one name there: `Meyer, Ann <ann@x.test>`
/// is Ann Meyer.
pub(super) fn author(value: &[u8], decoder: Decoder) -> Option<Mailbox> {
    let plain = plain_address::rewritten(&decoder.repaired(value));
    let found = plain_address::with_whole_names(&plain).and_then(|whole| by_grammar(whole, 1).pop());
    found.or_else(|| mailboxes(value, decoder, 1).pop())
}

/// The one address of a field whose name has an unquoted comma; `None` for other fields.
pub(super) fn with_whole_name(value: &[u8], decoder: Decoder) -> Option<Mailbox> {
    if !value.contains(&b',') {
        return None;
    }
    let plain = plain_address::rewritten(&decoder.repaired(value));
    let whole = plain_address::with_whole_names(&plain)?;
    (by_grammar(plain, 2).len() == 1).then(|| by_grammar(whole, 1).pop())?
}

/// The usable addresses that mail-parser finds in a repaired field, at most `count_max`.
fn by_grammar(mut repaired: String, count_max: usize) -> Vec<Mailbox> {
    repaired.push('\n');
    let parsed = match MessageStream::new(repaired.as_bytes()).parse_address() {
        HeaderValue::Address(list) => list.into_list(),
        _ => Vec::new(),
    };
    parsed.into_iter().filter_map(mailbox).take(count_max).collect()
}

fn mailbox(parsed: Addr<'_>) -> Option<Mailbox> {
    let address = usable(parsed.address.as_deref()?)?;
    Some(Mailbox { name: display_name(parsed.name.as_deref().unwrap_or_default()), address })
}

/// An address from the text between the brackets; `mailto:`, stray brackets and single
/// quotes around it are taken off. Two addresses run together (a comma was forgotten) are not an address.
fn usable(text: &str) -> Option<EmailAddress> {
    let text = one_line(text);
    let text = text.trim_matches(|c: char| matches!(c, '<' | '>' | '\'' | '"' | ' '));
    let text =
        if text.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("mailto:")) { text.get(7..)? } else { text };
    let address: EmailAddress = text.trim_end_matches('.').parse().ok()?;
    let is_one = !address.local_part().contains('@') || address.local_part().starts_with('"');
    is_one.then_some(address)
}

/// A display name on one line, without quotes around it, at most [`NAME_CHARS_MAX`] characters.
fn display_name(text: &str) -> String {
    let line = one_line(text);
    let inside = |quote: char| line.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let bare = inside('\'').or_else(|| inside('"')).unwrap_or(&line);
    bare.trim().chars().take(NAME_CHARS_MAX).collect::<String>().trim_end().to_owned()
}

/// The first text that looks like an address, with the words before it as the name.
fn loose_mailbox(text: &str) -> Option<Mailbox> {
    let is_border = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | '"');
    let mut start = 0;
    for token in text.split(is_border) {
        if let Some(address) = token.contains('@').then(|| usable(token)).flatten() {
            let before = text.get(..start).unwrap_or_default();
            return Some(Mailbox { name: display_name(before.trim_matches(is_border)), address });
        }
        // Every border character between two tokens is matched by itself.
        let border = text.get(start + token.len()..).and_then(|rest| rest.chars().next());
        start += token.len() + border.map_or(0, char::len_utf8);
    }
    None
}

/// Reads a Return-Path. `<>`, and the `MAILER-DAEMON` that mbox writers put there, are the null path.
pub(super) fn reverse_path(value: &[u8]) -> Option<ReversePath> {
    let value = unfolded(value);
    let text = String::from_utf8_lossy(&value);
    let inner = text.trim().trim_matches(|c| matches!(c, '<' | '>' | ' '));
    if inner.is_empty() && text.contains("<") || inner.eq_ignore_ascii_case("mailer-daemon") {
        return Some(ReversePath::Null);
    }
    usable(inner).map(ReversePath::Address)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(String, String)> {
        let found = mailboxes(value.as_bytes(), Decoder::default(), 200);
        found.into_iter().map(|m| (m.name, m.address.as_str().to_owned())).collect()
    }

    fn pair(name: &str, address: &str) -> (String, String) {
        (name.to_owned(), address.to_owned())
    }

    #[test]
    fn the_usual_forms_are_read() {
        for (value, name) in [
            ("ann@example.org", ""),
            ("<ann@example.org>", ""),
            ("Ann Smith <ann@example.org>", "Ann Smith"),
            ("\"Smith, Ann\" <ann@example.org>", "Smith, Ann"),
            ("'Ann' <ann@example.org>", "Ann"),
            ("ann@example.org (Ann Smith)", "Ann Smith"),
            ("=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_M?= <ann@example.org>", "Jörg M"),
            ("\"=?utf-8?B?SsO2cmc=?=\" <ann@example.org>", "Jörg"),
            ("=?utf-8?Q?M=2C_=3Cboss=40example.org=3E?= <ann@example.org>", "M, <boss@example.org>"),
            ("Ann\r\n\tSmith <ann@example.org>", "Ann Smith"),
            ("<mailto:ann@example.org>", ""),
            ("Ann ann@example.org", "Ann"),
            ("=?utf-8?Q?\"Ann\"?= <ann@example.org>", "Ann"),
            ("Ann <ann@example.org> Bob <bob@example.org>", "Ann"),
            ("<ann@example.org>bob@example.org", ""),
            ("=?utf-8?Q?Ann_=3Cann=40example.org=3E?=", "Ann"),
        ] {
            assert_eq!(read(value), [pair(name, "ann@example.org")], "{value}");
        }
    }

    #[test]
    fn a_name_with_an_unquoted_comma_is_one_name_in_from() {
        for (value, name) in [
            ("Meyer, Ann <ann@example.org>", "Ann Meyer"),
            ("Meyer,Ann <ann@example.org>", "Ann Meyer"),
            ("van der Berg, Ann <ann@example.org>", "Ann van der Berg"),
            ("ACME, Inc. <ann@example.org>", "ACME, Inc."),
            ("Meyer, <ann@example.org>", "Meyer"),
            ("Meyer, Ann, Sales <ann@example.org>", "Meyer, Ann, Sales"),
            ("Meyer, ann@example.org", "Meyer"),
            ("=?utf-8?Q?M=C3=BCller?=, =?utf-8?Q?Ann?= <ann@example.org>", "Ann Müller"),
            ("\"Meyer, Ann\" <ann@example.org>", "Meyer, Ann"),
            ("Ann <ann@example.org>, Bob <bob@example.org>", "Ann"),
            (", Ann <ann@example.org>", "Ann"),
            ("Meyer, Ann (Sales) <ann@example.org>", "Ann Meyer"),
        ] {
            let read = author(value.as_bytes(), Decoder::default()).unwrap();
            assert_eq!((read.name.as_str(), read.address.as_str()), (name, "ann@example.org"), "{value}");
        }
        assert_eq!(author(b"Meyer, Ann", Decoder::default()), None);
    }

    #[test]
    fn lists_and_groups_give_every_usable_address() {
        let both = [pair("", "a@example.org"), pair("B", "b@example.org")];
        assert_eq!(read("a@example.org, B <b@example.org>"), both);
        assert_eq!(read("team: a@example.org, B <b@example.org>;"), both);
        assert_eq!(read("a@example.org, , nobody, B <b@example.org>,"), both);
        assert_eq!(read("undisclosed-recipients:;"), []);
    }

    #[test]
    fn odd_forms_give_the_address_they_stand_for() {
        for (value, name) in [
            ("\"ann\"@example.org", ""),
            ("ann(the boss)@example.org", ""),
            ("ann @example.org", ""),
            ("<@relay.test:ann@example.org>", ""),
            ("<script>alert(1)</script> <ann@example.org>", "script alert /script (1)"),
        ] {
            assert_eq!(read(value), [pair(name, "ann@example.org")], "{value}");
        }
    }

    #[test]
    fn a_quoted_local_part_does_not_change_the_domain() {
        for value in [
            "\"sam@team.test\"@evil.test",
            "Ann <\"ann@cust.test\"@evil.test>",
            "=?utf-8?Q?x?= <\"ann@cust.test\"(c)@evil.test>",
            "=?utf-8?Q?\"sam@team.test\"@evil.test?=",
        ] {
            assert_eq!(read(value), [], "{value}");
        }
    }

    #[test]
    fn what_is_no_address_gives_none() {
        for value in ["", "nobody", "<>", "\"", "MAILER-DAEMON", "@", "a@", "(((((", "=?utf-8?Q?x?="] {
            assert_eq!(read(value), [], "{value}");
        }
    }

    #[test]
    fn names_are_one_clean_line_of_at_most_250_characters() {
        assert_eq!(read("=?utf-8?Q?A=0D=0ABcc:_x=E2=80=AEy?= <a@example.org>"), [pair("A Bcc: xy", "a@example.org")]);
        let of = |chars: usize| read(&format!("{} <a@example.org>", "é".repeat(chars)))[0].0.chars().count();
        assert_eq!((of(250), of(251)), (250, 250));
    }

    #[test]
    fn no_more_addresses_than_asked_for() {
        let three = "a@example.org, b@example.org, c@example.org";
        assert_eq!(mailboxes(three.as_bytes(), Decoder::default(), 2).len(), 2);
        assert_eq!(mailboxes(three.as_bytes(), Decoder::default(), 3).len(), 3);
    }

    #[test]
    fn return_paths_are_null_or_an_address() {
        assert_eq!(reverse_path(b" <>"), Some(ReversePath::Null));
        assert_eq!(reverse_path(b"<MAILER-DAEMON>"), Some(ReversePath::Null));
        assert_eq!(reverse_path(b" <a@example.org>"), Some(ReversePath::Address("a@example.org".parse().unwrap())));
        assert_eq!(reverse_path(b"garbage"), None);
    }
}
