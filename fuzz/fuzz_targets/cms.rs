//! S/MIME: a signed mail is part of its container, and opening it again gives the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk::inside::reading;
use maildesk_fuzz::{are_among, in_time};

fuzz_target!(|bytes: &[u8]| {
    let Some(mail) = in_time(bytes.len(), || reading::signed(bytes)) else { return };
    let sorted = |bytes: &[u8]| {
        let mut bytes: Vec<char> = bytes.iter().map(|byte| char::from(*byte)).collect();
        bytes.sort_unstable();
        bytes
    };
    assert!(are_among(&sorted(&mail), &sorted(bytes)), "the mail is not of its container");
    assert_eq!(reading::signed(bytes), Some(mail));
});
