//! The knowledge base in the hands of staff, without JavaScript.
#![allow(clippy::unwrap_used)]

use crate::http::{Method, Request};
use crate::web::respond;
use crate::web::tests::{Desk, NOW, text};

fn status_of_stranger(desk: &Desk, path: &str) -> u16 {
    respond(&desk.web, Request::new(Method::Get, path), NOW).status()
}

#[test]
fn staff_write_move_hide_and_remove_articles_and_categories() {
    let desk = Desk::new();
    let sam = desk.browser(desk.agent);
    assert_eq!(sam.post("/staff/kb/categories/new", "name=Printers+%3Ci%3E&parent=0&public=1").status(), 303);
    assert_eq!(sam.post("/staff/kb/categories/new", "name=Inks&parent=1&public=1").status(), 303);
    let body = "title=Ink&category=2&text=**Change**+it%3A%0A%0A-+one%0A-+%3Cscript%3E&format=markdown&public=1";
    assert_eq!(sam.post("/staff/kb/articles/new", body).status(), 303);
    let list = text(&sam.get("/staff/kb"));
    assert!(list.contains("Printers &#60;i&#62;") && list.contains("/staff/kb/articles/edit/1"), "{list}");
    let page = text(&sam.get("/staff/kb/articles/view/1"));
    assert!(page.contains("<strong>Change</strong>") && !page.contains("<script>"), "{page}");
    assert!(text(&sam.get("/staff/kb/articles/edit/1")).contains("**Change** it:"), "what was typed");
    assert_eq!(status_of_stranger(&desk, "/article/1-ink"), 200);

    let hidden = "name=Printers&parent=0";
    assert_eq!(sam.post("/staff/kb/categories/edit/1", hidden).status(), 303);
    assert_eq!(status_of_stranger(&desk, "/article/1-ink"), 404, "what is in something hidden is hidden");
    assert_eq!(sam.post("/staff/kb/categories/edit/1", "name=Printers&parent=2").status(), 422, "inside of itself");
    assert!(text(&sam.post("/staff/kb/categories/remove/1", "")).contains("There are articles or categories"));
    let html = "title=Ink&category=0&text=%3Ch2%3EHow%3C%2Fh2%3E%3Cp+onclick%3Dx%3Edo%3C%2Fp%3E&format=html&public=1&position=7";
    assert_eq!(sam.post("/staff/kb/articles/edit/1", html).status(), 303);
    let form = text(&sam.get("/staff/kb/articles/edit/1"));
    assert!(form.contains("&#60;h2&#62;How") && !form.contains("onclick") && form.contains("value=\"7\""), "{form}");
    assert_eq!(status_of_stranger(&desk, "/article/1-ink"), 200);
    assert_eq!(sam.post("/staff/kb/articles/new", "title=&text=x").status(), 422);
    assert_eq!(sam.post("/staff/kb/articles/new", &format!("title={}&text=x", "x".repeat(201))).status(), 422);
    assert_eq!(sam.post("/staff/kb/articles/new", "title=x&text=x&category=99").status(), 404);

    assert!(text(&sam.get("/staff/kb/articles/remove/1")).contains("gone for good"));
    assert_eq!(sam.post("/staff/kb/articles/remove/1", "").status(), 303);
    assert_eq!(sam.post("/staff/kb/articles/remove/1", "").status(), 404);
    assert_eq!(sam.post("/staff/kb/categories/remove/2", "").status(), 303);
    assert_eq!(sam.post("/staff/kb/categories/remove/1", "").status(), 303);
    assert_eq!(status_of_stranger(&desk, "/article/1-ink"), 404);
    for path in ["/staff/kb", "/staff/kb/articles/new", "/staff/kb/articles/view/1", "/staff/kb/files/1/x"] {
        assert_eq!(status_of_stranger(&desk, path), 303, "{path}: strangers are asked to sign in");
    }
}

#[test]
fn link_of_a_public_article_is_offered_for_an_answer() {
    let desk = Desk::new();
    desk.set("site_url", "https://x.test/desk");
    let sam = desk.browser(desk.agent);
    sam.post("/staff/kb/articles/new", "title=Ink+%5Bblack%5D&category=0&text=x&format=markdown&public=1");
    sam.post("/staff/kb/articles/new", "title=Prices&category=0&text=x&format=markdown");
    let offered = text(&sam.get("/staff/canned-responses/insert"));
    assert!(offered.contains("[Ink black](https://x.test/desk/article/1-ink-black)"), "{offered}");
    assert!(!offered.contains("Prices"), "{offered}");
}
