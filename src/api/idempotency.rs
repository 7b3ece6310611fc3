//! Idempotency-Key: the same request sent again gets the answer it got, and has no second effect.
//!
//! A key belongs to a token, a method and a path. The answer is kept in the transaction of the
//! change itself, so there is no moment in which one is there without the other.

use super::error::ApiError;
use super::route::without_final_slash;
use crate::domain::{Timestamp, TokenId};
use crate::http::{Headers, Response};
use crate::store::idempotency::{KeptAnswer, KeyPlace};
use crate::store::{self, ReadTx, Store, WriteTx};

/// How long an answer is kept, in seconds. Chosen: clients try again within minutes, people within a day.
pub(super) const KEPT_S: i64 = Timestamp::DAY_S;

/// Longest key, in bytes. Chosen: a UUID has 36.
pub(super) const KEY_BYTES_MAX: usize = 255;

/// The key of one request.
#[derive(Clone, Debug)]
pub(super) struct Key {
    token: TokenId,
    path: String,
    key: String,
    sha256: [u8; 32],
}

/// An answer to a change, fresh or given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyedAnswer {
    status: u16,
    body: String,
    is_replayed: bool,
}

impl KeyedAnswer {
    /// A success that happened just now.
    #[must_use]
    pub(super) const fn fresh(body: String) -> Self {
        Self { status: 200, body, is_replayed: false }
    }

    /// Any other answer that was given just now.
    #[must_use]
    pub(super) const fn with_status(status: u16, body: String) -> Self {
        Self { status, body, is_replayed: false }
    }

    /// Makes sure that an answer given again is on the disk: the change behind it may have been made by a process that
    /// was killed before its sync.
    ///
    /// # Errors
    /// Those of [`Store::make_sure`]; the answer must not leave then.
    pub(super) fn made_sure(self, store: &Store) -> store::Result<Self> {
        if self.is_replayed {
            store.make_sure()?;
        }
        Ok(self)
    }

    /// The answer as it leaves.
    #[must_use]
    pub(super) fn response(self) -> Response {
        let response = Response::json(self.status, self.body);
        if self.is_replayed { response.with_header("Idempotency-Replayed", "true") } else { response }
    }
}

impl Key {
    /// The key of a request, if it carries one; `sha256` is of what the request asks for.
    ///
    /// # Errors
    /// [`ApiError::Malformed`] for two keys or one that is too long.
    pub(super) fn of(
        headers: &Headers,
        token: TokenId,
        path: &str,
        sha256: [u8; 32],
    ) -> Result<Option<Self>, ApiError> {
        let mut keys = headers.all("Idempotency-Key").filter(|key| !key.is_empty());
        let Some(key) = keys.next() else { return Ok(None) };
        if keys.next().is_some() || key.len() > KEY_BYTES_MAX {
            return Err(ApiError::Malformed(format!(
                "Idempotency-Key must be one value of at most {KEY_BYTES_MAX} bytes."
            )));
        }
        let path = without_final_slash(path).to_owned();
        Ok(Some(Self { token, path, key: key.to_owned(), sha256 }))
    }

    /// The answer given before, if there is one.
    ///
    /// # Errors
    /// [`ApiError::KeyReused`] when that was to another request, or [`ApiError::Failed`].
    pub(super) fn look_up(&self, tx: &ReadTx<'_>, now: Timestamp) -> Result<Option<KeyedAnswer>, ApiError> {
        match tx.kept_answer(&self.place(), now.plus_s(-KEPT_S))? {
            Some(kept) if kept.body_sha256 != self.sha256 => Err(ApiError::KeyReused),
            Some(kept) => Ok(Some(KeyedAnswer { status: kept.status, body: kept.body, is_replayed: true })),
            None => Ok(None),
        }
    }

    /// The answer given before, if there is one, to be given again. No transaction may be open.
    ///
    /// # Errors
    /// Those of [`Key::look_up`] and [`KeyedAnswer::made_sure`].
    pub(super) fn replay(&self, store: &Store, now: Timestamp) -> Result<Option<KeyedAnswer>, ApiError> {
        let found = store.read(|tx| self.look_up(tx, now))?;
        Ok(found.map(|reply| reply.made_sure(store)).transpose()?)
    }

    /// Keeps a success.
    pub(super) fn keep(&self, tx: &WriteTx<'_>, body: &str, now: Timestamp) -> store::Result<()> {
        self.keep_with(tx, 200, body.to_owned(), now)
    }

    /// Keeps any answer, unless another request with the same key was quicker.
    ///
    /// # Errors
    /// Those of [`Key::look_up`].
    pub(super) fn keep_reply(&self, tx: &WriteTx<'_>, reply: KeyedAnswer, now: Timestamp) -> Result<(), ApiError> {
        if self.look_up(tx, now)?.is_none() {
            self.keep_with(tx, reply.status, reply.body, now)?;
        }
        Ok(())
    }

    fn keep_with(&self, tx: &WriteTx<'_>, status: u16, body: String, now: Timestamp) -> store::Result<()> {
        tx.keep_answer(&self.place(), &KeptAnswer { body_sha256: self.sha256, status, body }, now)
    }

    fn place(&self) -> KeyPlace<'_> {
        KeyPlace { token: self.token, method: "POST", path: &self.path, key: &self.key }
    }
}
