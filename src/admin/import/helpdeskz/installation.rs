//! Which tables of a dump are a HelpDeskZ, and of which version. A server's dump may hold other
//! programs' tables, several prefixes, and copies that somebody made before an upgrade.

use std::collections::BTreeMap;

use crate::admin::import::dump::{Survey, Table, TableName};
use crate::outcome::{self, Failure, bail};

/// HelpDeskZ 2.0.2's tables without their prefix, with their columns in its order: what a dump
/// without CREATE TABLE is read by.
const TABLES: [(&str, &[&str]); 18] = [
    ("api", &["id", "name", "token", "date", "last_update", "permissions", "ip_address", "active"]),
    ("articles", &["id", "title", "content", "category", "staff_id", "date", "last_update", "views", "public"]),
    ("attachments", &["id", "name", "enc", "filetype", "article_id", "ticket_id", "msg_id", "filesize"]),
    ("canned_response", &["id", "title", "message", "position", "date", "last_update", "staff_id"]),
    (
        "config",
        &[
            "id",
            "logo",
            "site_name",
            "windows_title",
            "page_size",
            "date_format",
            "timezone",
            "maintenance",
            "maintenance_message",
            "recaptcha",
            "recaptcha_sitekey",
            "recaptcha_privatekey",
            "login_attempt",
            "login_attempt_minutes",
            "reply_order",
            "tickets_page",
            "tickets_replies",
            "overdue_time",
            "ticket_autoclose",
            "ticket_attachment",
            "ticket_attachment_number",
            "ticket_file_size",
            "ticket_file_type",
            "kb_articles",
            "kb_maxchar",
            "kb_popular",
            "kb_latest",
        ],
    ),
    ("custom_fields", &["id", "type", "title", "value", "required", "departments", "display"]),
    ("departments", &["id", "dep_order", "name", "private"]),
    (
        "emails",
        &[
            "id",
            "default",
            "name",
            "email",
            "department_id",
            "created",
            "last_update",
            "outgoing_type",
            "smtp_host",
            "smtp_port",
            "smtp_encryption",
            "smtp_username",
            "smtp_password",
            "incoming_type",
            "imap_host",
            "imap_port",
            "imap_username",
            "imap_password",
            "imap_minutes",
        ],
    ),
    ("emails_tpl", &["id", "position", "name", "subject", "message", "last_update", "status"]),
    ("kb_category", &["id", "name", "position", "parent", "public"]),
    ("login_attempt", &["ip", "attempts", "date"]),
    ("login_log", &["id", "date", "staff_id", "ip", "agent", "success"]),
    ("priority", &["id", "name", "color"]),
    (
        "staff",
        &[
            "id",
            "username",
            "password",
            "fullname",
            "email",
            "token",
            "registration",
            "login",
            "last_login",
            "department",
            "timezone",
            "signature",
            "avatar",
            "two_factor",
            "admin",
            "active",
        ],
    ),
    (
        "tickets",
        &[
            "id",
            "department_id",
            "priority_id",
            "user_id",
            "subject",
            "date",
            "last_update",
            "status",
            "replies",
            "last_replier",
            "custom_vars",
        ],
    ),
    ("tickets_messages", &["id", "ticket_id", "date", "customer", "staff_id", "message", "ip", "email"]),
    ("ticket_notes", &["id", "ticket_id", "staff_id", "date", "message"]),
    (
        "users",
        &["id", "fullname", "email", "password", "registration", "last_login", "token", "timezone", "avatar", "status"],
    ),
];

/// Tables without which nothing is imported: a dump that lacks one is not whole.
const NEEDED: [&str; 4] = ["departments", "tickets", "tickets_messages", "users"];

/// Tables whose absence is worth a line. Older versions lack `ticket_notes`.
const EXPECTED: [&str; 11] = [
    "api",
    "articles",
    "attachments",
    "canned_response",
    "config",
    "custom_fields",
    "emails",
    "emails_tpl",
    "kb_category",
    "priority",
    "staff",
];

