//! How much of a ticket each staff member has seen.

use crate::domain::{StaffId, TicketId};
use crate::store::{ReadTx, Result, WriteTx};

/// What `seen.event_id` holds for a ticket that was marked as unread by hand.
const UNREAD: i64 = -1;

impl ReadTx<'_> {
    /// The newest event of a ticket; 0 when there is none.
    pub fn newest_event_of(&self, ticket: TicketId) -> Result<i64> {
        self.number("SELECT coalesce(max(id), 0) FROM event WHERE ticket_id = $1", [ticket.get()])
    }

    /// The last event of a ticket that a staff member has seen; 0 when they have seen nothing of it, -1 when they marked
    /// it as unread.
    pub fn seen_event(&self, staff: StaffId, ticket: TicketId) -> Result<i64> {
        self.number("SELECT event_id FROM seen WHERE staff_id = $1 AND ticket_id = $2", (staff.get(), ticket.get()))
    }
}

impl WriteTx<'_> {
    /// Notes that a staff member has seen a ticket up to an event.
    pub fn note_seen(&self, staff: StaffId, ticket: TicketId, event: i64) -> Result<()> {
        self.set_seen(staff, ticket, event)
    }

    /// Marks a ticket as unread for a staff member, until they open it again.
    pub fn mark_unread(&self, staff: StaffId, ticket: TicketId) -> Result<()> {
        self.set_seen(staff, ticket, UNREAD)
    }

    fn set_seen(&self, staff: StaffId, ticket: TicketId, event: i64) -> Result<()> {
        self.run(
            "INSERT INTO seen (staff_id, ticket_id, event_id) SELECT $1, id, $2 FROM ticket WHERE id = $3 \
             ON CONFLICT (staff_id, ticket_id) DO UPDATE SET event_id = excluded.event_id",
            (staff.get(), event, ticket.get()),
        )?;
        Ok(())
    }
}
