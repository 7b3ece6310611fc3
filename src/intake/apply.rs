//! Carrying a decision out: tickets, messages, participants, attachments and notes of one mail.

use super::facts::own_address;
use super::{Incoming, Place, ReceiptEntry};
use crate::decision::commands::{self, Command, Names};
use crate::decision::{Append, Handling, Open, Requester, Role, SUBJECT_CHARS_MAX};
use crate::desk::{Change, MailContext, Notices, Opening, Post, StatusChange, notify, plus};
use crate::domain::reason::Reason;
use crate::domain::{Actor, Author, Door, EmailAddress, MessageId, OutboxId, Status, TicketId, Timestamp};
use crate::mail::origin::Sign;
use crate::mail::{Mailbox, ParsedMail, Part};
use crate::store::address::{DeskAddress, Identity};
use crate::store::attachment::NewAttachment;
use crate::store::message::Text;
use crate::store::receipt::ReceiptState;
use crate::store::settings::Settings;
use crate::store::ticket::{NewTicket, Ticket};
use crate::store::{Error, Result, WriteTx};

/// Longest text of a note maildesk writes itself, in characters.
const NOTE_CHARS_MAX: usize = 10_000;

/// Message-IDs of one mail tied to its ticket: its own and the newest it names.
const THREAD_IDS_KEPT_MAX: usize = 200;

/// What HelpDeskZ calls a mail without a subject.
const NO_SUBJECT: &str = "n/a";

/// A mail that becomes a message.
pub(super) struct IncomingMail<'a> {
    pub(super) mail: &'a ParsedMail,
    /// What the ticket shows of it.
    pub(super) shown: &'a str,
    pub(super) notices: Notices,
    /// The addresses it was delivered for: ours, even where we do not know them (an alias).
    pub(super) delivered_for: Vec<EmailAddress>,
    /// What the desk is known by.
    pub(super) identity: &'a Identity,
}

impl IncomingMail<'_> {
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
    incoming_mail: &IncomingMail<'_>,
    open: &Open,
    now: Timestamp,
) -> Result<ReceiptEntry> {
    let mail = incoming_mail.mail;
    let from = sender(mail)?;
    let person = match &open.requester {
        Requester::Sender => from,
        Requester::Original(original) => original,
    };
    let customer = tx.customer_for(&person.name, &person.address, now)?;
    let mut notes = open.notes.clone();
    let subject = subject(mail, &mut notes);
    let (kept, left_out) = sort_attachments(settings, &mail.attachments);
    // Warnings are about the whole mail, so they come before what may be a thousand attachments.
    notes.extend(mail.warnings.iter().cloned());
    notes.extend(left_out);
    let addresses = &incoming_mail.identity.addresses;
    let is_sender = matches!(open.requester, Requester::Sender);
    let reply_to = reply_to(mail, addresses).filter(|mailbox| is_sender && mailbox.address != from.address);
    let new = NewTicket { department: open.department, customer, subject: &subject, address: open.address, reply_to };
    let post = Post {
        author: Author::Customer(customer),
        text: Text::Plain(incoming_mail.shown),
        reply_text: mail.reply_text(),
        full_text: &mail.full_text,
        mail_html: mail.html.as_deref().unwrap_or(""),
        attachments: &kept,
    };
    let mut mail_context = context(incoming_mail, addresses)?;
    let note = as_one_note(&notes);
    mail_context.note = &note;
    if !is_sender {
        mail_context.participants.insert(0, from);
    }
    let actor = match open.handling {
        Handling::Full | Handling::Unanswered => Actor::Customer(customer),
        Handling::Silent => Actor::Machine,
    };
    // Staff want to know of a machine's alert, but not of another desk's mail: its staff may be us.
    let is_another_desks =
        mail.loop_mark.is_some() || mail.signs.iter().any(|sign| matches!(sign, Sign::List | Sign::ForeignLoop));
    let notices = match open.handling {
        Handling::Silent if is_another_desks => Notices::Nobody,
        Handling::Unanswered => incoming_mail.notices.without_answers(),
        Handling::Full | Handling::Silent => incoming_mail.notices,
    };
    let change = Change::new(tx, settings, actor, Door::Mail, now).knowing(incoming_mail.identity);
    let opening = Opening { ticket: new, post, mail: mail_context, linked: open.linked, notices };
    let (ticket, message) = change.open(&opening)?;
    Ok(ReceiptEntry {
        state: ReceiptState::Stored,
        reason: open.reason,
        place: Some((ticket, message, Place::NewTicket)),
    })
}

