//! Who is let in: every row of the table of endpoints, and the order in which the three dialects look.

use super::*;
use crate::api::endpoint::{ENDPOINTS, Endpoint, Handler};
use crate::domain::permission::Permission;

const REGISTER: &str = "/api/v1/helpdesk/register";
const CREATE_USER: &str = "/v1/user";

/// The permission a row takes; rows without one are named here, so that a new one is thought of twice.
fn permission(row: &Endpoint) -> Option<Permission> {
    match row.handler {
        Handler::Public(_) | Handler::Code(_) => {
            let open = ["/healthz", "/readyz", "/openapi.json", "/docs", "/activate/{code}"];
            assert!(open.contains(&row.path), "{} is open to everybody", row.path);
            None
        }
        Handler::TokenOrSetting(permission, ..)
        | Handler::Reads(permission, _)
        | Handler::Works(permission, _)
        | Handler::Changes(permission, _)
        | Handler::Faveo(permission, _)
        | Handler::Servetel(permission, _)
        | Handler::MailHost(permission, _) => Some(permission),
    }
}

fn ask(bench: &Bench, row: &Endpoint, token: Option<&str>) -> u16 {
    let request = Request::new(row.method.method(), &row.path.replace("{id}", "1"));
    bench.ask(token.into_iter().fold(request, |request, token| request.with_header("Token", token))).status()
}

#[test]
fn every_endpoint_takes_its_permission_and_no_other() {
    let bench = Bench::new();
    bench.set("api_error_status", "http");
    for permission in Permission::ALL {
        let others = Permission::ALL.into_iter().filter(|other| *other != permission).map(Permission::name);
        bench.token(&format!("only {}", permission.name()), permission.name());
        bench.token(&format!("not {}", permission.name()), &others.collect::<Vec<_>>().join(" "));
    }
    for row in ENDPOINTS {
        let Some(permission) = permission(row) else { continue };
        let name = permission.name();
        assert_eq!(ask(&bench, row, None), 401, "{} without a token", row.path);
        assert_eq!(ask(&bench, row, Some(&format!("not {name}"))), 403, "{} without {name}", row.path);
        let status = ask(&bench, row, Some(&format!("only {name}")));
        assert!(![401, 403].contains(&status), "{} with {name}: {status}", row.path);
    }
}

#[test]
fn descriptions_name_the_permission_of_their_endpoint() {
    let description: Value = serde_json::from_str(include_str!("../../../openapi.json")).unwrap();
    for row in ENDPOINTS {
        let Some(permission) = permission(row) else { continue };
        let text = description["paths"][row.path][row.method.word()]["description"].as_str().unwrap_or_default();
        assert!(text.contains(permission.name()), "{} does not name {}: {text}", row.path, permission.name());
    }
}

#[test]
fn token_address_and_permission_are_looked_at_in_this_order_before_the_parameters() {
    let bench = Bench::new();
    bench.store.write(|tx| add_token(tx, "elsewhere, nothing", "", "198.51.100.1")).unwrap();
    bench.store.write(|tx| add_token(tx, "nothing", "", "")).unwrap();
    let broken = |path: &str, token: &str| {
        let request = Request::new(Method::Post, path).with_header("Authorization", &format!("Bearer {token}"));
        let answer = bench.ask(request.with_header("Content-Type", "application/json").with_body("{"));
        (answer.status(), json(&answer)["message"].as_str().unwrap_or_default().to_owned())
    };
    let users = |token: &str| broken("/api/users/create", token);
    assert_eq!(users("wrong"), (400, "Invalid authentication.".to_owned()));
    assert!(users("elsewhere, nothing").1.starts_with("IP address"));
    assert_eq!(users("nothing"), (400, "Permission not allowed: Create users.".to_owned()));
    assert!(users(FULL).1.starts_with("The JSON body"));
    let staff = |token: &str| broken(CREATE_USER, token);
    assert_eq!(staff("wrong"), (401, "Unauthorized".to_owned()));
    assert_eq!(
        (staff("elsewhere, nothing"), staff("nothing")),
        ((403, "Forbidden".to_owned()), (403, "Forbidden".to_owned()))
    );
    assert_eq!(staff(FULL), (400, "Validation failed".to_owned()));
    // The token may be among Faveo's parameters, so these have to be read first.
    for token in ["wrong", "nothing", FULL] {
        let (status, message) = broken(REGISTER, token);
        assert!(status == 400 && message.starts_with("The JSON body"), "{status} {message}");
    }
}

#[test]
fn use_of_a_token_is_noted_by_every_dialect_even_where_the_fields_are_wrong() {
    for path in ["/api/users/create", REGISTER, CREATE_USER] {
        for (token, uses) in [(FULL, 1), ("wrong", 0)] {
            let bench = Bench::new();
            let request = Request::new(Method::Post, path).with_header("Token", token);
            bench.ask(request.with_header("Content-Type", "application/json").with_body("{\"x\":1}"));
            assert_eq!(bench.api.take_token_uses().len(), uses, "{path} {token}");
        }
    }
}
