//! The pages of customers: the knowledge base, a new ticket, their own tickets, and how they come in. Nothing here shows a
//! note, or anything of a ticket whose people the reader is not one of.

mod article;
mod conversation;
pub(super) mod fields;
mod file;
mod guest;
mod page;
mod profile;
mod robots;
pub(super) mod sign_in;
mod submit;
mod ticket;
mod tickets;

use super::answer::Refusal;
use super::call::Call;
use super::gate::LetIn;
use super::ui::Ui;
use super::upload;
use super::wrong::Wrong;
use crate::http::{Method, Response};
pub(crate) use article::path_of as article_path;
pub(crate) use guest::Guest;
pub(crate) use page::CustomerPage;

/// Has the page answer.
pub(super) fn answer(let_in: &LetIn<'_, '_>, page: &CustomerPage) -> Result<Response, Refusal> {
    let call = let_in.call();
    let is_post = call.method == Method::Post;
    match page {
        CustomerPage::Home => article::home(call),
        CustomerPage::Search => article::search(call),
        CustomerPage::Category(id) => article::category(call, *id),
        CustomerPage::Article(id) => article::article(call, *id),
        CustomerPage::Submit(department) if is_post => submit::send(call, *department),
        CustomerPage::Submit(department) => submit::show(call, *department),
        CustomerPage::SignIn | CustomerPage::ForgotPassword if is_post => sign_in::try_to(call),
        CustomerPage::SignIn | CustomerPage::ForgotPassword => sign_in::show(call),
        CustomerPage::Enter(token) if is_post => sign_in::enter(call, token),
        CustomerPage::Enter(token) => sign_in::ask_to_enter(call, token),
        CustomerPage::TicketLink(token) => sign_in::open_ticket(call, token),
        CustomerPage::Tickets => tickets::list(call),
        CustomerPage::Ticket(id) if is_post => ticket::change(call, *id),
        CustomerPage::Ticket(id) => ticket::show(call, *id),
        CustomerPage::Profile if is_post => profile::save(call),
        CustomerPage::Profile => profile::show(call),
        CustomerPage::SignOut => guest::end(call, "/"),
        CustomerPage::File(id) => file::file(call, *id),
    }
}

/// A form whose page was made for another session, or long ago: the page again, with what was typed and a token that is
/// good. Nothing is done.
pub(super) fn stale(call: &Call<'_>, page: &CustomerPage) -> Result<Response, Refusal> {
    match page {
        CustomerPage::Submit(department) => submit::stale(call, *department),
        // Whose link is another ticket's does not read this one: they have what they typed, and no more.
        CustomerPage::Ticket(id) => ticket::stale(call, *id).map_err(|_| Refusal::Stale),
        _ => Err(Refusal::Stale),
    }
}

/// What is wrong with a form that is shown again: files are not kept, and have to be chosen again.
fn with_files_again(call: &Call<'_>, wrong: Wrong) -> Wrong {
    let (good, _) = upload::sorted_of_customer(&call.settings, call.form.files());
    upload::to_choose_again(call.language, wrong, &good)
}

/// What stands around a customer's page.
fn ui_of(call: &Call<'_>) -> Ui {
    let mut ui = call.bare_ui();
    if let Some(guest) = &call.guest {
        ui.person.clone_from(&guest.name);
        ui.is_link_only = guest.only_ticket().is_some();
    }
    ui
}

/// The person who is signed in; the gate has seen to it that there is one.
fn guest_of<'c>(call: &'c Call<'_>) -> Result<&'c Guest, Refusal> {
    call.guest.as_ref().ok_or(Refusal::Forbidden)
}

#[cfg(test)]
mod tests;
