//! The mail with the link that signs a customer in.

use super::is_paused;
use super::letter::{self, Outgoing, desk_values, template_of};
use crate::domain::{EmailAddress, Timestamp};
use crate::outbox::compose::Person;
use crate::outbox::template::{self, Event, Value};
use crate::store::customer::Customer;
use crate::store::settings::Settings;
use crate::store::{Result, WriteTx};

/// Mails a customer the link `site_url`/enter/`code`; not if mail to them keeps bouncing, or the desk does not know its own
/// URL. Says whether a mail was queued.
pub(crate) fn entry_link(
    tx: &WriteTx<'_>,
    settings: &Settings,
    customer: &Customer,
    code: &str,
    now: Timestamp,
) -> Result<bool> {
    let identity = tx.identity()?;
    let senders = &identity.addresses;
    let sender = senders.iter().find(|s| s.is_default).or_else(|| senders.iter().find(|s| s.sends()));
    let Some(sender) = sender.filter(|s| s.sends() && !settings.site_url.is_empty()) else { return Ok(false) };
    let (Ok(from), Ok(email)) = (sender.email.parse::<EmailAddress>(), customer.email.parse::<EmailAddress>()) else {
        return Ok(false);
    };
    if is_paused(tx, &email, now)? || letter::is_ours(senders, &email) {
        return Ok(false);
    }
    let link = format!("{}/enter/{code}", settings.site_url);
    let mut values = desk_values(settings);
    values.extend([("client_name", Value::Plain(&customer.fullname)), ("client_email", Value::Plain(&customer.email))]);
    let rendered = template::with_entry_link(&template_of(tx, Event::LostPassword)?, &values, &link);
    let mail = Outgoing {
        event: Event::LostPassword.name(),
        id_start: &format!("e{}", customer.id),
        id_parts: &[&customer.id.to_string(), code, &now.unix().to_string()],
        subject: &rendered.subject,
        text: &rendered.text,
        html: &rendered.html,
        ..Outgoing::new(sender, &from, Person { name: &customer.fullname, email: &email })
    };
    Ok(letter::queue(tx, &identity.secret, &mail, now)?.is_ok())
}
