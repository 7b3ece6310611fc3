//! The set-up as a browser without JavaScript does it: each page's add, change and remove; who is let in; the record.
#![allow(clippy::unwrap_used)]

mod care;
mod rights;

use super::*;
use crate::domain::DepartmentId;
use crate::http::Request;
use crate::store::staff::StaffChange;
use crate::web::tests::{Browser, Desk, NOW, text};
use crate::web::{Web, respond};

fn tools(folder: &std::path::Path) -> Tools {
    Tools {
        test_address: Box::new(|row| AddressTest {
            incoming: Some(if row.imap_password_file.is_empty() {
                Err("the password is wrong".to_owned())
            } else {
                Ok(vec![std::fs::read_to_string(&row.imap_password_file).unwrap()])
            }),
            outgoing: None,
        }),
        health: Box::new(|| {
            let text = |text: &str| text.to_owned();
            Ok(vec![HealthLine { name: text("host"), level: text("OK"), message: text("fine"), fix: text("") }])
        }),
        ask: Box::new(|_| Err("nobody is asked".to_owned())),
        start: Box::new(|_| Err("nothing is begun".to_owned())),
        command: "/usr/bin/maildesk --db=/d".to_owned(),
        database: "/d".to_owned(),
        account: "maildesk".to_owned(),
        folder: folder.to_owned(),
    }
}

/// The `action`, `label` and so on of a page are strings; what is looked for is its rows and its fields.
fn page(browser: &Browser<'_>, path: &str) -> String {
    let response = browser.get(path);
    let page = text(&response);
    assert_eq!(response.status(), 200, "{path}: {page}");
    page
}

/// Posts a form that must lead on.
fn done(browser: &Browser<'_>, path: &str, form: &str) -> String {
    let response = browser.post(path, form);
    assert_eq!(response.status(), 303, "{path} {form}: {}", text(&response));
    response.header("Location").unwrap().to_owned()
}

#[test]
fn every_set_up_page_is_for_those_who_may_set_up_alone() {
    let desk = Desk::new();
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    for noun in Noun::ALL {
        let path = noun.path();
        let has_list_only = matches!(noun, Noun::Backups | Noun::Check | Noun::Import);
        let more = if has_list_only || matches!(noun, Noun::General | Noun::Figures | Noun::Audit | Noun::Health) {
            vec![path.to_owned()]
        } else {
            vec![path.to_owned(), format!("{path}/new"), format!("{path}/edit/1"), format!("{path}/remove/1")]
        };
        for path in more {
            assert_eq!(abe.get(&path).status(), 403, "{path}");
            assert_eq!(abe.get(&format!("{path}/")).status(), 403, "{path}/");
            let stranger = respond(&desk.web, Request::new(Method::Get, &path), NOW);
            assert_eq!(stranger.status(), 303, "{path}");
            assert_eq!(
                ada.post_as(&path, "name=x", "cross-site").status(),
                if path == noun.path() && !noun.has_acts() { 405 } else { 403 },
                "{path}"
            );
        }
        assert_eq!(ada.get(path).status(), 200, "{path}");
        assert_eq!(abe.post(&format!("{path}/new"), "name=x").status(), 403, "{path}");
    }
    let may = StaffChange { has_setup: Some(true), ..StaffChange::default() };
    desk.web.store.write(|tx| tx.update_staff(desk.agent, &may)).unwrap();
    let abe = desk.browser(desk.agent);
    assert_eq!(abe.get("/staff/departments").status(), 200, "an agent who may set up");
    assert!(text(&abe.get("/staff/tickets")).contains(">Set-up</a>"));
    assert_eq!(abe.get("/staff/departments/edit/99").status(), 404);
    assert_eq!(abe.get("/staff/departments/edit/01").status(), 404);
}

