//! Users and staff: names and addresses unescaped, accounts with one address made one, passwords and
//! second factors kept as they are.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use data_encoding::HEXLOWER_PERMISSIVE;

use super::desk::department_ids;
use super::escaped;
use super::run::{Ready, Refused, RowOutcome, RowResult, Run, id_of, time};
use crate::admin::import::dump::Row;
use crate::domain::staff_role::StaffRole;
use crate::domain::{EmailAddress, StaffId};
use crate::mail::html;
use crate::outcome;
use crate::store::address_use::Purpose;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::import::{ImportedCustomer, ImportedStaff, Placed, PlacedCustomer};
use crate::store::{Result, WriteTx};
use crate::totp;

/// Domain of addresses made up where HelpDeskZ has none (RFC 2606 §2: no mail ever goes there).
pub(super) const NO_ADDRESS_DOMAIN: &str = "imported.invalid";

/// People whose ids are not theirs here.
#[derive(Default)]
pub(super) struct Renumbered {
    /// Users that became part of another one, or got another id: the customer's id by theirs.
    pub(super) users: HashMap<i64, i64>,
    /// Staff whose id belongs to another person on this desk.
    pub(super) staff: HashSet<i64>,
}

/// Imports staff and users; says who has another id now.
pub(super) fn import(run: &mut Run<'_>) -> outcome::Result<Renumbered> {
    let mut renumbered = Renumbered::default();
    let own_above = run.own_staff_above;
    run.table("staff", staff, |tx, new: &ImportedStaff| {
        let (departments, mut repairs) = existing_departments(tx, &new.departments)?;
        let mut new = new.clone();
        new.departments = departments;
        if tx.staff(StaffId::new(new.id))?.is_none()
            && let Some(other) = tx.staff_by_username(&new.username)?
        {
            if own_above.is_some_and(|above| other.id.get() > above) {
                tx.renumber_staff(other.id, StaffId::new(new.id))?;
                let why = "the desk has an account of that name already, which is used instead, with its own password and role";
                return Ok(RowResult { outcome_of_row: RowOutcome::Merged(why.to_owned()), repairs });
            }
            let renamed = format!("{}-{}", new.username, new.id);
            repairs
                .push(format!("staff {} has the username {} already: this is {renamed} now", other.id, new.username));
            new.username = renamed;
        }
        if let Ok(email) = new.email.parse()
            && let Some(holder) = tx.holder(&email, Purpose::Staff(Some(StaffId::new(new.id))))?
        {
            repairs.push(format!("{email} {holder}"));
        }
        let placed = tx.place_staff(&new)?;
        if placed == Placed::Taken {
            renumbered.staff.insert(new.id);
        }
        let mut settled = RowResult::from(placed);
        settled.repairs = repairs;
        Ok(settled)
    })?;
    let merged = &mut renumbered.users;
    run.table("users", customer, |tx, new: &ImportedCustomer| {
        let outcome_of_row = match tx.place_customer(new)? {
            PlacedCustomer::Added => RowOutcome::Added,
            PlacedCustomer::Known => RowOutcome::Known,
            PlacedCustomer::MergedInto(other) => {
                merged.insert(new.id, other.get());
                RowOutcome::Merged(format!("has the address of user {other}, who is kept for both"))
            }
            PlacedCustomer::TookIn(other) => {
                for target in merged.values_mut().filter(|target| **target == other.get()) {
                    *target = new.id;
                }
                merged.insert(other.get(), new.id);
                let repairs = vec![format!("user {other} has the same address and became part of this one")];
                return Ok(RowResult { outcome_of_row: RowOutcome::Added, repairs });
            }
            PlacedCustomer::Taken => {
                let id = tx.place_customer_elsewhere(new)?;
                merged.insert(new.id, id.get());
                RowOutcome::Failed(format!("the desk has another customer with this id: this one has id {id} now"))
            }
        };
        Ok(RowResult { outcome_of_row, repairs: Vec::new() })
    })?;
    Ok(renumbered)
}

/// The departments of a list that exist, and a line about the others.
pub(super) fn existing_departments(tx: &WriteTx<'_>, wanted: &[i64]) -> Result<(Vec<i64>, Vec<String>)> {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for id in wanted {
        if tx.has_department(*id)? {
            kept.push(*id);
        } else {
            gone.push(id.to_string());
        }
    }
    let repairs = match gone.as_slice() {
        [] => Vec::new(),
        gone => vec![format!("department {} does not exist", gone.join(", "))],
    };
    Ok((kept, repairs))
}

