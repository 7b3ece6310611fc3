//! Sixty ways to answer: how the ticket is named, under which subject, by whom.

use crate::desk::{Desk, mail};

/// How an answer names ticket 1 of Ann: fields, what stands before its subject, and the reason it is found by.
const NAMED: [(&str, &str, &str); 5] = [
    ("In-Reply-To: <q@client.test>\n", "", "thread"),
    ("References: <q@client.test>\n", "", "thread"),
    ("References: <other@x.test>,\n\t<q@client.test>\nIn-Reply-To: <unknown@x.test>\n", "", "thread"),
    ("", "[#1] ", "subject tag"),
    ("", "", ""),
];

/// The subject of an answer, and whether it is the ticket's.
const SUBJECTS: [(&str, bool); 4] = [
    ("Re: Printer on fire", true),
    ("AW: [EXT] [Case 4711] printer  on FIRE (#0815)", true),
    ("Invoice 7", false),
    ("Accepted: Printer on fire", true),
];

/// Who answers, and whether they take part.
const WRITERS: [(&str, bool); 3] =
    [("Ann Ode <ann@client.test>", true), ("Bob <bob@client.test>", true), ("Eve <eve@elsewhere.test>", false)];

#[test]
fn sixty_combinations_of_ids_subjects_and_senders_go_where_the_rules_say() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer on fire\nCc: Bob <bob@client.test>\n", "It burns."));
    let mut seen = 0;
    for (fields, tag, reason) in NAMED {
        for (subject, is_same) in SUBJECTS {
            for (from, takes_part) in WRITERS {
                let text = mail("a", &format!("Subject: {tag}{subject}\n{fields}"), "x");
                let answer = desk.dry_run(text.replacen("Ann Ode <ann@client.test>", from, 1));
                let expected = match (reason.is_empty(), takes_part, is_same) {
                    (true, _, _) => "open new".to_owned(),
                    (false, false, _) => "open stranger".to_owned(),
                    (false, true, false) => "open other subject".to_owned(),
                    (false, true, true) => format!("append {reason}"),
                };
                let found = format!(
                    "{} {}",
                    answer["decision"].as_str().unwrap_or("?"),
                    answer["reason"].as_str().unwrap_or("?")
                );
                assert_eq!(found, expected, "{fields:?} {tag}{subject} {from}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 60);
}
