//! Completing a command line: what shells are offered, names of the desk included.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::desk::{Desk, feed};

/// A desk with departments and staff whose names tell.
fn named() -> Desk {
    let desk = Desk::new();
    desk.admin(&["department", "add", "Field Service"]);
    let add = ["admin", "staff", "add", "sam", "--name", "Sam Poe", "--email", "sam@helpdesk.test", "--role", "admin"];
    let done = feed(desk.command().args(add).arg("--password-stdin"), b"a long password\n");
    assert_eq!(done.status, 0, "{}", done.stderr);
    desk
}

/// What a shell would be offered for the last of these words.
fn offered(desk: &Desk, shell: &str, words: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maildesk"));
    command.arg("--").arg("maildesk").args(words).current_dir(desk.path(""));
    command.env("MAILDESK_CONFIG", desk.path("maildesk.toml")).env("MAILDESK_COMPLETE", shell);
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true");
    let done = feed(&mut command, b"");
    assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{words:?}");
    // zsh gets a description behind a colon, fish behind a tab.
    let word = |line: &str| line.split(['\t', ':']).next().unwrap_or_default().replace("\\ ", " ");
    done.stdout.lines().map(word).collect()
}

#[test]
fn names_of_the_desk_complete_in_every_shell() {
    let desk = named();
    let statuses = ["open", "answered", "awaiting-reply", "in-progress", "closed"];
    for shell in ["bash", "zsh", "fish"] {
        let offered = |words: &[&str]| offered(&desk, shell, words);
        assert_eq!(offered(&["admin", "tick"]), ["ticket"], "{shell}");
        for line in [&["admin", "ticket", "list", "--department", ""][..], &["admin", "ticket", "move", "1", ""]] {
            let names = offered(line);
            assert!(names.contains(&"General".to_owned()) && names.contains(&"Field Service".to_owned()), "{names:?}");
        }
        assert_eq!(offered(&["admin", "ticket", "list", "--department", "gen"]), ["General"], "{shell}: any case");
        for line in [&["admin", "ticket", "reply", "1", "--staff", "s"][..], &["admin", "ticket", "assign", "1", "s"]] {
            assert_eq!(offered(line), ["sam"], "{shell} {line:?}");
        }
        let shown = offered(&["admin", "ticket", "status", "1", ""]);
        assert!(statuses.iter().all(|status| shown.contains(&(*status).to_owned())), "{shell}: {shown:?}");
        assert_eq!(offered(&["admin", "setting", "set", "overdue"]), ["overdue_time"], "{shell}");
        assert_eq!(offered(&["admin", "address", "test", "supp"]), ["support@helpdesk.test"], "{shell}");
    }
}

#[test]
fn line_that_names_another_desk_is_completed_from_there() {
    let desk = named();
    let other = desk.path("other.db").display().to_string();
    let done = feed(desk.command().args(["--db", &other, "admin", "init"]), b"");
    assert_eq!(done.status, 0, "{}", done.stderr);
    let names = offered(&desk, "bash", &["--db", &other, "admin", "department", "show", ""]);
    assert!(names.contains(&"General".to_owned()) && !names.contains(&"Field Service".to_owned()), "{names:?}");
    let nowhere = desk.path("nowhere.db").display().to_string();
    let names = offered(&desk, "bash", &["--db", &nowhere, "admin", "ticket", "list", "--department", ""]);
    assert!(names.is_empty() && !Path::new(&nowhere).exists(), "a desk that is not there offers nothing: {names:?}");
}

#[test]
fn bash_asks_the_program_by_the_script_it_printed() {
    let desk = named();
    let script = feed(desk.command().args(["admin", "completions", "bash"]), b"").stdout;
    fs::write(desk.path("completion"), script).expect("the folder is ours");
    let bin = Path::new(env!("CARGO_BIN_EXE_maildesk")).parent().expect("it lies in a folder");
    let line = r#". ./completion
        typed=(maildesk admin ticket list --department F)
        COMP_WORDS=("${typed[@]}") COMP_CWORD=5 COMP_TYPE=9
        read -r -a registered <<<"$(complete -p maildesk)"
        for ((n = 0; n < ${#registered[@]}; n++)); do
          if [[ ${registered[n]} == -F ]]; then "${registered[n + 1]}" maildesk F --department; fi
        done
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    bash.args(["-c", line]).current_dir(desk.path("")).env("MAILDESK_CONFIG", desk.path("maildesk.toml"));
    let done = feed(bash.env("PATH", format!("{}:/usr/bin:/bin", bin.display())), b"");
    assert_eq!((done.status, done.stdout.replace('\\', "").trim()), (0, "Field Service"), "{}", done.stderr);
}
