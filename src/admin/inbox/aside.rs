//! Mails that were set aside: listed beside the tickets, and read. Letting them in and dropping them is `admin mail`'s.

use super::{Inbox, Opened};
use crate::admin::output;
use crate::domain::DepartmentId;
use crate::intake;
use crate::mail::ParsedMail;
use crate::outcome;
use crate::store::receipt::{Receipt, ReceiptState};
use crate::store::staff::Staff;
use crate::store::{self, ReadTx};
use crate::terminal;

/// Mails listed. Chosen: as many as the pages show.
const SHOWN_MAX: usize = 200;

/// How much is shown of a mail that could not be read, in bytes. Chosen: its head and the beginning of its text.
const UNREAD_BYTES_MAX: usize = 20_000;

/// The mails that wait and that this person may see: by the department of the address they came to.
pub(super) fn waiting(tx: &ReadTx<'_>, staff: &Staff, departments: &[DepartmentId]) -> store::Result<Vec<Receipt>> {
    let own = tx.desk_addresses()?;
    let is_seen = |receipt: &Receipt| {
        let address = own.iter().find(|own| own.email.eq_ignore_ascii_case(&receipt.recipient));
        let department = address.and_then(|own| own.department);
        staff.sees_all() || department.is_some_and(|department| departments.contains(&department))
    };
    let mut mails = tx.receipts(Some(ReceiptState::Quarantined), SHOWN_MAX)?;
    mails.retain(is_seen);
    Ok(mails)
}

impl Inbox<'_> {
    /// Opens the mail under the mark.
    pub(super) fn open_mail(&mut self) -> outcome::Result<()> {
        let Some(receipt) = self.aside.get(self.at) else { return Ok(()) };
        let kept = self.context.store.read(|tx| tx.raw_mail(receipt.id))?;
        let raw = kept.and_then(|kept| intake::decompress(&kept).ok());
        let limits = &self.context.rules.limits;
        let body = match &raw {
            None => "its text is not kept any more".to_owned(),
            Some(raw) => ParsedMail::parse(raw, limits).map_or_else(
                |_| crate::mail::text_in_charset(raw.get(..UNREAD_BYTES_MAX).unwrap_or(raw), ""),
                |mail| mail.full_text,
            ),
        };
        let id = receipt.id;
        let text = format!(
            "mail {id} was set aside: {}\nfrom     {}\nto       {}\nsubject  {}\nreceived {}\n\n{body}\n\n\
             `maildesk admin mail retry {id}` looks at it again, `maildesk admin mail drop {id}` drops it\n",
            receipt.why(),
            receipt.from_email,
            receipt.recipient,
            receipt.subject,
            output::time(receipt.received_at),
        );
        self.opened = Some(Opened { id: None, text: terminal::text(&text).replace('\t', "    "), scroll: 0 });
        Ok(())
    }
}
