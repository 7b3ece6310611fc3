//! What can be done with a ticket besides answering it.

use super::*;
use crate::domain::desk_address::{Outgoing, SIGNATURE_CHARS_MAX};
use crate::store::address::AddressRow;
use crate::store::import::{ImportedCustomField, ImportedPriority};
use crate::store::staff::StaffPages;

fn messages(desk: &Desk, id: TicketId) -> Vec<String> {
    desk.web.store.read(|tx| tx.speeches(id)).unwrap().into_iter().map(|speech| speech.body).collect()
}

fn sign(desk: &Desk, signature: &str) {
    let pages = StaffPages { signature: crate::mail::html::text_to_html(signature), ..StaffPages::default() };
    desk.web.store.write(|tx| tx.set_staff_pages(desk.agent, &pages)).unwrap();
}

#[test]
fn an_answer_is_signed_as_the_form_showed_it_and_a_note_is_not() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    assert!(!text(&abe.get(&path)).contains("name=\"signature\""), "there is nothing to sign with");
    sign(&desk, "Abe\nDesk & Co");
    let page = text(&abe.get(&path));
    assert!(page.contains("name=\"signature\" value=\"1\" checked") && page.contains("Desk &amp; Co"), "{page}");
    assert_eq!(abe.post(&path, "do=send&text=Done.&signature=1").status(), 303);
    assert_eq!(abe.post(&path, "do=send&text=Unsigned.").status(), 303);
    assert_eq!(abe.post(&path, "do=note&text=Inside.&signature=1").status(), 303);
    let found = messages(&desk, id);
    assert_eq!(found[1..], ["Done.\n\n-- \nAbe\nDesk & Co", "Unsigned.", "Inside."]);
    let opened = abe.post(
        "/staff/tickets/create",
        "do=send&to=c@x.test&subject=Hello&text=First&department=1&signature=1&key=00000000000000000000000000000001",
    );
    let other = opened_at(&opened);
    assert_eq!(messages(&desk, other), ["First\n\n-- \nAbe\nDesk & Co"]);
}

/// The ticket that a form has opened.
fn opened_at(response: &Response) -> TicketId {
    let path = response.header("Location").unwrap().split('?').next().unwrap();
    TicketId::new(path.rsplit('/').next().unwrap().parse().unwrap())
}

/// Gives an address a signature, and a way out.
fn sign_address(desk: &Desk, email: &str, signature: &str) {
    let done = desk.web.store.write(|tx| {
        let (id, row) = tx.address_by_name(email)?.unwrap();
        let signed = AddressRow { outgoing: Outgoing::Sendmail, signature: signature.to_owned(), ..row };
        tx.update_address(id, &signed, NOW)
    });
    assert!(done.unwrap());
}

#[test]
fn each_address_signs_below_the_writer() {
    let desk = Desk::new();
    desk.set("site_name", "Lamps & Co");
    let (one, two) = (desk.mail("one@desk.test", "Printer", 1), desk.mail("two@desk.test", "Quote", 2));
    sign_address(&desk, "one@desk.test", "%staff_name% of %company_name%");
    sign_address(&desk, "two@desk.test", "Sales, room 7");
    sign(&desk, "Abe");
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let path = |id: TicketId| format!("/staff/tickets/view/{id}");
    assert!(text(&abe.get(&path(one))).contains("Abe<br />\nabe of Lamps &amp; Co"), "{}", text(&abe.get(&path(one))));
    assert_eq!(abe.post(&path(one), "do=send&text=Done.&signature=1").status(), 303);
    assert_eq!(messages(&desk, one)[1..], ["Done.\n\n-- \nAbe\nabe of Lamps & Co"]);
    assert_eq!(ada.post(&path(two), "do=send&text=Bought.&signature=1").status(), 303);
    assert_eq!(messages(&desk, two)[1..], ["Bought.\n\n-- \nSales, room 7"], "who has none signs as the address does");
    // A new ticket is signed as its department.
    let page = text(&ada.get("/staff/tickets/create"));
    assert!(page.contains("data-departments=\"1\"") && page.contains("data-departments=\"2\""), "{page}");
    assert!(!text(&abe.get("/staff/tickets/create")).contains("room 7"), "another department's");
    let form =
        "do=send&to=c@x.test&subject=Hello&text=First&signature=1&department=2&key=00000000000000000000000000000005";
    let opened = ada.post("/staff/tickets/create", form);
    let opened = opened_at(&opened);
    assert_eq!(messages(&desk, opened), ["First\n\n-- \nSales, room 7"]);
}

