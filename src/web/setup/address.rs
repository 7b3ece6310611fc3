//! The desk's own addresses: how their mail comes in and goes out, and a try of both.

use super::address_way;
use super::field::{Form, Loss, OutcomeLine, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::desk_address::{Auth, ImapAfter, Incoming, Outgoing, SIGNATURE_CHARS_MAX, Tls};
use crate::domain::one_line::ADDRESS_NAME_CHARS_MAX;
use crate::domain::{AddressId, DepartmentId, EmailAddress};
use crate::store::Error;
use crate::store::address::AddressRow;
use crate::store::address_use::Purpose;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// What a try of the ways in and out of an address said; none: that way is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AddressTest {
    /// The folders of the mailbox, or why it cannot be read.
    pub(crate) incoming: Option<Result<Vec<String>, String>>,
    /// Whether mail could be handed over, or why not.
    pub(crate) outgoing: Option<Result<(), String>>,
}

/// Longest host, user or folder, in characters.
const TEXT_CHARS_MAX: usize = 250;

const NOUN: Noun = Noun::Addresses;

fn find(call: &Call<'_>, id: &str) -> Result<(AddressId, AddressRow), Refusal> {
    let id = AddressId::new(number(id)?);
    call.read(|tx| tx.addresses()?.into_iter().find(|(own, _)| *own == id).ok_or(Refusal::NotFound))
}

/// Whether this person may change an address: one of a department they see. Whose an address is, they say who read its
/// mail.
fn may_change(call: &Call<'_>, row: &AddressRow) -> Result<bool, Refusal> {
    let viewer = call.viewer()?;
    Ok(viewer.sees_all || row.department.is_some_and(|department| viewer.sees(department)))
}

fn find_to_change(call: &Call<'_>, id: &str) -> Result<(AddressId, AddressRow), Refusal> {
    let found = find(call, id)?;
    if may_change(call, &found.1)? { Ok(found) } else { Err(Refusal::Forbidden) }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let (all, departments, health) = call.read(|tx| Ok((tx.addresses()?, tx.departments()?, tx.imap_health()?)))?;
    let row = |(id, own): (AddressId, AddressRow)| {
        let department = departments.iter().find(|department| Some(department.id) == own.department);
        let fetched: Vec<String> =
            health.iter().filter(|one| one.email == own.email).map(|one| address_way::fetched(call, one)).collect();
        let may_change = may_change(call, &own).unwrap_or(false);
        Row {
            key: id.to_string(),
            edit: may_change.then(|| NOUN.path_of(id)),
            remove: may_change.then(|| format!("{}/remove/{id}", NOUN.path())),
            cells: vec![
                own.email,
                own.name,
                department.map_or_else(String::new, |department| department.name.clone()),
                call.language.word("incoming", own.incoming.word()),
                call.language.word("outgoing", own.outgoing.word()),
                if own.is_default { call.language.t("yes") } else { String::new() },
                fetched.join("; "),
            ],
            ..Row::default()
        }
    };
    let head = ["f-email", "f-name", "department", "f-incoming", "f-outgoing", "f-default", "f-last-fetch"];
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/setup/email-addresses/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: all.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find_to_change(call, id)).transpose()?.map(|(_, row)| row);
    let title = found.as_ref().map_or_else(|| call.language.t("setup-new-address"), |row| row.email.clone());
    let row = found.clone().unwrap_or_else(|| AddressRow { incoming: Incoming::Pipe, ..AddressRow::new("", "") });
    let viewer = call.viewer()?;
    let departments = call.read(|tx| Ok(tx.departments()?))?.into_iter().filter(|one| viewer.sees(one.id)).collect();
    let outcome = match &found {
        Some(row) if row.incoming == Incoming::Imap => {
            let health = call.read(|tx| Ok(tx.imap_health()?))?;
            let own = health.iter().filter(|one| one.email == row.email);
            own.map(|one| {
                let text = format!("{}: {}", call.language.t("f-last-fetch"), address_way::fetched(call, one));
                if one.failures > 0 { OutcomeLine::bad(text) } else { OutcomeLine::good(text) }
            })
            .collect()
        }
        _ => Vec::new(),
    };
    let blocks = if row.incoming == Incoming::Pipe && !row.email.is_empty() {
        address_way::lines_of_mail_servers(call, &row.email)
    } else {
        Vec::new()
    };
    let deeds = if call.web.tools.is_some() { vec![("test", call.language.t("test"))] } else { Vec::new() };
    let fields = address_way::fields(call, &row, departments);
    Ok(Form { outcome, blocks, deeds, ..Form::new(title, fields) })
}

