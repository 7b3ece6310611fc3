//! Customers' pages as a browser without JavaScript has them.
#![allow(clippy::unwrap_used)]

mod entry;
mod kept;
mod pages;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::desk::{Change, MailContext, Notices, Post, StatusChange};
use crate::domain::desk_address::Outgoing;
use crate::domain::{Actor, Author, Door, Status, TicketId, Timestamp};
use crate::http::{Method, Request, Response};
use crate::store::attachment::NewAttachment;
use crate::store::knowledge::{ArticleChange, CategoryChange};
use crate::web::respond;
use crate::web::tests::{Desk, NOW, text};

/// Somebody in front of a browser.
struct Person<'d> {
    desk: &'d Desk,
    cookies: RefCell<BTreeMap<String, String>>,
    now: Cell<Timestamp>,
}

impl<'d> Person<'d> {
    fn at(desk: &'d Desk) -> Self {
        Self { desk, cookies: RefCell::default(), now: Cell::new(NOW) }
    }

    fn wait_s(&self, seconds: i64) {
        self.now.set(self.now.get().plus_s(seconds));
    }

    fn ask(&self, request: Request) -> Response {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.with_header("Cookie", &cookies.join("; ")).with_header("Accept", "text/html");
        let response = respond(&self.desk.web, request, self.now.get());
        if let Some(set) = response.header("Set-Cookie") {
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            self.cookies.borrow_mut().insert(name.to_owned(), value);
        }
        response
    }

    fn get(&self, path: &str) -> Response {
        self.ask(Request::new(Method::Get, path))
    }

    fn send(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::new(Method::Post, path)
            .with_header("Content-Type", "application/x-www-form-urlencoded")
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_body(body);
        self.ask(request)
    }

    /// Fills in the form of a page and sends it, hidden fields and all.
    fn fill(&self, page: &str, path: &str, pairs: &[(&str, &str)]) -> Response {
        let hidden: Vec<(&str, String)> =
            ["form_token", "key"].into_iter().filter_map(|name| Some((name, hidden(page, name)?))).collect();
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend_from_slice(pairs);
        self.send(path, &all)
    }

    /// Opens a page and sends the form on it, after the time a person needs.
    fn submit(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        let page = text(&self.get(path));
        self.wait_s(3);
        self.fill(&page, path, pairs)
    }
}

