//! Where a request's body ends: Content-Length or chunks, read strictly (RFC 9112 §6–7), because a
//! body whose end two readers see differently is how a second request is smuggled in.
//!
//! No sockets here: the chunk decoder is pushed bytes and says how many it took.

use super::Rejection;
use super::head::Version;
use super::request::Headers;

/// Bytes of extensions on one chunk's size line. No known client sends any; 256 covers a signature.
const CHUNK_EXTENSION_BYTES_MAX: usize = 256;
/// Bytes of extensions over a whole body, so that many small ones do not double it.
const EXTENSION_BYTES_TOTAL_MAX: usize = 16 * 1024;
/// Bytes of trailer lines after the last chunk; read, checked and dropped.
const TRAILER_BYTES_MAX: usize = 8 * 1024;
/// Hex digits of a chunk's size: what a u64 holds.
const CHUNK_SIZE_DIGITS_MAX: usize = 16;

const DOUBLED: Rejection = Rejection::new(400, "Content-Length and Transfer-Encoding must come at most once.");
const BOTH: Rejection = Rejection::new(400, "Content-Length and Transfer-Encoding exclude each other.");
const LENGTH: Rejection = Rejection::new(400, "Content-Length must be a number.");
const CODING: Rejection = Rejection::new(400, "The only Transfer-Encoding accepted is chunked.");
const CHUNK: Rejection = Rejection::new(400, "Malformed chunked body.");
const TRAILERS: Rejection = Rejection::new(400, "The chunked body has too many extensions or trailers.");
pub(super) const BODY_TOO_LARGE: Rejection = Rejection::new(413, "The request body is too large.");

/// How a request says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes follow the head; 0 when nothing was said.
    Length(u64),
    /// Chunks follow.
    Chunked,
}

/// Reads the framing headers.
///
/// # Errors
/// 400 when both kinds, two of one kind, a list, a sign or an unknown coding is found; 413 when the
/// length is above `body_bytes_max`.
pub(super) fn framing(headers: &Headers, version: Version, body_bytes_max: u64) -> Result<Framing, Rejection> {
    let (mut lengths, mut codings) = (headers.all("Content-Length"), headers.all("Transfer-Encoding"));
    let (length, coding) = (lengths.next(), codings.next());
    if lengths.next().is_some() || codings.next().is_some() {
        return Err(DOUBLED);
    }
    match (length, coding) {
        (Some(_), Some(_)) => Err(BOTH),
        // RFC 9112 §6.1: an HTTP/1.0 message with a transfer coding has faulty framing.
        (None, Some(coding)) if version == Version::Http11 && coding.eq_ignore_ascii_case("chunked") => {
            Ok(Framing::Chunked)
        }
        (None, Some(_)) => Err(CODING),
        (None, None) => Ok(Framing::Length(0)),
        (Some(digits), None) => {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(LENGTH);
            }
            // Digits that overflow are a length all the same, one far above the limit.
            let length = digits.parse::<u64>().map_err(|_| BODY_TOO_LARGE)?;
            if length > body_bytes_max { Err(BODY_TOO_LARGE) } else { Ok(Framing::Length(length)) }
        }
    }
}

/// Decodes a chunked body from whatever pieces it arrives in.
#[derive(Debug)]
pub(super) struct ChunkDecoder {
    state: State,
    /// What this body may still grow by.
    bytes_left: u64,
    extension_bytes_left: usize,
    trailer_bytes_left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size { value: u64, digits: usize },
    Padding { value: u64 },
    Extension { value: u64, bytes: usize },
    SizeLf { value: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    End,
}

/// What the decoder found at the front of its input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// So many bytes of framing, to be skipped.
    Framing(usize),
    /// So many bytes of the body itself.
    Data(usize),
}

