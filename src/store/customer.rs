//! Customers: their accounts and profiles, lists of them, merging, and the activation of their addresses.

use super::row_count::{self, Window};
use super::ticket::TicketRows;
use super::token::Sha256Bytes;
use super::{ReadTx, Result, WriteTx, containing};
use crate::domain::{DepartmentId, EmailAddress, SetUpChange, Timestamp, UserId, ascii_domain, comparable_address};
use crate::store::address_use::Purpose;
use crate::store::engine::Row;

/// What Faveo's register call says about a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerProfile<'a> {
    /// First name, as given.
    pub first_name: &'a str,
    /// Last name, as given.
    pub last_name: &'a str,
    /// Mobile number, as given; empty for none.
    pub mobile: &'a str,
    /// Country code of the number, as given; empty for none.
    pub country_code: &'a str,
}

/// An activation code that was mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Whose address it confirms.
    pub customer: UserId,
    /// When it was mailed; `None` once it was used.
    pub mailed_at: Option<Timestamp>,
}

/// Longest full name kept, in characters (HelpDeskZ's column).
pub(crate) const FULLNAME_CHARS_MAX: usize = 250;

/// Customers looked at whose address begins as typed. Chosen: a list shows ten, and more letters are typed where they are
/// not among them.
const TYPED_LOOKED_AT_MAX: i64 = 200;

/// A customer (HelpDeskZ: user).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Id.
    pub id: UserId,
    /// Full name, as given (unescaped).
    pub fullname: String,
    /// Address, as given.
    pub email: String,
    /// False only for accounts blocked in HelpDeskZ.
    pub is_active: bool,
    /// When the account was made.
    pub registered_at: Timestamp,
    /// Mobile number of Faveo's register call; empty when none.
    pub mobile: String,
    /// Country code of the same; empty when none.
    pub country_code: String,
    /// When the address was verified; 0 never.
    pub verified_at: Timestamp,
}

fn customer(row: &Row<'_>) -> Result<Customer> {
    customer_at(row, 0)
}

/// A customer whose columns begin at that one.
pub(super) fn customer_at(row: &Row<'_>, at: usize) -> Result<Customer> {
    Ok(Customer {
        id: UserId::new(row.get(at)?),
        fullname: row.get(at + 1)?,
        email: row.get(at + 2)?,
        is_active: row.get(at + 3)?,
        registered_at: Timestamp::from_unix(row.get(at + 4)?),
        mobile: row.get(at + 5)?,
        country_code: row.get(at + 6)?,
        verified_at: Timestamp::from_unix(row.get(at + 7)?),
    })
}

/// A customer as shown in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerLine {
    /// Id.
    pub id: UserId,
    /// Full name, unescaped.
    pub fullname: String,
    /// Address.
    pub email: String,
}

pub(super) const CUSTOMERS: &str =
    "SELECT id, fullname, email FROM customer WHERE id <= $1 ORDER BY id DESC LIMIT $2 OFFSET $3";