/// Puts a mail into its ticket.
pub(super) fn append(
    tx: &WriteTx<'_>,
    settings: &Settings,
    incoming_mail: &IncomingMail<'_>,
    append: &Append,
    now: Timestamp,
) -> Result<ReceiptEntry> {
    let mail = incoming_mail.mail;
    let ticket =
        tx.ticket(append.ticket)?.ok_or_else(|| Error::Corrupt(format!("ticket {} is gone", append.ticket)))?;
    let from = sender(mail)?;
    let mut notes = append.notes.clone();
    let (kept, left_out) = sort_attachments(settings, &mail.attachments);
    // Warnings are about the whole mail, so they come before what may be a thousand attachments.
    notes.extend(mail.warnings.iter().cloned());
    notes.extend(left_out);
    let addresses = &incoming_mail.identity.addresses;
    let mut mail_context = context(incoming_mail, addresses)?;
    let note = as_one_note(&notes);
    mail_context.note = &note;
    mail_context.reply_to = append.takes_reply_to.then(|| reply_to(mail, addresses)).flatten();
    let notices = match append.handling {
        Handling::Unanswered => incoming_mail.notices.without_answers(),
        Handling::Full | Handling::Silent => incoming_mail.notices,
    };
    let (message, outcome) = match append.role {
        Role::Customer => {
            let customer = tx.customer_for(&from.name, &from.address, now)?;
            let (actor, status) = match append.handling {
                Handling::Full | Handling::Unanswered => (Actor::Customer(customer), StatusChange::ByTable),
                Handling::Silent => {
                    // A machine's Cc says nothing about who wants our answers.
                    mail_context.participants.clear();
                    (Actor::Machine, StatusChange::Nothing)
                }
            };
            let post = post_of(mail, Author::Customer(customer), incoming_mail.shown, &kept);
            let change = Change::new(tx, settings, actor, Door::Mail, now).knowing(incoming_mail.identity);
            (Some(change.post(&ticket, &post, status, &mail_context, notices)?), PostedAs::Message)
        }
        Role::Staff(staff) => {
            mail_context.participants.clear();
            // Only its sender has a staff member's mail: the others get our own copy of its text.
            mail_context.thread_ids.clear();
            mail_context.own_thread_id = mail.message_id.as_deref().map(|id| (id, &from.address));
            let notices = if append.handling == Handling::Silent { Notices::Nobody } else { notices };
            let change =
                Change::new(tx, settings, Actor::Staff(staff), Door::Mail, now).knowing(incoming_mail.identity);
            let author = Author::Staff(staff);
            let staff_mail = StaffMail { mail, author, attachments: &kept, context: &mail_context, notices };
            staff_message(&change, &ticket, tx, settings, &staff_mail)?
        }
    };
    // A mail is a message, dropped or quarantined; notes and commands are not messages.
    let (state, reason) = match outcome {
        PostedAs::Message => (ReceiptState::Stored, append.reason),
        PostedAs::Note => (ReceiptState::Dropped, Reason::Note),
        PostedAs::Nothing => (ReceiptState::Dropped, Reason::CommandsOnly),
    };
    let place = message.map(|message| (ticket.id, message, Place::OldTicket));
    Ok(ReceiptEntry { state, reason, place })
}

/// What a mail became in its ticket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PostedAs {
    Message,
    /// It stays among staff.
    Note,
    /// There was nothing in it but commands.
    Nothing,
}

/// A mail of ours that came back to us. If it was sent to a plus-address of our own, that proves that
/// mail to plus-addresses arrives.
pub(super) fn own_mail(tx: &WriteTx<'_>, incoming: &Incoming<'_>, mail: &ParsedMail, now: Timestamp) -> Result<()> {
    let in_envelope = incoming.envelope.recipients.iter().filter_map(|text| text.parse().ok());
    let in_header = mail.delivered_to.iter().chain(mail.to.iter().map(|to| &to.address)).cloned();
    for to in in_envelope.chain(in_header) {
        plus::note_arrival(tx, &to, now)?;
    }
    Ok(())
}

/// An outgoing mail that came back, and its ticket.
pub(super) struct Returned {
    pub(super) outbox: OutboxId,
    pub(super) ticket: Option<TicketId>,
}

/// Notes a delivery report on the outgoing mail it names and on that mail's ticket.
pub(super) fn bounce(
    tx: &WriteTx<'_>,
    settings: &Settings,
    mail: &ParsedMail,
    returned: &Returned,
    now: Timestamp,
) -> Result<ReceiptEntry> {
    let Returned { outbox, ticket } = *returned;
    let report = mail.delivery_report.clone().unwrap_or_default();
    let settled = |reason| ReceiptEntry { state: ReceiptState::Dropped, reason, place: None };
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
            text.push_str(&format!("\nAutomatic mail to {recipient} is paused: it bounced too often."));
        }
        let change = Change::new(tx, settings, Actor::Desk, Door::Mail, now);
        change.bounced(ticket, &recipient, text.trim())?;
    }
    Ok(settled(Reason::Bounce))
}

fn sender(mail: &ParsedMail) -> Result<&Mailbox> {
    // decide() sends mail without a usable From aside before anything is opened.
    mail.from.as_ref().ok_or_else(|| Error::Corrupt("a mail without From was to become a message".to_owned()))
}

/// The first address of Reply-To that is not ours: writing to ourselves would be a loop.
fn reply_to<'a>(mail: &'a ParsedMail, addresses: &[DeskAddress]) -> Option<&'a Mailbox> {
    mail.reply_to.iter().find(|mailbox| own_address(addresses, &mailbox.address).is_none())
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

