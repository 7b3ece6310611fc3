//! Finding tickets for people: filters, order, and full-text search over subjects, messages, notes
//! and people. The index and the triggers that keep it are in schema.sql; this is the one file whose
//! SQL only SQLite understands. The API's pages are in `list`.

use crate::store::engine::Link;
use crate::store::value::Owned;

use super::list::{TicketLine, line};
use super::walk::{Listed, Walk};
use super::words::Phrase;
use crate::domain::{DepartmentId, StaffId, Status, TicketId, Timestamp, UserId};
use crate::store::{Error, ReadTx, Result, WriteTx, containing};

/// Texts whose words the index of PostgreSQL lacks, and words of texts that are gone.
const DIFFERENCES: &str = "SELECT count(*) FROM search_text FULL JOIN search ON search.id = search_text.id \
     WHERE search.words IS DISTINCT FROM search_words(search_text.text)";

/// How many texts have a word, up to so many. Only the file asks it.
const HITS: &str = "SELECT count(*) FROM (SELECT 1 AS one FROM search WHERE search MATCH $1 LIMIT $2) AS hit";

/// Texts with a word from which on the newest tickets are read first. Measured on a million tickets: the tickets of 1000 texts
/// are named in 6 ms, and the newest 2000 tickets are read in 20.
const FEW_HITS: i64 = 2000;

/// Words of a search looked at; more are ignored. Chosen: people type fewer.
const TERMS_MAX: usize = 16;

/// Texts of one word that are looked at where nothing but that word is searched, newest first. Chosen: some 50 ms; a word of
/// more texts than that is no help in finding one of the old ones.
pub(super) const HITS_MAX: usize = 20_000;

/// Longest beginning of a word that is not taken for rare, in characters. Chosen: longer ones are put together in some 30 ms.
const COMMON_START_CHARS_MAX: usize = 2;

/// How many of a word's texts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All.
    All,
    /// The newest [`HITS_MAX`] where there is one word; on SQLite, whose index is in that order.
    Newest,
}

/// Which tickets are wanted; empty conditions match all.
#[derive(Clone, Debug, Default)]
pub struct TicketQuery<'a> {
    /// Of these statuses; empty for all.
    pub statuses: &'a [Status],
    /// Of one department.
    pub department: Option<DepartmentId>,
    /// Of one customer.
    pub customer: Option<UserId>,
    /// Assigned to one staff member.
    pub staff: Option<StaffId>,
    /// Assigned to nobody.
    pub is_unassigned: bool,
    /// Untouched since then.
    pub untouched_since: Option<Timestamp>,
    /// What people typed: every word is the start of one in the ticket; `"…"` is a phrase, `#12` a number.
    pub search: &'a str,
    /// What comes first.
    pub order: TicketOrder,
    /// At most this many.
    pub max: usize,
}

/// In which order tickets are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TicketOrder {
    /// Last touched first.
    #[default]
    NewestTouched,
    /// Longest untouched first.
    OldestTouched,
    /// Newest ticket first.
    NewestOpened,
    /// Oldest ticket first.
    OldestOpened,
}

impl TicketOrder {
    const fn sql(self) -> &'static str {
        match self {
            Self::NewestTouched => "last_update_at DESC, id DESC",
            Self::OldestTouched => "last_update_at, id",
            Self::NewestOpened => "id DESC",
            Self::OldestOpened => "id",
        }
    }

    const fn is_by_last_update(self) -> bool {
        matches!(self, Self::NewestTouched | Self::OldestTouched)
    }
}

/// One word or phrase of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    /// A word or a phrase, and whether its last word may be the beginning of one.
    Text(String, bool),
    /// A piece of a text in a script without blanks between words, as a LIKE pattern.
    Piece(String),
    /// A ticket's number.
    Number(i64),
}

