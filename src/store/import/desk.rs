//! Departments, priorities, custom fields, addresses and tokens as imported.

use super::{Placed, Precedence};
use crate::domain::{AddressId, DepartmentId, Timestamp};
use crate::store::address::AddressRow;
use crate::store::token::Sha256Bytes;
use crate::store::{ReadTx, Result, WriteTx};

/// A department with its id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql, where each is explained
pub struct ImportedDepartment {
    pub id: i64,
    pub position: i64,
    pub name: String,
    pub is_private: bool,
}

/// A priority with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedPriority {
    pub id: i64,
    pub name: String,
    pub color: String,
}

/// A custom field with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedCustomField {
    pub id: i64,
    pub kind: String,
    pub title: String,
    /// A JSON list of texts.
    pub options: String,
    pub is_required: bool,
    /// A JSON list of department ids; `[]`: all.
    pub departments: String,
    pub position: i64,
}

/// An address of the desk with its id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedAddress {
    pub id: i64,
    pub row: AddressRow,
    pub created_at: Timestamp,
    pub last_update_at: Timestamp,
}

/// A token with its id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedToken {
    pub id: i64,
    pub name: String,
    pub sha256: Sha256Bytes,
    pub permissions: String,
    pub ips: String,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub last_update_at: Timestamp,
}

impl ReadTx<'_> {
    /// Every priority by id; HelpDeskZ's table, empty on a desk that never imported one.
    pub fn priorities(&self) -> Result<Vec<ImportedPriority>> {
        self.all("SELECT id, name, color FROM priority ORDER BY id", [], |row| {
            Ok(ImportedPriority { id: row.get(0)?, name: row.get(1)?, color: row.get(2)? })
        })
    }

    /// Every custom field in HelpDeskZ's order.
    pub fn custom_fields(&self) -> Result<Vec<ImportedCustomField>> {
        self.all(
            "SELECT id, kind, title, options, is_required, departments, position FROM custom_field ORDER BY position, id",
            [],
            |row| {
                Ok(ImportedCustomField {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    title: row.get(2)?,
                    options: row.get(3)?,
                    is_required: row.get(4)?,
                    departments: row.get(5)?,
                    position: row.get(6)?,
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Adds a department; under [`Precedence::Import`] it replaces the one with its id.
    pub fn place_department(&self, new: &ImportedDepartment, precedence: Precedence) -> Result<Placed> {
        let added = self.run(
            "INSERT INTO department (id, position, name, is_private) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            (new.id, new.position, &new.name, new.is_private),
        )?;
        if added > 0 {
            return Ok(Placed::Added);
        }
        if precedence == Precedence::Import {
            let changed = self.run(
                "UPDATE department SET position = $1, name = $2, is_private = $3 \
                 WHERE id = $4 AND (position <> $1 OR name <> $2 OR is_private <> $3)",
                (new.position, &new.name, new.is_private, new.id),
            )?;
            return Ok(if changed > 0 { Placed::Added } else { Placed::Known });
        }
        Ok(Placed::Known)
    }

    /// Places a priority.
    pub fn place_priority(&self, new: &ImportedPriority) -> Result<Placed> {
        let added = self.run(
            "INSERT INTO priority (id, name, color) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            (new.id, &new.name, &new.color),
        )?;
        Ok(if added > 0 { Placed::Added } else { Placed::Known })
    }

    /// Places a custom field.
    pub fn place_custom_field(&self, new: &ImportedCustomField) -> Result<Placed> {
        let added = self.run(
            "INSERT INTO custom_field (id, kind, title, options, is_required, departments, position) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            (new.id, &new.kind, &new.title, &new.options, new.is_required, &new.departments, new.position),
        )?;
        Ok(if added > 0 { Placed::Added } else { Placed::Known })
    }

    /// Adds an address. One that the desk has already stays as it is; if the id is taken, the next free one is used.
    pub fn place_address(&self, new: &ImportedAddress) -> Result<(Placed, AddressId)> {
        let row = &new.row;
        if let Some((id, _)) = self.address_by_name(&row.email)? {
            return Ok((if id.get() == new.id { Placed::Known } else { Placed::Taken }, id));
        }
        let is_default = row.is_default && !self.desk_addresses()?.iter().any(|address| address.is_default);
        let is_free = self.number("SELECT count(*) FROM address WHERE id = $1", [new.id])? == 0;
        let id = if is_free { new.id } else { self.number("SELECT max(id) + 1 FROM address", [])? };
        self.insert(
            "INSERT INTO address (id, email, name, department_id, is_default, created_at, last_update_at, incoming, \
             imap_host, imap_port, imap_user, imap_password_file, imap_tls, outgoing, smtp_host, smtp_port, smtp_user, \
             smtp_password_file, smtp_tls) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
             $11, $12, $13, $14, $15, $16, $17, \
             $18, $19)",
            (
                id,
                &row.email,
                &row.name,
                row.department.map(DepartmentId::get),
                is_default,
                new.created_at.unix(),
                new.last_update_at.unix(),
                &row.incoming,
                &row.imap_host,
                &row.imap_port,
                &row.imap_user,
                &row.imap_password_file,
                &row.imap_tls,
                &row.outgoing,
                &row.smtp_host,
                &row.smtp_port,
                &row.smtp_user,
                &row.smtp_password_file,
                &row.smtp_tls,
            ),
        )?;
        for (position, folder) in row.imap_folders.iter().enumerate() {
            self.run(
                "INSERT INTO imap_folder (address_id, name, position) VALUES ($1, $2, $3)",
                (id, folder, i64::try_from(position).unwrap_or(i64::MAX)),
            )?;
        }
        Ok((Placed::Added, AddressId::new(id)))
    }

    /// Places a token.
    pub fn place_token(&self, new: &ImportedToken) -> Result<Placed> {
        if let Some(known) = self.token_by_hash(&new.sha256)? {
            return Ok(if known.id.get() == new.id { Placed::Known } else { Placed::Taken });
        }
        let added = self.run(
            "INSERT INTO token (id, name, sha256, permissions, ips, is_active, created_at, last_update_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            (
                new.id,
                &new.name,
                &new.sha256[..],
                &new.permissions,
                &new.ips,
                new.is_active,
                new.created_at.unix(),
                new.last_update_at.unix(),
            ),
        )?;
        Ok(if added > 0 { Placed::Added } else { Placed::Taken })
    }
}