#[test]
fn signatures_are_kept_as_they_were_typed() {
    let desk = Desk::new();
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let form =
        "email=two@desk.test&name=Desk&department=2&incoming=pipe&outgoing=none&signature=+**Sales**%0D%0Aroom+7+";
    let saved = ada.post("/staff/setup/email-addresses/edit/2", form);
    assert_eq!(saved.status(), 303, "{}", text(&saved));
    let kept = || desk.web.store.read(|tx| tx.address_by_name("two@desk.test")).unwrap().unwrap().1.signature;
    assert_eq!(kept(), "**Sales**\nroom 7");
    let post =
        |text: &str| ada.post("/staff/setup/email-addresses/edit/2", &form.replace("+**Sales**%0D%0Aroom+7+", text));
    let longest = "x".repeat(SIGNATURE_CHARS_MAX);
    assert_eq!(post(&longest).status(), 303);
    assert_eq!(kept(), longest);
    let refused = post(&format!("{longest}y"));
    assert!(refused.status() == 422 && text(&refused).contains("At most 2000 characters."), "{}", text(&refused));
    assert!(text(&refused).contains(&format!("{longest}y")), "what was typed stays");
    assert_eq!(kept(), longest);
    // A person's own formatted one survives that something else in the profile is saved.
    let own = || desk.web.store.read(|tx| tx.staff_pages(desk.agent)).unwrap().signature;
    let pages = StaffPages { signature: "<p><strong>Abe</strong></p>".to_owned(), ..StaffPages::default() };
    desk.web.store.write(|tx| tx.set_staff_pages(desk.agent, &pages)).unwrap();
    assert_eq!(abe.post("/staff/account/profile", "do=save&signature=Abe&scheme=dark").status(), 303);
    assert_eq!(own(), "<p><strong>Abe</strong></p>");
    assert_eq!(abe.post("/staff/account/profile", "do=save&signature=Abe+B.").status(), 303);
    assert_eq!(own(), "Abe B.");
    assert_eq!(abe.post("/staff/account/profile", &format!("do=save&signature={longest}")).status(), 303);
    assert_eq!(own(), longest);
    let refused = abe.post("/staff/account/profile", &format!("do=save&zone=UTC&signature={longest}y"));
    assert!(refused.status() == 422 && text(&refused).contains("At most 2000 characters."), "{}", text(&refused));
    for kept in [&format!("{longest}y"), "value=\"UTC\""] {
        assert!(text(&refused).contains(kept), "{kept}: what was typed stays");
    }
    assert_eq!(own(), longest);
}

#[test]
fn an_answer_that_is_taken_back_is_a_draft_without_its_signature() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    sign(&desk, "Abe");
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let key = "key=00000000000000000000000000000002";
    let sent = abe.post(&path, &format!("do=send&text=Done.&signature=1&{key}"));
    let undo = sent.header("Location").unwrap().split("undo=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    assert_eq!(abe.post("/staff/tickets/undo", &format!("undo={undo}")).status(), 303);
    let draft = desk.web.store.read(|tx| tx.drafts_of(desk.agent)).unwrap().remove(0);
    assert_eq!(draft.body, "Done.");
    assert!(text(&abe.get(&path)).contains("name=\"signature\" value=\"1\" checked"));
}

#[test]
fn a_new_ticket_that_was_left_is_there_again() {
    let desk = Desk::new();
    let abe = desk.browser(desk.agent);
    let key = "key=00000000000000000000000000000003";
    let saved =
        abe.post("/staff/drafts", &format!("kind=ticket&to=c@x.test&subject=Lamp&text=Half&department=1&{key}"));
    assert_eq!(saved.status(), 200);
    let page = text(&abe.get("/staff/tickets/create"));
    for wanted in ["value=\"c@x.test\"", "value=\"Lamp\"", ">Half</textarea>", "00000000000000000000000000000003"] {
        assert!(page.contains(wanted), "{wanted} in {page}");
    }
    let form = format!("do=note&to=c@x.test&subject=Lamp&text=Whole&department=1&{key}");
    assert_eq!(abe.post("/staff/tickets/create", &form).status(), 303);
    assert!(!text(&abe.get("/staff/tickets/create")).contains("Lamp"));
}

