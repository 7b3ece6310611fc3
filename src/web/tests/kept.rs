//! What was typed into a form that is not taken.

use std::sync::mpsc;

use super::*;

/// Does something while somebody else holds the database's write lock.
pub(in crate::web) fn while_locked<T>(desk: &Desk, act: impl FnOnce() -> T) -> T {
    let (holds, held) = mpsc::channel();
    let (lets_go, let_go) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let store = &desk.web.store;
        scope.spawn(move || {
            let done = store.write(|tx| {
                tx.prove_writable()?;
                holds.send(()).unwrap();
                let_go.recv().ok();
                Ok::<_, crate::store::Error>(())
            });
            done.unwrap();
        });
        held.recv().unwrap();
        let done = act();
        lets_go.send(()).unwrap();
        done
    })
}

#[test]
fn a_desk_that_is_busy_gives_back_what_was_typed() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let ada = desk.browser(desk.admin);
    let ticket = format!("/staff/tickets/view/{id}");
    let forms = [
        (ticket.as_str(), "do=send&text=Typed+long&to=ann1%40x.test&seen=7"),
        ("/staff/tickets/create", "do=send&to=c%40x.test&subject=Hello&department=1&text=Typed+long"),
        ("/staff/kb/articles/new", "title=Ink&category=0&text=Typed+long&format=markdown"),
        ("/staff/departments/new", "name=Typed+long"),
        ("/staff/agents/new", "username=bob&name=Typed+long&password=hidden-secret&email=b%40x.test&role=agent"),
    ];
    let refused = while_locked(&desk, || forms.map(|(path, form)| ada.post(path, form)));
    for ((path, _), response) in forms.iter().zip(&refused) {
        let page = text(response);
        assert_eq!((response.status(), response.header("Retry-After")), (503, Some("1")), "{path}");
        assert!(page.contains("Typed long") && page.contains("Send again"), "{path}: {page}");
        assert!(page.contains(&ada.token), "{path}: it can be sent again");
        assert!(!page.contains("hidden-secret"), "{path}: a secret stays none on a page");
    }
    let page = text(&refused[0]);
    assert!(page.contains("name=\"do\" value=\"send\"") && page.contains("name=\"seen\" value=\"7\""), "{page}");
    assert!(ada.post(&ticket, forms[0].1).status() == 303, "the same form again is taken");
}

#[test]
fn a_text_that_fits_its_box_is_taken_and_a_longer_one_given_back() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let of = |text: &str| abe.post(&path, &format!("do=note&text={text}"));
    assert_eq!(of(&"ü".repeat(600_000)).status(), 303);
    let long = "x".repeat(crate::web::form::TEXT_BYTES_MAX + 1);
    let refused = of(&long);
    assert_eq!(refused.status(), 413);
    assert!(text(&refused).contains(&long));
}

#[test]
fn a_form_of_another_session_is_shown_again_and_does_nothing() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (before, abe) = (desk.browser(desk.agent), desk.browser(desk.agent));
    let path = format!("/staff/tickets/view/{id}");
    let form = format!("form_token={}&do=send&text=Typed+before", before.token);
    let shown = abe.post_as(&path, &form, "same-origin");
    let page = text(&shown);
    assert_eq!(shown.status(), 403);
    assert!(page.contains("Typed before") && page.contains(&abe.token) && page.contains("Send again"), "{page}");
    assert!(!page.contains(&before.token), "{page}");
    let count = || desk.web.store.read(|tx| tx.speeches(id)).unwrap().len();
    assert_eq!((count(), desk.web.store.read(|tx| tx.drafts_of(desk.agent)).unwrap().len()), (1, 0));
    let theirs = abe.post_as(&path, &form, "cross-site");
    assert!(theirs.status() == 403 && !text(&theirs).contains("Typed before"), "another site's gets nothing back");
    assert_eq!(abe.post(&path, "do=send&text=Typed+before").status(), 303);
    assert_eq!(count(), 2);
}

