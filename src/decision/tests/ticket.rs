//! Which ticket: token, thread, tag, strangers, closed tickets and other subjects.

use super::*;

pub(super) const TABLES: &[&[Row]] = &[FIRST_HIT, STRANGERS, CLOSED, SUBJECTS];

const FIRST_HIT: &[Row] = &[
    Row {
        rule: "a valid token is proof of the right to write into its ticket",
        facts: |f| f.token = senders_token(ticket()),
        expected: "append to #12 (token)",
        ..USUAL
    },
    Row {
        rule: "a valid token is proof no matter who sends it",
        mail: "From: eve@elsewhere.test",
        facts: |f| {
            f.token = Some(TokenFact {
                ticket: ticket(),
                is_senders_own: false,
                is_customers: false,
                is_from_customer: false,
            });
        },
        expected: "append to #12 (token)",
        ..USUAL
    },
    Row {
        rule: "a token is preferred to the Message-IDs and tags of other tickets",
        facts: |f| {
            f.token = senders_token(ticket());
            f.named = [in_thread(other_ticket()), by_tag(other_ticket())].concat();
        },
        expected: "append to #12 (token)",
        ..USUAL
    },
    Row {
        rule: "an answer to a Message-ID of the ticket goes there if its sender is a participant",
        mail: "From: ann@client.test\nIn-Reply-To: <q@helpdesk.test>",
        facts: |f| f.named = in_thread(ticket()),
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "a mail with the tag of a ticket goes there if its sender is a participant",
        mail: "From: ann@client.test\nSubject: AW: [#12] Printer on fire",
        facts: |f| f.named = by_tag(ticket()),
        expected: "append to #12 (subject tag)",
        ..USUAL
    },
    Row {
        rule: "a Message-ID is preferred to a tag",
        facts: |f| f.named = [in_thread(ticket()), by_tag(TicketFact { id: TicketId::new(13), ..ticket() })].concat(),
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "a tag in whose ticket the sender takes part is preferred to a Message-ID of a stranger's ticket",
        facts: |f| f.named = [of_stranger(in_thread(other_ticket())), by_tag(ticket())].concat(),
        expected: "append to #12 (subject tag)",
        ..USUAL
    },
    Row {
        rule: "of two tickets of one thread the one with the mail's subject is preferred",
        facts: |f| f.named = [in_thread(other_ticket()), in_thread(ticket())].concat(),
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "of two tickets of one thread an open one is preferred to one closed too long",
        facts: |f| {
            let old = TicketFact { id: TicketId::new(11), ..closed_for(SHIPPED.reopen_s + 1) };
            f.named = [in_thread(old), in_thread(ticket())].concat();
        },
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "a mail for a ticket merged into another goes to that one",
        mail: "From: ann@client.test\nSubject: [#12] Printer on fire",
        facts: |f| f.named = by_tag(TicketFact { id: TicketId::new(13), ..ticket() }),
        expected: "append to #13 (subject tag)",
        ..USUAL
    },
    Row {
        rule: "a mail that names no ticket opens one",
        mail: "From: ann@client.test\nSubject: Re: something of last year",
        ..USUAL
    },
];

/// A mail whose sender takes no part in the ticket it names.
const STRANGER: Row = Row {
    mail: "From: eve@elsewhere.test",
    facts: |f| f.named = of_stranger(in_thread(ticket())),
    expected: "open (stranger), linked with #12, note: This mail named ticket [#12], in which its sender takes no part.",
    ..USUAL
};

