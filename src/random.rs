//! Random bytes and texts, from the operating system's source.

use getrandom::Error;

/// Letters and digits that random texts consist of.
const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The largest multiple of 62 that fits into a byte: bytes from here on would favour some letters.
const FAIR_MAX: u8 = 248;

/// So many random bytes.
///
/// # Errors
/// When the operating system has none, here and below.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// So many random letters and digits, each as likely as the other.
///
/// # Errors
/// See [`bytes()`].
pub(crate) fn alphanumeric(len: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(len);
    while text.len() < len {
        let bytes: [u8; 64] = bytes()?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR_MAX);
        let letters = fair.filter_map(|byte| ALPHANUMERIC.get(usize::from(byte % 62)));
        text.extend(letters.map(|letter| char::from(*letter)).take(len - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_length_and_every_letter_turns_up() {
        for len in [0, 1, 60, 1000] {
            let text = alphanumeric(len).unwrap();
            assert_eq!(text.len(), len);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
        // A letter missing from 10,000 has a chance of 1 in 10^69.
        let many = alphanumeric(10_000).unwrap();
        assert!(ALPHANUMERIC.iter().all(|letter| many.bytes().any(|byte| byte == *letter)));
        assert_ne!(bytes::<32>().unwrap(), bytes::<32>().unwrap());
    }
}
