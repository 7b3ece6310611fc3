//! Origin: self, bounce, list, auto, person.

use super::*;

pub(super) const TABLES: &[&[Row]] = &[SIGNS, OWN, BOUNCES, MACHINES, TOO_MANY];

const RECEIPT: &str = "From: ann@client.test\nSubject: Read: Printer on fire\nContent-Type: multipart/report; \
     report-type=disposition-notification; boundary=b\n\n--b\n\nYour mail was displayed.\n--b\n\
     Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;ann@client.test\n\
     Original-Message-ID: <q@helpdesk.test>\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n";

const SILENT: Row = Row { expected: "open (new), silently", ..USUAL };

const SIGNS: &[Row] = &[
    Row { rule: "a person's mail opens a ticket and is acknowledged", ..USUAL },
    Row {
        rule: "Auto-Submitted other than no is a machine's",
        mail: "From: ann@client.test\nAuto-Submitted: auto-replied",
        ..SILENT
    },
    Row {
        rule: "Auto-Submitted is compared as a token without case, parameters ignored",
        mail: "From: ann@client.test\nAuto-Submitted: Auto-Generated; owner-email=no",
        ..SILENT
    },
    Row {
        rule: "a new word of Auto-Submitted is a machine's too",
        mail: "From: ann@client.test\nAuto-Submitted: auto-something",
        ..SILENT
    },
    Row {
        rule: "Auto-Submitted: no is a person's",
        mail: "From: ann@client.test\nAuto-Submitted: No (typed by hand); x=y",
        ..USUAL
    },
    Row { rule: "X-Autoreply is a machine's", mail: "From: ann@client.test\nX-Autoreply: yes", ..SILENT },
    Row { rule: "X-Autorespond is a machine's", mail: "From: ann@client.test\nX-Autorespond: away", ..SILENT },
    Row {
        rule: "Precedence: auto_reply is a machine's",
        mail: "From: ann@client.test\nPrecedence: auto_reply",
        ..SILENT
    },
    Row { rule: "Precedence: bulk is a machine's", mail: "From: ann@client.test\nPrecedence: Bulk", ..SILENT },
    Row { rule: "Precedence: junk is a machine's", mail: "From: ann@client.test\nPrecedence: junk", ..SILENT },
    Row { rule: "Precedence: list is a list's", mail: "From: ann@client.test\nPrecedence: list", ..SILENT },
    Row { rule: "another precedence is a person's", mail: "From: ann@client.test\nPrecedence: first-class", ..USUAL },
    Row { rule: "List-Id is a list's", mail: "From: ann@client.test\nList-Id: <dev.client.test>", ..SILENT },
    Row { rule: "an empty envelope sender is a machine's", mail: "From: ann@client.test\nReturn-Path: <>", ..SILENT },
    Row { rule: "postmaster is a machine", mail: "From: Postmaster@client.test", ..SILENT },
    Row { rule: "mailer-daemon is a machine", mail: "From: mailer-daemon@client.test", ..SILENT },
    Row { rule: "X-Loop is a machine's", mail: "From: ann@client.test\nX-Loop: helpdesk@other.test", ..SILENT },
    Row { rule: "X-OTRS-Loop is a machine's", mail: "From: ann@client.test\nX-OTRS-Loop: yes", ..SILENT },
    Row { rule: "X-Vacation is a machine's", mail: "From: ann@client.test\nX-Vacation: ann", ..SILENT },
    Row { rule: "X-Mail-Autoreply is a machine's", mail: "From: ann@client.test\nX-Mail-Autoreply: true", ..SILENT },
    Row {
        rule: "X-FC-MachineGenerated is a machine's",
        mail: "From: ann@client.test\nX-FC-MachineGenerated: true",
        ..SILENT
    },
    Row {
        rule: "Delivered-To: Autoresponder is a machine's",
        mail: "From: ann@client.test\nDelivered-To: Autoresponder",
        ..SILENT
    },
    Row {
        rule: "what a list brings that feeds the desk is a person's, without an acknowledgement",
        mail: "From: ann@client.test\nList-Id: <support.helpdesk.test>",
        facts: |f| f.is_fed = true,
        expected: "open (new), unanswered",
        ..USUAL
    },
    Row {
        rule: "what a feeding list brings reopens a ticket as a person's mail does, or comes too late",
        mail: "From: ann@client.test\nList-Id: <support.helpdesk.test>\nIn-Reply-To: <q@helpdesk.test>",
        facts: |f| {
            f.is_fed = true;
            f.named = in_thread(closed_for(31 * Timestamp::DAY_S));
        },
        expected: "open (closed too long), unanswered, linked with #12",
        ..USUAL
    },
    Row {
        rule: "a read receipt that names nothing of ours is dropped on record",
        mail: RECEIPT,
        expected: "drop (read receipt of a mail that is not ours)",
        ..USUAL
    },
    Row {
        rule: "a read receipt that names a ticket goes there silently, closed or not",
        mail: RECEIPT,
        facts: |f| f.named = in_thread(closed_for(31 * Timestamp::DAY_S)),
        expected: "append to #12 (thread), silently",
        ..USUAL
    },
    Row {
        rule: "a read receipt of a stranger opens no ticket either",
        mail: RECEIPT,
        facts: |f| f.named = of_stranger(in_thread(ticket())),
        expected: "drop (read receipt of a mail that is not ours)",
        ..USUAL
    },
    Row {
        rule: "a read receipt with a token goes to its ticket silently",
        mail: RECEIPT,
        facts: |f| f.token = customers_token(ticket()),
        expected: "append to #12 (token), silently",
        ..USUAL
    },
    Row {
        rule: "X-Auto-Response-Suppress alone is not a sign of a machine",
        mail: "From: ann@client.test\nX-Auto-Response-Suppress: All",
        ..USUAL
    },
    Row {
        rule: "the mark of another desk, or a forged one, does not count",
        mail: "From: ann@client.test\nX-Maildesk-Loop: <1@other.test> abcdef",
        ..USUAL
    },
];

