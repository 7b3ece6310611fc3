//! `maildesk imap-fetch`: mail from IMAP mailboxes, once or for as long as it is watched.
//!
//! The mailbox is the spool: a mail is marked, moved or deleted only after it is on record, and how
//! far a folder was read is kept in the database by UIDVALIDITY and UID. A fetch that dies reads
//! some mails again, and the intake's unique key makes that a no-op. The layers below: `folder`
//! takes in one folder and `reconcile` looks for mails it missed, `mailbox` speaks the commands and `idle` waits, `connection` logs in,
//! `channel` is between the server and the protocol crate, `answer` says what that crate gets
//! to see, `wire` has the deadlines.

mod account;
mod answer;
mod channel;
mod connection;
mod folder;
mod folder_name;
mod idle;
mod mailbox;
mod oauth;
mod outgoing;
mod reconcile;
mod summary;
mod watch;
mod wire;

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use account::{Options, Start};
pub(crate) use summary::{Counts, FolderSummary, Summary};
pub(crate) use watch::{Watch, watch};

use signal_hook::consts::{SIGINT, SIGTERM};

use account::Account;
use folder::{Fetch, FetchContext, Leftovers, Mode};
use mailbox::{Access, Mailbox};
use summary::Progress;

use crate::config::{self, Loaded};
use crate::domain::desk_address::Incoming;
use crate::domain::{AddressId, EmailAddress, Timestamp};
use crate::intake::Rules;
use crate::options::Global;
use crate::outcome::{self, Done, Failure, WithContext};
use crate::stop::{Stop, on_signals};
use crate::store::address::AddressRow;
use crate::store::{self, Store};
use crate::terminal;
use crate::worker::{Lease, Leases};

/// Mailboxes fetched at the same time: a slow one must not hold up the others.
const MAILBOXES_AT_ONCE: usize = 8;

/// How long each exchange of a probe may take.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `maildesk imap-fetch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 every mailbox was read, 3 some were not (each is named).\n\
    A mail that could not be marked, moved or deleted, or that the server would not send, is tried again by every fetch, \
    after the new ones; `maildesk admin doctor` shows how many stay behind.")]
pub struct Arguments {
    /// Fetch this address only; may be repeated [default: every address whose mail comes by IMAP]
    #[arg(long, value_name = "ADDR")]
    pub address: Vec<EmailAddress>,
    /// Stay, and take in mail as it comes
    #[arg(long, conflicts_with_all = ["limit", "dry_run"])]
    pub watch: bool,
    /// Take at most this many mails per mailbox
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Change nothing here or there; count what would come of it
    #[arg(long)]
    pub dry_run: bool,
}

/// Why a mailbox could not be read. Each text says what was being done, and to what.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something in the address's settings or its files is wrong.
    #[error("{0}")]
    Setup(String),
    /// The server cannot be reached, is not who it should be, or the connection broke.
    #[error("{0}")]
    Connection(String),
    /// The server does not let us in.
    #[error("{0}")]
    Login(String),
    /// The server says no to one command; the connection is fine.
    #[error("{0}")]
    Refused(String),
    /// The desk's own database.
    #[error("{0}; the mailbox was left as it is")]
    Store(#[from] store::Error),
    /// A stop was asked for.
    #[error("stopped before the end, the rest stays for the next fetch")]
    Stopped,
}

/// Runs the subcommand.
///
/// # Errors
/// Those of the command line, the configuration and the database. A mailbox in trouble is no error
/// but [`Failure::Partly`].
pub(crate) fn run(global: &Global, loaded: &Loaded, arguments: &Arguments) -> outcome::Result<Done> {
    let place = config::database(global.db.as_deref(), &loaded.config)?;
    let store = Store::open(&place, Duration::from_secs(loaded.config.limits.lock_wait_s))?;
    let rules = Rules { limits: loaded.config.limits.mail() };
    let patience = Duration::from_secs(loaded.config.limits.imap_deadline_s);
    let stop = stop_on_signals()?;
    let only: Vec<String> = arguments.address.iter().map(EmailAddress::key).collect();
    let chosen = chosen(&store, &only)?;
    if arguments.watch {
        let leases = Leases::default();
        let watched = Watch { store: &store, leases: &leases, rules: &rules, patience, stop: &stop, only: &only };
        watch(watched, |summary| print_news(global, &summary))?;
        return Ok(Done);
    }
    if chosen.is_empty() && !global.quiet {
        anstream::eprintln!("no address has incoming imap; see `maildesk admin address add --help`");
    }
    let progress = if global.quiet { Progress::hidden() } else { Progress::on_terminal() };
    let mode = if arguments.dry_run { Mode::DryRun } else { Mode::Fetch };
    let now = Timestamp::now();
    let leases = Leases::default();
    let context = FetchContext {
        store: &store,
        leases: &leases,
        rules: &rules,
        patience,
        stop: &stop,
        progress: &progress,
        mode,
        now,
    };
    let summaries = fetch_all(context, &chosen, arguments.limit.unwrap_or(usize::MAX));
    progress.clear();
    print_all(global, &summaries)?;
    if mode == Mode::Fetch && summaries.iter().any(|summary| summary.counts().stored > 0) {
        // What is not sent by then stays in the queue.
        outgoing::send_unserved(&store).finish();
    }
    outcome::done_unless(!summaries.iter().all(Summary::is_clean))
}

