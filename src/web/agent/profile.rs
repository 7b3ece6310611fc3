//! A person's own page: how they want the desk, where they are signed in, their password and second factor.

use askama::Template;

use super::frame_of;
use super::ticket::Choice;
use crate::domain::desk_address::SIGNATURE_CHARS_MAX;
use crate::domain::{SessionId, Timestamp};
use crate::http::{Method, Response};
use crate::mail::html;
use crate::random;
use crate::store::session::SessionOwner;
use crate::store::settings::zone_name;
use crate::store::staff::{AfterSending, Preferences, StaffPages};
use crate::totp::RecoveryCodes;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::language::{LANGUAGES, Language};
use crate::web::session::{self, Side};
use crate::web::text::{Typed, typed};
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;
use crate::{password, totp};

/// Shortest new password, in characters: as the command line wants it.
const PASSWORD_CHARS_MIN: usize = 8;

/// A browser in which the person is signed in.
struct SignedIn {
    id: SessionId,
    /// The browser in short, and what it says of itself.
    browser: String,
    agent: String,
    ip: String,
    used_at: Timestamp,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "staff/profile.html")]
struct Profile {
    ui: Ui,
    username: String,
    email: String,
    languages: Vec<Choice>,
    zone: String,
    schemes: Vec<Choice>,
    afters: Vec<Choice>,
    signature: String,
    has_keys: bool,
    sessions: Vec<SignedIn>,
    has_totp: bool,
    codes_left: i64,
    /// The secret of a second factor that is being set up, and its address for the telephone.
    secret: Option<(String, String)>,
    /// New recovery codes, shown once.
    codes: Vec<String>,
    wrong: Wrong,
}

/// What is shown besides what is stored.
#[derive(Default)]
struct Said {
    secret: Option<(String, String)>,
    codes: Vec<String>,
    wrong: Wrong,
}

/// `/staff/account/profile`
pub(super) fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method != Method::Post {
        return show(call, 200, Said::default());
    }
    match call.form.get("do") {
        "save" => save(call),
        "end" => end(call),
        "password" => new_password(call),
        "totp" => begin_totp(call),
        "totp-confirm" => confirm_totp(call),
        "totp-off" => {
            let id = call.viewer()?.id();
            if !is_own_password(call)? {
                return show(
                    call,
                    422,
                    Said { wrong: Wrong::of("current", call.language.t("wrong-own-password")), ..Said::default() },
                );
            }
            call.write(|tx| Ok(tx.set_totp_secret(id, "")?))?;
            sign_in_again(call)
        }
        _ => Err(Refusal::Broken),
    }
}

fn show(call: &Call<'_>, status: u16, said: Said) -> Result<Response, Refusal> {
    // What was typed stays where it was not taken.
    let typed = |name: &str, stored: String| {
        if status == 422 && call.form.has(name) { call.form.get(name).to_owned() } else { stored }
    };
    let page = call.read(|tx| {
        let viewer = call.viewer()?;
        let pages = tx.staff_pages(viewer.id())?;
        let sessions = tx.sessions_of_staff(viewer.id(), call.now)?.into_iter();
        let this = call.session.as_ref().map(|session| session.id);
        let (own_scheme, own_locale) =
            (typed("scheme", pages.preferences.scheme.clone()), typed("language", pages.locale.clone()));
        let own_after = typed("after", pages.preferences.after_sending.word().to_owned());
        let is_typed = status == 422 && call.form.get("do") == "save";
        let scheme = |word: &str| Choice {
            value: word.to_owned(),
            text: call.language.word("scheme", if word.is_empty() { "auto" } else { word }),
            is_chosen: own_scheme == word,
        };
        let after = |after: &AfterSending| Choice {
            value: after.word().to_owned(),
            text: call.language.word("after", after.word()),
            is_chosen: own_after == after.word(),
        };
        let mut languages = vec![Choice {
            value: String::new(),
            text: call.language.t("language-auto"),
            is_chosen: own_locale.is_empty(),
        }];
        languages.extend(LANGUAGES.iter().map(|language| Choice {
            value: language.code.to_owned(),
            text: language.name.to_owned(),
            is_chosen: language.code == own_locale,
        }));
        Ok(Profile {
            ui: frame_of(tx, call, None)?,
            username: viewer.staff.username.clone(),
            email: viewer.staff.email.clone(),
            languages,
            zone: typed("zone", pages.timezone.clone()),
            schemes: ["", "light", "dark"].map(scheme).into(),
            afters: AfterSending::ALL.iter().map(after).collect(),
            signature: typed("signature", html::to_text(&pages.signature)),
            has_keys: if is_typed { call.form.has("keys") } else { pages.preferences.has_keys },
            sessions: sessions
                .map(|one| SignedIn {
                    is_this: Some(one.id) == this,
                    id: one.id,
                    browser: browser_of(&one.agent),
                    agent: one.agent,
                    ip: one.ip,
                    used_at: one.used_at,
                })
                .collect(),
            has_totp: viewer.staff.has_totp,
            codes_left: tx.recovery_codes_left(viewer.id())?,
            secret: said.secret,
            codes: said.codes,
            wrong: said.wrong,
        })
    })?;
    Ok(answer::html_page(status, page.render()?))
}

