//! Looking after a desk: backup, restore, check, doctor, timed work, the dashboard, man pages and completions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::Connection;
use serde_json::Value;

use crate::client::Server;
use crate::desk::{Desk, SUPPORT, feed, mail, mode};

fn backup(desk: &Desk, name: &str) -> Value {
    desk.admin(&["backup", &desk.path(name).to_string_lossy()])
}

fn restore(desk: &Desk, name: &str) -> Value {
    desk.admin(&["restore", &desk.path(name).to_string_lossy(), "--yes"])
}

fn number(path: &Path, sql: &str) -> i64 {
    let connection = Connection::open(path).expect("the file can be opened");
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{}: {sql}: {error}", path.display()))
}

fn part<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    report["checks"].as_array().into_iter().flatten().filter(|check| check["name"] == name).collect()
}

#[test]
fn backup_and_restore_bring_back_what_was() {
    let desk = Desk::in_file();
    desk.deliver(mail("one", "Subject: one\n", "x"));
    let made = backup(&desk, "one.db");
    assert_eq!((made["verified"].as_bool(), mode(&desk.path("one.db"))), (Some(true), 0o600));
    desk.deliver(mail("two", "Subject: two\n", "x"));
    let again = desk.try_admin(&["backup", &desk.path("one.db").to_string_lossy()]);
    assert_eq!(again.status, 1, "nothing is overwritten");
    let dry = desk.admin(&["restore", &desk.path("one.db").to_string_lossy(), "--dry-run"]);
    assert_eq!((dry["dry_run"].as_bool(), desk.count("tickets")), (Some(true), 2));
    assert_eq!(restore(&desk, "one.db")["result"], "replaced");
    assert_eq!(desk.count("tickets"), 1);
    desk.deliver(mail("two", "Subject: two\n", "x"));
    assert_eq!(desk.count("tickets"), 2, "the mail that was lost with the restore is taken when it comes again");
    desk.admin(&["check"]);
    fs::remove_file(desk.db()).expect("the database is ours");
    for log in ["data/maildesk.db-wal", "data/maildesk.db-shm"] {
        fs::remove_file(desk.path(log)).ok();
    }
    assert_eq!(restore(&desk, "one.db")["result"], "created");
    assert_eq!((desk.count("tickets"), mode(&desk.db())), (1, 0o600));
}

#[test]
fn restore_refuses_newer_damaged_and_foreign_files_and_a_running_serve() {
    let desk = Desk::in_file();
    backup(&desk, "one.db");
    let refuse = |name: &str, word: &str| {
        let done = desk.try_admin(&["restore", &desk.path(name).to_string_lossy(), "--yes"]);
        assert_eq!((done.status, done.stdout.as_str()), (1, ""), "{name}: {}", done.stderr);
        assert!(done.stderr.contains(word), "{name}: {}", done.stderr);
    };
    let copy = |name: &str| {
        fs::copy(desk.path("one.db"), desk.path(name)).expect("the folder is ours");
        Connection::open(desk.path(name)).expect("the copy can be opened")
    };
    copy("newer.db").pragma_update(None, "user_version", 99).expect("it can be written");
    copy("other.db").pragma_update(None, "application_id", 1).expect("it can be written");
    fs::write(desk.path("noise.db"), [7; 9000]).expect("the folder is ours");
    for (name, word) in [
        ("newer.db", "newer"),
        ("other.db", "not a maildesk database"),
        ("noise.db", "damaged"),
        ("gone.db", "no such"),
    ] {
        refuse(name, word);
    }
    desk.outside().run("UPDATE desk SET served_at = unixepoch()");
    refuse("one.db", "stop it first");
    desk.outside().run("UPDATE desk SET served_at = unixepoch() - 60");
    restore(&desk, "one.db");
}

