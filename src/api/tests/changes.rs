//! What changes, what must not, and what is answered twice.

use proptest::prelude::*;

use super::*;
use crate::domain::{OutboxId, StaffId, TicketId};
use crate::intake::{self, Envelope, Rules, Source};
use crate::outbox::template::Event;
use crate::store::template::Template;

const TICKET: &str = "opener=user&user_id=1&department_id=1&subject=Hi&body=Hello";

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" ".to_owned()),
        Just("0".to_owned()),
        Just("1".to_owned()),
        Just("2".to_owned()),
        Just("user".to_owned()),
        Just("staff".to_owned()),
        Just("ann@example.org".to_owned()),
        Just("new@example.org".to_owned()),
        "[a-z%<>'\"]{0,6}",
        "[0-9]{1,20}",
        "x{251,260}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_refusal_leaves_the_database_unchanged(
        path in prop::sample::select(vec![
            "users/create", "users/update/1", "users/update/9", "users/delete/9", "departments/create", "departments/update/1",
            "departments/delete/x", "tickets/create", "tickets/update/1", "tickets/delete/0", "messages/create", "attachments/delete/1",
        ]),
        fields in prop::collection::vec((prop::sample::select(vec![
            "fullname", "email", "new_email", "name", "private", "opener", "user_id", "staff_id", "department_id", "subject", "body",
            "ticket_id", "message", "replier", "status", "notify", "close",
        ]), text()), 0..9),
    ) {
        let bench = Bench::new();
        bench.post("/api/tickets/create", TICKET);
        let before = bench.store.everything();
        let form: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let answer = bench.post(&format!("/api/{path}"), &form);
        if answer["error"] == 1 {
            prop_assert_eq!(bench.store.everything(), before, "{} {}", path, form);
        }
    }
}

#[test]
fn the_same_key_and_request_have_one_effect_and_one_answer() {
    let bench = Bench::new();
    let create = |body: &str| bench.ask(post("/api/tickets/create", body).with_header("Idempotency-Key", "k1"));
    let first = create(TICKET);
    let again = create(TICKET);
    assert_eq!((first.header("Idempotency-Replayed"), again.header("Idempotency-Replayed")), (None, Some("true")));
    assert_eq!(first.body(), again.body());
    assert_eq!(bench.get("/api/tickets")["total_tickets"], 1);
    let other = create("opener=user");
    assert_eq!((other.status(), &json(&other)["error"]), (422, &Value::from(1)));
    bench.pass(24 * 3600);
    assert_eq!(json(&create(TICKET))["ticket_id"], 2, "a day later the key is free");
}

#[test]
fn a_key_belongs_to_a_token_and_a_path() {
    let bench = Bench::new();
    bench.token("OTHER0000000000000000000000000000000", "*");
    let key = |request: Request| bench.ask(request.with_header("Idempotency-Key", "k1"));
    key(post("/api/tickets/create", TICKET));
    let other_path = key(post("/api/departments/create", "name=x&private=0"));
    assert_eq!((other_path.status(), other_path.header("Idempotency-Replayed")), (200, None));
    let slashed = key(post("/api/tickets/create/", TICKET));
    assert_eq!(slashed.header("Idempotency-Replayed"), Some("true"));
    let other_token = Request::new(Method::Post, "/api/tickets/create")
        .with_header("Token", "OTHER0000000000000000000000000000000")
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_body(TICKET);
    assert_eq!(json(&key(other_token))["ticket_id"], 2);
}

#[test]
fn a_multipart_form_sent_again_with_another_boundary_is_the_same_request() {
    let bench = Bench::new();
    let send = |boundary: &str| {
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nSales\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"private\"\r\n\r\n0\r\n--{boundary}--\r\n"
        );
        let request = Request::new(Method::Post, "/api/departments").with_header("Token", FULL);
        let request = request.with_header("Content-Type", &format!("multipart/form-data; boundary={boundary}"));
        bench.ask(request.with_header("Idempotency-Key", "k").with_body(body))
    };
    assert_eq!(send("one").body(), send("two").body());
    assert_eq!(bench.get("/api/departments")["departments"].as_array().unwrap().len(), 2);
}

#[test]
fn a_refusal_is_repeated_for_its_key_even_when_it_would_not_be_given_any_more() {
    let bench = Bench::new();
    let update =
        || bench.ask(post("/api/users/update/2", "new_email=b@example.org").with_header("Idempotency-Key", "k"));
    assert_eq!(json(&update())["message"], "User not found.");
    bench.post("/api/users/create", "fullname=B&email=a@example.org");
    let again = update();
    assert_eq!(json(&again)["message"], "User not found.");
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
}

