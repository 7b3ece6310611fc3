//! What every verb of `maildesk admin` says, word for word: transcripts in `snapshots/`, one a noun, run in order on a
//! desk of their own. `MAILDESK_SNAPSHOTS=rewrite` writes them again; the difference is then read like any other change.
//!
//! A transcript has a command on a line that starts with `$`, `<` for its stdin, then its stdout, `!` before each line of
//! stderr and `=` before a status that is not 0. `$~` is a command whose output differs from machine to machine: of JSON
//! only keys and kinds are kept, of text that there was some. Times, secrets and the desk's folder are written over.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use serde_json::Value;

use crate::desk::{Desk, Done, SALES, feed, mail};

/// The account without rights: nobody's number on Linux.
const NOBODY: u32 = 65534;

/// Verbs that open no database, or speak of a broken one themselves.
const WITHOUT_DATABASE: &[&str] = &["setup", "demo", "config show", "man", "completions", "doctor"];

/// Verbs that only a terminal gets; `agent` has their tests.
const FOR_TERMINALS: &[&str] = &["inbox"];

/// Nouns that are a verb themselves or name no object of the desk.
const WITHOUT_OBJECTS: &[&str] = &[
    "init",
    "setup",
    "inbox",
    "demo",
    "role",
    "audit",
    "setting",
    "check",
    "doctor",
    "stats",
    "jobs",
    "man",
    "completions",
    "config",
];

/// What a dump of HelpDeskZ has beside people and tickets.
const KNOWLEDGE: &str = "\
CREATE TABLE `hdz_kb_category` (`id` int, `name` varchar(200), `position` int, `parent` int, `public` int);
INSERT INTO `hdz_kb_category` VALUES (2,'Lamps &amp; more',1,0,1);
CREATE TABLE `hdz_articles` (`id` int, `title` varchar(255), `content` text, `category` int, `staff_id` int, `date` int, \
`last_update` int, `views` int, `public` int);
INSERT INTO `hdz_articles` VALUES (3,'Bulbs','<p>Turn <b>left</b>.</p>',2,5,1700000000,1700000500,7,1);
CREATE TABLE `hdz_custom_fields` (`id` int, `type` varchar(20), `title` varchar(255), `value` text, `required` int, \
`departments` text, `display` int);
INSERT INTO `hdz_custom_fields` VALUES (1,'select','Colour','red\\r\\nblue',1,'',1);
CREATE TABLE `hdz_priority` (`id` int, `name` varchar(200), `color` varchar(10));
INSERT INTO `hdz_priority` VALUES (1,'Low','#8A8A8A');
CREATE TABLE `hdz_canned_response` (`id` int, `title` varchar(255), `message` text, `position` int, `date` int, \
`last_update` int, `staff_id` int);
INSERT INTO `hdz_canned_response` VALUES (2,'Greeting','<p>Hello</p>',1,1700000000,1700000000,5);
";

/// One command of a transcript.
struct Step {
    line: String,
    stdin: String,
    /// Only the shape of the output is kept.
    is_loose: bool,
}

impl Step {
    /// The words of the command line: blanks part them, quotes keep them together.
    fn words(&self) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
        for c in self.line.chars() {
            match (c, quote) {
                ('\'' | '"', None) => (quote, word) = (Some(c), word.or(Some(String::new()))),
                (c, Some(q)) if c == q => quote = None,
                (' ', None) => words.extend(word.take()),
                (c, _) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/snapshots")
}

/// The transcripts by noun.
fn transcripts() -> Vec<(String, String)> {
    let entries = fs::read_dir(folder()).expect("the transcripts are there");
    let mut found: Vec<(String, String)> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a transcript is text"))
        })
        .collect();
    found.sort();
    found
}