/// What people call a browser and what it runs on, by its User-Agent; that itself where neither is known. Most name others
/// besides themselves, so the order matters.
fn browser_of(agent: &str) -> String {
    let known =
        |words: &[(&str, &'static str)]| words.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = known(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = known(&[
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.to_owned(),
    }
}

fn save(call: &Call<'_>) -> Result<Response, Refusal> {
    let form = &call.form;
    let zone = form.trimmed("zone");
    if !zone.is_empty() && zone_name(zone).is_none() {
        return show(
            call,
            422,
            Said { wrong: Wrong::of("zone", call.language.with("no-zone", "text", zone)), ..Said::default() },
        );
    }
    let signature = form.trimmed("signature").replace("\r\n", "\n");
    if signature.chars().count() > SIGNATURE_CHARS_MAX {
        let max = i64::try_from(SIGNATURE_CHARS_MAX).unwrap_or(i64::MAX);
        let error = format!("{}: {}", call.language.t("signature"), call.language.with("wrong-long", "max", max));
        return show(call, 422, Said { wrong: Wrong::of("signature", error), ..Said::default() });
    }
    let id = call.viewer()?.id();
    let StaffPages { preferences: before, signature: former, .. } = call.read(|tx| Ok(tx.staff_pages(id)?))?;
    let pages = StaffPages {
        timezone: zone_name(zone).unwrap_or_default(),
        locale: Language::of_code(form.get("language")).map_or_else(String::new, |language| language.code.to_owned()),
        // Saved again without a change, a formatted one stays formatted.
        signature: if signature == html::to_text(&former).trim() {
            former
        } else {
            match typed(&signature) {
                Typed::Plain => html::text_to_html(&signature),
                Typed::Formatted(html) => html,
            }
        },
        preferences: Preferences {
            scheme: Some(form.get("scheme")).filter(|word| ["light", "dark"].contains(word)).unwrap_or("").to_owned(),
            has_keys: form.has("keys"),
            after_sending: AfterSending::from_word(form.get("after")).unwrap_or_default(),
            ..before
        },
    };
    call.write(|tx| Ok(tx.set_staff_pages(id, &pages)?))?;
    Ok(call.lead_to("/staff/account/profile?said=saved"))
}

fn end(call: &Call<'_>) -> Result<Response, Refusal> {
    let id = SessionId::new(call.form.number("session").ok_or(Refusal::Broken)?);
    let staff = call.viewer()?.id();
    let is_ended = call.write(|tx| Ok(tx.end_session_of(id, staff)?))?;
    if is_ended { Ok(call.lead_to("/staff/account/profile")) } else { Err(Refusal::NotFound) }
}

/// Whether the form brings the person's own password. A slot of the few that hash is waited for.
fn is_own_password(call: &Call<'_>) -> Result<bool, Refusal> {
    let known = call.read(|tx| Ok(tx.credentials(&call.viewer()?.staff.username)?))?.ok_or(Refusal::Forbidden)?;
    let typed = call.form.get("current");
    let checked = call
        .web
        .slots
        .run(&|| call.client.is_gone(), |memory| password::verify_in(memory, typed, &known.password_hash));
    checked.map_err(|_| Refusal::Busy)
}

fn new_password(call: &Call<'_>) -> Result<Response, Refusal> {
    let new = call.form.get("new");
    let refused = |name: &str| {
        show(call, 422, Said { wrong: Wrong::of("new", call.language.word("password", name)), ..Said::default() })
    };
    if new.chars().count() < PASSWORD_CHARS_MIN {
        return refused("short");
    }
    if !is_own_password(call)? {
        return show(
            call,
            422,
            Said { wrong: Wrong::of("current", call.language.t("wrong-own-password")), ..Said::default() },
        );
    }
    let hashed = call.web.slots.run(&|| call.client.is_gone(), |memory| password::hash_in(memory, new));
    let Ok(hash) = hashed.map_err(|_| Refusal::Busy)? else { return refused("unusable") };
    let id = call.viewer()?.id();
    call.write(|tx| Ok(tx.set_staff_password(id, &hash)?))?;
    sign_in_again(call)
}

/// Every session ended with the change; this browser gets a new one.
fn sign_in_again(call: &Call<'_>) -> Result<Response, Refusal> {
    let (secret, hash) = session::new_secret()?;
    let owner = SessionOwner::Staff(call.viewer()?.id());
    let (ip, agent) = (call.address.to_string(), call.headers.get("User-Agent").unwrap_or(""));
    let new = crate::store::session::NewSession { sha256: &hash, owner: &owner, ip: &ip, agent };
    call.write(|tx| Ok(tx.add_session(&new, call.now)?))?;
    let cookie = session::set_cookie(Side::Staff, &secret, call.is_secure || call.is_loopback);
    Ok(call.lead_to("/staff/account/profile?said=saved").with_header("Set-Cookie", cookie))
}

fn begin_totp(call: &Call<'_>) -> Result<Response, Refusal> {
    let bytes = random::bytes::<{ totp::SECRET_BYTES }>()?;
    let secret = totp::secret_of(bytes);
    let url = totp::otpauth_url(&call.settings.site_name, &call.viewer()?.staff.username, &secret);
    show(call, 200, Said { secret: Some((secret, url)), ..Said::default() })
}

fn confirm_totp(call: &Call<'_>) -> Result<Response, Refusal> {
    let Ok(secret) = totp::clean_secret(call.form.get("secret")) else { return Err(Refusal::Broken) };
    let url = totp::otpauth_url(&call.settings.site_name, &call.viewer()?.staff.username, &secret);
    let again =
        |wrong: Wrong| show(call, 422, Said { secret: Some((secret.clone(), url.clone())), wrong, ..Said::default() });
    if !is_own_password(call)? {
        return again(Wrong::of("current", call.language.t("wrong-own-password")));
    }
    if totp::matching_step(&secret, call.form.get("code"), 0, call.now).is_none() {
        return again(Wrong::of("code", call.language.t("code-wrong")));
    }
    let codes = RecoveryCodes::new(random::bytes)?;
    let id = call.viewer()?.id();
    let (cookie_secret, hash) = session::new_secret()?;
    let owner = SessionOwner::Staff(id);
    let (ip, agent) = (call.address.to_string(), call.headers.get("User-Agent").unwrap_or(""));
    let new = crate::store::session::NewSession { sha256: &hash, owner: &owner, ip: &ip, agent };
    let session = call.write(|tx| {
        tx.set_totp_secret(id, &secret)?;
        tx.set_recovery_codes(id, &codes.hashes)?;
        tx.add_session(&new, call.now)?;
        Ok(tx.session(&hash, call.now)?)
    })?;
    let viewer = call.read(|tx| match &session {
        Some(session) => Ok(session::viewer(tx, session)?),
        None => Ok(None),
    })?;
    let (session, viewer) = session.zip(viewer).ok_or(Refusal::Failed)?;
    let later = call.for_page(call.page.clone(), call.form.clone()).signed_in(session, hash, viewer);
    let cookie = session::set_cookie(Side::Staff, &cookie_secret, call.is_secure || call.is_loopback);
    Ok(show(&later, 200, Said { codes: codes.shown, ..Said::default() })?.with_header("Set-Cookie", cookie))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
                "Chrome, Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0",
                "Edge, Windows",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox, macOS"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Version/18.1 Safari/604.1",
                "Safari, iPhone",
            ),
            ("curl/8.11", "curl/8.11"),
            ("", ""),
        ] {
            assert_eq!(browser_of(agent), name);
        }
    }
}