/// Cuts a search into terms; signs that are in no word find nothing and are left out.
fn terms(search: &str) -> Vec<Term> {
    let mut found = Vec::new();
    // FTS5 takes a NUL for the end of the query.
    let search = search.replace(char::is_control, " ");
    // Between quotes is a phrase: every second piece.
    for (index, piece) in search.split('"').enumerate() {
        let is_phrase = index % 2 == 1;
        let words: Vec<&str> = if is_phrase { vec![piece] } else { piece.split_whitespace().collect() };
        for word in words {
            let number = word.strip_prefix('#').and_then(|digits| digits.parse().ok());
            match number {
                Some(number) => found.push(Term::Number(number)),
                None if !word.chars().any(char::is_alphanumeric) => {}
                None if word.chars().any(is_without_blanks) => found.push(Term::Piece(containing(word))),
                None => found.push(Term::Text(word.to_owned(), !is_phrase)),
            }
        }
    }
    found.truncate(TERMS_MAX);
    found
}

/// Whether a letter is of a script that writes no blanks between words: Thai, Lao, Burmese, Khmer, kana, Han. The index
/// has a whole run of such as one word, so pieces of it are looked for in the texts themselves.
const fn is_without_blanks(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// By index: what `$n` finds.
fn by_index(link: Link<'_>, n: usize, is_start: bool, reach: Reach) -> String {
    match (link, reach) {
        (Link::Lite(_), Reach::All) => hits(&format!("SELECT rowid AS id FROM search WHERE search MATCH ${n}")),
        (Link::Lite(_), Reach::Newest) => hits(&format!(
            "SELECT rowid AS id FROM search WHERE search MATCH ${n} ORDER BY rowid DESC LIMIT {HITS_MAX}"
        )),
        (Link::Pg(_), _) => {
            let is_start = i32::from(is_start);
            hits(&format!("SELECT search.id FROM search WHERE search.words @@ search_query(${n}, {is_start})"))
        }
    }
}

/// A word or phrase as the engine reads it.
fn query(link: Link<'_>, words: &str, is_start: bool) -> String {
    match (link, is_start) {
        // Quotes keep FTS5 from reading operators; the word is cut in two where the index cuts it.
        (Link::Lite(_), true) => format!("\"{words}\" *"),
        (Link::Lite(_), false) => format!("\"{words}\""),
        (Link::Pg(_), _) => words.to_owned(),
    }
}

/// Without: every text is read.
fn by_reading(link: Link<'_>, n: usize) -> String {
    hits(&format!("SELECT search_text.id FROM search_text WHERE search_text.text {} ${n} ESCAPE '!'", link.like()))
}

/// The tickets that texts belong to: by a text of their own, by their customer, by a message's writer. The id of a text
/// says by its last two bits which it is. The texts are found once.
fn hits(texts: &str) -> String {
    format!(
        "WITH hit AS MATERIALIZED ({texts}) \
         SELECT CASE hit.id & 3 WHEN 3 THEN (SELECT ticket_id FROM message WHERE id = hit.id >> 2) \
         WHEN 2 THEN hit.id >> 2 \
         ELSE (SELECT ticket_id FROM participant WHERE id = hit.id >> 2) END \
         FROM hit WHERE hit.id & 3 > 0 \
         UNION ALL SELECT ticket.id FROM hit CROSS JOIN ticket WHERE ticket.customer_id = hit.id >> 2 \
         AND hit.id & 3 = 0 \
         UNION ALL SELECT message.ticket_id FROM hit CROSS JOIN message WHERE message.customer_id = hit.id >> 2 \
         AND message.customer_id > 0 AND hit.id & 3 = 0"
    )
}

/// A word or phrase of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// As it would be typed.
    pub(super) text: String,
    /// Whether the search has nothing else.
    pub(super) is_all: bool,
}

/// A query and the values of its parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Built {
    pub(super) conditions: Vec<String>,
    pub(super) values: Vec<Owned>,
}

/// The sets of people whose name or address has a text.
pub(super) struct PeopleSets {
    /// A query for ids of customers.
    pub(super) customers: String,
    /// A query for ids of tickets by their participants.
    pub(super) participants: String,
}

/// Adds a condition for each term of a search; says whether there was any.
pub(super) fn term_conditions(link: Link<'_>, search: &str, reach: Reach, built: &mut Built) -> bool {
    let terms = terms(search);
    // The newest texts of each of two words may be of different tickets.
    let reach = if terms.len() == 1 { reach } else { Reach::All };
    for term in &terms {
        let condition = match term {
            Term::Number(id) => format!("id = ${}", built.bind(*id)),
            Term::Text(text, is_start) => {
                format!("id IN ({})", by_index(link, built.bind(query(link, text, *is_start)), *is_start, reach))
            }
            Term::Piece(pattern) => format!("id IN ({})", by_reading(link, built.bind(pattern.clone()))),
        };
        built.conditions.push(condition);
    }
    !terms.is_empty()
}