/// Puts a custom field on the desk.
fn add_field(desk: &Desk, id: i64, kind: &str, title: &str, options: &str, departments: &str) {
    let new = ImportedCustomField {
        id,
        kind: kind.to_owned(),
        title: title.to_owned(),
        options: options.to_owned(),
        is_required: true,
        departments: departments.to_owned(),
        position: id,
    };
    let _placed = desk.web.store.write(|tx| tx.place_custom_field(&new)).unwrap();
}

#[test]
fn a_call_is_written_down_with_its_priority_and_fields() {
    let desk = Desk::new();
    let (abe, key) = (desk.browser(desk.agent), "key=00000000000000000000000000000006");
    assert!(!text(&abe.get("/staff/tickets/create")).contains("name=\"priority\""), "there are none");
    for (id, name) in [(1, "Low"), (2, "High")] {
        let new = ImportedPriority { id, name: name.to_owned(), color: String::new() };
        let _placed = desk.web.store.write(|tx| tx.place_priority(&new)).unwrap();
    }
    add_field(&desk, 1, "text", "Room", "[]", "[]");
    add_field(&desk, 2, "select", "Colour", "[\"red\",\"blue\"]", "[1]");
    add_field(&desk, 3, "checkbox", "Parts", "[\"lid\",\"tray\"]", "[1]");
    add_field(&desk, 4, "text", "Elsewhere", "[]", "[2]");
    let page = text(&abe.get("/staff/tickets/create"));
    assert!(page.contains("<option value=\"1\" selected>Low</option>"), "{page}");
    assert!(page.contains("data-departments=\"1\"") && !page.contains("Elsewhere") && !page.contains("required=\"\""));
    let typed =
        "to=c@x.test&subject=Call&text=He+calls+again.&department=1&priority=2&field-1=12&field-3=lid&field-3=tray";
    assert_eq!(abe.post("/staff/drafts", &format!("kind=ticket&{typed}&{key}")).status(), 200);
    let wrong = abe.post("/staff/tickets/create", &format!("do=note&{typed}&field-2=green&{key}"));
    for page in [text(&abe.get("/staff/tickets/create")), text(&wrong)] {
        assert!(page.contains("<option value=\"2\" selected>High</option>"), "{page}");
        assert!(page.contains("value=\"12\"") && page.contains("value=\"tray\" checked"), "{page}");
    }
    assert_eq!(wrong.status(), 422);
    assert_eq!(abe.post("/staff/tickets/create", &format!("do=note&{typed}&priority=9&{key}")).status(), 400);
    let opened = abe.post("/staff/tickets/create", &format!("do=note&{typed}&field-2=blue&{key}"));
    let id = TicketId::new(opened.header("Location").unwrap().rsplit('/').next().unwrap().parse().unwrap());
    let (json, priority, _) = desk.web.store.read(|tx| tx.ticket_form(id)).unwrap();
    let pair = |title: &str, value: &str| (title.to_owned(), value.to_owned());
    let kept = crate::desk::custom_fields(&json);
    assert_eq!(kept, [pair("Room", "12"), pair("Colour", "blue"), pair("Parts", "lid, tray")]);
    assert_eq!(priority, 2);
    let events = desk.web.store.read(|tx| tx.events_of_ticket(id)).unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["opened", "priority"]);
    let usual = "do=note&to=c@x.test&subject=Other&text=x&department=1&priority=1&key=00000000000000000000000000000007";
    let other = abe.post("/staff/tickets/create", usual);
    let other = TicketId::new(other.header("Location").unwrap().rsplit('/').next().unwrap().parse().unwrap());
    let events = desk.web.store.read(|tx| tx.events_of_ticket(other)).unwrap();
    assert_eq!(events.len(), 1, "the usual priority is no change");
}

