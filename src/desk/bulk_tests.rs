//! Changes of many tickets at once, and taking them back as one.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::desk::tests::{Bench, EVA, GENERAL, NOW, SAM};
use crate::desk::{NotTakenBack, StatusChange, TakenBack};
use crate::domain::{Actor, Door};

fn to_each(bench: &Bench, tickets: &[TicketId], deed: Deed<'_>) -> Done {
    let sam = bench.staff(SAM);
    bench.as_sam(|change| change.to_each(&sam, tickets, deed).unwrap())
}

fn take_back(bench: &Bench, undo: UndoId, at: Timestamp) -> std::result::Result<TakenBack, NotTakenBack> {
    let sam = bench.staff(SAM);
    bench.by(Actor::Staff(SAM), at, Door::Web, |change| change.take_back(undo, &sam, ""))
}

#[test]
fn every_change_of_many_is_taken_back_as_one() {
    let bench = Bench::new();
    let ids: Vec<TicketId> = (0..3).map(|n| bench.ticket(&format!("t{n}"))).collect();
    let (eva, until) = (bench.staff(EVA), NOW.plus_s(60));
    let general = bench.store.read(|tx| tx.department(GENERAL)).unwrap().unwrap();
    // One of them has it already.
    bench.as_sam(|change| {
        change.set_status(&bench.read_in(change, ids[0]), Status::Closed).unwrap();
        change.tag(&bench.read_in(change, ids[0]), "old").unwrap();
    });
    let shape = || {
        let tags = |id| bench.store.read(|tx| tx.tags_of_ticket(id)).unwrap();
        let priority = |id| bench.store.read(|tx| tx.priority_of(id)).unwrap();
        ids.iter().map(|id| (bench.read(*id), tags(*id), priority(*id))).collect::<Vec<_>>()
    };
    let before = shape();
    let deeds = [
        (Deed::Assign(Some(&eva)), 3),
        (Deed::Status(Status::Closed), 2),
        (Deed::Move(&general), 0),
        (Deed::Spam, 3),
        (Deed::Snooze(until), 3),
        (Deed::Tag("urgent"), 3),
        (Deed::Untag("old"), 1),
        (Deed::Priority(4, "Urgent"), 3),
        (Deed::Wake, 0),
        (Deed::NotSpam, 0),
    ];
    for (deed, changed) in deeds {
        let done = to_each(&bench, &ids, deed);
        assert_eq!((done.changed.len(), done.refused.len()), (changed, 0), "{deed:?}");
        let Some(undo) = done.undo else {
            assert_eq!(changed, 0, "{deed:?}");
            continue;
        };
        assert_ne!(shape(), before, "{deed:?}");
        let TakenBack::Changes(back) = take_back(&bench, undo, NOW.plus_s(CHANGES_UNDO_S - 1)).unwrap() else {
            panic!("an answer")
        };
        assert_eq!((back.len(), shape()), (changed, before.clone()), "{deed:?}");
        assert!(matches!(take_back(&bench, undo, NOW), Err(NotTakenBack::TooLate)), "once");
    }
}

#[test]
fn one_change_of_many_leaves_one_event_each() {
    let bench = Bench::new();
    let ids: Vec<TicketId> = (0..500).map(|n| bench.ticket(&format!("t{n}"))).collect();
    let done = to_each(&bench, &ids, Deed::Status(Status::Closed));
    assert_eq!(done.changed, ids);
    take_back(&bench, done.undo.unwrap(), NOW).unwrap();
    for id in ids {
        assert_eq!(bench.events_since_opening(id), ["status closed", "status open"]);
        assert_eq!(bench.read(id).closed_at, Timestamp::default());
    }
}

#[test]
fn what_somebody_has_changed_since_stays() {
    let bench = Bench::new();
    let ids = [bench.ticket("a"), bench.ticket("b")];
    let done = to_each(&bench, &ids, Deed::Status(Status::Closed));
    bench.customer_writes(ids[0], "No!");
    assert_eq!(take_back(&bench, done.undo.unwrap(), NOW).unwrap(), TakenBack::Changes(vec![ids[1]]));
    assert_eq!(bench.read(ids[0]).status, Status::AwaitingReply);
}

#[test]
fn tickets_that_one_may_not_see_are_not_there() {
    let bench = Bench::new();
    let (own, other) = (bench.ticket("a"), bench.ticket("b"));
    let sales = bench.store.read(|tx| tx.departments()).unwrap().remove(1);
    bench.at(NOW, Door::CommandLine, |change| change.move_to(&bench.read_in(change, other), &sales).unwrap());
    let done = to_each(&bench, &[own, other, TicketId::new(99)], Deed::Spam);
    assert_eq!(done.changed, [own]);
    // A ticket out of sight and one that does not exist get the same words.
    let gone = |(id, why): &(TicketId, Refused)| matches!(why, Refused::NoTicket(named) if named == id).then_some(*id);
    assert_eq!(done.refused.iter().filter_map(gone).collect::<Vec<_>>(), [other, TicketId::new(99)]);
    // One's own move out of sight can be taken back.
    let done = to_each(&bench, &[own], Deed::Move(&sales));
    assert_eq!(done.changed, [own]);
    assert_eq!(take_back(&bench, done.undo.unwrap(), NOW).unwrap(), TakenBack::Changes(vec![own]));
    let member = to_each(&bench, &[own], Deed::Assign(Some(&bench.staff(SAM))));
    assert_eq!(member.changed, [own]);
    assert!(matches!(take_back(&bench, member.undo.unwrap(), NOW.plus_s(CHANGES_UNDO_S)), Err(NotTakenBack::TooLate)));
}

