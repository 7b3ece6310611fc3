//! `maildesk pipe`: one mail from the MTA, on stdin.
//!
//! Exit status, and nothing else whatever happens:
//!
//! | status | meaning |
//! |---|---|
//! | 0  | the mail is durably on record, or was already; silent |
//! | 67 | no such recipient, only with `unknown_recipient = reject`; `5.1.1 …` on stderr |
//! | 77 | refused by policy, only where a setting asks for it; `5.7.1 …` on stderr |
//! | 75 | anything else, a signal that ends it included: the MTA keeps the mail and tries again; `4.3.0 …` on stderr |
//!
//! Postfix bounces on 1, 2, 70, 73, 74, 78, 101 and on its own time limit (postfix
//! `src/global/sys_exits.c`); cPanel's Exim bounces on any output. So the one status line is all
//! this program says, and logs go elsewhere. A person at a terminal, or one who asks for a dry run,
//! is no MTA and gets the reason as well.

mod parent;
pub(crate) mod remote;
mod watch;

use std::env;
use std::io::{self, IsTerminal, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{self, Loaded};
use crate::decision::Refusal;
use crate::domain::Timestamp;
use crate::intake::{self, Delivery, Envelope, Outcome, Rules, Source, log_delivery, preview, refusal_line, whole_of};
use crate::logging;
use crate::mail::Whole;
use crate::options::Global;
use crate::outbox;
use crate::outcome::{self, Failure};
use crate::store::Store;
use crate::terminal;
use crate::trip::trip;
use parent::Ancestors;
use watch::{Watched, watch_over};

/// Why a mail is not taken in when the process that handed it over died.
const CUT_SHORT: &str = "the program that handed the mail over died before its end";

/// How long `pipe --help` waits to see whether a mail is on stdin.
const HELP_WAIT: Duration = Duration::from_millis(200);

/// How long `pipe` tries to send what it queued, when no `serve` does.
const SENDING_PATIENCE: Duration = Duration::from_secs(10);

/// How long before the deadline `pipe` stops waiting for the answer to a mail that it has handed over: time to
/// write down that it is not known whether that has arrived.
const SETTLING: Duration = Duration::from_secs(5);

/// First allocation for a mail that comes through a pipe: most mails fit.
const FIRST_READ_BYTES: usize = 64 * 1024;

/// Arguments of `maildesk pipe`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 on record, 67 and 77 refused (only where a setting asks), 75 try again.\n\
    Why it was 75 is in the log, on most machines: journalctl -t maildesk\n\
    Postfix master.cf:\n  maildesk unix - n n - 4 pipe flags=RX user=maildesk null_sender=\n    \
    argv=/usr/bin/maildesk pipe --sender=${sender} --recipient=${recipient}")]
pub struct Arguments {
    /// Envelope recipient; may be repeated (default: ORIGINAL_RECIPIENT, RECIPIENT, LOCAL_PART@DOMAIN, the header)
    #[arg(long, value_name = "ADDR")]
    pub recipient: Vec<String>,
    /// Envelope sender, empty for a bounce [default: SENDER, Return-Path]
    #[arg(long, value_name = "ADDR")]
    pub sender: Option<String>,
    /// Write nothing; print what would happen
    #[arg(long)]
    pub dry_run: bool,
}

/// The only ways a `pipe` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: durably on record.
    Stored,
    /// 67, EX_NOUSER.
    NoSuchRecipient,
    /// 77, EX_NOPERM.
    Policy,
    /// 75, EX_TEMPFAIL.
    TryAgain,
}

impl Exit {
    /// The number of sysexits(3).
    #[must_use]
    pub(crate) const fn status(self) -> u8 {
        match self {
            Self::Stored => 0,
            Self::NoSuchRecipient => 67,
            Self::Policy => 77,
            Self::TryAgain => 75,
        }
    }
}

/// The table of this module, in one match.
#[must_use]
pub(crate) fn exit_for(result: &Result<Delivery, intake::Error>) -> Exit {
    match result {
        Ok(delivery) => match &delivery.outcome {
            Outcome::Opened | Outcome::Appended | Outcome::Dropped | Outcome::Quarantined | Outcome::Duplicate => {
                Exit::Stored
            }
            Outcome::Refused(Refusal::UnknownRecipient(_)) => Exit::NoSuchRecipient,
            Outcome::Refused(Refusal::Banned | Refusal::TooLarge) => Exit::Policy,
        },
        Err(intake::Error::Empty | intake::Error::Store(_)) => Exit::TryAgain,
    }
}

