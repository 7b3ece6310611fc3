//! The pages for people: what they say can be run is run, what they link to is there, and flags they name exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::client::Server;
use crate::desk::{Desk, feed, mail};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page: the root's, those of docs and of examples.
fn pages() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, deep: usize, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && deep > 0 {
                walk(&path, deep - 1, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(root(), 0, &mut found);
    walk(&root().join("docs"), 2, &mut found);
    walk(&root().join("examples"), 2, &mut found);
    found.sort();
    assert!(found.len() > 10, "the pages are there");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a page is text");
        (path, text)
    };
    found.into_iter().map(read).collect()
}

/// The blocks that are marked `<!-- run: PLACE -->`, with where they are.
fn marked(place: &str) -> Vec<(String, String)> {
    let mark = format!("<!-- run: {place} -->\n```sh\n");
    let mut blocks = Vec::new();
    for (path, text) in pages() {
        for block in text.split(&mark).skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            blocks.push((path.display().to_string(), block.to_owned()));
        }
    }
    assert!(!blocks.is_empty(), "no block is marked {place}");
    blocks
}

/// Runs a block as a shell of its own does, with the program on its path and the desk in its environment.
fn run(desk: &Desk, block: &str, env: &[(&str, &str)]) -> (i32, String) {
    let bin = Path::new(env!("CARGO_BIN_EXE_maildesk")).parent().expect("it lies in a folder");
    let mut command = Command::new("/bin/sh");
    command.args(["-ec", block]).env_clear().env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.env("MAILDESK_CONFIG", desk.path("maildesk.toml")).env("HOME", desk.path("")).current_dir(desk.path(""));
    let done = feed(command.envs(env.iter().copied()), b"");
    (done.status, format!("{}{}", done.stdout, done.stderr))
}

#[test]
fn what_pages_say_can_be_run_runs_as_it_stands() {
    let desk = Desk::new();
    desk.deliver(mail("one", "Subject: Lamp\n", "It is dark."));
    for (page, block) in marked("desk") {
        let (status, said) = run(&desk, &block, &[]);
        assert_eq!(status, 0, "{page}:\n{block}\n{said}");
    }
}

#[test]
fn curl_lines_of_the_api_guide_succeed() {
    let desk = Desk::new();
    desk.deliver(mail("one", "Subject: Lamp\n", "It is dark."));
    let token = desk.admin(&["token", "add", "guide", "--all"]);
    let token = token["token"].as_str().expect("the token is printed once").to_owned();
    let server = Server::spawn(desk.command().args(["serve", "--listen", "127.0.0.1:0"]));
    let url = format!("http://{}", server.address);
    for (page, block) in marked("api") {
        let (status, said) = run(&desk, &block, &[("TOKEN", &token), ("URL", &url)]);
        assert_eq!(status, 0, "{page}:\n{block}\n{said}");
        assert!(!said.contains("\"success\":0"), "{page}:\n{block}\n{said}");
    }
}

#[test]
fn links_lead_to_something() {
    let mut broken = Vec::new();
    for (path, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with('<') {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().expect("it has one").join(file) };
            if !target.exists() {
                broken.push(format!("{}: {link}", path.display()));
                continue;
            }
            let heading = |line: &str| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
                line.starts_with('#') && kept.collect::<String>().replace(' ', "-") == anchor
            };
            let is_there = || fs::read_to_string(&target).is_ok_and(|text| text.lines().any(heading));
            if !anchor.is_empty() && !is_there() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn flags_of_commands_in_pages_exist() {
    let grammar = crate::snapshots::whole_grammar();
    let mut known = BTreeSet::new();
    fn flags(command: &clap::Command, known: &mut BTreeSet<String>) {
        known.extend(command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
        command.get_subcommands().for_each(|child| flags(child, known));
    }
    flags(&grammar, &mut known);
    let mut unknown = Vec::new();
    for (path, text) in pages().iter().filter(|(path, _)| !path.ends_with("CHANGELOG.md")) {
        for line in text.lines().filter(|line| line.contains("maildesk ")) {
            let is_ours =
                |rest: &&str| ["admin", "pipe", "serve", "imap-fetch", "--"].iter().any(|word| rest.starts_with(word));
            // Its folder is no command.
            let line = line.replace("lib/maildesk ", "");
            for rest in line.split("maildesk ").skip(1).filter(is_ours) {
                // Up to the end of the command: of the code it stands in, of a pipe, or to a remark.
                let command =
                    rest.split(" #").next().unwrap_or_default().split(['`', '|', '>']).next().unwrap_or_default();
                for word in command.split_whitespace().filter(|word| word.starts_with("--")) {
                    let flag = word.split(['=', ',', ']', ')', '`', '.']).next().unwrap_or_default();
                    if flag.len() > 2 && !known.contains(flag) {
                        unknown.push(format!("{}: {flag} in: {line}", path.display()));
                    }
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn dashboard_and_alerts_ask_for_numbers_that_there_are() {
    let desk = Desk::new();
    desk.set("metrics_open", "1");
    let server = Server::spawn(desk.command().args(["serve", "--listen", "127.0.0.1:0"]));
    let numbers = server.get("/healthz").status;
    assert_eq!(numbers, 200);
    let page = server.get("/metrics").body;
    let source = fs::read_to_string(root().join("src/api/system/metrics.rs")).expect("the source is text");
    for name in ["docs/monitoring/grafana.json", "docs/monitoring/alerts.yml"] {
        let text = fs::read_to_string(root().join(name)).expect("it is there");
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        for metric in text.split(|c: char| !is_name(c)).filter(|word| word.starts_with("maildesk_")) {
            let base = metric.trim_end_matches("_bucket");
            assert!(page.contains(base) || source.contains(base), "{name}: {metric}");
        }
    }
    let dashboard = fs::read_to_string(root().join("docs/monitoring/grafana.json")).expect("it is there");
    serde_json::from_str::<serde_json::Value>(&dashboard).expect("a dashboard is JSON");
}
