//! Faveo's register and Servetel's create user with everything around them: the mail that goes out, the ticket
//! that comes in, who is on duty. What each field may hold is tested beside the code.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use maildesk::inside::{
    Api, Envelope, HostRules, MailLimits, Method, Request, Rules, Source, Store, Timestamp, deliver, respond,
};
use serde_json::{Value, json};

use crate::client::{Answer, Server, TOKEN, eventually};
use crate::desk::{Desk, SUPPORT, feed, is_on_server};
use crate::smtp_sink::{Play, Sink};

pub(crate) const REGISTER: &str = "/api/v1/helpdesk/register";

/// A desk whose mail goes to the sink and whose links lead to the server.
pub(crate) fn mailing(sink: &Sink) -> (Desk, Server) {
    let desk = Desk::new();
    let port = sink.port();
    let smtp = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", &port, "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SUPPORT][..], &smtp].concat());
    let server = Server::start(&desk);
    desk.set("site_url", &format!("http://{}", server.address));
    (desk, server)
}

/// A desk whose mail about new accounts leaves, to nowhere.
fn desk_that_mails() -> Desk {
    let desk = Desk::new();
    let out = desk.path("out").to_string_lossy().into_owned();
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out]);
    desk.set("site_url", "https://desk.helpdesk.test");
    desk
}

/// The path of the newest activation link mailed to an address.
pub(crate) fn link(sink: &Sink, to: &str) -> String {
    let newest = || sink.taken().into_iter().rev().find(|mail| mail.to == [to]);
    assert!(eventually(|| newest().is_some()), "no mail to {to}");
    let data = newest().expect("it was just there").data.replace("=\r\n", "");
    let at = data.find("/activate/").expect("the mail has a link");
    data[at..].split_whitespace().next().expect("a link").to_owned()
}

fn newer_link(sink: &Sink, to: &str, than: &str) -> String {
    assert!(eventually(|| link(sink, to) != than), "no other link to {to}");
    link(sink, to)
}

pub(crate) fn verified(desk: &Desk, user: &str) -> bool {
    desk.admin(&["user", "show", user])["verified"] == true
}

#[test]
fn who_registers_and_confirms_is_who_writes_mail() {
    let sink = Sink::start(&[Play::Take]);
    let (desk, server) = mailing(&sink);
    let form = "email=jay%40client.test&first_name=Jay&last_name=Kamat&mobile=9158656065&code=91";
    let answer = server.post(&format!("{REGISTER}?token={TOKEN}"), form).json();
    assert_eq!(answer["user"]["user_name"], "jay@client.test", "{answer}");
    let link = link(&sink, "jay@client.test");
    let mail = sink.taken().remove(0);
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    for secret in ["email_verify", "mobile_otp_verify"] {
        assert!(
            !mail.data.contains(answer["user"][secret].as_str().expect("a text")),
            "{secret} has nothing to do with it"
        );
    }
    assert!(server.get(&link).body.contains("<button"), "a page with a button");
    assert!(!verified(&desk, "jay@client.test"), "a scanner that opens links confirms nothing");
    assert_eq!(server.ask("POST", &link, &[], b"").status, 200);
    assert!(verified(&desk, "jay@client.test"));
    assert_eq!((server.get(&link).status, server.ask("POST", &link, &[], b"").status), (410, 410));

    desk.deliver("From: J. K. <JAY@client.test>\nTo: support@helpdesk.test\nSubject: Printer\n\nIt burns.\n");
    let user = desk.admin(&["user", "show", "jay@client.test"]);
    assert_eq!(desk.ticket(1)["user_id"], user["id"]);
    let profile = (&user["fullname"], &user["mobile"], &user["country_code"], &user["verified"]);
    assert_eq!(profile, (&json!("Jay Kamat"), &json!("9158656065"), &json!("91"), &json!(true)));
    assert_eq!(desk.count("users"), 1);
}

#[test]
fn an_invitation_brings_another_link_and_ends_the_first() {
    let sink = Sink::start(&[Play::Take]);
    let (desk, server) = mailing(&sink);
    assert_eq!(server.post(REGISTER, "email=jay%40client.test&first_name=J&last_name=K").status, 200);
    let first = link(&sink, "jay@client.test");
    desk.admin(&["user", "invite", "jay@client.test"]);
    let second = newer_link(&sink, "jay@client.test", &first);
    assert_eq!((server.get(&first).status, server.get(&second).status), (404, 200));
    // What time brings about: the link is 7 days old.
    desk.outside().run("UPDATE customer SET activation_at = activation_at - 7 * 86400 - 1");
    assert_eq!(server.get(&second).status, 410);
    desk.admin(&["user", "invite", "jay@client.test"]);
    let third = newer_link(&sink, "jay@client.test", &second);
    assert_eq!(server.ask("POST", &third, &[], b"").status, 200);
    assert!(verified(&desk, "jay@client.test"));
}

