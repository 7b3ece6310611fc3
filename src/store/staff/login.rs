//! Staff logins: what checking one needs, the failures counted by address and name, and the log of all tries.
//!
//! Secrets are compared elsewhere: here are only hashes, counters and a log.

use crate::domain::{StaffId, Timestamp, Window};
use crate::store::{ReadTx, Result, WriteTx};

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
    /// The given name, whether an account has it or not.
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

impl ReadTx<'_> {
    /// What checking a login under that name (without case) needs.
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
    pub fn password_hashes(&self) -> Result<Vec<String>> {
        self.all("SELECT password_hash FROM staff", [], |row| row.get(0))
    }

    /// Failures counted for an end user's address, if its last one is of that time.
    pub fn login_attempts(&self, ip: &str, within: Window) -> Result<i64> {
        self.number(
            "SELECT attempts FROM login_attempt WHERE ip = $1 AND last_at > $2 AND last_at <= $3",
            (ip, within.since.unix(), within.until.unix()),
        )
    }

    /// Failures under a name from every address in that time, counted up to `max`.
    pub fn failed_logins(&self, username: &str, within: Window, max: i64) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM (SELECT 1 FROM login_log WHERE username = $1 AND is_success = 0 AND at > $2 \
             AND at <= $3 LIMIT $4) AS failures",
            (username, within.since.unix(), within.until.unix(), max),
        )
    }
}

impl WriteTx<'_> {
    /// Sets the number of failures counted for an end user's address.
    pub fn set_login_attempts(&self, ip: &str, attempts: i64, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO login_attempt (ip, attempts, last_at) VALUES ($1, $2, $3) \
             ON CONFLICT (ip) DO UPDATE SET attempts = excluded.attempts, last_at = excluded.last_at",
            (ip, attempts, now.unix()),
        )?;
        Ok(())
    }

    /// Deletes the failures counted for an end user's address.
    pub fn clear_login_attempts(&self, ip: &str) -> Result<()> {
        self.run("DELETE FROM login_attempt WHERE ip = $1", [ip])?;
        Ok(())
    }

    /// Deletes the failures counted for end users' addresses whose last was not in that time.
    pub fn forget_login_attempts(&self, kept: Window) -> Result<()> {
        let (since, until) = (kept.since.unix(), kept.until.unix());
        self.run("DELETE FROM login_attempt WHERE last_at < $1 OR last_at > $2", (since, until))?;
        Ok(())
    }

    /// Writes a try into the login log.
    pub fn log_login(&self, tried: &LoginTry<'_>, agent: &str, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO login_log (at, staff_id, username, ip, agent, is_success) VALUES ($1, $2, $3, $4, $5, $6)",
            (now.unix(), tried.staff.map_or(0, StaffId::get), tried.username, tried.ip, agent, tried.is_success),
        )?;
        Ok(())
    }

    /// Records a login in the account: HelpDeskZ keeps this one's time and the one before.
    pub fn staff_logged_in(&self, id: StaffId, notes: &LoginNotes<'_>, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE staff SET last_login_at = CASE WHEN login_at = 0 THEN $1 ELSE login_at END, login_at = $1, \
             password_hash = coalesce($2, password_hash), totp_last_step = coalesce($3, totp_last_step) WHERE id = $4",
            (now.unix(), notes.new_hash, notes.totp_step, id.get()),
        )?;
        Ok(())
    }

    /// Deletes tries to log in that are older than that time; says how many. A try that is dated later than now,
    /// because the clock was ahead, does not keep those before it.
    pub fn forget_login_log(&self, kept: Window) -> Result<usize> {
        // Tries are written in the order of time, so the first one to keep ends the search.
        self.run(
            "DELETE FROM login_log WHERE id < coalesce((SELECT id FROM login_log WHERE at >= $1 AND at <= $2 \
             ORDER BY id LIMIT 1), (SELECT max(id) + 1 FROM login_log))",
            (kept.since.unix(), kept.until.unix()),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::Store;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    fn run(store: &Store, sql: &str) {
        store.write(|tx| tx.run(sql, []).map(|_| ())).unwrap();
    }

    #[test]
    fn login_log_is_cut_at_its_first_young_line() {
        let (_dir, store) = desk();
        // The third was written by a clock that was ahead.
        for at in [1, 2, 1_000_000, 5, 6] {
            let line =
                format!("INSERT INTO login_log (at, staff_id, ip, agent, is_success) VALUES ({at}, 0, '', '', 0)");
            run(&store, &line);
        }
        let kept = |since| Window { since: Timestamp::from_unix(since), until: Timestamp::from_unix(10) };
        let forget = |before| store.write(|tx| tx.forget_login_log(kept(before))).unwrap();
        assert_eq!((forget(1), forget(5), forget(5), forget(7), forget(7)), (0, 3, 0, 2, 0));
    }
}