/// A form with files, as a browser sends it.
pub(in crate::web) fn multipart(pairs: &[(&str, &str)], files: &[(&str, &str)]) -> (&'static str, String) {
    let mut body = String::new();
    for (name, value) in pairs {
        body += &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    for (name, content) in files {
        body +=
            &format!("--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n");
    }
    ("multipart/form-data; boundary=x", body + "--x--\r\n")
}

impl Browser<'_> {
    /// Posts a form with files and the session's token.
    pub(super) fn post_files(&self, path: &str, pairs: &[(&str, &str)], files: &[(&str, &str)]) -> Response {
        let (kind, body) = multipart(&[&[("form_token", self.token.as_str())], pairs].concat(), files);
        let request = Request::new(Method::Post, path)
            .with_header("Content-Type", kind)
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_body(body);
        self.ask(request)
    }
}

#[test]
fn a_form_with_files_is_not_sent_without_them_after_a_sign_in() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let path = format!("/staff/tickets/view/{id}");
    let stranger = Browser { desk: &desk, cookie: String::new(), token: String::new() };
    let asked = stranger.post_files(&path, &[("do", "send"), ("text", "See the plan")], &[("plan.pdf", "x")]);
    let page = text(&asked);
    assert!(page.contains("Choose these again: plan.pdf") && !page.contains("will be sent"), "{page}");
    let token = forgery::anonymous_token(&desk.web.store.read(|tx| tx.desk_secret()).unwrap(), NOW);
    let form = format!(
        "form_token={token}&username=abe&password=abe-secret&next={path}&carried.do=send&carried.text=See+the+plan&\
         carried.lost-file=plan.pdf"
    );
    let shown = stranger.post_as("/staff/login", &form, "same-origin");
    let page = text(&shown);
    assert_eq!(shown.status(), 422, "{page}");
    assert!(page.contains("See the plan") && page.contains("plan.pdf") && page.contains("type=\"file\""), "{page}");
    assert!(page.contains(&format!("action=\"{path}\"")), "{page}");
    assert_eq!(desk.web.store.read(|tx| tx.speeches(id)).unwrap().len(), 1);
}

/// The value of the last hidden field of that name.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.rsplit_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn bodies(desk: &Desk, id: TicketId) -> Vec<String> {
    desk.web.store.read(|tx| tx.speeches(id)).unwrap().into_iter().map(|speech| speech.body).collect()
}

