//! Address fields rewritten into the plain forms every parser agrees on (RFC 5322 §3.4, §4.4):
//! quoted local parts, comments and blanks around the `@`, old source routes, brackets that hold no
//! address.
//!
//! mail-parser takes `"sam@team.test"@evil.test` for `sam@team.test`, which would let anyone write
//! as anyone. What is an address in the end is decided in `address`.

/// What a stretch of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Comment,
    Quoted,
    /// One of `<>,;:@`.
    Special(char),
    Atom,
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
}

/// The field with its addresses in plain forms. An address whose quoted local part cannot be written
/// without the quotes (it holds an `@`, blanks or syntax) is removed: no person writes such addresses. Linear.
pub(super) fn rewritten(field: &str) -> String {
    let tokens = tokens(field);
    let mut out: Vec<&str> = Vec::with_capacity(tokens.len());
    let mut pieces: Vec<Kind> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let step = match token.kind {
            Kind::Special('@') => joined_at(&tokens, at, &mut out, &mut pieces),
            Kind::Special('<') => opened_at(&tokens, at, &mut out, &mut pieces),
            _ => None,
        };
        if let Some(next) = step {
            at = next;
            continue;
        }
        out.push(token.text);
        pieces.push(token.kind);
        at += 1;
    }
    out.concat()
}

/// Words behind a comma that belong to a company's or a person's name as it stands: `ACME, Inc.`
const NAME_ENDS: [&str; 18] = [
    "inc", "inc.", "ltd", "ltd.", "llc", "gmbh", "ag", "corp", "corp.", "co.", "plc", "s.a.", "jr.", "sr.", "phd",
    "ph.d.", "md", "esq.",
];

