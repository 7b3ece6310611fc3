//! Tests of the multipart reader: what real clients send, and what no client should.
#![allow(clippy::unwrap_used)]

use super::*;

/// Yields its bytes a few at a time, as a slow disk or pipe would.
struct Dripping<'a>(&'a [u8], usize);

impl Read for Dripping<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.1.min(self.0.len()).min(into.len());
        let (now, later) = self.0.split_at(taken);
        into[..taken].copy_from_slice(now);
        self.0 = later;
        Ok(taken)
    }
}

/// A form in one line per field, for comparing: `name=value` or `name<filename>=content`.
fn read(body: &[u8], boundary: &str) -> Result<Vec<String>, Error> {
    let boundary = Boundary::new(boundary).unwrap();
    let fields = parse(body, &boundary)?;
    Ok(fields.into_iter().map(show).collect())
}

fn show(field: Field) -> String {
    match field {
        Field::Text { name, value } => format!("{name}={}", String::from_utf8_lossy(&value)),
        Field::File { name, filename, content } => {
            let bytes = content.into_bytes().unwrap();
            format!("{name}<{filename}>={}", String::from_utf8_lossy(&bytes))
        }
    }
}

/// As curl 7.88 sends `-F subject=Hi -F 'attachment[]=@a.txt'`.
const CURL: &[u8] = b"--------------------------d74496d66958873e\r\n\
Content-Disposition: form-data; name=\"subject\"\r\n\
\r\n\
Hi\r\n\
--------------------------d74496d66958873e\r\n\
Content-Disposition: form-data; name=\"attachment[]\"; filename=\"a.txt\"\r\n\
Content-Type: text/plain\r\n\
\r\n\
one\r\ntwo\n\r\n\
--------------------------d74496d66958873e--\r\n";
const CURL_BOUNDARY: &str = "------------------------d74496d66958873e";

#[test]
fn a_form_of_curl_is_read_whole_in_pieces_of_any_size() {
    let expected = ["subject=Hi", "attachment[]<a.txt>=one\r\ntwo\n"];
    assert_eq!(read(CURL, CURL_BOUNDARY).unwrap(), expected);
    for step in 1..CURL.len() {
        let fields = parse(Dripping(CURL, step), &Boundary::new(CURL_BOUNDARY).unwrap()).unwrap();
        assert_eq!(fields.into_iter().map(show).collect::<Vec<_>>(), expected, "pieces of {step}");
    }
}

#[test]
fn harmless_variations_are_accepted() {
    for (body, expected) in [
        ("--b--", &[][..]),
        ("preamble\r\nmore\r\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--epilogue", &["a=1"]),
        ("--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--", &["a=1"]),
        ("--b\r\nCONTENT-disposition:form-data;name=a\r\nX-Other: y\r\n\r\n1\r\n--b--", &["a=1"]),
        ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b--", &["a="]),
        ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--", &["a="]),
        ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n\r\n--b--", &["a=\r\n"]),
        ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--x\n--b\r-\r\n--\r\n--b--", &["a=--x\n--b\r-\r\n--"]),
        ("--b\r\nContent-Disposition: form-data; name=a; filename=\"\"\r\n\r\n\r\n--b--", &["a<>="]),
    ] {
        assert_eq!(read(body.as_bytes(), "b").unwrap(), expected, "{body:?}");
    }
}

#[test]
fn broken_forms_are_400() {
    for body in [
        "",
        "x",
        "--b",
        "--b\r\n",
        "--b-",
        "--bx\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--",
        "--b\nContent-Disposition: form-data; name=a\n\n1\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--",
        "--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--",
        "--b\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n folded\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition : form-data; name=a\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\n1\r\n--b--",
    ] {
        let error = read(body.as_bytes(), "b").unwrap_err();
        assert_eq!(error.status(), 400, "{body:?}: {error}");
    }
}