const OWN: &[Row] = &[
    Row {
        rule: "our own mail come back is dropped and recorded",
        facts: |f| f.origin = Origin::Own,
        expected: "drop (self)",
        ..USUAL
    },
    Row {
        rule: "our own mail is dropped although it comes from one of our addresses",
        facts: |f| {
            f.origin = Origin::Own;
            f.is_from_us = true;
        },
        expected: "drop (self)",
        ..USUAL
    },
    Row {
        rule: "our own mail is dropped although it holds a token",
        facts: |f| {
            f.origin = Origin::Own;
            f.token = customers_token(ticket());
        },
        expected: "drop (self)",
        ..USUAL
    },
    Row {
        rule: "our own mail is dropped although From cannot be read",
        mail: "From: nobody",
        facts: |f| f.origin = Origin::Own,
        expected: "drop (self)",
        ..USUAL
    },
    Row {
        rule: "self is checked before bounce",
        mail: "From: MAILER-DAEMON@mx.test\nReturn-Path: <>",
        facts: |f| {
            f.origin = Origin::Own;
            f.bounced = Some((OutboxId::new(40), Some(TicketId::new(12))));
        },
        expected: "drop (self)",
        ..USUAL
    },
    Row {
        rule: "a mail from one of our addresses without our mark is quarantined",
        mail: "From: support@helpdesk.test",
        facts: |f| f.is_from_us = true,
        expected: "quarantine (from one of our own addresses)",
        ..USUAL
    },
    Row {
        rule: "a machine's mail from one of our addresses without our mark is quarantined",
        mail: "From: support@helpdesk.test\nAuto-Submitted: auto-generated",
        facts: |f| f.is_from_us = true,
        expected: "quarantine (from one of our own addresses)",
        ..USUAL
    },
    Row {
        rule: "a list's mail from one of our addresses without our mark is quarantined",
        mail: "From: support@helpdesk.test\nList-Id: <dev.client.test>",
        facts: |f| f.is_from_us = true,
        expected: "quarantine (from one of our own addresses)",
        ..USUAL
    },
    Row {
        rule: "a token does not take a mail from one of our addresses into its ticket",
        mail: "From: support@helpdesk.test",
        facts: |f| {
            f.is_from_us = true;
            f.token = customers_token_of_another_sender(ticket());
        },
        expected: "quarantine (from one of our own addresses)",
        ..USUAL
    },
];