/// Takes in one mail and gives the exit status.
#[must_use]
pub(crate) fn run(global: &Global, loaded: Result<Loaded, config::Error>, arguments: &Arguments) -> u8 {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            logging::start(&config::Log::default(), logging::Stderr::TheMtas);
            tracing::error!(%error, "configuration");
            return give_up_because(&error.to_string(), arguments.dry_run);
        }
    };
    start_logging(global, &loaded);
    let is_dry = arguments.dry_run;
    let started = Instant::now();
    let deadline = Duration::from_secs(loaded.config.limits.pipe_deadline_s);
    let watched = Watched { ancestors: Arc::new(Ancestors::note()), ..Watched::default() };
    if let Err(error) = watch_over(deadline, is_dry, watched.clone()) {
        let why = format!("no thread to keep the deadline by: {error}");
        tracing::error!(why);
        return give_up_because(&why, is_dry);
    }
    let done = read_whole(loaded.config.limits.raw_bytes_max, &watched.ancestors).and_then(|mail| {
        watched.is_whole.store(true, Ordering::SeqCst);
        if is_dry {
            return dry_run(global, &loaded, arguments, &mail);
        }
        let call = Call { global, loaded: &loaded, arguments, started, end: started + deadline };
        match elsewhere(global, &loaded) {
            Some(desk) => remote::hand_over(&call, desk, &mail),
            None => take_in(&call, mail, &watched.is_stored),
        }
    });
    match done {
        Ok(exit) => exit.status(),
        Err(error) => {
            let why = format!("{error:#}");
            tracing::error!(error = why, "not stored");
            give_up_because(&why, is_dry)
        }
    }
}

/// The mail, if it is complete.
fn read_whole(bytes_max: usize, ancestors: &Ancestors) -> outcome::Result<Mail> {
    let mail = read_mail(bytes_max)?;
    if ancestors.is_one_gone() {
        return Err(Failure::other(CUT_SHORT));
    }
    Ok(mail)
}

fn start_logging(global: &Global, loaded: &Loaded) {
    let mut log = loaded.config.log.clone();
    if global.verbose > 0 {
        log.level = config::Level::Debug;
    }
    logging::start(&log, logging::Stderr::TheMtas);
}

/// How `pipe` was called, and until when it may take.
struct Call<'a> {
    global: &'a Global,
    loaded: &'a Loaded,
    arguments: &'a Arguments,
    started: Instant,
    end: Instant,
}

fn take_in(call: &Call<'_>, mail: Mail, is_stored: &AtomicBool) -> outcome::Result<Exit> {
    let Call { global, loaded, arguments, started, end } = *call;
    let limits = &loaded.config.limits;
    let store = open_store(global, loaded)?;
    let rules = Rules { limits: limits.mail() };
    let now = store.now();
    trip("pipe-before-commit");
    let result = intake::deliver(&store, &rules, &mail.envelope(arguments), mail.raw, now);
    let exit = exit_for(&result);
    let delivery = result?;
    is_stored.store(exit == Exit::Stored, Ordering::SeqCst);
    // The mail is on record, or refused: whatever happens from now on, the exit status does not change. The hook of
    // `cli` has logged a panic.
    catch_unwind(AssertUnwindSafe(|| {
        trip("pipe-after-commit");
        follow_up(&delivery, store, started, now, end);
    }))
    .ok();
    if let Outcome::Refused(refusal) = &delivery.outcome {
        say(&refusal_line(refusal));
    }
    Ok(exit)
}

fn follow_up(delivery: &Delivery, store: Store, started: Instant, now: Timestamp, end: Instant) {
    log_delivery(delivery, started);
    if let (Outcome::Opened | Outcome::Appended, Some(ticket)) = (&delivery.outcome, delivery.ticket) {
        let end = end.checked_sub(SETTLING).unwrap_or(end);
        let wait = outbox::Wait { patience: SENDING_PATIENCE, end };
        outbox::try_ticket(store, ticket, crate::desk::note_undelivered, wait, now);
    }
}

fn open_store(global: &Global, loaded: &Loaded) -> outcome::Result<Store> {
    let place = config::database(global.db.as_deref(), &loaded.config)?;
    Ok(Store::open(&place, Duration::from_secs(loaded.config.limits.lock_wait_s))?)
}

/// The server that takes the mails of this host, where the configuration names one; a database named on the command line
/// is nearer.
pub(crate) fn elsewhere<'a>(global: &Global, loaded: &'a Loaded) -> Option<&'a config::Desk> {
    loaded.config.desk.as_ref().filter(|_| global.db.is_none())
}

fn dry_run(global: &Global, loaded: &Loaded, arguments: &Arguments, mail: &Mail) -> outcome::Result<Exit> {
    let envelope = mail.envelope(arguments);
    if let Some(desk) = elsewhere(global, loaded) {
        let shown = remote::dry_run(desk, &envelope, &mail.raw)?;
        let text = if global.json { terminal::json(shown.json.to_string()) } else { shown.text };
        return print_dry(&text);
    }
    let limits = &loaded.config.limits;
    let store = open_store(global, loaded)?;
    let rules = Rules { limits: limits.mail() };
    let preview = intake::preview(&store, &rules, &envelope, &mail.raw, store.now())?;
    let text =
        if global.json { terminal::json(preview::as_json(&preview).to_string()) } else { preview::as_text(&preview) };
    print_dry(&text)
}

/// Prints what a dry run is for. A reader that has seen enough is fine, a disk that keeps none of it is not.
fn print_dry(text: &str) -> outcome::Result<Exit> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::other(format!("printing what would happen: {error}")))
        }
        Ok(()) | Err(_) => Ok(Exit::Stored),
    }
}