#[test]
fn restore_sees_every_serve_and_none_that_was_killed() {
    let desk = Desk::in_file();
    backup(&desk, "one.db");
    let file = desk.path("one.db").to_string_lossy().into_owned();
    for options in [&["--no-jobs"][..], &[]] {
        let mut server = Server::spawn(desk.command().args(["serve", "--listen", "127.0.0.1:0"]).args(options));
        let done = desk.try_admin(&["restore", &file, "--yes"]);
        assert!(done.status == 1 && done.stderr.contains("stop it first"), "{options:?}: {done:?}");
        server.signal("KILL");
        server.wait();
        assert_eq!(restore(&desk, "one.db")["result"], "replaced", "a lock ends with its holder");
    }
}

#[test]
fn damaged_database_is_kept_and_replaced() {
    let desk = Desk::in_file();
    desk.deliver(mail("one", "Subject: one\n", "x"));
    backup(&desk, "one.db");
    // Its log has the whole of so young a database, and would make it good again.
    fs::remove_file(desk.path("data/maildesk.db-wal")).expect("the log is ours");
    fs::write(desk.db(), [7; 9000]).expect("the database is ours");
    let done = restore(&desk, "one.db");
    assert_eq!((done["result"].as_str(), desk.count("tickets")), (Some("set-aside"), 1));
    let kept = done["damaged_kept_as"].as_str().expect("a path");
    assert_eq!(fs::metadata(kept).map(|found| found.len()).ok(), Some(9000));
}

#[test]
fn backups_under_heavy_writes_are_whole() {
    let desk = Desk::in_file();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut n = 0;
            // The end comes by itself too: a failed check below must not leave this thread at work.
            while !is_done.load(Ordering::Relaxed) && n < 5000 {
                desk.deliver(mail(&format!("m{n}"), "Subject: x\n", "x"));
                n += 1;
            }
        });
        let counts: Vec<[i64; 3]> = (0..5)
            .map(|round| {
                let name = format!("{round}.db");
                let done = desk.try_admin(&["backup", &desk.path(&name).to_string_lossy()]);
                if done.status != 0 {
                    return [-1; 3];
                }
                let of = |sql| number(&desk.path(&name), sql);
                [
                    of("SELECT count(*) FROM message"),
                    of("SELECT count(*) FROM receipt"),
                    of("SELECT coalesce(sum(n), 0) FROM row_count WHERE kind = 5"),
                ]
            })
            .collect();
        is_done.store(true, Ordering::Relaxed);
        writer.join().expect("every mail was taken");
        assert!(counts.iter().all(|[messages, mails, kept]| messages == mails && messages == kept), "{counts:?}");
        assert!(counts.is_sorted() && counts.iter().all(|[messages, _, _]| *messages >= 0), "{counts:?}");
    });
}

