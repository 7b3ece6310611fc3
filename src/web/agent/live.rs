//! `POST /staff/pulse`: a page says where it is, and hears what has changed.

use serde_json::{Map, Value, json};

use super::counts;
use super::ticket::visible;
use crate::domain::TicketId;
use crate::http::Response;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::pulse::{Doing, Present};

/// Answers a page.
pub(super) fn pulse(call: &Call<'_>) -> Result<Response, Refusal> {
    let viewer = call.viewer()?;
    let since = call.form.number("event").unwrap_or(0);
    let here = match call.form.number("ticket") {
        Some(id) => Some(call.read(|tx| Ok(visible(tx, viewer, TicketId::new(id))?.id))?),
        None => None,
    };
    let doing = if call.form.get("doing") == "writing" { Doing::Writing } else { Doing::Reading };
    call.web.feed.heard(viewer.id(), &viewer.staff.fullname, here.map(|ticket| (ticket, doing)));
    let others = call.web.feed.others(viewer.id());
    let news = call.web.feed.changed(&call.web.store, since)?;
    let mut said = Map::new();
    said.insert("event".to_owned(), news.newest.into());
    let seen = call.read(|tx| {
        let sees = |id: TicketId| visible(tx, viewer, id).is_ok();
        if news.newest > since {
            let changed: Vec<i64> = news.tickets.iter().filter(|id| sees(**id)).map(|id| id.get()).collect();
            let cut = if news.is_cut { here.map(TicketId::get).into_iter().chain([0]).collect() } else { Vec::new() };
            said.insert("changed".to_owned(), changed.into_iter().chain(cut).collect::<Vec<i64>>().into());
            let counts = counts(tx, call)?.into_iter().map(|(key, n)| (key.to_owned(), Value::from(n)));
            said.insert("counts".to_owned(), Value::Object(counts.collect()));
        }
        Ok(others.into_iter().filter(|one| sees(one.ticket)).collect::<Vec<Present>>())
    })?;
    let words = |one: &Present| {
        let word = if one.doing == Doing::Writing { "writing" } else { "reading" };
        call.language.word_with("here", word, "name", &one.name)
    };
    let in_lists: Map<String, Value> = seen.iter().map(|one| (one.ticket.to_string(), words(one).into())).collect();
    let beside: Vec<String> = seen.iter().filter(|one| Some(one.ticket) == here).map(words).collect();
    said.insert("present".to_owned(), in_lists.into());
    said.insert("here".to_owned(), beside.join(" · ").into());
    Ok(answer::json(200, &json!(said)))
}