/// A mail system's report.
const REPORT: Row = Row {
    mail: "From: MAILER-DAEMON@mx.test\nReturn-Path: <>",
    facts: |f| f.bounced = Some((OutboxId::new(40), Some(TicketId::new(12)))),
    expected: "bounce of mail 40 in #12",
    ..USUAL
};

const BOUNCES: &[Row] = &[
    Row { rule: "a bounce that names a Message-ID we sent marks that mail and its ticket", ..REPORT },
    Row {
        rule: "a bounce of a mail that belongs to no ticket marks that mail",
        facts: |f| f.bounced = Some((OutboxId::new(40), None)),
        expected: "bounce of mail 40",
        ..REPORT
    },
    Row {
        rule: "a bounce that names no Message-ID we sent does not count",
        facts: |_| {},
        expected: "drop (bounce of a mail that is not ours)",
        ..REPORT
    },
    Row {
        rule: "a multipart/report with delivery-status is a bounce",
        mail: "From: mail@mx.test\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
               --b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n\
               Reporting-MTA: dns; mx.test\n\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
        ..REPORT
    },
    Row {
        rule: "X-Failed-Recipients is a bounce's",
        mail: "From: mail@mx.test\nX-Failed-Recipients: gone@client.test",
        ..REPORT
    },
    Row {
        rule: "bounce is checked before list",
        mail: "From: mail@mx.test\nX-Failed-Recipients: gone@client.test\nList-Id: <dev.client.test>",
        ..REPORT
    },
    Row {
        rule: "a bounce writes no message, although a token of its ticket stands in it",
        facts: |f| {
            f.bounced = Some((OutboxId::new(40), Some(TicketId::new(12))));
            f.token = customers_token_of_another_sender(ticket());
        },
        ..REPORT
    },
    Row {
        rule: "a bounce writes no message, although it names a ticket",
        facts: |f| f.named = in_thread(ticket()),
        expected: "drop (bounce of a mail that is not ours)",
        ..REPORT
    },
    Row {
        rule: "a bounce without a usable From counts",
        mail: "From: Mail Delivery System <MAILER-DAEMON>\nReturn-Path: <>",
        ..REPORT
    },
    Row {
        rule: "a bounce counts however many mails its sender wrote",
        facts: |f| {
            f.bounced = Some((OutboxId::new(40), Some(TicketId::new(12))));
            f.mails_last_hour = Some(1000);
        },
        ..REPORT
    },
];

/// A machine's mail of a participant that answers a mail of the ticket.
const ABSENT: Row = Row {
    mail: "From: ann@client.test\nAuto-Submitted: auto-replied\nSubject: Out of office",
    facts: |f| f.named = in_thread(ticket()),
    expected: "append to #12 (thread), silently",
    ..USUAL
};

