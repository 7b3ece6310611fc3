//! `admin import mbox`: a file of mails, each behind a line `From sender date` (RFC 4155). Of the
//! dialects mboxrd and mboxo are read: one `>` of `>From ` goes.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use super::mails::{Import, Mail};

use crate::admin::Context;
use crate::admin::progress::{Progress, Unit};
use crate::domain::{EmailAddress, Timestamp};
use crate::mail::{LongMail, Whole};
use crate::outcome::{self, Done, WithContext, bail};
use crate::private_file;

/// A line is read in pieces of this size at most, in bytes, so that a file without line ends costs no memory.
const PIECE_BYTES_MAX: u64 = 64 * 1024;

/// Options of `admin import mbox`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Mails keep their dates, nobody is notified, and mails that are there already are skipped.

Example:
  maildesk admin import mbox /var/mail/support --address support@example.org")]
pub(crate) struct Arguments {
    /// The file, no pipe
    file: PathBuf,
    /// The desk's address the mails were sent to [default: what the headers of each say]
    #[arg(long, value_name = "ADDR")]
    address: Option<EmailAddress>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> outcome::Result<Done> {
    let shown = arguments.file.display();
    let mut import = Import::new(context, arguments.address.as_ref())?;
    let file = private_file::open_named(&arguments.file).with_context(|| format!("reading {shown}"))?;
    let progress = Progress::new(&context.output, Unit::Bytes, file.metadata()?.len());
    progress.part("importing", file.metadata()?.len());
    let mut mails = Mbox::new(BufReader::with_capacity(256 * 1024, file), import.mail_bytes_max());
    let mut number = 0;
    while let Some((raw, whole, arrived_at)) = mails.next().with_context(|| format!("reading {shown}"))? {
        number += 1;
        import.add(Mail { raw, whole, arrived_at, name: format!("mail {number} of {shown}") })?;
        progress.at(mails.behind);
    }
    if mails.has_no_separator {
        bail!("{shown} is no mbox: it does not begin with a line \"From …\"");
    }
    import.finish(progress)
}

/// A mail of a file: its beginning, all of it where that is more, and when it arrived.
type Found = (Vec<u8>, Option<Whole>, Option<Timestamp>);

/// The mails of a file.
struct Mbox<R> {
    input: R,
    mail_bytes_max: usize,
    line: Vec<u8>,
    /// The separator line before the next mail.
    separator: Option<Vec<u8>>,
    is_begun: bool,
    has_no_separator: bool,
    /// Bytes read.
    behind: u64,
}

impl<R: BufRead> Mbox<R> {
    fn new(input: R, mail_bytes_max: usize) -> Self {
        Self {
            input,
            mail_bytes_max,
            line: Vec::new(),
            separator: None,
            is_begun: false,
            has_no_separator: false,
            behind: 0,
        }
    }

    /// Reads a line, or the next piece of a very long one.
    fn read_piece(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = self.input.by_ref().take(PIECE_BYTES_MAX).read_until(b'\n', &mut self.line)?;
        self.behind += read as u64;
        Ok(read > 0)
    }

    fn begin(&mut self) -> io::Result<()> {
        self.is_begun = true;
        while self.read_piece()? {
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            // Whatever its date looks like: a file that begins so is an mbox.
            if self.line.starts_with(b"From ") {
                self.separator = Some(std::mem::take(&mut self.line));
            } else {
                self.has_no_separator = true;
            }
            return Ok(());
        }
        Ok(())
    }

