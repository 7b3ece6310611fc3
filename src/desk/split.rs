//! Splitting: a message about something else becomes a ticket of its own.

use super::Change;
use crate::domain::{Author, EventKind, Status, TicketId};
use crate::store::Result;
use crate::store::message::Message;
use crate::store::ticket::{NewTicket, Ticket};

impl Change<'_> {
    /// Moves a message of a ticket, with its files and its mail, into a new ticket, which is linked with the first one.
    ///
    /// The new ticket is its writer's alone, waits since the message was written, and stays with whoever the first one
    /// was assigned to. A note in each says where the message went and came from; nobody is mailed. An answer to the
    /// mail that moved comes into the new ticket; one to a mail of the desk's comes into the first one as before.
    pub(crate) fn split(&self, ticket: &Ticket, message: &Message, subject: &str) -> Result<TicketId> {
        let rows = self.rows();
        let customer = match message.author {
            Author::Customer(writer) => writer,
            Author::Staff(_) | Author::Desk => ticket.customer,
        };
        let new =
            NewTicket { department: ticket.department, customer, subject, address: ticket.address, reply_to: None };
        let split = rows.add_ticket(&new, message.created_at)?;
        rows.move_message(message.id, ticket.id, split)?;
        if matches!(message.author, Author::Staff(_)) && !message.is_internal {
            rows.set_status(split, Status::Answered, self.now)?;
        }
        if let Some(staff) = ticket.staff {
            rows.assign_ticket(split, staff)?;
        }
        rows.link_tickets(split, ticket.id)?;
        self.write_event(ticket.id, EventKind::Split, &format!("into #{split}"))?;
        self.write_event_of(split, EventKind::Split, message.id, &format!("from #{}", ticket.id))?;
        self.note_of_desk(ticket.id, &format!("A message was split off into #{split} ({subject})."))?;
        self.note_of_desk(split, &format!("This ticket was split off from #{} ({}).", ticket.id, ticket.subject))?;
        Ok(split)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::desk::tests::{ANN, Bench, SAM};
    use crate::domain::MessageId;

    fn split(bench: &Bench, id: TicketId, message: MessageId) -> TicketId {
        bench.as_sam(|change| {
            let ticket = bench.read_in(change, id);
            let found = change.tx.messages(id).unwrap().into_iter().find(|one| one.id == message).unwrap();
            change.split(&ticket, &found, "Another lamp").unwrap()
        })
    }

    #[test]
    fn message_that_is_split_off_is_a_ticket_of_its_writer() {
        let bench = Bench::new();
        let id = bench.ticket("Lamp");
        bench.as_sam(|change| bench.answer(change, id, "Which?"));
        let other = bench.customer_writes(id, "By the way, another one.");
        bench.as_sam(|change| change.assign_or_note(id, &bench.staff(SAM), super::super::Notices::Nobody).unwrap());
        let pending = bench.pending();
        let new = split(&bench, id, other);

        let (first, second) = (bench.read(id), bench.read(new));
        assert_eq!((first.replies, first.last_replier, second.replies), (1, Some(SAM), 0));
        assert_eq!((second.customer, second.staff, second.status), (ANN, Some(SAM), Status::Open));
        assert_eq!((second.subject.as_str(), second.department), ("Another lamp", first.department));
        let texts = |ticket: TicketId| -> Vec<String> {
            let all = bench.store.read(|tx| tx.messages(ticket)).unwrap();
            all.into_iter().filter(|one| !one.is_internal).map(|one| one.body).collect()
        };
        assert_eq!(texts(id), ["It burns.", "Which?"]);
        assert_eq!(texts(new), ["By the way, another one."]);
        assert_eq!(bench.store.read(|tx| tx.linked_tickets(id)).unwrap(), [new]);
        assert!(bench.events_since_opening(id).contains(&format!("split into #{new}")));
        assert_eq!(bench.pending(), pending, "nobody is mailed");
    }

    #[test]
    fn answer_that_is_split_off_leaves_nothing_to_do() {
        let bench = Bench::new();
        let id = bench.ticket("Lamp");
        let answer = bench.as_sam(|change| bench.answer(change, id, "And the other lamp is ready."));
        let new = split(&bench, id, answer);
        assert_eq!((bench.read(new).status, bench.read(new).last_replier), (Status::Answered, Some(SAM)));
        assert_eq!((bench.read(id).replies, bench.read(id).last_replier), (0, None));
    }
}