impl ReadTx<'_> {
    /// The activation whose code has that hash.
    pub fn activation(&self, code_sha256: &[u8; 32]) -> Result<Option<Activation>> {
        self.one(
            "SELECT id, activation_at FROM customer WHERE activation_hash = $1 AND length(activation_hash) > 0",
            [&code_sha256[..]],
            |row| {
                let mailed_at = Timestamp::from_unix(row.get(1)?);
                let is_open = mailed_at != Timestamp::default();
                Ok(Activation { customer: UserId::new(row.get(0)?), mailed_at: is_open.then_some(mailed_at) })
            },
        )
    }

    /// The customer with that id.
    pub fn customer(&self, id: UserId) -> Result<Option<Customer>> {
        self.one(
            "SELECT id, fullname, email, is_active, registered_at, mobile, country_code, verified_at \
             FROM customer WHERE id = $1",
            [id.get()],
            customer,
        )
    }

    /// The hash of a customer's password; empty for one who has none.
    pub(crate) fn customer_password(&self, id: UserId) -> Result<String> {
        Ok(self
            .one("SELECT password_hash FROM customer WHERE id = $1", [id.get()], |row| row.get(0))?
            .unwrap_or_default())
    }

    /// A customer's language and time zone; each empty for the browser's.
    pub(crate) fn customer_preferences(&self, id: UserId) -> Result<(String, String)> {
        let found = self.one("SELECT locale, timezone FROM customer WHERE id = $1", [id.get()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(found.unwrap_or_default())
    }

    /// The customer with that address, in whatever spelling.
    pub fn customer_by_email(&self, email: &str) -> Result<Option<Customer>> {
        self.one(
            "SELECT id, fullname, email, is_active, registered_at, mobile, country_code, verified_at \
             FROM customer WHERE email = $1",
            [comparable_address(email)],
            customer,
        )
    }

    /// Customers whose address or name starts with `search` (every one for an empty search), newest
    /// first, at most `max`.
    pub fn customers_like(&self, search: &str, max: usize) -> Result<Vec<Customer>> {
        let search = with_ascii_domain(search);
        let like = self.link.like();
        self.all(
            &format!(
                "SELECT id, fullname, email, is_active, registered_at, mobile, country_code, verified_at FROM customer \
                 WHERE email {like} $1 ESCAPE '!' OR fullname {like} $1 ESCAPE '!' ORDER BY id DESC LIMIT $2"
            ),
            (containing(&search), i64::try_from(max).unwrap_or(i64::MAX)),
            customer,
        )
    }

    /// Customers as somebody types an address: those whose address begins so, then those with words in their name or
    /// address that do, at most `max`. With departments only customers who have a ticket in one of them. So many rows are
    /// looked at and no more ([`TYPED_LOOKED_AT_MAX`] by address, and what [`ReadTx::customers_by_words`] says).
    pub fn customers_typed(&self, typed: &str, of: Option<&[DepartmentId]>, max: usize) -> Result<Vec<Customer>> {
        let typed = typed.trim();
        let start = with_ascii_domain(&typed.to_lowercase());
        let by_address: Vec<i64> = self.all(
            "SELECT id FROM customer WHERE email >= $1 AND email < $2 ORDER BY email LIMIT $3",
            (start.as_str(), format!("{start}\u{10FFFF}"), TYPED_LOOKED_AT_MAX),
            |row| row.get(0),
        )?;
        let mut found: Vec<Customer> = Vec::new();
        for id in by_address.into_iter().chain(self.customers_by_words(typed)?).map(UserId::new) {
            if found.len() >= max {
                break;
            }
            let is_wanted = !found.iter().any(|known| known.id == id) && self.is_known_to(id, of)?;
            found.extend(if is_wanted { self.customer(id)? } else { None });
        }
        Ok(found)
    }

    /// Whether a customer has a ticket in one of some departments; without departments, any customer.
    fn is_known_to(&self, id: UserId, of: Option<&[DepartmentId]>) -> Result<bool> {
        let Some(of) = of else { return Ok(true) };
        let numbers: Vec<String> = of.iter().map(ToString::to_string).collect();
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 AS one FROM ticket WHERE customer_id = $1 AND department_id + 0 IN ({}) LIMIT 1) AS known",
            if numbers.is_empty() { "0".to_owned() } else { numbers.join(", ") }
        );
        Ok(self.number(&sql, [id.get()])? > 0)
    }

    /// How many customers there are, and those of the window, newest first.
    pub fn customers_page(&self, window: Window) -> Result<(i64, Vec<CustomerLine>)> {
        let total = self.row_count(row_count::CUSTOMERS, 0)?;
        let start = self.start_down(row_count::CUSTOMERS, total, window)?;
        let Some(start) = start else { return Ok((total, Vec::new())) };
        let found = self.all(CUSTOMERS, (start.id, window.size, start.skip), |row| {
            Ok(CustomerLine { id: UserId::new(row.get(0)?), fullname: row.get(1)?, email: row.get(2)? })
        })?;
        Ok((total, found))
    }
}

/// What somebody types of an address, with its domain as addresses are stored.
fn with_ascii_domain(typed: &str) -> String {
    typed
        .rsplit_once('@')
        .map_or_else(|| typed.to_owned(), |(local, domain)| format!("{local}@{}", ascii_domain(domain)))
}

