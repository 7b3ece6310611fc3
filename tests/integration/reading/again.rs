//! Mail on record looked at again: why it was decided about as it was, what would be decided now, texts read anew.

use crate::desk::{Desk, mail};

#[test]
fn mail_on_record_names_its_rule_and_the_signs_it_was_judged_by() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns.\n\n-- \nAnn"));
    desk.deliver(mail(
        "a",
        "Subject: Re: Printer\nIn-Reply-To: <q@client.test>\nAuto-Submitted: auto-replied\n",
        "away",
    ));
    let first = desk.admin(&["mail", "show", "1"]);
    assert_eq!(first["rule"]["number"], "4.7");
    assert_eq!((&first["reading"]["origin"], &first["reading"]["reply_chars"]), (&"person".into(), &9.into()));
    let second = desk.admin(&["mail", "show", "2"]);
    assert_eq!((&second["rule"]["number"], &second["reading"]["origin"]), (&"4.2".into(), &"auto".into()));
    assert_eq!(second["reading"]["signs"][0], "Auto-Submitted");
}

#[test]
fn dry_retry_of_any_mail_says_what_todays_rules_would_do_and_changes_nothing() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    let same = desk.admin(&["mail", "retry", "1", "--dry-run"]);
    assert_eq!((&same[0]["decision"], &same[0]["changes"]), (&"open".into(), &serde_json::json!([])));
    desk.admin(&["ban", "add", "ann@client.test"]);
    let banned = desk.admin(&["mail", "retry", "1", "--dry-run"]);
    assert_eq!((&banned[0]["decision"], &banned[0]["reason"]), (&"drop".into(), &"banned".into()));
    assert_eq!(banned[0]["changes"], serde_json::json!(["decision"]));
    assert_eq!((desk.count("tickets"), desk.last_outcome().as_str()), (1, "stored new #1"));
    let done = desk.try_admin(&["mail", "retry", "1"]);
    assert!(done.status != 0 && done.stderr.contains("not quarantined"), "{} {}", done.status, done.stderr);
}

#[test]
fn rereading_puts_todays_texts_in_the_place_of_stored_ones_and_notifies_nobody() {
    let desk = Desk::new();
    let text = "It burns.\n\nOn Mon, Jan 15, 2024 at 2:30 PM Bob <bob@example.org> wrote:\n> Is it on?\n\n-- \nAnn";
    desk.deliver(mail("q", "Subject: Printer\n", text));
    let shown = desk.messages(1)[0]["text"].clone();
    // As an older version stored it.
    let older = "UPDATE message SET body = 'It burns.', reply_text = '', full_text = 'cut off' WHERE id = 1";
    desk.outside().run(older);
    let dry = desk.admin(&["mail", "reread", "--since", "2020-01-01", "--dry-run"]);
    assert_eq!((&dry[0]["ticket_id"], &dry[0]["changes"]), (&1.into(), &serde_json::json!(["shown", "full text"])));
    assert_eq!(desk.messages(1)[0]["text"], "It burns.", "nothing was written");
    let before = desk.ticket(1);
    desk.admin(&["mail", "reread", "--since", "2020-01-01"]);
    let after = desk.ticket(1);
    assert_eq!((&desk.messages(1)[0]["text"], &desk.messages(1)[0]["reply_text"]), (&shown, &"It burns.".into()));
    assert_eq!((&before["status"], &before["last_update_at"]), (&after["status"], &after["last_update_at"]));
    assert_eq!(
        desk.admin(&["mail", "reread", "--since", "2020-01-01"]),
        serde_json::json!([]),
        "twice changes nothing"
    );
    assert_eq!(desk.admin(&["mail", "reread", "--since", "2099-01-01"]), serde_json::json!([]));
    let events = desk.admin(&["ticket", "events", "1"]);
    assert!(events.as_array().into_iter().flatten().any(|event| event["kind"] == "reread"), "{events}");
}
