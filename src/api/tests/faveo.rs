//! Faveo's register call, on the fields and texts of its manual.

use super::{Bench, FULL, NOW, json};
use crate::domain::staff_role::StaffRole;
use crate::domain::{StaffId, Timestamp, UserId};
use crate::http::{Method, Request, Response};
use crate::outbox::template::Event;
use crate::store::template::Template;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/helpdesk/register";
const TAKEN: &str = "The email has already been taken.";

fn form(query: &str, body: &str) -> Request {
    Request::new(Method::Post, &format!("{PATH}{query}"))
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_body(body)
}

fn object(body: &Value) -> Request {
    Request::new(Method::Post, PATH).with_header("Content-Type", "application/json").with_body(body.to_string())
}

/// A JSON request with [`FULL`] and these fields added to Ann's or instead of them.
fn with(fields: &Value) -> Request {
    let mut body = json!({"token": FULL, "email": "ann@client.test", "first_name": "Ann", "last_name": "Ode"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    object(&body)
}

fn told(response: &Response) -> (u16, Value) {
    (response.status(), json(response))
}

fn fault(field: &str, text: &str) -> (u16, Value) {
    (422, json!({"success": false, "message": {field: [text]}}))
}

/// A desk whose mail about new accounts leaves.
fn desk_that_mails() -> Bench {
    let bench = Bench::new();
    super::sending_address(&bench);
    bench.set("site_url", "https://desk.test");
    bench
}

#[test]
fn success_is_an_array_of_one_where_the_setting_says_so_and_refusals_stay_objects() {
    let bench = desk_that_mails();
    bench.set("faveo_answer", "array");
    let (status, answer) = told(&bench.ask(with(&json!({}))));
    assert_eq!((status, answer.as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    assert_eq!(answer[0]["user"]["email"], "ann@client.test");
    assert_eq!(told(&bench.ask(with(&json!({})))), fault("email", TAKEN));
    let keyed = || bench.ask(with(&json!({"email": "bob@client.test"})).with_header("Idempotency-Key", "k"));
    assert_eq!(keyed().body(), keyed().body(), "a repeated request gets the array again");
    bench.set("faveo_answer", "object");
    assert!(told(&bench.ask(with(&json!({"email": "eve@client.test"})))).1["user"].is_object());
}

#[test]
fn success_has_the_manuals_keys_in_their_order_and_types() {
    let bench = desk_that_mails();
    let sent = "email=jay%40client.test&first_name=Jayesh&last_name=Kamat&mobile=9158656065&code=91&role=user";
    let answer = bench.ask(form(&format!("?token={FULL}"), sent));
    assert_eq!(answer.status(), 200, "{answer:?}");
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let user = &json(&answer)["user"];
    let (first, second) = (user["email_verify"].as_str().unwrap(), user["mobile_otp_verify"].as_str().unwrap());
    for code in [first, second] {
        assert!(code.len() == 60 && code.bytes().all(|b| b.is_ascii_alphanumeric()), "{code}");
    }
    assert_ne!(first, second);
    let expected = format!(
        "{{\"message\":\"Activate your account! Click on the link that we've sent to your mail\",\"user\":{{\
         \"agent_tzone\":0,\"country_code\":\"91\",\"created_at\":\"2023-11-14 22:13:20\",\
         \"email\":\"jay@client.test\",\"email_verify\":\"{first}\",\"first_name\":\"Jayesh\",\"id\":2,\
         \"last_name\":\"Kamat\",\"mobile\":\"9158656065\",\"mobile_otp_verify\":\"{second}\",\"role\":\"user\",\
         \"updated_at\":\"2023-11-14 22:13:20\",\"user_name\":\"jay@client.test\"}}}}"
    );
    assert_eq!(text, expected);
    let seen = bench.get("/api/users/2");
    assert_eq!(seen["user_data"]["fullname"], "Jayesh Kamat");
    let customer = bench.store.read(|tx| tx.customer(UserId::new(2))).unwrap().unwrap();
    assert_eq!((customer.mobile.as_str(), customer.country_code.as_str()), ("9158656065", "91"));
    assert_eq!(customer.verified_at, Timestamp::default());
}

#[test]
fn every_place_for_parameters_works_and_absent_ones_are_empty_texts() {
    let bench = desk_that_mails();
    let fields = |name: &str| format!("email={name}%40client.test&first_name=A&last_name=B");
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{FULL}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"email\"\r\n\r\nm@client.test\r\n--b\r\n\
         Content-Disposition: form-data; name=\"first_name\"\r\n\r\nA\r\n--b\r\n\
         Content-Disposition: form-data; name=\"last_name\"\r\n\r\nB\r\n--b--\r\n"
    );
    let requests = [
        Request::new(Method::Post, &format!("{PATH}?token={FULL}&{}", fields("q"))),
        Request::new(Method::Post, &format!("{PATH}/?token={FULL}&{}", fields("s"))),
        form("", &format!("token={FULL}&{}", fields("f"))),
        form("", &fields("h")).with_header("Token", FULL),
        form("", &fields("b")).with_header("Authorization", &format!("Bearer {FULL}")),
        Request::new(Method::Post, PATH)
            .with_header("Content-Type", "multipart/form-data; boundary=b")
            .with_body(multipart),
        with(&json!({"email": "j@client.test", "mobile": null, "code": ""})),
    ];
    for (number, request) in requests.into_iter().enumerate() {
        let (status, answer) = told(&bench.ask(request));
        let user = &answer["user"];
        let found = (status, &user["id"], &user["mobile"], &user["country_code"], &user["role"]);
        assert_eq!(found, (200, &json!(number + 2), &json!(""), &json!(""), &json!("user")), "{answer}");
    }
}

#[test]
fn tokens_are_refused_before_anything_else_is_looked_at() {
    let bench = desk_that_mails();
    bench.token("READER0000000000000000000000000000000", "users/read staff/create");
    bench.set("faveo_api_key", "an-api-key");
    let failure = |status: u16, text: &str| (status, json!({"success": false, "message": text}));
    let refused = [
        (form("", ""), failure(401, "Token not provided")),
        (form("?token=", "token=+"), failure(401, "Token not provided")),
        (form("?token=wrong", ""), failure(401, "Token is invalid")),
        (form("?token[]=a", ""), failure(401, "Token is invalid")),
        (object(&json!({"token": [FULL]})), failure(401, "Token is invalid")),
        (object(&json!({"token": true})), failure(401, "Token is invalid")),
        (form(&format!("?token={FULL}"), "").with_header("Token", "wrong"), failure(401, "Token is invalid")),
        (form("?token=READER0000000000000000000000000000000", ""), failure(403, "Permission denied")),
        (form(&format!("?token={FULL}"), ""), (401, json!({"result": "wrong api key"}))),
        (form(&format!("?token={FULL}&api_key=an-api-kez"), ""), (401, json!({"result": "wrong api key"}))),
        (form(&format!("?token={FULL}&api_key[]=an-api-key"), ""), (401, json!({"result": "wrong api key"}))),
    ];
    for (request, expected) in refused {
        let query = request.query.clone();
        assert_eq!(told(&bench.ask(request)), expected, "{query}");
    }
    assert_eq!(told(&bench.ask(form(&format!("?token={FULL}&api_key=an-api-key"), ""))).0, 422);
    assert_eq!(bench.ask(Request::new(Method::Get, PATH)).header("Allow"), Some("POST, OPTIONS"));
}

#[test]
fn faults_of_all_fields_are_told_together() {
    let bench = desk_that_mails();
    let (status, answer) = told(&bench.ask(form(&format!("?token={FULL}"), "role=root&email=+&first_name=%09")));
    assert_eq!(status, 422);
    let expected = json!({"success": false, "message": {
        "email": ["The email field is required."],
        "first_name": ["The first name field is required."],
        "last_name": ["The last name field is required."],
        "role": ["The selected role is invalid."],
    }});
    assert_eq!(answer.to_string(), expected.to_string());
}

#[test]
fn each_field_is_told_what_is_wrong_with_it() {
    let bench = desk_that_mails();
    let long = |n: usize| "é".repeat(n);
    let mebibyte = "x".repeat(1024 * 1024);
    let too_long = |name: &str, n: u32| format!("The {name} may not be greater than {n} characters.");
    let together = "First and last name together may not be greater than 250 characters.";
    let invalid = "The email must be a valid email address.";
    let cases = [
        (json!({"email": "nobody"}), fault("email", invalid)),
        (json!({"email": "ann@client.test\r\nBcc: eve@evil.test"}), fault("email", invalid)),
        (json!({"email": "a@b.cc, eve@evil.test"}), fault("email", invalid)),
        (json!({"email": "😀@client.test"}), fault("email", invalid)),
        (json!({"email": mebibyte}), fault("email", invalid)),
        (json!({"email": "ANN@EXAMPLE.ORG"}), fault("email", TAKEN)),
        (json!({"email": ["a@b.cc"]}), fault("email", "The email must be a string.")),
        (json!({"email": {}}), fault("email", "The email must be a string.")),
        (json!({"email": true}), fault("email", "The email must be a string.")),
        (json!({"first_name": [1]}), fault("first_name", "The first name must be a string.")),
        (json!({"first_name": null}), fault("first_name", "The first name field is required.")),
        (json!({"first_name": mebibyte}), fault("first_name", &too_long("first name", 250))),
        (json!({"first_name": "A\r\nBcc: x@y.zz"}), fault("first_name", "The first name format is invalid.")),
        (json!({"first_name": "A\u{0}"}), fault("first_name", "The first name format is invalid.")),
        (json!({"last_name": false}), fault("last_name", "The last name must be a string.")),
        (json!({"last_name": mebibyte}), fault("last_name", &too_long("last name", 250))),
        (json!({"first_name": long(125), "last_name": long(125)}), fault("last_name", together)),
        (json!({"mobile": "1".repeat(31)}), fault("mobile", &too_long("mobile", 30))),
        (json!({"mobile": {"a": 1}}), fault("mobile", "The mobile must be a string.")),
        (json!({"mobile": "1\n2"}), fault("mobile", "The mobile format is invalid.")),
        (json!({"code": "12345678901"}), fault("code", &too_long("code", 10))),
        (json!({"role": "root"}), fault("role", "The selected role is invalid.")),
        (json!({"role": ["admin"]}), fault("role", "The selected role is invalid.")),
    ];
    for (fields, expected) in cases {
        assert_eq!(told(&bench.ask(with(&fields))), expected, "{:.80}", fields.to_string());
    }
    assert_eq!(bench.get("/api/users")["total_users"], 1, "nobody was made");
    let longest =
        json!({"first_name": long(125), "last_name": long(124), "mobile": "1".repeat(30), "code": 1234567890});
    assert_eq!(told(&bench.ask(with(&longest))).0, 200);
}

#[test]
fn texts_are_kept_as_given_whatever_they_look_like() {
    let bench = desk_that_mails();
    let (first, last) = ("😀 O'Neil\"; DROP TABLE customer;--", "<script>alert(1)</script> %0d%0aBcc: x");
    let fields =
        json!({"email": "o'neil+x@client.test", "first_name": first, "last_name": last, "mobile": 9158656065_i64});
    let (status, answer) = told(&bench.ask(with(&fields)));
    assert_eq!(status, 200, "{answer}");
    let user = &answer["user"];
    assert_eq!((&user["first_name"], &user["last_name"]), (&json!(first), &json!(last)));
    assert_eq!((&user["mobile"], &user["user_name"]), (&json!("9158656065"), &json!("o'neil+x@client.test")));
    let customer = bench.store.read(|tx| tx.customer(UserId::new(2))).unwrap().unwrap();
    assert_eq!(customer.fullname, format!("{first} {last}"));
}

#[test]
fn bodies_that_cannot_be_read_are_refused_in_this_dialect() {
    let bench = desk_that_mails();
    let json_body = |body: &[u8]| {
        Request::new(Method::Post, PATH).with_header("Content-Type", "application/json").with_body(body.to_vec())
    };
    let requests = [
        json_body(b"{\"email\":"),
        json_body(b"[]"),
        json_body(b"{\"email\":\"a\",\"email\":\"b\"}"),
        json_body(b"{\"email\":\"\xff\"}"),
        form("", "email=%ff"),
    ];
    for request in requests {
        let (status, answer) = told(&bench.ask(request));
        assert_eq!((status, &answer["success"]), (400, &json!(false)), "{answer}");
        assert!(answer["message"].is_string(), "{answer}");
    }
    let large = bench.ask(json_body(&vec![b' '; 8 * 1024 * 1024 + 1]));
    assert_eq!((large.status(), &json(&large)["success"]), (413, &json!(false)));
}

#[test]
fn roles_of_staff_take_the_permission_and_make_an_account_that_waits_for_its_password() {
    let bench = desk_that_mails();
    bench.token("USERS00000000000000000000000000000000", "users/create");
    let denied = with(&json!({"role": "agent", "token": "USERS00000000000000000000000000000000"}));
    assert_eq!(told(&bench.ask(denied)), (403, json!({"success": false, "message": "Permission denied"})));
    let allowed = with(&json!({"token": "USERS00000000000000000000000000000000", "email": "plain@client.test"}));
    assert_eq!(told(&bench.ask(allowed)).0, 200);
    for (number, (role, email, username)) in [
        ("agent", "agent@client.test", "agent2"),
        ("Admin", "agent@elsewhere.test", "agent3"),
        ("agent", "o'neil.x@client.test", "o-neil-x"),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, answer) = told(&bench.ask(with(&json!({"role": role, "email": email}))));
        assert_eq!((status, &answer["user"]["role"]), (200, &json!(role.to_lowercase())), "{answer}");
        let staff = bench.store.read(|tx| tx.staff_by_username(username)).unwrap().unwrap();
        assert_eq!((staff.id, staff.is_active), (StaffId::new(number as i64 + 2), false), "{username}");
        assert_eq!(
            (staff.role, staff.email.as_str()),
            (if role == "Admin" { StaffRole::Admin } else { StaffRole::Agent }, email)
        );
    }
    // The address of staff is taken for staff; as a customer the same person may be known.
    assert_eq!(told(&bench.ask(with(&json!({"role": "agent", "email": "agent@example.org"})))), fault("email", TAKEN));
    assert_eq!(told(&bench.ask(with(&json!({"email": "agent@example.org"})))).0, 200);
}

#[test]
fn two_registrations_at_once_make_one_user() {
    let bench = desk_that_mails();
    let api = &bench.api;
    let register = || super::respond(api, with(&json!({})), NOW);
    let both: Vec<Response> = std::thread::scope(|scope| {
        let threads = [scope.spawn(register), scope.spawn(register)];
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused: Vec<_> = both.iter().filter(|answer| answer.status() != 200).map(told).collect();
    assert_eq!(refused, [fault("email", TAKEN)]);
    assert_eq!(bench.get("/api/users")["total_users"], 2);
}

#[test]
fn an_idempotency_key_repeats_success_and_refusal() {
    let bench = desk_that_mails();
    let ask = |key: &str, fields: &Value| bench.ask(with(fields).with_header("Idempotency-Key", key));
    let (first, second) = (ask("k1", &json!({})), ask("k1", &json!({})));
    assert_eq!(first.body(), second.body(), "the random values too");
    assert_eq!((second.status(), second.header("Idempotency-Replayed")), (200, Some("true")));
    let other = ask("k1", &json!({"last_name": "Other"}));
    assert_eq!((other.status(), &json(&other)["success"]), (422, &json!(false)));
    let (first, second) = (ask("k2", &json!({"email": "x"})), ask("k2", &json!({"email": "x"})));
    assert_eq!((first.status(), second.header("Idempotency-Replayed")), (422, Some("true")));
    assert_eq!(first.body(), second.body());
}

#[test]
fn without_a_site_url_there_is_neither_mail_nor_account() {
    let bench = Bench::new();
    super::sending_address(&bench);
    let (status, answer) = told(&bench.ask(with(&json!({}))));
    assert_eq!(status, 500);
    assert!(answer["message"].as_str().unwrap().contains("site_url"), "{answer}");
    assert_eq!(bench.get("/api/users")["total_users"], 1);
    bench.set("site_url", "https://desk.test");
    assert_eq!(told(&bench.ask(with(&json!({})))).0, 200);
    assert_eq!(bench.store.read(|tx| tx.outbox_pending()).unwrap(), 1);
}

#[test]
fn where_no_mail_leaves_by_a_desk_that_sends_there_is_no_account_either_and_the_answer_says_why() {
    let bench = Bench::new();
    // Not set up for mail: registered all the same.
    let (status, answer) = told(&bench.ask(with(&json!({"email": "first@client.test"}))));
    assert_eq!((status, bench.get("/api/users")["total_users"].as_i64()), (200, Some(2)), "{answer}");
    bench.set("site_url", "https://desk.test");
    super::sending_address(&bench);
    let off = Template { is_enabled: false, ..Event::NewUser.shipped() };
    bench.store.write(|tx| tx.store_template("new_user", &off, NOW)).unwrap();
    let (status, answer) = told(&bench.ask(with(&json!({}))));
    assert_eq!(status, 500, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("template new_user is off"), "{answer}");
    assert_eq!(bench.get("/api/users")["total_users"], 2);
    bench.store.write(|tx| tx.store_template("new_user", &Event::NewUser.shipped(), NOW)).unwrap();
    assert_eq!(told(&bench.ask(with(&json!({})))).0, 200);
}

#[test]
fn address_of_the_desk_registers_as_nobody() {
    let bench = desk_that_mails();
    for role in ["user", "agent"] {
        let own = json!({"email": "Support@helpdesk.test", "role": role});
        assert_eq!(told(&bench.ask(with(&own))), fault("email", TAKEN), "{role}");
    }
}
