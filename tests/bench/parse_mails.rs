//! How long mails take to be read: maildesk's whole reading (reply, safe HTML, files, origin, key) against mail-parser alone,
//! in one process. Arguments: the files. A mail of 10 kB of plain text is measured besides.
//!
//! Prints `maildesk NANOSECONDS mail-parser NANOSECONDS NAME` for that mail and for all the files together.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use mail_parser::MessageParser;
use maildesk::inside::reading;

/// Rounds over the files; the fastest of each mail counts, so that other programs do not.
const ROUNDS: usize = 7;

fn fastest(mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let began = Instant::now();
        run();
        began.elapsed()
    };
    (0..ROUNDS).map(|_| once(&mut run)).min().unwrap_or_default()
}

/// The times of both for some mails.
fn measured(mails: &[Vec<u8>]) -> (Duration, Duration) {
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    for mail in mails {
        ours += fastest(|| drop(black_box(reading::mail(black_box(mail)))));
        theirs += fastest(|| drop(black_box(MessageParser::default().parse(black_box(mail)))));
    }
    (ours, theirs)
}

fn main() -> io::Result<()> {
    let text = "Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n".repeat(170);
    let head = "From: Ann <ann@client.test>\nTo: support@helpdesk.test\nSubject: Printer\nMessage-ID: <m@client.test>\n\
                Date: Tue, 3 Feb 2026 10:00:00 +0100\n\n";
    let plain = vec![format!("{head}{text}").into_bytes()];
    let files = std::env::args_os().skip(1).map(std::fs::read).collect::<io::Result<Vec<_>>>()?;
    for (name, mails) in [("plain", &plain), ("corpus", &files)] {
        let (ours, theirs) = measured(mails);
        println!("maildesk {} mail-parser {} {name}", ours.as_nanos(), theirs.as_nanos());
    }
    Ok(())
}