fn steps(transcript: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in transcript.lines() {
        if let Some(line) = line.strip_prefix("$ ") {
            steps.push(Step { line: line.to_owned(), stdin: String::new(), is_loose: false });
        } else if let Some(line) = line.strip_prefix("$~ ") {
            steps.push(Step { line: line.to_owned(), stdin: String::new(), is_loose: true });
        } else if let (Some(line), Some(step)) = (line.strip_prefix("< "), steps.last_mut()) {
            step.stdin.push_str(line);
            step.stdin.push('\n');
        }
    }
    steps
}

/// A desk with something of everything, and files that commands name.
pub(crate) fn furnished() -> Desk {
    let desk = Desk::in_file();
    desk.set("site_name", "Example");
    let staff = ["staff", "add", "sam", "--name", "Sam Poe", "--email", "sam@helpdesk.test", "--role", "agent"];
    let words = [&["--json", "admin"], &staff[..], &["--password-stdin"]].concat();
    assert_eq!(feed(desk.command().args(words), b"a long password\n").status, 0);
    fs::create_dir(desk.path("out")).expect("the folder is ours");
    let out = desk.path("out");
    let out = out.to_str().expect("a test path is UTF-8");
    desk.admin(&["address", "update", SALES, "--outgoing", "file", "--outgoing-dir", out]);
    let fields = "Subject: Lamp\nContent-Type: multipart/mixed; boundary=b\n";
    desk.deliver(mail("one", fields, "--b\n\nIt is dark.\n--b\nContent-Type: text/plain; name=a.txt\n\nabc\n--b--"));
    desk.deliver_to(SALES, mail("two", "Subject: Price of a lamp\n", "How much?").replace("Ann Ode <ann@", "Bo <bo@"));
    desk.deliver(b"Subject: no sender\nMessage-ID: <three@client.test>\n\nwho?\n");
    let files: [(&str, u32, String); 9] = [
        ("secret", 0o600, "a-secret-of-more-than-thirty-two-characters\n".to_owned()),
        ("open", 0o644, "a-secret-of-more-than-thirty-two-characters\n".to_owned()),
        ("body.txt", 0o644, "Your ticket is %ticket_id%.\n".to_owned()),
        ("archive.mbox", 0o644, format!("From x Tue Feb  3 10:00:00 2026\n{}", mail("four", "Subject: Old\n", "Old."))),
        ("Maildir/cur/1770200000.M1.host:2,S", 0o644, mail("five", "Subject: Older\n", "Older.")),
        ("Maildir/new/.keep", 0o644, String::new()),
        ("broken.mbox", 0o644, "From x Tue Feb  3 10:00:00 2026\nSubject: no sender\n\nwho?\n".to_owned()),
        ("article.md", 0o644, "Turn it **off**.\n".to_owned()),
        ("dump.sql", 0o644, format!("{}{KNOWLEDGE}", super::import::DUMP)),
    ];
    for (name, mode, content) in files {
        let path = desk.path(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder is ours");
        fs::write(&path, content).expect("the folder is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the file is ours");
    }
    desk
}

/// Runs one command; `DIR` in it is the desk's folder.
fn run(desk: &Desk, step: &Step) -> Done {
    let dir = desk.path("");
    let dir = dir.to_str().expect("a test path is UTF-8").trim_end_matches('/');
    let words = step.words().into_iter().map(|word| word.replace("DIR", dir));
    feed(desk.command().args(words), step.stdin.as_bytes())
}

/// Keys and kinds of values; of an array its first item.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(items) => format!("[{}]", items.first().map_or_else(String::new, shape)),
        Value::Object(fields) => {
            // Days are keys, and other ones tomorrow.
            let name = |key: &str| if is_like(key, "9999-99-99") { "YYYY-MM-DD".to_owned() } else { key.to_owned() };
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}: {}", name(key), shape(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// Whether the text matches a pattern of the same length in which 9 is a digit.
fn is_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(b, p)| if p == b'9' { b.is_ascii_digit() } else { b == p })
}

