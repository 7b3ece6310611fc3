//! Mails that were set aside and wait for a person: why, what is in them, letting in and dropping.

use askama::Template;

use super::confirm;
use super::frame_of;
use crate::domain::reason::Reason;
use crate::domain::{Actor, Door, ReceiptId, Timestamp};
use crate::http::{Method, Response};
use crate::intake::{self, ByHand, Envelope, Rules, Source};
use crate::mail::{ParsedMail, ReversePath};
use crate::store::ReadTx;
use crate::store::receipt::{Receipt, ReceiptState};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::text::{self, Markup};
use crate::web::ui::Ui;

/// Mails shown on the page. Chosen: more than anybody decides in one sitting.
const SHOWN_MAX: usize = 200;

/// A mail of the list.
struct Waits {
    id: ReceiptId,
    from: String,
    to: String,
    subject: String,
    why: String,
    at: Timestamp,
}

#[derive(Template)]
#[template(path = "staff/aside.html")]
struct Aside {
    ui: Ui,
    mails: Vec<Waits>,
}

#[derive(Template)]
#[template(path = "staff/aside_mail.html")]
struct AsideMail {
    ui: Ui,
    mail: Waits,
    body: Markup,
    files: Vec<String>,
    /// Whether the bytes are still there.
    is_kept: bool,
}

/// `/staff/aside` and `/staff/aside/7`
pub(super) fn answer(call: &Call<'_>, one: Option<ReceiptId>) -> Result<Response, Refusal> {
    match one {
        _ if call.method == Method::Post => decide(call, one),
        Some(id) => show(call, id),
        None => list(call),
    }
}

/// Whether this person may see the mail: by the department of the address it came to.
fn sees(tx: &ReadTx<'_>, call: &Call<'_>, receipt: &Receipt) -> Result<bool, Refusal> {
    let viewer = call.viewer()?;
    if viewer.sees_all {
        return Ok(true);
    }
    let own = tx.desk_addresses()?;
    let department =
        own.iter().find(|own| own.email.eq_ignore_ascii_case(&receipt.recipient)).and_then(|own| own.department);
    Ok(department.is_some_and(|department| viewer.sees(department)))
}

fn waiting(tx: &ReadTx<'_>, call: &Call<'_>, id: ReceiptId) -> Result<Receipt, Refusal> {
    let receipt =
        tx.receipt(id)?.filter(|receipt| receipt.state == ReceiptState::Quarantined).ok_or(Refusal::NotFound)?;
    if sees(tx, call, &receipt)? { Ok(receipt) } else { Err(Refusal::NotFound) }
}

fn shown(call: &Call<'_>, receipt: &Receipt) -> Waits {
    Waits {
        id: receipt.id,
        from: receipt.from_email.clone(),
        to: receipt.recipient.clone(),
        subject: receipt.subject.clone(),
        why: why(call, receipt),
        at: receipt.received_at,
    }
}

/// Why a mail waits, in the person's language where we have the words.
fn why(call: &Call<'_>, receipt: &Receipt) -> String {
    match receipt.reason {
        Reason::Unreadable
        | Reason::NoFrom
        | Reason::FromUs
        | Reason::TooMany
        | Reason::UnknownRecipient
        | Reason::NoDepartment
        | Reason::StaffUnproven
        | Reason::StaffWithoutToken
        | Reason::StrangerHeld => call.language.word("why", receipt.reason.word()),
        _ => receipt.why(),
    }
}

fn list(call: &Call<'_>) -> Result<Response, Refusal> {
    let page = call.read(|tx| {
        let viewer = call.viewer()?;
        let departments = (!viewer.sees_all).then_some(viewer.departments.as_slice());
        let waiting = tx.set_aside(departments, SHOWN_MAX)?;
        let mails = waiting.iter().map(|receipt| shown(call, receipt)).collect();
        Ok(Aside { ui: frame_of(tx, call, None)?, mails })
    })?;
    Ok(answer::html_page(200, page.render()?))
}

fn show(call: &Call<'_>, id: ReceiptId) -> Result<Response, Refusal> {
    let (receipt, raw, ui) =
        call.read(|tx| Ok((waiting(tx, call, id)?, tx.raw_mail(id)?, frame_of(tx, call, None)?)))?;
    let raw = raw.and_then(|raw| intake::decompress(&raw).ok());
    let parsed = raw.as_ref().and_then(|raw| ParsedMail::parse(raw, &crate::mail::Limits::default()).ok());
    let body = match (&parsed, &raw) {
        (Some(mail), _) => text::plain(&mail.full_text),
        (None, Some(raw)) => text::plain(&crate::mail::text_in_charset(raw.get(..UNREAD_BYTES_MAX).unwrap_or(raw), "")),
        (None, None) => Markup::default(),
    };
    let files = parsed.map_or_else(Vec::new, |mail| mail.attachments.into_iter().map(|part| part.name).collect());
    let page = AsideMail { mail: shown(call, &receipt), ui, body, files, is_kept: raw.is_some() };
    Ok(answer::html_page(200, page.render()?))
}

