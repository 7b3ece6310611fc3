//! Who is let into which page of staff: every page and form, as each kind of person.

use std::collections::BTreeSet;

use super::*;
use crate::domain::UserId;
use crate::store::attachment::NewAttachment;
use crate::web::agent::KnowledgePage;
use crate::web::page::ListName;
use crate::web::setup::Noun;

/// What a page is, as a number: a page that is added has to be added to the walk as well.
const fn number(page: &Page) -> usize {
    match page {
        Page::Asset(_) => 0,
        Page::Customers(_) => 1,
        Page::Staff => 2,
        Page::SignIn => 3,
        Page::SignOut => 4,
        Page::Tickets(list) => match list {
            ListName::Unassigned => 5,
            ListName::Mine => 6,
            ListName::Waiting => 7,
            ListName::Overdue => 8,
            ListName::Snoozed => 9,
            ListName::Closed => 10,
            ListName::Spam => 11,
            ListName::Department(_) => 12,
            ListName::View(_) => 13,
        },
        Page::Search => 14,
        Page::Bulk => 15,
        Page::Undo => 16,
        Page::Ticket(_) => 17,
        Page::NewTicket => 18,
        Page::Mail(_) => 19,
        Page::File(_) => 20,
        Page::Preview => 21,
        Page::Drafts => 22,
        Page::Pulse => 23,
        Page::Aside => 24,
        Page::AsideMail(_) => 25,
        Page::Outbox => 26,
        Page::Profile => 27,
        Page::Knowledge(page) => match page {
            KnowledgePage::All => 28,
            KnowledgePage::NewArticle => 29,
            KnowledgePage::Article(_) => 30,
            KnowledgePage::EditArticle(_) => 31,
            KnowledgePage::RemoveArticle(_) => 32,
            KnowledgePage::NewCategory => 33,
            KnowledgePage::EditCategory(_) => 34,
            KnowledgePage::RemoveCategory(_) => 35,
            KnowledgePage::File(_) => 36,
        },
        Page::CannedFor => 37,
        Page::SetUp(_) => 38,
        Page::First(_) => 39,
        Page::People => 40,
    }
}

/// Those that are not of staff, or belong to no role: files of the pages, customers' pages, signing out (which would end
/// the walk) and the first account (which its own link opens).
const NOT_WALKED: [usize; 4] = [0, 1, 4, 39];

const PAGES: usize = 41;

/// Whose a page is.
#[derive(Clone, Copy, Debug)]
enum Whose {
    /// Everybody's.
    Open,
    /// Staff's, whatever departments they have.
    Staff,
    /// Theirs who see the first department.
    First,
    /// Theirs who see the second.
    Second,
    /// Theirs who set up the desk.
    SetUp,
}

/// A person who walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walker {
    Nobody,
    Customer,
    /// An agent without a department.
    Homeless,
    /// An agent of the first department.
    Agent,
    Admin,
}

/// The status that a person gets: `None` for being let in.
fn refused(whose: Whose, walker: Walker, is_post: bool) -> Option<u16> {
    let stranger = if is_post { 403 } else { 303 };
    match (whose, walker) {
        (Whose::Open, _) | (_, Walker::Admin) | (Whose::Staff, Walker::Homeless | Walker::Agent) => None,
        (_, Walker::Nobody | Walker::Customer) => Some(stranger),
        (Whose::SetUp, _) => Some(403),
        (Whose::First, Walker::Agent) => None,
        (Whose::First | Whose::Second, _) => Some(404),
    }
}

struct Ground {
    desk: Desk,
    rows: Vec<Step>,
}

/// A mail that is set aside: its sender wrote too many.
pub(super) fn aside(desk: &Desk, to: &str, n: usize) -> crate::domain::ReceiptId {
    desk.set("mails_per_hour", "1");
    let rules = Rules { limits: crate::mail::Limits::default() };
    let envelope = Envelope { recipients: vec![to.parse().unwrap()], sender: None, source: Source::Pipe, whole: None };
    for part in [0, 1] {
        let raw = mail(to, "Much", n).iter().map(|byte| char::from(*byte)).collect::<String>();
        let raw = raw.replace(&format!("<{n}@x.test>"), &format!("<{part}.{n}@x.test>"));
        let _delivery = intake::deliver(&desk.web.store, &rules, &envelope, raw.as_bytes(), NOW).unwrap();
    }
    desk.set("mails_per_hour", "0");
    let waiting =
        desk.web.store.read(|tx| tx.receipts(Some(crate::store::receipt::ReceiptState::Quarantined), 10)).unwrap();
    waiting.iter().find(|receipt| receipt.recipient == to).unwrap().id
}

