//! Who gets to a page: the one way to every page, for a form that was carried over a sign-in as well.

use super::answer::Refusal;
use super::call::Call;
use super::page::{Gate, Page};
use super::{agent, customer, forgery};
use crate::http::{Method, Response};

/// A request that the gate has let in. Pages answer nothing else, and only this module makes one.
pub(super) struct LetIn<'c, 'w>(&'c Call<'w>);

impl<'c, 'w> LetIn<'c, 'w> {
    /// The request.
    pub(super) const fn call(&self) -> &'c Call<'w> {
        self.0
    }
}

/// Lets a request in, or says why not, and has the page answer.
pub(super) fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    let is_post = call.method == Method::Post;
    match call.method {
        Method::Get | Method::Head if call.page.takes_get() => {}
        Method::Post if call.page.takes_post() => {}
        _ => return Err(Refusal::Method(if call.page.takes_get() { "GET, HEAD" } else { "POST" })),
    }
    // Before anything is carried over a sign-in: a browser sends no cookie with another site's form, and what that form
    // wants must not be done once its victim has signed in.
    if is_post && !forgery::is_same_origin(&call.headers, &call.settings.site_url) {
        return Err(Refusal::Forged);
    }
    if call.form.is_too_large() {
        return Err(Refusal::TooLarge);
    }
    match (call.page.gate(), &call.viewer) {
        (Gate::Customer, _) if call.guest.is_none() => return customer::sign_in::first(call),
        (Gate::Staff | Gate::SetUp, None) => return agent::sign_in::first(call),
        _ => {}
    }
    if is_post && let Err(refusal) = call.check_forgery() {
        return match &call.page {
            Page::Customers(page) if matches!(refusal, Refusal::Stale) => customer::stale(call, page),
            _ => Err(refusal),
        };
    }
    let_in(call)
}

/// Takes a form that waited for its sender to sign in, as if it came now. Its token was another page's: the form of the
/// sign-in has brought its own, from the same browser. Such a form was for people of staff who are signed in, so it is
/// neither another sign-in nor a page for everybody.
pub(super) fn take_up(call: &Call<'_>) -> Result<Response, Refusal> {
    let is_of_staff = matches!(call.page.gate(), Gate::Staff | Gate::SetUp) && may_wait(&call.page);
    if call.method != Method::Post || !is_of_staff || !call.page.takes_post() {
        return Err(Refusal::Broken);
    }
    let_in(call)
}

/// Whether a form waits for its sender to sign in: not what a script sends by itself, and not signing out.
pub(super) const fn may_wait(page: &Page) -> bool {
    !matches!(page, Page::SignOut | Page::Pulse | Page::Drafts)
}

/// What every request has to pass, whichever way it came.
fn let_in(call: &Call<'_>) -> Result<Response, Refusal> {
    match (call.page.gate(), &call.viewer, &call.guest) {
        (Gate::Anyone, ..) | (Gate::Customer, _, Some(_)) | (Gate::Staff, Some(_), _) => {}
        (Gate::SetUp, Some(viewer), _) if viewer.may_set_up => {}
        (Gate::Customer | Gate::Staff | Gate::SetUp, ..) => return Err(Refusal::Forbidden),
    }
    if let Some(response) = agent::led_to_second_factor(call) {
        return Ok(response);
    }
    match &call.page {
        Page::Customers(page) => customer::answer(&LetIn(call), page),
        _ => agent::answer(&LetIn(call)),
    }
}
