//! Mails made to hurt: huge numbers of everything, deep nesting, bytes no text may hold. Each is taken with exit 0 within
//! a time and a memory that have nothing to do with its cunning, and each limit is seen from both sides.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, Done, SUPPORT, mail};

/// Ceiling for one mail: five times what any mail under 50 MiB may take, the unoptimised program included.
const DURATION_MAX: Duration = Duration::from_secs(10);

/// Ceiling for the memory of one mail, in KiB: 200 MiB.
const RESIDENT_KIB_MAX: u64 = 200 * 1024;

/// Pause between two looks at a child's memory.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// What one run took beside its answer.
struct Measured {
    done: Done,
    duration: Duration,
    /// The most memory seen resident, in KiB. The kernel keeps the peak, so only the last millisecond can be missed.
    resident_kib: u64,
}

/// Runs `maildesk pipe` on a mail in a file.
fn measure(desk: &Desk, raw: &[u8], args: &[&str]) -> Measured {
    fs::write(desk.path("mail"), raw).expect("the folder is writable");
    let stdin = fs::File::open(desk.path("mail")).expect("it was written");
    // Into files: nobody reads a pipe while the child runs.
    let file = |name: &str| fs::File::create(desk.path(name)).expect("the folder is writable");
    let mut command = desk.command();
    command.arg("pipe").args(args).args(["--recipient", SUPPORT]);
    command.stdin(Stdio::from(stdin)).stdout(file("stdout")).stderr(file("stderr"));
    let started = Instant::now();
    let mut child = command.spawn().expect("the binary starts");
    let status_file = format!("/proc/{}/status", child.id());
    let mut resident_kib = 0;
    let status = loop {
        let text = fs::read_to_string(&status_file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        resident_kib = kib.unwrap_or(0).max(resident_kib);
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        std::thread::sleep(LOOK_INTERVAL);
    };
    let read = |name: &str| fs::read_to_string(desk.path(name)).expect("it was written");
    let done = Done { status: status.code().unwrap_or(-1), stdout: read("stdout"), stderr: read("stderr") };
    Measured { done, duration: started.elapsed(), resident_kib }
}

/// Hands a hostile mail over, twice: on record once, silently, in time, in bounds. Gives the receipt.
fn survive(desk: &Desk, what: &str, raw: &[u8]) -> Value {
    let before = desk.count("mails_received");
    for _ in 0..2 {
        let run = measure(desk, raw, &[]);
        assert_eq!(run.done.parts(), (0, "", ""), "{what}: {}", desk.log());
        assert!(run.duration < DURATION_MAX, "{what} took {:?}", run.duration);
        assert!(run.resident_kib < RESIDENT_KIB_MAX, "{what} took {} KiB", run.resident_kib);
    }
    assert_eq!(desk.count("mails_received"), before + 1, "{what}");
    desk.last_mail()
}

/// The warnings of a dry run, joined.
fn warnings(desk: &Desk, raw: &[u8]) -> String {
    let run = measure(desk, raw, &["--dry-run", "--json"]);
    assert_eq!((run.done.status, run.done.stderr.as_str()), (0, ""), "{}", desk.log());
    let answer: Value = serde_json::from_str(&run.done.stdout).expect("a dry run prints an object");
    let sentences = answer["warnings"].as_array().expect("warnings are a list");
    sentences.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

fn multipart(id: &str, parts: &str) -> Vec<u8> {
    mail(id, "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", parts).into_bytes()
}

/// A multipart in a multipart …, `levels` of them, with one text at the bottom.
fn nested(id: &str, levels: usize) -> Vec<u8> {
    let mut body = String::new();
    for level in 1..levels {
        body.push_str(&format!("--b{}\nContent-Type: multipart/mixed; boundary=b{level}\n\n", level - 1));
    }
    body.push_str(&format!("--b{}\nContent-Type: text/plain\n\nat the bottom\n", levels - 1));
    for level in (0..levels).rev() {
        body.push_str(&format!("--b{level}--\n"));
    }
    mail(id, "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n", &body).into_bytes()
}

#[test]
fn three_hundred_thousand_parts() {
    let desk = Desk::new();
    let parts = format!("{}--b--", "--b\nContent-Type: text/plain; name=x\n\nx\n".repeat(300_000));
    survive(&desk, "parts", &multipart("parts", &parts));
    let notes = desk.notes(1);
    assert!(notes.contains("more than the 1000") && notes.contains("more like these"), "{notes}");
    survive(&desk, "empty parts", &multipart("empty", &"--b\n".repeat(300_000)));
    survive(&desk, "parts without an end", &multipart("bare", &"--b\n\nx\n".repeat(300_000)));
}

#[test]
fn nested_markup() {
    let desk = Desk::new();
    let html = |id: &str, html: &str| mail(id, "Subject: x\nContent-Type: text/html\n", html).into_bytes();
    survive(
        &desk,
        "20,000 divs",
        &html("div", &format!("{}deep text{}", "<div>".repeat(20_000), "</div>".repeat(20_000))),
    );
    let text = desk.messages(1)[0]["text"].as_str().unwrap_or_default().to_owned();
    assert!(text.contains("deep text"), "past the caps the text is still there: {text}");
    survive(&desk, "unclosed blockquotes", &html("quote", &"<blockquote>".repeat(200_000)));
    survive(&desk, "unclosed tables", &html("table", &"<table><tr><td>".repeat(60_000)));
    survive(&desk, "mixed formatting", &html("b", &"<b><i><a href=x>".repeat(60_000)));
    survive(&desk, "less-than signs", &html("lt", &"<".repeat(3_000_000)));
    survive(&desk, "attributes", &html("attr", &format!("<p {}>x", "a=b ".repeat(400_000))));
    survive(&desk, "comments", &html("comment", &"<!--".repeat(400_000)));
    survive(&desk, "entities", &html("entity", &"&amp".repeat(600_000)));
}

#[test]
fn two_hundred_thousand_headers() {
    let desk = Desk::new();
    survive(&desk, "headers", mail("h", &"X-Header: value\n".repeat(200_000), "x").as_bytes());
    survive(&desk, "received lines", mail("r", &"Received: from a by b\n".repeat(200_000), "x").as_bytes());
    survive(
        &desk,
        "one folded header",
        mail("f", &format!("Subject: x\n{}", " x\n".repeat(1_000_000)), "x").as_bytes(),
    );
    survive(&desk, "one long line", mail("l", &format!("Subject: {}\n", "x".repeat(10_000_000)), "x").as_bytes());
    let ids = "<a@b> ".repeat(300_000);
    survive(&desk, "references", mail("ref", &format!("Subject: x\nReferences: {ids}\n"), "x").as_bytes());
    let people = "p@client.test, ".repeat(200_000);
    survive(&desk, "recipients", mail("to", &format!("Subject: x\nCc: {people}\n"), "x").as_bytes());
    let words = "=?utf-8?Q?x?= ".repeat(200_000);
    survive(&desk, "encoded words", mail("words", &format!("Subject: {words}\n"), "x").as_bytes());
    let comments = format!("From: {} ann@client.test\n", "(".repeat(2_000_000));
    survive(&desk, "nested comments", format!("{comments}Message-ID: <c@d>\n\nx").as_bytes());
}

#[test]
fn nested_structure() {
    let desk = Desk::new();
    survive(&desk, "10,000 multiparts", &nested("multi", 10_000));
    assert!(desk.notes(1).contains("20"), "{}", desk.notes(1));
    let messages = "Content-Type: message/rfc822\n\n".repeat(10_000);
    survive(&desk, "10,000 messages", format!("From: ann@client.test\nMessage-ID: <m@x>\n{messages}").as_bytes());
    let same = "--b\nContent-Type: multipart/mixed; boundary=b\n\n".repeat(10_000);
    survive(&desk, "one boundary for all levels", &multipart("same", &same));
    let prefix: String =
        (1..2000).map(|n| format!("--{0}\nContent-Type: multipart/mixed; boundary={0}b\n\n", "b".repeat(n))).collect();
    survive(&desk, "boundaries that are prefixes", &multipart("prefix", &prefix));
    survive(&desk, "lines that look like boundaries", &multipart("looks", &"--bx\n".repeat(1_000_000)));
}

#[test]
fn bytes_no_text_may_hold() {
    let desk = Desk::new();
    survive(&desk, "NUL everywhere", b"From: a\0nn@client.test\0\nSubject: \0x\0\nMess\0age-ID: <n@x>\n\n\0body\0\0\n");
    let found = desk.ticket(1);
    assert!(!found.to_string().contains("\\u0000"), "{found}");
    let all: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    survive(&desk, "every byte, over and over", &all);
    survive(
        &desk,
        "a megabyte of NUL behind a header",
        &[b"From: ann@client.test\n\n".to_vec(), vec![0; 1 << 20]].concat(),
    );
    survive(&desk, "lone carriage returns", "From: ann@client.test\rSubject: cr\r\rbody\r".repeat(50_000).as_bytes());
    survive(&desk, "no header at all", "x".repeat(5_000_000).as_bytes());
}

#[test]
fn reply_extraction_and_quotes() {
    let desk = Desk::new();
    let text = |id: &str, text: &str| mail(id, "Subject: x\nIn-Reply-To: <a@b>\n", text).into_bytes();
    survive(&desk, "quote marks", &text("gt", &">".repeat(3_000_000)));
    survive(&desk, "quoted lines", &text("lines", &"> x\n".repeat(700_000)));
    survive(
        &desk,
        "attributions",
        &text("wrote", &"On Tue, 3 Feb 2026, Ann <ann@client.test> wrote:\n".repeat(50_000)),
    );
    survive(&desk, "attributions without an end", &text("on", &"On ".repeat(1_000_000)));
    survive(&desk, "signature dashes", &text("dash", &"-- \n".repeat(700_000)));
    survive(&desk, "header blocks", &text("block", &"From: x\nSent: y\nTo: z\nSubject: w\n\n".repeat(60_000)));
    survive(&desk, "blank lines", &text("blank", &"\n".repeat(3_000_000)));
}

#[test]
fn names_that_are_paths_stay_names() {
    let desk = Desk::new();
    let names = [
        "../../maildesk-stray",
        "..\\..\\x",
        "/maildesk-stray",
        "C:\\x",
        "a/../../b",
        "\u{202e}gpj.exe.png",
        ".",
        "..",
        "con",
        "x\u{0}y.txt",
        " ",
    ];
    let parts: String = names
        .iter()
        .map(|name| format!("--b\nContent-Type: image/png; name=\"{}\"\n\nx\n", name.replace('\\', "\\\\")))
        .collect();
    survive(&desk, "names", &multipart("names", &format!("{parts}--b--")));
    let attachments = desk.messages(1)[0]["attachments"].as_array().cloned().unwrap_or_default();
    assert_eq!(attachments.len(), names.len());
    for attachment in &attachments {
        let name = attachment["name"].as_str().unwrap_or_default();
        let is_safe =
            !name.contains(['/', '\\', '\0', '\u{202e}']) && !name.starts_with('.') && !name.trim().is_empty();
        assert!(is_safe, "{attachment}");
    }
    let strays = ["/tmp/maildesk-stray", "/maildesk-stray"].map(std::path::Path::new);
    assert!(strays.iter().all(|stray| !stray.exists()), "a name was taken for a path");
}

/// A base64 part of so many bytes on the wire, with lines as mail programs write them.
fn large_attachment(wire_bytes: usize) -> Vec<u8> {
    let line = format!("{}\n", "QUJDRGFi".repeat(9).chars().chain("QUJD".chars()).collect::<String>());
    let part = "--b\nContent-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n\n";
    multipart("big", &format!("--b\n\nSee the attachment.\n{part}{}--b--", line.repeat(wire_bytes / line.len())))
}

#[test]
fn large_attachment_stays_under_the_memory_limit() {
    let desk = Desk::new();
    let raw = large_attachment(45 << 20);
    survive(&desk, "45 MiB, over the attachment's limit", &raw);
    assert!(desk.notes(1).contains("big.zip"), "{}", desk.notes(1));
    desk.set("mail_attachment_size", "50");
    let kept = String::from_utf8_lossy(&raw).replace("<big@", "<kept@").into_bytes();
    let run = measure(&desk, &kept, &[]);
    assert_eq!(run.done.parts(), (0, "", ""), "{}", desk.log());
    eprintln!("45 MiB mail with one attachment, stored: {} KiB resident at most, {:?}", run.resident_kib, run.duration);
    assert!(run.resident_kib < RESIDENT_KIB_MAX, "{} KiB", run.resident_kib);
    assert!(desk.messages(2)[0]["attachments"][0]["size"].as_u64() > Some(33 << 20), "{}", desk.ticket(2));
    survive(&desk, "over the limit for all", &[raw.as_slice(), &[b'x'; 10 << 20]].concat());
}

#[test]
fn text_in_many_parts_stays_under_the_memory_limit() {
    const PARTS: usize = 900;
    const PART_BYTES: usize = (40 << 20) / PARTS;
    let desk = Desk::new();
    // Repeated, the raw mail packs into nothing; of words by chance it hardly gets smaller.
    let mut state = 1u32;
    let by_chance = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let letter = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n"[(state >> 26) as usize];
        char::from(letter)
    });
    let texts = [
        ("alike", "Hello there, dear\n> quoted\n".chars().cycle().take(PART_BYTES).collect::<String>()),
        ("by-chance", by_chance.take(40 << 20).collect()),
    ];
    for (id, text) in texts {
        let pieces = text.as_bytes().chunks(PART_BYTES).cycle().take(PARTS);
        let parts: String = pieces
            .map(|piece| format!("--b\nContent-Type: text/plain\n\n{}\n", String::from_utf8_lossy(piece)))
            .collect();
        let run = measure(&desk, &multipart(id, &format!("{parts}--b--")), &[]);
        assert_eq!(run.done.parts(), (0, "", ""), "{id}: {}", desk.log());
        eprintln!(
            "40 MiB of text in {PARTS} parts, {id}: {} KiB resident at most, {:?}",
            run.resident_kib, run.duration
        );
        assert!(run.resident_kib < RESIDENT_KIB_MAX, "{id}: {} KiB", run.resident_kib);
    }
    assert_eq!(desk.count("mails_received"), 2);
}

