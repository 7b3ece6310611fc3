//! A desk for the tests of the verbs: one customer, two agents, an address that sends.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::desk_address::Outgoing;
use crate::domain::staff_role::StaffRole;
use crate::domain::{Author, DepartmentId, MessageId, StaffId, UserId};
use crate::store::address::AddressRow;
use crate::store::staff::{NewStaff, Staff};
use crate::store::ticket::{NewTicket, Ticket};
use crate::store::{Error, Store, migrate};

pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
pub(crate) const ANN: UserId = UserId::new(1);
pub(crate) const SAM: StaffId = StaffId::new(1);
pub(crate) const EVA: StaffId = StaffId::new(2);
pub(crate) const GENERAL: DepartmentId = DepartmentId::new(1);

pub(crate) struct Bench {
    pub(crate) store: Store,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        migrate::create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, std::time::Duration::from_secs(1)).unwrap();
        let fill = |tx: &WriteTx<'_>| {
            tx.add_department("Sales", false)?;
            tx.customer_for("Ann", &"ann@client.test".parse().unwrap(), NOW)?;
            for name in ["sam", "eva"] {
                let staff = NewStaff {
                    username: name,
                    fullname: name,
                    email: &format!("{name}@desk.test").parse().unwrap(),
                    password_hash: "x",
                    role: StaffRole::Agent,
                    is_active: true,
                    totp_secret: "",
                };
                tx.add_staff(&staff, &[GENERAL], NOW)?;
            }
            Ok::<_, Error>(())
        };
        store.write(fill).unwrap();
        address(&store);
        Self { store, _dir: dir }
    }

    /// Changes through a door at some time, by the desk.
    pub(crate) fn at<T>(&self, now: Timestamp, door: Door, f: impl FnOnce(&Change<'_>) -> T) -> T {
        self.by(Actor::Desk, now, door, f)
    }

    pub(crate) fn by<T>(&self, actor: Actor, now: Timestamp, door: Door, f: impl FnOnce(&Change<'_>) -> T) -> T {
        let settings = self.store.read(|tx| tx.settings()).unwrap();
        let done = self.store.write(|tx| Ok::<_, Error>(f(&Change::new(tx, &settings, actor, door, now))));
        done.unwrap()
    }

    /// Changes by Sam on the pages.
    pub(crate) fn as_sam<T>(&self, f: impl FnOnce(&Change<'_>) -> T) -> T {
        self.by(Actor::Staff(SAM), NOW, Door::Web, f)
    }

    pub(crate) fn staff(&self, id: StaffId) -> Staff {
        self.store.read(|tx| tx.staff(id)).unwrap().unwrap()
    }

    /// A ticket of Ann's, about which nobody is notified.
    pub(crate) fn ticket(&self, subject: &str) -> TicketId {
        let ticket = NewTicket { department: GENERAL, customer: ANN, subject, address: None, reply_to: None };
        let post = Post::plain(Author::Customer(ANN), "It burns.");
        let mail = MailContext::default();
        let opening = Opening { ticket, post, mail, linked: None, notices: Notices::Nobody };
        self.by(Actor::Customer(ANN), NOW, Door::Mail, |change| change.open(&opening).unwrap().0)
    }

    pub(crate) fn read(&self, id: TicketId) -> Ticket {
        self.store.read(|tx| tx.ticket(id)).unwrap().unwrap()
    }

    pub(crate) fn read_in(&self, change: &Change<'_>, id: TicketId) -> Ticket {
        change.tx.ticket(id).unwrap().unwrap()
    }

    pub(crate) fn customer_writes(&self, id: TicketId, text: &str) -> MessageId {
        let post = Post::plain(Author::Customer(ANN), text);
        let write = |change: &Change<'_>| {
            let ticket = self.read_in(change, id);
            change.post(&ticket, &post, StatusChange::ByTable, &MailContext::default(), Notices::Usual).unwrap()
        };
        self.by(Actor::Customer(ANN), NOW, Door::Mail, write)
    }

    /// Sam's answer.
    pub(crate) fn answer(&self, change: &Change<'_>, id: TicketId, text: &str) -> MessageId {
        let ticket = self.read_in(change, id);
        let post = Post::plain(Author::Staff(SAM), text);
        change.post(&ticket, &post, StatusChange::ByTable, &MailContext::default(), Notices::Usual).unwrap()
    }

    /// How many mails wait to be sent.
    pub(crate) fn pending(&self) -> i64 {
        self.store.read(|tx| tx.outbox_pending()).unwrap()
    }

    /// Kind and detail of what happened to a ticket after it was opened.
    pub(crate) fn events_since_opening(&self, id: TicketId) -> Vec<String> {
        let events = self.store.read(|tx| tx.events_of_ticket(id)).unwrap();
        events.iter().skip(1).map(|event| format!("{} {}", event.kind, event.detail)).collect()
    }
}

/// Gives the department an address that sends.
fn address(store: &Store) {
    let row = AddressRow {
        department: Some(GENERAL),
        is_default: true,
        outgoing: Outgoing::File,
        outgoing_dir: "/nonexistent".to_owned(),
        ..AddressRow::new("help@desk.test", "Help")
    };
    store.write(|tx| tx.add_address(&row, NOW)).unwrap();
}
