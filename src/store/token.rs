//! API tokens, staff logins and the answers kept for Idempotency-Keys.
//!
//! Secrets are compared elsewhere: what lies here is hashes, counters and a log.

use rusqlite::Row;

use super::{ReadTx, Result, WriteTx};
use crate::domain::{StaffId, Timestamp, TokenId, UserId, Window};

/// SHA-256 of something.
pub type Sha256Bytes = [u8; 32];

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

/// What checking a staff member's login needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Id.
    pub staff: StaffId,
    /// Argon2id, bcrypt or SHA-1 hex; empty = no login.
    pub password_hash: String,
    /// Whether the account is active and may log in.
    pub may_log_in: bool,
    /// Base32 secret of the second factor; empty = off.
    pub totp_secret: String,
    /// The last time step whose code was used.
    pub totp_last_step: i64,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("staff", &self.staff).finish_non_exhaustive()
    }
}

/// One try to log in, for the log.
#[derive(Clone, Copy, Debug)]
pub struct LoginTry<'a> {
    /// The account, if there is one of that name.
    pub staff: Option<StaffId>,
    /// The name given, of an account or not.
    pub username: &'a str,
    /// The end user's address.
    pub ip: &'a str,
    /// Whether it worked.
    pub is_success: bool,
}

/// What a successful login writes on the account.
#[derive(Clone, Copy, Debug)]
pub struct LoginNotes<'a> {
    /// A better hash of the same password.
    pub new_hash: Option<&'a str>,
    /// The time step of the second factor's code.
    pub totp_step: Option<i64>,
}

/// What an Idempotency-Key belongs to.
#[derive(Clone, Copy, Debug)]
pub struct KeyPlace<'a> {
    /// The token that sent it.
    pub token: TokenId,
    /// The request's method.
    pub method: &'a str,
    /// The request's path.
    pub path: &'a str,
    /// The key itself.
    pub key: &'a str,
}

/// The answer given to the first request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// SHA-256 of what was asked.
    pub body_sha256: Sha256Bytes,
    /// HTTP status.
    pub status: u16,
    /// The JSON.
    pub body: String,
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
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

/// Tokens.
impl ReadTx<'_> {
    /// The token with that hash.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn token_by_hash(&self, sha256: &Sha256Bytes) -> Result<Option<Token>> {
        self.one(
            "SELECT id, name, sha256, permissions, ips, is_active, created_at, last_update_at, last_used_at \
             FROM token WHERE sha256 = $1",
            [&sha256[..]],
            token,
        )
    }

    /// The token with that id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn token(&self, id: TokenId) -> Result<Option<Token>> {
        self.one(
            "SELECT id, name, sha256, permissions, ips, is_active, created_at, last_update_at, last_used_at \
             FROM token WHERE id = $1",
            [id.get()],
            token,
        )
    }

    /// Every token by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        self.all(
            "SELECT id, name, sha256, permissions, ips, is_active, created_at, last_update_at, last_used_at \
             FROM token ORDER BY id",
            [],
            token,
        )
    }
}

