//! The desk's mail addresses, with their IMAP and SMTP settings. Passwords go into files of their
//! own beside the database, readable by its owner alone.

use std::path::{Path, PathBuf};

use super::escaped;
use super::run::{Ready, Refused, RowOutcome, RowResult, Run, id_of, time};
use crate::admin::import::dump::Row;
use crate::admin::import::report::Kind;
use crate::domain::desk_address::{Incoming, Outgoing, Tls};
use crate::domain::{DepartmentId, EmailAddress};
use crate::outcome::{self, WithContext};
use crate::private_file;
use crate::store::address::AddressRow;
use crate::store::import::{ImportedAddress, Placed};

/// What goes into password files once the address is in.
struct Secrets {
    imap: String,
    smtp: String,
}

/// Imports the addresses of `emails`.
pub(super) fn import(run: &mut Run<'_>) -> outcome::Result<()> {
    let (store, database, writes_files) = (run.store, run.database, run.writes_files);
    let mut secrets: Vec<(i64, String, Secrets)> = Vec::new();
    let mut added: Vec<i64> = Vec::new();
    run.table(
        "emails",
        |row| {
            let (ready, secret) = address(row, database)?;
            let id = ready.row.id;
            // Before the address is in: an import that is stopped in between must not leave it without its password.
            let known = store.read(|tx| tx.address_by_name(&ready.row.row.email));
            if writes_files && matches!(known, Ok(None)) {
                write_secrets(database, id, &secret)
                    .map_err(|e| Refused { id: id.to_string(), why: format!("{e:#}") })?;
            }
            secrets.push((id, ready.row.row.email.clone(), secret));
            Ok(ready)
        },
        |tx, new| {
            let mut new = new.clone();
            let mut repairs = Vec::new();
            let department = new.row.department.map_or(0, DepartmentId::get);
            if !tx.has_department(department)? {
                let fallback = fallback_department(tx)?;
                repairs.push(match fallback {
                    Some(id) => format!("department {department} does not exist: {id} is taken"),
                    None => format!("department {department} does not exist"),
                });
                new.row.department = fallback.map(DepartmentId::new);
            }
            let has_default = tx.desk_addresses()?.iter().any(|address| address.is_default);
            let (placed, id) = tx.place_address(&new)?;
            let outcome_of_row = match placed {
                Placed::Added => {
                    if new.row.is_default && has_default {
                        repairs.push("the desk has a default address already: this one is not it".to_owned());
                    }
                    added.push(new.id);
                    if id.get() != new.id {
                        repairs.push(format!("its id was taken: it has id {id} now"));
                    }
                    RowOutcome::Added
                }
                Placed::Known => RowOutcome::Known,
                Placed::Taken => RowOutcome::Skipped("the desk has this address already; it stays as it is".to_owned()),
            };
            Ok(RowResult { outcome_of_row, repairs })
        },
    )?;
    for (id, email, secret) in secrets.into_iter().filter(|(id, ..)| added.contains(id)) {
        for (kind, value) in [("imap", secret.imap), ("smtp", secret.smtp)] {
            if !value.is_empty() {
                let path = password_path(database, id, kind);
                let why = format!("the {} password of {email} goes into {}", kind.to_uppercase(), path.display());
                run.report.add(Kind::File, "emails", &id.to_string(), &why)?;
            }
        }
    }
    Ok(())
}

/// Department 1, or the lowest there is.
pub(super) fn fallback_department(tx: &crate::store::WriteTx<'_>) -> crate::store::Result<Option<i64>> {
    if tx.has_department(1)? {
        return Ok(Some(1));
    }
    Ok(tx.lowest_department()?.map(DepartmentId::get))
}

/// `desk.db` → `desk.address-2-imap.password`.
fn password_path(database: &Path, id: i64, kind: &str) -> PathBuf {
    let stem = database.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let path = database.with_file_name(format!("{stem}.address-{id}-{kind}.password"));
    std::path::absolute(&path).unwrap_or(path)
}

fn write_secrets(database: &Path, id: i64, secrets: &Secrets) -> outcome::Result<()> {
    for (kind, value) in [("imap", &secrets.imap), ("smtp", &secrets.smtp)] {
        if !value.is_empty() {
            write_secret(&password_path(database, id, kind), value)?;
        }
    }
    Ok(())
}

fn write_secret(path: &Path, secret: &str) -> outcome::Result<()> {
    private_file::replace(path, &path.with_extension("new"), secret.as_bytes())
        .with_context(|| format!("writing {}", path.display()))
}