#[test]
fn departments_are_added_changed_and_removed() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    assert!(page(&ada, "/staff/departments").contains(">Add</a>"));
    let wrong = ada.post("/staff/departments/new", "name=&do=save");
    assert_eq!(wrong.status(), 422);
    assert!(text(&wrong).contains("One line of 1 to"), "{}", text(&wrong));
    done(&ada, "/staff/departments/new", "name=%3Cb%3ESales&private=1&do=save");
    let list = page(&ada, "/staff/departments?done=saved");
    assert!(list.contains("&#60;b&#62;Sales") && list.contains("Saved."), "{list}");
    done(&ada, "/staff/departments/edit/3", "name=Sales&do=save");
    let found = desk.web.store.read(|tx| tx.department(DepartmentId::new(3))).unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.is_private), ("Sales", false));
    let question = page(&ada, "/staff/departments/remove/3");
    assert!(question.contains("Remove department") && question.contains(">Remove</button>"), "{question}");
    done(&ada, "/staff/departments/remove/3", "do=remove");
    assert_eq!(ada.get("/staff/departments/edit/3").status(), 404);
    done(&ada, "/staff/departments/remove/2", "do=remove");
    assert!(!page(&ada, "/staff/departments/remove/1").contains(">Remove</button>"), "the last one stays");
    assert_eq!(ada.post("/staff/departments/remove/1", "do=remove").status(), 403);
}

#[test]
fn small_things_are_added_changed_and_removed() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    for (path, add, change, was, is) in [
        ("/staff/setup/tags", "name=vip", "name=very+important", "vip", "very important"),
        ("/staff/setup/views", "name=Hot&query=is%3Aopen", "name=Cold&query=is%3Aopen", "Hot", "Cold"),
        ("/staff/setup/priorities", "name=High&color=%23ff0000", "name=Urgent&color=%23ff0000", "High", "Urgent"),
        ("/staff/canned-responses", "title=Hello&text=Hi+there", "title=Bye&text=Bye+then", "Hello", "Bye"),
        (
            "/staff/tools/custom-fields",
            "title=Order&kind=text",
            "title=Serial&kind=select&options=a%0Ab",
            "Order",
            "Serial",
        ),
    ] {
        let row = |name: &str| format!("<bdi>{name}</bdi>");
        done(&ada, &format!("{path}/new"), &format!("{add}&do=save"));
        assert!(page(&ada, path).contains(&row(was)), "{path}");
        // Beside the first priority there is the usual one.
        let id = if path.ends_with("priorities") { 2 } else { 1 };
        assert!(page(&ada, &format!("{path}/edit/{id}")).contains(was), "{path}");
        done(&ada, &format!("{path}/edit/{id}"), &format!("{change}&do=save"));
        let list = page(&ada, path);
        assert!(list.contains(&row(is)) && !list.contains(&row(was)), "{path}: {list}");
        assert!(page(&ada, &format!("{path}/remove/{id}")).contains(is), "{path}");
        done(&ada, &format!("{path}/remove/{id}"), "do=remove");
        assert!(!page(&ada, path).contains(&row(is)), "{path}");
    }
    done(&ada, "/staff/setup/bans/new", "ban=%40Spam.Example&do=save");
    let list = page(&ada, "/staff/setup/bans");
    let (_, rest) = list.split_once("/staff/setup/bans/remove/").unwrap();
    let key = rest.split('"').next().unwrap();
    assert!(list.contains("spam.example"), "{list}");
    done(&ada, &format!("/staff/setup/bans/remove/{key}"), "do=remove");
    assert!(!page(&ada, "/staff/setup/bans").contains("spam.example"));
    assert_eq!(ada.post("/staff/setup/bans/new", "ban=a+b&do=save").status(), 422);
    assert_eq!(ada.post("/staff/setup/priorities/new", "name=x&color=red&do=save").status(), 422);
}

