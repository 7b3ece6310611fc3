//! Rows that come from another system with ids, dates and hashes of their own, and the record of
//! which sources were read. Every verb adds a row once: the same row again is [`Placed::Known`].
//! Which rows to add, and as what, is decided by `admin import`.

mod desk;
mod people;
mod tickets;

pub(crate) use desk::{ImportedAddress, ImportedCustomField, ImportedDepartment, ImportedPriority, ImportedToken};
pub(crate) use people::{ImportedCustomer, ImportedStaff, PlacedCustomer};
pub(crate) use tickets::{Home, ImportedAttachment, ImportedMessage, ImportedNote, ImportedTicket};

use std::path::Path;

use super::value::Params;
use super::{Error, ReadTx, Result, Store, WriteTx};
use crate::domain::Timestamp;
use crate::private_file;

/// What became of a row to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Placed {
    /// It is in.
    Added,
    /// It was in already.
    Known,
    /// Another row has its id, or what must be unique about it.
    Taken,
}

/// Whether the desk's own rows are replaced by imported ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// The first import: its department 1, settings and templates win.
    Import,
    /// An import was finished before: what the desk has stays.
    Desk,
}

/// The record of one source that was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// When it was begun last.
    pub started_at: Timestamp,
    /// When all of it was imported; 0: never.
    pub finished_at: Timestamp,
    /// Whether its attachments were read too.
    pub has_files: bool,
}

/// A table whose ids are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the tables of schema.sql
pub enum Numbered {
    Customer,
    Staff,
    Department,
    Address,
    Ticket,
    Message,
    Attachment,
    Token,
    CannedResponse,
    Article,
    ArticleCategory,
    CustomField,
}

impl Numbered {
    const fn table(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Department => "department",
            Self::Address => "address",
            Self::Ticket => "ticket",
            Self::Message => "message",
            Self::Attachment => "attachment",
            Self::Token => "token",
            Self::CannedResponse => "canned_response",
            Self::Article => "article",
            Self::ArticleCategory => "article_category",
            Self::CustomField => "custom_field",
        }
    }
}

/// How far the ids of the desk's own rows are moved up when imported rows need them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    /// For all departments except the first.
    pub department: i64,
    /// For staff.
    pub staff: i64,
    /// For addresses.
    pub address: i64,
    /// For tokens.
    pub token: i64,
}

impl Store {
    /// Copies the whole database into a new file, as it is now.
    ///
    /// # Errors
    /// Those of the database; [`Error::Full`] when the disk is full.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let Some(path) = path.to_str() else {
            return Err(Error::Inaccessible { path: path.to_owned(), reason: "its name is not UTF-8".to_owned() });
        };
        // Made here, because SQLite would make it with the mode of the umask.
        private_file::create_new(Path::new(path))
            .map_err(|error| Error::Inaccessible { path: path.into(), reason: error.to_string() })?;
        if self.is_remote() {
            std::fs::remove_file(path).ok();
            return super::copy::into_file(self, Path::new(path), Timestamp::now());
        }
        let connection = self.take()?;
        connection.lite()?.execute("VACUUM INTO $1", [path])?;
        connection.keep();
        Ok(())
    }
}

