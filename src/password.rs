//! Staff passwords: Argon2id for new ones; bcrypt and SHA-1 as HelpDeskZ stored them, until the next
//! login replaces them.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// Shortest password accepted, in characters (HelpDeskZ asks for 6).
pub const PASSWORD_CHARS_MIN: usize = 6;

/// Longest password accepted, in bytes. Chosen: bounds the work of one login.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Highest bcrypt cost verified; PHP's default is 10 to 12, each step doubles the time (16: about 4 s).
pub const BCRYPT_COST_MAX: u32 = 16;

/// How every hash of ours begins: Argon2id with OWASP's second choice, 19 MiB and two passes.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// A hash that no password has, for accounts that are not there: checking it takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("the password is too short; use at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_BYTES_MAX`] bytes.
    #[error("the password is too long; use at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The random source or the memory for hashing is not to be had.
    #[error("the password could not be hashed; try again")]
    Unavailable,
}

/// Hashes a password with Argon2id, as a PHC string with a random salt. Takes about 20 ms.
///
/// # Errors
/// [`Error::TooShort`], [`Error::TooLong`] or [`Error::Unavailable`].
pub fn hash(password: &str) -> Result<String, Error> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Error::TooShort);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|_| Error::Unavailable)?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed, in constant time as far as its text goes.
///
/// Takes Argon2id, bcrypt (`$2y$`, `$2b$`, `$2a$`; PHP's `password_hash`) and SHA-1 in hex
/// (HelpDeskZ 1.x). bcrypt looks at the first 72 bytes only, as PHP does, and a password with a NUL
/// never matches it. Anything else stored, an empty text included, matches nothing; that takes as
/// long as a wrong password.
#[must_use]
pub fn verify(password: &str, stored: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return verify("", NOBODY);
    }
    if stored.starts_with("$argon2id$") {
        return Argon2::default().verify_password(password.as_bytes(), stored).is_ok();
    }
    if is_bcrypt(stored) {
        return !password.contains('\0') && bcrypt::verify(password, stored).unwrap_or(false);
    }
    // SHA-1 takes no time at all, so the time of an Argon2 check is spent beside it.
    let is_nobody = verify(password, NOBODY);
    let is_legacy = stored.len() == 40 && {
        let hex: String = Sha1::digest(password.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        hex.as_bytes().ct_eq(stored.to_ascii_lowercase().as_bytes()).into()
    };
    is_legacy || is_nobody
}

fn is_bcrypt(stored: &str) -> bool {
    let cost =
        ["$2y$", "$2b$", "$2a$"].iter().find_map(|prefix| stored.strip_prefix(prefix)).and_then(|rest| rest.get(..2));
    cost.and_then(|cost| cost.parse().ok()).is_some_and(|cost: u32| cost <= BCRYPT_COST_MAX)
}

/// Whether a stored hash should be replaced when its password is next seen.
#[must_use]
pub fn needs_rehash(stored: &str) -> bool {
    !stored.starts_with(CURRENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_stored_password_is_verified_and_ours_alone_is_current() {
        let ours = hash("secret1").unwrap();
        let bcrypt = bcrypt::hash("secret1", 4).unwrap();
        for stored in [
            ours.as_str(),
            &bcrypt,
            &bcrypt.replacen("$2b$", "$2y$", 1),
            &bcrypt.replacen("$2b$", "$2a$", 1),
            "c94cb9ca8bc3d7bb3d1fb6eb1ba9c22bbf5abc5f",
        ] {
            let expected = stored.len() != 40 || sha1_hex("secret1") == stored;
            assert_eq!(verify("secret1", stored), expected, "{stored}");
            assert!(!verify("secret2", stored), "{stored}");
            assert_eq!(needs_rehash(stored), stored != ours, "{stored}");
        }
        assert!(verify("secret1", &sha1_hex("secret1")) && verify("secret1", &sha1_hex("secret1").to_uppercase()));
    }

    fn sha1_hex(text: &str) -> String {
        Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn odd_stored_texts_match_nothing() {
        for stored in ["", "secret1", "$2y$31$x", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA", NOBODY] {
            assert!(!verify("secret1", stored) && !verify("", stored), "{stored}");
        }
    }

    #[test]
    fn bcrypt_sees_72_bytes_and_no_nul() {
        let long = "a".repeat(72);
        let stored = bcrypt::hash(&long, 4).unwrap();
        assert!(verify(&format!("{long}b"), &stored));
        assert!(!verify(&long[..71], &stored));
        assert!(!verify("a\0b", &bcrypt::hash("a", 4).unwrap()));
    }

    #[test]
    fn lengths_are_taken_at_their_limit_and_refused_beyond() {
        assert_eq!(hash("12345"), Err(Error::TooShort));
        assert!(hash("123456").is_ok());
        assert!(hash(&"x".repeat(PASSWORD_BYTES_MAX)).is_ok());
        assert_eq!(hash(&"x".repeat(PASSWORD_BYTES_MAX + 1)), Err(Error::TooLong));
    }
}
