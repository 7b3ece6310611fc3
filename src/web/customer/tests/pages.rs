//! The knowledge base as everybody reads it, and what holds for every page.

use super::*;

#[test]
fn articles_are_read_searched_and_suggested_but_not_those_of_staff() {
    let desk = desk();
    let staff = desk.admin;
    let article = |title: &str, body: &str, category, is_public| {
        let new = ArticleChange { title, body, markdown: "", category, is_public, position: None };
        desk.web.store.write(|tx| tx.add_article(&new, staff, NOW)).unwrap()
    };
    let category = |name: &str, is_public| {
        let new = CategoryChange { name, parent: None, is_public, position: None };
        desk.web.store.write(|tx| tx.add_article_category(&new)).unwrap()
    };
    let (public, hidden) = (category("Printers <i>", true), category("Inside", false));
    let body = "<h1>Ink</h1><p style=\"color:red\" onclick=\"x()\">Change <b>it</b></p><img src=\"https://e.test/p.png\">\
                <script>alert(1)</script><table><tbody><tr><td>1</td></tr></tbody></table>";
    let ink = article("Ink & <b>paper</b>", body, Some(public), true);
    let secret = article("Ink prices", "secret", Some(public), false);
    let inside = article("Ink inside", "secret", Some(hidden), true);
    desk.web
        .store
        .write(|tx| {
            let file = NewAttachment {
                name: "ink.pdf",
                original_name: "ink.pdf",
                content_type: "application/pdf",
                content: b"%PDF",
                cid: "",
                is_inline: false,
            };
            tx.add_article_file(ink, &file)?;
            tx.add_article_file(secret, &file)
        })
        .unwrap();
    let ann = Person::at(&desk);
    let home = text(&ann.get("/"));
    assert!(home.contains("Printers &#60;i&#62;") && home.contains("/desk/article/1-ink-b-paper-b"), "{home}");
    assert!(!home.contains("Inside") && !home.contains("Ink prices"));
    let page = text(&ann.get("/article/1-whatever"));
    assert!(page.contains("Change <b>it</b>") && page.contains("<td>1</td>"), "{page}");
    for hostile in ["<script>", "style=", "onclick", "e.test", "<b>paper"] {
        assert!(!page.contains(hostile), "{hostile}: {page}");
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(text(&ann.get("/files/1/ink.pdf")), "%PDF");
    assert_eq!(ann.get("/files/2/ink.pdf").status(), 404, "a hidden article's file");
    for path in [
        format!("/article/{secret}-x"),
        format!("/article/{inside}"),
        format!("/category/{hidden}-x"),
        "/article/x".into(),
    ] {
        assert_eq!(ann.get(&path).status(), 404, "{path}");
    }
    assert!(text(&ann.get(&format!("/category/{public}-x"))).contains("Ink &#38; "));
    let found = text(&ann.get("/search?q=ink"));
    assert!(found.contains("/article/1-") && !found.contains("Ink prices") && !found.contains("Ink inside"), "{found}");
    assert!(text(&ann.get("/search?q=nothing")).contains("Nothing was found."));
    let request = Request::new(Method::Get, "/search?q=my+ink+is+dry").with_header("Accept", "application/json");
    let suggested = text(&respond(&desk.web, request, NOW));
    assert!(
        suggested.contains("\"path\":\"/desk/article/1-ink-b-paper-b\"") && !suggested.contains("prices"),
        "{suggested}"
    );
    let article = desk.web.store.read(|tx| tx.article(ink)).unwrap().unwrap();
    assert_eq!(article.views, 1);
}

#[test]
fn every_page_keeps_to_the_policy_and_has_one_heading() {
    let desk = desk();
    let id = desk.mail("one@desk.test", "Mine", 1);
    let ann = Person::at(&desk);
    let link = mailed(&desk, "ann1@x.test", "t");
    let check = |path: &str| {
        let response = ann.get(path);
        let page = text(&response);
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains("<script>"), "{path}");
        assert!(response.header("Content-Security-Policy").unwrap().contains("script-src 'self'"), "{path}");
        for form in page.split("<form").skip(1).filter(|form| form.starts_with(" method=\"post\"")) {
            assert!(form.split("</form").next().unwrap().contains("name=\"form_token\""), "{path}: {form}");
        }
        for slashed in [format!("{path}/")].iter().filter(|_| path.len() > 1 && !path.contains('?')) {
            assert_eq!(ann.get(slashed).status(), 200, "{slashed}");
        }
    };
    for path in ["/", "/search?q=x", "/submit-ticket", "/login", "/forgot-password"] {
        check(path);
    }
    ann.get(&link);
    check(&format!("/tickets/show/{id}"));
    ann.submit("/login", &[("email", "ann1@x.test"), ("do", "link")]);
    let enter = mailed(&desk, "ann1@x.test", "enter");
    check(&enter);
    ann.submit(&enter, &[]);
    for path in ["/tickets", "/account/profile", "/submit-ticket"] {
        check(path);
    }
}
