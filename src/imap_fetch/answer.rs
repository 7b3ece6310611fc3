//! What a server's lines are, and the ones the protocol crate gets to see, rewritten in the
//! plainest form of the grammar (RFC 3501 §9). Pure; reading the bytes is [`super::channel`]'s.
//!
//! The crate refuses a whole answer for one code, flag or character it does not know, and servers
//! send many. So only what maildesk asks for goes through: UIDs, sizes and texts of mails, the
//! numbers of a search, names of folders, what the server can do, and how a command ended.

mod scanner;

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;

use scanner::{Scanner, Value};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of an answer: `a7 OK …`.
    Tagged,
    /// `+ …`
    Continuation,
    Fetch,
    List,
    Search,
    Capability,
    /// `* OK [UIDVALIDITY …` and other states of a folder.
    State,
    /// How many mails the folder has.
    Exists(u32),
    /// A mail went.
    Expunge,
    Goodbye,
    /// Legal, and of no interest.
    Other,
    Garbage,
}

/// Codes of untagged OK that are read.
const STATES: [&str; 2] = ["[UIDVALIDITY ", "[UIDNEXT "];

/// Codes of a command's end that are read.
const END_CODES: [&str; 3] = ["[TRYCREATE]", "[READ-ONLY]", "[READ-WRITE]"];

impl Kind {
    pub(super) fn of(line: &[u8]) -> Self {
        if line.starts_with(b"+") {
            return Self::Continuation;
        }
        let Some(rest) = line.strip_prefix(b"* ") else {
            let digits = line.strip_prefix(b"a").unwrap_or_default();
            let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
            let is_tagged = count > 0 && digits.get(count) == Some(&b' ');
            // An empty line after a literal is a slip some servers make.
            let is_empty = line.iter().all(|b| matches!(b, b'\r' | b'\n' | b' '));
            return if is_tagged {
                Self::Tagged
            } else if is_empty {
                Self::Other
            } else {
                Self::Garbage
            };
        };
        let mut words = rest.split(|b| b.is_ascii_whitespace());
        let first = words.next().unwrap_or_default();
        let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if let Some(count) = number(first) {
            let second = words.next().unwrap_or_default();
            return if is(second, "FETCH") {
                Self::Fetch
            } else if is(second, "EXISTS") {
                Self::Exists(count)
            } else if is(second, "EXPUNGE") {
                Self::Expunge
            } else {
                Self::Other
            };
        }
        if is(first, "OK") {
            let text = rest.get(3..).unwrap_or_default();
            return if STATES.iter().any(|code| starts(text, code)) { Self::State } else { Self::Other };
        }
        let kinds =
            [("SEARCH", Self::Search), ("LIST", Self::List), ("CAPABILITY", Self::Capability), ("BYE", Self::Goodbye)];
        kinds.into_iter().find(|(name, _)| is(first, name)).map_or(Self::Other, |(_, kind)| kind)
    }
}

/// Whether a line's text may look like a literal and is none: that of a status response.
pub(super) fn has_free_text(line: &[u8]) -> bool {
    ["* OK", "* NO", "* BAD", "* BYE", "* PREAUTH"].iter().any(|word| starts(line, word))
}

/// The length of the literal a line announces at its end, and where its brace is (RFC 3501 §4.3).
pub(super) fn literal_at_end(line: &[u8]) -> Option<(usize, usize)> {
    let text = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n"))?.strip_suffix(b"}")?;
    let brace = text.iter().rposition(|b| *b == b'{')?;
    let digits = text.get(brace + 1..)?;
    // A number beyond the range is a literal too: one that is refused.
    literal_bytes(digits).map(|bytes| (bytes, brace))
}

fn literal_bytes(digits: &[u8]) -> Option<usize> {
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).map(|bytes| bytes.unwrap_or(usize::MAX))
}

/// Whether what comes next is the text of a mail: `… BODY[] ` or `… BODY[]<0> `.
pub(super) fn ends_with_body_section(line: &[u8]) -> bool {
    let tail = line.get(line.len().saturating_sub(24)..).unwrap_or_default().to_ascii_uppercase();
    let tail = String::from_utf8_lossy(&tail).into_owned();
    tail.rfind("BODY[]").is_some_and(|at| !tail.get(at..).unwrap_or_default().contains('('))
}

