//! Who is told what: each function composes finished mails and queues them in the caller's write
//! transaction. Nothing is sent here ([`crate::outbox`] does that later), and nothing is queued for a
//! department without a sending address.

use super::duty;
use crate::domain::{Author, DeskSecret, EmailAddress, MessageId, ReplyToken, TicketId, Timestamp, UserId};
use crate::outbox::compose::{self, File, Letter, Nature, Person, thread_index};
use crate::outbox::template::{self, Event, SubjectForm, Tag, Value, ticket_subject};
use crate::store::people::Customer;
use crate::store::queue::{MessageText, NewOutgoing, Sender};
use crate::store::settings::Settings;
use crate::store::tickets::{NewMessage, Text, Ticket, Visibility};
use crate::store::{self, ReadTx, Result, WriteTx};

/// Bytes of attachments that go along with a staff reply, together; what is beyond is named in the
/// mail and stays in the ticket. Chosen: base64 makes 13.4 MiB of it, and common servers take 20.
pub const ATTACHMENT_BYTES_MAX: i64 = 10 * 1024 * 1024;

/// Hard bounces after which an address gets no automatic mail (mail.md §3) …
const HARD_BOUNCES_MAX: i64 = 3;

/// … for as long as they are this recent, in seconds. Chosen: mailboxes come back.
const BOUNCE_MEMORY_S: i64 = 30 * Timestamp::DAY_S;

/// Message-IDs in References. Chosen: RFC 5537 §3.4.4 keeps the first and the last ones; twenty
/// stay far below the 998 bytes that old programs read.
const REFERENCES_MAX: usize = 20;

/// Why a mail that was asked for is not queued.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The mail has a link, and the desk does not know its own URL.
    #[error("setting site_url is empty: the mail needs a link to the desk; `maildesk admin setting set site_url https://…`")]
    NeedsSiteUrl,
}

/// Acknowledges a new ticket to its customer (template `new_ticket`).
///
/// Nothing is sent to an address above `auto_answers_per_hour`, or whose mail came back three times.
///
/// # Errors
/// Those of the database, here and in the functions below.
pub fn acknowledge(tx: &WriteTx<'_>, settings: &Settings, ticket: TicketId, message: MessageId, now: Timestamp) -> Result<()> {
    answer(tx, settings, Event::NewTicket, (ticket, message), now)
}

/// Tells the writer of a reply that it arrived (template `autoresponse`, shipped switched off).
///
/// # Errors
/// Those of the database.
pub fn autoresponse(tx: &WriteTx<'_>, settings: &Settings, ticket: TicketId, message: MessageId, now: Timestamp) -> Result<()> {
    answer(tx, settings, Event::Autoresponse, (ticket, message), now)
}

fn answer(
    tx: &WriteTx<'_>,
    settings: &Settings,
    event: Event,
    (ticket, message): (TicketId, MessageId),
    now: Timestamp,
) -> Result<()> {
    let Some(scene) = Scene::of(tx, settings, ticket, (event, message))? else { return Ok(()) };
    // Automatic answers go to who wrote, never to Reply-To (mail.md §5).
    let writer = match scene.message.author {
        Author::Customer(id) => tx.customer(id)?,
        Author::Staff(_) | Author::Desk => None,
    };
    let writer = writer.unwrap_or_else(|| scene.customer.clone());
    let Ok(email) = writer.email.parse::<EmailAddress>() else { return Ok(()) };
    if scene.is_ours(&email) || !may_be_answered(tx, settings, &email, now)? {
        return Ok(());
    }
    let to = Person { name: &writer.fullname, email: &email };
    scene.queue(tx, &Addressed { to, staff_name: "", nature: Nature::Replied, files: &[] }, now)?;
    Ok(())
}

fn may_be_answered(tx: &ReadTx<'_>, settings: &Settings, email: &EmailAddress, now: Timestamp) -> Result<bool> {
    let answers = tx.automatic_answers_since(email, now.plus_s(-Timestamp::HOUR_S))?;
    Ok(answers < settings.number("auto_answers_per_hour") && !is_paused(tx, email, now)?)
}

fn is_paused(tx: &ReadTx<'_>, email: &EmailAddress, now: Timestamp) -> Result<bool> {
    Ok(tx.hard_bounces_since(email, now.plus_s(-BOUNCE_MEMORY_S))? >= HARD_BOUNCES_MAX)
}