#[test]
fn what_another_window_has_not_sent_is_not_lost() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let key = "00000000000000000000000000000001";
    let post = |form: &str| abe.post(&path, &format!("key={key}&{form}"));
    let save = |form: &str| abe.post("/staff/drafts", &format!("ticket={id}&key={key}&{form}"));
    let drafts = || desk.web.store.read(|tx| tx.drafts_of(desk.agent)).unwrap();
    assert_eq!(post("do=send&text=Pull+the+plug.").status(), 303);
    assert_eq!(post("do=send&text=Pull+the+plug.").status(), 303, "a double click");
    let late = text(&save("kind=answer&text=Pull+the"));
    assert!(late.contains("\"saved\":\"\"") && drafts().is_empty(), "saved on the way to be sent: {late}");
    let other = post("do=note&text=He+pulled+it.");
    let page = text(&other);
    assert_eq!(other.status(), 409, "{page}");
    assert!(page.contains("He pulled it.") && page.contains("was sent before"), "{page}");
    let fresh = hidden(&page, "key");
    assert_ne!(fresh, key);
    assert_eq!(abe.post(&path, &format!("key={fresh}&do=note&text=He+pulled+it.")).status(), 303);
    assert_eq!(bodies(&desk, id)[1..], ["Pull the plug.", "He pulled it."]);
    // An answer that was taken back stays beside what another window sends of the same form.
    let key_of_answer = "key=0000000000000000000000000000000b";
    let sent = abe.post(&path, &format!("{key_of_answer}&do=send&text=First&to=ann1@x.test"));
    let undo = sent.header("Location").unwrap().split("undo=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    assert_eq!(abe.post("/staff/tickets/undo", &format!("undo={undo}")).status(), 303);
    assert_eq!(drafts()[0].body, "First");
    let same = abe.post(&path, &format!("{key_of_answer}&do=send&text=First&to=ann1@x.test"));
    assert_eq!(same.status(), 303, "it is a draft again: {}", text(&same));
    let other = abe.post(&path, &format!("{key_of_answer}&do=send&text=Second&to=ann1@x.test"));
    assert!(other.status() == 409 && text(&other).contains("Second\n\nFirst"), "{}", text(&other));
    assert_eq!(drafts()[0].body, "Second\n\nFirst");
    let saved = text(&save("kind=note&text=Something+else"));
    assert!(saved.contains("\"key\":\"") && saved.contains("kept as something new"), "{saved}");
    assert!(drafts().iter().any(|draft| draft.body == "Something else"));
    let create = "to=c%40x.test&department=1&key=00000000000000000000000000000002&do=send";
    assert_eq!(abe.post("/staff/tickets/create", &format!("{create}&subject=A&text=One")).status(), 303);
    assert_eq!(abe.post("/staff/tickets/create", &format!("{create}&subject=A&text=One")).status(), 303);
    let other = abe.post("/staff/tickets/create", &format!("{create}&subject=B&text=Two"));
    assert!(other.status() == 409 && text(&other).contains("Two"), "{}", text(&other));
    assert_ne!(hidden(&text(&other), "key"), "00000000000000000000000000000002");
}

#[test]
fn what_is_written_in_a_ticket_that_was_merged_goes_on_in_the_other() {
    let desk = Desk::new();
    let (from, into) = (desk.mail("one@desk.test", "Lamp", 1), desk.mail("one@desk.test", "Printer", 2));
    let abe = desk.browser(desk.agent);
    let path = |id: TicketId| format!("/staff/tickets/view/{id}");
    let begun = format!("ticket={into}&key=00000000000000000000000000000009&kind=answer&text=Begun+here");
    assert_eq!(abe.post("/staff/drafts", &begun).status(), 200);
    assert_eq!(abe.post(&path(from), &format!("do=merge&into={into}")).status(), 303);
    let key = "key=00000000000000000000000000000001";
    let form = [("key", &key[4..]), ("do", "send"), ("to", "ann1@x.test"), ("text", "Typed there")];
    let led = abe.post_files(&path(from), &form, &[("plan.txt", "x")]);
    let location = led.header("Location").unwrap_or_default().to_owned();
    assert!(location.starts_with(&format!("{}?said=moved", path(into))), "{}", text(&led));
    let page = text(&abe.get(&location));
    for kept in ["Typed there", "Begun here", "plan.txt", "was merged into this one"] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    assert_eq!(bodies(&desk, from).len(), 1, "the desk's own note: {:?}", bodies(&desk, from));
    let led = abe.post(&path(from), "do=note&text=Inside&key=00000000000000000000000000000002");
    assert!(led.header("Location").unwrap_or_default().ends_with("write=note"), "{}", text(&led));
    assert!(text(&abe.get(led.header("Location").unwrap())).contains("Inside"));
    assert_eq!(bodies(&desk, from).len(), 1);
    // Whose target is another department's keeps it where it is.
    let theirs = desk.mail("two@desk.test", "Quote", 3);
    let own = desk.mail("one@desk.test", "Ink", 4);
    let ada = desk.browser(desk.admin);
    assert_eq!(ada.post(&path(own), &format!("do=merge&into={theirs}")).status(), 303);
    let shown = abe.post(&path(own), &format!("do=note&text=Mine&{key}"));
    assert!(shown.status() == 409 && text(&shown).contains("Mine"), "{}", text(&shown));
}

