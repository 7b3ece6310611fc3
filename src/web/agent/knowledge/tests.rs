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
    let gone = sam.post("/staff/kb/articles/new", "title=x&text=Kept+text&category=99");
    assert!(gone.status() == 422 && text(&gone).contains("Kept text"), "{}", text(&gone));

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

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn a_colleagues_change_of_an_article_is_not_lost() {
    let desk = Desk::new();
    let (sam, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    sam.post("/staff/kb/articles/new", "title=Ink&category=0&text=First&format=markdown&public=1");
    let path = "/staff/kb/articles/edit/1";
    let version = hidden(&text(&sam.get(path)), "version");
    let of = |version: &str, words: &str| {
        format!("version={version}&title=Ink&category=0&text={words}&format=markdown&public=1")
    };
    assert_eq!(ada.post(path, &of(&version, "Hers")).status(), 303);
    assert_eq!(ada.post(path, &of(&version, "Hers")).status(), 303, "a double click");
    let stopped = sam.post(path, &of(&version, "His"));
    let page = text(&stopped);
    assert_eq!(stopped.status(), 409, "{page}");
    assert!(page.contains(">His</textarea>") && page.contains(">Hers</pre>"), "{page}");
    let kept = || desk.web.store.read(|tx| tx.article(1)).unwrap().unwrap().markdown;
    assert_eq!(kept(), "Hers");
    assert_eq!(sam.post(path, &of(&hidden(&page, "version"), "His")).status(), 303, "over it, now that it was seen");
    assert_eq!(kept(), "His");
}

#[test]
fn a_form_that_makes_something_new_does_so_once() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let twice = |path: &str, form: &str| {
        let key = hidden(&text(&ada.get(path)), "key");
        [(); 2].map(|()| ada.post(path, &format!("key={key}&{form}")))
    };
    for (path, form) in [
        ("/staff/kb/articles/new", "title=Ink&category=0&text=First&format=markdown"),
        ("/staff/kb/categories/new", "name=Printers&parent=0"),
        ("/staff/departments/new", "name=Sales"),
        ("/staff/canned-responses/new", "title=Hi&text=Hello&body=Hello"),
    ] {
        let done = twice(path, form);
        assert_eq!(done.each_ref().map(crate::http::Response::status), [303, 303], "{path}: {}", text(&done[1]));
    }
    let counts = desk.web.store.read(|tx| {
        Ok::<_, crate::store::Error>([
            tx.articles()?.len(),
            tx.article_categories()?.len(),
            tx.departments()?.len(),
            tx.canned_responses()?.len(),
        ])
    });
    assert_eq!(counts.unwrap(), [1, 1, 3, 1]);
    let shown = twice("/staff/setup/api/new", "name=Shop&permissions=tickets%2Fread&active=1").map(|page| text(&page));
    let token = |page: &str| {
        let (_, rest) = page.rsplit_once("class=\"good\"><bdi>").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    assert_eq!(token(&shown[0]), token(&shown[1]), "the browser shows the second answer");
    assert_eq!(token(&shown[0]).len(), 60);
    let tokens = desk.web.store.read(|tx| tx.tokens()).unwrap();
    assert_eq!((tokens.len(), tokens[0].name.as_str()), (1, "Shop"));
    assert_eq!(tokens[0].sha256, crate::web::session::hash_of(&token(&shown[0])));
    // A form that is wrong is no form that was sent.
    let key = hidden(&text(&ada.get("/staff/departments/new")), "key");
    let wrong = text(&ada.post("/staff/departments/new", &format!("key={key}&name=")));
    assert_eq!(hidden(&wrong, "key"), key);
    assert_eq!(ada.post("/staff/departments/new", &format!("key={key}&name=Care")).status(), 303);
    assert_eq!(desk.web.store.read(|tx| tx.departments()).unwrap().len(), 4);
}
