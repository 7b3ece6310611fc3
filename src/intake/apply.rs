//! Carrying a decision out: tickets, messages, participants, attachments and notes of one mail.

use super::facts::own_address;
use super::{Incoming, Place, Settled, Telling};
use crate::decision::commands::{self, Command, Names};
use crate::decision::{Append, Effect, Open, Requester, Role, SUBJECT_CHARS_MAX};
use crate::desk::assign::{self, Giver};
use crate::desk::{self, Bearing, Post, notify, plus};
use crate::domain::reason::Reason;
use crate::domain::{Author, EmailAddress, MessageId, OutboxId, StaffId, Status, TicketId, Timestamp, UserId};
use crate::mail::origin::Sign;
use crate::mail::{Mailbox, ParsedMail, Part};
use crate::store::addresses::DeskAddress;
use crate::store::received::ReceiptState;
use crate::store::settings::Settings;
use crate::store::tickets::{NewAttachment, NewTicket, Text, Ticket};
use crate::store::{Error, Result, WriteTx};

/// Longest text of a note maildesk writes itself, in characters.
const NOTE_CHARS_MAX: usize = 10_000;

/// Message-IDs of one mail tied to its ticket: its own and the newest it names.
const THREAD_IDS_KEPT_MAX: usize = 200;

/// What HelpDeskZ calls a mail without a subject.
const NO_SUBJECT: &str = "n/a";

/// A mail that becomes a message.
pub(super) struct Arrived<'a> {
    pub(super) mail: &'a ParsedMail,
    pub(super) telling: Telling,
    /// The addresses it was delivered for: ours, even where we do not know them (an alias).
    pub(super) delivered_for: Vec<EmailAddress>,
}

impl Arrived<'_> {
    /// Whether the address, or the one it is a plus-address of, is one it was delivered for.
    fn came_by(&self, address: &EmailAddress) -> bool {
        let is_base = |of: &EmailAddress, base: &EmailAddress| of.split_subaddress().any(|(known, _)| known == *base);
        self.delivered_for.iter().any(|by| by == address || is_base(by, address) || is_base(address, by))
    }
}

/// Opens the ticket of a mail.
pub(super) fn open(
    tx: &WriteTx<'_>,
    settings: &Settings,
    arrived: &Arrived<'_>,
    open: &Open,
    now: Timestamp,
) -> Result<Settled> {
    let mail = arrived.mail;
    let from = sender(mail)?;
    let person = match &open.requester {
        Requester::Sender => from,
        Requester::Original(original) => original,
    };
    let customer = tx.customer_for(&person.name, &person.address, now)?;
    let mut notes = open.notes.clone();
    let subject = subject(mail, &mut notes);
    let (kept, left_out) = sort_attachments(settings, &mail.attachments);
    // Warnings speak of the whole mail: they go before what may be a thousand attachments.
    notes.extend(mail.warnings.iter().cloned());
    notes.extend(left_out);
    let addresses = tx.desk_addresses()?;
    let is_sender = matches!(open.requester, Requester::Sender);
    let reply_to = reply_to(mail, &addresses).filter(|address| is_sender && **address != from.address);
    let new = NewTicket { department: open.department, customer, subject: &subject, address: open.address, reply_to };
    let post = Post {
        author: Author::Customer(customer),
        text: Text::Plain(&mail.reply_text),
        full_text: &mail.full_text,
        mail_html: mail.html.as_deref().unwrap_or(""),
        attachments: &kept,
    };
    let (ticket, message) = desk::open_ticket(tx, &new, &post, now)?;
    if !is_sender {
        tx.add_participant(ticket, &from.name, &from.address, now)?;
    }
    add_participants(tx, ticket, arrived, now)?;
    note_thread_ids(tx, ticket, mail)?;
    if let Some(linked) = open.linked {
        tx.link_tickets(ticket, linked)?;
    }
    write_notes(tx, ticket, &notes, now)?;
    match (open.effect, arrived.telling) {
        (Effect::Full, Telling::Everybody) => {
            notify::acknowledge(tx, settings, ticket, message, now)?;
            notify::staff_except(tx, settings, (ticket, message), from.address.as_str(), now)?;
        }
        // Nobody answers a machine, but staff want to know of an alert. Not of another desk's mail:
        // its staff may be us.
        (Effect::Silent, Telling::Everybody) if mail.loop_mark.is_none() && !mail.signs.contains(&Sign::List) => {
            notify::staff_except(tx, settings, (ticket, message), from.address.as_str(), now)?;
        }
        (Effect::Full, Telling::Nobody) | (Effect::Silent, _) => {}
    }
    Ok(Settled { state: ReceiptState::Stored, reason: open.reason, place: Some((ticket, message, Place::NewTicket)) })
}

