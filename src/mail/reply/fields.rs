//! The header of a quoted or forwarded mail as text: "From: …", "Sent: …", "To: …", "Subject: …".
//!
//! A block needs a writer and at least two more kinds of fields, in any order and language, close
//! together: single lines like "To: the team" are common in prose.

use std::collections::HashMap;
use std::sync::LazyLock;

use memchr::memchr2;

use super::dates::Parts;
use super::languages::{CC, DATE, FROM, OTHER_FIELDS, SUBJECT, TO, entries};
use super::line::fold;

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Who wrote it.
    From,
    /// When.
    Date,
    /// To whom.
    To,
    /// Copies.
    Cc,
    /// About what.
    Subject,
    /// Anything else.
    Other,
}

/// Longest field name looked up, in bytes.
const NAME_BYTES_MAX: usize = 48;
/// First byte of the full-width colon in UTF-8.
const FULL_WIDTH_COLON: u8 = 0xEF;
/// Most lines one block spans, with wrapped addresses.
pub(crate) const BLOCK_LINES_MAX: usize = 24;
/// Most wrapped lines after one field.
const WRAPPED_LINES_MAX: usize = 4;
/// Most blank lines between two fields.
const BLANK_LINES_MAX: usize = 2;

static NAMES: LazyLock<HashMap<&'static str, Field>> = LazyLock::new(|| {
    let tables = [
        (Field::Other, OTHER_FIELDS),
        (Field::Cc, CC),
        (Field::Subject, SUBJECT),
        (Field::To, TO),
        (Field::Date, DATE),
        (Field::From, FROM),
    ];
    tables.into_iter().flat_map(|(field, table)| entries(table).map(move |name| (name, field))).collect()
});

/// How many signs show that a mail's header starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing announced it: a writer and two more kinds of fields, with the values of a mail's header. People fill in
    /// forms with "From:", "To:" and "Date:" when they order a journey, say.
    Three,
    /// A line of dashes is before it: a writer and one more, with the values of a mail's header.
    Plausible,
    /// A divider like "Original Message" is before it: a writer and one more.
    Two,
}

/// A header block found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Number of the line after it.
    pub(crate) end: usize,
    /// Its fields with their values on one line.
    pub(crate) fields: Vec<(Field, String)>,
}

impl Block {
    /// The value of the first field of that kind.
    pub(crate) fn value(&self, wanted: Field) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| value.as_str())
    }
}

/// The field a line holds: what it says and its value.
pub(crate) fn field_of(text: &str) -> Option<(Field, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '|'));
    // Most lines hold neither colon, and bytes are looked at faster than characters.
    let front = text.as_bytes().get(..=NAME_BYTES_MAX).unwrap_or(text.as_bytes());
    memchr2(b':', FULL_WIDTH_COLON, front)?;
    let (at, colon) =
        text.char_indices().take_while(|(at, _)| *at <= NAME_BYTES_MAX).find(|(_, c)| matches!(c, ':' | '：'))?;
    let name = fold(text[..at].trim_end_matches(['*', '_']));
    let field = NAMES.get(name.as_str())?;
    let value = text[at + colon.len_utf8()..].trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_'));
    Some((*field, value))
}

/// A line as the search for blocks sees it. Judging a line costs more than comparing rows, and a line
/// is looked at from every line shortly above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    text: &'a str,
    field: Option<(Field, &'a str)>,
}

impl<'a> Row<'a> {
    /// Judges one line; `>` in front has been taken off where it does not matter.
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text: text.trim(), field: field_of(text) }
    }

    /// The field on the line.
    pub(crate) const fn field(&self) -> Option<(Field, &'a str)> {
        self.field
    }
}

