//! How a mailbox is reached: the IMAP part of an address, read once, with its secrets fetched when
//! they are needed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;
use super::oauth;
use crate::domain::desk_address::{Auth, ImapAfter, Tls};
use crate::secret_file;
use crate::store::address::AddressRow;

/// IMAP options beyond the columns of an address, kept as JSON in `address.imap_options`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// PEM file with the only authorities whose certificates are accepted; `None`: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// What the first fetch of a folder takes.
    #[serde(skip_serializing_if = "Start::is_all")]
    pub start: Start,
    /// Shell command that prints an OAuth 2 access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_command: Option<String>,
    /// Endpoint that gives access tokens for a refresh token (RFC 6749 §6), `https://…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_url: Option<String>,
    /// Client id there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_client: Option<String>,
    /// File (0600) with the client's secret, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_secret_file: Option<PathBuf>,
    /// File (0600) with the refresh token; a new one from the endpoint replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_file: Option<PathBuf>,
    /// Scope to ask for, where the endpoint wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_scope: Option<String>,
}

/// What the first fetch of a folder takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Start {
    /// Every mail that is there
    #[default]
    All,
    /// Only what comes from then on
    New,
}

impl Start {
    /// Whether it is the default; by reference because serde asks so.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::All
    }
}

impl Options {
    /// Reads the column. Empty text is no options.
    ///
    /// # Errors
    /// When it is no JSON object of known options.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    /// The column's text.
    #[must_use]
    pub(crate) fn write(&self) -> String {
        // A struct of texts and paths: the only thing that can fail is a path that is no UTF-8.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// What proves who we are.
pub(super) enum Secret {
    Password(String),
    /// OAuth 2 access token.
    Token(String),
}

/// One mailbox as it is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) email: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) tls: Tls,
    pub(super) folders: Vec<String>,
    pub(super) after: ImapAfter,
    pub(super) options: Options,
    password_file: String,
    is_oauth: bool,
}

impl Account {
    /// The mailbox of an address.
    pub(super) fn of(row: &AddressRow) -> Result<Self, Error> {
        let options = Options::read(&row.imap_options).map_err(|e| {
            Error::Setup(format!(
                "imap_options of {}: {e}; set them again with `maildesk admin address update`",
                row.email
            ))
        })?;
        let inbox = || vec!["INBOX".to_owned()];
        Ok(Self {
            email: row.email.clone(),
            host: row.imap_host.clone(),
            port: row.imap_port,
            user: row.imap_user.clone(),
            tls: row.imap_tls,
            folders: if row.imap_folders.is_empty() { inbox() } else { row.imap_folders.clone() },
            after: row.imap_after.clone(),
            options,
            password_file: row.imap_password_file.clone(),
            is_oauth: row.imap_auth == Auth::Xoauth2,
        })
    }

    /// The secret for one login. An access token comes from the command, else from the endpoint,
    /// else from the password file.
    pub(super) fn secret(&self) -> Result<Secret, Error> {
        if !self.is_oauth {
            return self.password().map(Secret::Password);
        }
        let token = match (&self.options.token_command, &self.options.oauth_url) {
            (Some(command), _) => oauth::token_of_command(command),
            (None, Some(url)) => oauth::token_of_endpoint(url, &self.options),
            (None, None) => self.password(),
        };
        token.map(Secret::Token)
    }

    fn password(&self) -> Result<String, Error> {
        if self.password_file.is_empty() {
            let email = &self.email;
            return Err(Error::Setup(if self.is_oauth {
                format!(
                    "{email} has no access token; name where it comes from with `maildesk admin address update {email}`                      and --imap-token-command, --imap-oauth-url or --imap-password-file"
                )
            } else {
                format!(
                    "{email} has no password; name a file with `maildesk admin address update {email} --imap-password-file`"
                )
            }));
        }
        read_secret(Path::new(&self.password_file))
    }
}

/// A secret from a file that only its owner may read.
pub(super) fn read_secret(path: &Path) -> Result<String, Error> {
    secret_file::read(path).map_err(|e| Error::Setup(e.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn options_survive_their_column() {
        let options = Options { start: Start::New, ca_file: Some("/etc/ca.pem".into()), ..Options::default() };
        assert_eq!(options.write(), r#"{"ca_file":"/etc/ca.pem","start":"new"}"#);
        assert_eq!(Options::read(&options.write()).unwrap(), options);
        assert_eq!(Options::read("{}").unwrap(), Options::default());
        assert!(Options::read(r#"{"cafile":1}"#).is_err());
    }
}
