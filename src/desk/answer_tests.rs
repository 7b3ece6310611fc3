//! Answers of the pages: posted once, stopped by news, taken back wholly or not at all.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::desk::tests::{ANN, Bench, EVA, GENERAL, NOW, SAM};
use crate::desk::{NotTakenBack, TakenBack, notify};
use crate::domain::{Door, Status, Timestamp};
use crate::store::draft::Draft;
use crate::store::ticket::NewTicket;

fn file(name: &'static str) -> NewAttachment<'static> {
    NewAttachment { name, original_name: name, content_type: "text/plain", content: b"abc", cid: "", is_inline: false }
}

/// Sam's answer with a key; `shown` is what he has seen.
fn answer(bench: &Bench, id: TicketId, key: &str, shown: Option<i64>) -> std::result::Result<Posted, NotPosted> {
    answer_to(bench, id, key, shown, None)
}

fn answer_to(
    bench: &Bench,
    id: TicketId,
    key: &str,
    shown: Option<i64>,
    recipients: Option<&[Mailbox]>,
) -> std::result::Result<Posted, NotPosted> {
    let sam = bench.staff(SAM);
    let attachments = [file("new.txt")];
    let writing = Writing {
        staff: &sam,
        text: Text::Plain("Pull the plug."),
        attachments: &attachments,
        key,
        typed: "Pull the *plug*.",
        fields: "{\"cc\":\"\"}",
    };
    let answer = Answer { writing, status: StatusChange::ByTable, recipients, shown };
    bench.as_sam(|change| change.answer(&bench.read_in(change, id), &answer))
}

fn undo_of(posted: Posted) -> (MessageId, UndoId) {
    let Posted::Now { message, undo: Some(undo), .. } = posted else { panic!("{posted:?}") };
    (message, undo)
}

fn take_back(bench: &Bench, undo: UndoId, at: Timestamp) -> std::result::Result<TakenBack, NotTakenBack> {
    let sam = bench.staff(SAM);
    bench.by(Actor::Staff(SAM), at, Door::Web, |change| change.take_back(undo, &sam, "again"))
}

fn draft(bench: &Bench, id: TicketId) -> Option<Draft> {
    bench.store.read(|tx| tx.draft(Change::answer_place(SAM, id))).unwrap()
}

fn messages(bench: &Bench, id: TicketId) -> usize {
    bench.store.read(|tx| tx.messages(id)).unwrap().len()
}

#[test]
fn form_that_is_sent_twice_posts_once_with_the_files_of_its_draft() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let save = |text: &str| {
        let place = Change::answer_place(SAM, id);
        bench.store.write(|tx| tx.save_draft(place, "k1", text, "{}", NOW)).unwrap()
    };
    let kept = save("Pull").unwrap();
    bench.store.write(|tx| tx.add_draft_file(kept, &file("old.txt"))).unwrap();
    let Posted::Now { message, .. } = answer(&bench, id, "k1", None).unwrap() else { panic!("posted before") };
    let before = SpentKey { ticket: id, message: Some(message) };
    assert_eq!(answer(&bench, id, "k1", None).unwrap(), Posted::Before(before));
    assert_eq!((messages(&bench, id), bench.pending()), (2, 1));
    let files = bench.store.read(|tx| tx.files_of_message(message)).unwrap();
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["old.txt", "new.txt"]);
    assert!(draft(&bench, id).is_none());
    assert_eq!(save("late"), None, "saved by itself after it was sent");
    assert_eq!(bench.read(id).staff, Some(SAM), "nobody had it");
    assert_eq!(bench.events_since_opening(id), ["answered ", "assigned sam"]);
}

#[test]
fn form_that_is_sent_again_with_something_else_in_it_says_so_and_posts_nothing() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let (message, undo) = undo_of(answer(&bench, id, "k", None).unwrap());
    let sam = bench.staff(SAM);
    let again = |text, attachments: &[NewAttachment<'_>], is_note| {
        let writing =
            Writing { staff: &sam, text: Text::Plain(text), attachments, key: "k", typed: text, fields: "{}" };
        let answer = Answer { writing: writing.clone(), status: StatusChange::ByTable, recipients: None, shown: None };
        bench.as_sam(|change| {
            let ticket = bench.read_in(change, id);
            if is_note {
                change.write_note(&ticket, &writing).unwrap()
            } else {
                change.answer(&ticket, &answer).unwrap()
            }
        })
    };
    let spent = SpentKey { ticket: id, message: Some(message) };
    assert_eq!(again("Pull the plug.", &[], false), Posted::Before(spent));
    assert_eq!(again("Pull the plug.", &[file("new.txt")], false), Posted::Before(spent));
    assert_eq!(again("Pull the plug.", &[file("other.txt")], false), Posted::Other(spent));
    assert_eq!(again("Pull the plug!", &[], false), Posted::Other(spent));
    assert_eq!(again("Pull the plug.", &[], true), Posted::Other(spent));
    take_back(&bench, undo, NOW).unwrap();
    let spent = SpentKey { ticket: id, message: None };
    assert_eq!(again("Pull the *plug*.", &[], false), Posted::Before(spent), "it is a draft again");
    assert_eq!(again("Push it.", &[], false), Posted::Other(spent));
    assert_eq!(messages(&bench, id), 1);
}