/// Whether a search has a word, a phrase or a number in it.
pub(super) fn has_terms(search: &str) -> bool {
    !terms(search).is_empty()
}

/// The words and phrases of a search, where it has nothing else by which a ticket is found.
pub(super) fn phrases_of(search: &str) -> Option<Vec<Phrase>> {
    let of = |term: Term| match term {
        Term::Text(text, is_start) => Phrase::of(&text, is_start),
        Term::Number(_) | Term::Piece(_) => None,
    };
    terms(search).into_iter().map(of).collect::<Option<Vec<Phrase>>>().filter(|all| !all.is_empty())
}

/// The words and phrases of a search, for finding their place in a text.
pub(super) fn words_of(search: &str) -> Vec<String> {
    let words = terms(search).into_iter().filter_map(|term| match term {
        Term::Text(text, _) => Some(text),
        Term::Piece(pattern) => Some(pattern.trim_matches('%').to_owned()),
        Term::Number(_) => None,
    });
    words.filter(|word| !word.is_empty()).collect()
}

impl Built {
    /// The people whose name or address has that text, each word of it from its start.
    pub(super) fn people(&mut self, link: Link<'_>, text: &str) -> PeopleSets {
        let words = text.replace('"', " ");
        let n = self.bind(query(link, words.trim(), true));
        let (id, is_hit) = match link {
            Link::Lite(_) => ("search.rowid", format!("search MATCH ${n}")),
            Link::Pg(_) => ("search.id", format!("search.words @@ search_query(${n}, 1)")),
        };
        let of = |kind: u8| format!("SELECT {id} >> 2 FROM search WHERE {is_hit} AND {id} & 3 = {kind}");
        PeopleSets {
            customers: of(0),
            participants: format!("SELECT participant.ticket_id FROM participant WHERE participant.id IN ({})", of(1)),
        }
    }

    /// Adds a parameter and gives its number.
    pub(super) fn bind(&mut self, value: impl Into<Owned>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    fn filter(&mut self, column: &str, value: Option<i64>) {
        if let Some(value) = value {
            let n = self.bind(value);
            self.conditions.push(format!("{column} = ${n}"));
        }
    }

    pub(super) fn condition(&self) -> String {
        if self.conditions.is_empty() { "1 = 1".to_owned() } else { self.conditions.join(" AND ") }
    }
}

impl TicketQuery<'_> {
    /// Whether there are no conditions but statuses and what is searched for.
    const fn is_plain(&self) -> bool {
        self.customer.is_none()
            && self.staff.is_none()
            && self.department.is_none()
            && !self.is_unassigned
            && self.untouched_since.is_none()
    }

    fn reach(&self) -> Reach {
        let is_newest_first = matches!(self.order, TicketOrder::NewestTouched | TicketOrder::NewestOpened);
        if self.is_plain() && self.statuses.is_empty() && is_newest_first { Reach::Newest } else { Reach::All }
    }

    /// Picks the ids: from the sets that the search found, from an index by customer or staff, or
    /// status by status from the index that has each in the order wanted.
    fn sql(&self, link: Link<'_>) -> Built {
        let mut built = Built::default();
        let has_terms = term_conditions(link, self.search, self.reach(), &mut built);
        built.filter("customer_id", self.customer.map(UserId::get));
        built.filter("staff_id", self.staff.map(StaffId::get));
        built.filter("department_id", self.department.map(DepartmentId::get));
        if self.is_unassigned {
            built.conditions.push("staff_id IS NULL".to_owned());
        }
        if let Some(since) = self.untouched_since {
            let n = built.bind(since.unix());
            built.conditions.push(format!("last_update_at < ${n}"));
        }
        let has_few = has_terms || self.customer.is_some() || self.staff.is_some();
        let statuses = if self.statuses.is_empty() { &Status::ALL[..] } else { self.statuses };
        if has_few || !self.order.is_by_last_update() {
            if statuses.len() < Status::ALL.len() {
                let numbers: Vec<String> = statuses.iter().map(|status| status.number().to_string()).collect();
                // With `+ 0` no index by status is used: the order or a smaller set decides.
                built.conditions.push(format!("status + 0 IN ({})", numbers.join(", ")));
            }
            built.conditions = vec![format!("SELECT id, last_update_at FROM ticket WHERE {}", built.condition())];
        } else {
            let condition = built.condition();
            let of = |status: &Status| {
                format!("SELECT id, last_update_at FROM ticket WHERE status = {} AND {condition}", status.number())
            };
            built.conditions = vec![statuses.iter().map(of).collect::<Vec<_>>().join(" UNION ALL ")];
        }
        built
    }

