//! What is recorded about a change to a ticket: who made it, through which door, and what it was.

use super::words::words;
use super::{Author, StaffId, UserId};

/// Who changed a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A customer.
    Customer(UserId),
    /// A staff member.
    Staff(StaffId),
    /// maildesk itself, or the person who runs it from the command line.
    Desk,
    /// A program: one that uses an API token, or sends mail automatically.
    Machine,
}

impl Actor {
    /// Every kind of actor, by the number the database keeps.
    const WORDS: [&'static str; 4] = ["customer", "staff", "desk", "machine"];

    /// The number the database keeps, and the id of the person (0 for none).
    #[must_use]
    pub const fn to_row(self) -> (i64, i64) {
        match self {
            Self::Customer(id) => (0, id.get()),
            Self::Staff(id) => (1, id.get()),
            Self::Desk => (2, 0),
            Self::Machine => (3, 0),
        }
    }

    /// The actor of a row; an unknown number counts as the desk.
    #[must_use]
    pub const fn from_row(number: i64, id: i64) -> Self {
        match number {
            0 => Self::Customer(UserId::new(id)),
            1 => Self::Staff(StaffId::new(id)),
            3 => Self::Machine,
            _ => Self::Desk,
        }
    }

    /// The word for JSON and lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        let (number, _) = self.to_row();
        usize::try_from(number).ok().and_then(|number| Self::WORDS.get(number).copied()).unwrap_or("desk")
    }
}

impl From<Author> for Actor {
    fn from(author: Author) -> Self {
        match author {
            Author::Customer(id) => Self::Customer(id),
            Author::Staff(id) => Self::Staff(id),
            Author::Desk => Self::Desk,
        }
    }
}

words! {
    /// The way a change came in.
    pub enum Door {
        /// A mail: `pipe`, `imap-fetch` or the import of an archive.
        Mail = "mail",
        /// The HTTP API.
        Api = "api",
        /// The command line: `maildesk admin`.
        CommandLine = "command-line",
        /// The web pages.
        Web = "web",
        /// Timed work.
        Jobs = "jobs",
        /// Sending mail: what became of it.
        Outbox = "outbox",
    }
}

words! {
    /// What happened to a part of the desk's set-up: an event without a ticket, whose detail names the part.
    pub enum SetUpChange {
        /// It was added.
        Added = "added",
        /// It was changed.
        Changed = "changed",
        /// It was removed.
        Removed = "removed",
        /// Long work was begun, such as a backup.
        Started = "started",
        /// It was handed out, such as a backup.
        HandedOut = "handed-out",
        /// A mail that was set aside was dropped by hand.
        Dropped = "dropped",
        /// A mail that was set aside was let in or tried again by hand, and no ticket came of it.
        LetIn = "let-in",
    }
}

words! {
    /// What happened to a ticket.
    pub enum EventKind {
        /// It was opened.
        Opened = "opened",
        /// A customer wrote into it.
        Replied = "replied",
        /// Staff answered.
        Answered = "answered",
        /// An internal note was added.
        Noted = "noted",
        /// Its status was set; detail: the status.
        Status = "status",
        /// It was assigned; detail: the username, empty when the assignment was removed.
        Assigned = "assigned",
        /// It was moved; detail: the department.
        Moved = "moved",
        /// It belongs to another customer; detail: the address.
        Requester = "requester",
        /// Answers go to another address; detail: the address.
        ReplyTo = "reply-to",
        /// A person takes part in it; detail: the address.
        Participant = "participant",
        /// Its mail also went to another address of the desk; detail: the address.
        AlsoTo = "also-to",
        /// It was linked with another ticket; detail: `#12`.
        Linked = "linked",
        /// It was merged with another ticket; detail: `into #12` or `from #12`.
        Merged = "merged",
        /// An attachment was removed; detail: its name.
        AttachmentRemoved = "attachment-removed",
        /// A mail about it came back; detail: the address.
        Bounced = "bounced",
        /// A mail about it could not be sent; detail: the address.
        Undelivered = "undelivered",
        /// A mail in it was read again by newer rules; detail: the message's id.
        Reread = "reread",
        /// It was put off; detail: until when, in seconds since 1970.
        Snoozed = "snoozed",
        /// It is no longer put off: its time has come, somebody took it back, or the customer wrote.
        Woken = "woken",
        /// It was called spam.
        Spam = "spam",
        /// It is not spam after all.
        NotSpam = "not-spam",
        /// It has a tag more; detail: the tag.
        Tagged = "tagged",
        /// It has a tag less; detail: the tag.
        Untagged = "untagged",
        /// It has another priority; detail: its name.
        Priority = "priority",
        /// A custom field was set; detail: its title.
        Field = "field",
        /// An answer was taken back before it was sent.
        TakenBack = "taken-back",
        /// It was parted from a ticket it had been merged with; detail: `from #12` or `of #12`.
        Parted = "parted",
        /// A message of it became a ticket of its own; detail: `into #12` or `from #12`.
        Split = "split",
        /// A note mentions a staff member; detail: the username.
        Mentioned = "mentioned",
        /// A mail about it is tried again; detail: the address.
        Retried = "retried",
        /// A mail about it was taken out of the queue; detail: the address.
        Dropped = "dropped",
        /// A participant takes part no longer; detail: the address.
        ParticipantLeft = "participant-left",
        /// Its subject was changed; detail: the one before.
        Subject = "subject",
        /// The customer said how it was handled; detail: `good` or `bad`.
        Rated = "rated",
        /// A mail in it had been set aside, and a person let it in or had it tried again; detail: its number.
        LetIn = "let-in",
        /// It was removed.
        Removed = "removed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_rows_lead_back_to_what_they_were() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_word(kind.word()), Some(*kind));
        }
        for door in Door::ALL {
            assert_eq!(Door::from_word(door.word()), Some(*door));
        }
        for actor in [Actor::Customer(UserId::new(3)), Actor::Staff(StaffId::new(4)), Actor::Desk, Actor::Machine] {
            let (number, id) = actor.to_row();
            assert_eq!(Actor::from_row(number, id), actor);
        }
        assert_eq!(Actor::Machine.word(), "machine");
    }
}
