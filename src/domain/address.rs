//! Mail addresses, as they are compared and kept.

use std::fmt;
use std::str::FromStr;

use icu_normalizer::uts46::Uts46MapperBorrowed;

use crate::terminal::is_direction_control;

/// Longest address accepted, in bytes (RFC 5321 §4.5.3.1: 64 local, 255 domain, the `@`).
pub(crate) const EMAIL_ADDRESS_BYTES_MAX: usize = 320;

/// A mail address, checked and trimmed: one `@` between a non-empty local part and a non-empty
/// domain, no white space or control characters, at most [`EMAIL_ADDRESS_BYTES_MAX`] bytes.
///
/// Two addresses are equal when they differ in case only: no mail system in use distinguishes
/// `Ann@example.org` from `ann@example.org`. The spelling given is kept for display, except for other scripts:
/// domains are written in the ASCII form that DNS and mail servers know ([`ascii_domain`]), and what is before the
/// `@` as [`folded`] has it, so that `Jörg@münchen.example` and `JÖRG@xn--mnchen-3ya.example` are one person wherever
/// texts are compared, by SQLite, which knows the case of ASCII only, as by PostgreSQL.
#[derive(Clone, Debug)]
pub struct EmailAddress {
    text: String,
}

/// A text that is not a usable mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a mail address; write it as name@example.org")]
pub struct InvalidEmailAddress(String);

impl EmailAddress {
    /// The address as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address in lower case: what it is compared and looked up by.
    #[must_use]
    pub fn key(&self) -> String {
        self.text.to_lowercase()
    }

    /// The part before the last `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the last `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether mail to it is read by nobody, as its local part says: noreply, no-reply, no_reply, donotreply,
    /// do-not-reply, with or without a `+suffix`.
    #[must_use]
    pub fn is_no_reply(&self) -> bool {
        let local = self.local_part().to_lowercase();
        let base = local.split('+').next().unwrap_or_default();
        matches!(base, "noreply" | "no-reply" | "no_reply" | "donotreply" | "do-not-reply")
    }

    /// Splits `support+suffix@example.org` into `support@example.org` and `suffix` (RFC 5233): at its
    /// first `+`, which is where mail servers split, then at each further one, because an address may
    /// have one of its own. None before the first character.
    pub fn split_subaddress(&self) -> impl Iterator<Item = (Self, &str)> {
        let local = self.local_part();
        local.match_indices('+').filter(|(at, _)| *at > 0).filter_map(|(at, _)| {
            let (user, detail) = (local.get(..at)?, local.get(at + 1..)?);
            Some((Self { text: format!("{user}@{}", self.domain()) }, detail))
        })
    }

    /// This address with `+detail` before the `@` (RFC 5233).
    #[must_use]
    pub fn with_subaddress(&self, detail: &str) -> Self {
        Self { text: format!("{}+{detail}@{}", self.local_part(), self.domain()) }
    }
}

/// A domain in the form that is compared: ASCII as it is, another script in the form of IDNA (UTS 46, as
/// browsers have it), and what IDNA does not accept in lower case.
#[must_use]
pub(crate) fn ascii_domain(domain: &str) -> String {
    let is_encoded = |label: &str| label.get(..4).is_some_and(|mark| mark.eq_ignore_ascii_case("xn--"));
    if domain.is_ascii() && !domain.split('.').any(is_encoded) {
        return domain.to_owned();
    }
    // STD3: what a mapping makes of full-width signs must not become an `@` or a bracket.
    let (hyphens, length) = (idna::uts46::Hyphens::Allow, idna::uts46::DnsLength::Ignore);
    let ascii = idna::uts46::Uts46::new().to_ascii(domain.as_bytes(), idna::AsciiDenyList::STD3, hyphens, length);
    ascii.map_or_else(|_| domain.to_lowercase(), std::borrow::Cow::into_owned)
}