#[test]
fn custom_fields_are_changed_on_the_ticket() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let field = |id, kind, title, options, departments| add_field(&desk, id, kind, title, options, departments);
    field(1, "text", "Room <1>", "[]", "[]");
    field(2, "select", "Colour", "[\"red\",\"blue\"]", "[\"1\"]");
    field(3, "checkbox", "Parts", "[\"lid\",\"tray\"]", "[1]");
    field(4, "text", "Elsewhere", "[]", "[\"2\"]");
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let kept = || {
        let (json, _, _) = desk.web.store.read(|tx| tx.ticket_form(id)).unwrap();
        crate::desk::custom_fields(&json)
    };
    let pair = |title: &str, value: &str| (title.to_owned(), value.to_owned());
    assert_eq!(abe.post(&path, "do=fields&field-1=12&field-2=red&field-3=lid&field-3=tray&field-4=no").status(), 303);
    assert_eq!(kept(), [pair("Room <1>", "12"), pair("Colour", "red"), pair("Parts", "lid, tray")]);
    let page = text(&abe.get(&path));
    assert!(page.contains("Room &#60;1&#62;") && page.contains("value=\"12\""), "{page}");
    assert!(page.contains("<option selected>red</option>") && page.contains("value=\"tray\" checked"), "{page}");
    assert!(!page.contains("Elsewhere"), "another department's field");
    assert_eq!(abe.post(&path, "do=fields&field-1=&field-2=red&field-3=lid").status(), 303);
    assert_eq!(kept(), [pair("Colour", "red"), pair("Parts", "lid")]);
    let wrong = abe.post(&path, "do=fields&field-1=Attic&field-2=green&field-3=lid");
    let page = text(&wrong);
    assert!(wrong.status() == 422 && page.contains("Colour is not filled in right"), "{page}");
    assert!(page.contains("value=\"Attic\"") && page.contains("aria-describedby=\"wrong\""), "{page}");
    assert_eq!(kept(), [pair("Colour", "red"), pair("Parts", "lid")]);
    let events = desk.web.store.read(|tx| tx.events_of_ticket(id)).unwrap();
    let fields: Vec<&str> =
        events.iter().filter(|event| event.kind == "field").map(|event| event.detail.as_str()).collect();
    assert_eq!(fields, ["Room <1>", "Colour", "Parts", "Room <1>", "Parts"]);
}

#[test]
fn a_sender_is_banned_after_asking_and_let_go_by_undo() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Won", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let bans = || desk.web.store.read(|tx| tx.bans()).unwrap().len();
    let asked = abe.post(&path, "do=spam-ban");
    assert!(asked.status() == 200 && text(&asked).contains("ann1@x.test"), "{}", text(&asked));
    assert_eq!(bans(), 0);
    let done = abe.post(&path, "do=spam-ban&sure=1");
    assert_eq!(bans(), 1);
    assert!(desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().is_spam());
    let undo = done.header("Location").unwrap().split("undo=").nth(1).unwrap().to_owned();
    assert_eq!(abe.post("/staff/tickets/undo", &format!("undo={undo}")).status(), 303);
    assert_eq!(bans(), 0);
    assert!(!desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().is_spam());
}

#[test]
fn a_merged_ticket_has_two_ways_back() {
    let desk = Desk::new();
    let (one, two) = (desk.mail("one@desk.test", "One", 1), desk.mail("one@desk.test", "Two", 2));
    let abe = desk.browser(desk.agent);
    let path = format!("/staff/tickets/view/{two}");
    let merged_into = || desk.web.store.read(|tx| tx.ticket(two)).unwrap().unwrap().merged_into;
    let merged = abe.post(&path, &format!("do=merge&into=%23{one}"));
    let location = merged.header("Location").unwrap().to_owned();
    assert!(location.starts_with(&format!("/staff/tickets/view/{one}?")), "{location}");
    assert!(text(&abe.get(&location)).contains("data-undo"), "the notice has a way back");
    let undo = location.split("undo=").nth(1).unwrap();
    assert_eq!(abe.post("/staff/tickets/undo", &format!("undo={undo}")).status(), 303);
    assert_eq!(merged_into(), None);
    abe.post(&path, &format!("do=merge&into={one}"));
    assert_eq!(merged_into(), Some(one));
    assert!(text(&abe.get(&path)).contains("value=\"part\""));
    assert_eq!(abe.post(&path, "do=part").status(), 303);
    assert_eq!(merged_into(), None);
}