/// Puts a mail into its ticket.
pub(super) fn append(
    tx: &WriteTx<'_>,
    settings: &Settings,
    arrived: &Arrived<'_>,
    append: &Append,
    now: Timestamp,
) -> Result<Settled> {
    let mail = arrived.mail;
    let ticket =
        tx.ticket(append.ticket)?.ok_or_else(|| Error::Corrupt(format!("ticket {} is gone", append.ticket)))?;
    let from = sender(mail)?;
    let mut notes = append.notes.clone();
    let (kept, left_out) = sort_attachments(settings, &mail.attachments);
    // Warnings speak of the whole mail: they go before what may be a thousand attachments.
    notes.extend(mail.warnings.iter().cloned());
    notes.extend(left_out);
    let (message, outcome) = match append.role {
        Role::Customer => {
            let customer = tx.customer_for(&from.name, &from.address, now)?;
            let message = customer_message(tx, &ticket, mail, (customer, append.effect), &kept, now)?;
            // A machine's Cc says nothing about who wants our answers.
            if append.effect == Effect::Full {
                add_participants(tx, ticket.id, arrived, now)?;
            }
            (Some(message), Written::Message)
        }
        Role::Staff(staff) => staff_message(tx, settings, &ticket, (arrived, staff), &kept, now)?,
    };
    if append.takes_reply_to
        && let Some(reply_to) = reply_to(mail, &tx.desk_addresses()?)
    {
        tx.set_reply_to(ticket.id, reply_to)?;
    }
    match append.role {
        Role::Customer => note_thread_ids(tx, ticket.id, mail)?,
        // Nobody else has a staff member's mail: what the others get is our own copy of its text.
        Role::Staff(_) => {
            if let Some(id) = &mail.message_id {
                tx.note_own_thread_id(ticket.id, id, &from.address)?;
            }
        }
    }
    write_notes(tx, ticket.id, &notes, now)?;
    if let (Telling::Everybody, Some(message), Written::Message) = (arrived.telling, message, outcome) {
        tell_about_reply(tx, settings, append, message, now)?;
    }
    // A mail is a message, dropped or quarantined; a note is no message, and commands are none.
    let (state, reason) = match outcome {
        Written::Message => (ReceiptState::Stored, append.reason),
        Written::Note => (ReceiptState::Dropped, Reason::Note),
        Written::Nothing => (ReceiptState::Dropped, Reason::CommandsOnly),
    };
    let place = message.map(|message| (ticket.id, message, Place::OldTicket));
    Ok(Settled { state, reason, place })
}

/// What a mail became in its ticket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Message,
    /// It stays among staff.
    Note,
    /// There was nothing in it but commands.
    Nothing,
}

/// Who hears of a message that went into a ticket.
fn tell_about_reply(
    tx: &WriteTx<'_>,
    settings: &Settings,
    append: &Append,
    message: MessageId,
    now: Timestamp,
) -> Result<()> {
    match (append.role, append.effect) {
        (Role::Customer, Effect::Full) => {
            notify::autoresponse(tx, settings, append.ticket, message, now)?;
            notify::staff(tx, settings, append.ticket, message, now)
        }
        (Role::Staff(_), Effect::Full) => notify::staff_reply(tx, settings, append.ticket, message, now),
        // A machine's mail is answered by nobody.
        (Role::Customer | Role::Staff(_), Effect::Silent) => Ok(()),
    }
}

