//! HTML as text and sanitised: what comes out is safe, stays as it is when it is sanitised again, and is no longer than
//! what escaping makes of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk::inside::reading;
use maildesk_fuzz::{assert_safe, in_time};

/// What one byte may become: `&` is written `&amp;`, an attribute's value stands twice, a tag is closed.
const GROWTH_MAX: usize = 24;

fuzz_target!(|source: &str| {
    let (text, mail, message) = in_time(4 * source.len(), || reading::html(source));
    assert!(text.len() <= GROWTH_MAX * source.len(), "{} bytes of text", text.len());
    if let Some(mail) = mail {
        assert_safe(&mail, true);
    }
    assert_safe(&message, false);
});
