//! `admin ticket`: the verbs and the list. One ticket whole is in `show`, writing into one in
//! [`post`], other changes in [`change`], taking one out in [`export`].

mod change;
mod events;
mod export;
mod post;
mod show;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::removal::Removal;
use super::{Context, department, missing, output, say_if_cut, user};
use crate::desk::Former;
use crate::domain::{EmailAddress, Status, TicketId, Timestamp};
use crate::outcome::{self, Done, Failure};
use crate::store::ticket::{TicketLine, TicketOrder, TicketQuery};

/// Statuses in which a ticket waits for staff.
const WAITING: [Status; 3] = [Status::Open, Status::AwaitingReply, Status::InProgress];

/// Verbs of `admin ticket`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  \
    maildesk admin ticket list --status open,awaiting-reply --sort oldest\n  \
    maildesk admin ticket list --search 'müller invoice'\n  \
    maildesk admin ticket reply 12 --staff sam --message-file answer.txt --attach plan.pdf --close\n  \
    maildesk admin ticket merge 13 12 --yes")]
pub(crate) enum Command {
    /// Tickets, last touched first
    List(Box<List>),
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
        #[arg(group = "assignee")]
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
    Reply(post::ReplyArguments),
    /// Add a note that only staff see
    Note(post::NoteArguments),
    /// Set the status
    Status {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// open, answered, awaiting-reply, in-progress or closed
        status: Status,
    },
    /// Move a ticket to another department
    Move {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The department's id or name
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

/// What comes first in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Last touched first
    Newest,
    /// Longest untouched first
    Oldest,
    /// Highest number first
    Id,
    /// Lowest number first
    IdUp,
}

impl Sort {
    const fn order(self) -> TicketOrder {
        match self {
            Self::Newest => TicketOrder::NewestTouched,
            Self::Oldest => TicketOrder::OldestTouched,
            Self::Id => TicketOrder::NewestOpened,
            Self::IdUp => TicketOrder::OldestOpened,
        }
    }
}

/// Options of `admin ticket list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SEARCH looks into subjects, messages, notes, names and addresses. Each word is the start of one \
    there, case and\naccents do not matter; \"words in quotes\" stand together; #12 is a ticket."
)]
pub(crate) struct List {
    /// Of these statuses: open, answered, awaiting-reply, in-progress, closed
    #[arg(long, value_delimiter = ',')]
    status: Vec<Status>,
    /// Of one department, by id or name
    #[arg(long, value_name = "ID")]
    department: Option<String>,
    /// Of one customer, by id or address
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Assigned to this staff member
    #[arg(long, value_name = "USERNAME")]
    assigned: Option<String>,
    /// With these words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    search: String,
    /// Waiting for staff longer than setting overdue_time
    #[arg(long)]
    overdue: bool,
    /// What comes first
    #[arg(long, value_enum, default_value_t = Sort::Newest)]
    sort: Sort,
    /// At most this many
    #[arg(long, default_value_t = 1000)]
    limit: usize,
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::List(list) => show_list(context, &list)?,
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

fn show_list(context: &Context, list: &List) -> outcome::Result<()> {
    let lines = context.store.read(|tx| {
        let staff = match list.assigned.as_deref() {
            Some(name) => Some(change::staff_named(tx, name)?.id),
            None => None,
        };
        let mut statuses = list.status.clone();
        let hours = tx.settings()?.overdue_time;
        if list.overdue {
            statuses = WAITING.into_iter().filter(|one| statuses.is_empty() || statuses.contains(one)).collect();
            if statuses.is_empty() || hours == 0 {
                return Ok(Vec::new());
            }
        }
        let query = TicketQuery {
            statuses: &statuses,
            department: list.department.as_deref().map(|name| department::find(tx, name)).transpose()?.map(|d| d.id),
            customer: list.user.as_deref().map(|name| user::find(tx, name)).transpose()?.map(|c| c.id),
            staff,
            untouched_since: list.overdue.then(|| context.now.plus_s(-hours.saturating_mul(Timestamp::HOUR_S))),
            search: &list.search,
            order: list.sort.order(),
            max: list.limit,
        };
        Ok::<_, Failure>(tx.tickets_found(&query)?)
    })?;
    let rows = lines.iter().map(|line| {
        vec![
            format!("#{}", line.id),
            line.status.to_string(),
            line.subject.clone(),
            line.email.clone(),
            line.department_name.clone(),
            line.replies.to_string(),
            output::time(line.last_update_at),
        ]
    });
    let header = ["ticket", "status", "subject", "from", "department", "replies", "touched"];
    context.output.list(lines.iter().map(line_json).collect(), &header, rows.collect())?;
    say_if_cut(&context.output, lines.len(), list.limit);
    Ok(())
}

fn show(context: &Context, id: TicketId, full: bool) -> outcome::Result<()> {
    let Some(whole) = context.store.read(|tx| show::read(tx, id))? else { return missing("ticket", id) };
    context.output.object(&whole.json(), &whole.text(full))?;
    Ok(())
}
