//! Random values that leave with answers and mails, from the operating system's source.

use data_encoding::HEXLOWER;

use super::error::ApiError;

/// Letters and digits that the codes of Faveo's answers consist of.
const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The largest multiple of 62 that fits into a byte: bytes from here on would favour some letters.
const FAIR_MAX: u8 = 248;

fn fill(bytes: &mut [u8]) -> Result<(), ApiError> {
    getrandom::fill(bytes).map_err(|e| ApiError::Broken(format!("asking for random bytes: {e}")))
}

/// 256 random bits in hex: the code of an activation link.
///
/// # Errors
/// [`ApiError::Broken`] when the operating system has no random bytes, here and below.
pub(super) fn code() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(HEXLOWER.encode(&bytes))
}

/// So many random letters and digits, each as likely as the other.
///
/// # Errors
/// See [`code`].
pub(super) fn alphanumeric(len: usize) -> Result<String, ApiError> {
    let mut text = String::with_capacity(len);
    let mut bytes = [0; 64];
    while text.len() < len {
        fill(&mut bytes)?;
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
        assert_ne!(code().unwrap(), code().unwrap());
    }
}