/// The value of the last hidden field of that name.
fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.rsplit_once(&format!("name=\"{name}\" value=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.set("site_url", "https://x.test/desk");
    sends(&desk);
    desk
}

/// Has the desk's addresses send.
fn sends(desk: &Desk) {
    let done = desk.web.store.write(|tx| {
        for (id, row) in tx.addresses()? {
            let row = crate::store::address::AddressRow { outgoing: Outgoing::Sendmail, ..row };
            tx.update_address(id, &row, NOW)?;
        }
        Ok::<_, crate::store::Error>(())
    });
    done.unwrap();
}

/// Mails on their way, oldest first: recipient, and the text without the breaks of its encoding.
fn mails(desk: &Desk) -> Vec<(String, String)> {
    let found = desk.web.store.read(|tx| {
        let mut found = Vec::new();
        for mail in tx.outgoing_recent("pending", 1000)? {
            let raw = tx.outgoing_raw(mail.id)?.unwrap_or_default();
            let raw = String::from_utf8_lossy(&raw).replace("=\r\n", "").replace("=3D", "=");
            found.push((mail.recipient.clone(), raw));
        }
        Ok::<_, crate::store::Error>(found)
    });
    let mut found = found.unwrap();
    found.reverse();
    found
}

/// The last link of that kind that was mailed to somebody, without the desk's address.
fn mailed(desk: &Desk, to: &str, kind: &str) -> String {
    let start = format!("https://x.test/desk/{kind}/");
    let (_, raw) = mails(desk).into_iter().rev().find(|(own, raw)| own == to && raw.contains(&start)).unwrap();
    let rest = raw.rsplit_once(&start).unwrap().1;
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    format!("/{kind}/{token}")
}

const ANN: [(&str, &str); 5] = [
    ("name", "Ann"),
    ("email", "ann@x.test"),
    ("department", "1"),
    ("subject", "Printer <b>burns</b>"),
    ("text", "It stands in flames.\n<script>alert(1)</script>"),
];

fn open(desk: &Desk, person: &Person<'_>) -> TicketId {
    let done = person.submit("/submit-ticket", &ANN);
    assert_eq!(done.status(), 303, "{}", text(&done));
    newest(desk)
}

fn newest(desk: &Desk) -> TicketId {
    TicketId::new(desk.web.store.read(|tx| tx.row_count(crate::store::row_count::TICKETS, 0)).unwrap())
}

fn tickets(desk: &Desk) -> i64 {
    newest(desk).get()
}

fn status(desk: &Desk, id: TicketId) -> Status {
    desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().status
}

fn messages(desk: &Desk, id: TicketId) -> usize {
    let all = desk.web.store.read(|tx| tx.speeches(id)).unwrap();
    all.iter().filter(|speech| !speech.is_internal).count()
}

/// Staff answer, and write a note with a file.
fn answer_and_note(desk: &Desk, id: TicketId) {
    desk.web
        .store
        .write(|tx| {
            let settings = tx.settings()?;
            let change = Change::new(tx, &settings, Actor::Staff(desk.admin), Door::Web, NOW);
            let ticket = tx.ticket(id)?.unwrap();
            let author = Author::Staff(desk.admin);
            let post = Post::plain(author, "Put it out with sand.");
            change.post(&ticket, &post, StatusChange::ByTable, &MailContext::default(), Notices::Usual)?;
            let file = NewAttachment {
                name: "secret.txt",
                original_name: "secret.txt",
                content_type: "text/plain",
                content: b"secret",
                cid: "",
                is_inline: false,
            };
            let note = Post { attachments: &[file], ..Post::plain(author, "A customer like this!") };
            change.note(id, &note)?;
            Ok::<_, crate::store::Error>(())
        })
        .unwrap();
}

#[test]
fn ticket_is_submitted_followed_by_its_mailed_link_answered_and_solved() {
    let desk = desk();
    let ann = Person::at(&desk);
    let form = text(&ann.get("/submit-ticket"));
    for name in ["Your name", "Your email", "Department", "Subject", "Message", "Files", "Send"] {
        assert!(form.contains(name), "{name}");
    }
    let id = open(&desk, &ann);
    let sent = ann.fill(&form, "/submit-ticket", &ANN);
    let sent = text(&ann.get(sent.header("Location").unwrap().trim_start_matches("/desk")));
    assert!(sent.contains("#1"), "{sent}");
    assert_eq!(ann.get("/tickets/show/1").status(), 303, "who submits has proved nothing");
    answer_and_note(&desk, id);

    let link = mailed(&desk, "ann@x.test", "t");
    for (_, raw) in mails(&desk).iter().filter(|(to, _)| to == "ann@x.test") {
        assert_eq!(raw.matches("https://x.test/desk/t/").count(), 3, "in the text, and in the HTML as link and words");
    }
    assert!(!mails(&desk).iter().any(|(to, raw)| to != "ann@x.test" && raw.contains("/t/")), "staff get no link");
    let opened = ann.get(&link);
    assert_eq!((opened.status(), opened.header("Location")), (303, Some("/desk/tickets/show/1")));
    assert!(!opened.header("Set-Cookie").unwrap().contains(link.trim_start_matches("/t/")));
    let page = text(&ann.get("/tickets/show/1"));
    assert!(page.contains("Put it out with sand.") && page.contains("It stands in flames."), "{page}");
    assert!(page.contains("Printer &#60;b&#62;burns") && !page.contains("<script>alert"), "{page}");
    assert!(!page.contains("A customer like this!") && !page.contains("secret.txt"), "{page}");
    assert_eq!(page.matches("<article").count(), 2);
    assert!(!page.contains(link.trim_start_matches("/t/")));

    ann.wait_s(2);
    let done = ann.fill(&page, "/tickets/show/1", &[("text", "It is out."), ("do", "send")]);
    assert_eq!(done.status(), 303);
    assert_eq!((status(&desk, id), messages(&desk, id)), (Status::AwaitingReply, 3));
    let again = ann.fill(&page, "/tickets/show/1", &[("text", "It is out."), ("do", "send")]);
    assert_eq!(again.header("Location"), done.header("Location"), "the message that is there");
    assert_eq!(messages(&desk, id), 3, "the same form posts once");

    let page = text(&ann.get("/tickets/show/1"));
    assert_eq!(ann.fill(&page, "/tickets/show/1", &[("do", "send")]).status(), 422, "nothing to send");
    assert_eq!(ann.fill(&page, "/tickets/show/1", &[("do", "solved")]).status(), 303);
    assert_eq!((status(&desk, id), messages(&desk, id)), (Status::Closed, 3));
    assert!(!text(&ann.get("/tickets/show/1")).contains("Solved, thanks"));
}

#[test]
fn link_of_one_ticket_opens_it_alone_and_no_other_link_does() {
    let desk = desk();
    let ann = Person::at(&desk);
    open(&desk, &ann);
    let other = desk.mail("one@desk.test", "Other", 5);
    let link = mailed(&desk, "ann@x.test", "t");
    let stranger = Person::at(&desk);
    let mut altered = link.clone();
    let last = altered.pop().unwrap();
    altered.push(if last == 'a' { 'b' } else { 'a' });
    let of_other = link.replacen("/t/1-", &format!("/t/{other}-"), 1);
    for wrong in [altered.as_str(), &of_other, "/t/", "/t/1", "/t/x", "/t/1-7fffffff-aaaaaaaaaaaaaaaaaaaaa"] {
        let refused = stranger.get(wrong);
        assert!(matches!(refused.status(), 403 | 404) && refused.header("Set-Cookie").is_none(), "{wrong}");
    }
    stranger.now.set(NOW.plus_s(90 * Timestamp::DAY_S));
    assert_eq!(stranger.get(&link).status(), 303, "the last day");
    let late = Person::at(&desk);
    late.now.set(NOW.plus_s(90 * Timestamp::DAY_S + 4));
    assert_eq!(late.get(&link).status(), 403, "its time is over");
    ann.get(&link);
    assert_eq!(ann.get("/tickets/show/1").status(), 200);
    assert_eq!(ann.get(&format!("/tickets/show/{other}")).status(), 404);
    assert_eq!(ann.get("/tickets/show/999").status(), 404);
    assert_eq!(ann.get("/tickets").header("Location"), Some("/desk/tickets/show/1"));
    let page = text(&ann.get("/tickets/show/1"));
    assert_eq!(ann.fill(&page, &format!("/tickets/show/{other}"), &[("text", "x"), ("do", "send")]).status(), 404);
    assert_eq!(messages(&desk, other), 1);
}

#[test]
fn files_are_for_those_who_read_their_message() {
    let desk = desk();
    let ann = Person::at(&desk);
    let mine = desk.mail("one@desk.test", "Mine", 1);
    let other = desk.mail("one@desk.test", "Other", 2);
    answer_and_note(&desk, mine);
    let files = desk.web.store.read(|tx| tx.all_attachments()).unwrap();
    let of = |ticket, name: &str| {
        let found = files.iter().find(|file| file.ticket == Some(ticket) && file.name == name).unwrap();
        format!("/files/{}/{name}", found.id)
    };
    assert_eq!(ann.get(&of(mine, "a.txt")).header("Location"), Some("/desk/login"));
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let own = ann.get(&of(mine, "a.txt"));
    assert_eq!((own.status(), text(&own).as_str()), (200, "file"));
    assert!(own.header("Content-Disposition").unwrap().starts_with("attachment"));
    assert_eq!(ann.get(&of(other, "a.txt")).status(), 404);
    assert_eq!(ann.get(&of(mine, "secret.txt")).status(), 404, "a note's file");
    assert_eq!(ann.get("/files/999/x").status(), 404);
}

#[test]
fn robot_that_submits_200_forms_gets_one_ticket() {
    let desk = desk();
    let robot = Person::at(&desk);
    let page = text(&robot.get("/submit-ticket"));
    for _ in 0..50 {
        let shown = robot.fill(&page, "/submit-ticket", &ANN);
        assert_eq!(shown.status(), 422, "faster than a person");
        assert!(text(&shown).contains("It stands in flames."), "the text is kept");
    }
    robot.wait_s(2);
    let trapped = [&ANN[..], &[("website", "https://spam.test")]].concat();
    for _ in 0..50 {
        assert_eq!(robot.fill(&page, "/submit-ticket", &trapped).status(), 422);
    }
    assert_eq!(tickets(&desk), 0);
    for _ in 0..50 {
        assert_eq!(robot.fill(&page, "/submit-ticket", &ANN).status(), 303);
    }
    for _ in 0..10 {
        assert_eq!(robot.submit("/submit-ticket", &ANN).status(), 303, "the same text on a new page");
    }
    for n in 0..40 {
        let key = format!("{n}.0123456789abcdef.{n}");
        let made_up = [&ANN[..], &[("key", key.as_str()), ("subject", key.as_str())]].concat();
        assert_eq!(robot.fill(&page, "/submit-ticket", &made_up).status(), 422, "a key of its own making");
    }
    assert_eq!(tickets(&desk), 1);
}

#[test]
fn one_address_submits_20_tickets_an_hour() {
    let desk = desk();
    let robot = Person::at(&desk);
    let submit = |n: i64| {
        let subject = n.to_string();
        let form = [&ANN[..], &[("subject", subject.as_str())]].concat();
        robot.submit("/submit-ticket", &form)
    };
    for n in 0..20 {
        assert_eq!(submit(n).status(), 303);
    }
    let refused = submit(20);
    assert_eq!(refused.status(), 429);
    assert!(refused.header("Retry-After").is_some() && text(&refused).contains("It stands in flames."));
    assert_eq!(tickets(&desk), 20);
    robot.wait_s(Timestamp::HOUR_S);
    assert_eq!(submit(21).status(), 303);
}

#[test]
fn form_is_shown_again_with_what_is_wrong() {
    let desk = desk();
    desk.web.store.write(|tx| tx.add_department("Inside", true)).unwrap();
    desk.web.store.write(|tx| tx.ban("banned.test", NOW)).unwrap();
    let ann = Person::at(&desk);
    assert!(!text(&ann.get("/submit-ticket")).contains("Inside"), "a private department");
    assert!(text(&ann.get(&format!("/submit-ticket/{}-second", desk.second))).contains("selected>Second"));
    let long = "x".repeat(256);
    for (wrong, words) in [
        (("email", "nobody"), "not an email"),
        (("email", "x@banned.test"), "Nothing is taken"),
        (("subject", ""), "subject"),
        (("subject", long.as_str()), "subject"),
        (("text", "  "), "Write what"),
        (("department", ""), "department"),
        (("department", "3"), "department"),
    ] {
        let form = [&ANN[..], &[wrong]].concat();
        let shown = ann.submit("/submit-ticket", &form);
        assert!(shown.status() == 422 && text(&shown).contains(words), "{wrong:?}");
    }
    assert_eq!(tickets(&desk), 0);
}

#[test]
fn customer_is_asked_once_how_it_was_handled_where_the_desk_wants_it() {
    let desk = desk();
    let close = |id: TicketId| {
        desk.web
            .store
            .write(|tx| {
                let settings = tx.settings()?;
                let change = Change::new(tx, &settings, Actor::Staff(desk.admin), Door::Web, NOW);
                change.set_status(&tx.ticket(id)?.unwrap(), Status::Closed)
            })
            .unwrap();
    };
    let asked = || mails(&desk).iter().filter(|(_, raw)| raw.contains("Were you content")).count();
    let first = desk.mail("one@desk.test", "First", 1);
    close(first);
    assert_eq!(asked(), 0, "off unless it is set");
    desk.set("satisfaction", "1");
    let id = desk.mail("one@desk.test", "Second", 2);
    close(id);
    assert_eq!(asked(), 1);
    let ann = Person::at(&desk);
    ann.get(&mailed(&desk, "ann2@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    assert!(text(&ann.get(&path)).contains("Were you content"));
    ann.submit(&path, &[("text", "not yet"), ("do", "send")]);
    assert!(!text(&ann.get(&path)).contains("Were you content"), "open again");
    close(id);
    assert_eq!(asked(), 1, "once");
    let page = text(&ann.get(&path));
    assert_eq!(ann.fill(&page, &path, &[("do", "good"), ("comment", "quick")]).status(), 303);
    assert!(text(&ann.get(&path)).contains("Thank you"));
    let kept = desk.web.store.read(|tx| tx.satisfaction(id)).unwrap().unwrap();
    assert_eq!((kept.is_good, kept.comment.as_str()), (Some(true), "quick"));
    let events = desk.web.store.read(|tx| tx.events_of_ticket(id)).unwrap();
    assert!(events.iter().any(|event| event.kind == "rated" && event.detail == "good"));
    let figures = desk.web.store.read(|tx| tx.satisfaction_figures(crate::domain::Window::last_s(60, NOW))).unwrap();
    assert_eq!((figures.asked, figures.good, figures.bad), (1, 1, 0));
    let other = Person::at(&desk);
    other.get(&mailed(&desk, "ann1@x.test", "t"));
    let page = text(&other.get(&format!("/tickets/show/{first}")));
    assert_eq!(other.fill(&page, &path, &[("do", "bad")]).status(), 404, "another person's ticket");
    assert_eq!(other.fill(&page, &format!("/tickets/show/{first}"), &[("do", "bad")]).status(), 404, "not asked");
}

#[test]
fn answer_to_a_ticket_closed_long_ago_opens_a_new_one() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "Mine", 1);
    let ann = Person::at(&desk);
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    ann.submit(&path, &[("do", "solved")]);
    ann.now.set(NOW.plus_s(31 * Timestamp::DAY_S));
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    assert!(text(&ann.get(&path)).contains("opens a new one"));
    assert_eq!(ann.submit(&path, &[("text", "It burns again."), ("do", "send")]).status(), 303);
    assert_eq!((tickets(&desk), messages(&desk, id), status(&desk, id)), (2, 1, Status::Closed));
    assert!(desk.web.store.read(|tx| tx.linked_tickets(id)).unwrap().contains(&TicketId::new(2)));
}

#[test]
fn form_of_another_site_or_person_changes_nothing() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "Mine", 1);
    let (ann, eve) = (Person::at(&desk), Person::at(&desk));
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    desk.mail("one@desk.test", "Eve's", 2);
    eve.get(&mailed(&desk, "ann2@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    let page = text(&ann.get(&path));
    let (token, key) = (hidden(&page, "form_token").unwrap(), hidden(&page, "key").unwrap());
    let of_eve = hidden(&text(&eve.get("/tickets/show/2")), "form_token").unwrap();
    for token in ["", of_eve.as_str()] {
        let done = ann.send(&path, &[("form_token", token), ("key", &key), ("text", "x"), ("do", "send")]);
        assert_eq!(done.status(), 403);
    }
    let body = format!("form_token={token}&key={key}&text=x&do=send");
    let request = Request::new(Method::Post, &path)
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_header("Sec-Fetch-Site", "cross-site")
        .with_body(body);
    assert_eq!(ann.ask(request).status(), 403);
    assert_eq!(messages(&desk, id), 1);
}

#[test]
fn custom_fields_are_asked_checked_and_kept() {
    let desk = desk();
    let field = |id, kind: &str, title: &str, options: &str, is_required, departments: &str| {
        let new = crate::store::import::ImportedCustomField {
            id,
            kind: kind.to_owned(),
            title: title.to_owned(),
            options: options.to_owned(),
            is_required,
            departments: departments.to_owned(),
            position: id,
        };
        let _placed = desk.web.store.write(|tx| tx.place_custom_field(&new)).unwrap();
    };
    field(1, "text", "Order <number>", "[]", true, "[]");
    field(2, "select", "Colour", "[\"red\",\"blue\"]", false, "[\"1\"]");
    field(3, "checkbox", "Parts", "[\"lid\",\"cable\"]", false, "[]");
    field(4, "text", "Only second", "[]", true, &format!("[{}]", desk.second));
    let ann = Person::at(&desk);
    let page = text(&ann.get("/submit-ticket"));
    assert!(page.contains("Order &#60;number&#62;") && page.contains("data-departments=\"1\""), "{page}");
    let with = |more: &[(&str, &str)]| ann.submit("/submit-ticket", &[&ANN[..], more].concat());
    assert!(text(&with(&[])).contains("is needed"));
    assert!(text(&with(&[("field-1", "7"), ("field-2", "green")])).contains("Colour"));
    assert_eq!(tickets(&desk), 0);
    let done =
        with(&[("field-1", "7"), ("field-2", "red"), ("field-3", "lid"), ("field-3", "cable"), ("field-4", "x")]);
    assert_eq!(done.status(), 303);
    let (kept, _, _) = desk.web.store.read(|tx| tx.ticket_form(TicketId::new(1))).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let expected = serde_json::json!([["Order <number>", "7"], ["Colour", "red"], ["Parts", "lid, cable"],]);
    assert_eq!(kept, expected);
}
