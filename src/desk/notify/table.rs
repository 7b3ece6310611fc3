//! Who is notified of what: the table, of which docs/notices.md is made.

use crate::domain::Door;

/// What happened, as far as somebody may have to hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desk) enum Occasion {
    OpenedByCustomer,
    OpenedByMachine,
    OpenedByStaff,
    CustomerReplied,
    MachineWrote,
    StaffAnswered,
    Assigned,
    Mentioned,
}

/// A mail that follows from what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// To the customer: the ticket was opened (template `new_ticket`).
    Acknowledgement,
    /// To the customer: the reply arrived (template `autoresponse`, shipped switched off).
    Autoresponse,
    /// To the staff of the department who are on duty (template `staff_ticketnotification`).
    Staff,
    /// To the customer and everybody who takes part: what staff wrote (template `staff_reply`).
    Answer,
    /// To the new assignee, on duty or not (template `staff_assigned`).
    Assignee,
    /// To whom a note mentions, on duty or not (template `staff_mentioned`).
    Mentioned,
}

/// One line of [`TABLE`].
struct Row {
    happening: Occasion,
    /// How it came in; `None` stands for every way that has no line of its own.
    door: Option<Door>,
    notices: &'static [Notice],
}

const fn row(happening: Occasion, door: Option<Door>, notices: &'static [Notice]) -> Row {
    Row { happening, door, notices }
}

/// Who is notified of what. docs/notices.md shows it to people; a test compares them.
const TABLE: &[Row] = &[
    // As in HelpDeskZ: the customer only where the call asks for it.
    row(Occasion::OpenedByCustomer, Some(Door::Api), &[]),
    row(Occasion::OpenedByCustomer, None, &[Notice::Acknowledgement, Notice::Staff]),
    // No machine is answered, but staff want to know of an alert.
    row(Occasion::OpenedByMachine, None, &[Notice::Staff]),
    row(Occasion::OpenedByStaff, None, &[Notice::Answer]),
    row(Occasion::CustomerReplied, Some(Door::Mail), &[Notice::Autoresponse, Notice::Staff]),
    row(Occasion::CustomerReplied, None, &[Notice::Staff]),
    row(Occasion::MachineWrote, None, &[]),
    row(Occasion::StaffAnswered, None, &[Notice::Answer]),
    row(Occasion::Assigned, None, &[Notice::Assignee]),
    row(Occasion::Mentioned, None, &[Notice::Mentioned]),
];

pub(super) fn notices_of(happening: Occasion, door: Door) -> &'static [Notice] {
    let of = |door: Option<Door>| TABLE.iter().find(|row| row.happening == happening && row.door == door);
    of(Some(door)).or_else(|| of(None)).map_or(&[], |row| row.notices)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn what(happening: Occasion) -> &'static str {
        match happening {
            Occasion::OpenedByCustomer => "a customer opens a ticket",
            Occasion::OpenedByMachine => "a machine's mail opens a ticket",
            Occasion::OpenedByStaff => "staff open a ticket for a customer",
            Occasion::CustomerReplied => "a customer replies",
            Occasion::MachineWrote => "a machine's mail joins a ticket",
            Occasion::StaffAnswered => "staff answer",
            Occasion::Assigned => "a ticket is assigned to a staff member by another person",
            Occasion::Mentioned => "a note written on the pages mentions a staff member",
        }
    }

    const fn who(notice: Notice) -> &'static str {
        match notice {
            Notice::Acknowledgement => "the customer (`new_ticket`)",
            Notice::Autoresponse => "the customer (`autoresponse`, shipped switched off)",
            Notice::Staff => "staff of the department who are on duty (`staff_ticketnotification`)",
            Notice::Answer => "the customer and everybody who takes part (`staff_reply`)",
            Notice::Assignee => "the new assignee (`staff_assigned`)",
            Notice::Mentioned => "whom it mentions (`staff_mentioned`)",
        }
    }

    #[test]
    fn page_about_notices_says_what_the_table_says() {
        let mut page = String::from(
            "# Who is notified of what\n\nOne mail for each person, queued in the transaction of the change. Nobody gets a \
             notice of their own mail, addresses of the desk get none, and neither does an address whose mail keeps \
             coming back. Any other internal note, a status, a move, a merge and a removal notify nobody.\n\n\
             | when | how it came in | who gets a mail (template) |\n|---|---|---|\n",
        );
        for row in TABLE {
            let is_split = TABLE.iter().filter(|other| other.happening == row.happening).count() > 1;
            let door = row.door.map_or(if is_split { "otherwise" } else { "however" }, Door::word);
            let people: Vec<&str> = row.notices.iter().map(|notice| who(*notice)).collect();
            let people = if people.is_empty() { "nobody".to_owned() } else { people.join("; ") };
            page.push_str(&format!("| {} | {door} | {people} |\n", what(row.happening)));
        }
        page.push_str(
            "\nThrough the API a customer who opens a ticket is notified where the call has `notify=1`, as in HelpDeskZ. \
             Mail that lay in a mailbox or archive before the desk began notifies nobody. Where setting `satisfaction` \
             is on, the customer of a ticket that somebody else closed is asked once how it was handled (`satisfaction`).\n",
        );
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/notices.md");
        if std::env::var_os("MAILDESK_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, page, "write it again with MAILDESK_WRITE_DOCS=1 cargo test --lib notices");
    }

    #[test]
    fn every_happening_has_a_line_for_every_door() {
        let happenings = [
            Occasion::OpenedByCustomer,
            Occasion::OpenedByMachine,
            Occasion::OpenedByStaff,
            Occasion::CustomerReplied,
            Occasion::MachineWrote,
            Occasion::StaffAnswered,
            Occasion::Assigned,
            Occasion::Mentioned,
        ];
        for happening in happenings {
            assert!(TABLE.iter().any(|row| row.happening == happening && row.door.is_none()), "{happening:?}");
        }
        assert_eq!(notices_of(Occasion::OpenedByCustomer, Door::Api), []);
        assert_eq!(notices_of(Occasion::CustomerReplied, Door::Mail), [Notice::Autoresponse, Notice::Staff]);
    }
}