/// Logs in, lists the folders and opens the ones that will be fetched; changes nothing, not
/// even the mark of a mail as recent.
///
/// # Errors
/// [`Error`]; a folder that cannot be opened is named.
pub(crate) fn probe(row: &AddressRow) -> Result<Vec<String>, Error> {
    let stop = Stop::new().map_err(|e| Error::Setup(e.to_string()))?;
    let account = Account::of(row)?;
    let mut mailbox = Mailbox::open(&account, &stop, PROBE_PATIENCE)?;
    let mut look = || {
        let folders = mailbox.folders()?;
        for name in &account.folders {
            mailbox.open_folder(name, Access::Look)?;
        }
        Ok(folders)
    };
    let looked = look();
    mailbox.close();
    looked
}

/// Whether mail of an address comes by IMAP and it is among `only` (in lower case; empty for all).
fn is_imap(row: &AddressRow, only: &[String]) -> bool {
    row.incoming == Incoming::Imap && (only.is_empty() || only.contains(&row.email.to_lowercase()))
}

fn chosen(store: &Store, only: &[String]) -> outcome::Result<Vec<(AddressId, AddressRow)>> {
    let rows = store.read(|tx| tx.addresses())?;
    for name in only {
        match rows.iter().find(|(_, row)| row.email.to_lowercase() == *name) {
            None => {
                let failure = Failure::usage(format!("there is no address {name}"));
                return Err(failure.with_hint("`maildesk admin address list` shows them all"));
            }
            Some((_, row)) if row.incoming != Incoming::Imap => {
                return Err(Failure::usage(format!(
                    "mail of {name} does not come by IMAP (incoming {})",
                    row.incoming
                )));
            }
            Some(_) => {}
        }
    }
    Ok(rows.into_iter().filter(|(_, row)| is_imap(row, only)).collect())
}

/// A stop that SIGTERM and SIGINT ask for; a second signal ends the process at once.
fn stop_on_signals() -> outcome::Result<Stop> {
    let stop = Stop::new()?;
    let asked = stop.clone();
    let hear = move |signal| {
        if asked.is_asked() {
            // Nothing is half done at any time, so leaving now loses nothing.
            signal_hook::low_level::emulate_default_handler(signal).ok();
        }
        asked.ask();
    };
    on_signals(&[SIGINT, SIGTERM], hear).context("listening for signals")?;
    Ok(stop)
}

/// Fetches mailboxes side by side; the summaries come in the order of the addresses.
fn fetch_all(context: FetchContext<'_>, chosen: &[(AddressId, AddressRow)], limit: usize) -> Vec<Summary> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Summary)>> = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, (id, row))) = chosen.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let summary = fetch_guarded(context, *id, row, limit);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, summary));
        }
    };
    thread::scope(|scope| {
        for _ in 1..chosen.len().min(MAILBOXES_AT_ONCE) {
            // With fewer threads each has more to do.
            if let Err(error) = thread::Builder::new().name("imap".to_owned()).spawn_scoped(scope, work) {
                tracing::warn!(%error, "no thread for a mailbox; it waits for another");
            }
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, summary)| summary).collect()
}

/// One mailbox must not end the others, not even by a bug of ours or of the protocol crate.
fn fetch_guarded(context: FetchContext<'_>, id: AddressId, row: &AddressRow, limit: usize) -> Summary {
    let started = Instant::now();
    let mut summary =
        catch_unwind(AssertUnwindSafe(|| fetch_mailbox(context, id, row, limit))).unwrap_or_else(|_| Summary {
            address: row.email.clone(),
            folders: Vec::new(),
            seconds: 0.0,
            error: Some("an internal error; please report it with the log".to_owned()),
        });
    summary.seconds = started.elapsed().as_secs_f64();
    summary
}

/// Who reads a folder: what the lease is called.
fn lease_name(row: &AddressRow, folder: &str) -> String {
    format!("the mailbox of {}, folder {folder}", row.email)
}