#[test]
fn a_token_is_shown_once_and_allows_what_was_ticked() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let form = "name=shop&permissions=users%2Fcreate&permissions=tickets%2Fread&ips=10.0.0.0%2F8&active=1&do=save";
    let made = ada.post("/staff/setup/api/new", form);
    assert_eq!(made.status(), 200);
    let shown = text(&made);
    let (_, status) = shown.split_once("id=\"outcome\" role=\"status\"").unwrap();
    let token = status.split("<bdi>").nth(2).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(token.len(), 60, "{status}");
    let found = desk.web.store.read(|tx| tx.token_by_hash(&crate::web::session::hash_of(&token))).unwrap().unwrap();
    assert_eq!((found.permissions.as_str(), found.ips.as_str()), ("users/create tickets/read", "10.0.0.0/8"));
    assert!(!page(&ada, "/staff/setup/api").contains(&token));
    assert!(page(&ada, "/staff/setup/api/edit/1").contains("value=\"users/create\" checked"));
    done(&ada, "/staff/setup/api/edit/1", "name=shop&everything=1&do=save");
    let found = desk.web.store.read(|tx| tx.tokens()).unwrap().remove(0);
    assert_eq!((found.permissions.as_str(), found.is_active), ("*", false));
    assert_eq!(ada.post("/staff/setup/api/new", "name=x&ips=nowhere&do=save").status(), 422);
    done(&ada, "/staff/setup/api/remove/1", "do=remove");
    assert!(desk.web.store.read(|tx| tx.tokens()).unwrap().is_empty());
}

#[test]
fn staff_are_added_with_rights_and_the_last_admin_stays() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let form =
        "username=bob&name=Bob&email=bob%40desk.test&role=agent&departments=2&all=1&active=1&password=long-enough";
    done(&ada, "/staff/agents/new", &format!("{form}&do=save"));
    let bob = desk.web.store.read(|tx| tx.staff_by_username("bob")).unwrap().unwrap();
    assert!(bob.sees_all() && !bob.may_set_up() && bob.is_active);
    assert_eq!(ada.post("/staff/agents/new", &format!("{form}&do=save")).status(), 422, "the name is taken");
    let short = form.replace("bob", "eve").replace("long-enough", "x");
    assert_eq!(ada.post("/staff/agents/new", &short).status(), 422);
    let path = format!("/staff/agents/edit/{}", bob.id);
    done(&ada, &path, "name=Bob&email=bob%40desk.test&role=agent&departments=1&setup=1&active=1&do=save");
    let (bob, departments) = desk
        .web
        .store
        .read(|tx| Ok::<_, crate::store::Error>((tx.staff_by_username("bob")?.unwrap(), tx.staff_departments(bob.id)?)))
        .unwrap();
    assert!(!bob.sees_all() && bob.may_set_up());
    assert_eq!(departments, [DepartmentId::new(1)]);
    let shown = ada.post(&path, "do=totp-on");
    assert!(text(&shown).contains("otpauth://"), "{}", text(&shown));
    assert!(desk.web.store.read(|tx| tx.staff(bob.id)).unwrap().unwrap().has_totp);
    assert!(!page(&ada, &path).contains("otpauth://"), "shown once");
    let own = format!("/staff/agents/edit/{}", desk.admin);
    let refused = ada.post(&own, "name=Ada&email=ada%40desk.test&role=agent&active=1&do=save");
    assert_eq!(refused.status(), 422);
    assert_eq!(ada.post(&format!("/staff/agents/remove/{}", desk.admin), "do=remove").status(), 403);
    done(&ada, &format!("/staff/agents/remove/{}", bob.id), "do=remove");
}