impl ReadTx<'_> {
    /// The record of the source with that SHA-256.
    pub fn import_of(&self, sha256: &[u8; 32]) -> Result<Option<Import>> {
        self.one("SELECT started_at, finished_at, has_files FROM import WHERE sha256 = $1", [&sha256[..]], |row| {
            Ok(Import {
                started_at: Timestamp::from_unix(row.get(0)?),
                finished_at: Timestamp::from_unix(row.get(1)?),
                has_files: row.get(2)?,
            })
        })
    }

    /// How many sources were begun, and how many of them finished.
    pub fn imports_begun_and_finished(&self) -> Result<(i64, i64)> {
        let both = self.one("SELECT count(*), count(nullif(finished_at, 0)) FROM import", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(both.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Records that a source is being imported.
    pub fn begin_import(&self, sha256: &[u8; 32], name: &str, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO import (sha256, name, started_at) VALUES ($1, $2, $3) \
             ON CONFLICT (sha256) DO UPDATE SET started_at = excluded.started_at",
            (&sha256[..], name, now.unix()),
        )?;
        Ok(())
    }

    /// Records that all of a source is in.
    pub fn finish_import(&self, sha256: &[u8; 32], has_files: bool, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE import SET finished_at = $1, has_files = CASE WHEN has_files < $2 THEN $2 ELSE has_files END WHERE sha256 = $3",
            (now.unix(), has_files, &sha256[..]),
        )?;
        Ok(())
    }

    /// Makes the next id of a table greater than `last`, and than any it has.
    pub fn raise_next_id(&self, table: Numbered, last: i64) -> Result<()> {
        let name = table.table();
        let highest = self.number(&format!("SELECT coalesce(max(id), 0) FROM {name}"), [])?;
        if !self.link.is_lite() {
            self.run("UPDATE id_counter SET last = $1 WHERE last < $1 AND name = $2", (last.max(highest), name))?;
            return Ok(());
        }
        let known = self.number("SELECT seq FROM sqlite_sequence WHERE name = $1", [name])?;
        let last = last.max(highest);
        if known == 0 {
            self.run("DELETE FROM sqlite_sequence WHERE name = $1", [name])?;
            self.run("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", (name, last))?;
        } else if last > known {
            self.run("UPDATE sqlite_sequence SET seq = $1 WHERE name = $2", (last, name))?;
        }
        Ok(())
    }

    /// Lets rows name others that are not there until the end of the transaction.
    pub(super) fn defer_references(&self) -> Result<()> {
        let sql = if self.link.is_lite() { "PRAGMA defer_foreign_keys = ON" } else { "SET CONSTRAINTS ALL DEFERRED" };
        self.run(sql, ()).map(drop)
    }

    /// Moves a new desk's own rows out of the way of imported ids: every department but 1,
    /// staff, addresses and tokens, each by so much or more. Call it while there are no tickets.
    pub fn move_aside(&self, by: Aside) -> Result<()> {
        self.defer_references()?;
        // Beyond the desk's own ids as well: no row may stand in the way of another for a moment.
        let by_at_least = |least: i64, table: &str| {
            let highest = self.number(&format!("SELECT coalesce(max(id), 0) FROM {table}"), [])?;
            Ok::<_, Error>(least.max(highest))
        };
        let (department, staff) = (by_at_least(by.department, "department")?, by_at_least(by.staff, "staff")?);
        let (address, token) = (by_at_least(by.address, "address")?, by_at_least(by.token, "token")?);
        self.run("UPDATE department SET id = id + $1 WHERE id > 1", [department])?;
        self.run("UPDATE address SET department_id = department_id + $1 WHERE department_id > 1", [department])?;
        self.run(
            "UPDATE staff_department SET department_id = department_id + $1 WHERE department_id > 1",
            [department],
        )?;
        self.move_staff("n + $1", [staff], "n > 0")?;
        self.run("UPDATE imap_folder SET address_id = address_id + $1", [address])?;
        self.run("UPDATE address SET id = id + $1", [address])?;
        self.run("UPDATE idempotency SET token_id = token_id + $1", [token])?;
        self.run("UPDATE token SET id = id + $1", [token])?;
        Ok(())
    }

    /// Gives staff other ids: `to` makes the new one of the old one, which both call `n`, where `of` says so. Whatever names
    /// them follows, their sessions too: an import begun in the browser does not sign out who began it. No ticket may name
    /// them.
    pub(super) fn move_staff(&self, to: &str, params: impl Params + Copy, of: &str) -> Result<()> {
        self.defer_references()?;
        for (table, column) in STAFF_IDS {
            let (to, of) = (to.replace('n', column), of.replace('n', column));
            self.run(&format!("UPDATE {table} SET {column} = {to} WHERE {of}"), params)?;
        }
        let (to, of) = (to.replace('n', "actor_id"), of.replace('n', "actor_id"));
        self.run(&format!("UPDATE event SET actor_id = {to} WHERE actor = 1 AND {of}"), params)?;
        Ok(())
    }
}

