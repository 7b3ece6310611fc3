//! What holds whatever the facts are: over generated facts, policies and mails.

use proptest::prelude::*;

use super::*;

fn any_ticket() -> impl Strategy<Value = TicketFact> {
    let subject = prop_oneof![Just("Printer on fire"), Just("Invoice 7"), Just("")];
    (1..4i64, subject, 0..Status::ALL.len(), 0..4 * SHIPPED.reopen_s).prop_map(|(id, subject, status, closed_s)| {
        TicketFact { id: TicketId::new(id), status: Status::ALL[status], ..closed_for(closed_s) }.with_subject(subject)
    })
}

impl TicketFact {
    fn with_subject(self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self }
    }
}

fn any_token() -> impl Strategy<Value = TokenFact> {
    (any_ticket(), any::<[bool; 3]>()).prop_map(|(ticket, [is_senders_own, is_customers, is_from_customer])| {
        TokenFact { ticket, is_senders_own, is_customers, is_from_customer }
    })
}

fn any_named() -> impl Strategy<Value = NamedFact> {
    let by = prop_oneof![Just(NamedBy::ThreadId), Just(NamedBy::SubjectTag)];
    (any_ticket(), by, any::<bool>()).prop_map(|(ticket, by, takes_part)| NamedFact { ticket, by, takes_part })
}

fn any_route() -> impl Strategy<Value = Route> {
    let department = || proptest::option::of((1..3i64).prop_map(DepartmentId::new));
    prop_oneof![
        department().prop_map(|department| Route::Known { address: AddressId::new(1), department }),
        department().prop_map(|fallback| Route::Unknown { recipient: String::new(), default_address: None, fallback }),
    ]
}

prop_compose! {
    fn facts_about(origin: Origin)(
        route in any_route(),
        [is_oversize, is_refusable, is_banned, is_from_us, forwards_ours, is_fed] in any::<[bool; 6]>(),
        bounced in proptest::option::of(proptest::option::of(1..4i64)),
        mails_last_hour in proptest::option::of(0..100i64),
        is_staff in any::<bool>(),
        authentication in
            prop_oneof![Just(Authentication::NotAsked), Just(Authentication::Pass), Just(Authentication::Fail)],
        token in proptest::option::of(any_token()),
        named in proptest::collection::vec(any_named(), 0..4),
    ) -> Facts {
        Facts {
            route,
            origin,
            is_oversize,
            is_refusable,
            bounced: bounced.map(|ticket| (OutboxId::new(40), ticket.map(TicketId::new))),
            // Half of all senders banned and half of all mails from us would leave little to decide.
            is_fed,
            is_banned: is_banned && is_oversize,
            is_from_us: is_from_us && is_oversize,
            mails_last_hour,
            staff: is_staff.then_some(SAM),
            authentication,
            token,
            named,
            forwards_ours,
            now: NOW,
        }
    }
}

prop_compose! {
    fn any_policy()(
        unknown_recipient in prop_oneof![
            Just(UnknownRecipient::Default), Just(UnknownRecipient::Quarantine), Just(UnknownRecipient::Reject)],
        stranger_reply in prop_oneof![
            Just(StrangerReply::New), Just(StrangerReply::Hold), Just(StrangerReply::Append)],
        [refuses_banned, refuses_oversize, forwards_to_sender] in any::<[bool; 3]>(),
        reopen_s in prop_oneof![Just(0), Just(SHIPPED.reopen_s)],
        mails_per_hour in prop_oneof![Just(0), Just(SHIPPED.mails_per_hour)],
    ) -> Policy {
        Policy {
            unknown_recipient, stranger_reply, refuses_banned, refuses_oversize, reopen_s, mails_per_hour,
            forwards_to_sender,
        }
    }
}

