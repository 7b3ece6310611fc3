//! Where LMTP is listened for, and who may connect there.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::account;
use crate::ip_list::{InvalidPattern, IpList};

/// Longest path of a socket, in bytes (unix(7): 108 with the zero at its end).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Accounts of mail servers, whose `lmtp` clients run as them: Postfix, Exim (Debian's and others' name), OpenSMTPD.
const ACCOUNTS: [&str; 5] = ["postfix", "Debian-exim", "exim", "mail", "_smtpd"];

/// Where LMTP is listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port.
    Tcp(SocketAddr),
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix("unix:") else {
            let wrong =
                |_| format!("{text:?} is no place for LMTP; write unix:/run/maildesk/lmtp.sock or 127.0.0.1:24");
            return text.parse().map(Self::Tcp).map_err(wrong);
        };
        if !path.starts_with('/') {
            return Err(format!("{text:?}: the path of a socket begins with a slash"));
        }
        if path.len() > SOCKET_PATH_BYTES_MAX {
            return Err(format!("{text:?}: the path of a socket has at most {SOCKET_PATH_BYTES_MAX} bytes"));
        }
        Ok(Self::Unix(PathBuf::from(path)))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// Who may hand over mails. Such a peer also says who a mail is from, and what other servers found out about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peers {
    /// User ids, by what the socket says of the process at its other end.
    uids: BTreeSet<u32>,
    networks: IpList,
}

impl Peers {
    /// Root, this account, the mail servers' accounts or those that are named (by name or number), and the networks that
    /// are named, else this machine.
    ///
    /// # Errors
    /// A network that is none.
    pub(crate) fn new(accounts: Option<&[String]>, networks: &[String]) -> Result<Self, InvalidPattern> {
        let id_of = |name: &str| account::named(name).map(|found| found.uid).or_else(|| name.parse().ok());
        let mut uids = BTreeSet::from([0, rustix::process::geteuid().as_raw()]);
        match accounts {
            Some(named) => uids.extend(named.iter().filter_map(|name| id_of(name))),
            None => uids.extend(ACCOUNTS.into_iter().filter_map(id_of)),
        }
        let own = ["127.0.0.0/8".to_owned(), "::1".to_owned()];
        let networks = IpList::parse(&if networks.is_empty() { own.join(",") } else { networks.join(",") })?;
        Ok(Self { uids, networks })
    }

    pub(super) fn has_account(&self, uid: u32) -> bool {
        self.uids.contains(&uid)
    }

    pub(super) fn has_address(&self, ip: IpAddr) -> bool {
        self.networks.has(ip.to_canonical())
    }
}

/// The socket's path, where there is one.
impl Place {
    #[must_use]
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Tcp(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_sockets_and_ports() {
        for text in ["unix:/run/maildesk/lmtp.sock", "127.0.0.1:24", "[::1]:2400"] {
            assert_eq!(text.parse::<Place>().map(|place| place.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "unix:", "unix:lmtp.sock", "localhost:24", "127.0.0.1", "24", "inet:127.0.0.1:24"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
        let long = |bytes: usize| format!("unix:/{}", "x".repeat(bytes - 1)).parse::<Place>().is_ok();
        assert_eq!((long(SOCKET_PATH_BYTES_MAX), long(SOCKET_PATH_BYTES_MAX + 1)), (true, false));
    }

    #[test]
    fn peers_are_this_account_this_machine_and_those_that_are_named() {
        let peers = Peers::new(Some(&["4711".to_owned(), "no such account".to_owned()]), &[]).unwrap();
        assert!(peers.has_account(0) && peers.has_account(4711) && !peers.has_account(4712));
        let ip = |text: &str| text.parse().unwrap();
        assert!(
            peers.has_address(ip("127.0.0.1"))
                && peers.has_address(ip("::1"))
                && peers.has_address(ip("::ffff:127.0.0.1"))
        );
        assert!(!peers.has_address(ip("192.0.2.1")));
        let named = Peers::new(None, &["192.0.2.0/24".to_owned()]).unwrap();
        assert!(named.has_address(ip("192.0.2.1")) && !named.has_address(ip("127.0.0.1")));
        assert!(Peers::new(None, &["x".to_owned()]).is_err());
    }
}