/// Where staff are named by their id, tickets and their messages apart; the last is their own row.
const STAFF_IDS: [(&str, &str); 12] = [
    ("staff_department", "staff_id"),
    ("recovery_code", "staff_id"),
    ("session", "staff_id"),
    ("seen", "staff_id"),
    ("saved_view", "staff_id"),
    ("draft", "staff_id"),
    ("undo", "staff_id"),
    ("satisfaction", "staff_id"),
    ("login_log", "staff_id"),
    ("canned_response", "staff_id"),
    ("article", "staff_id"),
    ("staff", "id"),
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::staff_role::StaffRole;
    use crate::store::migrate::create_or_migrate;

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, Duration::from_secs(1)).unwrap();
        (dir, store)
    }

    fn customer(id: i64, email: &str) -> ImportedCustomer {
        ImportedCustomer {
            id,
            fullname: format!("Customer {id}"),
            email: email.to_owned(),
            password_hash: String::new(),
            is_active: true,
            registered_at: Timestamp::from_unix(id),
            timezone: String::new(),
        }
    }

    #[test]
    fn lowest_id_of_an_address_stays_in_whatever_order_they_come() {
        let (_dir, store) = store();
        let placed = |id: i64, email: &str| store.write(|tx| tx.place_customer(&customer(id, email))).unwrap();
        assert_eq!(placed(5, "Ann@x.test"), PlacedCustomer::Added);
        assert_eq!(placed(9, "ann@x.test"), PlacedCustomer::MergedInto(crate::domain::UserId::new(5)));
        assert_eq!(placed(3, "ANN@x.test"), PlacedCustomer::TookIn(crate::domain::UserId::new(5)));
        assert_eq!(placed(3, "ann@x.test"), PlacedCustomer::Known);
        assert_eq!(placed(5, "ann@x.test"), PlacedCustomer::MergedInto(crate::domain::UserId::new(3)));
        let one = store.read(|tx| tx.customer_by_email("ann@x.test")).unwrap().unwrap();
        assert_eq!((one.id.get(), one.fullname.as_str()), (3, "Customer 3"));
    }

    #[test]
    fn next_id_is_raised_and_never_lowered() {
        let (_dir, store) = store();
        let raise = |last: i64| store.write(|tx| tx.raise_next_id(Numbered::Customer, last)).unwrap();
        let add = |email: &str| {
            let email = email.parse().unwrap();
            store.write(|tx| tx.add_customer("x", &email, NOW)).unwrap().get()
        };
        raise(89);
        assert_eq!(add("a@x.test"), 90);
        raise(10);
        assert_eq!(add("b@x.test"), 91);
        raise(100);
        assert_eq!(add("c@x.test"), 101);
    }

    #[test]
    fn rows_of_the_desk_move_aside_with_all_that_names_them() {
        let (_dir, store) = store();
        store
            .write(|tx| {
                let department = tx.add_department("Ours", false)?;
                let email = "a@x.test".parse().unwrap();
                let staff = crate::store::staff::NewStaff {
                    username: "a",
                    fullname: "A",
                    email: &email,
                    password_hash: "",
                    role: StaffRole::Agent,
                    is_active: true,
                    totp_secret: "",
                };
                let staff = tx.add_staff(&staff, &[department], NOW)?;
                let owner = crate::store::session::SessionOwner::Staff(staff);
                let session =
                    crate::store::session::NewSession { sha256: &[1; 32], owner: &owner, ip: "192.0.2.1", agent: "x" };
                tx.add_session(&session, NOW)?;
                tx.set_recovery_codes(staff, &[[2; 32]])?;
                tx.act_as(crate::domain::Actor::Staff(staff), crate::domain::Door::Web);
                tx.note_set_up(crate::domain::SetUpChange::Changed, "a setting")?;
                tx.move_aside(Aside { department: 10, staff: 20, address: 30, token: 40 })
            })
            .unwrap();
        let (departments, staff) = store.read(|tx| Ok::<_, Error>((tx.departments()?, tx.all_staff()?))).unwrap();
        assert_eq!(departments.iter().map(|d| d.id.get()).collect::<Vec<_>>(), [1, 12]);
        assert_eq!(staff.iter().map(|s| s.id.get()).collect::<Vec<_>>(), [21]);
        let links = store.read(|tx| tx.staff_departments(crate::domain::StaffId::new(21))).unwrap();
        assert_eq!(links.iter().map(|d| d.get()).collect::<Vec<_>>(), [12]);
        let (session, codes, events) = store
            .read(|tx| {
                let codes = tx.recovery_codes_left(crate::domain::StaffId::new(21))?;
                Ok::<_, Error>((tx.session(&[1; 32], NOW)?, codes, tx.events_before(0, 1)?))
            })
            .unwrap();
        let moved = crate::domain::StaffId::new(21);
        assert_eq!(session.unwrap().owner, crate::store::session::SessionOwner::Staff(moved), "still signed in");
        assert_eq!((codes, events[0].actor), (1, crate::domain::Actor::Staff(moved)));
    }

    #[test]
    fn several_rows_of_the_desk_move_aside_by_less_than_their_number() {
        let (_dir, store) = store();
        store
            .write(|tx| {
                for name in ["A", "B", "C"] {
                    tx.add_department(name, false)?;
                    let email = format!("{name}@x.test").parse().unwrap();
                    let staff = crate::store::staff::NewStaff {
                        username: name,
                        fullname: name,
                        email: &email,
                        password_hash: "",
                        role: StaffRole::Agent,
                        is_active: true,
                        totp_secret: "",
                    };
                    tx.add_staff(&staff, &[], NOW)?;
                }
                tx.move_aside(Aside { department: 1, staff: 1, address: 1, token: 1 })
            })
            .unwrap();
        let (departments, staff) = store.read(|tx| Ok::<_, Error>((tx.departments()?, tx.all_staff()?))).unwrap();
        assert_eq!(departments.iter().map(|own| own.id.get()).collect::<Vec<_>>(), [1, 6, 7, 8]);
        assert_eq!(staff.iter().map(|own| own.id.get()).collect::<Vec<_>>(), [4, 5, 6]);
    }

    #[test]
    fn no_row_is_looked_for_by_reading_a_table() {
        if crate::store::testing::is_remote() {
            return; // plans, and damage, of SQLite
        }
        let (_dir, store) = store();
        for query in [
            "SELECT count(*) FROM message WHERE ticket_id = 1 AND is_internal = 1 AND created_at = 2 AND staff_id = 3 AND body = ''",
            "SELECT staff_id FROM message WHERE ticket_id = 1 AND is_internal = 0 ORDER BY created_at DESC, id DESC LIMIT 1",
            "SELECT id FROM ticket WHERE id > 1 ORDER BY id LIMIT 2",
            "UPDATE ticket SET customer_id = 1 WHERE customer_id = 2",
            "UPDATE message SET customer_id = 1 WHERE customer_id = 2 AND ticket_id IN (SELECT id FROM ticket WHERE customer_id = 2)",
            "SELECT id, name, bytes FROM attachment WHERE article_id = 1 AND ticket_id = 0 ORDER BY id",
        ] {
            let steps = store.read(|tx| tx.all(&format!("EXPLAIN QUERY PLAN {query}"), [], |row| row.get::<String>(3)));
            for step in steps.unwrap() {
                assert!(!step.starts_with("SCAN") && !step.contains("TEMP B-TREE"), "{query}: {step}");
            }
        }
    }
}