#[test]
fn a_mistake_on_a_ticket_is_shown_beside_its_field_with_what_was_typed() {
    let desk = Desk::new();
    let (id, theirs) = (desk.mail("one@desk.test", "Printer", 1), desk.mail("two@desk.test", "Quote", 2));
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let long = "x".repeat(256);
    let far = "y".repeat(51);
    for (form, said, kept) in [
        ("do=requester&requester=not+an+address".to_owned(), "is not a mail address", "value=\"not an address\""),
        ("do=requester&requester=a@x.test,b@x.test".to_owned(), "Name one address", "value=\"a@x.test,b@x.test\""),
        ("do=tag&tag=".to_owned(), "A tag has 1 to 50 letters", "name=\"tag\""),
        (format!("do=tag&tag={far}"), "A tag has 1 to 50 letters", &far),
        ("do=merge&into=abc".to_owned(), "no ticket “abc”", "value=\"abc\""),
        ("do=merge&into=%2399999".to_owned(), "no ticket “#99999”", "value=\"#99999\""),
        (format!("do=merge&into={theirs}"), "There is no ticket", "aria-invalid"),
        (format!("do=merge&into={id}"), "the ticket itself", "aria-invalid"),
        ("do=snooze&until=at&at=2020-01-01T10:00".to_owned(), "a time to come", "value=\"2020-01-01T10:00\""),
        ("do=snooze&until=at&at=".to_owned(), "a time to come", "<option value=\"at\" selected"),
        (format!("do=subject&subject={long}"), "at most 255", &long),
        ("do=subject&subject=a%0D%0ABcc:+x".to_owned(), "at most 255", "Bcc"),
        ("do=apply&assignee=99&was-assignee=".to_owned(), "not there any more", "aria-invalid"),
    ] {
        let refused = abe.post(&path, &form);
        let page = text(&refused);
        assert_eq!(refused.status(), 422, "{form}: {page}");
        assert!(page.contains(said) && page.contains(kept), "{form}: {page}");
        assert_eq!(page.matches("id=\"wrong\"").count(), 1, "{form}");
    }
    assert_eq!(desk.web.store.read(|tx| tx.events_of_ticket(id)).unwrap().len(), 1, "nothing was changed");
    let merged = desk.mail("one@desk.test", "Lamp", 3);
    assert_eq!(abe.post(&format!("/staff/tickets/view/{merged}"), &format!("do=merge&into={id}")).status(), 303);
    for act in ["do=tag&tag=x", "do=subject&subject=y", "do=snooze&until=hours", "do=spam", "do=spam-ban&sure=1"] {
        let refused = abe.post(&format!("/staff/tickets/view/{merged}"), act);
        let page = text(&refused);
        assert!(refused.status() == 409 && page.contains(&format!("was merged into #{id}")), "{act}: {page}");
    }
}

#[test]
fn a_mistake_with_ticked_tickets_is_shown_on_the_list_with_what_was_ticked() {
    let desk = Desk::new();
    let (one, two) = (desk.mail("one@desk.test", "One", 1), desk.mail("two@desk.test", "Two", 2));
    let ada = desk.browser(desk.admin);
    let bulk = |form: String| ada.post("/staff/tickets/bulk", &form);
    for (form, said) in [
        (format!("ticket={two}&do=assign&assignee={}", desk.agent), "abe may not see Second"),
        (format!("ticket={two}&do=assign&assignee=99"), "not there any more"),
        (format!("ticket={two}&do=merge"), "Tick two tickets"),
        (format!("ticket={two}&do=tag&tag=a:b"), "A tag has 1 to 50 letters"),
    ] {
        for from in ["/staff/tickets", "/staff/tickets/search?q=Two"] {
            let from: String = form_urlencoded::byte_serialize(from.as_bytes()).collect();
            let refused = bulk(format!("{form}&from={from}"));
            let page = text(&refused);
            assert_eq!(refused.status(), 422, "{form}: {page}");
            assert!(page.contains(said), "{form}: {page}");
            assert!(page.contains(&format!("value=\"{two}\" checked")), "{form}: {page}");
            assert!(!page.contains(&format!("value=\"{one}\" checked")), "{form}");
        }
    }
    assert!(text(&bulk(format!("ticket={two}&do=tag&tag=a:b"))).contains("value=\"a:b\""));
    assert_eq!(bulk("ticket=99&do=close".to_owned()).status(), 404);
    let some = bulk(format!("ticket={one}&ticket={two}&do=assign&assignee={}", desk.agent));
    let led = some.header("Location").unwrap_or_default().to_owned();
    assert!(text(&ada.get(&led)).contains("One ticket was left as it is"), "{led}");
}