/// The header block at the start of `rows`, if there is one.
pub(crate) fn block_at(rows: &[Row<'_>], demand: Demand) -> Option<Block> {
    let end = block_length(rows, demand)?;
    let mut block = Block { end, fields: Vec::new() };
    for row in &rows[..end] {
        match (row.field, block.fields.last_mut()) {
            (Some((field, value)), _) => block.fields.push((field, value.to_owned())),
            // A wrapped line belongs to the field above it.
            (None, Some((_, value))) if !row.text.is_empty() => {
                value.push(' ');
                value.push_str(row.text);
            }
            (None, _) => {}
        }
    }
    Some(block)
}

/// How many lines the header block at the start of `rows` has. Wrapped lines count only where another
/// field follows, so that the last field does not swallow the text below.
pub(crate) fn block_length(rows: &[Row<'_>], demand: Demand) -> Option<usize> {
    rows.first()?.field?;
    let (mut end, mut wrapped, mut blanks, mut kinds) = (0, 0, 0, 0u8);
    let mut values = Values::default();
    for (n, row) in rows.iter().enumerate().take(BLOCK_LINES_MAX) {
        if let Some((field, value)) = row.field {
            kinds |= 1 << field as u8;
            values.note(field, value);
            end = n + 1;
            (wrapped, blanks) = (0, 0);
        } else if row.text.is_empty() {
            blanks += 1;
        } else if blanks > 0 {
            break;
        } else {
            // A wrapped address.
            values.has_address |= wrapped == 0 && row.text.contains('@') && n == end;
            wrapped += 1;
        }
        if wrapped > WRAPPED_LINES_MAX || blanks > BLANK_LINES_MAX {
            break;
        }
    }
    let has = |field: Field| kinds & (1 << field as u8) != 0;
    let (others, is_plausible) = match demand {
        // A travel order has a day and perhaps its minute, the order of a removal a day and a subject.
        Demand::Three => {
            (2, values.has_address || values.has_time && (has(Field::Subject) || values.has_direction_marks))
        }
        Demand::Plausible => (1, values.has_address || values.has_date && (has(Field::Subject) || values.has_time)),
        Demand::Two => (1, true),
    };
    (has(Field::From) && is_plausible && kinds.count_ones() > others).then_some(end)
}

/// What the values of a block show.
#[derive(Default)]
struct Values {
    /// A mail address of a writer or reader.
    has_address: bool,
    /// A day, with digits.
    has_date: bool,
    /// A day and its minute.
    has_time: bool,
    /// Marks of the writing direction around the pieces of a date, as Windows Mail writes them and nobody types.
    has_direction_marks: bool,
}

impl Values {
    fn note(&mut self, field: Field, value: &str) {
        match field {
            Field::From | Field::To | Field::Cc => self.has_address |= is_address_in(value),
            Field::Date => {
                let digits = value.chars().filter(|c| c.is_numeric()).count();
                self.has_date |= digits >= DATE_DIGITS_MIN;
                self.has_direction_marks |= value.contains(['\u{200e}', '\u{200f}']);
                self.has_time |= digits > DATE_DIGITS_MIN
                    && (value.contains([':', '：', '時', '时', '시']) || Parts::of(value).has_time);
            }
            Field::Subject | Field::Other => {}
        }
    }
}

/// Fewest digits of a date with a day and a time, or a day and a year.
const DATE_DIGITS_MIN: usize = 4;

/// Whether something like `ann@example.org` is in the text.
fn is_address_in(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"'))
            && text[at + 1..].starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn block(text: &str) -> Option<Block> {
        block_at(&text.split('\n').map(Row::of).collect::<Vec<_>>(), Demand::Three)
    }

    #[test]
    fn headers_of_every_language_are_known() {
        for text in [
            "From: Ann <ann@example.org>\nSent: Monday\nTo: Bob\nSubject: x",
            "Von: Ann\nGesendet: Montag\nAn: Bob\nBetreff: x",
            "*De :* Ann\n*Envoyé :* lundi\n*À :* Bob\n*Objet :* x",
            "De: Ann\nEnviado: lunes\nPara: Bob\nAsunto: x",
            "Da: Ann\nInviato: lunedì\nA: Bob\nOggetto: x",
            "De: Ann\nEnviada em: segunda\nPara: Bob\nAssunto: x",
            "Van: Ann\nVerzonden: maandag\nAan: Bob\nOnderwerp: x",
            "Od: Ann\nWysłano: poniedziałek\nDo: Bob\nTemat: x",
            "От: Анна\nОтправлено: понедельник\nКому: Bob\nТема: x",
            "Från: Ann\nSkickat: måndag\nTill: Bob\nÄmne: x",
            "Fra: Ann\nSendt: mandag\nTil: Bob\nEmne: x",
            "Lähettäjä: Ann\nLähetetty: maanantai\nVastaanottaja: Bob\nAihe: x",
            "Kimden: Ann\nGönderildi: Pazartesi\nKime: Bob\nKonu: x",
            "Od: Ann\nOdesláno: pondělí\nKomu: Bob\nPředmět: x",
            "发件人: Ann\n发送时间: 2024年\n收件人: Bob\n主题: x",
            "差出人: Ann\n送信日時: 2024年\n宛先: Bob\n件名: x",
            "보낸 사람: Ann\n보낸 날짜: 2024\n받는 사람: Bob\n제목: x",
            "寄件者：Ann\n寄件日期：2024\n收件者：Bob\n主旨：x",
        ] {
            let rows = text.split('\n').map(Row::of).collect::<Vec<_>>();
            let found = block_at(&rows, Demand::Two).unwrap();
            assert_eq!((found.end, found.value(Field::Subject)), (4, Some("x")), "{text}");
        }
    }

    #[test]
    fn wrapped_addresses_and_blank_lines_do_not_end_a_header() {
        let found = block("From: Ann\n<ann@example.org>\n\nSent: x\nTo: y\nSubject: a long\nmatter\n\nText").unwrap();
        assert_eq!(found.value(Field::From), Some("Ann <ann@example.org>"));
        assert_eq!((found.end, found.value(Field::Subject)), (6, Some("a long")));
    }

    #[test]
    fn a_block_counts_unannounced_only_with_an_address_or_a_minute_and_a_subject_among_its_values() {
        assert!(block("From: Ann\nSent: Monday, 15 January 2024 14:30\nTo: Bob\nSubject: x").is_some());
        assert!(block("From: Ann <ann@example.org>\nTo: Bob\nSubject: x").is_some());
        assert!(block("From: Ann\nTo: bob@example.org\nSubject: x").is_some());
        assert!(block("Fra: Ann\nSendt: 15. januar 2024 14.30\nTil: Bob\nEmne: x").is_some());
        assert!(block("From: Ann\nSent: \u{200e}15\u{200e} \u{200e}January\u{200e} 2024 14:30\nTo: Bob").is_some());
        assert_eq!(block("From: Berlin\nTo: Paris\nDate: 12 May 2026"), None);
        assert_eq!(block("From: Berlin\nTo: Paris\nDate: 12 May 2026, 08:15\nCc: no"), None);
        assert_eq!(block("Von: Hamburg\nAn: Lissabon\nDatum: 3.4.2026\nBetreff: Umzug"), None);
        assert_eq!(block("From: Ann\nTo: Bob\nSubject: x"), None);
        assert_eq!(block("Von: Berlin\nAn: Paris\nDatum: morgen\nBetreff: Reise"), None);
    }

    #[test]
    fn two_fields_are_a_header_only_where_one_was_announced() {
        let rows = ["From: Ann", "Subject: x"].map(Row::of);
        assert_eq!(block_at(&rows, Demand::Three), None);
        assert!(block_at(&rows, Demand::Two).is_some());
        assert_eq!(block("To: the team\nSubject: lunch\nDate: noon"), None);
    }
}