const STRANGERS: &[Row] = &[
    Row { rule: "a stranger with a known Message-ID gets a new ticket with a note that links the other", ..STRANGER },
    Row {
        rule: "a stranger with a known tag gets a new ticket with a note that links the other",
        facts: |f| f.named = of_stranger(by_tag(ticket())),
        ..STRANGER
    },
    Row {
        rule: "a stranger's mail is quarantined where stranger_reply is hold",
        policy: |p| p.stranger_reply = StrangerReply::Hold,
        expected: "quarantine (stranger names a ticket)",
        ..STRANGER
    },
    Row {
        rule: "a stranger's mail goes into the ticket where stranger_reply is append",
        policy: |p| p.stranger_reply = StrangerReply::Append,
        expected: "append to #12 (thread)",
        ..STRANGER
    },
    Row {
        rule: "a stranger's mail with a tag goes into the ticket where stranger_reply is append",
        facts: |f| f.named = of_stranger(by_tag(ticket())),
        policy: |p| p.stranger_reply = StrangerReply::Append,
        expected: "append to #12 (subject tag)",
        ..STRANGER
    },
    Row {
        rule: "a stranger does not reopen a ticket closed too long, even where stranger_reply is append",
        facts: |f| f.named = of_stranger(in_thread(closed_for(SHIPPED.reopen_s + 1))),
        policy: |p| p.stranger_reply = StrangerReply::Append,
        ..STRANGER
    },
    Row {
        rule: "a stranger with a valid token is none, even where stranger_reply is hold",
        facts: |f| {
            f.token = customers_token_of_another_sender(ticket());
            f.named = of_stranger(in_thread(ticket()));
        },
        policy: |p| p.stranger_reply = StrangerReply::Hold,
        expected: "append to #12 (token), write to its Reply-To",
        ..STRANGER
    },
];

const CLOSED: &[Row] = &[
    Row {
        rule: "an answer within reopen_days goes into the closed ticket",
        facts: |f| f.named = in_thread(closed_for(SHIPPED.reopen_s)),
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "an answer after more than reopen_days opens a new ticket, linked to the old one",
        facts: |f| f.named = in_thread(closed_for(SHIPPED.reopen_s + 1)),
        expected: "open (closed too long), linked with #12",
        ..USUAL
    },
    Row {
        rule: "a tagged mail after more than reopen_days opens a new ticket too",
        facts: |f| f.named = by_tag(closed_for(SHIPPED.reopen_s + 1)),
        expected: "open (closed too long), linked with #12",
        ..USUAL
    },
    Row {
        rule: "a mail with a token within reopen_days goes into the closed ticket",
        facts: |f| f.token = senders_token(closed_for(SHIPPED.reopen_s)),
        expected: "append to #12 (token)",
        ..USUAL
    },
    Row {
        rule: "a mail with a token after more than reopen_days opens a new ticket, linked to the old one",
        facts: |f| f.token = senders_token(closed_for(SHIPPED.reopen_s + 1)),
        expected: "open (closed too long), linked with #12",
        ..USUAL
    },
    Row {
        rule: "reopen_days is a setting",
        facts: |f| f.named = in_thread(closed_for(Timestamp::DAY_S + 1)),
        policy: |p| p.reopen_s = Timestamp::DAY_S,
        expected: "open (closed too long), linked with #12",
        ..USUAL
    },
    Row {
        rule: "with reopen_days 0 an answer never reopens a ticket",
        facts: |f| f.named = in_thread(closed_for(0)),
        policy: |p| p.reopen_s = 0,
        expected: "open (closed too long), linked with #12",
        ..USUAL
    },
    Row {
        rule: "with reopen_days 0 a token never reopens a ticket",
        facts: |f| f.token = customers_token(closed_for(0)),
        policy: |p| p.reopen_s = 0,
        expected: "open (closed too long), linked with #12",
        ..USUAL
    },
    Row {
        rule: "a ticket that was closed long ago and is open again takes answers",
        facts: |f| f.named = in_thread(TicketFact { status: Status::InProgress, ..closed_for(10 * SHIPPED.reopen_s) }),
        expected: "append to #12 (thread)",
        ..USUAL
    },
];

/// A participant's mail that answers a Message-ID of ticket 12 under the subject given.
const ANSWER: Row = Row { facts: |f| f.named = in_thread(ticket()), expected: "append to #12 (thread)", ..USUAL };

