//! A desk on a PostgreSQL server as people meet it: init, backup, copying there and back, a server that is not there.
//! Without `tests/postgres` only what needs no server is looked at.

use crate::fixture::desk::{Database, Desk, Done, feed, is_on_server, mail};

fn run(desk: &Desk, words: &[&str]) -> Done {
    feed(desk.command().args(words), b"")
}

#[test]
fn server_that_is_not_there_defers_mail_and_no_password_is_shown_anywhere() {
    let desk = Desk::without_database();
    let secret = "s3cret-of-the-database";
    let config = |db: &str, more: &str| {
        let log = desk.path("maildesk.log");
        let text = format!("db = {db:?}\n{more}[log]\ntarget = {log:?}\nlevel = \"debug\"\n");
        std::fs::write(desk.path("maildesk.toml"), text).expect("the folder is ours");
    };
    let in_address = format!("postgres://desk:{secret}@127.0.0.1:1/desk");
    let file = desk.path("password");
    std::fs::write(&file, secret).expect("the folder is ours");
    std::os::unix::fs::chown(&file, None, None).expect("the file is ours");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("the file is ours");
    for (db, more) in [
        (in_address.as_str(), String::new()),
        ("postgres://desk@127.0.0.1:1/desk", format!("db_password_file = {file:?}\n")),
    ] {
        config(db, &more);
        let done = desk.pipe(mail("a", "Subject: x\n", "x"), &["--recipient", "support@helpdesk.test"]);
        assert_eq!(done.parts(), (75, "", "4.3.0 the mail could not be stored now and will be tried again\n"));
        let asked = run(&desk, &["admin", "stats"]);
        assert_eq!(asked.status, 75, "{}", asked.stderr);
        assert!(asked.stderr.contains("cannot be reached"), "{}", asked.stderr);
        let all = [
            run(&desk, &["--verbose", "--verbose", "admin", "stats"]),
            run(&desk, &["admin", "config", "show"]),
            run(&desk, &["--json", "admin", "config", "show"]),
            run(&desk, &["admin", "doctor", "--offline"]),
            run(&desk, &["admin", "init"]),
            run(&desk, &["serve", "--listen", "127.0.0.1:0"]),
            run(&desk, &["admin", "copy", "postgres://desk@127.0.0.1:1/other", "x.db"]),
            run(&desk, &["admin", "--help"]),
        ];
        for done in all {
            assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret), "{}{}", done.stdout, done.stderr);
        }
        assert!(!desk.log().contains(secret), "{}", desk.log());
    }
    assert!(run(&desk, &["admin", "config", "show"]).stdout.contains("postgres://desk@127.0.0.1:1/desk"));
    // What every user of the machine can see in the list of processes.
    let shown = feed(desk.program().args(["--db", &in_address, "admin", "stats"]), b"");
    assert!(shown.status != 0 && shown.stderr.contains("db_password_file"), "{}", shown.stderr);
    assert!(!shown.stderr.contains(secret), "{}", shown.stderr);
    let from_environment = feed(desk.program().env("MAILDESK_DB", &in_address).args(["admin", "--help"]), b"");
    assert!(!from_environment.stdout.contains(secret), "{}", from_environment.stdout);
}

#[test]
fn password_file_that_others_can_read_is_refused() {
    let desk = Desk::without_database();
    let file = desk.path("password");
    std::fs::write(&file, "x").expect("the folder is ours");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("the file is ours");
    let text = format!("db = \"postgres://desk@127.0.0.1:1/desk\"\ndb_password_file = {file:?}\n");
    std::fs::write(desk.path("maildesk.toml"), text).expect("the folder is ours");
    let done = run(&desk, &["admin", "stats"]);
    assert!(done.status == 78 && done.stderr.contains("chmod 600"), "{} {}", done.status, done.stderr);
}

#[test]
fn desk_moves_to_a_server_and_back_with_all_it_has() {
    if !is_on_server() {
        return;
    }
    let desk = Desk::in_file();
    desk.deliver(mail("one", "Subject: Drucker brennt\n", "Er steht in Flammen."));
    let fields = "Subject: with a file\nContent-Type: multipart/mixed; boundary=b\n";
    let large = "x\u{fc}y ".repeat(200_000);
    desk.deliver(mail(
        "two",
        fields,
        &format!("--b\n\nsee\n--b\nContent-Type: image/png; name=x.png\n\n{large}\n--b--"),
    ));
    desk.admin(&["ticket", "note", "1", "--message", "Müller weiß mehr"]);
    let (there, back) = (Database::empty(), desk.path("back.db"));
    let file = desk.db().display().to_string();
    let copy = |from: &str, to: &str| {
        let done = run(&desk, &["--json", "admin", "copy", from, to]);
        assert_eq!(done.status, 0, "{}", done.stderr);
        let json: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
        json["rows"].as_i64().expect("a number")
    };
    let rows = copy(&file, &there.address());
    assert_eq!(copy(&there.address(), &back.display().to_string()), rows);
    let refused = run(&desk, &["admin", "copy", &file, &there.address()]);
    assert!(refused.status == 1 && refused.stderr.contains("something in this desk"), "{}", refused.stderr);
    let answers = |db: &str| {
        let ask = |words: &[&str]| {
            let done = feed(desk.program().args(["--json", "--db", db, "admin"]).args(words), b"");
            assert_eq!(done.status, 0, "{words:?}: {}", done.stderr);
            done.stdout
        };
        assert!(ask(&["check"]).contains("\"ok\":true"));
        ["drucker", "FLAMM", "muller", "\"steht in\"", "ann@client", "#2", "nowhere"]
            .map(|search| ask(&["ticket", "list", "--search", search]))
            .into_iter()
            .chain([ask(&["ticket", "show", "1"]), ask(&["ticket", "show", "2"]), ask(&["mail", "list"])])
            .collect::<Vec<_>>()
    };
    let own = answers(&file);
    assert_eq!(answers(&there.address()), own);
    assert_eq!(answers(&back.display().to_string()), own);
    let dumped = |path: &std::path::Path| {
        let connection = rusqlite::Connection::open(path).expect("a database");
        let mut names = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%search%' ORDER BY name")
            .expect("a query");
        let names: Vec<String> = names.query_map([], |row| row.get(0)).expect("rows").map(Result::unwrap).collect();
        let rows = |name: &String| {
            let mut all = connection.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).expect("a query");
            let columns = all.column_count();
            let read = |row: &rusqlite::Row<'_>| {
                (0..columns).map(|n| row.get::<_, rusqlite::types::Value>(n)).collect::<Result<Vec<_>, _>>()
            };
            (name.clone(), all.query_map([], read).expect("rows").map(Result::unwrap).collect::<Vec<_>>())
        };
        names.iter().map(rows).collect::<Vec<_>>()
    };
    for (one, other) in dumped(&desk.db()).into_iter().zip(dumped(&back)) {
        assert_eq!(one, other, "{}", one.0);
    }
    // A backup of the server's desk is such a file too.
    let backup = desk.path("backup.db").display().to_string();
    let done = feed(desk.program().args(["--db", &there.address(), "admin", "backup", &backup]), b"");
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(answers(&backup), own);
}
