//! Who is asking: the token of a request, and whether it may be used.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use crate::domain::TokenId;
use crate::domain::permission::Permission;
use crate::http::Headers;
use crate::ip_list::IpList;
use crate::store::ReadTx;

/// The token as the request has it: the header `Token`, else one of `Authorization`'s forms.
///
/// `Token: …` inside Authorization is how HelpDeskZ's manual prints it. A token in the query is not
/// looked at: it would end in logs.
#[must_use]
pub(super) fn token_of(headers: &Headers) -> Option<&str> {
    if let Some(token) = headers.get("Token") {
        return Some(token.trim()).filter(|token| !token.is_empty());
    }
    let value = headers.get("Authorization")?.trim();
    let (scheme, token) = value.split_once([' ', ':'])?;
    let token = token.trim_start_matches(':').trim();
    let is_known = scheme.eq_ignore_ascii_case("Token") || scheme.eq_ignore_ascii_case("Bearer");
    Some(token).filter(|token| is_known && !token.is_empty())
}

/// What is stored of a token.
#[must_use]
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Checks a token: that it works at all, from there, for that. The order is HelpDeskZ's.
///
/// # Errors
/// [`ApiError::Authentication`], [`ApiError::Address`], [`ApiError::Permission`], or
/// [`ApiError::Failed`].
pub(super) fn authorize(
    tx: &ReadTx<'_>,
    token: &str,
    client: IpAddr,
    permission: Permission,
) -> Result<TokenId, ApiError> {
    let hash = token_hash(token);
    let known = tx.token_by_hash(&hash)?.filter(|known| known.is_active).ok_or(ApiError::Authentication)?;
    // The index found it by its hash, which reveals nothing to a guesser; this compares in constant time.
    if !bool::from(known.sha256.ct_eq(&hash)) {
        return Err(ApiError::Authentication);
    }
    if !known.ips.is_empty() && !IpList::stored(&known.ips).has(client) {
        return Err(ApiError::Address(client));
    }
    if !permission.is_in(&known.permissions) {
        return Err(ApiError::Permission(permission));
    }
    Ok(known.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Method, Request};

    fn found(headers: &[(&str, &str)]) -> Option<String> {
        let request = headers
            .iter()
            .fold(Request::new(Method::Get, "/"), |request, (name, value)| request.with_header(name, value));
        token_of(&request.headers).map(str::to_owned)
    }

    #[test]
    fn every_documented_way_to_send_a_token_works() {
        for headers in [
            &[("Token", "abc")][..],
            &[("token", " abc ")],
            &[("Authorization", "Token abc")],
            &[("Authorization", "Token: abc")],
            &[("Authorization", "Token:abc")],
            &[("Authorization", "bearer abc")],
            &[("Token", "abc"), ("Authorization", "Bearer other")],
        ] {
            assert_eq!(found(headers).as_deref(), Some("abc"), "{headers:?}");
        }
    }

    #[test]
    fn other_ways_do_not() {
        for headers in [
            &[][..],
            &[("Authorization", "Basic abc")],
            &[("Authorization", "abc")],
            &[("Token", ""), ("Authorization", "Bearer abc")],
        ] {
            assert_eq!(found(headers), None, "{headers:?}");
        }
    }
}