    fn finished(&self, link: Link<'_>) -> (String, Vec<Owned>) {
        let mut built = self.sql(link);
        let limit = built.bind(i64::try_from(self.max).unwrap_or(i64::MAX));
        let (ids, order) = (built.conditions.concat(), self.order.sql());
        let outer = order.replace("last_update_at", "ticket.last_update_at").replace("id", "ticket.id");
        let sql = format!(
            "SELECT ticket.id, ticket.customer_id, ticket.department_id, ticket.subject, ticket.created_at, \
             ticket.last_update_at, ticket.status, ticket.replies, customer.fullname, customer.email, department.name \
             FROM ({ids} ORDER BY {order} LIMIT ${limit}) AS page CROSS JOIN ticket CROSS JOIN customer CROSS JOIN department WHERE ticket.id = page.id \
             AND customer.id = ticket.customer_id AND department.id = ticket.department_id ORDER BY {outer}"
        );
        (sql, built.values)
    }
}

impl ReadTx<'_> {
    /// The tickets that a query wants, in its order. A search without any word finds nothing.
    pub fn tickets_found(&self, query: &TicketQuery<'_>) -> Result<Vec<TicketLine>> {
        if !query.search.trim().is_empty() && terms(query.search).is_empty() {
            return Ok(Vec::new());
        }
        let walk = |listed: Listed<'_>| self.found_by_walking(query, listed);
        self.quickest(query.search, walk, || self.found_by_index(query))
    }

    /// The first word or phrase that so few texts have that the index names their tickets sooner than the newest ones are
    /// read. None on PostgreSQL, whose index is always asked.
    pub(super) fn rare_part(&self, search: &str) -> Result<Option<Part>> {
        if !self.link.is_lite() {
            return Ok(None);
        }
        let terms = terms(search);
        for term in &terms {
            let Term::Text(text, is_start) = term else { continue };
            // To say of how many texts they are, the index would put together every word that begins so.
            if *is_start && text.chars().count() <= COMMON_START_CHARS_MAX {
                continue;
            }
            let words = query(self.link, text, *is_start);
            if self.number(HITS, (words.as_str(), FEW_HITS))? < FEW_HITS {
                let text = if *is_start { text.clone() } else { format!("\"{text}\"") };
                return Ok(Some(Part { text, is_all: terms.len() == 1 }));
            }
        }
        Ok(None)
    }

    /// Customers with words in their name or address that begin as typed, by id: those among the first [`FEW_HITS`] texts that
    /// have such words. Shorter beginnings than [`COMMON_START_CHARS_MAX`] and one find nobody.
    pub(in crate::store) fn customers_by_words(&self, typed: &str) -> Result<Vec<i64>> {
        let words = typed.replace(|c: char| c == '"' || c.is_control(), " ");
        let words = words.trim();
        if words.chars().filter(|c| c.is_alphanumeric()).count() <= COMMON_START_CHARS_MAX {
            return Ok(Vec::new());
        }
        let sql = match self.link {
            Link::Lite(_) => {
                "SELECT id >> 2 FROM (SELECT rowid AS id FROM search WHERE search MATCH $1 LIMIT $2) AS hit WHERE id & 3 = 0"
            }
            Link::Pg(_) => {
                "SELECT id >> 2 FROM search WHERE words @@ search_query($1, 1) AND id & 3 = 0 ORDER BY id LIMIT $2"
            }
        };
        self.all(sql, (query(self.link, words, true), FEW_HITS), |row| row.get(0))
    }

    fn found_by_index(&self, query: &TicketQuery<'_>) -> Result<Vec<TicketLine>> {
        let (sql, values) = query.finished(self.link);
        self.all(&sql, values.as_slice(), line)
    }
}