/// Fills a row with what was typed; what is wrong is noted.
fn fill<'c>(call: &'c Call<'c>, typed: &mut Typed<'c>, row: &mut AddressRow) {
    if let Some(email) = typed.email("email") {
        email.as_str().clone_into(&mut row.email);
    }
    typed.line("name", ADDRESS_NAME_CHARS_MAX).clone_into(&mut row.name);
    row.is_default |= call.form.has("default");
    if call.form.has("signature") {
        row.signature = typed.text("signature", SIGNATURE_CHARS_MAX);
    }
    let way = |name: &str| call.form.trimmed(name).to_owned();
    match (Incoming::from_word(&way("incoming")), Outgoing::from_word(&way("outgoing"))) {
        (Some(incoming), Some(outgoing)) => (row.incoming, row.outgoing) = (incoming, outgoing),
        (incoming, _) => {
            let name = if incoming.is_none() { "incoming" } else { "outgoing" };
            typed.wrong(name, call.language.t("wrong-choice"));
        }
    }
    let former = (row.imap_host.clone(), row.smtp_host.clone());
    typed.line_or_none("imap_host", TEXT_CHARS_MAX).clone_into(&mut row.imap_host);
    typed.line_or_none("imap_user", TEXT_CHARS_MAX).clone_into(&mut row.imap_user);
    typed.line_or_none("smtp_host", TEXT_CHARS_MAX).clone_into(&mut row.smtp_host);
    typed.line_or_none("smtp_user", TEXT_CHARS_MAX).clone_into(&mut row.smtp_user);
    row.imap_port = typed.port("imap_port", row.imap_port);
    row.smtp_port = typed.port("smtp_port", row.smtp_port);
    row.imap_tls = Tls::from_word(call.form.get("imap_tls")).unwrap_or(row.imap_tls);
    row.smtp_tls = Tls::from_word(call.form.get("smtp_tls")).unwrap_or(row.smtp_tls);
    if call.form.has("imap_folders") {
        let folders = call.form.get("imap_folders").lines().map(str::trim).filter(|line| !line.is_empty());
        row.imap_folders = folders.map(str::to_owned).collect();
    }
    if row.imap_folders.is_empty() && row.incoming == Incoming::Imap {
        row.imap_folders = vec!["INBOX".to_owned()];
    }
    match call.form.trimmed("imap_after").parse::<ImapAfter>() {
        Ok(after) => row.imap_after = after,
        Err(_) if call.form.has("imap_after") => typed.wrong("imap_after", call.language.t("h-imap-after")),
        Err(_) => {}
    }
    fill_sign_in(call, typed, row);
    // A stored password goes to the server it was typed for, and to no other.
    let elsewhere = |host: &str, former: &str, file: &str| !file.is_empty() && host != former;
    if elsewhere(&row.imap_host, &former.0, &row.imap_password_file) && call.form.get("imap_password").is_empty() {
        typed.wrong("imap_password", call.language.t("wrong-password-again"));
    }
    if elsewhere(&row.smtp_host, &former.1, &row.smtp_password_file) && call.form.get("smtp_password").is_empty() {
        typed.wrong("smtp_password", call.language.t("wrong-password-again"));
    }
}