/// Asks for a folder; nothing is asked for by what changes nothing.
fn take_folder(context: FetchContext<'_>, row: &AddressRow, folder: &str) -> Result<Option<Lease>, Error> {
    Ok(match context.mode {
        Mode::Fetch => Some(context.leases.take(context.store, &lease_name(row, folder))?),
        Mode::DryRun => None,
    })
}

fn fetch_mailbox(context: FetchContext<'_>, id: AddressId, row: &AddressRow, limit: usize) -> Summary {
    let mut summary = Summary { address: row.email.clone(), folders: Vec::new(), seconds: 0.0, error: None };
    let account = match Account::of(row) {
        Ok(account) => account,
        Err(error) => {
            row.imap_folders.iter().for_each(|name| note_failure(context, id, name, &error));
            summary.error = Some(error.to_string());
            return summary;
        }
    };
    let mut left = limit;
    let mut mailbox = None;
    for (at, name) in account.folders.iter().enumerate() {
        let lease = match take_folder(context, row, name) {
            Ok(lease) => lease,
            Err(error) => {
                summary
                    .folders
                    .push(FolderSummary { error: Some(error.to_string()), ..FolderSummary::untouched(name) });
                continue;
            }
        };
        let ours = match &lease {
            Some(Lease::Theirs(host)) => {
                let elsewhere = Some(host.clone());
                summary.folders.push(FolderSummary { elsewhere, ..FolderSummary::untouched(name) });
                continue;
            }
            Some(Lease::Ours(ours)) => Some(ours),
            None => None,
        };
        let context = FetchContext { store: ours.map_or(context.store, |ours| ours.on(context.store)), ..context };
        // After a broken connection the next folder gets a new one.
        let mut open = match mailbox.take().map_or_else(|| Mailbox::open(&account, context.stop, context.patience), Ok)
        {
            Ok(open) => open,
            Err(error) => {
                account.folders.iter().skip(at).for_each(|name| note_failure(context, id, name, &error));
                summary.error = Some(error.to_string());
                return summary;
            }
        };
        let (folder, link) = fetch_folder(context, id, &account, name, &mut open, left);
        left = left.saturating_sub(folder.counts.fetched);
        summary.folders.push(folder);
        if link == Link::Open {
            mailbox = Some(open);
        }
        if context.stop.is_asked() {
            break;
        }
    }
    if let Some(open) = mailbox {
        open.close();
    }
    summary
}

/// Whether the connection can be used for the next folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Open,
    Broken,
}

fn fetch_folder(
    context: FetchContext<'_>,
    id: AddressId,
    account: &Account,
    name: &str,
    mailbox: &mut Mailbox,
    limit: usize,
) -> (FolderSummary, Link) {
    let mut fetch = Fetch::new(context, id, account, name);
    let done = fetch.open(mailbox).and_then(|folder| fetch.take_in(mailbox, &folder, limit, Leftovers::All));
    let link = if matches!(done, Err(Error::Connection(_))) { Link::Broken } else { Link::Open };
    if let Err(error) = &done {
        note_failure(context, id, name, error);
    }
    let error = done.err().map(|error| error.to_string()).or(fetch.trouble);
    (FolderSummary { counts: fetch.counts, error, ..FolderSummary::untouched(name) }, link)
}

/// Keeps the failure for `doctor` and the metrics; a database that cannot take it has its own troubles.
fn note_failure(context: FetchContext<'_>, id: AddressId, folder: &str, error: &Error) {
    if context.mode == Mode::Fetch && !matches!(error, Error::Stopped) {
        let noted = context.store.write(|tx| tx.note_imap_failure(id, folder, &error.to_string(), Timestamp::now()));
        if let Err(error) = noted {
            tracing::debug!(%error, "noting a failed fetch");
        }
    }
}

fn print_all(global: &Global, summaries: &[Summary]) -> io::Result<()> {
    for error in summaries.iter().flat_map(Summary::errors) {
        anstream::eprintln!("maildesk: {}", terminal::line(&error));
    }
    let mut out = io::stdout().lock();
    if global.json {
        return writeln!(
            out,
            "{}",
            terminal::json(Value::Array(summaries.iter().map(Summary::as_json).collect()).to_string())
        );
    }
    summaries.iter().try_for_each(|summary| writeln!(out, "{}", summary.as_text()))
}

/// One line for each fetch of a watch that found something.
fn print_news(global: &Global, summary: &Summary) {
    for error in summary.errors() {
        anstream::eprintln!("maildesk: {}", terminal::line(&error));
    }
    if summary.counts() != Counts::default() {
        let line = if global.json { terminal::json(summary.as_json().to_string()) } else { summary.as_text() };
        // The reader of the lines may go away; the watch goes on.
        writeln!(io::stdout().lock(), "{line}").ok();
    }
}
