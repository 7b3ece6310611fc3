//! Lists of IP addresses: who may use a token, and which proxies are believed.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    /// A network; a single address is one of full length.
    Network(IpNet),
    /// HelpDeskZ's `10.0.*.*`: `None` is any number.
    Wildcard([Option<u8>; 4]),
}

/// Addresses, networks in CIDR form and IPv4 patterns such as `10.0.*.*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpList(Vec<Pattern>);

/// A text that is not an address, network or pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an IP address, network (10.0.0.0/8, 2001:db8::/32) or pattern (10.0.*.*)")]
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

    /// Reads a stored list: entries that cannot be read allow no address.
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
            (Pattern::Network(network), ip) => network.contains(&ip),
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
    let network = match entry.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(entry.parse::<IpAddr>().ok()?),
    };
    canonical(network).map(Pattern::Network)
}

/// A network of IPv4 addresses written as IPv6 (`::ffff:10.0.0.0/104`) as the IPv4 network that it is: its bits count
/// from the IPv6 address's first one.
fn canonical(network: IpNet) -> Option<IpNet> {
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(mapped), IpAddr::V4(address)) => {
            Ipv4Net::new(address, mapped.prefix_len().checked_sub(96)?).ok().map(IpNet::V4)
        }
        _ => Some(network),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
    fn invalid_entries_are_named_or_allow_no_address() {
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
}
