//! The pages as a browser asks for them, on a desk in a file.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

mod aside;
mod changes;
mod features;
mod gate;
pub(in crate::web) mod kept;
mod people;

use super::*;
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, StaffId, TicketId};
use crate::http::Method;
use crate::intake::{self, Envelope, Rules, Source};
use crate::store::migrate::create_or_migrate;
use crate::store::session::{NewSession, SessionOwner};
use crate::store::settings::definition;
use crate::store::staff::NewStaff;

pub(super) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// A desk with two departments, an admin, and an agent of the first one.
pub(super) struct Desk {
    _dir: tempfile::TempDir,
    pub(super) web: Web,
    pub(super) admin: StaffId,
    pub(super) agent: StaffId,
    pub(super) second: DepartmentId,
}

/// A mail of ours to one of the two departments.
fn mail(to: &str, subject: &str, n: usize) -> Vec<u8> {
    format!(
        "From: Ann <ann{n}@x.test>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{n}@x.test>\r\n\
         Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/html\r\n\r\n<p>Hello <b>{subject}</b> <img src=\"https://e.test/p.png\"></p>\r\n--b\r\n\
         Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nfile\r\n--b--\r\n"
    )
    .into_bytes()
}

impl Desk {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Arc::new(Store::open(&path, Duration::from_secs(1)).unwrap());
        let staff = |username, role, departments: &[DepartmentId]| {
            let new = NewStaff {
                username,
                fullname: username,
                email: &format!("{username}@desk.test").parse().unwrap(),
                password_hash: &crate::password::hash(&format!("{username}-secret")).unwrap(),
                role,
                is_active: true,
                totp_secret: "",
            };
            store.write(|tx| tx.add_staff(&new, departments, NOW)).unwrap()
        };
        let first = DepartmentId::new(1);
        let second = store.write(|tx| tx.add_department("Second", false)).unwrap();
        let admin = staff("ada", StaffRole::Admin, &[]);
        let agent = staff("abe", StaffRole::Agent, &[first]);
        store
            .write(|tx| {
                let row = |email: &str, department| crate::store::address::AddressRow {
                    department: Some(department),
                    is_default: department == first,
                    ..crate::store::address::AddressRow::new(email, "Desk")
                };
                tx.add_address(&row("one@desk.test", first), NOW)?;
                tx.add_address(&row("two@desk.test", second), NOW)
            })
            .unwrap();
        let logins = Arc::new(Logins::default().with_failed_after(Duration::ZERO));
        let web = Web::new(store, Arc::default(), logins, IpList::default(), Box::new(|| ()));
        Self { _dir: dir, web, admin, agent, second }
    }

    /// Takes in a mail; gives its ticket.
    pub(in crate::web) fn mail(&self, to: &str, subject: &str, n: usize) -> TicketId {
        let rules = Rules { limits: crate::mail::Limits::default() };
        let envelope =
            Envelope { recipients: vec![to.parse().unwrap()], sender: None, source: Source::Pipe, whole: None };
        let done = intake::deliver(&self.web.store, &rules, &envelope, mail(to, subject, n), NOW).unwrap();
        done.ticket.unwrap()
    }

    /// A browser in which that person is signed in.
    pub(super) fn browser(&self, staff: StaffId) -> Browser<'_> {
        let (secret, hash) = session::new_secret().unwrap();
        let owner = SessionOwner::Staff(staff);
        let new = NewSession { sha256: &hash, owner: &owner, ip: "127.0.0.1", agent: "test" };
        self.web.store.write(|tx| tx.add_session(&new, NOW)).unwrap();
        let desk_secret = self.web.store.read(|tx| tx.desk_secret()).unwrap();
        let token = forgery::token_of(&desk_secret, &hash);
        Browser { desk: self, cookie: format!("__Host-maildesk={secret}"), token }
    }

    pub(super) fn set(&self, key: &str, value: &str) {
        self.web.store.write(|tx| tx.set_setting(definition(key).unwrap(), value)).unwrap();
    }
}

/// A browser with a session.
pub(super) struct Browser<'d> {
    desk: &'d Desk,
    cookie: String,
    pub(super) token: String,
}

impl Browser<'_> {
    pub(super) fn ask(&self, request: Request) -> Response {
        respond(&self.desk.web, request.with_header("Cookie", &self.cookie).with_header("Accept", "text/html"), NOW)
    }

    pub(super) fn get(&self, path: &str) -> Response {
        self.ask(Request::new(Method::Get, path))
    }

    /// Posts a form with the session's token from a page of ours.
    pub(super) fn post(&self, path: &str, form: &str) -> Response {
        self.post_as(path, &format!("form_token={}&{form}", self.token), "same-origin")
    }

    pub(super) fn post_as(&self, path: &str, form: &str, site: &str) -> Response {
        let request = Request::new(Method::Post, path)
            .with_header("Content-Type", "application/x-www-form-urlencoded")
            .with_header("Sec-Fetch-Site", site)
            .with_body(form);
        self.ask(request)
    }
}