#[test]
fn news_by_somebody_else_stop_an_answer_and_ones_own_do_not() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let shown = || Some(bench.store.read(|tx| tx.newest_event()).unwrap());
    let before = shown();
    bench.as_sam(|change| {
        change.note(id, &Post::plain(Author::Staff(SAM), "mine")).unwrap();
        change.set_status(&bench.read_in(change, id), Status::InProgress).unwrap();
        change.note_of_desk(id, "the desk's").unwrap();
    });
    bench.by(Actor::Staff(EVA), NOW, Door::Web, |change| change.tag(&bench.read_in(change, id), "urgent").unwrap());
    assert!(answer(&bench, id, "a", before).is_ok(), "nothing to read");
    let before = shown();
    bench.customer_writes(id, "Still.");
    let refused = answer(&bench, id, "b", before).unwrap_err();
    let NotPosted::News(news) = refused else { panic!("{refused}") };
    assert_eq!(news.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["replied"]);
    assert!(news[0].message.is_some());
    let before = shown();
    bench.by(Actor::Staff(EVA), NOW, Door::Web, |change| {
        change.note(id, &Post::plain(Author::Staff(EVA), "wait")).unwrap();
    });
    assert!(matches!(answer(&bench, id, "b", before), Err(NotPosted::News(_))));
    assert!(answer(&bench, id, "b", None).is_ok(), "anyway");
    assert!(answer(&bench, id, "c", shown()).is_ok());
}

#[test]
fn answer_taken_back_leaves_no_mail_and_the_ticket_as_it_was() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let before = bench.read(id);
    let (message, undo) = undo_of(answer(&bench, id, "k", Some(99)).unwrap());
    assert_eq!(bench.read(id).status, Status::Answered);
    assert_eq!(take_back(&bench, undo, NOW.plus_s(9)).unwrap(), TakenBack::Answer { ticket: id });
    assert_eq!(bench.read(id), before);
    assert_eq!((messages(&bench, id), bench.pending()), (1, 0));
    let kept = draft(&bench, id).unwrap();
    assert_eq!((kept.body.as_str(), kept.fields.as_str()), ("Pull the *plug*.", "{\"cc\":\"\"}"));
    let files = bench.store.read(|tx| tx.draft_files(kept.id)).unwrap();
    assert_eq!((files.len(), files[0].name.as_str()), (1, "new.txt"));
    let content = bench.store.read(|tx| tx.draft_file_content(files[0].id)).unwrap();
    assert_eq!(content.as_deref(), Some(&b"abc"[..]));
    assert!(matches!(take_back(&bench, undo, NOW.plus_s(9)), Err(NotTakenBack::TooLate)), "once");
    let spent = bench.store.read(|tx| tx.spent_key("k")).unwrap().unwrap();
    assert_eq!(spent.message, None, "the old form still posts nothing");
    let (again, _) = undo_of(answer(&bench, id, "again", Some(99)).unwrap());
    assert_ne!(again, message);
    assert_eq!(bench.pending(), 1);
    assert_eq!(
        bench.events_since_opening(id),
        ["answered ", "assigned sam", "taken-back ", "answered ", "assigned sam"]
    );
}