/// A text without differences that are none to a reader: in lower case, full-width and other forms of a letter as the letter
/// itself, and without characters that nobody sees (the mapping of UTS 46, which precis, RFC 8265 §3.3, resembles).
#[must_use]
pub(crate) fn folded(text: &str) -> String {
    Uts46MapperBorrowed::new().map_normalize(text.chars()).collect()
}

/// What is before the `@`, as it is kept.
fn kept_local(local: &str) -> String {
    if local.is_ascii() {
        return local.to_owned();
    }
    let folded = folded(local);
    // What a mapping makes of full-width signs must not part the address.
    let is_sound = !folded.is_empty() && folded.chars().all(|c| is_allowed(c) && !matches!(c, '@' | '\u{FFFD}'));
    if is_sound { folded } else { local.to_lowercase() }
}

/// Whether a character may be in an address.
fn is_allowed(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';') && !is_direction_control(c)
}

/// A text in the form in which [`EmailAddress`] keeps it, if it is an address at all.
#[must_use]
pub(crate) fn comparable_address(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |address: EmailAddress| address.text)
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let fits = trimmed.len() <= EMAIL_ADDRESS_BYTES_MAX
            && trimmed.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
            && trimmed.chars().all(is_allowed);
        if !fits {
            return Err(InvalidEmailAddress(trimmed.to_owned()));
        }
        let text = match trimmed.rsplit_once('@') {
            Some((local, domain)) => format!("{}@{}", kept_local(local), ascii_domain(domain)),
            None => trimmed.to_owned(),
        };
        if text.len() > EMAIL_ADDRESS_BYTES_MAX {
            return Err(InvalidEmailAddress(trimmed.to_owned()));
        }
        Ok(Self { text })
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn domain_of_another_script_is_one_in_every_spelling() {
        for (text, kept) in [
            ("Ann@BÜCHER.example", "Ann@xn--bcher-kva.example"),
            ("Ann@bu\u{308}cher.example", "Ann@xn--bcher-kva.example"),
            ("Ann@XN--BCHER-KVA.Example", "Ann@xn--bcher-kva.example"),
            ("Ann@bücher。example", "Ann@xn--bcher-kva.example"),
            ("Ann@ＢOX.example", "Ann@box.example"),
            ("Ann@Example.ORG", "Ann@Example.ORG"),
            ("Ann@under_score.example", "Ann@under_score.example"),
            ("Ann@[192.0.2.1]", "Ann@[192.0.2.1]"),
            // Not IDNA: kept in lower case, because no mail could be sent to such a domain.
            ("Ann@xn--\u{fc}.example", "Ann@xn--\u{fc}.example"),
            ("Ann@Ü＠evil.example", "Ann@ü＠evil.example"),
        ] {
            assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), kept, "{text}");
        }
    }

    #[test]
    fn letters_of_another_script_before_the_at_are_one_in_every_spelling() {
        for (text, kept) in [
            ("JÖRG@example.org", "jörg@example.org"),
            ("Jo\u{308}rg@example.org", "jörg@example.org"),
            ("a\u{AD}nn@example.org", "ann@example.org"),
            ("ann\u{200B}@example.org", "ann@example.org"),
            ("ＡNN@example.org", "ann@example.org"),
            ("ОЛЬГА+x@example.org", "ольга+x@example.org"),
            ("Ann.Ode@example.org", "Ann.Ode@example.org"),
            // Nothing would be left of it, or it would become two.
            ("\u{200B}@example.org", "\u{200B}@example.org"),
            ("Ü＠b@example.org", "ü＠b@example.org"),
            ("Ü＜b@example.org", "ü＜b@example.org"),
        ] {
            assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), kept, "{text}");
        }
    }

    #[test]
    fn address_is_no_longer_in_ascii_than_allowed() {
        let long = |labels: usize| format!("a@{}example", "ü.".repeat(labels));
        // "xn--tda." for each label.
        assert!(long(38).parse::<EmailAddress>().is_ok());
        assert!(long(39).parse::<EmailAddress>().is_err());
    }
}
