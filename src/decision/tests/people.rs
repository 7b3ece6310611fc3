//! Who: From, Reply-To, banned senders, staff and what they forward.

use super::*;

pub(super) const TABLES: &[&[Row]] = &[FROM, REPLY_TO, STAFF, FORWARDS];

const FROM: &[Row] = &[
    Row {
        rule: "without From a mail is quarantined",
        mail: "To: support@helpdesk.test",
        expected: "quarantine (no usable From)",
        ..USUAL
    },
    Row {
        rule: "a From without an address is none",
        mail: "From: Ann Meyer",
        expected: "quarantine (no usable From)",
        ..USUAL
    },
    Row {
        rule: "an empty From is none, although Reply-To has an address",
        mail: "From: <>\nReply-To: ann@client.test",
        expected: "quarantine (no usable From)",
        ..USUAL
    },
    Row {
        rule: "a token does not stand in for From",
        mail: "To: support@helpdesk.test",
        facts: |f| f.token = customers_token_of_another_sender(ticket()),
        expected: "quarantine (no usable From)",
        ..USUAL
    },
    Row { rule: "the first usable address of From counts", mail: "From: nobody\nFrom: Ann <ann@client.test>", ..USUAL },
    Row {
        rule: "a banned sender's mail is dropped on record",
        facts: |f| f.is_banned = true,
        expected: "drop (banned)",
        ..USUAL
    },
    Row {
        rule: "a token does not help a banned sender",
        facts: |f| {
            f.is_banned = true;
            f.token = customers_token(ticket());
        },
        expected: "drop (banned)",
        ..USUAL
    },
    Row {
        rule: "a banned sender's machine is dropped too",
        mail: "From: ann@client.test\nAuto-Submitted: auto-generated",
        facts: |f| f.is_banned = true,
        expected: "drop (banned)",
        ..USUAL
    },
    Row {
        rule: "a banned sender's mail fills no quarantine",
        facts: |f| {
            f.is_banned = true;
            f.mails_last_hour = Some(1000);
            f.named = of_stranger(in_thread(ticket()));
        },
        policy: |p| p.stranger_reply = StrangerReply::Hold,
        expected: "drop (banned)",
        ..USUAL
    },
];

const WITH_REPLY_TO: &str = "From: Ann <ann@client.test>\nReply-To: Ann at home <ann@home.test>";

const REPLY_TO: &[Row] = &[
    Row {
        rule: "with the customer's token Reply-To becomes the address we write to",
        mail: WITH_REPLY_TO,
        facts: |f| f.token = customers_token(ticket()),
        expected: "append to #12 (token), write to its Reply-To",
        ..USUAL
    },
    Row {
        rule: "with a participant's token our answers go where they went before",
        mail: WITH_REPLY_TO,
        facts: |f| f.token = senders_token(ticket()),
        expected: "append to #12 (token)",
        ..USUAL
    },
    Row {
        rule: "Reply-To never counts through a Message-ID",
        mail: WITH_REPLY_TO,
        facts: |f| f.named = in_thread(ticket()),
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "Reply-To never counts through a tag",
        mail: WITH_REPLY_TO,
        facts: |f| f.named = by_tag(ticket()),
        expected: "append to #12 (subject tag)",
        ..USUAL
    },
    Row {
        rule: "Reply-To of a stranger never counts in a ticket",
        mail: WITH_REPLY_TO,
        facts: |f| f.named = of_stranger(in_thread(ticket())),
        policy: |p| p.stranger_reply = StrangerReply::Append,
        expected: "append to #12 (thread)",
    },
    Row {
        rule: "Reply-To of a machine's mail never counts in a ticket, because it is attached silently",
        mail: "From: ann@client.test\nReply-To: <ann@home.test>\nAuto-Submitted: auto-replied",
        facts: |f| f.token = customers_token(ticket()),
        expected: "append to #12 (token), silently",
        ..USUAL
    },
    Row {
        rule: "Reply-To of a staff reply never counts",
        mail: "From: sam@helpdesk.test\nReply-To: sam@home.test",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = senders_token(ticket());
        },
        expected: "append to #12 (token), as staff 7",
        ..USUAL
    },
];

/// Sam, of the staff, answers with Sam's own token.
const SAMS: Row = Row {
    mail: "From: Sam <sam@helpdesk.test>",
    facts: |f| {
        f.staff = Some(SAM);
        f.token = senders_token(ticket());
    },
    expected: "append to #12 (token), as staff 7",
    ..USUAL
};

