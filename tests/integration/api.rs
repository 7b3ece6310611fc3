//! The API over a socket: what lies between a client and the function that answers. What the answers are is tested
//! beside that function, and by the replay of recorded traffic.

use std::path::Path;
use std::process::Command;

use crate::client::{Server, TOKEN, eventually};
use crate::desk::{Desk, is_on_server};

#[test]
fn recorded_traffic_of_helpdeskz_is_answered_as_recorded() {
    let replay = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/replay/replay.py");
    if !replay.exists() {
        println!("SKIPPED: no recorded traffic at {}", replay.display());
        return;
    }
    let run = Command::new("python3").arg(&replay).args(["--bin", env!("CARGO_BIN_EXE_maildesk")]).output();
    let Ok(run) = run else {
        println!("SKIPPED: no python3");
        return;
    };
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.trim_end().ends_with(" 0 failed"), "{said}");
}

#[test]
fn a_ticket_goes_in_by_mail_and_comes_out_by_the_api() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    desk.deliver("From: Ann <ann@example.org>\r\nTo: support@helpdesk.test\r\nSubject: R&D\r\n\r\n1 < 2\r\n");
    let list = server.get("/api/tickets").json();
    assert_eq!((&list["total_tickets"], &list["tickets"][0]["subject"]), (&1.into(), &"R&D".into()));
    assert_eq!(server.get("/api/messages/show/1").json()["messages"][0]["message"], "1 &lt; 2");
    server.post("/api/messages/create", "ticket_id=1&replier=user&message=more");
    assert_eq!(desk.messages(1).len(), 2);
}

#[test]
fn answers_carry_the_safe_headers() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    for path in ["/api/users", "/api/nothing", "/healthz", "/openapi.json", "/docs"] {
        let answer = server.get(path);
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{path}");
    }
    assert_eq!(server.get("/api/users").header("Content-Type"), Some("application/json; charset=UTF-8"));
}

#[test]
fn head_is_get_without_its_body() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let get = server.get("/api/users");
    let head = server.ask("HEAD", "/api/users", &[], b"");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("Content-Length"), get.header("Content-Length"));
}

#[test]
fn what_admin_changes_holds_for_the_next_request() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    assert_eq!(server.get("/api/users").status, 200);
    let ids: Vec<_> =
        desk.admin(&["token", "list"]).as_array().expect("a list").iter().map(|t| t["id"].clone()).collect();
    assert_eq!(ids.len(), 1);
    desk.admin(&["token", "update", "1", "--allow", "tickets/read"]);
    assert_eq!(server.get("/api/users").json()["message"], "Permission not allowed: Get list/details of users.");
    desk.admin(&["token", "update", "1", "--all", "--ip", "192.0.2.1"]);
    assert_eq!(server.get("/api/users").json()["message"], "IP address `127.0.0.1 is not allowed.");
    desk.admin(&["token", "revoke", "1", "--yes"]);
    assert_eq!(server.get("/api/users").json()["message"], "Invalid authentication.");
}

#[test]
fn a_tokens_use_is_kept_and_its_value_is_not() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    server.get("/api/users");
    let used = || desk.admin(&["token", "show", "1"])["last_used_at"].as_i64().is_some_and(|at| at > 0);
    assert!(eventually(used));
    drop(server);
    assert!(!desk.log().contains(TOKEN));
    if is_on_server() {
        assert!(!desk.outside().everything().contains(TOKEN));
        return;
    }
    for file in std::fs::read_dir(desk.path("data")).expect("the desk's folder") {
        let path = file.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a readable file");
        assert!(!bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()), "{}", path.display());
    }
}

#[test]
fn two_servers_on_one_desk_lose_no_update() {
    let desk = Desk::new();
    let servers = [Server::start(&desk), Server::start(&desk)];
    servers[0].post("/api/users/create", "fullname=Ann&email=ann@example.org");
    let ticket = "opener=user&user_id=1&department_id=1&subject=s&body=b";
    servers[0].post("/api/tickets/create", ticket);
    std::thread::scope(|scope| {
        for server in &servers {
            scope.spawn(move || {
                for _ in 0..25 {
                    let answer = server.post("/api/messages/create", "ticket_id=1&replier=user&message=x");
                    assert_eq!(answer.json()["success"], 1, "{answer:?}");
                }
            });
        }
    });
    assert_eq!(servers[1].get("/api/tickets/1").json()["ticket"]["replies"], "50");
    assert_eq!(desk.count("messages"), 51);
}

#[test]
fn the_staff_of_a_department_are_mailed_what_a_user_posts() {
    let desk = Desk::new();
    let outgoing = desk.path("outgoing");
    let folder = outgoing.to_str().expect("an ASCII path");
    desk.admin(&["address", "update", "support@helpdesk.test", "--outgoing", "file", "--outgoing-dir", folder]);
    std::fs::create_dir_all(&outgoing).expect("the test's folder is writable");
    let password = desk.path("password");
    std::fs::write(&password, "agent123\n").expect("the test's folder is writable");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).expect("own file");
    let file = password.to_str().expect("an ASCII path");
    let agent = ["staff", "add", "agent", "--name", "Agent", "--email", "agent@helpdesk.test", "--role", "agent"];
    desk.admin(&[&agent[..], &["--department", "1", "--password-file", file]].concat());
    let server = Server::start(&desk);
    server.post("/api/users/create", "fullname=Ann&email=ann@example.org");
    server.post("/api/tickets/create", "opener=user&user_id=1&department_id=1&subject=s&body=b");
    let mails = || {
        let files = std::fs::read_dir(&outgoing).expect("the folder is there");
        files.filter_map(|f| std::fs::read_to_string(f.expect("an entry").path()).ok()).collect::<Vec<_>>()
    };
    server.post("/api/messages/create", "ticket_id=1&replier=user&message=hello");
    assert!(eventually(|| mails().iter().any(|mail| mail.contains("agent@helpdesk.test"))), "{:?}", mails());
    server.post("/api/messages/create", "ticket_id=1&replier=staff&staff_id=1&message=answer");
    let is_to = |mail: &String, who: &str| mail.lines().any(|line| line.starts_with("To: ") && line.contains(who));
    assert!(eventually(|| mails().iter().any(|mail| is_to(mail, "ann@example.org"))), "{:?}", mails());
    assert_eq!(mails().len(), 2, "nobody is told of a ticket made over the API");
}
