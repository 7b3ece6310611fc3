//! `admin ticket list`: what waits, fit for a terminal of 80 columns.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{change, who};
use crate::admin::output::screen::{self, Cell, Column, Tint};
use crate::admin::{Context, complete, department, output, say_if_cut, user};
use crate::domain::{StaffId, Status, TicketId, Timestamp};
use crate::outcome::{self, Failure};
use crate::store::ReadTx;
use crate::store::ticket::{InboxLine, TicketLine, TicketOrder, TicketQuery};

/// Statuses in which a ticket waits for staff.
const WAITING: [Status; 3] = [Status::Open, Status::AwaitingReply, Status::InProgress];

/// Statuses of a ticket that is not closed.
const ACTIVE: [Status; 4] = [Status::Open, Status::Answered, Status::AwaitingReply, Status::InProgress];

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
#[command(after_help = "Tickets that are not closed, unless --all, --status or --search asks for others.\n\
    SEARCH looks into subjects, messages, notes, names and addresses. Each word is the start of one there, case and\n\
    accents do not matter; \"words in quotes\" stand together; #12 is a ticket.\n\nExamples:\n  \
    maildesk admin ticket list --mine\n  maildesk admin ticket list --unassigned --sort oldest\n  \
    maildesk admin ticket list --search 'müller invoice'")]
pub(crate) struct List {
    /// Of these statuses: open, answered, awaiting-reply, in-progress, closed
    #[arg(long, value_delimiter = ',', value_name = "STATUS", add = complete::statuses())]
    status: Vec<Status>,
    /// Of one department, by id or name
    #[arg(long, value_name = "ID", add = complete::departments())]
    department: Option<String>,
    /// Of one customer, by id or address
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Assigned to this staff member
    #[arg(long, value_name = "USERNAME", add = complete::staff())]
    assigned: Option<String>,
    /// Assigned to you: MAILDESK_STAFF, else the staff member with your login name
    #[arg(long, conflicts_with = "assigned")]
    mine: bool,
    /// Assigned to nobody
    #[arg(long, conflicts_with_all = ["assigned", "mine"])]
    unassigned: bool,
    /// Everybody's, where your account lists your own (`admin staff update --list-mine`)
    #[arg(long, conflicts_with_all = ["assigned", "mine", "unassigned"])]
    everyone: bool,
    /// Closed ones too, and everybody's
    #[arg(long)]
    all: bool,
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
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
}

impl List {
    /// The statuses asked for; none is any.
    fn statuses(&self) -> Vec<Status> {
        let asked = if self.status.is_empty() && !self.all && self.search.trim().is_empty() {
            ACTIVE.to_vec()
        } else {
            self.status.clone()
        };
        if !self.overdue {
            return asked;
        }
        WAITING.into_iter().filter(|one| asked.is_empty() || asked.contains(one)).collect()
    }

    /// Whether only one's own tickets are listed: asked for, or the way of the account where nothing else is asked for.
    fn is_mine(&self, tx: &ReadTx<'_>) -> outcome::Result<bool> {
        let others = self.everyone || self.all || self.unassigned || self.assigned.is_some() || self.user.is_some();
        if self.mine || others || !self.search.trim().is_empty() {
            return Ok(self.mine);
        }
        // Only staff have an account to ask.
        let Ok(staff) = who::acting(tx, None) else { return Ok(false) };
        Ok(tx.staff_pages(staff.id)?.preferences.lists_mine)
    }

    fn find(&self, tx: &ReadTx<'_>, is_mine: bool, now: Timestamp) -> outcome::Result<Vec<TicketLine>> {
        let staff = match (&self.assigned, is_mine) {
            (Some(name), _) => Some(change::staff_named(tx, name)?.id),
            (None, true) => Some(who::acting(tx, None)?.id),
            (None, false) => None,
        };
        let statuses = self.statuses();
        let hours = tx.settings()?.overdue_time;
        if self.overdue && (statuses.is_empty() || hours == 0) {
            return Ok(Vec::new());
        }
        let query = TicketQuery {
            statuses: &statuses,
            department: self.department.as_deref().map(|name| department::find(tx, name)).transpose()?.map(|d| d.id),
            customer: self.user.as_deref().map(|name| user::find(tx, name)).transpose()?.map(|c| c.id),
            staff,
            is_unassigned: self.unassigned,
            untouched_since: self.overdue.then(|| now.plus_s(-hours.saturating_mul(Timestamp::HOUR_S))),
            search: &self.search,
            order: self.sort.order(),
            max: self.limit,
        };
        Ok(tx.tickets_found(&query)?)
    }

