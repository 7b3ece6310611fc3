//! The test mail: a real one, from the first staff member to the first address, the way a customer's would come.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::answers::Answers;
use super::mta::PATIENCE;
use crate::admin::Context;
use crate::admin::random;
use crate::child;
use crate::domain::TicketId;
use crate::options::Global;
use crate::outcome::{self, WithContext, bail};
use crate::store::receipt::Receipt;

/// How long the mail server may take to hand the mail over. Chosen: a queue is looked at within seconds.
const ARRIVAL: Duration = Duration::from_secs(60);
/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Receipts looked at: other mail may come in at the same time.
const RECEIPTS: usize = 100;

/// How the mail comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Handed to the mail server.
    Mta,
    /// Straight into `maildesk pipe`.
    Pipe,
}

/// Sends the mail and waits until it is a ticket; its number.
pub(super) fn run(context: &Context, global: &Global, db: &Path, answers: &Answers, way: Way) -> outcome::Result<i64> {
    let (from, to) = (answers.staff_email.as_str(), answers.address.as_str());
    let random = random::<12>()?;
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let id = format!("maildesk-setup.{}@{domain}", data_encoding::HEXLOWER.encode(&random));
    let date = jiff::Timestamp::from_second(context.now.unix()).unwrap_or_default();
    let date = date.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mail = format!(
        "From: {from}\nTo: {to}\nSubject: Test mail of maildesk\nMessage-ID: <{id}>\nDate: {date}\n\n\
         This mail was sent by `maildesk admin setup`. It shows that mail to this address becomes a ticket.\n"
    );
    let mut command = match way {
        Way::Mta => {
            let mut command = Command::new("/usr/sbin/sendmail");
            command.args(["-i", "-f", from, "--", to]);
            command
        }
        Way::Pipe => {
            let mut command = Command::new(std::env::current_exe().context("finding our own program")?);
            if let Some(config) = &global.config {
                command.arg("--config").arg(config);
            }
            command.arg("--db").arg(db).arg("pipe");
            command.args([format!("--recipient={to}"), format!("--sender={from}")]);
            command
        }
    };
    let said = child::run(&mut command, mail.as_bytes(), PATIENCE).context("sending the test mail")?;
    if !said.status.success() {
        bail!("the test mail was not taken: {}: {}", child::ending(said.status), said.stderr.trim());
    }
    let receipt = wait(context, &id)?;
    let Some(ticket) = receipt.ticket.map(TicketId::get) else {
        bail!("the test mail became no ticket: {}", receipt.why(); "`maildesk admin mail list` has it");
    };
    let how = if way == Way::Mta { "through the mail server" } else { "by `maildesk pipe`" };
    context.output.say(&format!("a test mail from {from} to {to} came in {how} and is ticket #{ticket}"));
    Ok(ticket)
}

/// Waits until the mail is on record.
fn wait(context: &Context, id: &str) -> outcome::Result<Receipt> {
    let until = Instant::now() + ARRIVAL;
    loop {
        let found = context.store.read(|tx| tx.receipts(None, RECEIPTS))?;
        if let Some(receipt) = found.into_iter().find(|receipt| receipt.internet_id == id) {
            return Ok(receipt);
        }
        if Instant::now() >= until {
            bail!(
                "the test mail has not come in within {} seconds", ARRIVAL.as_secs();
                "`postqueue -p` shows what waits, `journalctl -t maildesk` and the mail log why"
            );
        }
        thread::sleep(LOOK_EVERY);
    }
}
