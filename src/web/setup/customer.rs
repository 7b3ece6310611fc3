//! Customers: found, added, changed, invited to confirm their address, merged, removed.

use sha2::{Digest, Sha256};

use super::field::{Field, Form, Loss, OutcomeLine, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::desk::notify;
use crate::domain::UserId;
use crate::random;
use crate::store::Error;
use crate::store::address_use::Purpose;
use crate::store::customer::{Customer, FULLNAME_CHARS_MAX};
use crate::store::ticket::{Owner, TicketQuery};
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Customers of a page. Chosen: who is not among them is searched for.
const PAGE: usize = 100;

const NOUN: Noun = Noun::Customers;

fn find(call: &Call<'_>, id: &str) -> Result<Customer, Refusal> {
    let id = UserId::new(number(id)?);
    call.read(|tx| tx.customer(id)?.ok_or(Refusal::NotFound))
}

/// A customer that this person may change: one without tickets in departments they do not see.
fn find_to_change(call: &Call<'_>, id: &str) -> Result<Customer, Refusal> {
    let found = find(call, id)?;
    let viewer = call.viewer()?;
    let is_elsewhere = call.read(|tx| {
        for department in tx.departments()?.into_iter().filter(|one| !viewer.sees(one.id)) {
            let own =
                TicketQuery { customer: Some(found.id), department: Some(department.id), ..TicketQuery::default() };
            if !tx.tickets_found(&TicketQuery { max: 1, ..own })?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    if is_elsewhere { Err(Refusal::Forbidden) } else { Ok(found) }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let searched = call.query.trimmed("q");
    let row = |own: Customer| Row {
        key: own.id.to_string(),
        edit: Some(NOUN.path_of(own.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), own.id)),
        cells: vec![
            own.fullname,
            own.email,
            call.language.t(if own.verified_at.unix() > 0 { "yes" } else { "no" }),
            call.language.t(if own.is_active { "no" } else { "yes" }),
            String::new(),
        ],
        times: vec![(4, own.registered_at)],
        ..Row::default()
    };
    let head = ["f-name", "f-email", "f-verified", "f-blocked", "f-since"];
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-customers"),
        add: Some("/staff/users/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: call.read(|tx| Ok(tx.customers_like(searched, PAGE)?))?.into_iter().map(row).collect(),
        search: Some(searched.to_owned()),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find_to_change(call, id)).transpose()?;
    let t = |name: &str| call.language.t(name);
    let (name, email) = found.as_ref().map_or(("", ""), |own| (own.fullname.as_str(), own.email.as_str()));
    let mut fields = vec![
        Field::text("name", t("f-name"), name).required(),
        Field::new("email", "email", t("f-email"), email).required(),
    ];
    let title = found.as_ref().map_or_else(|| t("setup-new-customer"), |own| own.fullname.clone());
    let mut deeds = Vec::new();
    if let Some(own) = &found {
        fields.push(Field::check("blocked", t("f-blocked"), !own.is_active).hint(t("h-blocked")));
        fields.push(Field::new("email", "into", t("f-merge-into"), "").hint(t("h-merge-into")));
        deeds.extend([("invite", t("invite")), ("merge", t("merge-customer"))]);
    }
    Ok(Form { deeds, ..Form::new(title, fields) })
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let former = id.map(|id| find_to_change(call, id)).transpose()?;
    match (&former, call.form.get("do")) {
        (Some(own), "invite") => return invite(call, own),
        (Some(own), "merge" | "merge-yes") => return merge(call, own),
        _ => {}
    }
    let mut typed = Typed::new(call);
    let name = typed.line("name", FULLNAME_CHARS_MAX);
    let email = typed.email("email");
    if let Some(email) = &email {
        let other = call.read(|tx| Ok(tx.customer_by_email(email.as_str())?))?;
        let is_other = other.as_ref().is_some_and(|other| former.as_ref().map(|own| own.id) != Some(other.id));
        let is_held = || call.read(|tx| Ok(tx.holder(email, Purpose::Customer)?.is_some()));
        if is_other || (other.is_none() && is_held()?) {
            typed.wrong("email", call.language.t("wrong-taken"));
        }
        if call.read(|tx| Ok(tx.is_own_address(email)?))? {
            typed.wrong("email", call.language.with("own-address", "text", email.as_str()));
        }
        // Whoever has an address reads the tickets it takes part in, of every department.
        let moves = former.as_ref().is_some_and(|own| !own.email.eq_ignore_ascii_case(email.as_str()));
        if moves && !call.viewer()?.sees_all {
            typed.wrong("email", call.language.t("for-those-who-see-all"));
        }
    }
    let (Some(email), true) = (email, typed.is_fine()) else {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    };
    call.write(|tx| {
        let done = match &former {
            Some(own) => tx.update_customer(own.id, Some(name), Some(&email)).map(drop),
            None => tx.add_customer(name, &email, call.now).map(drop),
        };
        match done {
            Err(Error::Taken(_)) => return Err(Refusal::Broken),
            other => other?,
        }
        if let Some(own) = former.as_ref().filter(|own| own.is_active == call.form.has("blocked")) {
            tx.block_customer(own.id, call.form.has("blocked"))?;
        }
        Ok(())
    })?;
    Ok(Saved::Done)
}

/// Mails a link that confirms the address; an older one ends with it.
fn invite(call: &Call<'_>, own: &Customer) -> Result<Saved, Refusal> {
    let bytes = random::bytes::<32>()?;
    let code = data_encoding::HEXLOWER.encode(&bytes);
    if call.settings.site_url.is_empty() {
        let outcome = vec![OutcomeLine::bad(call.language.t("link-needs-url"))];
        return Ok(Saved::Again(Form { outcome, ..form(call, Some(&own.id.to_string()))? }));
    }
    let is_queued = call.write(|tx| {
        tx.set_activation(own.id, &Sha256::digest(code.as_bytes()).into(), call.now)?;
        match notify::new_user(tx, &call.settings, own.id, &code, call.now) {
            Ok(()) => Ok(true),
            Err(notify::Error::Store(error)) => Err(error.into()),
            Err(_) => Ok(false),
        }
    })?;
    let line = if is_queued {
        OutcomeLine::good(call.language.with("invited", "email", own.email.as_str()))
    } else {
        OutcomeLine::bad(call.language.t("invite-failed"))
    };
    Ok(Saved::Again(Form { outcome: vec![line], ..form(call, Some(&own.id.to_string()))? }))
}

/// Gives everything of one customer to another; asks first.
fn merge(call: &Call<'_>, own: &Customer) -> Result<Saved, Refusal> {
    let id = own.id.to_string();
    let into = call.read(|tx| Ok(tx.customer_by_email(call.form.trimmed("into"))?))?;
    let error = if call.viewer()?.sees_all { "wrong-customer" } else { "for-those-who-see-all" };
    let Some(into) = into.filter(|into| into.id != own.id && call.viewer().is_ok_and(|viewer| viewer.sees_all)) else {
        let errors = vec![("into", call.language.t(error))];
        return Ok(Saved::Again(form(call, Some(&id))?.filled(&call.form).with_errors(errors)));
    };
    if call.form.get("do") == "merge-yes" {
        call.write(|tx| Ok(call.change(tx)?.merge_customers(own, &into)?))?;
        return Ok(Saved::Done);
    }
    let n = call.read(|tx| Ok(tx.belongings(Owner::Customer(own.id))?))?.tickets;
    let question = call.language.with("merge-asks", "n", n);
    let shown = Field::new("email", "into", call.language.t("f-merge-into"), into.email.as_str());
    let deeds = vec![("merge-yes", call.language.t("merge-customer"))];
    let title = format!("{} → {}", own.email, into.email);
    Ok(Saved::Again(Form { about: question, deeds, can_save: false, ..Form::new(title, vec![shown]) }))
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find_to_change(call, id)?;
    let belongings = call.read(|tx| Ok(tx.belongings(Owner::Customer(own.id))?))?;
    let title = call.language.with("remove-customer", "name", own.email.as_str());
    Ok(Loss::new(title, vec![call.language.with("removes-tickets", "n", belongings.tickets)]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find_to_change(call, id)?.id;
    call.write(|tx| Ok(call.change(tx)?.remove_customer(id).map(drop)?))
}