    /// Why nothing is listed.
    const fn empty(&self, is_mine: bool) -> &'static str {
        if is_mine {
            "no open ticket is assigned to you; --everyone shows the others"
        } else if self.all || !self.search.is_empty() || !self.status.is_empty() {
            "no ticket is like that"
        } else {
            "no open ticket is like that; --all shows the closed ones too"
        }
    }
}

/// A ticket as a list shows it, with what its row alone does not have.
struct Shown {
    line: TicketLine,
    more: Option<InboxLine>,
    priority: String,
}

pub(super) fn show(context: &Context, list: &List) -> outcome::Result<()> {
    let (shown, is_mine) = context.store.read(|tx| {
        let is_mine = list.is_mine(tx)?;
        let lines = list.find(tx, is_mine, context.now)?;
        let ids: Vec<TicketId> = lines.iter().map(|line| line.id).collect();
        // Nobody's unread marks are asked for.
        let mut more = tx.inbox_lines(&ids, StaffId::new(0))?;
        let names: Vec<(i64, String)> = tx.priorities()?.into_iter().map(|one| (one.id, one.name)).collect();
        let of = |line: TicketLine| {
            let at = more.iter().position(|one| one.id == line.id);
            let more = at.map(|at| more.swap_remove(at));
            let number = more.as_ref().map_or(0, |more| more.priority);
            let named = names.iter().find(|(id, _)| *id == number).map(|(_, name)| name.clone());
            // Without a table of priorities 1 is what every ticket has.
            let priority = named.unwrap_or_else(|| if number > 1 { number.to_string() } else { String::new() });
            Shown { line, more, priority }
        };
        Ok::<_, Failure>((lines.into_iter().map(of).collect::<Vec<_>>(), is_mine))
    })?;
    if context.output.is_json() {
        context.output.list(shown.iter().map(as_json).collect(), &[], Vec::new())?;
    } else if shown.is_empty() {
        context.output.say(list.empty(is_mine));
    } else {
        let width = screen::size().map(|(columns, _)| columns);
        let rows: Vec<Vec<Cell>> = shown.iter().map(|one| row(one, context.now)).collect();
        let has_priority = shown.iter().any(|one| !one.priority.is_empty());
        screen::page(&screen::fitted(&columns(has_priority), &rows, width, screen::has_colours()))?;
        if is_mine && !list.mine {
            context.output.say("these are yours; --everyone shows the others too");
        }
    }
    say_if_cut(&context.output, shown.len(), list.limit);
    Ok(())
}

/// The columns; the narrower the terminal, the fewer.
const fn columns(has_priority: bool) -> [Column; 9] {
    const fn column(title: &'static str, gives: u8, from_width: usize) -> Column {
        Column { title, gives, from_width }
    }
    [
        column("ticket", 0, 0),
        column("status", 0, 0),
        column("priority", 0, if has_priority { 70 } else { usize::MAX }),
        column("age", 0, 0),
        column("from", 3, 0),
        column("assigned", 2, 60),
        column("department", 1, 100),
        column("replies", 0, 100),
        column("subject", 4, 0),
    ]
}

fn row(shown: &Shown, now: Timestamp) -> Vec<Cell> {
    let Shown { line, more, priority } = shown;
    let plain = |text: String| (text, Tint::Plain);
    let tint = match line.status {
        Status::Open => Tint::Red,
        Status::AwaitingReply => Tint::Yellow,
        Status::InProgress => Tint::Plain,
        Status::Answered => Tint::Green,
        Status::Closed => Tint::Dim,
    };
    let assigned = more.as_ref().map(|more| more.staff_name.clone()).unwrap_or_default();
    vec![
        (format!("#{}", line.id), Tint::Bold),
        (line.status.to_string(), tint),
        plain(priority.clone()),
        plain(output::age(line.created_at, now)),
        plain(if line.fullname.is_empty() { line.email.clone() } else { line.fullname.clone() }),
        plain(if assigned.is_empty() { "-".to_owned() } else { assigned }),
        plain(line.department_name.clone()),
        plain(line.replies.to_string()),
        plain(line.subject.clone()),
    ]
}

fn as_json(shown: &Shown) -> Value {
    let mut json = super::line_json(&shown.line);
    if let (Some(object), Some(more)) = (json.as_object_mut(), &shown.more) {
        object
            .insert("assigned_to".to_owned(), (!more.staff_name.is_empty()).then_some(more.staff_name.as_str()).into());
        object.insert("priority".to_owned(), more.priority.into());
        object.insert("priority_name".to_owned(), shown.priority.as_str().into());
        object.insert("tags".to_owned(), json!(more.tags));
        object.insert("snoozed_until".to_owned(), more.snoozed_until.unix().into());
        object.insert("spam".to_owned(), (more.spam_at.unix() > 0).into());
    }
    json
}