/// Writes over what differs from run to run: times, long random words, the desk's folder, domains of Message-IDs.
fn redacted(text: &str, desk: &Desk) -> String {
    const PATTERNS: [(&str, &str); 2] = [("9999-99-99 99:99", "YYYY-MM-DD hh:mm"), ("9999-99-99", "YYYY-MM-DD")];
    let dir = desk.path("");
    let text = text.replace(dir.to_str().expect("a test path is UTF-8").trim_end_matches('/'), "DIR");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let like = |pattern: &&(&str, &str)| rest.get(..pattern.0.len()).is_some_and(|head| is_like(head, pattern.0));
        if let Some((pattern, mask)) = PATTERNS.iter().find(like) {
            out.push_str(mask);
            rest = rest.get(pattern.len()..).unwrap_or_default();
            continue;
        }
        if let Some(key) = rest.strip_prefix("whsec_") {
            out.push_str("whsec_RANDOM");
            rest = key.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/=".contains(c));
            continue;
        }
        if let Some(secret) = rest.strip_prefix("/staff/first/") {
            out.push_str("/staff/first/RANDOM");
            rest = secret.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c));
            continue;
        }
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if word.is_empty() {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            continue;
        }
        let is_time = is_like(&word, "9999999999") && word.starts_with('1');
        let is_random = word.len() >= 26 && word.bytes().any(|b| b.is_ascii_digit());
        out.push_str(if is_time {
            "TIME"
        } else if is_random {
            "RANDOM"
        } else {
            &word
        });
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    out
}

/// The transcript as it is today.
fn replayed(transcript: &str, desk: &Desk) -> String {
    let mut out = String::new();
    let remarks = transcript.lines().take_while(|line| !line.starts_with('$'));
    remarks.for_each(|line| out.push_str(&format!("{line}\n")));
    for step in steps(transcript) {
        let done = run(desk, &step);
        out.push_str(&format!("${} {}\n", if step.is_loose { "~" } else { "" }, step.line));
        step.stdin.lines().for_each(|line| out.push_str(&format!("< {line}\n")));
        let stdout = match (step.is_loose, serde_json::from_str::<Value>(&done.stdout)) {
            (false, _) => redacted(&done.stdout, desk),
            (true, Ok(value)) => redacted(&shape(&value), desk),
            (true, Err(_)) if done.stdout.is_empty() => String::new(),
            (true, Err(_)) => "(text)".to_owned(),
        };
        stdout.trim_end_matches('\n').lines().for_each(|line| out.push_str(&format!("{}\n", line.trim_end())));
        if !step.is_loose || done.status != 0 {
            redacted(&done.stderr, desk).lines().for_each(|line| out.push_str(&format!("! {line}\n")));
        }
        if done.status != 0 {
            out.push_str(&format!("= {}\n", done.status));
        }
        out.push('\n');
    }
    out
}

/// The verb of `maildesk admin` that a command line names, such as `ticket show`; and whether it has `--json`.
fn verb_of(words: &[String], verbs: &BTreeSet<String>) -> Option<(String, bool)> {
    let is_json = words.iter().any(|word| word == "--json");
    let is_option = |(n, word): &(usize, &String)| {
        word.starts_with('-') || n.checked_sub(1).and_then(|n| words.get(n)).is_some_and(|before| before == "--db")
    };
    let behind = words.iter().enumerate().skip_while(|(_, word)| *word != "admin").skip(1);
    let mut plain = behind.filter(|word| !is_option(word)).map(|(_, word)| word);
    let mut path = plain.next()?.clone();
    loop {
        if verbs.contains(&path) {
            return Some((path, is_json));
        }
        path = format!("{path} {}", plain.next()?);
    }
}

/// The grammar with the parts that join it only when they are named.
pub(crate) fn whole_grammar() -> clap::Command {
    let mut grammar = maildesk::cli::Arguments::command();
    grammar.build();
    grammar
}

/// Every verb of `maildesk admin`, from the grammar.
pub(crate) fn verbs() -> BTreeSet<String> {
    fn walk(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
        let verbs: Vec<_> = command.get_subcommands().filter(|verb| verb.get_name() != "help").collect();
        if verbs.is_empty() {
            found.insert(path.to_owned());
        }
        for verb in verbs {
            walk(verb, format!("{path} {}", verb.get_name()).trim(), found);
        }
    }
    let grammar = whole_grammar();
    let mut found = BTreeSet::new();
    walk(grammar.find_subcommand("admin").expect("there is maildesk admin"), "", &mut found);
    found
}

