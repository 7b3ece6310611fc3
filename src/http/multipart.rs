//! multipart/form-data (RFC 7578, RFC 2046 §5.1), read as a stream with every size bounded.
//!
//! Strict where two readers could see different parts, lenient where clients differ harmlessly:
//! a preamble, an epilogue and blanks behind a boundary are passed over. Transfer encodings of
//! parts are ignored, as PHP ignores them; no client of HelpDeskZ uses one. What a field means and
//! whether a text is UTF-8 is the caller's question.

use std::io::{self, Read};

use super::disposition::{self, Disposition};
use super::spool::Spool;

/// Parts of one form. PHP's `max_input_vars` is the same 1,000.
pub(crate) const PARTS_MAX: usize = 1000;
/// Bytes of one part's headers, line ends included.
pub(crate) const PART_HEAD_BYTES_MAX: usize = 8 * 1024;
/// Header lines of one part; browsers send two.
pub(crate) const PART_HEADERS_MAX: usize = 16;
/// Characters of a boundary: RFC 2046 §5.1.1.
pub(crate) const BOUNDARY_BYTES_MAX: usize = 70;
/// Bytes of all text fields together, which live in memory. Chosen: eight messages of 1 MiB, the
/// longest the API takes, so that the API can still name the field that is too long.
pub(crate) const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A file above this many bytes goes to a temporary file.
pub(crate) const FILE_MEMORY_BYTES_MAX: usize = 256 * 1024;
/// Files of one form that may be that large: each costs a file descriptor. PHP's `max_file_uploads`.
pub(crate) const SPOOLED_FILES_MAX: usize = 20;
/// Blanks behind a boundary, RFC 2046's transport padding.
const PADDING_BYTES_MAX: usize = 64;
/// What is read at a time.
const WINDOW_BYTES: usize = 16 * 1024;

/// One part of a form.
#[derive(Debug)]
pub(crate) enum Field {
    /// A part without a file name.
    Text {
        /// The field's name, such as `subject`.
        name: String,
        /// Its bytes as sent, not checked to be UTF-8.
        value: Vec<u8>,
    },
    /// A part with a file name, even an empty one: that is a form's way to say "no file chosen".
    File {
        /// The field's name, such as `attachment[]`.
        name: String,
        /// The client's name for the file: any characters, path separators included.
        filename: String,
        /// The file itself.
        content: Spool,
    },
}

/// Why a form cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The content type names no boundary, or one RFC 2046 does not allow.
    #[error("the multipart boundary is missing or invalid")]
    Boundary,
    /// Something that is not multipart; the text says what.
    #[error("{0}")]
    Malformed(&'static str),
    /// The closing boundary never came.
    #[error("the form ends without its closing boundary")]
    Unterminated,
    /// A field or file name is not UTF-8.
    #[error("a field or file name is not valid UTF-8")]
    NotUtf8,
    /// A field or file name has more than 1,024 bytes.
    #[error("a field or file name is too long")]
    NameTooLong,
    /// More than [`PARTS_MAX`] parts.
    #[error("the form has too many parts")]
    TooManyParts,
    /// A part's headers exceed [`PART_HEAD_BYTES_MAX`] or [`PART_HEADERS_MAX`].
    #[error("the headers of a part are too large")]
    PartHeadTooLarge,
    /// The text fields exceed [`TEXT_BYTES_MAX`] together.
    #[error("the text of the form is too large")]
    TextTooLarge,
    /// More than [`SPOOLED_FILES_MAX`] files above [`FILE_MEMORY_BYTES_MAX`].
    #[error("the form has too many large files")]
    TooManyLargeFiles,
    /// The body could not be read or a file not be stored: the server's trouble.
    #[error("reading the form: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// The status to answer with: 400, 413 for what is merely too much, 500 for our own disk.
    #[must_use]
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Boundary | Self::Malformed(_) | Self::Unterminated | Self::NotUtf8 | Self::NameTooLong => 400,
            Self::TooManyParts | Self::PartHeadTooLarge | Self::TextTooLarge | Self::TooManyLargeFiles => 413,
            Self::Io(_) => 500,
        }
    }
}

/// A boundary known to be one that RFC 2046 allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Boundary(String);

impl Boundary {
    /// Checks a boundary: 1 to 70 characters of RFC 2046's `bchars`, no space at its end.
    ///
    /// # Errors
    /// [`Error::Boundary`].
    pub(crate) fn new(text: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        let fits = (1..=BOUNDARY_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(allowed) && !text.ends_with(' ') {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Boundary)
        }
    }
}

