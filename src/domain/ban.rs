//! What a ban names: an address, or a domain with those below it.

use super::{EmailAddress, ascii_domain, comparable_address};

/// Longest domain name, in bytes (RFC 1035 §2.3.4).
const DOMAIN_BYTES_MAX: usize = 253;

/// The ban of an address (`ann@example.org`) or a domain (`example.org`) as it is stored; `None` for anything else.
#[must_use]
pub(crate) fn ban_pattern(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('@');
    let is_domain = !text.is_empty()
        && text.len() <= DOMAIN_BYTES_MAX
        && text
            .split('.')
            .all(|label| !label.is_empty() && !label.contains(|c: char| c.is_whitespace() || c.is_control()));
    let is_address = text.contains('@') && text.parse::<EmailAddress>().is_ok();
    if is_address {
        return Some(comparable_address(text).to_lowercase());
    }
    (is_domain && !text.contains('@')).then(|| ascii_domain(text).to_lowercase())
}
