//! Carrying out a search of the inbox: among the departments that one sees, newest activity first, page after page, with
//! the message that was found.

use super::inbox::{IS_UNREAD, InboxLine, Position};
use super::search::{Built, Reach, has_terms, phrases_of, term_conditions, words_of};
use super::walk::{Listed, Walk};
use crate::domain::search::{Assigned, Has, Is, Search};
use crate::domain::{DepartmentId, MessageId, StaffId, Status, TicketId, Timestamp};
use crate::mail::html;
use crate::store::{ReadTx, Result};

/// Messages of one ticket in which the words are looked for, to show where they are, newest first.
const MESSAGES_MAX: i64 = 30;

/// How much of such a message is looked at, in characters.
const LOOKED_AT_CHARS: usize = 20_000;

/// Length of an excerpt before and behind the word, in characters.
const AROUND_CHARS: usize = 60;

/// Ranges of departments and statuses that one statement reads.
const RANGES_MAX: usize = 100;

/// A search by one person.
#[derive(Clone, Copy, Debug)]
pub struct InboxSearch<'a> {
    /// What is looked for.
    pub search: &'a Search,
    /// Who asks.
    pub staff: StaffId,
    /// The departments they see.
    pub departments: &'a [DepartmentId],
    /// What waits untouched since then is overdue.
    pub overdue_before: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// A ticket that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The ticket.
    pub line: InboxLine,
    /// The newest message that has one of the words; none where they are elsewhere.
    pub message: Option<MessageId>,
    /// What stands around the word; empty where there is no message.
    pub excerpt: String,
}

/// A condition that no ticket meets.
const NONE: &str = "1 = 0";

