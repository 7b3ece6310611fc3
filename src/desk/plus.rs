//! Finding out whether mail to plus-addresses arrives: we send a mail to one of our own and see it come back.
//! Only then may Reply-To be a plus-address without the setting that forces it.

use super::notify::letter::{self, Outgoing};
use crate::domain::{DeskSecret, EmailAddress, Timestamp};
use crate::outbox::compose::{Person, Unmailable};
use crate::store::address::DeskAddress;
use crate::store::{Result, WriteTx};

/// What the suffix of the test's address starts with; the HMAC after it can only be ours.
const MARK: &str = "plus-";

fn test_address(secret: &DeskSecret, own: &EmailAddress) -> EmailAddress {
    own.with_subaddress(&format!("{MARK}{}", secret.plus_test(own)))
}

/// Queues a mail from one of our addresses to its own plus-address, and returns that address.
///
/// # Errors
/// The outer error is the database's, the inner one is [`Unmailable`].
pub(crate) fn queue_test(
    tx: &WriteTx<'_>,
    sender: &DeskAddress,
    own: &EmailAddress,
    now: Timestamp,
) -> Result<std::result::Result<EmailAddress, Unmailable>> {
    let secret = tx.desk_secret()?;
    let to = test_address(&secret, own);
    let text = "This mail goes to a plus-address of the desk itself. When it comes back in, plus-addresses work \
                and answers will be asked for there.\n";
    let test = Outgoing {
        event: "test",
        id_start: "plus",
        id_parts: &[&own.key(), &now.unix().to_string()],
        subject: "maildesk tests plus-addresses",
        text,
        html: &crate::mail::html::text_to_html(text),
        ..Outgoing::new(sender, own, Person { name: "", email: &to })
    };
    Ok(letter::queue(tx, &secret, &test, now)?.map(|_| to.clone()))
}

/// Notes that a mail of ours arrived at `to`, if that is the plus-address of a test.
pub(crate) fn note_arrival(tx: &WriteTx<'_>, to: &EmailAddress, now: Timestamp) -> Result<()> {
    let mut splits = to.split_subaddress();
    let Some((base, _)) = splits.find(|(_, suffix)| suffix.to_ascii_lowercase().starts_with(MARK)) else {
        return Ok(());
    };
    let secret = tx.desk_secret()?;
    if test_address(&secret, &base) != *to {
        return Ok(());
    }
    if let Some(own) = tx.desk_addresses()?.into_iter().find(|own| own.email.eq_ignore_ascii_case(base.as_str())) {
        tx.note_plus_seen(own.id, now)?;
    }
    Ok(())
}