const STAFF: &[Row] = &[
    Row { rule: "a staff member answering with their own token writes a staff reply", ..SAMS },
    Row {
        rule: "a customer's token never gives staff rights",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = customers_token_of_another_sender(ticket());
        },
        expected: "append to #12 (token), write to its Reply-To",
        ..SAMS
    },
    Row {
        rule: "the token of another staff member or participant never gives staff rights",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = senders_token(ticket()).map(|token| TokenFact { is_senders_own: false, ..token });
        },
        expected: "append to #12 (token)",
        ..SAMS
    },
    Row {
        rule: "an inactive staff member writes as a customer",
        facts: |f| f.token = senders_token(ticket()),
        expected: "append to #12 (token)",
        ..SAMS
    },
    Row {
        rule: "in their own ticket a staff member is the customer",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = customers_token(ticket());
        },
        expected: "append to #12 (token), write to its Reply-To",
        ..SAMS
    },
    Row {
        rule: "where the MTA proves the sender a staff reply is taken",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = senders_token(ticket());
            f.authentication = Authentication::Pass;
        },
        ..SAMS
    },
    Row {
        rule: "where the MTA does not prove the sender a staff reply is held for review",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = senders_token(ticket());
            f.authentication = Authentication::Fail;
        },
        expected: "quarantine (staff reply without proof of the sender)",
        ..SAMS
    },
    Row {
        rule: "a customer's token needs no proof of the sender",
        mail: "From: ann@client.test",
        facts: |f| {
            f.token = senders_token(ticket());
            f.authentication = Authentication::Fail;
        },
        expected: "append to #12 (token)",
        ..SAMS
    },
    Row {
        rule: "a staff reply goes into its ticket under any subject, however long it is closed",
        mail: "From: sam@helpdesk.test\nSubject: Repaired",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = senders_token(closed_for(3 * SHIPPED.reopen_s));
        },
        ..SAMS
    },
    Row {
        rule: "a staff member's answer that names a ticket by Message-ID without a token is held for review",
        facts: |f| {
            f.staff = Some(SAM);
            f.named = of_stranger(in_thread(ticket()));
        },
        expected: "quarantine (staff reply without a token)",
        ..SAMS
    },
    Row {
        rule: "a staff member's answer that names a ticket by its tag is held, even where strangers may write",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Pass;
            f.named = of_stranger(by_tag(ticket()));
        },
        policy: |p| p.stranger_reply = StrangerReply::Append,
        expected: "quarantine (staff reply without a token)",
        ..SAMS
    },
    Row {
        rule: "a staff member who takes part in a ticket writes without a token as a customer",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Pass;
            f.named = in_thread(ticket());
        },
        expected: "append to #12 (thread)",
        ..SAMS
    },
    Row {
        rule: "a staff member's mail that names no ticket opens one of their own",
        facts: |f| f.staff = Some(SAM),
        expected: "open (new)",
        ..SAMS
    },
];

const BLOCK: &str = "From: Sam <sam@helpdesk.test>\nSubject: Fwd: Broken chair\n\nPlease see below.\n\n\
    ---------- Forwarded message ----------\nFrom: Cleo Cat <cleo@client.test>\n\
    Date: Mon, 2 Feb 2026 09:00:00 +0100\nSubject: Broken chair\nTo: Sam <sam@helpdesk.test>\n\nThe chair broke.\n";

/// Sam, proven by the MTA, forwards Cleo's mail.
const FORWARD: Row = Row {
    mail: BLOCK,
    facts: |f| {
        f.staff = Some(SAM);
        f.authentication = Authentication::Pass;
    },
    expected: "open (forwarded by staff), for Cleo Cat <cleo@client.test>",
    ..USUAL
};