const SUBJECTS: &[Row] = &[
    Row {
        rule: "an answer under another subject without a token opens a new ticket, linked to the old one",
        mail: "From: ann@client.test\nSubject: Invoice 7",
        expected: "open (other subject), linked with #12",
        ..ANSWER
    },
    Row {
        rule: "a tag under another subject opens a new ticket, linked to the old one",
        mail: "From: ann@client.test\nSubject: Re: [#12] Invoice 7",
        facts: |f| f.named = by_tag(ticket()),
        expected: "open (other subject), linked with #12",
        ..ANSWER
    },
    Row {
        rule: "with a token the subject does not matter",
        mail: "From: ann@client.test\nSubject: Invoice 7",
        facts: |f| f.token = senders_token(ticket()),
        expected: "append to #12 (token)",
        ..ANSWER
    },
    Row {
        rule: "a subject of reply prefixes and tags alone is the same as any",
        mail: "From: ann@client.test\nSubject: Re: AW: [#12]",
        ..ANSWER
    },
    Row { rule: "no subject is the same as any", mail: "From: ann@client.test\nSubject:", ..ANSWER },
    Row {
        rule: "reply prefixes do not count",
        mail: "From: ann@client.test\nSubject: Re: AW: Antw[2]: Printer on fire",
        ..ANSWER
    },
    Row {
        rule: "forward prefixes do not count",
        mail: "From: ann@client.test\nSubject: Fwd: WG: Printer on fire (fwd)",
        ..ANSWER
    },
    Row {
        rule: "calendar prefixes do not count",
        mail: "From: ann@client.test\nSubject: Accepted: Printer on fire",
        ..ANSWER
    },
    Row {
        rule: "calendar prefixes of the ticket's subject do not count either",
        mail: "From: ann@client.test\nSubject: Re: Printer repaired",
        facts: |f| f.named = in_thread(about("Zusage: Printer repaired")),
        ..ANSWER
    },
    Row {
        rule: "our tag does not count wherever it stands",
        mail: "From: ann@client.test\nSubject: Printer [#12] on fire",
        ..ANSWER
    },
    Row {
        rule: "bracketed words of other systems do not count",
        mail: "From: ann@client.test\nSubject: [EXTERNAL] Re: Printer [ref:00D.5F] on fire [Ticket 991]",
        ..ANSWER
    },
    Row {
        rule: "bracketed words of the ticket's subject do not count either",
        mail: "From: ann@client.test\nSubject: Re: Printer on fire",
        facts: |f| f.named = in_thread(about("Printer on fire [Ticket 991]")),
        ..ANSWER
    },
    Row {
        rule: "case and spaces do not count",
        mail: "From: ann@client.test\nSubject: re:PRINTER   on\t fire ",
        ..ANSWER
    },
    Row {
        rule: "a subject that contains the old one is the same",
        mail: "From: ann@client.test\nSubject: Re: urgent: printer on fire (second floor)",
        ..ANSWER
    },
    Row {
        rule: "a subject that is only a part of the old one is another",
        mail: "From: ann@client.test\nSubject: Re: Printer",
        expected: "open (other subject), linked with #12",
        ..ANSWER
    },
    Row {
        rule: "a ticket whose subject is prefixes alone contains nothing",
        mail: "From: ann@client.test\nSubject: Re: Invoice 7",
        facts: |f| f.named = in_thread(about("Re: [URGENT]")),
        expected: "open (other subject), linked with #12",
        ..ANSWER
    },
];

#[test]
fn first_hit_of_token_thread_and_tag_wins() {
    hold(FIRST_HIT);
}

#[test]
fn stranger_does_not_get_in_unless_the_desk_lets_him() {
    hold(STRANGERS);
}

#[test]
fn closed_ticket_takes_answers_for_reopen_days() {
    hold(CLOSED);
}

#[test]
fn subject_cut_inside_a_bracketed_word_is_found_in_an_answer() {
    let cut_at = |chars: usize| {
        let before = "Printer ".repeat(31);
        let cut: String = format!("{before}[Ticket 991]").chars().take(chars).collect();
        is_under_subject(&format!("Re: {before}[Ticket 991] is on fire"), &cut)
    };
    assert!(cut_at(SUBJECT_CHARS_MAX));
    assert!(!cut_at(SUBJECT_CHARS_MAX - 1), "a shorter subject was not cut: its bracket is text");
}

#[test]
fn subject_is_compared_without_what_programs_put_around_it() {
    hold(SUBJECTS);
}
