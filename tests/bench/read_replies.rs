//! The replies that maildesk finds in mails, for tests/bench/reading: a mail in base64 on each line of standard input, a
//! JSON object on each line of standard output.

use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maildesk::inside::reading;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let mail = STANDARD.decode(line?).map_err(io::Error::other)?;
        let began = Instant::now();
        let read = reading::mail(&mail).unwrap_or_default();
        let us = began.elapsed().as_secs_f64() * 1e6;
        let html_only = read.html.filter(|_| String::from_utf8_lossy(&mail).contains("text/html")).unwrap_or_default();
        let json =
            serde_json::json!({ "reply": read.reply_text, "text": read.full_text, "html_only": html_only, "us": us });
        writeln!(out, "{json}")?;
    }
    Ok(())
}
