//! Bytes of unknown size from outside: a request's body, a form's file. Small ones stay in memory,
//! large ones are in a temporary file without a name, which no crash can leave behind.

use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::{SpooledData, SpooledTempFile};

use super::control::SpoolShare;

/// Bytes in memory up to a threshold, beyond that in an unlinked temporary file.
///
/// Reads and seeks like a file; a new one is positioned at its beginning.
#[derive(Debug)]
pub struct Spool {
    data: SpooledTempFile,
    bytes: u64,
    /// Held for its drop, which gives the room for spooled bodies back to the server.
    share: Option<SpoolShare>,
}

impl Spool {
    /// An empty spool that moves to a file when it holds more than `memory_bytes_max`.
    #[must_use]
    pub fn new(memory_bytes_max: usize) -> Self {
        Self { data: SpooledTempFile::new(memory_bytes_max), bytes: 0, share: None }
    }

    /// How many bytes were written.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Whether the bytes are in a temporary file.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.data.is_rolled()
    }

    /// All bytes from the beginning, whatever was read before.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self.data.into_inner() {
            SpooledData::InMemory(cursor) => Ok(cursor.into_inner()),
            SpooledData::OnDisk(mut file) => {
                file.rewind()?;
                let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or(0));
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Adds bytes at the end; only before the first read or seek.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.data.write_all(bytes)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// Goes to the beginning for the reader, and keeps the share for as long as the bytes live.
    pub(super) fn finish(mut self, share: Option<SpoolShare>) -> io::Result<Self> {
        self.data.rewind()?;
        self.share = share;
        Ok(self)
    }
}

impl From<Vec<u8>> for Spool {
    /// A spool that stays in memory, for requests made in tests.
    fn from(bytes: Vec<u8>) -> Self {
        let mut spool = Self::new(bytes.len());
        // Memory cannot fail to be written; an empty spool is what a failure would leave.
        spool.append(&bytes).and_then(|()| spool.data.rewind()).ok();
        spool
    }
}

impl Read for Spool {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.data.read(into)
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.data.seek(to)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_spool_moves_to_disk_one_byte_above_its_threshold_and_reads_the_same() {
        for (size, on_disk) in [(0_usize, false), (8, false), (9, true)] {
            let mut spool = Spool::new(8);
            for byte in 0..size {
                spool.append(&[u8::try_from(byte).unwrap()]).unwrap();
            }
            let mut spool = spool.finish(None).unwrap();
            assert_eq!((spool.is_on_disk(), spool.len()), (on_disk, size as u64), "{size} bytes");
            let mut read = Vec::new();
            spool.read_to_end(&mut read).unwrap();
            assert_eq!(read, (0..9).take(size).collect::<Vec<u8>>());
            assert_eq!(spool.into_bytes().unwrap(), read, "a reader before changes nothing");
        }
    }
}
