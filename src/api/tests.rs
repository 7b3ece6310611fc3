//! Requests answered by [`respond`](super::respond) on a real database in a temporary folder, without
//! a socket. What HelpDeskZ was seen to answer is in the replay; here is what maildesk adds.
#![allow(clippy::unwrap_used)]

mod activations;
mod admission;
mod changes;
mod faveo;
mod logins;
mod servetel;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Api, HostRules, respond, token_hash};
use crate::domain::desk_address::{Incoming, Outgoing};
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, Timestamp};
use crate::http::{Method, Request, Response};
use crate::ip_list::IpList;
use crate::password;
use crate::store::address::AddressRow;
use crate::store::settings::definition;
use crate::store::staff::NewStaff;
use crate::store::token::NewToken;
use crate::store::{Error, Store, WriteTx, migrate};

/// The token that may do everything.
const FULL: &str = "FULL00000000000000000000000000000000";

/// When the tests begin.
const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);

/// A desk with department 1, user 1 (ann@example.org), staff 1 (agent, password "agent123") and [`FULL`].
struct Bench {
    api: Api,
    store: Arc<Store>,
    now: std::cell::Cell<Timestamp>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with_rules(HostRules { outbox_age_max_s: 3600, ..HostRules::default() })
    }

    fn with_rules(rules: HostRules) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        migrate::create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let open = || Store::open(&path, Duration::from_millis(200)).unwrap();
        let store = Arc::new(open());
        store.write(furnish).unwrap();
        let api = Api::new(Arc::clone(&store), open(), rules, Box::new(|_| {}));
        let api = api.with_failed_login_time(Duration::ZERO);
        Self { api, store, now: std::cell::Cell::new(NOW), _dir: dir }
    }

    fn pass(&self, seconds: i64) {
        self.now.set(self.now.get().plus_s(seconds));
    }

    fn set(&self, key: &str, value: &str) {
        let definition = definition(key).unwrap();
        self.store.write(|tx| tx.set_setting(definition, value)).unwrap();
    }

    fn token(&self, value: &str, permissions: &str) {
        self.store.write(|tx| add_token(tx, value, permissions, "")).unwrap();
    }

    fn ask(&self, request: Request) -> Response {
        respond(&self.api, request, self.now.get())
    }

    /// GET with [`FULL`].
    fn get(&self, target: &str) -> Value {
        json(&self.ask(Request::new(Method::Get, target).with_header("Token", FULL)))
    }

    /// An urlencoded POST with [`FULL`].
    fn post(&self, path: &str, form: &str) -> Value {
        json(&self.ask(post(path, form)))
    }

    /// The error text of an urlencoded POST, or the success's message.
    fn message(&self, path: &str, form: &str) -> String {
        self.post(path, form)["message"].as_str().unwrap().to_owned()
    }
}

fn furnish(tx: &WriteTx<'_>) -> Result<(), Error> {
    let department = match tx.lowest_department()? {
        Some(id) => id,
        None => tx.add_department("General", false)?,
    };
    assert_eq!(department, DepartmentId::new(1));
    tx.add_customer("Ann", &"ann@example.org".parse().unwrap(), NOW)?;
    let hash = password::hash("agent123").unwrap();
    let staff = NewStaff {
        username: "agent",
        fullname: "Agent Smith",
        email: &"agent@example.org".parse().unwrap(),
        password_hash: &hash,
        role: StaffRole::Agent,
        is_active: true,
        totp_secret: "",
    };
    tx.add_staff(&staff, &[department], NOW)?;
    add_token(tx, FULL, "*", "")
}

/// Gives the desk a default address that mail leaves by.
fn sending_address(bench: &Bench) {
    let mut address = AddressRow::new("support@helpdesk.test", "Support");
    address.department = Some(DepartmentId::new(1));
    address.is_default = true;
    address.outgoing = Outgoing::File;
    address.outgoing_dir = "/nowhere".to_owned();
    bench.store.write(|tx| tx.add_address(&address, NOW)).unwrap();
}

