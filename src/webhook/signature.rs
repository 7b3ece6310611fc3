//! Signatures of the Standard Webhooks specification: HMAC-SHA256 over id, time and body, by a key that the receiver has
//! as `whsec_` and base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::Timestamp;

/// How a key begins.
const PREFIX: &str = "whsec_";

/// A key as the receiver gets it, of random bytes. The specification asks for 24 to 64.
pub(crate) fn new_secret(random: &[u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(random))
}

/// The header `webhook-signature`; `None` when the key is none.
pub(super) fn signature(secret: &str, id: &str, at: Timestamp, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{}.", at.unix()).as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_alike() {
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp::from_unix(1_614_265_330),
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signature("no key", "a", Timestamp::default(), ""), None);
        assert_eq!(new_secret(&[0; 32]), format!("whsec_{}", STANDARD.encode([0; 32])));
    }
}
