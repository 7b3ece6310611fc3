//! What the MTA found out about From: Authentication-Results (RFC 8601), read for one question.
//!
//! maildesk verifies nothing itself (that takes DNS at delivery time); it believes the MTA whose
//! name is in setting `authserv_id`, and only the topmost field of that name: a sender can write
//! more of them below.

/// Whether From is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// No `authserv_id` is set: nobody was asked.
    NotAsked,
    /// DMARC passed, or DKIM or SPF passed for the domain in From.
    Pass,
    /// Anything else, no field of that name included.
    Fail,
}

/// Reads `fields` (topmost first, unfolded) for the domain in From.
///
/// DKIM (`header.d`, `header.i`) and SPF (`smtp.mailfrom`) count when their domain is the From
/// domain or lies below it. Relaxed alignment upwards (RFC 7489 §3.1) needs the public suffix list;
/// MTAs that know it say `dmarc=pass`.
#[must_use]
pub fn of_sender(fields: &[String], authserv_id: &str, from_domain: &str) -> Authentication {
    if authserv_id.is_empty() {
        return Authentication::NotAsked;
    }
    let trusted = fields.iter().map(|field| without_comments(field)).find(|field| {
        let name = field.split(';').next().unwrap_or("").split_whitespace().next().unwrap_or("");
        name.eq_ignore_ascii_case(authserv_id)
    });
    let passes = trusted.is_some_and(|field| field.split(';').skip(1).any(|result| is_pass(result, from_domain)));
    if passes { Authentication::Pass } else { Authentication::Fail }
}

fn is_pass(result: &str, from_domain: &str) -> bool {
    let result = result.to_ascii_lowercase().replace(" =", "=").replace("= ", "=");
    let mut words = result.split_whitespace();
    let property = |name: &str| result.split_whitespace().find_map(|word| word.strip_prefix(name)).map(str::to_owned);
    match words.next().unwrap_or("") {
        "dmarc=pass" => property("header.from=").is_none_or(|domain| is_aligned(&domain, from_domain)),
        "dkim=pass" => ["header.d=", "header.i="]
            .iter()
            .any(|name| property(name).is_some_and(|domain| is_aligned(&domain, from_domain))),
        "spf=pass" => property("smtp.mailfrom=").is_some_and(|sender| is_aligned(&sender, from_domain)),
        _ => false,
    }
}

fn is_aligned(value: &str, from_domain: &str) -> bool {
    let value = value.trim_matches('"').trim_end_matches('.');
    let domain = value.rsplit('@').next().unwrap_or("");
    let from_domain = from_domain.to_ascii_lowercase();
    !domain.is_empty() && (domain == from_domain || domain.ends_with(&format!(".{from_domain}")))
}

/// Drops RFC 5322 comments, which may nest and may hold `;`.
fn without_comments(field: &str) -> String {
    let (mut depth, mut is_quoted, mut is_escaped) = (0u32, false, false);
    let mut out = String::with_capacity(field.len());
    for c in field.chars() {
        let was_escaped = is_escaped;
        is_escaped = c == '\\' && !was_escaped;
        match c {
            '"' if depth == 0 && !was_escaped => is_quoted = !is_quoted,
            '(' if !is_quoted && !was_escaped => depth = depth.saturating_add(1),
            ')' if !is_quoted && !was_escaped && depth > 0 => {
                depth -= 1;
                out.push(' ');
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Authentication {
        of_sender(&[field.to_owned()], "mx.example.org", "example.org")
    }

    #[test]
    fn nothing_is_asked_without_an_authserv_id() {
        assert_eq!(of_sender(&["mx.example.org; dmarc=pass".to_owned()], "", "example.org"), Authentication::NotAsked);
    }

    #[test]
    fn dmarc_aligned_dkim_and_aligned_spf_pass() {
        for field in [
            "mx.example.org; dmarc=pass header.from=example.org",
            "mx.example.org 1; spf=fail smtp.mailfrom=x@y.net; dkim=pass (2048-bit; ok) header.d=example.org",
            "MX.Example.org; spf=pass smtp.mailfrom=ann@mail.example.org",
        ] {
            assert_eq!(read(field), Authentication::Pass, "{field}");
        }
    }

    #[test]
    fn another_domains_signature_or_a_word_in_a_comment_fails() {
        for field in [
            "mx.example.org; dkim=pass header.d=attacker.net",
            "mx.example.org; dkim=fail (dmarc=pass; dkim=pass header.d=example.org) header.d=example.org",
            "mx.example.org; spf=pass smtp.mailfrom=ann@notexample.org",
            "mx.example.org; none",
            "other.example.org; dmarc=pass",
        ] {
            assert_eq!(read(field), Authentication::Fail, "{field}");
        }
    }

    #[test]
    fn only_the_topmost_field_of_our_name_counts() {
        let fields = ["mx.example.org; dmarc=fail".to_owned(), "mx.example.org; dmarc=pass".to_owned()];
        assert_eq!(of_sender(&fields, "mx.example.org", "example.org"), Authentication::Fail);
    }
}
