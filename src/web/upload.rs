//! Files that come with a form: how many, how large, of which types, under which names they are kept.

use super::form::File;
use super::wrong::Wrong;
use crate::mail::safe_file_name;
use crate::store::attachment::NewAttachment;
use crate::store::settings::Settings;

/// Bytes looked at to tell text from data.
const SAMPLE_BYTES: usize = 8 * 1024;

/// A file found good.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// Safe name.
    pub(crate) name: String,
    /// The browser's name for it.
    pub(crate) original_name: String,
    /// `type/subtype`, by its content.
    pub(crate) content_type: String,
    /// The bytes.
    pub(crate) content: Vec<u8>,
}

impl Accepted {
    /// The file as it is stored.
    pub(crate) fn attachment(&self) -> NewAttachment<'_> {
        NewAttachment {
            name: &self.name,
            original_name: &self.original_name,
            content_type: &self.content_type,
            content: &self.content,
            cid: "",
            is_inline: false,
        }
    }
}

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This one is beyond so many.
    Number(String, i64),
    /// This one is too large.
    Size(String),
    /// This one's type is not taken.
    Type(String),
}

impl Fault {
    /// In words.
    pub(crate) fn text(&self, language: &super::language::Language) -> String {
        match self {
            Self::Number(name, max) => {
                language.with_all("too-many-files", &[("name", name.into()), ("n", (*max).into())])
            }
            Self::Size(name) => language.with("file-too-large", "name", name),
            Self::Type(name) => language.with("file-not-taken", "name", name),
        }
    }
}

/// Why some files are not taken, in words.
pub(crate) fn in_words(faults: &[Fault], language: &super::language::Language) -> String {
    faults.iter().map(|fault| fault.text(language)).collect::<Vec<_>>().join(" ")
}

/// What is wrong with a form whose files are not kept, with the names of those that were good.
pub(crate) fn to_choose_again(language: &super::language::Language, wrong: Wrong, good: &[Accepted]) -> Wrong {
    let names: Vec<&str> = good.iter().map(|file| file.original_name.as_str()).collect();
    if names.is_empty() {
        return wrong;
    }
    let text = format!("{} {}", wrong.text, language.with("files-again", "names", &names.join(", ")));
    Wrong { text, ..wrong }
}

/// Files of staff that a mail may carry too (settings `mail_attachment_…`), and what is wrong with the others.
pub(crate) fn sorted_of_staff(settings: &Settings, files: &[File]) -> (Vec<Accepted>, Vec<Fault>) {
    let bytes_max = settings.mail_attachment_size.bytes();
    sorted(files, settings.mail_attachment_number, |number, file| one(settings, number, file, bytes_max))
}

/// Files of customers that the API takes too (settings `ticket_attachment…`, `ticket_file_…`), and what is wrong with the
/// others.
pub(crate) fn sorted_of_customer(settings: &Settings, files: &[File]) -> (Vec<Accepted>, Vec<Fault>) {
    let max = if settings.ticket_attachment { settings.ticket_attachment_number } else { 0 };
    let bytes_max = settings.ticket_file_size.bytes();
    let types = &settings.ticket_file_type;
    let is_taken = |extension: &str| types.iter().any(|own| own == extension || (own == "jpg" && extension == "jpeg"));
    sorted(files, max, |number, file| {
        let accepted = one(settings, number, file, bytes_max)?;
        let extension = accepted.name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        // A program stays one under the name of a picture.
        let is_as_named = infer::get(&file.content).is_none_or(|kind| is_taken(kind.extension()));
        if is_taken(&extension) && is_as_named { Ok(accepted) } else { Err(Fault::Type(accepted.name)) }
    })
}

/// A file that is not taken leaves room for another.
fn sorted(
    files: &[File],
    max: i64,
    check: impl Fn(usize, &File) -> Result<Accepted, Fault>,
) -> (Vec<Accepted>, Vec<Fault>) {
    let (mut accepted, mut faults) = (Vec::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        match check(number, file) {
            Ok(good) if i64::try_from(accepted.len()).unwrap_or(i64::MAX) >= max => {
                faults.push(Fault::Number(good.name, max));
            }
            Ok(good) => accepted.push(good),
            Err(fault) => faults.push(fault),
        }
    }
    (accepted, faults)
}

