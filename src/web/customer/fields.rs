//! The custom fields of a new ticket: what is asked, and what was answered.

use serde_json::json;

use crate::domain::DepartmentId;
use crate::store::ReadTx;
use crate::store::import::ImportedCustomField;
use crate::web::answer::Refusal;
use crate::web::form::Form;
use crate::web::language::Language;
use crate::web::wrong::Wrong;

/// Longest answer, in characters. Chosen: a long paragraph; more belongs in the message.
pub(in crate::web) const ANSWER_CHARS_MAX: usize = 5000;

/// How the names of fields in a form begin.
pub(in crate::web) const PREFIX: &str = "field-";

/// A field as the form shows it.
pub(in crate::web) struct Field {
    /// `field-3`.
    pub(in crate::web) name: String,
    /// HelpDeskZ's word: text, textarea, password, checkbox, radio, select, date, email.
    pub(in crate::web) kind: String,
    pub(in crate::web) title: String,
    /// Its options, and whether each is chosen.
    pub(in crate::web) options: Vec<(String, bool)>,
    pub(in crate::web) is_required: bool,
    /// The departments that ask it, blank-separated ids; empty for all.
    pub(in crate::web) departments: String,
    /// What was typed.
    pub(in crate::web) value: String,
}

/// What the database has of a field.
struct Definition {
    field: ImportedCustomField,
    options: Vec<String>,
    departments: Vec<i64>,
}

/// A list in JSON; ids that HelpDeskZ wrote are texts.
fn ids(list: &str) -> Vec<i64> {
    let values: Vec<serde_json::Value> = serde_json::from_str(list).unwrap_or_default();
    values.iter().filter_map(|value| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())).collect()
}

fn definitions(tx: &ReadTx<'_>) -> Result<Vec<Definition>, Refusal> {
    let all = tx.custom_fields()?.into_iter().map(|field| Definition {
        options: serde_json::from_str(&field.options).unwrap_or_default(),
        departments: ids(&field.departments),
        field,
    });
    Ok(all.collect())
}

impl Definition {
    fn name(&self) -> String {
        format!("{PREFIX}{}", self.field.id)
    }

    fn wrong(&self, text: String) -> Wrong {
        Wrong::of(&self.name(), text)
    }

    fn is_asked_by(&self, department: DepartmentId) -> bool {
        self.departments.is_empty() || self.departments.contains(&department.get())
    }

    /// What the form answers; `Err` with the name of the text that says what is wrong.
    fn answer(&self, form: &Form) -> Result<String, &'static str> {
        let name = self.name();
        let typed = form.trimmed(&name).replace("\r\n", "\n");
        let answer = match self.field.kind.as_str() {
            "checkbox" => {
                let ticked: Vec<&str> =
                    form.all(&name).filter(|value| self.options.iter().any(|own| own == value)).collect();
                ticked.join(", ")
            }
            "radio" | "select" if !typed.is_empty() && !self.options.contains(&typed) => return Err("field-wrong"),
            "email" if !typed.is_empty() && typed.parse::<crate::domain::EmailAddress>().is_err() => {
                return Err("field-wrong");
            }
            "date" if !typed.is_empty() && typed.parse::<jiff::civil::Date>().is_err() => return Err("field-wrong"),
            _ => typed,
        };
        if answer.chars().count() > ANSWER_CHARS_MAX {
            return Err("field-wrong");
        }
        if self.field.is_required && answer.is_empty() { Err("field-missing") } else { Ok(answer) }
    }
}

/// The fields that these departments ask, with what was typed.
pub(in crate::web) fn asked(tx: &ReadTx<'_>, departments: &[DepartmentId], form: &Form) -> Result<Vec<Field>, Refusal> {
    let all = definitions(tx)?.into_iter();
    let wanted = all.filter(|one| departments.iter().any(|id| one.is_asked_by(*id)));
    Ok(wanted
        .map(|one| {
            let name = one.name();
            let chosen: Vec<String> = form.all(&name).map(str::to_owned).collect();
            let ids: Vec<String> = one.departments.iter().map(i64::to_string).collect();
            Field {
                value: form.get(&name).to_owned(),
                name,
                options: one.options.iter().map(|own| (own.clone(), chosen.contains(own))).collect(),
                kind: one.field.kind,
                title: one.field.title,
                is_required: one.field.is_required,
                departments: ids.join(" "),
            }
        })
        .collect())
}