/// A mail of ours that came back to us. One that was sent to a plus-address of our own proves that
/// mail to plus-addresses arrives.
pub(super) fn own_mail(tx: &WriteTx<'_>, incoming: &Incoming<'_>, mail: &ParsedMail, now: Timestamp) -> Result<()> {
    let in_envelope = incoming.envelope.recipients.iter().filter_map(|text| text.parse().ok());
    let in_header = mail.delivered_to.iter().chain(mail.to.iter().map(|to| &to.address)).cloned();
    for to in in_envelope.chain(in_header) {
        plus::note_arrival(tx, &to, now)?;
    }
    Ok(())
}

/// Notes a delivery report on the outgoing mail it names and on that mail's ticket.
pub(super) fn bounce(
    tx: &WriteTx<'_>,
    mail: &ParsedMail,
    (outbox, ticket): (OutboxId, Option<TicketId>),
    now: Timestamp,
) -> Result<Settled> {
    let report = mail.delivery_report.clone().unwrap_or_default();
    let settled = |reason| Settled { state: ReceiptState::Dropped, reason, place: None };
    if !report.is_failure {
        return Ok(settled(Reason::ReportWithoutFailure));
    }
    let class = report.class();
    let why = [report.status, report.diagnostic].into_iter().flatten().collect::<Vec<_>>().join(" ");
    if !tx.mark_bounced(outbox, class, &why, now)? {
        return Ok(settled(Reason::BounceAgain));
    }
    if let Some(ticket) = ticket
        && tx.ticket(ticket)?.is_some()
    {
        let recipient = tx.outgoing(outbox)?.map_or_else(String::new, |mail| mail.recipient);
        let who = if report.recipients.is_empty() { recipient.clone() } else { report.recipients.join(", ") };
        let mut text = format!("A mail of ours about this ticket could not be delivered: {who} {why}");
        let is_paused = match recipient.parse() {
            Ok(email) => notify::is_paused(tx, &email, now)?,
            Err(_) => false,
        };
        if is_paused {
            text.push_str(&format!("\nAutomatic mail to {recipient} is paused: it came back too often."));
        }
        desk::note(tx, ticket, Author::Desk, text.trim(), now)?;
    }
    Ok(settled(Reason::Bounce))
}

fn sender(mail: &ParsedMail) -> Result<&Mailbox> {
    // decide() sends mail without a usable From aside before anything is opened.
    mail.from.as_ref().ok_or_else(|| Error::Corrupt("a mail without From was to become a message".to_owned()))
}

/// The first address of Reply-To that is not ours: writing to ourselves would be a loop.
fn reply_to<'a>(mail: &'a ParsedMail, addresses: &[DeskAddress]) -> Option<&'a EmailAddress> {
    mail.reply_to.iter().map(|mailbox| &mailbox.address).find(|address| own_address(addresses, address).is_none())
}

fn subject(mail: &ParsedMail, notes: &mut Vec<String>) -> String {
    if mail.subject.trim().is_empty() {
        return NO_SUBJECT.to_owned();
    }
    if mail.subject.chars().count() > SUBJECT_CHARS_MAX {
        notes.push(format!("The subject is longer than {SUBJECT_CHARS_MAX} characters. All of it: {}", mail.subject));
    }
    mail.subject.chars().take(SUBJECT_CHARS_MAX).collect()
}

