//! Who is notified of what: one table, and the functions that compose the finished mails and queue them in the
//! caller's write transaction. Nothing is sent here ([`crate::outbox`] does that later), and nothing is queued for a
//! department without a sending address.

mod entry;
mod forecast;
pub(super) mod letter;
mod table;

use super::{Change, duty};
use crate::domain::{Author, EmailAddress, MessageId, TicketId, Timestamp, UserId, Window};
use crate::outbox::compose::{File, MailKind, Person};
use crate::outbox::template::{self, Event, Rendered, Value};
use crate::store::address::Identity;
use crate::store::customer::Customer;
use crate::store::settings::Settings;
use crate::store::staff::{Staff, StaffToNotify};
use crate::store::template::Template;
use crate::store::ticket::Ticket;
use crate::store::{self, ReadTx, Result, WriteTx};
pub(crate) use entry::entry_link;
pub(crate) use forecast::{answer_goes_to, answers_leave_by};
pub(crate) use letter::SHIPPED_PRIORITIES;
use letter::{Addressed, NoticeContext, Outgoing, Queued, TicketContext, Topic, desk_values, is_ours, template_of};
pub(super) use table::Occasion;
use table::{Notice, notices_of};

/// What is written around the names of files that were too large for a mail.
pub(crate) const LEFT_OUT: (&str, &str) =
    ("These files are too large for this mail and were left out of it: ", ". Please ask us for them.");

/// Most bytes of attachments sent with one staff reply; files beyond that are only named in the
/// mail and stays in the ticket. Chosen: base64 makes 13.4 MiB of it, and common servers take 20.
pub(crate) const ATTACHMENT_BYTES_MAX: i64 = 10 * 1024 * 1024;

/// Hard bounces after which an address gets no automatic mail …
const HARD_BOUNCES_MAX: i64 = 3;

/// … as long as they are at most this old, in seconds. Chosen: mailboxes come back.
const BOUNCE_MEMORY_S: i64 = 30 * Timestamp::DAY_S;

/// Why a requested mail was not queued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The mail has a link, and the desk does not know its own URL.
    #[error(
        "setting site_url is empty: the mail needs a link to the desk; `maildesk admin setting set site_url https://…`"
    )]
    NeedsSiteUrl,
    /// The mail's text is switched off.
    #[error("no mail was sent: template new_user is off; `maildesk admin template enable new_user`")]
    TemplateIsOff,
    /// No address sends.
    #[error("no mail was sent: no address of the desk sends mail; `maildesk admin address update … --outgoing …`")]
    NobodySends,
    /// Mail to the customer keeps bouncing, or cannot be written.
    #[error("no mail was sent: mail to {0} keeps coming back; `maildesk admin outbox list`")]
    Paused(String),
}

/// Who is notified of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notices {
    /// The people named in the table.
    Usual,
    /// The customer, that the ticket was opened, and the people named in the table.
    Acknowledged,
    /// The people named in the table, without an automatic answer to the writer: their mail came by a mailing list.
    WithoutAnswers,
    /// Nobody: the mail was answered elsewhere long ago, or comes from another desk's machine.
    Nobody,
}

impl Notices {
    /// The same without automatic answers.
    #[must_use]
    pub(crate) const fn without_answers(self) -> Self {
        match self {
            Self::Usual | Self::Acknowledged | Self::WithoutAnswers => Self::WithoutAnswers,
            Self::Nobody => Self::Nobody,
        }
    }
}