#[test]
fn answer_is_taken_back_only_while_none_of_its_mails_was_tried() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let (_, undo) = undo_of(answer(&bench, id, "k", None).unwrap());
    let claim = |at: Timestamp| {
        bench.store.write(|tx| tx.claim_due(crate::store::outbox::Scope::All, &[], 9, at.plus_s(60), at)).unwrap().len()
    };
    assert_eq!(claim(NOW.plus_s(9)), 0, "it waits for the time in which it can be taken back");
    assert!(matches!(take_back(&bench, undo, NOW.plus_s(10)), Err(NotTakenBack::TooLate)), "its time is over");
    assert_eq!(claim(NOW.plus_s(10)), 1);
    let (_, undo) = undo_of(answer(&bench, id, "l", None).unwrap());
    let eva = bench.staff(EVA);
    let other = bench.by(Actor::Staff(EVA), NOW, Door::Web, |change| change.take_back(undo, &eva, "x"));
    assert!(matches!(other, Err(NotTakenBack::TooLate)), "somebody else's");
    assert_eq!(claim(NOW.plus_s(10)), 1, "by a clock that is ahead");
    assert!(matches!(take_back(&bench, undo, NOW), Err(NotTakenBack::TooLate)), "a sender has it");
}

#[test]
fn taking_back_leaves_what_others_changed_and_what_was_begun() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let (_, undo) = undo_of(answer(&bench, id, "k", None).unwrap());
    let eva = bench.staff(EVA);
    bench.by(Actor::Staff(EVA), NOW, Door::Web, |change| {
        change.assign(id, &eva, Notices::Nobody).unwrap();
        change.set_status(&bench.read_in(change, id), Status::InProgress).unwrap();
    });
    bench.store.write(|tx| tx.save_draft(Change::answer_place(SAM, id), "n", "And then", "{}", NOW)).unwrap();
    take_back(&bench, undo, NOW).unwrap();
    let ticket = bench.read(id);
    assert_eq!((ticket.status, ticket.staff), (Status::InProgress, Some(EVA)));
    assert_eq!(draft(&bench, id).unwrap().body, "Pull the *plug*.\n\nAnd then");
}

#[test]
fn without_a_time_to_take_back_the_mail_is_due_at_once() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let off = crate::store::settings::definition("undo_send_s").unwrap();
    bench.store.write(|tx| tx.set_setting(off, "0")).unwrap();
    assert!(matches!(answer(&bench, id, "k", None), Ok(Posted::Now { undo: None, .. })));
    let due = bench.store.read(|tx| tx.is_anything_due(crate::store::outbox::Scope::All, &[], NOW)).unwrap();
    assert!(due);
}

fn recipients_of(bench: &Bench, ticket: TicketId, message: MessageId) -> Vec<String> {
    let mut mails = bench.store.read(|tx| tx.deliveries_of_ticket(ticket)).unwrap();
    mails.retain(|mail| mail.message == message);
    mails.into_iter().map(|mail| mail.recipient).collect()
}

#[test]
fn recipients_are_those_above_the_text_from_now_on() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let person = |email: &str| Mailbox { name: String::new(), address: email.parse().unwrap() };
    let mail_to = |key: &str, people: &[&str]| {
        let people: Vec<Mailbox> = people.iter().map(|email| person(email)).collect();
        let (message, _) = undo_of(answer_to(&bench, id, key, None, Some(&people)).unwrap());
        recipients_of(&bench, id, message)
    };
    assert_eq!(mail_to("a", &["ann@client.test", "bob@x.test"]), ["ann@client.test", "bob@x.test"]);
    let takes_part = || bench.store.read(|tx| tx.participants(id)).unwrap().len();
    assert_eq!(takes_part(), 1);
    assert_eq!(mail_to("b", &["ann@client.test"]), ["ann@client.test"]);
    assert_eq!(takes_part(), 0, "left out, and out of it");
    assert_eq!(mail_to("c", &["carl@x.test"]), ["carl@x.test"], "the customer gets no copy of this one");
    let (message, _) = undo_of(answer(&bench, id, "d", None).unwrap());
    assert_eq!(recipients_of(&bench, id, message), ["ann@client.test", "carl@x.test"], "the usual");
}

#[test]
fn note_tells_whom_it_mentions_and_nobody_else() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let sam = bench.staff(SAM);
    let text = "@eva, @EVA, @sam, @nobody: see ann@client.test";
    let writing =
        Writing { staff: &sam, text: Text::Plain(text), attachments: &[], key: "k", typed: text, fields: "{}" };
    let note = || bench.as_sam(|change| change.write_note(&bench.read_in(change, id), &writing).unwrap());
    let Posted::Now { message, .. } = note() else { panic!("posted before") };
    assert!(matches!(note(), Posted::Before(_)));
    let mails = bench.store.read(|tx| tx.outgoing_recent("", 10)).unwrap();
    let mails: Vec<_> = mails.iter().map(|mail| (mail.event.as_str(), mail.recipient.as_str())).collect();
    assert_eq!(mails, [("staff_mentioned", "eva@desk.test")]);
    assert_eq!(bench.events_since_opening(id), ["noted ", "mentioned eva"]);
    assert!(bench.store.read(|tx| tx.messages(id)).unwrap().iter().any(|m| m.id == message && m.is_internal));
    let template = notify::preview;
    let shown =
        bench.store.read(|tx| template(tx, &tx.settings()?, crate::outbox::template::Event::StaffMentioned, id));
    assert!(shown.unwrap().unwrap().text.contains("mentions you"));
}

