//! IMAP options of an address that are kept as one JSON column, and the trial of the way in.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::absolute;
use crate::imap_fetch::{Options, Start};
use crate::store::address::AddressRow;

/// Further IMAP options; an empty value takes one away.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[group(id = "imap_settings")]
pub(super) struct Settings {
    /// PEM file with the only certificate authorities accepted [default: the system's]
    #[arg(long, value_name = "FILE")]
    imap_ca_file: Option<String>,
    /// What the first fetch takes [default: all]
    #[arg(long, value_enum)]
    imap_start: Option<Start>,
    /// Shell command that prints an OAuth 2 access token, for `--imap-auth xoauth2`
    /// [default: the token is in the password file]
    #[arg(long, value_name = "COMMAND")]
    imap_token_command: Option<String>,
    /// Endpoint that gives access tokens for a refresh token, https://…
    #[arg(long, value_name = "URL")]
    imap_oauth_url: Option<String>,
    /// Client id at the endpoint
    #[arg(long, value_name = "ID")]
    imap_oauth_client: Option<String>,
    /// File (0600) with the client's secret
    #[arg(long, value_name = "FILE")]
    imap_oauth_secret_file: Option<String>,
    /// File (0600) with the refresh token; a new one replaces it
    #[arg(long, value_name = "FILE")]
    imap_oauth_refresh_file: Option<String>,
    /// Scope to ask for
    #[arg(long, value_name = "SCOPE")]
    imap_oauth_scope: Option<String>,
}

impl Settings {
    /// The files named that hold a secret.
    pub(super) fn secret_files(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.imap_oauth_secret_file, &self.imap_oauth_refresh_file];
        files.into_iter().flatten().filter(|path| !path.is_empty()).map(Path::new)
    }

    /// Overwrites in `row` what was named on the command line.
    pub(super) fn put_into(self, row: &mut AddressRow) {
        fn put<T: Default + PartialEq>(place: &mut Option<T>, value: Option<T>) {
            if let Some(value) = value {
                *place = Some(value).filter(|value| *value != T::default());
            }
        }
        let path = |path: Option<String>| {
            path.map(|path| if path.is_empty() { PathBuf::new() } else { PathBuf::from(absolute(Path::new(&path))) })
        };
        // A column that cannot be read is started again: it holds nothing that cannot be found out again.
        let mut options = Options::read(&row.imap_options).unwrap_or_default();
        put(&mut options.ca_file, path(self.imap_ca_file));
        options.start = self.imap_start.unwrap_or(options.start);
        put(&mut options.token_command, self.imap_token_command);
        put(&mut options.oauth_url, self.imap_oauth_url);
        put(&mut options.oauth_client, self.imap_oauth_client);
        put(&mut options.oauth_secret_file, path(self.imap_oauth_secret_file));
        put(&mut options.oauth_refresh_file, path(self.imap_oauth_refresh_file));
        put(&mut options.oauth_scope, self.imap_oauth_scope);
        row.imap_options = options.write();
    }
}

/// The options that are set, as an object; `null` for none.
pub(super) fn as_json(row: &AddressRow) -> Value {
    let options: Value = serde_json::from_str(&row.imap_options).unwrap_or_default();
    if options.as_object().is_none_or(serde_json::Map::is_empty) { Value::Null } else { options }
}
