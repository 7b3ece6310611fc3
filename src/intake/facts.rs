//! Gathering what [`crate::decision::decide`] needs to know of a mail, on one snapshot.

use super::{Incoming, Source};
use crate::decision::authentication::{Authentication, of_sender};
use crate::decision::{Facts, NamedBy, NamedFact, Route, TicketFact, TokenFact, is_under_subject, subject};
use crate::domain::{DeskSecret, EmailAddress, OutboxId, ReplyToken, TicketId, Timestamp, Window};
use crate::mail::origin::{LoopMark, NamesOurs, Origin, Seen, Sign, origin_of};
use crate::mail::{Mailbox, ParsedMail, ReversePath, auto_subject};
use crate::store::address::{DeskAddress, Identity};
use crate::store::settings::Settings;
use crate::store::ticket::Ticket;
use crate::store::{ReadTx, Result};

/// Message-IDs of one mail looked up. Chosen: the newest hundred of a thread name its ticket.
const THREAD_IDS_MAX: usize = 100;

/// Reply tokens of one mail looked at.
const TOKENS_MAX: usize = 20;

/// Everything the decision needs.
pub(super) fn gather(
    tx: &ReadTx<'_>,
    settings: &Settings,
    identity: &Identity,
    incoming: &Incoming<'_>,
    mail: &ParsedMail,
    now: Timestamp,
) -> Result<Facts> {
    let Identity { addresses, secret } = identity;
    let from = mail.from.as_ref().map(|from| &from.address);
    let bounced = bounced(tx, mail)?;
    let names_ours = bounced.map_or(NamesOurs::No, |(_, _, names_ours)| names_ours);
    let origin = origin(mail, incoming.envelope.sender.as_ref(), secret, names_ours);
    let staff = match from {
        Some(from) => tx.staff_by_email(from.as_str())?.map(|staff| staff.id),
        None => None,
    };
    let (token, named) = (token(tx, incoming, mail, secret)?, named(tx, mail, from)?);
    let origin = match origin {
        // Such a subject alone proves little: people write about automatic answers as well.
        Origin::Person
            if (token.is_some() || !named.is_empty())
                && auto_subject::is_automatic(
                    &mail.subject,
                    mail.from.as_ref().map_or("", |from| from.name.as_str()),
                ) =>
        {
            Origin::Auto
        }
        origin => origin,
    };
    Ok(Facts {
        is_fed: is_fed(mail, settings, addresses),
        route: route(tx, incoming, mail, addresses)?,
        origin,
        is_oversize: incoming.is_oversize,
        is_refusable: incoming.envelope.source == Source::Pipe,
        bounced: bounced.filter(|_| origin == Origin::Bounce).map(|(outbox, ticket, _)| (outbox, ticket)),
        is_banned: match from {
            Some(from) => tx.is_banned(from)?,
            None => false,
        },
        is_from_us: from.is_some_and(|from| own_address(addresses, from).is_some()),
        mails_last_hour: match (incoming.envelope.source, from) {
            (Source::Pipe | Source::Fetch, Some(from)) => {
                Some(tx.mails_from(from.as_str(), Window::last_s(Timestamp::HOUR_S, now))?)
            }
            (
                Source::Pipe
                | Source::Fetch
                | Source::FirstFetch
                | Source::Import
                | Source::Archive { .. }
                | Source::Retry(_)
                | Source::LetIn(..),
                _,
            ) => None,
        },
        staff,
        authentication: from.map_or(Authentication::Fail, |from| {
            of_sender(&mail.authentication_results, &settings.authserv_id, from.domain())
        }),
        token,
        named,
        forwards_ours: mail
            .forwarded
            .as_ref()
            .and_then(|forwarded| forwarded.from.as_ref())
            .is_some_and(|from| own_address(addresses, &from.address).is_some()),
        now,
    })
}

/// Whether a mailing list brought it whose mail is meant for the desk. What a machine wrote to the list stays a
/// machine's.
fn is_fed(mail: &ParsedMail, settings: &Settings, addresses: &[DeskAddress]) -> bool {
    let is_lists = |sign: &Sign| matches!(sign, Sign::List | Sign::ListPost | Sign::Bulk | Sign::NullReturnPath);
    let is_feeding = |list: &EmailAddress| {
        let mut named = settings.feeding_lists.split(',').map(str::trim);
        own_address(addresses, list).is_some() || named.any(|named| named.eq_ignore_ascii_case(list.as_str()))
    };
    mail.signs.iter().all(is_lists) && mail.list_addresses.iter().any(is_feeding)
}

