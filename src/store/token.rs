//! API tokens. Secrets are compared elsewhere: here are only their hashes and what each token may do.

use super::{ReadTx, Result, WriteTx};
use crate::domain::{SetUpChange, Timestamp, TokenId};
use crate::store::engine::Row;

/// SHA-256 of something.
pub(crate) type Sha256Bytes = [u8; 32];

/// An API token's row. The token itself is stored nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Id.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the token.
    pub sha256: Sha256Bytes,
    /// `*`, or `group/action` words with spaces between them; empty: nothing is allowed.
    pub permissions: String,
    /// Addresses and patterns, comma-separated; empty = any.
    pub ips: String,
    /// Whether it may be used.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub last_update_at: Timestamp,
    /// When it was used last, to the minute; 0 never.
    pub last_used_at: Timestamp,
}

/// What it takes to make a token.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// What people call it.
    pub name: &'a str,
    /// SHA-256 of the token.
    pub sha256: &'a Sha256Bytes,
    /// See [`Token::permissions`].
    pub permissions: &'a str,
    /// See [`Token::ips`].
    pub ips: &'a str,
    /// Whether it may be used.
    pub is_active: bool,
}

/// What changes about a token; `None` leaves as is.
#[derive(Clone, Debug, Default)]
pub struct TokenChange<'a> {
    /// What people call it.
    pub name: Option<&'a str>,
    /// See [`Token::permissions`].
    pub permissions: Option<&'a str>,
    /// See [`Token::ips`].
    pub ips: Option<&'a str>,
    /// Whether it may be used.
    pub is_active: Option<bool>,
}

fn token(row: &Row<'_>) -> Result<Token> {
    Ok(Token {
        id: TokenId::new(row.get(0)?),
        name: row.get(1)?,
        sha256: row.get(2)?,
        permissions: row.get(3)?,
        ips: row.get(4)?,
        is_active: row.get(5)?,
        created_at: Timestamp::from_unix(row.get(6)?),
        last_update_at: Timestamp::from_unix(row.get(7)?),
        last_used_at: Timestamp::from_unix(row.get(8)?),
    })
}

impl ReadTx<'_> {
    /// The token with that hash.
    pub fn token_by_hash(&self, sha256: &Sha256Bytes) -> Result<Option<Token>> {
        self.one(
            "SELECT id, name, sha256, permissions, ips, is_active, created_at, last_update_at, last_used_at \
             FROM token WHERE sha256 = $1",
            [&sha256[..]],
            token,
        )
    }

    /// The token with that id.
    pub fn token(&self, id: TokenId) -> Result<Option<Token>> {
        self.one(
            "SELECT id, name, sha256, permissions, ips, is_active, created_at, last_update_at, last_used_at \
             FROM token WHERE id = $1",
            [id.get()],
            token,
        )
    }

    /// Every token by id.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        self.all(
            "SELECT id, name, sha256, permissions, ips, is_active, created_at, last_update_at, last_used_at \
             FROM token ORDER BY id",
            [],
            token,
        )
    }
}

/// Changes.
impl WriteTx<'_> {
    /// Makes a token.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the same token exists.
    pub fn add_token(&self, new: &NewToken<'_>, now: Timestamp) -> Result<TokenId> {
        let id = self.insert(
            "INSERT INTO token (name, sha256, permissions, ips, is_active, created_at, last_update_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
            (new.name, &new.sha256[..], new.permissions, new.ips, new.is_active, now.unix()),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("token {id} {}", new.name))?;
        Ok(TokenId::new(id))
    }

    /// Changes a token; says whether there is one.
    pub fn update_token(&self, id: TokenId, change: &TokenChange<'_>, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE token SET name = coalesce($1, name), permissions = coalesce($2, permissions), \
             ips = coalesce($3, ips), is_active = coalesce($4, is_active), last_update_at = $5 WHERE id = $6",
            (change.name, change.permissions, change.ips, change.is_active, now.unix(), id.get()),
        )?;
        if let Some(now) = self.token(id)? {
            self.note_set_up(SetUpChange::Changed, &format!("token {id} {}", now.name))?;
        }
        Ok(changed > 0)
    }

    /// Removes a token; it stops working at once. Says whether there was one.
    pub fn revoke_token(&self, id: TokenId) -> Result<bool> {
        if let Some(gone) = self.token(id)? {
            self.note_set_up(SetUpChange::Removed, &format!("token {id} {}", gone.name))?;
        }
        Ok(self.run("DELETE FROM token WHERE id = $1", [id.get()])? > 0)
    }

    /// Notes when a token was used.
    pub fn note_token_use(&self, id: TokenId, at: Timestamp) -> Result<()> {
        self.run("UPDATE token SET last_used_at = $1 WHERE last_used_at < $1 AND id = $2", (at.unix(), id.get()))?;
        Ok(())
    }
}