pub(super) fn text(response: &Response) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

#[test]
fn every_page_of_staff_asks_strangers_to_sign_in() {
    let desk = Desk::new();
    for path in [
        "/staff",
        "/staff/tickets",
        "/staff/tickets/view/1",
        "/staff/aside",
        "/staff/files/1/a",
        "/staff/messages/1/mail",
    ] {
        let response = respond(&desk.web, Request::new(Method::Get, path), NOW);
        assert_eq!(response.status(), 303, "{path}");
        assert!(response.header("Location").unwrap().starts_with("/staff/login"), "{path}");
    }
}

#[test]
fn what_belongs_to_another_department_is_not_there() {
    let desk = Desk::new();
    let (own, other) = (desk.mail("one@desk.test", "Mine", 1), desk.mail("two@desk.test", "Theirs", 2));
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let message = |ticket| desk.web.store.read(|tx| tx.newest_public_message(ticket)).unwrap().unwrap();
    let file = |ticket| desk.web.store.read(|tx| tx.attachments_of_ticket(ticket)).unwrap()[0].id;
    let paths = |ticket: TicketId| {
        [
            format!("/staff/tickets/view/{ticket}"),
            format!("/staff/messages/{}/mail", message(ticket)),
            format!("/staff/files/{}/a.txt", file(ticket)),
        ]
    };
    for path in paths(own) {
        assert_eq!(abe.get(&path).status(), 200, "{path}");
    }
    for path in paths(other) {
        assert_eq!(abe.get(&path).status(), 404, "{path}");
        assert_eq!(ada.get(&path).status(), 200, "{path}");
    }
    let list = text(&abe.get("/staff/tickets"));
    assert!(list.contains("Mine") && !list.contains("Theirs"), "{list}");
    assert_eq!(abe.get(&format!("/staff/tickets/department/{}", desk.second)).status(), 404);
    for form in ["do=send&text=x", "do=note&text=x", "do=apply&status=closed&was-status=open"] {
        assert_eq!(abe.post(&format!("/staff/tickets/view/{other}"), form).status(), 404, "{form}");
    }
    assert_eq!(abe.post("/staff/tickets/bulk", &format!("ticket={other}&do=close")).status(), 404);
    let ticket = desk.web.store.read(|tx| tx.ticket(other)).unwrap().unwrap();
    assert_eq!((ticket.status, ticket.replies), (crate::domain::Status::Open, 0));
}

#[test]
fn only_a_form_of_ours_waits_for_its_sender_to_sign_in() {
    let desk = Desk::new();
    desk.mail("one@desk.test", "Printer", 1);
    let stranger = Browser { desk: &desk, cookie: String::new(), token: String::new() };
    let sent = |site| stranger.post_as("/staff/tickets/view/1", "do=send&text=Typed+while+away", site);
    let (ours, theirs) = (sent("same-origin"), sent("cross-site"));
    assert!(text(&ours).contains("Typed while away") && text(&ours).contains("name=\"password\""), "{}", text(&ours));
    assert_eq!(theirs.status(), 403);
    assert!(!text(&theirs).contains("Typed while away"), "another site's form would be taken after the sign-in");
}

#[test]
fn a_form_that_is_not_of_this_session_changes_nothing() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let path = format!("/staff/tickets/view/{id}");
    let form = "do=apply&status=closed&was-status=open";
    let own = format!("form_token={}&{form}", abe.token);
    for (what, form, site) in [
        ("another site", own.as_str(), "cross-site"),
        ("a neighbour", own.as_str(), "same-site"),
        ("no token", form, "same-origin"),
        ("another's token", &format!("form_token={}&{form}", ada.token), "same-origin"),
    ] {
        assert_eq!(abe.post_as(&path, form, site).status(), 403, "{what}");
    }
    let status = || desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().status;
    assert_eq!(status(), crate::domain::Status::Open);
    assert_eq!(abe.post_as(&path, &own, "same-origin").status(), 303);
    assert_eq!(status(), crate::domain::Status::Closed);
}

#[test]
fn pages_have_a_strict_policy_and_nothing_inline() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "<script>alert(1)</script>", 1);
    let ada = desk.browser(desk.admin);
    for path in ["/staff/tickets", &format!("/staff/tickets/view/{id}"), "/staff/nothing"] {
        let response = ada.get(path);
        let policy = response.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{path}: {policy}");
        assert_eq!(response.header("Referrer-Policy"), Some("same-origin"));
        let page = text(&response);
        assert!(!page.contains("<script>") && !page.contains("style=") && !page.contains("onclick"), "{path}: {page}");
        assert!(!page.contains("src=\"http") && !page.contains("e.test"), "{path}: {page}");
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
    }
}

