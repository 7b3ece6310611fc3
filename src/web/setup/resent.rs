//! Forms of the set-up that were sent before, or after somebody else has changed what they are about.

use super::field::Form;
use super::{Noun, Saved, save, token};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::once;

/// What becomes of a form that is saved after somebody else has changed what it is about: it is shown with both, or was
/// sent twice. None for any other.
pub(super) fn stopped(call: &Call<'_>, now: impl FnOnce() -> Result<Form, Refusal>) -> Result<Option<Saved>, Refusal> {
    if call.form.get("do") != "save" || call.form.get("version").is_empty() {
        return Ok(None);
    }
    let now = now()?;
    if now.version() == call.form.get("version") {
        return Ok(None);
    }
    Ok(Some(now.changed_meanwhile(call).map_or(Saved::Done, Saved::Again)))
}

/// Makes a new one, once however often the form is sent.
pub(super) fn added(call: &Call<'_>, noun: Noun) -> Result<Saved, Refusal> {
    // Before the names are looked at: the one that it made is no other's.
    if once::was_sent(call)? { Err(Refusal::Before) } else { save(call, noun, None) }
}

/// What a form leads to that was sent before.
pub(super) fn added_before(call: &Call<'_>, noun: Noun) -> Result<Saved, Refusal> {
    match noun {
        Noun::Tokens => token::made_before(call),
        _ => Ok(Saved::Done),
    }
}
