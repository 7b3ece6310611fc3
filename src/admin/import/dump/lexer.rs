//! SQL as mysqldump, mariadb-dump and phpMyAdmin write it, cut into tokens: blanks, comments,
//! identifiers, strings and other values. Which statements there are is `statement`'s.
//!
//! `/*!40101 … */` and `/*M!100616 … */` hold SQL for servers of that version and are read;
//! version 999999 does not exist, so it is a comment (mariadb-dump's sandbox line). Everything is linear and
//! nothing is kept but the value at hand.

use std::fs::File;
use std::io;

use super::bytes::{Bytes, Class, LOOK_BYTES_MAX, class};

/// Longest value kept, in bytes; the rest is read and dropped. MEDIUMTEXT ends here, and so does
/// everything HelpDeskZ stores but a staff signature.
pub(in crate::admin::import) const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Longest identifier or bare word kept, in bytes. MySQL's identifiers end at 64 characters.
const WORD_BYTES_MAX: usize = 512;

/// What a session of the MySQL client has set when a statement is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::admin::import) struct Session {
    /// `SET NAMES`: the charset of the statement's bytes, by MySQL's name.
    pub(in crate::admin::import) charset: String,
    /// `USE`: empty while the dump names no database.
    pub(in crate::admin::import) database: String,
    /// SQL mode NO_BACKSLASH_ESCAPES: a backslash in a string is itself.
    pub(super) has_plain_backslash: bool,
    /// What ends a statement.
    pub(super) delimiter: Vec<u8>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            charset: "utf8mb4".to_owned(),
            database: String::new(),
            has_plain_backslash: false,
            delimiter: b";".to_vec(),
        }
    }
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::admin::import) enum Cell {
    /// NULL, or an expression that no dump program writes.
    Null,
    /// A number or TRUE, as written.
    Bare(Vec<u8>),
    /// A string without its quotes and escapes. `charset` where the value names its own: `_latin1'…'`.
    Text {
        /// The bytes.
        bytes: Vec<u8>,
        /// MySQL's name of their charset; `None`: the session's.
        charset: Option<String>,
        /// It was longer than [`VALUE_BYTES_MAX`].
        is_cut: bool,
    },
}

/// One token of a statement that is not a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, bare identifier, number or variable.
    Word(String),
    /// An identifier in backticks or, in ANSI dumps, double quotes; or a string.
    Quoted(String),
    /// One byte of punctuation.
    Sign(u8),
    /// The statement is over.
    End,
}

const LINE_END: Class = class(b"\n");
const STAR: Class = class(b"*");
const IN_STRING_ESCAPED: [Class; 2] = [class(b"'\\"), class(b"\"\\")];
const IN_STRING_PLAIN: [Class; 2] = [class(b"'"), class(b"\"")];
const BACKTICK: Class = class(b"`");
const NOT_WORD: Class = not_word();
const NOT_HEX: Class = not_hex();

const fn not_word() -> Class {
    let mut class = [true; 256];
    let mut n = 0;
    while n < 256 {
        let byte = n as u8;
        class[n] = !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'.' | b'+' | b'-') || n > 127);
        n += 1;
    }
    class
}

const fn not_hex() -> Class {
    let mut class = [true; 256];
    let mut n = 0;
    while n < 256 {
        class[n] = !(n as u8).is_ascii_hexdigit();
        n += 1;
    }
    class
}

/// The dump as tokens.
pub(super) struct Lexer {
    pub(super) bytes: Bytes,
    pub(super) session: Session,
    /// The file ended inside a string, a comment or an identifier.
    pub(super) is_cut: bool,
}

impl Lexer {
    pub(super) fn new(file: File) -> Self {
        Self { bytes: Bytes::new(file), session: Session::default(), is_cut: false }
    }

    /// Goes on at the start of a statement elsewhere.
    pub(super) fn seek(&mut self, offset: u64, session: Session) -> io::Result<()> {
        self.bytes.seek(offset)?;
        self.session = session;
        Ok(())
    }

