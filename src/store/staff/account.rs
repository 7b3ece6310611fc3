//! Customers, staff, departments, participants and bans.

use rusqlite::Row;

use crate::domain::staff_role::StaffRole;
use crate::domain::{
    DepartmentId, EmailAddress, StaffId, TicketId, Timestamp, UserId, ascii_domain, comparable_address,
};
use crate::store::ticket::rows::TicketRows;
use crate::store::{ReadTx, Result, WriteTx};

/// Most participants of one ticket beside the customer (mail.md §5).
pub const PARTICIPANTS_MAX: usize = 20;

/// Longest full name kept, in characters (HelpDeskZ's column).
pub const FULLNAME_CHARS_MAX: usize = 250;

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

/// A department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Id.
    pub id: DepartmentId,
    /// Name, as given (unescaped).
    pub name: String,
    /// Not offered to customers.
    pub is_private: bool,
}

/// A staff member, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Id.
    pub id: StaffId,
    /// Login name.
    pub username: String,
    /// Full name, as given (unescaped).
    pub fullname: String,
    /// Address.
    pub email: String,
    /// What the account may do.
    pub role: StaffRole,
    /// May work at all.
    pub is_active: bool,
    /// When the account was made.
    pub registered_at: Timestamp,
    /// Last successful login.
    pub last_login_at: Timestamp,
    /// Whether a second factor is set.
    pub has_totp: bool,
}

/// What it takes to make a staff account.
#[derive(Clone, Debug)]
pub struct NewStaff<'a> {
    /// Login name, unique without case.
    pub username: &'a str,
    /// Full name.
    pub fullname: &'a str,
    /// Address.
    pub email: &'a EmailAddress,
    /// Argon2id hash, or empty for no login yet.
    pub password_hash: &'a str,
    /// What the account may do.
    pub role: StaffRole,
    /// Whether the account may be used.
    pub is_active: bool,
    /// Base32 secret, empty for none.
    pub totp_secret: &'a str,
}

fn customer(row: &Row<'_>) -> rusqlite::Result<Customer> {
    Ok(Customer {
        id: UserId::new(row.get(0)?),
        fullname: row.get(1)?,
        email: row.get(2)?,
        is_active: row.get(3)?,
        registered_at: Timestamp::from_unix(row.get(4)?),
        mobile: row.get(5)?,
        country_code: row.get(6)?,
        verified_at: Timestamp::from_unix(row.get(7)?),
    })
}

fn department(row: &Row<'_>) -> rusqlite::Result<Department> {
    Ok(Department { id: DepartmentId::new(row.get(0)?), name: row.get(1)?, is_private: row.get(2)? })
}

fn staff(row: &Row<'_>) -> rusqlite::Result<Staff> {
    Ok(Staff {
        id: StaffId::new(row.get(0)?),
        username: row.get(1)?,
        fullname: row.get(2)?,
        email: row.get(3)?,
        role: row.get(4)?,
        is_active: row.get(5)?,
        registered_at: Timestamp::from_unix(row.get(6)?),
        last_login_at: Timestamp::from_unix(row.get(7)?),
        has_totp: row.get(8)?,
    })
}

/// Customers.
impl ReadTx<'_> {
    /// The customer with that id.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn customer(&self, id: UserId) -> Result<Option<Customer>> {
        self.one(
            "SELECT id, fullname, email, is_active, registered_at, mobile, country_code, verified_at \
             FROM customer WHERE id = $1",
            [id.get()],
            customer,
        )
    }

    /// The customer with that address, in whatever spelling.
    ///
    /// # Errors
    /// Those of the database.
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
    ///
    /// # Errors
    /// Those of the database.
    pub fn customers_like(&self, search: &str, max: usize) -> Result<Vec<Customer>> {
        let search = search
            .rsplit_once('@')
            .map_or_else(|| search.to_owned(), |(local, domain)| format!("{local}@{}", ascii_domain(domain)));
        self.all(
            "SELECT id, fullname, email, is_active, registered_at, mobile, country_code, verified_at FROM customer \
             WHERE email LIKE $1 ESCAPE '!' OR fullname LIKE $1 ESCAPE '!' ORDER BY id DESC LIMIT $2",
            (crate::store::listing::containing(&search), i64::try_from(max).unwrap_or(i64::MAX)),
            customer,
        )
    }
}