/// Sends what staff wrote to the customer and the participants, once each, with its attachments up
/// to [`ATTACHMENT_BYTES_MAX`]. The author gets no copy of his own words.
///
/// # Errors
/// Those of the database.
pub fn staff_reply(tx: &WriteTx<'_>, settings: &Settings, ticket: TicketId, message: MessageId, now: Timestamp) -> Result<()> {
    let Some(mut scene) = Scene::of(tx, settings, ticket, (Event::StaffReply, message))? else { return Ok(()) };
    let author = match scene.message.author {
        Author::Staff(id) => tx.staff(id)?.map(|staff| staff.email),
        Author::Customer(_) | Author::Desk => None,
    };
    let files = files(tx, &mut scene, message)?;
    let reply_to = if scene.ticket.reply_to.is_empty() { scene.customer.email.clone() } else { scene.ticket.reply_to.clone() };
    let mut people = vec![(reply_to, scene.customer.fullname.clone())];
    people.extend(tx.participants(ticket)?);
    let mut written: Vec<EmailAddress> = Vec::new();
    let mut refused: Vec<String> = Vec::new();
    for (address, name) in people {
        let Ok(email) = address.parse::<EmailAddress>() else {
            refused.push(address);
            continue;
        };
        let is_author = author.as_ref().is_some_and(|author| author.eq_ignore_ascii_case(&address));
        if is_author || scene.is_ours(&email) || written.contains(&email) {
            continue;
        }
        let to = Person { name: &name, email: &email };
        match scene.queue(tx, &Addressed { to, staff_name: "", nature: Nature::Personal, files: &files }, now)? {
            Queued::Yes => written.push(email),
            Queued::Unmailable => refused.push(address),
        }
    }
    if !refused.is_empty() {
        let text = format!("The answer was not sent to {}: mail cannot be addressed so.", refused.join(", "));
        note(tx, ticket, &text, now)?;
    }
    Ok(())
}

/// The attachments that go along; the others are named in the text.
fn files(tx: &ReadTx<'_>, scene: &mut Scene<'_>, message: MessageId) -> Result<Vec<File>> {
    let (mut files, mut bytes, mut left_out) = (Vec::new(), 0, Vec::new());
    for file in tx.files_of_message(message)? {
        if bytes + file.bytes > ATTACHMENT_BYTES_MAX {
            left_out.push(file.name);
            continue;
        }
        let Some(content) = tx.file_content(file.content)? else { continue };
        bytes += file.bytes;
        files.push(File { name: file.name, content_type: file.content_type, content });
    }
    if !left_out.is_empty() {
        scene.postscript = format!(
            "These files are too large for this mail and were left out of it: {}. Please ask us for them.",
            left_out.join(", ")
        );
    }
    Ok(files)
}

/// Tells the active staff of the ticket's department who are on duty, but for the author
/// (template `staff_ticketnotification`).
///
/// # Errors
/// Those of the database.
pub fn staff(tx: &WriteTx<'_>, settings: &Settings, ticket: TicketId, message: MessageId, now: Timestamp) -> Result<()> {
    let Some(scene) = Scene::of(tx, settings, ticket, (Event::StaffTicketNotification, message))? else { return Ok(()) };
    let author = match scene.message.author {
        Author::Customer(id) => tx.customer(id)?.map(|customer| customer.email),
        Author::Staff(id) => tx.staff(id)?.map(|staff| staff.email),
        Author::Desk => None,
    };
    let mut told: Vec<EmailAddress> = Vec::new();
    for member in tx.staff_to_notify(scene.ticket.department)? {
        let Ok(email) = member.email.parse::<EmailAddress>() else { continue };
        let is_author = author.as_ref().is_some_and(|author| author.eq_ignore_ascii_case(&member.email));
        let is_on_duty = duty::is_on_duty(&member.hours, &member.timezone, now);
        if is_author || !is_on_duty || told.contains(&email) || scene.is_ours(&email) || is_paused(tx, &email, now)? {
            continue;
        }
        let to = Person { name: &member.fullname, email: &email };
        scene.queue(tx, &Addressed { to, staff_name: &member.fullname, nature: Nature::Generated, files: &[] }, now)?;
        told.push(email);
    }
    Ok(())
}

