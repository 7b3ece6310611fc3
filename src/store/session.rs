//! Who is signed in to the pages, and links that let in once. Tokens are made and compared elsewhere: here are only their
//! hashes.

use super::engine::Row;
use super::token::Sha256Bytes;
use super::{ReadTx, Result, WriteTx};
use crate::domain::{SessionId, StaffId, TicketId, Timestamp, UserId, Window};

/// A session that was not used for so long has ended, in seconds. Chosen: one signs in once a working day.
pub(crate) const IDLE_S: i64 = 12 * Timestamp::HOUR_S;

/// A session ends after so long in any case, in seconds.
pub(crate) const LIFE_S: i64 = 14 * Timestamp::DAY_S;

/// The last use is written down this often, in seconds: not every request of a page costs a write.
pub(crate) const USE_NOTED_S: i64 = 60;

/// Longest User-Agent kept, in characters.
const AGENT_CHARS_MAX: usize = 200;

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOwner {
    /// A staff member's.
    Staff(StaffId),
    /// A customer's, for all their tickets.
    Customer(UserId),
    /// For one ticket: its link was mailed to that address.
    TicketLink(TicketId, String),
}

/// Who is signed in, in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// Whose it is.
    pub owner: SessionOwner,
    /// When it began.
    pub created_at: Timestamp,
    /// The last use, within a minute.
    pub used_at: Timestamp,
    /// The address it began at.
    pub ip: String,
    /// The browser's User-Agent.
    pub agent: String,
}

impl Session {
    /// Whether the use now is worth writing down ([`WriteTx::note_session_use`]).
    #[must_use]
    pub(crate) const fn is_use_due(&self, now: Timestamp) -> bool {
        now.unix() >= self.used_at.unix().saturating_add(USE_NOTED_S)
    }
}

/// A session to begin.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of its token.
    pub sha256: &'a Sha256Bytes,
    /// Whose it is.
    pub owner: &'a SessionOwner,
    /// The address of the browser.
    pub ip: &'a str,
    /// The browser's User-Agent.
    pub agent: &'a str,
}

/// What a link that works once is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryLink {
    /// It signs this customer in.
    Customer(UserId),
    /// It makes the first account of a new desk.
    Setup,
}

const SESSION: &str = "id, staff_id, customer_id, ticket_id, email, created_at, used_at, ip, agent";

fn session(row: &Row<'_>) -> Result<Option<Session>> {
    let staff = row.get::<Option<i64>>(1)?.map(StaffId::new).map(SessionOwner::Staff);
    let customer = row.get::<Option<i64>>(2)?.map(UserId::new).map(SessionOwner::Customer);
    let email: String = row.get(4)?;
    let link = row.get::<Option<i64>>(3)?.map(|id| SessionOwner::TicketLink(TicketId::new(id), email));
    let Some(owner) = staff.or(customer).or(link) else { return Ok(None) };
    Ok(Some(Session {
        id: SessionId::new(row.get(0)?),
        owner,
        created_at: Timestamp::from_unix(row.get(5)?),
        used_at: Timestamp::from_unix(row.get(6)?),
        ip: row.get(7)?,
        agent: row.get(8)?,
    }))
}

/// Begin and last use of a session that has not ended.
const fn living(now: Timestamp) -> (Window, Window) {
    (Window::last_s(LIFE_S, now), Window::last_s(IDLE_S, now))
}