#[test]
fn a_wrong_password_names_nothing_and_a_right_one_begins_a_session() {
    let desk = Desk::new();
    let sign_in = |form: &str| {
        let page = text(&respond(&desk.web, Request::new(Method::Get, "/staff/login"), NOW));
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let request = Request::new(Method::Post, "/staff/login")
            .with_header("Content-Type", "application/x-www-form-urlencoded")
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_body(format!("form_token={token}&{form}"));
        respond(&desk.web, request, NOW)
    };
    for form in ["username=abe&password=x", "username=nobody&password=x", "username=&password="] {
        let response = sign_in(form);
        assert_eq!(response.status(), 403, "{form}");
        assert!(text(&response).contains("Invalid username or password."), "{form}");
        assert!(response.header("Set-Cookie").is_none());
    }
    desk.set("login_attempt", "0");
    let response = sign_in("username=abe&password=abe-secret&next=%2Fstaff%2Ftickets%2Fmine");
    assert_eq!((response.status(), response.header("Location")), (303, Some("/staff/tickets/mine")));
    let cookie = response.header("Set-Cookie").unwrap();
    assert!(cookie.starts_with("__Host-maildesk=") && cookie.contains("; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    let page = Request::new(Method::Get, "/staff/tickets").with_header("Cookie", &format!("__Host-maildesk={secret}"));
    assert_eq!(respond(&desk.web, page, NOW).status(), 200);
}

#[test]
fn signing_in_without_tls_is_refused_to_other_machines() {
    let desk = Desk::new();
    let page = |headers: &[(&str, &str)]| {
        let mut request = Request::new(Method::Get, "/staff/login");
        request.peer = "192.0.2.1:5".parse().unwrap();
        let request = headers.iter().fold(request, |request, (name, value)| request.with_header(name, value));
        text(&respond(&desk.web, request, NOW))
    };
    let is_open = |page: &str| page.contains("name=\"password\"");
    assert!(!is_open(&page(&[])));
    assert!(!is_open(&page(&[("X-Forwarded-Proto", "https")])), "nobody trusts that peer");
    desk.web.set_trusted_proxies(IpList::parse("192.0.2.1").unwrap());
    assert!(is_open(&page(&[("X-Forwarded-Proto", "https")])));
    assert!(!is_open(&page(&[("X-Forwarded-Proto", "http")])));
    desk.set("site_url", "https://desk.test/help");
    assert!(is_open(&page(&[])));
    desk.set("site_url", "");
    desk.set("web_insecure", "1");
    assert!(is_open(&page(&[])));
}

#[test]
fn every_link_has_the_prefix_of_the_desks_address() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    desk.set("site_url", "https://desk.test/help");
    let ada = desk.browser(desk.admin);
    for path in ["/staff/tickets", &format!("/staff/tickets/view/{id}")] {
        let page = text(&ada.get(path));
        for attribute in ["href=\"/", "action=\"/", "src=\"/"] {
            let wrong: Vec<&str> = page
                .split(attribute)
                .skip(1)
                .filter(|rest| !rest.starts_with("help/"))
                .filter_map(|rest| rest.split('"').next())
                .collect();
            assert!(wrong.is_empty(), "{path}: {wrong:?}");
        }
    }
    let kept = without_prefix(&desk.web, Request::new(Method::Get, "/help/staff/tickets"));
    assert_eq!(kept.path, "/staff/tickets");
}

#[test]
fn an_answer_is_posted_and_a_note_stays_inside() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let abe = desk.browser(desk.agent);
    let path = format!("/staff/tickets/view/{id}");
    assert_eq!(abe.post(&path, "do=note&text=**ask**+Bob").status(), 303);
    assert_eq!(abe.post(&path, "do=send&text=Done.").status(), 303);
    let empty = abe.post(&path, "do=send&text=+");
    assert_eq!(empty.status(), 422);
    let page = text(&abe.get(&path));
    assert!(page.contains("<strong>ask</strong>") && page.contains("Done."), "{page}");
    let ticket = desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap();
    assert_eq!((ticket.status, ticket.replies), (crate::domain::Status::Answered, 1));
    let doors: Vec<String> =
        desk.web.store.read(|tx| tx.events_of_ticket(id)).unwrap().into_iter().map(|event| event.door).collect();
    assert!(doors.iter().filter(|door| *door == "web").count() >= 2, "{doors:?}");
}
