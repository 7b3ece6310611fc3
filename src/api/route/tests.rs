//! Paths and what they lead to.

use super::*;

fn parsed(method: &Method, path: &str) -> Result<(&'static str, &'static str), NotRouted> {
    find(method, path).map(|route| route.endpoint.label())
}

#[test]
fn the_manuals_spellings_are_known() {
    for path in ["/api/users", "/api/users/", "/api/users/create", "/api/users/create/"] {
        assert_eq!(parsed(&Method::Post, path), Ok(("post", "/api/users/create")), "{path}");
    }
    for path in ["/api/users/7", "/api/users/7/", "/api/users/show/7/", "/api/users/abc", "/api/users/show"] {
        assert_eq!(parsed(&Method::Get, path), Ok(("get", "/api/users/show/{id}")), "{path}");
    }
    assert_eq!(parsed(&Method::Head, "/api/messages/7"), Ok(("get", "/api/messages/show/{id}")));
}

#[test]
fn other_methods_are_named_where_there_is_something() {
    let cases = [
        (Method::Get, "/api/users/create", "POST, OPTIONS"),
        (Method::Get, "/api/staff/auth", "POST, OPTIONS"),
        (Method::Get, "/api/users/update", "POST, OPTIONS"),
        (Method::Get, "/api/tickets/delete/7", "POST, OPTIONS"),
        (Method::Post, "/api/users/show/7", "GET, HEAD, OPTIONS"),
        (Method::Post, "/api/users/7", "GET, HEAD, OPTIONS"),
        (Method::Post, "/api/attachments", "GET, HEAD, OPTIONS"),
        (Method::Put, "/api/users", "GET, HEAD, POST, OPTIONS"),
        (Method::Delete, "/api/users/7", "GET, HEAD, OPTIONS"),
        (Method::Other("get".to_owned()), "/healthz", "GET, HEAD, OPTIONS"),
    ];
    for (method, path, allow) in cases {
        assert_eq!(parsed(&method, path), Err(NotRouted::Method(allow)), "{method:?} {path}");
        assert_eq!(parsed(&Method::Options, path), Err(NotRouted::Options(allow)), "{path}");
    }
}

#[test]
fn everything_else_is_unknown() {
    for path in [
        "/",
        "",
        "/api",
        "/api/",
        "/api/nothing",
        "/API/users",
        "/api/Users",
        "/api/users//",
        "/api//users",
        "/api/users/show/7/8",
        "/api/users/%31",
        "/api/users/%00",
        "/api/users/..",
        "/api/./users",
        "/api/messages",
        "/api/messages/",
        "/healthz/x",
        "//healthz",
        "/api/v1/helpdesk",
        "/api/staff/update/1",
        "/api/users/rename/1",
    ] {
        assert_eq!(parsed(&Method::Get, path), Err(NotRouted::Unknown), "{path}");
    }
    for path in ["/api/messages", "/api/messages/", "/api/staff", "/api/staff/"] {
        assert_eq!(parsed(&Method::Post, path), Err(NotRouted::Unknown), "{path}");
    }
}

#[test]
fn ids_are_digits_only() {
    let row = |text: &str| PathId(text.to_owned()).row();
    assert_eq!((row("7"), row("007"), row("9223372036854775807")), (Some(7), Some(7), Some(i64::MAX)));
    for none in ["", "0", "-1", "+1", "1abc", "1.5", "9223372036854775808", "\u{661}"] {
        assert_eq!(row(none), None, "{none}");
    }
}

#[test]
fn a_group_without_that_action_takes_its_name_for_an_id() {
    for (path, label) in [
        ("/api/staff/update", "/api/staff/show/{id}"),
        ("/api/messages/delete", "/api/messages/show/{id}"),
        ("/api/attachments/update", "/api/attachments/show/{id}"),
    ] {
        assert_eq!(parsed(&Method::Get, path), Ok(("get", label)), "{path}");
    }
    assert!(parsed(&Method::Get, "/api/users/update").is_err());
}