impl ReadTx<'_> {
    /// The session with that hash, unless it has ended, or its staff member may not log in any more.
    pub fn session(&self, sha256: &Sha256Bytes, now: Timestamp) -> Result<Option<Session>> {
        let found = self.one(
            &format!(
                "SELECT {SESSION} FROM session WHERE sha256 = $1 AND (staff_id IS NULL OR EXISTS \
                 (SELECT 1 FROM staff WHERE staff.id = staff_id AND is_active = 1 AND has_login = 1))"
            ),
            [&sha256[..]],
            session,
        )?;
        let (life, idle) = living(now);
        Ok(found.flatten().filter(|found| life.holds(found.created_at) && idle.holds(found.used_at)))
    }

    /// A staff member's sessions that have not ended, last used first.
    pub fn sessions_of_staff(&self, staff: StaffId, now: Timestamp) -> Result<Vec<Session>> {
        let found = self.all(
            &format!("SELECT {SESSION} FROM session WHERE staff_id = $1 ORDER BY used_at DESC, id DESC"),
            [staff.get()],
            session,
        )?;
        let (life, idle) = living(now);
        let is_living = |found: &Session| life.holds(found.created_at) && idle.holds(found.used_at);
        Ok(found.into_iter().flatten().filter(is_living).collect())
    }

    /// What a link with that hash is for, unless it has ended or was used.
    pub fn entry_link(&self, sha256: &Sha256Bytes, now: Timestamp) -> Result<Option<EntryLink>> {
        let found = self.one(
            "SELECT kind, customer_id FROM entry_link WHERE sha256 = $1 AND ends_at > $2",
            (&sha256[..], now.unix()),
            |row| Ok((row.get::<String>(0)?, row.get::<Option<i64>>(1)?)),
        )?;
        Ok(found.and_then(|(kind, customer)| match (kind.as_str(), customer) {
            ("customer", Some(id)) => Some(EntryLink::Customer(UserId::new(id))),
            ("setup", None) => Some(EntryLink::Setup),
            _ => None,
        }))
    }
}

