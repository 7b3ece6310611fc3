//! Random values that leave with answers and mails.

use data_encoding::HEXLOWER;

use super::error::ApiError;
use crate::random;

fn broken(error: getrandom::Error) -> ApiError {
    ApiError::Broken(format!("asking for random bytes: {error}"))
}

/// 256 random bits in hex: the code of an activation link.
///
/// # Errors
/// [`ApiError::Broken`] when the operating system has no random bytes, here and below.
pub(super) fn code() -> Result<String, ApiError> {
    random::bytes::<32>().map(|bytes| HEXLOWER.encode(&bytes)).map_err(broken)
}

/// So many random letters and digits, each as likely as the other.
///
/// # Errors
/// See [`code`].
pub(super) fn alphanumeric(len: usize) -> Result<String, ApiError> {
    random::alphanumeric(len).map_err(broken)
}