impl InboxSearch<'_> {
    /// The departments that are searched.
    fn departments(&self, tx: &ReadTx<'_>) -> Result<Vec<DepartmentId>> {
        if self.search.departments.is_empty() {
            return Ok(self.departments.to_vec());
        }
        let is_named = |name: &str| {
            let name = name.to_lowercase();
            self.search.departments.iter().any(|asked| name.starts_with(&asked.to_lowercase()))
        };
        let named = tx.departments()?.into_iter().filter(|department| is_named(&department.name)).map(|one| one.id);
        Ok(named.filter(|id| self.departments.contains(id)).collect())
    }

    /// The statuses that are searched; what is overdue waits for staff.
    fn statuses(&self) -> Vec<Status> {
        let asked = &self.search.statuses;
        let is_wanted = |status: &Status| asked.is_empty() || asked.contains(status);
        let is_overdue = self.search.is.contains(&Is::Overdue);
        let waits = |status: &Status| !is_overdue || !matches!(status, Status::Answered | Status::Closed);
        Status::ALL.into_iter().filter(|status| is_wanted(status) && waits(status)).collect()
    }

    /// Whether there are no conditions but departments, statuses and what is searched for.
    fn is_plain(&self) -> bool {
        let search = self.search;
        let plain = Search {
            text: search.text.clone(),
            statuses: search.statuses.clone(),
            departments: search.departments.clone(),
            ..Search::default()
        };
        plain == *search
    }

    /// Among all tickets the newest texts of a word will do; the few of a department may be older than those.
    fn reach(&self, tx: &ReadTx<'_>) -> Result<Reach> {
        let is_narrow = !self.is_plain() || !self.search.statuses.is_empty() || !self.search.departments.is_empty();
        if is_narrow || self.search.text.is_empty() {
            return Ok(Reach::All);
        }
        let sees_all = tx.departments()?.iter().all(|department| self.departments.contains(&department.id));
        Ok(if sees_all { Reach::Newest } else { Reach::All })
    }

    /// Everything but department and status; and whether few tickets are left to look at.
    fn conditions(&self, tx: &ReadTx<'_>, built: &mut Built) -> Result<bool> {
        let search = self.search;
        let mut has_few = term_conditions(tx.link, &search.text, self.reach(tx)?, built);
        for person in &search.from {
            has_few = true;
            let sets = built.people(tx.link, person);
            built.conditions.push(format!("customer_id IN ({})", sets.customers));
        }
        for person in &search.to {
            has_few = true;
            let sets = built.people(tx.link, person);
            let n = built.bind(person.to_lowercase());
            built.conditions.push(format!(
                "(id IN ({}) OR address_id IN (SELECT id FROM address WHERE lower(email) = ${n}))",
                sets.participants
            ));
        }
        for name in &search.tags {
            has_few = true;
            let n = built.bind(name.clone());
            built.conditions.push(format!(
                "id IN (SELECT ticket_id FROM ticket_tag WHERE tag_id = (SELECT id FROM tag WHERE name = ${n}))"
            ));
        }
        if let Some(condition) = self.assigned(tx)? {
            built.conditions.push(condition);
        }
        self.states(built);
        for has in &search.has {
            built.conditions.push(
                match has {
                    Has::Attachment => "EXISTS (SELECT 1 FROM attachment WHERE attachment.ticket_id = ticket.id)",
                    Has::Note => {
                        "EXISTS (SELECT 1 FROM message WHERE message.ticket_id = ticket.id AND message.is_internal = 1)"
                    }
                    Has::Tag => "EXISTS (SELECT 1 FROM ticket_tag WHERE ticket_tag.ticket_id = ticket.id)",
                }
                .to_owned(),
            );
        }
        if let Some(before) = search.before {
            built.conditions.push(format!("last_update_at + 0 < {}", before.unix()));
        }
        if let Some(after) = search.after {
            built.conditions.push(format!("last_update_at + 0 >= {}", after.unix()));
        }
        Ok(has_few)
    }

    fn assigned(&self, tx: &ReadTx<'_>) -> Result<Option<String>> {
        let mut any = Vec::new();
        for assigned in &self.search.assigned {
            any.push(match assigned {
                Assigned::Me => format!("staff_id = {}", self.staff),
                Assigned::Nobody => "staff_id IS NULL".to_owned(),
                Assigned::To(name) => match tx.staff_by_username(name)? {
                    Some(staff) => format!("staff_id = {}", staff.id),
                    None => NONE.to_owned(),
                },
            });
        }
        Ok((!any.is_empty()).then(|| format!("({})", any.join(" OR "))))
    }

    fn states(&self, built: &mut Built) {
        let search = self.search;
        for is in &search.is {
            built.conditions.push(match is {
                Is::Unassigned => "staff_id IS NULL".to_owned(),
                Is::Mine => format!("staff_id = {}", self.staff),
                Is::Overdue => {
                    let (before, now) = (self.overdue_before.unix(), self.now.unix());
                    format!("last_update_at + 0 < {before} AND snoozed_until <= {now}")
                }
                Is::Snoozed => format!("snoozed_until > {}", self.now.unix()),
                Is::Spam => "spam_at > 0".to_owned(),
                Is::Merged => "merged_into IS NOT NULL".to_owned(),
                Is::Unread => {
                    let unread = IS_UNREAD.replace("$1", &self.staff.to_string());
                    format!(
                        "EXISTS (SELECT 1 FROM (SELECT 1 AS one) AS always LEFT JOIN seen ON seen.ticket_id = ticket.id \
                         AND seen.staff_id = {} WHERE {unread})",
                        self.staff
                    )
                }
            });
        }
        for (is, without) in [(Is::Spam, "spam_at = 0"), (Is::Merged, "merged_into IS NULL")] {
            if !search.is.contains(&is) {
                built.conditions.push(without.to_owned());
            }
        }
    }

    /// The statements that find a page, each in the order of the list, with their values: one for what few tickets are
    /// left, else for each so many ranges of a department and a status.
    fn statements(&self, tx: &ReadTx<'_>, after: Position, max: i64) -> Result<Vec<Built>> {
        let (departments, statuses) = (self.departments(tx)?, self.statuses());
        if departments.is_empty() || statuses.is_empty() {
            return Ok(Vec::new());
        }
        let mut first = Built::default();
        let has_few = self.conditions(tx, &mut first)?;
        let condition = first.condition();
        let pairs: Vec<(DepartmentId, Status)> =
            departments.iter().flat_map(|one| statuses.iter().map(move |status| (*one, *status))).collect();
        let (at, id) = (first.bind(after.at.unix()), first.bind(after.id.get()));
        let limit = first.bind(max);
        let order = format!("last_update_at DESC, id DESC LIMIT ${limit}");
        let beyond = format!("(last_update_at, id) < (${at}, ${id})");
        if has_few {
            let among: Vec<String> = departments.iter().map(ToString::to_string).collect();
            let numbers: Vec<String> = statuses.iter().map(|status| status.number().to_string()).collect();
            // With `+ 0` no index by department or status is used: the smaller set decides.
            let sql = format!(
                "SELECT id, last_update_at FROM ticket WHERE {condition} AND department_id + 0 IN ({}) \
                 AND status + 0 IN ({}) AND {} ORDER BY last_update_at + 0 DESC, id DESC LIMIT ${limit}",
                among.join(", "),
                numbers.join(", "),
                beyond.replace("last_update_at", "last_update_at + 0")
            );
            return Ok(vec![Built { conditions: vec![sql], values: first.values }]);
        }
        let of = |(n, (department, status)): (usize, &(DepartmentId, Status))| {
            let number = status.number();
            format!(
                "SELECT id, last_update_at FROM (SELECT id, last_update_at FROM ticket WHERE department_id = {department} \
                 AND status = {number} AND {condition} AND {beyond} ORDER BY {order}) AS range{n}"
            )
        };
        let statement = |part: &[(DepartmentId, Status)]| {
            let ranges: Vec<String> = part.iter().enumerate().map(of).collect();
            Built {
                conditions: vec![format!("{} ORDER BY {order}", ranges.join(" UNION ALL "))],
                values: first.values.clone(),
            }
        };
        Ok(pairs.chunks(RANGES_MAX).map(statement).collect())
    }
}

