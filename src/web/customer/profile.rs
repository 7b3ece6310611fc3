//! A customer's own account: name, language, time zone, password.

use askama::Template;

use super::{guest, guest_of, ui_of};
use crate::domain::one_line::is_one_line;
use crate::http::Response;
use crate::password::{self, Error as PasswordError};
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::session::SessionOwner;
use crate::store::settings::zone_name;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::language::{LANGUAGES, Language};
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;

#[derive(Template)]
#[template(path = "customer/profile.html")]
struct Profile {
    ui: Ui,
    wrong: Wrong,
    is_saved: bool,
    name: String,
    email: String,
    /// Code, name, whether chosen.
    languages: Vec<(&'static str, &'static str, bool)>,
    zone: String,
}

fn page(call: &Call<'_>) -> Result<Profile, Refusal> {
    let guest = guest_of(call)?;
    let customer = guest.customer().ok_or(Refusal::NotFound)?;
    let (name, locale, zone) = call.read(|tx| {
        let (locale, zone) = tx.customer_preferences(customer)?;
        Ok((tx.customer(customer)?.ok_or(Refusal::NotFound)?.fullname, locale, zone))
    })?;
    Ok(Profile {
        ui: ui_of(call),
        wrong: Wrong::default(),
        is_saved: call.query.has("saved"),
        name,
        email: guest.email.to_string(),
        languages: LANGUAGES.iter().map(|one| (one.code, one.name, one.code == locale)).collect(),
        zone,
    })
}

/// `GET /account/profile`
pub(super) fn show(call: &Call<'_>) -> Result<Response, Refusal> {
    if guest_of(call)?.customer().is_none() {
        return Ok(call.lead_to("/login?next=/account/profile"));
    }
    Ok(answer::html_page(200, page(call)?.render()?))
}

/// `POST /account/profile`
pub(super) fn save(call: &Call<'_>) -> Result<Response, Refusal> {
    let form = &call.form;
    let customer = guest_of(call)?.customer().ok_or(Refusal::NotFound)?;
    let again = |field: &str, text: String| {
        let page = Profile {
            wrong: Wrong::of(field, text),
            is_saved: false,
            name: form.get("name").to_owned(),
            zone: form.get("zone").to_owned(),
            languages: LANGUAGES.iter().map(|one| (one.code, one.name, one.code == form.get("locale"))).collect(),
            ..page(call)?
        };
        Ok(answer::html_page(422, page.render()?))
    };
    let name = form.trimmed("name");
    if !is_one_line(name, FULLNAME_CHARS_MAX) {
        return again("name", call.language.t("name-wrong"));
    }
    let locale = Language::of_code(form.get("locale")).map_or("", |language| language.code);
    let zone = match form.trimmed("zone") {
        "" => String::new(),
        zone => match zone_name(zone) {
            Some(zone) => zone,
            None => return again("zone", call.language.t("zone-wrong")),
        },
    };
    let hash = match form.get("password") {
        "" => None,
        password => {
            let is_gone = || call.client.is_gone();
            let hashed = call.web.slots.run(&is_gone, |memory| password::hash_in(memory, password));
            match hashed.map_err(|_| Refusal::Busy)? {
                Ok(hash) => Some(hash),
                Err(PasswordError::Unavailable) => return Err(Refusal::Busy),
                Err(PasswordError::TooShort | PasswordError::TooLong) => {
                    return again("password", call.language.t("password-wrong"));
                }
            }
        }
    };
    call.write(|tx| {
        tx.update_customer(customer, Some(name), None)?;
        tx.set_customer_preferences(customer, locale, &zone)?;
        if let Some(hash) = &hash {
            tx.set_customer_password(customer, hash)?;
        }
        Ok(())
    })?;
    let path = "/account/profile?saved=1";
    // A new password ended every session of theirs, this one too.
    if hash.is_some() { guest::begin(call, &SessionOwner::Customer(customer), path) } else { Ok(call.lead_to(path)) }
}
