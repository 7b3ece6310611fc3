//! Keeps other sites from posting in a person's name: a POST has to come from a page of ours and bring the token of the
//! session it acts for.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::{DeskSecret, Timestamp};
use crate::http::Headers;

/// How long a form of a page without a session can be sent, in seconds. Chosen: a day in an open tab.
const ANONYMOUS_VALID_S: i64 = Timestamp::DAY_S;

fn mac(secret: &DeskSecret, about: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(b"form token\0");
    mac.update(about);
    Some(HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// Bytes that nobody can make who does not know both the desk's secret and what they are drawn for.
pub(crate) fn drawn(secret: &DeskSecret, about: &str) -> Vec<u8> {
    let bytes = mac(secret, format!("drawn {about}").as_bytes()).and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
    bytes.unwrap_or_default()
}

/// The token of a session's forms.
pub(crate) fn token_of(secret: &DeskSecret, session: &[u8; 32]) -> String {
    mac(secret, session).unwrap_or_default()
}

/// Whether a form's token is the session's.
pub(crate) fn is_token_of(secret: &DeskSecret, session: &[u8; 32], token: &str) -> bool {
    mac(secret, session).is_some_and(|right| bool::from(right.as_bytes().ct_eq(token.as_bytes())))
}

/// The token of a form that is shown without a session. It says when the page was made.
pub(crate) fn anonymous_token(secret: &DeskSecret, now: Timestamp) -> String {
    let made = now.unix().to_string();
    let sign = mac(secret, made.as_bytes()).unwrap_or_default();
    format!("{made}.{sign}")
}

/// When the page was made that the token of a form without a session comes from; none for one that is not ours or
/// too old.
pub(crate) fn anonymous_made_at(secret: &DeskSecret, token: &str, now: Timestamp) -> Option<Timestamp> {
    let (made, sign) = token.split_once('.')?;
    let right = mac(secret, made.as_bytes())?;
    let at = Timestamp::from_unix(made.parse().ok()?);
    let is_ours = bool::from(right.as_bytes().ct_eq(sign.as_bytes()));
    let is_fresh = at <= now.plus_s(60) && at.plus_s(ANONYMOUS_VALID_S) > now;
    (is_ours && is_fresh).then_some(at)
}

/// The key of a form that strangers send: sent twice, it does once what it does, and none can be made up. It says when its
/// page was made.
pub(crate) fn page_key(secret: &DeskSecret, nonce: [u8; 16], now: Timestamp) -> String {
    let about = format!("{}.{}", now.unix(), HEXLOWER.encode(&nonce));
    let sign = mac(secret, format!("page {about}").as_bytes()).unwrap_or_default();
    format!("{about}.{sign}")
}

/// When the page of a form with that key was made; none for a key that is not ours or too old.
pub(crate) fn page_made_at(secret: &DeskSecret, key: &str, now: Timestamp) -> Option<Timestamp> {
    let (about, sign) = key.rsplit_once('.')?;
    let right = mac(secret, format!("page {about}").as_bytes())?;
    let at = Timestamp::from_unix(about.split('.').next()?.parse().ok()?);
    let is_ours = bool::from(right.as_bytes().ct_eq(sign.as_bytes()));
    let is_fresh = at <= now.plus_s(60) && at.plus_s(ANONYMOUS_VALID_S) > now;
    (is_ours && is_fresh).then_some(at)
}

/// Whether a request comes from a page of ours: as the browser says by `Sec-Fetch-Site`, or for older ones by `Origin`.
pub(crate) fn is_same_origin(headers: &Headers, site_url: &str) -> bool {
    if let Some(site) = headers.get("Sec-Fetch-Site") {
        return site == "same-origin";
    }
    let Some(origin) = headers.get("Origin") else { return false };
    let Some((_, host)) = origin.split_once("://") else { return false };
    let own = headers.get("Host").unwrap_or("");
    let ours = site_url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    !host.is_empty() && (host.eq_ignore_ascii_case(own) || host.eq_ignore_ascii_case(ours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Method, Request};

    const SECRET: DeskSecret = DeskSecret::new([7; 32]);

    #[test]
    fn a_token_is_its_session_s_alone() {
        let token = token_of(&SECRET, &[1; 32]);
        assert!(is_token_of(&SECRET, &[1; 32], &token));
        assert!(!is_token_of(&SECRET, &[2; 32], &token));
        assert!(!is_token_of(&DeskSecret::new([8; 32]), &[1; 32], &token));
        assert!(!is_token_of(&SECRET, &[1; 32], ""));
    }

    #[test]
    fn a_form_without_a_session_is_taken_for_a_day() {
        let made = Timestamp::from_unix(1_800_000_000);
        let token = anonymous_token(&SECRET, made);
        let at = |later_s: i64| anonymous_made_at(&SECRET, &token, made.plus_s(later_s));
        assert_eq!(at(0), Some(made));
        assert_eq!(at(ANONYMOUS_VALID_S - 1), Some(made));
        assert_eq!(at(ANONYMOUS_VALID_S), None);
        assert_eq!(anonymous_made_at(&SECRET, &format!("1{token}"), made), None);
        assert_eq!(anonymous_made_at(&SECRET, "", made), None);
    }

    #[test]
    fn a_key_of_a_form_cannot_be_made_up() {
        let made = Timestamp::from_unix(1_800_000_000);
        let key = page_key(&SECRET, [1; 16], made);
        assert_ne!(key, page_key(&SECRET, [2; 16], made));
        assert_eq!(page_made_at(&SECRET, &key, made.plus_s(5)), Some(made));
        assert_eq!(page_made_at(&SECRET, &key, made.plus_s(ANONYMOUS_VALID_S)), None);
        let other = key.replacen("01", "02", 1);
        assert_eq!(page_made_at(&SECRET, &other, made), None);
        assert_eq!(page_made_at(&SECRET, &anonymous_token(&SECRET, made), made), None);
    }

    #[test]
    fn only_pages_of_ours_may_post() {
        let asked = |headers: &[(&str, &str)]| {
            let request = Request::new(Method::Post, "/").with_header("Host", "desk.test:8080");
            let request = headers.iter().fold(request, |request, (name, value)| request.with_header(name, value));
            is_same_origin(&request.headers, "https://public.test/desk")
        };
        assert!(asked(&[("Sec-Fetch-Site", "same-origin")]));
        assert!(!asked(&[("Sec-Fetch-Site", "same-site")]));
        assert!(!asked(&[("Sec-Fetch-Site", "none"), ("Origin", "http://desk.test:8080")]));
        assert!(!asked(&[("Sec-Fetch-Site", "cross-site")]));
        assert!(asked(&[("Origin", "http://desk.test:8080")]));
        assert!(asked(&[("Origin", "https://public.test")]));
        assert!(!asked(&[("Origin", "https://evil.test")]));
        assert!(!asked(&[("Origin", "null")]));
        assert!(!asked(&[]));
    }
}
