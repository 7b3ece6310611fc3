//! The first account of a new desk, behind the link that `admin init` prints: works once, for an hour, and only while the
//! desk has no staff.

use askama::Template;

use super::agent::{hashed, is_username};
use super::field::{Field, Form, Typed};
use super::html;
use crate::domain::staff_role::StaffRole;
use crate::http::{Method, Response};
use crate::store::address_use::Purpose;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::session::EntryLink;
use crate::store::settings::definition;
use crate::store::staff::NewStaff;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::session;
use crate::web::ui::Ui;

/// Longest name of a desk, in characters, as the setting takes it.
const SITE_CHARS_MAX: usize = 250;

#[derive(Template)]
#[template(path = "setup/first.html")]
struct First {
    ui: Ui,
    title: String,
    about: String,
    error: String,
    fields: Vec<Field>,
    is_open: bool,
}

fn page(call: &Call<'_>, status: u16, form: Form, is_open: bool, error: String) -> Result<Response, Refusal> {
    let about = call.language.t(if is_open { "first-about" } else { "first-over" });
    let fields = form.fields;
    html(status, &First { ui: call.bare_ui(), title: call.language.t("first-title"), about, error, fields, is_open })
}

fn form(call: &Call<'_>) -> Form {
    let t = |name: &str| call.language.t(name);
    let fields = vec![
        Field::text("site_name", t("f-site-name"), call.settings.site_name.as_str()).required(),
        Field::text("username", t("username"), "").required(),
        Field::text("name", t("f-name"), "").required(),
        Field::new("email", "email", t("f-email"), "").required(),
        Field { is_required: true, hint: t("h-password-new"), ..Field::new("password", "password", t("password"), "") },
    ];
    Form::new(String::new(), fields)
}

/// Answers behind the link.
pub(in crate::web) fn answer(call: &Call<'_>, token: &str) -> Result<Response, Refusal> {
    let hash = session::hash_of(token);
    let is_valid = call.read(|tx| Ok(tx.entry_link(&hash, call.now)? == Some(EntryLink::Setup) && !tx.has_staff()?))?;
    if !is_valid {
        return page(call, 404, Form::default(), false, String::new());
    }
    if !(call.is_secure || call.is_loopback || call.settings.web_insecure) {
        return page(call, 403, Form::default(), false, call.language.t("needs-tls"));
    }
    if call.method != Method::Post {
        return page(call, 200, form(call), true, String::new());
    }
    let mut typed = Typed::new(call);
    let site = typed.line("site_name", SITE_CHARS_MAX);
    let fullname = typed.line("name", FULLNAME_CHARS_MAX);
    let email = typed.email("email");
    if let Some(email) = &email
        && call.read(|tx| Ok(tx.holder(email, Purpose::Staff(None))?.is_some()))?
    {
        typed.wrong("email", call.language.t("wrong-taken"));
    }
    let username = call.form.trimmed("username");
    if !is_username(username) {
        typed.wrong("username", call.language.t("wrong-username"));
    }
    let hash_of_password = hashed(call, &mut typed, call.form.get("password"))?;
    let (Some(email), Some(password_hash), true) = (email, hash_of_password, typed.is_fine()) else {
        let again = form(call).filled(&call.form).with_errors(typed.errors);
        return page(call, 422, again, true, call.language.t("setup-wrong"));
    };
    let new = NewStaff {
        username,
        fullname,
        email: &email,
        password_hash: &password_hash,
        role: StaffRole::Admin,
        is_active: true,
        totp_secret: "",
    };
    call.write(|tx| {
        // Asked again: the link may have been used meanwhile.
        if tx.has_staff()? || tx.use_entry_link(&hash, call.now)? != Some(EntryLink::Setup) {
            return Err(Refusal::Forbidden);
        }
        if let Ok(definition) = definition("site_name") {
            tx.set_setting(definition, site)?;
        }
        tx.add_staff(&new, &[], call.now)?;
        Ok(())
    })?;
    Ok(call.lead_to("/staff/login?next=%2Fstaff%2Fsetup"))
}
