//! Servetel's create-user call, variable by variable.

use super::{Bench, FULL, NOW, json};
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, StaffId};
use crate::http::{Method, Request, Response};
use crate::store::staff::Staff;
use serde_json::{Value, json};

const PATH: &str = "/v1/user";

/// The least that makes an account.
fn least() -> Value {
    json!({
        "name": "Test User", "number": "+919158656065", "create_agent": true, "email": "test@client.test",
        "login_id": "testuser", "user_role": 2, "password": "password", "status": true, "caller_id": [7],
    })
}

/// [`least`] with these members added or replaced.
fn with(members: &Value) -> Value {
    let mut body = least();
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn request(body: impl Into<Vec<u8>>) -> Request {
    Request::new(Method::Post, PATH)
        .with_header("Authorization", &format!("Bearer {FULL}"))
        .with_header("Content-Type", "application/json")
        .with_body(body)
}

fn told(response: &Response) -> (u16, Value) {
    (response.status(), json(response))
}

fn ask(bench: &Bench, members: &Value) -> (u16, Value) {
    told(&bench.ask(request(with(members).to_string())))
}

fn faults(faults: &Value) -> (u16, Value) {
    (400, json!({"success": false, "message": "Validation failed", "error": faults}))
}

fn staff(bench: &Bench, username: &str) -> Staff {
    bench.store.read(|tx| tx.staff_by_username(username)).unwrap().unwrap()
}

#[test]
fn success_is_one_line_and_the_account_has_everything() {
    let bench = Bench::new();
    let sales = bench.store.write(|tx| tx.add_department("Sales", false)).unwrap();
    bench.store.write(|tx| tx.add_schedule("Evening Shift", "Mon-Fri 18:00-02:00", "Asia/Kolkata")).unwrap();
    let body = with(&json!({
        "number": "+91 (915) 865-6065", "caller_id": ["12", 13], "department": "Sales, general", "user_role": 1,
        "time_group": "evening shift", "agent_group": ["sales group"], "create_web_login": false,
        "block_web_login": true, "user_for_cdr": {"ids": [1, 2]}, "login_based_calling": true,
        "create_extension": false, "enable_calling": true, "unknown": 1,
    }));
    let answer = bench.ask(request(body.to_string()));
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let expected = "{\"success\":true,\"message\":\"User created successfully\",\"id\":2}";
    assert_eq!((answer.status(), text.as_str()), (200, expected));
    let made = staff(&bench, "testuser");
    assert_eq!(
        (made.id, made.fullname.as_str(), made.email.as_str()),
        (StaffId::new(2), "Test User", "test@client.test")
    );
    assert_eq!((made.role, made.is_active), (StaffRole::Admin, true));
    bench
        .store
        .read(|tx| {
            assert_eq!(tx.staff_departments(made.id)?, [DepartmentId::new(1), sales]);
            assert_eq!(tx.staff_switches(made.id)?, Some((false, true)));
            let (telephony, schedule) = tx.staff_profile(made.id)?.unwrap();
            assert_eq!(schedule, "Evening Shift");
            let kept: Value = serde_json::from_str(&telephony).unwrap();
            let expected = json!({
                "number": "+919158656065", "caller_id": [12, 13], "create_agent": true, "create_web_login": false,
                "block_web_login": true, "user_for_cdr": {"ids": [1, 2]}, "login_based_calling": true,
                "agent_group": ["sales group"], "create_extension": false, "enable_calling": true,
            });
            assert_eq!(kept, expected);
            Ok::<_, crate::store::Error>(())
        })
        .unwrap();
}

#[test]
fn switches_decide_about_login_and_notifications() {
    let bench = Bench::new();
    let login = |name: &str| {
        bench.message("/api/staff/auth", &format!("username={name}&password=password&ip_address=192.0.2.1"))
    };
    let account = |number: u32, members: &Value| {
        let mut body = with(members);
        body["login_id"] = json!(format!("user{number}"));
        body["email"] = json!(format!("user{number}@client.test"));
        assert_eq!(told(&bench.ask(request(body.to_string()))).0, 200);
        bench.store.read(|tx| tx.staff_switches(staff(&bench, &format!("user{number}")).id)).unwrap().unwrap()
    };
    assert_eq!(account(1, &json!({})), (true, true));
    assert_eq!(login("user1"), "You have been logged in.");
    assert_eq!(account(2, &json!({"block_web_login": true})), (false, true));
    assert_eq!(login("user2"), "Account is locked.");
    assert_eq!(account(3, &json!({"create_agent": false})), (true, false));
    assert_eq!(account(4, &json!({"status": false})), (true, true));
    assert_eq!(login("user4"), "Account is locked.");
}

#[test]
fn every_required_variable_is_missed() {
    let bench = Bench::new();
    let names = ["name", "number", "create_agent", "email", "login_id", "user_role", "password", "status", "caller_id"];
    for name in names {
        let expected = faults(&json!({name: [format!("The {name} field is required.")]}));
        let mut body = least();
        body.as_object_mut().unwrap().remove(name);
        assert_eq!(told(&bench.ask(request(body.to_string()))), expected);
        assert_eq!(ask(&bench, &json!({name: null})), expected);
        assert_eq!(ask(&bench, &json!({name: " "})), expected);
    }
    let (status, answer) = told(&bench.ask(request("{}")));
    let named: Vec<&String> = answer["error"].as_object().unwrap().keys().collect();
    assert_eq!(
        (status, named),
        (400, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().iter().collect())
    );
}

#[test]
fn every_wrong_type_is_named() {
    let bench = Bench::new();
    let others = |right: &[&str]| {
        let all = [("string", json!("x")), ("integer", json!(1)), ("fraction", json!(1.5)), ("boolean", json!(true))];
        let all = all.into_iter().chain([("array", json!([{}])), ("object", json!({"a": 1}))]);
        all.filter(|(kind, _)| !right.contains(kind)).map(|(_, value)| value).collect::<Vec<_>>()
    };
    let cases: [(&[&str], &[&str], &str); 8] = [
        (&["name", "number", "email", "login_id", "password", "time_group"], &["string"], "must be a string"),
        (&["user_role"], &["integer"], "must be an integer"),
        (&["create_agent", "status", "create_web_login"], &["boolean"], "must be a boolean"),
        (&["block_web_login", "login_based_calling"], &["boolean"], "must be a boolean"),
        (&["create_extension", "enable_calling"], &["boolean"], "must be a boolean"),
        (&["caller_id"], &["integer"], "must be an array of integers"),
        (&["user_for_cdr"], &["object"], "must be an object"),
        (&["agent_group"], &[], "must be an array of strings"),
    ];
    for (names, right, text) in cases {
        for name in names {
            for wrong in others(right) {
                let expected = faults(&json!({*name: [format!("The {name} {text}.")]}));
                assert_eq!(ask(&bench, &json!({*name: wrong})), expected, "{name} {wrong}");
            }
        }
    }
    for wrong in others(&["string", "array"]) {
        let text = "The department must be an array of strings, or one string with commas.";
        assert_eq!(ask(&bench, &json!({"department": wrong})), faults(&json!({"department": [text]})));
    }
}

#[test]
fn values_that_do_not_fit_are_named_with_the_rule() {
    let bench = Bench::new();
    let mebibyte = "x".repeat(1024 * 1024);
    let phone = "The number must be a phone number with country code, such as +919158656065.";
    let id = "The caller_id must be an array of integers.";
    let role = "The user_role is unknown: 1 is admin, 2 is agent.";
    let letters = "The login_id may only contain letters, numbers, dashes and underscores.";
    let email = "The email must be a valid email address.";
    let line = "The name may not hold control characters.";
    let cases = [
        ("name", json!("é".repeat(251)), "The name may not be greater than 250 characters."),
        ("name", json!(mebibyte), "The name may not be greater than 250 characters."),
        ("name", json!("A\r\nBcc: eve@evil.test"), line),
        ("number", json!("123456"), phone),
        ("number", json!("1234567890123456"), phone),
        ("number", json!("09158656065"), phone),
        ("number", json!("+91 9158\r\n656065"), phone),
        ("number", json!("++919158656065"), phone),
        ("number", json!("' OR 1=1 --"), phone),
        ("number", json!(mebibyte), phone),
        ("email", json!("nobody"), email),
        ("email", json!("a@b.cc\r\nBcc: eve@evil.test"), email),
        ("email", json!(mebibyte), email),
        ("email", json!("AGENT@example.org"), "The email has already been taken."),
        ("login_id", json!("Agent"), "The login_id has already been taken."),
        ("login_id", json!("a b"), letters),
        ("login_id", json!("a'; DROP TABLE staff;--"), letters),
        ("login_id", json!("😀"), letters),
        ("login_id", json!("x".repeat(256)), "The login_id may not be greater than 255 characters."),
        ("user_role", json!(0), role),
        ("user_role", json!(3), role),
        ("user_role", json!("1"), "The user_role must be an integer."),
        ("password", json!("1234567"), "The password must be at least 8 characters."),
        ("password", json!("x".repeat(1025)), "The password may not be greater than 1024 bytes."),
        ("status", json!("true"), "The status must be a boolean."),
        ("status", json!(1), "The status must be a boolean."),
        ("caller_id", json!(["a"]), id),
        ("caller_id", json!([1.5]), id),
        ("caller_id", json!([-1]), id),
        ("caller_id", json!(["99999999999999999999"]), id),
        ("caller_id", json!([[1]]), id),
        ("caller_id", json!(vec![1; 1001]), "The caller_id may not have more than 1000 entries."),
        ("agent_group", json!(["a\u{0}"]), "The agent_group may not hold control characters."),
        ("user_for_cdr", json!({"a": mebibyte}), "The user_for_cdr may not be greater than 16384 bytes."),
        ("time_group", json!("Night"), "The time_group Night is unknown."),
        ("department", json!("General, Sales"), "The department Sales is unknown."),
        ("department", json!(["General, Sales"]), "The department General, Sales is unknown."),
    ];
    for (name, value, text) in cases {
        let found = ask(&bench, &json!({name: value}));
        assert_eq!(found, faults(&json!({name: [text]})), "{name} {:.60}", value.to_string());
    }
    let several = json!({"department": ["X", "Y"], "status": 1, "email": "agent@example.org"});
    let text = ask(&bench, &several).1["error"].to_string();
    let expected = "{\"email\":[\"The email has already been taken.\"],\"status\":[\"The status must be a boolean.\"],\
                    \"department\":[\"The department X is unknown.\",\"The department Y is unknown.\"]}";
    assert_eq!(text, expected);
    assert_eq!(bench.get("/api/staff")["users"].as_array().unwrap().len(), 1, "nobody was made");
}

#[test]
fn values_at_their_limits_are_taken() {
    let bench = Bench::new();
    let accepted = [
        json!({"name": "é".repeat(250)}),
        json!({"name": "😀 O'Neil\"; DROP TABLE staff;-- <b>"}),
        json!({"number": "1234567"}),
        json!({"number": "123456789012345"}),
        json!({"number": "0091 9158.656065"}),
        json!({"password": "12345678"}),
        json!({"password": "é".repeat(512)}),
        json!({"caller_id": 7}),
        json!({"caller_id": "7"}),
        json!({"caller_id": []}),
        json!({"caller_id": vec![1; 1000]}),
        json!({"department": ""}),
        json!({"department": []}),
        json!({"department": ",General,,general,"}),
        json!({"time_group": ""}),
        json!({"login_id": "x".repeat(255)}),
    ];
    for (number, members) in accepted.iter().enumerate() {
        let mut body = with(members);
        body["email"] = json!(format!("u{number}@client.test"));
        if members.get("login_id").is_none() {
            body["login_id"] = json!(format!("user-{number}_X"));
        }
        let (status, answer) = told(&bench.ask(request(body.to_string())));
        assert_eq!((status, &answer["id"]), (200, &json!(number + 2)), "{members:.80} {answer}");
    }
}

#[test]
fn departments_are_found_by_their_names() {
    let bench = Bench::new();
    let add = |name: &str| bench.store.write(|tx| tx.add_department(name, false)).unwrap().get();
    let (comma, lower, upper) = (add("Sales, EU"), add("billing"), add("Billing"));
    for (number, (named, expected)) in [
        (json!("Sales, EU"), vec![comma]),
        (json!(["Sales, EU", "General"]), vec![1, comma]),
        (json!("Billing"), vec![upper]),
        (json!("GENERAL"), vec![1]),
        (json!(" billing , Billing "), vec![lower, upper]),
    ]
    .into_iter()
    .enumerate()
    {
        let login = format!("user{number}");
        let unique = json!({"department": named, "login_id": login, "email": format!("{login}@client.test")});
        assert_eq!(ask(&bench, &unique).0, 200, "{named}");
        let ids = bench.store.read(|tx| tx.staff_departments(staff(&bench, &login).id)).unwrap();
        assert_eq!(ids.into_iter().map(DepartmentId::get).collect::<Vec<_>>(), expected, "{named}");
    }
}

#[test]
fn tokens_are_refused_before_the_body_is_read() {
    let bench = Bench::new();
    bench.token("USERS00000000000000000000000000000000", "users/create staff/read");
    let bare = || Request::new(Method::Post, PATH).with_body("not json");
    let unauthorized = (401, json!({"success": false, "message": "Unauthorized"}));
    let refused = [
        bare(),
        bare().with_header("Authorization", "Bearer wrong"),
        bare().with_header("Authorization", "Basic abc"),
        Request::new(Method::Post, &format!("{PATH}?token={FULL}")).with_body(least().to_string()),
    ];
    for request in refused {
        let answer = bench.ask(request);
        assert_eq!(told(&answer), unauthorized);
        assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"));
    }
    let forbidden = bare().with_header("Authorization", "Bearer USERS00000000000000000000000000000000");
    assert_eq!(told(&bench.ask(forbidden)), (403, json!({"success": false, "message": "Forbidden"})));
    assert_eq!(bench.ask(Request::new(Method::Get, PATH)).header("Allow"), Some("POST, OPTIONS"));
}

#[test]
fn broken_json_is_a_fault_of_the_body() {
    let bench = Bench::new();
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: [&[u8]; 7] =
        [b"", b"{", b"[]", b"null", b"{\"name\":1,\"name\":2}", b"{\"name\":\"\xff\"}", deep.as_bytes()];
    for body in bodies {
        let expected = json!({"body": ["The JSON body must be one object with each name once."]});
        assert_eq!(told(&bench.ask(request(body))), faults(&expected), "{:.40}", String::from_utf8_lossy(body));
    }
    let large = bench.ask(request(vec![b' '; 8 * 1024 * 1024 + 1]));
    assert_eq!((large.status(), &json(&large)["success"]), (413, &json!(false)));
}

#[test]
fn two_creations_at_once_make_one_account() {
    let bench = Bench::new();
    let api = &bench.api;
    let create = || super::respond(api, request(least().to_string()), NOW);
    let both: Vec<Response> = std::thread::scope(|scope| {
        let threads = [scope.spawn(create), scope.spawn(create)];
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused: Vec<_> = both.iter().filter(|answer| answer.status() != 200).map(told).collect();
    let taken = json!({
        "email": ["The email has already been taken."], "login_id": ["The login_id has already been taken."],
    });
    assert_eq!(refused, [faults(&taken)]);
    assert_eq!(bench.get("/api/staff")["users"].as_array().unwrap().len(), 2);
}

#[test]
fn an_idempotency_key_repeats_the_answer() {
    let bench = Bench::new();
    let ask = |body: &Value| bench.ask(request(body.to_string()).with_header("Idempotency-Key", "k"));
    let (first, second) = (ask(&least()), ask(&least()));
    assert_eq!((first.status(), second.header("Idempotency-Replayed")), (200, Some("true")));
    assert_eq!(first.body(), second.body());
    let other = ask(&with(&json!({"password": "another password"})));
    assert_eq!((other.status(), &json(&other)["success"]), (422, &json!(false)));
}

#[test]
fn department_name_that_several_have_is_an_error_and_none_is_picked() {
    let bench = Bench::new();
    for _ in 0..2 {
        bench.store.write(|tx| tx.add_department("Dup", false)).unwrap();
    }
    for named in [json!(["Dup"]), json!("General, dup")] {
        let text = "The department Dup is not unique: several have the name."
            .replace("Dup", if named.is_array() { "Dup" } else { "dup" });
        assert_eq!(ask(&bench, &json!({ "department": named })), faults(&json!({"department": [text]})), "{named}");
    }
}
