//! Commands at the top of a staff member's mail: `#close`, `#status`, `#note`, `#department`, `#assign`.

use crate::domain::{DepartmentId, StaffId, Status};

/// Lines looked at. Chosen: five commands exist, with blank lines between them.
const LINES_MAX: usize = 12;

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
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
pub(crate) struct Names<'a> {
    /// Departments by name, compared without case.
    pub departments: &'a [(String, DepartmentId)],
    /// Staff by login name, compared without case.
    pub staff: &'a [(String, StaffId)],
}

fn named<T: Copy>(list: &[(String, T)], name: &str) -> Option<T> {
    let name = name.to_lowercase();
    list.iter().find(|(known, _)| known.to_lowercase() == name).map(|(_, id)| *id)
}

/// Splits the commands at the very top from the text. A line that begins like a command but is not one
/// we know, or names something that does not exist, stays in the text; commands below it still
/// count, so that a typing error before `#note` does not publish the note. Words after
/// `#note` are the first of the note.
#[must_use]
pub(crate) fn split(text: &str, names: Names<'_>) -> (Vec<Command>, String) {
    let mut commands = Vec::new();
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    for _ in 0..LINES_MAX {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim_matches(is_blank);
        match read(line, names) {
            Line::Command(command, words) => {
                commands.push(command);
                kept.extend(Some(words).filter(|words| !words.is_empty()));
            }
            Line::Unknown => kept.push(line),
            Line::Text => break,
        }
        rest = below.trim_start_matches(is_blank);
    }
    if commands.is_empty() {
        return (commands, text.to_owned());
    }
    kept.extend(Some(rest).filter(|rest| !rest.is_empty()));
    (commands, kept.join("\n"))
}

/// White space, and the invisible characters that mail programs write.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}')
}

enum Line<'a> {
    /// A command, and the words after it that are text.
    Command(Command, &'a str),
    /// Begins like a command.
    Unknown,
    /// Anything else.
    Text,
}

fn read<'a>(line: &'a str, names: Names<'_>) -> Line<'a> {
    let Some(behind) = line.strip_prefix('#').filter(|behind| behind.starts_with(char::is_alphabetic)) else {
        return Line::Text;
    };
    let end = behind.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(behind.len());
    let (word, argument) = behind.split_at(end);
    // Everything after "#note": an internal text must not be sent.
    if word.eq_ignore_ascii_case("note") {
        return Line::Command(Command::Note, argument.trim_start_matches(|c: char| is_blank(c) || c == ':'));
    }
    let argument = argument.strip_prefix(':').unwrap_or(argument);
    if !argument.is_empty() && !argument.starts_with(is_blank) {
        return Line::Unknown;
    }
    let argument = argument.trim_matches(is_blank);
    let command = match word.to_ascii_lowercase().as_str() {
        "close" if argument.is_empty() => Some(Command::SetStatus(Status::Closed)),
        "status" => argument.parse().ok().map(Command::SetStatus),
        "department" => named(names.departments, argument).map(Command::Move),
        "assign" => named(names.staff, argument).map(Command::Assign),
        _ => None,
    };
    command.map_or(Line::Unknown, |command| Line::Command(command, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_mail(text: &str) -> (Vec<Command>, String) {
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
        assert_eq!((commands.as_slice(), text.as_str()), (&expected[..], "We are on it.\n#close"));
    }

    #[test]
    fn unknown_command_stays_in_the_text() {
        assert_eq!(split_mail("#closed\nHello"), (vec![], "#closed\nHello".to_owned()));
        assert_eq!(split_mail("#close it\nHello"), (vec![], "#close it\nHello".to_owned()));
        let (commands, text) = split_mail("#close\n#department Nowhere\nBye");
        assert_eq!(
            (commands.as_slice(), text.as_str()),
            (&[Command::SetStatus(Status::Closed)][..], "#department Nowhere\nBye")
        );
    }

    #[test]
    fn text_without_commands_is_untouched() {
        assert_eq!(split_mail("\n\nHello #close"), (vec![], "\n\nHello #close".to_owned()));
        assert_eq!(split_mail("# note\nHello"), (vec![], "# note\nHello".to_owned()));
    }

    #[test]
    fn what_stands_behind_note_is_part_of_the_note() {
        for (text, note) in [
            ("#note SECRET text\nmore", "SECRET text\nmore"),
            ("#note: SECRET text", "SECRET text"),
            ("#NOTE:SECRET", "SECRET"),
            ("#note-SECRET", "-SECRET"),
            ("\u{feff}#note\u{a0}SECRET", "SECRET"),
            ("#note\n\nSECRET", "SECRET"),
            ("#nothing\n#note\nSECRET", "#nothing\nSECRET"),
            ("#note", ""),
        ] {
            assert_eq!(split_mail(text), (vec![Command::Note], note.to_owned()), "{text:?}");
        }
        let (commands, text) = split_mail("#note SECRET\n#close:\n#status: in-progress\nrest");
        let expected = [Command::Note, Command::SetStatus(Status::Closed), Command::SetStatus(Status::InProgress)];
        assert_eq!((commands.as_slice(), text.as_str()), (&expected[..], "SECRET\nrest"));
        assert_eq!(split_mail("#notes\nHello"), (vec![], "#notes\nHello".to_owned()));
    }

    #[test]
    fn lines_up_to_the_limit_are_read_and_one_more_is_not() {
        let count = |lines: usize| split_mail(&"#close\n".repeat(lines)).0.len();
        assert_eq!((count(LINES_MAX), count(LINES_MAX + 1)), (LINES_MAX, LINES_MAX));
    }
}