#[test]
fn killed_restore_leaves_the_old_or_the_new() {
    let desk = Desk::in_file();
    let filler = |count: i64| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                   INSERT INTO customer (fullname, email, registered_at) \
                   SELECT hex(randomblob(60)), 'u' || (SELECT coalesce(max(id), 0) FROM customer) || '.' || i || '@x.test', 0 FROM n";
        desk.sqlite().execute(sql, [count]).expect("customers can be added");
    };
    filler(30_000);
    backup(&desk, "one.db");
    filler(10);
    let (old, new) = (30_010, 30_000);
    let mut seen = Vec::new();
    for delay_ms in [0, 5, 20, 40, 60, 80, 120, 200, 400, 5000] {
        let mut command = desk.command();
        command
            .args(["admin", "restore", "--yes"])
            .arg(desk.path("one.db"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        // No condition to wait for: any moment is a good one to be killed at.
        thread::sleep(std::time::Duration::from_millis(delay_ms));
        child.kill().ok();
        child.wait().expect("the child can be waited for");
        let found = number(&desk.db(), "SELECT count(*) FROM customer");
        assert!(found == old || found == new, "after {delay_ms} ms: {found}");
        seen.push(found);
        desk.admin(&["check"]);
        if found == new {
            break;
        }
    }
    assert_eq!(seen.last(), Some(&new), "the last one was left time enough: {seen:?}");
}

#[test]
fn check_names_what_is_wrong_and_repairs_what_it_can() {
    let desk = Desk::in_file();
    let fields = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n";
    desk.deliver(mail("q", fields, "--b\n\nx\n--b\nContent-Type: image/png; name=x.png\n\nxyz\n--b--"));
    let sound = desk.admin(&["check"]);
    assert_eq!((sound["ok"].as_bool(), sound["checks"].as_array().map(Vec::len)), (Some(true), Some(6)), "{sound}");
    desk.outside().run(
        "UPDATE row_count SET n = 5 WHERE kind = 0; DELETE FROM search_idx; DELETE FROM search_data WHERE id > 10; \
             INSERT INTO content (sha256, bytes, data) VALUES (zeroblob(32), 1, X'00')",
    );
    let done = desk.try_admin(&["check"]);
    let report: Value = serde_json::from_str(&done.stdout).expect("a report comes all the same");
    assert_eq!((done.status, report["ok"].as_bool()), (1, Some(false)));
    for name in ["numbers", "search", "unused"] {
        assert_eq!(part(&report, name)[0]["state"], "faulty", "{report}");
    }
    let fixed = desk.admin(&["check", "--fix"]);
    for name in ["numbers", "search", "unused"] {
        assert_eq!(part(&fixed, name)[0]["state"], "repaired", "{fixed}");
    }
    assert_eq!(desk.admin(&["check"])["ok"], true);
    desk.outside().run("UPDATE content SET data = X'616263'");
    let done = desk.try_admin(&["check", "--fix"]);
    assert!(done.status == 1 && done.stdout.contains("x.png"), "{}{}", done.stdout, done.stderr);
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let desk = Desk::in_file();
    desk.set("site_url", "http://localhost");
    let healthy = desk.admin(&["doctor"]);
    assert_eq!(healthy["ok"], true, "{healthy}");
    assert_eq!(part(&healthy, "pipe")[0]["level"], "OK", "{healthy}");
    let is_complete = |check: &Value| ["name", "level", "message", "fix"].iter().all(|key| check[key].is_string());
    assert!(healthy["checks"].as_array().is_some_and(|checks| checks.len() > 8 && checks.iter().all(is_complete)));
    fs::set_permissions(desk.db(), fs::Permissions::from_mode(0o644)).expect("the database is ours");
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1"]);
    let done = desk.try_admin(&["doctor"]);
    let ill: Value = serde_json::from_str(&done.stdout).expect("a report comes all the same");
    assert_eq!((done.status, ill["failed"].as_i64()), (1, Some(2)), "{ill}");
    let files = part(&ill, "files")[0];
    assert!(
        files["level"] == "FAIL" && files["fix"].as_str().is_some_and(|fix| fix.starts_with("chmod 600 ")),
        "{files}"
    );
    let failed = |check: &&&Value| check["level"] == "FAIL";
    assert_eq!(part(&ill, "outgoing").iter().filter(failed).count(), 1, "{ill}");
    let text = feed(desk.command().args(["admin", "doctor", "--offline"]), b"");
    assert!(text.status == 1 && text.stdout.contains("FAIL  files"), "{}", text.stdout);
    let gone = feed(desk.command().args(["--db", "/nowhere/x.db", "--json", "admin", "doctor"]), b"");
    assert!(gone.status == 1 && gone.stdout.contains("FAIL"), "{}", gone.stdout);
}

#[test]
fn timed_work_is_done_once() {
    let desk = Desk::new();
    desk.deliver(mail("one", "Subject: one\n", "x"));
    desk.deliver(mail("two", "Subject: two\n", "x"));
    desk.admin(&["ticket", "status", "1", "answered"]);
    desk.outside().run(
        "UPDATE ticket SET last_update_at = last_update_at - 97 * 3600; \
             UPDATE receipt SET received_at = received_at - 91 * 86400 WHERE id = 1",
    );
    let first = desk.admin(&["jobs", "run"]);
    assert_eq!((first["closed"].as_i64(), first["raw_mails_forgotten"].as_i64()), (Some(1), Some(1)), "{first}");
    assert_eq!((desk.ticket(1)["status"].as_str(), desk.ticket(2)["status"].as_str()), (Some("closed"), Some("open")));
    assert_eq!(desk.try_admin(&["mail", "show", "1", "--raw"]).status, 1);
    assert_eq!(desk.try_admin(&["mail", "show", "2", "--raw"]).status, 0);
    let second = desk.admin(&["jobs", "run"]);
    assert_eq!((second["closed"].as_i64(), second["raw_mails_forgotten"].as_i64()), (Some(0), Some(0)));
    let quiet = feed(desk.command().args(["--quiet", "admin", "jobs", "run"]), b"");
    assert_eq!((quiet.status, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""), "cron mails what is printed");
}

#[test]
fn dashboard_has_charts_and_times() {
    let desk = Desk::new();
    let empty = feed(desk.command().args(["admin", "stats"]), b"");
    assert!(empty.status == 0 && empty.stdout.contains("0 tickets"), "{}", empty.stdout);
    for id in ["one", "two", "three"] {
        desk.deliver(mail(id, "Subject: x\n", "x"));
    }
    let text = feed(desk.command().args(["admin", "stats"]), b"").stdout;
    for line in ["3 tickets, 3 messages", "New tickets by day", "Tickets by status", "General", "Mails received", "█"]
    {
        assert!(text.contains(line), "{line} in {text}");
    }
    let stats = desk.stats();
    let by_day: i64 = stats["tickets_by_day"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_i64()).sum();
    assert_eq!((by_day, stats["first_answer_s"]["tickets"].as_i64()), (3, Some(0)));
}

/// The keys of all settings.
fn desk_settings() -> Vec<String> {
    let all = Desk::new().admin(&["setting", "list"]);
    all.as_array().into_iter().flatten().filter_map(|one| Some(one["key"].as_str()?.to_owned())).collect()
}

#[test]
fn man_pages_and_completions_come_from_the_grammar() {
    let desk = Desk::without_database();
    let dir = desk.path("man");
    let made = desk.admin(&["man", &dir.to_string_lossy()]);
    assert!(made["pages"].as_i64() > Some(50), "{made}");
    let page = fs::read_to_string(dir.join("maildesk-admin-ticket-reply.1")).expect("a page per verb");
    assert!(page.contains(".TH") && page.contains("message\\-file"), "{page}");
    for entry in fs::read_dir(&dir).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let text = fs::read_to_string(&path).expect("a page is text");
        let is_command = path.extension().is_some_and(|section| section == "1");
        let sections: &[&str] = if is_command {
            &["NAME", "SYNOPSIS", "\"GLOBAL OPTIONS\"", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES", "EXAMPLES"]
        } else {
            &["NAME", "DESCRIPTION", "\"SEE ALSO\""]
        };
        for section in sections {
            assert!(text.contains(&format!("\n.SH {section}\n")), "{}: {section}", path.display());
        }
        assert!(!is_command || examples_of(&text).contains("maildesk"), "{}: no example", path.display());
        // Lists of values are indented and end with their option.
        assert_eq!(text.matches("\n.RS").count(), text.matches("\n.RE").count(), "{}", path.display());
    }
    let pipe = fs::read_to_string(dir.join("maildesk-pipe.1")).expect("a page per command");
    assert!(pipe.contains("ORIGINAL_RECIPIENT") && pipe.contains("\\fB67\\fR"), "{pipe}");
    let settings = fs::read_to_string(dir.join("maildesk-settings.7")).expect("a page of settings");
    for key in desk_settings() {
        assert!(settings.contains(&format!("\\fB{key}\\fR")), "{key}");
    }
    let configuration = fs::read_to_string(dir.join("maildesk.toml.5")).expect("a page of the configuration");
    assert!(configuration.contains("pipe_deadline_s = 100") && configuration.contains("trusted_proxies"));
    for (shell, word) in [("bash", "_maildesk"), ("zsh", "#compdef maildesk"), ("fish", "--command maildesk")] {
        let done = feed(desk.command().args(["admin", "completions", shell]), b"");
        assert!(done.status == 0 && done.stdout.contains(word), "{shell}: {}", done.stderr);
    }
    assert_eq!(feed(desk.command().args(["admin", "completions", "tcsh"]), b"").status, 2);
}

/// What stands under EXAMPLES.
fn examples_of(page: &str) -> &str {
    let after = page.split_once("\n.SH EXAMPLES\n").map(|(_, rest)| rest).unwrap_or_default();
    after.split("\n.SH ").next().unwrap_or_default()
}

/// The words of a line as a shell has them, as far as examples need it: quotes, and what is read from a file left out.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" < ").next().unwrap_or_default();
    let pieces = line.split('\'').enumerate();
    pieces
        .flat_map(|(n, piece)| match n % 2 {
            0 => piece.split_whitespace().map(str::to_owned).collect(),
            _ => vec![piece.to_owned()],
        })
        .collect()
}

