//! Changes that stop, ask or are taken back: that what was shown and asked is what is done.

use super::*;
use crate::domain::Status;
use crate::store::import::ImportedPriority;

#[test]
fn an_answer_is_sent_anyway_past_the_news_that_were_shown_only() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let path = format!("/staff/tickets/view/{id}");
    let seen = |page: &str| page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let first = seen(&text(&abe.get(&path)));
    ada.post(&path, "do=note&text=Mine");
    let stopped = abe.post(&path, &format!("do=send&text=Hello&seen={first}&key={:032x}", 7));
    assert_eq!(stopped.status(), 409);
    let second = seen(&text(&stopped));
    ada.post(&path, "do=note&text=Really");
    let anyway = |seen: &str| abe.post(&path, &format!("do=anyway&text=Hello&seen={seen}&key={:032x}", 7));
    let again = anyway(&second);
    assert_eq!(again.status(), 409, "a note that the page has not shown");
    assert!(text(&again).contains("Really") && text(&again).contains("value=\"anyway\""));
    assert_eq!(anyway(&seen(&text(&again))).status(), 303);
    assert_eq!(desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().replies, 1);
}

#[test]
fn a_new_ticket_is_taken_back_with_all_that_was_typed() {
    let desk = Desk::new();
    let abe = desk.browser(desk.agent);
    let form = format!("do=send&to=eve%40x.test&subject=Call&text=At+noon&department=1&key={:032x}", 5);
    let sent = abe.post("/staff/tickets/create", &form);
    let location = sent.header("Location").unwrap().to_owned();
    let page = text(&abe.get(&location));
    assert!(page.contains("/staff/tickets/undo"), "{page}");
    let undo = location.split("undo=").nth(1).unwrap();
    let back = abe.post("/staff/tickets/undo", &format!("undo={undo}"));
    let location = back.header("Location").unwrap().to_owned();
    assert!(location.starts_with("/staff/tickets/create?"), "{location}");
    let page = text(&abe.get(&location));
    for typed in ["eve@x.test", "value=\"Call\"", "At noon"] {
        assert!(page.contains(typed), "{typed}: {page}");
    }
    assert_eq!(desk.web.store.read(|tx| tx.newest_ticket()).unwrap(), None);
    let twice = abe.post("/staff/tickets/create", &form);
    assert_eq!(twice.header("Location"), Some("/staff/tickets/create"), "the old form posts nothing");
}

#[test]
fn what_was_asked_about_is_what_is_done() {
    let desk = Desk::new();
    let (one, two) = (desk.mail("one@desk.test", "Printer", 1), desk.mail("one@desk.test", "Printer", 2));
    let abe = desk.browser(desk.agent);
    let status = |id| desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().status;
    let form = "do=close&all=1&from=%2Fstaff%2Ftickets";
    let asked = text(&abe.post("/staff/tickets/bulk", form));
    assert!(asked.contains("2 tickets"), "{asked}");
    let late = desk.mail("one@desk.test", "Printer", 3);
    let pairs: Vec<(String, String)> = asked
        .split("<input type=\"hidden\" name=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once("\" value=\""))
        .map(|(name, rest)| (name.to_owned(), rest.split('"').next().unwrap().replace("&#47;", "/")))
        .filter(|(name, _)| name != "form_token")
        .collect();
    let sure = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    assert!(sure.contains(&format!("found={one}.{two}")) && !sure.contains("all="), "{sure}");
    let done = abe.post("/staff/tickets/bulk", &sure);
    assert!(done.header("Location").unwrap().contains("n=2"), "{:?}", done.header("Location"));
    assert_eq!([one, two, late].map(status), [Status::Closed, Status::Closed, Status::Open]);
    let again = abe.post("/staff/tickets/bulk", &format!("{form}&sure=1"));
    assert_eq!((again.status(), status(late)), (200, Status::Open), "nobody was asked about what is found now");
}

#[test]
fn history_is_in_words() {
    let desk = Desk::new();
    let (id, other) = (desk.mail("one@desk.test", "Printer", 1), desk.mail("one@desk.test", "Lamp", 2));
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let path = format!("/staff/tickets/view/{id}");
    abe.post("/staff/account/profile", "do=save&zone=Europe%2FBerlin&language=de");
    abe.post(&path, "do=snooze&until=at&at=2027-06-01T10:30");
    abe.post(&format!("/staff/tickets/view/{other}"), &format!("do=merge&into={id}&sure=1"));
    let page = text(&abe.get(&path));
    let shown = page.replace(['\u{2068}', '\u{2069}'], "");
    assert!(shown.contains("zurückgestellt bis 1. Juni 2027, 10:30 CEST (Europe/Berlin)"), "{shown}");
    assert!(shown.contains(&format!("zusammengeführt von #{other}")) && !shown.contains("1811838600"), "{shown}");
    let audit = text(&ada.get("/staff/setup/audit")).replace(['\u{2068}', '\u{2069}'], "");
    assert!(audit.contains("put off until 1 Jun 2027, 08:30 (UTC)"), "{audit}");
}