    /// Moves over white space and comments.
    pub(super) fn skip_blank(&mut self) -> io::Result<()> {
        loop {
            match self.bytes.peek()? {
                Some(byte) if byte.is_ascii_whitespace() || byte == 0 => self.bytes.skip(1),
                Some(b'-' | b'#' | b'/' | b'*') if self.skip_comment()? => {}
                Some(0xef) if self.bytes.starts_with(b"\xef\xbb\xbf")? => self.bytes.skip(3),
                _ => return Ok(()),
            }
        }
    }

    /// Moves over the comment that starts here, if one does.
    fn skip_comment(&mut self) -> io::Result<bool> {
        let ahead = self.bytes.look(16)?;
        match ahead {
            [b'#', ..] => {}
            [b'-', b'-', after, ..] if after.is_ascii_whitespace() || after.is_ascii_control() => {}
            [b'-', b'-'] => {}
            [b'/', b'*', b'!', ..] | [b'/', b'*', b'M', b'!', ..] => {
                let marker = if ahead.get(2) == Some(&b'M') { 4 } else { 3 };
                let digits = ahead.iter().skip(marker).take_while(|b| b.is_ascii_digit()).count();
                if ahead.get(marker..marker + digits) == Some(b"999999") {
                    return self.skip_block_comment();
                }
                self.bytes.skip(marker + digits);
                return Ok(true);
            }
            [b'/', b'*', ..] => return self.skip_block_comment(),
            // Its beginning may be before the place that reading started at, so none are counted.
            [b'*', b'/', ..] => {
                self.bytes.skip(2);
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.bytes.run(&LINE_END, |_| {})?;
        Ok(true)
    }

    fn skip_block_comment(&mut self) -> io::Result<bool> {
        self.bytes.skip(2);
        loop {
            self.bytes.run(&STAR, |_| {})?;
            if self.bytes.starts_with(b"*/")? {
                self.bytes.skip(2);
                return Ok(true);
            }
            if self.bytes.peek()?.is_none() {
                self.is_cut = true;
                return Ok(true);
            }
            self.bytes.skip(1);
        }
    }

    /// Whether the statement ends here; moves over its delimiter. The end of the file ends it too.
    pub(super) fn take_end(&mut self) -> io::Result<bool> {
        let delimiter = std::mem::take(&mut self.session.delimiter);
        let is_end = self.bytes.starts_with(&delimiter)?;
        if is_end {
            self.bytes.skip(delimiter.len());
        }
        self.session.delimiter = delimiter;
        Ok(is_end || self.bytes.peek()?.is_none())
    }

    /// Moves behind the end of the statement, strings and comments not mistaken for it. Gives the last byte of it
    /// when the file ended before its delimiter came.
    pub(super) fn skip_statement(&mut self) -> io::Result<Option<u8>> {
        let mut stops = class(b"'\"`-#/*");
        if let Some(first) = self.session.delimiter.first() {
            stops[usize::from(*first)] = true;
        }
        let mut last = 0;
        loop {
            self.bytes.run(&stops, |piece| {
                if let Some(byte) = piece.iter().rev().find(|byte| !byte.is_ascii_whitespace()) {
                    last = *byte;
                }
            })?;
            let is_over = self.bytes.peek()?.is_none();
            if self.take_end()? {
                return Ok(is_over.then_some(last));
            }
            match self.bytes.peek()? {
                Some(quote @ (b'\'' | b'"')) => {
                    self.string(|_| {})?;
                    last = quote;
                }
                Some(b'`') => {
                    self.backticks()?;
                    last = b'`';
                }
                Some(_) if self.skip_comment()? => {}
                _ => self.bytes.skip(1),
            }
        }
    }

    /// Sets the delimiter from the rest of the line (`DELIMITER ;;`).
    pub(super) fn take_delimiter_line(&mut self) -> io::Result<()> {
        let line = self.line()?;
        let word = line.trim_ascii().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let word = word.get(..LOOK_BYTES_MAX).unwrap_or(word);
        self.session.delimiter = if word.is_empty() { b";".to_vec() } else { word.to_vec() };
        Ok(())
    }

    /// The rest of the line, cut to [`WORD_BYTES_MAX`].
    pub(super) fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.bytes.run(&LINE_END, |piece| keep(&mut line, piece, WORD_BYTES_MAX))?;
        Ok(line)
    }

    /// The next token.
    pub(super) fn token(&mut self) -> io::Result<Token> {
        self.skip_blank()?;
        if self.take_end()? {
            return Ok(Token::End);
        }
        match self.bytes.peek()? {
            None => Ok(Token::End),
            Some(b'`') => Ok(Token::Quoted(self.backticks()?)),
            Some(b'\'' | b'"') => {
                let mut text = Vec::new();
                self.string(|piece| keep(&mut text, piece, VALUE_BYTES_MAX))?;
                Ok(Token::Quoted(String::from_utf8_lossy(&text).into_owned()))
            }
            Some(byte) if NOT_WORD[usize::from(byte)] => {
                self.bytes.skip(1);
                Ok(Token::Sign(byte))
            }
            Some(_) => Ok(Token::Word(String::from_utf8_lossy(&self.word()?).into_owned())),
        }
    }

    /// A bare word; empty where none starts. A delimiter made of letters would be taken for one: no dump program sets such a delimiter.
    pub(super) fn word(&mut self) -> io::Result<Vec<u8>> {
        let mut word = Vec::new();
        self.bytes.run(&NOT_WORD, |piece| keep(&mut word, piece, WORD_BYTES_MAX))?;
        Ok(word)
    }

    /// An identifier in backticks.
    fn backticks(&mut self) -> io::Result<String> {
        let mut name = Vec::new();
        self.bytes.skip(1);
        loop {
            self.bytes.run(&BACKTICK, |piece| keep(&mut name, piece, WORD_BYTES_MAX))?;
            self.is_cut |= self.bytes.peek()?.is_none();
            self.bytes.skip(1);
            if self.bytes.peek()? != Some(b'`') {
                return Ok(String::from_utf8_lossy(&name).into_owned());
            }
            keep(&mut name, b"`", WORD_BYTES_MAX);
            self.bytes.skip(1);
        }
    }

    /// A string, handed over in pieces without quotes and escapes (MySQL manual, "String Literals").
    fn string(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let quote = self.bytes.peek()?.unwrap_or(b'\'');
        let kind = usize::from(quote == b'"');
        let stops = if self.session.has_plain_backslash { &IN_STRING_PLAIN[kind] } else { &IN_STRING_ESCAPED[kind] };
        self.bytes.skip(1);
        loop {
            self.bytes.run(stops, &mut take)?;
            match *self.bytes.look(2)? {
                [b'\\', escaped] => {
                    self.bytes.skip(2);
                    match escaped {
                        b'0' => take(b"\0"),
                        b'b' => take(b"\x08"),
                        b'n' => take(b"\n"),
                        b'r' => take(b"\r"),
                        b't' => take(b"\t"),
                        b'Z' => take(b"\x1a"),
                        b'%' | b'_' => take(&[b'\\', escaped]),
                        other => take(&[other]),
                    }
                }
                [first, second] if first == quote && second == quote => {
                    take(&[quote]);
                    self.bytes.skip(2);
                }
                [first, ..] if first == quote => {
                    self.bytes.skip(1);
                    return Ok(());
                }
                _ => {
                    self.is_cut = true;
                    self.bytes.skip(1);
                    return Ok(());
                }
            }
        }
    }

    /// One value of a row; `None` where there is none to read.
    pub(super) fn value(&mut self) -> io::Result<Option<Cell>> {
        self.skip_blank()?;
        if let Some(literal) = self.literal(None)? {
            return Ok(Some(literal));
        }
        match *self.bytes.look(2)? {
            [b'b' | b'B', b'\''] => {
                self.bytes.skip(1);
                let Cell::Text { bytes, .. } = self.text(None)? else { return Ok(None) };
                let number = bytes.iter().fold(0u64, |n, bit| (n << 1) | u64::from(*bit == b'1'));
                Ok(Some(Cell::Bare(number.to_string().into_bytes())))
            }
            [b'n' | b'N', b'\''] => {
                self.bytes.skip(1);
                Ok(Some(self.text(Some("utf8mb4".to_owned()))?))
            }
            [byte, ..] if !NOT_WORD[usize::from(byte)] => self.bare(),
            _ => Ok(None),
        }
    }

    /// A string or the same in hexadecimal, if one starts here.
    fn literal(&mut self, charset: Option<String>) -> io::Result<Option<Cell>> {
        let is_quoted = match *self.bytes.look(2)? {
            [b'\'' | b'"', ..] => return Ok(Some(self.text(charset)?)),
            [b'0', b'x' | b'X'] => false,
            [b'x' | b'X', b'\''] => true,
            _ => return Ok(None),
        };
        self.bytes.skip(2);
        let bytes = self.hex()?;
        if is_quoted {
            self.is_cut |= self.bytes.peek()? != Some(b'\'');
            self.bytes.skip(1);
        }
        // Hexadecimal is the column's bytes, whatever the session's charset.
        Ok(Some(of_bytes(bytes, Some(charset.unwrap_or_else(|| "binary".to_owned())))))
    }

    /// A string with what is glued to it: `'a' 'b'` is `'ab'`.
    fn text(&mut self, charset: Option<String>) -> io::Result<Cell> {
        let mut bytes = Vec::new();
        loop {
            self.string(|piece| keep(&mut bytes, piece, VALUE_BYTES_MAX + 1))?;
            self.skip_blank()?;
            if !matches!(self.bytes.peek()?, Some(b'\'' | b'"')) {
                return Ok(of_bytes(bytes, charset));
            }
        }
    }

    fn hex(&mut self) -> io::Result<Vec<u8>> {
        let (mut bytes, mut high) = (Vec::new(), None);
        self.bytes.run(&NOT_HEX, |piece| {
            for digit in piece {
                let value = char::from(*digit).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0);
                match high.take() {
                    None => high = Some(value),
                    Some(first) => keep(&mut bytes, &[first << 4 | value], VALUE_BYTES_MAX + 1),
                }
            }
        })?;
        Ok(bytes)
    }

