//! Finding tickets for people: filters, order, and full-text search over subjects, messages, notes
//! and people. The index and the triggers that keep it are in schema.sql; this is the one file whose
//! SQL only SQLite understands. The API's pages are in `list`.

use crate::store::value::Owned;

use super::list::{TicketLine, line};
use crate::domain::{DepartmentId, StaffId, Status, Timestamp, UserId};
use crate::store::{Error, ReadTx, Result, WriteTx, containing};

/// Words of a search looked at; more are ignored. Chosen: people type fewer.
const TERMS_MAX: usize = 16;

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
    /// In FTS5's query language.
    Text(String),
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
                // Quotes keep FTS5 from reading operators; the word is cut in two where the index cuts it.
                None if is_phrase => found.push(Term::Text(format!("\"{word}\""))),
                None => found.push(Term::Text(format!("\"{word}\" *"))),
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

/// By index: what the MATCH of `$n` finds.
fn by_index(n: usize) -> String {
    hits("search", "search.rowid", &format!("search MATCH ${n}"))
}

/// Without: every text is read.
fn by_reading(n: usize) -> String {
    hits("search_text", "search_text.id", &format!("search_text.text LIKE ${n} ESCAPE '!'"))
}

/// The tickets that a term hits: by a text of their own, by their customer, by a message's writer. `id` says by its last
/// two bits which it is.
fn hits(texts: &str, id: &str, is_hit: &str) -> String {
    format!(
        "SELECT CASE {id} & 3 WHEN 3 THEN (SELECT ticket_id FROM message WHERE id = {id} >> 2) \
         WHEN 2 THEN {id} >> 2 \
         ELSE (SELECT ticket_id FROM participant WHERE id = {id} >> 2) END \
         FROM {texts} WHERE {is_hit} AND {id} & 3 > 0 \
         UNION ALL SELECT ticket.id FROM {texts} CROSS JOIN ticket WHERE ticket.customer_id = {id} >> 2 \
         AND {is_hit} AND {id} & 3 = 0 \
         UNION ALL SELECT message.ticket_id FROM {texts} CROSS JOIN message WHERE message.customer_id = {id} >> 2 \
         AND message.customer_id > 0 AND {is_hit} AND {id} & 3 = 0"
    )
}

/// A query and the values of its parameters.
#[derive(Default)]
struct Built {
    conditions: Vec<String>,
    values: Vec<Owned>,
}

impl Built {
    /// Adds a parameter and gives its number.
    fn bind(&mut self, value: impl Into<Owned>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    fn filter(&mut self, column: &str, value: Option<i64>) {
        if let Some(value) = value {
            let n = self.bind(value);
            self.conditions.push(format!("{column} = ${n}"));
        }
    }

    fn condition(&self) -> String {
        if self.conditions.is_empty() { "1 = 1".to_owned() } else { self.conditions.join(" AND ") }
    }
}

impl TicketQuery<'_> {
    /// Picks the ids: from the sets that the search found, from an index by customer or staff, or
    /// status by status from the index that has each in the order wanted.
    fn sql(&self) -> Built {
        let mut built = Built::default();
        let terms = terms(self.search);
        for term in &terms {
            let condition = match term {
                Term::Number(id) => format!("id = ${}", built.bind(*id)),
                Term::Text(text) => format!("id IN ({})", by_index(built.bind(text.clone()))),
                Term::Piece(pattern) => format!("id IN ({})", by_reading(built.bind(pattern.clone()))),
            };
            built.conditions.push(condition);
        }
        built.filter("customer_id", self.customer.map(UserId::get));
        built.filter("staff_id", self.staff.map(StaffId::get));
        built.filter("department_id", self.department.map(DepartmentId::get));
        if let Some(since) = self.untouched_since {
            let n = built.bind(since.unix());
            built.conditions.push(format!("last_update_at < ${n}"));
        }
        let has_few = !terms.is_empty() || self.customer.is_some() || self.staff.is_some();
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

    fn finished(&self) -> (String, Vec<Owned>) {
        let mut built = self.sql();
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
        let (sql, values) = query.finished();
        self.all(&sql, values.as_slice(), line)
    }
}

impl ReadTx<'_> {
    /// How many texts the index lacks or has too many, without blocking writers. Whether
    /// each word of a text is there is only asked by [`WriteTx::is_search_sound`]. Reads all of both.
    ///
    /// # Errors
    /// Those of the database; [`Error::Corrupt`] when the index cannot be read.
    pub fn search_differences(&self) -> Result<i64> {
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
        self.run("INSERT INTO search (search) VALUES ('rebuild')", [])?;
        Ok(())
    }

