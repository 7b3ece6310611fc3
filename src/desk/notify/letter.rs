//! One letter about a ticket: the template in force, its values, the address it leaves by, and its
//! place in the thread. Who gets one is decided in [`super`].

use crate::domain::{DeskSecret, EmailAddress, MessageId, ReplyToken, TicketId, Timestamp};
use crate::outbox::compose::{self, File, Letter, Nature, Person, thread_index};
use crate::outbox::template::{self, Event, Rendered, SubjectForm, Tag, Value, ticket_subject};
use crate::store::letters::{MessageText, Sender};
use crate::store::people::Customer;
use crate::store::queue::NewOutgoing;
use crate::store::settings::Settings;
use crate::store::templates::Template;
use crate::store::tickets::Ticket;
use crate::store::{ReadTx, Result, WriteTx};

/// Message-IDs in References. Chosen: RFC 5537 §3.4.4 keeps the first and the last ones; twenty
/// stay far below what old programs read.
const REFERENCES_MAX: usize = 20;

/// HelpDeskZ's priorities by their numbers from 1, as it ships them. Tickets of mail and API have the first.
const SHIPPED_PRIORITIES: [&str; 6] = ["Low", "Medium", "High", "Urgent", "Emergency", "Critical"];

/// The name of a priority: the desk's own, else HelpDeskZ's.
fn priority((number, name): (i64, String)) -> String {
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

/// The domain for Message-IDs: the sender's, in ASCII.
pub(crate) fn id_domain(from: &EmailAddress) -> String {
    let domain: String =
        from.domain().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if domain.is_empty() { "localhost".to_owned() } else { domain }
}

/// Whether an address is one of the desk's own, with or without a plus-suffix: mail to ourselves
/// would come back as mail from ourselves.
pub(super) fn is_ours(senders: &[Sender], email: &EmailAddress) -> bool {
    let is = |email: &str| senders.iter().any(|own| own.email.eq_ignore_ascii_case(email));
    is(email.as_str()) || email.split_subaddress().any(|(base, _)| is(base.as_str()))
}

/// What a letter is about.
pub(super) struct Matter {
    pub(super) ticket: Ticket,
    pub(super) customer: Customer,
    pub(super) message: MessageText,
    department: String,
    priority: String,
    /// What is said below the message.
    pub(super) postscript: String,
}

impl Matter {
    /// `None` when ticket, message or customer are gone.
    pub(super) fn of(tx: &ReadTx<'_>, ticket: TicketId, message: MessageId) -> Result<Option<Self>> {
        let (Some(ticket), Some(message)) = (tx.ticket(ticket)?, tx.message_text(message)?) else { return Ok(None) };
        let Some(customer) = tx.customer(ticket.customer)? else { return Ok(None) };
        let department = tx.department(ticket.department)?.map_or_else(String::new, |department| department.name);
        let priority = priority(tx.priority_of(ticket.id)?);
        Ok(Some(Self { ticket, customer, message, department, priority, postscript: String::new() }))
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

    /// Cuts a message that is too long to be told.
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

/// Everything that is the same for all recipients of one event.
pub(super) struct Scene<'a> {
    settings: &'a Settings,
    event: Event,
    template: Template,
    secret: DeskSecret,
    message_id: MessageId,
    pub(super) matter: Matter,
    pub(super) senders: Vec<Sender>,
    sender: Sender,
    from: EmailAddress,
}

/// One recipient.
pub(super) struct Addressed<'a> {
    pub(super) to: Person<'a>,
    pub(super) nature: Nature,
    pub(super) files: &'a [File],
}

/// What became of a letter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Queued {
    Yes,
    Unmailable,
}

