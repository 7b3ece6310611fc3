//! The host-level configuration file, `maildesk.toml`, and where the database is.
//!
//! Only what belongs to the machine is here; everything about the desk itself is in the database.

mod desk;
mod limits;

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::ip_list::IpList;
use crate::lmtp;
use crate::secret_file;
use crate::store::Place;
pub(crate) use desk::Desk;
pub(crate) use limits::LimitsConfig;

/// Where the file is looked for when neither `--config` nor `MAILDESK_CONFIG` names one.
const SYSTEM_CONFIG: &str = "/etc/maildesk/maildesk.toml";

/// Where the database of an installed desk is.
const SYSTEM_DATA: &str = "/var/lib/maildesk";

/// Why the configuration cannot be used. Exit status 78, in `pipe` 75.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file cannot be read.
    #[error("reading {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file is no valid configuration.
    #[error("{path}: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        reason: String,
    },
    /// The file with the database's password cannot be used.
    #[error("db_password_file: {0}")]
    Password(#[from] secret_file::Error),
    /// Every user of the machine sees the arguments of programs.
    #[error(
        "--db has a password, which every user of this machine could see; put it into a file that `db_password_file` in maildesk.toml names"
    )]
    PasswordInArguments,
    /// No place for the database is known.
    #[error("no place for the database is known: name one with --db, MAILDESK_DB or `db` in maildesk.toml")]
    NoDatabase,
    /// The host hands its mail to a desk elsewhere.
    #[error(
        "this host has no database: its mail goes to {0} (`deliver_to` in maildesk.toml); run this there, or name a database \
         with --db"
    )]
    Elsewhere(String),
    /// Root names no place and there is no system folder: it would be root's own home.
    #[error(
        "no place for the database is named: as root it would be {0}, where no service account finds it; make \
         /var/lib/maildesk for the account maildesk runs as, or name a file with --db, MAILDESK_DB or `db` in maildesk.toml"
    )]
    RootsHome(PathBuf),
}

/// The configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Path of the database, or postgres://….
    pub db: Option<Place>,
    /// File with the password of the database on a server.
    pub db_password_file: Option<PathBuf>,
    /// File with the certificate that the server's is checked against.
    pub db_ca_file: Option<PathBuf>,
    /// Whether the server's statements are prepared; not through a pool such as PgBouncer's in its mode `transaction`.
    pub db_prepare: bool,
    /// URL of the desk that takes this host's mail, where the host has no database.
    pub deliver_to: Option<String>,
    /// File with the token for it.
    pub deliver_token_file: Option<PathBuf>,
    /// File with the certificates that are believed of it; the system's where there is none.
    pub deliver_ca_file: Option<PathBuf>,
    /// The three, checked.
    #[serde(skip)]
    pub desk: Option<Desk>,
    /// Address and port `serve` listens on; 127.0.0.1:8080 when empty.
    pub listen: Option<String>,
    /// Where `serve` takes mails by LMTP: `unix:/run/maildesk/lmtp.sock` or `127.0.0.1:24`; nowhere when empty.
    pub lmtp: Option<String>,
    /// Accounts that may hand over mails on that socket; those of the usual mail servers when empty.
    pub lmtp_accounts: Option<Vec<String>>,
    /// Networks that may hand over mails on that port; this machine when empty.
    pub lmtp_networks: Vec<String>,
    /// Addresses and networks whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<String>,
    /// Where log lines go.
    pub log: Log,
    /// Limits that protect the machine.
    pub limits: LimitsConfig,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// `stderr`, `journald`, `syslog` or a file's path; empty: what fits the subcommand.
    pub target: String,
    /// `error`, `warn`, `info` or `debug`.
    pub level: Level,
    /// One JSON object per line instead of `key=value`.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { target: String::new(), level: Level::Info, json: false }
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// A human must act.
    Error,
    /// We will retry.
    Warn,
    /// Outcomes.
    Info,
    /// How we got there.
    Debug,
}

/// The configuration and the file it came from, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Its file; `None`: built-in defaults.
    pub path: Option<PathBuf>,
}