fn address(row: &Row, database: &Path) -> Result<(Ready<ImportedAddress>, Secrets), Refused> {
    let id = id_of(row)?;
    let email = escaped::unescape(row.text("email").trim()).to_lowercase();
    let Ok(email) = email.parse::<EmailAddress>() else {
        return Err(Refused { id: id.to_string(), why: format!("{email:?} is no mail address") });
    };
    let given = escaped::one_line(&row.text("name"));
    let mut new = AddressRow::new(email.as_str(), if given.is_empty() { email.as_str() } else { &given });
    new.department = Some(DepartmentId::new(row.number("department_id")));
    new.is_default = row.is_on("default");
    let (mut repairs, mut warnings) = (Vec::new(), Vec::new());
    let secrets = Secrets { imap: incoming(row, &mut new, &mut warnings), smtp: outgoing(row, &mut new, &mut repairs) };
    for (kind, secret, place) in
        [("imap", &secrets.imap, &mut new.imap_password_file), ("smtp", &secrets.smtp, &mut new.smtp_password_file)]
    {
        if !secret.is_empty() {
            *place = password_path(database, id, kind).to_string_lossy().into_owned();
        }
    }
    let address =
        ImportedAddress { id, row: new, created_at: time(row, "created"), last_update_at: time(row, "last_update") };
    let mut ready = Ready::new(row, id, address);
    ready.repairs.extend(repairs);
    ready.warnings = warnings;
    Ok((ready, secrets))
}

/// How mail comes in; gives the password.
fn incoming(row: &Row, new: &mut AddressRow, warnings: &mut Vec<String>) -> String {
    let kind = row.text("incoming_type").trim().to_ascii_lowercase();
    let host = escaped::one_line(&row.text("imap_host"));
    match kind.as_str() {
        "pipe" => new.incoming = Incoming::Pipe,
        "imap" if !host.is_empty() => {
            new.incoming = Incoming::Imap;
            new.imap_folders = vec!["INBOX".to_owned()];
            warnings.push(
                "HelpDeskZ deleted fetched mail and checked no certificate; maildesk marks it as seen and checks: try \
                 `maildesk admin address test`"
                    .to_owned(),
            );
        }
        "imap" => warnings.push("incoming is imap without a host: it is none now".to_owned()),
        "pop" => warnings.push(format!(
            "incoming was POP ({host}), which maildesk does not read: it is none now; use IMAP of the same mailbox \
             (`maildesk admin address update {} --incoming imap --imap-host …`)",
            new.email
        )),
        "" | "none" => {}
        other => warnings.push(format!("incoming {other:?} is unknown: it is none now")),
    }
    // A POP server's name and port say nothing about IMAP; user and password do.
    if kind != "pop" {
        new.imap_host = host;
        new.imap_port = port(row, "imap_port").unwrap_or(993);
    }
    new.imap_user = escaped::one_line(&row.text("imap_username"));
    // HelpDeskZ connects with TLS from the first byte whatever the port.
    new.imap_tls = Tls::Implicit;
    row.text("imap_password")
}

/// How mail goes out; gives the password.
fn outgoing(row: &Row, new: &mut AddressRow, repairs: &mut Vec<String>) -> String {
    let host = escaped::one_line(&row.text("smtp_host"));
    let encryption = row.text("smtp_encryption").trim().to_ascii_lowercase();
    let (tls, default_port) = match encryption.as_str() {
        "tls" | "starttls" => (Tls::Starttls, 587),
        "ssl" => (Tls::Implicit, 465),
        "" | "none" => (Tls::None, 25),
        other => {
            repairs.push(format!("smtp_encryption {other:?} is unknown: starttls is taken"));
            (Tls::Starttls, 587)
        }
    };
    let is_smtp = match row.text("outgoing_type").trim().to_ascii_lowercase().as_str() {
        "smtp" if !host.is_empty() => true,
        "smtp" => {
            repairs.push("outgoing is smtp without a host: sendmail is taken".to_owned());
            false
        }
        _ => false,
    };
    new.outgoing = if is_smtp { Outgoing::Smtp } else { Outgoing::Sendmail };
    if !is_smtp && host.is_empty() {
        return String::new();
    }
    new.smtp_tls = tls;
    new.smtp_port = port(row, "smtp_port").unwrap_or(default_port);
    new.smtp_host = host;
    new.smtp_user = escaped::one_line(&row.text("smtp_username"));
    row.text("smtp_password")
}

fn port(row: &Row, column: &str) -> Option<u16> {
    u16::try_from(row.number(column)).ok().filter(|port| *port > 0)
}
