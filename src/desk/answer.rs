//! Answers, notes and tickets that staff write on the pages: posted once however often the form is sent, stopped when
//! something new stands in the ticket, and kept so that they can be taken back.

use super::undo::AnswerState;
use super::{Change, Delivery, MailContext, Notices, Opening, Post, StatusChange};
use crate::domain::{Actor, Author, EventKind, MessageId, TicketId, UndoId};
use crate::mail::Mailbox;
use crate::store::attachment::NewAttachment;
use crate::store::draft::{DraftKind, DraftPlace, SpentKey};
use crate::store::event::Event;
use crate::store::message::{Text, Visibility};
use crate::store::staff::Staff;
use crate::store::ticket::{Standing, Ticket};
use crate::store::{self, ReadTx, Result};

/// What was written into a form.
#[derive(Clone, Debug)]
pub(crate) struct Writing<'a> {
    /// Who wrote it.
    pub staff: &'a Staff,
    /// What is posted.
    pub text: Text<'a>,
    /// Files besides those of the draft.
    pub attachments: &'a [NewAttachment<'a>],
    /// The key of the form, of which the draft is; empty: it has none.
    pub key: &'a str,
    /// The text as typed, for the draft if the answer is taken back.
    pub typed: &'a str,
    /// The other fields of the form, likewise.
    pub fields: &'a str,
}

/// An answer to a ticket.
#[derive(Clone, Debug)]
pub(crate) struct Answer<'a> {
    /// What was written.
    pub writing: Writing<'a>,
    /// What becomes of the ticket.
    pub status: StatusChange,
    /// Who it is sent to, where the writer has looked at it: whoever is named takes part from now on, whoever took part
    /// and is not named does so no longer.
    pub recipients: Option<&'a [Mailbox]>,
    /// The newest event that the writer has seen; `None`: it is sent whatever stands in the ticket by now.
    pub shown: Option<i64>,
}

/// What became of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The message is in the ticket.
    Now {
        /// The ticket.
        ticket: TicketId,
        /// The message.
        message: MessageId,
        /// How it can be taken back, if it can.
        undo: Option<UndoId>,
    },
    /// The form was sent before: nothing was posted.
    Before(SpentKey),
    /// It was sent before with something else in it, which is what this has become: nothing was posted.
    Other(SpentKey),
}

impl Writing<'_> {
    /// Whether this is what a form that was sent before has posted.
    fn is_what_was_posted(&self, tx: &ReadTx<'_>, spent: SpentKey, visibility: Visibility) -> Result<bool> {
        let Some(message) = spent.message else {
            // Taken back: what was posted is a draft again, of a new ticket where it had opened one.
            let place = match tx.ticket_after_merges(spent.ticket)? {
                Some(ticket) => Change::answer_place(self.staff.id, ticket.id),
                None => DraftPlace { staff: self.staff.id, ticket: None, kind: DraftKind::Ticket },
            };
            let draft = tx.draft(place)?;
            return Ok(self.attachments.is_empty()
                && visibility == Visibility::Public
                && draft.is_some_and(|draft| draft.body.contains(self.typed)));
        };
        let Some(posted) = tx.message_text(message)? else { return Ok(false) };
        let (body, is_html) = match self.text {
            Text::Plain(text) => (text, false),
            Text::Html(html) => (html, true),
        };
        let is_public = tx.is_public_message(message)?;
        if posted.body != body || posted.is_html != is_html || is_public != (visibility == Visibility::Public) {
            return Ok(false);
        }
        let files = tx.attachments_of_message(message)?;
        let is_there = |new: &NewAttachment<'_>| {
            files.iter().any(|file| file.name == new.name && usize::try_from(file.bytes) == Ok(new.content.len()))
        };
        Ok(self.attachments.iter().all(is_there))
    }
}

/// Why an answer was not posted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPosted {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Its messages are in another ticket.
    #[error("ticket {0} was merged into {1}: answer that one")]
    Merged(TicketId, TicketId),
    /// Somebody else wrote into the ticket meanwhile.
    #[error("something new is in the ticket: read it, then send the answer anyway")]
    News(Vec<Event>),
}

