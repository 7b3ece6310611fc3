//! The desk's own mail addresses: the department of each, how its mail comes in and goes out, and each as a sender.

use std::ops::ControlFlow;

use super::{Error, ReadTx, Result, WriteTx};
use crate::domain::desk_address::{Auth, ImapAfter, Incoming, Outgoing, Tls};
use crate::domain::{AddressId, DepartmentId, DeskSecret, EmailAddress, SetUpChange, Timestamp, comparable_address};
use crate::store::address_use::Purpose;
use crate::store::engine::Row;

/// One of the desk's own addresses, as far as mail that comes and goes needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskAddress {
    /// Id.
    pub id: AddressId,
    /// The address.
    pub email: String,
    /// The name in From.
    pub name: String,
    /// `None` when its department was the last one and was removed.
    pub department: Option<DepartmentId>,
    /// Mail to unknown addresses goes to this one's department, and it sends for departments without an address.
    pub is_default: bool,
    /// How mail leaves by it.
    pub outgoing: Outgoing,
    /// A plus-addressed test mail came back, so Reply-To may be a plus-address.
    pub has_plus: bool,
}

impl DeskAddress {
    /// Whether mail leaves by this address at all.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.outgoing != Outgoing::None
    }
}

/// What a desk is known by.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its addresses, by id.
    pub addresses: Vec<DeskAddress>,
    /// What it signs with.
    pub secret: DeskSecret,
}

/// Everything about one address except its id. Ports are TCP ports; passwords stay in the files named.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql, where each is explained
pub struct AddressRow {
    pub email: String,
    pub name: String,
    pub department: Option<DepartmentId>,
    pub is_default: bool,
    pub incoming: Incoming,
    pub imap_host: String,
    pub imap_port: u16,
    pub imap_user: String,
    pub imap_password_file: String,
    pub imap_tls: Tls,
    pub imap_after: ImapAfter,
    pub imap_auth: Auth,
    pub imap_folders: Vec<String>,
    pub imap_options: String,
    pub outgoing: Outgoing,
    pub smtp_host: String,
    pub smtp_port: u16,
    pub smtp_user: String,
    pub smtp_password_file: String,
    pub smtp_tls: Tls,
    pub outgoing_dir: String,
    pub signature: String,
}

impl AddressRow {
    /// An address with every setting at its default and no department.
    #[must_use]
    pub fn new(email: &str, name: &str) -> Self {
        Self {
            email: email.to_owned(),
            name: name.to_owned(),
            department: None,
            is_default: false,
            incoming: Incoming::None,
            imap_host: String::new(),
            imap_port: 993,
            imap_user: String::new(),
            imap_password_file: String::new(),
            imap_tls: Tls::Implicit,
            imap_after: ImapAfter::Seen,
            imap_auth: Auth::Password,
            imap_folders: Vec::new(),
            imap_options: "{}".to_owned(),
            outgoing: Outgoing::None,
            smtp_host: String::new(),
            smtp_port: 587,
            smtp_user: String::new(),
            smtp_password_file: String::new(),
            smtp_tls: Tls::Starttls,
            outgoing_dir: String::new(),
            signature: String::new(),
        }
    }
}

const COLUMNS: &str = "email, name, department_id, is_default, incoming, imap_host, imap_port, imap_user, \
     imap_password_file, imap_tls, imap_after, imap_auth, outgoing, smtp_host, smtp_port, smtp_user, \
     smtp_password_file, smtp_tls, outgoing_dir, id, imap_options, signature";

fn address(row: &Row<'_>) -> Result<(AddressId, AddressRow)> {
    let found = AddressRow {
        email: row.get(0)?,
        name: row.get(1)?,
        department: row.get::<Option<i64>>(2)?.map(DepartmentId::new),
        is_default: row.get(3)?,
        incoming: row.get(4)?,
        imap_host: row.get(5)?,
        imap_port: row.get(6)?,
        imap_user: row.get(7)?,
        imap_password_file: row.get(8)?,
        imap_tls: row.get(9)?,
        imap_after: ImapAfter::of_column(&row.get::<String>(10)?),
        imap_auth: row.get(11)?,
        imap_folders: Vec::new(),
        imap_options: row.get(20)?,
        outgoing: row.get(12)?,
        smtp_host: row.get(13)?,
        smtp_port: row.get(14)?,
        smtp_user: row.get(15)?,
        smtp_password_file: row.get(16)?,
        smtp_tls: row.get(17)?,
        outgoing_dir: row.get(18)?,
        signature: row.get(21)?,
    };
    Ok((AddressId::new(row.get(19)?), found))
}

