//! The ways in and out of an address: their fields, the lines that make a mail server hand mail over, the files of
//! their passwords, and trying them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::field::{Field, OutcomeLine};
use crate::domain::Timestamp;
use crate::domain::desk_address::{Auth, Incoming, Outgoing, Tls};
use crate::private_file;
use crate::store::address::AddressRow;
use crate::store::department::Department;
use crate::store::imap::FolderHealth;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// How the names of our password files begin.
const PASSWORD_FILE: &str = "mailbox-";

fn words(call: &Call<'_>, kind: &str, words: &[&str]) -> Vec<(String, String)> {
    words.iter().map(|word| ((*word).to_owned(), call.language.word(kind, word))).collect()
}

fn securities(call: &Call<'_>) -> Vec<(String, String)> {
    Tls::WORDS.iter().map(|word| ((*word).to_owned(), call.language.word("tls", word))).collect()
}

pub(super) fn fields(call: &Call<'_>, row: &AddressRow, departments: Vec<Department>) -> Vec<Field> {
    let t = |name: &str| call.language.t(name);
    let chosen = row.department.or_else(|| departments.first().map(|own| own.id));
    let choices = departments.into_iter().map(|own| (own.id.to_string(), own.name)).collect();
    // A folder of files is set up at the command line: who may write where is the machine's affair.
    let outgoing: Vec<&str> =
        Outgoing::WORDS.iter().copied().filter(|word| *word != "file" || row.outgoing == Outgoing::File).collect();
    let sign_in = |word: &&str| ((*word).to_owned(), call.language.word("imap-auth", word));
    let sign_ins = Auth::WORDS.iter().map(sign_in).collect();
    let password = |name: &str, label: &str, file: &str| {
        let hint = if file.is_empty() { "h-mailbox-password" } else { "h-mailbox-password-kept" };
        Field::new("password", name, t(label), "").hint(t(hint))
    };
    vec![
        Field::new("email", "email", t("f-email"), row.email.as_str()).required(),
        Field::text("name", t("f-name"), row.name.as_str()).required().hint(t("h-from")),
        Field::select("department", t("department"), &chosen.map_or_else(String::new, |id| id.to_string()), choices),
        Field::check("default", t("f-default"), row.is_default).hint(t("h-default")),
        Field::new("area", "signature", t("signature"), row.signature.as_str()).hint(t("h-signature")),
        Field::select("incoming", t("f-incoming"), row.incoming.word(), words(call, "incoming", Incoming::WORDS)),
        Field::heading(t("f-imap"), t("h-imap")),
        Field::text("imap_host", t("f-imap-host"), row.imap_host.as_str()),
        Field::new("number", "imap_port", t("f-imap-port"), row.imap_port.to_string()),
        Field::select("imap_tls", t("f-imap-tls"), row.imap_tls.word(), securities(call)),
        Field::text("imap_user", t("f-imap-user"), row.imap_user.as_str()),
        password("imap_password", "f-imap-password", &row.imap_password_file),
        Field::select("imap_auth", t("f-imap-auth"), row.imap_auth.word(), sign_ins).hint(t("h-imap-auth")),
        Field::new("url", "oauth_url", t("f-oauth-url"), option(row, "oauth_url")),
        Field::text("oauth_client", t("f-oauth-client"), option(row, "oauth_client")),
        password("oauth_secret", "f-oauth-secret", &option(row, "oauth_secret_file")),
        password("oauth_refresh", "f-oauth-refresh", &option(row, "oauth_refresh_file")),
        Field::text("oauth_scope", t("f-oauth-scope"), option(row, "oauth_scope")),
        Field::new("area", "imap_folders", t("f-imap-folders"), row.imap_folders.join("\n")).hint(t("h-imap-folders")),
        Field::text("imap_after", t("f-imap-after"), row.imap_after.to_string()).hint(t("h-imap-after")),
        Field::select("outgoing", t("f-outgoing"), row.outgoing.word(), words(call, "outgoing", &outgoing)),
        Field::heading(t("f-smtp"), t("h-smtp")),
        Field::text("smtp_host", t("f-smtp-host"), row.smtp_host.as_str()),
        Field::new("number", "smtp_port", t("f-smtp-port"), row.smtp_port.to_string()),
        Field::select("smtp_tls", t("f-smtp-tls"), row.smtp_tls.word(), securities(call)),
        Field::text("smtp_user", t("f-smtp-user"), row.smtp_user.as_str()),
        password("smtp_password", "f-smtp-password", &row.smtp_password_file),
    ]
}