/// Reads the configuration: `named` (from `--config` or `MAILDESK_CONFIG`), else the system's file,
/// else the user's, else built-in defaults. A named file must exist.
///
/// # Errors
/// [`Error::Unreadable`], or [`Error::Invalid`] naming the unknown key or wrong value.
pub(crate) fn load(named: Option<&Path>) -> Result<Loaded, Error> {
    let user = xdg("XDG_CONFIG_HOME", ".config").map(|home| home.join("maildesk/maildesk.toml"));
    let defaults = [Some(PathBuf::from(SYSTEM_CONFIG)), user];
    let found = match named {
        Some(path) => Some(path.to_owned()),
        None => defaults.into_iter().flatten().find(|path| path.exists()),
    };
    let Some(path) = found else { return Ok(Loaded::default()) };
    let text = std::fs::read_to_string(&path).map_err(|reason| Error::Unreadable { path: path.clone(), reason })?;
    Ok(Loaded { config: read(&text, &path)?, path: Some(path) })
}

fn read(text: &str, path: &Path) -> Result<Config, Error> {
    let invalid = |reason: String| Error::Invalid { path: path.to_owned(), reason };
    let mut config: Config = toml::from_str(text).map_err(|e| invalid(e.to_string().trim_end().to_owned()))?;
    config.limits.check().map_err(invalid)?;
    for entry in &config.trusted_proxies {
        IpList::parse(entry).map_err(|refused| invalid(format!("trusted_proxies: {refused}")))?;
    }
    if let Some(text) = config.listen.as_deref().filter(|text| !is_address_with_port(text)) {
        return Err(invalid(format!("listen: {text:?} is no address and port, such as 127.0.0.1:8080")));
    }
    if let Some(place) = &config.lmtp {
        place.parse::<lmtp::Place>().map_err(|refused| invalid(format!("lmtp: {refused}")))?;
    }
    for entry in &config.lmtp_networks {
        IpList::parse(entry).map_err(|refused| invalid(format!("lmtp_networks: {refused}")))?;
    }
    let (token_file, ca_file) = (config.deliver_token_file.clone(), config.deliver_ca_file.clone());
    config.desk = desk::read(config.deliver_to.as_deref(), token_file, ca_file).map_err(invalid)?;
    if config.desk.is_some() && config.db.is_some() {
        return Err(invalid("db and deliver_to are both there; a host's mail goes to one desk".to_owned()));
    }
    Ok(config)
}

/// Whether a text is what `serve` can listen on: an address or a host's name, and a port.
#[must_use]
pub(crate) fn is_address_with_port(text: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    text.parse::<SocketAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            is_port(port) && !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        })
}

/// Where the database is: `named` (from `--db` or `MAILDESK_DB`), else `db` of the configuration, else
/// the system's folder when it is there and writable, else the user's data folder.
///
/// # Errors
/// [`Error::Elsewhere`] where mail goes to another host's desk, [`Error::NoDatabase`] when not even a home folder is
/// known, [`Error::RootsHome`] when it would be root's.
pub(crate) fn database(named: Option<&Path>, config: &Config) -> Result<Place, Error> {
    match named.map(Place::of).or_else(|| config.db.clone()) {
        Some(Place::Server(mut server)) => {
            let is_shown = server.has_password_in_address()
                && env::args_os().any(|word| {
                    word.to_string_lossy().contains("postgres") && word.to_string_lossy().contains(server.address())
                });
            if is_shown {
                return Err(Error::PasswordInArguments);
            }
            if let Some(file) = &config.db_password_file {
                server.password = Some(secret_file::read(file)?);
            }
            server.ca_file.clone_from(&config.db_ca_file);
            server.prepares = config.db_prepare;
            Ok(Place::Server(server))
        }
        Some(file) => Ok(file),
        None => match &config.desk {
            Some(desk) => Err(Error::Elsewhere(desk.url.clone())),
            None => usual_place().map(Place::File),
        },
    }
}