/// A From field (rewritten already) whose elements without an `@` are joined with the next one, which is what people
/// with a comma in their name mean: `Meyer, Ann <ann@x.test>` becomes `"Ann Meyer" <ann@x.test>`. `None`: there is
/// nothing to join.
pub(super) fn with_whole_names(field: &str) -> Option<String> {
    let tokens = tokens(field);
    if tokens.iter().any(|token| matches!(token.kind, Kind::Special(';' | ':'))) {
        return None;
    }
    let elements: Vec<&[Token<'_>]> = tokens.split(|token| token.kind == Kind::Special(',')).collect();
    let has_address = |element: &[Token<'_>]| element.iter().any(|token| token.kind == Kind::Special('@'));
    let at = elements.iter().position(|element| has_address(element))?;
    let front: Vec<String> =
        elements.get(..at)?.iter().map(|element| words_of(element)).filter(|name| !name.is_empty()).collect();
    let last = elements.get(at)?;
    let bracket = last.iter().position(|token| token.kind == Kind::Special('<'));
    let (given, address) = last.split_at(bracket.unwrap_or(0));
    let given = words_of(given);
    let name = match (front.as_slice(), given.as_str()) {
        ([], _) => return None,
        (names, "") => names.join(", "),
        ([family], end) if NAME_ENDS.contains(&end.to_lowercase().as_str()) => format!("{family}, {end}"),
        // Encoded-words in a row are one text, whatever is between them.
        ([family], given) if given.ends_with("?=") && family.starts_with("=?") => {
            format!("{given} =?utf-8?Q?_?= {family}")
        }
        ([family], given) => format!("{given} {family}"),
        (names, given) => format!("{}, {given}", names.join(", ")),
    };
    let address: String = address.iter().map(|token| token.text).collect();
    let address = if bracket.is_some() { address } else { format!("<{}>", address.trim()) };
    let is_encoded = name.contains("=?");
    let name = if is_encoded { name.replace(',', " ") } else { format!("\"{}\"", name.replace(['"', '\\'], "")) };
    Some(format!("{name} {address}"))
}

/// The words of an element, without comments, quotes and needless blanks.
fn words_of(element: &[Token<'_>]) -> String {
    let text: String = element
        .iter()
        .filter(|token| token.kind != Kind::Comment)
        .map(|token| if token.kind == Kind::Quoted { token.text.trim_matches('"') } else { token.text })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn is_filler(kind: Kind) -> bool {
    matches!(kind, Kind::Blank | Kind::Comment)
}

/// Rewrites the address whose `@` is at `at`: the text before it is at the end of `out` already.
/// Gives the number of the token to go on with, `None` when it is plain or no address.
fn joined_at<'a>(tokens: &[Token<'a>], at: usize, out: &mut Vec<&'a str>, kinds: &mut Vec<Kind>) -> Option<usize> {
    let gap_start = kinds.iter().rposition(|kind| !is_filler(*kind)).map_or(0, |last| last + 1);
    let is_word = |kind: &Kind| matches!(kind, Kind::Atom | Kind::Quoted);
    let start = kinds.get(..gap_start)?.iter().rposition(|kind| !is_word(kind)).map_or(0, |last| last + 1);
    let domain_at =
        (at + 1..tokens.len()).find(|next| tokens.get(*next).is_some_and(|token| !is_filler(token.kind)))?;
    let domain = tokens.get(domain_at).filter(|token| token.kind == Kind::Atom)?;
    let is_quoted = kinds.get(start..gap_start)?.contains(&Kind::Quoted);
    let gaps =
        || kinds.iter().skip(gap_start).copied().chain(tokens.iter().take(domain_at).skip(at + 1).map(|t| t.kind));
    let has_gap = gaps().next().is_some();
    if start == gap_start || !is_quoted && !has_gap {
        return None;
    }
    if is_quoted {
        if out.get(start..gap_start)?.iter().all(|word| is_plain(word.trim_matches('"'))) {
            for word in out.get_mut(start..gap_start)? {
                *word = word.trim_matches('"');
            }
        } else {
            out.truncate(start);
            kinds.truncate(start);
            return Some(domain_at + 1);
        }
    } else if gaps().any(|kind| kind == Kind::Blank) {
        // "Ann @ Home <ann@x.test>" is a name; only an address without other words is put together.
        let before = kinds.iter().take(start).rev().find(|kind| !is_filler(**kind));
        let after = tokens.iter().skip(domain_at + 1).map(|token| token.kind).find(|kind| !is_filler(*kind));
        let is_border = |kind: Kind| matches!(kind, Kind::Special(c) if c != '@');
        if !before.is_none_or(|kind| is_border(*kind))
            || !after.is_none_or(|kind| is_border(kind) && kind != Kind::Special('<'))
        {
            return None;
        }
    }
    out.truncate(gap_start);
    kinds.truncate(gap_start);
    out.extend(["@", domain.text]);
    kinds.extend([Kind::Special('@'), Kind::Atom]);
    Some(domain_at + 1)
}

/// Letters of RFC 5322's dot-atom, and those of other scripts.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c))
}

/// Rewrites what a `<` at `at` opens: a source route (`<@relay.test:ann@cust.test>`) is removed, and
/// brackets without an address in them (`<script>`) become blanks.
fn opened_at<'a>(tokens: &[Token<'a>], at: usize, out: &mut Vec<&'a str>, kinds: &mut Vec<Kind>) -> Option<usize> {
    let inner = tokens.get(at + 1..)?;
    let len = inner.iter().position(|token| matches!(token.kind, Kind::Special('<' | '>'))).unwrap_or(inner.len());
    let is_closed = inner.get(len).is_some_and(|token| token.kind == Kind::Special('>'));
    let inner = inner.get(..len)?;
    let first = inner.iter().find(|token| !is_filler(token.kind))?;
    if first.kind == Kind::Special('@') {
        let colon = inner.iter().rposition(|token| token.kind == Kind::Special(':'))?;
        out.push("<");
        kinds.push(Kind::Special('<'));
        return Some(at + 1 + colon + 1);
    }
    let has_address = inner.iter().any(|token| token.text.contains('@'));
    if has_address || !is_closed {
        return None;
    }
    out.push(" ");
    kinds.push(Kind::Blank);
    for token in inner {
        out.push(token.text);
        kinds.push(token.kind);
    }
    out.push(" ");
    kinds.push(Kind::Blank);
    Some(at + 1 + len + 1)
}

