//! Files that come with tickets and messages, and how they leave again.

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

/// A multipart request for a ticket with these files: field, name, content.
fn with_files(files: &[(&str, &str, &[u8])]) -> Request {
    let mut body = Vec::new();
    for (name, value) in [("opener", "user"), ("user_id", "1"), ("department_id", "1"), ("subject", "s"), ("body", "b")]
    {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    for (field, name, content) in files {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    Request::new(Method::Post, "/api/tickets/create")
        .with_header("Token", FULL)
        .with_header("Content-Type", "multipart/form-data; boundary=b")
        .with_body(body)
}

impl Bench {
    fn upload(&self, files: &[(&str, &str, &[u8])]) -> String {
        json(&self.ask(with_files(files)))["message"].as_str().unwrap().to_owned()
    }
}

const CREATED: &str = "Ticket was created.";

#[test]
fn files_are_optional_and_both_field_names_work() {
    let bench = Bench::new();
    assert_eq!(bench.upload(&[]), CREATED);
    assert_eq!(bench.upload(&[("attachment[]", "", b"")]), CREATED);
    assert_eq!(bench.upload(&[("attachment", "a.png", PNG)]), CREATED);
    assert_eq!(bench.upload(&[("attachment[]", "b.png", PNG), ("attachment[]", "c.png", PNG)]), CREATED);
    let names = |target: &str| {
        let files = bench.get(target)["files"].clone();
        files.as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("/api/attachments"), ["a.png", "b.png", "c.png"]);
    assert_eq!(names("/api/attachments?ticket_id=4"), ["b.png", "c.png"]);
    assert_eq!(names("/api/attachments?ticket_id=4&msg_id=3"), Vec::<String>::new());
    assert_eq!(names("/api/attachments?msg_id=3"), ["a.png"]);
    assert_eq!(names("/api/attachments?ticket_id=x"), ["a.png", "b.png", "c.png"]);
    assert_eq!(names("/api/attachments?ticket_id=99"), Vec::<String>::new());
}

#[test]
fn number_and_size_are_taken_at_their_limit_and_refused_above() {
    let bench = Bench::new();
    let files: Vec<(&str, &str, &[u8])> = vec![("attachment[]", "a.png", PNG); 4];
    assert_eq!(bench.upload(&files[..3]), CREATED);
    assert_eq!(bench.upload(&files), "Too many files. Maximum is 3 files.");
    let mut large = PNG.to_vec();
    large.resize(2_621_440, 0);
    assert_eq!(bench.upload(&[("attachment[]", "a.png", &large)]), CREATED);
    large.push(0);
    assert_eq!(bench.upload(&[("attachment[]", "a.png", &large)]), "File is too big. Maximum size is 2.5 MB.");
    assert_eq!(bench.get("/api/tickets")["total_tickets"], 2);
}

#[test]
fn files_with_uploads_switched_off_are_passed_over() {
    let bench = Bench::new();
    bench.set("ticket_attachment", "0");
    assert_eq!(bench.upload(&[("attachment[]", "a.exe", b"MZ")]), CREATED);
    assert!(bench.get("/api/attachments")["files"].as_array().unwrap().is_empty());
}

#[test]
fn names_are_made_safe_and_contents_come_back_as_sent() {
    let bench = Bench::new();
    bench.upload(&[("attachment[]", "../../etc/cron.d/\u{202e}evil.png", PNG)]);
    let shown = bench.get("/api/attachments/show/1");
    assert_eq!(shown["name"], "evil.png");
    assert_eq!(shown["size"], PNG.len().to_string());
    use base64::Engine;
    let content = base64::engine::general_purpose::STANDARD.decode(shown["content"].as_str().unwrap()).unwrap();
    assert_eq!(content, PNG);
}

#[test]
fn equal_files_are_kept_once_and_until_the_last_is_deleted() {
    let bench = Bench::new();
    bench.upload(&[("attachment[]", "a.png", PNG)]);
    bench.upload(&[("attachment[]", "b.png", PNG)]);
    assert_eq!(bench.message("/api/attachments/delete/1", ""), "File was removed from servers.");
    assert_eq!(bench.get("/api/attachments/show/2")["name"], "b.png");
    assert_eq!(bench.message("/api/attachments/delete/1", ""), "Attachment not found.");
    bench.post("/api/tickets/delete/2", "");
    assert_eq!(bench.get("/api/attachments/2")["message"], "Attachment not found.");
    assert_eq!(bench.store.sql_number("SELECT count(*) FROM content"), 0);
}

#[test]
fn a_file_that_was_gone_when_it_was_imported_is_said_to_be_gone() {
    let bench = Bench::new();
    bench.upload(&[("attachment[]", "a.png", PNG)]);
    bench.store.sql("UPDATE attachment SET content_id = 0");
    assert_eq!(bench.get("/api/attachments/show/1")["message"], "File was removed from servers.");
}
