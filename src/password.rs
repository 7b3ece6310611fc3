//! Staff passwords: Argon2id for new ones.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;

/// Shortest password accepted, in characters (HelpDeskZ asks for 6).
pub const PASSWORD_CHARS_MIN: usize = 6;

/// Longest password accepted, in bytes. Chosen: bounds the work of one login.
pub const PASSWORD_BYTES_MAX: usize = 1024;

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
