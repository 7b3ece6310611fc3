//! The shape of the source, read from it: imports go one way, foreign crates and SQL have their one place, the core is
//! pure, files and names keep their measure. What each module is for is in ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the ground up; a module may use those of lower lines only.
const LAYERS: &[&[&str]] = &[
    &["account", "terminal", "trip", "child", "ip_list", "process", "random", "secret_file", "stop", "unread"],
    &["domain", "password", "private_file"],
    &["mail", "totp"],
    &["decision"],
    &["store"],
    &["worker"],
    &["outbox", "login", "webhook"],
    &["desk"],
    &["intake", "http", "jobs"],
    &["api", "lmtp", "web"],
    &["config"],
    &["logging", "outcome"],
    &["options"],
    // `serve` watches the mailboxes itself where it is asked to.
    &["pipe", "imap_fetch"],
    &["serve"],
    // `admin demo` ends by serving, `admin address test` and `admin outbox send` do what the other edges do.
    &["admin"],
    &["cli"],
];

/// Foreign crates that may be named in one module only, or in those of several lines.
const PLACES: &[(&str, &str)] = &[
    ("rusqlite", "src/store"),
    ("postgres", "src/store"),
    ("postgres_native_tls", "src/store/postgres"),
    ("mail_parser", "src/mail"),
    ("tiny_http", "src/http"),
    ("httparse", "src/http"),
    ("ammonia", "src/mail/html"),
    ("html2text", "src/mail/html"),
    ("html5ever", "src/mail/html"),
    ("encoding_rs", "src/mail"),
    ("chardetng", "src/mail"),
    ("lettre", "src/outbox"),
    ("imap", "src/imap_fetch"),
    ("ureq", "src/imap_fetch"),
    // One tells webhooks, one asks for access tokens, one hands mails over.
    ("ureq", "src/webhook/deliver"),
    ("ureq", "src/pipe/remote"),
    ("ipnet", "src/ip_list"),
    ("toml", "src/config"),
    ("anyhow", "src/outcome"),
    ("idna", "src/domain"),
    ("bcrypt", "src/password"),
    ("argon2", "src/password"),
    ("totp_rs", "src/totp"),
    ("comfy_table", "src/admin"),
    ("fluent_bundle", "src/web/language"),
    ("askama", "src/web"),
    ("pulldown_cmark", "src/web/text"),
];

/// Modules that touch neither files nor network nor clock nor database.
const PURE: &[&str] = &["src/domain", "src/mail", "src/decision", "src/outbox/compose"];

/// Longest file, tests included, in lines. Chosen: twice what one reads in a sitting is too much.
const FILE_LINES_MAX: usize = 500;

struct Source {
    /// Relative to the package, such as `src/mail/html.rs`.
    path: String,
    /// The lines that are compiled into the program: no comments, no tests.
    code: Vec<String>,
    lines: usize,
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines of a file without what is compiled for tests only. An item is passed over together with its attributes; an
/// inline module of tests is the end, because clippy (`items_after_test_module`) lets nothing follow it.
fn program_lines(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            found.push(line);
            continue;
        }
        let Some(item) = lines.find(|line| !line.trim_start().starts_with("#[")) else { break };
        if item.trim_start().starts_with("mod ") && item.ends_with('{') {
            break;
        }
        // As rustfmt lays it out, an item of several lines ends where its first one begins.
        let indent = &item[..item.len() - item.trim_start().len()];
        if !item.ends_with([';', '}', ',']) {
            lines.find(|line| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with(['}', ')'])));
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    collect(&root.join("bin"), &mut paths);
    paths.sort();
    assert!(paths.len() > 50, "the source is there");
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a source file is readable UTF-8");
        let code = program_lines(&text).into_iter();
        let code = code.map(|line| line.split("// ").next().unwrap_or_default().to_owned());
        let relative = path.strip_prefix(root).expect("it was found below the root");
        Source {
            path: relative.to_string_lossy().into_owned(),
            code: code.filter(|line| !line.trim_start().starts_with("//")).collect(),
            lines: text.lines().count(),
        }
    };
    let is_test = |source: &Source| source.path.contains("/tests/") || source.path.ends_with("tests.rs");
    paths.iter().map(read).filter(|source| !is_test(source)).collect()
}

