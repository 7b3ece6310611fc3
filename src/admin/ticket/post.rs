//! Writing into a ticket from the command line: answers that are mailed, and notes that are not.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::change::{found, staff_named};
use super::who;
use crate::admin::{Context, complete, editor, named, output, usage};
use crate::desk::{MailContext, Notices, Post, StatusChange, answer_goes_to, note_undelivered};
use crate::domain::{Actor, Author, EmailAddress, MessageId, Status, TicketId};
use crate::mail::{Mailbox, html, safe_file_name};
use crate::outbox;
use crate::outcome::{self, Done, Failure, WithContext, bail};
use crate::store::ReadTx;
use crate::store::address_use::Purpose;
use crate::store::attachment::NewAttachment;
use crate::store::knowledge::CannedResponse;
use crate::store::settings::Settings;
use crate::terminal;

/// Longest text of an answer or note, in bytes: what the API takes.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// Why an answer is mailed to nobody.
const NOBODY: &str = "the department has no address that sends, or the ticket has no other participant";

/// Bytes looked at to distinguish text from data.
const SAMPLE_BYTES: usize = 8 * 1024;

/// What is written, and with which files.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("text")))]
pub(super) struct MessageArguments {
    /// The text [default: what you write in $EDITOR, on a terminal]
    #[arg(long, value_name = "TEXT", group = "text", allow_hyphen_values = true)]
    message: Option<String>,
    /// File with the text; - is stdin
    #[arg(long, value_name = "FILE", group = "text")]
    message_file: Option<PathBuf>,
    /// A file to attach; may be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

/// Options of `admin ticket reply`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplyArguments {
    /// Id
    #[arg(value_parser = crate::admin::id)]
    id: i64,
    /// Whose answer it is [default: yours: MAILDESK_STAFF, else the staff member with your login name]
    #[arg(long, value_name = "USERNAME", add = complete::staff())]
    staff: Option<String>,
    /// The text of a canned response, by its title or id
    #[arg(long, value_name = "NAME", group = "text")]
    canned: Option<String>,
    /// Somebody else who gets this answer and takes part from now on; may be repeated
    #[arg(long, value_name = "EMAIL")]
    cc: Vec<EmailAddress>,
    /// What is written
    #[command(flatten)]
    written: MessageArguments,
    /// Close the ticket with it
    #[arg(long)]
    close: bool,
    /// Say who would be mailed, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Options of `admin ticket note`.
#[derive(Debug, clap::Args)]
pub(crate) struct NoteArguments {
    /// Id
    #[arg(value_parser = crate::admin::id)]
    id: i64,
    /// Whose note it is [default: maildesk's]
    #[arg(long, value_name = "USERNAME", add = complete::staff())]
    staff: Option<String>,
    /// What is written
    #[command(flatten)]
    written: MessageArguments,
}

impl ReplyArguments {
    /// An answer that is written in the editor.
    pub(super) fn of(id: TicketId, staff: &str) -> Self {
        let written = MessageArguments { message: None, message_file: None, attach: Vec::new() };
        Self {
            id: id.get(),
            staff: Some(staff.to_owned()),
            canned: None,
            cc: Vec::new(),
            written,
            close: false,
            dry_run: false,
        }
    }
}

impl NoteArguments {
    /// A note that is written in the editor.
    pub(super) fn of(id: TicketId, staff: &str) -> Self {
        let written = MessageArguments { message: None, message_file: None, attach: Vec::new() };
        Self { id: id.get(), staff: Some(staff.to_owned()), written }
    }
}

/// A file read from disk.
pub(in crate::admin) struct Attached {
    name: String,
    original_name: String,
    content_type: &'static str,
    content: Vec<u8>,
}

impl Attached {
    pub(in crate::admin) fn read(path: &Path, bytes_max: u64) -> outcome::Result<Self> {
        let file = std::fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
        let mut content = Vec::new();
        let read = file.take(bytes_max.saturating_add(1)).read_to_end(&mut content);
        read.with_context(|| format!("reading {}", path.display()))?;
        if content.len() as u64 > bytes_max {
            bail!("{} is larger than {bytes_max} bytes (setting mail_attachment_size)", path.display());
        }
        let original_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = safe_file_name(&original_name).unwrap_or_else(|| "attachment".to_owned());
        Ok(Self { name, original_name, content_type: content_type(&content), content })
    }

