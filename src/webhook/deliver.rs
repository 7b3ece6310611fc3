//! One POST to a receiver. Nothing is followed elsewhere, no proxy of the environment is asked, and the connection is made
//! to an address that was looked at.

use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::{reach, signature};
use crate::domain::Timestamp;
use crate::store::webhook::ClaimedDelivery;

/// How long a receiver has for its answer, from looking up its name. The specification asks for 15 to 30 s at least of
/// receivers' queues; a page that answers later has taken no webhook.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Longest URL, in bytes. Chosen: browsers and proxies take 2,048 and more.
const URL_BYTES_MAX: usize = 2048;

/// What goes to a receiver.
pub(super) struct Message<'a> {
    /// The same on every try.
    pub(super) id: String,
    pub(super) url: &'a str,
    pub(super) secret: &'a str,
    pub(super) body: &'a str,
}

impl<'a> From<&'a ClaimedDelivery> for Message<'a> {
    fn from(delivery: &'a ClaimedDelivery) -> Self {
        // With the time, so that the numbers of a desk that was restored say something else.
        let id = format!("msg_{}_{}", delivery.created_at.unix(), delivery.id);
        Self { id, url: &delivery.url, secret: &delivery.secret, body: &delivery.body }
    }
}

/// Why a receiver did not take a delivery.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// It answered something else than success.
    #[error("the receiver answered {0}{hint}", hint = if (300..400).contains(.0) { ", and redirections are not followed: name the address it leads to" } else { "" })]
    Refused(u16),
    /// It did not answer.
    #[error("{0}")]
    Unreachable(String),
    /// It may not be asked.
    #[error("{0} is not a public address: the setting webhook_private allows others")]
    Private(String),
    /// It cannot be asked.
    #[error("{0}")]
    Unusable(String),
}

impl Failure {
    /// The receiver's status; 0 when there was no answer.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Refused(status) => *status,
            Self::Unreachable(_) | Self::Private(_) | Self::Unusable(_) => 0,
        }
    }
}

/// Checks where a webhook's deliveries may go.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    let wrong = || format!("{url:?} is no address of a webhook: write it as https://host/path");
    let uri = url.parse::<Uri>().map_err(|_| wrong())?;
    let is_web = matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty());
    if !is_web || url.len() > URL_BYTES_MAX || !url.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong());
    }
    // The parser passes over a port that is no number of one; a colon inside brackets belongs to an address.
    let port = uri.authority().and_then(|authority| authority.as_str().rsplit_once(':')).map(|(_, port)| port);
    if port.is_some_and(|port| !port.contains(']') && !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err(format!("{url:?} has no port from 1 to 65535"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(format!("{url:?} holds a name or password: receivers know us by the signature"));
    }
    Ok(())
}

/// Resolves names to the addresses that may be reached.
#[derive(Debug)]
struct PublicOnly {
    inner: DefaultResolver,
    may_be_private: bool,
}

impl Resolver for PublicOnly {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.may_be_private {
            return Ok(found);
        }
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| reach::is_public(address.ip())) {
            allowed.push(*address);
        }
        match found.first() {
            Some(first) if allowed.is_empty() => {
                Err(ureq::Error::Other(Box::new(Failure::Private(first.ip().to_string()))))
            }
            _ => Ok(allowed),
        }
    }
}

/// Hands one message to its receiver; gives the receiver's status, which is a success.
///
/// # Errors
/// [`Failure`].
pub(super) fn deliver(message: &Message<'_>, may_be_private: bool, now: Timestamp) -> Result<u16, Failure> {
    check_url(message.url).map_err(Failure::Unusable)?;
    let signed = signature::signature(message.secret, &message.id, now, message.body)
        .ok_or_else(|| Failure::Unusable("its key is broken: make it a new one".to_owned()))?;
    let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .user_agent("maildesk")
        .max_idle_connections(0)
        .build();
    let resolver = PublicOnly { inner: DefaultResolver::default(), may_be_private };
    let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
    let answer = agent
        .post(message.url)
        .content_type("application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", now.unix().to_string())
        .header("webhook-signature", signed)
        .send(message.body);
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(answer.status().as_u16()),
        Ok(answer) => Err(Failure::Refused(answer.status().as_u16())),
        Err(error) => Err(why(&error)),
    }
}

fn why(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::Other(inner) if inner.to_string().contains("webhook_private") => {
            let address = inner.to_string();
            Failure::Private(address.split(' ').next().unwrap_or_default().to_owned())
        }
        ureq::Error::Timeout(_) => {
            Failure::Unreachable(format!("the receiver did not answer within {} s", PATIENCE.as_secs()))
        }
        other => Failure::Unreachable(format!("asking the receiver: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn message(url: &str) -> Message<'_> {
        Message { id: "msg_1".to_owned(), url, secret: "whsec_AAAA", body: "{}" }
    }

    #[test]
    fn addresses_of_webhooks_are_web_addresses_without_names_in_them() {
        for good in ["https://hooks.example.org/a?b=c", "http://[::1]:65535/", "http://127.0.0.1", "http://x:1/"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let long = format!("https://x.example/{}", "a".repeat(URL_BYTES_MAX - 18));
        assert_eq!(check_url(&long), Ok(()));
        for bad in [
            "",
            "x",
            "ftp://x",
            "https://",
            "https://a b/",
            "https://u:p@x/",
            "file:///etc/passwd",
            "https://x.example:65536/",
            "https://x.example:99999/",
            "https://x.example:0/",
            "https://x.example:/",
            &format!("{long}a"),
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn private_addresses_are_not_even_connected_to() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
            let url = format!("http://{host}:{port}/");
            let refused = deliver(&message(&url), false, NOW).unwrap_err();
            assert!(matches!(refused, Failure::Private(_)), "{host}: {refused:?}");
            assert!(refused.to_string().contains("webhook_private"), "{refused}");
        }
        assert!(listener.accept().is_err(), "nobody came");
    }

    #[test]
    fn redirections_are_answers_and_not_followed() {
        let elsewhere = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let location = format!("http://127.0.0.1:{}/", elsewhere.local_addr().unwrap().port());
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 4096];
            assert!(stream.read(&mut bytes).unwrap() > 0);
            let answer =
                format!("HTTP/1.1 307 x\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let refused = deliver(&message(&url), true, NOW).unwrap_err();
        served.join().unwrap();
        assert_eq!(refused, Failure::Refused(307));
        assert!(refused.to_string().contains("not followed"), "{refused}");
        assert!(elsewhere.accept().is_err());
    }
}