/// Departments, staff, bans.
impl ReadTx<'_> {
    /// Every department in HelpDeskZ's order.
    ///
    /// # Errors
    /// Those of the database.
    pub fn departments(&self) -> Result<Vec<Department>> {
        self.all("SELECT id, name, is_private FROM department ORDER BY position, id", [], department)
    }

    /// The department with that id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn department(&self, id: DepartmentId) -> Result<Option<Department>> {
        self.one("SELECT id, name, is_private FROM department WHERE id = $1", [id.get()], department)
    }

    /// The department that takes what belongs nowhere: the lowest id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lowest_department(&self) -> Result<Option<DepartmentId>> {
        self.one("SELECT id FROM department ORDER BY id LIMIT 1", [], |row| Ok(DepartmentId::new(row.get(0)?)))
    }

    /// The active staff member who has that address, without case.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff_by_email(&self, email: &str) -> Result<Option<Staff>> {
        self.one(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '' \
             FROM staff WHERE email = $1 AND is_active = 1 ORDER BY id LIMIT 1",
            [email],
            staff,
        )
    }

    /// The staff member with that id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff(&self, id: StaffId) -> Result<Option<Staff>> {
        self.one(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '' \
             FROM staff WHERE id = $1",
            [id.get()],
            staff,
        )
    }

    /// The staff member with that login name, without case.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff_by_username(&self, username: &str) -> Result<Option<Staff>> {
        self.one(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '' \
             FROM staff WHERE username = $1",
            [username],
            staff,
        )
    }

    /// Every staff member by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn all_staff(&self) -> Result<Vec<Staff>> {
        self.all(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '' \
             FROM staff ORDER BY id",
            [],
            staff,
        )
    }

    /// The departments a staff member is tied to, by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff_departments(&self, id: StaffId) -> Result<Vec<DepartmentId>> {
        self.all(
            "SELECT department_id FROM staff_department WHERE staff_id = $1 ORDER BY department_id",
            [id.get()],
            |row| Ok(DepartmentId::new(row.get(0)?)),
        )
    }

    /// Whether the address, its domain or a domain above it is banned.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_banned(&self, email: &EmailAddress) -> Result<bool> {
        let domain = email.domain();
        let above = domain.match_indices('.').map(|(at, _)| domain.get(at + 1..).unwrap_or(""));
        for pattern in [email.as_str(), domain].into_iter().chain(above) {
            if self.number("SELECT count(*) FROM ban WHERE pattern = $1", [pattern])? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every ban with when it was made.
    ///
    /// # Errors
    /// Those of the database.
    pub fn bans(&self) -> Result<Vec<(String, Timestamp)>> {
        self.all("SELECT pattern, created_at FROM ban ORDER BY pattern", [], |row| {
            Ok((row.get(0)?, Timestamp::from_unix(row.get(1)?)))
        })
    }

    /// Whether the address belongs to the ticket's customer or to one of its participants.
    ///
    /// # Errors
    /// Those of the database.
    pub fn takes_part(&self, ticket: TicketId, email: &EmailAddress) -> Result<bool> {
        let found = self.number(
            "SELECT EXISTS (SELECT 1 FROM participant WHERE ticket_id = $1 AND email = $2) \
             OR EXISTS (SELECT 1 FROM ticket JOIN customer ON customer.id = ticket.customer_id \
                        WHERE ticket.id = $1 AND (customer.email = $2 OR ticket.reply_to = $2 COLLATE NOCASE))",
            (ticket.get(), email.as_str()),
        )?;
        Ok(found > 0)
    }

    /// The ticket's participants beside the customer: address and name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn participants(&self, ticket: TicketId) -> Result<Vec<(String, String)>> {
        self.all(
            "SELECT email, name FROM participant WHERE ticket_id = $1 ORDER BY added_at, email",
            [ticket.get()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

/// Changes.
impl WriteTx<'_> {
    /// Makes a customer.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the address is in use.
    pub fn add_customer(&self, fullname: &str, email: &EmailAddress, now: Timestamp) -> Result<UserId> {
        let id = self.insert(
            "INSERT INTO customer (fullname, email, registered_at) VALUES ($1, $2, $3)",
            (fullname, email.as_str(), now.unix()),
        )?;
        Ok(UserId::new(id))
    }

    /// The customer with that address, made if there is none; a new one is named `name`, or after
    /// the address's local part.
    ///
    /// # Errors
    /// Those of the database.
    pub fn customer_for(&self, name: &str, email: &EmailAddress, now: Timestamp) -> Result<UserId> {
        if let Some(known) = self.customer_by_email(email.as_str())? {
            return Ok(known.id);
        }
        let name = if name.trim().is_empty() { email.local_part() } else { name.trim() };
        let name: String = name.chars().take(FULLNAME_CHARS_MAX).collect();
        self.add_customer(&name, email, now)
    }

    /// Changes a customer's address or name; says whether there is such a customer. Another address
    /// is not verified, and a code mailed to the old one confirms nothing any more.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the address is in use.
    pub fn update_customer(&self, id: UserId, fullname: Option<&str>, email: Option<&EmailAddress>) -> Result<bool> {
        let changed = self.run(
            "UPDATE customer SET fullname = coalesce($1, fullname), email = coalesce($2, email), \
             verified_at = CASE WHEN email <> coalesce($2, email) THEN 0 ELSE verified_at END, \
             activation_hash = CASE WHEN email <> coalesce($2, email) THEN X'' ELSE activation_hash END WHERE id = $3",
            (fullname, email.map(EmailAddress::as_str), id.get()),
        )?;
        Ok(changed > 0)
    }

    /// Makes a department, placed last.
    ///
    /// # Errors
    /// Those of the database.
    pub fn add_department(&self, name: &str, is_private: bool) -> Result<DepartmentId> {
        let id = self.insert(
            "INSERT INTO department (position, name, is_private) \
             VALUES ((SELECT coalesce(max(position), 0) + 1 FROM department), $1, $2)",
            (name, is_private),
        )?;
        Ok(DepartmentId::new(id))
    }

    /// Renames a department or changes its type; says whether there is such a department.
    ///
    /// # Errors
    /// Those of the database.
    pub fn update_department(&self, id: DepartmentId, name: Option<&str>, is_private: Option<bool>) -> Result<bool> {
        let changed = self.run(
            "UPDATE department SET name = coalesce($1, name), is_private = coalesce($2, is_private) WHERE id = $3",
            (name, is_private, id.get()),
        )?;
        Ok(changed > 0)
    }

    /// Makes a staff account.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the username is in use.
    pub fn add_staff(&self, new: &NewStaff<'_>, departments: &[DepartmentId], now: Timestamp) -> Result<StaffId> {
        let id = self.insert(
            "INSERT INTO staff (username, fullname, email, password_hash, role, is_active, registered_at, totp_secret) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            (
                new.username,
                new.fullname,
                new.email.as_str(),
                new.password_hash,
                new.role,
                new.is_active,
                now.unix(),
                new.totp_secret,
            ),
        )?;
        let id = StaffId::new(id);
        self.set_staff_departments(id, departments)?;
        Ok(id)
    }

    /// Ties a staff member to exactly these departments.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_staff_departments(&self, id: StaffId, departments: &[DepartmentId]) -> Result<()> {
        self.run("DELETE FROM staff_department WHERE staff_id = $1", [id.get()])?;
        for department in departments {
            self.run(
                "INSERT INTO staff_department (staff_id, department_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                (id.get(), department.get()),
            )?;
        }
        Ok(())
    }

    /// Bans an address or a domain; repeating it changes nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub fn ban(&self, pattern: &str, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO ban (pattern, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (pattern, now.unix()),
        )?;
        Ok(())
    }

    /// Lifts a ban; says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lift_ban(&self, pattern: &str) -> Result<bool> {
        Ok(self.run("DELETE FROM ban WHERE pattern = $1", [pattern])? > 0)
    }
}

