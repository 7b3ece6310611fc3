//! Customers and staff as imported: with ids, hashes and dates of their own.

use super::Placed;
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, StaffId, Timestamp, UserId};
use crate::store::{ReadTx, Result, WriteTx};

/// A customer with their id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql, where each is explained
pub struct ImportedCustomer {
    pub id: i64,
    pub fullname: String,
    pub email: String,
    pub password_hash: String,
    pub is_active: bool,
    pub registered_at: Timestamp,
    pub timezone: String,
}

/// What became of a customer to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PlacedCustomer {
    /// They were added.
    Added,
    /// They were there already.
    Known,
    /// They have the address of the customer with this lower id, who replaces both.
    MergedInto(UserId),
    /// They were added, and the customer with this higher id and the same address was merged into them.
    TookIn(UserId),
    /// Another customer has their id.
    Taken,
}

/// A staff member with their id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedStaff {
    pub id: i64,
    pub username: String,
    pub fullname: String,
    pub email: String,
    pub password_hash: String,
    pub role: StaffRole,
    pub is_active: bool,
    pub registered_at: Timestamp,
    pub login_at: Timestamp,
    pub last_login_at: Timestamp,
    pub timezone: String,
    pub signature: String,
    pub totp_secret: String,
    pub departments: Vec<i64>,
}

impl ReadTx<'_> {
    /// How many customers and tickets there are.
    pub fn customers_and_tickets(&self) -> Result<(i64, i64)> {
        use crate::store::row_count::{CUSTOMERS, TICKETS};
        Ok((self.row_count(CUSTOMERS, 0)?, self.row_count(TICKETS, 0)?))
    }

    /// Whether there is a customer with that id.
    pub fn has_customer(&self, id: i64) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM customer WHERE id = $1", [id])? > 0)
    }
}

impl WriteTx<'_> {
    /// Adds a customer. Of several with one address the lowest id stays, with its name.
    pub fn place_customer(&self, new: &ImportedCustomer) -> Result<PlacedCustomer> {
        let with_id = self.customer(UserId::new(new.id))?;
        if let Some(known) = &with_id {
            let is_same = known.registered_at == new.registered_at || known.email.eq_ignore_ascii_case(&new.email);
            return Ok(if is_same { PlacedCustomer::Known } else { PlacedCustomer::Taken });
        }
        let mut took_in = None;
        if let Some(other) = self.customer_by_email(&new.email)? {
            if other.id.get() < new.id {
                return Ok(PlacedCustomer::MergedInto(other.id));
            }
            // They get another address until their tickets are handed over.
            self.run(
                "UPDATE customer SET email = 'merged-' || id || '@imported.invalid' WHERE id = $1",
                [other.id.get()],
            )?;
            took_in = Some(other.id);
        }
        self.run(
            "INSERT INTO customer (id, fullname, email, password_hash, is_active, registered_at, timezone) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            (
                new.id,
                &new.fullname,
                &new.email,
                &new.password_hash,
                new.is_active,
                new.registered_at.unix(),
                &new.timezone,
            ),
        )?;
        let Some(other) = took_in else { return Ok(PlacedCustomer::Added) };
        self.run(
            "UPDATE message SET customer_id = $1 WHERE customer_id = $2 AND ticket_id IN \
             (SELECT id FROM ticket WHERE customer_id = $2)",
            (new.id, other.get()),
        )?;
        self.run("UPDATE ticket SET customer_id = $1 WHERE customer_id = $2", (new.id, other.get()))?;
        self.run("DELETE FROM customer WHERE id = $1", [other.get()])?;
        Ok(PlacedCustomer::TookIn(other))
    }

    /// Adds a customer with a free id, or finds the one who has the address.
    pub fn place_customer_elsewhere(&self, new: &ImportedCustomer) -> Result<UserId> {
        if let Some(known) = self.customer_by_email(&new.email)? {
            return Ok(known.id);
        }
        let id = self.insert(
            "INSERT INTO customer (fullname, email, password_hash, is_active, registered_at, timezone) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            (&new.fullname, &new.email, &new.password_hash, new.is_active, new.registered_at.unix(), &new.timezone),
        )?;
        Ok(UserId::new(id))
    }

    /// Gives a staff member another id. No ticket may have the old one.
    pub fn renumber_staff(&self, from: StaffId, to: StaffId) -> Result<()> {
        self.move_staff("$1", (to.get(), from.get()), "n = $2")
    }

    /// Places a staff member.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when another account has the username.
    pub fn place_staff(&self, new: &ImportedStaff) -> Result<Placed> {
        if let Some(known) = self.staff(StaffId::new(new.id))? {
            let is_same =
                known.username.eq_ignore_ascii_case(&new.username) || known.registered_at == new.registered_at;
            return Ok(if is_same { Placed::Known } else { Placed::Taken });
        }
        self.run("INSERT INTO staff (id, username, fullname, email, password_hash, role, is_active, registered_at, login_at, \
             last_login_at, timezone, signature, totp_secret) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
             $11, $12, $13)", (&new.id, &new.username, &new.fullname, &new.email, &new.password_hash, &new.role, &new.is_active, new.registered_at.unix(), new.login_at.unix(), new.last_login_at.unix(), &new.timezone, &new.signature, &new.totp_secret))?;
        let departments: Vec<DepartmentId> = new.departments.iter().copied().map(DepartmentId::new).collect();
        self.set_staff_departments(StaffId::new(new.id), &departments)?;
        Ok(Placed::Added)
    }
}