/// A page, what is posted to it, and whose it is.
type Step = (String, Option<String>, Whose);

fn ground() -> Ground {
    let desk = Desk::new();
    let mut rows = Vec::new();
    pages(&mut rows);
    of_departments(&desk, &mut rows);
    rest(&desk, &mut rows);
    Ground { desk, rows }
}

fn pages(rows: &mut Vec<Step>) {
    let mut add = |path: &str, form: Option<String>, whose| rows.push((path.to_owned(), form, whose));
    add("/staff/login", None, Whose::Open);
    for path in [
        "/staff",
        "/staff/tickets",
        "/staff/tickets/mine",
        "/staff/tickets/answered",
        "/staff/tickets/overdue",
        "/staff/tickets/snoozed",
        "/staff/tickets/closed",
        "/staff/tickets/spam",
        "/staff/tickets/search?q=x",
        "/staff/tickets/create",
        "/staff/tickets/create/to?q=ann",
        "/staff/aside",
        "/staff/outbox",
        "/staff/account/profile",
        "/staff/kb",
        "/staff/kb/articles/new",
        "/staff/kb/categories/new",
        "/staff/canned-responses/insert",
    ] {
        add(path, None, Whose::Staff);
    }
    for noun in Noun::ALL {
        add(noun.path(), None, Whose::SetUp);
        let is_one_page = matches!(noun, Noun::General | Noun::Audit | Noun::Figures | Noun::Health | Noun::Templates);
        if !is_one_page && !matches!(noun, Noun::Backups | Noun::Check | Noun::Import) {
            add(&format!("{}/new", noun.path()), None, Whose::SetUp);
        }
    }
}

fn of_departments(desk: &Desk, rows: &mut Vec<Step>) {
    let mut add = |path: &str, form: Option<String>, whose| rows.push((path.to_owned(), form, whose));
    for (to, whose, department) in
        [("one@desk.test", Whose::First, 1), ("two@desk.test", Whose::Second, desk.second.get())]
    {
        let n = usize::try_from(department).unwrap();
        let ticket = desk.mail(to, "Printer", n);
        let message = desk.web.store.read(|tx| tx.newest_public_message(ticket)).unwrap().unwrap();
        let file = desk.web.store.read(|tx| tx.attachments_of_ticket(ticket)).unwrap()[0].id;
        let receipt = aside(desk, to, n + 10);
        add(&format!("/staff/tickets/view/{ticket}"), None, whose);
        add(&format!("/staff/tickets/department/{department}"), None, whose);
        add(&format!("/staff/messages/{message}/mail"), None, whose);
        add(&format!("/staff/messages/{message}/mail?text=1"), None, whose);
        add(&format!("/staff/files/{file}/a.txt"), None, whose);
        add(&format!("/staff/aside/{receipt}"), None, whose);
        add(&format!("/staff/canned-responses/insert?ticket={ticket}"), None, whose);
        let key = format!("key={department:032x}");
        for form in [
            "do=apply&status=in-progress&was-status=open",
            "do=tag&tag=x",
            "do=tag&untag=x",
            "do=subject&subject=Printer",
            "do=fields",
            "do=snooze&until=hours",
            "do=wake",
            "do=spam",
            "do=not-spam",
            "do=spam-ban",
            "do=unread",
            "do=take-one",
            "do=note&text=x",
            "do=write-note&text=x",
            "do=keep&text=x",
        ] {
            add(&format!("/staff/tickets/view/{ticket}"), Some(form.to_owned()), whose);
        }
        add("/staff/drafts", Some(format!("ticket={ticket}&kind=note&text=x&{key}")), whose);
        add("/staff/pulse", Some(format!("ticket={ticket}&event=0")), whose);
        for act in ["take", "close", "tag&tag=x", "untag&tag=x", "status&status=open"] {
            add("/staff/tickets/bulk", Some(format!("ticket={ticket}&do={act}")), whose);
        }
        add(
            "/staff/tickets/create",
            Some(format!("do=note&to=a@x.test&subject=x&text=x&department={department}&{key}")),
            whose,
        );
        add(&format!("/staff/aside/{receipt}"), Some("do=drop".to_owned()), whose);
    }
}