fn origin(mail: &ParsedMail, sender: Option<&ReversePath>, secret: &DeskSecret, names_ours: NamesOurs) -> Origin {
    let is_ours = mail.loop_mark.as_deref().is_some_and(|mark| secret.is_loop_mark(mark));
    let loop_mark = if is_ours { LoopMark::Ours } else { LoopMark::NotOurs };
    origin_of(mail, &Seen { envelope: sender, loop_mark, names_ours })
}

/// The desk's address that is written to: exact, else with its `+suffix` stripped.
pub(super) fn own_address<'a>(addresses: &'a [DeskAddress], to: &EmailAddress) -> Option<&'a DeskAddress> {
    let find = |email: &str| addresses.iter().find(|own| own.email.eq_ignore_ascii_case(email));
    find(to.as_str()).or_else(|| to.split_subaddress().find_map(|(base, _)| find(base.as_str())))
}

/// The addresses a mail was delivered for, whether we know them or not: the envelope's and those of
/// the delivery headers.
pub(super) fn delivered_for(incoming: &Incoming<'_>, mail: &ParsedMail) -> Vec<EmailAddress> {
    let in_envelope = incoming.envelope.recipients.iter().filter_map(|text| text.parse().ok());
    in_envelope.chain(mail.delivered_to.iter().cloned()).collect()
}

/// The first source of recipients that is present: envelope, delivery headers, To and Cc. A header
/// never replaces an unknown envelope recipient.
fn candidates(incoming: &Incoming<'_>, mail: &ParsedMail) -> Vec<String> {
    if !incoming.envelope.recipients.is_empty() {
        return incoming.envelope.recipients.clone();
    }
    if !mail.delivered_to.is_empty() {
        return mail.delivered_to.iter().map(EmailAddress::to_string).collect();
    }
    mail.to.iter().chain(&mail.cc).map(|to| to.address.to_string()).collect()
}

/// Where the mail was addressed.
pub(super) fn route(
    tx: &ReadTx<'_>,
    incoming: &Incoming<'_>,
    mail: &ParsedMail,
    addresses: &[DeskAddress],
) -> Result<Route> {
    let candidates = candidates(incoming, mail);
    let ours = candidates.iter().filter_map(|text| text.parse().ok()).find_map(|to| own_address(addresses, &to));
    if let Some(own) = ours {
        return Ok(Route::Known { address: own.id, department: own.department });
    }
    let default = addresses.iter().find(|own| own.is_default);
    let fallback = match default {
        Some(default) => default.department,
        None => tx.lowest_department()?,
    };
    Ok(Route::Unknown {
        recipient: candidates.into_iter().next().unwrap_or_default(),
        default_address: default.map(|own| own.id),
        fallback,
    })
}

fn fact(ticket: Ticket) -> TicketFact {
    TicketFact {
        id: ticket.id,
        department: ticket.department,
        subject: ticket.subject,
        status: ticket.status,
        closed_at: ticket.closed_at,
    }
}

/// Ids this mail answers, nearest first: those a read receipt confirms, In-Reply-To, then References from the newest.
fn answered_ids(mail: &ParsedMail) -> impl Iterator<Item = &String> {
    let confirmed = mail.confirmed_ids.iter();
    confirmed.chain(&mail.in_reply_to).chain(mail.references.iter().rev()).take(THREAD_IDS_MAX)
}

/// Reply tokens in the mail, no matter which desk issued them.
fn tokens(incoming: &Incoming<'_>, mail: &ParsedMail) -> Vec<ReplyToken> {
    let in_header = mail.to.iter().chain(&mail.cc).map(|to: &Mailbox| to.address.clone());
    let in_envelope = incoming.envelope.recipients.iter().filter_map(|text| text.parse().ok());
    let addressed = in_envelope.chain(mail.delivered_to.iter().cloned()).chain(in_header);
    let by_address =
        addressed.filter_map(|to: EmailAddress| to.split_subaddress().find_map(|(_, t)| ReplyToken::parse(t)));
    let by_id = answered_ids(mail).filter_map(|id| ReplyToken::parse(id.split(['.', '@']).next().unwrap_or("")));
    let mut found: Vec<ReplyToken> = Vec::new();
    for token in by_address.chain(by_id) {
        if !found.contains(&token) && found.len() < TOKENS_MAX {
            found.push(token);
        }
    }
    found
}