impl<'a> Scene<'a> {
    /// `None` when no mail is to go out: switched off, no sending address, or the ticket is gone.
    pub(super) fn of(
        tx: &ReadTx<'_>,
        settings: &'a Settings,
        (ticket, message): (TicketId, MessageId),
        event: Event,
    ) -> Result<Option<Self>> {
        let template = template_of(tx, event)?;
        if !template.is_enabled && event.is_switchable() {
            return Ok(None);
        }
        let Some(matter) = Matter::of(tx, ticket, message)? else { return Ok(None) };
        let senders = tx.senders()?;
        let Some((sender, from)) = choose_sender(&senders, &matter.ticket) else { return Ok(None) };
        let secret = tx.desk_secret()?;
        Ok(Some(Self { settings, event, template, secret, message_id: message, matter, senders, sender, from }))
    }

    /// Composes the letter of one recipient and queues it.
    pub(super) fn queue(&self, tx: &WriteTx<'_>, letter: &Addressed<'_>, now: Timestamp) -> Result<Queued> {
        let (to, sender, from, ticket) = (letter.to.email, &self.sender, &self.from, &self.matter.ticket);
        let token = ReplyToken::issue(&self.secret, ticket.id, to).to_string();
        let numbers = [self.message_id.to_string(), now.unix().to_string()];
        let unique = self.secret.sign(&["mail", self.event.name(), &numbers[0], &numbers[1], &to.key()]);
        let internet_id = format!("{token}.{unique}@{}", id_domain(from));
        let plus = (self.settings.reply_address_token || sender.has_plus).then(|| from.with_subaddress(&token));
        let rendered =
            self.matter.render(&self.template, self.settings, &[("staff_name", Value::Plain(letter.to.name))]);
        let form = if self.event == Event::StaffReply { SubjectForm::Reply } else { SubjectForm::First };
        let tag = if self.settings.subject_tag { Tag::On } else { Tag::Off };
        let thread = tx.thread_ids_for(ticket.id, to, REFERENCES_MAX)?;
        // What a customer wrote last is answered, not our word that it has arrived.
        let answered = thread.iter().rev().find(|known| !known.is_private).map(|known| known.id.clone());
        let references: Vec<String> = thread.into_iter().map(|known| known.id).collect();
        let composed = compose::compose(&Letter {
            from: Person { name: &sender.name, email: from },
            to: letter.to.clone(),
            reply_to: plus.as_ref(),
            subject: &ticket_subject(&rendered.subject, ticket.id.get(), tag, form),
            internet_id: &internet_id,
            references: &references,
            in_reply_to: answered.as_deref(),
            thread_index: &thread_index(&self.secret, ticket.id, ticket.created_at, now),
            nature: letter.nature,
            loop_signature: &self.secret.sign(&["loop", &internet_id]),
            text: &rendered.text,
            html: &rendered.html,
            files: letter.files,
            date: now,
        });
        let Ok(raw) = composed else { return Ok(Queued::Unmailable) };
        let envelope_sender = match letter.nature {
            Nature::Personal => plus.as_ref().unwrap_or(from).as_str(),
            Nature::Replied | Nature::Generated => "",
        };
        let new = NewOutgoing {
            event: self.event.name(),
            ticket: Some(ticket.id),
            address: sender.id,
            envelope_sender,
            recipient: to,
            internet_id: &internet_id,
            raw: &raw,
            is_automatic: letter.nature != Nature::Personal,
        };
        tx.queue(&new, now)?;
        tx.note_token_holder(ticket.id, to)?;
        tx.note_own_thread_id(ticket.id, &internet_id, to)?;
        Ok(Queued::Yes)
    }
}

/// The address that writes about a ticket: the one its mail came to if that belongs to the ticket's
/// department, else the department's, else the default one. A department whose addresses all send
/// nothing is silent; it is not spoken for by another.
fn choose_sender(senders: &[Sender], ticket: &Ticket) -> Option<(Sender, EmailAddress)> {
    let of_department = || senders.iter().filter(|s| s.department == Some(ticket.department));
    let came_to = of_department().find(|s| Some(s.id) == ticket.address && s.sends());
    let chosen = came_to.or_else(|| of_department().find(|s| s.sends())).or_else(|| {
        let has_none = of_department().next().is_none();
        senders.iter().find(|s| has_none && s.is_default && s.sends())
    });
    chosen.and_then(|sender| Some((sender.clone(), sender.email.parse().ok()?)))
}
