//! Whether a mail forwards another one, and who wrote the other one.
//!
//! Two signs: the subject ("Fwd:", "WG:") and a forwarded block in the text. An answer that quotes
//! with an Outlook header is not a forward; its subject shows that. Forwards as attachments are found by
//! the MIME structure, not here. An address taken from a block proves nothing about its owner.

use super::reply::divider::{Divider, divider_of};
use super::reply::fields::{BLOCK_LINES_MAX, Block, Demand, Field, Row, block_at};
use super::subject_prefix::{self, Prefix};
use super::{Forwarded, Mailbox};
use crate::domain::EmailAddress;

/// Most `[tags]` in front of a subject's prefix.
const TAGS_MAX: usize = 8;
/// Most lines a forwarded block is looked for in. 100,000, as for replies.
const LINES_MAX: usize = 100_000;
/// Longest "From:" value read, in bytes.
const FROM_BYTES_MAX: usize = 1000;

/// The mail forwarded by a mail with this decoded subject and this text (line ends LF; `None` where a search found no other
/// mail in it), if it is a forward. Linear in the text.
///
/// A subject that begins with an answer's prefix ("Re: Fwd: x") is an answer, unless a forward's line stands between its
/// text and the other mail (`has_marker`). Prefixes that mean something else in another language ("TR:", "VS:", "I:")
/// count only with a forwarded block.
#[must_use]
pub(crate) fn forwarded_in(subject: &str, text: Option<&str>, has_marker: bool) -> Option<Forwarded> {
    let claim = claim_of(subject);
    if claim == Claim::Answer && !has_marker {
        return None;
    }
    let found = text.and_then(find_block);
    let is_forward = match (claim, &found) {
        _ if has_marker => true,
        (Claim::Forward, _) => true,
        // "VS:" is "forwarded" in Danish and Norwegian, and "answered" in Finnish.
        (Claim::Doubtful, Some(_)) => !is_finnish_answer(subject, text.unwrap_or_default()),
        (Claim::Doubtful, None) => false,
        (Claim::Nothing, Some(found)) => found.is_announced || found.is_at_top,
        (Claim::Nothing | Claim::Answer, _) => false,
    };
    is_forward.then(|| Forwarded {
        from: found.as_ref().and_then(|found| found.block.value(Field::From)).and_then(mailbox_of),
        subject: found
            .as_ref()
            .and_then(|found| found.block.value(Field::Subject))
            .filter(|subject| !subject.is_empty())
            .map(str::to_owned),
    })
}

/// Whether a subject begins as an answer's does.
#[must_use]
pub(crate) fn is_answers(subject: &str) -> bool {
    claim_of(subject) == Claim::Answer
}

/// Whether the other mail in `text` is one of the people with these domains or of this subject: what somebody forwards was
/// written to them or by them.
#[must_use]
pub(crate) fn is_theirs(subject: &str, text: &str, domains: &[String]) -> bool {
    let Some(found) = find_block(text) else { return false };
    let bare = |subject: &str| {
        let mut rest = subject;
        while let Some((_, behind)) = subject_prefix::split(rest) {
            rest = behind;
        }
        rest.trim().to_lowercase()
    };
    let people = [Field::From, Field::To, Field::Cc].into_iter().filter_map(|field| found.block.value(field));
    let is_about =
        found.block.value(Field::Subject).is_some_and(|other| !bare(other).is_empty() && bare(other) == bare(subject));
    is_about || people.flat_map(domains_in).any(|domain| domains.contains(&domain))
}

/// What stands behind each `@`, in small letters.
pub(crate) fn domains_in(text: &str) -> Vec<String> {
    let is_end = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-'));
    let domains =
        text.split('@').skip(1).map(|rest| rest.split(is_end).next().unwrap_or_default().trim_end_matches('.'));
    domains.filter(|domain| !domain.is_empty()).map(str::to_lowercase).collect()
}

/// A subject with "VS:" above a header block in Finnish.
fn is_finnish_answer(subject: &str, text: &str) -> bool {
    let mut rest = subject;
    for _ in 0..TAGS_MAX {
        let Some((Prefix::Mark, behind)) = subject_prefix::split(rest) else { break };
        rest = behind;
    }
    let is_vs = rest.trim_start().get(..2).is_some_and(|word| word.eq_ignore_ascii_case("vs"));
    is_vs && (text.contains("Lähettäjä") || text.contains("Lähetetty"))
}

/// What a subject says about the mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Forward,
    Doubtful,
    Answer,
    Nothing,
}