impl Change<'_> {
    /// Queues what follows from a message. `sender` is the From address of the mail it came in, which gets no notice of
    /// its own mail; empty if it did not come by mail.
    pub(super) fn send_notices(
        &self,
        happening: Occasion,
        ticket: TicketId,
        message: MessageId,
        notices: Notices,
        sender: &str,
    ) -> Result<()> {
        let topic = Topic::new(self, ticket, message);
        let usual = match notices {
            Notices::Nobody => return Ok(()),
            Notices::Usual | Notices::WithoutAnswers => notices_of(happening, self.door),
            Notices::Acknowledged => {
                answer(&topic, Event::NewTicket)?;
                notices_of(happening, self.door)
            }
        };
        for notice in usual {
            match notice {
                Notice::Acknowledgement | Notice::Autoresponse if notices == Notices::WithoutAnswers => {}
                Notice::Acknowledgement => answer(&topic, Event::NewTicket)?,
                Notice::Autoresponse => answer(&topic, Event::Autoresponse)?,
                Notice::Staff if sender.is_empty() => staff(&topic)?,
                Notice::Staff => staff_except(&topic, sender)?,
                Notice::Answer => staff_reply(&topic)?,
                // These follow from no message: see `notify_assignee` and `notify_mentioned`.
                Notice::Assignee | Notice::Mentioned => {}
            }
        }
        Ok(())
    }

    /// Queues the notice of an assignment made by another person.
    pub(super) fn notify_assignee(&self, ticket: TicketId, staff: &Staff, notices: Notices) -> Result<()> {
        let is_notified = notices_of(Occasion::Assigned, self.door).contains(&Notice::Assignee);
        if notices == Notices::Nobody || !is_notified {
            return Ok(());
        }
        // The message to answer is the newest one; a ticket that has only notes has none.
        match self.tx.newest_public_message(ticket)? {
            Some(message) => to_member(&Topic::new(self, ticket, message), Event::StaffAssigned, staff),
            None => Ok(()),
        }
    }

    /// Queues the notice of a note that mentions a staff member.
    pub(super) fn notify_mentioned(&self, ticket: TicketId, note: MessageId, staff: &Staff) -> Result<()> {
        if notices_of(Occasion::Mentioned, self.door).contains(&Notice::Mentioned) {
            to_member(&Topic::new(self, ticket, note), Event::StaffMentioned, staff)?;
        }
        Ok(())
    }
}

impl Change<'_> {
    /// Queues the question how a ticket was handled, to where its answers go.
    pub(super) fn send_satisfaction(&self, ticket: TicketId) -> Result<()> {
        let (tx, settings, now) = (self.tx, self.settings, self.now);
        let Some(message) = tx.newest_public_message(ticket)?.filter(|_| !settings.site_url.is_empty()) else {
            return Ok(());
        };
        let topic = Topic::new(self, ticket, message);
        let Some(notice) = NoticeContext::of(&topic, Event::Satisfaction)? else { return Ok(()) };
        let about = &notice.about;
        let address = if about.ticket.reply_to.is_empty() { &about.customer.email } else { &about.ticket.reply_to };
        let Ok(email) = address.parse::<EmailAddress>() else { return Ok(()) };
        if is_ours(notice.senders, &email) || is_paused(tx, &email, now)? {
            return Ok(());
        }
        let to = Person { name: &about.customer.fullname, email: &email };
        notice.queue(
            tx,
            &Addressed { to, kind: MailKind::Generated, files: &[], after_s: self.delivery.after_s },
            now,
        )?;
        Ok(())
    }
}

/// An automatic answer to a customer. Nothing is sent to an address or about a ticket above `auto_answers_per_hour`, to
/// an address that takes no answers, or whose mail bounced three times.
fn answer(topic: &Topic<'_>, event: Event) -> Result<()> {
    let Change { tx, settings, now, .. } = *topic.change;
    let Some(notice) = NoticeContext::of(topic, event)? else { return Ok(()) };
    // Automatic answers go to the sender, never to Reply-To: a stranger could name anybody there.
    let writer = match notice.about.message.author {
        Author::Customer(id) if id != notice.about.customer.id => tx.customer(id)?,
        Author::Customer(_) | Author::Staff(_) | Author::Desk => None,
    };
    let writer = writer.unwrap_or_else(|| notice.about.customer.clone());
    let Ok(email) = writer.email.parse::<EmailAddress>() else { return Ok(()) };
    if is_ours(notice.senders, &email) || email.is_no_reply() {
        return Ok(());
    }
    let (lately, bouncing) = (Window::last_s(Timestamp::HOUR_S, now), Window::last_s(BOUNCE_MEMORY_S, now));
    let before = tx.answers_before(notice.about.ticket.id, &email, lately, bouncing)?;
    if before.to_recipient.max(before.about_ticket) >= settings.auto_answers_per_hour
        || before.hard_bounces >= HARD_BOUNCES_MAX
    {
        return Ok(());
    }
    let to = Person { name: &writer.fullname, email: &email };
    notice.queue(tx, &Addressed { to, kind: MailKind::Replied, files: &[], after_s: 0 }, now)?;
    Ok(())
}

