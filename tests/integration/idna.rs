//! An address whose domain is in another script is one person, however the domain is written.

use serde_json::json;

use crate::client::Server;
use crate::desk::{Desk, mail};

const UNICODE: &str = "ann@m\u{fc}nchen.example";
const ASCII: &str = "ann@xn--mnchen-3ya.example";

/// A mail from that address, as RFC 6532 lets it be written.
fn mail_from(id: &str, from: &str) -> String {
    mail(id, "Subject: hello\n", "x").replace("ann@client.test", from)
}

#[test]
fn customer_is_one_by_mail_api_and_admin() {
    let desk = Desk::new();
    let raw = mail_from("1", UNICODE);
    assert!(raw.contains(UNICODE), "{raw}");
    desk.deliver(raw);
    desk.deliver(mail_from("2", ASCII));
    desk.deliver(mail_from("3", "Ann@M\u{dc}NCHEN.example"));
    assert_eq!((desk.count("users"), desk.count("tickets")), (1, 3));
    let server = Server::start(&desk);
    let percent = UNICODE.replace('\u{fc}', "%C3%BC").replace('@', "%40");
    for spelling in [percent.as_str(), "ann%40xn--mnchen-3ya.example", "ann%40XN--MNCHEN-3YA.example"] {
        let found = server.get(&format!("/api/users?email={spelling}"));
        assert_eq!(found.json()["user_data"]["id"], "1", "{spelling}");
        let taken = server.post("/api/users/create", &format!("fullname=A&email={spelling}&notify=0")).json();
        assert_eq!(taken["error"], 1, "{taken}");
        let form = format!("email={spelling}&first_name=A&last_name=B");
        let taken = server.post("/api/v1/helpdesk/register", &form);
        assert_eq!(taken.json()["message"], json!({"email": ["The email has already been taken."]}));
    }
    assert_eq!(desk.admin(&["user", "show", UNICODE])["email"], ASCII);
    assert_eq!(desk.admin(&["user", "list", "--search", UNICODE]).as_array().map(Vec::len), Some(1));
}

#[test]
fn ban_and_registered_address_hold_for_every_spelling() {
    let desk = Desk::new();
    desk.admin(&["ban", "add", "m\u{fc}nchen.example"]);
    desk.deliver(mail_from("1", ASCII));
    desk.deliver(mail_from("2", UNICODE));
    assert_eq!(desk.count("tickets"), 0, "both are banned");
    desk.admin(&["ban", "remove", "xn--mnchen-3ya.example", "--yes"]);
    desk.admin(&["ban", "add", UNICODE]);
    desk.deliver(mail_from("3", ASCII));
    assert_eq!(desk.count("tickets"), 0);
    let own = "help@b\u{fc}ro.example";
    desk.admin(&["address", "add", own, "--name", "D", "--department", "2", "--incoming", "pipe"]);
    let done = desk.pipe(mail("4", "Subject: x\n", "x"), &["--recipient", "help@xn--bro-hoa.example"]);
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(desk.ticket(1)["department_id"], 2);
    assert_eq!(desk.try_admin(&["address", "show", "help@xn--bro-hoa.example"]).status, 0);
    assert_eq!(desk.try_admin(&["address", "show", own]).status, 0);
}

#[test]
fn staff_are_known_by_every_spelling() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let create = |login: &str, email: &str| {
        let body = json!({"name": "T", "number": "919158656065", "create_agent": true, "email": email, "login_id": login,
            "user_role": 2, "password": "correct horse", "status": true, "caller_id": [11]});
        server.ask("POST", "/v1/user", &[("Content-Type", "application/json")], body.to_string().as_bytes())
    };
    assert_eq!(create("one", UNICODE).status, 200);
    let taken = create("two", ASCII);
    assert_eq!(taken.json()["error"], json!({"email": ["The email has already been taken."]}), "{taken:?}");
}