/// Columns by which a table is HelpDeskZ's and not another program's of the same name.
const SIGNS: [(&str, &[&str]); 4] = [
    ("departments", &["name"]),
    ("tickets", &["department_id", "user_id", "subject", "status"]),
    ("tickets_messages", &["ticket_id", "message"]),
    ("users", &["fullname", "email"]),
];

/// Tables that only HelpDeskZ 1.x has.
const OLD_TABLES: [&str; 3] = ["settings", "file_types", "knowledgebase_category"];

/// A HelpDeskZ in a dump.
pub(super) struct Installation {
    /// The database's name where the dump gives one, with a dot, and the prefix: `desk.hdz_`.
    pub(super) prefix: String,
    /// `2.0` (to 2.0.1) or `2.0.2`, by its tables.
    pub(super) version: &'static str,
    tables: BTreeMap<&'static str, (TableName, Table)>,
    /// Tables it should have and has not.
    pub(super) missing: Vec<&'static str>,
    /// Prefixes of other installations in the dump, which are taken for copies of this one.
    pub(super) copies: Vec<String>,
}

impl Installation {
    /// One of its tables; `None` where the dump lacks it.
    pub(super) fn table(&self, name: &str) -> Option<&(TableName, Table)> {
        self.tables.get(name)
    }

    /// Finds the HelpDeskZ of the dump; of several the one whose prefix is `wanted`.
    pub(super) fn find(survey: &Survey, wanted: Option<&str>) -> outcome::Result<Self> {
        let groups = groups(survey);
        let mut whole: Vec<(&str, &Group)> = groups
            .iter()
            .map(|(prefix, group)| (prefix.as_str(), group))
            .filter(|(_, group)| group.is_whole())
            .collect();
        if let Some(wanted) = wanted {
            let bare = |prefix: &str| prefix.rsplit_once('.').map_or(prefix.to_owned(), |(_, bare)| bare.to_owned());
            whole.retain(|(prefix, _)| *prefix == wanted || (!wanted.contains('.') && bare(prefix) == wanted));
            if whole.is_empty() {
                return Err(Failure::usage(format!("the dump has no HelpDeskZ with the table prefix {wanted:?}")));
            }
        }
        // A copy made before an upgrade is called after what it is a copy of: `old_hdz_`, `hdz_old_`.
        let originals: Vec<(&str, &Group)> = whole
            .iter()
            .filter(|(prefix, _)| !whole.iter().any(|(other, _)| is_copy(prefix, other)))
            .copied()
            .collect();
        match originals.as_slice() {
            [(prefix, group)] => {
                let copies = whole.iter().map(|(other, _)| (*other).to_owned()).filter(|other| other != prefix);
                Ok(group.installation(prefix, copies.collect()))
            }
            [] => Err(nothing_found(&groups)),
            several => {
                let names: Vec<&str> = several.iter().map(|(prefix, _)| *prefix).collect();
                Err(Failure::usage(format!(
                    "the dump holds several HelpDeskZ installations ({}); choose one with --prefix",
                    names.join(", ")
                )))
            }
        }
    }
}

/// Words in a prefix that say it is a copy.
const COPY_WORDS: [&str; 9] = ["archive", "backup", "bak", "copy", "old", "save", "temp", "test", "tmp"];

/// Whether the first of two prefixes says that its tables are a copy of the second's: it has a word
/// for it, or is made of the other and something more.
fn is_copy(prefix: &str, original: &str) -> bool {
    let (database, bare) = prefix.rsplit_once('.').unwrap_or(("", prefix));
    let (other_database, other) = original.rsplit_once('.').unwrap_or(("", original));
    let says_copy = |text: &str| COPY_WORDS.iter().any(|word| text.to_ascii_lowercase().contains(word));
    if says_copy(prefix) != says_copy(original) {
        return says_copy(prefix);
    }
    database == other_database
        && bare != other
        && !other.is_empty()
        && (bare.ends_with(other) || bare.starts_with(other))
}

