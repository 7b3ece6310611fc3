//! Lists of IP addresses: who may use a token, and which proxies are believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::http::Headers;

/// Most hops of X-Forwarded-For looked at; no chain of proxies in use comes near.
const HOPS_MAX: usize = 64;

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    /// The addresses that agree with this one in the first bits.
    Network { address: IpAddr, bits: u8 },
    /// HelpDeskZ's `10.0.*.*`: `None` is any number.
    Wildcard([Option<u8>; 4]),
}

/// Addresses, networks in CIDR form and IPv4 patterns such as `10.0.*.*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpList(Vec<Pattern>);

/// A text that is no address, network or pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no IP address, network (10.0.0.0/8, 2001:db8::/32) or pattern (10.0.*.*)")]
pub struct InvalidPattern(String);

impl IpList {
    /// Reads a list with commas, blanks or both between its entries.
    ///
    /// # Errors
    /// [`InvalidPattern`] naming the first entry that cannot be read.
    pub fn parse(list: &str) -> Result<Self, InvalidPattern> {
        entries(list)
            .map(|entry| pattern(entry).ok_or_else(|| InvalidPattern(entry.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads a stored list: what cannot be read allows nobody.
    #[must_use]
    pub fn stored(list: &str) -> Self {
        Self(entries(list).filter_map(pattern).collect())
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an entry matches the address. An IPv4 address written as IPv6 is that IPv4 address.
    #[must_use]
    pub fn has(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|pattern| match (pattern, ip) {
            (Pattern::Wildcard(wanted), IpAddr::V4(ip)) => {
                wanted.iter().zip(ip.octets()).all(|(wanted, octet)| wanted.is_none_or(|wanted| wanted == octet))
            }
            (Pattern::Wildcard(_), IpAddr::V6(_)) => false,
            (Pattern::Network { address, bits }, ip) => network(*address, *bits) == network(ip, *bits),
        })
    }
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t', '\n', '\r', ';']).filter(|entry| !entry.is_empty())
}

fn pattern(entry: &str) -> Option<Pattern> {
    if entry.contains('*') {
        let mut octets =
            entry.split('.').map(|part| if part == "*" { Some(None) } else { part.parse().ok().map(Some) });
        let mut next = || octets.next().flatten();
        let wanted = [next()?, next()?, next()?, next()?];
        return octets.next().is_none().then_some(Pattern::Wildcard(wanted));
    }
    let (address, bits) = match entry.split_once('/') {
        Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u8>().ok()?)),
        None => (entry.parse::<IpAddr>().ok()?, None),
    };
    let mapped = address.to_canonical();
    // A network of mapped addresses counts its bits from the IPv6 address's first one.
    let bits = match bits {
        Some(bits) if mapped.is_ipv4() && address.is_ipv6() => Some(bits.checked_sub(96)?),
        other => other,
    };
    let most = if mapped.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Pattern::Network { address: mapped, bits })
}

/// The address with all but its first bits zero.
fn network(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            Ipv4Addr::from_bits(ip.to_bits() & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
    }
}

/// Where a request comes from: the peer, or when that is a trusted proxy the right-most address of
/// X-Forwarded-For that is none. What stands further left is the client's own claim.
#[must_use]
pub fn client(peer: SocketAddr, headers: &Headers, trusted: &IpList) -> IpAddr {
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

    fn has(list: &str, ip: &str) -> bool {
        IpList::parse(list).unwrap().has(ip.parse().unwrap())
    }

    #[test]
    fn every_kind_of_entry_matches_its_addresses_only() {
        for (list, inside, outside) in [
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.1,127.0.0.1", "127.0.0.1", "10.0.0.2"),
            ("10.0.0.1, 127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("127.0.0.*", "127.0.0.255", "127.0.1.0"),
            ("10.1.*.*", "10.1.2.3", "10.2.2.3"),
            ("10.*.*.*", "10.9.9.9", "11.0.0.0"),
            ("10.0.0.0/9", "10.127.255.255", "10.128.0.0"),
            ("192.0.2.0/31", "192.0.2.1", "192.0.2.2"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
            ("::1", "::1", "::2"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.1.1.1", "11.0.0.0"),
        ] {
            assert!(has(list, inside), "{list} has {inside}");
            assert!(!has(list, outside), "{list} has not {outside}");
        }
        assert!(has("0.0.0.0/0", "1.2.3.4") && !has("0.0.0.0/0", "::1") && has("::/0", "::1"));
    }

    #[test]
    fn entries_that_are_none_are_named_or_allow_nobody() {
        for bad in [
            "10.0.0",
            "10.0.0.256",
            "10.0.0.0/33",
            "::/129",
            "10.0.*",
            "10.0.*.*.*",
            "a.*.*.*",
            "example.org",
            "10.0.0.1/",
        ] {
            assert_eq!(IpList::parse(&format!("::1, {bad}")), Err(InvalidPattern(bad.to_owned())));
            assert!(IpList::stored(bad).is_empty());
        }
    }

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
