//! Forms that make something new do so once, however often they are sent: a double click, a reload, a second try. What is
//! written into tickets has keys of its own, which drafts keep; see `desk`.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::agent::{KnowledgePage, new_key};
use super::answer::Refusal;
use super::call::Call;
use super::page::Page;
use super::setup::{Deed, Noun};
use crate::domain::TicketId;
use crate::store::draft::SpentKey;
use crate::store::{ReadTx, WriteTx};

/// Hexadecimal digits of a key.
const KEY_DIGITS: usize = 32;

/// Whether a page is a form that makes something new.
fn makes_new(page: &Page) -> bool {
    match page {
        Page::SetUp(place) => place.deed == Deed::Add && !matches!(place.noun, Noun::Mails | Noun::Import),
        Page::Knowledge(page) => matches!(page, KnowledgePage::NewArticle | KnowledgePage::NewCategory),
        _ => false,
    }
}

/// The key that a form brings which makes something new.
pub(super) fn key<'c>(call: &'c Call<'_>) -> Option<&'c str> {
    let key = call.form.get("key");
    let is_one = key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_one && makes_new(&call.page)).then_some(key)
}

/// The key for a form that is shown: its own again, unless it is spent; empty for a form that makes nothing new.
pub(super) fn key_for(call: &Call<'_>) -> Result<String, Refusal> {
    match key(call) {
        Some(key) if !call.has_spent.get() => Ok(key.to_owned()),
        _ if makes_new(&call.page) => new_key(),
        _ => Ok(String::new()),
    }
}

/// Whether the form has made what it makes.
pub(super) fn was_sent(call: &Call<'_>) -> Result<bool, Refusal> {
    match key(call) {
        Some(key) => call.read(|tx| is_spent(tx, key)),
        None => Ok(false),
    }
}

/// A key as it is kept: whoever reads the database has not got the key, from which a token is made.
fn kept(key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(format!("once {key}")))
}

fn is_spent(tx: &ReadTx<'_>, key: &str) -> Result<bool, Refusal> {
    Ok(tx.spent_key(&kept(key))?.is_some())
}

/// Spends the key of the form in the transaction that does what it asks for; refused where that was done before.
pub(super) fn spend(call: &Call<'_>, tx: &WriteTx<'_>) -> Result<(), Refusal> {
    let Some(key) = key(call).filter(|_| !call.has_spent.get()) else { return Ok(()) };
    if is_spent(tx, key)? {
        return Err(Refusal::Before);
    }
    // It is about no ticket.
    tx.spend_key(&kept(key), SpentKey { ticket: TicketId::new(0), message: None }, call.now)?;
    Ok(())
}
