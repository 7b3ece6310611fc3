//! Who a mail is from and to: the address fields of its header, within one budget.

use super::address::{author, mailboxes, reverse_path, with_whole_name};
use super::encoded_word::Decoder;
use super::header::Header;
use super::{Mailbox, ReversePath, mailing_list};
use crate::domain::EmailAddress;

/// The fields that name the envelope recipient, in the order they are believed.
const DELIVERY_FIELDS: [&str; 4] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to"];

/// Addresses read of Reply-To (chosen; one of them is written to).
const REPLY_TO_MAX: usize = 20;

/// Senders and recipients of one mail.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) from: Option<Mailbox>,
    pub(super) reply_to: Vec<Mailbox>,
    pub(super) delivered_to: Vec<EmailAddress>,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) return_path: Option<ReversePath>,
    /// Whether recipients were left out because of the budget.
    pub(super) is_cut: bool,
}

impl People {
    /// Reads the address fields; delivery fields, To and Cc give at most `addresses_max` together.
    pub(super) fn read(header: &Header<'_>, decoder: Decoder, addresses_max: usize) -> Self {
        let mut budget = Budget { left: addresses_max, is_cut: false };
        let delivered = DELIVERY_FIELDS.iter().flat_map(|name| budget.read(header, name, decoder)).collect::<Vec<_>>();
        let to = budget.read(header, "to", decoder);
        let cc = budget.read(header, "cc", decoder);
        Self {
            from: header.all("from").find_map(|value| author(value, decoder)),
            reply_to: header
                .all("reply-to")
                .flat_map(|value| {
                    with_whole_name(value, decoder)
                        .map_or_else(|| mailboxes(value, decoder, REPLY_TO_MAX), |mailbox| vec![mailbox])
                })
                .take(REPLY_TO_MAX)
                .collect(),
            delivered_to: delivered.into_iter().map(|mailbox| mailbox.address).collect(),
            to,
            cc,
            return_path: header.all("return-path").find_map(reverse_path),
            is_cut: budget.is_cut,
        }
    }

    /// The same with the person who wrote in From, where that is a mailing list's own address. Answers do not go to
    /// the list then: it would pass them on to everybody.
    pub(super) fn with_writer(mut self, header: &Header<'_>, list: &[EmailAddress], decoder: Decoder) -> Self {
        if let Some(writer) = mailing_list::writer(header, self.from.as_ref(), list, decoder) {
            self.from = Some(writer);
            self.reply_to.retain(|mailbox| !list.contains(&mailbox.address));
        }
        self
    }
}

struct Budget {
    left: usize,
    is_cut: bool,
}

impl Budget {
    fn read(&mut self, header: &Header<'_>, name: &str, decoder: Decoder) -> Vec<Mailbox> {
        let mut found = Vec::new();
        for value in header.all(name) {
            // Reading one more than the limit shows whether something is left out.
            let mut read = mailboxes(value, decoder, self.left + 1);
            self.is_cut |= read.len() > self.left;
            read.truncate(self.left);
            self.left -= read.len();
            found.append(&mut read);
            if self.is_cut {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mail: &str, addresses_max: usize) -> People {
        People::read(&Header::read(mail.as_bytes(), 100).0, Decoder::default(), addresses_max)
    }

    #[test]
    fn the_first_usable_from_counts() {
        let people = read("From: nobody\nFrom: , Ann <ann@example.org>, bob@example.org\nReply-To: <>\n\n", 9);
        assert_eq!(people.from.map(|from| from.address.key()).as_deref(), Some("ann@example.org"));
        assert_eq!(people.reply_to, []);
    }

    #[test]
    fn a_reply_to_has_its_own_name_with_its_comma() {
        let read = |value: &str| {
            let people = read(&format!("Reply-To: {value}\n\n"), 9);
            people.reply_to.into_iter().map(|one| format!("{} {}", one.name, one.address)).collect::<Vec<_>>()
        };
        assert_eq!(read("Meyer, Bob <bob@example.org>"), ["Bob Meyer bob@example.org"]);
        assert_eq!(read("Bob <bob@example.org>, Ann <ann@example.org>").len(), 2);
        assert_eq!(read("Meyer, Bob <bob@example.org>, ann@example.org").len(), 2);
    }

    #[test]
    fn reply_to_up_to_the_limit_is_read_and_one_more_is_not() {
        let of = |count: usize| {
            let list = (0..count).map(|n| format!("a{n}@x.org")).collect::<Vec<_>>().join(", ");
            read(&format!("Reply-To: {list}\n\n"), 9).reply_to.len()
        };
        assert_eq!((of(REPLY_TO_MAX), of(REPLY_TO_MAX + 1)), (REPLY_TO_MAX, REPLY_TO_MAX));
    }

    #[test]
    fn delivery_fields_come_in_their_order() {
        let people = read(
            "X-Original-To: b@x.org\nDelivered-To: a@x.org\nX-Envelope-To: <d@x.org>\nEnvelope-To: c@x.org, c2@x.org\n\n",
            9,
        );
        let addresses: Vec<String> = people.delivered_to.iter().map(EmailAddress::key).collect();
        assert_eq!(addresses, ["a@x.org", "b@x.org", "c@x.org", "c2@x.org", "d@x.org"]);
    }

    #[test]
    fn recipients_up_to_the_limit_are_kept_and_one_more_is_not() {
        let mail = "Delivered-To: a@x.org\nTo: b@x.org, c@x.org\nCc: d@x.org\n\n";
        let (all, three) = (read(mail, 4), read(mail, 3));
        assert_eq!((all.cc.len(), all.is_cut), (1, false));
        assert_eq!((three.to.len(), three.cc.len(), three.is_cut), (2, 0, true));
    }
}