impl ChunkDecoder {
    pub(super) fn new(body_bytes_max: u64) -> Self {
        Self {
            state: State::Size { value: 0, digits: 0 },
            bytes_left: body_bytes_max,
            extension_bytes_left: EXTENSION_BYTES_TOTAL_MAX,
            trailer_bytes_left: TRAILER_BYTES_MAX,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::End
    }

    /// Takes the next piece off `input`, which must not be empty and begins where the last ended.
    ///
    /// # Errors
    /// 400 on anything but chunks, 413 as soon as a size is announced that is too much.
    pub(super) fn next(&mut self, input: &[u8]) -> Result<Piece, Rejection> {
        if let State::Data { left } = self.state {
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
            let left = left.saturating_sub(taken as u64);
            self.state = if left == 0 { State::DataCr } else { State::Data { left } };
            return Ok(Piece::Data(taken));
        }
        let mut taken = 0;
        for byte in input {
            if matches!(self.state, State::Data { .. } | State::End) {
                break;
            }
            self.state = self.step(*byte)?;
            taken += 1;
        }
        Ok(Piece::Framing(taken))
    }

    fn step(&mut self, byte: u8) -> Result<State, Rejection> {
        match (self.state, byte) {
            (State::Size { value, digits }, _) if byte.is_ascii_hexdigit() => Self::digit(value, digits, byte),
            (State::Size { digits: 0, .. }, _) => Err(CHUNK),
            (State::Size { value, .. }, b'\r') => Ok(State::SizeLf { value }),
            (State::Size { value, .. } | State::Padding { value }, b';' | b' ' | b'\t') => {
                self.extension_bytes_left = self.extension_bytes_left.checked_sub(1).ok_or(TRAILERS)?;
                Ok(if byte == b';' { State::Extension { value, bytes: 1 } } else { State::Padding { value } })
            }
            (State::Extension { value, .. }, b'\r') => Ok(State::SizeLf { value }),
            (State::Extension { value, bytes }, b'\t' | b' '..=b'~') => {
                self.extension_bytes_left = self.extension_bytes_left.checked_sub(1).ok_or(TRAILERS)?;
                if bytes >= CHUNK_EXTENSION_BYTES_MAX {
                    Err(TRAILERS)
                } else {
                    Ok(State::Extension { value, bytes: bytes + 1 })
                }
            }
            (State::SizeLf { value: 0 }, b'\n') => Ok(State::TrailerStart),
            (State::SizeLf { value }, b'\n') => {
                self.bytes_left = self.bytes_left.checked_sub(value).ok_or(BODY_TOO_LARGE)?;
                Ok(State::Data { left: value })
            }
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size { value: 0, digits: 0 }),
            (State::TrailerStart, b'\r') => Ok(State::EndLf),
            (State::Trailer, b'\r') => Ok(State::TrailerLf),
            (State::TrailerStart, b'!'..=b'~') | (State::Trailer, b'\t' | b' '..=b'~') => {
                self.trailer_bytes_left = self.trailer_bytes_left.checked_sub(1).ok_or(TRAILERS)?;
                Ok(State::Trailer)
            }
            (State::TrailerLf, b'\n') => Ok(State::TrailerStart),
            (State::EndLf, b'\n') => Ok(State::End),
            (
                State::Size { .. }
                | State::Padding { .. }
                | State::Extension { .. }
                | State::SizeLf { .. }
                | State::Data { .. }
                | State::DataCr
                | State::DataLf
                | State::TrailerStart
                | State::Trailer
                | State::TrailerLf
                | State::EndLf
                | State::End,
                _,
            ) => Err(CHUNK),
        }
    }