/// One of the further options of a mailbox, which are kept as one JSON object.
pub(super) fn option(row: &AddressRow, name: &str) -> String {
    let options: Value = serde_json::from_str(&row.imap_options).unwrap_or_default();
    options.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Sets one of them; an empty value takes it away. Those that only the command line knows stay.
pub(super) fn put_option(row: &mut AddressRow, name: &str, value: &str) {
    let mut options: Map<String, Value> = serde_json::from_str(&row.imap_options).unwrap_or_default();
    if value.is_empty() {
        options.remove(name);
    } else {
        options.insert(name.to_owned(), value.into());
    }
    row.imap_options = Value::Object(options).to_string();
}

/// What the last fetch of a folder said.
pub(super) fn fetched(call: &Call<'_>, health: &FolderHealth) -> String {
    let folder = &health.folder;
    let time = |at: &Timestamp| call.clock.time(*at).full;
    let mut said = if health.failures > 0 {
        let failed = call.language.with("fetch-failed", "n", health.failures);
        let mut said = format!("{folder}: {failed} {}", health.last_error);
        if health.tried_at.unix() > 0 {
            said.push_str(&format!(" ({})", time(&health.tried_at)));
        }
        said
    } else if health.fetched_at.unix() == 0 {
        format!("{folder}: {}", call.language.t("fetch-never"))
    } else {
        format!("{folder}: {}, {}", call.language.t("fetch-fine"), time(&health.fetched_at))
    };
    if health.failures > 0 && health.fetched_at.unix() > 0 {
        said.push_str(&format!("; {}: {}", call.language.t("fetch-fine"), time(&health.fetched_at)));
    }
    if health.left > 0 {
        said.push_str(&format!(", {}: {}", call.language.with("fetch-left", "n", health.left), health.left_reason));
    }
    said
}

/// The lines that make mail servers hand the mail of an address to this desk: title, hint and text of each.
pub(super) fn lines_of_mail_servers(call: &Call<'_>, email: &str) -> Vec<(String, String, String)> {
    let Some(tools) = &call.web.tools else { return Vec::new() };
    let (command, account) = (&tools.command, &tools.account);
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let postfix = format!(
        "# /etc/postfix/master.cf\nmaildesk unix - n n - 4 pipe\n  flags=RX user={account} null_sender=\n  \
         argv={command} pipe --sender=${{sender}} --recipient=${{recipient}}\n\n\
         # /etc/postfix/maildesk-transport\n{email} maildesk:\n\n# then\npostmap /etc/postfix/maildesk-transport\n\
         postconf -e 'maildesk_destination_recipient_limit = 1'\n\
         postconf -e 'transport_maps = hash:/etc/postfix/maildesk-transport'\npostfix reload"
    );
    let exim = format!(
        "# router\nmaildesk:\n  driver = accept\n  domains = {domain}\n  local_parts = {local}\n  local_part_suffix = +*\n  \
         local_part_suffix_optional\n  transport = maildesk_pipe\n\n# transport\nmaildesk_pipe:\n  driver = pipe\n  \
         command = {command} pipe\n  user = {account}\n  group = {account}\n  message_prefix =\n  message_suffix =\n  \
         return_path_add\n  temp_errors = 73 : 75 : 126 : 127\n  freeze_signal\n  timeout = 3m\n  timeout_defer\n  \
         return_fail_output"
    );
    let alias = format!("{local}: \"|{command} pipe --recipient={email}\"");
    let cpanel = format!("{command} pipe --recipient={email}");
    vec![
        ("Postfix".to_owned(), call.language.t("h-lines"), postfix),
        ("Exim".to_owned(), String::new(), exim),
        ("/etc/aliases".to_owned(), call.language.with("h-aliases", "account", account.as_str()), alias),
        ("cPanel".to_owned(), call.language.t("h-cpanel"), cpanel),
    ]
}

/// Files that were written, and the ones they came in the place of.
pub(super) struct Kept(Vec<PathBuf>);

/// Writes the passwords that were typed into files beside the database, which only its account may read.
pub(super) fn keep_passwords(call: &Call<'_>, row: &mut AddressRow) -> Result<Kept, Refusal> {
    let Some(tools) = &call.web.tools else { return Ok(Kept(Vec::new())) };
    let mut kept = Kept(Vec::new());
    let places = [("imap_password", &mut row.imap_password_file), ("smtp_password", &mut row.smtp_password_file)];
    for (name, place) in places {
        let secret = call.form.get(name);
        if !secret.is_empty() {
            let path = write(&tools.folder, secret)?;
            *place = path.to_string_lossy().into_owned();
            kept.0.push(path);
        }
    }
    for (name, place) in [("oauth_secret", "oauth_secret_file"), ("oauth_refresh", "oauth_refresh_file")] {
        let secret = call.form.get(name);
        if !secret.is_empty() {
            let path = write(&tools.folder, secret)?;
            put_option(row, place, &path.to_string_lossy());
            kept.0.push(path);
        }
    }
    Ok(kept)
}

/// Takes away files whose address was not saved after all.
pub(super) fn forget(kept: &Kept) {
    for path in &kept.0 {
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "removing a password file");
        }
    }
}

