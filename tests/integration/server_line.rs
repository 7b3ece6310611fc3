//! A desk on a PostgreSQL server and the line to it: cut, mended, cut at the worst moment, through a pool. Only
//! `tests/postgres` starts such a server; without it these tests have nothing to ask.

use std::thread;

use crate::client::Server;
use crate::desk::{Desk, SUPPORT, feed, is_on_server, mail};
use crate::fixture::line::{Line, Pool};
use crate::mta::skip;

const TICKETS: &str = "/api/tickets";

#[test]
fn desk_whose_server_is_gone_defers_mail_says_503_and_goes_on_when_it_is_back() {
    if !is_on_server() {
        return;
    }
    let (desk, line) = (Desk::new(), Line::new());
    desk.configure_db(&line.address_of(desk.database()), "");
    desk.deliver(mail("before", "Subject: before\n", "x"));
    let server = Server::start(&desk);
    let before = server.get(TICKETS);
    assert_eq!(before.status, 200, "{before:?}");
    for _ in 0..2 {
        line.cut();
        let refused = server.get(TICKETS);
        assert_eq!(refused.status, 503, "{refused:?}");
        assert_eq!(refused.header("Retry-After"), Some("1"), "{refused:?}");
        assert!(refused.json().is_object(), "{refused:?}");
        let added = server.post("/api/tickets/create", "user_id=1&department_id=1&subject=x&message=y");
        assert_eq!(added.status, 503, "{added:?}");
        assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 503));
        let done = desk.pipe(mail("during", "Subject: during\n", "x"), &["--recipient", SUPPORT]);
        assert_eq!(done.parts(), (75, "", "4.3.0 the mail could not be stored now and will be tried again\n"));
        line.mend();
        let after = server.get(TICKETS);
        assert_eq!((after.status, &after.body), (200, &before.body), "the first request after it is answered");
    }
    desk.deliver(mail("during", "Subject: during\n", "x"));
    assert_eq!((desk.count("mails_received"), desk.count("tickets")), (2, 2));
}

#[test]
fn mail_whose_commit_was_not_answered_is_tried_again_and_is_one_message() {
    if !is_on_server() {
        return;
    }
    let (desk, line) = (Desk::new(), Line::new());
    desk.configure_db(&line.address_of(desk.database()), "");
    for n in 0..3 {
        line.lose_answer_to_commit();
        let sent = || mail(&format!("m{n}"), "Subject: once\n", "x");
        let done = desk.pipe(sent(), &["--recipient", SUPPORT]);
        assert_eq!(done.status, 75, "nobody knows what became of it: {}", desk.log());
        assert!(line.has_lost_answer(), "it came to that");
        desk.deliver(sent());
        desk.deliver(sent());
        assert_eq!((desk.count("mails_received"), desk.count("messages")), (n + 1, n + 1));
    }
}

#[test]
fn desk_works_through_a_pool_that_gives_each_transaction_another_connection() {
    if !is_on_server() {
        return;
    }
    let Some(pool) = Pool::start() else { return skip("no pgbouncer under /usr/sbin") };
    let desk = Desk::new();
    desk.configure_db(&pool.address_of(desk.database()), "");
    let server = Server::start(&desk);
    thread::scope(|threads| {
        for n in 0..12 {
            let (desk, server) = (&desk, &server);
            threads.spawn(move || {
                desk.deliver(mail(&format!("p{n}"), &format!("Subject: pooled {n}\n"), &"x".repeat(50_000)));
                assert_eq!(server.get(TICKETS).status, 200);
            });
        }
    });
    assert_eq!((desk.count("mails_received"), desk.count("tickets")), (12, 12));
    desk.admin(&["check"]);
}

#[test]
fn statements_can_be_prepared_on_connections_that_stay() {
    if !is_on_server() {
        return;
    }
    let desk = Desk::new();
    desk.configure_db(&desk.database().address(), "db_prepare = true\n");
    let shown = desk.admin(&["config", "show"]);
    assert_eq!(shown["db_prepare"], true, "{shown}");
    let server = Server::start(&desk);
    for n in 0..5 {
        desk.deliver(mail(&format!("p{n}"), &format!("Subject: prepared {n}\n"), "x"));
        let listed = server.get(TICKETS);
        assert!(listed.status == 200 && listed.body.contains(&format!("prepared {n}")), "{listed:?}");
        let added = server.post("/api/tickets/create", &format!("user_id=1&department_id=1&subject=api{n}&message=y"));
        assert!(added.status < 300, "{added:?}");
    }
    let check = feed(desk.command().args(["admin", "check"]), b"");
    assert_eq!(check.status, 0, "{}{}", check.stdout, check.stderr);
}
