//! One letter about a ticket: the template in force, its values, the address it leaves by, and its
//! place in the thread. Who gets one is decided in [`super`].

use std::cell::OnceCell;

use crate::desk::Change;
use crate::domain::{
    AddressId, DepartmentId, DeskSecret, EmailAddress, MessageId, ReplyToken, TicketId, TicketLink, Timestamp,
};
use crate::outbox::compose::{self, File, Letter, MailKind, Person, Unmailable, thread_index};
use crate::outbox::template::{self, Event, Rendered, SubjectForm, Tag, Value, ticket_subject};
use crate::store::address::{DeskAddress, Identity};
use crate::store::customer::Customer;
use crate::store::message::MessageText;
use crate::store::outbox::NewOutgoing;
use crate::store::settings::Settings;
use crate::store::template::Template;
use crate::store::ticket::Ticket;
use crate::store::{Error, ReadTx, Result, WriteTx};

/// Message-IDs in References. Chosen: RFC 5537 §3.4.4 keeps the first and the last ones; twenty
/// stay far below what old programs read.
const REFERENCES_MAX: usize = 20;

/// HelpDeskZ's priorities by their numbers from 1, as it ships them. Tickets of mail and API have the first.
pub(crate) const SHIPPED_PRIORITIES: [&str; 6] = ["Low", "Medium", "High", "Urgent", "Emergency", "Critical"];

/// The name of a priority: the desk's own, else HelpDeskZ's.
fn priority(number: i64, name: String) -> String {
    if !name.is_empty() {
        return name;
    }
    let shipped = usize::try_from(number).ok().and_then(|number| SHIPPED_PRIORITIES.get(number.checked_sub(1)?));
    (*shipped.unwrap_or(&SHIPPED_PRIORITIES[0])).to_owned()
}

/// Longest message in a mail to staff, in characters; all of it is in the ticket. Chosen: more than
/// anybody types, and servers refuse mails of many megabytes.
const TOLD_CHARS_MAX: usize = 100_000;

/// The template in force for an event.
pub(super) fn template_of(tx: &ReadTx<'_>, event: Event) -> Result<Template> {
    Ok(tx.stored_template(event.name())?.unwrap_or_else(|| event.shipped()))
}

/// Values that every template knows.
pub(super) fn desk_values(settings: &Settings) -> Vec<(&'static str, Value<'_>)> {
    let url = Value::Plain(&settings.site_url);
    vec![("company_name", Value::Plain(&settings.site_name)), ("support_url", url), ("helpdesk_url", url)]
}

/// The link that opens a ticket in a browser for whoever reads mail at `email`; none where the desk has no pages, or does
/// not know its own URL.
pub(super) fn ticket_link(
    settings: &Settings,
    secret: &DeskSecret,
    ticket: TicketId,
    email: &EmailAddress,
    now: Timestamp,
) -> Option<String> {
    if settings.site_url.is_empty() || !settings.web {
        return None;
    }
    let ends_at = now.plus_s(settings.ticket_link_days.saturating_mul(Timestamp::DAY_S));
    Some(format!("{}/t/{}", settings.site_url, TicketLink::issue(secret, ticket, email, ends_at)))
}

/// The domain for Message-IDs: the sender's, in ASCII.
fn id_domain(from: &EmailAddress) -> String {
    let domain: String =
        from.domain().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if domain.is_empty() { "localhost".to_owned() } else { domain }
}

/// Whether an address is one of the desk's own, with or without a plus-suffix: mail to ourselves
/// would come back in as mail from ourselves.
pub(super) fn is_ours(senders: &[DeskAddress], email: &EmailAddress) -> bool {
    let is = |email: &str| senders.iter().any(|own| own.email.eq_ignore_ascii_case(email));
    is(email.as_str()) || email.split_subaddress().any(|(base, _)| is(base.as_str()))
}

/// What a letter is about.
#[derive(Clone)]
pub(super) struct TicketContext {
    pub(super) ticket: Ticket,
    pub(super) customer: Customer,
    pub(super) message: MessageText,
    department: String,
    priority: String,
    /// The text below the message.
    pub(super) postscript: String,
}