#[test]
fn each_fault_is_linked_to_its_field() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let abe = desk.browser(desk.agent);
    let (ticket, create) = (format!("/staff/tickets/view/{id}"), "/staff/tickets/create");
    let events = || desk.web.store.read(|tx| tx.newest_event()).unwrap();
    let before = events();
    let long = "x".repeat(256);
    for (path, form, field) in [
        (ticket.as_str(), "do=send&text=&to=a@x.test", "text"),
        (&ticket, "do=send&text=x&to=nobody", "to"),
        (&ticket, "do=send&text=x&to=a@x.test&cc=nobody", "cc"),
        (create, "to=nobody&subject=x&text=x&department=1", "to"),
        (create, "to=a@x.test&subject=&text=x&department=1", "subject"),
        (create, &format!("to=a@x.test&subject={long}&text=x&department=1"), "subject"),
        (create, "to=a@x.test&subject=a%0D%0Ab&text=x&department=1", "subject"),
        (create, "to=a@x.test&subject=x&text=&department=1", "text"),
        ("/staff/kb/articles/new", "title=&text=x", "title"),
        ("/staff/kb/categories/new", "name=", "name"),
        ("/staff/account/profile", "do=save&zone=Nowhere", "zone"),
        ("/staff/account/profile", "do=password&current=x&new=short", "new"),
    ] {
        let refused = abe.post(path, form);
        let page = text(&refused);
        assert_eq!(refused.status(), 422, "{path} {form}: {page}");
        let linked = format!("name=\"{field}\" aria-invalid=\"true\" aria-describedby=\"wrong\"");
        assert!(page.contains(&linked) && page.matches("id=\"wrong\"").count() == 1, "{path} {form}: {page}");
    }
    let page = text(&abe.post(create, &format!("to=a@x.test&subject={long}&text=x&department=1")));
    assert!(page.contains(&long), "nothing is cut without a word");
    assert_eq!(events(), before, "nothing was done");
}

#[test]
fn a_profile_with_a_mistake_keeps_what_was_chosen() {
    let desk = Desk::new();
    let abe = desk.browser(desk.agent);
    let form = "do=save&zone=Nowhere&language=fr&scheme=dark&after=list&signature=x";
    let page = text(&abe.post("/staff/account/profile", form));
    for kept in ["value=\"fr\" selected", "value=\"dark\" selected", "value=\"list\" selected"] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    assert!(!page.contains("name=\"keys\" value=\"1\" checked"), "{page}");
}