fn add_token(tx: &WriteTx<'_>, value: &str, permissions: &str, ips: &str) -> Result<(), Error> {
    let sha256 = token_hash(value);
    tx.add_token(&NewToken { name: value, sha256: &sha256, permissions, ips, is_active: true }, NOW)?;
    Ok(())
}

fn post(path: &str, form: &str) -> Request {
    Request::new(Method::Post, path)
        .with_header("Token", FULL)
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_body(form)
}

fn json(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|error| panic!("{error}: {response:?}"))
}

#[test]
fn statuses_follow_the_setting() {
    let bench = Bench::new();
    bench.token("READER0000000000000000000000000000000", "users/read");
    let get = |path: &str, token: &str| Request::new(Method::Get, path).with_header("Token", token);
    let cases = || {
        [
            (get("/api/users", "wrong"), 400, 401),
            (get("/api/tickets", "READER0000000000000000000000000000000"), 400, 403),
            (get("/api/users/show/99", FULL), 200, 404),
            (get("/api/users?page=0", FULL), 200, 404),
            (get("/api/tickets?status=9", FULL), 200, 422),
            (post("/api/users/create", ""), 200, 422),
            (get("/api/nothing", FULL), 404, 404),
            (post("/api/users/create", "fullname=%ff"), 400, 400),
        ]
    };
    for (request, compat, _) in cases() {
        let path = request.path.clone();
        assert_eq!(bench.ask(request).status(), compat, "{path}");
    }
    bench.set("api_error_status", "http");
    for (request, _, http) in cases() {
        let path = request.path.clone();
        assert_eq!(bench.ask(request).status(), http, "{path}");
    }
}

