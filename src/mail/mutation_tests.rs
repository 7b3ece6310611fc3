//! Damaged mails: the files of tests/corpus with bytes changed, cut, doubled and put together anew, the same ones on every
//! run. Whatever comes of them, reading must end, and lose no letter of the text.

use super::reading;

/// Damaged copies of each file.
const COPIES: u64 = 25;

/// Marsaglia's xorshift64: the same numbers on every run.
struct Numbers(u64);

impl Numbers {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }
}

/// Pieces that mean something to a reader of mail.
const WORDS: [&[u8]; 16] = [
    b"\n\n",
    b"--b\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Transfer-Encoding: base64\n",
    b"=?utf-8?B?4pyT",
    b"charset=iso-2022-jp",
    b"\x1b$B",
    b"begin 644 x\n",
    b"<style>",
    b"<blockquote type=cite>",
    b"data:image/png;base64,AAAA",
    b"> ",
    b"\x30\x80",
    b"\x78\x9f\x3e\x22",
    b"BEGIN:VEVENT\n",
    b"\xff\xfe",
];

fn damaged(file: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = file.to_vec();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(out.len());
        match numbers.below(5) {
            0 => out.truncate(at),
            1 => out.splice(at..at, WORDS[numbers.below(WORDS.len())].iter().copied()).for_each(drop),
            2 => {
                let end = (at + numbers.below(400)).min(out.len());
                let piece = out[at..end].to_vec();
                let to = numbers.below(out.len());
                out.splice(to..to, piece).for_each(drop);
            }
            3 => {
                let end = (at + numbers.below(40)).min(out.len());
                out.drain(at..end).for_each(drop);
            }
            _ => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = u8::try_from(numbers.next() & 0xFF).unwrap();
                }
            }
        }
    }
    out
}

fn files(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/tests/corpus/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 64 * 1024).collect()
}

#[test]
fn damaged_mails_are_read_without_harm() {
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    for file in files("", "eml") {
        for _ in 0..COPIES {
            let bytes = damaged(&file, &mut numbers);
            if let Some(mail) = reading::mail(&bytes) {
                let parts = reading::reply(&mail.full_text, false);
                let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
                let kept: usize = parts.iter().map(|part| letters(part)).sum();
                assert_eq!(kept, letters(&mail.full_text), "{:?}", String::from_utf8_lossy(&bytes));
                if let Some(html) = mail.html {
                    assert_eq!(reading::html(&html).1.as_ref(), Some(&html), "sanitised twice is sanitised once");
                }
            }
        }
    }
}

#[test]
fn damaged_containers_are_read_without_harm() {
    use base64::Engine as _;
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for file in files("smime", "b64") {
        let text: String = String::from_utf8(file).unwrap().split_whitespace().collect();
        let container = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        for _ in 0..COPIES * 20 {
            let bytes = damaged(&container, &mut numbers);
            assert!(reading::signed(&bytes).is_none_or(|mail| mail.len() <= bytes.len()));
        }
    }
    let winmail = [&[0x78, 0x9F, 0x3E, 0x22, 1, 0][..], &[0; 200]].concat();
    for _ in 0..COPIES * 40 {
        let bytes = damaged(&winmail, &mut numbers);
        assert!(reading::winmail(&bytes).is_none_or(|(_, files)| files <= bytes.len()));
    }
}