/// Whether `path` is the module at `place` or below it.
fn is_in(path: &str, place: &str) -> bool {
    path == format!("{place}.rs") || path.starts_with(&format!("{place}/"))
}

/// The module a file belongs to; empty for `lib.rs` and the binary.
fn module(path: &str) -> &str {
    let rest = path.strip_prefix("src/").unwrap_or("");
    let name = rest.split('/').next().unwrap_or_default();
    let name = name.strip_suffix(".rs").unwrap_or(name);
    if name == "lib" { "" } else { name }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Every `crate::…` path of a file as its first two names, groups in braces opened.
fn crate_paths(source: &Source) -> BTreeSet<(String, String)> {
    let text = source.code.join("\n");
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let second = |rest: &str| rest.strip_prefix("::").map(name).unwrap_or_default();
    let mut found = BTreeSet::new();
    for piece in text.split("crate::").skip(1) {
        let Some(group) = piece.strip_prefix('{') else {
            let first = name(piece);
            let rest = &piece[first.len()..];
            match rest.strip_prefix("::{").and_then(|names| names.split_once('}')) {
                Some((names, _)) => {
                    found.extend(names.split(',').map(|item| (first.clone(), name(item.trim()))));
                }
                None => {
                    found.insert((first.clone(), second(rest)));
                }
            }
            continue;
        };
        let mut depth = 1;
        let mut items = vec![String::new()];
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => items.push(String::new()),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if c != ',' || depth > 1 {
                items.last_mut().expect("it starts with one item").push(c);
            }
        }
        for item in items {
            let first = name(item.trim());
            found.insert((first.clone(), second(&item.trim()[first.len()..])));
        }
    }
    found
}

#[test]
fn code_below_a_declaration_for_tests_is_read() {
    let declared = "mod a;\n#[cfg(test)]\nmod tests;\nmod b;\n";
    assert_eq!(program_lines(declared), ["mod a;", "mod b;"]);
    let elsewhere = "#[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod tests;\nfn a() {}\n";
    assert_eq!(program_lines(elsewhere), ["fn a() {}"]);
    let function = "impl A {\n    #[cfg(test)]\n    fn a() {\n        if b {\n        }\n    }\n    fn c() {}\n}\n";
    assert_eq!(program_lines(function), ["impl A {", "    fn c() {}", "}"]);
    let inline = "mod a;\n#[cfg(test)]\n#[allow(clippy::unwrap_used)]\nmod tests {\n    \"\n}\n\";\n}\n";
    assert_eq!(program_lines(inline), ["mod a;"]);
}