#[test]
fn long_texts_are_refused_one_character_above_their_limit() {
    let bench = Bench::new();
    let create = |path: &str, form: String| bench.message(path, &form);
    let name = |n: usize| create("/api/users/create", format!("fullname={}&email=n{n}@example.org", "é".repeat(n)));
    assert_eq!((name(250).as_str(), name(251).as_str()), ("User account was created.", "Full name is too long."));
    let department = |n: usize| {
        create("/api/departments/create", format!("name={}&private=0", "&lt;".replace("&lt;", "%26").repeat(n)))
    };
    assert_eq!(
        (department(100).as_str(), department(101).as_str()),
        ("Department was created.", "Department name is too long.")
    );
    let subject =
        |n: usize| create("/api/tickets/create", TICKET.replace("subject=Hi", &format!("subject={}", "é".repeat(n))));
    assert_eq!((subject(255).as_str(), subject(256).as_str()), ("Ticket was created.", "Subject is too long."));
    let body =
        |n: usize| create("/api/tickets/create", TICKET.replace("body=Hello", &format!("body={}", "x".repeat(n))));
    assert_eq!(
        (body(1024 * 1024).as_str(), body(1024 * 1024 + 1).as_str()),
        ("Ticket was created.", "Body is too long.")
    );
}

#[test]
fn deleting_a_department_takes_its_tickets_and_moves_its_addresses() {
    use crate::store::address::AddressRow;
    let bench = Bench::new();
    bench.post("/api/departments/create", "name=Sales&private=0");
    bench.post("/api/tickets/create", TICKET);
    bench.post("/api/tickets/create", &TICKET.replace("department_id=1", "department_id=2"));
    let address = |department| AddressRow {
        department: Some(DepartmentId::new(department)),
        ..AddressRow::new("sales@example.org", "Sales")
    };
    bench.store.write(|tx| tx.add_address(&address(2), NOW)).unwrap();
    let kept = |bench: &Bench| bench.store.read(|tx| tx.desk_addresses()).unwrap()[0].department;
    bench.post("/api/departments/delete/2", "");
    assert_eq!(kept(&bench), Some(DepartmentId::new(1)));
    assert_eq!(bench.get("/api/tickets")["total_tickets"], 1);
    bench.post("/api/departments/delete/1", "");
    assert_eq!(kept(&bench), None);
    assert_eq!(bench.get("/api/tickets")["total_tickets"], 0);
    assert_eq!(
        bench.post("/api/departments/create", "name=New&private=0")["department_id"],
        3,
        "ids are never given out again"
    );
    assert_eq!(bench.get("/api/users/1")["user_data"]["id"], "1", "users stay");
}

#[test]
fn deleting_a_user_takes_his_tickets_only() {
    let bench = Bench::new();
    bench.post("/api/users/create", "fullname=B&email=b@example.org");
    bench.post("/api/tickets/create", TICKET);
    bench.post("/api/tickets/create", &TICKET.replace("user_id=1", "user_id=2"));
    assert_eq!(bench.message("/api/users/delete/1", ""), "Account was removed.");
    let left = bench.get("/api/tickets");
    assert_eq!((&left["total_tickets"], &left["tickets"][0]["user_id"]), (&Value::from(1), &Value::from("2")));
    assert_eq!(bench.get("/api/messages/show/1")["message"], "Ticket not found.");
}

#[test]
fn both_names_of_the_status_work_and_the_short_one_wins() {
    let bench = Bench::new();
    bench.post("/api/tickets/create", TICKET);
    let status = || bench.get("/api/tickets/1")["ticket"]["status"].as_str().unwrap().to_owned();
    bench.post("/api/tickets/update/1", "status_id=4");
    assert_eq!(status(), "4");
    bench.post("/api/tickets/update/1", "status_id=5&status=2");
    assert_eq!(status(), "2");
    bench.post("/api/tickets/update/1", "status_id=4&status=0");
    assert_eq!(status(), "4", "0 is none");
    bench.post("/api/tickets/update/1", "status_id=0&status=2");
    assert_eq!(bench.get("/api/tickets?status_id=2")["total_tickets"], 1);
    assert_eq!(bench.get("/api/tickets?status=3&status_id=2")["total_tickets"], 0);
}

#[test]
fn what_staff_write_names_them_as_the_last_to_reply() {
    let bench = Bench::new();
    let last = || bench.store.read(|tx| tx.ticket(TicketId::new(1))).unwrap().unwrap().last_replier.map(StaffId::get);
    bench.post("/api/tickets/create", &TICKET.replace("opener=user", "opener=staff&staff_id=1"));
    assert_eq!(last(), Some(1));
    bench.post("/api/messages/create", "ticket_id=1&replier=user&message=x");
    assert_eq!(last(), None);
    bench.post("/api/messages/create", "ticket_id=1&replier=staff&staff_id=1&message=x&close=1");
    assert_eq!(last(), Some(1));
    assert_eq!(bench.get("/api/tickets/1")["ticket"]["status"], "5");
}