#[test]
fn parts_are_read_up_to_the_limit() {
    let desk = Desk::new();
    let parts =
        |n: usize| multipart("p", &format!("{}--b--", "--b\nContent-Type: image/png; name=x.png\n\nx\n".repeat(n)));
    // The multipart itself is a part.
    assert_eq!(warnings(&desk, &parts(999)), "");
    assert!(warnings(&desk, &parts(1000)).contains("1 parts more than the 1000"), "{}", warnings(&desk, &parts(1000)));
}

#[test]
fn levels_are_read_up_to_the_limit() {
    let desk = Desk::new();
    assert_eq!(warnings(&desk, &nested("l", 20)), "");
    assert!(warnings(&desk, &nested("l", 21)).contains("20 levels"), "{}", warnings(&desk, &nested("l", 21)));
}

#[test]
fn header_fields_are_read_up_to_the_limit() {
    let desk = Desk::new();
    // From, To, Message-ID and Date are there already.
    let fields = |n: usize| mail("f", &"X-Field: x\n".repeat(n - 4), "x").into_bytes();
    assert_eq!(warnings(&desk, &fields(1000)), "");
    assert!(warnings(&desk, &fields(1001)).contains("1000"), "{}", warnings(&desk, &fields(1001)));
}

#[test]
fn recipients_are_read_up_to_the_limit() {
    let desk = Desk::new();
    // To has one already.
    let people = |n: usize| {
        let all: Vec<String> = (1..n).map(|i| format!("p{i}@client.test")).collect();
        mail("r", &format!("Cc: {}\n", all.join(",\n ")), "x").into_bytes()
    };
    assert_eq!(warnings(&desk, &people(200)), "");
    assert!(warnings(&desk, &people(201)).contains("200"), "{}", warnings(&desk, &people(201)));
}
