//! What the inbox draws: the lists above, a list or a ticket, and what was done below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;

use super::{Inbox, LISTS};
use crate::admin::output;
use crate::admin::output::screen::{self, Cell, Column, Tint};
use crate::domain::Timestamp;
use crate::store::receipt::Receipt;

const COLUMNS: [Column; 6] = [
    Column { title: " ticket", gives: 0, from_width: 0 },
    Column { title: "status", gives: 0, from_width: 0 },
    Column { title: "age", gives: 0, from_width: 0 },
    Column { title: "from", gives: 2, from_width: 0 },
    Column { title: "assigned", gives: 1, from_width: 100 },
    Column { title: "subject", gives: 3, from_width: 0 },
];

const ASIDE_COLUMNS: [Column; 5] = [
    Column { title: " mail", gives: 0, from_width: 0 },
    Column { title: "age", gives: 0, from_width: 0 },
    Column { title: "from", gives: 1, from_width: 0 },
    Column { title: "why", gives: 2, from_width: 0 },
    Column { title: "subject", gives: 3, from_width: 0 },
];

/// Columns of who wrote. Chosen: a name and a surname; a longer one would take the subjects of the whole page.
const FROM_COLUMNS_MAX: usize = 24;

const HELP: &str = "\
  j k      move, or scroll a ticket        Enter  open
  Esc      back                            q      end
  r        answer in $EDITOR               n      note in $EDITOR
  t        take                            a      assign
  s        status                          c      close
  m        move to a department            z      put off
  u        unread                          !      spam
  /        search                          [ ]    pages
  g then   i unassigned, m mine, w waiting, o overdue, z snoozed, c closed,
           a mails that were set aside";

impl Inbox<'_> {
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let [head, body, foot] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(frame.area());
        frame.render_widget(self.tabs(), head);
        if self.has_help {
            frame.render_widget(Paragraph::new(HELP), body);
        } else if let Some(opened) = &self.opened {
            let lines = opened.lines(body.width.into()).into_iter().skip(opened.scroll).map(Line::raw);
            frame.render_widget(Paragraph::new(Text::from_iter(lines)), body);
        } else {
            self.draw_list(frame, body);
        }
        let said = match &self.asked {
            Some((question, typed)) => Line::raw(format!("{}{typed}▏", question.words())),
            None => Line::styled(self.said.as_str(), Style::new().add_modifier(Modifier::DIM)),
        };
        frame.render_widget(said, foot);
    }

    fn tabs(&self) -> Line<'static> {
        if let Some(typed) = &self.search {
            return Line::styled(format!(" Found: {typed} "), Style::new().add_modifier(Modifier::REVERSED));
        }
        let tab = |(n, (key, name)): (usize, &(char, &str))| {
            let style = if n == self.list { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
            Span::styled(format!(" {name} g{key} "), style)
        };
        Line::from(LISTS.iter().enumerate().map(tab).collect::<Vec<_>>())
    }

    fn draw_list(&self, frame: &mut Frame<'_>, body: Rect) {
        if self.rows() == 0 {
            frame.render_widget(Paragraph::new("  nothing here"), body);
            return;
        }
        let width = Some(body.width.into());
        let table = if self.is_aside() {
            screen::fitted(&ASIDE_COLUMNS, &self.aside_cells(), width, false)
        } else {
            screen::fitted(&COLUMNS, &self.ticket_cells(), width, false)
        };
        let mut lines = table.lines();
        let height = usize::from(body.height).saturating_sub(1).max(1);
        let first = self.at.saturating_sub(height.saturating_sub(1));
        let mut shown =
            vec![Line::styled(lines.next().unwrap_or_default().to_owned(), Style::new().add_modifier(Modifier::BOLD))];
        for (n, line) in lines.enumerate().skip(first).take(height) {
            let style = if n == self.at { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
            shown.push(Line::styled(line.to_owned(), style));
        }
        frame.render_widget(Paragraph::new(shown), body);
    }

    fn aside_cells(&self) -> Vec<Vec<Cell>> {
        let now = Timestamp::now();
        let row = |mail: &Receipt| {
            let cells = [
                format!(" {}", mail.id),
                output::age(mail.received_at, now),
                screen::cut(&mail.from_email, FROM_COLUMNS_MAX),
                mail.why(),
                mail.subject.clone(),
            ];
            cells.map(|text| (text, Tint::Plain)).to_vec()
        };
        self.aside.iter().map(row).collect()
    }

    fn ticket_cells(&self) -> Vec<Vec<Cell>> {
        let now = Timestamp::now();
        let plain = |text: String| -> Cell { (text, Tint::Plain) };
        self.lines
            .iter()
            .map(|line| {
                let mark = if line.is_unread { '•' } else { ' ' };
                vec![
                    plain(format!("{mark}#{}", line.id)),
                    plain(line.status.to_string()),
                    plain(output::age(line.created_at, now)),
                    plain(screen::cut(
                        if line.fullname.is_empty() { &line.email } else { &line.fullname },
                        FROM_COLUMNS_MAX,
                    )),
                    plain(line.staff_name.clone()),
                    plain(line.subject.clone()),
                ]
            })
            .collect()
    }
}
