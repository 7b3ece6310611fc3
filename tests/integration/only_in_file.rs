//! What is tested with desks in a file alone, although every other test is run with desks on a server as well
//! (`tests/run --postgres`): each with its reason, here and nowhere else. Beside them those that make their desk by
//! themselves are about a file: with real mail servers (Postfix, Exim), with Litestream, and of setting a desk up.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Reasons, and the tests that have them.
const REASONS: &[(&str, &[&str])] = &[
    (
        "Litestream follows a file",
        &[
            "litestream::doctor_tells_the_age_of_the_replica",
            "litestream::known_mail_and_a_log_in_doubt_wait_for_nobody_who_follows",
            "litestream::restore_in_the_middle_of_the_mail_is_a_sound_desk_and_the_last_one_is_equal",
        ],
    ),
    (
        "a backup and a restore are of the file; a server's are the server's own, and `admin copy` is tested apart",
        &[
            "admin_care::backup_and_restore_bring_back_what_was",
            "admin_care::restore_refuses_newer_damaged_and_foreign_files_and_a_running_serve",
            "admin_care::restore_sees_every_serve_and_none_that_was_killed",
            "admin_care::damaged_database_is_kept_and_replaced",
            "admin_care::backups_under_heavy_writes_are_whole",
            "admin_care::killed_restore_leaves_the_old_or_the_new",
            "place::backup_and_restore_that_cannot_be_printed_are_done",
            "place::backup_that_does_not_fit_names_the_disk_and_its_need",
            "unsynced::restore_that_failed_did_not_happen",
            "unsynced::restore_and_backup_that_are_complete_are_no_failure_when_the_folder_cannot_be_synced",
            "unsynced::backup_is_made_where_hard_links_are_not_allowed",
        ],
    ),
    (
        "a damaged, foreign, older or newer file; of a server's schema the unit tests of `store::remote` speak",
        &[
            "admin_care::check_names_what_is_wrong_and_repairs_what_it_can",
            "admin_care::check_of_a_damaged_file_is_a_report",
            "doctor::desk_on_a_file_system_without_writes_is_a_failure_that_names_it",
            "pipe::schema_of_a_newer_or_older_program_defers_and_stays_untouched",
            "pipe::damaged_database_defers",
            "place::database_that_is_a_folder_or_another_programs_file_is_named_as_that",
        ],
    ),
    (
        "owners, modes and sizes of the file and its folder, and which processes have it open",
        &[
            "admin_care::doctor_says_what_is_wrong_and_what_to_do",
            "doctor::doctor_warns_of_sendmail_where_privileges_cannot_be_gained",
            "doctor::every_command_that_doctor_gives_can_be_typed",
            "pipe::database_of_another_account_defers",
            "pipe::read_only_database_or_folder_defers",
            "pipe::file_size_limit_defers",
            "place::doctor_leaves_the_modes_of_what_is_no_desk_alone",
            "place::doctor_compares_the_owners_of_folder_and_files",
        ],
    ),
    (
        "a disk that loses what was not synced: SQLite's log and our handling of it; a server has a log of its own",
        &[
            "pipe::syncs::a_mail_waits_for_the_disk_once",
            "pipe::syncs::the_first_mail_in_a_new_log_syncs_the_folder_too",
            "unsynced::what_is_not_synced_is_gone",
            "unsynced::mail_of_a_pipe_that_was_killed_before_its_sync_is_on_the_disk_before_it_is_called_known",
            "unsynced::known_mail_is_not_acknowledged_while_the_disk_fails",
            "unsynced::known_mail_is_made_sure_of_while_somebody_reads_without_an_end",
            "unsynced::failed_commit_is_taken_back_while_somebody_reads_without_an_end",
            "unsynced::mail_whose_sync_failed_is_not_on_record_and_hides_no_later_one",
            "unsynced::what_a_failing_disk_left_behind_is_cleared_by_whoever_comes_next",
            "unsynced::answer_of_a_serve_that_was_killed_before_its_sync_is_on_the_disk_before_it_is_given_again",
            "unsynced::mail_is_deleted_from_a_mailbox_only_when_it_is_on_the_disk",
            "unsynced::desk_is_unready_while_its_disk_fails",
        ],
    ),
    ("it is what is printed that is compared, word for word, and that names the file", &["snapshots::furnished"]),
    (
        "the desk that is moved to a server begins in a file",
        &["server::desk_moves_to_a_server_and_back_with_all_it_has"],
    ),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the tests are there").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("fixture") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_is_tested_in_files_alone_has_its_reason_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|path| !path.ends_with("only_in_file.rs")) {
        let module =
            path.strip_prefix(&root).expect("below").with_extension("").display().to_string().replace('/', "::");
        let text = fs::read_to_string(path).expect("a source is text");
        let mut function = "";
        for line in text.lines() {
            let head = line.trim_start().trim_start_matches("pub(crate) ");
            if let Some(name) = head.strip_prefix("fn ") {
                function = name.split(['(', '<']).next().unwrap_or(name);
            }
            if line.contains("in_file(") && !head.starts_with("//") {
                found.insert(format!("{module}::{function}"));
            }
        }
    }
    let known: BTreeSet<String> = REASONS.iter().flat_map(|(_, tests)| *tests).map(|test| (*test).to_owned()).collect();
    let (new, gone): (Vec<_>, Vec<_>) = (found.difference(&known).collect(), known.difference(&found).collect());
    assert!(new.is_empty(), "run these on a server too (Desk::new), or say here why not: {new:?}");
    assert!(gone.is_empty(), "these are run on a server by now: {gone:?}");
}