/// A form of the given parts, each its headers and its content.
fn form(parts: impl IntoIterator<Item = (String, usize)>) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, size) in parts {
        body.extend_from_slice(format!("--b\r\n{head}\r\n\r\n").as_bytes());
        body.resize(body.len() + size, b'x');
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

const TEXT: &str = "Content-Disposition: form-data; name=a";
const FILE: &str = "Content-Disposition: form-data; name=a; filename=f";

/// The status of a form: 200 when it reads.
fn status_of(body: &[u8]) -> u16 {
    read(body, "b").map_or_else(|error| error.status(), |_| 200)
}

#[test]
fn parts_part_heads_and_header_lines_are_limited() {
    let parts = |count: usize| form((0..count).map(|_| (TEXT.to_owned(), 1)));
    assert_eq!((status_of(&parts(PARTS_MAX)), status_of(&parts(PARTS_MAX + 1))), (200, 413));

    let lines = |count: usize| form([(format!("{TEXT}{}", "\r\nX: y".repeat(count - 1)), 1)]);
    assert_eq!((status_of(&lines(PART_HEADERS_MAX)), status_of(&lines(PART_HEADERS_MAX + 1))), (200, 413));

    // The head's bytes end with the line end of its last line and the empty line.
    let head = |bytes: usize| form([(format!("{TEXT}\r\nX: {}", "y".repeat(bytes - TEXT.len() - 9)), 1)]);
    assert_eq!((status_of(&head(PART_HEAD_BYTES_MAX)), status_of(&head(PART_HEAD_BYTES_MAX + 1))), (200, 413));
    assert_eq!(status_of(&head(1024 * 1024)), 413);
}

#[test]
fn text_is_limited_over_all_fields_and_files_only_in_number_on_disk() {
    let texts = |sizes: &[usize]| form(sizes.iter().map(|size| (TEXT.to_owned(), *size)));
    assert_eq!(status_of(&texts(&[TEXT_BYTES_MAX / 2, TEXT_BYTES_MAX / 2])), 200);
    assert_eq!(status_of(&texts(&[TEXT_BYTES_MAX / 2, TEXT_BYTES_MAX / 2, 1])), 413);

    let files = |size: usize, count: usize| form((0..count).map(|_| (FILE.to_owned(), size)));
    assert_eq!(status_of(&files(FILE_MEMORY_BYTES_MAX, SPOOLED_FILES_MAX + 1)), 200);
    assert_eq!(status_of(&files(FILE_MEMORY_BYTES_MAX + 1, SPOOLED_FILES_MAX)), 200);
    assert_eq!(status_of(&files(FILE_MEMORY_BYTES_MAX + 1, SPOOLED_FILES_MAX + 1)), 413);
}

#[test]
fn a_large_file_lies_on_disk_and_a_small_one_in_memory() {
    for (size, on_disk) in [(FILE_MEMORY_BYTES_MAX, false), (FILE_MEMORY_BYTES_MAX + 1, true)] {
        let body = form([(FILE.to_owned(), size)]);
        let mut fields = parse(&body[..], &Boundary::new("b").unwrap()).unwrap();
        let Some(Field::File { mut content, .. }) = fields.pop() else { panic!("no file") };
        assert_eq!((content.is_on_disk(), content.len()), (on_disk, size as u64));
        let mut read = Vec::new();
        content.read_to_end(&mut read).unwrap();
        assert!(read.len() == size && read.iter().all(|byte| *byte == b'x'));
    }
}

/// A small random generator, so that a failing seed can be printed and run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn no_mixture_of_fragments_makes_the_reader_panic() {
    const FRAGMENTS: [&str; 18] = [
        "--b",
        "--b--",
        "\r\n",
        "\r",
        "\n",
        "--",
        "Content-Disposition: form-data",
        "; name=\"a\"",
        "; filename=\"f\"",
        "; filename*=UTF-8''x",
        "Content-Type: text/plain",
        ":",
        "\"",
        "\\",
        "\0",
        "\u{e9}",
        " ",
        "x",
    ];
    for seed in 0..20_000_u64 {
        let mut dice = Dice(seed);
        let mut body = if dice.roll(2) == 0 { "--b\r\n".to_owned() } else { String::new() };
        for _ in 0..dice.roll(40) {
            body.push_str(FRAGMENTS[dice.roll(FRAGMENTS.len())]);
        }
        let outcome = std::panic::catch_unwind(|| read(body.as_bytes(), "b").map_or(0, |fields| fields.len()));
        assert!(outcome.is_ok(), "seed {seed}: {body:?}");
    }
}

#[test]
fn contents_full_of_near_boundaries_take_linear_time() {
    let near = "\r\n--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    let boundary = Boundary::new(&"b".repeat(70)).unwrap();
    let mut body = format!("--{}\r\n{FILE}\r\n\r\n", "b".repeat(70)).into_bytes();
    while body.len() < 8 * 1024 * 1024 {
        body.extend_from_slice(near.as_bytes());
    }
    let start = std::time::Instant::now();
    assert!(matches!(parse(&body[..], &boundary), Err(Error::Unterminated)));
    // Quadratic behaviour would take hours; the bound leaves room for a loaded debug build.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn a_form_that_was_cut_off_gives_its_texts_and_the_names_of_its_files() {
    let file = |name: &str| format!("Content-Disposition: form-data; name=f; filename={name}");
    let body = form([(TEXT.to_owned(), 9), (file("one"), 600_000), (file("two"), 600_000), (TEXT.to_owned(), 9)]);
    let boundary = Boundary::new("b").unwrap();
    let found = |bytes: usize| {
        let fields = beginning(body.get(..bytes).unwrap(), &boundary).into_iter();
        fields
            .map(|field| match field {
                Field::Text { value, .. } => String::from_utf8(value).unwrap(),
                Field::File { filename, content, .. } => format!("{filename} {}", content.len()),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(found(body.len()), ["xxxxxxxxx", "one 0", "two 0", "xxxxxxxxx"]);
    assert_eq!(found(700_000), ["xxxxxxxxx", "one 0", "two 0"]);
    assert_eq!(found(600), ["xxxxxxxxx", "one 0"]);
    assert_eq!(found(20), Vec::<String>::new());
}
