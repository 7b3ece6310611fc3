//! The history of tickets: whatever changes one leaves an event, by whatever door it came.

use serde_json::Value;

use crate::client::Server;
use crate::desk::{Desk, SALES, feed, mail};

/// Kind, detail, actor and door of each event of a ticket.
fn history(desk: &Desk, ticket: i64) -> Vec<String> {
    let events = desk.admin(&["ticket", "events", &ticket.to_string()]);
    let line = |event: &Value| {
        let text = |key: &str| event[key].as_str().unwrap_or("?").to_owned();
        format!("{} {} by {} through {}", text("kind"), text("detail"), text("actor"), text("door"))
    };
    events.as_array().into_iter().flatten().map(line).collect()
}

fn with_staff() -> Desk {
    let desk = Desk::new();
    let line = ["--json", "admin", "staff", "add", "sam", "--name", "Sam S", "--email", "sam@helpdesk.test"];
    let more = ["--role", "admin", "--department", "1", "--department", "2", "--password-stdin"];
    assert_eq!(feed(desk.command().args(line).args(more), b"correct horse\n").status, 0);
    desk
}

#[test]
fn mail_leaves_events() {
    let desk = Desk::new();
    desk.deliver(mail("a", "Subject: Printer\nCc: Carla <carla@third.test>\n", "It burns."));
    desk.deliver_to(SALES, mail("a", "Subject: Printer\nCc: Carla <carla@third.test>\n", "It burns."));
    desk.deliver(mail("b", "Subject: Re: [#1] Printer\nIn-Reply-To: <a@client.test>\n", "Still."));
    desk.deliver(mail("c", "Subject: Disk full\nAuto-Submitted: auto-generated\n", "99 %").replace("ann@", "cron@"));
    assert_eq!(
        history(&desk, 1),
        [
            "opened  by customer through mail",
            "participant carla@third.test by customer through mail",
            "also-to sales@helpdesk.test by machine through mail",
            "replied  by customer through mail",
        ]
    );
    assert_eq!(history(&desk, 2), ["opened  by machine through mail"]);
}

#[test]
fn every_verb_of_the_command_line_leaves_an_event() {
    let desk = with_staff();
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    desk.deliver(mail("b", "Subject: Lamp\n", "Dark."));
    desk.admin(&["ticket", "status", "1", "in-progress"]);
    desk.admin(&["ticket", "status", "1", "in-progress"]);
    desk.admin(&["ticket", "assign", "1", "sam"]);
    desk.admin(&["ticket", "assign", "1", "--nobody"]);
    desk.admin(&["ticket", "move", "1", "Sales"]);
    desk.admin(&["ticket", "note", "1", "--message", "Hm.", "--staff", "sam"]);
    desk.admin(&["ticket", "requester", "1", "bo@client.test"]);
    desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Done.", "--close"]);
    desk.admin(&["ticket", "merge", "2", "1", "--yes"]);
    let line = |what: &str| format!("{what} by desk through command-line");
    let (staff, customer) = (|what: &str| format!("{what} by staff through command-line"), "by customer through mail");
    assert_eq!(
        history(&desk, 1),
        [
            format!("opened  {customer}"),
            line("status in-progress"),
            line("assigned sam"),
            line("assigned "),
            line("moved Sales"),
            staff("noted "),
            line("requester bo@client.test"),
            line("noted "),
            staff("answered "),
            staff("status closed"),
            line("merged from #2"),
            line("noted "),
        ]
    );
    assert_eq!(history(&desk, 2), [format!("opened  {customer}"), line("merged into #1"), line("noted ")]);
    desk.admin(&["ticket", "remove", "1", "--yes"]);
    assert_eq!(history(&desk, 1).last(), Some(&line("removed ")), "the history outlives its ticket");
    assert_eq!(desk.try_admin(&["ticket", "events", "99"]).status, 1);
}

#[test]
fn api_leaves_events() {
    let desk = with_staff();
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    let server = Server::start(&desk);
    let post = |path: &str, form: &str| {
        let answer = server.post(path, form).json();
        assert_eq!(answer["success"], 1, "{path}: {answer}");
    };
    post("/api/tickets/create", "opener=user&user_id=1&department_id=1&subject=Lamp&body=Dark");
    post("/api/messages/create", "ticket_id=2&replier=user&message=Hello");
    post("/api/messages/create", "ticket_id=2&replier=staff&staff_id=1&message=Done&close=1");
    post("/api/messages/create", "ticket_id=2&replier=user&message=No");
    post("/api/tickets/update/2", "department_id=2&status=4");
    assert_eq!(
        history(&desk, 2),
        [
            "opened  by customer through api",
            "replied  by customer through api",
            "answered  by staff through api",
            "status closed by staff through api",
            "replied  by customer through api",
            "status awaiting-reply by customer through api",
            "moved Sales by machine through api",
            "status in-progress by machine through api",
        ]
    );
    post("/api/users/delete/1", "");
    assert_eq!(history(&desk, 1).last().map(String::as_str), Some("removed  by machine through api"));
    assert_eq!(history(&desk, 2).last().map(String::as_str), Some("removed  by machine through api"));
}

#[test]
fn timed_work_leaves_events() {
    let desk = with_staff();
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Try again."]);
    desk.outside().run("UPDATE ticket SET last_update_at = 0");
    desk.admin(&["jobs", "run"]);
    assert_eq!(history(&desk, 1).last().map(String::as_str), Some("status closed by desk through jobs"));
}