impl WriteTx<'_> {
    /// Begins a session.
    pub fn add_session(&self, new: &NewSession<'_>, now: Timestamp) -> Result<SessionId> {
        let (staff, customer, ticket, email) = match new.owner {
            SessionOwner::Staff(id) => (Some(id.get()), None, None, ""),
            SessionOwner::Customer(id) => (None, Some(id.get()), None, ""),
            SessionOwner::TicketLink(id, email) => (None, None, Some(id.get()), email.as_str()),
        };
        let agent: String = new.agent.chars().take(AGENT_CHARS_MAX).collect();
        let id = self.insert(
            "INSERT INTO session (sha256, staff_id, customer_id, ticket_id, email, created_at, used_at, ip, agent) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
            (&new.sha256[..], staff, customer, ticket, email, now.unix(), new.ip, agent),
        )?;
        Ok(SessionId::new(id))
    }

    /// Writes down that a session was used; see [`Session::is_use_due`].
    pub fn note_session_use(&self, id: SessionId, now: Timestamp) -> Result<()> {
        self.run("UPDATE session SET used_at = $1 WHERE id = $2", (now.unix(), id.get()))?;
        Ok(())
    }

    /// Ends a session; says whether there was one.
    pub fn end_session(&self, id: SessionId) -> Result<bool> {
        Ok(self.run("DELETE FROM session WHERE id = $1", [id.get()])? > 0)
    }

    /// Ends a session if it is that staff member's; says whether it was.
    pub fn end_session_of(&self, id: SessionId, staff: StaffId) -> Result<bool> {
        Ok(self.run("DELETE FROM session WHERE id = $1 AND staff_id = $2", (id.get(), staff.get()))? > 0)
    }

    /// Ends every session of a staff member; says how many there were.
    pub fn end_sessions_of_staff(&self, staff: StaffId) -> Result<usize> {
        self.run("DELETE FROM session WHERE staff_id = $1", [staff.get()])
    }

    /// Ends every session of a customer; says how many there were.
    pub fn end_sessions_of_customer(&self, customer: UserId) -> Result<usize> {
        self.run("DELETE FROM session WHERE customer_id = $1", [customer.get()])
    }

    /// Keeps a link that works once, until `ends_at`.
    pub fn add_entry_link(
        &self,
        sha256: &Sha256Bytes,
        link: EntryLink,
        ends_at: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let (kind, customer) = match link {
            EntryLink::Customer(id) => ("customer", Some(id.get())),
            EntryLink::Setup => ("setup", None),
        };
        self.run(
            "INSERT INTO entry_link (sha256, kind, customer_id, created_at, ends_at) VALUES ($1, $2, $3, $4, $5)",
            (&sha256[..], kind, customer, now.unix(), ends_at.unix()),
        )?;
        Ok(())
    }

    /// How many links that still let in a customer has.
    pub(crate) fn living_entry_links(&self, customer: UserId, now: Timestamp) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM entry_link WHERE customer_id = $1 AND ends_at > $2",
            (customer.get(), now.unix()),
        )
    }

    /// Uses a link up; gives what it was for, unless it had ended or was used before.
    pub fn use_entry_link(&self, sha256: &Sha256Bytes, now: Timestamp) -> Result<Option<EntryLink>> {
        let found = self.entry_link(sha256, now)?;
        self.run("DELETE FROM entry_link WHERE sha256 = $1", [&sha256[..]])?;
        Ok(found)
    }

    /// Deletes sessions and links that have ended; says how many.
    pub fn forget_ended_sessions(&self, now: Timestamp) -> Result<usize> {
        let (life, idle) = living(now);
        let sessions = self.run(
            "DELETE FROM session WHERE used_at <= $1 OR created_at <= $2",
            (idle.since.unix(), life.since.unix()),
        )?;
        Ok(sessions + self.run("DELETE FROM entry_link WHERE ends_at <= $1", [now.unix()])?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::staff_role::StaffRole;
    use crate::store::migrate::create_or_migrate;
    use crate::store::staff::{NewStaff, StaffChange};
    use crate::store::{Error, Store};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    /// A desk with a staff member.
    fn desk() -> (tempfile::TempDir, Store, StaffId) {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, std::time::Duration::from_secs(1)).unwrap();
        let sam = NewStaff {
            username: "sam",
            fullname: "Sam",
            email: &"sam@x.test".parse().unwrap(),
            password_hash: "x",
            role: StaffRole::Agent,
            is_active: true,
            totp_secret: "",
        };
        let staff = store.write(|tx| tx.add_staff(&sam, &[], NOW)).unwrap();
        (dir, store, staff)
    }

    fn sign_in(store: &Store, token: u8, owner: &SessionOwner) -> SessionId {
        let new = NewSession { sha256: &[token; 32], owner, ip: "192.0.2.1", agent: &"x".repeat(300) };
        store.write(|tx| tx.add_session(&new, NOW)).unwrap()
    }

    fn is_in(store: &Store, token: u8, at: Timestamp) -> bool {
        store.read(|tx| tx.session(&[token; 32], at)).unwrap().is_some()
    }

    #[test]
    fn session_ends_when_it_is_idle_and_after_a_fortnight() {
        let (_dir, store, sam) = desk();
        let id = sign_in(&store, 1, &SessionOwner::Staff(sam));
        assert!(is_in(&store, 1, NOW.plus_s(IDLE_S - 1)) && !is_in(&store, 1, NOW.plus_s(IDLE_S)));
        assert!(!is_in(&store, 2, NOW), "another token");
        for hour in (0..).step_by(11).take_while(|hour| hour * Timestamp::HOUR_S < LIFE_S) {
            let at = NOW.plus_s(hour * Timestamp::HOUR_S);
            assert!(is_in(&store, 1, at), "after {hour} h");
            store.write(|tx| tx.note_session_use(id, at)).unwrap();
        }
        store.write(|tx| tx.note_session_use(id, NOW.plus_s(LIFE_S - 1))).unwrap();
        assert!(is_in(&store, 1, NOW.plus_s(LIFE_S - 1)) && !is_in(&store, 1, NOW.plus_s(LIFE_S)));
        assert_eq!(store.write(|tx| tx.forget_ended_sessions(NOW.plus_s(LIFE_S - 1))).unwrap(), 0);
        assert_eq!(store.write(|tx| tx.forget_ended_sessions(NOW.plus_s(LIFE_S))).unwrap(), 1);
    }

    #[test]
    fn use_is_written_down_once_a_minute() {
        let (_dir, store, sam) = desk();
        sign_in(&store, 1, &SessionOwner::Staff(sam));
        let session = store.read(|tx| tx.session(&[1; 32], NOW)).unwrap().unwrap();
        assert!(!session.is_use_due(NOW.plus_s(59)) && session.is_use_due(NOW.plus_s(60)));
        assert_eq!(session.agent.len(), AGENT_CHARS_MAX);
    }

    #[test]
    fn password_role_and_lock_end_the_sessions_of_their_account_alone() {
        let (_dir, store, sam) = desk();
        let other = SessionOwner::TicketLink(TicketId::new(1), "ann@x.test".into());
        store
            .write(|tx| {
                let customer = tx.customer_for("Ann", &"ann@x.test".parse().unwrap(), NOW)?;
                let new = crate::store::ticket::NewTicket {
                    department: crate::domain::DepartmentId::new(1),
                    customer,
                    subject: "x",
                    address: None,
                    reply_to: None,
                };
                tx.ticket_rows().add_ticket(&new, NOW)
            })
            .unwrap();
        sign_in(&store, 9, &other);
        type Alter = fn(&WriteTx<'_>, StaffId) -> Result<()>;
        let changes: [(&str, Alter); 5] = [
            ("password", |tx, id| tx.set_staff_password(id, "other")),
            ("role", |tx, id| tx.update_staff(id, &StaffChange { role: Some(StaffRole::Admin), ..Default::default() })),
            ("lock", |tx, id| tx.update_staff(id, &StaffChange { is_active: Some(false), ..Default::default() })),
            ("no login", |tx, id| tx.update_staff(id, &StaffChange { has_login: Some(false), ..Default::default() })),
            ("second factor", |tx, id| tx.set_totp_secret(id, "JBSWY3DPEHPK3PXP")),
        ];
        for (what, change) in changes {
            sign_in(&store, 1, &SessionOwner::Staff(sam));
            store.write(|tx| change(tx, sam)).unwrap();
            let left = store.read(|tx| tx.number("SELECT count(*) FROM session WHERE staff_id IS NOT NULL", []));
            assert_eq!(left.unwrap(), 0, "{what}");
            let back = StaffChange { is_active: Some(true), has_login: Some(true), ..Default::default() };
            store.write(|tx| tx.update_staff(sam, &back)).unwrap();
        }
        sign_in(&store, 1, &SessionOwner::Staff(sam));
        let harmless = StaffChange { fullname: Some("Sam S"), role: Some(StaffRole::Admin), ..Default::default() };
        store.write(|tx| tx.update_staff(sam, &harmless)).unwrap();
        assert!(is_in(&store, 1, NOW), "the role is the one it was");
        let found = store.read(|tx| tx.session(&[9; 32], NOW)).unwrap().unwrap();
        assert_eq!(found.owner, other);
    }

    #[test]
    fn sessions_are_listed_and_ended_by_their_owner_only() {
        let (_dir, store, sam) = desk();
        let id = sign_in(&store, 1, &SessionOwner::Staff(sam));
        sign_in(&store, 2, &SessionOwner::Staff(sam));
        assert_eq!(store.read(|tx| tx.sessions_of_staff(sam, NOW)).unwrap().len(), 2);
        assert!(!store.write(|tx| tx.end_session_of(id, StaffId::new(77))).unwrap());
        assert!(store.write(|tx| tx.end_session_of(id, sam)).unwrap());
        assert!(!is_in(&store, 1, NOW) && is_in(&store, 2, NOW));
    }

    #[test]
    fn link_lets_in_once_and_until_its_end() {
        let (_dir, store, _) = desk();
        let ends_at = NOW.plus_s(1800);
        let customer = store.write(|tx| {
            let customer = tx.customer_for("Ann", &"ann@x.test".parse().unwrap(), NOW)?;
            tx.add_entry_link(&[1; 32], EntryLink::Customer(customer), ends_at, NOW)?;
            tx.add_entry_link(&[2; 32], EntryLink::Setup, ends_at, NOW)?;
            Ok::<_, Error>(customer)
        });
        let enter = |token: u8, at| store.write(|tx| tx.use_entry_link(&[token; 32], at)).unwrap();
        let seen = store.read(|tx| tx.entry_link(&[1; 32], NOW)).unwrap();
        assert_eq!(seen, Some(EntryLink::Customer(customer.unwrap())), "looking does not use it up");
        assert!(enter(1, ends_at.plus_s(-1)).is_some());
        assert_eq!(enter(1, NOW), None);
        assert_eq!(enter(2, ends_at), None, "too late");
    }
}