fn customer(row: &Row) -> std::result::Result<Ready<ImportedCustomer>, Refused> {
    let id = id_of(row)?;
    let mut repairs = Vec::new();
    let written = escaped::name(&row.text("email")).to_lowercase();
    let email = written.parse::<EmailAddress>().map_or_else(
        |_| {
            repairs.push(format!("{written:?} is no mail address"));
            format!("user-{id}@{NO_ADDRESS_DOMAIN}")
        },
        |email| email.to_string(),
    );
    let mut fullname = escaped::name(&row.text("fullname"));
    if fullname.is_empty() {
        fullname = email.split('@').next().unwrap_or_default().to_owned();
        repairs.push("it has no name: the address is used instead".to_owned());
    }
    let new = ImportedCustomer {
        id,
        fullname: fullname.chars().take(FULLNAME_CHARS_MAX).collect(),
        email,
        password_hash: kept_hash(&row.text("password")).unwrap_or_default(),
        is_active: !row.has("status") || row.is_on("status"),
        registered_at: time(row, "registration"),
        timezone: escaped::one_line(&row.text("timezone")),
    };
    let mut ready = Ready::new(row, id, new);
    ready.repairs.extend(repairs);
    Ok(ready)
}

fn staff(row: &Row) -> std::result::Result<Ready<ImportedStaff>, Refused> {
    let id = id_of(row)?;
    let mut repairs = Vec::new();
    let mut username = escaped::name(&row.text("username"));
    if username.is_empty() {
        username = format!("staff-{id}");
        repairs.push(format!("it has no username: it is {username} now"));
    }
    let fullname = escaped::name(&row.text("fullname"));
    let is_admin = row.is_on("admin");
    let departments = if is_admin { Vec::new() } else { department_ids(&row.text("department"), &mut repairs) };
    let totp_secret = second_factor(&row.text("two_factor"));
    // Without its second factor an account must not be open to everyone who knows the password.
    let password_hash = match (kept_hash(&row.text("password")), &totp_secret) {
        (Some(hash), Ok(_)) => hash,
        (None, _) => {
            repairs.push(format!(
                "its password is stored in an unknown way: set one (`maildesk admin staff password {username}`)"
            ));
            String::new()
        }
        (Some(_), Err(())) => {
            repairs.push(format!(
                "its second factor cannot be read, so it cannot log in: set a password (`maildesk admin staff password {username}`)"
            ));
            String::new()
        }
    };
    let signature = row.text("signature");
    let new = ImportedStaff {
        id,
        fullname: if fullname.is_empty() { username.clone() } else { fullname },
        username,
        email: escaped::name(&row.text("email")).to_lowercase(),
        password_hash,
        role: if is_admin { StaffRole::Admin } else { StaffRole::Agent },
        is_active: !row.has("active") || row.is_on("active"),
        registered_at: time(row, "registration"),
        login_at: time(row, "login"),
        last_login_at: time(row, "last_login"),
        timezone: escaped::one_line(&row.text("timezone")),
        signature: if signature.trim().is_empty() { String::new() } else { html::sanitise_message(&signature) },
        totp_secret: totp_secret.unwrap_or_default(),
        departments,
    };
    let mut ready = Ready::new(row, id, new);
    ready.repairs.extend(repairs);
    Ok(ready)
}

/// A bcrypt or SHA-1 hash as it is; `None` for anything else, which may be a password in clear.
fn kept_hash(stored: &str) -> Option<String> {
    let stored = stored.trim();
    let is_bcrypt = stored.len() == 60 && ["$2y$", "$2a$", "$2b$", "$2x$"].iter().any(|head| stored.starts_with(head));
    let is_sha1 = stored.len() == 40 && stored.bytes().all(|b| b.is_ascii_hexdigit());
    let is_argon2 = stored.starts_with("$argon2id$");
    (is_bcrypt || is_sha1 || is_argon2).then(|| stored.to_owned())
}

/// HelpDeskZ hides the secret: reversed, in base64, reversed, in hexadecimal. Empty is off.
fn second_factor(stored: &str) -> std::result::Result<String, ()> {
    let stored = stored.trim();
    if stored.is_empty() {
        return Ok(String::new());
    }
    let mut base64 = HEXLOWER_PERMISSIVE.decode(stored.as_bytes()).map_err(|_| ())?;
    base64.reverse();
    let base64: Vec<u8> = base64.into_iter().filter(|byte| *byte != b'=').collect();
    let mut secret = STANDARD_NO_PAD.decode(base64).map_err(|_| ())?;
    secret.reverse();
    let secret = String::from_utf8(secret).map_err(|_| ())?;
    totp::clean_secret(&secret).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_factor_is_brought_back_from_its_hiding() {
        let hidden = "3D3D77524670465248356B51576455577A51565550705555";
        assert_eq!(second_factor(hidden).map(|secret| secret.len()), Ok(16));
        assert_eq!(second_factor(" "), Ok(String::new()));
        for broken in ["zz", "3D3", "00ff", "ÄÖÜ"] {
            assert_eq!(second_factor(broken), Err(()), "{broken}");
        }
    }

    #[test]
    fn hashes_are_kept_and_clear_passwords_are_not() {
        let bcrypt = format!("$2y$10${}", "a".repeat(53));
        assert_eq!(kept_hash(&bcrypt), Some(bcrypt.clone()));
        assert_eq!(kept_hash("b3db44ec05ee805bae94da7f7b00f7444be6ca04").map(|hash| hash.len()), Some(40));
        for other in ["", "secret", "$2y$10$short", "b3db44ec05ee805bae94da7f7b00f7444be6ca0"] {
            assert_eq!(kept_hash(other), None, "{other}");
        }
    }
}
