//! The second factor: time-based one-time passwords (RFC 6238; SHA-1, 6 digits, 30 s, ±1 step).

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::domain::Timestamp;

/// Seconds of one step (RFC 6238 §4.1).
pub(crate) const STEP_S: i64 = 30;

/// Random bytes of a new secret: RFC 4226 §4 asks for 160 bits.
pub(crate) const SECRET_BYTES: usize = 20;

/// Why a secret cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret of the second factor is base32: at least 16 letters A to Z and digits 2 to 7")]
pub(crate) struct InvalidSecret;

/// Reads a secret as people write it: blanks, case and padding do not matter. HelpDeskZ's have
/// 16 characters.
///
/// # Errors
/// [`InvalidSecret`].
pub(crate) fn clean_secret(text: &str) -> Result<String, InvalidSecret> {
    let clean: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '-' && *c != '=').collect::<String>().to_ascii_uppercase();
    if clean.len() >= 16 && generator(&clean).is_some() { Ok(clean) } else { Err(InvalidSecret) }
}

/// A new secret of these random bytes, in base32.
#[must_use]
pub(crate) fn secret_of(bytes: [u8; SECRET_BYTES]) -> String {
    Secret::from(bytes.to_vec()).to_base32()
}

fn generator(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(0).with_secret(secret);
    // Not the checked build: it refuses HelpDeskZ's secrets, which have 80 bits.
    Some(builder.with_step_duration(STEP_S.unsigned_abs()).build_noncompliant())
}

/// The step that the code belongs to, if it is within ±1 of now and later than `last_step`: a used
/// code, and every older one, never works again (RFC 6238 §5.2).
#[must_use]
pub(crate) fn matching_step(secret: &str, code: &str, last_step: i64, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let generator = generator(secret)?;
    let current = now.unix() / STEP_S;
    // A step in the future was used while the clock was ahead; the current codes were not used.
    let last_step = if last_step > current + 1 { 0 } else { last_step };
    (current - 1..=current + 1)
        .filter(|step| *step > last_step && *step >= 0)
        .find(|step| generator.check(&code, (step * STEP_S).unsigned_abs()).is_some())
}

/// Recovery codes made at a time. Chosen: a card full.
pub(crate) const RECOVERY_CODES: usize = 10;

/// Random bytes of a recovery code: 80 bits, as many as HelpDeskZ's secrets have.
pub(crate) const RECOVERY_BYTES: usize = 10;

/// A recovery code of these random bytes: four groups of four letters and digits.
#[must_use]
pub(crate) fn recovery_code(bytes: [u8; RECOVERY_BYTES]) -> String {
    let code = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
    let groups: Vec<String> = code.chars().collect::<Vec<_>>().chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Codes that each replace one code of the second factor, and what is kept of them.
pub(crate) struct RecoveryCodes {
    /// As people write them down.
    pub(crate) shown: Vec<String>,
    /// See [`recovery_hash`].
    pub(crate) hashes: Vec<[u8; 32]>,
}

impl RecoveryCodes {
    /// [`RECOVERY_CODES`] new ones of random bytes.
    ///
    /// # Errors
    /// Those of `random`.
    pub(crate) fn new<E>(random: impl Fn() -> Result<[u8; RECOVERY_BYTES], E>) -> Result<Self, E> {
        let (mut shown, mut hashes) = (Vec::new(), Vec::new());
        for _ in 0..RECOVERY_CODES {
            let code = recovery_code(random()?);
            hashes.extend(recovery_hash(&code));
            shown.push(code);
        }
        Ok(Self { shown, hashes })
    }
}

/// SHA-256 of a recovery code as people type it; `None` when it is none by its form.
#[must_use]
pub(crate) fn recovery_hash(typed: &str) -> Option<[u8; 32]> {
    let clean: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let clean = clean.to_ascii_uppercase();
    let bytes = BASE32_NOPAD.decode(clean.as_bytes()).ok().filter(|bytes| bytes.len() == RECOVERY_BYTES)?;
    Some(Sha256::digest(bytes).into())
}

/// The otpauth URL that authenticator programs read (Google's Key URI format).
#[must_use]
pub(crate) fn otpauth_url(issuer: &str, username: &str, secret: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let issuer = utf8_percent_encode(issuer, NON_ALPHANUMERIC).to_string();
    let account = utf8_percent_encode(username, NON_ALPHANUMERIC);
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_S}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B's secret; its codes cut to six digits.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn codes_of_the_rfc_are_known() {
        assert_eq!(matching_step(SECRET, "287082", 0, at(59)), Some(1));
        assert_eq!(matching_step(SECRET, "081 804", 0, at(1_111_111_109)), Some(37_037_036));
        assert_eq!(matching_step(SECRET, "287083", 0, at(59)), None);
    }

    #[test]
    fn a_code_works_one_step_early_or_late_and_no_further() {
        for (seconds, expected) in [(0, Some(1)), (89, Some(1)), (90, None)] {
            assert_eq!(matching_step(SECRET, "287082", 0, at(seconds)), expected, "{seconds} s");
        }
        assert_eq!(matching_step(SECRET, "081804", 0, at(1_111_111_109 - 60)), None);
    }

    #[test]
    fn a_used_code_and_older_ones_never_work_again() {
        assert_eq!(matching_step(SECRET, "287082", 1, at(59)), None);
        assert_eq!(matching_step(SECRET, "287082", 2, at(59)), None);
    }

    #[test]
    fn secrets_are_read_as_people_write_them() {
        assert_eq!(clean_secret("jbsw y3dp ehpk 3pxp").as_deref(), Ok("JBSWY3DPEHPK3PXP"));
        for bad in ["", "JBSWY3DPEHPK3PX", "JBSWY3DPEHPK3PX1", "JBSWY3DPEHPK3PXé"] {
            assert_eq!(clean_secret(bad), Err(InvalidSecret), "{bad}");
        }
        assert_eq!(secret_of([0; SECRET_BYTES]), "A".repeat(32));
    }

    #[test]
    fn a_code_used_while_the_clock_was_ahead_does_not_lock_the_account() {
        let ahead = 1_111_111_109 / STEP_S + 1_000_000;
        assert_eq!(matching_step(SECRET, "081804", ahead, at(1_111_111_109)), Some(37_037_036));
        // One step ahead is within the tolerance, and used.
        assert_eq!(matching_step(SECRET, "081804", 37_037_037, at(1_111_111_109)), None);
    }
}
