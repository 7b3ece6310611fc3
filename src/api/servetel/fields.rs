//! The variables of Servetel's call: which type each has, what it may hold, and what is said when it
//! does not. Nothing here knows the desk; names of departments are looked up among those given.

use serde_json::{Map, Value as Json};

use super::super::email;
use super::super::refusal::FieldFaults;
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, EmailAddress};
use crate::password::PASSWORD_BYTES_MAX;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::department::Department;

/// In the order of the manual's table, which is the order of errors.
const FIELDS: &[&str] = &[
    "name",
    "number",
    "create_agent",
    "email",
    "login_id",
    "user_role",
    "password",
    "status",
    "caller_id",
    "create_web_login",
    "block_web_login",
    "user_for_cdr",
    "login_based_calling",
    "agent_group",
    "department",
    "time_group",
    "create_extension",
    "enable_calling",
];

/// Digits of a number (ITU-T E.164 §6.2.1: 15 at most; the shortest in use, with country code, have 7).
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Shortest password, in characters.
const PASSWORD_CHARS_MIN: usize = 8;

/// Longest login name, in bytes (what staff/auth looks at).
const LOGIN_BYTES_MAX: usize = 255;

/// Longest name of a group, department or time group, in characters. Chosen: as a full name's.
const LABEL_CHARS_MAX: usize = FULLNAME_CHARS_MAX;

/// Entries of a list. Chosen: above any real switchboard's.
const ENTRIES_MAX: usize = 1000;

/// Bytes of `user_for_cdr` as JSON. Chosen: 1,000 ids with room.
const OBJECT_BYTES_MAX: usize = 16 * 1024;

/// What a request wants; `None` where it does not say, or says it wrong and `faults` has it.
pub(super) struct Wanted {
    pub(super) name: Option<String>,
    pub(super) email: Option<EmailAddress>,
    pub(super) login_id: Option<String>,
    pub(super) role: Option<StaffRole>,
    pub(super) password: Option<String>,
    pub(super) is_active: Option<bool>,
    pub(super) is_agent: Option<bool>,
    pub(super) is_login_blocked: bool,
    pub(super) departments: Option<Departments>,
    pub(super) time_group: Option<String>,
    /// What is only kept.
    pub(super) telephony: Map<String, Json>,
    pub(super) faults: FieldFaults,
}

impl Wanted {
    /// Reads the members of the body; unknown ones are ignored.
    #[must_use]
    pub(super) fn read(members: Vec<(String, Json)>) -> Self {
        let mut fields =
            Fields { members: members.into_iter().collect(), kept: Map::new(), faults: FieldFaults::new(FIELDS) };
        let name = fields.required("name", label);
        let number = fields.required("number", number);
        fields.keep("number", number);
        let is_agent = fields.required("create_agent", boolean);
        let email = fields.required("email", address);
        let login_id = fields.required("login_id", login);
        let role = fields.required("user_role", role);
        let password = fields.required("password", password);
        let is_active = fields.required("status", boolean);
        let caller_id = fields.required("caller_id", integers);
        fields.keep("caller_id", caller_id);
        fields.keep("create_agent", is_agent);
        fields.optional_kept("create_web_login", boolean);
        let is_login_blocked = fields.optional_kept("block_web_login", boolean).unwrap_or(false);
        fields.optional_kept("user_for_cdr", object);
        fields.optional_kept("login_based_calling", boolean);
        fields.optional_kept("agent_group", labels);
        let departments = fields.optional("department", departments);
        let time_group = fields.optional("time_group", label);
        fields.optional_kept("create_extension", boolean);
        fields.optional_kept("enable_calling", boolean);
        let Fields { kept: telephony, faults, .. } = fields;
        Self {
            name,
            email,
            login_id,
            role,
            password,
            is_active,
            is_agent,
            is_login_blocked,
            departments,
            time_group,
            telephony,
            faults,
        }
    }
}

/// The members of the body while they are read.
struct Fields {
    members: Map<String, Json>,
    kept: Map<String, Json>,
    faults: FieldFaults,
}

impl Fields {
    /// A variable that must be there; blank is not there.
    fn required<T>(&mut self, name: &'static str, read: impl FnOnce(&Json) -> Result<T, String>) -> Option<T> {
        let is_missing = match self.members.get(name) {
            None | Some(Json::Null) => true,
            Some(Json::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if is_missing {
            self.faults.add(name, format!("The {name} field is required."));
            return None;
        }
        self.optional(name, read)
    }

    /// A variable that may be there.
    fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(&Json) -> Result<T, String>) -> Option<T> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        let checked = read(value).map_err(|fault| format!("The {name} {fault}."));
        self.faults.note(name, checked)
    }

    /// The same, for one that is kept as data.
    fn optional_kept<T: Clone + Into<Json>>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Json) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.optional(name, read);
        self.keep(name, value.clone());
        value
    }

    fn keep(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.kept.insert(name.to_owned(), value.into());
        }
    }
}

fn boolean(value: &Json) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be a boolean".to_owned())
}

fn string(value: &Json) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}

/// One line for people, trimmed.
fn label(value: &Json) -> Result<String, String> {
    let text = string(value)?.trim();
    if text.chars().any(char::is_control) {
        return Err("may not hold control characters".to_owned());
    }
    if text.chars().count() > LABEL_CHARS_MAX {
        return Err(format!("may not be greater than {LABEL_CHARS_MAX} characters"));
    }
    Ok(text.to_owned())
}

