//! Staff at the terminal: what waits, answering in an editor, and what is said about who is mailed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::desk::{Desk, Done, SUPPORT, feed, mail};

/// A desk with a staff member, mail that goes into files, and a few tickets.
fn furnished() -> Desk {
    let desk = Desk::new();
    let out = desk.path("out").to_string_lossy().into_owned();
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out]);
    let staff = ["staff", "add", "sam", "--name", "Sam Poe", "--email", "sam@helpdesk.test", "--role", "admin"];
    let done = feed(
        desk.command().args(["admin"]).args(staff).args(["--department", "1", "--password-stdin"]),
        b"a long password\n",
    );
    assert_eq!(done.status, 0, "{}", done.stderr);
    let subject = "Subject: The printer on the second floor prints nothing but blank pages since this morning\n";
    desk.deliver(mail("one", subject, "It is blank.\nReally."));
    desk.deliver(
        mail("two", "Subject: 注文番号の確認をお願いします、急いでいます\n", "?")
            .replace("Ann Ode <ann@", "田中 美咲 <mi@"),
    );
    desk.deliver(mail("three", "Subject: Old\n", "x").replace("ann@", "bo@"));
    desk
}

/// Runs a line on a terminal of its own with so many columns and 24 rows; `%` is the program on the desk.
fn on_terminal(desk: &Desk, columns: usize, line: &str, typed: &str, env: &[(&str, &str)]) -> Done {
    let program = format!("{} --config {}", env!("CARGO_BIN_EXE_maildesk"), desk.path("maildesk.toml").display());
    let line = format!("stty cols {columns} rows 24; {}", line.replace('%', &program));
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR").envs(env.iter().copied());
    feed(&mut command, typed.as_bytes())
}