#[test]
fn one_file_that_is_not_taken_keeps_no_other_back() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let files = [("plan.txt", "x"), ("bad.exe", "x")];
    for (n, path) in [path.as_str(), "/staff/tickets/create"].into_iter().enumerate() {
        let key = format!("{n:032x}");
        let form = [
            ("key", key.as_str()),
            ("do", "send"),
            ("to", "a@x.test"),
            ("subject", "x"),
            ("department", "1"),
            ("text", "See"),
        ];
        let page = text(&abe.post_files(path, &form, &files));
        assert!(page.contains("bad.exe") && page.contains("The other files are kept."), "{page}");
        assert!(page.contains("<li><bdi>plan.txt</bdi>") && !page.contains("<li><bdi>bad.exe"), "{page}");
    }
    let ticket = id.to_string();
    let form = [("ticket", ticket.as_str()), ("key", "0000000000000000000000000000000a"), ("kind", "note")];
    let saved = text(&abe.post_files("/staff/drafts", &form, &files));
    assert!(saved.contains("plan.txt") && saved.contains("\"error\":\"Files such as bad.exe"), "{saved}");
}

#[test]
fn a_file_that_was_corrected_is_sent_as_it_is_now() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let (abe, path) = (desk.browser(desk.agent), format!("/staff/tickets/view/{id}"));
    let form = |act| [("key", "00000000000000000000000000000001"), ("do", act), ("kind", "note"), ("text", "See")];
    let sent = |act, content| abe.post_files(&path, &form(act), &[("plan.txt", content)]);
    for content in ["10 EUR", "10 EUR", "99 EUR"] {
        assert_eq!(sent("keep", content).status(), 200);
    }
    let draft = desk.web.store.read(|tx| tx.drafts_of(desk.agent)).unwrap().remove(0);
    assert_eq!(desk.web.store.read(|tx| tx.draft_files(draft.id)).unwrap().len(), 2, "the same one is kept once");
    assert_eq!(sent("note", "42 EUR").status(), 303);
    let contents = desk.web.store.read(|tx| {
        let mut found = Vec::new();
        for file in tx.attachments_of_ticket(id)?.into_iter().filter(|file| file.name == "plan.txt") {
            found.push(tx.attachment_content(file.id)?.unwrap_or_default());
        }
        Ok::<_, crate::store::Error>(found)
    });
    assert_eq!(contents.unwrap(), [b"10 EUR", b"99 EUR", b"42 EUR"]);
}

#[test]
fn a_form_that_is_too_large_to_be_read_gives_back_its_text_and_names_its_files() {
    let desk = Desk::new();
    let id = desk.mail("one@desk.test", "Printer", 1);
    let abe = desk.browser(desk.agent);
    let ticket = format!("/staff/tickets/view/{id}");
    let at_its_end = |path: &str, pairs: &[(&str, &str)]| {
        let content = "x".repeat(10_000);
        let (kind, body) =
            multipart(&[&[("form_token", abe.token.as_str())], pairs].concat(), &[("plan.pdf", &content)]);
        let body = body.get(..body.len() - 5000).unwrap().to_owned();
        let mut request = Request::new(Method::Post, path)
            .with_header("Content-Type", kind)
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_body(body);
        request.is_cut = true;
        let refused = abe.ask(request);
        assert_eq!(refused.status(), 413, "{path}");
        text(&refused)
    };
    for (path, pairs, buttons) in [
        (ticket.as_str(), [("kind", "answer"), ("text", "Typed long")], ["value=\"send\"", "value=\"send-close\""]),
        (&ticket, [("kind", "note"), ("text", "Typed long")], ["value=\"note\"", "Save note"]),
        ("/staff/tickets/create", [("kind", "ticket"), ("text", "Typed long")], ["value=\"send\"", "value=\"note\""]),
        ("/staff/kb/articles/new", [("title", "Ink"), ("text", "Typed long")], ["Send again", "Title"]),
    ] {
        let page = at_its_end(path, &pairs);
        assert!(page.contains("Typed long") && page.contains("Choose these again: plan.pdf"), "{path}: {page}");
        assert!(buttons.iter().all(|button| page.contains(button)), "{path}: {page}");
    }
    assert!(!at_its_end(&ticket, &[("kind", "note"), ("text", "x")]).contains("value=\"send\""), "a note stays one");
    assert_eq!(bodies(&desk, id).len(), 1);
}
