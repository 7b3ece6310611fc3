//! The bytes of a mail: from the dots of DATA or the chunks of BDAT, as far as they are kept.
//!
//! The end of DATA is CR LF dot CR LF and nothing else (RFC 5321 §4.1.1.4). A line feed or a carriage return alone is a
//! byte of the mail: who took `LF . LF` or `LF . CR LF` for an end would let a sender write commands into a mail.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::mail::{LongMail, Whole};

/// Bytes of mails that are being received, all together. Chosen: ten mails of the largest size.
const IN_HAND_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Bytes by which the share of a mail in that grows at least.
const SHARE_BYTES: usize = 256 * 1024;

/// Where in a line the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind that dot and a carriage return.
    DotCr,
    Text,
    Cr,
    End,
}

/// Finds the end of DATA and takes the doubled dots away.
#[derive(Debug)]
pub(super) struct Dots {
    at: At,
}

impl Default for Dots {
    fn default() -> Self {
        Self { at: At::Start }
    }
}

impl Dots {
    pub(super) fn is_at_end(&self) -> bool {
        self.at == At::End
    }

    /// Reads bytes up to the end of DATA; how many of them belong to it.
    pub(super) fn read(&mut self, bytes: &[u8], content: &mut Content<'_>) -> usize {
        let mut taken = 0;
        while self.at != At::End {
            let rest = bytes.get(taken..).unwrap_or_default();
            if self.at == At::Text {
                // Most of a mail: up to the next carriage return at once.
                let text = rest.iter().position(|b| *b == b'\r').unwrap_or(rest.len());
                content.add(rest.get(..text).unwrap_or_default());
                taken += text;
            }
            let Some(byte) = bytes.get(taken) else { break };
            self.step(*byte, content);
            taken += 1;
        }
        taken
    }

    fn step(&mut self, byte: u8, content: &mut Content<'_>) {
        self.at = match (self.at, byte) {
            (At::Start, b'.') => At::Dot,
            (At::Dot, b'\r') => At::DotCr,
            (At::DotCr, b'\n') => At::End,
            (At::DotCr, _) => {
                // The dot was doubled, if by mistake, before a carriage return alone.
                content.add(b"\r");
                self.at = At::Cr;
                return self.step(byte, content);
            }
            (At::Cr, b'\n') => {
                content.add(b"\n");
                At::Start
            }
            (_, b'\r') => {
                content.add(b"\r");
                At::Cr
            }
            (_, byte) => {
                content.add(&[byte]);
                At::Text
            }
        };
    }
}

/// Room for the mails that are being received at the same time.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: AtomicUsize,
}

/// A mail while it comes in.
#[derive(Debug)]
pub(super) struct Content<'a> {
    room: &'a Room,
    share: usize,
    bytes: Vec<u8>,
    bytes_max: usize,
    is_crowded_out: bool,
    /// All of the mail, where it is larger than what is kept.
    long: Option<LongMail>,
}

impl<'a> Content<'a> {
    /// Keeps at most so many bytes; the others are hashed and dropped.
    pub(super) fn new(room: &'a Room, bytes_max: usize) -> Self {
        Self { room, share: 0, bytes: Vec::new(), bytes_max, is_crowded_out: false, long: None }
    }

    pub(super) fn add(&mut self, more: &[u8]) {
        let left = self.bytes_max.saturating_sub(self.bytes.len());
        let (kept, dropped) = more.split_at_checked(left).unwrap_or((more, &[]));
        let needed = self.bytes.len().saturating_add(kept.len());
        if self.is_crowded_out || (needed > self.share && !self.raise(needed)) {
            return;
        }
        self.bytes.extend_from_slice(kept);
        if !dropped.is_empty() {
            self.long.get_or_insert_with(|| LongMail::new(&self.bytes)).add(dropped);
        }
    }

    fn raise(&mut self, needed: usize) -> bool {
        let share = needed.max(self.share.saturating_mul(2)).max(SHARE_BYTES);
        let more = share - self.share;
        if self.room.taken.fetch_add(more, Ordering::Relaxed).saturating_add(more) > IN_HAND_BYTES_MAX {
            self.room.taken.fetch_sub(more, Ordering::Relaxed);
            self.is_crowded_out = true;
            (self.bytes, self.long) = (Vec::new(), None);
            return false;
        }
        self.share = share;
        true
    }

    /// The mail; none when there was no room for it.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if self.is_crowded_out { None } else { Some(&self.bytes) }
    }

    /// All of it, where the bytes are only its beginning.
    pub(super) fn whole(&mut self) -> Option<Whole> {
        self.long.take().map(LongMail::end)
    }
}

impl Drop for Content<'_> {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.share, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mail in what a client sends in pieces of `step` bytes, and what is left behind its end.
    fn read(sent: &[u8], step: usize) -> Option<(Vec<u8>, usize)> {
        let room = Room::default();
        let (mut dots, mut content, mut at) = (Dots::default(), Content::new(&room, 1 << 20), 0);
        while !dots.is_at_end() {
            let piece = sent.get(at..sent.len().min(at + step)).filter(|piece| !piece.is_empty())?;
            at += dots.read(piece, &mut content);
        }
        Some((content.bytes().unwrap().to_vec(), sent.len() - at))
    }

    #[test]
    fn mail_ends_with_a_dot_between_two_whole_line_ends_only() {
        for (sent, mail) in [
            ("a\r\n.\r\n", "a\r\n"),
            (".\r\n", ""),
            ("..\r\n.\r\n", ".\r\n"),
            ("..a\r\n...\r\n.\r\n", ".a\r\n..\r\n"),
            ("a\n.\n\r\n.\r\n", "a\n.\n\r\n"),
            ("a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"),
            ("a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n"),
            ("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n"),
            ("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n"),
            ("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n"),
            ("a\r\r\n.\r\n", "a\r\r\n"),
            ("a\0b\r\n.\r\n", "a\0b\r\n"),
        ] {
            let sent = format!("{sent}QUIT\r\n");
            for step in 1..=sent.len() {
                assert_eq!(
                    read(sent.as_bytes(), step),
                    Some((mail.as_bytes().to_vec(), 6)),
                    "{sent:?} in pieces of {step}"
                );
            }
        }
        for sent in ["a\n.\n", "a\r\n.\n", "a\n.\r\n", "a\r.\r", "\r\n.\r", ""] {
            assert_eq!(read(sent.as_bytes(), 3), None, "{sent:?}");
        }
    }

    #[test]
    fn more_than_is_kept_is_dropped_and_room_comes_back() {
        let room = Room::default();
        let mut content = Content::new(&room, 10);
        content.add(b"12345678");
        content.add(b"90123");
        content.add(b"4");
        assert_eq!(content.bytes(), Some(&b"1234567890"[..]));
        assert_eq!(content.whole().map(|whole| whole.bytes), Some(14));
        room.taken.store(IN_HAND_BYTES_MAX - SHARE_BYTES, Ordering::Relaxed);
        let mut other = Content::new(&room, 10);
        other.add(b"x");
        assert!(other.bytes().is_some(), "the last share");
        let mut crowded = Content::new(&room, 10);
        crowded.add(b"x");
        assert_eq!(crowded.bytes(), None);
        drop(other);
        let mut next = Content::new(&room, 10);
        next.add(b"x");
        assert!(next.bytes().is_some());
    }
}
