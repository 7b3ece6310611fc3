//! Bans: addresses and domains whose mail is dropped.

use super::{ReadTx, Result, WriteTx, places};
use crate::domain::{EmailAddress, SetUpChange, Timestamp};

impl ReadTx<'_> {
    /// Whether the address, its domain or a domain above it is banned.
    pub fn is_banned(&self, email: &EmailAddress) -> Result<bool> {
        let domain = email.domain();
        let above = domain.match_indices('.').map(|(at, _)| domain.get(at + 1..).unwrap_or(""));
        let patterns: Vec<&str> = [email.as_str(), domain].into_iter().chain(above).collect();
        let sql = format!("SELECT count(*) FROM ban WHERE pattern IN ({})", places(1, patterns.len()));
        Ok(self.number(&sql, &patterns[..])? > 0)
    }

    /// Every ban with when it was made.
    pub fn bans(&self) -> Result<Vec<(String, Timestamp)>> {
        self.all("SELECT pattern, created_at FROM ban ORDER BY pattern", [], |row| {
            Ok((row.get(0)?, Timestamp::from_unix(row.get(1)?)))
        })
    }
}

impl WriteTx<'_> {
    /// Bans an address or a domain; repeating it changes nothing.
    pub fn ban(&self, pattern: &str, now: Timestamp) -> Result<()> {
        let added = self.run(
            "INSERT INTO ban (pattern, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (pattern, now.unix()),
        )?;
        if added > 0 { self.note_set_up(SetUpChange::Added, &format!("ban {pattern}")) } else { Ok(()) }
    }

    /// Lifts a ban; says whether there was one.
    pub fn lift_ban(&self, pattern: &str) -> Result<bool> {
        let is_lifted = self.run("DELETE FROM ban WHERE pattern = $1", [pattern])? > 0;
        if is_lifted {
            self.note_set_up(SetUpChange::Removed, &format!("ban {pattern}"))?;
        }
        Ok(is_lifted)
    }
}