/// The end of a command: tag, verdict, a code that is read, and words in ASCII.
pub(super) fn plain_end(line: &[u8]) -> Vec<u8> {
    let line: String = String::from_utf8_lossy(line).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    let mut words = line.trim().splitn(3, ' ');
    let (tag, verdict) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let text = words.next().unwrap_or_default().trim();
    let code = END_CODES.into_iter().find(|code| starts(text.as_bytes(), code)).unwrap_or_default();
    let text = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // The code stays readable for people: it may be all there is.
        Some((code, "")) => format!("({code})"),
        Some((_, rest)) => rest.trim().to_owned(),
        None => text.to_owned(),
    };
    let text: String = text.chars().map(|c| if matches!(c, '[' | ']') { '|' } else { c }).collect();
    let text = if text.is_empty() { "no words" } else { text.as_str() };
    let space = if code.is_empty() { "" } else { " " };
    format!("{tag} {} {code}{space}{text}\r\n", verdict.to_ascii_uppercase()).into_bytes()
}

/// A challenge that the crate can read: base64, or nothing.
pub(super) fn plain_continuation(line: &[u8]) -> Vec<u8> {
    let challenge = line.get(1..).unwrap_or_default().trim_ascii();
    let challenge = if BASE64.decode(challenge).is_ok() { challenge } else { b"" };
    [b"+ ", challenge, b"\r\n"].concat()
}

/// A folder's UIDVALIDITY or UIDNEXT without the words behind it.
pub(super) fn plain_state(line: &[u8]) -> Option<Vec<u8>> {
    let text = line.get(5..)?;
    let code = STATES.iter().find(|code| starts(text, code))?;
    let digits = text.get(code.len()..)?;
    let value = number(digits.split(|b| !b.is_ascii_digit()).next()?)?;
    Some(format!("* OK {code}{value}] ok\r\n").into_bytes())
}

/// The numbers of a search; the `(MODSEQ 9)` that some servers add (RFC 7162 §3.1.5) is left out. `None` when a word
/// is no number of a mail: the mail whose number it replaced would be missed.
pub(super) fn plain_search(line: &[u8]) -> Option<Vec<u8>> {
    let mut out = b"* SEARCH".to_vec();
    let mut words = line.split(|b| b.is_ascii_whitespace()).skip(2).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case(b"(MODSEQ") {
            let digits = words.next()?.strip_suffix(b")")?;
            let is_last = words.next().is_none();
            return (is_last && is_number(digits)).then(|| [out.as_slice(), b"\r\n"].concat());
        }
        if number(word)? == 0 {
            return None;
        }
        out.push(b' ');
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
    Some(out)
}

