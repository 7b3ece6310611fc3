//! `admin inbox`: the lists of the web inbox on a terminal, full-screen, with its keys. What is drawn is in [`draw`].

mod draw;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use super::ticket::{self, who};
use super::{Context, output, usage};
use crate::desk::{Change, Notices};
use crate::domain::{Actor, DepartmentId, Door, Status, TicketId, Timestamp};
use crate::outcome::{self, Done, Failure, WithContext};
use crate::store::staff::Staff;
use crate::store::ticket::{InboxLine, InboxQuery, Listing, Position, Ticket};

/// Tickets of one page. Chosen: more than a terminal shows at once.
const PAGE: usize = 50;

/// Options of `admin inbox`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Keys: j k move, Enter opens, Esc goes back, r answers and n notes in $EDITOR, t takes, c closes, ! spam,\n\
    [ ] pages, g and i, m, w, o, z or c a list, ? help, q ends.\n\nExample:\n  maildesk admin inbox --staff sam"
)]
pub(crate) struct Arguments {
    /// Whose inbox [default: yours: MAILDESK_STAFF, else the staff member with your login name]
    #[arg(long, value_name = "USERNAME")]
    staff: Option<String>,
}

/// The lists, each with the key behind `g` that leads to it.
const LISTS: [(char, &str); 6] =
    [('i', "Unassigned"), ('m', "Mine"), ('w', "Waiting"), ('o', "Overdue"), ('z', "Put off"), ('c', "Closed")];

/// A ticket that is open on the screen.
struct Opened {
    id: TicketId,
    lines: Vec<String>,
    scroll: usize,
}

/// What is on the screen.
struct Inbox<'a> {
    context: &'a Context,
    staff: Staff,
    departments: Vec<DepartmentId>,
    /// Index into [`LISTS`].
    list: usize,
    /// Where the pages before this one ended.
    pages: Vec<Position>,
    /// Where this one ends.
    end: Option<Position>,
    lines: Vec<InboxLine>,
    at: usize,
    opened: Option<Opened>,
    /// What was done last, or went wrong.
    said: String,
    is_after_g: bool,
    has_help: bool,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> outcome::Result<Done> {
    if context.output.is_json() || !output::can_ask() {
        return usage("the inbox is for terminals; `maildesk admin ticket list` is for programs");
    }
    let (staff, departments) = context.store.read(|tx| {
        let staff = who::acting(tx, arguments.staff.as_deref())?;
        let departments = tx.departments_seen(&staff)?;
        Ok::<_, Failure>((staff, departments))
    })?;
    let mut inbox = Inbox {
        context,
        staff,
        departments,
        list: 0,
        pages: Vec::new(),
        end: None,
        lines: Vec::new(),
        at: 0,
        opened: None,
        said: "? shows the keys".to_owned(),
        is_after_g: false,
        has_help: false,
    };
    inbox.load()?;
    let mut terminal = ratatui::init();
    let ended = inbox.work(&mut terminal);
    ratatui::restore();
    ended.map(|()| Done)
}

