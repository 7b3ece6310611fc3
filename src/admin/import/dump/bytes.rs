//! A file read front to back through a window of fixed size: looking ahead, skipping, collecting.
//! What the bytes mean is `lexer`'s.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Size of the window, in bytes. Chosen: one read of this size costs as much as the system call.
const WINDOW_BYTES: usize = 256 * 1024;

/// Farthest look ahead, in bytes. Chosen: above every marker of a dump; a delimiter is cut to it.
pub(super) const LOOK_BYTES_MAX: usize = 64;

/// Bytes that end a run, by value.
pub(super) type Class = [bool; 256];

/// The class of these bytes.
pub(super) const fn class(bytes: &[u8]) -> Class {
    let mut class = [false; 256];
    let mut n = 0;
    while n < bytes.len() {
        class[bytes[n] as usize] = true;
        n += 1;
    }
    class
}

/// The file and what of it is in memory.
pub(super) struct Bytes {
    file: File,
    window: Vec<u8>,
    at: usize,
    /// Offset in the file of the window's first byte.
    base: u64,
    is_over: bool,
}

impl Bytes {
    pub(super) fn new(file: File) -> Self {
        Self { file, window: Vec::with_capacity(WINDOW_BYTES), at: 0, base: 0, is_over: false }
    }

    /// Goes on at another place.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        (self.at, self.base, self.is_over) = (0, offset, false);
        self.window.clear();
        Ok(())
    }

    /// Offset of the next byte in the file.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The next bytes, `n` of them unless the file ends before; at most [`LOOK_BYTES_MAX`].
    pub(super) fn look(&mut self, n: usize) -> io::Result<&[u8]> {
        debug_assert!(n <= LOOK_BYTES_MAX);
        while self.window.len() - self.at < n && !self.is_over {
            self.fill()?;
        }
        let end = self.window.len().min(self.at + n);
        Ok(self.window.get(self.at..end).unwrap_or_default())
    }

    /// The next byte; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at < self.window.len() {
            return Ok(self.window.get(self.at).copied());
        }
        Ok(self.look(1)?.first().copied())
    }

    pub(super) fn starts_with(&mut self, text: &[u8]) -> io::Result<bool> {
        Ok(self.look(text.len())? == text)
    }

    /// Moves on by bytes that were looked at.
    pub(super) fn skip(&mut self, n: usize) {
        self.at = (self.at + n).min(self.window.len());
    }

    /// Moves to the next byte of the class, or the end, handing over the bytes before it in pieces.
    pub(super) fn run(&mut self, stops: &Class, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let rest = self.window.get(self.at..).unwrap_or_default();
            if let Some(n) = rest.iter().position(|byte| stops[usize::from(*byte)]) {
                take(rest.get(..n).unwrap_or_default());
                self.at += n;
                return Ok(());
            }
            take(rest);
            self.at = self.window.len();
            if self.is_over {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Reads one more piece of the file behind what is left of the window.
    fn fill(&mut self) -> io::Result<()> {
        self.window.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        let before = self.window.len();
        let wanted = (WINDOW_BYTES - before) as u64;
        self.file.by_ref().take(wanted).read_to_end(&mut self.window)?;
        self.is_over = self.window.len() == before;
        Ok(())
    }
}
