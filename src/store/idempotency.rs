//! The answers kept for Idempotency-Keys.

use super::token::Sha256Bytes;
use super::{ReadTx, Result, WriteTx};
use crate::domain::{Timestamp, TokenId};

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

impl ReadTx<'_> {
    /// The answer kept for a key since then. One that is dated later than now counts too: it was given while the
    /// clock was ahead, and another answer would mean doing the work twice.
    pub fn kept_answer(&self, place: &KeyPlace<'_>, since: Timestamp) -> Result<Option<KeptAnswer>> {
        self.one(
            "SELECT body_sha256, status, body FROM idempotency \
             WHERE token_id = $1 AND method = $2 AND path = $3 AND key = $4 AND created_at > $5",
            (place.token.get(), place.method, place.path, place.key, since.unix()),
            |row| Ok(KeptAnswer { body_sha256: row.get(0)?, status: row.get(1)?, body: row.get(2)? }),
        )
    }
}

impl WriteTx<'_> {
    /// Keeps the answer given to the first request with a key.
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

    /// Deletes kept answers older than that.
    pub fn forget_answers(&self, before: Timestamp) -> Result<()> {
        self.run("DELETE FROM idempotency WHERE created_at < $1", [before.unix()])?;
        Ok(())
    }

    /// Sets kept answers that are dated later than now to now, so that they expire. They are kept until then: without
    /// one, its request would be carried out again.
    pub fn date_kept_answers(&self, now: Timestamp) -> Result<usize> {
        self.run("UPDATE idempotency SET created_at = $1 WHERE created_at > $1", [now.unix()])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {

    use super::*;
    use crate::store::Store;

    use crate::store::token::NewToken;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const LATER: Timestamp = NOW.plus_s(365 * Timestamp::DAY_S);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    #[test]
    fn kept_answers_of_the_future_hold_and_age_from_now_on() {
        let (_dir, store) = desk();
        let token = NewToken { name: "t", sha256: &[7; 32], permissions: "*", ips: "", is_active: true };
        let token = store.write(|tx| tx.add_token(&token, NOW)).unwrap();
        let place = KeyPlace { token, method: "POST", path: "/api/tickets/create", key: "k" };
        let answer = KeptAnswer { body_sha256: [7; 32], status: 200, body: "{}".to_owned() };
        let kept = |since| store.read(|tx| tx.kept_answer(&place, since)).unwrap().is_some();
        store.write(|tx| tx.keep_answer(&place, &answer, LATER)).unwrap();
        assert!(kept(NOW.plus_s(-60)), "the request was carried out");
        let tidy = |now: Timestamp| {
            store.write(|tx| {
                tx.date_kept_answers(now)?;
                tx.forget_answers(now.plus_s(-60))
            })
        };
        tidy(NOW).unwrap();
        assert!(kept(NOW.plus_s(-60)));
        tidy(NOW.plus_s(61)).unwrap();
        assert!(!kept(Timestamp::default()), "not in a year");
    }
}