/// Asks a new customer to confirm the address by opening `site_url`/activate/`code`.
///
/// # Errors
/// [`Error::NeedsSiteUrl`] when a mail is to go out and setting `site_url` is empty.
pub fn new_user(
    tx: &WriteTx<'_>,
    settings: &Settings,
    customer: UserId,
    code: &str,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let event = Event::NewUser;
    let template = tx.stored_template(event.name())?.unwrap_or_else(|| event.shipped());
    let senders = tx.senders()?;
    let sender = senders.iter().find(|s| s.is_default).or_else(|| senders.iter().find(|s| s.sends()));
    let (Some(sender), Some(customer), true) = (sender.filter(|s| s.sends()), tx.customer(customer)?, template.is_enabled)
    else {
        return Ok(());
    };
    if settings.text("site_url").is_empty() {
        return Err(Error::NeedsSiteUrl);
    }
    let (Ok(from), Ok(email)) = (sender.email.parse::<EmailAddress>(), customer.email.parse::<EmailAddress>()) else {
        return Ok(());
    };
    let link = format!("{}/activate/{code}", settings.text("site_url"));
    let mut values = desk_values(settings);
    values.extend([
        ("client_name", Value::Plain(&customer.fullname)),
        ("client_email", Value::Plain(&customer.email)),
        ("activation_link", Value::Plain(&link)),
        // HelpDeskZ mailed a password here; an imported text shows the link in its place.
        ("client_password", Value::Plain(&link)),
    ]);
    let rendered = template::render(&template, &values);
    let secret = tx.desk_secret()?;
    let unique = secret.sign(&["mail", event.name(), &customer.id.to_string(), code, &now.unix().to_string()]);
    let internet_id = format!("u{}.{unique}@{}", customer.id, id_domain(&from));
    let letter = Letter {
        from: Person { name: &sender.name, email: &from },
        to: Person { name: &customer.fullname, email: &email },
        reply_to: None,
        subject: &rendered.subject,
        internet_id: &internet_id,
        references: &[],
        thread_index: "",
        nature: Nature::Generated,
        loop_signature: &secret.sign(&["loop", &internet_id]),
        text: &rendered.text,
        html: &rendered.html,
        files: &[],
        date: now,
    };
    let Ok(raw) = compose::compose(&letter) else { return Ok(()) };
    let new = NewOutgoing {
        event: event.name(),
        ticket: None,
        address: sender.id,
        envelope_sender: "",
        recipient: &email,
        internet_id: &internet_id,
        raw: &raw,
        is_automatic: true,
    };
    tx.queue(&new, now)?;
    Ok(())
}

/// Internal notes are the only trace of a mail that could not be written.
fn note(tx: &WriteTx<'_>, ticket: TicketId, text: &str, now: Timestamp) -> Result<()> {
    let (full_text, mail_html) = ("", "");
    let visibility = Visibility::Internal;
    let new = NewMessage { ticket, author: Author::Desk, visibility, text: Text::Plain(text), full_text, mail_html };
    tx.add_message(&new, now)?;
    Ok(())
}

fn desk_values(settings: &Settings) -> Vec<(&'static str, Value<'_>)> {
    let url = Value::Plain(settings.text("site_url"));
    vec![("company_name", Value::Plain(settings.text("site_name"))), ("support_url", url), ("helpdesk_url", url)]
}

/// The domain for Message-IDs: the sender's, in ASCII.
fn id_domain(from: &EmailAddress) -> String {
    let domain: String =
        from.domain().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if domain.is_empty() { "localhost".to_owned() } else { domain }
}

/// Everything that is the same for all recipients of one event.
struct Scene<'a> {
    settings: &'a Settings,
    event: Event,
    template: store::templates::Template,
    secret: DeskSecret,
    ticket: Ticket,
    customer: Customer,
    department: String,
    message_id: MessageId,
    message: MessageText,
    senders: Vec<Sender>,
    /// Index of the sender in `senders`, and its address.
    from: (usize, EmailAddress),
    /// What is said below the message.
    postscript: String,
}

/// One recipient.
struct Addressed<'a> {
    to: Person<'a>,
    staff_name: &'a str,
    nature: Nature,
    files: &'a [File],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Queued {
    Yes,
    Unmailable,
}

impl<'a> Scene<'a> {
    /// `None` when no mail is to go out: switched off, no sending address, or the ticket is gone.
    fn of(tx: &ReadTx<'_>, settings: &'a Settings, id: TicketId, (event, message_id): (Event, MessageId)) -> Result<Option<Self>> {
        let template = tx.stored_template(event.name())?.unwrap_or_else(|| event.shipped());
        if !template.is_enabled && event.is_switchable() {
            return Ok(None);
        }
        let (Some(ticket), Some(message)) = (tx.ticket(id)?, tx.message_text(message_id)?) else { return Ok(None) };
        let senders = tx.senders()?;
        let Some(from) = choose_sender(&senders, &ticket) else { return Ok(None) };
        let Some(customer) = tx.customer(ticket.customer)? else { return Ok(None) };
        let department = tx.department(ticket.department)?.map_or_else(String::new, |department| department.name);
        let secret = tx.desk_secret()?;
        let postscript = String::new();
        Ok(Some(Self {
            settings, event, template, secret, ticket, customer, department, message_id, message, senders, from, postscript,
        }))
    }

