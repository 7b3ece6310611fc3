//! What customers have typed, where it is not taken.

use super::*;
use crate::web::tests::kept::while_locked;

#[test]
fn a_desk_that_is_busy_gives_back_what_was_typed() {
    let desk = desk();
    let ann = Person::at(&desk);
    let page = text(&ann.get("/submit-ticket"));
    ann.wait_s(3);
    let refused = while_locked(&desk, || ann.fill(&page, "/submit-ticket", &ANN));
    assert!(refused.status() == 503 && text(&refused).contains("It stands in flames."), "{}", text(&refused));
    let again = ann.fill(&text(&refused), "/submit-ticket", &ANN);
    assert_eq!(again.status(), 303, "it is sent again from there: {}", text(&again));
    let id = newest(&desk);
    ann.get(&mailed(&desk, "ann@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    let page = text(&ann.get(&path));
    ann.wait_s(3);
    let refused = while_locked(&desk, || ann.fill(&page, &path, &[("text", "Still burns"), ("do", "send")]));
    assert!(refused.status() == 503 && text(&refused).contains("Still burns"), "{}", text(&refused));
}

#[test]
fn a_page_of_another_session_is_shown_again_with_its_text() {
    let desk = desk();
    let (one, two) = (desk.mail("one@desk.test", "One", 1), desk.mail("one@desk.test", "Two", 2));
    let ann = Person::at(&desk);
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let path = format!("/tickets/show/{one}");
    let page = text(&ann.get(&path));
    ann.wait_s(3);
    ann.get(&mailed(&desk, "ann2@x.test", "t"));
    let answer = [("text", "Typed before"), ("do", "send")];
    // Another ticket's link is what the browser has now: the text is given back, and nothing else.
    let shown = ann.fill(&page, &path, &answer);
    assert!(shown.status() == 403 && text(&shown).contains("Typed before"), "{}", text(&shown));
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let shown = ann.fill(&page, &path, &answer);
    let again = text(&shown);
    assert!(shown.status() == 403 && again.contains("Typed before") && again.contains("once more"), "{again}");
    assert_eq!((messages(&desk, one), messages(&desk, two)), (1, 1));
    assert_eq!(ann.fill(&again, &path, &answer).status(), 303);
    assert_eq!(messages(&desk, one), 2);
}

#[test]
fn a_session_that_is_over_gives_back_what_was_typed() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "One", 1);
    let ann = Person::at(&desk);
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    let page = text(&ann.get(&path));
    ann.wait_s(3);
    ann.cookies.borrow_mut().clear();
    let answer = [("text", "Typed before"), ("do", "send")];
    let shown = text(&ann.fill(&page, &path, &answer));
    assert!(shown.contains("Typed before") && shown.contains("/desk/login"), "{shown}");
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let again = text(&ann.fill(&shown, &path, &answer));
    assert!(again.contains("Typed before") && messages(&desk, id) == 1, "{again}");
    assert_eq!(ann.fill(&again, &path, &answer).status(), 303);
}

#[test]
fn a_new_ticket_begun_before_signing_in_or_long_ago_is_shown_again() {
    let desk = desk();
    desk.mail("one@desk.test", "One", 1);
    let ann = Person::at(&desk);
    let page = text(&ann.get("/submit-ticket"));
    ann.wait_s(3);
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let shown = ann.fill(&page, "/submit-ticket", &ANN);
    let again = text(&shown);
    assert!(shown.status() == 403 && again.contains("It stands in flames."), "{again}");
    assert_eq!(ann.fill(&again, "/submit-ticket", &ANN).status(), 303);
    let bob = Person::at(&desk);
    let page = text(&bob.get("/submit-ticket"));
    bob.wait_s(2 * Timestamp::DAY_S);
    let before = tickets(&desk);
    let again = text(&bob.fill(&page, "/submit-ticket", &ANN));
    assert!(again.contains("open for long") && again.contains("It stands in flames."), "{again}");
    assert_eq!(tickets(&desk), before);
    bob.wait_s(3);
    assert_eq!(bob.fill(&again, "/submit-ticket", &ANN).status(), 303);
}

