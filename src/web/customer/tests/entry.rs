//! How customers come in: mailed links and passwords.

use super::*;

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
    desk.set("login_attempt", "0");
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
    assert!(
        text(&ann.get("/account/profile")).contains("Gespeichert")
            || text(&ann.get("/tickets")).contains("Meine Tickets")
    );
    assert_eq!(other.get("/tickets").status(), 303, "another session ended");
    assert_eq!(ann.submit("/account/profile", &[("name", ""), ("locale", "")]).status(), 422);
    assert_eq!(ann.submit("/account/profile", &[("name", "A"), ("zone", "Mars/Here")]).status(), 422);
}

#[test]
fn guessed_passwords_lock_the_account() {
    let desk = desk();
    // Else the network address is locked long before.
    desk.set("login_attempt", "0");
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
    let token: String = raw
        .split_once("http://x.test/t/")
        .unwrap()
        .1
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
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
fn robot_with_a_link_answers_nothing() {
    let desk = desk();
    let ann = Person::at(&desk);
    ann.submit("/submit-ticket", &ANN);
    let id = TicketId::new(1);
    ann.get(&mailed(&desk, ANN[1].1, "t"));
    let path = format!("/tickets/show/{id}");
    let page = text(&ann.get(&path));
    let answer = [("text", "It burns still."), ("do", "send")];
    let trap = ("website", "https://spam.test");
    let shown = ann.fill(&page, &path, &[&answer[..], &[trap]].concat());
    assert_eq!(shown.status(), 422);
    assert!(text(&shown).contains("It burns still."), "the text is kept");
    assert!(text(&shown).contains("name=\"website\""));
    for form in [&answer[..], &[("do", "solved")], &[("do", "good")]] {
        let shown = ann.fill(&page, &path, &[form, &[trap]].concat());
        assert_eq!(shown.status(), 422, "{form:?}");
    }
    let asked = ann.fill(&text(&ann.get("/login")), "/login", &[ANN[1], trap, ("do", "link")]);
    assert!(asked.status() == 422 && text(&asked).contains(ANN[1].1), "{}", text(&asked));
    assert_eq!(messages(&desk, id), 1);
    // Without the trap it is taken, however quickly it comes: who has the link is a person.
    assert_eq!(ann.fill(&text(&shown), &path, &answer).status(), 303);
    assert_eq!(messages(&desk, id), 2);
    assert_eq!(ann.fill(&text(&ann.get(&path)), &path, &[("do", "solved")]).status(), 303);
}
