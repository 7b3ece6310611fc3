//! Whom a text mentions: `@sam`. Pure.

/// Most people one note can mention. Chosen: more is a mailing list.
const MENTIONS_MAX: usize = 20;

/// The usernames that a text mentions, each once (without case), in order; whether there are such accounts is not known
/// here.
#[must_use]
pub(crate) fn mentions(text: &str) -> Vec<&str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut found: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices('@') {
        // `ann@example.org` is an address.
        if text
            .get(..at)
            .and_then(|before| before.chars().next_back())
            .is_some_and(|c| c.is_alphanumeric() || is_of_name(c))
        {
            continue;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        let name = rest.split(|c: char| !is_of_name(c)).next().unwrap_or_default().trim_end_matches(['.', '-']);
        if !name.is_empty() && found.len() < MENTIONS_MAX && !found.iter().any(|known| known.eq_ignore_ascii_case(name))
        {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_addresses_are_not() {
        assert_eq!(mentions("@sam, please ask @Eva.Lee. (@bob_2) @SAM"), ["sam", "Eva.Lee", "bob_2"]);
        for none in ["ann@example.org", "@", "a@b", "@ sam", "é@sam"] {
            assert!(mentions(none).is_empty(), "{none}");
        }
        let many: String = (0..30).map(|n| format!("@u{n} ")).collect();
        assert_eq!(mentions(&many).len(), MENTIONS_MAX);
    }
}