fn log_delivery(delivery: &Delivery, started: Instant) {
    log_delivery!(delivery, ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "delivered");
}

/// A mail as it came on stdin.
struct Mail {
    raw: Vec<u8>,
    /// All of it, where it is larger than what is kept.
    whole: Option<Whole>,
}

impl Mail {
    fn envelope(&self, arguments: &Arguments) -> Envelope {
        Envelope { whole: self.whole, ..envelope(arguments) }
    }
}

/// Reads stdin up to one byte over the limit; the rest of a larger mail is read, hashed and dropped: an MTA that
/// cannot write everything may think the command failed.
fn read_mail(bytes_max: usize) -> io::Result<Mail> {
    let mut input = io::stdin().lock();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX - 1).saturating_add(1);
    let mut raw = Vec::with_capacity(FIRST_READ_BYTES);
    (&mut input).take(most).read_to_end(&mut raw)?;
    let whole = if raw.len() > bytes_max { Some(whole_of(&raw, &mut input)?) } else { None };
    Ok(Mail { raw, whole })
}

/// The envelope: arguments first, then what MTAs put into the environment (Postfix local(8), Exim).
fn envelope(arguments: &Arguments) -> Envelope {
    // Bytes that are no UTF-8 make an unknown recipient, not an absent one.
    let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let filled = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let mut recipients: Vec<String> = arguments.recipient.iter().filter(|r| !r.trim().is_empty()).cloned().collect();
    if recipients.is_empty() {
        let parts = || Some(format!("{}@{}", filled("LOCAL_PART")?, filled("DOMAIN")?));
        recipients.extend(filled("ORIGINAL_RECIPIENT").or_else(|| filled("RECIPIENT")).or_else(parts));
    }
    let sender = arguments.sender.clone().or_else(|| variable("SENDER"));
    Envelope::handed_over(&recipients, sender.as_deref(), Source::Pipe)
}

/// The one line on stderr. A closed stderr changes nothing.
fn say(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// Says that the MTA should keep the mail and gives the status that makes the MTA do so; a person gets the reason as well.
#[must_use]
pub(crate) fn give_up(why: &str) -> u8 {
    // The command line may not have been read.
    give_up_because(why, env::args_os().any(|argument| argument == "--dry-run"))
}

fn give_up_because(why: &str, is_dry: bool) -> u8 {
    say("4.3.0 the mail could not be stored now and will be tried again");
    // An MTA has no terminal, and stores nothing by a dry run.
    if is_dry || io::stdin().is_terminal() || io::stderr().is_terminal() {
        let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        say(&format!("maildesk: {why}"));
    }
    Exit::TryAgain.status()
}

/// Ends a `pipe` whose command line cannot be used: 75, except for a person who asks for help.
#[must_use]
pub(crate) fn refuse_usage(refused: &clap::Error) -> u8 {
    if !refused.use_stderr() && !is_mail_waiting() {
        refused.print().ok();
        return Exit::Stored.status();
    }
    logging::start(&config::Log::default(), logging::Stderr::TheMtas);
    let text = refused.to_string();
    let why = text.lines().next().unwrap_or_default();
    tracing::error!(error = why, "command line");
    give_up(why.trim_start_matches("error: "))
}

/// Whether an MTA is at the other end: help asked for in an MTA's line must not swallow mail.
fn is_mail_waiting() -> bool {
    if io::stdin().is_terminal() {
        return false;
    }
    let (sender, answer) = mpsc::channel();
    let look = move || sender.send(io::stdin().lock().read(&mut [0; 1]).is_ok_and(|bytes| bytes > 0));
    if thread::Builder::new().name("stdin".to_owned()).spawn(look).is_err() {
        return true;
    }
    answer.recv_timeout(HELP_WAIT).unwrap_or(false)
}

/// Turns SIGXFSZ, which would kill the process when a file grows past `ulimit -f`, into a write error.
pub(crate) fn survive_file_size_limit() {
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false))).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    fn delivered(outcome: Outcome) -> Result<Delivery, intake::Error> {
        Ok(Delivery {
            outcome,
            reason: String::new(),
            ticket: None,
            from: String::new(),
            message_id: String::new(),
            bytes: 0,
        })
    }

    #[test]
    fn every_outcome_has_its_status() {
        let refused = |refusal| delivered(Outcome::Refused(refusal));
        let cases = [
            (delivered(Outcome::Opened), 0),
            (delivered(Outcome::Appended), 0),
            (delivered(Outcome::Dropped), 0),
            (delivered(Outcome::Quarantined), 0),
            (delivered(Outcome::Duplicate), 0),
            (refused(Refusal::UnknownRecipient("x@y".to_owned())), 67),
            (refused(Refusal::Banned), 77),
            (refused(Refusal::TooLarge), 77),
            (Err(intake::Error::Empty), 75),
            (Err(intake::Error::Store(store::Error::Busy)), 75),
            (Err(intake::Error::Store(store::Error::Full(String::new()))), 75),
        ];
        for (result, status) in cases {
            assert_eq!(exit_for(&result).status(), status, "{result:?}");
        }
    }
}
