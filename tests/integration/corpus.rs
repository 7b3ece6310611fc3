//! The odd and hostile mails of `tests/corpus` through `pipe --dry-run`, each against its line of `expected.jsonl`;
//! and the example mails through `pipe` for real, against what their README says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Ceiling for one mail of the corpus, start of the program included; all are small.
const MAIL_DURATION_MAX: Duration = Duration::from_secs(10);

/// A desk without a mail server, in a folder of its own.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a temporary folder"));
        desk.admin(&["init"]);
        for address in ["support@example.org", "sales@example.org"] {
            let arguments = ["address", "add", address, "--name", "Desk", "--department", "1"];
            desk.admin(&[&arguments[..], &["--incoming", "pipe", "--outgoing", "none"]].concat());
        }
        desk
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maildesk"));
        command.arg("--db").arg(self.0.path().join("maildesk.db"));
        // Neither the configuration nor the envelope of whoever runs the tests.
        let foreign = ["MAILDESK_CONFIG", "MAILDESK_DB", "ORIGINAL_RECIPIENT", "RECIPIENT", "LOCAL_PART", "SENDER"];
        foreign.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.env("XDG_CONFIG_HOME", self.0.path());
        command
    }

    fn admin(&self, arguments: &[&str]) -> Value {
        let done = self.command().args(["--json", "admin"]).args(arguments).output().expect("the binary starts");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap_or(Value::Null)
    }

    fn pipe(&self, mail: &Path, arguments: &[&str]) -> Output {
        let stdin = fs::File::open(mail).unwrap_or_else(|error| panic!("{}: {error}", mail.display()));
        let mut command = self.command();
        command.args(["--json", "pipe"]).args(arguments).stdin(Stdio::from(stdin));
        command.output().expect("the binary starts")
    }
}

/// The texts a field of an expectation lists.
fn texts<'a>(expected: &'a Value, field: &str) -> Vec<&'a str> {
    expected[field].as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// What differs between a dry run's answer and its expectation, one sentence each.
fn differences(expected: &Value, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut want = |is_so: bool, what: String| {
        if !is_so {
            found.push(what);
        }
    };
    let text = |field: &str| answer[field].as_str().unwrap_or_default();
    for field in ["decision", "subject", "origin"] {
        if let Some(value) = expected[field].as_str() {
            want(text(field) == value, format!("{field} is {:?}, not {value:?}", answer[field]));
        }
    }
    if let Some(value) = expected["origin_not"].as_str() {
        want(text("origin") != value, format!("origin is {value}"));
    }
    for field in ["from", "reply_to"] {
        if let Some(value) = expected[field].as_str() {
            let address = answer[field]["email"].as_str().or(answer[field].as_str());
            want(address == Some(value), format!("{field} is {}, not {value}", answer[field]));
        }
    }
    let (reply, full, html) = (text("reply_text"), text("full_text"), text("html").to_lowercase());
    for part in texts(expected, "text_contains") {
        want(reply.contains(part), format!("{part:?} is not in the reply {reply:?}"));
    }
    for part in texts(expected, "text_lacks") {
        want(!reply.contains(part) && !full.contains(part), format!("{part:?} is in the text"));
    }
    for part in texts(expected, "subject_lacks") {
        want(!text("subject").contains(part), format!("{part:?} is in the subject"));
    }
    for part in texts(expected, "html_lacks") {
        want(!html.contains(part), format!("{part:?} is in the HTML {html:?}"));
    }
    let attachments = answer["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<_> = attachments.iter().map(|part| part["name"].as_str().unwrap_or_default()).collect();
    if expected["attachments"].is_array() {
        want(names == texts(expected, "attachments"), format!("the attachments are {names:?}"));
    }
    if let Some(count) = expected["attachments_count"].as_u64() {
        want(names.len() as u64 == count, format!("{} attachments, not {count}: {names:?}", names.len()));
    }
    for part in texts(expected, "attachment_names_lack") {
        want(names.iter().all(|name| !name.contains(part)), format!("{part:?} is in a name of {names:?}"));
    }
    found
}

#[test]
fn every_odd_mail_is_understood_as_expected() {
    let desk = Desk::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let lines = fs::read_to_string(corpus.join("expected.jsonl")).expect("the expectations are there");
    let mut wrong = Vec::new();
    for line in lines.lines() {
        let expected: Value = serde_json::from_str(line).expect("a line of expected.jsonl is an object");
        let name = expected["file"].as_str().expect("every line names its file");
        let started = Instant::now();
        let done = desk.pipe(&corpus.join(name), &["--dry-run", "--recipient=support@example.org"]);
        if started.elapsed() > MAIL_DURATION_MAX {
            wrong.push(format!("{name}: took {:?}", started.elapsed()));
        }
        let found = match serde_json::from_slice(&done.stdout) {
            Ok(answer) if done.status.success() => differences(&expected, &answer),
            _ => vec![format!("{}, {}", done.status, String::from_utf8_lossy(&done.stderr))],
        };
        wrong.extend(found.into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_odd_mail_is_stored_once_and_silently() {
    let desk = Desk::new();
    // All the mails together are more than one address may send in an hour.
    desk.admin(&["setting", "set", "mails_per_hour", "0"]);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let lines = fs::read_to_string(corpus.join("expected.jsonl")).expect("the expectations are there");
    let names: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut wrong = Vec::new();
    for name in names.iter().chain(&names).filter_map(|expected| expected["file"].as_str()) {
        let done = desk.pipe(&corpus.join(name), &["--recipient=support@example.org"]);
        if !done.status.success() || !done.stdout.is_empty() || !done.stderr.is_empty() {
            wrong.push(format!("{name}: {}, {}", done.status, String::from_utf8_lossy(&done.stderr)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(desk.admin(&["stats"])["mails_received"], names.len());
}

#[test]
fn the_example_mails_do_what_their_readme_says() {
    let desk = Desk::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mails");
    let mut mails: Vec<_> = fs::read_dir(folder)
        .expect("the example mails are there")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    mails.sort();
    let mut decisions = BTreeMap::new();
    for mail in &mails {
        let name = mail.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let answer: Value = serde_json::from_slice(&desk.pipe(mail, &["--dry-run"]).stdout).unwrap_or_default();
        decisions.insert(name, format!("{} {}", answer["decision"].as_str().unwrap_or("?"), answer["ticket_id"]));
        let done = desk.pipe(mail, &[]);
        assert!(done.status.success(), "{}: {}", mail.display(), String::from_utf8_lossy(&done.stderr));
    }
    for name in ["03-reply-by-tag", "10-out-of-office", "14-reply-german"] {
        assert_eq!(decisions[name], "append 1", "{name} of {decisions:?}");
    }
    for (answer, question) in [("05-reply-by-references", 2), ("15-reply-french", 4)] {
        assert_eq!(decisions[answer], format!("append {question}"), "{answer} of {decisions:?}");
    }
    for name in ["01-plain", "04-attachment", "12-forwarded", "16-monitoring-alert", "17-pgp-signed"] {
        assert!(decisions[name].starts_with("open "), "{name} of {decisions:?}");
    }
    let stats = desk.admin(&["stats"]);
    assert_eq!(stats["mails_received"], mails.len() - 1, "the last mail is the first one again: {stats}");
}
