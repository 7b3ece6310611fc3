//! A whole mail: its texts are clean and no letter of the reply is made up, its HTML is safe, its files have safe names,
//! and a second delivery of it is known for what it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maildesk::inside::reading;
use maildesk_fuzz::{are_among, assert_clean, assert_safe, in_time, letters};

fuzz_target!(|raw: &[u8]| {
    let Some(mail) = in_time(raw.len(), || reading::mail(raw)) else { return };
    for text in [&mail.subject, &mail.full_text, &mail.reply_text] {
        assert_clean(text);
    }
    assert!(!mail.subject.contains('\n'), "the subject has a second line");
    assert!(are_among(&letters(&[&mail.reply_text]), &letters(&[&mail.full_text])), "the reply is not of the text");
    assert_eq!(mail.reply_text.trim().is_empty(), mail.full_text.trim().is_empty(), "nothing is left of the reply");
    if let Some(html) = &mail.html {
        assert_safe(html, true);
    }
    for (name, _) in &mail.files {
        let is_unsafe =
            |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        assert!(!name.is_empty() && !name.contains(is_unsafe) && name != ".." && name != ".", "{name:?}");
    }
    // Another way adds a line on top. A mail without an id is known by its topmost Received line, and bytes without a header
    // are a body.
    let mut head = raw.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let is_own = |line: &[u8]| line.get(..13).is_some_and(|name| name.eq_ignore_ascii_case(b"message-id: <"));
    if raw.contains(&b'\r') || raw.contains(&0) || !raw.starts_with(b"From:") || !head.any(is_own) {
        return;
    }
    let mut again = b"Received: from relay.example by desk.example; Thu, 15 Jan 2026 14:30:00 +0000\n".to_vec();
    again.extend_from_slice(raw);
    assert_eq!(reading::mail(&again).map(|mail| mail.key), Some(mail.key), "another way makes another mail");
});