impl TicketContext {
    /// `None` when ticket, message or customer are gone.
    pub(super) fn of(tx: &ReadTx<'_>, ticket: TicketId, message: MessageId) -> Result<Option<Self>> {
        let Some(found) = tx.conversation(ticket, message)? else { return Ok(None) };
        let priority = priority(found.priority, found.priority_name);
        Ok(Some(Self {
            ticket: found.ticket,
            customer: found.customer,
            message: found.message,
            department: found.department,
            priority,
            postscript: String::new(),
        }))
    }

    /// The template filled in; `more` are values of this letter alone.
    pub(super) fn render(&self, template: &Template, settings: &Settings, more: &[(&str, Value<'_>)]) -> Rendered {
        let number = self.ticket.id.to_string();
        let message = self.message_with_postscript();
        let mut values: Vec<(&str, Value<'_>)> = desk_values(settings);
        values.extend([
            ("client_name", Value::Plain(&self.customer.fullname)),
            ("client_email", Value::Plain(&self.customer.email)),
            ("ticket_id", Value::Plain(&number)),
            ("ticket_subject", Value::Plain(&self.ticket.subject)),
            ("ticket_department", Value::Plain(&self.department)),
            ("ticket_status", Value::Plain(self.ticket.status.word())),
            ("ticket_priority", Value::Plain(&self.priority)),
            ("message", if self.message.is_html { Value::Html(&message) } else { Value::Plain(&message) }),
        ]);
        values.extend_from_slice(more);
        template::render(template, &values)
    }

    /// Cuts a message that is too long for a notice.
    pub(super) fn shorten(&mut self) {
        let message = &mut self.message;
        if message.body.chars().nth(TOLD_CHARS_MAX).is_none() {
            return;
        }
        if message.is_html {
            (message.body, message.is_html) = (crate::mail::html::to_text(&message.body), false);
        }
        if let Some((end, _)) = message.body.char_indices().nth(TOLD_CHARS_MAX) {
            message.body.truncate(end);
            self.postscript = format!("[The message is longer; all of it is in ticket #{}.]", self.ticket.id);
        }
    }

    fn message_with_postscript(&self) -> String {
        let body = &self.message.body;
        match (self.postscript.is_empty(), self.message.is_html) {
            (true, _) => body.clone(),
            (false, true) => format!("{body}<p>{}</p>", crate::mail::html::escape(&self.postscript)),
            (false, false) => format!("{body}\n\n{}", self.postscript),
        }
    }
}

/// A message that people are notified of. What all mails about it need is read once, and only if there is such a mail.
pub(super) struct Topic<'a> {
    pub(super) change: &'a Change<'a>,
    pub(super) ticket: TicketId,
    pub(super) message: MessageId,
    about: OnceCell<Option<TicketContext>>,
    identity: OnceCell<Identity>,
}

impl<'a> Topic<'a> {
    pub(super) const fn new(change: &'a Change<'a>, ticket: TicketId, message: MessageId) -> Self {
        Self { change, ticket, message, about: OnceCell::new(), identity: OnceCell::new() }
    }

    /// `None` when ticket, message or customer are gone.
    pub(super) fn about(&self) -> Result<Option<&TicketContext>> {
        if self.about.get().is_none() {
            let read = TicketContext::of(self.change.tx, self.ticket, self.message)?;
            self.about.set(read).ok();
        }
        Ok(self.about.get().and_then(Option::as_ref))
    }

    /// Whether there is an address that its letters could leave by.
    pub(super) fn has_sender(&self) -> Result<bool> {
        let Some(about) = self.about()? else { return Ok(false) };
        Ok(choose_sender(&self.identity()?.addresses, about.ticket.department, about.ticket.address).is_some())
    }

    fn identity(&self) -> Result<&Identity> {
        if let Some(known) = self.change.identity {
            return Ok(known);
        }
        if self.identity.get().is_none() {
            self.identity.set(self.change.tx.identity()?).ok();
        }
        self.identity.get().ok_or_else(|| Error::Corrupt("the desk row is missing".to_owned()))
    }
}

/// Everything that is the same for all recipients of one event.
pub(super) struct NoticeContext<'a> {
    settings: &'a Settings,
    event: Event,
    template: Template,
    secret: &'a DeskSecret,
    message_id: MessageId,
    pub(super) about: TicketContext,
    pub(super) senders: &'a [DeskAddress],
    sender: &'a DeskAddress,
    from: EmailAddress,
}

/// One recipient.
pub(super) struct Addressed<'a> {
    pub(super) to: Person<'a>,
    pub(super) kind: MailKind,
    pub(super) files: &'a [File],
    /// It is not sent for so many seconds.
    pub(super) after_s: i64,
}

