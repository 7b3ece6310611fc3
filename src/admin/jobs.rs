//! `admin jobs`: the timed work, for cron where no `serve` runs. The work itself is in [`crate::jobs`].

use serde_json::json;

use super::Context;
use crate::outcome::{self, Done};
use crate::worker::{Lease, Leases};
use crate::{jobs, outbox};

/// Verbs of `admin jobs`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:\n  maildesk --quiet admin jobs run")]
pub(crate) enum Command {
    /// Close answered tickets, forget old raw mail, send what is queued; for cron where no `serve` runs
    #[command(
        after_help = "Example for /etc/cron.d/maildesk:\n  */5 * * * * maildesk /usr/bin/maildesk --quiet admin jobs run"
    )]
    Run,
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::Run => run_now(context),
    }
}

fn run_now(context: &Context) -> outcome::Result<Done> {
    let leases = Leases::default();
    let (report, elsewhere) = match jobs::take(&leases, &context.store)? {
        Lease::Ours(ours) => (jobs::run(ours.on(&context.store), context.now)?, None),
        Lease::Theirs(host) => (jobs::Report::default(), Some(host)),
    };
    let sent = outbox::send_due(&context.store, crate::desk::note_undelivered, context.now)?;
    let json = json!({
        "closed": report.closed, "raw_mails_forgotten": report.raw_mails, "sent_mails_forgotten": report.sent_mails,
        "logins_forgotten": report.logins, "sent": sent.sent, "deferred": sent.deferred, "failed": sent.failed,
        "done_by": elsewhere,
    });
    let timed = elsewhere.map_or_else(
        || format!("{} tickets closed, {} raw mails forgotten", report.closed, report.raw_mails),
        |host| format!("host {host} does the timed work now"),
    );
    let text =
        format!("{timed}; {} mails sent, {} to be tried again, {} failed", sent.sent, sent.deferred, sent.failed);
    // A job that had nothing to say would still make cron send mail.
    if context.output.is_json() || !context.output.is_quiet() {
        context.output.object(&json, &text)?;
    }
    outcome::done_unless(sent.deferred + sent.failed > 0)
}