fn one(settings: &Settings, number: usize, file: &File, bytes_max: u64) -> Result<Accepted, Fault> {
    let name = safe_file_name(&file.name).unwrap_or_else(|| format!("attachment-{}", number + 1));
    if file.content.len() as u64 > bytes_max {
        return Err(Fault::Size(name));
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if extension.is_some_and(|extension| settings.mail_attachment_block.contains(&extension)) {
        return Err(Fault::Type(name));
    }
    Ok(Accepted {
        content_type: type_of(&file.content).to_owned(),
        original_name: file.name.clone(),
        content: file.content.clone(),
        name,
    })
}

/// The type of a content: as its first bytes say, else text or data.
fn type_of(content: &[u8]) -> &'static str {
    if let Some(kind) = infer::get(content) {
        return kind.mime_type();
    }
    let sample = content.get(..SAMPLE_BYTES).unwrap_or(content);
    let is_utf8 = std::str::from_utf8(sample).map_or_else(|error| error.error_len().is_none(), |_| true);
    if is_utf8 && !sample.contains(&0) { "text/plain" } else { "application/octet-stream" }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// All of them, or the first fault.
    fn of_staff(settings: &Settings, files: &[File]) -> Result<Vec<Accepted>, Fault> {
        let (good, faults) = sorted_of_staff(settings, files);
        faults.into_iter().next().map_or(Ok(good), Err)
    }

    fn of_customer(settings: &Settings, files: &[File]) -> Result<Vec<Accepted>, Fault> {
        let (good, faults) = sorted_of_customer(settings, files);
        faults.into_iter().next().map_or(Ok(good), Err)
    }

    #[test]
    fn a_file_that_is_not_taken_keeps_no_other_back() {
        let settings = Settings { mail_attachment_number: 2, ..Settings::default() };
        let files = [file("a.txt", 1), file("bad.exe", 1), file("b.txt", 1), file("c.txt", 1)];
        let (good, faults) = sorted_of_staff(&settings, &files);
        let names: Vec<&str> = good.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.txt", "b.txt"]);
        assert_eq!(faults, [Fault::Type("bad.exe".into()), Fault::Number("c.txt".into(), 2)]);
    }

    fn file(name: &str, bytes: usize) -> File {
        File { name: name.to_owned(), content: vec![b'x'; bytes] }
    }

    #[test]
    fn files_of_staff_are_taken_up_to_what_mail_carries() {
        let settings = Settings { mail_attachment_number: 2, ..Settings::default() };
        let bytes = usize::try_from(settings.mail_attachment_size.bytes()).unwrap();
        let taken = of_staff(&settings, &[file("../a.txt", bytes), file("", 1)]).unwrap();
        assert_eq!((taken[0].name.as_str(), taken[1].name.as_str()), ("a.txt", "attachment-2"));
        assert_eq!(of_staff(&settings, &[file("a", bytes + 1)]).unwrap_err(), Fault::Size("a".into()));
        let three = [file("a", 1), file("b", 1), file("c", 1)];
        assert_eq!(of_staff(&settings, &three).unwrap_err(), Fault::Number("c".into(), 2));
        assert_eq!(of_staff(&settings, &[file("a.EXE", 1)]).unwrap_err(), Fault::Type("a.EXE".into()));
    }

    #[test]
    fn files_of_customers_are_of_the_allowed_types_by_name_and_content() {
        let settings = Settings::default();
        let named = |name: &str, content: &[u8]| {
            of_customer(&settings, &[File { name: name.to_owned(), content: content.to_vec() }])
        };
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert!(named("a.PNG", png).is_ok() && named("a.jpeg", b"\xff\xd8\xff\xe0aaaaaaaa").is_ok());
        assert_eq!(named("a.pdf", b"%PDF-1.7").unwrap_err(), Fault::Type("a.pdf".into()));
        assert_eq!(named("a.png", b"MZ\x90\0\x03\0\0\0\x04\0\0\0").unwrap_err(), Fault::Type("a.png".into()));
        assert_eq!(named("png", png).unwrap_err(), Fault::Type("png".into()));
        let bytes = usize::try_from(settings.ticket_file_size.bytes()).unwrap();
        assert!(of_customer(&settings, &[file("a.png", bytes)]).is_ok());
        assert_eq!(of_customer(&settings, &[file("a.png", bytes + 1)]).unwrap_err(), Fault::Size("a.png".into()));
        assert_eq!(
            of_customer(&settings, &[file("a.png", 1), file("b.png", 1), file("c.png", 1), file("d.png", 1)])
                .unwrap_err(),
            Fault::Number("d.png".into(), 3)
        );
        let off = Settings { ticket_attachment: false, ..Settings::default() };
        assert_eq!(of_customer(&off, &[file("a.png", 1)]).unwrap_err(), Fault::Number("a.png".into(), 0));
        assert!(of_customer(&off, &[]).is_ok());
    }

    #[test]
    fn the_content_says_what_a_file_is() {
        assert_eq!(type_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(type_of("h\u{e9}".as_bytes()), "text/plain");
        assert_eq!(type_of(b"a\0b"), "application/octet-stream");
    }
}
