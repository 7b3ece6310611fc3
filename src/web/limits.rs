//! How often one client address may do what costs us something or lets guess: counted in memory, by the hour.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::domain::Timestamp;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// A try to sign in.
    SignIn,
    /// A ticket submitted by a customer.
    Submit,
    /// A link asked for by mail.
    Link,
}

impl Act {
    /// The time that is looked back on, in seconds.
    const fn within_s(self) -> i64 {
        match self {
            Self::SignIn => 600,
            Self::Submit | Self::Link => Timestamp::HOUR_S,
        }
    }
}

/// Addresses remembered. Chosen: some 10 MB; more are forgotten, the oldest first.
const ADDRESSES_MAX: usize = 50_000;

/// The acts of every address.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    acts: Mutex<HashMap<(Act, IpAddr), Vec<i64>>>,
}

/// An address as it is counted: of IPv6 the network that one customer of a provider has.
fn counted(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
        ip @ IpAddr::V4(_) => ip,
    }
}

impl Limits {
    /// Counts one act of an address; when it is one too many, how many seconds until the next.
    pub(crate) fn count(&self, act: Act, ip: IpAddr, max: i64, now: Timestamp) -> Result<(), i64> {
        let mut acts = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.unix() - act.within_s();
        if acts.len() >= ADDRESSES_MAX {
            acts.retain(|(act, _), times| times.last().is_some_and(|last| *last > now.unix() - act.within_s()));
        }
        if acts.len() >= ADDRESSES_MAX {
            acts.clear();
        }
        let times = acts.entry((act, counted(ip))).or_default();
        times.retain(|at| *at > since && *at <= now.unix());
        if i64::try_from(times.len()).unwrap_or(i64::MAX) >= max {
            return Err(times.first().map_or(1, |first| (first - since).max(1)));
        }
        times.push(now.unix());
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_try_so_often_and_no_more_until_time_has_passed() {
        let limits = Limits::default();
        let now = Timestamp::from_unix(1_800_000_000);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for _ in 0..3 {
            assert_eq!(limits.count(Act::SignIn, ip("192.0.2.1"), 3, now), Ok(()));
        }
        assert_eq!(limits.count(Act::SignIn, ip("192.0.2.1"), 3, now.plus_s(10)), Err(590));
        assert_eq!(limits.count(Act::SignIn, ip("192.0.2.2"), 3, now), Ok(()));
        assert_eq!(limits.count(Act::SignIn, ip("192.0.2.1"), 3, now.plus_s(600)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let limits = Limits::default();
        let now = Timestamp::from_unix(1_800_000_000);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(limits.count(Act::SignIn, ip("2001:db8:1:2::1"), 1, now), Ok(()));
        assert!(limits.count(Act::SignIn, ip("2001:db8:1:2:ffff::9"), 1, now).is_err());
        assert_eq!(limits.count(Act::SignIn, ip("2001:db8:1:3::1"), 1, now), Ok(()));
    }
}
