//! Every mail that came in: when, from whom, and what became of it; how one was read, and reading stored ones again.

use super::field::{Field, Filter, Form, Row, Table};
use super::{Noun, Saved, errand, number, shelf};
use crate::domain::ReceiptId;
use crate::http::Response;
use crate::intake;
use crate::store::ReadTx;
use crate::store::errand::ErrandKind;
use crate::store::receipt::{Receipt, ReceiptSearch, ReceiptState};
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Mails of a page.
const PAGE: usize = 100;

/// Mails looked at for a page of a search. Chosen: some 50 ms; "Older" goes on from there.
const LOOKED_AT: i64 = 20_000;

const NOUN: Noun = Noun::Mails;

/// Whether this person may see a mail: by the department of its ticket, else of the address it came to; others are for
/// those who see all.
fn sees(tx: &ReadTx<'_>, call: &Call<'_>, receipt: &Receipt) -> Result<bool, Refusal> {
    let viewer = call.viewer()?;
    if viewer.sees_all {
        return Ok(true);
    }
    if let Some(ticket) = receipt.ticket.map(|id| tx.ticket(id)).transpose()?.flatten() {
        return Ok(viewer.sees(ticket.department));
    }
    let department = tx.desk_addresses()?.into_iter().find(|own| own.email.eq_ignore_ascii_case(&receipt.recipient));
    Ok(department.and_then(|own| own.department).is_some_and(|department| viewer.sees(department)))
}

fn find(tx: &ReadTx<'_>, call: &Call<'_>, id: &str) -> Result<Receipt, Refusal> {
    let receipt = tx.receipt(ReceiptId::new(number(id)?))?.ok_or(Refusal::NotFound)?;
    if sees(tx, call, &receipt)? { Ok(receipt) } else { Err(Refusal::NotFound) }
}

fn state(call: &Call<'_>, receipt: &Receipt) -> String {
    call.language.word("mail-state", receipt.state.word())
}

fn filters(call: &Call<'_>, chosen: Option<ReceiptState>) -> Vec<Filter> {
    let states = [ReceiptState::Stored, ReceiptState::Quarantined, ReceiptState::Dropped].map(Some);
    let filter = |own: Option<ReceiptState>| Filter {
        text: own.map_or_else(|| call.language.t("mail-state-all"), |own| call.language.word("mail-state", own.word())),
        path: own.map_or_else(|| NOUN.path().to_owned(), |own| format!("{}?state={}", NOUN.path(), own.word())),
        is_here: own == chosen,
    };
    std::iter::once(None).chain(states).map(filter).collect()
}

fn row(call: &Call<'_>, receipt: Receipt) -> Row {
    let became = format!("{}: {}", state(call, &receipt), receipt.why());
    let mut links = vec![(call.language.t("show"), NOUN.path_of(receipt.id))];
    if let Some(ticket) = receipt.ticket {
        links.push((format!("#{ticket}"), format!("/staff/tickets/view/{ticket}")));
    }
    Row {
        key: receipt.id.to_string(),
        links,
        cells: vec![
            receipt.id.to_string(),
            String::new(),
            receipt.from_email,
            receipt.recipient,
            receipt.subject,
            became,
        ],
        times: vec![(1, receipt.received_at)],
        ..Row::default()
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let searched = call.query.trimmed("q");
    let chosen: Option<ReceiptState> = call.query.get("state").parse().ok();
    let before = call.query.number("before").map(ReceiptId::new);
    let (found, rows) = call.read(|tx| {
        let search = ReceiptSearch { text: searched, state: chosen, before, looked_at: LOOKED_AT };
        let found = tx.receipts_like(&search, PAGE)?;
        let mut rows = Vec::new();
        for receipt in found.receipts {
            if sees(tx, call, &receipt)? {
                rows.push(row(call, receipt));
            }
        }
        Ok((found.goes_on, rows))
    })?;
    let older = found.map_or_else(String::new, |last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("before", &last.to_string());
        if !searched.is_empty() {
            query.append_pair("q", searched);
        }
        if let Some(state) = chosen {
            query.append_pair("state", state.word());
        }
        format!("{}?{}", NOUN.path(), query.finish())
    });
    let head = ["f-number", "f-when", "f-mail-from", "f-mail-to", "f-subject", "f-became"];
    let links = if call.viewer()?.sees_all && call.web.tools.is_some() {
        vec![(call.language.t("read-again"), format!("{}/new", NOUN.path()))]
    } else {
        Vec::new()
    };
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-mails"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows,
        older,
        search: Some(searched.to_owned()),
        kept: chosen.map(|state| ("state", state.word())),
        filters: filters(call, chosen),
        links,
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let Some(id) = id else { return reread_form(call) };
    let (receipt, is_kept) = call.read(|tx| {
        let receipt = find(tx, call, id)?;
        let is_kept = tx.raw_mail(receipt.id)?.is_some();
        Ok((receipt, is_kept))
    })?;
    let mut links = Vec::new();
    if let Some(ticket) = receipt.ticket {
        links
            .push((call.language.with("open-ticket", "ticket", ticket.get()), format!("/staff/tickets/view/{ticket}")));
    }
    if receipt.state == ReceiptState::Quarantined {
        links.push((call.language.t("let-in-or-drop"), format!("/staff/aside/{}", receipt.id)));
    }
    let mut deeds = Vec::new();
    if is_kept {
        links.push((call.language.t("download-mail"), format!("{}/file/{}", NOUN.path(), receipt.id)));
        deeds.push(("again", call.language.t("decide-again")));
    }
    let words = ["mail", "show", &receipt.id.to_string()].map(str::to_owned);
    let said = call.web.tools.as_ref().map(|tools| (tools.ask)(&words));
    let blocks = said.map(|said| (call.language.t("how-it-was-read"), String::new(), said.unwrap_or_else(|why| why)));
    let mut about = format!("{}: {}", state(call, &receipt), receipt.why());
    if !receipt.internet_id.is_empty() {
        about.push_str(&format!(" · Message-ID <{}>", receipt.internet_id));
    }
    Ok(Form {
        about,
        links,
        deeds: if call.web.tools.is_some() { deeds } else { Vec::new() },
        blocks: blocks.into_iter().collect(),
        ..Form::new(call.language.with("mail-number", "n", receipt.id.get()), Vec::new()).only_shown()
    })
}

