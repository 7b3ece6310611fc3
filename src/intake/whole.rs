//! Mails over the largest size: the beginning is kept, the rest is read, hashed and dropped, so that two mails that begin
//! alike stay two.

use std::io::{self, Read};

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::mail::{LongMail, Whole};

/// Bytes read at once of what is dropped.
const PIECE_BYTES: usize = 64 * 1024;

/// Reads what stands behind the beginning of a mail to its end.
///
/// # Errors
/// As reading.
pub(crate) fn whole_of(beginning: &[u8], rest: &mut impl Read) -> io::Result<Whole> {
    let mut long = LongMail::new(beginning);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match rest.read(&mut piece) {
            Ok(0) => return Ok(long.end()),
            Ok(read) => long.add(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A whole mail in a word, as one host tells another.
pub(crate) fn whole_as_text(whole: &Whole) -> String {
    format!("{} {}", HEXLOWER_PERMISSIVE.encode(&whole.key), whole.bytes)
}

/// Reads what [`whole_as_text`] wrote.
pub(crate) fn whole_from_text(text: &str) -> Option<Whole> {
    let (key, bytes) = text.trim().split_once(' ')?;
    let key = HEXLOWER_PERMISSIVE.decode(key.as_bytes()).ok()?.try_into().ok()?;
    Some(Whole { key, bytes: bytes.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_mail_is_told_in_a_word_and_read_again() {
        let whole = whole_of(b"Subject: x\n\nabc", &mut &b"def\n"[..]).unwrap();
        assert_eq!((whole.bytes, whole_from_text(&whole_as_text(&whole))), (19, Some(whole)));
        for wrong in ["", "12 3", "zz 1", &format!("{} ", "a".repeat(64)), &"a".repeat(64)] {
            assert_eq!(whole_from_text(wrong), None, "{wrong:?}");
        }
    }
}