/// Tables with one prefix.
#[derive(Default)]
struct Group {
    tables: BTreeMap<&'static str, (TableName, Table)>,
    /// Tables of HelpDeskZ 1.x alone.
    old: usize,
}

/// The dump's tables that are called like HelpDeskZ's, by database and prefix.
fn groups(survey: &Survey) -> BTreeMap<String, Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for (name, table) in &survey.tables {
        let key = |prefix: &str| match name.database.as_str() {
            "" => prefix.to_owned(),
            database => format!("{database}.{prefix}"),
        };
        for (own, columns) in TABLES {
            let Some(prefix) = name.table.strip_suffix(own) else { continue };
            let mut table = table.clone();
            if table.columns.is_empty() {
                table.columns = columns.iter().map(|column| (*column).to_owned()).collect();
            }
            groups.entry(key(prefix)).or_default().tables.insert(own, (name.clone(), table));
        }
        for old in OLD_TABLES {
            if let Some(prefix) = name.table.strip_suffix(old) {
                groups.entry(key(prefix)).or_default().old += 1;
            }
        }
    }
    groups
}

impl Group {
    fn has_column(&self, table: &str, column: &str) -> bool {
        self.tables
            .get(table)
            .is_some_and(|(_, table)| table.columns.iter().any(|name| name.eq_ignore_ascii_case(column)))
    }

    fn is_named_like_one(&self) -> bool {
        NEEDED.iter().all(|table| self.tables.contains_key(table))
    }

    fn is_whole(&self) -> bool {
        self.is_named_like_one()
            && SIGNS.iter().all(|(table, columns)| columns.iter().all(|column| self.has_column(table, column)))
            && !self.is_old()
    }

    /// Version 1.x: a ticket had a code and its writer's name, and the settings were rows.
    fn is_old(&self) -> bool {
        let has_old_columns = self.has_column("tickets", "code") && !self.has_column("tickets", "custom_vars");
        has_old_columns || (self.old > 0 && !self.tables.contains_key("config"))
    }

    fn installation(&self, prefix: &str, copies: Vec<String>) -> Installation {
        let missing = EXPECTED.iter().filter(|table| !self.tables.contains_key(*table)).copied().collect();
        let version = if self.tables.contains_key("ticket_notes") { "2.0.2" } else { "2.0" };
        Installation { prefix: prefix.to_owned(), version, tables: self.tables.clone(), missing, copies }
    }
}

/// Why there is nothing to import.
fn nothing_found(groups: &BTreeMap<String, Group>) -> Failure {
    let old = groups.iter().find(|(_, group)| group.is_old() && group.tables.contains_key("tickets"));
    if let Some((prefix, _)) = old {
        return Failure::other(format!("the tables {prefix}… are of HelpDeskZ 1.x"))
            .with_hint("let HelpDeskZ 2.0's installer upgrade that database first, then dump it again");
    }
    let nearest = groups
        .iter()
        .map(|(prefix, group)| (NEEDED.iter().filter(|table| group.tables.contains_key(*table)).count(), prefix, group))
        .filter(|(found, ..)| *found > 1)
        .max_by_key(|(found, ..)| *found);
    match nearest {
        Some((_, prefix, group)) => {
            let missing: Vec<String> = NEEDED
                .iter()
                .filter(|table| !group.tables.contains_key(*table))
                .map(|table| format!("{prefix}{table}"))
                .collect();
            let what = if missing.is_empty() { "columns of HelpDeskZ's".to_owned() } else { missing.join(", ") };
            Failure::other(format!("the dump is not whole: it lacks {what}")).with_hint("dump the whole database again")
        }
        None => Failure::other("the dump has no tables of HelpDeskZ (tickets, tickets_messages, users, departments)"),
    }
}