fn labels(value: &Json) -> Result<Vec<String>, String> {
    let fault = || "must be an array of strings".to_owned();
    let entries = value.as_array().ok_or_else(fault)?;
    if entries.len() > ENTRIES_MAX {
        return Err(format!("may not have more than {ENTRIES_MAX} entries"));
    }
    entries.iter().map(|entry| if entry.is_string() { label(entry) } else { Err(fault()) }).collect()
}

/// A number in ITU-T E.164's international form, `+` and digits. Blanks and the signs that people put
/// between the digits go; `00` in front is `+`.
fn number(value: &Json) -> Result<String, String> {
    let text = string(value)?.trim();
    let fault = || "must be a phone number with country code, such as +919158656065".to_owned();
    let mut digits: String =
        text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')).collect();
    if let Some(rest) = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) {
        digits = rest.to_owned();
    }
    let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if is_number && NUMBER_DIGITS.contains(&digits.len()) { Ok(format!("+{digits}")) } else { Err(fault()) }
}

fn address(value: &Json) -> Result<EmailAddress, String> {
    email::valid(string(value)?.trim()).ok_or_else(|| "must be a valid email address".to_owned())
}

/// A name that staff/auth takes.
fn login(value: &Json) -> Result<String, String> {
    let text = string(value)?.trim();
    if text.len() > LOGIN_BYTES_MAX {
        return Err(format!("may not be greater than {LOGIN_BYTES_MAX} characters"));
    }
    let is_name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| "may only contain letters, numbers, dashes and underscores".to_owned())
}

fn role(value: &Json) -> Result<StaffRole, String> {
    let id = value.as_i64().ok_or_else(|| "must be an integer".to_owned())?;
    StaffRole::from_number(id).ok_or_else(|| "is unknown: 1 is admin, 2 is agent".to_owned())
}

fn password(value: &Json) -> Result<String, String> {
    let text = string(value)?;
    if text.chars().count() < PASSWORD_CHARS_MIN {
        return Err(format!("must be at least {PASSWORD_CHARS_MIN} characters"));
    }
    if text.len() > PASSWORD_BYTES_MAX {
        return Err(format!("may not be greater than {PASSWORD_BYTES_MAX} bytes"));
    }
    Ok(text.to_owned())
}

/// An array of integers; one alone, and integers written as strings, are taken as such.
fn integers(value: &Json) -> Result<Vec<i64>, String> {
    let fault = || "must be an array of integers".to_owned();
    let one = |value: &Json| match value {
        Json::Number(number) => number.as_i64(),
        Json::String(text) if text.trim().bytes().all(|b| b.is_ascii_digit()) => text.trim().parse().ok(),
        _ => None,
    };
    let entries = match value {
        Json::Array(entries) => entries.as_slice(),
        other => std::slice::from_ref(other),
    };
    if entries.len() > ENTRIES_MAX {
        return Err(format!("may not have more than {ENTRIES_MAX} entries"));
    }
    entries.iter().map(|entry| one(entry).filter(|id| *id >= 0).ok_or_else(fault)).collect()
}

fn object(value: &Json) -> Result<Map<String, Json>, String> {
    let object = value.as_object().ok_or_else(|| "must be an object".to_owned())?;
    if value.to_string().len() > OBJECT_BYTES_MAX {
        return Err(format!("may not be greater than {OBJECT_BYTES_MAX} bytes"));
    }
    Ok(object.clone())
}

/// Departments by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Departments {
    /// One name each.
    Listed(Vec<String>),
    /// One name, or several with commas between them.
    Joined(String),
}

fn departments(value: &Json) -> Result<Departments, String> {
    match value {
        Json::String(text) if text.split(',').count() > ENTRIES_MAX => {
            Err(format!("may not have more than {ENTRIES_MAX} entries"))
        }
        Json::String(text) => Ok(Departments::Joined(text.trim().to_owned())),
        Json::Array(_) => labels(value).map(Departments::Listed),
        _ => Err("must be an array of strings, or one string with commas".to_owned()),
    }
}

impl Departments {
    /// The ids of the departments of those names, each once. Case does not matter where no department
    /// has the very name.
    pub(super) fn among(&self, known: &[Department], faults: &mut FieldFaults) -> Vec<DepartmentId> {
        let find = |name: &str| {
            let mut exact = known.iter().filter(|department| department.name == name).peekable();
            if exact.peek().is_some() {
                return exact.map(|department| department.id).collect();
            }
            let folded = known.iter().filter(|department| department.name.to_lowercase() == name.to_lowercase());
            folded.map(|department| department.id).collect::<Vec<_>>()
        };
        let names: Vec<&str> = match self {
            Self::Listed(names) => names.iter().map(String::as_str).collect(),
            // A department's own name may have a comma in it.
            Self::Joined(text) if !find(text).is_empty() => vec![text],
            Self::Joined(text) => text.split(',').collect(),
        };
        let mut found = Vec::new();
        for name in names.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
            match find(name).as_slice() {
                [id] if found.contains(id) => {}
                [id] => found.push(*id),
                [_, ..] => {
                    let text = format!("The department {} is not unique: several have the name.", shortened(name));
                    faults.add("department", text);
                }
                [] => faults.add("department", format!("The department {} is unknown.", shortened(name))),
            }
        }
        found
    }
}

/// A name as an answer repeats it.
fn shortened(name: &str) -> String {
    if name.chars().count() <= LABEL_CHARS_MAX {
        return name.to_owned();
    }
    name.chars().take(LABEL_CHARS_MAX).chain(['…']).collect()
}