impl WriteTx<'_> {
    /// Writes a customer's profile.
    pub fn set_customer_profile(&self, id: UserId, profile: &CustomerProfile<'_>) -> Result<()> {
        self.run(
            "UPDATE customer SET first_name = $1, last_name = $2, mobile = $3, country_code = $4 WHERE id = $5",
            (profile.first_name, profile.last_name, profile.mobile, profile.country_code, id.get()),
        )?;
        self.note_customer_change(id, "profile")
    }

    /// Marks a customer's address as verified; the code's hash stays, so that a second use is known
    /// for what it is.
    pub fn activate(&self, id: UserId, now: Timestamp) -> Result<()> {
        self.run("UPDATE customer SET verified_at = $1, activation_at = 0 WHERE id = $2", (now.unix(), id.get()))?;
        Ok(())
    }

    /// Makes a customer.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the address is in use.
    pub fn add_customer(&self, fullname: &str, email: &EmailAddress, now: Timestamp) -> Result<UserId> {
        self.require_free(email, Purpose::Customer)?;
        let id = self.insert_customer(fullname, email, now)?;
        self.note_set_up(SetUpChange::Added, &format!("customer {id} {email}"))?;
        Ok(id)
    }

    fn insert_customer(&self, fullname: &str, email: &EmailAddress, now: Timestamp) -> Result<UserId> {
        let id = self.insert(
            "INSERT INTO customer (fullname, email, registered_at) VALUES ($1, $2, $3)",
            (fullname, email.as_str(), now.unix()),
        )?;
        Ok(UserId::new(id))
    }

    /// The customer with that address, made if there is none; a new one is named `name`, or after
    /// the address's local part.
    pub fn customer_for(&self, name: &str, email: &EmailAddress, now: Timestamp) -> Result<UserId> {
        if let Some(known) = self.customer_by_email(email.as_str())? {
            return Ok(known.id);
        }
        let name = if name.trim().is_empty() { email.local_part() } else { name.trim() };
        let name: String = name.chars().take(FULLNAME_CHARS_MAX).collect();
        // The event of the ticket that opens tells of them.
        self.insert_customer(&name, email, now)
    }

    /// Changes a customer's address or name; says whether there is such a customer. Another address
    /// is not verified, and a code mailed to the old one confirms nothing any more.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the address is in use.
    pub fn update_customer(&self, id: UserId, fullname: Option<&str>, email: Option<&EmailAddress>) -> Result<bool> {
        if let (Some(email), Some(own)) = (email, self.customer(id)?)
            && !own.email.eq_ignore_ascii_case(email.as_str())
        {
            self.require_free(email, Purpose::Customer)?;
        }
        let changed = self.run(
            "UPDATE customer SET fullname = coalesce($1, fullname), email = coalesce($2, email), \
             verified_at = CASE WHEN email <> coalesce($2, email) THEN 0 ELSE verified_at END, \
             activation_hash = CASE WHEN email <> coalesce($2, email) THEN $3 ELSE activation_hash END WHERE id = $4",
            (fullname, email.map(EmailAddress::as_str), &[][..] as &[u8], id.get()),
        )?;
        if changed > 0 {
            self.note_customer_change(id, "account")?;
        }
        Ok(changed > 0)
    }

    fn note_customer_change(&self, id: UserId, what: &str) -> Result<()> {
        let email = self.customer(id)?.map(|customer| customer.email).unwrap_or_default();
        self.note_set_up(SetUpChange::Changed, &format!("customer {id} {email}: {what}"))
    }

    /// Blocks a customer, which ends their sessions, or lets them in again.
    pub(crate) fn block_customer(&self, id: UserId, is_blocked: bool) -> Result<()> {
        self.run("UPDATE customer SET is_active = $1 WHERE id = $2", (!is_blocked, id.get()))?;
        if is_blocked {
            self.end_sessions_of_customer(id)?;
        }
        self.note_customer_change(id, if is_blocked { "blocked" } else { "let in again" })
    }

    /// Gives a customer another password, as its hash, which ends their sessions.
    pub(crate) fn set_customer_password(&self, id: UserId, hash: &str) -> Result<()> {
        self.run("UPDATE customer SET password_hash = $1 WHERE id = $2", (hash, id.get()))?;
        self.run("DELETE FROM session WHERE customer_id = $1", [id.get()])?;
        self.note_customer_change(id, "password")
    }

    /// Replaces the hash of a password that was right by a better one of the same.
    pub(crate) fn rehash_customer_password(&self, id: UserId, hash: &str) -> Result<()> {
        self.run("UPDATE customer SET password_hash = $1 WHERE id = $2", (hash, id.get()))?;
        Ok(())
    }

    /// Sets a customer's language and time zone.
    pub(crate) fn set_customer_preferences(&self, id: UserId, locale: &str, timezone: &str) -> Result<()> {
        self.run("UPDATE customer SET locale = $1, timezone = $2 WHERE id = $3", (locale, timezone, id.get()))?;
        self.note_customer_change(id, "profile")
    }

    /// Opens an activation for a customer: what is kept is SHA-256 of the code that is mailed.
    pub fn set_activation(&self, customer: UserId, code_sha256: &Sha256Bytes, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE customer SET activation_hash = $1, activation_at = $2 WHERE id = $3",
            (&code_sha256[..], now.unix(), customer.get()),
        )?;
        Ok(())
    }
}

impl TicketRows<'_> {
    /// Removes a customer with their tickets; says whether there was one.
    pub fn remove_customer(&self, id: UserId) -> Result<bool> {
        if let Some(gone) = self.customer(id)? {
            self.note_set_up(SetUpChange::Removed, &format!("customer {id} {}", gone.email))?;
        }
        Ok(self.run("DELETE FROM customer WHERE id = $1", [id.get()])? > 0)
    }

    /// Gives everything of one customer to another and removes the first. Answers in the tickets that
    /// move go on to the address they went to.
    pub fn merge_customers(&self, from: &Customer, into: &Customer) -> Result<()> {
        let (source, target) = (from.id.get(), into.id.get());
        self.run(
            "UPDATE ticket SET customer_id = $1, reply_to = CASE WHEN reply_to = '' THEN $2 ELSE reply_to END \
             WHERE customer_id = $3",
            (target, &from.email, source),
        )?;
        self.run("UPDATE message SET customer_id = $1 WHERE customer_id = $2 AND customer_id > 0", (target, source))?;
        self.run(
            "UPDATE customer SET mobile = CASE WHEN mobile = '' THEN $1 ELSE mobile END, \
             country_code = CASE WHEN country_code = '' THEN $2 ELSE country_code END, \
             registered_at = CASE WHEN registered_at > $3 THEN $3 ELSE registered_at END WHERE id = $4",
            (&from.mobile, &from.country_code, from.registered_at.unix(), target),
        )?;
        self.run("DELETE FROM customer WHERE id = $1", [source])?;
        let what = format!("customer {source} {}: merged into {target} {}", from.email, into.email);
        self.note_set_up(SetUpChange::Removed, &what)
    }
}
