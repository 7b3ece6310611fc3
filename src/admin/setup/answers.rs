//! What `admin setup` needs to know: from flags, and on a terminal by asking for the rest.

use super::Arguments;
use crate::admin::output::{self, Output};
use crate::admin::{check_secret_file, secret_from_stdin, staff, usage};
use crate::domain::EmailAddress;
use crate::outcome;
use crate::secret_file;

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
        let site_name = text(arguments.site_name.as_ref(), "Name of the desk, as mails show it", "Support")?;
        let address = match &arguments.address {
            Some(address) => address.clone(),
            None => email("Address whose mail becomes tickets (support@…)", "")?,
        };
        let domain = address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
        let url =
            text(arguments.url.as_ref(), "URL of the desk, for links in mails", &format!("https://desk.{domain}"))?;
        let staff_email = match &arguments.staff_email {
            Some(address) => address.clone(),
            None => email("Your own address, as the first staff member", "")?,
        };
        let local = staff_email.as_str().split('@').next().unwrap_or_default();
        let login: String = local.chars().filter(|c| staff::is_login_char(*c)).collect();
        let staff = text(arguments.staff.as_ref(), "Login name", &login)?;
        if staff.is_empty() || !staff.chars().all(staff::is_login_char) {
            return usage(format!("the login name {staff:?} may only hold letters, digits, - and _"));
        }
        let staff_name = text(arguments.staff_name.as_ref(), "Full name", &staff)?;
        let staff_name = staff::fullname(&staff_name)?.to_owned();
        let password = match (&arguments.password_file, arguments.password_stdin) {
            (Some(path), _) => {
                check_secret_file(out, path)?;
                Some(secret_file::read(path)?)
            }
            (None, true) => Some(secret_from_stdin()?),
            (None, false) if output::can_ask() => Some(output::ask_hidden("Password (not shown): ")?),
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

/// The flag's text, else what is typed; an empty line takes the default.
fn text(named: Option<&String>, question: &str, default: &str) -> outcome::Result<String> {
    if let Some(text) = named {
        return Ok(text.clone());
    }
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let typed = output::ask(&format!("{question}{shown}: "))?;
    Ok(if typed.is_empty() { default.to_owned() } else { typed })
}

/// An address, asked for until one is typed.
fn email(question: &str, default: &str) -> outcome::Result<EmailAddress> {
    loop {
        match text(None, question, default)?.parse::<EmailAddress>() {
            Ok(address) => return Ok(address),
            Err(error) => output::complain(&error.to_string()),
        }
    }
}