    /// A number, a word, an expression that no dump program writes, or a string with its charset in front.
    fn bare(&mut self) -> io::Result<Option<Cell>> {
        let word = self.word()?;
        if let [b'_', charset @ ..] = word.as_slice() {
            let charset = String::from_utf8_lossy(charset).to_ascii_lowercase();
            self.skip_blank()?;
            return self.literal(Some(charset));
        }
        self.skip_blank()?;
        if self.bytes.peek()? == Some(b'(') {
            let mut depth = 0usize;
            loop {
                match self.token()? {
                    Token::Sign(b'(') => depth += 1,
                    Token::Sign(b')') if depth == 1 => return Ok(Some(Cell::Null)),
                    Token::Sign(b')') => depth -= 1,
                    Token::End => return Ok(None),
                    Token::Word(_) | Token::Quoted(_) | Token::Sign(_) => {}
                }
            }
        }
        let is_null =
            ["NULL", "DEFAULT", "CURRENT_TIMESTAMP"].iter().any(|null| word.eq_ignore_ascii_case(null.as_bytes()));
        let is_true = word.eq_ignore_ascii_case(b"TRUE");
        Ok(Some(match (is_null, is_true, word.eq_ignore_ascii_case(b"FALSE")) {
            (true, ..) => Cell::Null,
            (_, true, _) => Cell::Bare(b"1".to_vec()),
            (_, _, true) => Cell::Bare(b"0".to_vec()),
            _ => Cell::Bare(word),
        }))
    }
}

fn of_bytes(mut bytes: Vec<u8>, charset: Option<String>) -> Cell {
    let is_cut = bytes.len() > VALUE_BYTES_MAX;
    bytes.truncate(VALUE_BYTES_MAX);
    Cell::Text { bytes, charset, is_cut }
}

/// Appends as much as fits under `max`.
fn keep(all: &mut Vec<u8>, piece: &[u8], max: usize) {
    let room = max.saturating_sub(all.len());
    all.extend_from_slice(piece.get(..room).unwrap_or(piece));
}