    /// Merges parts of the index, about `pages` pages of work, so that searches read fewer of them.
    pub fn merge_search(&self, pages: u32) -> Result<()> {
        self.run("INSERT INTO search (search, rank) VALUES ('merge', $1)", [pages])?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{Author, TicketId};
    use crate::store::message::{NewMessage, Text, Visibility};
    use crate::store::migrate::create_or_migrate;
    use crate::store::ticket::NewTicket;
    use crate::store::{Store, WriteTx};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, std::time::Duration::from_secs(1)).unwrap();
        (dir, store)
    }

    fn add(tx: &WriteTx<'_>, name: &str, email: &str, subject: &str, text: &str) -> TicketId {
        let customer = tx.customer_for(name, &email.parse().unwrap(), NOW).unwrap();
        let department = DepartmentId::new(1);
        let new = NewTicket { department, customer, subject, address: None, reply_to: None };
        let ticket = tx.ticket_rows().add_ticket(&new, NOW).unwrap();
        let message = NewMessage {
            ticket,
            author: Author::Customer(customer),
            visibility: Visibility::Public,
            text: Text::Plain(text),
            full_text: "",
            mail_html: "",
        };
        tx.ticket_rows().add_message(&message, NOW).unwrap();
        ticket
    }

    fn filled() -> (tempfile::TempDir, Store) {
        let (dir, store) = desk();
        store
            .write(|tx| {
                let first = add(tx, "Jörg Müller", "jm@client.test", "Drucker brennt", "Er steht in Flammen.");
                add(tx, "Ann Ode", "ann@client.test", "Invoice 4711", "Please pay the printer on fire");
                tx.ticket_rows()
                    .add_participant(first, "Bob Smith", &"bob@other.test".parse().unwrap(), NOW)
                    .map(|_| ())
            })
            .unwrap();
        (dir, store)
    }

    fn found(store: &Store, search: &str) -> Vec<i64> {
        let query = TicketQuery { search, max: 10, order: TicketOrder::OldestOpened, ..TicketQuery::default() };
        store.read(|tx| tx.tickets_found(&query)).unwrap().iter().map(|line| line.id.get()).collect()
    }

    #[test]
    fn pieces_are_found_in_scripts_without_blanks() {
        let (_dir, store) = desk();
        store
            .write(|tx| {
                add(tx, "山田 太郎", "yt@client.test", "校正証明書について", "よろしくお願いします。100%です");
                add(tx, "Ann Ode", "ann@client.test", "ใบเสร็จรับเงิน", "Hello");
                Ok::<_, Error>(())
            })
            .unwrap();
        let cases: [(&str, &[i64]); 8] = [
            ("証明書", &[1]),
            ("校正", &[1]),
            ("証明書 太郎", &[1]),
            ("お願い", &[1]),
            ("รับเงิน", &[2]),
            ("証書", &[]),
            ("証%書", &[]),
            ("\"証明書について\" yt@client", &[1]),
        ];
        for (search, ids) in cases {
            assert_eq!(found(&store, search), ids, "{search}");
        }
    }

    #[test]
    fn words_are_found_by_their_start_without_case_and_accents() {
        let (_dir, store) = filled();
        let cases: [(&str, &[i64]); 14] = [
            ("drucker", &[1]),
            ("DRUCK", &[1]),
            ("muller", &[1]),
            ("müll", &[1]),
            ("rucker", &[]),
            ("drucker ann", &[]),
            ("drucker bob flammen", &[1]),
            ("bob@other.test", &[1]),
            ("bob@other", &[1]),
            ("printer fire", &[2]),
            ("\"printer on fire\"", &[2]),
            ("\"printer fire\"", &[]),
            ("#2", &[2]),
            ("client", &[1, 2]),
        ];
        for (search, expected) in cases {
            assert_eq!(found(&store, search), expected, "{search}");
        }
    }

    #[test]
    fn signs_and_operators_are_only_text() {
        let (_dir, store) = filled();
        for search in ["*", "%", "\"", "\"\"", "AND", "OR OR", "NEAR(", "text:drucker", "-", "a\0xb", "^", "(((", "#x"]
        {
            assert!(found(&store, search).is_empty(), "{search:?}");
        }
        assert_eq!(found(&store, "bre\0druck"), [1], "what is no text parts words");
        assert_eq!(found(&store, "drucker % -"), [1]);
        assert_eq!(found(&store, "  "), [1, 2], "no word at all is no search");
    }

    #[test]
    fn sixteen_words_are_looked_at() {
        let words = |n: usize| vec!["drucker"; n].join(" ") + " nowhere";
        assert_eq!(terms(&words(15)).len(), 16);
        assert_eq!(terms(&words(16)).len(), 16);
        let (_dir, store) = filled();
        assert!(found(&store, &words(15)).is_empty());
        assert_eq!(found(&store, &words(16)), [1]);
    }

    #[test]
    fn index_follows_every_change() {
        let (_dir, store) = filled();
        store
            .write(|tx| {
                let customer = tx.customer_by_email("jm@client.test")?.unwrap();
                tx.update_customer(customer.id, Some("Jörg Meier"), None)?;
                tx.ticket_rows().remove_ticket(TicketId::new(2)).map(|_| ())
            })
            .unwrap();
        assert_eq!((found(&store, "meier"), found(&store, "muller"), found(&store, "fire")), (vec![1], vec![], vec![]));
        assert!(store.write(|tx| tx.is_search_sound()).unwrap());
    }

    #[test]
    fn damaged_index_is_noticed_and_made_anew() {
        let (_dir, store) = filled();
        store.write(|tx| tx.run("DELETE FROM search_idx", []).map(|_| ())).unwrap();
        store.write(|tx| tx.run("DELETE FROM search_data WHERE id > 10", []).map(|_| ())).unwrap();
        assert!(!store.write(|tx| tx.is_search_sound()).unwrap());
        store.write(|tx| tx.rebuild_search()).unwrap();
        assert!(store.write(|tx| tx.is_search_sound()).unwrap());
        assert_eq!(found(&store, "drucker"), [1]);
    }

    #[test]
    fn index_that_lacks_a_text_is_noticed() {
        let (_dir, store) = filled();
        let forget = "INSERT INTO search (search, rowid, text) VALUES ('delete', 6, 'Drucker brennt')";
        let differences = || store.read(|tx| tx.search_differences()).unwrap();
        assert_eq!(differences(), 0);
        store.write(|tx| tx.run(forget, []).map(|_| ())).unwrap();
        assert_eq!((differences(), store.write(|tx| tx.is_search_sound()).unwrap()), (1, false));
        store.write(|tx| tx.run("INSERT INTO search (rowid, text) VALUES (4002, 'nothing has this')", [])).unwrap();
        assert_eq!(differences(), 2);
        store.write(|tx| tx.rebuild_search()).unwrap();
        assert_eq!(differences(), 0);
    }

    #[test]
    fn texts_without_a_word_are_not_missed() {
        let (_dir, store) = filled();
        store.write(|tx| Ok::<_, Error>(add(tx, "!", "x@y.test", "…!?", "🔥"))).unwrap();
        assert_eq!(store.read(|tx| tx.search_differences()).unwrap(), 0);
    }

    #[test]
    fn no_list_of_tickets_scans_a_table() {
        let (_dir, store) = filled();
        let some = [Status::Open, Status::AwaitingReply];
        let customer = Some(UserId::new(1));
        let department = Some(DepartmentId::new(1));
        let queries = [
            TicketQuery::default(),
            TicketQuery { statuses: &some, untouched_since: Some(NOW), ..TicketQuery::default() },
            TicketQuery { department, order: TicketOrder::OldestTouched, ..TicketQuery::default() },
            TicketQuery { customer, statuses: &some, ..TicketQuery::default() },
            TicketQuery { staff: Some(StaffId::new(1)), ..TicketQuery::default() },
            TicketQuery { search: "drucker bob", department, ..TicketQuery::default() },
            TicketQuery { search: "#1", ..TicketQuery::default() },
        ];
        for query in queries {
            let (sql, values) = query.finished();
            let plan: Vec<String> = store
                .read(|tx| {
                    let sql = format!("EXPLAIN QUERY PLAN {sql}");
                    tx.all(&sql, values.as_slice(), |row| row.get(3))
                })
                .unwrap();
            let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE"));
            // The ids that were picked are read once, as they are wanted.
            let scans: Vec<_> = scans.filter(|step| !step.contains("page")).collect();
            assert!(scans.is_empty(), "{query:?}: {plan:#?}");
            let is_by_status = query.search.is_empty() && query.customer.is_none() && query.staff.is_none();
            assert!(!is_by_status || !plan.iter().any(|step| step.contains("LAST")), "{query:?}: {plan:#?}");
        }
    }
}