#[test]
fn addresses_are_set_up_tried_and_keep_their_passwords_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    desk.web.tools = Some(tools(folder.path()));
    let ada = desk.browser(desk.admin);
    let pipe = "email=help%40desk.test&name=Help&department=1&incoming=pipe&outgoing=none&imap_after=seen&do=save";
    let location = done(&ada, "/staff/setup/email-addresses/new", pipe);
    assert!(location.starts_with("/staff/setup/email-addresses/edit/"), "{location}");
    let shown = page(&ada, location.split('?').next().unwrap());
    for line in ["argv=/usr/bin/maildesk --db=/d pipe", "user = maildesk", "help: &#34;|/usr/bin/maildesk", "cPanel"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let imap = "email=box%40desk.test&name=Box&department=2&incoming=imap&imap_host=imap.test&imap_user=box\
                &imap_folders=INBOX%0AOther&imap_after=move%3ADone&outgoing=smtp&smtp_host=smtp.test";
    let tried = ada.post("/staff/setup/email-addresses/new", &format!("{imap}&imap_password=secret&do=test"));
    assert!(text(&tried).contains("Folders: secret"), "{}", text(&tried));
    let tried = ada.post("/staff/setup/email-addresses/new", &format!("{imap}&do=test"));
    assert!(text(&tried).contains("the password is wrong"), "{}", text(&tried));
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files(), 0, "a try leaves nothing");
    done(&ada, "/staff/setup/email-addresses/new", &format!("{imap}&imap_password=secret&do=save"));
    let all = desk.web.store.read(|tx| tx.addresses()).unwrap();
    let (id, row) = all.iter().find(|(_, row)| row.email == "box@desk.test").unwrap();
    assert_eq!((row.imap_folders.len(), row.imap_after.to_string().as_str()), (2, "move:Done"));
    assert_eq!(std::fs::read_to_string(&row.imap_password_file).unwrap(), "secret");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&row.imap_password_file).unwrap().permissions().mode() & 0o777, 0o600);
    let path = format!("/staff/setup/email-addresses/edit/{id}");
    assert!(!page(&ada, &path).contains("\"secret"));
    let elsewhere = imap.replace("imap.test", "thief.test");
    for deed in ["save", "test"] {
        let refused = ada.post(&path, &format!("{elsewhere}&do={deed}"));
        assert_eq!(refused.status(), 422, "{deed}");
        assert!(text(&refused).contains("type the password again"), "{}", text(&refused));
    }
    done(&ada, &path, &format!("{}&do=save", imap.replace("name=Box", "name=Mailbox")));
    let kept = desk.web.store.read(|tx| tx.addresses()).unwrap().into_iter().find(|(own, _)| own == id).unwrap().1;
    assert_eq!((kept.name.as_str(), &kept.imap_password_file), ("Mailbox", &row.imap_password_file));
    assert_eq!(ada.post("/staff/setup/email-addresses/new", pipe).status(), 422, "the address is taken");
    done(&ada, &format!("/staff/setup/email-addresses/remove/{id}"), "do=remove");
    assert_eq!(ada.get(&path).status(), 404);
}

#[test]
fn duty_hours_are_checked_and_staff_are_tied_to_them() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let path = "/staff/setup/schedules";
    for wrong in ["hours=Someday&zone=UTC", "hours=Mon+9%3A00-17%3A00&zone=Atlantis"] {
        assert_eq!(ada.post(&format!("{path}/new"), &format!("name=office&{wrong}&do=save")).status(), 422, "{wrong}");
    }
    done(&ada, &format!("{path}/new"), "name=office&hours=Mon-Fri+9%3A00-17%3A00&zone=Europe%2FBerlin&do=save");
    let own = format!("/staff/agents/edit/{}", desk.agent);
    assert!(page(&ada, &own).contains(">office</option>"));
    let form = "name=Abe&email=abe%40desk.test&role=agent&departments=1&active=1&do=save";
    assert_eq!(ada.post(&own, &format!("{form}&schedule=nothing")).status(), 422);
    done(&ada, &own, &format!("{form}&schedule=office"));
    assert_eq!(desk.web.store.read(|tx| tx.schedules()).unwrap().remove(0).staff, 1);
    done(&ada, &format!("{path}/edit/1"), "name=hq&hours=Mon-Sat+9%3A00-17%3A00&zone=UTC&do=save");
    let named = desk.web.store.read(|tx| tx.schedule_named("hq")).unwrap().unwrap();
    assert_eq!((named.hours.as_str(), named.timezone.as_str()), ("Mon-Sat 9:00-17:00", "UTC"));
    assert!(page(&ada, &format!("{path}/remove/1")).contains("always on duty then: 1"));
    done(&ada, &format!("{path}/remove/1"), "do=remove");
    assert!(desk.web.store.read(|tx| tx.schedules()).unwrap().is_empty());
}