/// How many columns a line takes, as wide characters count.
fn columns(line: &str) -> usize {
    let is_wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{ffdc}');
    line.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

#[test]
fn list_fits_its_terminal_and_breaks_no_word() {
    let desk = furnished();
    desk.admin(&["ticket", "assign", "1", "sam"]);
    // A desk without a table of priorities has numbers alone.
    desk.admin(&["ticket", "priority", "1", "3"]);
    for width in [80, 140] {
        let shown = on_terminal(&desk, width, "% admin ticket list", "", &[("NO_COLOR", "1"), ("PAGER", "cat")]).stdout;
        let lines: Vec<&str> = shown.lines().map(|line| line.trim_end_matches('\r')).collect();
        assert_eq!(lines.len(), 4, "a ticket is a line: {shown}");
        assert!(lines.iter().all(|line| columns(line) <= width), "{shown}");
        for word in ["#1", "open", "Ann Ode", "Sam Poe", "田中 美咲", "0 min", "priority", "The printer"] {
            assert!(shown.contains(word), "{word}: {shown}");
        }
        assert_eq!(shown.contains("blank pages"), width == 140, "{shown}");
    }
    let plain = feed(desk.command().args(["admin", "ticket", "list"]), b"").stdout;
    assert!(plain.contains("since this morning") && !plain.contains('…'), "nothing is cut in a pipe: {plain}");
}

#[test]
fn list_has_what_is_open_mine_or_nobodys() {
    let desk = furnished();
    desk.admin(&["ticket", "assign", "1", "sam"]);
    desk.admin(&["ticket", "close", "3"]);
    let ids = |args: &[&str]| -> Vec<i64> {
        let done = feed(
            desk.command().args(["--json", "admin", "ticket", "list", "--sort", "id-up"]).args(args).env("USER", "sam"),
            b"",
        );
        assert_eq!(done.status, 0, "{}", done.stderr);
        let all: Value = serde_json::from_str(&done.stdout).expect("a list is an array");
        all.as_array().into_iter().flatten().filter_map(|one| one["id"].as_i64()).collect()
    };
    assert_eq!(ids(&[]), [1, 2]);
    assert_eq!(ids(&["--all"]), [1, 2, 3]);
    assert_eq!(ids(&["--mine"]), [1]);
    assert_eq!(ids(&["--unassigned"]), [2]);
    assert_eq!(ids(&["--unassigned", "--all"]), [2, 3]);
    assert_eq!(ids(&["--search", "old"]), [3], "a search looks at closed ones too");
    let of = |env: &[(&str, &str)]| {
        feed(desk.command().args(["admin", "ticket", "list", "--mine"]).envs(env.iter().copied()), b"")
    };
    assert!(of(&[("MAILDESK_STAFF", "sam"), ("USER", "root")]).stdout.contains("#1"));
    assert!(of(&[("SUDO_USER", "sam"), ("USER", "root")]).stdout.contains("#1"));
    let nobody = of(&[("USER", "root")]);
    let expected =
        "maildesk: who are you?; name yourself with --staff USERNAME, or with MAILDESK_STAFF in the environment\n";
    assert_eq!(nobody.parts(), (1, "", expected));
    desk.admin(&["ticket", "close", "1", "2"]);
    let none = feed(desk.command().args(["admin", "ticket", "list"]), b"");
    assert_eq!(none.parts(), (0, "", "no open ticket is like that; --all shows the closed ones too\n"));
    let bans = feed(desk.command().args(["admin", "ban", "list"]), b"");
    assert_eq!(bans.parts(), (0, "", "there are none\n"));
}

#[test]
fn answer_is_written_in_the_editor_below_which_the_customer_is_quoted() {
    let desk = furnished();
    let editor = desk.path("editor");
    // Shows what it was given, then writes above it.
    fs::write(
        &editor,
        "#!/bin/sh\ncp \"$1\" \"$OUT\"\n{ echo 'Which one?'; cat \"$1\"; } >\"$1.new\"; mv \"$1.new\" \"$1\"\n",
    )
    .expect("ours");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).expect("ours");
    let (editor, given) = (editor.display().to_string(), desk.path("given").display().to_string());
    let env = [("EDITOR", editor.as_str()), ("OUT", given.as_str()), ("MAILDESK_STAFF", "sam")];
    let done = on_terminal(&desk, 80, "% admin ticket reply 1 --cc cy@third.test", "", &env);
    assert_eq!(done.status, 0, "{}", done.stdout);
    assert!(done.stdout.contains("2 of 2 mails sent to ann@client.test, cy@third.test"), "{}", done.stdout);
    let given = fs::read_to_string(given).expect("the editor was started");
    assert!(
        given.contains("> It is blank.\n> Really.\n")
            && given.contains("# your answer to #1, to ann@client.test, cy@third.test\n"),
        "{given}"
    );
    assert_eq!(desk.messages(1)[1]["text"], "Which one?\n\n\n> It is blank.\n> Really.");
    let empty = on_terminal(&desk, 80, "% admin ticket reply 1", "", &[("EDITOR", "true"), ("MAILDESK_STAFF", "sam")]);
    // The quotation alone was saved: it is an answer of its own only if somebody wanted it.
    assert_eq!(empty.status, 0, "{}", empty.stdout);
    let erased =
        on_terminal(&desk, 80, "% admin ticket reply 2", "", &[("EDITOR", "truncate -s 0"), ("MAILDESK_STAFF", "sam")]);
    assert!(erased.status == 2 && erased.stdout.contains("the text is empty: nothing was done"), "{}", erased.stdout);
    assert_eq!(desk.messages(2).len(), 1);
    let failed =
        on_terminal(&desk, 80, "% admin ticket reply 2", "", &[("EDITOR", "false"), ("MAILDESK_STAFF", "sam")]);
    assert!(
        failed.status == 1 && failed.stdout.contains("false ended with a failure: nothing was sent"),
        "{}",
        failed.stdout
    );
}

#[test]
fn canned_response_is_an_answer_and_says_who_is_mailed() {
    let desk = furnished();
    desk.admin(&["canned", "add", "Serial number", "--body", "<p>Please send the <b>serial number</b>.</p>"]);
    let done = desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--canned", "serial NUMBER", "--close"]);
    assert_eq!((&done["mailed"], &done["status"]), (&json!(["ann@client.test"]), &json!("closed")));
    assert_eq!(desk.messages(1)[1]["text"], "Please send the serial number.");
    let unknown = desk.try_admin(&["ticket", "reply", "1", "--staff", "sam", "--canned", "no such"]);
    assert_eq!(unknown.status, 1, "{}", unknown.stderr);
}