fn post_of<'a>(mail: &'a ParsedMail, author: Author, text: &'a str, attachments: &'a [NewAttachment<'a>]) -> Post<'a> {
    Post {
        author,
        text: Text::Plain(text),
        reply_text: if matches!(author, Author::Customer(_)) { mail.reply_text() } else { "" },
        full_text: &mail.full_text,
        mail_html: mail.html.as_deref().unwrap_or(""),
        attachments,
    }
}

/// A staff member's mail into a ticket.
struct StaffMail<'a> {
    mail: &'a ParsedMail,
    author: Author,
    attachments: &'a [NewAttachment<'a>],
    context: &'a MailContext<'a>,
    notices: Notices,
}

/// A staff member's mail: commands first, then a reply or a note, if there is more in it.
fn staff_message(
    change: &Change<'_>,
    ticket: &Ticket,
    tx: &WriteTx<'_>,
    settings: &Settings,
    staff_mail: &StaffMail<'_>,
) -> Result<(Option<MessageId>, PostedAs)> {
    let StaffMail { mail, author, attachments, context, notices } = *staff_mail;
    let departments = tx.departments()?;
    let staff = tx.all_staff()?;
    let (commands, text) = if settings.staff_mail_commands {
        let departments: Vec<_> = departments.iter().map(|d| (d.name.clone(), d.id)).collect();
        let staff: Vec<_> = staff.iter().map(|s| (s.username.clone(), s.id)).collect();
        let names = Names { departments: &departments, staff: &staff };
        let (commands, text) = commands::split(mail.reply_text(), names);
        // A note above someone else's mail: that mail is part of the note.
        let is_bare_note = commands.contains(&Command::Note) && text.trim().is_empty();
        (commands, if is_bare_note { commands::split(&mail.full_text, names).1 } else { text })
    } else {
        (Vec::new(), mail.reply_text().to_owned())
    };
    let mut status: Option<Status> = None;
    let mut assignee = None;
    for command in &commands {
        match command {
            Command::SetStatus(wanted) => status = Some(*wanted),
            Command::Move(id) => {
                if let Some(department) = departments.iter().find(|department| department.id == *id) {
                    change.move_to(ticket, department)?;
                }
            }
            Command::Assign(id) => assignee = staff.iter().find(|member| member.id == *id),
            Command::Note => {}
        }
    }
    // Last, whatever the order of the lines: who may have the ticket depends on where it is now.
    if let Some(assignee) = assignee {
        change.assign_or_note(ticket.id, assignee, notices)?;
    }
    let post = post_of(mail, author, &text, attachments);
    let is_empty = !commands.is_empty() && text.trim().is_empty() && !attachments.iter().any(is_sent_on_purpose);
    let is_note = commands.contains(&Command::Note);
    if !is_empty && !is_note {
        // HelpDeskZ's table, which leaves some tickets as they are, is for its own pages.
        let status = StatusChange::To(status.unwrap_or(Status::Answered));
        return Ok((Some(change.post(ticket, &post, status, context, notices)?), PostedAs::Message));
    }
    if let Some(status) = status {
        change.set_status(ticket, status)?;
    }
    let message = if is_empty { None } else { Some(change.note(ticket.id, &post)?) };
    change.add_mail_context(ticket.id, context)?;
    change.note_about_mail(ticket.id, context)?;
    Ok((message, if is_empty { PostedAs::Nothing } else { PostedAs::Note }))
}

/// Whether a person attached it, as opposed to the pictures and signatures mail programs add.
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

/// What the mail says besides its text: Cc and further To addresses that are people, who get copies of what staff
/// write, and the ids of its thread.
fn context<'a>(incoming_mail: &'a IncomingMail<'_>, addresses: &[DeskAddress]) -> Result<MailContext<'a>> {
    let mail = incoming_mail.mail;
    let is_list = mail.signs.iter().any(|sign| matches!(sign, Sign::List | Sign::ListPost));
    let is_other = |person: &&Mailbox| {
        let is_sender = mail.from.as_ref().is_some_and(|from| from.address == person.address);
        !is_sender && own_address(addresses, &person.address).is_none() && !incoming_mail.came_by(&person.address)
    };
    let people = mail.to.iter().chain(&mail.cc).filter(|_| !is_list).filter(is_other).collect();
    Ok(MailContext {
        sender: sender(mail)?.address.as_str(),
        participants: people,
        thread_ids: thread_ids(mail),
        ..MailContext::default()
    })
}

/// The mail's Message-ID and every id it names, seen or not: the next mail of the thread may name only one of them.
/// Oldest first, as References of our answers will have them.
fn thread_ids(mail: &ParsedMail) -> Vec<&str> {
    let ids: Vec<&String> = mail.references.iter().chain(&mail.in_reply_to).chain(&mail.message_id).collect();
    ids.iter().skip(ids.len().saturating_sub(THREAD_IDS_KEPT_MAX)).map(|id| id.as_str()).collect()
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
