//! What `admin staff show` says beyond the account itself: switches, schedule, and what Servetel's
//! call keeps about a staff member.

use serde_json::{Map, Value};

use crate::domain::StaffId;
use crate::store::{Error, ReadTx};
use crate::terminal;

/// Adds `login`, `notifications`, `timezone`, `schedule` and `profile` to a staff member's object.
pub(super) fn add_to(json: &mut Value, tx: &ReadTx<'_>, id: StaffId) -> Result<(), Error> {
    let (has_login, has_notifications) = tx.staff_switches(id)?.unwrap_or((true, true));
    let (telephony, schedule) = tx.staff_profile(id)?.unwrap_or_default();
    // Only an import or a hand in the database could have put anything else there.
    let mut profile: Map<String, Value> = serde_json::from_str(&telephony).unwrap_or_default();
    if !schedule.is_empty() {
        profile.insert("time_group".to_owned(), Value::from(schedule.as_str()));
    }
    json["login"] = Value::from(has_login);
    json["notifications"] = Value::from(has_notifications);
    json["list_mine"] = Value::from(tx.staff_pages(id)?.preferences.lists_mine);
    json["timezone"] = Value::from(tx.staff_timezone(id)?);
    json["schedule"] = if schedule.is_empty() { Value::Null } else { Value::from(schedule) };
    json["profile"] = Value::Object(profile);
    Ok(())
}

/// The same as lines for people, each beginning with a line feed.
pub(super) fn lines(json: &Value) -> String {
    let mut out = String::new();
    let switch = |key: &str, off: &str| if json[key] == false { off.to_owned() } else { String::new() };
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!("\n{name:<11} {}", terminal::line(value)));
        }
    };
    let departments: Vec<String> =
        json["departments"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    line("departments", &departments.join(", "));
    line("totp", if json["totp"] == true { "on" } else { "" });
    line("login", &switch("login", "blocked"));
    line("list", if json["list_mine"] == true { "their own tickets" } else { "" });
    line("notified", &switch("notifications", "of no ticket"));
    for (key, value) in json["profile"].as_object().into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(list) => {
                let one = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
                list.iter().map(one).collect::<Vec<_>>().join(", ")
            }
            Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
            other => other.to_string(),
        };
        line(&terminal::line(key).replace('_', " "), &text);
    }
    out
}
