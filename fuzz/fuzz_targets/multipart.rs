//! Forms: the pieces in which one arrives make no difference, and its fields are of its bytes. The first line is the
//! boundary.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk::inside::http_reading::form;
use maildesk_fuzz::in_time;

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (Ok(boundary), body) = (std::str::from_utf8(&bytes[..end]), &bytes[end + 1..]) else { return };
    let whole = in_time(bytes.len(), || form(body, boundary, usize::MAX));
    for step in [1, 7, 4096] {
        assert_eq!(form(body, boundary, step), whole, "in pieces of {step}");
    }
    let Ok(fields) = whole else { return };
    let values: usize = fields.iter().map(|(_, _, value)| value.len()).sum();
    assert!(values <= body.len(), "{values} bytes of values in {}", body.len());
    for (_, _, value) in fields.iter().filter(|(_, _, value)| !value.is_empty()) {
        assert!(body.windows(value.len()).any(|window| window == value), "{value:?} is not in the form");
    }
});
