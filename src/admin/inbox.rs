//! `admin inbox`: the lists of the web inbox on a terminal, full-screen, with its keys. What is drawn is in
//! [`draw`], what is asked for in [`question`].

mod aside;
mod draw;
mod question;

use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use super::output::screen;
use super::ticket::{self, who};
use super::{Context, complete, output, usage};
use crate::desk::{Change, Notices};
use crate::domain::search::Search;
use crate::domain::{Actor, DepartmentId, Door, Status, TicketId, Timestamp};
use crate::outcome::{self, Done, Failure, WithContext};
use crate::store::receipt::Receipt;
use crate::store::staff::Staff;
use crate::store::ticket::{InboxLine, InboxQuery, InboxSearch, Listing, Position, Ticket};
use question::Question;

/// Tickets of one page. Chosen: more than a terminal shows at once.
const PAGE: usize = 50;

/// Options of `admin inbox`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Keys: j k move, Enter opens, Esc goes back, r answers and n notes in $EDITOR, t takes, a assigns, s sets\n\
    the status, m moves, z puts off, c closes, u makes unread, ! calls spam, / searches, [ ] pages, g and i, m, w, o, z,\n\
    c or a a list, ? help, q ends. The list is read again every ten seconds.\n\nExample:\n  maildesk admin inbox --staff sam"
)]
pub(crate) struct Arguments {
    /// Whose inbox [default: yours: MAILDESK_STAFF, else the staff member with your login name]
    #[arg(long, value_name = "USERNAME", add = complete::staff())]
    staff: Option<String>,
}

/// The lists, each with the key behind `g` that leads to it.
const LISTS: [(char, &str); 7] = [
    ('i', "Unassigned"),
    ('m', "Mine"),
    ('w', "Waiting"),
    ('o', "Overdue"),
    ('z', "Snoozed"),
    ('c', "Closed"),
    ('a', ASIDE),
];

/// The list of mails that were set aside.
const ASIDE: &str = "Aside";

/// How long a key is waited for before the list is read again. Chosen: as soon as the pages look.
const REFRESH: Duration = Duration::from_secs(10);

/// A ticket or mail that is open on the screen.
struct Opened {
    /// None for a mail that was set aside.
    id: Option<TicketId>,
    text: String,
    scroll: usize,
}