const FORWARDS: &[Row] = &[
    Row {
        rule: "a customer's mail forwarded by authenticated staff opens a ticket for the original sender",
        ..FORWARD
    },
    Row {
        rule: "a mail forwarded as an attached message counts like a forwarded block",
        mail: "From: sam@helpdesk.test\nSubject: Fwd: Broken chair\nMIME-Version: 1.0\n\
               Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nPlease see.\n\
               --b\nContent-Type: message/rfc822\n\nFrom: Cleo Cat <cleo@client.test>\nSubject: Broken chair\n\
               \nThe chair broke.\n--b--\n",
        ..FORWARD
    },
    Row {
        rule: "where the sender is not proven a forward is the staff member's, with a note naming the original sender",
        facts: |f| f.staff = Some(SAM),
        expected: "open (new), note: Forwarded mail of Cleo Cat <cleo@client.test>. The forwarder could not be \
                   verified, so the ticket is theirs; `maildesk admin ticket requester` gives it to the original \
                   sender.",
        ..FORWARD
    },
    Row {
        rule: "where the MTA disproves the sender a forward is the staff member's too",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Fail;
        },
        expected: "open (new), note: Forwarded mail of Cleo Cat <cleo@client.test>. The forwarder could not be \
                   verified, so the ticket is theirs; `maildesk admin ticket requester` gives it to the original \
                   sender.",
        ..FORWARD
    },
    Row {
        rule: "a note names an original sender without a name by the address",
        mail: "From: sam@helpdesk.test\nSubject: Fwd: Broken chair\n\n---------- Forwarded message ----------\n\
               From: cleo@client.test\nSubject: Broken chair\n\nThe chair broke.\n",
        facts: |f| f.staff = Some(SAM),
        expected: "open (new), note: Forwarded mail of cleo@client.test. The forwarder could not be \
                   verified, so the ticket is theirs; `maildesk admin ticket requester` gives it to the original \
                   sender.",
        ..FORWARD
    },
    Row {
        rule: "with forward_to_sender off a forward is the staff member's, with a note naming the original sender",
        policy: |p| p.forwards_to_sender = false,
        expected: "open (new), note: Forwarded mail of Cleo Cat <cleo@client.test>. Setting forward_to_sender is \
                   off, so the ticket is the forwarder's; `maildesk admin ticket requester` gives it to the original \
                   sender.",
        ..FORWARD
    },
    Row {
        rule: "only staff forward for others",
        facts: |f| f.authentication = Authentication::Pass,
        expected: "open (new)",
        ..FORWARD
    },
    Row {
        rule: "only a forward to a registered address is taken for the original sender",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Pass;
            f.route = Route::Unknown {
                recipient: "info@helpdesk.test".to_owned(),
                default_address: Some(AddressId::new(1)),
                fallback: Some(DepartmentId::new(1)),
            };
        },
        expected: "open (new)",
        ..FORWARD
    },
    Row {
        rule: "a mail of ours that is forwarded makes us no requester",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Pass;
            f.forwards_ours = true;
        },
        expected: "open (new)",
        ..FORWARD
    },
    Row {
        rule: "a staff member who forwards their own mail is its requester",
        mail: "From: sam@helpdesk.test\nSubject: Fwd: Broken chair\n\n---------- Forwarded message ----------\n\
               From: Sam <SAM@helpdesk.test>\nSubject: Broken chair\n\nThe chair broke.\n",
        expected: "open (new)",
        ..FORWARD
    },
    Row {
        rule: "a forward that does not say who wrote is the staff member's",
        mail: "From: sam@helpdesk.test\nSubject: Fwd: Broken chair\n\nThe chair broke.\n",
        expected: "open (new)",
        ..FORWARD
    },
    Row {
        rule: "a forward with the staff member's token is a staff reply",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Pass;
            f.token = senders_token(ticket());
        },
        expected: "append to #12 (token), as staff 7",
        ..FORWARD
    },
    Row {
        rule: "a forward with a token opens no ticket for the original sender, even where the ticket is closed too long",
        facts: |f| {
            f.staff = Some(SAM);
            f.authentication = Authentication::Pass;
            f.token = customers_token_of_another_sender(closed_for(SHIPPED.reopen_s + 1));
        },
        expected: "open (closed too long), linked with #12",
        ..FORWARD
    },
    Row {
        rule: "what a staff member's machine forwards belongs to the original sender, who gets no acknowledgement",
        mail: "From: sam@helpdesk.test\nAuto-Submitted: auto-forwarded\nSubject: Fwd: Broken chair\n\n\
               ---------- Forwarded message ----------\nFrom: Cleo Cat <cleo@client.test>\n\
               Subject: Broken chair\n\nThe chair broke.\n",
        expected: "open (forwarded by staff), for Cleo Cat <cleo@client.test>, silently",
        ..FORWARD
    },
];

#[test]
fn mail_without_a_sender_is_set_aside_and_a_banned_senders_dropped() {
    hold(FROM);
}

#[test]
fn reply_to_counts_only_with_the_customers_token() {
    hold(REPLY_TO);
}

#[test]
fn staff_write_as_staff_only_with_their_own_token_and_proof() {
    hold(STAFF);
}

#[test]
fn forward_by_staff_is_the_original_senders_only_with_proof() {
    hold(FORWARDS);
}
