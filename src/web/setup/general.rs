//! Settings with their meanings, from the table that has them all.

use super::field::{Field, Form};
use super::{Noun, Saved};
use crate::store::settings::{Definition, Kind};
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::General;

/// A setting's field: what it is called with its key, by which commands name it.
fn field(call: &Call<'_>, definition: &Definition, value: &str) -> Field {
    let label = format!("{} ({})", call.language.word("setting", definition.key), definition.key);
    let field = match definition.kind {
        Kind::Switch => Field::check(definition.key, label, value == "1"),
        Kind::Word(words) => {
            let name = |word: &str| call.language.word("choice", &format!("{}-{word}", definition.key));
            let words = words.iter().map(|word| ((*word).to_owned(), name(word))).collect();
            Field::select(definition.key, label, value, words)
        }
        _ => Field::text(definition.key, label, value),
    };
    let meaning = call.language.word("setting", &format!("{}-text", definition.key));
    let default = match definition.kind {
        _ if definition.default.is_empty() => String::new(),
        Kind::Switch => format!(" ({})", call.language.t(if definition.default == "1" { "yes" } else { "no" })),
        Kind::Word(_) => {
            format!(" ({})", call.language.word("choice", &format!("{}-{}", definition.key, definition.default)))
        }
        _ => format!(" ({})", definition.default),
    };
    field.hint(format!("{meaning}{default}"))
}

/// What a setting takes, for one who typed something else.
fn takes(call: &Call<'_>, kind: Kind) -> String {
    let language = call.language;
    match kind {
        Kind::Text(max) => language.with("wrong-long", "max", i64::try_from(max).unwrap_or(i64::MAX)),
        Kind::Switch | Kind::Word(_) => language.t("wrong-choice"),
        Kind::Number(min, max) => language.with_all("wrong-number", &[("min", min.into()), ("max", max.into())]),
        Kind::Decimal(max) => language.with("wrong-decimal", "max", max.to_string().as_str()),
        Kind::Extensions => language.t("wrong-extensions"),
        Kind::Url => language.t("wrong-url"),
        Kind::Origins => language.t("wrong-origins"),
        Kind::Addresses => language.t("wrong-addresses"),
        Kind::TimeZone => language.t("zone-wrong"),
        Kind::AuthservId => language.t("wrong-mail-server"),
    }
}

pub(super) fn form(call: &Call<'_>) -> Result<Form, Refusal> {
    let texts = call.read(|tx| Ok(tx.setting_texts()?))?;
    let fields = texts.iter().map(|(definition, value)| field(call, definition, value)).collect();
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
            Err(_) => errors.push((definition.key, takes(call, definition.kind))),
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