#[test]
fn secrets_are_in_no_log_and_not_in_the_database() {
    let sink = Sink::start(&[Play::Take]);
    let (desk, server) = mailing(&sink);
    let (db, log) = (desk.db(), desk.path("maildesk.log"));
    let text = format!("db = {db:?}\n[log]\ntarget = {log:?}\nlevel = \"debug\"\n");
    fs::write(desk.path("maildesk.toml"), text).expect("the test's folder is writable");
    drop(server);
    let server = Server::start(&desk);
    let query = format!("{REGISTER}?token={TOKEN}&api_key=an-api-key-0123456789&email=jay@client.test&first_name=J");
    assert_eq!(server.ask("POST", &query, &[], b"").status, 422);
    assert_eq!(server.ask("POST", &format!("{query}&last_name=K"), &[], b"").status, 200);
    let link = link(&sink, "jay@client.test");
    assert_eq!((server.get(&link).status, server.ask("POST", &link, &[], b"").status), (200, 200));
    let staff = account(&json!({"password": "a secret password"})).to_string();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
    assert_eq!(server.ask("POST", "/v1/user", &headers, staff.as_bytes()).status, 200);
    drop(server);
    let code = link.rsplit('/').next().expect("a link ends in its code");
    assert!(desk.log().contains("/activate/"), "the requests are in the log: {}", desk.log());
    for secret in [TOKEN, "an-api-key-0123456789", code, "a secret password"] {
        assert!(!desk.log().contains(secret), "{secret} in the log");
        // The mail with the link is in the outbox, base64 or not; nothing else may have the code.
        let is_code = secret == code;
        if is_on_server() {
            assert!(is_code || !desk.outside().everything().contains(secret), "{secret} in the database");
            continue;
        }
        for file in fs::read_dir(desk.path("data")).expect("the desk's folder").filter(|_| !is_code) {
            let path = file.expect("an entry").path();
            let bytes = fs::read(&path).expect("a readable file");
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
}

/// The body of Servetel's call with these members beside or in place of the least.
fn account(members: &Value) -> Value {
    let mut body = json!({
        "name": "Test User", "number": "+919158656065", "create_agent": true, "email": "test@helpdesk.test",
        "login_id": "testuser", "user_role": 2, "password": "correct horse", "status": true, "caller_id": [7],
    });
    for (name, value) in members.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn create(server: &Server, members: &Value) -> Answer {
    let body = account(members).to_string();
    server.ask("POST", "/v1/user", &[("Content-Type", "application/json")], body.as_bytes())
}

#[test]
fn a_created_account_logs_in_and_is_shown_with_its_profile() {
    let desk = Desk::new();
    desk.admin(&["schedule", "add", "Evening Shift", "--hours", "Mon-Fri 18:00-02:00", "--tz", "asia/kolkata"]);
    let server = Server::start(&desk);
    let members = json!({"department": "General, Sales", "time_group": "Evening Shift", "agent_group": ["sales group"],
        "caller_id": ["11", 12], "block_web_login": false, "enable_calling": true});
    let answer = create(&server, &members);
    assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(1)), "{answer:?}");
    let login = |password: &str| {
        let form = format!("username=testuser&password={password}&ip_address=192.0.2.1");
        server.post("/api/staff/auth", &form).json()["message"].as_str().expect("a text").to_owned()
    };
    assert_eq!(login("correct+horse"), "You have been logged in.");
    assert_eq!(login("wrong+horse"), "Invalid username or password. (attempt: 1 of 3)");
    let shown = desk.admin(&["staff", "show", "testuser"]);
    let kept = json!({"number": "+919158656065", "caller_id": [11, 12], "create_agent": true, "block_web_login": false,
        "agent_group": ["sales group"], "enable_calling": true, "time_group": "Evening Shift"});
    assert_eq!(shown["profile"], kept);
    assert_eq!((&shown["departments"], &shown["schedule"]), (&json!([1, 2]), &json!("Evening Shift")));
    let text = feed(desk.command().args(["admin", "staff", "show", "testuser"]), b"").stdout;
    for line in
        ["number      +919158656065", "caller id   11, 12", "agent group sales group", "time group  Evening Shift"]
    {
        assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
    }
}

#[test]
fn two_creations_of_one_person_by_two_servers_make_one() {
    let desk = desk_that_mails();
    let servers = [Server::start(&desk), Server::start(&desk)];
    let both = |ask: &(dyn Fn(&Server) -> Answer + Sync)| {
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let threads: Vec<_> = servers.iter().map(|server| scope.spawn(move || ask(server))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        let refused = answers.into_iter().find(|answer| answer.status != 200).expect("one is refused");
        (statuses, refused.json())
    };
    for round in 0..5 {
        let form = format!("email=ann{round}%40client.test&first_name=Ann&last_name=Ode");
        let taken = json!({"success": false, "message": {"email": ["The email has already been taken."]}});
        assert_eq!(both(&|server| server.post(REGISTER, &form)), (vec![200, 422], taken));
        let login = format!("user{round}");
        let unique = json!({"login_id": login, "email": format!("{login}@helpdesk.test")});
        let (statuses, refused) = both(&|server| create(server, &unique));
        assert_eq!((statuses, &refused["message"]), (vec![200, 400], &json!("Validation failed")));
    }
    assert_eq!(desk.count("users"), 5);
    assert_eq!(desk.admin(&["staff", "list"]).as_array().map(Vec::len), Some(5));
}

#[test]
fn hostile_values_in_every_field_leave_the_server_serving() {
    let desk = desk_that_mails();
    let server = Server::start(&desk);
    let (mebibyte, deep) = ("x".repeat(1024 * 1024), format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    let values =
        [&mebibyte, "😀", "'; DROP TABLE customer;--", "a\r\nBcc: eve@evil.test", "\u{0}\u{202e}", "%n%s", "../../x"];
    let faveo = ["email", "first_name", "last_name", "token", "api_key", "mobile", "code", "role"];
    let servetel = [
        "name",
        "number",
        "create_agent",
        "email",
        "login_id",
        "user_role",
        "password",
        "status",
        "caller_id",
        "create_web_login",
        "block_web_login",
        "user_for_cdr",
        "login_based_calling",
        "agent_group",
        "department",
        "time_group",
        "create_extension",
        "enable_calling",
    ];
    let mut number = 0;
    for value in values {
        let ask = |path: &str, mut body: Value, field: &str, unique: &[(&str, String)]| {
            for (name, text) in unique {
                body[*name] = json!(text);
            }
            body[field] = json!(value);
            let json = [("Content-Type", "application/json")];
            let answer = server.ask("POST", path, &json, body.to_string().as_bytes());
            assert!(matches!(answer.status, 200 | 400 | 401 | 422), "{path} {field} {value:.20}: {:.300}", answer.body);
            let read: Value = answer.json();
            assert!(read.is_object() && !answer.head.contains("evil"), "{field} {value:.20}");
        };
        for field in faveo {
            number += 1;
            let least = json!({"first_name": "Ann", "last_name": "Ode"});
            ask(REGISTER, least, field, &[("email", format!("u{number}@client.test"))]);
        }
        for field in servetel {
            number += 1;
            let unique = [("email", format!("s{number}@client.test")), ("login_id", format!("s{number}"))];
            ask("/v1/user", account(&json!({})), field, &unique);
        }
    }
    let broken = server.ask("POST", "/v1/user", &[("Content-Type", "application/json")], deep.as_bytes());
    assert_eq!(broken.status, 400);
    assert!(server.serves_others());
    assert_eq!(desk.admin(&["check"])["ok"], true);
}

/// The desk's database used by the program's own functions, with the time passed in.
struct Clocked {
    store: Arc<Store>,
    api: Api,
}

impl Clocked {
    fn on(desk: &Desk) -> Self {
        let open = || Store::open(&desk.db(), Duration::from_secs(5)).expect("the desk's database");
        let store = Arc::new(open());
        let api = Api::new(Arc::clone(&store), open(), HostRules::default(), Box::new(|_| {}));
        Self { store, api }
    }

    /// Creates a staff member of the department General, tied to a schedule.
    fn create(&self, login: &str, schedule: &str) {
        let body = account(&json!({"login_id": login, "email": format!("{login}@helpdesk.test"),
            "department": "General", "time_group": schedule}));
        let request = Request::new(Method::Post, "/v1/user").with_header("Token", TOKEN).with_body(body.to_string());
        let answer = respond(&self.api, request, Timestamp::from_unix(1_700_000_000));
        assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(answer.body()));
    }

    /// Whom a new mail is told to when it comes in at that time.
    fn told(&self, at: &str) -> Vec<String> {
        let now = Timestamp::from_unix(at.parse::<jiff::Timestamp>().expect("a time").as_second());
        let envelope =
            Envelope { recipients: vec![SUPPORT.to_owned()], sender: None, source: Source::Pipe, whole: None };
        let mail = format!("From: ann@client.test\nSubject: {at}\nMessage-ID: <{at}@client.test>\n\nHello\n");
        let before = self.store.read(|tx| tx.outgoing_recent("", 99)).expect("the outbox").len();
        let rules = Rules { limits: MailLimits::default() };
        let delivery = deliver(&self.store, &rules, &envelope, mail.as_bytes(), now).expect("a delivery");
        assert!(delivery.ticket.is_some(), "{delivery:?}");
        let outbox = self.store.read(|tx| tx.outgoing_recent("", 99)).expect("the outbox");
        let fresh = outbox.len() - before;
        let staff = outbox.into_iter().take(fresh).filter(|mail| mail.event == "staff_ticketnotification");
        let mut names: Vec<String> = staff.map(|mail| mail.recipient.replace("@helpdesk.test", "")).collect();
        names.sort();
        names
    }
}

#[test]
fn staff_are_told_when_they_are_on_duty_and_all_when_nobody_is() {
    let desk = Desk::new();
    let out = desk.path("out");
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out.to_string_lossy()]);
    desk.admin(&["token", "add", "full", "--all", "--value", TOKEN]);
    desk.admin(&["schedule", "add", "Evening", "--hours", "Mon-Fri 18:00-02:00", "--tz", "Asia/Kolkata"]);
    desk.admin(&["schedule", "add", "Office", "--hours", "Mon-Fri 09:00-17:00", "--tz", "America/New_York"]);
    let clocked = Clocked::on(&desk);
    clocked.create("evening", "Evening");
    clocked.create("office", "Office");
    // 2026-11-20 is a Friday. Kolkata is UTC+5:30, New York UTC-5.
    let cases: [(&str, &[&str]); 7] = [
        ("2026-11-20T12:29:59Z", &["evening", "office"]), // 17:59 and 07:29: nobody is there, so all are told
        ("2026-11-20T12:30:00Z", &["evening"]),           // 18:00 and 07:30
        ("2026-11-20T14:00:00Z", &["evening", "office"]), // 19:30 and 09:00
        ("2026-11-20T20:29:59Z", &["evening", "office"]), // Saturday 01:59, still Friday's shift, and 15:29
        ("2026-11-20T20:30:00Z", &["office"]),            // Saturday 02:00 and 15:30
        ("2026-11-20T22:00:00Z", &["evening", "office"]), // 03:30 and 17:00: nobody again
        ("2026-07-20T13:00:00Z", &["evening", "office"]), // summer in New York: 18:30 and 09:00
    ];
    for (at, told) in cases {
        assert_eq!(clocked.told(at), told, "{at}");
    }
    desk.admin(&["staff", "update", "office", "--schedule", "Evening"]);
    assert_eq!(clocked.told("2026-11-20T20:31:00Z"), ["evening", "office"], "both off duty");
    desk.admin(&["staff", "update", "office", "--schedule", ""]);
    assert_eq!(clocked.told("2026-11-20T20:32:00Z"), ["office"], "no schedule: always on duty");
    desk.admin(&["schedule", "remove", "Evening", "--yes"]);
    assert_eq!(clocked.told("2026-11-20T20:33:00Z"), ["evening", "office"], "without the schedule as well");
}