#[test]
fn customers_are_found_blocked_invited_and_merged_after_a_question() {
    let desk = Desk::new();
    desk.mail("one@desk.test", "Printer", 1);
    let ada = desk.browser(desk.admin);
    let first = desk.web.store.read(|tx| tx.customers_like("", 10)).unwrap().remove(0);
    done(&ada, "/staff/users/new", "name=Cy&email=cy%40client.test&do=save");
    assert_eq!(ada.post("/staff/users/new", "name=Cy&email=CY%40client.test&do=save").status(), 422, "taken");
    let found = page(&ada, "/staff/users?q=cy%40");
    assert!(found.contains("cy@client.test") && !found.contains(&first.email), "{found}");
    let cy = desk.web.store.read(|tx| tx.customer_by_email("cy@client.test")).unwrap().unwrap();
    let path = format!("/staff/users/edit/{}", cy.id);
    done(&ada, &path, "name=Cy&email=cy%40client.test&blocked=1&do=save");
    let is_active = || desk.web.store.read(|tx| tx.customer(cy.id)).unwrap().unwrap().is_active;
    assert!(!is_active());
    done(&ada, &path, "name=Cy&email=cy%40client.test&do=save");
    assert!(is_active());
    assert!(text(&ada.post(&path, "do=invite")).contains("site_url"));
    let from = format!("/staff/users/edit/{}", first.id);
    assert_eq!(ada.post(&from, "into=nobody%40client.test&do=merge").status(), 422);
    let asked = ada.post(&from, "into=cy%40client.test&do=merge");
    assert!(text(&asked).contains("gets these tickets: 1"), "{}", text(&asked));
    assert!(desk.web.store.read(|tx| tx.customer(first.id)).unwrap().is_some(), "it only asked");
    done(&ada, &from, "into=cy%40client.test&do=merge-yes");
    assert!(desk.web.store.read(|tx| tx.customer(first.id)).unwrap().is_none());
    assert!(page(&ada, &format!("/staff/users/remove/{}", cy.id)).contains("Remove customer cy@client.test?"));
    done(&ada, &format!("/staff/users/remove/{}", cy.id), "do=remove");
    let events = desk.web.store.read(|tx| tx.events_before(0, 20)).unwrap();
    let has = |kind: &str, detail: &str| events.iter().any(|own| own.kind == kind && own.detail.contains(detail));
    assert!(has("added", "cy@client.test") && has("changed", ": blocked") && has("removed", "merged into"));
}

#[test]
fn texts_of_mails_are_changed_looked_at_and_put_back() {
    let desk = Desk::new();
    desk.mail("one@desk.test", "Printer", 1);
    let ada = desk.browser(desk.admin);
    let path = "/staff/setup/email-templates/edit/new_ticket";
    let form = "subject=We+have+it&body=Your+number+is+%25ticket_id%25.&enabled=1";
    let shown = ada.post(path, &format!("{form}&do=preview"));
    assert!(text(&shown).contains("Your number is"), "{}", text(&shown));
    let stored = || desk.web.store.read(|tx| tx.stored_template("new_ticket")).unwrap();
    assert_eq!(stored(), None, "a preview stores nothing");
    done(&ada, path, &format!("{form}&do=save"));
    assert_eq!(stored().unwrap().subject, "We have it");
    done(&ada, "/staff/setup/email-templates/remove/new_ticket", "do=remove");
    assert_eq!(stored(), None);
    for event in crate::outbox::template::Event::ALL {
        let shown = page(&ada, &format!("/staff/setup/email-templates/edit/{}", event.name()));
        assert!(!shown.contains(&format!("template-{}", event.name())), "{} has no words", event.name());
    }
}

#[test]
fn settings_are_shown_with_their_meanings_and_checked() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let shown = page(&ada, "/staff/setup/general");
    assert!(shown.contains("hours after which an answered ticket is closed"), "{shown}");
    let wrong = ada.post("/staff/setup/general", "reopen_days=never&do=save");
    assert_eq!(wrong.status(), 422);
    assert!(text(&wrong).contains("whole number from"), "{}", text(&wrong));
    done(&ada, "/staff/setup/general", "reopen_days=7&do=save");
    let settings = desk.web.store.read(|tx| tx.settings()).unwrap();
    assert_eq!((settings.reopen_days, settings.subject_tag), (7, true));
}

