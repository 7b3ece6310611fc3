//! Files written into a text by uuencode (POSIX `uuencode`), which old programs use instead of MIME.

/// Files taken out of one text (chosen: people sent a handful).
const FILES_MAX: usize = 100;

/// Bytes a full line holds.
const LINE_BYTES_MAX: usize = 63;

/// A file found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// The name on its first line.
    pub(super) name: String,
    /// Its bytes.
    pub(super) content: Vec<u8>,
}

/// Takes the files out of a text; `None` where there are none. What is not whole stays text. Linear.
pub(super) fn taken_out(text: &str) -> Option<(String, Vec<File>)> {
    if !text.contains("begin ") {
        return None;
    }
    let (mut rest, mut files) = (String::new(), Vec::new());
    let mut lines = text.split_inclusive('\n').peekable();
    let mut tried_until = 0;
    let mut at = 0;
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        if start >= tried_until
            && files.len() < FILES_MAX
            && let Some(name) = name_of(line)
        {
            match block(text.get(at..).unwrap_or_default()) {
                Ok((content, len)) => {
                    files.push(File { name: name.to_owned(), content });
                    let end = at + len;
                    while at < end {
                        at += lines.next().map_or(end, str::len);
                    }
                    continue;
                }
                // What was read in vain is not read again from a line inside it.
                Err(read) => tried_until = at + read,
            }
        }
        rest.push_str(line);
    }
    (!files.is_empty()).then_some((rest, files))
}

/// `begin 644 name`.
fn name_of(line: &str) -> Option<&str> {
    let (mode, name) = line.strip_prefix("begin ")?.trim_end().split_once(' ')?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b));
    Some(name.trim()).filter(|name| is_mode && !name.is_empty())
}

/// The bytes of the lines up to `end`, and how long these are; else how much was read in vain.
fn block(text: &str) -> Result<(Vec<u8>, usize), usize> {
    let (mut content, mut at, mut is_ended) = (Vec::new(), 0, false);
    for line in text.split_inclusive('\n') {
        at += line.len();
        let bare = line.trim_end_matches(['\r', '\n']);
        if bare.trim_end() == "end" && is_ended {
            return Ok((content, at));
        }
        match decoded(bare) {
            Some(bytes) if bytes.is_empty() => is_ended = true,
            Some(bytes) if !is_ended => content.extend(bytes),
            _ => return Err(at),
        }
    }
    Err(at)
}

/// One line: the number of its bytes, then four characters for each three of them.
fn decoded(line: &str) -> Option<Vec<u8>> {
    let six = |byte: u8| (b' '..=b'`').contains(&byte).then(|| (byte - b' ') & 0x3F);
    let bytes = line.as_bytes();
    let Some((first, data)) = bytes.split_first() else { return Some(Vec::new()) };
    let count = usize::from(six(*first)?);
    if count > LINE_BYTES_MAX || data.len() > count.div_ceil(3) * 4 + 4 {
        return None;
    }
    let mut out = Vec::with_capacity(count + 2);
    for group in 0..count.div_ceil(3) {
        // Blanks at the end of a line get lost on the way; they stand for zeros.
        let value = |n: usize| data.get(group * 4 + n).map_or(Some(0), |byte| six(*byte));
        let (a, b, c, d) = (value(0)?, value(1)?, value(2)?, value(3)?);
        out.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    out.truncate(count);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "begin 644 a.txt\n+2&5L;&\\@=V]R;&0\n`\nend\n";

    #[test]
    fn files_come_out_and_the_text_around_them_stays() {
        let text = format!("See file.\n\n{FILE}\nBye\n{FILE}");
        let (rest, files) = taken_out(&text).expect("files");
        assert_eq!(rest, "See file.\n\n\nBye\n");
        assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.txt", "a.txt"]);
        assert_eq!(files[0].content, b"Hello world");
    }

    #[test]
    fn what_is_not_whole_stays_text() {
        for text in [
            "begin 644 a.txt\n+2&5L;&\\@=V]R;&0\n",
            "begin 644 a.txt\nnot encoded at all, a sentence\n`\nend\n",
            "begin the day with coffee\nend\n",
            "begin 999 a.txt\n`\nend\n",
        ] {
            assert_eq!(taken_out(text), None, "{text}");
        }
    }

    #[test]
    fn files_up_to_the_limit_are_taken_and_one_more_is_not() {
        let of = |count: usize| taken_out(&FILE.repeat(count)).map(|(rest, files)| (rest.len(), files.len()));
        assert_eq!(of(FILES_MAX), Some((0, FILES_MAX)));
        assert_eq!(of(FILES_MAX + 1), Some((FILE.len(), FILES_MAX)));
    }
}
