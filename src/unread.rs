//! Bytes that were read from a connection and not yet used.

/// A buffer that is filled at its end and used up from its start.
#[derive(Debug)]
pub(crate) struct Unread {
    /// Always fully initialised; `start..end` is unread.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Unread {
    /// An empty buffer for so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { buffer: vec![0; bytes], start: 0, end: 0 }
    }

    /// What was read and not yet used.
    pub(crate) fn get(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Uses up so many bytes, or all there are.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Whether nothing more fits behind what was read.
    pub(crate) const fn is_full(&self) -> bool {
        self.end == self.buffer.len()
    }

    /// Moves what is unread to the front, which makes room behind it.
    pub(crate) fn move_to_front(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }

    /// Makes the buffer one for at least so many bytes.
    pub(crate) fn grow_to(&mut self, bytes: usize) {
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes, 0);
        }
    }

    /// Makes the buffer twice as large.
    pub(crate) fn double(&mut self) {
        self.buffer.resize(self.buffer.len().saturating_mul(2), 0);
    }

    /// The room behind what was read.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Notes that so many bytes were read into the room.
    pub(crate) fn filled(&mut self, bytes: usize) {
        self.end = self.end.saturating_add(bytes).min(self.buffer.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_used_up_in_its_order_and_makes_room() {
        let mut unread = Unread::new(4);
        unread.room().copy_from_slice(b"abcd");
        unread.filled(4);
        assert!(unread.is_full());
        unread.consume(3);
        let seen = |unread: &mut Unread| (unread.get().to_vec(), unread.room().len());
        assert_eq!(seen(&mut unread), (b"d".to_vec(), 0));
        unread.move_to_front();
        assert_eq!(seen(&mut unread), (b"d".to_vec(), 3));
        unread.double();
        assert_eq!(seen(&mut unread), (b"d".to_vec(), 7));
        unread.grow_to(5);
        unread.consume(usize::MAX);
        assert_eq!(seen(&mut unread), (Vec::new(), 8));
    }
}