/// What became of a letter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Queued {
    Yes,
    Unmailable,
}

impl<'a> NoticeContext<'a> {
    /// `None` when no mail is to be sent: switched off, no sending address, or the ticket is gone.
    pub(super) fn of(topic: &'a Topic<'a>, event: Event) -> Result<Option<Self>> {
        let Change { tx, settings, .. } = *topic.change;
        let template = template_of(tx, event)?;
        if !template.is_enabled && event.is_switchable() {
            return Ok(None);
        }
        let Some(about) = topic.about()?.cloned() else { return Ok(None) };
        let Identity { addresses: senders, secret } = topic.identity()?;
        let (department, came_to) = (about.ticket.department, about.ticket.address);
        let Some((sender, from)) = choose_sender(senders, department, came_to) else { return Ok(None) };
        Ok(Some(Self { settings, event, template, secret, message_id: topic.message, about, senders, sender, from }))
    }

    /// Composes the letter of one recipient and queues it.
    pub(super) fn queue(&self, tx: &WriteTx<'_>, letter: &Addressed<'_>, now: Timestamp) -> Result<Queued> {
        let (to, sender, from, ticket) = (letter.to.email, self.sender, &self.from, &self.about.ticket);
        let token = ReplyToken::issue(self.secret, ticket.id, to).to_string();
        let plus = (self.settings.reply_address_token || sender.has_plus).then(|| from.with_subaddress(&token));
        let link = ticket_link(self.settings, self.secret, ticket.id, to, now).filter(|_| self.event.has_ticket_link());
        let mut values = vec![("staff_name", Value::Plain(letter.to.name))];
        if self.event.has_ticket_link() {
            values.push(("ticket_link", Value::Plain(link.as_deref().unwrap_or(""))));
        }
        let mut rendered = self.about.render(&self.template, self.settings, &values);
        if let Some(link) = &link {
            template::append_link(&mut rendered, link);
        }
        let form = if self.event == Event::StaffReply { SubjectForm::Reply } else { SubjectForm::First };
        let tag = if self.settings.subject_tag { Tag::On } else { Tag::Off };
        let thread = tx.thread_ids_for(ticket.id, to, REFERENCES_MAX)?;
        // The customer's latest mail is answered, not our acknowledgement of it.
        let answered = thread.iter().rev().find(|known| !known.is_private).map(|known| known.id.clone());
        let references: Vec<String> = thread.into_iter().map(|known| known.id).collect();
        let outgoing = Outgoing {
            event: self.event.name(),
            id_start: &token,
            id_parts: &[&self.message_id.to_string(), &now.unix().to_string(), &to.key()],
            reply_to: plus.as_ref(),
            thread: Some(Thread {
                ticket: ticket.id,
                references: &references,
                in_reply_to: answered.as_deref(),
                index: &thread_index(self.secret, ticket.id, ticket.created_at, now),
            }),
            kind: letter.kind,
            subject: &ticket_subject(&rendered.subject, ticket.id.get(), tag, form),
            text: &rendered.text,
            html: &rendered.html,
            files: letter.files,
            message: Some(self.message_id),
            after_s: letter.after_s,
            ..Outgoing::new(sender, from, letter.to.clone())
        };
        let Ok(internet_id) = queue(tx, self.secret, &outgoing, now)? else { return Ok(Queued::Unmailable) };
        tx.note_token_holder(ticket.id, to)?;
        tx.note_own_thread_id(ticket.id, &internet_id, to)?;
        Ok(Queued::Yes)
    }
}

/// The ticket that a mail is about, and its place among the mails before.
pub(in crate::desk) struct Thread<'a> {
    ticket: TicketId,
    references: &'a [String],
    in_reply_to: Option<&'a str>,
    index: &'a str,
}