const MACHINES: &[Row] = &[
    Row {
        rule: "a new alert opens a ticket without acknowledgement",
        mail: "From: nagios@client.test\nAuto-Submitted: auto-generated\nSubject: disk full",
        ..SILENT
    },
    Row { rule: "an auto mail of a ticket's thread is attached silently, under whatever subject", ..ABSENT },
    Row {
        rule: "an auto mail with a ticket's tag is attached silently",
        facts: |f| f.named = by_tag(ticket()),
        expected: "append to #12 (subject tag), silently",
        ..ABSENT
    },
    Row {
        rule: "an auto mail with a token is attached silently and changes no address",
        facts: |f| f.token = customers_token(ticket()),
        expected: "append to #12 (token), silently",
        ..ABSENT
    },
    Row {
        rule: "an auto mail with a token is attached silently, no matter who sends it",
        facts: |f| f.token = customers_token_of_another_sender(ticket()),
        expected: "append to #12 (token), silently",
        ..ABSENT
    },
    Row {
        rule: "a list's mail that belongs to a ticket is attached silently",
        mail: "From: ann@client.test\nList-Id: <dev.client.test>",
        ..ABSENT
    },
    Row {
        rule: "an auto mail lies in a closed ticket and does not reopen it",
        facts: |f| f.named = in_thread(closed_for(60)),
        ..ABSENT
    },
    Row {
        rule: "an auto mail of a ticket closed long ago lies there too, because it reopens nothing",
        facts: |f| f.named = in_thread(closed_for(3 * SHIPPED.reopen_s)),
        ..ABSENT
    },
    Row {
        rule: "an auto mail with the token of a ticket closed long ago lies there too",
        facts: |f| f.token = customers_token(closed_for(3 * SHIPPED.reopen_s)),
        expected: "append to #12 (token), silently",
        ..ABSENT
    },
    Row {
        rule: "a stranger's auto mail that names a ticket opens one without acknowledgement",
        facts: |f| f.named = of_stranger(in_thread(ticket())),
        expected: "open (stranger), silently, linked with #12, \
                   note: This mail named ticket [#12], in which its sender takes no part.",
        ..ABSENT
    },
    Row {
        rule: "a stranger's auto mail is attached silently where strangers may write",
        facts: |f| f.named = of_stranger(in_thread(closed_for(3 * SHIPPED.reopen_s))),
        policy: |p| p.stranger_reply = StrangerReply::Append,
        ..ABSENT
    },
    Row {
        rule: "an out-of-office mail of staff is not a staff reply",
        mail: "From: sam@helpdesk.test\nAuto-Submitted: auto-replied",
        facts: |f| {
            f.staff = Some(SAM);
            f.token = senders_token(ticket());
        },
        expected: "append to #12 (token), silently",
        ..USUAL
    },
];

const TOO_MANY: &[Row] = &[
    Row { rule: "up to 60 mails of a sender and hour are stored", facts: |f| f.mails_last_hour = Some(59), ..USUAL },
    Row {
        rule: "the 61st mail of a sender in an hour is quarantined",
        facts: |f| f.mails_last_hour = Some(60),
        expected: "quarantine (too many mails from this sender)",
        ..USUAL
    },
    Row {
        rule: "the limit is that of the setting",
        facts: |f| f.mails_last_hour = Some(2),
        policy: |p| p.mails_per_hour = 2,
        expected: "quarantine (too many mails from this sender)",
        ..USUAL
    },
    Row {
        rule: "mails_per_hour 0 is no limit",
        facts: |f| f.mails_last_hour = Some(1_000_000),
        policy: |p| p.mails_per_hour = 0,
        ..USUAL
    },
    Row {
        rule: "a first fetch, an import and a retry have no limit",
        facts: |f| f.mails_last_hour = None,
        policy: |p| p.mails_per_hour = 1,
        ..USUAL
    },
    Row {
        rule: "a machine's mails are limited too",
        mail: "From: nagios@client.test\nAuto-Submitted: auto-generated",
        facts: |f| f.mails_last_hour = Some(60),
        expected: "quarantine (too many mails from this sender)",
        ..USUAL
    },
    Row {
        rule: "a token does not lift the limit",
        facts: |f| {
            f.mails_last_hour = Some(60);
            f.token = customers_token(ticket());
        },
        expected: "quarantine (too many mails from this sender)",
        ..USUAL
    },
];

#[test]
fn signs_of_a_machine_keep_the_acknowledgement_back() {
    hold(SIGNS);
}

#[test]
fn our_own_mail_is_dropped_and_mail_in_our_name_set_aside() {
    hold(OWN);
}

#[test]
fn bounce_counts_only_for_a_mail_we_sent() {
    hold(BOUNCES);
}

#[test]
fn machines_are_attached_silently() {
    hold(MACHINES);
}

#[test]
fn too_many_mails_of_one_sender_are_set_aside() {
    hold(TOO_MANY);
}
