//! winmail.dat: what comes out is bounded by what went in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk::inside::reading;
use maildesk_fuzz::in_time;

/// Files taken out of one container, and those of its messages.
const FILES_MAX: usize = 1000;
/// What one byte may become: compressed RTF copies up to 17 bytes by two (MS-OXRTFCP §2.2.1.4), and UTF-8 takes three.
const GROWTH_MAX: usize = 64;
/// A header that is written for a message within.
const HEADER_BYTES: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let Some((unpacked, files)) = in_time(bytes.len(), || reading::winmail(bytes)) else { return };
    assert!(files <= FILES_MAX, "{files} files");
    assert!(unpacked <= HEADER_BYTES + GROWTH_MAX * bytes.len(), "{unpacked} bytes from {}", bytes.len());
});