#[test]
fn a_ticket_out_of_sight_is_no_second_half_of_anything() {
    let desk = Desk::new();
    let (hidden, own, further) = (
        desk.mail("two@desk.test", "Theirs", 1),
        desk.mail("one@desk.test", "Ours", 2),
        desk.mail("one@desk.test", "Further", 3),
    );
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{own}"));
    let events = || desk.web.store.read(|tx| tx.newest_event()).unwrap();
    let before = events();
    let both = format!("ticket={hidden}&ticket={own}");
    for (path, form, status) in [
        ("/staff/tickets/bulk", format!("{both}&do=merge"), 404),
        ("/staff/tickets/bulk", format!("{both}&do=merge&sure=1"), 404),
        ("/staff/tickets/bulk", format!("ticket={own}&do=move&department={}", desk.second), 404),
        // Said beside the field, in the words for a number that no ticket has.
        (&path, format!("do=merge&into={hidden}"), 422),
        (&path, format!("do=apply&department={}&was-department=1", desk.second), 404),
    ] {
        assert_eq!(abe.post(path, &form).status(), status, "{form}");
    }
    assert_eq!(events(), before);
    // What was merged before into a ticket that went out of sight stays there.
    abe.post(&path, &format!("do=merge&into={further}"));
    desk.browser(desk.admin).post(
        &format!("/staff/tickets/view/{further}"),
        &format!("do=apply&department={}&was-department=1", desk.second),
    );
    assert_eq!(abe.post(&path, "do=part").status(), 404);
    let merged_into = desk.web.store.read(|tx| tx.ticket(own)).unwrap().unwrap().merged_into;
    assert_eq!(merged_into, Some(further));
}

#[test]
fn a_tag_is_taken_off_many_tickets_and_back() {
    let desk = Desk::new();
    let (one, two) = (desk.mail("one@desk.test", "One", 1), desk.mail("one@desk.test", "Two", 2));
    let abe = desk.browser(desk.agent);
    let tags = |id| desk.web.store.read(|tx| tx.tags_of_ticket(id)).unwrap();
    let both = format!("ticket={one}&ticket={two}&tag=urgent");
    abe.post("/staff/tickets/bulk", &format!("{both}&do=tag"));
    assert_eq!((tags(one), tags(two)), (vec!["urgent".to_owned()], vec!["urgent".to_owned()]));
    let done = abe.post("/staff/tickets/bulk", &format!("{both}&do=untag"));
    assert_eq!((tags(one).len(), tags(two).len()), (0, 0));
    let undo = done.header("Location").unwrap().split("undo=").nth(1).unwrap().to_owned();
    abe.post("/staff/tickets/undo", &format!("undo={undo}"));
    assert_eq!((tags(one).len(), tags(two).len()), (1, 1));
    let tag = desk.web.store.read(|tx| tx.tags()).unwrap().remove(0);
    let ada = desk.browser(desk.admin);
    assert_eq!(ada.post(&format!("/staff/setup/tags/remove/{}", tag.id), "sure=1").status(), 303);
    let last = desk.web.store.read(|tx| tx.events_of_ticket(one)).unwrap().pop().unwrap();
    assert_eq!((last.kind.as_str(), last.detail.as_str(), last.door.as_str()), ("untagged", "urgent", "web"));
}

#[test]
fn where_a_second_factor_is_wanted_it_is_set_up_before_anything_else() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    assert_eq!(abe.get(&path).status(), 200);
    desk.set("require_totp", "1");
    for path in ["/staff", "/staff/tickets", &path, "/staff/setup/general", "/staff/aside"] {
        let led = abe.get(path);
        let expected = if path == "/staff/setup/general" { 403 } else { 303 };
        assert_eq!(led.status(), expected, "{path}");
        if expected == 303 {
            assert_eq!(led.header("Location"), Some("/staff/account/profile?said=needs-totp"), "{path}");
        }
    }
    assert_eq!(abe.post(&path, "do=note&text=x").header("Location"), Some("/staff/account/profile?said=needs-totp"));
    assert_eq!(messages(&desk, id).len(), 1, "nothing was done");
    let profile = abe.get("/staff/account/profile?said=needs-totp");
    assert!(profile.status() == 200 && text(&profile).contains("Set up a second factor first"));
    assert_eq!(abe.post("/staff/account/profile", "do=totp").status(), 200);
    desk.web.store.write(|tx| tx.set_totp_secret(desk.agent, "JBSWY3DPEHPK3PXP")).unwrap();
    assert_eq!(desk.browser(desk.agent).get(&path).status(), 200);
}