/// What today's rules would do with a mail; or stored mails are read again.
pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let Some(id) = id else { return reread(call) };
    if call.form.get("do") != "again" {
        return Err(Refusal::Broken);
    }
    let tools = call.web.tools.as_ref().ok_or(Refusal::NotFound)?;
    let shown = form(call, Some(id))?;
    let said = (tools.ask)(&["mail", "retry", id, "--dry-run"].map(str::to_owned)).unwrap_or_else(|why| why);
    let again = (call.language.t("decide-again"), call.language.t("h-decide-again"), said);
    let blocks = std::iter::once(again).chain(shown.blocks).collect();
    Ok(Saved::Again(Form { blocks, ..shown }))
}

/// `…/file/12`: the mail as it was handed over.
pub(super) fn file(call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    let raw = call.read(|tx| {
        let receipt = find(tx, call, id)?;
        tx.raw_mail(receipt.id)?.ok_or(Refusal::NotFound)
    })?;
    let raw = intake::decompress(&raw).map_err(|error| {
        tracing::error!(%error, mail = id, "unpacking a mail");
        Refusal::Failed
    })?;
    Ok(shelf::attachment(&format!("mail-{id}.eml")).with_body(raw))
}

fn reread_form(call: &Call<'_>) -> Result<Form, Refusal> {
    if !call.viewer()?.sees_all {
        return Err(Refusal::Forbidden);
    }
    let since = Field::new("date", "since", call.language.t("f-received-since"), "").required();
    Ok(Form {
        about: call.language.t("about-read-again"),
        deeds: vec![("look", call.language.t("only-look")), ("reread", call.language.t("read-again"))],
        errand: errand::shown(call, ErrandKind::Reread)?,
        ..Form::new(call.language.t("read-again"), vec![since]).only_shown()
    })
}

fn reread(call: &Call<'_>) -> Result<Saved, Refusal> {
    let again = reread_form(call)?;
    let is_look = match call.form.get("do") {
        "look" => true,
        "reread" => false,
        _ => return Err(Refusal::Broken),
    };
    let since = call.form.trimmed("since");
    let is_day = since.len() == 10 && call.clock.of_form(&format!("{since}T00:00")).is_some();
    if !is_day {
        let errors = vec![("since", call.language.t("wrong-day"))];
        return Ok(Saved::Again(again.filled(&call.form).with_errors(errors)));
    }
    let mut arguments = ["mail", "reread", "--since", since].map(str::to_owned).to_vec();
    arguments.extend(is_look.then(|| "--dry-run".to_owned()));
    let detail = if is_look { format!("{since} --dry-run") } else { since.to_owned() };
    let has_begun = errand::begin(call, ErrandKind::Reread, &detail, arguments)?;
    Ok(Saved::Begun(format!("{}/new", NOUN.path()), has_begun))
}
