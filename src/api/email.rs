//! Which texts HelpDeskZ's API takes for a mail address: PHP's FILTER_VALIDATE_EMAIL.
//!
//! Stricter than what mail brings in, because programs rely on the refusal.

use crate::domain::EmailAddress;

/// RFC 5321 §4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;
/// RFC 5321 §4.5.3.1.3, without the angle brackets.
const ADDRESS_BYTES_MAX: usize = 254;
/// RFC 1035 §2.3.4.
const LABEL_BYTES_MAX: usize = 63;

/// The address, if the text is one: `local@domain` with a dot in the domain, or an address literal.
/// Names in other scripts are allowed in the domain, as CodeIgniter allows them.
#[must_use]
pub(super) fn valid(text: &str) -> Option<EmailAddress> {
    let (local, domain) = text.rsplit_once('@')?;
    let fits = text.len() <= ADDRESS_BYTES_MAX && is_local(local) && (is_domain(domain) || is_literal(domain));
    text.parse().ok().filter(|_| fits)
}

fn is_local(local: &str) -> bool {
    if local.len() > LOCAL_BYTES_MAX {
        return false;
    }
    if let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return !quoted.is_empty() && quoted.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    }
    let is_atom = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&c);
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c == '-' || c.is_alphanumeric())
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && domain.split('.').all(is_label) && !last.starts_with(|c: char| c.is_ascii_digit())
}

fn is_literal(domain: &str) -> bool {
    let Some(inner) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
    match inner.strip_prefix("IPv6:") {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => inner.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_as_php_tells_them() {
        for good in [
            "a@b.cc",
            "x@y.z",
            "john.doe+tag@demo.com",
            "o'neil@sub.demo.com",
            "a@xn--bcher-kva.example",
            "a@bücher.example",
            "a@[192.0.2.1]",
            "\"a.b\"@x.org",
        ] {
            assert!(valid(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "not-an-email",
            "a@b",
            "@b.cc",
            "a@",
            "a b@c.dd",
            " a@b.cc",
            "a@b.cc ",
            ".a@b.cc",
            "a.@b.cc",
            "a..b@c.dd",
            "a@b..cc",
            "a@-b.cc",
            "a@b-.cc",
            "a@b.1c",
            "a@@b.cc",
            "<a@b.cc>",
            "a@b.cc,d@e.ff",
            "ü@b.cc",
            "a@b_c.dd",
            "a@[999.1.1.1]",
            "a\n@b.cc",
        ] {
            assert!(valid(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn lengths_are_taken_at_their_limit_and_refused_above() {
        let local = |n: usize| format!("{}@b.cc", "a".repeat(n));
        assert!(valid(&local(64)).is_some() && valid(&local(65)).is_none());
        let label = |n: usize| format!("a@{}.cc", "b".repeat(n));
        assert!(valid(&label(63)).is_some() && valid(&label(64)).is_none());
    }
}