#[test]
fn examples_of_the_man_pages_are_commands_that_there_are() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/man/examples.txt");
    let lines = fs::read_to_string(path).expect("the examples are text");
    assert!(lines.lines().count() > 100);
    for line in lines.lines() {
        if let Err(error) = crate::snapshots::whole_grammar().try_get_matches_from(words(line)) {
            panic!("{line}: {error}");
        }
    }
}

/// Runs a command line on a terminal of 90 columns where `typed` is typed.
fn on_terminal(desk: &Desk, line: &str, typed: &str) -> (i32, String) {
    let program =
        format!("stty cols 90; {} --config {}", env!("CARGO_BIN_EXE_maildesk"), desk.path("maildesk.toml").display());
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &format!("{program} {line}"), "/dev/null"]).env("TERM", "dumb");
    let done = feed(&mut command, typed.as_bytes());
    (done.status, done.stdout)
}

#[test]
fn terminal_is_asked_before_something_goes_and_tables_fit_it() {
    let desk = Desk::new();
    desk.deliver(mail("one", &format!("Subject: {}\n", "many words ".repeat(20)), "x"));
    for (typed, status, left) in [("n\n", 1, 1), ("\n", 1, 1), ("y\n", 0, 0)] {
        if left == 1 {
            let (_, list) = on_terminal(&desk, "admin ticket list", "");
            let widest = list.lines().map(|line| line.trim_end().chars().count()).max();
            assert!(widest.is_some_and(|widest| widest > 60 && widest <= 90) && list.contains("#1"), "{list}");
        }
        let (ended, said) = on_terminal(&desk, "admin ticket remove 1", typed);
        assert_eq!((ended, desk.count("tickets")), (status, left), "{typed:?}: {said}");
        assert!(said.contains("and its 1 message? [y/N]") && said.contains("remove ticket 1 "), "{said}");
    }
    desk.deliver(mail("two", "Subject: x\n", "x"));
    assert_eq!(on_terminal(&desk, "admin ticket remove 2 --yes", "").0, 0);
}

#[test]
fn check_of_a_damaged_file_is_a_report() {
    let desk = Desk::in_file();
    let backup = desk.path("damaged.db");
    desk.admin(&["backup", &backup.to_string_lossy()]);
    let mut bytes = fs::read(&backup).expect("it was just made");
    bytes[60_000..64_000].fill(0xa5);
    fs::write(&backup, bytes).expect("the folder is writable");
    let done = feed(desk.command().args(["--json", "--db"]).arg(&backup).args(["admin", "check"]), b"");
    let report: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
    assert_eq!(
        (done.status, &report["ok"], &report["checks"][0]["name"]),
        (1, &Value::from(false), &"structure".into())
    );
    assert!(report["checks"].as_array().into_iter().flatten().any(|part| part["state"] == "faulty"), "{report}");
    assert!(done.stderr.contains("admin restore"), "{done:?}");
}