#[test]
fn every_module_has_its_layer() {
    let unknown: Vec<_> = sources()
        .into_iter()
        .filter(|s| !module(&s.path).is_empty() && layer(module(&s.path)).is_none())
        .map(|s| s.path)
        .collect();
    assert!(unknown.is_empty(), "say in LAYERS and ARCHITECTURE.md where these belong: {unknown:?}");
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let own = module(&source.path);
        for (used, item) in crate_paths(&source) {
            let (Some(from), Some(to)) = (layer(own), layer(&used)) else { continue };
            if used != own && to >= from {
                wrong.push(format!("{}: crate::{used}::{item}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_of_all_forms_are_seen() {
    let code = "use crate::cli::Done;\nuse crate::{store, mail::{html, Part}, desk::Post};\nuse crate::store::{self, WriteTx};\ncrate::api::go()";
    let source = Source { path: "src/x.rs".into(), code: vec![code.into()], lines: 0 };
    let found: Vec<String> =
        crate_paths(&source).into_iter().map(|(first, second)| format!("{first}:{second}")).collect();
    assert_eq!(found, ["api:go", "cli:Done", "desk:Post", "mail:", "store:", "store:WriteTx", "store:self"]);
}

#[test]
fn foreign_crates_are_named_in_their_place_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, place) in PLACES {
            let names_it = |line: &String| {
                line.match_indices(&format!("{name}::")).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                })
            };
            let is_elsewhere = !PLACES.iter().any(|(other, place)| other == name && is_in(&source.path, place));
            if is_elsewhere && source.code.iter().any(names_it) {
                wrong.push(format!("{} names {name}, which belongs to {place}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn core_is_pure() {
    let outside = [
        "rusqlite",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "getrandom",
    ];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.iter().any(|pure| is_in(&source.path, pure))) {
        for line in &source.code {
            // `domain` holds the one door to the clock.
            let is_door = source.path == "src/domain.rs" && line.contains("std::time::SystemTime::now()");
            if !is_door && outside.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_lives_in_the_store_only() {
    let statements =
        ["SELECT ", "INSERT INTO", "INSERT OR", "DELETE FROM", "UPDATE ", "PRAGMA ", "CREATE TABLE", "BEGIN IMMEDIATE"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !is_in(&source.path, "src/store")) {
        for line in source.code.iter().filter(|line| line.contains('"')) {
            if statements.iter().any(|word| line.contains(&format!("\"{word}")) || line.contains(&format!(" {word}"))) {
                wrong.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_is_named_for_nothing() {
    let empty =
        ["util", "utils", "helper", "helpers", "common", "manager", "service", "services", "types", "models", "misc"];
    let is_empty =
        |source: &&Source| source.path.split('/').any(|part| empty.contains(&part.strip_suffix(".rs").unwrap_or(part)));
    let wrong: Vec<_> = sources().iter().filter(is_empty).map(|source| source.path.clone()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "bin", "tests"] {
        collect(&root.join(folder), &mut paths);
    }
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source file is readable UTF-8");
        let (shown, lines) = (path.strip_prefix(root).unwrap_or(&path).display(), text.lines().count());
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{shown} has {lines} lines"));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{shown} does not start by saying what it is for"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn binary_only_hands_over() {
    let bin = sources().into_iter().find(|source| source.path == "bin/maildesk.rs").expect("the binary is there");
    assert!(bin.lines <= 60, "{} lines", bin.lines);
}

#[test]
fn errors_are_matched_and_never_downcast() {
    let mut wrong = Vec::new();
    for source in sources() {
        for line in source.code.iter().filter(|line| line.contains(".downcast")) {
            wrong.push(format!("{}: {}", source.path, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "say by a variant of crate::outcome::Failure what kind it is:\n{}", wrong.join("\n"));
}

/// Where files and folders may be made or opened otherwise than through `private_file`: what is meant for others follows
/// the umask.
const PUBLIC: &[(&str, &str)] = &[("src/admin/article.rs", "exported articles"), ("src/admin/man.rs", "man pages")];

/// Every way of the standard library to make a file or folder.
const MAKERS: &[&str] = &[
    "OpenOptions",
    "File::create",
    "File::options",
    "fs::write",
    "fs::copy",
    "create_dir",
    "DirBuilder",
    "mkdir",
    "SQLITE_OPEN_CREATE",
    "Connection::open(",
    "tempdir",
    "NamedTempFile",
];

#[test]
fn files_and_folders_are_made_in_one_place() {
    let mut wrong = Vec::new();
    for source in sources() {
        let is_exempt = is_in(&source.path, "src/private_file") || PUBLIC.iter().any(|(path, _)| *path == source.path);
        for line in source.code.iter().filter(|_| !is_exempt) {
            wrong.extend(
                MAKERS
                    .iter()
                    .filter(|maker| line.contains(**maker))
                    .map(|_| format!("{}: {}", source.path, line.trim())),
            );
        }
    }
    assert!(wrong.is_empty(), "make these through crate::private_file:\n{}", wrong.join("\n"));
}

#[test]
fn imports_open_files_in_one_place() {
    let openers = ["File::open", "fs::read", "read_dir"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| is_in(&source.path, "src/admin/import")) {
        for line in source.code.iter().filter(|line| openers.iter().any(|opener| line.contains(opener))) {
            wrong.push(format!("{}: {}", source.path, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "open these through crate::private_file:\n{}", wrong.join("\n"));
}

#[test]
fn terminals_are_written_to_in_one_place() {
    // What strangers wrote must not get around `terminal`.
    let places = [
        "src/admin/output.rs",
        "src/admin/output/screen.rs",
        "src/cli.rs",
        "src/imap_fetch.rs",
        "src/pipe.rs",
        "src/serve.rs",
        "src/admin/demo.rs",
        "src/admin/import/report.rs",
        "src/admin/removal.rs",
    ];
    let ways = ["println!", "eprintln!", "io::stdout()", "io::stderr()", "stdout().lock", "stderr().lock"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !places.contains(&source.path.as_str())) {
        for line in source.code.iter().filter(|line| !line.contains("is_terminal")) {
            wrong.extend(
                ways.iter().filter(|way| line.contains(**way)).map(|_| format!("{}: {}", source.path, line.trim())),
            );
        }
    }
    assert!(wrong.is_empty(), "print these through admin::output:\n{}", wrong.join("\n"));
}

/// Ticket-changing verbs hang on `ticket_rows`, so that a change cannot be made past its notices and its event.
#[test]
fn only_desk_changes_tickets() {
    let allowed = ["src/desk", "src/store"];
    let past: Vec<String> = sources()
        .into_iter()
        .filter(|source| !allowed.iter().any(|place| is_in(&source.path, place)))
        .filter(|source| source.code.iter().any(|line| line.contains("ticket_rows")))
        .map(|source| source.path)
        .collect();
    assert!(past.is_empty(), "these change tickets without `desk`: {past:?}");
}

/// Where what opens at the start of the text is closed: the arrow of a return type closes nothing.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut before) = (0_usize, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if before == '-' => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        before = c;
    }
    None
}

/// The functions that take a tuple apart where their parameters stand.
fn with_a_tuple_for_a_parameter(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let rest = &code[at + "fn ".len()..];
        let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let mut rest = &rest[name.len()..];
        if rest.starts_with('<') {
            rest = closing(rest).map_or("", |end| &rest[end + 1..]);
        }
        let Some(end) = closing(rest).filter(|_| rest.starts_with('(')) else { continue };
        let mut parameters = &rest[1..end];
        while !parameters.is_empty() {
            if parameters.trim_start().starts_with('(') {
                found.push(name);
                break;
            }
            let mut at = 0;
            // To the comma that ends this parameter.
            while let Some(c) = parameters[at..].chars().next().filter(|c| *c != ',') {
                let is_open = matches!(c, '(' | '[' | '{' | '<');
                at += if is_open { closing(&parameters[at..]).unwrap_or(0) + 1 } else { c.len_utf8() };
            }
            parameters = parameters.get(at + 1..).unwrap_or_default();
        }
    }
    found
}

#[test]
fn tuples_for_parameters_are_seen() {
    let code = "fn one((a, b): (u8, u8)) {}\nfn two<F: Fn(u8) -> bool>(\n    f: F,\n    (a, b): (u8, u8),\n) {}\n\
                fn three(&self, pair: (u8, u8), f: impl Fn(u8, (u8, u8)) -> u8) {}\nfn four(a: [u8; 2], (b, c): Pair) {}";
    assert_eq!(with_a_tuple_for_a_parameter(code), ["one", "two", "four"]);
}

/// Two things in one parameter are two parameters that the lint counts as one.
#[test]
fn no_parameter_is_a_tuple() {
    let mut wrong = Vec::new();
    for source in sources() {
        let code = source.code.join("\n");
        wrong.extend(with_a_tuple_for_a_parameter(&code).iter().map(|name| format!("{}: fn {name}", source.path)));
    }
    assert!(wrong.is_empty(), "give these plain parameters or a struct:\n{}", wrong.join("\n"));
}