/// Whether automatic mail to that address is paused because it keeps bouncing.
pub(crate) fn is_paused(tx: &ReadTx<'_>, email: &EmailAddress, now: Timestamp) -> Result<bool> {
    Ok(tx.hard_bounces(email, Window::last_s(BOUNCE_MEMORY_S, now))? >= HARD_BOUNCES_MAX)
}

/// Sends what staff wrote to the customer and the participants, once each, with its attachments up
/// to [`ATTACHMENT_BYTES_MAX`]. The author gets no copy of their own text.
fn staff_reply(topic: &Topic<'_>) -> Result<()> {
    let (change, ticket, message) = (topic.change, topic.ticket, topic.message);
    let (tx, now) = (change.tx, change.now);
    let Some(mut notice) = NoticeContext::of(topic, Event::StaffReply)? else { return Ok(()) };
    let author = match notice.about.message.author {
        Author::Staff(id) => tx.staff(id)?.map(|staff| staff.email),
        Author::Customer(_) | Author::Desk => None,
    };
    let (files, left_out) = files(tx, &mut notice, message)?;
    let people = match change.delivery.to {
        Some(people) => people.iter().map(|one| (one.address.as_str().to_owned(), one.name.clone())).collect(),
        None => usual_recipients(tx, &notice.about.ticket, &notice.about.customer)?,
    };
    let mut written: Vec<EmailAddress> = Vec::new();
    let mut refused: Vec<String> = Vec::new();
    for (address, name) in people {
        let Ok(email) = address.parse::<EmailAddress>() else {
            refused.push(address);
            continue;
        };
        let is_author = author.as_ref().is_some_and(|author| author.eq_ignore_ascii_case(&address));
        if is_author || is_ours(notice.senders, &email) || written.contains(&email) {
            continue;
        }
        let to = Person { name: &name, email: &email };
        match notice.queue(
            tx,
            &Addressed { to, kind: MailKind::Personal, files: &files, after_s: change.delivery.after_s },
            now,
        )? {
            Queued::Yes => written.push(email),
            Queued::Unmailable => refused.push(address),
        }
    }
    let mut notes = Vec::new();
    if !refused.is_empty() {
        notes.push(format!("The answer was not sent to {}: not a usable mail address.", refused.join(", ")));
    }
    if !left_out.is_empty() && !written.is_empty() {
        let (names, mib) = (left_out.join(", "), ATTACHMENT_BYTES_MAX >> 20);
        notes.push(format!("The answer was sent without {names}: a mail carries at most {mib} MiB of files."));
    }
    if !notes.is_empty() {
        change.note_of_desk(ticket, &notes.join("\n"))?;
    }
    Ok(())
}

/// The customer, or where they want their answers, and everybody who takes part: address and name of each.
fn usual_recipients(tx: &ReadTx<'_>, ticket: &Ticket, customer: &Customer) -> Result<Vec<(String, String)>> {
    let first = if ticket.reply_to.is_empty() {
        (customer.email.clone(), customer.fullname.clone())
    } else if ticket.reply_to_name.is_empty() {
        (ticket.reply_to.clone(), customer.fullname.clone())
    } else {
        (ticket.reply_to.clone(), ticket.reply_to_name.clone())
    };
    let mut people = vec![first];
    people.extend(tx.participants(ticket.id)?);
    Ok(people)
}

/// The attachments that are sent, and the names of the others, which the text mentions.
fn files(tx: &ReadTx<'_>, notice: &mut NoticeContext<'_>, message: MessageId) -> Result<(Vec<File>, Vec<String>)> {
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
        let (front, behind) = LEFT_OUT;
        notice.about.postscript = format!("{front}{}{behind}", left_out.join(", "));
    }
    Ok((files, left_out))
}