impl ReadTx<'_> {
    /// Reads the tickets that a part of the search finds for the rest of it; `None` where the index has to be asked.
    fn found_by_walking(&self, query: &TicketQuery<'_>, listed: Listed<'_>) -> Result<Option<Vec<TicketLine>>> {
        let Listed { part, tickets } = listed;
        let is_in_order = query.statuses.is_empty() || query.order.is_by_last_update();
        // With other conditions the newest tickets of the list may be far to seek.
        if !self.link.is_lite() || part.is_empty() && !(query.is_plain() && is_in_order) {
            return Ok(None);
        }
        let Some(phrases) = phrases_of(query.search) else { return Ok(None) };
        let all = TicketQuery { search: part, max: tickets, ..query.clone() };
        let mut built = all.sql(self.link);
        let limit = built.bind(i64::try_from(all.max).unwrap_or(i64::MAX));
        let sql = format!("{} ORDER BY {} LIMIT ${limit}", built.conditions.concat(), all.order.sql());
        let ids: Vec<i64> = self.all(&sql, built.values.as_slice(), |row| row.get(0))?;
        let walk = Walk { phrases: &phrases, max: query.max, tickets };
        let Some(found) = self.walked(walk, &ids)? else { return Ok(None) };
        let mut lines = Vec::with_capacity(found.len());
        for id in found {
            lines.extend(self.ticket_line(TicketId::new(id))?);
        }
        Ok(Some(lines))
    }

    /// How many texts the index lacks or has too many, without blocking writers. Whether
    /// each word of a text is there is only asked by [`WriteTx::is_search_sound`]. Reads all of both.
    ///
    /// # Errors
    /// Those of the database; [`Error::Corrupt`] when the index cannot be read.
    pub fn search_differences(&self) -> Result<i64> {
        if !self.link.is_lite() {
            return self.number(DIFFERENCES, []);
        }
        // Temporary tables take no lock of the database and are removed with this transaction.
        self.failed.watch(|| {
            self.link.batch(
                "CREATE VIRTUAL TABLE temp.search_word USING fts5vocab (main, search, instance);
             CREATE TABLE temp.search_seen (id INTEGER PRIMARY KEY);
             INSERT OR IGNORE INTO temp.search_seen (id) SELECT doc FROM temp.search_word;",
            )
        })?;
        // A text of signs alone has no word; those with a letter or digit of ASCII surely have one.
        self.number(
            "SELECT (SELECT count(*) FROM search_text WHERE text GLOB '*[0-9A-Za-z]*' \
             AND id NOT IN (SELECT id FROM temp.search_seen)) \
             + (SELECT count(*) FROM temp.search_seen WHERE id NOT IN (SELECT id FROM search_text))",
            [],
        )
    }
}

impl WriteTx<'_> {
    /// Whether the index has every word of every text and no other. Reads all of both with the write
    /// lock held.
    pub fn is_search_sound(&self) -> Result<bool> {
        if !self.link.is_lite() {
            return Ok(self.number(DIFFERENCES, [])? == 0);
        }
        // The command is an INSERT by form; it writes nothing, and its error is its answer.
        self.failed.refuse()?;
        match self.link.run("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)", &()) {
            Ok(_) => Ok(true),
            Err(Error::Corrupt(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Builds the index again from the texts.
    pub fn rebuild_search(&self) -> Result<()> {
        if !self.link.is_lite() {
            self.run("DELETE FROM search", [])?;
            self.run("INSERT INTO search (id, words) SELECT id, search_words(text) FROM search_text", [])?;
            return Ok(());
        }
        self.run("INSERT INTO search (search) VALUES ('rebuild')", [])?;
        Ok(())
    }

    /// Merges segments of the index where many wait for it, by writing about `pages` pages; says whether any did.
    pub fn merge_search(&self, pages: u32) -> Result<bool> {
        match self.link {
            Link::Lite(connection) => {
                let before = connection.total_changes();
                self.run("INSERT INTO search (search, rank) VALUES ('merge', $1)", [pages])?;
                // The command itself counts as one change.
                Ok(connection.total_changes() - before > 1)
            }
            // Its autovacuum does so by itself.
            Link::Pg(_) => Ok(false),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "search_tests.rs"]
mod tests;
