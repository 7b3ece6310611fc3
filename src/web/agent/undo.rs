//! Taking back what was done last.

use super::draft::new_key;
use crate::desk::{NotTakenBack, TakenBack};
use crate::domain::UndoId;
use crate::http::Response;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::page::Page;

/// `POST /staff/tickets/undo`
pub(super) fn take_back(call: &Call<'_>) -> Result<Response, Refusal> {
    let id = UndoId::new(call.form.number("undo").ok_or(Refusal::Broken)?);
    let key = new_key()?;
    let done = call.write(|tx| {
        let staff = &call.viewer()?.staff;
        match call.change(tx)?.take_back(id, staff, &key) {
            Ok(done) => Ok(Some(done)),
            Err(NotTakenBack::TooLate) => Ok(None),
            Err(NotTakenBack::Store(error)) => Err(error.into()),
        }
    })?;
    let back = back(call);
    let mark = if back.contains('?') { '&' } else { '?' };
    Ok(match done {
        Some(TakenBack::Answer { ticket }) => {
            call.lead_to(&format!("/staff/tickets/view/{ticket}?said=taken-back&write=answer"))
        }
        Some(TakenBack::Opening) => call.lead_to("/staff/tickets/create?said=taken-back"),
        Some(TakenBack::Changes(_)) => call.lead_to(&format!("{back}{mark}said=undone")),
        None => call.lead_to(&format!("{back}{mark}said=too-late")),
    })
}

/// The page that the button was on, without what it said.
fn back(call: &Call<'_>) -> String {
    let referer =
        call.headers.get("Referer").and_then(|referer| referer.split_once("://")).map_or("", |(_, rest)| rest);
    let path = referer.find('/').and_then(|at| referer.get(at..)).unwrap_or("");
    let path = crate::web::page::without_prefix(path, call.prefix());
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.split('#').next().unwrap_or("");
    let kept: Vec<&str> =
        query.split('&').filter(|pair| ["q=", "after=", "from="].iter().any(|name| pair.starts_with(name))).collect();
    match Page::of(path) {
        Some(Page::Tickets(_) | Page::Search | Page::Ticket(_)) if kept.is_empty() => path.to_owned(),
        Some(Page::Tickets(_) | Page::Search | Page::Ticket(_)) => format!("{path}?{}", kept.join("&")),
        _ => "/staff/tickets".to_owned(),
    }
}
