//! Mails that were set aside, and mails that leave: what of them is shown, to whom, and what is on record of it.

use super::gate::aside;
use super::*;
use crate::domain::ReceiptId;
use crate::store::event::Event;
use crate::store::receipt::ReceiptState;

fn events(desk: &Desk, kind: &str) -> Vec<Event> {
    let all = desk.web.store.read(|tx| tx.events_before(0, 1000)).unwrap();
    all.into_iter().filter(|event| event.kind == kind).collect()
}

fn state(desk: &Desk, id: ReceiptId) -> ReceiptState {
    desk.web.store.read(|tx| tx.receipt(id)).unwrap().unwrap().state
}

#[test]
fn who_drops_a_mail_or_lets_it_in_is_on_record() {
    let desk = Desk::new();
    let abe = desk.browser(desk.agent);
    let (dropped, let_in) = (aside(&desk, "one@desk.test", 1), aside(&desk, "one@desk.test", 2));
    assert_eq!(abe.post(&format!("/staff/aside/{dropped}"), "do=drop&sure=1").status(), 303);
    assert_eq!(abe.post(&format!("/staff/aside/{let_in}"), "do=let-in").status(), 303);
    let ticket = desk.web.store.read(|tx| tx.receipt(let_in)).unwrap().unwrap().ticket.unwrap();
    let (of_dropped, of_let_in) = (format!("mail {dropped}"), let_in.to_string());
    for (kind, detail, ticket) in [("dropped", of_dropped, TicketId::new(0)), ("let-in", of_let_in, ticket)] {
        let event = events(&desk, kind).remove(0);
        assert_eq!((event.detail, event.ticket, event.actor_name.as_str()), (detail, ticket, "abe"), "{kind}");
        assert_eq!((event.door.as_str(), event.ip.as_str()), ("web", "127.0.0.1"), "{kind}");
    }
    let page = text(&abe.get(&format!("/staff/tickets/view/{ticket}")));
    assert!(page.contains("was set aside and let in"), "{page}");
}

#[test]
fn of_several_mails_those_that_are_gone_are_passed_over_and_counted() {
    let desk = Desk::new();
    let abe = desk.browser(desk.agent);
    let mails: Vec<ReceiptId> = (1..=4).map(|n| aside(&desk, "one@desk.test", n)).collect();
    let ticked = |ids: &[ReceiptId]| ids.iter().map(|id| format!("&mail={id}")).collect::<String>();
    let said = |response: &Response| text(&abe.get(response.header("Location").unwrap()));
    let none = abe.post("/staff/aside", "do=drop");
    assert_eq!(none.header("Location"), Some("/staff/aside?said=nothing-ticked"));
    // Another drops one of three meanwhile.
    let asked = text(&abe.post("/staff/aside", &format!("do=drop{}", ticked(&mails[..3]))));
    assert!(asked.contains("Drop 3 mails?"), "{asked}");
    desk.web.store.write(|tx| tx.drop_by_hand(mails[1])).unwrap();
    let asked = text(&abe.post("/staff/aside", &format!("do=drop{}", ticked(&mails[..3]))));
    assert!(asked.contains("Drop 2 mails?"), "{asked}");
    let done = abe.post("/staff/aside", &format!("do=let-in{}", ticked(&mails[..2])));
    let page = said(&done);
    assert!(page.contains("Let in 1 mail.") && page.contains("1 was gone already."), "{page}");
    let done = abe.post("/staff/aside", &format!("do=drop&sure=1{}", ticked(&mails)));
    let page = said(&done);
    assert!(page.contains("Dropped 2 mails.") && page.contains("2 were gone already."), "{page}");
    assert_eq!(state(&desk, mails[0]), ReceiptState::Stored, "what was let in stays");
    assert_eq!(events(&desk, "dropped").len(), 3);
    let page = said(&abe.post("/staff/aside", &format!("do=drop{}", ticked(&mails))));
    assert!(page.contains("4 were gone already.") && !page.contains("Dropped"), "{page}");
    assert_eq!(abe.post(&format!("/staff/aside/{}", mails[0]), "do=drop").status(), 404);
}

#[test]
fn what_waits_in_another_department_hides_nothing_of_ones_own() {
    let desk = Desk::new();
    let (ours, theirs) = (desk.mail("one@desk.test", "Ours", 1), desk.mail("two@desk.test", "Theirs", 2));
    let address = desk.web.store.read(|tx| tx.addresses()).unwrap().remove(0).0;
    let queue = |ticket: TicketId, recipient: &str, n: i64| {
        let new = crate::store::outbox::NewOutgoing {
            event: "staff_reply",
            ticket: Some(ticket),
            address,
            envelope_sender: "",
            recipient: &recipient.parse().unwrap(),
            internet_id: &format!("{n}.{recipient}"),
            raw: b"x",
            is_automatic: false,
            message: None,
            due_at: NOW.plus_s(n),
        };
        desk.web.store.write(|tx| tx.queue(&new, NOW)).unwrap().unwrap()
    };
    let dropped = |id| assert!(desk.web.store.write(|tx| tx.drop_outgoing(id)).unwrap());
    dropped(queue(ours, "dropped@x.test", 0));
    for n in 1..=105 {
        dropped(queue(theirs, "theirs@x.test", n));
        queue(ours, "pending@x.test", n);
    }
    let page = text(&desk.browser(desk.agent).get("/staff/outbox"));
    assert!(page.contains("dropped@x.test") && !page.contains("theirs@x.test"), "{page}");
    assert_eq!(page.matches("pending@x.test").count(), 100);
    let all = text(&desk.browser(desk.admin).get("/staff/outbox"));
    assert_eq!((all.matches("theirs@x.test").count(), all.matches("pending@x.test").count()), (100, 100));
}

#[test]
fn mails_set_aside_for_others_hide_none_of_ones_own() {
    let desk = Desk::new();
    let own = aside(&desk, "one@desk.test", 1);
    let entry = desk.web.store.read(|tx| tx.receipt(own)).unwrap().unwrap();
    for n in 0..210_u16 {
        let key: [u8; 32] = std::array::from_fn(|at| if at < 2 { n.to_be_bytes()[at] } else { 9 });
        let new = crate::store::receipt::NewReceipt {
            key: &key,
            state: ReceiptState::Quarantined,
            reason: entry.reason,
            detail: "",
            place: None,
            from_email: "eve@x.test",
            recipient: "TWO@desk.test",
            sender: None,
            subject: "Theirs",
            internet_id: "",
            bytes: 1,
            trace: None,
        };
        desk.web.store.write(|tx| tx.add_receipt(&new, NOW)).unwrap();
    }
    let page = text(&desk.browser(desk.agent).get("/staff/aside"));
    assert!(page.contains(&format!("/staff/aside/{own}\"")) && !page.contains("Theirs"), "{page}");
    assert!(text(&desk.browser(desk.admin).get("/staff/aside")).contains("Theirs"));
}
