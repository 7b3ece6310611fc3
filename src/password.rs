//! Staff passwords: Argon2id for new ones; bcrypt and SHA-1 as HelpDeskZ stored them, until the next
//! login replaces them.

mod slots;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

pub(crate) use slots::{NoSlot, Slots};

/// Shortest password accepted, in characters (HelpDeskZ asks for 6).
pub(crate) const PASSWORD_CHARS_MIN: usize = 6;

/// Longest password accepted, in bytes. Chosen: bounds the work of one login.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

/// Highest bcrypt cost verified; PHP's default is 10 to 12, each step doubles the time (16: about 4 s).
pub(crate) const BCRYPT_COST_MAX: u32 = 16;

/// How every hash of ours begins: Argon2id with OWASP's second choice, 19 MiB and two passes.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Memory of [`CURRENT`], in blocks of 1 KiB. Stored hashes that ask for more match nothing: none of ours
/// does, and HelpDeskZ stored no Argon2.
const BLOCKS: usize = 19_456;

/// Memory requested from the allocator for those blocks: above 32 MiB glibc maps memory from the system and gives
/// it back when freed; smaller pieces it keeps after a while (mallopt(3), `M_MMAP_THRESHOLD`). What is never
/// touched costs nothing.
const BLOCKS_ROOM: usize = 33 * 1024;

/// Most passes of a stored hash that are computed; ours has 2.
const PASSES_MAX: u32 = 16;

/// Bytes of the salt and of the hash in [`CURRENT`].
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// A hash that no password has, for accounts that are not there: checking it takes as long.
const NO_MATCH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("the password is too short; use at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_BYTES_MAX`] bytes.
    #[error("the password is too long; use at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The random source or the memory for hashing is not available.
    #[error("the password could not be hashed; try again")]
    Unavailable,
}

/// The memory that Argon2 works in. Empty until it is first used, then kept for the next hash.
#[derive(Default)]
pub(crate) struct Memory(Vec<Block>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is left in it was computed from a password.
        write!(f, "Memory({} blocks)", self.0.len())
    }
}

impl Memory {
    fn blocks(&mut self) -> Result<&mut [Block], Error> {
        if self.0.is_empty() {
            self.0.try_reserve_exact(BLOCKS_ROOM).map_err(|_| Error::Unavailable)?;
            self.0.resize(BLOCKS, Block::default());
        }
        Ok(&mut self.0)
    }
}

/// Hashes a password with memory of its own, for programs that hash one. Otherwise as [`hash_in`].
///
/// # Errors
/// [`Error::TooShort`], [`Error::TooLong`] or [`Error::Unavailable`].
pub(crate) fn hash(password: &str) -> Result<String, Error> {
    hash_in(&mut Memory::default(), password)
}

/// Whether a new password can be taken.
///
/// # Errors
/// [`Error::TooShort`] or [`Error::TooLong`].
pub(crate) fn check(password: &str) -> Result<(), Error> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Error::TooShort);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::TooLong);
    }
    Ok(())
}