    fn digit(value: u64, digits: usize, byte: u8) -> Result<State, Rejection> {
        if digits >= CHUNK_SIZE_DIGITS_MAX {
            return Err(CHUNK);
        }
        let digit = char::from(byte).to_digit(16).ok_or(CHUNK)?;
        Ok(State::Size { value: (value << 4) | u64::from(digit), digits: digits + 1 })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn framed(lines: &[(&str, &str)], version: Version) -> Result<Framing, u16> {
        let mut headers = Headers::default();
        for (name, value) in lines {
            headers.push((*name).to_owned(), (*value).to_owned());
        }
        framing(&headers, version, 1000).map_err(|fault| fault.status)
    }

    #[test]
    fn only_one_plain_length_or_one_chunked_is_a_framing() {
        const CL: &str = "content-length";
        const TE: &str = "Transfer-Encoding";
        for (lines, expected) in [
            (&[][..], Ok(Framing::Length(0))),
            (&[(CL, "1000")], Ok(Framing::Length(1000))),
            (&[(CL, "007")], Ok(Framing::Length(7))),
            (&[(TE, "Chunked")], Ok(Framing::Chunked)),
            (&[(CL, "1001")], Err(413)),
            (&[(CL, "100000000000000")], Err(413)),
            (&[(CL, "18446744073709551615")], Err(413)),
            (&[(CL, "99999999999999999999999999")], Err(413)),
            (&[(CL, "abc")], Err(400)),
            (&[(CL, "-1")], Err(400)),
            (&[(CL, "+5")], Err(400)),
            (&[(CL, "5, 5")], Err(400)),
            (&[(CL, "5 5")], Err(400)),
            (&[(CL, "0x5")], Err(400)),
            (&[(CL, "")], Err(400)),
            (&[(CL, "5"), (CL, "5")], Err(400)),
            (&[(CL, "5"), (TE, "chunked")], Err(400)),
            (&[(TE, "chunked"), (TE, "chunked")], Err(400)),
            (&[(TE, "xchunked")], Err(400)),
            (&[(TE, "chunked, chunked")], Err(400)),
            (&[(TE, "gzip, chunked")], Err(400)),
            (&[(TE, "identity")], Err(400)),
            (&[(TE, "")], Err(400)),
        ] {
            assert_eq!(framed(lines, Version::Http11), expected, "{lines:?}");
        }
        assert_eq!(framed(&[(TE, "chunked")], Version::Http10), Err(400));
    }

    /// Decodes `input` in pieces of `step` bytes; the body and what was left over.
    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, usize), u16> {
        let (mut decoder, mut body, mut at) = (ChunkDecoder::new(1000), Vec::new(), 0);
        while !decoder.is_done() {
            let rest = &input[at..input.len().min(at + step)];
            assert!(!rest.is_empty(), "input ended early");
            match decoder.next(rest).map_err(|fault| fault.status)? {
                Piece::Framing(taken) => at += taken,
                Piece::Data(taken) => {
                    body.extend_from_slice(&rest[..taken]);
                    at += taken;
                }
            }
        }
        Ok((body, input.len() - at))
    }

    #[test]
    fn chunks_decode_alike_in_pieces_of_any_size_and_leave_the_next_request() {
        let input = b"5\r\nhello\r\n0006 ;a=\"b\"\r\n world\r\n0\r\nX-Sum: 1\r\n\r\nGET /";
        for step in 1..input.len() {
            assert_eq!(decode(input, step), Ok((b"hello world".to_vec(), 5)), "pieces of {step}");
        }
    }

    #[test]
    fn malformed_chunks_are_400() {
        for input in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "0x5\r\n",
            "5\nhello\r\n",
            "5 \r\nhello\r\n",
            "5\r\nhelloX",
            "5\r\nhello\n",
            "5;a\nhello",
            "5;\0\r\n",
            "00000000000000005\r\n",
            "0\r\n\n",
            "0\r\n X: folded\r\n",
            "0\r\nX: a\n",
            "5\rhello",
        ] {
            assert_eq!(decode(input.as_bytes(), 64), Err(400), "{input:?}");
        }
    }

    #[test]
    fn a_chunk_that_would_exceed_the_limit_is_refused_when_announced() {
        let exact = format!("3E8\r\n{}\r\n0\r\n\r\n", "x".repeat(1000));
        assert_eq!(decode(exact.as_bytes(), 4096).map(|(body, _)| body.len()), Ok(1000));
        assert_eq!(decode(b"3E9\r\n", 64), Err(413));
        assert_eq!(decode(b"FFFFFFFFFFFFFFFF\r\n", 64), Err(413));
    }

    #[test]
    fn extensions_and_trailers_are_capped() {
        let extended = |bytes: usize| format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(bytes - 1));
        assert!(decode(extended(CHUNK_EXTENSION_BYTES_MAX).as_bytes(), 4096).is_ok());
        assert_eq!(decode(extended(CHUNK_EXTENSION_BYTES_MAX + 1).as_bytes(), 4096), Err(400));
        let trailed = |bytes: usize| format!("0\r\n{}\r\n\r\n", "x".repeat(bytes));
        assert!(decode(trailed(TRAILER_BYTES_MAX).as_bytes(), 16384).is_ok());
        assert_eq!(decode(trailed(TRAILER_BYTES_MAX + 1).as_bytes(), 16384), Err(400));
        let many = "1;xxxxxxxxxxxxxxxx\r\na\r\n".repeat(1000);
        assert_eq!(decode(many.as_bytes(), 1 << 20), Err(400), "17,000 bytes of extensions");
    }
}