#[test]
fn ticket_written_on_the_pages_is_opened_once() {
    let bench = Bench::new();
    let sam = bench.staff(SAM);
    let writing =
        Writing { staff: &sam, text: Text::Plain("We called."), attachments: &[], key: "k", typed: "", fields: "" };
    let opening = Opening {
        ticket: NewTicket { department: GENERAL, customer: ANN, subject: "Call", address: None, reply_to: None },
        post: Post::plain(Author::Staff(SAM), ""),
        mail: MailContext::default(),
        linked: None,
        notices: Notices::Usual,
    };
    let open = || bench.as_sam(|change| change.open_written(&opening, &writing).unwrap());
    let Posted::Now { ticket, message, .. } = open() else { panic!("posted before") };
    assert_eq!(open(), Posted::Before(SpentKey { ticket, message: Some(message) }));
    assert_eq!(bench.store.read(|tx| tx.message_text(message)).unwrap().unwrap().body, "We called.");
    assert_eq!(bench.pending(), 1);
}

#[test]
fn draft_changes_its_kind_with_its_form() {
    let bench = Bench::new();
    let id = bench.ticket("Printer");
    let place = |kind| DraftPlace { staff: SAM, ticket: Some(id), kind };
    let save = |kind, key: &str, text: &str| {
        bench.store.write(|tx| tx.save_draft(place(kind), key, text, "{}", NOW)).unwrap().unwrap()
    };
    let note = save(DraftKind::Note, "other", "a note");
    let id_of = save(DraftKind::Answer, "k", "text");
    assert_eq!(save(DraftKind::Answer, "k", "text 2"), id_of);
    assert_ne!(note, id_of);
    assert_eq!(save(DraftKind::Note, "k", "text 3"), id_of, "the form became a note");
    let all = bench.store.read(|tx| tx.drafts_of(SAM)).unwrap();
    assert_eq!(all.iter().map(|draft| draft.body.as_str()).collect::<Vec<_>>(), ["text 3"]);
    assert!(bench.store.read(|tx| tx.draft_by_key("k", EVA)).unwrap().is_none());
    let new = DraftPlace { staff: SAM, ticket: None, kind: DraftKind::Ticket };
    for text in ["x", "y"] {
        bench.store.write(|tx| tx.save_draft(new, "t", text, "{}", NOW)).unwrap();
    }
    assert_eq!(bench.store.read(|tx| tx.draft(new)).unwrap().unwrap().body, "y");
}

#[test]
fn answer_is_taken_back_from_the_ticket_it_was_merged_into() {
    let bench = Bench::new();
    let (id, into) = (bench.ticket("Printer"), bench.ticket("Lamp"));
    let before = (bench.read(id), bench.read(into));
    let (_, undo) = undo_of(answer(&bench, id, "k", Some(99)).unwrap());
    bench.by(Actor::Staff(EVA), NOW, Door::Web, |change| {
        bench.answer(change, into, "Which lamp?");
        change.merge(&bench.read_in(change, id), &bench.read_in(change, into)).unwrap();
    });
    assert_eq!(bench.read(into).status, Status::Answered);
    assert_eq!(take_back(&bench, undo, NOW.plus_s(9)).unwrap(), TakenBack::Answer { ticket: into });
    assert_eq!(bench.pending(), 1, "the mail of the other answer alone");
    assert_eq!(bench.read(into).status, Status::AwaitingReply, "the first one's customer waits again");
    assert_eq!(draft(&bench, into).unwrap().body, "Pull the *plug*.");
    // Parted again, it stands as it did before the answer.
    bench.as_sam(|change| change.part(&bench.read_in(change, id)).unwrap());
    let parted = bench.read(id);
    assert_eq!((parted.status, parted.staff, parted.replies), (before.0.status, before.0.staff, 0));
    assert_eq!((bench.read(into).status, messages(&bench, id)), (Status::Answered, 2));
}