#[test]
fn every_change_of_the_set_up_is_on_record_with_person_and_door() {
    let desk = Desk::new();
    desk.mail("one@desk.test", "Printer", 1);
    let ada = desk.browser(desk.admin);
    done(&ada, "/staff/departments/new", "name=Sales&do=save");
    done(&ada, "/staff/setup/general", "reopen_days=7&do=save");
    done(&ada, "/staff/departments/remove/3", "do=remove");
    let events = desk.web.store.read(|tx| tx.events_before(0, 3)).unwrap();
    let lines: Vec<String> = events
        .iter()
        .map(|event| format!("{} {} by {} through {}", event.kind, event.detail, event.actor_name, event.door))
        .collect();
    let by = "by ada through web";
    assert_eq!(
        lines,
        [
            format!("removed department 3 Sales {by}"),
            format!("changed setting reopen_days {by}"),
            format!("added department 3 Sales {by}")
        ]
    );
    let shown = page(&ada, "/staff/setup/audit");
    for line in ["added: department 3 Sales", "opened", "in the browser, 127.0.0.1", "by command"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn webhooks_are_added_tried_and_sent_again() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let path = "/staff/setup/webhooks";
    assert_eq!(ada.post(&format!("{path}/new"), "name=x&url=ftp%3A%2F%2Fx&kinds=opened&do=save").status(), 422);
    assert_eq!(ada.post(&format!("{path}/new"), "name=x&url=https%3A%2F%2Fx.test&do=save").status(), 422);
    let made = ada.post(&format!("{path}/new"), "name=x&url=http%3A%2F%2F127.0.0.1%3A9%2F&kinds=opened&do=save");
    assert!(text(&made).contains("whsec_"), "{}", text(&made));
    assert!(!page(&ada, &format!("{path}/edit/1")).contains("whsec_"), "shown once");
    let tried = ada.post(&format!("{path}/edit/1"), "do=test");
    assert!(text(&tried).contains("not a public address"), "{}", text(&tried));
    desk.mail("one@desk.test", "Printer", 1);
    assert!(page(&ada, &format!("{path}/log/1")).contains("Send again"));
    done(&ada, &format!("{path}/log/1"), "do=resend-1");
    assert_eq!(ada.post(&format!("{path}/log/1"), "do=resend-7").status(), 404);
    done(&ada, &format!("{path}/edit/1"), "name=y&url=https%3A%2F%2Fx.test&everything=1&do=save");
    let own = desk.web.store.read(|tx| tx.webhooks()).unwrap().remove(0);
    assert_eq!((own.name.as_str(), own.kinds.as_str(), own.is_active), ("y", "*", false));
    done(&ada, &format!("{path}/remove/1"), "do=remove");
}

#[test]
fn health_says_what_the_doctor_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    assert!(page(&desk.browser(desk.admin), "/staff/setup/health").contains("maildesk admin"));
    desk.web.tools = Some(tools(folder.path()));
    let shown = page(&desk.browser(desk.admin), "/staff/setup/health");
    assert!(shown.contains("<bdi>fine</bdi>"), "{shown}");
    assert!(shown.contains("admin copy /d postgres://USER@HOST/NAME"), "{shown}");
}

/// A page asked for, or a form posted, by nobody.
fn nobody(web: &Web, path: &str, form: Option<&str>) -> crate::http::Response {
    let request = match form {
        None => Request::new(Method::Get, path),
        Some(form) => Request::new(Method::Post, path)
            .with_header("Content-Type", "application/x-www-form-urlencoded")
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_body(form),
    };
    respond(web, request.with_header("Accept", "text/html"), NOW)
}

