//! What keeps robots from sending forms, without asking anybody else: a field that people do not see, the time a person
//! needs, keys that cannot be made up. How often one address may send is counted in `limits`.

use crate::domain::Timestamp;
use crate::random;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::forgery;

/// A form that comes back faster than this after its page was sent by a program, in seconds.
const PERSON_NEEDS_S: i64 = 2;

/// The name of the field that people leave empty.
pub(super) const TRAP: &str = "website";

/// Why a form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// Its key is not ours, or its page is older than a day.
    Stale,
    /// It came back at once.
    Hasty,
    /// It fills what nobody sees.
    Trapped,
}

/// The key of a new form.
pub(super) fn key(call: &Call<'_>) -> Result<String, Refusal> {
    let nonce = random::bytes::<16>()?;
    Ok(forgery::page_key(&call.secret, nonce, call.now))
}

/// Whether a form that takes one press of a button, and so no time, fills what nobody sees.
pub(super) fn is_trapped(call: &Call<'_>) -> bool {
    !call.form.get(TRAP).is_empty()
}

/// Whether a form looks as if no person sent it.
pub(super) fn suspicion(call: &Call<'_>) -> Option<Suspicion> {
    let Some(made) = forgery::page_made_at(&call.secret, call.form.get("key"), call.now) else {
        return Some(Suspicion::Stale);
    };
    judged(made, call.now, call.form.get(TRAP))
}

fn judged(made: Timestamp, now: Timestamp, trap: &str) -> Option<Suspicion> {
    if !trap.is_empty() {
        return Some(Suspicion::Trapped);
    }
    (now.unix() - made.unix() < PERSON_NEEDS_S).then_some(Suspicion::Hasty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_needs_two_seconds_and_leaves_the_trap_empty() {
        let made = Timestamp::from_unix(1_800_000_000);
        assert_eq!(judged(made, made.plus_s(1), ""), Some(Suspicion::Hasty));
        assert_eq!(judged(made, made.plus_s(2), ""), None);
        assert_eq!(judged(made, made.plus_s(9), "x"), Some(Suspicion::Trapped));
    }
}
