//! Customers' pages as a browser without JavaScript has them.
#![allow(clippy::unwrap_used)]

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
        let cookies: Vec<String> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
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
fn customer_signs_in_by_a_mailed_link_once() {
    let desk = desk();
    let mine = desk.mail("one@desk.test", "Mine", 1);
    let other = desk.mail("one@desk.test", "Other", 2);
    let ann = Person::at(&desk);
    assert_eq!(ann.get("/tickets").header("Location"), Some("/desk/login"));
    let known = ann.submit("/login", &[("email", "ann1@x.test"), ("do", "link")]);
    let before = mails(&desk).len();
    let unknown = ann.submit("/login", &[("email", "who@x.test"), ("do", "link")]);
    assert_eq!((known.status(), known.header("Location")), (unknown.status(), unknown.header("Location")));
    assert_eq!(mails(&desk).len(), before, "nobody unknown gets mail");
    let link = mailed(&desk, "ann1@x.test", "enter");
    let page = ann.get(&link);
    assert_eq!(text(&page).matches("<button").count(), 1);
    assert_eq!(page.header("Referrer-Policy"), Some("strict-origin"));
    assert_eq!(ann.get(&link).status(), 200, "looking at it does not use it up");
    let page = text(&page);
    let stranger = Person::at(&desk);
    assert_eq!(ann.fill(&page, &link, &[]).header("Location"), Some("/desk/tickets"));
    assert_eq!(stranger.fill(&page, &link, &[]).status(), 403, "used");
    assert_eq!(stranger.get(&link).status(), 403);
    let list = text(&ann.get("/tickets"));
    assert!(list.contains("Mine") && !list.contains("Other"));
    assert_eq!(ann.get(&format!("/tickets/show/{mine}")).status(), 200);
    assert_eq!(ann.get(&format!("/tickets/show/{other}")).status(), 404);
    let page = text(&ann.get("/tickets"));
    assert_eq!(ann.fill(&page, "/account/logout", &[]).header("Location"), Some("/desk/"));
    assert_eq!(ann.get("/tickets").status(), 303);
}

#[test]
fn mailed_link_ends_after_half_an_hour_and_ten_an_hour_are_mailed() {
    let desk = desk();
    desk.mail("one@desk.test", "Mine", 1);
    let ann = Person::at(&desk);
    for n in 0..10 {
        assert_eq!(ann.submit("/login", &[("email", "ann1@x.test"), ("do", "link")]).status(), 303, "{n}");
    }
    assert_eq!(ann.submit("/login", &[("email", "ann1@x.test"), ("do", "link")]).status(), 429);
    let sent = mails(&desk).iter().filter(|(_, raw)| raw.contains("/desk/enter/")).count();
    assert_eq!(sent, 5, "no more let in at a time");
    let link = mailed(&desk, "ann1@x.test", "enter");
    ann.now.set(NOW.plus_s(15 + 1799));
    assert_eq!(ann.get(&link).status(), 200);
    ann.now.set(NOW.plus_s(15 + 1800));
    assert_eq!(ann.get(&link).status(), 403);
}

