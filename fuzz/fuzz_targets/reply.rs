//! The reply in a text: typed text, quote and signature are the whole text, and something is always left of the reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk_fuzz::{assert_complete, in_time};

fuzz_target!(|text: &str| in_time(2 * text.len(), || assert_complete(text)));