impl ReadTx<'_> {
    /// The next tickets that a search finds after a position (`None`: the newest), at most `max`, and where they end.
    pub fn inbox_search(
        &self,
        query: &InboxSearch<'_>,
        after: Option<Position>,
        max: usize,
    ) -> Result<(Vec<Hit>, Option<Position>)> {
        let start = Position { at: Timestamp::from_unix(i64::MAX), id: TicketId::new(i64::MAX) };
        // What has no word in it, such as "!?", finds nothing rather than everything.
        let is_of_signs = !query.search.text.trim().is_empty() && !has_terms(&query.search.text);
        if is_of_signs || query.search.is_empty() {
            return Ok((Vec::new(), None));
        }
        let after = after.unwrap_or(start);
        let found = self.inbox_found(query, after, max)?;
        let end = found.last().map(|(at, id)| Position { at: Timestamp::from_unix(*at), id: TicketId::new(*id) });
        let ids: Vec<TicketId> = found.into_iter().map(|(_, id)| TicketId::new(id)).collect();
        let words = words_of(&query.search.text);
        let mut hits = Vec::with_capacity(ids.len());
        for line in self.inbox_lines(&ids, query.staff)? {
            let place = if words.is_empty() { None } else { self.place_of(line.id, &words)? };
            let (message, excerpt) = place.map_or((None, String::new()), |(id, excerpt)| (Some(id), excerpt));
            hits.push(Hit { line, message, excerpt });
        }
        Ok((hits, end))
    }

    /// The same by what is quickest: the newest tickets, or the index.
    fn inbox_found(&self, query: &InboxSearch<'_>, after: Position, max: usize) -> Result<Vec<(i64, i64)>> {
        let walk = |listed: Listed<'_>| self.inbox_walked(query, after, max, listed);
        self.quickest(&query.search.text, walk, || self.inbox_places(query, after, max))
    }

    /// When the tickets of a page were touched, and their ids, in its order.
    fn inbox_places(&self, query: &InboxSearch<'_>, after: Position, max: usize) -> Result<Vec<(i64, i64)>> {
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let mut found: Vec<(i64, i64)> = Vec::new();
        for statement in query.statements(self, after, limit)? {
            let sql = statement.conditions.concat();
            found.extend(self.all(&sql, statement.values.as_slice(), |row| Ok((row.get(1)?, row.get(0)?)))?);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(max);
        Ok(found)
    }

    /// The same by reading so many of the tickets that a part of the text finds; `None` where the index has to be asked.
    fn inbox_walked(
        &self,
        query: &InboxSearch<'_>,
        after: Position,
        max: usize,
        listed: Listed<'_>,
    ) -> Result<Option<Vec<(i64, i64)>>> {
        let Listed { part, tickets } = listed;
        let search = query.search;
        // With other conditions the newest tickets of the list may be far to seek.
        if !self.link.is_lite() || part.is_empty() && !query.is_plain() {
            return Ok(None);
        }
        let Some(phrases) = phrases_of(&search.text) else { return Ok(None) };
        let listed = Search { text: part.to_owned(), ..search.clone() };
        let all = self.inbox_places(&InboxSearch { search: &listed, ..*query }, after, tickets)?;
        let ids: Vec<i64> = all.iter().map(|(_, id)| *id).collect();
        let Some(found) = self.walked(Walk { phrases: &phrases, max, tickets }, &ids)? else { return Ok(None) };
        let mut left = found.into_iter().peekable();
        // Both are in the same order.
        Ok(Some(all.into_iter().filter(|(_, id)| left.next_if_eq(id).is_some()).collect()))
    }

    /// The newest message of a ticket that has one of the words, and what stands around it.
    fn place_of(&self, ticket: TicketId, words: &[String]) -> Result<Option<(MessageId, String)>> {
        let messages = self.all(
            "SELECT id, substr(body, 1, 20000), is_html FROM message WHERE ticket_id = $1 \
             ORDER BY created_at DESC, id DESC LIMIT $2",
            (ticket.get(), MESSAGES_MAX),
            |row| Ok((MessageId::new(row.get(0)?), row.get::<String>(1)?, row.get::<bool>(2)?)),
        )?;
        for (id, body, is_html) in messages {
            let text = if is_html { html::to_text(&body) } else { body };
            if let Some(excerpt) = excerpt(&text, words) {
                return Ok(Some((id, excerpt)));
            }
        }
        Ok(None)
    }
}

/// What stands around the first of the words in a text, on one line.
fn excerpt(text: &str, words: &[String]) -> Option<String> {
    let chars: Vec<char> =
        text.chars().take(LOOKED_AT_CHARS).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    // Letter by letter, so that places are the same in both.
    let folded: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let at = words.iter().filter_map(|word| {
        let word: Vec<char> = word.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
        let is_start =
            |at: usize| at.checked_sub(1).and_then(|before| folded.get(before)).is_none_or(|c| !c.is_alphanumeric());
        let found = folded.windows(word.len().max(1)).enumerate().find(|(at, window)| *window == word && is_start(*at));
        found.map(|(at, _)| at)
    });
    let at = at.min()?;
    let (from, to) = (at.saturating_sub(AROUND_CHARS), (at + AROUND_CHARS).min(chars.len()));
    let middle: String = chars.get(from..to).unwrap_or_default().iter().collect();
    let middle = middle.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, behind) = (if from > 0 { "… " } else { "" }, if to < chars.len() { " …" } else { "" });
    Some(format!("{before}{middle}{behind}"))
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
