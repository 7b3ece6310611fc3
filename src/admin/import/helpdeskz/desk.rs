//! The desk itself: departments, priorities, settings, custom fields, templates and tokens. Its mail
//! addresses are `addresses`'s.

use serde_json::json;

use super::run::{Ready, Refused, RowResult, Run, id_of, time};
use super::{escaped, php};
use crate::admin::import::dump::Row;
use crate::admin::import::report::Kind;
use crate::api::token_hash;
use crate::domain::Timestamp;
use crate::domain::permission::Permission;
use crate::ip_list::IpList;
use crate::outcome;
use crate::store::import::{ImportedCustomField, ImportedDepartment, ImportedPriority, ImportedToken, Precedence};
use crate::store::settings::definition;
use crate::store::template::Template;

/// Columns of `config` that are settings here, under the same names.
const SETTINGS: [&str; 15] = [
    "site_name",
    "tickets_page",
    "tickets_replies",
    "reply_order",
    "overdue_time",
    "ticket_autoclose",
    "ticket_attachment",
    "ticket_attachment_number",
    "ticket_file_size",
    "ticket_file_type",
    "login_attempt",
    "login_attempt_minutes",
    "maintenance",
    "date_format",
    "timezone",
];

/// Imports what nothing else depends on, and what depends on departments alone.
pub(super) fn import(run: &mut Run<'_>) -> outcome::Result<()> {
    departments(run)?;
    run.table(
        "priority",
        |row| {
            let id = id_of(row)?;
            let priority = ImportedPriority {
                id,
                name: escaped::name(&row.text("name")),
                color: escaped::one_line(&row.text("color")),
            };
            Ok(Ready::new(row, id, priority))
        },
        |tx, new| Ok(tx.place_priority(new)?.into()),
    )?;
    settings(run)?;
    custom_fields(run)?;
    templates(run)?;
    super::addresses::import(run)?;
    tokens(run)
}

fn departments(run: &mut Run<'_>) -> outcome::Result<()> {
    let precedence = run.precedence;
    run.table(
        "departments",
        |row| {
            let id = id_of(row)?;
            let given = escaped::name(&row.text("name"));
            let name = if given.is_empty() { format!("Department {id}") } else { given.clone() };
            let new =
                ImportedDepartment { id, position: row.number("dep_order"), name, is_private: row.is_on("private") };
            let mut ready = Ready::new(row, id, new);
            if given.is_empty() {
                ready.repairs.push("it has no name".to_owned());
            }
            Ok(ready)
        },
        move |tx, new| Ok(tx.place_department(new, precedence)?.into()),
    )
}

/// `config` has one row; its columns become settings.
fn settings(run: &mut Run<'_>) -> outcome::Result<()> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    run.table(
        "config",
        |row| {
            if !found.is_empty() {
                return Err(Refused { id: row.text("id"), why: "the first row has the settings".to_owned() });
            }
            let mut repairs = Vec::new();
            for key in SETTINGS.into_iter().filter(|key| row.has(key)) {
                found.push((key, setting(row, key, &mut repairs)));
            }
            let mut ready = Ready::new(row, row.text("id"), ());
            ready.repairs.extend(repairs);
            Ok(ready)
        },
        |_, ()| Ok(crate::store::import::Placed::Added.into()),
    )?;
    if run.precedence == Precedence::Desk {
        if !found.is_empty() {
            run.report.add(Kind::Warning, "config", "", "settings stay as they are: an earlier import brought them")?;
        }
        return Ok(());
    }
    let mut checked = Vec::new();
    for (key, value) in found {
        match definition(key).map(|known| known.check(&value).map(|value| (known, value))) {
            Ok(Ok(setting)) => checked.push(setting),
            Ok(Err(refused)) => {
                run.report.add(Kind::Warning, "config", "", &format!("{refused}; it stays as shipped"))?
            }
            Err(unknown) => run.report.add(Kind::Warning, "config", "", &unknown.to_string())?,
        }
    }
    run.store.write(|tx| {
        for (definition, value) in &checked {
            tx.set_setting(definition, value)?;
        }
        Ok::<_, crate::store::Error>(())
    })?;
    Ok(())
}

fn setting(row: &Row, key: &str, repairs: &mut Vec<String>) -> String {
    let value = row.text(key);
    match key {
        "site_name" => escaped::name(&value),
        "ticket_file_type" => match php::unserialize(&value) {
            Some(list) => {
                if list.is_mended {
                    repairs.push("ticket_file_type had a wrong length inside".to_owned());
                }
                list.value.items().iter().map(|(_, extension)| extension.text()).collect::<Vec<_>>().join(",")
            }
            None => value,
        },
        _ => escaped::one_line(&value),
    }
}

