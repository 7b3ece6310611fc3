//! Recipient and department, and what `pipe` refuses.

use super::*;

const UNKNOWN: fn(&mut Facts) = |facts| {
    facts.route = Route::Unknown {
        recipient: "info@helpdesk.test".to_owned(),
        default_address: Some(AddressId::new(3)),
        fallback: Some(DepartmentId::new(2)),
    };
};

const NOWHERE: fn(&mut Facts) = |facts| {
    facts.route = Route::Unknown { recipient: String::new(), default_address: None, fallback: None };
};

pub(super) const TABLES: &[&[Row]] = &[DEPARTMENT, REFUSED];

const DEPARTMENT: &[Row] = &[
    Row {
        rule: "the address a mail was sent to decides the department",
        facts: |f| f.route = Route::Known { address: AddressId::new(2), department: Some(DepartmentId::new(4)) },
        expected: "open (new), department 4, address 2",
        ..USUAL
    },
    Row {
        rule: "a mail to no address we know goes to the default address's department",
        facts: UNKNOWN,
        expected: "open (new), department 2, address 3",
        ..USUAL
    },
    Row {
        rule: "without a default address it goes to the department that is left",
        facts: |f| {
            f.route = Route::Unknown {
                recipient: String::new(),
                default_address: None,
                fallback: Some(DepartmentId::new(2)),
            };
        },
        expected: "open (new), department 2, no address",
        ..USUAL
    },
    Row {
        rule: "a mail to no address we know is set aside where the setting says quarantine",
        facts: UNKNOWN,
        policy: |p| p.unknown_recipient = UnknownRecipient::Quarantine,
        expected: "quarantine (unknown recipient)",
        ..USUAL
    },
    Row {
        rule: "an answer to no address we know is set aside too, although it names its ticket",
        facts: |f| {
            UNKNOWN(f);
            f.named = in_thread(ticket());
        },
        policy: |p| p.unknown_recipient = UnknownRecipient::Quarantine,
        expected: "quarantine (unknown recipient)",
        ..USUAL
    },
    Row {
        rule: "an answer to no address we know finds its ticket where the default address takes such mail",
        facts: |f| {
            UNKNOWN(f);
            f.named = in_thread(ticket());
        },
        expected: "append to #12 (thread)",
        ..USUAL
    },
    Row {
        rule: "a mail is set aside when the last department is gone",
        facts: NOWHERE,
        expected: "quarantine (no department)",
        ..USUAL
    },
    Row {
        rule: "a mail to an address without a department is set aside",
        facts: |f| f.route = Route::Known { address: AddressId::new(1), department: None },
        expected: "quarantine (no department)",
        ..USUAL
    },
];

const REFUSED: &[Row] = &[
    Row {
        rule: "pipe refuses a mail to no address we know where the setting says reject",
        facts: UNKNOWN,
        policy: |p| p.unknown_recipient = UnknownRecipient::Reject,
        expected: "refuse (unknown recipient info@helpdesk.test)",
        ..USUAL
    },
    Row {
        rule: "pipe refuses an unknown recipient no matter who writes, even a delivery report about our mail",
        mail: "From: MAILER-DAEMON@mx.test\nReturn-Path: <>",
        facts: |f| {
            UNKNOWN(f);
            f.bounced = Some((OutboxId::new(40), None));
        },
        policy: |p| p.unknown_recipient = UnknownRecipient::Reject,
        expected: "refuse (unknown recipient info@helpdesk.test)",
    },
    Row {
        rule: "only pipe can refuse: elsewhere a mail to no address we know is set aside",
        facts: |f| {
            UNKNOWN(f);
            f.is_refusable = false;
        },
        policy: |p| p.unknown_recipient = UnknownRecipient::Reject,
        expected: "quarantine (unknown recipient)",
        ..USUAL
    },
    Row {
        rule: "of a mail that is too large the header is stored",
        facts: |f| f.is_oversize = true,
        expected: "open (new)",
        ..USUAL
    },
    Row {
        rule: "pipe refuses a mail that is too large where the setting asks for it",
        facts: |f| f.is_oversize = true,
        policy: |p| p.refuses_oversize = true,
        expected: "refuse (too large)",
        ..USUAL
    },
    Row {
        rule: "only pipe can refuse: elsewhere the header of a mail that is too large is stored",
        facts: |f| {
            f.is_oversize = true;
            f.is_refusable = false;
        },
        policy: |p| p.refuses_oversize = true,
        expected: "open (new)",
        ..USUAL
    },
    Row {
        rule: "pipe refuses a banned sender where the setting asks for it",
        facts: |f| f.is_banned = true,
        policy: |p| p.refuses_banned = true,
        expected: "refuse (banned)",
        ..USUAL
    },
    Row {
        rule: "only pipe can refuse: elsewhere a banned sender's mail is dropped on record",
        facts: |f| {
            f.is_banned = true;
            f.is_refusable = false;
        },
        policy: |p| p.refuses_banned = true,
        expected: "drop (banned)",
        ..USUAL
    },
];

#[test]
fn department_is_that_of_the_address() {
    hold(DEPARTMENT);
}

#[test]
fn only_pipe_refuses_and_only_where_a_setting_asks_for_it() {
    hold(REFUSED);
}