/// How much is shown of a mail that could not be read, in bytes. Chosen: its head and the beginning of its text.
const UNREAD_BYTES_MAX: usize = 20_000;

/// Lets mails in or drops them. Of several, one that somebody else has settled meanwhile is passed over and counted.
fn decide(call: &Call<'_>, one: Option<ReceiptId>) -> Result<Response, Refusal> {
    let ticked = call.form.all("mail").filter_map(|id| id.parse().ok()).map(ReceiptId::new);
    let mut ids: Vec<ReceiptId> = one.into_iter().chain(ticked).collect();
    ids.sort_unstable();
    ids.dedup();
    if let Some(id) = one {
        call.read(|tx| waiting(tx, call, id).map(|_| ()))?;
    }
    if ids.is_empty() {
        return Ok(call.lead_to("/staff/aside?said=nothing-ticked"));
    }
    match call.form.get("do") {
        "drop" if !confirm::is_sure(call) => {
            let (waiting, gone) = call.read(|tx| parted(tx, call, &ids))?;
            if waiting.is_empty() {
                return Ok(Settled { gone, ..Settled::default() }.shown(call, "dropped"));
            }
            let n = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
            let (question, button) = (call.language.with("drop-mails", "n", n), call.language.t("drop"));
            confirm::ask(call, question, button, "/staff/aside".to_owned())
        }
        "drop" => {
            let settled = call.write(|tx| {
                let (waiting, gone) = parted(tx, call, &ids)?;
                waiting.iter().try_for_each(|id| tx.drop_by_hand(*id))?;
                Ok(Settled { done: waiting.len(), gone, ..Settled::default() })
            })?;
            Ok(settled.shown(call, "dropped"))
        }
        "let-in" => let_all_in(call, &ids),
        _ => Err(Refusal::Broken),
    }
}

/// Those of these mails that still wait, and how many do not, or are not this person's to see.
fn parted(tx: &ReadTx<'_>, call: &Call<'_>, ids: &[ReceiptId]) -> Result<(Vec<ReceiptId>, usize), Refusal> {
    let mut still = Vec::new();
    for id in ids {
        match waiting(tx, call, *id) {
            Ok(receipt) => still.push(receipt.id),
            Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let gone = ids.len() - still.len();
    Ok((still, gone))
}

/// What became of several mails.
#[derive(Default)]
struct Settled {
    done: usize,
    /// Those that did not wait any more.
    gone: usize,
    /// Those that cannot be let in.
    stays: usize,
}

impl Settled {
    /// The list again, which says it.
    fn shown(&self, call: &Call<'_>, word: &str) -> Response {
        let (said, n) = if self.done > 0 || self.stays == 0 { (word, self.done) } else { ("stays", self.stays) };
        let stay = if said == "stays" { 0 } else { self.stays };
        call.lead_to(&format!("/staff/aside?said={said}&n={n}&gone={}&stay={stay}", self.gone))
    }
}

/// Lets mails in, each in its own transaction: what was let in stays so, whatever becomes of the next.
fn let_all_in(call: &Call<'_>, ids: &[ReceiptId]) -> Result<Response, Refusal> {
    let (mut settled, mut ticket) = (Settled::default(), None);
    for id in ids {
        match let_in(call, *id) {
            Ok(Some(delivery)) if delivery.outcome != intake::Outcome::Quarantined => {
                settled.done += 1;
                ticket = delivery.ticket.or(ticket);
            }
            Ok(_) => settled.stays += 1,
            Err(Refusal::NotFound) => settled.gone += 1,
            // The log has why.
            Err(_) if settled.done > 0 => settled.stays += 1,
            Err(refusal) => return Err(refusal),
        }
    }
    match ticket {
        Some(ticket) if ids.len() == 1 => Ok(call.lead_to(&format!("/staff/tickets/view/{ticket}"))),
        _ => Ok(settled.shown(call, "let-in")),
    }
}

/// `None` for a mail whose bytes are not kept any more.
fn let_in(call: &Call<'_>, id: ReceiptId) -> Result<Option<intake::Delivery>, Refusal> {
    let (receipt, raw) = call.read(|tx| Ok((waiting(tx, call, id)?, tx.raw_mail(id)?)))?;
    let Some(raw) = raw else { return Ok(None) };
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, mail = %id, "letting a mail in");
        Refusal::Failed
    };
    let raw = intake::decompress(&raw).map_err(|error| failed(&error))?;
    let sender = receipt.has_sender.then(|| receipt.sender.parse().map_or(ReversePath::Null, ReversePath::Address));
    let recipients = Some(receipt.recipient).filter(|recipient| !recipient.is_empty()).into_iter().collect();
    let by = ByHand { actor: Actor::Staff(call.viewer()?.id()), door: Door::Web, ip: Some(call.address) };
    let envelope = Envelope { recipients, sender, source: Source::LetIn(id, by), whole: None };
    let rules = Rules { limits: crate::mail::Limits::default() };
    let done = intake::deliver(&call.web.store, &rules, &envelope, &raw, call.now);
    (call.web.wake)();
    done.map(Some).map_err(|error| failed(&error))
}
