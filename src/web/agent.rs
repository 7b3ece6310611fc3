//! The pages of staff: their lists, tickets, and what they do there.

pub(super) mod sign_in;

use super::answer::Refusal;
use super::call::Call;
use super::page::Page;
use crate::http::{Method, Response};

/// Has the page answer. Who asks has been let in.
pub(super) fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    let is_post = call.method == Method::Post;
    match &call.page {
        Page::Staff => Ok(call.lead_to("/staff/tickets")),
        Page::SignIn if is_post => sign_in::try_to(call),
        Page::SignIn => sign_in::show(call),
        Page::SignOut => sign_in::out(call),
        _ => Err(Refusal::NotFound),
    }
}
