//! `deliver_to`: the desk that takes the mails of a host without a database.

use std::path::PathBuf;

/// A desk reached over its HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desk {
    /// Its URL without a slash at the end: `https://desk.example.org`, perhaps with a path below which a proxy has it.
    pub url: String,
    /// The file that holds the token.
    pub token_file: PathBuf,
    /// The file with the certificates that are believed instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Reads the three keys.
///
/// # Errors
/// What is wrong with them, naming the key.
pub(super) fn read(
    url: Option<&str>,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
) -> Result<Option<Desk>, String> {
    let Some(url) = url else {
        return match (token_file, ca_file) {
            (None, None) => Ok(None),
            _ => Err("deliver_token_file and deliver_ca_file belong to deliver_to, which is not there".to_owned()),
        };
    };
    let url = checked(url)?;
    let token_file = token_file
        .ok_or("deliver_to needs deliver_token_file: a file with mode 0600 that holds a token for mail/deliver")?;
    Ok(Some(Desk { url, token_file, ca_file }))
}

/// The URL of a desk. A token and mails go there, so nobody on the way may read them: plain HTTP is for this machine.
fn checked(url: &str) -> Result<String, String> {
    let refused = |why: &str| Err(format!("deliver_to: {url:?} {why}"));
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split('/').next().unwrap_or_default();
    let is_clean = rest.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\\".contains(&b));
    if authority.is_empty() || !is_clean {
        return refused("is not a URL such as https://desk.example.org");
    }
    match scheme {
        "https" => {}
        "http" if is_this_machine(authority) => {}
        "http" => return refused("is in the clear, and only a desk on this machine may be; use https"),
        _ => return refused("is not a URL such as https://desk.example.org"),
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Whether a host, with or without its port, is the loopback interface, by its address: of names, only localhost is sure
/// to mean it (RFC 6761).
fn is_this_machine(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desks_are_named_by_https_and_on_this_machine_by_http() {
        for (url, kept) in [
            ("https://desk.example.org", "https://desk.example.org"),
            ("https://desk.example.org/", "https://desk.example.org"),
            ("https://desk.example.org:8443/help/", "https://desk.example.org:8443/help"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(checked(url).as_deref(), Ok(kept), "{url}");
        }
        for url in [
            "http://desk.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "http://10.0.0.1:8080",
            "http://[2001:db8::1]/",
            "ftp://desk.example.org",
            "desk.example.org",
            "https://",
            "https:///x",
            "https://user:word@desk.example.org",
            "https://desk.example.org?x=1",
            "https://desk.example.org/#x",
            "https://desk example.org",
            "https://m\u{fc}nchen.example",
            "",
        ] {
            assert!(checked(url).is_err(), "{url}");
        }
    }

    #[test]
    fn token_file_is_needed_and_needs_a_desk() {
        let file = || Some(PathBuf::from("/etc/maildesk/token"));
        assert!(read(Some("https://a.example"), file(), None).is_ok_and(|desk| desk.is_some()));
        assert!(read(Some("https://a.example"), None, None).is_err_and(|why| why.contains("deliver_token_file")));
        assert!(read(None, file(), None).is_err_and(|why| why.contains("deliver_to")));
        assert!(read(None, None, file()).is_err_and(|why| why.contains("deliver_to")));
        assert_eq!(read(None, None, None), Ok(None));
    }
}