#[test]
fn who_would_be_mailed_is_said_before_an_answer_is_written() {
    let desk = furnished();
    let would = |args: &[&str]| desk.admin(&[&["ticket", "reply", "1", "--staff", "sam", "--dry-run"], args].concat());
    assert_eq!(would(&[])["mailed"], json!(["ann@client.test"]));
    let with = ["--cc", "cy@third.test", "--cc", "ANN@client.test", "--cc", SUPPORT, "--cc", "sam@helpdesk.test"];
    assert_eq!(
        would(&with)["mailed"],
        json!(["ann@client.test", "cy@third.test"]),
        "once each, neither sam nor the desk"
    );
    assert_eq!(desk.messages(1).len(), 1, "nothing was written");
    let said = desk.try_admin(&[&["ticket", "reply", "1", "--staff", "sam", "--dry-run"], &with[..]].concat()).stderr;
    assert!(said.contains(SUPPORT) && said.contains("gets no copy"), "{said}");
    let done = desk.admin(&[&["ticket", "reply", "1", "--staff", "sam", "--message", "x"], &with[..]].concat());
    assert_eq!(done["mailed"], would(&[])["mailed"], "it was said truly");
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "none"]);
    assert_eq!(would(&[])["mailed"], json!([]));
    let words = feed(desk.command().args(["admin", "ticket", "reply", "1", "--staff", "sam", "--dry-run"]), b"");
    let nobody = "the department has no address that sends, or the ticket has no other participant\n";
    assert_eq!(words.parts(), (0, "", nobody));
}

#[test]
fn account_that_lists_its_own_tickets_sees_the_others_when_it_asks() {
    let desk = furnished();
    desk.admin(&["ticket", "assign", "1", "sam"]);
    let list = |args: &[&str], user: &str| {
        let mut command = desk.command();
        command.args(["admin", "ticket", "list"]).args(args).env_remove("MAILDESK_STAFF").env_remove("SUDO_USER");
        let done = feed(command.env("USER", user), b"");
        assert_eq!(done.status, 0, "{}", done.stderr);
        let ids = done.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().next().map(str::to_owned));
        (ids.collect::<Vec<_>>(), done.stderr)
    };
    assert_eq!(list(&[], "sam").0, ["#3", "#2", "#1"]);
    assert_eq!(desk.admin(&["staff", "update", "sam", "--list-mine", "true"])["list_mine"], true);
    let (ids, said) = list(&[], "sam");
    assert_eq!((ids, said.as_str()), (vec!["#1".to_owned()], "these are yours; --everyone shows the others too\n"));
    for others in [&["--everyone"][..], &["--all"], &["--search", "client.test"]] {
        assert_eq!(list(others, "sam").0, ["#3", "#2", "#1"], "{others:?}");
    }
    assert_eq!(list(&["--unassigned"], "sam").0, ["#3", "#2"]);
    assert_eq!(list(&[], "root").0, ["#3", "#2", "#1"], "only that account lists its own");
    desk.admin(&["ticket", "close", "1"]);
    assert_eq!(list(&[], "sam").1, "no open ticket is assigned to you; --everyone shows the others\n");
    desk.admin(&["staff", "update", "sam", "--list-mine", "false"]);
    assert_eq!(list(&[], "sam").0, ["#3", "#2"]);
}

#[test]
fn note_about_a_call_opens_a_ticket_that_mails_nobody() {
    let desk = furnished();
    let line = ["ticket", "new", "--from", "cy@third.test", "--department", "General", "--subject", "Call", "--note"];
    let id = desk.admin(&[&line[..], &["--staff", "sam", "--message", "Called, is angry."]].concat())["id"].to_string();
    let ticket = desk.admin(&["ticket", "show", &id]);
    assert_eq!(
        (&ticket["messages"][0]["internal"], &ticket["messages"][0]["author"]),
        (&json!(true), &json!("staff sam"))
    );
    assert_eq!(ticket["user_email"], "cy@third.test");
    assert!(
        !desk.path("out").exists()
            || fs::read_dir(desk.path("out")).expect("ours").all(|letter| {
                !fs::read_to_string(letter.expect("ours").path()).expect("text").contains("cy@third.test")
            })
    );
}