/// Notifies the active staff of the ticket's department who are on duty, or all of them when nobody is,
/// except the author (template `staff_ticketnotification`).
fn staff(topic: &Topic<'_>) -> Result<()> {
    let Some(about) = topic.about()? else { return Ok(()) };
    let tx = topic.change.tx;
    let author = match about.message.author {
        Author::Customer(id) if id == about.customer.id => Some(about.customer.email.clone()),
        Author::Customer(id) => tx.customer(id)?.map(|customer| customer.email),
        Author::Staff(id) => tx.staff(id)?.map(|staff| staff.email),
        Author::Desk => None,
    };
    staff_except(topic, &author.unwrap_or_default())
}

/// Does what [`staff`] does, for a message that someone other than its author brought in: `bringer`
/// is not notified of what they forwarded themselves.
fn staff_except(topic: &Topic<'_>, bringer: &str) -> Result<()> {
    let Change { tx, now, .. } = *topic.change;
    let Some(about) = topic.about()? else { return Ok(()) };
    if !topic.has_sender()? {
        return Ok(());
    }
    let members = tx.staff_to_notify(about.ticket.department)?;
    if members.is_empty() {
        return Ok(());
    }
    let Some(mut notice) = NoticeContext::of(topic, Event::StaffTicketNotification)? else { return Ok(()) };
    notice.about.shorten();
    let mut notified: Vec<EmailAddress> = Vec::new();
    let on_duty = |member: &StaffToNotify| duty::is_on_duty(&member.hours, &member.timezone, now);
    let is_nobody_on_duty = !members.iter().any(on_duty);
    for member in &members {
        let Ok(email) = member.email.parse::<EmailAddress>() else { continue };
        // Hours keep mail from staff, not customers from the desk: when nobody is on duty, all are notified.
        let is_on_duty = is_nobody_on_duty || on_duty(member);
        let is_bringer = member.email.eq_ignore_ascii_case(bringer);
        if is_bringer
            || !is_on_duty
            || notified.contains(&email)
            || is_ours(notice.senders, &email)
            || is_paused(tx, &email, now)?
        {
            continue;
        }
        let to = Person { name: &member.fullname, email: &email };
        let after_s = topic.change.delivery.after_s;
        notice.queue(tx, &Addressed { to, kind: MailKind::Generated, files: &[], after_s }, now)?;
        notified.push(email);
    }
    Ok(())
}

/// Notifies one staff member, on duty or not; a member who wants no notices of tickets gets none.
fn to_member(topic: &Topic<'_>, event: Event, staff: &Staff) -> Result<()> {
    let Change { tx, now, .. } = *topic.change;
    let wants_notices = tx.staff_switches(staff.id)?.is_none_or(|(_, notices)| notices);
    let (Ok(email), true) = (staff.email.parse::<EmailAddress>(), wants_notices) else { return Ok(()) };
    let Some(mut notice) = NoticeContext::of(topic, event)? else { return Ok(()) };
    if is_ours(notice.senders, &email) || is_paused(tx, &email, now)? {
        return Ok(());
    }
    notice.about.shorten();
    let to = Person { name: &staff.fullname, email: &email };
    notice.queue(tx, &Addressed { to, kind: MailKind::Generated, files: &[], after_s: 0 }, now)?;
    Ok(())
}

/// Asks a new customer to confirm the address by opening `site_url`/activate/`code`; not if mail to
/// them keeps bouncing.
///
/// # Errors
/// The reason why no mail was queued, for the one who asked for it.
pub(crate) fn new_user(
    tx: &WriteTx<'_>,
    settings: &Settings,
    customer: UserId,
    code: &str,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let template = template_of(tx, Event::NewUser)?;
    account_mail(tx, settings, &template, Activation { customer, code }, now)
}

/// Notifies a new customer of the account as [`new_user`] does; without setting `site_url` the shipped
/// text leaves the link out, because the account works without it.
///
/// # Errors
/// As [`new_user`]; [`Error::NeedsSiteUrl`] where the desk's own text has the link.
pub(crate) fn welcome(
    tx: &WriteTx<'_>,
    settings: &Settings,
    customer: UserId,
    code: &str,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let mut template = template_of(tx, Event::NewUser)?;
    if settings.site_url.is_empty() {
        template = template::without_link(template);
    }
    account_mail(tx, settings, &template, Activation { customer, code }, now)
}

