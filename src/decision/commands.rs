//! Commands at the top of a staff member's mail: `#close`, `#status`, `#note`, `#department`, `#assign`.

use crate::domain::{DepartmentId, StaffId, Status};

/// Lines looked at. Chosen: five commands exist, blank lines may stand between them.
const LINES_MAX: usize = 12;

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `#close` and `#status WORD`.
    SetStatus(Status),
    /// `#note`: the mail is an internal note and is not sent.
    Note,
    /// `#department NAME`.
    Move(DepartmentId),
    /// `#assign USERNAME`.
    Assign(StaffId),
}

/// The names that commands may use, with their ids.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Departments by name, compared without case.
    pub departments: &'a [(String, DepartmentId)],
    /// Staff by login name, compared without case.
    pub staff: &'a [(String, StaffId)],
}

fn named<T: Copy>(list: &[(String, T)], name: &str) -> Option<T> {
    let name = name.to_lowercase();
    list.iter().find(|(known, _)| known.to_lowercase() == name).map(|(_, id)| *id)
}

/// Splits the commands at the very top from the text below. A line that is no command we know, or
/// names something that does not exist, ends them and stays in the text.
#[must_use]
pub fn split<'a>(text: &'a str, names: Names<'_>) -> (Vec<Command>, &'a str) {
    let mut commands = Vec::new();
    let mut rest = text;
    for _ in 0..LINES_MAX {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim();
        if line.is_empty() && !rest.is_empty() {
            rest = below;
            continue;
        }
        let Some(command) = read(line, names) else { break };
        commands.push(command);
        rest = below;
    }
    if commands.is_empty() { (commands, text) } else { (commands, rest.trim_start_matches('\n')) }
}

fn read(line: &str, names: Names<'_>) -> Option<Command> {
    let line = line.strip_prefix('#')?;
    let (word, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    match word.to_ascii_lowercase().as_str() {
        "close" if argument.is_empty() => Some(Command::SetStatus(Status::Closed)),
        "note" if argument.is_empty() => Some(Command::Note),
        "status" => argument.parse().ok().map(Command::SetStatus),
        "department" => named(names.departments, argument).map(Command::Move),
        "assign" => named(names.staff, argument).map(Command::Assign),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_mail(text: &str) -> (Vec<Command>, &str) {
        let departments = [("Sales".to_owned(), DepartmentId::new(2))];
        let staff = [("bob".to_owned(), StaffId::new(7))];
        split(text, Names { departments: &departments, staff: &staff })
    }

    #[test]
    fn commands_at_the_top_are_taken_out() {
        let (commands, text) =
            split_mail("#status in-progress\n#department Sales\n#assign bob\n\nWe are on it.\n#close");
        let expected = [
            Command::SetStatus(Status::InProgress),
            Command::Move(DepartmentId::new(2)),
            Command::Assign(StaffId::new(7)),
        ];
        assert_eq!((commands.as_slice(), text), (&expected[..], "We are on it.\n#close"));
    }

    #[test]
    fn unknown_command_stays_in_the_text() {
        assert_eq!(split_mail("#closed\nHello"), (vec![], "#closed\nHello"));
        let (commands, text) = split_mail("#close\n#department Nowhere\nBye");
        assert_eq!(
            (commands.as_slice(), text),
            (&[Command::SetStatus(Status::Closed)][..], "#department Nowhere\nBye")
        );
    }

    #[test]
    fn text_without_commands_is_untouched() {
        assert_eq!(split_mail("\n\nHello #close"), (vec![], "\n\nHello #close"));
    }
}
