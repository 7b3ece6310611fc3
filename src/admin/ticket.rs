//! `admin ticket`: the verbs. The list is in [`list`], one ticket whole in `show`, writing into one in [`post`], other
//! changes in [`change`] and [`mark`], taking one out in [`export`].

mod change;
mod events;
mod export;
mod list;
mod mark;
mod new;
mod post;
mod show;
mod split;
pub(super) mod who;

pub(super) use events::json as event_json;
pub(super) use post::Attached;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::removal::Removal;
use super::{Context, complete, missing};
use crate::desk::Former;
use crate::domain::{EmailAddress, Status, TicketId};
use crate::outcome::{self, Done};
use crate::store::ticket::TicketLine;

/// Verbs of `admin ticket`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  \
    maildesk admin ticket list --mine\n  \
    maildesk admin ticket new --from ann@example.org --department General --subject 'Lamp' --message 'She called.'\n  \
    maildesk admin ticket list --search 'müller invoice'\n  \
    maildesk admin ticket reply 12 --staff sam --message-file answer.txt --attach plan.pdf --close\n  \
    maildesk admin ticket merge 13 12 --yes")]
pub(crate) enum Command {
    /// Tickets that are not closed, last touched first
    List(Box<list::List>),
    /// One ticket with its messages
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The whole text of each mail, quotes included
        #[arg(long)]
        full: bool,
    },
    /// Give a ticket to a staff member
    #[command(
        group(clap::ArgGroup::new("assignee").required(true)),
        // Left to itself it would show the group before the id.
        override_usage = "maildesk admin ticket assign [OPTIONS] <ID> <USERNAME|--nobody>"
    )]
    Assign {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Who takes it: login name, id or address
        #[arg(group = "assignee", add = complete::staff())]
        username: Option<String>,
        /// Take the assignment away
        #[arg(long, group = "assignee")]
        nobody: bool,
    },
    /// Give a ticket to another customer, such as one opened for the wrong sender of a forwarded mail
    #[command(after_help = "Answers go to the new address from now on, and the one before may not write into the \
        ticket any more unless --keep lets it.\nThe first message of a forwarded mail becomes the new customer's.")]
    Requester {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The customer's address; a new one makes a customer
        email: EmailAddress,
        /// Full name of a new customer [default: the address's local part]
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// The customer before takes part further
        #[arg(long)]
        keep: bool,
    },
    /// What happened to a ticket: who did what, when, and how it came in; of a removed one too
    Events {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Answer as a staff member; the answer is mailed to the customer and the participants
    Reply(Box<post::ReplyArguments>),
    /// Open a ticket for a customer who called or came by
    New(Box<new::New>),
    /// Close tickets
    Close {
        /// Ids
        #[arg(value_parser = crate::admin::id, required = true)]
        id: Vec<i64>,
    },
    /// Set the priority
    Priority {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Its name or number, as `admin priority list` has them
        priority: String,
    },
    /// Add tags and take some off
    #[command(after_help = "Example:\n  maildesk admin ticket tag 12 +urgent -waiting")]
    Tag {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// +NAME adds a tag, -NAME takes it off
        #[arg(value_name = "+TAG|-TAG", required = true, allow_hyphen_values = true)]
        tags: Vec<String>,
    },
    /// Put a ticket off: it is out of the lists until its time comes or the customer writes
    #[command(after_help = "Example:\n  maildesk admin ticket snooze 12 2d")]
    Snooze {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// For how long or until when: 3h, 2d or 2027-01-31, which begins at 8:00
        until: String,
    },
    /// Take a ticket back that was put off
    Wake {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Call tickets spam: they are out of sight, send nothing any more and are removed after `spam_keep_days`
    Spam {
        /// Ids
        #[arg(value_parser = crate::admin::id, required = true)]
        id: Vec<i64>,
        /// Drop later mails of their senders as well
        #[arg(long)]
        ban: bool,
    },
    /// Say that tickets are not spam after all
    NotSpam {
        /// Ids
        #[arg(value_parser = crate::admin::id, required = true)]
        id: Vec<i64>,
    },
    /// Add a note that only staff see
    Note(post::NoteArguments),
    /// Set the status
    Status {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// open, answered, awaiting-reply, in-progress or closed
        #[arg(add = complete::statuses())]
        status: Status,
    },
    /// Move a ticket to another department
    Move {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The department's id or name
        #[arg(add = complete::departments())]
        department: String,
    },
    /// Put everything of one ticket into another; mail for the first goes there from now on
    Merge {
        /// The ticket that ends
        #[arg(value_parser = crate::admin::id)]
        from: i64,
        /// The ticket that goes on
        #[arg(value_parser = crate::admin::id)]
        into: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Make a message a ticket of its own, such as one about something else; nobody is mailed
    #[command(after_help = "The new ticket is its writer's and is linked with the first one. `ticket show` has the \
        numbers of the messages.\n\nExample:\n  maildesk admin ticket split 12 40 --subject 'The other lamp'")]
    Split {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The message's id
        #[arg(value_parser = crate::admin::id)]
        message: i64,
        /// Subject of the new ticket [default: the ticket's]
        #[arg(long, value_name = "TEXT")]
        subject: Option<String>,
    },
    /// Remove a ticket with its messages and attachments
    Remove {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Everything of a ticket as JSON, attachments and raw mails included
    Export {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Write ticket.json and the files into this new folder instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::List(list) => list::show(context, &list)?,
        Command::New(new) => return new::run(context, &new),
        Command::Close { id } => return mark::close(context, &id),
        Command::Snooze { id, until } => mark::snooze(context, TicketId::new(id), &until)?,
        Command::Wake { id } => mark::wake(context, TicketId::new(id))?,
        Command::Spam { id, ban } => return mark::spam(context, &id, ban),
        Command::NotSpam { id } => return mark::not_spam(context, &id),
        Command::Priority { id, priority } => mark::priority(context, TicketId::new(id), &priority)?,
        Command::Tag { id, tags } => mark::tag(context, TicketId::new(id), &tags)?,
        Command::Show { id, full } => show(context, TicketId::new(id), full)?,
        Command::Assign { id, username, nobody: _ } => change::assign(context, TicketId::new(id), username.as_deref())?,
        Command::Requester { id, email, name, keep } => {
            let kept = if keep { Former::TakesPart } else { Former::Leaves };
            change::requester(context, TicketId::new(id), &name, &email, kept)?;
        }
        Command::Events { id } => events::list(context, TicketId::new(id))?,
        Command::Reply(reply) => return post::reply(context, &reply),
        Command::Note(note) => post::note(context, &note)?,
        Command::Status { id, status } => change::status(context, TicketId::new(id), status)?,
        Command::Move { id, department } => change::department(context, TicketId::new(id), &department)?,
        Command::Merge { from, into, removal } => {
            change::merge(context, TicketId::new(from), TicketId::new(into), removal)?;
        }
        Command::Split { id, message, subject } => split::run(context, TicketId::new(id), message, subject.as_deref())?,
        Command::Remove { id, removal } => change::remove(context, TicketId::new(id), removal)?,
        Command::Export { id, dir } => export::run(context, TicketId::new(id), dir.as_deref())?,
    }
    Ok(Done)
}

pub(super) fn line_json(line: &TicketLine) -> Value {
    json!({
        "id": line.id.get(), "subject": line.subject, "status": line.status.word(),
        "department_id": line.department.get(), "department": line.department_name,
        "user_id": line.customer.get(), "user_fullname": line.fullname, "user_email": line.email,
        "created_at": line.created_at.unix(), "last_update_at": line.last_update_at.unix(), "replies": line.replies,
    })
}

/// A ticket with its messages as text; `None` where it is gone.
pub(super) fn text(context: &Context, id: TicketId) -> outcome::Result<Option<String>> {
    Ok(context.store.read(|tx| show::read(tx, id))?.map(|whole| whole.text(false)))
}

/// An answer, or a note, written in the editor by a staff member.
pub(super) fn write(context: &Context, id: TicketId, staff: &str, is_note: bool) -> outcome::Result<()> {
    if is_note {
        return post::note(context, &post::NoteArguments::of(id, staff));
    }
    post::reply(context, &post::ReplyArguments::of(id, staff)).map(|Done| ())
}

fn show(context: &Context, id: TicketId, full: bool) -> outcome::Result<()> {
    let Some(whole) = context.store.read(|tx| show::read(tx, id))? else { return missing("ticket", id) };
    context.output.pages(&whole.json(), &whole.text(full))?;
    Ok(())
}