#[test]
fn every_verb_says_what_its_transcript_has() {
    let is_rewriting = std::env::var_os("MAILDESK_SNAPSHOTS").is_some_and(|value| value == "rewrite");
    let only = std::env::var("MAILDESK_SNAPSHOT").unwrap_or_default();
    let mut different = Vec::new();
    std::thread::scope(|scope| {
        let check = |(name, was): (String, String)| {
            let is = replayed(&was, &furnished());
            if is == was {
                return None;
            }
            if is_rewriting {
                fs::write(folder().join(format!("{name}.txt")), &is).expect("the transcript can be written");
                return None;
            }
            let line = was.lines().zip(is.lines()).position(|(was, is)| was != is);
            let line = line.unwrap_or_else(|| was.lines().count().min(is.lines().count()));
            let of = |text: &str| text.lines().skip(line.saturating_sub(3)).take(6).collect::<Vec<_>>().join("\n");
            Some(format!("{name}.txt, line {}: was\n{}\n----- is\n{}\n", line + 1, of(&was), of(&is)))
        };
        let chosen = transcripts().into_iter().filter(|(name, _)| only.is_empty() || *name == only);
        let (first, second): (Vec<_>, Vec<_>) = chosen.enumerate().partition(|(n, _)| n % 2 == 0);
        let workers = [first, second].map(|half| {
            scope.spawn(move || half.into_iter().filter_map(|(_, transcript)| check(transcript)).collect::<Vec<_>>())
        });
        for worker in workers {
            different.extend(worker.join().expect("the commands can be run"));
        }
    });
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Verbs that succeed only with another server at hand; webhook.rs has them.
const SHOWN_ELSEWHERE: [&str; 1] = ["webhook test"];

#[test]
fn every_verb_has_a_transcript_in_text_and_in_json_and_objects_have_their_mistakes() {
    let verbs = verbs();
    let (mut seen, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for (_, transcript) in transcripts() {
        for block in transcript.split("\n\n") {
            let Some(step) = steps(block).pop() else { continue };
            let Some((verb, is_json)) = verb_of(&step.words(), &verbs) else { continue };
            let status = block.lines().find_map(|line| line.strip_prefix("= ")).unwrap_or("0");
            let noun = verb.split(' ').next().unwrap_or_default().to_owned();
            if status == "0" || status == "3" {
                seen.insert((verb, is_json));
            } else {
                refused.insert((noun, status.to_owned()));
            }
        }
    }
    let is_for_programs =
        |verb: &&String| !FOR_TERMINALS.contains(&verb.as_str()) && !SHOWN_ELSEWHERE.contains(&verb.as_str());
    let lacks = |is_json: bool| {
        let unseen = |verb: &&String| !seen.contains(&((*verb).clone(), is_json));
        verbs.iter().filter(is_for_programs).filter(unseen).collect::<Vec<_>>()
    };
    assert!(lacks(false).is_empty() && lacks(true).is_empty(), "text: {:?}, JSON: {:?}", lacks(false), lacks(true));
    let nouns: BTreeSet<&str> = verbs.iter().filter_map(|verb| verb.split(' ').next()).collect();
    for noun in nouns.iter().filter(|noun| !WITHOUT_OBJECTS.contains(noun)) {
        assert!(refused.contains(&((*noun).to_owned(), "2".to_owned())), "{noun}: no bad value in its transcript");
        assert!(refused.contains(&((*noun).to_owned(), "1".to_owned())), "{noun}: nothing missing in its transcript");
    }
}

#[test]
fn json_is_never_mixed_with_prose() {
    for (name, transcript) in transcripts() {
        for block in transcript.split("\n\n").filter(|block| block.contains("--json")) {
            let printed: Vec<&str> = block
                .lines()
                .filter(|line| !["$", "<", "!", "=", "#"].iter().any(|sign| line.starts_with(sign)))
                .collect();
            let is_loose = block.starts_with("$~");
            for line in printed.iter().filter(|_| !is_loose) {
                let unmasked = line.replace(":TIME", ":0");
                assert!(serde_json::from_str::<Value>(&unmasked).is_ok(), "{name}.txt: {line}");
            }
        }
    }
}

#[test]
fn help_of_every_noun_has_examples() {
    let grammar = whole_grammar();
    let admin = grammar.find_subcommand("admin").expect("there is maildesk admin");
    for noun in admin.get_subcommands().filter(|noun| noun.get_name() != "help") {
        let help = noun.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Example"), "{}: {help}", noun.get_name());
    }
}

/// Another account, or the same one without the right to read: every verb says so, prints nothing and ends with 1.
#[test]
fn database_of_somebody_else_is_said_by_every_verb() {
    let (desk, verbs) = (furnished(), verbs());
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    fs::set_permissions(desk.path(""), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    let program = desk.path("maildesk");
    fs::copy(env!("CARGO_BIN_EXE_maildesk"), &program).expect("the program can be copied");
    for path in [desk.db(), desk.path("data/maildesk.db-wal"), desk.path("data/maildesk.db-shm")] {
        let mode = if is_root { 0o600 } else { 0o000 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the database is ours");
    }
    fs::set_permissions(desk.path("data"), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    let mut tried = BTreeSet::new();
    for (_, transcript) in transcripts() {
        for block in transcript.split("\n\n").filter(|block| !block.contains("\n= ")) {
            let Some(step) = steps(block).pop() else { continue };
            let words = step.words();
            let Some((verb, _)) = verb_of(&words, &verbs) else { continue };
            if WITHOUT_DATABASE.contains(&verb.as_str()) || !tried.insert(verb.clone()) {
                continue;
            }
            let dir = desk.path("").to_string_lossy().trim_end_matches('/').to_owned();
            let mut command = std::process::Command::new(&program);
            command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").env("MAILDESK_DB", desk.db());
            let other = desk.db().to_string_lossy().into_owned();
            command.args(words.iter().map(|word| word.replace("DIR/other.db", &other).replace("DIR", &dir)));
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            let done = feed(&mut command, step.stdin.as_bytes());
            assert_eq!((done.status, done.stdout.as_str()), (1, ""), "{verb}: {}", done.stderr);
            let says = ["ermission denied", "no such file"].iter().any(|word| done.stderr.contains(word));
            assert!(says && done.stderr.lines().count() == 1, "{verb}: {}", done.stderr);
        }
    }
    assert!(tried.len() > 70, "{tried:?}");
}

#[test]
fn database_that_may_only_be_read_is_read_and_not_changed() {
    if !fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return println!("SKIPPED: only root can look at a desk as somebody else");
    }
    let desk = furnished();
    let program = desk.path("maildesk");
    fs::copy(env!("CARGO_BIN_EXE_maildesk"), &program).expect("the program can be copied");
    for path in ["", "data"] {
        fs::set_permissions(desk.path(path), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    }
    for path in [desk.db(), desk.path("data/maildesk.db-wal"), desk.path("data/maildesk.db-shm")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("the database is ours");
    }
    let look = |words: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.env_clear().current_dir("/").arg("--db").arg(desk.db()).args(words).uid(NOBODY).gid(NOBODY);
        feed(&mut command, b"")
    };
    assert_eq!(look(&["admin", "ticket", "list"]).status, 0);
    for words in [
        &["admin", "department", "add", "X"][..],
        &["admin", "ticket", "status", "1", "closed"],
        &["admin", "setting", "set", "overdue_time", "3"],
        &["admin", "jobs", "run"],
    ] {
        let done = look(words);
        assert!(done.status == 1 && done.stderr.contains("may only be read"), "{words:?}: {done:?}");
    }
}
