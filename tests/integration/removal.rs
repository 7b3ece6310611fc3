//! What destroys something: asked for on a terminal, done elsewhere with `--yes` alone, rehearsed with `--dry-run`; and what
//! cannot be removed at all. The words are in `snapshots/removal.txt`.

use std::collections::BTreeSet;

use crate::desk::{Desk, feed};
use crate::snapshots::{furnished, verbs, whole_grammar};

/// What verbs that destroy something are called.
const DESTROYING: [&str; 5] = ["remove", "drop", "restore", "merge", "revoke"];

/// One command line for each of those verbs, on a furnished desk.
const COMMANDS: [&[&str]; 20] = [
    &["department", "remove", "1"],
    &["address", "remove", "1"],
    &["user", "remove", "1"],
    &["user", "merge", "1", "2"],
    &["staff", "remove", "sam"],
    &["schedule", "remove", "office"],
    &["token", "revoke", "1"],
    &["ban", "remove", "spammer.example"],
    &["ticket", "merge", "1", "2"],
    &["ticket", "remove", "1"],
    &["mail", "drop", "3"],
    &["outbox", "drop", "2"],
    &["canned", "remove", "1"],
    &["webhook", "remove", "1"],
    &["tag", "remove", "urgent"],
    &["view", "remove", "Printers"],
    &["priority", "remove", "High"],
    &["field", "remove", "Serial"],
    &["category", "remove", "Printers"],
    &["article", "remove", "1"],
];

/// Everything in the tables that people fill.
fn content(desk: &Desk) -> Vec<String> {
    let connection = desk.sqlite();
    let tables = [
        "department",
        "address",
        "customer",
        "staff",
        "schedule",
        "token",
        "ban",
        "ticket",
        "message",
        "receipt",
        "outbox",
        "canned_response",
        "tag",
        "saved_view",
        "priority",
        "custom_field",
        "article_category",
        "article",
    ];
    let mut found = Vec::new();
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).expect("the table is there");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("the table can be read");
        while let Some(row) = rows.next().expect("the row can be read") {
            let values: Vec<String> = (0..columns).map(|n| format!("{:?}", row.get_ref(n))).collect();
            found.push(format!("{table} {}", values.join(" ")));
        }
    }
    found
}