    pub(in crate::admin) fn attachment(&self) -> NewAttachment<'_> {
        NewAttachment {
            name: &self.name,
            original_name: &self.original_name,
            content_type: self.content_type,
            content: &self.content,
            cid: "",
            is_inline: false,
        }
    }
}

fn content_type(content: &[u8]) -> &'static str {
    if let Some(kind) = infer::get(content) {
        return kind.mime_type();
    }
    let sample = content.get(..SAMPLE_BYTES).unwrap_or(content);
    let is_text = match std::str::from_utf8(sample) {
        Ok(text) => !text.contains('\0'),
        // The sample may end inside a character.
        Err(error) => error.error_len().is_none() && !sample.contains(&0),
    };
    if is_text { "text/plain" } else { "application/octet-stream" }
}

impl MessageArguments {
    /// The text, without white space at its end: the one given, `instead` where none is, else what is written in the
    /// editor, where `remark` stands below it.
    pub(super) fn text(&self, context: &Context, instead: Option<String>, remark: &str) -> outcome::Result<String> {
        self.text_beginning_with("", context, instead, remark)
    }

    /// Refuses what has no text where nobody can write one.
    fn check(&self, context: &Context, has_other: bool) -> outcome::Result<()> {
        let is_given = has_other || self.message.is_some() || self.message_file.is_some();
        if is_given || (output::can_ask() && !context.output.is_json()) {
            return Ok(());
        }
        usage("the text is missing: give it with --message <TEXT> or --message-file <FILE>, or run this on a terminal")
    }

    /// The same; the editor begins with a text.
    fn text_beginning_with(
        &self,
        begin: &str,
        context: &Context,
        instead: Option<String>,
        remark: &str,
    ) -> outcome::Result<String> {
        self.check(context, instead.is_some())?;
        let text = match (&self.message, &self.message_file, instead) {
            (Some(text), ..) => text.clone(),
            (None, Some(path), _) if path.as_os_str() == "-" => {
                read_text(std::io::stdin().lock()).context("reading stdin")?
            }
            (None, Some(path), _) => {
                let reading = || format!("reading {}", path.display());
                read_text(std::fs::File::open(path).with_context(reading)?).with_context(reading)?
            }
            (None, None, Some(text)) => text,
            (None, None, None) => editor::write(begin, remark)?,
        };
        if text.trim().is_empty() {
            return usage("the text is empty: nothing was done");
        }
        if text.len() as u64 > TEXT_BYTES_MAX {
            return usage(format!("the text is longer than {TEXT_BYTES_MAX} bytes"));
        }
        // Control characters have no meaning in a mail and may make it unreadable.
        let kept = text.trim_end().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        Ok(kept.collect())
    }

    pub(super) fn files(&self, settings: &Settings) -> outcome::Result<Vec<Attached>> {
        let bytes_max = settings.mail_attachment_size.bytes();
        self.attach.iter().map(|path| Attached::read(path, bytes_max)).collect()
    }
}