fn any_mail() -> impl Strategy<Value = ParsedMail> {
    let from = prop_oneof![Just("ann@client.test"), Just("Sam <sam@helpdesk.test>"), Just("nobody")];
    let subject = prop_oneof![Just("Re: Printer on fire"), Just("Fwd: Broken chair"), Just("")];
    let block = "---------- Forwarded message ----------\nFrom: cleo@client.test\nSubject: Broken chair\n\nIt broke.";
    (from, subject, prop_oneof![Just("It burns."), Just(block)])
        .prop_map(|(from, subject, text)| parsed(&format!("From: {from}\nSubject: {subject}\n\n{text}\n")))
}

fn any_machine() -> impl Strategy<Value = Origin> {
    prop_oneof![Just(Origin::Own), Just(Origin::Bounce), Just(Origin::List), Just(Origin::Auto)]
}

fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![any_machine(), Just(Origin::Person)]
}

proptest! {
    #[test]
    fn nothing_but_a_persons_mail_is_answered_or_reopens_a_ticket(
        facts in any_machine().prop_flat_map(facts_about), policy in any_policy(), mail in any_mail(),
    ) {
        // A message that counts in full is acknowledged and takes its ticket out of "closed"; a staff reply is sent.
        match decide(&mail, &facts, &policy) {
            // What a feeding list brings counts as a person's mail, and is not answered all the same.
            Decision::Open(open) => prop_assert_ne!(open.handling, Handling::Full),
            Decision::Append(append) => {
                prop_assert_ne!(append.handling, Handling::Full);
                prop_assert!(append.handling == Handling::Unanswered || append.role == Role::Customer);
                prop_assert!(append.handling == Handling::Unanswered || !append.takes_reply_to);
            }
            Decision::Drop { .. } | Decision::Bounce { .. } | Decision::Quarantine { .. } | Decision::Refuse(_) => {}
        }
    }

    #[test]
    fn our_own_mail_and_bounces_write_no_message(
        facts in prop_oneof![Just(Origin::Own), Just(Origin::Bounce)].prop_flat_map(facts_about),
        policy in any_policy(), mail in any_mail(),
    ) {
        let decision = decide(&mail, &facts, &policy);
        prop_assert!(
            matches!(decision, Decision::Drop { .. } | Decision::Bounce { .. } | Decision::Refuse(_)), "{:?}", decision
        );
    }

    #[test]
    fn nobody_writes_as_staff_without_their_own_token_and_proof(
        facts in any_origin().prop_flat_map(facts_about), policy in any_policy(), mail in any_mail(),
    ) {
        if let Decision::Append(Append { role: Role::Staff(staff), ticket, .. }) = decide(&mail, &facts, &policy) {
            prop_assert_eq!(facts.staff, Some(staff));
            prop_assert_ne!(facts.authentication, Authentication::Fail);
            prop_assert!(facts.token.is_some_and(|token| token.is_senders_own && token.ticket.id == ticket));
        }
    }

    #[test]
    fn nobody_is_made_requester_by_a_forward_without_proof_of_staff(
        facts in any_origin().prop_flat_map(facts_about), policy in any_policy(), mail in any_mail(),
    ) {
        if let Decision::Open(Open { requester: Requester::Original(_), .. }) = decide(&mail, &facts, &policy) {
            prop_assert!(facts.staff.is_some() && facts.token.is_none() && policy.forwards_to_sender);
            prop_assert_eq!(facts.authentication, Authentication::Pass);
        }
    }

    #[test]
    fn stranger_gets_into_no_ticket_unless_the_desk_lets_him(
        mut facts in any_origin().prop_flat_map(facts_about), policy in any_policy(), mail in any_mail(),
    ) {
        facts.token = None;
        if let Decision::Append(append) = decide(&mail, &facts, &policy) {
            let takes_part = facts.named.iter().any(|named| named.takes_part && named.ticket.id == append.ticket);
            prop_assert!(takes_part || policy.stranger_reply == StrangerReply::Append);
        }
    }

    #[test]
    fn only_pipe_refuses(
        mut facts in any_origin().prop_flat_map(facts_about), policy in any_policy(), mail in any_mail(),
    ) {
        facts.is_refusable = false;
        let decision = decide(&mail, &facts, &policy);
        prop_assert!(!matches!(decision, Decision::Refuse(_)), "{:?}", decision);
    }
}
