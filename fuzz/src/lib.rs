//! What the targets check alike: letters, times, and HTML that is safe to show.

use maildesk::inside::reading;
use rustix::time::{ClockId, clock_gettime};

/// Time that no input may exceed, whatever its size, in seconds. Chosen: tables are filled at the first input.
const SECONDS_AT_FIRST: f64 = 0.5;
/// Time for each byte above that, in seconds. Chosen: some fifty times what a plain mail takes in such a build, so that
/// what grows with the square of a few KiB is found.
const SECONDS_PER_BYTE: f64 = 10e-6;

fn seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// What `work` gives, which must not take longer than its input is worth.
pub fn in_time<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let began = seconds();
    let found = work();
    let took = seconds() - began;
    let bound = SECONDS_AT_FIRST + SECONDS_PER_BYTE * bytes as f64;
    assert!(took <= bound, "{bytes} bytes took {took:.2} s, more than {bound:.2} s");
    found
}

/// The letters and digits of some texts, sorted.
pub fn letters(texts: &[&str]) -> Vec<char> {
    let mut letters: Vec<char> = texts.iter().flat_map(|text| text.chars()).filter(|c| c.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters
}

/// Whether `some` are among `all`; both are sorted.
pub fn are_among(some: &[char], all: &[char]) -> bool {
    let mut all = all.iter();
    some.iter().all(|letter| all.by_ref().any(|other| other == letter))
}

/// Text that may be stored and shown: no control characters but tab and line feed.
pub fn assert_clean(text: &str) {
    let control = text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n'));
    assert_eq!(control, None, "a control character is left in {text:?}");
}

/// The parts of a text are all of it.
pub fn assert_complete(full: &str) {
    for is_answer in [false, true] {
        let [typed, quoted, signature] = reading::reply(full, is_answer);
        assert_eq!(letters(&[&typed, &quoted, &signature]), letters(&[full]), "letters are lost or doubled");
        assert!(full.trim().is_empty() || !typed.trim().is_empty(), "nothing is left of the reply");
    }
}

/// HTML of the sanitiser's: read again it holds nothing that acts, and the sanitiser leaves it as it is.
pub fn assert_safe(html: &str, is_mail: bool) {
    assert_eq!(reading::danger(html, is_mail), None, "in {html:?}");
    let (_, mail, message) = reading::html(html);
    let again = if is_mail { mail.as_deref() } else { Some(message.as_str()) };
    assert_eq!(again, Some(html), "the sanitiser changes what it wrote");
}