fn rest(desk: &Desk, rows: &mut Vec<Step>) {
    let view = desk.web.store.write(|tx| tx.add_view(None, "Open", "is:open", NOW)).unwrap();
    let category = desk.browser(desk.admin).post("/staff/kb/categories/new", "name=Lamps&public=1");
    assert_eq!(category.status(), 303, "{}", text(&category));
    let article = desk.browser(desk.admin).post("/staff/kb/articles/new", "title=Lamp&text=x&category=1&public=1");
    assert_eq!(article.status(), 303, "{}", text(&article));
    let new = NewAttachment {
        name: "a.txt",
        original_name: "a.txt",
        content_type: "text/plain",
        content: b"x",
        cid: "",
        is_inline: false,
    };
    let file = desk.web.store.write(|tx| tx.add_article_file(1, &new)).unwrap();
    for path in [
        format!("/staff/views/{view}"),
        "/staff/kb/articles/view/1".to_owned(),
        "/staff/kb/articles/edit/1".to_owned(),
        "/staff/kb/articles/remove/1".to_owned(),
        "/staff/kb/categories/edit/1".to_owned(),
        "/staff/kb/categories/remove/1".to_owned(),
        format!("/staff/kb/files/{file}/a.txt"),
    ] {
        rows.push((path, None, Whose::Staff));
    }
    for (path, form) in [
        ("/staff/preview", "text=x"),
        ("/staff/pulse", "event=0"),
        ("/staff/tickets/bulk", "do=close"),
        ("/staff/tickets/undo", "undo=99"),
        ("/staff/tickets/search", "q=x&name=x"),
        ("/staff/aside", "do=drop"),
        ("/staff/account/profile", "do=save"),
        ("/staff/outbox", ""),
    ] {
        rows.push((path.to_owned(), Some(form.to_owned()), Whose::Staff));
    }
    rows.push(("/staff/setup/import".to_owned(), Some("do=upload".to_owned()), Whose::SetUp));
    rows.push(("/staff/departments/new".to_owned(), Some("name=".to_owned()), Whose::SetUp));
    // The last one: switches that a form does not bring are off, the pages too.
    rows.push(("/staff/setup/general".to_owned(), Some("site_name=Desk".to_owned()), Whose::SetUp));
}