#[test]
fn customer_signs_in_with_the_password_of_helpdeskz_and_changes_it() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "Mine", 1);
    let customer = desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().customer;
    let php = bcrypt::hash("old secret", 4).unwrap().replacen("$2b$", "$2y$", 1);
    desk.web.store.write(|tx| tx.set_customer_password(customer, &php)).unwrap();
    let ann = Person::at(&desk);
    for (email, password) in [("ann1@x.test", "wrong"), ("who@x.test", "old secret"), ("ann1@x.test", "")] {
        let refused = ann.submit("/login", &[("email", email), ("password", password), ("do", "password")]);
        assert!(refused.status() == 403 && text(&refused).contains("Invalid email or password."), "{email}");
    }
    let done = ann.submit("/login", &[("email", "ANN1@x.test"), ("password", "old secret"), ("do", "enter")]);
    assert_eq!(done.header("Location"), Some("/desk/tickets"), "{}", text(&done));
    let hash = desk.web.store.read(|tx| tx.customer_password(customer)).unwrap();
    assert!(hash.starts_with("$argon2id$"), "hashed again");
    let other = Person::at(&desk);
    other.submit("/login", &[("email", "ann1@x.test"), ("password", "old secret"), ("do", "password")]);
    assert_eq!(other.get("/tickets").status(), 200);
    let profile = [("name", "Ann A"), ("locale", "de"), ("zone", "Asia/Kolkata"), ("password", "new secret")];
    assert_eq!(ann.submit("/account/profile", &profile).status(), 303);
    assert!(text(&ann.get("/account/profile")).contains("Gespeichert") || text(&ann.get("/tickets")).contains("Meine Tickets"));
    assert_eq!(other.get("/tickets").status(), 303, "another session ended");
    assert_eq!(ann.submit("/account/profile", &[("name", ""), ("locale", "")]).status(), 422);
    assert_eq!(ann.submit("/account/profile", &[("name", "A"), ("zone", "Mars/Here")]).status(), 422);
}

#[test]
fn guessed_passwords_lock_the_account() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "Mine", 1);
    desk.set("web_signins", "1000");
    let customer = desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().customer;
    let php = bcrypt::hash("right one", 4).unwrap();
    desk.web.store.write(|tx| tx.set_customer_password(customer, &php)).unwrap();
    let thief = Person::at(&desk);
    let try_with = |password: &str| {
        thief.submit("/login", &[("email", "ann1@x.test"), ("password", password), ("do", "password")]).status()
    };
    for _ in 0..21 {
        assert_eq!(try_with("wrong"), 403);
    }
    assert_eq!(try_with("right one"), 429);
}