#[test]
fn the_first_account_is_made_behind_a_link_that_works_once_for_an_hour() {
    use crate::store::session::EntryLink;
    let desk = Desk::new();
    let hash = crate::web::session::hash_of("token");
    let keep = |ends_at| {
        desk.web.store.write(|tx| tx.add_entry_link(&hash, EntryLink::Setup, ends_at, NOW)).unwrap();
    };
    keep(NOW.plus_s(3600));
    assert_eq!(nobody(&desk.web, "/staff/first/token", None).status(), 404, "this desk has staff");
    desk.web
        .store
        .write(|tx| {
            tx.ticket_rows().remove_staff(desk.admin)?;
            tx.ticket_rows().remove_staff(desk.agent)
        })
        .unwrap();
    assert_eq!(nobody(&desk.web, "/staff/first/other", None).status(), 404);
    let shown = nobody(&desk.web, "/staff/first/token", None);
    assert_eq!(shown.status(), 200, "{}", text(&shown));
    let body = text(&shown);
    let token = body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = format!("form_token={token}&site_name=Mine&username=root&name=Root&email=root%40desk.test&password=");
    assert_eq!(nobody(&desk.web, "/staff/first/token", Some(&format!("{form}x"))).status(), 422);
    let made = nobody(&desk.web, "/staff/first/token", Some(&format!("{form}long-enough")));
    assert_eq!(made.status(), 303, "{}", text(&made));
    let root = desk.web.store.read(|tx| tx.staff_by_username("root")).unwrap().unwrap();
    assert!(root.may_set_up() && root.sees_all());
    assert_eq!(desk.web.store.read(|tx| tx.settings()).unwrap().site_name, "Mine");
    assert_eq!(nobody(&desk.web, "/staff/first/token", Some(&format!("{form}long-enough"))).status(), 404);
}

#[test]
fn settings_events_and_findings_are_in_the_languages_of_the_pages() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    desk.web = desk.web.with_tools(tools(dir.path()));
    let ada = desk.browser(desk.admin);
    let shown = |path: &str| {
        let request = Request::new(Method::Get, path).with_header("Accept-Language", "de");
        text(&ada.ask(request))
    };
    let general = shown("/staff/setup/general");
    for german in ["Name des Desks (site_name)", "Name des Desks, in Mails (Helpdesk)", ">zurückhalten</option>"] {
        assert!(general.contains(german), "{german}: {general}");
    }
    assert!(!general.contains("lang=\"en\""), "{general}");
    assert!(shown("/staff/setup/webhooks/new").contains("verschoben (moved)"));
    assert!(shown("/staff/setup/health").contains("In Ordnung"));
    let request = Request::new(Method::Post, "/staff/setup/general")
        .with_header("Accept-Language", "de")
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_header("Sec-Fetch-Site", "same-origin")
        .with_body(format!("form_token={}&web_page=0", ada.token));
    assert!(text(&ada.ask(request)).contains("Eine ganze Zahl von 1 bis 1000."));
}

#[test]
fn a_colleagues_change_of_the_set_up_is_not_lost() {
    let desk = Desk::new();
    let (ada, eve) = (desk.browser(desk.admin), desk.browser(desk.admin));
    for (path, field) in [("/staff/departments/edit/1", "name"), ("/staff/setup/general", "site_name")] {
        let page = text(&ada.get(path));
        let (_, rest) = page.split_once("name=\"version\" value=\"").unwrap();
        let version = rest.split('"').next().unwrap();
        // A box that is not sent is off, the pages' own too.
        let form = |version: &str, value: &str| format!("do=save&version={version}&web=1&{field}={value}");
        assert_eq!(eve.post(path, &form(version, "Hers")).status(), 303, "{path}");
        let stopped = ada.post(path, &form(version, "His"));
        let shown = text(&stopped);
        assert_eq!(stopped.status(), 409, "{path}: {shown}");
        assert!(shown.contains("value=\"His\"") && shown.contains(": Hers</bdi>"), "{path}: {shown}");
        let (_, rest) = shown.split_once("name=\"version\" value=\"").unwrap();
        let seen = rest.split('"').next().unwrap().to_owned();
        assert_ne!(seen, version, "{path}");
        assert_eq!(ada.post(path, &form(&seen, "His")).status(), 303, "{path}");
        assert_eq!(ada.post(path, &form(&seen, "His")).status(), 303, "{path}: a double click");
    }
}
