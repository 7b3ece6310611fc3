//! Finding words that many tickets have: the newest tickets are read, in the order of the list, until a page is full.
//!
//! The index names every text that has a word. For a word that is everywhere that is a million texts, of which a page
//! shows fifty; for a rare word it is the quick way. So a search first looks into the tickets that would come first anyway: into
//! a few, and into more where the word is not rare. Where a page fills from them, or where there are no more, the answer is
//! complete; else the index is asked. Of several words the index is asked for a rare one only, and the tickets that have it
//! are read for the others. Whichever way, the answer is the same.

use std::ops::ControlFlow;

use super::search::Part;
use super::words::Phrase;
use crate::store::{ReadTx, Result};

/// Tickets read at most. Chosen: some 20 ms of reading; what fills no page from so many is in few texts.
pub(super) const WALKED_MAX: usize = 2000;

/// Tickets read before the index is asked how rare a word is. Chosen: some 5 ms, as much as that question takes; they fill a
/// page of what every tenth ticket has.
pub(super) const WALKED_FIRST: usize = 600;

/// Characters of text read at most, for tickets with long mails.
const CHARS_MAX: usize = 4 * 1024 * 1024;

/// Every text by which a ticket is found (`search_text` in schema.sql), and the writers of its messages.
const TEXTS: &str = "SELECT subject AS text FROM ticket WHERE id = $1 \
     UNION ALL SELECT fullname || ' ' || email FROM customer WHERE id = (SELECT customer_id FROM ticket WHERE id = $1) \
     UNION ALL SELECT substr(body, 1, 100000) FROM message WHERE ticket_id = $1 \
     UNION ALL SELECT name || ' ' || email FROM participant WHERE ticket_id = $1 \
     UNION ALL SELECT fullname || ' ' || email FROM customer WHERE id IN \
     (SELECT customer_id FROM message WHERE ticket_id = $1 AND customer_id > 0)";

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    /// Each is in one text of the ticket or another.
    pub(super) phrases: &'a [Phrase],
    /// Tickets wanted.
    pub(super) max: usize,
    /// Tickets read at most.
    pub(super) tickets: usize,
}

/// Which tickets are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'a> {
    /// Those that this part of the search finds; for none, all.
    pub(super) part: &'a str,
    /// So many at most, the first ones of the list.
    pub(super) tickets: usize,
}

impl ReadTx<'_> {
    /// What a search finds, by what is quickest: the index, or `walk`, which reads some tickets.
    pub(super) fn quickest<T>(
        &self,
        search: &str,
        walk: impl Fn(Listed<'_>) -> Result<Option<T>>,
        index: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if let Some(found) = walk(Listed { part: "", tickets: WALKED_FIRST })? {
            return Ok(found);
        }
        let walked = match self.rare_part(search)? {
            None => walk(Listed { part: "", tickets: WALKED_MAX })?,
            Some(Part { is_all: true, .. }) => None,
            Some(part) => walk(Listed { part: &part.text, tickets: WALKED_MAX })?,
        };
        walked.map_or_else(index, Ok)
    }

    /// Those of some tickets that have every phrase, as many as are wanted, in the same order. `ids` are the first
    /// tickets of a list, as many as are to be read unless there are fewer. `None`: the index has to be asked.
    pub(super) fn walked(&self, walk: Walk<'_>, ids: &[i64]) -> Result<Option<Vec<i64>>> {
        let (mut found, mut chars) = (Vec::new(), 0);
        for id in ids {
            if found.len() >= walk.max {
                return Ok(Some(found));
            }
            if chars > CHARS_MAX {
                return Ok(None);
            }
            if self.has_phrases(*id, walk.phrases, &mut chars)? {
                found.push(*id);
            }
        }
        Ok((ids.len() < walk.tickets || found.len() >= walk.max).then_some(found))
    }

    fn has_phrases(&self, ticket: i64, phrases: &[Phrase], chars: &mut usize) -> Result<bool> {
        let mut missing: Vec<&Phrase> = phrases.iter().collect();
        self.each(TEXTS, [ticket], |row| {
            let text: String = row.get(0)?;
            *chars += text.len();
            missing.retain(|phrase| !phrase.is_in(&text));
            Ok(if missing.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(missing.is_empty())
    }
}