/// Reads a whole form. What follows the closing boundary is not read.
///
/// # Errors
/// See [`Error`]; nothing of a broken form is returned, and its temporary files are gone.
pub(crate) fn parse<R: Read>(body: R, boundary: &Boundary) -> Result<Vec<Field>, Error> {
    let mut reader = Reader::new(body, boundary);
    reader.pass_until_delimiter(|_| Ok(()))?;
    let mut form = Form::default();
    while reader.another_part_follows()? {
        if form.fields.len() >= PARTS_MAX {
            return Err(Error::TooManyParts);
        }
        let head = reader.part_head()?;
        form.read_part(&mut reader, head)?;
    }
    Ok(form.fields)
}

/// Reads as much as there is of a form that was cut off: whole texts, and of the files their names. What is wrong with
/// the rest does not matter.
pub(crate) fn beginning<R: Read>(body: R, boundary: &Boundary) -> Vec<Field> {
    let mut form = Form::default();
    read_beginning(&mut form, &mut Reader::new(body, boundary)).ok();
    form.fields
}

fn read_beginning<R: Read>(form: &mut Form, reader: &mut Reader<R>) -> Result<(), Error> {
    reader.pass_until_delimiter(|_| Ok(()))?;
    while reader.another_part_follows()? && form.fields.len() < PARTS_MAX {
        let head = reader.part_head()?;
        let Some(filename) = head.filename else {
            form.read_part(reader, head)?;
            continue;
        };
        let content = Spool::from(Vec::new());
        form.fields.push(Field::File { name: head.name, filename, content });
        reader.pass_until_delimiter(|_| Ok(()))?;
    }
    Ok(())
}

/// The fields so far and what they cost.
#[derive(Default)]
struct Form {
    fields: Vec<Field>,
    text_bytes: usize,
    spooled_files: usize,
}

impl Form {
    fn read_part<R: Read>(&mut self, reader: &mut Reader<R>, head: Disposition) -> Result<(), Error> {
        let Disposition { name, filename } = head;
        let Some(filename) = filename else {
            let (mut value, room) = (Vec::new(), TEXT_BYTES_MAX.saturating_sub(self.text_bytes));
            reader.pass_until_delimiter(|bytes| {
                value.extend_from_slice(bytes);
                if value.len() > room { Err(Error::TextTooLarge) } else { Ok(()) }
            })?;
            self.text_bytes = self.text_bytes.saturating_add(value.len());
            self.fields.push(Field::Text { name, value });
            return Ok(());
        };
        let (mut content, may_spool) = (Spool::new(FILE_MEMORY_BYTES_MAX), self.spooled_files < SPOOLED_FILES_MAX);
        reader.pass_until_delimiter(|bytes| {
            let size = content.len().saturating_add(bytes.len() as u64);
            if size > FILE_MEMORY_BYTES_MAX as u64 && !may_spool {
                return Err(Error::TooManyLargeFiles);
            }
            Ok(content.append(bytes)?)
        })?;
        self.spooled_files += usize::from(content.is_on_disk());
        let content = content.finish(None)?;
        self.fields.push(Field::File { name, filename, content });
        Ok(())
    }
}

/// A window on the body that knows where the boundary is.
struct Reader<R> {
    body: R,
    /// Always fully initialised; `start..end` is unread.
    window: Vec<u8>,
    start: usize,
    end: usize,
    /// CR LF, two dashes and the boundary.
    delimiter: Vec<u8>,
}

impl<R: Read> Reader<R> {
    fn new(body: R, boundary: &Boundary) -> Self {
        let delimiter = [b"\r\n--", boundary.0.as_bytes()].concat();
        let mut window = vec![0; WINDOW_BYTES];
        // The first boundary may open the body without a line end before it: here is one.
        for (place, byte) in window.iter_mut().zip(b"\r\n") {
            *place = *byte;
        }
        Self { body, window, start: 0, end: 2, delimiter }
    }