#[test]
fn a_form_carried_over_a_sign_in_waits_as_a_draft_for_the_second_factor() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    desk.set("require_totp", "1");
    let stranger = Browser { desk: &desk, cookie: String::new(), token: String::new() };
    let token = forgery::anonymous_token(&desk.web.store.read(|tx| tx.desk_secret()).unwrap(), NOW);
    let form = format!(
        "form_token={token}&username=abe&password=abe-secret&next=/staff/tickets/view/{id}&carried.do=send&\
         carried.text=Typed+before&carried.key=00000000000000000000000000000004"
    );
    let led = respond(
        &desk.web,
        Request::new(Method::Post, "/staff/login")
            .with_header("Content-Type", "application/x-www-form-urlencoded")
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_header("X-Forwarded-Proto", "https")
            .with_body(form.as_str()),
        NOW,
    );
    assert_eq!(led.header("Location"), Some("/staff/account/profile?said=needs-totp"), "{}", text(&led));
    assert_eq!(messages(&desk, id).len(), 1);
    assert_eq!(desk.web.store.read(|tx| tx.drafts_of(desk.agent)).unwrap().remove(0).body, "Typed before");
    drop(stranger);
}

#[test]
fn an_answer_carried_over_a_sign_in_is_signed() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    sign(&desk, "Abe");
    let token = forgery::anonymous_token(&desk.web.store.read(|tx| tx.desk_secret()).unwrap(), NOW);
    let form = format!(
        "form_token={token}&username=abe&password=abe-secret&next=/staff/tickets/view/{id}&carried.do=send&\
         carried.text=Typed+before&carried.signature=1&carried.key=00000000000000000000000000000008"
    );
    let request = Request::new(Method::Post, "/staff/login")
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_header("Sec-Fetch-Site", "same-origin")
        .with_header("X-Forwarded-Proto", "https")
        .with_body(form.as_str());
    let sent = respond(&desk.web, request, NOW);
    assert_eq!(sent.status(), 303, "{}", text(&sent));
    assert_eq!(messages(&desk, id)[1..], ["Typed before\n\n-- \nAbe"]);
}

#[test]
fn a_large_file_is_read_while_it_is_sent() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let message = desk.web.store.read(|tx| tx.newest_public_message(id)).unwrap().unwrap();
    let content: Vec<u8> = (0..1_000_003_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let settings = desk.web.store.read(|tx| tx.settings()).unwrap();
    let file = desk
        .web
        .store
        .write(|tx| {
            let _ = &settings;
            let new = crate::store::attachment::NewAttachment {
                name: "big.bin",
                original_name: "big.bin",
                content_type: "application/x",
                content: &content,
                cid: "",
                is_inline: false,
            };
            tx.ticket_rows().add_attachment(id, message, &new)
        })
        .unwrap();
    let abe = desk.browser(desk.agent);
    let response = abe.get(&format!("/staff/files/{file}/big.bin"));
    assert_eq!((response.status(), response.body().len(), response.body_bytes()), (200, 0, 1_000_003));
    let pieces = response.pieces().unwrap();
    let mut found = Vec::new();
    while (found.len() as u64) < pieces.bytes() {
        let piece = pieces.read(found.len() as u64).unwrap();
        assert!((1..=256 * 1024).contains(&piece.len()), "{}", piece.len());
        found.extend(piece);
    }
    assert!(found == content);
    desk.web.store.write(|tx| tx.ticket_rows().remove_attachment(file)).unwrap();
    assert_eq!(pieces.read(300_000), Some(Vec::new()), "gone while it was sent: the connection ends");
}