/// Refuses a file that is compressed, or no text at all.
pub(super) fn refuse_other_formats(head: &[u8]) -> outcome::Result<()> {
    let unpack = match head {
        [0x1f, 0x8b, ..] => "gunzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "unzstd",
        [b'B', b'Z', b'h', ..] => "bunzip2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "unxz",
        [b'P', b'K', 3, 4, ..] => "unzip",
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', b'f', ..] => {
            bail!("this is an SQLite database, not a dump of MySQL's")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            bail!(
                "the dump is in UTF-16, as PowerShell's `>` writes it: characters may be lost already; make it again with \
                 `mysqldump --result-file=dump.sql`, or convert it (iconv -f UTF-16 -t UTF-8)"
            )
        }
        _ => return Ok(()),
    };
    bail!("the dump is compressed"; "unpack it first ({unpack})")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A survey with these tables, each with HelpDeskZ's columns and those named.
    fn survey_of(names: &[&str]) -> Survey {
        let mut survey = Survey::default();
        for name in names {
            let (database, table) = name.rsplit_once('.').unwrap_or(("", name));
            let own = TABLES.iter().filter(|(own, _)| table.ends_with(own)).max_by_key(|(own, _)| own.len());
            let columns = own.map_or(&["id"][..], |(_, columns)| columns);
            let table_name = TableName { database: database.to_owned(), table: table.to_owned() };
            let columns = columns.iter().map(|column| (*column).to_owned()).collect();
            survey.tables.insert(table_name, Table { columns, ..Table::default() });
        }
        survey
    }

    fn tables(prefixes: &[&str]) -> Vec<String> {
        prefixes.iter().flat_map(|prefix| NEEDED.map(|table| format!("{prefix}{table}"))).collect()
    }

    fn found(prefixes: &[&str], wanted: Option<&str>) -> Result<String, String> {
        let names = tables(prefixes);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Installation::find(&survey_of(&names), wanted).map(|found| found.prefix).map_err(|error| error.to_string())
    }

    #[test]
    fn prefix_is_found_whatever_it_is_and_copies_are_passed_over() {
        for (prefixes, prefix) in [
            (&["hdz_"][..], "hdz_"),
            (&[""], ""),
            (&["support_2_"], "support_2_"),
            (&["hdz_", "bak_hdz_", "hdz_old_", "hdz_2023_"], "hdz_"),
            (&["", "backup_"], ""),
            (&["live.hdz_", "live_test.hdz_"], "live.hdz_"),
            (&["testdesk.hdz_"], "testdesk.hdz_"),
        ] {
            assert_eq!(found(prefixes, None).as_deref(), Ok(prefix), "{prefixes:?}");
        }
        assert_eq!(found(&["hdz_", "bak_hdz_"], Some("bak_hdz_")).as_deref(), Ok("bak_hdz_"));
        assert_eq!(found(&["live.hdz_"], Some("hdz_")).as_deref(), Ok("live.hdz_"));
    }

    #[test]
    fn several_desks_have_to_be_chosen_from() {
        let refused = found(&["emea_", "apac_"], None).unwrap_err();
        assert!(refused.contains("apac_, emea_") && refused.contains("--prefix"), "{refused}");
        assert_eq!(found(&["emea_", "apac_"], Some("apac_")).as_deref(), Ok("apac_"));
        assert!(found(&["emea_"], Some("hdz_")).is_err());
    }

    #[test]
    fn other_programs_tables_of_the_same_names_are_none_of_ours() {
        let mut survey = survey_of(&["users", "tickets", "tickets_messages", "departments"]);
        for table in survey.tables.values_mut() {
            table.columns = vec!["id".to_owned()];
        }
        assert!(Installation::find(&survey, None).is_err());
    }

    #[test]
    fn version_1_and_half_a_dump_are_refused_by_name() {
        let old = survey_of(&["hdz_users", "hdz_tickets", "hdz_tickets_messages", "hdz_departments", "hdz_settings"]);
        assert!(Installation::find(&old, None).is_err_and(|error| error.to_string().contains("1.x")));
        let half = survey_of(&["hdz_departments", "hdz_tickets", "hdz_api"]);
        let refused = Installation::find(&half, None).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("hdz_tickets_messages, hdz_users"), "{refused}");
    }
}