/// What is written into a ticket that was merged into another would be read by nobody.
const fn is_open_to_writing(ticket: &Ticket) -> std::result::Result<(), NotPosted> {
    match ticket.merged_into {
        Some(into) => Err(NotPosted::Merged(ticket.id, into)),
        None => Ok(()),
    }
}

impl Change<'_> {
    /// Posts an answer. A ticket that nobody has becomes the writer's.
    ///
    /// # Errors
    /// [`NotPosted`].
    pub(crate) fn answer(&self, ticket: &Ticket, answer: &Answer<'_>) -> std::result::Result<Posted, NotPosted> {
        let writing = &answer.writing;
        if let Some(before) = self.spent(writing, Visibility::Public)? {
            return Ok(before);
        }
        is_open_to_writing(ticket)?;
        if let Some(shown) = answer.shown {
            let news = self.tx.news_since(ticket.id, shown, writing.staff.id)?;
            if !news.is_empty() {
                return Err(NotPosted::News(news));
            }
        }
        let former = Standing::of(ticket);
        let after_s = self.settings.undo_send_s;
        let change = self.delivering(Delivery { after_s, to: answer.recipients });
        let mail = MailContext { participants: change.joining(ticket, answer.recipients)?, ..MailContext::default() };
        let message =
            change.with_files(writing, |post| change.post(ticket, post, answer.status, &mail, Notices::Usual))?;
        if ticket.staff.is_none() {
            self.rows().assign_ticket(ticket.id, writing.staff.id)?;
            self.write_event(ticket.id, EventKind::Assigned, &writing.staff.username)?;
        }
        self.spend(writing, ticket.id, message)?;
        let state = self.state_of(writing, Some(&former), ticket.id)?;
        let undo = if after_s > 0 { Some(self.keep_undo(writing, &state, message)?) } else { None };
        Ok(Posted::Now { ticket: ticket.id, message, undo })
    }

    /// Adds a note that was written into a form, and tells whom it mentions.
    ///
    /// # Errors
    /// [`NotPosted`].
    pub(crate) fn write_note(&self, ticket: &Ticket, writing: &Writing<'_>) -> std::result::Result<Posted, NotPosted> {
        if let Some(before) = self.spent(writing, Visibility::Internal)? {
            return Ok(before);
        }
        is_open_to_writing(ticket)?;
        let message = self.with_files(writing, |post| self.note(ticket.id, post))?;
        self.mention(ticket, message, writing.typed)?;
        self.spend(writing, ticket.id, message)?;
        Ok(Posted::Now { ticket: ticket.id, message, undo: None })
    }

    /// Opens a ticket that was written into a form; the text and the files of `opening` are those of `writing`.
    pub(crate) fn open_written(&self, opening: &Opening<'_>, writing: &Writing<'_>) -> Result<Posted> {
        if let Some(before) = self.spent(writing, Visibility::Public)? {
            return Ok(before);
        }
        let after_s = self.settings.undo_send_s;
        let change = self.delivering(Delivery { after_s, ..self.delivery });
        let (ticket, message) = change.with_files(writing, |post| {
            change.open(&Opening { post: Post { author: opening.post.author, ..post.clone() }, ..opening.clone() })
        })?;
        self.spend(writing, ticket, message)?;
        let state = self.state_of(writing, None, ticket)?;
        let undo = if after_s > 0 { Some(self.keep_undo(writing, &state, message)?) } else { None };
        Ok(Posted::Now { ticket, message, undo })
    }

    /// Does the same with a note as its first message, which only staff see; nobody is notified.
    pub(crate) fn open_written_note(&self, opening: &Opening<'_>, writing: &Writing<'_>) -> Result<Posted> {
        if let Some(before) = self.spent(writing, Visibility::Internal)? {
            return Ok(before);
        }
        let (ticket, message) =
            self.with_files(writing, |post| self.open_with_note(&Opening { post: post.clone(), ..opening.clone() }))?;
        self.spend(writing, ticket, message)?;
        Ok(Posted::Now { ticket, message, undo: None })
    }

    /// What became of the form, if it was sent before.
    fn spent(&self, writing: &Writing<'_>, visibility: Visibility) -> Result<Option<Posted>> {
        if writing.key.is_empty() {
            return Ok(None);
        }
        let Some(spent) = self.tx.spent_key(writing.key)? else { return Ok(None) };
        let is_same = writing.is_what_was_posted(self.tx, spent, visibility)?;
        Ok(Some(if is_same { Posted::Before(spent) } else { Posted::Other(spent) }))
    }

    /// Notes that the form was sent; its draft goes.
    fn spend(&self, writing: &Writing<'_>, ticket: TicketId, message: MessageId) -> Result<()> {
        if writing.key.is_empty() {
            return Ok(());
        }
        self.tx.spend_key(writing.key, SpentKey { ticket, message: Some(message) }, self.now)?;
        if let Some(draft) = self.tx.draft_by_key(writing.key, writing.staff.id)? {
            self.tx.remove_draft(draft.id)?;
        }
        Ok(())
    }

    /// Hands on what was written, the files of its draft first.
    fn with_files<T>(&self, writing: &Writing<'_>, post: impl FnOnce(&Post<'_>) -> Result<T>) -> Result<T> {
        let draft = if writing.key.is_empty() { None } else { self.tx.draft_by_key(writing.key, writing.staff.id)? };
        let mut kept = Vec::new();
        for file in draft.map_or_else(|| Ok(Vec::new()), |draft| self.tx.draft_files(draft.id))? {
            if let Some(content) = self.tx.draft_file_content(file.id)? {
                kept.push((file, content));
            }
        }
        let of_draft = kept.iter().map(|(file, content)| file.attachment(content));
        let attachments: Vec<NewAttachment<'_>> = of_draft.chain(writing.attachments.iter().cloned()).collect();
        let author = Author::Staff(writing.staff.id);
        post(&Post {
            author,
            text: writing.text,
            reply_text: "",
            full_text: "",
            mail_html: "",
            attachments: &attachments,
        })
    }

    /// The recipients who do not take part yet; whoever took part and is none of them leaves.
    fn joining<'m>(&self, ticket: &Ticket, recipients: Option<&'m [Mailbox]>) -> Result<Vec<&'m Mailbox>> {
        let Some(recipients) = recipients else { return Ok(Vec::new()) };
        for (email, _) in self.tx.participants(ticket.id)? {
            if !recipients.iter().any(|person| person.address.as_str().eq_ignore_ascii_case(&email)) {
                self.rows().remove_participant(ticket.id, &email)?;
                self.write_event(ticket.id, EventKind::ParticipantLeft, &email)?;
            }
        }
        Ok(recipients.iter().collect())
    }

    /// How things stood before an answer; `former` is `None` for one that opened the ticket.
    fn state_of(&self, writing: &Writing<'_>, former: Option<&Standing>, ticket: TicketId) -> Result<AnswerState> {
        let after = self.tx.ticket(ticket)?.map(|ticket| Standing::of(&ticket).numbers()).unwrap_or_default();
        Ok(AnswerState {
            ticket: ticket.get(),
            former: former.map_or(after, Standing::numbers),
            after,
            typed: writing.typed.to_owned(),
            fields: writing.fields.to_owned(),
            has_opened: former.is_none(),
        })
    }

    fn keep_undo(&self, writing: &Writing<'_>, state: &AnswerState, message: MessageId) -> Result<UndoId> {
        let ends_at = self.now.plus_s(self.settings.undo_send_s);
        self.tx.add_undo(writing.staff.id, Some(message), &state.to_json(), ends_at, self.now)
    }

    /// Where the draft of an answer is.
    pub(super) const fn answer_place(staff: crate::domain::StaffId, ticket: TicketId) -> DraftPlace {
        DraftPlace { staff, ticket: Some(ticket), kind: DraftKind::Answer }
    }

    /// Notifies the staff whom a note mentions as `@username`: those who may see the ticket, and not its writer.
    fn mention(&self, ticket: &Ticket, note: MessageId, text: &str) -> Result<()> {
        for username in super::mention::mentions(text) {
            let Some(staff) = self.tx.staff_by_username(username)? else { continue };
            let is_writer = self.actor == Actor::Staff(staff.id);
            if is_writer || !staff.is_active || !super::may_see(self.tx, &staff, ticket)? {
                continue;
            }
            let event = crate::store::event::NewEvent {
                message: Some(note),
                ..self.event(EventKind::Mentioned, &staff.username)
            };
            self.rows().add_event(ticket.id, &event, self.now)?;
            self.notify_mentioned(ticket.id, note, &staff)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