#[test]
fn texts_from_mail_leave_as_safe_html_and_api_bodies_sanitised() {
    let bench = Bench::new();
    let mail = b"From: Ann <ann@example.org>\r\nTo: x@example.org\r\nSubject: <b>s</b>\r\nMessage-ID: <a@b>\r\n\r\n<script>alert(1)</script>\r\nline 2\r\n";
    let envelope = Envelope { recipients: Vec::new(), sender: None, source: Source::Import, whole: None };
    let rules = Rules { limits: crate::mail::Limits::default() };
    bench
        .store
        .write(|tx| {
            tx.add_address(
                &crate::store::address::AddressRow {
                    department: Some(DepartmentId::new(1)),
                    is_default: true,
                    ..crate::store::address::AddressRow::new("x@example.org", "X")
                },
                NOW,
            )
        })
        .unwrap();
    let delivery = intake::deliver(&bench.store, &rules, &envelope, mail, NOW).unwrap();
    assert_eq!(delivery.outcome.word(), "open");
    let shown = bench.get("/api/messages/show/1")["messages"][0]["message"].clone();
    assert_eq!(shown, "&lt;script&gt;alert(1)&lt;/script&gt;<br />\nline 2");
    assert_eq!(bench.get("/api/tickets/1")["ticket"]["subject"], "<b>s</b>");
    bench.post(
        "/api/messages/create",
        "ticket_id=1&replier=user&message=%3Cp+onclick%3Dx()%3EHi%3Cscript%3Ex%3C/script%3E%3C/p%3E",
    );
    bench.set("reply_order", "asc");
    assert_eq!(bench.get("/api/messages/show/1")["messages"][1]["message"], "<p>Hi</p>");
}

#[test]
fn without_site_url_the_welcome_has_no_link_and_a_text_with_one_is_refused_but_not_the_account() {
    use crate::domain::desk_address::Outgoing;
    let bench = Bench::new();
    let address = AddressRow {
        is_default: true,
        outgoing: Outgoing::File,
        outgoing_dir: "/nowhere".to_owned(),
        ..AddressRow::new("x@example.org", "X")
    };
    bench.store.write(|tx| tx.add_address(&address, NOW)).unwrap();
    assert_eq!(
        bench.message("/api/users/create", "fullname=B&email=b@example.org&notify=1"),
        "User account was created."
    );
    let waiting = || bench.store.read(|tx| tx.outbox_pending()).unwrap();
    let text = |n: i64| {
        let raw = bench.store.read(|tx| tx.outgoing_raw(OutboxId::new(n))).unwrap().unwrap();
        String::from_utf8(raw).unwrap()
    };
    assert_eq!(waiting(), 1);
    assert!(text(1).contains("an account for b@example.org") && !text(1).contains("activate"), "{}", text(1));
    let own = Template { body_text: "open %activation_link%".to_owned(), ..Event::NewUser.shipped() };
    bench.store.write(|tx| tx.store_template("new_user", &own, NOW)).unwrap();
    let refused = bench.message("/api/users/create", "fullname=E&email=e@example.org&notify=1");
    assert_eq!((refused.as_str(), waiting()), ("User account was created.", 1));
    bench.set("site_url", "https://desk.example.org");
    bench.post("/api/users/create", "fullname=C&email=c@example.org&notify=1");
    assert_eq!(waiting(), 2);
    assert!(text(2).contains("open https://desk.example.org/activate/"), "{}", text(2));
    bench.post("/api/users/create", "fullname=D&email=d@example.org&notify=0");
    assert_eq!(waiting(), 2);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let bench = Bench::new();
    bench.post("/api/tickets/create", TICKET);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let request = post("/api/messages/create", "ticket_id=1&replier=user&message=x");
                    assert_eq!(respond(&bench.api, request, NOW).status(), 200);
                }
            });
        }
    });
    assert_eq!(bench.get("/api/tickets/1")["ticket"]["replies"], "40");
    assert_eq!(bench.get("/api/messages/show/1")["total_replies"], 41);
}

#[test]
fn address_of_the_desk_is_no_users() {
    let bench = Bench::new();
    sending_address(&bench);
    let taken = "Email address is is already in use.";
    let create = bench.message("/api/users/create", "fullname=X&email=support%2Bx@helpdesk.test");
    let update = bench.message("/api/users/update/1", "new_email=SUPPORT@helpdesk.test");
    assert_eq!((create.as_str(), update.as_str()), (taken, taken));
}