#[test]
fn a_saved_search_is_renamed_and_removed_by_whose_it_is() {
    let desk = Desk::new();
    let may = crate::store::staff::StaffChange { has_setup: Some(true), ..Default::default() };
    let (abe, eve) = (desk.browser(desk.agent), {
        let new = NewStaff {
            username: "eve",
            fullname: "Eve",
            email: &"eve@desk.test".parse().unwrap(),
            password_hash: "x",
            role: StaffRole::Agent,
            is_active: true,
            totp_secret: "",
        };
        desk.web.store.write(|tx| tx.add_staff(&new, &[DepartmentId::new(1)], NOW)).unwrap()
    });
    let other = desk.browser(eve);
    let save = |form: &str| {
        let saved = abe.post("/staff/tickets/search", &format!("q=is%3Aopen&{form}"));
        saved.header("Location").unwrap().to_owned()
    };
    let (own, shared) = (save("name=Mine"), save("name=Ours&shared=1"));
    assert_eq!(other.post(&own, "do=rename&name=x").status(), 404);
    assert_eq!(other.post(&shared, "do=rename&name=x").status(), 403, "another's, though everybody has it");
    assert!(!text(&other.get(&shared)).contains("value=\"rename\""));
    for path in [&own, &shared] {
        assert!(text(&abe.get(path)).contains("value=\"rename\""));
        assert_eq!(abe.post(path, "do=rename&name=Hot").status(), 303);
        assert!(text(&abe.get(path)).contains("<bdi>Hot</bdi>"));
    }
    assert_eq!(abe.post(&own, "do=remove").status(), 200, "it asks first");
    assert_eq!(abe.post(&own, "do=remove&sure=1").status(), 303);
    assert_eq!(abe.get(&own).status(), 404);
    desk.web.store.write(|tx| tx.update_staff(eve, &may)).unwrap();
    assert_eq!(desk.browser(eve).post(&shared, "do=remove&sure=1").status(), 303, "who sets up");
    assert_eq!(abe.get(&shared).status(), 404);
}

#[test]
fn the_desk_does_not_write_to_itself() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let customer = || desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().customer;
    let before = customer();
    for (path, form, typed) in [
        (path.as_str(), "do=requester&requester=Two%40desk.test", "value=\"Two@desk.test\""),
        (&path, "do=send&to=a%40x.test%2C+one%2Bx%40desk.test&cc=&text=Hello+there", "Hello there"),
        (&path, "do=send&to=a%40x.test&cc=two%40desk.test&text=Hello+there", "Hello there"),
        ("/staff/tickets/create", "do=send&to=one%40desk.test&subject=S&text=Hello+there&department=1", "Hello there"),
    ] {
        let shown = abe.post(path, form);
        let page = text(&shown);
        assert!(shown.status() == 422 && page.contains("an address of this desk"), "{form}: {page}");
        assert!(page.contains(typed), "{form}: what was typed is kept: {page}");
    }
    assert_eq!(customer(), before);
    assert!(desk.web.store.read(|tx| tx.customer_by_email("one@desk.test")).unwrap().is_none());
    assert_eq!(abe.post(&path, "do=requester&requester=bob%40x.test").status(), 303);
}

#[test]
fn the_first_priority_that_is_made_is_no_tickets() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let ada = desk.browser(desk.admin);
    let priority = || desk.web.store.read(|tx| tx.priority_of(id)).unwrap();
    ada.post("/staff/setup/priorities/new", "name=High&color=%23ff0000&do=save");
    assert_eq!(priority(), (1, "Normal".to_owned()));
    let names: Vec<(i64, String)> =
        desk.web.store.read(|tx| tx.priorities()).unwrap().into_iter().map(|own| (own.id, own.name)).collect();
    assert_eq!(names, [(1, "Normal".to_owned()), (2, "High".to_owned())]);
    // A script that makes its own "Normal" finds it.
    let own = ImportedPriority { id: 0, name: "Normal".to_owned(), color: "#00ff00".to_owned() };
    assert_eq!(desk.web.store.write(|tx| tx.save_priority(&own)).unwrap(), 1);
    let colours: Vec<String> =
        desk.web.store.read(|tx| tx.priorities()).unwrap().into_iter().map(|own| own.color).collect();
    assert_eq!(colours, ["#00ff00", "#ff0000"]);
    // One that is removed is offered no more, and "Apply" gives the ticket no other for it.
    ada.post("/staff/setup/priorities/remove/1", "do=remove");
    let page = text(&ada.get(&format!("/staff/tickets/view/{id}")));
    assert!(page.contains("<option value=\"\" selected></option><option value=\"2\">High"), "{page}");
    assert_eq!(ada.post("/staff/setup/priorities/new", "name=Low&color=%23ff0000&do=save").status(), 303);
    assert_ne!(priority().1, "Low");
}
