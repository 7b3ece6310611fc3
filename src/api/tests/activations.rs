//! The activation page, from the mail's link to its end.

use super::{Bench, NOW, post};
use crate::domain::{Timestamp, UserId};
use crate::http::{Method, Request, Response};
use crate::store::outbox::Scope;

/// A desk that mails, user 1 invited at [`NOW`], and the code of the link.
fn invited() -> (Bench, String) {
    let bench = Bench::new();
    super::sending_address(&bench);
    bench.set("site_url", "https://desk.test/help");
    let code = register(&bench, "jay@client.test");
    (bench, code)
}

/// Registers somebody and reads the code from the mail.
fn register(bench: &Bench, email: &str) -> String {
    let body = format!("email={email}&first_name=Jay&last_name=Kamat");
    let answer = bench.ask(post("/api/v1/helpdesk/register", &body));
    assert_eq!(answer.status(), 200, "{answer:?}");
    mailed_code(bench)
}

fn mailed_code(bench: &Bench) -> String {
    let claimed = bench.store.write(|tx| tx.claim_due(Scope::All, &[], 9, NOW.plus_s(60), NOW)).unwrap();
    let id = claimed.last().unwrap().id;
    let raw = bench.store.read(|tx| tx.outgoing_raw(id)).unwrap().unwrap();
    let parsed = unfolded(&raw);
    let link = parsed.split_whitespace().find(|word| word.starts_with("https://desk.test/help/activate/")).unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

/// The text part of a mail of ours, whose soft line breaks are taken out.
fn unfolded(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace("=\r\n", "").replace("=3D", "=")
}

fn open(bench: &Bench, method: Method, code: &str) -> Response {
    bench.ask(Request::new(method, &format!("/activate/{code}")))
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

fn verified_at(bench: &Bench, id: i64) -> Timestamp {
    bench.store.read(|tx| tx.customer(UserId::new(id))).unwrap().unwrap().verified_at
}

#[test]
fn only_the_button_confirms_and_only_once() {
    let (bench, code) = invited();
    assert!(code.len() == 64 && code.bytes().all(|b| b.is_ascii_hexdigit()), "{code}");
    for _ in 0..3 {
        let page = open(&bench, Method::Get, &code);
        assert_eq!(page.status(), 200);
        assert!(text(&page).contains("<form method=\"post\"><button"), "{page:?}");
    }
    assert_eq!(open(&bench, Method::Head, &code).status(), 200);
    assert_eq!(verified_at(&bench, 2), Timestamp::default(), "looking confirms nothing");
    bench.pass(60);
    let done = open(&bench, Method::Post, &code);
    assert_eq!(done.status(), 200);
    assert!(text(&done).contains("is confirmed") && !text(&done).contains("<form"), "{done:?}");
    assert_eq!(verified_at(&bench, 2), NOW.plus_s(60));
    bench.pass(60);
    for method in [Method::Get, Method::Post] {
        let again = open(&bench, method, &code);
        assert_eq!(again.status(), 410);
        assert!(text(&again).contains("used before") && !text(&again).contains("<form"), "{again:?}");
    }
    assert_eq!(verified_at(&bench, 2), NOW.plus_s(60));
}

#[test]
fn a_link_holds_seven_days() {
    let (bench, code) = invited();
    bench.pass(7 * Timestamp::DAY_S + 1);
    for method in [Method::Get, Method::Post] {
        let late = open(&bench, method, &code);
        assert_eq!((late.status(), text(&late).contains("expired")), (410, true));
    }
    assert_eq!(verified_at(&bench, 2), Timestamp::default());
    bench.pass(-1);
    assert_eq!(open(&bench, Method::Post, &code).status(), 200);
}

#[test]
fn a_link_mailed_by_a_clock_that_was_ahead_does_not_hold_longer_for_it() {
    let (bench, code) = invited();
    bench.pass(-3600);
    let early = open(&bench, Method::Post, &code);
    assert_eq!((early.status(), text(&early).contains("expired")), (410, true));
}

#[test]
fn other_codes_are_not_known() {
    let (bench, code) = invited();
    let upper = code.to_uppercase();
    for wrong in ["x", "%00", "../x", &code[1..], &upper, &"a".repeat(64), &"a".repeat(8000), "<script>"] {
        for method in [Method::Get, Method::Post] {
            let page = open(&bench, method, wrong);
            assert_eq!(page.status(), 404, "{wrong:.80}");
            assert!(!text(&page).contains("<script"), "{page:?}");
        }
    }
    assert_eq!(bench.ask(Request::new(Method::Get, "/activate/")).status(), 404);
    assert_eq!(open(&bench, Method::Put, &code).status(), 405);
}

#[test]
fn a_newer_link_and_another_address_end_the_older_one() {
    let (bench, first) = invited();
    let hash = |code: &str| super::token_hash(code);
    bench.store.write(|tx| tx.set_activation(UserId::new(2), &hash("second"), NOW)).unwrap();
    assert_eq!((open(&bench, Method::Post, &first).status(), open(&bench, Method::Get, "second").status()), (404, 200));
    assert_eq!(bench.message("/api/users/update/2", "new_email=other@client.test"), "Email was changed.");
    assert_eq!(open(&bench, Method::Post, "second").status(), 404);
    bench.store.write(|tx| tx.set_activation(UserId::new(2), &hash("third"), NOW)).unwrap();
    assert_eq!(open(&bench, Method::Post, "third").status(), 200);
    assert_ne!(verified_at(&bench, 2), Timestamp::default());
    // Invited again after all: the new link is a fresh one, within the same second too.
    bench.store.write(|tx| tx.set_activation(UserId::new(2), &hash("fourth"), NOW)).unwrap();
    assert_eq!(open(&bench, Method::Post, "fourth").status(), 200);
    assert_eq!(bench.message("/api/users/update/2", "new_email=third@client.test"), "Email was changed.");
    assert_eq!(verified_at(&bench, 2), Timestamp::default(), "nobody confirmed this address");
}

#[test]
fn the_page_loads_and_runs_nothing_and_shows_no_markup_of_settings() {
    let (bench, code) = invited();
    bench.set("site_name", "<img src=x> & Co");
    let page = open(&bench, Method::Get, &code);
    let body = text(&page);
    assert!(body.contains("&lt;img src=x&gt; &amp; Co"), "{body}");
    for outside in ["<script", "<link", "<img", "http://", "https://", "@import", "url(", "on", &code] {
        let is_there = if outside == "on" { body.contains(" onclick") } else { body.contains(outside) };
        assert!(!is_there, "{outside}");
    }
    let policy = page.header("Content-Security-Policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("form-action 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("Referrer-Policy"), Some("no-referrer"));
    assert_eq!(page.header("Cache-Control"), Some("no-store"));
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=UTF-8"));
}

#[test]
fn a_code_is_found_by_an_index_and_kept_only_as_a_hash() {
    let (bench, code) = invited();
    if !crate::store::testing::is_remote() {
        let plan = bench.store.sql_rows(
            "EXPLAIN QUERY PLAN SELECT id, activation_at FROM customer \
             WHERE activation_hash = X'00' AND length(activation_hash) > 0",
        );
        assert!(plan[0].contains("USING INDEX customer_activation"), "{plan:?}");
    }
    let kept = bench.store.sql_rows("SELECT activation_hash FROM customer WHERE id = 2");
    assert_eq!(kept, [format!("Bytes({:?})", super::token_hash(&code))]);
}

#[test]
fn a_locked_database_gives_a_page_too() {
    let (bench, code) = invited();
    let lock = crate::store::testing::lock(&bench.store);
    let page = open(&bench, Method::Post, &code);
    assert_eq!((page.status(), text(&page).contains("in a few minutes")), (503, true));
    drop(lock);
    assert_eq!(open(&bench, Method::Post, &code).status(), 200);
}
