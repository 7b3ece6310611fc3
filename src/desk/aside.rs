//! Putting a ticket out of the way: until a time (or until the customer writes), or for good as spam.

use super::assign::not_merged;
use super::{Change, Refused};
use crate::domain::{Actor, EmailAddress, EventKind, TicketId, Timestamp};
use crate::store::Result;
use crate::store::ticket::{Owner, Ticket};

impl Change<'_> {
    /// Puts a ticket off until then: it is out of the lists until its time comes or the customer writes.
    ///
    /// # Errors
    /// [`Refused`] for one that was merged into another.
    pub(crate) fn snooze(&self, ticket: &Ticket, until: Timestamp) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        if until <= self.now || ticket.snoozed_until == until {
            return Ok(());
        }
        self.rows().set_snoozed_until(ticket.id, until)?;
        Ok(self.write_event(ticket.id, EventKind::Snoozed, &until.unix().to_string())?)
    }

    /// Takes a ticket back that was put off.
    pub(crate) fn wake(&self, ticket: &Ticket) -> Result<()> {
        if ticket.snoozed_until.unix() == 0 {
            return Ok(());
        }
        self.rows().set_snoozed_until(ticket.id, Timestamp::default())?;
        self.write_event(ticket.id, EventKind::Woken, "")
    }

    /// Wakes the tickets whose time has come, at most `max`; says how many.
    pub(crate) fn wake_due(&self, max: usize) -> Result<usize> {
        let woken = self.rows().wake_due(self.now, max)?;
        for ticket in &woken {
            self.write_event(*ticket, EventKind::Woken, "")?;
        }
        Ok(woken.len())
    }

    /// Calls a ticket spam: it is out of sight, mails about it that nobody has tried to send are dropped, and nothing
    /// about it is sent any more.
    ///
    /// # Errors
    /// [`Refused`] for one that was merged into another.
    pub(crate) fn spam(&self, ticket: &Ticket) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        if ticket.is_spam() {
            return Ok(());
        }
        self.rows().set_spam_at(ticket.id, self.now)?;
        self.write_event(ticket.id, EventKind::Spam, "")?;
        for recipient in self.rows().drop_untried_mail(ticket.id, self.now)? {
            self.by(Actor::Desk).write_event(ticket.id, EventKind::Dropped, &recipient)?;
        }
        Ok(())
    }

    /// Says that a ticket is not spam after all.
    pub(crate) fn not_spam(&self, ticket: &Ticket) -> Result<()> {
        if !ticket.is_spam() {
            return Ok(());
        }
        self.rows().set_spam_at(ticket.id, Timestamp::default())?;
        self.write_event(ticket.id, EventKind::NotSpam, "")
    }

    /// Calls a ticket spam and bans its customer's address; gives the address, unless its mail was dropped before.
    ///
    /// # Errors
    /// [`Refused`] for one that was merged into another.
    pub(crate) fn spam_and_ban(&self, ticket: &Ticket) -> std::result::Result<Option<String>, Refused> {
        not_merged(ticket)?;
        let customer = self.tx.customer(ticket.customer)?.map(|customer| customer.email);
        let mut banned = None;
        if let Some(email) = customer.and_then(|email| email.parse::<EmailAddress>().ok())
            && !self.tx.is_banned(&email)?
        {
            self.tx.ban(email.as_str(), self.now)?;
            banned = Some(email.as_str().to_owned());
        }
        self.spam(ticket)?;
        Ok(banned)
    }

    /// Removes tickets that were called spam before then, at most `max`; says how many.
    pub(crate) fn remove_spam(&self, before: Timestamp, max: usize) -> Result<usize> {
        let old: Vec<TicketId> = self.rows().spam_before(before, max)?;
        for ticket in &old {
            self.remove_tickets_of(Owner::Ticket(*ticket))?;
            self.rows().remove_ticket(*ticket)?;
        }
        Ok(old.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::desk::tests::{Bench, NOW};
    use crate::domain::{Door, Timestamp};

    #[test]
    fn ticket_that_was_put_off_wakes_by_time_by_hand_and_when_the_customer_writes() {
        let bench = Bench::new();
        let id = bench.ticket("Printer");
        let until = NOW.plus_s(3600);
        bench.as_sam(|change| change.snooze(&bench.read(id), until).unwrap());
        assert_eq!(bench.read(id).snoozed_until, until);
        bench.as_sam(|change| change.snooze(&bench.read(id), NOW).unwrap());
        assert_eq!(bench.read(id).snoozed_until, until, "the past is no time to wake");
        bench.as_sam(|change| change.wake(&bench.read(id)).unwrap());
        bench.as_sam(|change| change.wake(&bench.read(id)).unwrap());
        assert_eq!(bench.events_since_opening(id), [format!("snoozed {}", until.unix()), "woken ".to_owned()]);

        bench.as_sam(|change| change.snooze(&bench.read(id), until).unwrap());
        bench.customer_writes(id, "Still.");
        assert_eq!(bench.read(id).snoozed_until, Timestamp::default(), "the customer wrote");

        bench.as_sam(|change| change.snooze(&bench.read(id), until).unwrap());
        let due = |now| bench.at(now, Door::Jobs, |change| change.wake_due(10).unwrap());
        assert_eq!((due(until.plus_s(-1)), due(until), due(until)), (0, 1, 0));
        assert_eq!(bench.events_since_opening(id).last().unwrap(), "woken ");
    }

    #[test]
    fn spam_sends_nothing_any_more_and_goes_after_its_time() {
        let bench = Bench::new();
        let id = bench.ticket("You have won");
        bench.as_sam(|change| bench.answer(change, id, "Thank you"));
        assert_eq!(bench.pending(), 1);
        let banned = bench.as_sam(|change| change.spam_and_ban(&bench.read(id)).unwrap());
        assert_eq!(banned.as_deref(), Some("ann@client.test"));
        assert_eq!(bench.pending(), 0);
        assert!(bench.store.read(|tx| tx.is_banned(&"ann@client.test".parse().unwrap())).unwrap());
        bench.customer_writes(id, "Click here");
        assert_eq!(bench.pending(), 0, "nobody is notified");
        assert!(bench.read(id).is_spam(), "writing again is no way out");
        bench.as_sam(|change| change.not_spam(&bench.read(id)).unwrap());
        assert!(!bench.read(id).is_spam());

        bench.as_sam(|change| change.spam(&bench.read(id)).unwrap());
        let gone = |before| bench.at(NOW, Door::Jobs, |change| change.remove_spam(before, 10).unwrap());
        assert_eq!((gone(NOW), gone(NOW.plus_s(1))), (0, 1));
        let kinds = bench.events_since_opening(id);
        assert_eq!(kinds.last().unwrap(), "removed ");
        assert!(kinds.contains(&"dropped ann@client.test".to_owned()), "{kinds:?}");
    }

    #[test]
    fn answering_says_that_it_is_no_spam() {
        let bench = Bench::new();
        let id = bench.ticket("You have won");
        bench.as_sam(|change| change.spam(&bench.read(id)).unwrap());
        bench.as_sam(|change| bench.answer(change, id, "Have we?"));
        assert!(!bench.read(id).is_spam());
        assert_eq!(bench.pending(), 1);
    }
}