#[test]
fn a_form_sent_again_with_another_text_loses_neither() {
    let desk = desk();
    let ann = Person::at(&desk);
    let page = text(&ann.get("/submit-ticket"));
    ann.wait_s(3);
    assert_eq!(ann.fill(&page, "/submit-ticket", &ANN).status(), 303);
    assert_eq!(ann.fill(&page, "/submit-ticket", &ANN).status(), 303, "a double click");
    let mut other = ANN;
    other[4].1 = "The lamp too.";
    let shown = ann.fill(&page, "/submit-ticket", &other);
    assert!(shown.status() == 409 && text(&shown).contains("The lamp too."), "{}", text(&shown));
    ann.wait_s(3);
    assert_eq!(ann.fill(&text(&shown), "/submit-ticket", &other).status(), 303);
    assert_eq!(tickets(&desk), 2);
    let id = newest(&desk);
    ann.get(&mailed(&desk, "ann@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    let page = text(&ann.get(&path));
    ann.wait_s(3);
    for (words, status) in [("One", 303), ("One", 303), ("Two", 409)] {
        let done = ann.fill(&page, &path, &[("text", words), ("do", "send")]);
        assert_eq!(done.status(), status, "{words}: {}", text(&done));
        assert!(status == 303 || text(&done).contains("Two"));
    }
    assert_eq!(messages(&desk, id), 2);
}

#[test]
fn each_fault_is_linked_to_its_field_and_nothing_is_cut() {
    let desk = desk();
    let ann = Person::at(&desk);
    let long = "n".repeat(251);
    for (n, value, said) in [
        (0, long.as_str(), "at most 250"),
        (0, "Ann\r\nBcc: x", "at most 250"),
        (1, "nobody", "not an email address"),
        (3, "a\r\nb", "at most 255"),
        (4, " ", "Write what it is about"),
    ] {
        let mut form = ANN;
        form[n].1 = value;
        let refused = ann.submit("/submit-ticket", &form);
        let page = text(&refused);
        let linked = format!("name=\"{}\" aria-invalid=\"true\" aria-describedby=\"wrong\"", form[n].0);
        assert_eq!(refused.status(), 422, "{value}: {page}");
        assert!(page.contains(said), "{value}: {page}");
        assert!(
            page.contains(&linked) || page.contains(&linked.replace(" aria", " id=\"text\" aria")),
            "{value}: {page}"
        );
        assert!(value != long || page.contains(&long));
    }
    assert_eq!(tickets(&desk), 0);
}

#[test]
fn a_profile_with_a_mistake_keeps_what_was_chosen() {
    let desk = desk();
    desk.mail("one@desk.test", "One", 1);
    let ann = Person::at(&desk);
    ann.submit("/login", &[("email", "ann1@x.test"), ("do", "link")]);
    ann.submit(&mailed(&desk, "ann1@x.test", "enter"), &[]);
    let refused = ann.submit("/account/profile", &[("name", "Ann"), ("locale", "fr"), ("zone", "Nowhere")]);
    let page = text(&refused);
    assert!(refused.status() == 422 && page.contains("value=\"fr\" lang=\"fr\" selected"), "{page}");
    assert!(page.contains("name=\"zone\" aria-invalid=\"true\""), "{page}");
}

#[test]
fn files_of_a_form_that_is_shown_again_are_named() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "One", 1);
    let ann = Person::at(&desk);
    ann.get(&mailed(&desk, "ann1@x.test", "t"));
    let path = format!("/tickets/show/{id}");
    let page = text(&ann.get(&path));
    ann.wait_s(3);
    let (token, key) = (hidden(&page, "form_token").unwrap(), hidden(&page, "key").unwrap());
    let pairs = [("form_token", token.as_str()), ("key", &key), ("text", "See"), ("do", "send")];
    let png = "\u{89}PNG";
    let (kind, body) = crate::web::tests::kept::multipart(&pairs, &[("bad.exe", "x"), ("a.png", png)]);
    let request = Request::new(Method::Post, &path)
        .with_header("Content-Type", kind)
        .with_header("Sec-Fetch-Site", "same-origin")
        .with_body(body);
    let page = text(&ann.ask(request));
    assert!(
        page.contains("Files such as bad.exe are not taken. Files are not kept. Choose these again: a.png"),
        "{page}"
    );
    assert!(page.contains("See</textarea>") && messages(&desk, id) == 1, "{page}");
}
