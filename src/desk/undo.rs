//! Taking back: an answer while none of its mails was tried, and changes of tickets that nobody has changed since.

use serde::{Deserialize, Serialize};

use super::merge::merged_status;
use super::{Change, may_see};
use crate::domain::{Author, DepartmentId, EventKind, MessageId, StaffId, Status, TicketId, Timestamp, UndoId};
use crate::store::draft::{DraftKind, DraftPlace};
use crate::store::message::Message;
use crate::store::staff::Staff;
use crate::store::ticket::{Standing, Ticket};
use crate::store::undo::Undo;
use crate::store::{self, Result};

/// How long changes of tickets can be taken back, in seconds. Chosen: one notices within the hour.
pub(super) const CHANGES_UNDO_S: i64 = Timestamp::HOUR_S;

/// How things stood before an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnswerState {
    pub(super) ticket: i64,
    /// How the ticket stood before and after, as [`Standing::numbers`] writes it.
    pub(super) former: [i64; 6],
    pub(super) after: [i64; 6],
    /// What becomes a draft again.
    pub(super) typed: String,
    pub(super) fields: String,
    /// Whether the ticket was opened with it, and goes with it.
    #[serde(default)]
    pub(super) has_opened: bool,
}

impl AnswerState {
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// One value of a ticket, before and after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Former {
    Status { former: i64, closed_at: i64, after: i64 },
    Staff { former: Option<i64>, after: Option<i64> },
    Department { former: i64, after: i64 },
    Spam { after: i64 },
    SpamAndBanned { after: i64, banned: Option<String> },
    NotSpam { former: i64 },
    Snoozed { former: i64, after: i64 },
    Tagged { name: String },
    Untagged { name: String },
    Priority { former: i64, name: String, after: i64 },
    Merged,
}

/// Changes of some tickets: each with its ticket.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ChangesState {
    pub(super) steps: Vec<(i64, Former)>,
}

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TakenBack {
    /// An answer; its text and files are a draft again.
    Answer {
        /// Its ticket.
        ticket: TicketId,
    },
    /// A ticket that was opened by writing to a customer; what was written is the draft of a new one again.
    Opening,
    /// Changes of these tickets; what somebody has changed since stayed.
    Changes(Vec<TicketId>),
}

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTakenBack {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It was taken back before, its time is over, or a mail of it is on its way.
    #[error("it is too late to take this back")]
    TooLate,
}

