//! Today's rules over mail that is on record: why a mail was decided about as it was, what would be decided now, and
//! stored messages read again.

use serde_json::{Value, json};

use super::super::{Context, output};
use super::{envelope_of, find, raw_mail};
use crate::domain::mail_rule::MailRule;
use crate::domain::{TicketId, Timestamp};
use crate::intake::{self, Source};
use crate::mail::ParsedMail;
use crate::mail::origin::{LoopMark, NamesOurs, Seen, Sign, origin_of};
use crate::outcome::{self, Done, bail};
use crate::store::receipt::{Receipt, ReceiptState};

/// The rule behind a receipt, for people and for programs.
pub(super) fn rule(receipt: &Receipt) -> (String, Value) {
    match MailRule::of(receipt.reason) {
        Some(rule) => (format!("{}: {}", rule.number, rule.text), json!({ "number": rule.number, "text": rule.text })),
        None => ("-".to_owned(), Value::Null),
    }
}

/// What today's rules read in the raw mail, while that is kept: who wrote it and by which signs, and how much of its text
/// is the reply.
pub(super) fn reading(context: &Context, receipt: &Receipt) -> outcome::Result<Option<(String, Value)>> {
    if context.store.read(|tx| tx.raw_mail(receipt.id))?.is_none() {
        return Ok(None);
    }
    let raw = raw_mail(context, receipt)?;
    let Ok(mail) = ParsedMail::parse(&raw, &context.rules.limits) else { return Ok(None) };
    let envelope = envelope_of(receipt, Source::Import);
    let seen = Seen { envelope: envelope.sender.as_ref(), loop_mark: LoopMark::NotOurs, names_ours: NamesOurs::No };
    let origin = origin_of(&mail, &seen).word();
    let signs: Vec<&str> = mail.signs.iter().map(|sign| sign.field()).collect();
    let by = if signs.is_empty() { "no sign of a machine".to_owned() } else { signs.join(", ") };
    let (reply, all) = (mail.reply_text().chars().count(), mail.full_text.chars().count());
    let text = format!("origin     {origin} (3: {by})\nreply      {reply} of {all} characters (6)");
    Ok(Some((text, json!({ "origin": origin, "signs": signs, "reply_chars": reply, "full_chars": all }))))
}

/// What would be decided about a mail on record if it came now.
pub(super) struct Again {
    pub(super) decision: String,
    pub(super) reason: String,
    pub(super) ticket: Option<i64>,
    /// What differs from the record: `decision`, `shown` ….
    pub(super) changes: Vec<&'static str>,
}

/// Decides about a mail on record as if it came now; nothing is written.
pub(super) fn again(context: &Context, id: i64) -> outcome::Result<Again> {
    let receipt = find(context, id)?;
    let raw = raw_mail(context, &receipt)?;
    if receipt.state == ReceiptState::Quarantined {
        let envelope = envelope_of(&receipt, Source::Retry(receipt.id));
        let delivery = intake::rehearse(&context.store, &context.rules, &envelope, &raw, context.now)?;
        let is_other = delivery.outcome != intake::Outcome::Quarantined || delivery.reason != receipt.why();
        return Ok(Again {
            decision: delivery.outcome.word().to_owned(),
            reason: delivery.reason,
            ticket: delivery.ticket.map(TicketId::get),
            changes: if is_other { vec!["decision"] } else { Vec::new() },
        });
    }
    let envelope = envelope_of(&receipt, Source::Import);
    let preview = intake::decided_anew(&context.store, &context.rules, &envelope, &raw, context.now)?;
    let now = intake::verdict(&preview);
    let mut changes = Vec::new();
    if now.reason != receipt.why() {
        changes.push("decision");
    }
    if let Some(reread) = intake::reread(&context.store, &context.rules, &receipt, &raw)? {
        changes.extend(reread.changes);
    }
    let ticket = now.ticket.map(TicketId::get);
    Ok(Again { decision: now.decision.to_owned(), reason: now.reason, ticket, changes })
}

/// A day as `2026-02-28`, or a day and a time in UTC.
pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    let complaint = || format!("{text:?} is not a day; write it as 2026-02-28");
    let day: jiff::civil::DateTime = text.parse().map_err(|_| complaint())?;
    let zoned = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| complaint())?;
    Ok(Timestamp::from_unix(zoned.timestamp().as_second()))
}

/// Reads stored messages again whose raw mail is kept.
pub(super) fn reread(context: &Context, since: Timestamp, dry_run: bool) -> outcome::Result<Done> {
    let receipts = context.store.read(|tx| tx.stored_with_raw_mail(since))?;
    let (mut json, mut rows, mut failed, seen) = (Vec::new(), Vec::new(), false, receipts.len());
    for id in receipts {
        match reread_one(context, id.get(), dry_run) {
            Ok(None) => {}
            Ok(Some(reread)) => {
                json.push(json!({
                    "id": id.get(), "ticket_id": reread.ticket.get(), "message_id": reread.message.get(),
                    "changes": reread.changes, "shown_text": reread.shown,
                }));
                let first = reread.shown.lines().next().unwrap_or_default().to_owned();
                rows.push(vec![id.to_string(), format!("#{}", reread.ticket), reread.changes.join(", "), first]);
            }
            Err(error) => {
                failed = true;
                output::complain(&format!("mail {id}: {error:#}"));
            }
        }
    }
    let changed = rows.len();
    context.output.list(json, &["mail", "ticket", "changes", "shows"], rows)?;
    let verb = if dry_run { "would change" } else { "changed" };
    context.output.say(&format!("{changed} of {seen} messages {verb}; nobody is notified"));
    outcome::done_unless(failed)
}

fn reread_one(context: &Context, id: i64, dry_run: bool) -> outcome::Result<Option<intake::Rereading>> {
    let receipt = find(context, id)?;
    let raw = raw_mail(context, &receipt)?;
    let Some(reread) = intake::reread(&context.store, &context.rules, &receipt, &raw)? else { return Ok(None) };
    if !dry_run {
        context.change(|change| intake::put_reread(change, &reread))?;
    }
    Ok(Some(reread))
}

/// Refuses what a retry cannot decide.
pub(super) fn require_quarantined(receipt: &Receipt) -> outcome::Result<()> {
    match receipt.state {
        ReceiptState::Quarantined => Ok(()),
        ReceiptState::Stored | ReceiptState::Dropped => {
            bail!(
                "mail {} is {}, not quarantined; --dry-run shows what today's rules would do",
                receipt.id,
                receipt.state.word()
            )
        }
    }
}

impl Sign {
    /// The field or part that shows the sign, as people know it.
    const fn field(self) -> &'static str {
        match self {
            Self::AutoSubmitted => "Auto-Submitted",
            Self::AutoReply => "a field of automatic answers",
            Self::Bulk => "Precedence: bulk or junk",
            Self::List => "List-Id or Precedence: list",
            Self::FailedRecipients => "X-Failed-Recipients",
            Self::NullReturnPath => "Return-Path: <>",
            Self::DeliveryStatus => "a delivery report",
            Self::Disposition => "a read receipt",
            Self::OtherReport => "multipart/report",
            Self::ForeignLoop => "X-Loop",
            Self::MailerDaemon => "From mailer-daemon",
            Self::Postmaster => "From postmaster",
            Self::ListPost => "List-Post",
        }
    }
}