    fn unread(&self) -> &[u8] {
        self.window.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more behind what is unread; false at the body's end or when the window is full.
    fn fill(&mut self) -> io::Result<bool> {
        self.window.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            match self.body.read(self.window.get_mut(self.end..).unwrap_or_default()) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes `bytes` bytes available, fewer than the window holds.
    fn need(&mut self, bytes: usize) -> Result<(), Error> {
        while self.end - self.start < bytes {
            if !self.fill()? {
                return Err(Error::Unterminated);
            }
        }
        Ok(())
    }

    /// Hands everything before the next delimiter to `sink`, in pieces, and goes behind it.
    ///
    /// Linear: a delimiter begins with CR and has no other, so a failed comparison never goes over
    /// bytes that another will go over again.
    fn pass_until_delimiter(&mut self, mut sink: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        loop {
            let unread = self.window.get(self.start..self.end).unwrap_or_default();
            if let Some(at) = find(unread, &self.delimiter) {
                sink(unread.get(..at).unwrap_or_default())?;
                self.start += at + self.delimiter.len();
                return Ok(());
            }
            // A delimiter may be cut in two by the window's end: its possible beginning stays.
            let sure = unread.len().saturating_sub(self.delimiter.len() - 1);
            sink(unread.get(..sure).unwrap_or_default())?;
            self.start += sure;
            if !self.fill()? {
                return Err(Error::Unterminated);
            }
        }
    }

    /// Reads what follows a boundary: a line end before a part, two dashes at the form's end.
    fn another_part_follows(&mut self) -> Result<bool, Error> {
        self.need(2)?;
        if self.unread().starts_with(b"--") {
            return Ok(false);
        }
        for _ in 0..=PADDING_BYTES_MAX {
            self.need(2)?;
            match self.unread() {
                [b' ' | b'\t', ..] => self.start += 1,
                [b'\r', b'\n', ..] => {
                    self.start += 2;
                    return Ok(true);
                }
                _ => break,
            }
        }
        Err(Error::Malformed("a boundary is followed by something else"))
    }

    fn part_head(&mut self) -> Result<Disposition, Error> {
        let mut disposition = None;
        let mut bytes_left = PART_HEAD_BYTES_MAX;
        for _ in 0..=PART_HEADERS_MAX {
            let length = self.line_length(bytes_left)?;
            bytes_left = bytes_left.saturating_sub(length + 2);
            let line = self.unread().get(..length).unwrap_or_default();
            if line.is_empty() {
                self.leave_head()?;
                return disposition.ok_or(Error::Malformed("a part has no Content-Disposition"));
            }
            let (name, value) = header(line)?;
            if name.eq_ignore_ascii_case(b"Content-Disposition")
                && disposition.replace(disposition::parse(value)?).is_some()
            {
                return Err(Error::Malformed("a part has two Content-Disposition headers"));
            }
            self.start += length + 2;
        }
        Err(Error::PartHeadTooLarge)
    }

    /// The next line's length without its CR LF, which is then in the window.
    fn line_length(&mut self, bytes_max: usize) -> Result<usize, Error> {
        let mut scanned = 0;
        loop {
            let unread = self.unread();
            let line_feed = unread.iter().skip(scanned).position(|byte| *byte == b'\n').map(|at| at + scanned);
            if line_feed.unwrap_or(unread.len()) >= bytes_max {
                return Err(Error::PartHeadTooLarge);
            }
            if let Some(at) = line_feed {
                let has_return = at > 0 && unread.get(at - 1) == Some(&b'\r');
                return if has_return {
                    Ok(at - 1)
                } else {
                    Err(Error::Malformed("lines of a form must end in CR LF"))
                };
            }
            scanned = unread.len();
            if !self.fill()? {
                return Err(Error::Unterminated);
            }
        }
    }

    /// Goes behind the empty line that ends a part's headers, unless a boundary follows directly:
    /// then that line end is the boundary's own and the part is empty (RFC 2046's `body-part`).
    fn leave_head(&mut self) -> Result<(), Error> {
        self.need(self.delimiter.len())?;
        if !self.unread().starts_with(&self.delimiter) {
            self.start += 2;
        }
        Ok(())
    }
}

/// Name and value of a header line.
fn header(line: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    const SYNTAX: Error = Error::Malformed("a part has a malformed header");
    if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 127) {
        return Err(SYNTAX);
    }
    let colon = line.iter().position(|byte| *byte == b':').ok_or(SYNTAX)?;
    let (name, value) = line.split_at(colon);
    if name.is_empty() || name.iter().any(|byte| !byte.is_ascii_graphic()) {
        return Err(SYNTAX);
    }
    Ok((name, value.get(1..).unwrap_or_default().trim_ascii()))
}

/// The first position of `needle`, which begins with its only CR.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = hay.get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == b'\r')?;
        if hay.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