/// The best valid token: the sender's own before others.
fn token(
    tx: &ReadTx<'_>,
    incoming: &Incoming<'_>,
    mail: &ParsedMail,
    secret: &DeskSecret,
) -> Result<Option<TokenFact>> {
    let mut best: Option<TokenFact> = None;
    for token in tokens(incoming, mail) {
        let holders = tx.token_holders(token.ticket())?;
        let holder = holders.iter().filter_map(|h| h.parse().ok()).find(|h: &EmailAddress| token.is_for(secret, h));
        let (Some(holder), Some(ticket)) = (holder, tx.ticket_after_merges(token.ticket())?) else { continue };
        let is_senders_own = mail.from.as_ref().is_some_and(|from| from.address == holder);
        let customer = tx.customer(ticket.customer)?;
        let is_customer = |email: &EmailAddress| {
            customer.as_ref().is_some_and(|customer| customer.email.eq_ignore_ascii_case(email.as_str()))
        };
        let is_customers = ticket.reply_to.eq_ignore_ascii_case(holder.as_str()) || is_customer(&holder);
        let is_from_customer = mail.from.as_ref().is_some_and(|from| is_customer(&from.address));
        let found = TokenFact { ticket: fact(ticket), is_senders_own, is_customers, is_from_customer };
        if is_senders_own {
            return Ok(Some(found));
        }
        best = best.or(Some(found));
    }
    Ok(best)
}

/// Tickets the mail names by Message-IDs or by tags in its subject, in that order.
fn named(tx: &ReadTx<'_>, mail: &ParsedMail, from: Option<&EmailAddress>) -> Result<Vec<NamedFact>> {
    let ids: Vec<&str> = answered_ids(mail).map(String::as_str).collect();
    let by_id = tx.tickets_of_thread_ids(&ids)?.into_iter().map(|ticket| (ticket, NamedBy::ThreadId));
    let by_tag = subject::ticket_tags(&mail.subject).into_iter().map(|ticket| (ticket, NamedBy::SubjectTag));
    let mut asked: Vec<TicketId> = Vec::new();
    let mut found: Vec<NamedFact> = Vec::new();
    for (id, by) in by_id.chain(by_tag) {
        if asked.contains(&id) {
            continue;
        }
        asked.push(id);
        let Some(named) = tx.ticket(id)? else { continue };
        // A ticket that was merged is answered under its own subject as well as under the other's.
        let (ticket, own_subject) = match named.merged_into {
            None => (named, None),
            Some(into) => match tx.ticket_after_merges(into)? {
                Some(ticket) => (ticket, Some(named.subject)),
                None => continue,
            },
        };
        let answered = own_subject.filter(|own| is_under_subject(&mail.subject, own));
        if let Some(known) = found.iter_mut().find(|known| known.ticket.id == ticket.id) {
            known.ticket.subject = answered.unwrap_or_else(|| std::mem::take(&mut known.ticket.subject));
            continue;
        }
        let takes_part = match from {
            Some(from) => tx.takes_part(ticket.id, from)? || (ticket.id != id && tx.takes_part(id, from)?),
            None => false,
        };
        let mut ticket = fact(ticket);
        ticket.subject = answered.unwrap_or(ticket.subject);
        found.push(NamedFact { ticket, by, takes_part });
    }
    Ok(found)
}

/// The outgoing mail of ours that a delivery report names, and where.
fn bounced(tx: &ReadTx<'_>, mail: &ParsedMail) -> Result<Option<(OutboxId, Option<TicketId>, NamesOurs)>> {
    let is_daemons = mail.signs.iter().any(|sign| matches!(sign, Sign::MailerDaemon | Sign::Postmaster));
    if mail.delivery_report.is_none() && !is_daemons {
        return Ok(None);
    }
    let reported = mail.delivery_report.iter().flat_map(|report| &report.original_message_ids);
    let places = reported.map(|id| (id, NamesOurs::InReport));
    for (id, names_ours) in places.chain(answered_ids(mail).map(|id| (id, NamesOurs::InThread))) {
        if let Some((outbox, ticket)) = tx.outbox_by_internet_id(id)? {
            return Ok(Some((outbox, ticket, names_ours)));
        }
    }
    Ok(None)
}