#[test]
fn path_and_method_are_looked_at_before_the_token() {
    let bench = Bench::new();
    assert_eq!(bench.ask(Request::new(Method::Get, "/api/nothing")).status(), 404);
    let refused = bench.ask(Request::new(Method::Get, "/api/users/create"));
    assert_eq!((refused.status(), refused.header("Allow")), (405, Some("POST, OPTIONS")));
    let options = bench.ask(Request::new(Method::Options, "/api/users"));
    assert_eq!((options.status(), options.header("Allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
}

#[test]
fn every_form_of_parameters_works() {
    let bench = Bench::new();
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"fullname\"\r\n\r\nJosé\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"email\"\r\n\r\na@b.cc\r\n--b--\r\n";
    let create = |kind: &str, body: &str| {
        let request = Request::new(Method::Post, "/api/users/").with_header("Token", FULL);
        json(&bench.ask(request.with_header("Content-Type", kind).with_body(body)))
    };
    assert_eq!(create("multipart/form-data; boundary=b", multipart)["user_id"], 2);
    assert_eq!(create("application/json", "{\"fullname\":\"Jos\\u00e9\",\"email\":\"b@b.cc\"}")["user_id"], 3);
    assert_eq!(create("application/x-www-form-urlencoded", "fullname=Jos%C3%A9&email=c@b.cc")["user_id"], 4);
    let query = Request::new(Method::Post, "/api/users/?fullname=Jos%C3%A9&email=d@b.cc").with_header("Token", FULL);
    assert_eq!(json(&bench.ask(query))["user_id"], 5);
    for id in 2..=5 {
        assert_eq!(bench.get(&format!("/api/users/{id}"))["user_data"]["fullname"], "José");
    }
}

#[test]
fn arrays_and_broken_bodies_are_refused_with_400() {
    let bench = Bench::new();
    let multipart = |body: &str| {
        let request = Request::new(Method::Post, "/api/users/create").with_header("Token", FULL);
        request.with_header("Content-Type", "multipart/form-data; boundary=b").with_body(body)
    };
    let json_body = |body: &[u8]| {
        let request = Request::new(Method::Post, "/api/users/create").with_header("Token", FULL);
        request.with_header("Content-Type", "application/json").with_body(body)
    };
    let refused = [
        post("/api/users/create", "fullname[]=a&email=a@b.cc"),
        post("/api/users/create", "fullname=a&email=%ff"),
        multipart("--b\r\nContent-Disposition: form-data; name=\"fullname\"\r\n\r\na"),
        json_body(b"{\"fullname\":[\"a\"],\"email\":\"a@b.cc\"}"),
        json_body(b"{\"fullname\":\"a\""),
        json_body(b"{\"fullname\":\"\xff\"}"),
        Request::new(Method::Get, "/api/users?page[]=1").with_header("Token", FULL),
        Request::new(Method::Get, "/api/users?email=%ff").with_header("Token", FULL),
    ];
    for request in refused {
        let answer = bench.ask(request);
        assert_eq!((answer.status(), &json(&answer)["error"]), (400, &Value::from(1)), "{answer:?}");
    }
}

#[test]
fn token_lists_and_proxies_are_obeyed() {
    let trusted = IpList::parse("127.0.0.1").unwrap();
    let bench = Bench::with_rules(HostRules { trusted_proxies: trusted, outbox_age_max_s: 1, ..HostRules::default() });
    bench.store.write(|tx| add_token(tx, "OFFICE00000000000000000000000000000000", "*", "198.51.100.0/24")).unwrap();
    let ask = |forwarded: &str| {
        let request = Request::new(Method::Get, "/api/users").with_header("X-Forwarded-For", forwarded);
        bench.ask(request.with_header("Token", "OFFICE00000000000000000000000000000000"))
    };
    assert_eq!(ask("203.0.113.5, 198.51.100.9").status(), 200);
    let refused = ask("198.51.100.9, 203.0.113.5");
    assert_eq!(json(&refused)["message"], "IP address `203.0.113.5 is not allowed.");
}

#[test]
fn cors_answers_only_origins_of_the_setting() {
    let bench = Bench::new();
    let ask = |origin: &str| {
        let request = Request::new(Method::Options, "/api/users").with_header("Origin", origin);
        bench.ask(request).header("Access-Control-Allow-Origin").map(str::to_owned)
    };
    assert_eq!(ask("https://a.example"), None);
    bench.set("cors_origins", "https://a.example, https://b.example");
    assert_eq!(ask("https://b.example").as_deref(), Some("https://b.example"));
    assert_eq!(ask("https://evil.example"), None);
    bench.set("cors_origins", "https://B.example:443/");
    assert_eq!(ask("https://b.example").as_deref(), Some("https://b.example"), "as it was stored before");
}

#[test]
fn metrics_are_for_a_token_that_may_or_for_all_where_the_setting_says_so() {
    let bench = Bench::new();
    bench.token("METRICS000000000000000000000000000000", "metrics/read");
    bench.token("USERS00000000000000000000000000000000", "users/read");
    let ask = |headers: &[(&str, &str)]| {
        let request = Request::new(Method::Get, "/metrics");
        bench.ask(headers.iter().fold(request, |request, (name, value)| request.with_header(name, value))).status()
    };
    let all = || {
        let local = ask(&[]);
        (
            local,
            ask(&[("Token", "METRICS000000000000000000000000000000")]),
            ask(&[("Token", "USERS00000000000000000000000000000000")]),
        )
    };
    assert_eq!(all(), (400, 200, 400), "coming from this machine proves nothing");
    bench.set("api_error_status", "http");
    assert_eq!(all(), (401, 200, 403));
    bench.set("metrics_open", "1");
    assert_eq!(all(), (200, 200, 200));
}

#[test]
fn a_failed_login_waits_for_its_time_and_a_good_one_does_not() {
    let mut bench = Bench::new();
    bench.api = bench.api.with_failed_login_time(Duration::from_millis(400));
    let timed = |password: &str| {
        let began = std::time::Instant::now();
        bench.message("/api/staff/auth", &format!("username=agent&password={password}&ip_address=192.0.2.1"));
        began.elapsed()
    };
    assert!(timed("wrong") >= Duration::from_millis(400));
    bench.api.give_back_unused();
    // Two checks of 20 ms; whatever the machine does, the best of three is no wait.
    assert!((0..3).map(|_| timed("agent123")).min().unwrap() < Duration::from_millis(400));
}

#[test]
fn metrics_count_requests_and_tickets() {
    let bench = Bench::new();
    bench.get("/api/users");
    let page = bench.ask(Request::new(Method::Get, "/metrics").with_header("Token", FULL));
    let text = String::from_utf8(page.body().to_vec()).unwrap();
    for line in [
        "maildesk_http_requests_total{method=\"get\",route=\"/api/users\",status=\"200\"} 1",
        "maildesk_mails_total{outcome=\"stored\"} 0",
        "maildesk_outbox_pending 0",
        "maildesk_outbox_oldest_age_seconds 0",
        "maildesk_tickets{status=\"open\"} 0",
    ] {
        assert!(text.lines().any(|printed| printed == line), "{line} in\n{text}");
    }
    assert!(text.contains("maildesk_database_bytes "));
}

#[test]
fn metrics_tell_of_mailboxes_in_trouble() {
    let bench = Bench::new();
    let page = || {
        String::from_utf8(bench.ask(Request::new(Method::Get, "/metrics").with_header("Token", FULL)).body().to_vec())
            .unwrap()
    };
    assert!(!page().contains("maildesk_imap"), "no mailbox, no lines");
    bench
        .store
        .write(|tx| {
            let mut row = AddressRow::new("fetched@example.org", "F");
            row.incoming = Incoming::Imap;
            row.imap_folders = vec!["INBOX".to_owned(), "\"Odd\\".to_owned()];
            let id = tx.add_address(&row, NOW)?;
            tx.note_imap_failure(id, "INBOX", "gone", NOW)
        })
        .unwrap();
    let page = page();
    for line in [
        "maildesk_imap_failures{address=\"fetched@example.org\",folder=\"INBOX\"} 1",
        "maildesk_imap_failures{address=\"fetched@example.org\",folder=\"\\\"Odd\\\\\"} 0",
        "maildesk_imap_left{address=\"fetched@example.org\",folder=\"INBOX\"} 0",
    ] {
        assert!(page.lines().any(|printed| printed == line), "{line} in\n{page}");
    }
}

#[test]
fn desk_whose_sender_gives_no_sign_of_life_is_not_ready() {
    let bench = Bench::new();
    let reason = || {
        // A look holds for some seconds.
        bench.pass(6);
        let answer = bench.ask(Request::new(Method::Get, "/readyz"));
        (answer.status(), String::from_utf8_lossy(answer.body()).into_owned())
    };
    assert_eq!(reason().0, 200, "this process is not expected to send");
    bench.api.expect_sender(bench.now.get());
    bench.pass(20);
    assert_eq!(reason().0, 200, "it has just begun");
    bench.pass(20);
    let (status, text) = reason();
    assert!(status == 503 && text.contains("no heartbeat for 30 s"), "{status} {text}");
    bench.store.write(|tx| tx.note_served(bench.now.get())).unwrap();
    assert_eq!(reason().0, 200);
    // One of a clock that was ahead is none.
    bench.store.write(|tx| tx.note_served(bench.now.get().plus_s(86_400))).unwrap();
    assert_eq!(reason().0, 503);
}

#[test]
fn readiness_is_looked_at_once_in_five_seconds() {
    let bench = Bench::new();
    let ready = || bench.ask(Request::new(Method::Get, "/readyz")).status();
    assert_eq!(ready(), 200);
    let lock = crate::store::testing::lock(&bench.store);
    assert_eq!(ready(), 200, "the look before still holds");
    bench.pass(5);
    let refused = bench.ask(Request::new(Method::Get, "/readyz"));
    assert_eq!(refused.status(), 503);
    assert!(json(&refused)["reason"].as_str().unwrap().contains("locked"), "{refused:?}");
    drop(lock);
    bench.pass(5);
    assert_eq!(ready(), 200);
    assert_eq!(bench.ask(Request::new(Method::Get, "/healthz")).status(), 200);
}

#[test]
fn a_tokens_use_is_noted_to_the_minute() {
    let bench = Bench::new();
    bench.get("/api/users");
    let uses = bench.api.take_token_uses();
    assert_eq!(uses.len(), 1);
    assert_eq!(uses[0].1, NOW);
    assert!(bench.api.take_token_uses().is_empty(), "nothing new");
    bench.pass(61);
    bench.get("/api/users");
    assert_eq!(bench.api.take_token_uses()[0].1, NOW.plus_s(61));
}
