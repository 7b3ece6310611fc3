//! Where a database is: a file of SQLite, or a database of a PostgreSQL server. What is shown of it never has a
//! password.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

/// How the address of a server begins.
const SERVER_PREFIXES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Server(Server),
}

/// A database of PostgreSQL and how to reach it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    address: String,
    /// The password, where the address has none.
    pub(crate) password: Option<String>,
    /// A file with the certificate of the authority that signed the server's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether statements are prepared: not where a pool gives each transaction another connection of the server.
    pub(crate) prepares: bool,
}

impl Server {
    /// The address as it was given, with a password if it has one: for connecting only.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether the address itself has a password.
    #[must_use]
    pub(crate) fn has_password_in_address(&self) -> bool {
        without_password(&self.address) != self.address
    }
}

impl Place {
    /// What a path or an address stands for.
    #[must_use]
    pub fn of(text: &Path) -> Self {
        match text.to_str() {
            Some(address) if SERVER_PREFIXES.iter().any(|prefix| address.starts_with(prefix)) => {
                Self::Server(Server { address: address.to_owned(), password: None, ca_file: None, prepares: false })
            }
            _ => Self::File(text.to_owned()),
        }
    }

    /// The file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// For errors, which name the database they are about.
    #[must_use]
    pub(crate) fn shown(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Server(server) => PathBuf::from(without_password(&server.address)),
        }
    }
}

/// An address without its password.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    // A password may hold a slash by mistake: the last @ before the query ends it.
    let rest = match rest.rsplit_once('@') {
        Some((user, hosts)) => format!("{}@{hosts}", user.split(':').next().unwrap_or_default()),
        None => rest.to_owned(),
    };
    let is_secret = |pair: &&str| pair.starts_with("password=") || pair.starts_with("sslpassword=");
    let kept = query.map(|query| query.split('&').filter(|pair| !is_secret(pair)).collect::<Vec<_>>().join("&"));
    let query = kept.filter(|kept| !kept.is_empty()).map_or_else(String::new, |kept| format!("?{kept}"));
    format!("{scheme}://{rest}{query}")
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().display().fmt(f)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", without_password(&self.address))
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::of(path)
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Self::of(path)
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl<'de> serde::Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PathBuf::deserialize(deserializer).map(|path| Self::of(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (given, shown) in [
            ("postgres://desk:pw@db.test/desk", "postgres://desk@db.test/desk"),
            ("postgres://desk:p/w:x@y@db.test:5433,db2.test/desk", "postgres://desk@db.test:5433,db2.test/desk"),
            ("postgresql://desk@/desk?host=/run/pg&password=pw&port=1", "postgresql://desk@/desk?host=/run/pg&port=1"),
            ("postgres://db.test/desk?password=pw", "postgres://db.test/desk"),
            ("/var/lib/maildesk/a:b@c.db", "/var/lib/maildesk/a:b@c.db"),
        ] {
            let place = Place::of(Path::new(given));
            assert_eq!(place.to_string(), shown);
            assert!(!format!("{place:?}").contains("pw"), "{place:?}");
        }
        assert!(matches!(Place::of(Path::new("desk.db")), Place::File(_)));
    }
}