impl Inbox<'_> {
    fn work(&mut self, terminal: &mut DefaultTerminal) -> outcome::Result<()> {
        loop {
            terminal.draw(|frame| self.draw(frame)).context("drawing")?;
            let Event::Key(key) = event::read().context("reading keys")? else { continue };
            if key.kind != KeyEventKind::Press {
                continue;
            }
            if key.modifiers.contains(KeyModifiers::CONTROL) {
                if key.code == KeyCode::Char('c') {
                    return Ok(());
                }
                continue;
            }
            if let KeyCode::Char(letter @ ('r' | 'n')) = key.code
                && !self.is_after_g
                && let Some(id) = self.current()
            {
                self.write(id, letter == 'n', terminal);
                continue;
            }
            match self.press(key.code) {
                Ok(Next::Leave) => return Ok(()),
                Ok(Next::Stay) => {}
                Err(failure) => self.said = failure.to_string(),
            }
        }
    }

    /// Reads the page again.
    fn load(&mut self) -> outcome::Result<()> {
        let now = Timestamp::now();
        let (lines, end) = self.context.store.read(|tx| {
            let hours = tx.settings()?.overdue_time;
            let listing = match LISTS.get(self.list).map_or('i', |(key, _)| *key) {
                'm' => Listing::Mine,
                'w' => Listing::Waiting,
                'o' => Listing::Overdue(now.plus_s(-hours.saturating_mul(Timestamp::HOUR_S))),
                'z' => Listing::Snoozed,
                'c' => Listing::Closed,
                _ => Listing::Unassigned,
            };
            let query = InboxQuery { listing, staff: self.staff.id, departments: &self.departments, now };
            tx.inbox_page(&query, self.pages.last().copied(), PAGE)
        })?;
        (self.lines, self.end) = (lines, end);
        self.at = self.at.min(self.lines.len().saturating_sub(1));
        Ok(())
    }

    /// The ticket that a key is about.
    fn current(&self) -> Option<TicketId> {
        self.opened.as_ref().map(|opened| opened.id).or_else(|| self.lines.get(self.at).map(|line| line.id))
    }

    fn press(&mut self, key: KeyCode) -> outcome::Result<Next> {
        if self.has_help {
            self.has_help = false;
            return Ok(Next::Stay);
        }
        if std::mem::take(&mut self.is_after_g) {
            if let KeyCode::Char(letter) = key
                && let Some(list) = LISTS.iter().position(|(key, _)| *key == letter)
            {
                (self.list, self.at, self.opened) = (list, 0, None);
                self.pages.clear();
                self.load()?;
            }
            return Ok(Next::Stay);
        }
        match key {
            KeyCode::Char('q') => return Ok(Next::Leave),
            KeyCode::Char('g') => self.is_after_g = true,
            KeyCode::Char('?') => self.has_help = true,
            KeyCode::Char('j') | KeyCode::Down => self.step(1),
            KeyCode::Char('k') | KeyCode::Up => self.step(-1),
            KeyCode::Char(' ') | KeyCode::PageDown => self.step(10),
            KeyCode::PageUp => self.step(-10),
            KeyCode::Enter | KeyCode::Char('o') => self.open()?,
            KeyCode::Esc => {
                self.opened = None;
                self.load()?;
            }
            KeyCode::Char(']') => {
                if let Some(end) = self.end.filter(|_| self.lines.len() == PAGE) {
                    self.pages.push(end);
                    self.at = 0;
                    self.load()?;
                }
            }
            KeyCode::Char('[') => {
                self.pages.pop();
                self.at = 0;
                self.load()?;
            }
            KeyCode::Char(letter @ ('t' | 'c' | '!')) => self.change(letter)?,
            _ => {}
        }
        Ok(Next::Stay)
    }

    fn step(&mut self, by: isize) {
        match &mut self.opened {
            Some(opened) => {
                opened.scroll = opened.scroll.saturating_add_signed(by).min(opened.lines.len().saturating_sub(1));
            }
            None => self.at = self.at.saturating_add_signed(by).min(self.lines.len().saturating_sub(1)),
        }
    }

    fn open(&mut self) -> outcome::Result<()> {
        let Some(id) = self.current() else { return Ok(()) };
        let Some(text) = ticket::text(self.context, id)? else {
            self.said = format!("#{id} is gone");
            return self.load();
        };
        self.context.store.write(|tx| tx.note_seen(self.staff.id, id, tx.newest_event_of(id)?))?;
        let lines = crate::terminal::text(&text).lines().map(|line| line.replace('\t', "    ")).collect();
        self.opened = Some(Opened { id, lines, scroll: 0 });
        Ok(())
    }

    /// One change of the current ticket.
    fn change(&mut self, letter: char) -> outcome::Result<()> {
        let Some(id) = self.current() else { return Ok(()) };
        let staff = &self.staff;
        self.context.store.write(|tx| {
            let settings = tx.settings()?;
            let change = Change::new(tx, &settings, Actor::Staff(staff.id), Door::CommandLine, Timestamp::now());
            let Some(ticket): Option<Ticket> = tx.ticket(id)? else {
                return Err(Failure::other(format!("#{id} is gone")));
            };
            match letter {
                't' => change.assign(id, staff, Notices::Usual)?,
                'c' => change.set_status(&ticket, Status::Closed)?,
                _ => change.spam(&ticket)?,
            }
            Ok(())
        })?;
        let done = match letter {
            't' => "is yours",
            'c' => "is closed",
            _ => "is spam",
        };
        self.said = format!("#{id} {done}");
        if self.opened.is_some() {
            self.open()?
        }
        self.load()
    }

    /// Leaves the screen to the editor for an answer or a note.
    fn write(&mut self, id: TicketId, is_note: bool, terminal: &mut DefaultTerminal) {
        ratatui::restore();
        let done = ticket::write(self.context, id, &self.staff.username, is_note);
        *terminal = ratatui::init();
        self.said = match done {
            Ok(()) if is_note => format!("the note is on #{id}"),
            Ok(()) => format!("#{id} was answered"),
            Err(failure) => failure.to_string(),
        };
        let again = if self.opened.is_some() { self.open() } else { Ok(()) };
        if let Err(failure) = again.and_then(|()| self.load()) {
            self.said = failure.to_string();
        }
    }
}