    /// The next mail, cut to the largest size, and when its separator says it arrived.
    fn next(&mut self) -> io::Result<Option<Found>> {
        if !self.is_begun {
            self.begin()?;
        }
        let Some(separator) = self.separator.take() else { return Ok(None) };
        let (mut raw, mut long): (Vec<u8>, Option<LongMail>) = (Vec::new(), None);
        let (mut is_line_start, mut is_after_blank) = (true, true);
        while self.read_piece()? {
            if is_line_start && is_after_blank && is_separator(&self.line) {
                self.separator = Some(std::mem::take(&mut self.line));
                break;
            }
            let line = if is_line_start && is_quoted_separator(&self.line) {
                self.line.get(1..).unwrap_or_default()
            } else {
                &self.line
            };
            let room = self.mail_bytes_max.saturating_sub(raw.len());
            let (kept, dropped) = line.split_at_checked(room).unwrap_or((line, &[]));
            raw.extend_from_slice(kept);
            if !dropped.is_empty() {
                long.get_or_insert_with(|| LongMail::new(&raw)).add(dropped);
            }
            is_after_blank = is_line_start && matches!(self.line.as_slice(), b"\n" | b"\r\n");
            is_line_start = self.line.ends_with(b"\n");
        }
        // The blank line in front of a separator is the mbox's, not the mail's.
        if raw.len() < self.mail_bytes_max {
            for end in [&b"\r\n\r\n"[..], b"\n\n"] {
                if raw.ends_with(end) {
                    raw.truncate(raw.len() - end.len() / 2);
                    break;
                }
            }
        }
        Ok(Some((raw, long.map(LongMail::end), date_of(&separator))))
    }
}

/// `From `, a sender, and something like a date: a sentence may begin with "From", too.
fn is_separator(line: &[u8]) -> bool {
    line.strip_prefix(b"From ").is_some_and(|rest| {
        let text = String::from_utf8_lossy(rest.get(..200).unwrap_or(rest)).into_owned();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        words.len() >= 5 && words.iter().any(|word| is_time(word)) && words.iter().any(|word| month(word).is_some())
    })
}

/// `>From `, `>>From ` …: a line of the mail that would be taken for a separator.
fn is_quoted_separator(line: &[u8]) -> bool {
    let quotes = line.iter().take_while(|byte| **byte == b'>').count();
    quotes > 0 && line.get(quotes..).is_some_and(|rest| rest.starts_with(b"From "))
}

fn is_time(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    matches!(parts.len(), 2 | 3) && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().position(|month| month.eq_ignore_ascii_case(word)).and_then(|n| i8::try_from(n + 1).ok())
}

/// The date of a separator, as asctime writes it and in UTC (RFC 4155, appendix A).
fn date_of(separator: &[u8]) -> Option<Timestamp> {
    let text = String::from_utf8_lossy(separator.get(..200).unwrap_or(separator)).into_owned();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let at = words.iter().rposition(|word| month(word).is_some())?;
    let number = |n: usize| words.get(n).and_then(|word| word.parse::<i16>().ok());
    let time = words.iter().skip(at).find(|word| is_time(word))?;
    let parts: Vec<i8> = time.split(':').filter_map(|part| part.parse().ok()).collect();
    let year = words.iter().skip(at).find_map(|word| word.parse::<i16>().ok().filter(|year| *year >= 1970))?;
    let day = i8::try_from(number(at + 1)?).ok()?;
    let date = jiff::civil::DateTime::new(
        year,
        month(words.get(at)?)?,
        day,
        *parts.first()?,
        *parts.get(1)?,
        parts.get(2).copied().unwrap_or(0),
        0,
    );
    let at = date.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_unix(at.timestamp().as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(file: &str) -> Vec<(String, Option<i64>)> {
        let mut mbox = Mbox::new(file.as_bytes(), 1000);
        let mut found = Vec::new();
        while let Some((raw, _, at)) = mbox.next().unwrap() {
            found.push((String::from_utf8(raw).unwrap(), at.map(Timestamp::unix)));
        }
        found
    }

    #[test]
    fn mails_are_told_apart_by_dated_from_lines_behind_a_blank_one() {
        let file = "From ann@example.org Tue Feb  3 10:00:00 2026\nSubject: a\n\nFrom here on it hurts.\n\n\
                    From time to time 10:00 too.\nFrom x Tue Feb  3 10:00:00 2026\n>From me\n>>From him\n\n\
                    From - Wed Feb 04 11:30 2026\nSubject: b\n\nlast\n";
        let found = mails(file);
        assert_eq!(found.len(), 2, "{found:?}");
        let first = "Subject: a\n\nFrom here on it hurts.\n\nFrom time to time 10:00 too.\n\
                     From x Tue Feb  3 10:00:00 2026\nFrom me\n>From him\n";
        assert_eq!(found.first(), Some(&(first.to_owned(), Some(1_770_112_800))));
        assert_eq!(found.get(1), Some(&("Subject: b\n\nlast\n".to_owned(), Some(1_770_204_600))));
    }

    #[test]
    fn carriage_returns_and_missing_ends_are_no_matter() {
        let file = "From a Tue Feb  3 10:00:00 2026\r\nSubject: a\r\n\r\nx\r\n\r\nFrom b Tue Feb  3 10:00:00 2026\r\nSubject: b\r\n\r\ny";
        let found: Vec<String> = mails(file).into_iter().map(|(raw, _)| raw).collect();
        assert_eq!(found, ["Subject: a\r\n\r\nx\r\n", "Subject: b\r\n\r\ny"]);
    }

    #[test]
    fn mail_is_cut_to_the_limit_and_the_next_one_is_whole() {
        let file = format!(
            "From a Tue Feb  3 10:00:00 2026\nA: {}\n\nFrom b Tue Feb  3 10:00:00 2026\nB: b\n",
            "x".repeat(5000)
        );
        let found = mails(&file);
        assert_eq!(found.iter().map(|(raw, _)| raw.len()).collect::<Vec<_>>(), [1000, 5]);
    }

    #[test]
    fn other_files_are_no_mbox() {
        let mut mbox = Mbox::new(&b"Subject: a\n\nFrom x Tue Feb  3 10:00:00 2026\n"[..], 1000);
        assert!(mbox.next().unwrap().is_none() && mbox.has_no_separator);
    }
}