fn custom_fields(run: &mut Run<'_>) -> outcome::Result<()> {
    run.table(
        "custom_fields",
        |row| {
            let id = id_of(row)?;
            let kind = escaped::one_line(&row.text("type")).to_ascii_lowercase();
            let mut repairs = Vec::new();
            let options: Vec<String> = if is_choice(&kind) {
                row.text("value").split(['\r', '\n']).map(escaped::name).filter(|option| !option.is_empty()).collect()
            } else {
                Vec::new()
            };
            let departments = department_ids(&row.text("departments"), &mut repairs);
            let new = ImportedCustomField {
                id,
                kind,
                title: escaped::one_line(&row.text("title")),
                options: json!(options).to_string(),
                is_required: row.is_on("required"),
                departments: json!(departments).to_string(),
                position: row.number("display"),
            };
            let mut ready = Ready::new(row, id, (new, departments));
            ready.repairs.extend(repairs);
            Ok(ready)
        },
        |tx, (new, departments)| {
            let (kept, repairs) = super::people::existing_departments(tx, departments)?;
            let mut new = new.clone();
            new.departments = json!(kept).to_string();
            let mut settled = RowResult::from(tx.place_custom_field(&new)?);
            settled.repairs = repairs;
            if kept.is_empty() && !departments.is_empty() {
                settled.repairs.push("it has no department left, so it is for all".to_owned());
            }
            Ok(settled)
        },
    )
}

/// Whether answers to a custom field of that type are chosen, and stored escaped.
pub(super) fn is_choice(kind: &str) -> bool {
    matches!(kind, "select" | "radio" | "checkbox")
}

/// Reads a serialised list of ids; empty for an empty text.
pub(super) fn department_ids(text: &str, repairs: &mut Vec<String>) -> Vec<i64> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let Some(list) = php::unserialize(text) else {
        repairs.push("its list of departments cannot be read".to_owned());
        return Vec::new();
    };
    if list.is_mended {
        repairs.push("its list of departments had a wrong length inside".to_owned());
    }
    let mut ids = Vec::new();
    for (_, item) in list.value.items() {
        if let Ok(id) = item.text().trim().parse::<i64>()
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    ids
}

fn templates(run: &mut Run<'_>) -> outcome::Result<()> {
    let (precedence, now) = (run.precedence, run.now);
    run.table(
        "emails_tpl",
        |row| {
            let name = escaped::one_line(&row.text("id"));
            if name.is_empty() {
                return Err(Refused { id: name, why: "it has no name".to_owned() });
            }
            let body: String =
                row.text("message").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
            let has_password = body.contains("%client_password%");
            let template = Template {
                subject: escaped::one_line(&row.text("subject")),
                body_text: String::new(),
                body_html: body,
                is_enabled: row.is_on("status"),
            };
            let mut ready = Ready::new(row, name.clone(), (name, template, time(row, "last_update")));
            if has_password {
                let why = "it names %client_password%, which maildesk never sends; look at it with `maildesk admin \
                           template show` and edit it";
                ready.warnings.push(why.to_owned());
            }
            Ok(ready)
        },
        move |tx, (name, template, at)| {
            use crate::store::import::Placed;
            if precedence == Precedence::Desk && tx.stored_template(name)?.is_some() {
                return Ok(Placed::Known.into());
            }
            let at = if at.unix() > 0 { *at } else { now };
            tx.store_template(name, template, at)?;
            Ok(Placed::Added.into())
        },
    )
}

fn tokens(run: &mut Run<'_>) -> outcome::Result<()> {
    run.table("api", token, |tx, new| {
        use crate::store::import::Placed;
        Ok(match tx.place_token(new)? {
            Placed::Taken => RowResult::skipped("the same token is there under another id"),
            placed => placed.into(),
        })
    })
}

fn token(row: &Row) -> Result<Ready<ImportedToken>, Refused> {
    let id = id_of(row)?;
    let value = row.text("token").trim().to_owned();
    if value.is_empty() {
        return Err(Refused { id: id.to_string(), why: "it has no token".to_owned() });
    }
    let mut repairs = Vec::new();
    let permissions = permissions(&row.text("permissions"), &mut repairs);
    let ips = row.text("ip_address");
    let ips: Vec<&str> = ips.split([',', ' ', '\t', '\r', '\n', ';']).filter(|ip| !ip.is_empty()).collect();
    let ips = ips.join(",");
    if IpList::parse(&ips).is_err() {
        repairs.push("an entry of its address list can be no address, and never matches".to_owned());
    }
    let changed_at = time(row, "last_update");
    let created_at = time(row, "date");
    let new = ImportedToken {
        id,
        name: escaped::name(&row.text("name")),
        sha256: token_hash(&value),
        permissions,
        ips,
        is_active: !row.has("active") || row.is_on("active"),
        created_at,
        last_update_at: if changed_at == Timestamp::from_unix(0) { created_at } else { changed_at },
    };
    let mut ready = Ready::new(row, id, new);
    ready.repairs.extend(repairs);
    Ok(ready)
}

/// `{group: {action: 1}}` as our list of words.
fn permissions(text: &str, repairs: &mut Vec<String>) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let Some(groups) = php::unserialize(text) else {
        repairs.push("its permissions cannot be read: it may do nothing".to_owned());
        return String::new();
    };
    if groups.is_mended {
        repairs.push("its permissions had a wrong length inside".to_owned());
    }
    let mut words = Vec::new();
    for (group, actions) in groups.value.items() {
        for (action, _) in actions.items().iter().filter(|(_, allowed)| allowed.is_true()) {
            let word = format!("{}/{}", group.text(), action.text());
            match Permission::named(&word) {
                Some(_) if !words.contains(&word) => words.push(word),
                Some(_) => {}
                None => repairs.push(format!("there is no permission {}", escaped::one_line(&word))),
            }
        }
    }
    words.join(" ")
}
