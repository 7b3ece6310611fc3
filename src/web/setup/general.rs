//! Settings with their meanings, from the table that has them all.

use super::field::{Field, Form};
use super::{Noun, Saved};
use crate::store::settings::{Definition, Kind};
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::General;

fn field(definition: &Definition, value: &str) -> Field {
    let label = definition.key.to_owned();
    let field = match definition.kind {
        Kind::Switch => Field::check(definition.key, label, value == "1"),
        Kind::Word(words) => {
            let words = words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect();
            Field::select(definition.key, label, value, words)
        }
        _ => Field::text(definition.key, label, value),
    };
    let default = if definition.default.is_empty() { String::new() } else { format!(" ({})", definition.default) };
    Field { is_english: true, ..field.hint(format!("{}{default}", definition.meaning)) }
}

pub(super) fn form(call: &Call<'_>) -> Result<Form, Refusal> {
    let texts = call.read(|tx| Ok(tx.setting_texts()?))?;
    let fields = texts.iter().map(|(definition, value)| field(definition, value)).collect();
    Ok(Form { about: call.language.t("about-general"), ..Form::new(NOUN.title(call), fields) })
}

pub(super) fn save(call: &Call<'_>) -> Result<Saved, Refusal> {
    let texts = call.read(|tx| Ok(tx.setting_texts()?))?;
    let (mut changes, mut errors) = (Vec::new(), Vec::new());
    for (definition, value) in &texts {
        let typed = match definition.kind {
            // A box that is not ticked is not sent, so the form has to have been the whole one.
            Kind::Switch if call.form.has("site_name") => {
                if call.form.has(definition.key) {
                    "1"
                } else {
                    "0"
                }
            }
            _ if call.form.has(definition.key) => call.form.get(definition.key),
            _ => continue,
        };
        match definition.check(typed) {
            Ok(checked) if checked != *value => changes.push((*definition, checked)),
            Ok(_) => {}
            Err(refused) => errors.push((definition.key, refused.to_string())),
        }
    }
    if !errors.is_empty() {
        return Ok(Saved::Again(form(call)?.filled(&call.form).with_errors(errors)));
    }
    call.write(|tx| {
        for (definition, value) in &changes {
            tx.set_setting(definition, value)?;
        }
        Ok(())
    })?;
    Ok(Saved::Done)
}