impl Change<'_> {
    /// Takes back what `staff` did. An answer becomes a draft again, with the key `key`.
    ///
    /// # Errors
    /// [`NotTakenBack`]; nothing is changed then.
    pub(crate) fn take_back(
        &self,
        id: UndoId,
        staff: &Staff,
        key: &str,
    ) -> std::result::Result<TakenBack, NotTakenBack> {
        let undo = self.tx.undo(id, staff.id, self.now)?.ok_or(NotTakenBack::TooLate)?;
        match undo.message {
            Some(message) => self.take_back_answer(&undo, message, staff, key),
            None => self.take_back_changes(&undo, staff),
        }
    }

    fn take_back_answer(
        &self,
        undo: &Undo,
        message: MessageId,
        staff: &Staff,
        key: &str,
    ) -> std::result::Result<TakenBack, NotTakenBack> {
        let state: AnswerState = serde_json::from_str(&undo.state).map_err(|_| NotTakenBack::TooLate)?;
        let id = TicketId::new(state.ticket);
        // A colleague may have merged it: the answer is in the other ticket then.
        let Some(ticket) = self.tx.ticket_after_merges(id)? else { return Err(NotTakenBack::TooLate) };
        let goes = state.has_opened && ticket.id == id;
        if self.tx.is_mail_begun(message, self.now)? || (goes && self.has_others(id, message)?) {
            return Err(NotTakenBack::TooLate);
        }
        let place = if state.has_opened {
            DraftPlace { staff: staff.id, ticket: None, kind: DraftKind::Ticket }
        } else {
            Self::answer_place(staff.id, ticket.id)
        };
        self.restore_draft(&state, place, message, key)?;
        self.rows().remove_answer(ticket.id, message)?;
        self.tx.note_taken_back(message)?;
        self.tx.remove_undo(undo.id)?;
        self.write_event(ticket.id, EventKind::TakenBack, "")?;
        if goes {
            self.remove_ticket(id)?;
        } else if ticket.id == id {
            self.rows().set_standing(id, &restored(Standing::of(&ticket), &state))?;
        } else {
            self.restore_merged(id, &ticket, &state)?;
        }
        Ok(if state.has_opened { TakenBack::Opening } else { TakenBack::Answer { ticket: ticket.id } })
    }

    /// Whether anybody has written into a ticket besides that message.
    fn has_others(&self, ticket: TicketId, message: MessageId) -> Result<bool> {
        let is_other = |own: &Message| own.id != message && own.author != Author::Desk;
        Ok(self.tx.messages(ticket)?.iter().any(is_other))
    }

    /// How both tickets of a merge stand without an answer that the first one had: its customer waits as before.
    fn restore_merged(&self, from: TicketId, into: &Ticket, state: &AnswerState) -> Result<()> {
        let status = merged_status(Standing::from_numbers(state.former).status, into.status);
        if status != into.status {
            self.rows().set_standing(into.id, &Standing { status, ..Standing::of(into) })?;
        }
        self.rows().amend_merge(from, status, |standing| restored(standing, state))
    }

    /// Makes the answer a draft again; what its writer has begun meanwhile stands below it.
    fn restore_draft(&self, state: &AnswerState, place: DraftPlace, message: MessageId, key: &str) -> Result<()> {
        let begun = self.tx.draft(place)?.map(|draft| draft.body).filter(|body| !body.trim().is_empty());
        let body = begun.map_or_else(|| state.typed.clone(), |begun| format!("{}\n\n{begun}", state.typed));
        if let Some(draft) = self.tx.save_draft(place, key, &body, &state.fields, self.now)? {
            self.tx.copy_files_to_draft(message, draft)?;
        }
        Ok(())
    }

    fn take_back_changes(&self, undo: &Undo, staff: &Staff) -> std::result::Result<TakenBack, NotTakenBack> {
        let state: ChangesState = serde_json::from_str(&undo.state).map_err(|_| NotTakenBack::TooLate)?;
        let mut done = Vec::new();
        for (id, former) in &state.steps {
            let id = TicketId::new(*id);
            let Some(ticket) = self.tx.ticket(id)? else { continue };
            let was_seen = match former {
                // It was moved where `staff` may not see it: they did so themselves.
                Former::Department { former, .. } => {
                    staff.sees_all() || self.tx.staff_departments(staff.id)?.contains(&DepartmentId::new(*former))
                }
                // Parting changes the other ticket as well.
                Former::Merged => may_see(self.tx, staff, &ticket)? && self.sees_merged_into(staff, &ticket)?,
                _ => may_see(self.tx, staff, &ticket)?,
            };
            if was_seen && self.put_back(&ticket, former)? {
                done.push(id);
            }
        }
        self.tx.remove_undo(undo.id)?;
        Ok(TakenBack::Changes(done))
    }

    /// Whether `staff` may see the ticket that this one was merged into; yes for one that was not merged.
    pub(crate) fn sees_merged_into(&self, staff: &Staff, ticket: &Ticket) -> Result<bool> {
        let Some(into) = ticket.merged_into else { return Ok(true) };
        self.tx.ticket(into)?.map_or(Ok(false), |into| may_see(self.tx, staff, &into))
    }

    /// Puts one value back unless somebody has changed it since; says whether it did.
    fn put_back(&self, ticket: &Ticket, former: &Former) -> Result<bool> {
        match former {
            Former::Status { former, closed_at, after } if ticket.status.number() == *after => {
                let Some(status) = Status::from_number(*former) else { return Ok(false) };
                let closed_at = Timestamp::from_unix(*closed_at);
                self.rows().set_standing(ticket.id, &Standing { status, closed_at, ..Standing::of(ticket) })?;
                self.write_event(ticket.id, EventKind::Status, status.word())?;
            }
            Former::Staff { former, after } if ticket.staff.map(StaffId::get) == *after => {
                return self.put_back_assignee(ticket, former.map(StaffId::new));
            }
            Former::Department { former, after } if ticket.department.get() == *after => {
                let Some(department) = self.tx.department(DepartmentId::new(*former))? else { return Ok(false) };
                self.move_to(ticket, &department)?;
            }
            Former::Spam { after } if ticket.spam_at.unix() == *after => self.not_spam(ticket)?,
            Former::SpamAndBanned { after, banned } => {
                if let Some(pattern) = banned {
                    self.tx.lift_ban(pattern)?;
                }
                if ticket.spam_at.unix() == *after {
                    self.not_spam(ticket)?;
                }
            }
            Former::NotSpam { former } if !ticket.is_spam() => {
                self.rows().set_spam_at(ticket.id, Timestamp::from_unix(*former))?;
                self.write_event(ticket.id, EventKind::Spam, "")?;
            }
            Former::Snoozed { former, after } if ticket.snoozed_until.unix() == *after => {
                self.rows().set_snoozed_until(ticket.id, Timestamp::from_unix(*former))?;
                let (kind, detail) = if *former == 0 {
                    (EventKind::Woken, String::new())
                } else {
                    (EventKind::Snoozed, former.to_string())
                };
                self.write_event(ticket.id, kind, &detail)?;
            }
            Former::Tagged { name } => self.take_tag(ticket, name)?,
            Former::Untagged { name } => self.put_tag(ticket, name)?,
            Former::Priority { former, name, after } if self.tx.priority_of(ticket.id)?.0 == *after => {
                self.put_priority(ticket, *former, name)?;
            }
            Former::Merged => return Ok(self.part(ticket)?.is_some()),
            Former::Status { .. }
            | Former::Staff { .. }
            | Former::Department { .. }
            | Former::Spam { .. }
            | Former::NotSpam { .. }
            | Former::Snoozed { .. }
            | Former::Priority { .. } => return Ok(false),
        }
        Ok(true)
    }

    fn put_back_assignee(&self, ticket: &Ticket, former: Option<StaffId>) -> Result<bool> {
        let Some(id) = former else {
            self.unassign(ticket)?;
            return Ok(true);
        };
        // An account that is gone, or may not see the ticket any more, does not get it back.
        let Some(staff) = self.tx.staff(id)?.filter(|staff| staff.is_active) else { return Ok(false) };
        if !may_see(self.tx, &staff, ticket)? {
            return Ok(false);
        }
        self.rows().assign_ticket(ticket.id, id)?;
        self.write_event(ticket.id, EventKind::Assigned, &staff.username)?;
        Ok(true)
    }
}

/// How a ticket stands when an answer is taken back: as before where nobody has changed it since.
fn restored(now: Standing, state: &AnswerState) -> Standing {
    let (former, after) = (Standing::from_numbers(state.former), Standing::from_numbers(state.after));
    let is_status = now.status == after.status;
    let pick = |is_untouched: bool, former: Timestamp, now: Timestamp| if is_untouched { former } else { now };
    Standing {
        status: if is_status { former.status } else { now.status },
        closed_at: pick(is_status, former.closed_at, now.closed_at),
        staff: if now.staff == after.staff { former.staff } else { now.staff },
        last_update_at: pick(now.last_update_at == after.last_update_at, former.last_update_at, now.last_update_at),
        last_replier: if now.last_replier == after.last_replier { former.last_replier } else { now.last_replier },
        snoozed_until: pick(now.snoozed_until == after.snoozed_until, former.snoozed_until, now.snoozed_until),
    }
}
