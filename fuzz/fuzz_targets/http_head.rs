//! Heads and bodies of requests: the pieces in which one arrives make no difference, what is let through cannot be read as
//! two requests, and what follows it is left alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk::inside::http_reading::request;
use maildesk_fuzz::in_time;

fuzz_target!(|bytes: &[u8]| {
    let whole = in_time(bytes.len(), || request(bytes, usize::MAX));
    for step in [1, 5, 1024] {
        let pieces = request(bytes, step);
        match (&whole, &pieces) {
            // What is refused may be refused earlier.
            (Err(_), Err(_)) => {}
            _ => assert_eq!(pieces, whole, "in pieces of {step}"),
        }
    }
    let Ok(Some(head)) = whole else { return };
    assert!(head.path.starts_with('/') || head.path == "*", "{:?}", head.path);
    let hosts = head.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count();
    assert!(hosts <= 1, "{hosts} hosts");
    for (name, value) in &head.fields {
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'), "{name:?}");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t'), "{value:?}");
    }
    let has = |wanted: &str| head.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    assert!(!(has("content-length") && has("transfer-encoding") && head.body.is_ok()), "two framings");
    if let Ok(Some((body, length))) = &head.body {
        assert!(body.len() <= *length && head.bytes + length <= bytes.len());
        let mut more = bytes[..head.bytes + length].to_vec();
        more.extend_from_slice(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(request(&more, usize::MAX), Ok(Some(head.clone())), "what follows changes the request");
    }
});