/// One mail to be sent: its text and its recipient.
pub(in crate::desk) struct Outgoing<'a> {
    pub(in crate::desk) sender: &'a DeskAddress,
    pub(in crate::desk) from: &'a EmailAddress,
    pub(in crate::desk) to: Person<'a>,
    /// What the mail is about, as its row in the outbox names it.
    pub(in crate::desk) event: &'a str,
    /// What its Message-ID starts with.
    pub(in crate::desk) id_start: &'a str,
    /// What distinguishes it from the other mails of that event.
    pub(in crate::desk) id_parts: &'a [&'a str],
    pub(in crate::desk) reply_to: Option<&'a EmailAddress>,
    pub(in crate::desk) thread: Option<Thread<'a>>,
    pub(in crate::desk) kind: MailKind,
    pub(in crate::desk) subject: &'a str,
    pub(in crate::desk) text: &'a str,
    pub(in crate::desk) html: &'a str,
    pub(in crate::desk) files: &'a [File],
    /// The message it tells of.
    pub(in crate::desk) message: Option<MessageId>,
    /// It is not sent for so many seconds: until then it can be taken back.
    pub(in crate::desk) after_s: i64,
}

impl<'a> Outgoing<'a> {
    /// A mail that the desk sends by itself, about no ticket, with nothing in it yet.
    pub(in crate::desk) const fn new(sender: &'a DeskAddress, from: &'a EmailAddress, to: Person<'a>) -> Self {
        Self {
            sender,
            from,
            to,
            event: "",
            id_start: "",
            id_parts: &[],
            reply_to: None,
            thread: None,
            kind: MailKind::Generated,
            subject: "",
            text: "",
            html: "",
            files: &[],
            message: None,
            after_s: 0,
        }
    }
}

/// Composes a mail and queues it; returns its Message-ID. The only place that does so.
///
/// # Errors
/// The outer error is the database's, the inner one is [`Unmailable`].
pub(in crate::desk) fn queue(
    tx: &WriteTx<'_>,
    secret: &DeskSecret,
    mail: &Outgoing<'_>,
    now: Timestamp,
) -> Result<std::result::Result<String, Unmailable>> {
    let unique = secret.mail_id(mail.event, mail.id_parts);
    let internet_id = format!("{}.{unique}@{}", mail.id_start, id_domain(mail.from));
    let thread = mail.thread.as_ref();
    let composed = compose::compose(&Letter {
        from: Person { name: &mail.sender.name, email: mail.from },
        to: mail.to.clone(),
        reply_to: mail.reply_to,
        subject: mail.subject,
        internet_id: &internet_id,
        references: thread.map_or(&[], |thread| thread.references),
        in_reply_to: thread.and_then(|thread| thread.in_reply_to),
        thread_index: thread.map_or("", |thread| thread.index),
        kind: mail.kind,
        loop_signature: &secret.loop_mark(&internet_id),
        text: mail.text,
        html: mail.html,
        files: mail.files,
        date: now,
    });
    let raw = match composed {
        Ok(raw) => raw,
        Err(unmailable) => return Ok(Err(unmailable)),
    };
    let envelope_sender = match mail.kind {
        MailKind::Personal => mail.reply_to.unwrap_or(mail.from).as_str(),
        MailKind::Replied | MailKind::Generated => "",
    };
    let new = NewOutgoing {
        event: mail.event,
        ticket: thread.map(|thread| thread.ticket),
        address: mail.sender.id,
        envelope_sender,
        recipient: mail.to.email,
        internet_id: &internet_id,
        raw: &raw,
        is_automatic: mail.kind != MailKind::Personal,
        message: mail.message,
        due_at: now.plus_s(mail.after_s),
    };
    tx.queue(&new, now)?;
    Ok(Ok(internet_id))
}

/// The address that sends mail about a ticket: the one its mail came to if that belongs to the ticket's
/// department, else the department's, else the default one. A department whose addresses all send
/// nothing sends no mail; no other department's address is used for it.
pub(super) fn choose_sender(
    senders: &[DeskAddress],
    department: DepartmentId,
    came_to: Option<AddressId>,
) -> Option<(&DeskAddress, EmailAddress)> {
    let of_department = || senders.iter().filter(|s| s.department == Some(department));
    let came_to = of_department().find(|s| Some(s.id) == came_to && s.sends());
    let chosen = came_to.or_else(|| of_department().find(|s| s.sends())).or_else(|| {
        let has_none = of_department().next().is_none();
        senders.iter().find(|s| has_none && s.is_default && s.sends())
    });
    chosen.and_then(|sender| Some((sender, sender.email.parse().ok()?)))
}
