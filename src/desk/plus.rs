//! Finding out whether mail to plus-addresses arrives: a mail to one of our own, and its coming back.
//! Only then may answers be asked for at plus-addresses without the setting that forces it.

use super::notify::letter::id_domain;
use crate::domain::{DeskSecret, EmailAddress, Timestamp};
use crate::outbox::compose::{Letter, Nature, Person, Unmailable, compose};
use crate::store::letters::Sender;
use crate::store::queue::NewOutgoing;
use crate::store::{Result, WriteTx};

/// What the suffix of the test's address starts with; the HMAC behind it is ours alone.
const MARK: &str = "plus-";

fn test_address(secret: &DeskSecret, own: &EmailAddress) -> EmailAddress {
    own.with_subaddress(&format!("{MARK}{}", secret.sign(&["plus", &own.key()])))
}

/// Queues a mail from an address of ours to a plus-address of its own, and gives that address.
///
/// # Errors
/// Those of the database outside, [`Unmailable`] inside.
pub fn queue_test(
    tx: &WriteTx<'_>,
    sender: &Sender,
    own: &EmailAddress,
    now: Timestamp,
) -> Result<std::result::Result<EmailAddress, Unmailable>> {
    let secret = tx.desk_secret()?;
    let to = test_address(&secret, own);
    let unique = secret.sign(&["mail", "test", &own.key(), &now.unix().to_string()]);
    let internet_id = format!("plus.{unique}@{}", id_domain(own));
    let text = "This mail goes to a plus-address of the desk itself. When it comes back in, plus-addresses work \
                and answers will be asked for there.\n";
    let composed = compose(&Letter {
        from: Person { name: &sender.name, email: own },
        to: Person { name: "", email: &to },
        reply_to: None,
        subject: "maildesk tests plus-addresses",
        internet_id: &internet_id,
        references: &[],
        in_reply_to: None,
        thread_index: "",
        nature: Nature::Generated,
        loop_signature: &secret.sign(&["loop", &internet_id]),
        text,
        html: &crate::mail::html::text_to_html(text),
        files: &[],
        date: now,
    });
    let raw = match composed {
        Ok(raw) => raw,
        Err(unmailable) => return Ok(Err(unmailable)),
    };
    let new = NewOutgoing {
        event: "test",
        ticket: None,
        address: sender.id,
        envelope_sender: "",
        recipient: &to,
        internet_id: &internet_id,
        raw: &raw,
        is_automatic: true,
    };
    tx.queue(&new, now)?;
    Ok(Ok(to))
}

/// Notes that a mail of ours arrived at `to`, if that is the plus-address of a test.
///
/// # Errors
/// Those of the database.
pub fn note_arrival(tx: &WriteTx<'_>, to: &EmailAddress, now: Timestamp) -> Result<()> {
    let mut splits = to.split_subaddress();
    let Some((base, _)) = splits.find(|(_, suffix)| suffix.to_ascii_lowercase().starts_with(MARK)) else {
        return Ok(());
    };
    let secret = tx.desk_secret()?;
    if test_address(&secret, &base) != *to {
        return Ok(());
    }
    if let Some(own) = tx.senders()?.into_iter().find(|own| own.email.eq_ignore_ascii_case(base.as_str())) {
        tx.note_plus_seen(own.id, now)?;
    }
    Ok(())
}