#[test]
fn every_page_and_form_of_staff_is_for_those_it_is_for() {
    let Ground { desk, rows } = ground();
    let numbers: BTreeSet<usize> = rows
        .iter()
        .map(|(path, _, _)| number(&Page::of(path.split('?').next().unwrap()).unwrap_or_else(|| panic!("{path}"))))
        .chain(NOT_WALKED)
        .collect();
    assert_eq!(numbers, (0..PAGES).collect(), "every page is walked");
    let homeless = {
        let new = NewStaff {
            username: "hal",
            fullname: "Hal",
            email: &"hal@desk.test".parse().unwrap(),
            password_hash: "x",
            role: StaffRole::Agent,
            is_active: true,
            totp_secret: "",
        };
        desk.web.store.write(|tx| tx.add_staff(&new, &[], NOW)).unwrap()
    };
    let customer = || {
        let (secret, hash) = session::new_secret().unwrap();
        let owner = SessionOwner::Customer(UserId::new(1));
        let new = NewSession { sha256: &hash, owner: &owner, ip: "127.0.0.1", agent: "test" };
        desk.web.store.write(|tx| tx.add_session(&new, NOW)).unwrap();
        let token = forgery::token_of(&desk.web.store.read(|tx| tx.desk_secret()).unwrap(), &hash);
        // The secret of a customer's session opens nothing of staff's, under whichever name it comes.
        Browser { desk: &desk, cookie: format!("__Host-maildesk-customer={secret}; __Host-maildesk={secret}"), token }
    };
    let mut wrong = Vec::new();
    for walker in [Walker::Nobody, Walker::Customer, Walker::Homeless, Walker::Agent, Walker::Admin] {
        let browser = match walker {
            Walker::Nobody => Browser { desk: &desk, cookie: String::new(), token: String::new() },
            Walker::Customer => customer(),
            Walker::Homeless => desk.browser(homeless),
            Walker::Agent => desk.browser(desk.agent),
            Walker::Admin => desk.browser(desk.admin),
        };
        for (path, form, whose) in &rows {
            let response = match form {
                Some(form) => browser.post(path, form),
                None => browser.get(path),
            };
            let status = response.status();
            let location = response.header("Location").unwrap_or("");
            let is_right = match refused(*whose, walker, form.is_some()) {
                Some(303) => status == 303 && location.starts_with("/staff/login"),
                Some(expected) => status == expected,
                // A mail has to be named.
                None if path == "/staff/outbox" && form.is_some() => status == 400,
                // Led on, shown, or asked again: not turned away.
                None => matches!(status, 200 | 303 | 422) && !location.starts_with("/staff/login?"),
            };
            if !is_right {
                wrong.push(format!("{walker:?} {path} {form:?} ({whose:?}): {status} {location}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whoever_is_turned_away_has_changed_nothing() {
    let Ground { desk, rows } = ground();
    let events = || desk.web.store.read(|tx| tx.newest_event()).unwrap();
    let before = events();
    let abe = desk.browser(desk.agent);
    for (path, form, whose) in rows.iter().filter(|(_, _, whose)| matches!(whose, Whose::Second | Whose::SetUp)) {
        let Some(form) = form else { continue };
        let status = abe.post(path, form).status();
        assert!(matches!(status, 403 | 404), "{path} {form} {whose:?}: {status}");
    }
    assert_eq!(events(), before);
    let drafts = desk.web.store.read(|tx| tx.drafts_of(desk.agent)).unwrap();
    assert!(drafts.is_empty(), "{drafts:?}");
}

/// Signs in with a password; what else the form has stands behind.
fn sign_in(desk: &Desk, username: &str, carried: &str) -> Response {
    let page = text(&respond(&desk.web, Request::new(Method::Get, "/staff/login"), NOW));
    let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = format!("form_token={token}&username={username}&password={username}-secret&{carried}");
    let nobody = Browser { desk, cookie: String::new(), token: String::new() };
    nobody.post_as("/staff/login", &form, "same-origin")
}

/// A form as the page of the sign-in carries it.
fn carried(path: &str, form: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let pairs = form.split('&').filter(|pair| !pair.is_empty()).map(|pair| format!("&carried.{pair}"));
    format!("next={next}{}&carried.x=1", pairs.collect::<String>())
}

/// Every page of the set-up that takes a form.
fn set_up_forms() -> Vec<String> {
    let forms = Noun::ALL.into_iter().flat_map(|noun| {
        ["", "/new", "/edit/1", "/remove/1", "/log/1", "/file/1"].map(|deed| format!("{}{deed}", noun.path()))
    });
    forms.filter(|path| Page::of(path).is_some_and(|page| page.takes_post())).collect()
}

#[test]
fn a_form_that_waited_for_a_sign_in_meets_the_same_gate() {
    let Ground { desk, mut rows } = ground();
    desk.set("web_signins", "1000");
    rows.extend(set_up_forms().into_iter().map(|path| (path, Some("do=save&name=x".to_owned()), Whose::SetUp)));
    let before = desk.web.store.read(|tx| tx.all_staff()).unwrap();
    let mut wrong = Vec::new();
    for (path, form, whose) in rows.iter().filter(|(path, form, _)| form.is_some() && !path.contains('?')) {
        let form = form.as_deref().unwrap_or("");
        let response = sign_in(&desk, "abe", &carried(path, form));
        let (status, location) = (response.status(), response.header("Location").unwrap_or(""));
        let is_right = match refused(*whose, Walker::Agent, true) {
            // A script's form waits for nobody, and a mail has to be named.
            _ if matches!(path.as_str(), "/staff/drafts" | "/staff/pulse" | "/staff/outbox") => status == 400,
            Some(expected) => status == expected,
            None => matches!(status, 200 | 303 | 422) && !location.starts_with("/staff/login"),
        };
        if !is_right || response.header("Set-Cookie").is_none() {
            wrong.push(format!("{path} {form} ({whose:?}): {status} {location}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let role = |all: &[crate::store::staff::Staff]| all.iter().map(|one| (one.role, one.has_setup)).collect::<Vec<_>>();
    assert_eq!(role(&desk.web.store.read(|tx| tx.all_staff()).unwrap()), role(&before));
}

#[test]
fn nobody_makes_themselves_an_admin_by_signing_in() {
    let desk = Desk::new();
    let path = format!("/staff/agents/edit/{}", desk.agent);
    let form = "name=Abe&email=abe%40desk.test&role=admin&active=1&do=save";
    let role = || desk.web.store.read(|tx| tx.staff(desk.agent)).unwrap().unwrap().role;
    assert_eq!(sign_in(&desk, "abe", &carried(&path, form)).status(), 403);
    assert_eq!(role(), StaffRole::Agent);
    // Neither another sign-in nor the page of the first account is a form that waits.
    for path in ["/staff/login", "/staff/first/x", "/staff/logout"] {
        let status = sign_in(&desk, "abe", &carried(path, "username=ada&password=ada-secret")).status();
        assert_eq!(status, 400, "{path}");
    }
    assert_eq!(sign_in(&desk, "ada", &carried(&path, form)).status(), 303, "an admin's form waits as before");
    assert_eq!(role(), StaffRole::Admin);
}