#[test]
fn message_that_is_split_off_is_a_ticket_and_answers_to_it_come_there() {
    let desk = furnished();
    let more = "In-Reply-To: <one@client.test>\nReferences: <one@client.test>\n";
    let body = "--b\n\nAnd the lamp.\n--b\nContent-Type: text/plain; name=a.txt\n\nabc\n--b--";
    let subject = "The printer on the second floor prints nothing but blank pages since this morning";
    let fields = format!("Subject: Re: {subject}\n{more}Content-Type: multipart/mixed; boundary=b\n");
    desk.deliver(mail("lamp", &fields, body));
    let message = desk.messages(1)[1]["id"].to_string();
    let new = desk.admin(&["ticket", "split", "1", &message]);
    assert_eq!((&new["from"], &new["subject"], &new["ticket_id"]), (&json!(1), &json!(subject), &json!(4)));
    let ticket = desk.ticket(4);
    assert_eq!(ticket["messages"][0]["text"], "And the lamp.");
    assert_eq!(ticket["messages"][0]["attachments"][0]["name"], "a.txt");
    assert_eq!((&ticket["linked"], &ticket["user_email"]), (&json!([1]), &json!("ann@client.test")));
    assert_eq!(desk.ticket(1)["replies"], 0);
    let shown = feed(desk.command().args(["admin", "ticket", "show", "4"]), b"").stdout;
    assert!(shown.contains(&format!("(message {message})")), "the number to split by is shown: {shown}");
    // An answer to the mail that moved comes where it is; one to the other mail stays.
    let answer =
        |id: &str, to: &str| mail(id, &format!("Subject: Re: {subject}\nIn-Reply-To: <{to}@client.test>\n"), "Hm.");
    desk.deliver(answer("five", "lamp"));
    assert_eq!((desk.ticket(4)["replies"].clone(), desk.ticket(1)["replies"].clone()), (json!(1), json!(0)));
    desk.deliver(answer("six", "one"));
    assert_eq!((desk.ticket(4)["replies"].clone(), desk.ticket(1)["replies"].clone()), (json!(1), json!(1)));
    let fixed = desk.admin(&["check"]);
    assert_eq!(fixed["ok"], true, "{fixed}");
    let last = desk.messages(4).last().expect("the answer")["id"].to_string();
    let named = desk.admin(&["ticket", "split", "4", &last, "--subject", "The lamp"]);
    assert_eq!((&named["subject"], &desk.ticket(5)["subject"]), (&json!("The lamp"), &json!("The lamp")));
    let only = desk.messages(2)[0]["id"].to_string();
    for (args, why) in [
        (["ticket", "split", "2", only.as_str()], "there is nothing to split it from"),
        (["ticket", "split", "2", message.as_str()], "ticket 2 has no message"),
        (["ticket", "split", "99", message.as_str()], "there is no ticket 99"),
    ] {
        let refused = desk.try_admin(&args);
        assert!(refused.status == 1 && refused.stderr.contains(why), "{args:?}: {}", refused.stderr);
    }
}

#[test]
fn a_ticket_for_a_caller_is_acknowledged_and_tagged() {
    let desk = furnished();
    let new = desk.admin(&[
        "ticket",
        "new",
        "--from",
        "cy@third.test",
        "--name",
        "Cy Roe",
        "--department",
        "general",
        "--subject",
        "Lamp",
        "--message",
        "It is dark.",
    ]);
    let id = new["id"].as_i64().expect("its number");
    let ticket = desk.ticket(id);
    assert_eq!((&ticket["subject"], &ticket["user_fullname"]), (&json!("Lamp"), &json!("Cy Roe")));
    let letters: Vec<String> = fs::read_dir(desk.path("out"))
        .expect("mail goes there")
        .map(|entry| fs::read_to_string(entry.expect("readable").path()).expect("text"))
        .collect();
    assert!(letters.iter().any(|letter| letter.contains("cy@third.test") && letter.contains(&format!("[#{id}] Lamp"))));
    let id = id.to_string();
    assert_eq!(desk.admin(&["ticket", "tag", &id, "+urgent", "+call back"])["tags"], json!(["call back", "urgent"]));
    assert_eq!(desk.admin(&["ticket", "tag", &id, "-URGENT"])["tags"], json!(["call back"]));
    let listed = desk.admin(&["ticket", "list", "--search", "lamp"]);
    assert_eq!(listed[0]["tags"], json!(["call back"]));
    let kinds: Vec<Value> = desk
        .admin(&["ticket", "events", &id])
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["kind"].clone())
        .collect();
    assert_eq!(kinds, ["opened", "tagged", "tagged", "untagged"]);
}

