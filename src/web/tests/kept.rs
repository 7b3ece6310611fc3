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
        body += &format!("--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n");
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
    let saved = text(&save("kind=note&text=Something+else"));
    assert!(saved.contains("\"key\":\"") && saved.contains("kept as something new"), "{saved}");
    assert_eq!(drafts().remove(0).body, "Something else");
    let create = "to=c%40x.test&department=1&key=00000000000000000000000000000002&do=send";
    assert_eq!(abe.post("/staff/tickets/create", &format!("{create}&subject=A&text=One")).status(), 303);
    assert_eq!(abe.post("/staff/tickets/create", &format!("{create}&subject=A&text=One")).status(), 303);
    let other = abe.post("/staff/tickets/create", &format!("{create}&subject=B&text=Two"));
    assert!(other.status() == 409 && text(&other).contains("Two"), "{}", text(&other));
    assert!(!hidden(&text(&other), "key").ends_with('2'));
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