fn desk_address(row: &Row<'_>, id: AddressId) -> Result<DeskAddress> {
    Ok(DeskAddress {
        id,
        email: row.get(1)?,
        name: row.get(2)?,
        department: row.get::<Option<i64>>(3)?.map(DepartmentId::new),
        is_default: row.get(4)?,
        outgoing: row.get(5)?,
        has_plus: row.get(6)?,
    })
}

impl ReadTx<'_> {
    /// Every address of the desk, by id. A desk has a handful, so the whole table is read.
    pub fn desk_addresses(&self) -> Result<Vec<DeskAddress>> {
        self.all(
            "SELECT id, email, name, department_id, is_default, outgoing, plus_seen_at > 0 FROM address ORDER BY id",
            [],
            |row| desk_address(row, AddressId::new(row.get(0)?)),
        )
    }

    /// Whether an address is one of the desk's own, with or without a `+suffix`.
    pub fn is_own_address(&self, email: &EmailAddress) -> Result<bool> {
        let own = self.desk_addresses()?;
        let is_own = |email: &EmailAddress| own.iter().any(|own| own.email.eq_ignore_ascii_case(email.as_str()));
        Ok(is_own(email) || email.split_subaddress().any(|(base, _)| is_own(&base)))
    }

    /// Every address, and the desk's secret, in one answer.
    pub fn identity(&self) -> Result<Identity> {
        let (mut addresses, mut secret) = (Vec::new(), None);
        self.each(
            "SELECT address.id, email, name, department_id, is_default, outgoing, plus_seen_at > 0, desk.secret \
             FROM desk LEFT JOIN address ON 1 = 1 WHERE desk.id = 1 ORDER BY address.id",
            [],
            |row| {
                if secret.is_none() {
                    secret = Some(DeskSecret::new(row.get(7)?));
                }
                if let Some(id) = row.get::<Option<i64>>(0)? {
                    addresses.push(desk_address(row, AddressId::new(id))?);
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let secret = secret.ok_or_else(|| Error::Corrupt("the desk row is missing".to_owned()))?;
        Ok(Identity { addresses, secret })
    }

    /// What an address puts under answers, as typed; empty for nothing.
    pub fn address_signature(&self, id: AddressId) -> Result<String> {
        let found = self.one("SELECT signature FROM address WHERE id = $1", [id.get()], |row| row.get(0))?;
        Ok(found.unwrap_or_default())
    }

    /// Every address with all its settings, by id.
    pub fn addresses(&self) -> Result<Vec<(AddressId, AddressRow)>> {
        let mut found = self.all(&format!("SELECT {COLUMNS} FROM address ORDER BY id"), [], address)?;
        for (id, row) in &mut found {
            row.imap_folders = self.imap_folders(*id)?;
        }
        Ok(found)
    }

    /// The address with that text, without case, or with that id.
    pub fn address_by_name(&self, name: &str) -> Result<Option<(AddressId, AddressRow)>> {
        let id: i64 = name.parse().unwrap_or(0);
        let found = self.one(
            &format!("SELECT {COLUMNS} FROM address WHERE email = $1 OR id = $2"),
            (comparable_address(name), id),
            address,
        )?;
        let Some((id, mut row)) = found else { return Ok(None) };
        row.imap_folders = self.imap_folders(id)?;
        Ok(Some((id, row)))
    }

    fn imap_folders(&self, id: AddressId) -> Result<Vec<String>> {
        self.all("SELECT name FROM imap_folder WHERE address_id = $1 ORDER BY position", [id.get()], |row| row.get(0))
    }
}

impl WriteTx<'_> {
    /// Adds an address; a new default takes the place of the old one.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the address is there already.
    pub fn add_address(&self, new: &AddressRow, now: Timestamp) -> Result<AddressId> {
        self.require_free_for_desk(&new.email)?;
        if new.is_default {
            self.run("UPDATE address SET is_default = 0 WHERE is_default = 1", [])?;
        }
        let id = self.insert(
            "INSERT INTO address (email, name, department_id, is_default, created_at, last_update_at) \
             VALUES ($1, $2, $3, $4, $5, $5)",
            (&new.email, &new.name, new.department.map(DepartmentId::get), new.is_default, now.unix()),
        )?;
        let id = AddressId::new(id);
        self.write_address(id, new, now)?;
        self.note_set_up(SetUpChange::Added, &format!("address {id} {}", new.email))?;
        Ok(id)
    }

    /// Writes every setting of an address; says whether there is such an address.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when another one has the new address.
    pub fn update_address(&self, id: AddressId, row: &AddressRow, now: Timestamp) -> Result<bool> {
        if !self.desk_addresses()?.iter().any(|own| own.id == id && own.email.eq_ignore_ascii_case(&row.email)) {
            self.require_free_for_desk(&row.email)?;
        }
        let is_there = self.write_address(id, row, now)?;
        if is_there {
            self.note_set_up(SetUpChange::Changed, &format!("address {id} {}", row.email))?;
        }
        Ok(is_there)
    }

    /// What is no address has no other use.
    fn require_free_for_desk(&self, email: &str) -> Result<()> {
        email.parse().map_or(Ok(()), |email| self.require_free(&email, Purpose::Desk))
    }

    fn write_address(&self, id: AddressId, row: &AddressRow, now: Timestamp) -> Result<bool> {
        if row.is_default {
            self.run("UPDATE address SET is_default = 0 WHERE is_default = 1 AND id <> $1", [id.get()])?;
        }
        let changed = self.run(
            "UPDATE address SET email = $1, name = $2, department_id = $3, is_default = $4, \
             last_update_at = $5, incoming = $6, imap_host = $7, imap_port = $8, \
             imap_user = $9, imap_password_file = $10, imap_tls = $11, \
             imap_after = $12, imap_auth = $13, imap_options = $14, outgoing = $15, smtp_host = $16, \
             smtp_port = $17, smtp_user = $18, smtp_password_file = $19, \
             smtp_tls = $20, outgoing_dir = $21, signature = $22 WHERE id = $23",
            (
                &row.email,
                &row.name,
                row.department.map(DepartmentId::get),
                &row.is_default,
                now.unix(),
                &row.incoming,
                &row.imap_host,
                &row.imap_port,
                &row.imap_user,
                &row.imap_password_file,
                &row.imap_tls,
                row.imap_after.to_string(),
                &row.imap_auth,
                &row.imap_options,
                &row.outgoing,
                &row.smtp_host,
                &row.smtp_port,
                &row.smtp_user,
                &row.smtp_password_file,
                &row.smtp_tls,
                &row.outgoing_dir,
                &row.signature,
                id.get(),
            ),
        )?;
        self.set_imap_folders(id, &row.imap_folders)?;
        Ok(changed > 0)
    }

    /// Makes `folders` the ones that are fetched; how far a kept one was read stays.
    fn set_imap_folders(&self, id: AddressId, folders: &[String]) -> Result<()> {
        for known in self.imap_folders(id)?.iter().filter(|known| !folders.contains(known)) {
            self.run("DELETE FROM imap_folder WHERE address_id = $1 AND name = $2", (id.get(), known))?;
        }
        for (position, name) in folders.iter().enumerate() {
            self.run(
                "INSERT INTO imap_folder (address_id, name, position) VALUES ($1, $2, $3) \
                 ON CONFLICT (address_id, name) DO UPDATE SET position = excluded.position",
                (id.get(), name, i64::try_from(position).unwrap_or(i64::MAX)),
            )?;
        }
        Ok(())
    }

    /// Removes an address; says whether there was one.
    pub fn remove_address(&self, id: AddressId) -> Result<bool> {
        let found = self.addresses()?.into_iter().find(|(own, _)| *own == id);
        let Some((_, gone)) = found else { return Ok(false) };
        self.note_set_up(SetUpChange::Removed, &format!("address {id} {}", gone.email))?;
        Ok(self.run("DELETE FROM address WHERE id = $1", [id.get()])? > 0)
    }

    /// Notes that mail to the plus-addresses of an address arrives.
    pub fn note_plus_seen(&self, id: AddressId, now: Timestamp) -> Result<()> {
        self.run("UPDATE address SET plus_seen_at = $1 WHERE id = $2 AND plus_seen_at = 0", (now.unix(), id.get()))?;
        Ok(())
    }
}