/// The same for staff, who need not know everything, and have to be able to read what is there.
pub(in crate::web) fn asked_of_staff(
    tx: &ReadTx<'_>,
    departments: &[DepartmentId],
    form: &Form,
) -> Result<Vec<Field>, Refusal> {
    let mut fields = asked(tx, departments, form)?;
    for field in &mut fields {
        field.is_required = false;
        if field.kind == "password" {
            field.kind = "text".to_owned();
        }
    }
    Ok(fields)
}

/// The answers to what a department asks, a JSON list of title and value as HelpDeskZ kept it; else what is wrong.
pub(in crate::web) fn answers(
    tx: &ReadTx<'_>,
    department: DepartmentId,
    form: &Form,
    language: &Language,
) -> Result<Result<String, Wrong>, Refusal> {
    let mut found = Vec::new();
    for one in definitions(tx)?.iter().filter(|one| one.is_asked_by(department)) {
        match one.answer(form) {
            Ok(answer) => found.push(json!([one.field.title, answer])),
            Err("field-missing") => {
                return Ok(Err(one.wrong(language.with("field-missing", "name", &one.field.title))));
            }
            Err(_) => return Ok(Err(one.wrong(language.with("field-wrong", "name", &one.field.title)))),
        }
    }
    Ok(Ok(serde_json::Value::from(found).to_string()))
}

/// The fields that a department asks, with what a ticket has in them; and what it has besides.
pub(in crate::web) fn of_ticket(
    tx: &ReadTx<'_>,
    department: DepartmentId,
    stored: Answers,
) -> Result<(Vec<Field>, Answers), Refusal> {
    let all = definitions(tx)?;
    let wanted: Vec<&Definition> = all.iter().filter(|one| one.is_asked_by(department)).collect();
    let (own, other): (Vec<_>, Vec<_>) =
        stored.into_iter().partition(|(title, _)| wanted.iter().any(|one| one.field.title == *title));
    let mut pairs = Vec::new();
    for one in &wanted {
        for (_, value) in own.iter().filter(|(title, _)| *title == one.field.title) {
            let is_list = one.field.kind == "checkbox";
            let values = if is_list { value.split(", ").collect() } else { vec![value.as_str()] };
            pairs.extend(values.into_iter().map(|value| (one.name(), value.to_owned())));
        }
    }
    let mut fields = asked_of_staff(tx, &[department], &Form::of_pairs(pairs))?;
    for field in &mut fields {
        field.departments = String::new();
        let is_known = field.options.iter().any(|(option, _)| *option == field.value);
        if matches!(field.kind.as_str(), "select" | "radio") && !field.value.is_empty() && !is_known {
            field.options.push((field.value.clone(), true));
        }
    }
    Ok((fields, other))
}

/// Puts what was typed in the place of what a ticket has in its fields.
pub(in crate::web) fn retype(asked: &mut [Field], form: &Form) {
    for field in asked {
        form.get(&field.name).clone_into(&mut field.value);
        for (option, is_chosen) in &mut field.options {
            *is_chosen = form.all(&field.name).any(|value| value == option);
        }
    }
}

/// Titles and values of fields.
pub(in crate::web) type Answers = Vec<(String, String)>;

/// Title and value of each field of a department that the form brings; else what is wrong. None has to be filled in.
pub(in crate::web) fn changed(
    tx: &ReadTx<'_>,
    department: DepartmentId,
    form: &Form,
    stored: &[(String, String)],
    language: &Language,
) -> Result<Result<Answers, Wrong>, Refusal> {
    let mut found = Vec::new();
    for one in definitions(tx)?.into_iter().filter(|one| one.is_asked_by(department)) {
        // A value that is no option any more may stay.
        let typed = form.trimmed(&one.name());
        if stored.iter().any(|(title, value)| *title == one.field.title && value == typed) {
            continue;
        }
        match one.answer(form) {
            Ok(answer) => found.push((one.field.title, answer)),
            Err("field-missing") => found.push((one.field.title, String::new())),
            Err(_) => return Ok(Err(one.wrong(language.with("field-wrong", "name", &one.field.title)))),
        }
    }
    Ok(Ok(found))
}