fn read_text(input: impl Read) -> outcome::Result<String> {
    let mut text = String::new();
    input.take(TEXT_BYTES_MAX + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// What the editor begins with: the customer's last words, quoted.
fn quoted(tx: &ReadTx<'_>, ticket: TicketId) -> outcome::Result<String> {
    let messages = tx.messages(ticket)?;
    let theirs = messages.iter().rev().find(|one| !one.is_internal && matches!(one.author, Author::Customer(_)));
    let Some(message) = theirs else { return Ok(String::new()) };
    let text = if message.is_html { html::to_text(&message.body) } else { message.body.clone() };
    let text = terminal::text(&text).into_owned();
    let lines: Vec<String> = text.trim().lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    Ok(format!("\n\n{}\n", lines.join("\n")))
}

/// The text of a canned response: the one with that id, or the only one with that title.
fn canned(tx: &ReadTx<'_>, name: &str) -> outcome::Result<String> {
    let is_named = |one: &CannedResponse, wanted: &str| one.title.trim().to_lowercase() == wanted;
    let found = named("canned", name, tx.canned_responses()?, |one, id| one.id == id, is_named)?;
    Ok(html::to_text(&found.body))
}

/// The text of an answer; the ticket and its writer are looked for before an editor is opened.
fn text_of(context: &Context, reply: &ReplyArguments) -> outcome::Result<String> {
    let id = TicketId::new(reply.id);
    reply.written.check(context, reply.canned.is_some())?;
    let (begin, instead, people) = context.store.read(|tx| {
        let ticket = found(tx, id)?;
        let instead = reply.canned.as_deref().map(|name| canned(tx, name)).transpose()?;
        Ok::<_, Failure>((quoted(tx, ticket.id)?, instead, recipients(tx, reply)?))
    })?;
    let to = if people.is_empty() { "which nobody is mailed".to_owned() } else { format!("to {}", people.join(", ")) };
    reply.written.text_beginning_with(&begin, context, instead, &terminal::line(&format!("your answer to #{id}, {to}")))
}

/// The addresses that an answer would be mailed to.
fn recipients(tx: &ReadTx<'_>, reply: &ReplyArguments) -> outcome::Result<Vec<String>> {
    let ticket = found(tx, TicketId::new(reply.id))?;
    let staff = who::acting(tx, reply.staff.as_deref())?;
    Ok(answer_goes_to(tx, &ticket, &staff, &reply.cc)?)
}

/// Says which of the addresses named are the desk's own, which are never written to.
fn say_who_gets_no_copy(context: &Context, reply: &ReplyArguments) -> outcome::Result<()> {
    for cc in &reply.cc {
        if context.store.read(|tx| tx.holder(cc, Purpose::Customer))?.is_some() {
            output::complain(&format!("{cc} is an address of this desk and gets no copy"));
        }
    }
    Ok(())
}

/// Says who would be mailed.
fn rehearse(context: &Context, reply: &ReplyArguments) -> outcome::Result<Done> {
    say_who_gets_no_copy(context, reply)?;
    let people = context.store.read(|tx| recipients(tx, reply))?;
    let text = if people.is_empty() { NOBODY.to_owned() } else { format!("would be mailed to {}", people.join(", ")) };
    context
        .output
        .changed(&json!({ "ticket_id": reply.id, "dry_run": true, "mailed": people }), &terminal::line(&text))?;
    Ok(Done)
}

pub(super) fn reply(context: &Context, reply: &ReplyArguments) -> outcome::Result<Done> {
    if reply.dry_run {
        return rehearse(context, reply);
    }
    say_who_gets_no_copy(context, reply)?;
    let text = text_of(context, reply)?;
    let settings = context.store.read(|tx| tx.settings())?;
    let files = reply.written.files(&settings)?;
    let attachments: Vec<NewAttachment<'_>> = files.iter().map(Attached::attachment).collect();
    let people: Vec<Mailbox> =
        reply.cc.iter().map(|address| Mailbox { name: String::new(), address: address.clone() }).collect();
    let (ticket, message, queued) = context.store.write(|tx| {
        let ticket = found(tx, TicketId::new(reply.id))?;
        if let Some(into) = ticket.merged_into {
            bail!("ticket {} was merged into {into}: answer there", ticket.id);
        }
        let staff = who::acting(tx, reply.staff.as_deref())?;
        if !staff.is_active {
            bail!("the account {} is not active", staff.username);
        }
        let post = Post { attachments: &attachments, ..Post::plain(Author::Staff(staff.id), &text) };
        let status = if reply.close { StatusChange::To(Status::Closed) } else { StatusChange::ByTable };
        let before = tx.outbox_pending()?;
        let change = context.changes(tx, &settings).by(Actor::Staff(staff.id));
        let mail = MailContext { participants: people.iter().collect(), ..MailContext::default() };
        let message = change.post(&ticket, &post, status, &mail, Notices::Usual)?;
        Ok((ticket.id, message, tx.outbox_pending()? - before))
    })?;
    let is_served = outbox::is_served(&context.store, context.now)?;
    let sent =
        if is_served { 0 } else { outbox::send_ticket(&context.store, ticket, note_undelivered, context.now)?.sent };
    report(context, &Answered { ticket, message, queued, sent })?;
    Ok(Done)
}

/// An answer that is on record.
struct Answered {
    ticket: TicketId,
    message: MessageId,
    /// Mails it caused.
    queued: i64,
    /// Mails of it that are sent already.
    sent: usize,
}

/// Says who is mailed.
fn report(context: &Context, answered: &Answered) -> outcome::Result<()> {
    let Answered { ticket, message, queued, sent } = *answered;
    let (status, deliveries) =
        context.store.read(|tx| Ok::<_, Failure>((found(tx, ticket)?.status, tx.deliveries_of_ticket(ticket)?)))?;
    let to: Vec<String> =
        deliveries.into_iter().filter(|one| one.message == message).map(|one| one.recipient).collect();
    let json = json!({
        "ticket_id": ticket.get(), "message_id": message.get(), "status": status.word(), "queued": queued, "sent": sent,
        "mailed": to,
    });
    context.output.object(&json, &message.to_string())?;
    match queued {
        0 => context.output.say(&format!("no mail was sent: {NOBODY}")),
        n => {
            let sent = i64::try_from(sent).unwrap_or(n);
            let waiting = if sent < n { format!("; {} in the outbox", n - sent) } else { String::new() };
            let to = if to.is_empty() { String::new() } else { format!(" to {}", to.join(", ")) };
            context.output.say(&terminal::line(&format!("{sent} of {} sent{to}{waiting}", output::count(n, "mail"))));
        }
    }
    Ok(())
}

pub(super) fn note(context: &Context, note: &NoteArguments) -> outcome::Result<()> {
    let text = note.written.text(context, None, &format!("your note on #{}", note.id))?;
    let settings = context.store.read(|tx| tx.settings())?;
    let files = note.written.files(&settings)?;
    let (ticket, message) = context.store.write(|tx| {
        let ticket = found(tx, TicketId::new(note.id))?;
        if let Some(into) = ticket.merged_into {
            bail!("ticket {} was merged into {into}: write it there", ticket.id);
        }
        let ticket = ticket.id;
        let author = match note.staff.as_deref() {
            Some(username) => Author::Staff(staff_named(tx, username)?.id),
            None => Author::Desk,
        };
        let attachments: Vec<NewAttachment<'_>> = files.iter().map(Attached::attachment).collect();
        let post = Post { attachments: &attachments, ..Post::plain(author, &text) };
        let message = context.changes(tx, &settings).by(author.into()).note(ticket, &post)?;
        Ok::<_, Failure>((ticket, message))
    })?;
    let json = json!({ "ticket_id": ticket.get(), "message_id": message.get() });
    context.output.object(&json, &message.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_is_told_by_the_content() {
        assert_eq!(content_type(b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(content_type("Grüße".as_bytes()), "text/plain");
        assert_eq!(content_type(b"a\0b"), "application/octet-stream");
        assert_eq!(content_type(&[0xff, 0xfe, 0x01]), "application/octet-stream");
        let mut cut = vec![b'a'; SAMPLE_BYTES - 1];
        cut.extend("ü".as_bytes());
        assert_eq!(content_type(&cut), "text/plain");
    }
}
