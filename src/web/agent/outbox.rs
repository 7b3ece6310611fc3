//! Mails that leave: what waits, what failed and why, trying again.

use askama::Template;

use super::frame_of;
use crate::domain::{OutboxId, TicketId, Timestamp};
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::outbox::Outgoing;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::ui::Ui;

/// Mails shown of each state. Chosen: what one looks at.
const SHOWN_MAX: usize = 100;

struct Line {
    id: OutboxId,
    recipient: String,
    ticket: Option<TicketId>,
    state: &'static str,
    why: String,
    attempts: i64,
    at: Timestamp,
    /// When it is tried next.
    next: Option<Timestamp>,
    can_retry: bool,
    can_drop: bool,
}

#[derive(Template)]
#[template(path = "staff/outbox.html")]
struct Outbox {
    ui: Ui,
    lines: Vec<Line>,
}

/// `/staff/outbox`
pub(super) fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method == Method::Post {
        return change(call);
    }
    let page = call.read(|tx| {
        let viewer = call.viewer()?;
        let departments = (!viewer.sees_all).then_some(viewer.departments.as_slice());
        let mut lines = Vec::new();
        for state in ["pending", "failed", "sent", "dropped"] {
            lines.extend(tx.outgoing_of(state, departments, SHOWN_MAX)?.into_iter().map(line));
        }
        Ok(Outbox { ui: frame_of(tx, call, None)?, lines })
    })?;
    Ok(answer::html_page(200, page.render()?))
}

/// Whether this person may see a mail: by the department of its ticket; mails about none are for those who see all.
fn sees(tx: &ReadTx<'_>, call: &Call<'_>, mail: &Outgoing) -> Result<bool, Refusal> {
    let viewer = call.viewer()?;
    Ok(match mail.ticket {
        Some(id) => tx.ticket(id)?.map_or(viewer.sees_all, |ticket| viewer.sees(ticket.department)),
        None => viewer.sees_all,
    })
}

fn line(mail: Outgoing) -> Line {
    let state = match mail.state.as_str() {
        _ if mail.bounced_at > Timestamp::default() => "bounced",
        "pending" => "waiting",
        "sent" => "sent",
        "failed" => "failed",
        _ => "dropped",
    };
    Line {
        id: mail.id,
        recipient: mail.recipient,
        ticket: mail.ticket,
        state,
        attempts: mail.attempts,
        at: mail.created_at,
        next: (state == "waiting").then_some(mail.next_attempt_at),
        can_retry: matches!(state, "failed" | "dropped" | "waiting") && !(state == "waiting" && mail.attempts == 0),
        can_drop: state == "waiting",
        why: mail.last_error,
    }
}

fn change(call: &Call<'_>) -> Result<Response, Refusal> {
    let id = OutboxId::new(call.form.number("mail").ok_or(Refusal::Broken)?);
    let done = call.write(|tx| {
        let mail = tx.outgoing(id)?.ok_or(Refusal::NotFound)?;
        if !sees(tx, call, &mail)? {
            return Err(Refusal::NotFound);
        }
        let change = call.change(tx)?;
        match call.form.get("do") {
            "retry" => Ok(change.retry_mail(&mail)?),
            "drop" => Ok(change.drop_mail(&mail)?),
            _ => Err(Refusal::Broken),
        }
    })?;
    if done { Ok(call.lead_to("/staff/outbox")) } else { Err(Refusal::Broken) }
}