fn tokens(field: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = field;
    // An opening character that is never closed is ordinary text, and so are all after it.
    let (mut quotes, mut comments) = (true, true);
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' if quotes => quoted_end(rest).map(|end| (Kind::Quoted, end)),
            '(' if comments => comment_end(rest).map(|end| (Kind::Comment, end)),
            _ => None,
        };
        quotes &= first != '"' || end.is_some();
        comments &= first != '(' || end.is_some();
        let (kind, end) = end.unwrap_or_else(|| plain_end(rest, first));
        let (text, behind) = rest.split_at(end);
        tokens.push(Token { kind, text });
        rest = behind;
    }
    tokens
}

fn plain_end(rest: &str, first: char) -> (Kind, usize) {
    let is_special = |c: char| matches!(c, '<' | '>' | ',' | ';' | ':' | '@');
    if is_special(first) {
        return (Kind::Special(first), first.len_utf8());
    }
    let run = |is_in: &dyn Fn(char) -> bool| rest.find(|c| !is_in(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        return (Kind::Blank, run(&char::is_whitespace));
    }
    let is_letter = |c: char| !is_special(c) && !c.is_whitespace() && !matches!(c, '"' | '(');
    (Kind::Atom, run(&is_letter).max(first.len_utf8()))
}

/// The offset after the quoted string `text` starts with.
fn quoted_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    end.map(|(at, _)| at + 1)
}

/// The offset after the comment `text` starts with; comments nest.
fn comment_end(text: &str) -> Option<usize> {
    let (mut depth, mut is_escaped) = (0_usize, false);
    let end = text.char_indices().find(|(_, c)| {
        match c {
            '(' if !is_escaped => depth += 1,
            ')' if !is_escaped => depth -= 1,
            _ => {}
        }
        is_escaped = *c == '\\' && !is_escaped;
        depth == 0
    });
    end.map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_fields_stay() {
        for field in [
            "ann@x.test",
            "Ann Smith <ann@x.test>, \"Smith, Bob\" <bob@x.test> (Bob)",
            "team: a@x.test, b@x.test;",
            "Ann @ Home <ann@x.test>",
            "\"ann@x.test\" <ann@x.test>",
            "=?utf-8?Q?a=40b?= <ann@x.test>",
            "\"open <ann@x.test>",
            "(open <ann@x.test>",
            "<>",
            "<ann@x.test",
            "",
        ] {
            assert_eq!(rewritten(field), field);
        }
    }

    #[test]
    fn an_address_is_put_together() {
        for (field, plain) in [
            ("\"sales\"@desk.test", "sales@desk.test"),
            ("Ann <\"ann.s\"@desk.test>", "Ann <ann.s@desk.test>"),
            ("sales(foo)@desk.test", "sales@desk.test"),
            ("sales@(foo (bar))desk.test (Sales)", "sales@desk.test (Sales)"),
            ("ann @cust.test", "ann@cust.test"),
            ("Ann <ann @ cust.test>, bob@x.test", "Ann <ann@cust.test>, bob@x.test"),
            ("<@relay.test:ann@cust.test>", "<ann@cust.test>"),
            ("Ann <@a.test,@b.test:ann@cust.test>", "Ann <ann@cust.test>"),
        ] {
            assert_eq!(rewritten(field), plain);
        }
    }

    #[test]
    fn a_local_part_that_hides_an_address_is_none() {
        for field in [
            "\"sam@team.test\"@evil.test",
            "\"sam@team.test\" (x) @evil.test",
            "x.\"sam@team.test\"@evil.test",
            "\"sam@team.test\".x@evil.test",
            "\"sam@team.test,\"@evil.test",
            "\"a\\\"sam@team.test\"@evil.test",
        ] {
            assert_eq!(rewritten(field), "", "{field}");
        }
        assert_eq!(rewritten("Ann <\"ann@x.test\"@evil.test>"), "Ann <>");
    }

    #[test]
    fn brackets_without_an_address_are_no_address() {
        assert_eq!(rewritten("<script>alert(1)</script> <s@x.test>"), " script alert(1) /script  <s@x.test>");
    }

    #[test]
    fn hostile_fields_cost_linear_time() {
        for piece in ["\"", "(", "()", "\"\"", "<@", "<", "a @ ", "\"a\"@", "@", "\\\"("] {
            let field = piece.repeat(64 * 1024 / piece.len());
            assert!(rewritten(&field).len() <= field.len() + 2, "{piece}");
        }
    }
}