/// Hashes a password with Argon2id, as a PHC string with a random salt. Takes about 20 ms.
///
/// # Errors
/// [`Error::TooShort`], [`Error::TooLong`] or [`Error::Unavailable`].
pub(crate) fn hash_in(memory: &mut Memory, password: &str) -> Result<String, Error> {
    check(password)?;
    let (mut salt, mut hash) = ([0; SALT_BYTES], [0; HASH_BYTES]);
    getrandom::fill(&mut salt).map_err(|_| Error::Unavailable)?;
    let hashed =
        Argon2::default().hash_password_into_with_memory(password.as_bytes(), &salt, &mut hash, memory.blocks()?);
    hashed.map_err(|_| Error::Unavailable)?;
    Ok(format!("{CURRENT}{}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash)))
}

/// Whether the password is the one that was hashed, in a time that does not depend on its text.
///
/// Takes Argon2id, bcrypt (`$2y$`, `$2b$`, `$2a$`; PHP's `password_hash`) and SHA-1 in hex
/// (HelpDeskZ 1.x). bcrypt looks at the first 72 bytes only, as PHP does, and a password with a NUL
/// never matches it. Anything else stored, an empty text included, matches nothing; that takes as
/// long as a wrong password.
///
/// The time it takes depends on the kind of hash; an answer to a stranger must not let that be seen.
#[must_use]
pub(crate) fn verify_in(memory: &mut Memory, password: &str, stored: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return is_argon2_of(memory, "", NO_MATCH);
    }
    if stored.starts_with("$argon2id$") {
        return is_argon2_of(memory, password, stored);
    }
    if is_bcrypt(stored) {
        // bcrypt takes no NUL, so the text before it is hashed, only to take the same time.
        let (hashed, has_nul) = password.split_once('\0').map_or((password, false), |(before, _)| (before, true));
        return bcrypt::verify(hashed, stored).unwrap_or(false) & !has_nul;
    }
    // SHA-1 takes almost no time, so an Argon2 check is done as well, to take the same time.
    let matches_none = is_argon2_of(memory, password, NO_MATCH);
    let is_legacy = stored.len() == 40 && {
        let hex = HEXLOWER.encode(&Sha1::digest(password.as_bytes()));
        hex.as_bytes().ct_eq(stored.to_ascii_lowercase().as_bytes()).into()
    };
    is_legacy || matches_none
}

fn is_argon2_of(memory: &mut Memory, password: &str, stored: &str) -> bool {
    let mut checked = || {
        let parsed = PasswordHash::new(stored).ok()?;
        let params = Params::try_from(&parsed).ok().filter(|params| params.t_cost() <= PASSES_MAX)?;
        let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).ok()?;
        let version = parsed.version.unwrap_or(argon2::Version::V0x13.into()).try_into().ok()?;
        let (salt, expected) = (parsed.salt?, parsed.hash?);
        let mut hash = vec![0; expected.as_bytes().len()];
        let blocks = memory.blocks().ok()?.get_mut(..params.block_count())?;
        let argon2 = Argon2::new(algorithm, version, params);
        argon2.hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut hash, blocks).ok()?;
        Some(bool::from(hash.ct_eq(expected.as_bytes())))
    };
    checked().unwrap_or(false)
}

/// The cost of a stored bcrypt hash. Each step doubles the time.
#[must_use]
pub(crate) fn bcrypt_cost(stored: &str) -> Option<u32> {
    let rest = ["$2y$", "$2b$", "$2a$"].iter().find_map(|prefix| stored.strip_prefix(prefix))?;
    rest.get(..2)?.parse().ok().filter(|cost| *cost <= BCRYPT_COST_MAX)
}

fn is_bcrypt(stored: &str) -> bool {
    bcrypt_cost(stored).is_some()
}

/// Whether a stored hash should be replaced when its password is next seen.
#[must_use]
pub(crate) fn needs_rehash(stored: &str) -> bool {
    !stored.starts_with(CURRENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(password: &str, stored: &str) -> bool {
        verify_in(&mut Memory::default(), password, stored)
    }

    #[test]
    fn hashes_are_those_of_the_library_and_more_memory_or_passes_than_allowed_match_nothing() {
        use argon2::password_hash::{PasswordHasher, PasswordVerifier};
        assert!(Argon2::default().verify_password(b"secret1", hash("secret1").unwrap().as_str()).is_ok());
        let with = |memory_kib, passes| {
            let params = Params::new(memory_kib, passes, 1, None).unwrap();
            let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            argon2.hash_password(b"secret1").unwrap().to_string()
        };
        assert!(verify("secret1", &with(64, 1)) && !verify("secret2", &with(64, 1)));
        assert!(verify("secret1", &with(19_456, 1)) && !verify("secret1", &with(19_460, 1)));
        assert!(verify("secret1", &with(8, PASSES_MAX)) && !verify("secret1", &with(8, PASSES_MAX + 1)));
    }

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
        HEXLOWER.encode(&Sha1::digest(text.as_bytes()))
    }

    #[test]
    fn odd_stored_texts_match_nothing() {
        for stored in ["", "secret1", "$2y$31$x", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA", NO_MATCH]
        {
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