#[test]
fn verb_that_destroys_wants_yes_and_can_be_rehearsed() {
    let desk = furnished();
    desk.admin(&["schedule", "add", "office", "--hours", "Mon 9:00-17:00", "--tz", "UTC"]);
    desk.admin(&["token", "add", "shop"]);
    desk.admin(&["ban", "add", "spammer.example"]);
    desk.admin(&["canned", "add", "Number", "--body", "Which?"]);
    desk.admin(&["webhook", "add", "https://hooks.example/desk", "--event", "opened"]);
    desk.admin(&["tag", "add", "urgent"]);
    desk.admin(&["view", "add", "Printers", "printer"]);
    desk.admin(&["priority", "add", "High"]);
    desk.admin(&["field", "add", "Serial"]);
    desk.admin(&["category", "add", "Printers"]);
    let article = desk.path("article.md");
    std::fs::write(&article, "Turn it off.").expect("the article is written");
    desk.admin(&["article", "add", "Blank", "--body-file", &article.to_string_lossy()]);
    desk.admin(&["address", "update", "1", "--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1"]);
    desk.try_admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Hello"]);
    let file = desk.path("desk.db").to_string_lossy().into_owned();
    desk.admin(&["backup", &file]);
    let restore: &[&str] = &["restore", &file];
    let commands: Vec<&[&str]> = COMMANDS.into_iter().chain([restore]).collect();
    let destroying: BTreeSet<String> = verbs()
        .into_iter()
        .filter(|verb| DESTROYING.iter().any(|word| verb.rsplit(' ').next() == Some(word)))
        .collect();
    let named = |verb: &str| commands.iter().any(|words| words.join(" ").starts_with(verb));
    assert!(destroying.iter().all(|verb| named(verb)), "a command line for each of {destroying:?}");
    let before = content(&desk);
    for words in &commands {
        let done = desk.try_admin(words);
        assert_eq!((done.status, done.stdout.as_str()), (2, ""), "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains("--yes") && done.stderr.contains("nothing was changed"), "{}", done.stderr);
        let dry = desk.admin(&[words, &["--dry-run"][..]].concat());
        assert!(dry["dry_run"] == true && dry["would"].is_string(), "{words:?}: {dry}");
    }
    assert_eq!(content(&desk), before);
    // Each on its own: some take away what others name.
    for words in [&["mail", "drop", "3"][..], &["outbox", "drop", "2"], &["ban", "remove", "spammer.example"], restore]
    {
        desk.admin(&[words, &["--yes"][..]].concat());
    }
    assert_eq!(desk.count("quarantined"), 1, "the backup had it");
}

#[test]
fn every_verb_that_destroys_has_both_options() {
    fn walk(command: &clap::Command, found: &mut usize) {
        let has = |name: &str| command.get_arguments().any(|argument| argument.get_long() == Some(name));
        if DESTROYING.contains(&command.get_name()) {
            assert!(has("yes") && has("dry-run"), "{}", command.get_name());
            *found += 1;
        }
        let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
        verbs.for_each(|verb| walk(verb, found));
    }
    let mut found = 0;
    walk(&whole_grammar(), &mut found);
    assert!(found >= COMMANDS.len(), "{found}");
}

#[test]
fn last_department_and_last_active_admin_stay() {
    let desk = Desk::new();
    desk.admin(&["department", "remove", "sales", "--yes"]);
    assert_eq!(desk.admin(&["address", "show", "sales@helpdesk.test"])["department_id"], 1, "it moved");
    let refused = |words: &[&str], why: &str| {
        let done = desk.try_admin(words);
        assert!(done.status == 1 && done.stderr.contains(why), "{words:?}: {done:?}");
    };
    refused(&["department", "remove", "General", "--yes"], "is the last one");
    refused(&["department", "remove", "1", "--dry-run"], "is the last one");
    for (name, role) in [("ann", "admin"), ("bob", "admin"), ("cy", "agent")] {
        let email = format!("{name}@helpdesk.test");
        let words =
            ["admin", "staff", "add", name, "--name", name, "--email", &email, "--role", role, "--password-stdin"];
        assert_eq!(feed(desk.command().args(words), b"a long password").status, 0);
    }
    desk.admin(&["staff", "update", "bob", "--active", "false"]);
    for words in [
        &["staff", "remove", "ann", "--yes"][..],
        &["staff", "update", "ann", "--active", "false"],
        &["staff", "update", "ann", "--role", "agent"],
    ] {
        refused(words, "ann is the last active admin");
    }
    desk.admin(&["staff", "update", "ann", "--name", "Ann Ode", "--active", "true"]);
    desk.admin(&["staff", "remove", "cy", "--yes"]);
    desk.admin(&["staff", "update", "bob", "--active", "true"]);
    desk.admin(&["staff", "remove", "ann", "--yes"]);
}

#[test]
fn id_may_be_written_with_its_sign_and_unique_names_serve_as_ids() {
    let desk = furnished();
    for name in ["2", "#2", "Sales", " sales "] {
        assert_eq!(desk.admin(&["department", "show", name])["id"], 2, "{name}");
    }
    for name in ["1", "#1", "sam", "SAM", "sam@helpdesk.test", "Sam Poe"] {
        assert_eq!(desk.admin(&["staff", "show", name])["id"], 1, "{name}");
    }
    for name in ["2", "#2", "sales@helpdesk.test", "SALES@helpdesk.test"] {
        assert_eq!(desk.admin(&["address", "show", name])["id"], 2, "{name}");
    }
    let double = desk.try_admin(&["address", "show", "Desk"]);
    assert!(double.status == 2 && double.stderr.contains("several"), "both addresses are called Desk: {double:?}");
    desk.admin(&["address", "update", "#2", "--name", "Shop", "--department", "General"]);
    assert_eq!(desk.admin(&["address", "show", "shop"])["department_id"], 1);
    desk.admin(&["staff", "update", "#1", "--department", "Sales"]);
    assert_eq!(desk.admin(&["staff", "show", "sam"])["departments"], serde_json::json!([2]));
    for words in [
        &["ticket", "show", "#1"][..],
        &["ticket", "move", "#1", "#2"],
        &["ticket", "assign", "#1", "#1"],
        &["ticket", "list", "--assigned", "#1", "--department", "#2", "--user", "#1"],
        &["ticket", "note", "#1", "--staff", "#1", "--message", "x"],
        &["ticket", "requester", "#1", "bo@client.test"],
        &["user", "show", "#1"],
        &["mail", "show", "#3"],
        &["outbox", "show", "#1"],
        &["template", "preview", "new_ticket", "--ticket", "#1"],
        &["template", "show", "New_Ticket"],
    ] {
        desk.admin(words);
    }
    for words in [&["ticket", "show", "#"][..], &["ticket", "show", "##1"], &["ticket", "show", "#0"]] {
        assert_eq!(desk.try_admin(words).status, 2, "{words:?}");
    }
}