/// Changes that reach into tickets.
impl TicketRows<'_> {
    /// Removes a customer with his tickets; says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remove_customer(&self, id: UserId) -> Result<bool> {
        Ok(self.run("DELETE FROM customer WHERE id = $1", [id.get()])? > 0)
    }

    /// Removes a department with its tickets; its addresses move to the lowest one left (none left:
    /// their mail is quarantined), its staff links go. Says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remove_department(&self, id: DepartmentId) -> Result<bool> {
        self.run(
            "UPDATE address SET department_id = (SELECT min(id) FROM department WHERE id <> $1) WHERE department_id = $1",
            [id.get()],
        )?;
        Ok(self.run("DELETE FROM department WHERE id = $1", [id.get()])? > 0)
    }

    /// Adds a participant unless the ticket has [`PARTICIPANTS_MAX`]; says whether he takes part now.
    ///
    /// # Errors
    /// Those of the database.
    pub fn add_participant(&self, ticket: TicketId, name: &str, email: &EmailAddress, now: Timestamp) -> Result<bool> {
        self.run(
            "INSERT INTO participant (ticket_id, email, name, added_at) SELECT $1, $2, $3, $4 \
             WHERE (SELECT count(*) FROM participant WHERE ticket_id = $1) < $5 ON CONFLICT DO NOTHING",
            (ticket.get(), email.as_str(), name, now.unix(), i64::try_from(PARTICIPANTS_MAX).unwrap_or(i64::MAX)),
        )?;
        self.takes_part(ticket, email)
    }
}