/// A customer, and the code that activates the account.
struct Activation<'a> {
    customer: UserId,
    code: &'a str,
}

fn account_mail(
    tx: &WriteTx<'_>,
    settings: &Settings,
    template: &Template,
    activation: Activation<'_>,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let Activation { customer, code } = activation;
    let event = Event::NewUser;
    let Identity { addresses: senders, secret } = tx.identity()?;
    let sender = senders.iter().find(|s| s.is_default).or_else(|| senders.iter().find(|s| s.sends()));
    if !template.is_enabled {
        return Err(Error::TemplateIsOff);
    }
    let (Some(sender), Some(customer)) = (sender.filter(|s| s.sends()), tx.customer(customer)?) else {
        return Err(Error::NobodySends);
    };
    if settings.site_url.is_empty() && template::has_link(template) {
        return Err(Error::NeedsSiteUrl);
    }
    let paused = || Error::Paused(customer.email.clone());
    let from = sender.email.parse::<EmailAddress>().map_err(|_| Error::NobodySends)?;
    let email = customer.email.parse::<EmailAddress>().map_err(|_| paused())?;
    if is_paused(tx, &email, now)? {
        return Err(paused());
    }
    let link = format!("{}/activate/{code}", settings.site_url);
    let mut values = desk_values(settings);
    values.extend([
        ("client_name", Value::Plain(&customer.fullname)),
        ("client_email", Value::Plain(&customer.email)),
        ("activation_link", Value::Plain(&link)),
        // HelpDeskZ mailed a password here; an imported text shows the link instead.
        ("client_password", Value::Plain(&link)),
    ]);
    let rendered = template::render(template, &values);
    let welcome = Outgoing {
        event: event.name(),
        id_start: &format!("u{}", customer.id),
        id_parts: &[&customer.id.to_string(), code, &now.unix().to_string()],
        subject: &rendered.subject,
        text: &rendered.text,
        html: &rendered.html,
        ..Outgoing::new(sender, &from, Person { name: &customer.fullname, email: &email })
    };
    letter::queue(tx, &secret, &welcome, now)?.map(drop).map_err(|_| paused())
}

/// What a template makes of a ticket and its newest public message, without queueing anything;
/// `None` when there is no such ticket or message.
pub(crate) fn preview(
    tx: &ReadTx<'_>,
    settings: &Settings,
    event: Event,
    ticket: TicketId,
) -> Result<Option<Rendered>> {
    preview_of(tx, settings, event, &template_of(tx, event)?, ticket)
}

/// The same of texts that are not stored.
pub(crate) fn preview_of(
    tx: &ReadTx<'_>,
    settings: &Settings,
    event: Event,
    template: &Template,
    ticket: TicketId,
) -> Result<Option<Rendered>> {
    let Some(message) = tx.newest_public_message(ticket)? else { return Ok(None) };
    let Some(about) = TicketContext::of(tx, ticket, message)? else { return Ok(None) };
    let link = format!("{}/activate/CODE", settings.site_url);
    let entry_link = format!("{}/enter/CODE", settings.site_url);
    // A link that opens nothing: what is previewed is copied and shown around.
    let ticket_link =
        if settings.site_url.is_empty() { String::new() } else { format!("{}/t/CODE", settings.site_url) };
    let mut more = vec![
        ("staff_name", Value::Plain("STAFF")),
        ("activation_link", Value::Plain(&link)),
        ("entry_link", Value::Plain(&entry_link)),
        ("client_password", Value::Plain(if event == Event::LostPassword { &entry_link } else { &link })),
    ];
    if event.has_ticket_link() {
        more.push(("ticket_link", Value::Plain(&ticket_link)));
    }
    let mut rendered = about.render(template, settings, &more);
    if event.has_ticket_link() && !ticket_link.is_empty() {
        template::append_link(&mut rendered, &ticket_link);
    }
    Ok(Some(rendered))
}