/// Sam writes to a customer first.
fn open(bench: &Bench, key: &str) -> Posted {
    let sam = bench.staff(SAM);
    let writing = Writing {
        staff: &sam,
        text: Text::Plain("We call at noon."),
        attachments: &[file("plan.txt")],
        key,
        typed: "We call at *noon*.",
        fields: "{\"to\":\"ann@client.test\"}",
    };
    let ticket = NewTicket { department: GENERAL, customer: ANN, subject: "Call", address: None, reply_to: None };
    let post = Post::plain(Author::Staff(SAM), "We call at noon.");
    let mail = MailContext::default();
    let opening = Opening { ticket, post, mail, linked: None, notices: Notices::Usual };
    bench.as_sam(|change| change.open_written(&opening, &writing).unwrap())
}

#[test]
fn ticket_that_was_opened_by_writing_to_a_customer_is_taken_back_whole() {
    let bench = Bench::new();
    let place = DraftPlace { staff: SAM, ticket: None, kind: DraftKind::Ticket };
    let posted = open(&bench, "k");
    let Posted::Now { ticket, .. } = posted else { panic!("{posted:?}") };
    let (_, undo) = undo_of(posted);
    let waits = |at: Timestamp| bench.store.read(|tx| tx.is_anything_due(crate::store::outbox::Scope::All, &[], at));
    assert!(bench.pending() > 0 && !waits(NOW.plus_s(9)).unwrap() && waits(NOW.plus_s(10)).unwrap());
    assert_eq!(take_back(&bench, undo, NOW.plus_s(9)).unwrap(), TakenBack::Opening);
    assert_eq!((bench.store.read(|tx| tx.ticket(ticket)).unwrap(), bench.pending()), (None, 0));
    let kept = bench.store.read(|tx| tx.draft(place)).unwrap().unwrap();
    assert_eq!((kept.body.as_str(), kept.fields.as_str()), ("We call at *noon*.", "{\"to\":\"ann@client.test\"}"));
    assert_eq!(bench.store.read(|tx| tx.draft_files(kept.id)).unwrap().len(), 1);
    let kinds: Vec<String> =
        bench.store.read(|tx| tx.events_of_ticket(ticket)).unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["opened", "taken-back", "removed"]);
    // What somebody has written into it since is not thrown away.
    let posted = open(&bench, "k2");
    let Posted::Now { ticket, .. } = posted else { panic!("{posted:?}") };
    let (_, undo) = undo_of(posted);
    bench.by(Actor::Staff(EVA), NOW, Door::Web, |change| {
        change.note(ticket, &Post::plain(Author::Staff(EVA), "I was about to.")).unwrap();
    });
    assert!(matches!(take_back(&bench, undo, NOW.plus_s(9)), Err(NotTakenBack::TooLate)));
    assert_eq!(messages(&bench, ticket), 2);
}

#[test]
fn ticket_that_was_merged_takes_no_note_and_no_mark() {
    let bench = Bench::new();
    let (from, into) = (bench.ticket("Lamp"), bench.ticket("Printer"));
    bench.as_sam(|change| change.merge(&bench.read_in(change, from), &bench.read_in(change, into)).unwrap());
    let (before, count) = (bench.events_since_opening(from), messages(&bench, from));
    let sam = bench.staff(SAM);
    bench.as_sam(|change| {
        let ticket = bench.read_in(change, from);
        let writing =
            Writing { staff: &sam, text: Text::Plain("x"), attachments: &[], key: "k", typed: "x", fields: "{}" };
        let noted = change.write_note(&ticket, &writing);
        assert!(matches!(noted, Err(NotPosted::Merged(_, to)) if to == into), "{noted:?}");
        let eva = change.tx.customer_for("Eva", &"eva@client.test".parse().unwrap(), NOW).unwrap();
        let people = [ANN, eva].map(|id| change.tx.customer(id).unwrap().unwrap());
        let refused = [
            change.tag(&ticket, "urgent"),
            change.untag(&ticket, "urgent"),
            change.set_subject(&ticket, "Lamps"),
            change.set_field(&ticket, "Room", "12"),
            change.set_priority(&ticket, 2, "High"),
            change.snooze(&ticket, NOW.plus_s(60)),
            change.spam(&ticket),
            change.spam_and_ban(&ticket).map(drop),
            change.set_requester(&ticket, &people[0], &people[1], crate::desk::Former::Leaves),
        ];
        for (n, done) in refused.into_iter().enumerate() {
            let words = done.unwrap_err().to_string();
            assert!(words.contains(&format!("was merged into {into}")), "{n}: {words}");
        }
    });
    assert_eq!((bench.events_since_opening(from), messages(&bench, from)), (before, count));
}