fn customer_message(
    tx: &WriteTx<'_>,
    ticket: &Ticket,
    mail: &ParsedMail,
    (customer, effect): (UserId, Effect),
    attachments: &[NewAttachment<'_>],
    now: Timestamp,
) -> Result<MessageId> {
    let post = Post {
        author: Author::Customer(customer),
        text: Text::Plain(&mail.reply_text),
        full_text: &mail.full_text,
        mail_html: mail.html.as_deref().unwrap_or(""),
        attachments,
    };
    let bearing = match effect {
        Effect::Full => Bearing::Counts(None),
        Effect::Silent => Bearing::Silent,
    };
    desk::post_message(tx, ticket, &post, bearing, now)
}

/// A staff member's mail: commands first, then a reply or a note, if there is more in it.
fn staff_message(
    tx: &WriteTx<'_>,
    settings: &Settings,
    ticket: &Ticket,
    (arrived, staff): (&Arrived<'_>, StaffId),
    attachments: &[NewAttachment<'_>],
    now: Timestamp,
) -> Result<(Option<MessageId>, Written)> {
    let (mail, author) = (arrived.mail, Author::Staff(staff));
    let (commands, text) = if settings.staff_mail_commands {
        let departments: Vec<_> = tx.departments()?.into_iter().map(|d| (d.name, d.id)).collect();
        let staff: Vec<_> = tx.all_staff()?.into_iter().map(|s| (s.username, s.id)).collect();
        let names = Names { departments: &departments, staff: &staff };
        let (commands, text) = commands::split(&mail.reply_text, names);
        // A note on somebody else's mail below: that mail is what was to be noted.
        let is_bare_note = commands.contains(&Command::Note) && text.trim().is_empty();
        (commands, if is_bare_note { commands::split(&mail.full_text, names).1 } else { text })
    } else {
        (Vec::new(), mail.reply_text.clone())
    };
    let mut status: Option<Status> = None;
    let mut taker = None;
    for command in &commands {
        match command {
            Command::SetStatus(wanted) => status = Some(*wanted),
            Command::Move(department) => tx.set_ticket_department(ticket.id, *department)?,
            Command::Assign(wanted) => taker = Some(*wanted),
            Command::Note => {}
        }
    }
    // Last, whatever the order of the lines: who may have the ticket depends on where it is now.
    if let Some(taker) = taker {
        give(tx, settings, ticket.id, (arrived, staff, taker), now)?;
    }
    let post = Post {
        author,
        text: Text::Plain(&text),
        full_text: &mail.full_text,
        mail_html: mail.html.as_deref().unwrap_or(""),
        attachments,
    };
    let is_empty = !commands.is_empty() && text.trim().is_empty() && !attachments.iter().any(is_sent_on_purpose);
    let is_note = commands.contains(&Command::Note);
    if !is_empty && !is_note {
        // HelpDeskZ's table, which leaves some tickets as they are, is that of its own pages.
        let status = status.unwrap_or(Status::Answered);
        let message = desk::post_message(tx, ticket, &post, Bearing::Counts(Some(status)), now)?;
        return Ok((Some(message), Written::Message));
    }
    if let Some(status) = status {
        tx.set_status(ticket.id, status, now)?;
    }
    if is_empty {
        return Ok((None, Written::Nothing));
    }
    Ok((Some(desk::annotate(tx, ticket.id, &post, now)?), Written::Note))
}

/// Carries `#assign` out. Where it cannot be, a note says why: the words of a command are not sent to the customer.
fn give(
    tx: &WriteTx<'_>,
    settings: &Settings,
    ticket: TicketId,
    (arrived, giver, taker): (&Arrived<'_>, StaffId, StaffId),
    now: Timestamp,
) -> Result<()> {
    let Some(taker) = tx.staff(taker)? else { return Ok(()) };
    let giver = match arrived.telling {
        Telling::Everybody => Giver::Staff(giver),
        Telling::Nobody => Giver::Past,
    };
    match assign::assign(tx, settings, (ticket, &taker), giver, now) {
        Ok(()) => Ok(()),
        Err(assign::Error::Store(error)) => Err(error),
        Err(refused) => {
            let text = format!("#assign {} was not carried out: {refused}.", taker.username);
            desk::note(tx, ticket, Author::Desk, &text, now)?;
            Ok(())
        }
    }
}

/// Whether somebody attached it, as opposed to the pictures and signatures mail programs add.
fn is_sent_on_purpose(attachment: &NewAttachment<'_>) -> bool {
    !attachment.is_inline && !attachment.content_type.ends_with("-signature")
}

/// The parts that fit the desk's limits, and a sentence about each one that does not.
fn sort_attachments<'a>(settings: &Settings, parts: &'a [Part]) -> (Vec<NewAttachment<'a>>, Vec<String>) {
    let count_max = usize::try_from(settings.mail_attachment_number).unwrap_or(0);
    let bytes_max = settings.mail_attachment_size.bytes();
    let blocked = &settings.mail_attachment_block;
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for part in parts {
        let extension = part.name.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
        let mb = settings.mail_attachment_size;
        let why_not = if blocked.contains(&extension) {
            Some(format!("files of type {extension} are not kept"))
        } else if part.content.len() as u64 > bytes_max {
            Some(format!("it is larger than {mb} MB"))
        } else if kept.len() >= count_max {
            Some(format!("the mail has more than {count_max} attachments"))
        } else {
            None
        };
        match why_not {
            Some(why) => left_out.push(format!("Attachment {} was left out: {why}.", part.name)),
            None => kept.push(NewAttachment {
                name: &part.name,
                original_name: &part.original_name,
                content_type: &part.content_type,
                content: &part.content,
                cid: part.content_id.as_deref().unwrap_or(""),
                is_inline: part.is_inline,
            }),
        }
    }
    (kept, left_out)
}

/// Cc and further To addresses that are people get copies of what staff write.
fn add_participants(tx: &WriteTx<'_>, ticket: TicketId, arrived: &Arrived<'_>, now: Timestamp) -> Result<()> {
    let mail = arrived.mail;
    if mail.signs.iter().any(|sign| matches!(sign, Sign::List | Sign::ListPost)) {
        return Ok(());
    }
    let addresses = tx.desk_addresses()?;
    for person in mail.to.iter().chain(&mail.cc) {
        let is_sender = mail.from.as_ref().is_some_and(|from| from.address == person.address);
        let is_ours = own_address(&addresses, &person.address).is_some() || arrived.came_by(&person.address);
        if is_sender || is_ours || tx.takes_part(ticket, &person.address)? {
            continue;
        }
        if !tx.add_participant(ticket, &person.name, &person.address, now)? {
            break;
        }
    }
    Ok(())
}

/// Ties the mail's Message-ID and every id it names to the ticket, seen or not: the next mail of
/// the thread may name only one of them. Oldest first, as References of our answers will have them.
fn note_thread_ids(tx: &WriteTx<'_>, ticket: TicketId, mail: &ParsedMail) -> Result<()> {
    let ids: Vec<&String> = mail.references.iter().chain(&mail.in_reply_to).chain(&mail.message_id).collect();
    for id in ids.iter().skip(ids.len().saturating_sub(THREAD_IDS_KEPT_MAX)) {
        tx.note_thread_id(ticket, id)?;
    }
    Ok(())
}

fn write_notes(tx: &WriteTx<'_>, ticket: TicketId, notes: &[String], now: Timestamp) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    desk::note(tx, ticket, Author::Desk, &as_one_note(notes), now)?;
    Ok(())
}

/// The notes as lines of one text; those that do not fit into [`NOTE_CHARS_MAX`] are counted.
fn as_one_note(notes: &[String]) -> String {
    let (mut text, mut chars) = (String::new(), 0);
    for (index, note) in notes.iter().enumerate() {
        let shown: String = note.chars().take(NOTE_CHARS_MAX).collect();
        chars += shown.chars().count() + 1;
        if index > 0 && chars > NOTE_CHARS_MAX {
            text.push_str(&format!("\nAnd {} more like these; the raw mail has all of it.", notes.len() - index));
            break;
        }
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&shown);
    }
    text
}
