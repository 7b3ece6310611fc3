//! People to write to, as their name or address is typed.

use serde_json::json;

use crate::http::Response;
use crate::web::addressees::shown;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;

/// People offered. Chosen: what fits below a field.
const OFFERED_MAX: usize = 10;

/// Fewest characters typed for anybody to be offered. Chosen: one letter says nothing yet.
const TYPED_CHARS_MIN: usize = 2;

/// `/staff/tickets/create/to?q=ann`: customers of the departments that one sees; of all where one sees all.
pub(super) fn typed(call: &Call<'_>) -> Result<Response, Refusal> {
    let typed = call.query.trimmed("q");
    let found = call.read(|tx| {
        let viewer = call.viewer()?;
        if typed.chars().count() < TYPED_CHARS_MIN {
            return Ok(Vec::new());
        }
        let of = Some(viewer.departments.as_slice()).filter(|_| !viewer.sees_all);
        Ok(tx.customers_typed(typed, of, OFFERED_MAX)?)
    })?;
    let people: Vec<String> = found.into_iter().map(|one| shown(&one.fullname, &one.email)).collect();
    Ok(answer::json(200, &json!({ "people": people })))
}
