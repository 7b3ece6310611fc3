//! Archives of mails, mbox and Maildir.

use std::fs;

use super::mbox;
use crate::desk::{Desk, SALES, SUPPORT, mail};

#[test]
fn mbox_comes_in_with_its_dates_and_without_a_word_to_anybody() {
    let desk = Desk::new();
    let first = mail("a", "Subject: Printer\n", "It smokes.");
    let second = mail("b", "Subject: Re: Printer\nIn-Reply-To: <a@client.test>\n", "Still.").replace("3 Feb", "5 Feb");
    let nobody = "Subject: no sender\n\nwho\n".to_owned();
    let path = desk.path("mbox");
    fs::write(&path, mbox(&[first.clone(), second, nobody, first.clone()])).expect("the test's folder is writable");
    let path = path.to_str().expect("a test path is UTF-8");
    let done = desk.admin(&["import", "mbox", path, "--address", SUPPORT]);
    let counted = ["mails", "opened", "appended", "quarantined", "duplicates", "failed"].map(|key| done[key].as_i64());
    assert_eq!(counted, [4, 1, 1, 1, 1, 0].map(Some), "{done}");
    let ticket = desk.ticket(1);
    assert_eq!(ticket["created_at"], 1_770_109_200);
    assert_eq!(
        (ticket["messages"][1]["date"].as_i64(), ticket["last_update_at"].as_i64()),
        (Some(1_770_282_000), Some(1_770_282_000))
    );
    assert_eq!(desk.count("outbox_pending"), 0);
    let again = desk.admin(&["import", "mbox", path, "--address", SUPPORT]);
    assert_eq!((again["duplicates"].as_i64(), desk.count("messages")), (Some(4), 2));
    desk.deliver(first);
    assert_eq!(desk.count("messages"), 2, "a mail that came by the archive is known when the MTA brings it");
}

#[test]
fn without_an_address_the_headers_say_where_mails_of_an_archive_belong() {
    let desk = Desk::new();
    let path = desk.path("mbox");
    let sales = mail("b", "Subject: Price\n", "How much?").replace(SUPPORT, SALES);
    let other = mail("c", "Subject: Else\n", "Hello").replace(SUPPORT, "old@elsewhere.test");
    fs::write(&path, mbox(&[mail("a", "Subject: Printer\n", "x"), sales, other])).expect("the folder is writable");
    desk.admin(&["import", "mbox", path.to_str().expect("a test path is UTF-8")]);
    let departments: Vec<_> = (1..=3).map(|id| desk.ticket(id)["department_id"].as_i64()).collect();
    assert_eq!(departments, [Some(1), Some(2), Some(1)], "what is sent to nobody known is the default address's");
}

#[test]
fn maildir_comes_in_by_the_order_of_delivery() {
    let desk = Desk::new();
    for folder in ["cur", "new", "tmp"] {
        fs::create_dir_all(desk.path("Maildir").join(folder)).expect("the test's folder is writable");
    }
    let put = |name: &str, mail: &str| {
        fs::write(desk.path("Maildir").join(name), mail).expect("the test's folder is writable")
    };
    let answer = mail("b", "Subject: Re: Printer\nIn-Reply-To: <a@client.test>\n", "Still.");
    put("cur/1770200000.M1P1.host:2,S", &answer);
    put(
        "new/1770100000.M1P1.host",
        "From: ann@client.test\nMessage-ID: <a@client.test>\nSubject: Printer\n\nIt smokes.\n",
    );
    put("tmp/1770300000.M1P1.host", &mail("c", "Subject: half\n", "x"));
    let dir = desk.path("Maildir");
    let done = desk.admin(&["import", "maildir", dir.to_str().expect("a test path is UTF-8"), "--address", SUPPORT]);
    assert_eq!(
        (done["mails"].as_i64(), done["opened"].as_i64(), done["appended"].as_i64()),
        (Some(2), Some(1), Some(1)),
        "{done}"
    );
    assert_eq!(desk.ticket(1)["created_at"], 1_770_100_000, "without a Date the file's name has it");
}

#[test]
fn archives_that_are_none_are_refused() {
    let desk = Desk::new();
    let path = desk.path("file");
    fs::write(&path, "Subject: x\n\ny\n").expect("the test's folder is writable");
    let path = path.to_str().expect("a test path is UTF-8");
    for (status, arguments) in [
        (1, vec!["import", "mbox", path, "--address", SUPPORT]),
        (1, vec!["import", "mbox", "/nowhere", "--address", SUPPORT]),
        (1, vec!["import", "maildir", "/", "--address", SUPPORT]),
        (2, vec!["import", "mbox", path, "--address", "stranger@example.org"]),
        (1, vec!["import", "mbox", path]),
        (2, vec!["import", "mbox"]),
    ] {
        let done = desk.try_admin(&arguments);
        assert_eq!(done.status, status, "{arguments:?}: {}", done.stderr);
    }
}
