//! Mails that were set aside and wait for a person: why, what is in them, letting in and dropping.

use askama::Template;

use super::confirm;
use super::frame_of;
use crate::domain::reason::Reason;
use crate::domain::{ReceiptId, Timestamp};
use crate::http::{Method, Response};
use crate::intake::{self, Envelope, Rules, Source};
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
        let mut mails = Vec::new();
        for receipt in tx.receipts(Some(ReceiptState::Quarantined), SHOWN_MAX)? {
            if sees(tx, call, &receipt)? {
                mails.push(shown(call, &receipt));
            }
        }
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

/// Lets mails in or drops them.
fn decide(call: &Call<'_>, one: Option<ReceiptId>) -> Result<Response, Refusal> {
    let ticked = call.form.all("mail").filter_map(|id| id.parse().ok()).map(ReceiptId::new);
    let ids: Vec<ReceiptId> = one.into_iter().chain(ticked).collect();
    let n = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    match call.form.get("do") {
        "drop" if !confirm::is_sure(call) => {
            call.read(|tx| ids.iter().try_for_each(|id| waiting(tx, call, *id).map(|_| ())))?;
            let (question, button) = (call.language.with("drop-mails", "n", n), call.language.t("drop"));
            confirm::ask(call, question, button, "/staff/aside".to_owned())
        }
        "drop" => {
            call.write(|tx| {
                for id in &ids {
                    let receipt = waiting(tx, call, *id)?;
                    tx.settle_receipt(receipt.id, ReceiptState::Dropped, Reason::ByHand, None)?;
                }
                Ok(())
            })?;
            Ok(call.lead_to(&format!("/staff/aside?said=dropped&n={n}")))
        }
        "let-in" => {
            let mut stays = 0;
            let mut ticket = None;
            for id in &ids {
                let delivery = let_in(call, *id)?;
                stays += i64::from(delivery.outcome == intake::Outcome::Quarantined);
                ticket = delivery.ticket.or(ticket);
            }
            match ticket {
                Some(ticket) if ids.len() == 1 => Ok(call.lead_to(&format!("/staff/tickets/view/{ticket}"))),
                _ if stays > 0 => Ok(call.lead_to(&format!("/staff/aside?said=stays&n={stays}"))),
                _ => Ok(call.lead_to(&format!("/staff/aside?said=let-in&n={n}"))),
            }
        }
        _ => Err(Refusal::Broken),
    }
}

fn let_in(call: &Call<'_>, id: ReceiptId) -> Result<intake::Delivery, Refusal> {
    let (receipt, raw) = call.read(|tx| Ok((waiting(tx, call, id)?, tx.raw_mail(id)?.ok_or(Refusal::NotFound)?)))?;
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, mail = %id, "letting a mail in");
        Refusal::Failed
    };
    let raw = intake::decompress(&raw).map_err(|error| failed(&error))?;
    let sender = receipt.has_sender.then(|| receipt.sender.parse().map_or(ReversePath::Null, ReversePath::Address));
    let recipients = Some(receipt.recipient).filter(|recipient| !recipient.is_empty()).into_iter().collect();
    let envelope = Envelope { recipients, sender, source: Source::LetIn(id), whole: None };
    let rules = Rules { limits: crate::mail::Limits::default() };
    let done = intake::deliver(&call.web.store, &rules, &envelope, &raw, call.now);
    (call.web.wake)();
    done.map_err(|error| failed(&error))
}
