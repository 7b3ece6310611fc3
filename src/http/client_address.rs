//! Where a request comes from, behind proxies that are believed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::Headers;
use crate::ip_list::IpList;

/// Most hops of X-Forwarded-For looked at; no chain of proxies in use comes near.
const HOPS_MAX: usize = 64;

/// Where a request comes from: the peer, or when that is a trusted proxy the right-most address of
/// X-Forwarded-For that is none. Addresses further left are only the client's claim.
#[must_use]
pub(crate) fn client(peer: SocketAddr, headers: &Headers, trusted: &IpList) -> IpAddr {
    let mut known = peer.ip().to_canonical();
    if !trusted.has(known) {
        return known;
    }
    let lines: Vec<&str> = headers.all("X-Forwarded-For").collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        // What cannot be read cannot be trusted; the proxy that passed it on is all we know.
        let Some(ip) = hop_address(hop.trim()) else { return known };
        known = ip.to_canonical();
        if !trusted.has(known) {
            return known;
        }
    }
    known
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip())).or_else(|| {
        let inner = hop.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{Method, Request};

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::new(Method::Get, "/");
        for line in forwarded {
            request = request.with_header("X-Forwarded-For", line);
        }
        let trusted = IpList::parse("127.0.0.1, 10.0.0.0/8").unwrap();
        client(peer.parse().unwrap(), &request.headers, &trusted).to_string()
    }

    #[test]
    fn the_right_most_hop_that_is_no_proxy_of_ours_counts() {
        assert_eq!(seen("127.0.0.1:5", &["192.0.2.9, 198.51.100.7, 10.0.0.3"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1:5", &["192.0.2.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1:5", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1:5", &["::ffff:198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1:5", &["10.0.0.4, 10.0.0.3"]), "10.0.0.4");
        assert_eq!(seen("127.0.0.1:5", &["198.51.100.7, unknown, 10.0.0.3"]), "10.0.0.3");
        assert_eq!(seen("127.0.0.1:5", &[]), "127.0.0.1");
    }

    #[test]
    fn a_peer_that_is_no_proxy_of_ours_cannot_name_another_address() {
        assert_eq!(seen("192.0.2.1:5", &["10.0.0.1"]), "192.0.2.1");
    }
}