impl Opened {
    /// Its lines on a screen of so many columns.
    fn lines(&self, columns: usize) -> Vec<String> {
        screen::wrapped(&self.text, columns).lines().map(str::to_owned).collect()
    }
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
    /// The mails of the list "Aside".
    aside: Vec<Receipt>,
    at: usize,
    opened: Option<Opened>,
    /// What is searched for instead of the list.
    search: Option<String>,
    /// What is asked for, and what was typed so far.
    asked: Option<(Question, String)>,
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
        aside: Vec::new(),
        at: 0,
        opened: None,
        search: None,
        asked: None,
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
            if !event::poll(REFRESH).context("reading keys")? {
                if self.opened.is_none() && self.asked.is_none() {
                    self.load()?;
                }
                continue;
            }
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
                && self.asked.is_none()
                && let Some(id) = self.current()
            {
                self.write(id, letter == 'n', terminal);
                continue;
            }
            let pressed = if self.asked.is_some() { self.type_answer(key.code) } else { self.press(key.code) };
            match pressed {
                Ok(Next::Leave) => return Ok(()),
                Ok(Next::Stay) => {}
                Err(failure) => self.said = failure.to_string(),
            }
        }
    }

    /// Whether mails that were set aside are listed, and no tickets.
    fn is_aside(&self) -> bool {
        self.search.is_none() && LISTS.get(self.list).is_some_and(|(_, name)| *name == ASIDE)
    }

    /// Rows of the list at hand.
    fn rows(&self) -> usize {
        if self.is_aside() { self.aside.len() } else { self.lines.len() }
    }

    /// Reads the page again.
    fn load(&mut self) -> outcome::Result<()> {
        let now = Timestamp::now();
        if self.is_aside() {
            self.aside = self.context.store.read(|tx| aside::waiting(tx, &self.staff, &self.departments))?;
            (self.lines, self.end) = (Vec::new(), None);
            self.at = self.at.min(self.rows().saturating_sub(1));
            return Ok(());
        }
        let (lines, end) = self.context.store.read(|tx| {
            let settings = tx.settings()?;
            let overdue_before = now.plus_s(-settings.overdue_time.saturating_mul(Timestamp::HOUR_S));
            let (staff, departments) = (self.staff.id, self.departments.as_slice());
            if let Some(typed) = &self.search {
                let search = Search::parse(typed, now, &settings.timezone);
                let query = InboxSearch { search: &search, staff, departments, overdue_before, now };
                let (hits, end) = tx.inbox_search(&query, self.pages.last().copied(), PAGE)?;
                return Ok((hits.into_iter().map(|hit| hit.line).collect(), end));
            }
            let listing = match LISTS.get(self.list).map_or('i', |(key, _)| *key) {
                'm' => Listing::Mine,
                'w' => Listing::Waiting,
                'o' => Listing::Overdue(overdue_before),
                'z' => Listing::Snoozed,
                'c' => Listing::Closed,
                _ => Listing::Unassigned,
            };
            let query = InboxQuery { listing, staff, departments, now };
            tx.inbox_page(&query, self.pages.last().copied(), PAGE)
        })?;
        (self.lines, self.end) = (lines, end);
        self.at = self.at.min(self.lines.len().saturating_sub(1));
        Ok(())
    }

    /// The ticket that a key is about.
    fn current(&self) -> Option<TicketId> {
        match &self.opened {
            Some(opened) => opened.id,
            None => self.lines.get(self.at).map(|line| line.id),
        }
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
                (self.list, self.at, self.opened, self.search) = (list, 0, None, None);
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
                if self.opened.take().is_none() {
                    self.search = None;
                    self.pages.clear();
                }
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
            KeyCode::Char(letter @ ('t' | 'c' | '!' | 'u')) => self.change(letter)?,
            KeyCode::Char(letter) => {
                let question = Question::of(letter);
                let has_object = question == Some(Question::Search) || self.current().is_some();
                self.asked = question.filter(|_| has_object).map(|question| (question, String::new()));
            }
            _ => {}
        }
        Ok(Next::Stay)
    }

    /// A key while something is asked for.
    fn type_answer(&mut self, key: KeyCode) -> outcome::Result<Next> {
        let Some((question, mut typed)) = self.asked.take() else { return Ok(Next::Stay) };
        match key {
            KeyCode::Esc => return Ok(Next::Stay),
            KeyCode::Enter => {
                self.settle(question, typed.trim())?;
                return Ok(Next::Stay);
            }
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Char(letter) => typed.push(letter),
            _ => {}
        }
        self.asked = Some((question, typed));
        Ok(Next::Stay)
    }

    fn settle(&mut self, question: Question, answer: &str) -> outcome::Result<()> {
        if question == Question::Search {
            (self.search, self.at, self.opened) = (Some(answer.to_owned()).filter(|text| !text.is_empty()), 0, None);
            self.pages.clear();
            return self.load();
        }
        let Some(id) = self.current().filter(|_| !answer.is_empty()) else { return Ok(()) };
        let now = Timestamp::now();
        let done = self.context.store.write(|tx| {
            let settings = tx.settings()?;
            let change = Change::new(tx, &settings, Actor::Staff(self.staff.id), Door::CommandLine, now);
            let Some(ticket) = tx.ticket(id)? else { return Err(Failure::other(format!("#{id} is gone"))) };
            question.settle(answer, tx, &change, &ticket, now)
        })?;
        self.said = format!("#{id} {done}");
        if self.opened.is_some() {
            self.open()?;
        }
        self.load()
    }

    fn step(&mut self, by: isize) {
        match &mut self.opened {
            Some(opened) => {
                let columns = screen::size().map_or(usize::MAX, |(columns, _)| columns);
                let last = opened.lines(columns).len().saturating_sub(1);
                opened.scroll = opened.scroll.saturating_add_signed(by).min(last);
            }
            None => self.at = self.at.saturating_add_signed(by).min(self.rows().saturating_sub(1)),
        }
    }

    fn open(&mut self) -> outcome::Result<()> {
        if self.is_aside() {
            return self.open_mail();
        }
        let Some(id) = self.current() else { return Ok(()) };
        let Some(text) = ticket::text(self.context, id)? else {
            self.said = format!("#{id} is gone");
            return self.load();
        };
        self.context.store.write(|tx| tx.note_seen(self.staff.id, id, tx.newest_event_of(id)?))?;
        let text = crate::terminal::text(&text).replace('\t', "    ");
        let scroll = self.opened.as_ref().filter(|before| before.id == Some(id)).map_or(0, |before| before.scroll);
        self.opened = Some(Opened { id: Some(id), text, scroll });
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
                'u' => tx.mark_unread(staff.id, id)?,
                't' => change.assign(id, staff, Notices::Usual)?,
                'c' => change.set_status(&ticket, Status::Closed)?,
                _ => change.spam(&ticket)?,
            }
            Ok(())
        })?;
        let done = match letter {
            'u' => "is unread",
            't' => "is yours",
            'c' => "is closed",
            _ => "is spam",
        };
        self.said = format!("#{id} {done}");
        match (letter, &self.opened) {
            // Opening it would call it read again.
            ('u', _) => self.opened = None,
            (_, Some(_)) => self.open()?,
            (_, None) => {}
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