#[test]
fn assignee_of_many_is_not_flooded() {
    let bench = Bench::new();
    let eva = bench.staff(EVA);
    let ids: Vec<TicketId> = (0..=NOTICES_MAX).map(|n| bench.ticket(&format!("t{n}"))).collect();
    to_each(&bench, &ids, Deed::Assign(Some(&eva)));
    assert_eq!(bench.pending(), 0);
    to_each(&bench, &ids, Deed::Assign(None));
    to_each(&bench, &ids[1..], Deed::Assign(Some(&eva)));
    assert_eq!(bench.pending(), i64::try_from(NOTICES_MAX).unwrap());
}

#[test]
fn merged_tickets_are_parted_again_with_all_that_was_theirs() {
    let bench = Bench::new();
    let (from, into, older) = (bench.ticket("Lamp"), bench.ticket("Printer"), bench.ticket("Older"));
    bench.as_sam(|change| bench.answer(change, from, "Dark?"));
    bench.customer_writes(from, "Dark.");
    to_each(&bench, &[older], Deed::Merge(from));
    let place = crate::desk::Change::answer_place(SAM, from);
    bench.store.write(|tx| tx.save_draft(place, "k", "I think", "{}", NOW)).unwrap();
    let texts = |id| {
        let all = bench.store.read(|tx| tx.messages(id)).unwrap();
        all.into_iter().filter(|message| !message.is_internal).map(|message| message.body).collect::<Vec<_>>()
    };
    let (before, before_into) = ((bench.read(from), texts(from)), (bench.read(into), texts(into)));
    let done = to_each(&bench, &[from], Deed::Merge(into));
    assert_eq!((texts(from).len(), texts(into).len()), (0, before.1.len() + 1));
    assert_eq!(bench.read(older).merged_into, Some(into));
    let draft = bench.store.read(|tx| tx.draft_by_key("k", SAM)).unwrap().unwrap();
    assert_eq!(draft.place.ticket, Some(into), "what is being written goes along");
    let refused = to_each(&bench, &[from], Deed::Spam).refused;
    assert!(refused[0].1.to_string().contains("was merged into"), "{refused:?}");

    assert_eq!(take_back(&bench, done.undo.unwrap(), NOW).unwrap(), TakenBack::Changes(vec![from]));
    assert_eq!((bench.read(from), texts(from)), before);
    assert_eq!((bench.read(into), texts(into)), before_into);
    assert_eq!(bench.read(older).merged_into, Some(from));
    assert_eq!(bench.store.read(|tx| tx.deliveries_of_ticket(from)).unwrap().len(), 1, "its mails are its own again");
    assert!(bench.events_since_opening(from).contains(&format!("parted from #{into}")));
    assert!(bench.events_since_opening(into).contains(&format!("parted of #{from}")));
    bench.as_sam(|change| assert_eq!(change.part(&bench.read_in(change, from)).unwrap(), None));
}

#[test]
fn what_came_in_after_a_merge_stays_where_it_came_in() {
    let bench = Bench::new();
    let (from, into) = (bench.ticket("Lamp"), bench.ticket("Printer"));
    to_each(&bench, &[from], Deed::Merge(into));
    bench.customer_writes(into, "Both!");
    bench.as_sam(|change| {
        let ticket = bench.read_in(change, into);
        let post = crate::desk::Post::plain(crate::domain::Author::Staff(SAM), "Fixed.");
        let mail = crate::desk::MailContext::default();
        change.post(&ticket, &post, StatusChange::To(Status::Closed), &mail, Notices::Nobody).unwrap();
        assert_eq!(change.part(&bench.read_in(change, from)).unwrap(), Some(into));
    });
    assert_eq!((bench.read(from).replies, bench.read(into).replies), (0, 2));
    assert_eq!((bench.read(from).status, bench.read(into).status), (Status::Open, Status::Closed));
}

#[test]
fn nothing_is_merged_into_a_ticket_that_one_may_not_see() {
    let bench = Bench::new();
    let (own, other) = (bench.ticket("a"), bench.ticket("b"));
    let sales = bench.store.read(|tx| tx.departments()).unwrap().remove(1);
    let hide =
        |id| bench.at(NOW, Door::CommandLine, |change| change.move_to(&bench.read_in(change, id), &sales).unwrap());
    hide(other);
    let done = to_each(&bench, &[own], Deed::Merge(other));
    assert_eq!((done.changed, done.undo), (Vec::new(), None));
    assert!(matches!(&done.refused[..], [(id, Refused::NoTicket(into))] if (*id, *into) == (own, other)));
    assert_eq!(bench.read(own).merged_into, None);
    // Nor is it parted from one that went out of sight since.
    let third = bench.ticket("c");
    let done = to_each(&bench, &[own], Deed::Merge(third));
    hide(third);
    assert_eq!(take_back(&bench, done.undo.unwrap(), NOW).unwrap(), TakenBack::Changes(Vec::new()));
    assert_eq!(bench.read(own).merged_into, Some(third));
}
