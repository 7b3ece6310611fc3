//! What `admin setup` needs to know: from flags, and on a terminal by asking for the rest.

use super::Arguments;
use crate::admin::output::{self, Output};
use crate::admin::{check_secret_file, secret_from_stdin, staff, usage};
use crate::domain::EmailAddress;
use crate::domain::InvalidEmailAddress;
use crate::outcome::{self, Failure};
use crate::password;
use crate::secret_file;
use crate::store::settings::definition;

/// Everything `admin setup` needs to know.
pub(super) struct Answers {
    pub(super) site_name: String,
    pub(super) url: String,
    pub(super) address: EmailAddress,
    pub(super) staff: String,
    pub(super) staff_name: String,
    pub(super) staff_email: EmailAddress,
    pub(super) password: Option<String>,
}

impl Answers {
    /// From the flags; what they leave open is asked for on a terminal and is a usage error elsewhere.
    pub(super) fn gather(arguments: &Arguments, out: &Output) -> outcome::Result<Self> {
        let missing = missing(arguments);
        if !missing.is_empty() && (arguments.password_stdin || !output::can_ask()) {
            return usage(format!("without a terminal to ask at, these are needed too: {}", missing.join(", ")));
        }
        let site = |name: &str| setting("site_name", name);
        let site_name = answer(arguments.site_name.as_deref(), "Name of the desk, as mails show it", "Support", site)?;
        let address = match &arguments.address {
            Some(address) => address.clone(),
            None => answer(None, "Address whose mail becomes tickets (support@…)", "", email)?,
        };
        let domain = address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
        let usual = format!("https://desk.{domain}");
        let url = answer(arguments.url.as_deref(), "URL of the desk, for links in mails", &usual, |url: &str| {
            setting("site_url", url)
        })?;
        let staff_email = match &arguments.staff_email {
            Some(address) => address.clone(),
            None => answer(None, "Your own address, as the first staff member", "", email)?,
        };
        let local = staff_email.as_str().split('@').next().unwrap_or_default();
        let login: String = local.chars().filter(|c| staff::is_login_char(*c)).collect();
        let staff = answer(arguments.staff.as_deref(), "Login name", &login, login_name)?;
        let fullname = |name: &str| staff::fullname(name).map(str::to_owned);
        let staff_name = answer(arguments.staff_name.as_deref(), "Full name", &staff, fullname)?;
        let password = match (&arguments.password_file, arguments.password_stdin) {
            (Some(path), _) => {
                check_secret_file(out, path)?;
                Some(secret_file::read(path)?)
            }
            (None, true) => Some(secret_from_stdin()?),
            (None, false) if output::can_ask() => Some(new_password()?),
            (None, false) => None,
        };
        Ok(Self { site_name, url, address, staff, staff_name, staff_email, password })
    }
}

/// The flags that are not there and have no default.
fn missing(arguments: &Arguments) -> Vec<&'static str> {
    let named = [
        ("--site-name", arguments.site_name.is_some()),
        ("--url", arguments.url.is_some()),
        ("--address", arguments.address.is_some()),
        ("--staff", arguments.staff.is_some()),
        ("--staff-name", arguments.staff_name.is_some()),
        ("--staff-email", arguments.staff_email.is_some()),
    ];
    named.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect()
}

/// The flag's text, else what is typed, asked for until it can be used; an empty line takes the default.
fn answer<T>(
    named: Option<&str>,
    question: &str,
    default: &str,
    check: impl Fn(&str) -> outcome::Result<T>,
) -> outcome::Result<T> {
    if let Some(text) = named {
        return check(text);
    }
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    loop {
        let typed = output::ask(&format!("{question}{shown}: "))?;
        match check(if typed.is_empty() { default } else { &typed }) {
            Ok(value) => return Ok(value),
            Err(error) => output::complain(&error.to_string()),
        }
    }
}

/// A password, typed twice because it is not shown.
fn new_password() -> outcome::Result<String> {
    loop {
        let typed = output::ask_hidden("Password (not shown): ")?;
        if let Err(error) = password::check(&typed) {
            output::complain(&error.to_string());
        } else if output::ask_hidden("Once more: ")? == typed {
            return Ok(typed);
        } else {
            output::complain("the two are not the same");
        }
    }
}

fn email(text: &str) -> outcome::Result<EmailAddress> {
    text.parse().map_err(|error: InvalidEmailAddress| Failure::usage(error.to_string()))
}

fn login_name(text: &str) -> outcome::Result<String> {
    if text.is_empty() || !text.chars().all(staff::is_login_char) {
        return usage(format!("the login name {text:?} may only hold letters, digits, - and _"));
    }
    Ok(text.to_owned())
}

/// A value as that setting takes it.
fn setting(key: &str, value: &str) -> outcome::Result<String> {
    let checked = definition(key).and_then(|definition| definition.check(value));
    checked.map_err(|error| Failure::usage(error.to_string()))
}