fn claim_of(subject: &str) -> Claim {
    let mut rest = subject;
    for _ in 0..TAGS_MAX {
        let Some((Prefix::Mark, behind)) = subject_prefix::split(rest) else { break };
        rest = behind;
    }
    if subject_prefix::without_forward_suffix(rest).is_some() {
        return Claim::Forward;
    }
    match subject_prefix::split(rest) {
        Some((Prefix::Forward, _)) => Claim::Forward,
        Some((Prefix::DoubtfulForward, _)) => Claim::Doubtful,
        Some((Prefix::Answer, _)) => Claim::Answer,
        Some((Prefix::Mark, _)) | None => Claim::Nothing,
    }
}

struct ForwardedBlock {
    block: Block,
    /// A line like "Forwarded message" is before it.
    is_announced: bool,
    /// Nothing was typed above it.
    is_at_top: bool,
}

/// The first header block of the text, looked for after dividers and by itself. `>` in front of
/// lines is ignored: Apple Mail forwards in quotes.
fn find_block(text: &str) -> Option<ForwardedBlock> {
    let is_mark = |c: char| c == '>' || c.is_whitespace();
    let rows: Vec<(&str, Row<'_>)> = text
        .split('\n')
        .take(LINES_MAX)
        .map(|line| line.trim_start_matches(is_mark).trim_end())
        .map(|line| (line, Row::of(line)))
        .collect();
    let filled: Vec<usize> = (0..rows.len()).filter(|&at| !rows[at].0.is_empty()).collect();
    let mut is_typed_above = false;
    for (n, &at) in filled.iter().enumerate() {
        let (line, row) = rows[at];
        let below = filled.get(n + 1).copied();
        let divider = divider_of(line, below.map(|below| rows[below].1));
        if let (Some(Divider::Forwarded | Divider::Original), Some(below)) = (divider, below) {
            let is_announced = divider == Some(Divider::Forwarded);
            let block = block_below(&rows[below..], Demand::Two);
            if let Some(block) = block.or_else(|| is_announced.then(|| writer_only(rows[below].1))) {
                return Some(ForwardedBlock { block, is_announced, is_at_top: !is_typed_above });
            }
        }
        if row.field().is_some()
            && let Some(block) = block_below(&rows[at..], Demand::Three)
        {
            return Some(ForwardedBlock { block, is_announced: false, is_at_top: !is_typed_above });
        }
        is_typed_above |= line.chars().any(char::is_alphanumeric);
    }
    None
}

fn block_below(rows: &[(&str, Row<'_>)], demand: Demand) -> Option<Block> {
    let rows: Vec<Row<'_>> = rows.iter().take(BLOCK_LINES_MAX).map(|(_, row)| *row).collect();
    block_at(&rows, demand)
}

/// A forward whose header is cut short: at most its writer is known.
fn writer_only(row: Row<'_>) -> Block {
    let fields = row.field().map(|(field, value)| (field, value.to_owned())).into_iter().collect();
    Block { end: 1, fields }
}

/// Reads `Ann Example <ann@example.org>` in the spellings mail programs use in quoted headers, among
/// them `Ann [mailto:ann@example.org]` and `ann@example.org<mailto:ann@example.org>`.
fn mailbox_of(value: &str) -> Option<Mailbox> {
    let value = value.get(..FROM_BYTES_MAX).unwrap_or(value);
    let is_edge =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | ',' | ';' | ':');
    let address: EmailAddress =
        value.split(is_edge).filter(|word| word.contains('@')).find_map(|word| word.parse().ok())?;
    let front = value.split(['<', '[', '(']).next().unwrap_or_default();
    let name = front.split(address.as_str()).next().unwrap_or_default();
    let name = name.trim().trim_matches(['"', '\'', '*']).trim();
    let is_name = !name.contains('@') && !name.eq_ignore_ascii_case("mailto:");
    Some(Mailbox { name: if is_name { name.to_owned() } else { String::new() }, address })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GMAIL: &str = "FYI\n\n---------- Forwarded message ---------\nFrom: Ann Example <ann@example.org>\n\
                         Date: Mon, Jan 15, 2024\nSubject: Broken lamp\nTo: <info@shop.test>\n\nIt broke.";

    fn from(subject: &str, text: &str) -> (String, String, String) {
        let found = forwarded_in(subject, Some(text), false).unwrap();
        let from = found.from.unwrap();
        (from.name, from.address.as_str().to_owned(), found.subject.unwrap_or_default())
    }

    fn ann(subject: &str) -> (String, String, String) {
        ("Ann Example".to_owned(), "ann@example.org".to_owned(), subject.to_owned())
    }

    #[test]
    fn a_forwarded_block_makes_a_forward_with_its_writer_and_subject() {
        assert_eq!(from("Fwd: Broken lamp", GMAIL), ann("Broken lamp"));
        assert_eq!(from("look at this", GMAIL), ann("Broken lamp"));
    }

    #[test]
    fn an_answer_is_no_forward_whatever_it_quotes() {
        assert_eq!(forwarded_in("Re: Fwd: Broken lamp", Some(GMAIL), false), None);
        assert_eq!(forwarded_in("Re: Fwd: Broken lamp", Some(GMAIL), true).unwrap().from.unwrap().name, "Ann Example");
        assert_eq!(
            forwarded_in(
                "AW: x",
                Some("ok\n\nVon: Ann <ann@example.org>\nGesendet: heute\nAn: wir\nBetreff: x\n\nja"),
                false
            ),
            None
        );
    }

    #[test]
    fn a_finnish_answer_is_no_forward() {
        let finnish =
            "Kiitos.\n\nLähettäjä: Ann <ann@example.org>\nLähetetty: eilen\nVastaanottaja: us\nAihe: Lamppu\n\nRikki.";
        assert_eq!(forwarded_in("VS: Lamppu", Some(finnish), false), None);
        let danish = "Hej\n\nFra: Ann <ann@example.org>\nSendt: i går\nTil: os\nEmne: Lampe\n\nI stykker.";
        assert!(forwarded_in("[#1] VS: Lampe", Some(danish), false).is_some());
    }

    #[test]
    fn an_outlook_header_is_a_forward_at_the_top_or_with_the_subject_saying_so() {
        let block = "Von: Ann Example [mailto:ann@example.org]\nGesendet: Montag\nAn: info@shop.test\nBetreff: Lampe\n\nKaputt.";
        assert_eq!(from("Lampe", block), ann("Lampe"));
        assert_eq!(from("WG: Lampe", &format!("Bitte übernehmen\n\n{block}")), ann("Lampe"));
        assert_eq!(forwarded_in("Lampe", Some(&format!("Antwort oben\n\n{block}")), false), None);
    }

    #[test]
    fn apple_mail_forwards_in_quotes_and_other_languages() {
        let text = "> Début du message réexpédié :\n>\n> De: \"Ann Example\" <ann@example.org>\n> Objet: Lampe\n> À: nous\n>\n> Cassée.";
        assert_eq!(from("TR: Lampe", text), ann("Lampe"));
        assert_eq!(from("Fwd: Lampe", text), ann("Lampe"));
    }

    #[test]
    fn prefixes_of_many_languages_are_known_behind_tags() {
        for subject in [
            "Fwd: x",
            "FW: x",
            "[EXTERNAL] WG: x",
            "[#12] [a] Doorst: x",
            "İLT: x",
            "转发：x",
            "転送: x",
            "FW (2): x",
            "x (fwd)",
        ] {
            assert!(forwarded_in(subject, Some("no block here"), false).is_some(), "{subject}");
        }
        for subject in ["TR: x", "I: x", "VS: x", "RV: x", "ENC: x", "x", "Re: x", "Subject: x", ""] {
            assert_eq!(forwarded_in(subject, Some("no block here"), false), None, "{subject}");
        }
        for subject in ["TR: x", "I: x", "VS: x", "RV: x", "ENC: x", "PD: x", "VB: x"] {
            assert!(forwarded_in(subject, Some(GMAIL), false).is_some(), "{subject}");
        }
    }

    #[test]
    fn the_writers_address_is_read_in_every_spelling() {
        for (value, name) in [
            ("ann@example.org", ""),
            ("Ann Example <ann@example.org>", "Ann Example"),
            ("\"Ann Example\" <ann@example.org<mailto:ann@example.org>>", "Ann Example"),
            ("Ann Example [mailto:ann@example.org]", "Ann Example"),
            ("ann@example.org <mailto:ann@example.org>", ""),
            ("Ann Example (ann@example.org)", "Ann Example"),
        ] {
            let read = mailbox_of(value).unwrap();
            assert_eq!((read.name.as_str(), read.address.as_str()), (name, "ann@example.org"), "{value}");
        }
        assert_eq!(mailbox_of("Ann Example"), None);
    }

    #[test]
    fn a_forward_without_a_readable_writer_is_still_a_forward() {
        let found =
            forwarded_in("Fwd: x", Some("see below\n\n-----Original Message-----\nFrom: Ann\nSubject: y\n\nz"), false)
                .unwrap();
        assert_eq!((found.from, found.subject.as_deref()), (None, Some("y")));
    }
}