#[test]
fn without_tls_nobody_signs_in_from_another_machine() {
    let desk = Desk::new();
    desk.set("site_url", "http://x.test");
    sends(&desk);
    desk.mail("one@desk.test", "Mine", 1);
    let (_, raw) = mails(&desk).into_iter().find(|(to, _)| to == "ann1@x.test").unwrap();
    let token: String =
        raw.split_once("http://x.test/t/").unwrap().1.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let far = |path: &str| {
        let mut request = Request::new(Method::Get, path);
        request.peer = "192.0.2.7:1000".parse().unwrap();
        respond(&desk.web, request, NOW)
    };
    let refused = far(&format!("/t/{token}"));
    assert!(refused.status() == 403 && refused.header("Set-Cookie").is_none());
    assert!(!text(&far("/login")).contains("<input type=\"password\""));
    desk.set("web_insecure", "1");
    assert!(far(&format!("/t/{token}")).header("Set-Cookie").unwrap().starts_with("maildesk-customer="));
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
    desk.set("ask_satisfaction", "1");
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
fn articles_are_read_searched_and_suggested_but_not_those_of_staff() {
    let desk = desk();
    let staff = desk.admin;
    let article = |title: &str, body: &str, category, is_public| {
        let new = ArticleChange { title, body, markdown: "", category, is_public, position: None };
        desk.web.store.write(|tx| tx.add_article(&new, staff, NOW)).unwrap()
    };
    let category = |name: &str, is_public| {
        let new = CategoryChange { name, parent: None, is_public, position: None };
        desk.web.store.write(|tx| tx.add_article_category(&new)).unwrap()
    };
    let (public, hidden) = (category("Printers <i>", true), category("Inside", false));
    let body = "<h1>Ink</h1><p style=\"color:red\" onclick=\"x()\">Change <b>it</b></p><img src=\"https://e.test/p.png\">\
                <script>alert(1)</script><table><tbody><tr><td>1</td></tr></tbody></table>";
    let ink = article("Ink & <b>paper</b>", body, Some(public), true);
    let secret = article("Ink prices", "secret", Some(public), false);
    let inside = article("Ink inside", "secret", Some(hidden), true);
    desk.web
        .store
        .write(|tx| {
            let file = NewAttachment {
                name: "ink.pdf",
                original_name: "ink.pdf",
                content_type: "application/pdf",
                content: b"%PDF",
                cid: "",
                is_inline: false,
            };
            tx.add_article_file(ink, &file)?;
            tx.add_article_file(secret, &file)
        })
        .unwrap();
    let ann = Person::at(&desk);
    let home = text(&ann.get("/"));
    assert!(home.contains("Printers &#60;i&#62;") && home.contains("/desk/article/1-ink-b-paper-b"), "{home}");
    assert!(!home.contains("Inside") && !home.contains("Ink prices"));
    let page = text(&ann.get("/article/1-whatever"));
    assert!(page.contains("Change <b>it</b>") && page.contains("<td>1</td>"), "{page}");
    for hostile in ["<script>", "style=", "onclick", "e.test", "<b>paper"] {
        assert!(!page.contains(hostile), "{hostile}: {page}");
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(text(&ann.get("/files/1/ink.pdf")), "%PDF");
    assert_eq!(ann.get("/files/2/ink.pdf").status(), 404, "a hidden article's file");
    for path in [format!("/article/{secret}-x"), format!("/article/{inside}"), format!("/category/{hidden}-x"), "/article/x".into()] {
        assert_eq!(ann.get(&path).status(), 404, "{path}");
    }
    assert!(text(&ann.get(&format!("/category/{public}-x"))).contains("Ink &#38; "));
    let found = text(&ann.get("/search?q=ink"));
    assert!(found.contains("/article/1-") && !found.contains("Ink prices") && !found.contains("Ink inside"), "{found}");
    assert!(text(&ann.get("/search?q=nothing")).contains("Nothing was found."));
    let request = Request::new(Method::Get, "/search?q=my+ink+is+dry").with_header("Accept", "application/json");
    let suggested = text(&respond(&desk.web, request, NOW));
    assert!(suggested.contains("\"path\":\"/desk/article/1-ink-b-paper-b\"") && !suggested.contains("prices"), "{suggested}");
    let article = desk.web.store.read(|tx| tx.article(ink)).unwrap().unwrap();
    assert_eq!(article.views, 1);
}

#[test]
fn every_page_keeps_to_the_policy_and_has_one_heading() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "Mine", 1);
    let ann = Person::at(&desk);
    let link = mailed(&desk, "ann1@x.test", "t");
    let check = |path: &str| {
        let response = ann.get(path);
        let page = text(&response);
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains("<script>"), "{path}");
        assert!(response.header("Content-Security-Policy").unwrap().contains("script-src 'self'"), "{path}");
        for form in page.split("<form").skip(1).filter(|form| form.starts_with(" method=\"post\"")) {
            assert!(form.split("</form").next().unwrap().contains("name=\"form_token\""), "{path}: {form}");
        }
        for slashed in [format!("{path}/")].iter().filter(|_| path.len() > 1 && !path.contains('?')) {
            assert_eq!(ann.get(slashed).status(), 200, "{slashed}");
        }
    };
    for path in ["/", "/search?q=x", "/submit-ticket", "/login", "/forgot-password"] {
        check(path);
    }
    ann.get(&link);
    check(&format!("/tickets/show/{id}"));
    ann.submit("/login", &[("email", "ann1@x.test"), ("do", "link")]);
    let enter = mailed(&desk, "ann1@x.test", "enter");
    check(&enter);
    ann.submit(&enter, &[]);
    for path in ["/tickets", "/account/profile", "/submit-ticket"] {
        check(path);
    }
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
    let done = with(&[("field-1", "7"), ("field-2", "red"), ("field-3", "lid"), ("field-3", "cable"), ("field-4", "x")]);
    assert_eq!(done.status(), 303);
    let (kept, _, _) = desk.web.store.read(|tx| tx.ticket_form(TicketId::new(1))).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let expected = serde_json::json!([
        { "title": "Order <number>", "value": "7" }, { "title": "Colour", "value": "red" },
        { "title": "Parts", "value": "lid, cable" },
    ]);
    assert_eq!(kept, expected);
}