fn write(folder: &Path, secret: &str) -> Result<PathBuf, Refusal> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, folder = %folder.display(), "writing a password file");
        Refusal::Failed
    };
    let random = crate::random::bytes::<8>().map_err(|error| failed(&error))?;
    let path = folder.join(format!("{PASSWORD_FILE}{}.password", data_encoding::HEXLOWER.encode(&random)));
    let beside = path.with_extension("new");
    private_file::replace(&path, &beside, secret.as_bytes()).map_err(|error| failed(&error))?;
    Ok(path)
}

/// Tries the ways in and out as they were typed.
pub(super) fn test(call: &Call<'_>, row: &AddressRow) -> Result<Vec<OutcomeLine>, Refusal> {
    let Some(tools) = &call.web.tools else { return Ok(Vec::new()) };
    let mut tried = row.clone();
    let kept = keep_passwords(call, &mut tried)?;
    let said = (tools.test_address)(&tried);
    forget(&kept);
    let mut lines = Vec::new();
    match said.incoming {
        Some(Ok(folders)) => {
            lines.push(OutcomeLine::good(call.language.with("test-in-fine", "folders", folders.join(", ").as_str())))
        }
        Some(Err(why)) => lines.push(OutcomeLine::bad(call.language.with("test-in-failed", "why", why.as_str()))),
        None if row.incoming == Incoming::Pipe => lines.push(OutcomeLine::good(call.language.t("test-in-pipe"))),
        None => lines.push(OutcomeLine::good(call.language.t("test-in-none"))),
    }
    match said.outgoing {
        Some(Ok(())) => lines.push(OutcomeLine::good(call.language.t("test-out-fine"))),
        Some(Err(why)) => lines.push(OutcomeLine::bad(call.language.with("test-out-failed", "why", why.as_str()))),
        None => lines.push(OutcomeLine::good(call.language.t("test-out-none"))),
    }
    Ok(lines)
}