/// How the mailbox is signed in to. Stored secrets, too, go to the endpoint they were typed for, and to no other.
fn fill_sign_in<'c>(call: &'c Call<'c>, typed: &mut Typed<'c>, row: &mut AddressRow) {
    if !call.form.has("imap_auth") {
        return;
    }
    row.imap_auth = Auth::from_word(call.form.get("imap_auth")).unwrap_or(row.imap_auth);
    let former = address_way::option(row, "oauth_url");
    for name in ["oauth_url", "oauth_client", "oauth_scope"] {
        let value = typed.line_or_none(name, TEXT_CHARS_MAX);
        address_way::put_option(row, name, value);
    }
    let url = call.form.trimmed("oauth_url");
    for (name, place) in [("oauth_secret", "oauth_secret_file"), ("oauth_refresh", "oauth_refresh_file")] {
        if url == former || address_way::option(row, place).is_empty() || !call.form.get(name).is_empty() {
            continue;
        }
        if url.is_empty() {
            address_way::put_option(row, place, "");
        } else {
            typed.wrong(name, call.language.t("wrong-password-again"));
        }
    }
}

/// What must be there for the chosen ways.
fn check<'c>(call: &'c Call<'c>, typed: &mut Typed<'c>, row: &AddressRow) {
    let needed = [
        ("imap_host", row.incoming == Incoming::Imap && row.imap_host.is_empty()),
        ("imap_user", row.incoming == Incoming::Imap && row.imap_user.is_empty()),
        ("smtp_host", row.outgoing == Outgoing::Smtp && row.smtp_host.is_empty()),
    ];
    for (name, is_missing) in needed {
        if is_missing {
            typed.wrong(name, call.language.t("wrong-empty"));
        }
    }
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let former = id.map(|id| find_to_change(call, id)).transpose()?;
    let mut row = former.as_ref().map_or_else(|| AddressRow::new("", ""), |(_, row)| row.clone());
    let mut typed = Typed::new(call);
    fill(call, &mut typed, &mut row);
    check(call, &mut typed, &row);
    let department = DepartmentId::new(call.form.number("department").unwrap_or(0));
    let (is_there, taken, is_held) = call.read(|tx| {
        let taken = tx.addresses()?.into_iter().find(|(_, other)| other.email.eq_ignore_ascii_case(&row.email));
        let email = row.email.parse::<EmailAddress>().ok().filter(|_| taken.is_none());
        let is_held = email.map(|email| tx.holder(&email, Purpose::Desk)).transpose()?.flatten().is_some();
        Ok((tx.department(department)?.is_some(), taken, is_held))
    })?;
    row.department = Some(department);
    let viewer = call.viewer()?;
    if !is_there || !viewer.sees(department) {
        typed.wrong("department", call.language.t("wrong-choice"));
    }
    // What comes to no address of ours goes to the default one's department.
    if call.form.has("default") && !former.as_ref().is_some_and(|(_, row)| row.is_default) && !viewer.sees_all {
        typed.wrong("default", call.language.t("for-those-who-see-all"));
    }
    let own = former.as_ref().map(|(id, _)| *id);
    if is_held || taken.is_some_and(|(other, _)| Some(other) != own) {
        typed.wrong("email", call.language.t("wrong-taken"));
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    if call.form.get("do") == "test" {
        let outcome = address_way::test(call, &row)?;
        return Ok(Saved::Again(Form { outcome, ..form(call, id)?.filled(&call.form) }));
    }
    let kept = address_way::keep_passwords(call, &mut row)?;
    let done = call.write(|tx| {
        let saved = match own {
            Some(id) => tx.update_address(id, &row, call.now).map(|_| id),
            None => tx.add_address(&row, call.now),
        };
        match saved {
            Err(Error::Taken(_)) => Err(Refusal::Broken),
            other => Ok(other?),
        }
    });
    if done.is_err() {
        address_way::forget(&kept);
    }
    let saved = done?;
    // The lines for the mail server are what one needs next.
    if own.is_none() && row.incoming == Incoming::Pipe {
        return Ok(Saved::At(NOUN.path_of(saved)));
    }
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let (_, row) = find_to_change(call, id)?;
    let title = call.language.with("remove-address", "name", row.email.as_str());
    let text = call.language.t(if row.is_default { "default-address-goes" } else { "address-goes" });
    Ok(Loss::new(title, vec![text]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let (id, _) = find_to_change(call, id)?;
    call.write(|tx| Ok(tx.remove_address(id).map(|_| ())?))
}