#[test]
fn schedules_are_added_listed_and_removed() {
    let desk = Desk::new();
    let add =
        |name: &str, hours: &str, tz: &str| desk.try_admin(&["schedule", "add", name, "--hours", hours, "--tz", tz]);
    let plain = ["admin", "schedule", "add", "Night", "--hours", "22:00-06:00", "--tz", "UTC"];
    assert_eq!(feed(desk.command().args(plain), b"").parts(), (0, "1\n", ""));
    let added = add("Day", "Mon, Wed 09:00-12:00; Sat 10:00-14:00", "europe/berlin");
    let added: Value = serde_json::from_str(&added.stdout).expect("an object");
    assert_eq!((&added["id"], &added["tz"], &added["staff"]), (&json!(2), &json!("Europe/Berlin"), &json!(0)));
    let names = || {
        let list = desk.admin(&["schedule", "list"]);
        let names = list.as_array().expect("a list").iter().map(|row| row["name"].as_str().unwrap_or("?").to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(), ["Day", "Night"]);
    for (done, status, said) in [
        (add("night", "09:00-12:00", "UTC"), 1, "there is a schedule night already"),
        (add("X", "Mon-Fri", "UTC"), 2, "are not hours"),
        (add("X", "25:00-26:00", "UTC"), 2, "are not hours"),
        (add("X", "09:00-12:00", "Mars/Base"), 2, "is not a time zone"),
        (add(" ", "09:00-12:00", "UTC"), 2, "1 to 100 characters"),
        (desk.try_admin(&["schedule", "remove", "X", "--yes"]), 1, "there is no schedule \"X\""),
    ] {
        assert_eq!(done.status, status, "{}", done.stderr);
        assert!(done.stderr.contains(said), "{}", done.stderr);
    }
    desk.admin(&["schedule", "remove", "night", "--yes"]);
    assert_eq!(names(), ["Day"]);
}