/// What the server can do, as far as it is written in the letters of atoms.
pub(super) fn plain_capability(line: &[u8]) -> Vec<u8> {
    // Servers of revision 2 alone (RFC 9051) do all that is asked of them here.
    let mut out = b"* CAPABILITY IMAP4rev1".to_vec();
    let is_plain =
        |word: &&[u8]| !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || b"=-+._/:@".contains(b));
    for word in line.split(|b| b.is_ascii_whitespace()).skip(2).filter(is_plain) {
        out.push(b' ');
        out.extend_from_slice(&word.to_ascii_uppercase());
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// A folder's name, without its flags; `None` when the response has none.
pub(super) fn plain_list(response: &[u8]) -> Option<Vec<u8>> {
    let mut scanner = Scanner { rest: response.get(b"* LIST".len()..)? };
    let Value::List = scanner.value()? else { return None };
    scanner.value()?;
    let name = match scanner.value()? {
        Value::Atom(name) => Cow::Borrowed(name),
        Value::Text(name) => name,
        Value::List => return None,
    };
    let name = String::from_utf8_lossy(&name).into_owned();
    Some(format!("* LIST () NIL {{{}}}\r\n{name}\r\n", name.len()).into_bytes())
}

/// UID, size and text of a mail, whatever else the line has and in whatever order. `None` when
/// there is nothing that was asked for: flags of other mails come at any time. `None` too when the
/// parentheses do not end or there are two mails in one: then the length of a text was wrong, and it is
/// cut short or another mail's.
pub(super) fn plain_fetch(response: &[u8]) -> Option<Vec<u8>> {
    let at = response.iter().position(|b| *b == b'(')?;
    let mut scanner = Scanner { rest: response.get(at + 1..)? };
    let (mut uid, mut size, mut body) = (None, None, None);
    while let Some(name) = scanner.item() {
        let value = scanner.value()?;
        let name = name.to_ascii_uppercase();
        let is_body = name == b"BODY[]" || name.starts_with(b"BODY[]<");
        match value {
            Value::Atom(digits) if name == b"UID" && uid.is_some_and(|uid| Some(uid) != number(digits)) => return None,
            Value::Atom(digits) if name == b"UID" => uid = number(digits),
            Value::Atom(digits) if name == b"RFC822.SIZE" => size = size_of(digits),
            Value::Atom(_) | Value::Text(_) if is_body && body.is_some() => return None,
            Value::Atom(nil) if is_body && nil.eq_ignore_ascii_case(b"NIL") => body = Some(Cow::Borrowed(&b""[..])),
            Value::Text(text) if is_body => body = Some(text),
            Value::Atom(_) | Value::Text(_) | Value::List => {}
        }
    }
    if !scanner.rest.starts_with(b")") {
        return None;
    }
    let uid = uid?;
    let mut out = format!("* 1 FETCH (UID {uid}").into_bytes();
    if let Some(size) = size {
        out.extend_from_slice(format!(" RFC822.SIZE {size}").as_bytes());
    }
    if let Some(body) = &body {
        out.extend_from_slice(format!(" BODY[] {{{}}}\r\n", body.len()).as_bytes());
        out.extend_from_slice(body);
    }
    out.extend_from_slice(b")\r\n");
    (size.is_some() || body.is_some()).then_some(out)
}

/// A size; more than the crate's numbers hold is as good as their largest.
fn size_of(digits: &[u8]) -> Option<u32> {
    is_number(digits).then(|| number(digits).unwrap_or(u32::MAX))
}

fn number(digits: &[u8]) -> Option<u32> {
    if is_number(digits) { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

fn is_number(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn starts(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn text(bytes: Option<Vec<u8>>) -> String {
        String::from_utf8(bytes.unwrap_or_default()).unwrap()
    }

    #[test]
    fn lines_are_told_apart() {
        let cases = [
            ("a12 OK done\r\n", Kind::Tagged),
            ("+ \r\n", Kind::Continuation),
            ("* 3 FETCH (UID 3)\r\n", Kind::Fetch),
            ("* 3 exists\r\n", Kind::Exists(3)),
            ("* 3 EXPUNGE\r\n", Kind::Expunge),
            ("* 0 RECENT\r\n", Kind::Other),
            ("* SEARCH\r\n", Kind::Search),
            ("* LIST () \"/\" INBOX\r\n", Kind::List),
            ("* CAPABILITY IMAP4rev1\r\n", Kind::Capability),
            ("* OK [UIDVALIDITY 7] g\u{fc}ltig\r\n", Kind::State),
            ("* OK [HIGHESTMODSEQ 7]\r\n", Kind::Other),
            ("* NO [ALERT] {5}\r\n", Kind::Other),
            ("* BYE\r\n", Kind::Goodbye),
            ("\r\n", Kind::Other),
            ("220 smtp\r\n", Kind::Garbage),
            ("b1 OK done\r\n", Kind::Garbage),
        ];
        for (line, kind) in cases {
            assert_eq!(Kind::of(line.as_bytes()), kind, "{line}");
        }
    }

    #[test]
    fn the_end_of_a_command_keeps_its_verdict_and_the_codes_that_are_read() {
        let cases = [
            ("a1 OK\r\n", "a1 OK no words\r\n"),
            ("a1 ok [READ-only] Select completed.\r\n", "a1 OK [READ-ONLY] Select completed.\r\n"),
            ("a1 OK [CAPABILITY X{5} ]y\r\n", "a1 OK y\r\n"),
            ("a1 NO [TRYCREATE] gibt's nicht: \u{dc}ber\r\n", "a1 NO [TRYCREATE] gibt's nicht: ?ber\r\n"),
            ("a1 NO [OVERQUOTA]\r\n", "a1 NO (OVERQUOTA)\r\n"),
            ("a1 BAD [odd\r\n", "a1 BAD |odd\r\n"),
        ];
        for (line, plain) in cases {
            assert_eq!(text(Some(plain_end(line.as_bytes()))), plain);
        }
    }

    #[test]
    fn challenges_that_are_no_base64_count_as_empty() {
        for (line, plain) in [("+\r\n", "+ \r\n"), ("+ go ahead!\r\n", "+ \r\n"), ("+ YmFy\r\n", "+ YmFy\r\n")] {
            assert_eq!(text(Some(plain_continuation(line.as_bytes()))), plain);
        }
    }

    #[test]
    fn states_searches_and_capabilities_lose_what_is_not_read() {
        assert_eq!(text(plain_state("* OK [UIDVALIDITY 7] gültig\r\n".as_bytes())), "* OK [UIDVALIDITY 7] ok\r\n");
        assert_eq!(text(plain_state(b"* ok [uidnext 13]\r\n")), "* OK [UIDNEXT 13] ok\r\n");
        assert_eq!(plain_state(b"* OK [UIDNEXT 99999999999] x\r\n"), None);
        assert_eq!(text(plain_search(b"* SEARCH 4 2  7 (MODSEQ 9)\r\n")), "* SEARCH 4 2 7\r\n");
        assert_eq!(text(plain_search(b"* SEARCH 4294967295 \r\n")), "* SEARCH 4294967295\r\n");
        assert_eq!(text(plain_search(b"* SEARCH\r\n")), "* SEARCH\r\n");
        let capability = plain_capability("* CAPABILITY IMAP4rev2 move AUTH=Plain {x} Gr\u{fc}\r\n".as_bytes());
        assert_eq!(text(Some(capability)), "* CAPABILITY IMAP4rev1 IMAP4REV2 MOVE AUTH=PLAIN\r\n");
    }

    #[test]
    fn a_mail_is_found_among_whatever_else_is_told_of_it() {
        let cases = [
            ("* 3 FETCH (UID 12 RFC822.SIZE 5)\r\n", "* 1 FETCH (UID 12 RFC822.SIZE 5)\r\n"),
            ("* 3 FETCH (RFC822.SIZE 5 FLAGS (\\Seen $[x ($y)) UID 12)\r\n", "* 1 FETCH (UID 12 RFC822.SIZE 5)\r\n"),
            (
                "* 3 fetch (MODSEQ (9) uid 12 X-GM-LABELS (\"a)b\" {2}\r\n)() rfc822.size 5)\r\n",
                "* 1 FETCH (UID 12 RFC822.SIZE 5)\r\n",
            ),
            ("* 3 FETCH (BODY[] {2}\r\n\r0 UID 12)\r\n", "* 1 FETCH (UID 12 BODY[] {2}\r\n\r0)\r\n"),
            ("* 3 FETCH (BODY[]<0> {2}\r\n\r0 UID 12)\r\n", "* 1 FETCH (UID 12 BODY[] {2}\r\n\r0)\r\n"),
            ("* 3 FETCH (UID 12 BODY[] \"a\\\\b\\\"c\")\r\n", "* 1 FETCH (UID 12 BODY[] {5}\r\na\\b\"c)\r\n"),
            ("* 3 FETCH (UID 12 BODY[] NIL)\r\n", "* 1 FETCH (UID 12 BODY[] {0}\r\n)\r\n"),
            (
                "* 3 FETCH (BODY[HEADER.FIELDS (A \"B C\")] \"x\" UID 12 RFC822.SIZE 5)\r\n",
                "* 1 FETCH (UID 12 RFC822.SIZE 5)\r\n",
            ),
            ("* 3 FETCH (UID 12 RFC822.SIZE 99999999999)\r\n", "* 1 FETCH (UID 12 RFC822.SIZE 4294967295)\r\n"),
        ];
        for (response, plain) in cases {
            assert_eq!(text(plain_fetch(response.as_bytes())), plain, "{response}");
        }
    }

    #[test]
    fn a_search_with_a_word_that_is_no_number_of_a_mail_is_none() {
        let cases = ["4 x 7", "4 5a 7", "4 0 7", "4 4294967296", "4 -5", "4,5", "4 (MODSEQ 9", "4 (MODSEQ x)", "4 \0"];
        for words in cases {
            assert_eq!(plain_search(format!("* SEARCH {words}\r\n").as_bytes()), None, "{words}");
        }
        assert_eq!(plain_search(b"* SEARCH (MODSEQ 9) 4\r\n"), None);
    }

    #[test]
    fn what_nobody_asked_for_and_what_makes_no_sense_is_dropped() {
        for response in [
            "* 3 FETCH (FLAGS (\\Seen))\r\n",
            "* 3 FETCH (UID 12 FLAGS ())\r\n",
            "* 3 FETCH (RFC822.SIZE 5)\r\n",
            "* 3 FETCH\r\n",
            "* 3 FETCH (UID 12 BODY[] {9}\r\nabc)\r\n",
            "* 3 FETCH (UID 12 BODY[] \"abc)\r\n",
            "* 3 FETCH (UID 12 FLAGS ((((((\r\n",
            "* 3 FETCH (UID 12 BODY[] {1}\r\na\r\n",
            "* 3 FETCH (UID 12 BODY[] {1}\r\na UID 13)\r\n",
            "* 3 FETCH (UID 12 BODY[] {1}\r\na BODY[] {1}\r\nb)\r\n",
            "* 3 FETCH (UID 12 BODY[] {1}\r\na BODY[] NIL)\r\n",
        ] {
            assert_eq!(plain_fetch(response.as_bytes()), None, "{response}");
        }
    }

    #[test]
    fn braces_without_end_take_no_time() {
        let response = format!("* 3 FETCH (UID 12 X ({}\r\n", "{1".repeat(500_000));
        let started = std::time::Instant::now();
        assert_eq!(plain_fetch(response.as_bytes()), None);
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    }

    proptest! {
        #[test]
        fn any_bytes_make_an_answer_or_none(noise in "(\\* 1 (FETCH|LIST) \\()?[ -~\\r\\n\\x00\\xff(){}\"\\[\\]0-9]{0,60}") {
            let line = noise.as_bytes();
            Kind::of(line);
            literal_at_end(line);
            ends_with_body_section(line);
            plain_list(line);
            plain_state(line);
            let search = plain_search(line).unwrap_or_else(|| b"\r\n".to_vec());
            for plain in [plain_end(line), search, plain_capability(line), plain_continuation(line)] {
                prop_assert!(plain.ends_with(b"\r\n") && plain.is_ascii());
            }
            plain_fetch(line);
        }

        #[test]
        fn a_quoted_text_comes_out_as_it_went_in(text in "[ -~]{0,40}") {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            let plain = plain_fetch(format!("* 1 FETCH (FLAGS (a \"{quoted}\") BODY[] \"{quoted}\" UID 7)\r\n").as_bytes());
            let expected = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{text})\r\n", text.len());
            prop_assert_eq!(String::from_utf8(plain.unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn folder_names_come_as_atoms_quoted_and_as_literals() {
        for response in [
            "* LIST (\\HasNoChildren \\X[y) \"/\" Sent\r\n",
            "* list () NIL \"Sent\"\r\n",
            "* LIST (\\Marked) \".\" {4}\r\nSent (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n",
        ] {
            assert_eq!(text(plain_list(response.as_bytes())), "* LIST () NIL {4}\r\nSent\r\n", "{response}");
        }
        assert_eq!(plain_list(b"* LIST\r\n"), None);
    }

    #[test]
    fn literals_are_announced_at_the_end_of_a_line_only() {
        assert_eq!(literal_at_end(b"* 1 FETCH (BODY[] {12}\r\n"), Some((12, 18)));
        assert_eq!(literal_at_end(b"* 1 FETCH (BODY[] {12+}\n"), Some((12, 18)));
        assert_eq!(literal_at_end(b"* 1 {99999999999999999999999}\r\n"), Some((usize::MAX, 4)));
        assert_eq!(literal_at_end(b"* OK {x}\r\n"), None);
        assert_eq!(literal_at_end(b"* OK {12} \r\n"), None);
        assert!(ends_with_body_section(b"* 1 FETCH (UID 1 body[]<0> "));
        assert!(!ends_with_body_section(b"* 1 FETCH (BODY[] NIL FLAGS ("));
    }
}
