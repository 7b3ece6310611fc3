//! Seven-bit dresses of East Asian charsets (RFC 1557, RFC 1843), which browsers refuse and old programs still write.

use encoding_rs::{EUC_KR, GB18030};

/// How two bytes of a larger charset are marked in seven bits.
#[derive(Clone, Copy, Debug)]
pub(in crate::mail) enum SevenBit {
    /// Between shift-out and shift-in: ISO-2022-KR, EUC-KR without its eighth bit.
    Korean,
    /// Between `~{` and `~}`: HZ, GB 2312 without its eighth bit.
    Chinese,
}

impl SevenBit {
    /// Seven-bit text with its marked bytes put back into the charset they are from.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        const SHIFT_OUT: u8 = 0x0E;
        const SHIFT_IN: u8 = 0x0F;
        let encoding = match self {
            Self::Korean => EUC_KR,
            Self::Chinese => GB18030,
        };
        let mut out = Vec::with_capacity(bytes.len());
        let (mut is_shifted, mut at) = (false, 0);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (shift, len) = match (self, rest) {
                (Self::Korean, [SHIFT_OUT, ..]) => (true, 1),
                (Self::Korean, [SHIFT_IN, ..]) => (false, 1),
                // What announces the charset at the beginning of a line.
                (Self::Korean, [0x1b, b'$', b')', b'C', ..]) => (is_shifted, 4),
                (Self::Chinese, [b'~', b'{', ..]) => (true, 2),
                (Self::Chinese, [b'~', b'}', ..]) => (false, 2),
                // A line end that the next line takes back, and the mark itself.
                (Self::Chinese, [b'~', b'\n', ..]) if !is_shifted => (false, 2),
                (Self::Chinese, [b'~', b'~', ..]) if !is_shifted => {
                    out.push(b'~');
                    (false, 2)
                }
                (_, [byte, ..]) => {
                    let is_line_end = matches!(byte, b'\n' | b'\r');
                    out.push(if is_shifted && byte.is_ascii_graphic() { byte | 0x80 } else { *byte });
                    // Both dresses begin anew on every line.
                    (is_shifted && !is_line_end, 1)
                }
                (_, []) => break,
            };
            is_shifted = shift;
            at += len;
        }
        encoding.decode_without_bom_handling(&out).0.into_owned()
    }
}