/// Where the database is when nobody says: the system's folder when it is there and writable, else the user's data folder.
fn usual_place() -> Result<PathBuf, Error> {
    if rustix::fs::access(SYSTEM_DATA, rustix::fs::Access::WRITE_OK).is_ok() {
        return Ok(Path::new(SYSTEM_DATA).join("maildesk.db"));
    }
    let user = if rustix::process::geteuid().is_root() { User::Root } else { User::Other };
    user_database(user, folder_in("XDG_DATA_HOME"), home(".local/share"))
}

/// Who asks for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Root,
    Other,
}

/// The database in a user's own data folder. Root has to name it: no service account would find a desk in root's home, and
/// it would not be looked for there.
fn user_database(user: User, named: Option<PathBuf>, usual: Option<PathBuf>) -> Result<PathBuf, Error> {
    let is_named = named.is_some();
    let path = named.or(usual).ok_or(Error::NoDatabase)?.join("maildesk/maildesk.db");
    if user == User::Root && !is_named && !path.exists() {
        return Err(Error::RootsHome(path));
    }
    Ok(path)
}

/// An absolute folder that a variable names.
fn folder_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn home(below: &str) -> Option<PathBuf> {
    let home = env::var_os("HOME").filter(|value| !value.is_empty());
    home.map(|home| PathBuf::from(home).join(below))
}

fn xdg(variable: &str, below_home: &str) -> Option<PathBuf> {
    folder_in(variable).or_else(|| home(below_home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_key_is_named() {
        let refused = read("[limits]\nraw_bytes = 1\n", Path::new("m.toml")).unwrap_err().to_string();
        assert!(refused.contains("m.toml") && refused.contains("raw_bytes"), "{refused}");
    }

    #[test]
    fn trusted_proxy_that_is_no_address_is_named() {
        read("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n", Path::new("m.toml")).unwrap();
        let refused = read("trusted_proxies = [\"127.0.0.1\", \"proxy.lan\"]\n", Path::new("m.toml"));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("m.toml") && refused.contains("trusted_proxies: \"proxy.lan\""), "{refused}");
    }

    #[test]
    fn address_to_listen_on_has_a_port() {
        for good in ["127.0.0.1:8080", "[::1]:0", "desk.lan:80", "0.0.0.0:65535"] {
            read(&format!("listen = {good:?}"), Path::new("m.toml")).unwrap();
        }
        for bad in ["bad", "127.0.0.1", ":80", "127.0.0.1:65536", "::1:x", "a b:80", ""] {
            let refused = read(&format!("listen = {bad:?}"), Path::new("m.toml")).unwrap_err().to_string();
            assert!(refused.contains("listen: "), "{bad}: {refused}");
        }
    }

    #[test]
    fn root_without_a_place_is_refused_and_others_get_their_own_folder() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join(".local/share");
        let of = |user, named| user_database(user, named, Some(data.clone()));
        let expected = data.join("maildesk/maildesk.db");
        assert_eq!(of(User::Other, None).unwrap(), expected);
        let refused = of(User::Root, None).unwrap_err().to_string();
        assert!(refused.contains(&expected.display().to_string()) && refused.contains("--db"), "{refused}");
        assert_eq!(of(User::Root, Some(data.clone())).unwrap(), expected, "XDG_DATA_HOME names it");
        std::fs::create_dir_all(expected.parent().unwrap()).unwrap();
        std::fs::write(&expected, "").unwrap();
        assert_eq!(of(User::Root, None).unwrap(), expected, "a desk that is there goes on");
    }

    #[test]
    fn limits_not_named_keep_their_default() {
        let config = read("[limits]\nlock_wait_s = 1\n", Path::new("m.toml")).unwrap();
        assert_eq!(config.limits, LimitsConfig { lock_wait_s: 1, ..LimitsConfig::default() });
    }

    #[test]
    fn shipped_example_is_valid() {
        let text = include_str!("../examples/maildesk.toml");
        read(text, Path::new("examples/maildesk.toml")).expect("the example says what the program reads");
    }
}