#[test]
fn attachment_is_saved_as_it_came_and_overwrites_nothing() {
    let desk = furnished();
    let fields = "Subject: File\nContent-Type: multipart/mixed; boundary=b\n";
    let body = "--b\n\nsee\n--b\nContent-Type: application/octet-stream; name=\"../a b.bin\"\nContent-Transfer-Encoding: base64\n\nAAEC/w==\n--b--";
    desk.deliver(mail("file", fields, body));
    let id = desk.admin(&["attachment", "list", "4"])[0]["id"].to_string();
    let raw = desk.command().args(["admin", "attachment", "save", &id, "--out", "-"]).output().expect("it runs");
    assert_eq!(raw.stdout, [0, 1, 2, 255]);
    let saved = desk.admin(&["attachment", "save", &id]);
    let name = saved["file"].as_str().expect("a file");
    assert!(!name.contains('/'), "a sender's name is no path: {name}");
    assert_eq!(fs::read(desk.path(name)).expect("it was saved"), [0, 1, 2, 255]);
    let again = desk.try_admin(&["attachment", "save", &id]);
    assert!(
        again.status == 1 && again.stderr.contains("is there already; name another file with --out"),
        "{}",
        again.stderr
    );
}

#[test]
fn colours_and_the_pager_are_for_terminals() {
    let desk = furnished();
    let coloured = on_terminal(&desk, 80, "% admin ticket list", "", &[("PAGER", "cat")]).stdout;
    assert!(coloured.contains("\u{1b}[31mopen\u{1b}[0m"), "{coloured:?}");
    for env in [[("NO_COLOR", "1"), ("PAGER", "cat")], [("TERM", "dumb"), ("PAGER", "cat")]] {
        let plain = on_terminal(&desk, 80, "% admin ticket list", "", &env).stdout;
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
    }
    desk.deliver(mail("long", "Subject: Long\n", &"line\n".repeat(40)));
    let paged = on_terminal(&desk, 80, "% admin ticket show 4", "", &[("PAGER", "sed s/^/paged:/")]).stdout;
    assert!(paged.contains("paged:[#4] Long"), "{paged}");
    let short = on_terminal(&desk, 80, "% admin ticket show 3", "", &[("PAGER", "sed s/^/paged:/")]).stdout;
    assert!(short.contains("[#3] Old") && !short.contains("paged:"), "{short}");
    let missing = on_terminal(&desk, 80, "% admin ticket show 4", "", &[("PAGER", "no-such-pager")]).stdout;
    assert!(missing.contains("[#4] Long"), "{missing}");
    let piped = feed(desk.command().args(["admin", "ticket", "show", "4"]).env("PAGER", "false"), b"").stdout;
    assert!(piped.contains("[#4] Long"), "{piped}");
}

#[test]
fn inbox_on_a_terminal_takes_opens_and_closes_by_key() {
    let desk = furnished();
    let first = desk.admin(&["ticket", "list"])[0]["id"].as_i64().expect("a ticket is open");
    // Take the first, go to mine, open it, close it, leave.
    let shown = on_terminal(&desk, 80, "% admin inbox --staff sam", "tgmocq", &[("TZ", "UTC")]);
    assert_eq!(shown.status, 0, "{}", shown.stdout);
    for text in ["Unassigned", "ticket", "Ann Ode", "#3 is yours", "[#3] Old", "closed"] {
        assert!(shown.stdout.contains(text), "{text}: {:?}", shown.stdout);
    }
    let ticket = desk.ticket(first);
    assert_eq!(
        (&ticket["assigned_to"], &ticket["status"]),
        (&json!("staff sam"), &json!("closed")),
        "{:?}",
        shown.stdout
    );
    let events = desk.admin(&["ticket", "events", &first.to_string()]);
    assert!(events.to_string().contains("sam"), "each change has its event: {events}");
    let piped = feed(desk.command().args(["admin", "inbox", "--staff", "sam"]), b"q");
    let expected = "maildesk: the inbox is for terminals; `maildesk admin ticket list` is for programs\n";
    assert_eq!(piped.parts(), (2, "", expected));
}