    /// Mail to ourselves would come back as mail from ourselves.
    fn is_ours(&self, email: &EmailAddress) -> bool {
        let is = |email: &str| self.senders.iter().any(|own| own.email.eq_ignore_ascii_case(email));
        is(email.as_str()) || email.split_subaddress().is_some_and(|(base, _)| is(base.as_str()))
    }

    fn queue(&self, tx: &WriteTx<'_>, letter: &Addressed<'_>, now: Timestamp) -> Result<Queued> {
        let (to, (index, from)) = (letter.to.email, &self.from);
        let Some(sender) = self.senders.get(*index) else { return Ok(Queued::Unmailable) };
        let token = ReplyToken::issue(&self.secret, self.ticket.id, to).to_string();
        let numbers = [self.message_id.to_string(), now.unix().to_string()];
        let unique = self.secret.sign(&["mail", self.event.name(), &numbers[0], &numbers[1], &to.key()]);
        let internet_id = format!("{token}.{unique}@{}", id_domain(from));
        let plus = (self.settings.is_on("reply_address_token") || sender.has_plus).then(|| from.with_subaddress(&token));
        let rendered = self.render(letter);
        let form = if self.event == Event::StaffReply { SubjectForm::Reply } else { SubjectForm::First };
        let tag = if self.settings.is_on("subject_tag") { Tag::On } else { Tag::Off };
        let composed = compose::compose(&Letter {
            from: Person { name: &sender.name, email: from },
            to: letter.to.clone(),
            reply_to: plus.as_ref(),
            subject: &ticket_subject(&rendered.subject, self.ticket.id.get(), tag, form),
            internet_id: &internet_id,
            references: &tx.thread_ids_for(self.ticket.id, to, REFERENCES_MAX)?,
            thread_index: &thread_index(&self.secret, self.ticket.id, self.ticket.created_at, now),
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
            ticket: Some(self.ticket.id),
            address: sender.id,
            envelope_sender,
            recipient: to,
            internet_id: &internet_id,
            raw: &raw,
            is_automatic: letter.nature != Nature::Personal,
        };
        tx.queue(&new, now)?;
        tx.note_token_holder(self.ticket.id, to)?;
        tx.note_own_thread_id(self.ticket.id, &internet_id, to)?;
        Ok(Queued::Yes)
    }

    fn render(&self, letter: &Addressed<'_>) -> template::Rendered {
        let number = self.ticket.id.to_string();
        let message = self.message_with_postscript();
        let mut values = desk_values(self.settings);
        values.extend([
            ("client_name", Value::Plain(&self.customer.fullname)),
            ("client_email", Value::Plain(&self.customer.email)),
            ("staff_name", Value::Plain(letter.staff_name)),
            ("ticket_id", Value::Plain(&number)),
            ("ticket_subject", Value::Plain(&self.ticket.subject)),
            ("ticket_department", Value::Plain(&self.department)),
            ("ticket_status", Value::Plain(self.ticket.status.word())),
            // HelpDeskZ's first priority, which every ticket of mail and API has.
            ("ticket_priority", Value::Plain("Low")),
            ("message", if self.message.is_html { Value::Html(&message) } else { Value::Plain(&message) }),
        ]);
        template::render(&self.template, &values)
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

/// The address that writes about a ticket: the one its mail came to if that belongs to the ticket's
/// department, else the department's, else the default one. A department whose addresses all send
/// nothing is silent; it is not spoken for by another.
fn choose_sender(senders: &[Sender], ticket: &Ticket) -> Option<(usize, EmailAddress)> {
    let of_department = || senders.iter().enumerate().filter(|(_, s)| s.department == Some(ticket.department));
    let came_to = of_department().find(|(_, s)| Some(s.id) == ticket.address && s.sends());
    let chosen = came_to.or_else(|| of_department().find(|(_, s)| s.sends())).or_else(|| {
        let is_alone = of_department().next().is_none();
        senders.iter().enumerate().find(|(_, s)| is_alone && s.is_default && s.sends())
    });
    chosen.and_then(|(index, sender)| Some((index, sender.email.parse().ok()?)))
}
