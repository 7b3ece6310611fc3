//! Giving a ticket to a staff member: who may have it, and who is notified of it.

use crate::desk::{Desk, SALES, SUPPORT, feed, mail};

/// A desk that writes its mail into a folder, with sam of department 1, max of department 2 and an admin, eve.
fn desk() -> Desk {
    let desk = Desk::new();
    let out = desk.path("out").to_string_lossy().into_owned();
    std::fs::create_dir(&out).expect("the folder is ours");
    for address in [SUPPORT, SALES] {
        desk.admin(&["address", "update", address, "--outgoing", "file", "--outgoing-dir", &out]);
    }
    for (name, role, department) in [("sam", "agent", "1"), ("max", "agent", "2"), ("eve", "admin", "2")] {
        let email = format!("{name}@helpdesk.test");
        let who = ["admin", "staff", "add", name, "--name", name, "--email", &email, "--role", role];
        let more = ["--department", department, "--password-stdin"];
        assert_eq!(feed(desk.command().args(who).args(more), b"a long password").status, 0);
    }
    desk.admin(&["template", "disable", "staff_ticketnotification"]);
    desk.admin(&["template", "disable", "new_ticket"]);
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    desk
}

/// Who was written to because of an assignment, in order.
fn notified(desk: &Desk) -> Vec<String> {
    let list = desk.admin(&["outbox", "list"]);
    let mails = list.as_array().into_iter().flatten().rev().filter(|mail| mail["event"] == "staff_assigned");
    mails.filter_map(|mail| mail["recipient"].as_str().map(str::to_owned)).collect()
}

/// A mail of that staff member into ticket 1, by a token of his own.
fn from_staff(desk: &Desk, name: &str, id: &str, text: &str) -> String {
    let address = format!("{name}@helpdesk.test");
    let token = crate::intake::people::token(desk, &address);
    mail(id, &format!("Subject: Re: Printer\nIn-Reply-To: <{token}.1@helpdesk.test>\n"), text)
        .replace("Ann Ode <ann@client.test>", &format!("{name} <{address}>"))
}

#[test]
fn staff_member_is_notified_once_of_a_ticket_he_is_given() {
    let desk = desk();
    desk.admin(&["ticket", "assign", "1", "sam"]);
    assert_eq!(notified(&desk), ["sam@helpdesk.test"]);
    desk.admin(&["ticket", "assign", "1", "sam"]);
    assert_eq!(notified(&desk).len(), 1, "he has it already");
    desk.admin(&["ticket", "assign", "1", "eve"]);
    assert_eq!(notified(&desk), ["sam@helpdesk.test", "eve@helpdesk.test"], "an admin sees every department");
    desk.admin(&["ticket", "assign", "1", "--nobody"]);
    assert_eq!(notified(&desk).len(), 2);
    desk.admin(&["outbox", "send"]);
    let mails = desk.admin(&["outbox", "list"]);
    let id = mails.as_array().into_iter().flatten().map(|mail| mail["id"].to_string()).min().expect("there are mails");
    let shown = feed(desk.command().args(["admin", "outbox", "show", &id, "--raw"]), b"").stdout;
    for part in ["Subject: [#1] Printer", "is yours now", "It burns.", "Auto-Submitted: auto-generated"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn template_and_switch_of_the_account_keep_the_notice_back() {
    let desk = desk();
    desk.admin(&["staff", "update", "sam", "--notifications", "false"]);
    desk.admin(&["ticket", "assign", "1", "sam"]);
    desk.admin(&["template", "disable", "staff_assigned"]);
    desk.admin(&["ticket", "assign", "1", "eve"]);
    assert_eq!((notified(&desk).len(), desk.ticket(1)["assigned_to"].as_str()), (0, Some("staff eve")));
    desk.admin(&["template", "enable", "staff_assigned"]);
    desk.admin(&["ticket", "assign", "1", "--nobody"]);
    desk.admin(&["ticket", "assign", "1", "eve"]);
    assert_eq!(notified(&desk), ["eve@helpdesk.test"]);
}

#[test]
fn whoever_may_not_see_the_department_is_refused_with_the_reason() {
    let desk = desk();
    let refused = |words: &[&str], why: &str| {
        let done = desk.try_admin(words);
        assert!(done.status == 1 && done.stdout.is_empty() && done.stderr.contains(why), "{words:?}: {done:?}");
    };
    refused(&["ticket", "assign", "1", "max"], "max may not see department \"General\"");
    desk.admin(&["ticket", "move", "1", "Sales"]);
    desk.admin(&["ticket", "assign", "1", "max"]);
    refused(&["ticket", "assign", "1", "sam"], "sam may not see department \"Sales\"");
    desk.admin(&["staff", "update", "sam", "--department", "2", "--active", "false"]);
    refused(&["ticket", "assign", "1", "sam"], "is not active");
    desk.deliver(mail("r", "Subject: Fire\n", "Also."));
    desk.admin(&["ticket", "merge", "2", "1", "--yes"]);
    refused(&["ticket", "assign", "2", "max"], "was merged into 1");
    assert_eq!(desk.ticket(1)["assigned_to"], "staff max");
    assert_eq!(notified(&desk), ["max@helpdesk.test"]);
}

#[test]
fn command_by_mail_notifies_others_and_says_why_it_was_not_carried_out() {
    let desk = desk();
    desk.deliver(from_staff(&desk, "sam", "a1", "#assign sam"));
    assert_eq!(
        (desk.ticket(1)["assigned_to"].as_str(), notified(&desk).len()),
        (Some("staff sam"), 0),
        "his own doing"
    );
    desk.deliver(from_staff(&desk, "sam", "a2", "#assign eve"));
    assert_eq!(notified(&desk), ["eve@helpdesk.test"]);
    desk.deliver(from_staff(&desk, "sam", "a3", "#assign max\nWe are on it."));
    assert_eq!(desk.ticket(1)["assigned_to"], "staff eve");
    assert!(desk.notes(1).contains("#assign max was not carried out: max may not see"), "{}", desk.notes(1));
    assert_eq!(desk.messages(1).last().map(|message| message["text"].clone()), Some("We are on it.".into()));
    desk.deliver(from_staff(&desk, "sam", "a4", "#assign max\n#department Sales"));
    assert_eq!(desk.ticket(1)["assigned_to"], "staff max", "where the ticket is in the end counts");
    assert_eq!(notified(&desk).last().map(String::as_str), Some("max@helpdesk.test"));
}