/// Logins and kept answers.
impl ReadTx<'_> {
    /// What checking a login under that name (without case) needs.
    ///
    /// # Errors
    /// Those of the database.
    pub fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
        self.one(
            "SELECT id, password_hash, is_active = 1 AND has_login = 1, totp_secret, totp_last_step \
             FROM staff WHERE username = $1",
            [username],
            |row| {
                Ok(Credentials {
                    staff: StaffId::new(row.get(0)?),
                    password_hash: row.get(1)?,
                    may_log_in: row.get(2)?,
                    totp_secret: row.get(3)?,
                    totp_last_step: row.get(4)?,
                })
            },
        )
    }

    /// Every stored hash of a password: how slow the slowest is decides when failures are answered.
    ///
    /// # Errors
    /// Those of the database.
    pub fn password_hashes(&self) -> Result<Vec<String>> {
        self.all("SELECT password_hash FROM staff", [], |row| row.get(0))
    }

    /// Failures counted for an end user's address, if its last one is of that time.
    ///
    /// # Errors
    /// Those of the database.
    pub fn login_attempts(&self, ip: &str, within: Window) -> Result<i64> {
        self.number(
            "SELECT attempts FROM login_attempt WHERE ip = $1 AND last_at > $2 AND last_at <= $3",
            (ip, within.since.unix(), within.until.unix()),
        )
    }

    /// Failures under a name from every address in that time, counted up to `max`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn failed_logins(&self, username: &str, within: Window, max: i64) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM (SELECT 1 FROM login_log WHERE username = $1 AND is_success = 0 AND at > $2 \
             AND at <= $3 LIMIT $4)",
            (username, within.since.unix(), within.until.unix(), max),
        )
    }

    /// The answer kept for a key since then. One that is dated later than now holds too: it was given, by a
    /// clock that was ahead, and to give another would do the work twice.
    ///
    /// # Errors
    /// Those of the database.
    pub fn kept_answer(&self, place: &KeyPlace<'_>, since: Timestamp) -> Result<Option<KeptAnswer>> {
        self.one(
            "SELECT body_sha256, status, body FROM idempotency \
             WHERE token_id = $1 AND method = $2 AND path = $3 AND key = $4 AND created_at > $5",
            (place.token.get(), place.method, place.path, place.key, since.unix()),
            |row| Ok(KeptAnswer { body_sha256: row.get(0)?, status: row.get(1)?, body: row.get(2)? }),
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
        Ok(TokenId::new(id))
    }

    /// Changes a token; says whether there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn update_token(&self, id: TokenId, change: &TokenChange<'_>, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE token SET name = coalesce($1, name), permissions = coalesce($2, permissions), \
             ips = coalesce($3, ips), is_active = coalesce($4, is_active), last_update_at = $5 WHERE id = $6",
            (change.name, change.permissions, change.ips, change.is_active, now.unix(), id.get()),
        )?;
        Ok(changed > 0)
    }

    /// Removes a token; it stops working at once. Says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn revoke_token(&self, id: TokenId) -> Result<bool> {
        Ok(self.run("DELETE FROM token WHERE id = $1", [id.get()])? > 0)
    }

    /// Notes when a token was used.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_token_use(&self, id: TokenId, at: Timestamp) -> Result<()> {
        self.run("UPDATE token SET last_used_at = max(last_used_at, $1) WHERE id = $2", (at.unix(), id.get()))?;
        Ok(())
    }

    /// Opens an activation for a customer: what is kept is SHA-256 of the code that is mailed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_activation(&self, customer: UserId, code_sha256: &Sha256Bytes, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE customer SET activation_hash = $1, activation_at = $2 WHERE id = $3",
            (&code_sha256[..], now.unix(), customer.get()),
        )?;
        Ok(())
    }

    /// Sets the number of failures counted for an end user's address.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_login_attempts(&self, ip: &str, attempts: i64, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO login_attempt (ip, attempts, last_at) VALUES ($1, $2, $3) \
             ON CONFLICT (ip) DO UPDATE SET attempts = excluded.attempts, last_at = excluded.last_at",
            (ip, attempts, now.unix()),
        )?;
        Ok(())
    }

    /// Forgets the failures counted for an end user's address.
    ///
    /// # Errors
    /// Those of the database.
    pub fn clear_login_attempts(&self, ip: &str) -> Result<()> {
        self.run("DELETE FROM login_attempt WHERE ip = $1", [ip])?;
        Ok(())
    }

    /// Writes a try into the login log.
    ///
    /// # Errors
    /// Those of the database.
    pub fn log_login(&self, tried: &LoginTry<'_>, agent: &str, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO login_log (at, staff_id, username, ip, agent, is_success) VALUES ($1, $2, $3, $4, $5, $6)",
            (now.unix(), tried.staff.map_or(0, StaffId::get), tried.username, tried.ip, agent, tried.is_success),
        )?;
        Ok(())
    }

    /// Writes a login on the account: HelpDeskZ keeps this one's time and the one before.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff_logged_in(&self, id: StaffId, notes: &LoginNotes<'_>, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE staff SET last_login_at = CASE WHEN login_at = 0 THEN $1 ELSE login_at END, login_at = $1, \
             password_hash = coalesce($2, password_hash), totp_last_step = coalesce($3, totp_last_step) WHERE id = $4",
            (now.unix(), notes.new_hash, notes.totp_step, id.get()),
        )?;
        Ok(())
    }

    /// Keeps the answer given to the first request with a key.
    ///
    /// # Errors
    /// Those of the database.
    pub fn keep_answer(&self, place: &KeyPlace<'_>, answer: &KeptAnswer, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO idempotency (token_id, method, path, key, body_sha256, status, body, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (token_id, method, path, key) DO UPDATE SET body_sha256 = excluded.body_sha256, \
             status = excluded.status, body = excluded.body, created_at = excluded.created_at",
            (
                place.token.get(),
                place.method,
                place.path,
                place.key,
                &answer.body_sha256[..],
                answer.status,
                &answer.body,
                now.unix(),
            ),
        )?;
        Ok(())
    }

    /// Forgets kept answers and counted failures older than that, and failures that are dated later than now.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_keys(&self, answers_before: Timestamp, attempts: Window) -> Result<()> {
        self.run("DELETE FROM idempotency WHERE created_at < $1", [answers_before.unix()])?;
        let (since, until) = (attempts.since.unix(), attempts.until.unix());
        self.run("DELETE FROM login_attempt WHERE last_at < $1 OR last_at > $2", (since, until))?;
        Ok(())
    }
}
