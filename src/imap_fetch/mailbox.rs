//! A logged-in mailbox and the few things done with it: open a folder, list UIDs, ask sizes, read
//! mails, mark, move, delete, wait for new mail. UIDs only, never sequence numbers.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use imap::Session;

use super::Error;
use super::account::Account;
use super::channel::{Channel, End};
use super::connection::{self, Opened};
use super::folder_name;
use crate::domain::desk_address::ImapAfter;
use crate::mail::{LongMail, Whole};
use crate::stop::Stop;
use crate::store::imap::runs;
use crate::terminal;

/// How long a goodbye may take; nothing depends on it.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(3);

/// Slowest connection that is still of use, in bytes a second; what reading mails may take follows.
const BYTES_PER_SECOND_MIN: usize = 20 * 1024;

/// Bytes of a piece of a mail that is larger than what is kept. Chosen: a hundred answers for the largest mails there are.
const REST_BYTES: usize = 1024 * 1024;

/// Bytes of such a mail that are looked at. Chosen: more than mail servers take; a server may send without an end.
const HASHED_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Bytes of a list of UIDs: three million mails in one folder.
const SEARCH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of a list of folders.
const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a refusal's code asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// The target folder is not there and may be created.
    TryCreate,
    Other,
    /// The mails are in the target folder already.
    Final,
}

/// How a folder is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// EXAMINE: nothing can change.
    Look,
    /// SELECT.
    Work,
}

/// What the server said when a folder was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    pub(super) uid_next: Option<u32>,
    pub(super) is_read_only: bool,
}

/// A logged-in mailbox.
pub(super) struct Mailbox {
    pub(super) session: Session<End>,
    pub(super) channel: Rc<RefCell<Channel>>,
    can_move: bool,
    can_expunge_uids: bool,
    pub(super) can_idle: bool,
}

/// The server's NO or BAD to a command, or a lost connection.
pub(super) fn refused(doing: &str, error: imap::Error) -> Error {
    match error {
        imap::Error::No(no) => Error::Refused(format!("{doing}: {}", printable(&no.information))),
        imap::Error::Bad(bad) => Error::Refused(format!("{doing}: {}", printable(&bad.information))),
        other => lost(doing, other),
    }
}

/// Some servers have all folders below INBOX, which people do not know from their mail programs.
fn with_hint(error: Error) -> Error {
    match error {
        Error::Refused(why) => Error::Refused(format!("{why}; `maildesk admin address test` lists the folders")),
        other => other,
    }
}

/// An error after which the connection is of no use.
pub(super) fn lost(doing: &str, error: imap::Error) -> Error {
    let text = match error {
        imap::Error::Io(error) => error.to_string(),
        imap::Error::No(no) => printable(&no.information),
        imap::Error::Bad(bad) => printable(&bad.information),
        imap::Error::Bye(bye) => printable(&bye.information),
        imap::Error::ConnectionLost => "the server closed the connection".to_owned(),
        imap::Error::Validate(_) => "a name with a line feed in it".to_owned(),
        // These would print the whole answer.
        _ => "the server's answer makes no sense".to_owned(),
    };
    Error::Connection(format!("{doing}: {text}"))
}

pub(super) fn printable(text: &str) -> String {
    terminal::line(text).chars().take(300).collect()
}

/// A set of UIDs in the shortest form that names exactly these (RFC 3501 §9, sequence-set).
pub(super) fn uid_set(uids: &[u32]) -> String {
    let runs = runs(uids);
    let texts =
        runs.iter().map(|(first, last)| if first == last { first.to_string() } else { format!("{first}:{last}") });
    texts.collect::<Vec<_>>().join(",")
}

impl Mailbox {
    /// Connects and logs in.
    pub(super) fn open(account: &Account, stop: &Stop, patience: Duration) -> Result<Self, Error> {
        let Opened { mut session, channel } = connection::open(account, stop, patience)?;
        channel.borrow_mut().begin();
        let offers = session.capabilities().map_err(|e| lost("asking what the server can do", e))?;
        let has = |name: &str| offers.has_str(name);
        let (can_move, can_expunge_uids, can_idle) = (has("MOVE"), has("UIDPLUS"), has("IDLE"));
        Ok(Self { session, channel, can_move, can_expunge_uids, can_idle })
    }

    /// Starts a command whose answer may take `more` than the usual time.
    pub(super) fn begin(&mut self, more: Duration) {
        let mut channel = self.channel.borrow_mut();
        channel.begin();
        channel.clock.allow(more);
        drop(channel);
        // Nothing here reads them, and they would pile up.
        drop(self.session.take_all_unsolicited());
    }

    /// Opens a folder; `name` as people write it.
    pub(super) fn open_folder(&mut self, name: &str, access: Access) -> Result<Folder, Error> {
        self.begin(Duration::ZERO);
        self.channel.borrow_mut().forget_folder();
        let wire_name = folder_name::encode(name);
        let opened = match access {
            Access::Look => self.session.examine(wire_name),
            Access::Work => self.session.select(wire_name),
        };
        let opened = opened.map_err(|e| with_hint(refused(&format!("opening folder {name:?}"), e)))?;
        Ok(Folder {
            // A server without one promises nothing: its UIDs hold for this connection only, and every
            // mail is read again over the next, which adds none.
            uid_validity: match opened.uid_validity.filter(|validity| *validity > 0) {
                Some(validity) => validity,
                None => getrandom::u32().map_err(|e| Error::Setup(e.to_string()))?.max(1),
            },
            uid_next: opened.uid_next,
            is_read_only: opened.is_read_only,
        })
    }

    /// The UIDs that match, in ascending order.
    pub(super) fn search(&mut self, query: &str) -> Result<Vec<u32>, Error> {
        self.begin(Duration::ZERO);
        {
            let mut channel = self.channel.borrow_mut();
            channel.expect_bytes(SEARCH_BYTES_MAX);
            channel.forget_news();
        }
        let found = self.session.uid_search(query).map_err(|e| refused("looking for new mail", e))?;
        let mut found: Vec<u32> = found.into_iter().collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The highest UID in the folder that was just opened; 0 in an empty one.
    pub(super) fn last_uid(&mut self) -> Result<u32, Error> {
        let last = self.search("ALL")?.last().copied();
        match (last, self.channel.borrow().mails()) {
            (None, Some(count)) if count > 0 => {
                let why = "the server says that there is mail and lists none";
                Err(Error::Connection(format!("looking for mail: {why} (EXISTS {count})")))
            }
            _ => Ok(last.unwrap_or(0)),
        }
    }

    /// Lets the server send its news (NOOP): some look into their folders only then.
    pub(super) fn note_changes(&mut self) -> Result<(), Error> {
        self.begin(Duration::ZERO);
        self.session.noop().map_err(|e| refused("asking for changes", e))
    }

    /// The sizes of mails in bytes; mails that are gone are missing.
    pub(super) fn sizes(&mut self, uids: &[u32]) -> Result<Vec<(u32, usize)>, Error> {
        self.begin(Duration::ZERO);
        let answer = self.session.uid_fetch(uid_set(uids), "(UID RFC822.SIZE)");
        let answer = answer.map_err(|e| refused("asking the sizes of mails", e))?;
        let sized = answer.iter().filter_map(|fetch| Some((fetch.uid?, usize::try_from(fetch.size?).ok()?)));
        let mut sized: Vec<_> = sized.filter(|(uid, _)| uids.binary_search(uid).is_ok()).collect();
        sized.sort_unstable();
        sized.dedup_by_key(|(uid, _)| *uid);
        Ok(sized)
    }

    /// Reads mails without marking them, each up to `bytes_max + 1` bytes. Mails that are gone are missing.
    pub(super) fn read(&mut self, mails: &[(u32, usize)], bytes_max: usize) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let kept_max = bytes_max.saturating_add(1);
        let bytes: usize = mails.iter().map(|(_, size)| (*size).min(kept_max)).sum();
        let seconds = u64::try_from(bytes / BYTES_PER_SECOND_MIN).unwrap_or(u64::MAX);
        self.begin(Duration::from_secs(seconds));
        // One may be as large as it likes, all of them may not.
        self.channel.borrow_mut().expect_bodies(kept_max, bytes.saturating_mul(2).saturating_add(kept_max));
        let uids: Vec<u32> = mails.iter().map(|(uid, _)| *uid).collect();
        let is_part = mails.iter().any(|(_, size)| *size > bytes_max);
        let query = if is_part { format!("(UID BODY.PEEK[]<0.{kept_max}>)") } else { "(UID BODY.PEEK[])".to_owned() };
        let answer = self.session.uid_fetch(uid_set(&uids), query).map_err(|e| refused("reading mails", e))?;
        let mut channel = self.channel.borrow_mut();
        let mut read: Vec<(u32, Vec<u8>)> = Vec::with_capacity(uids.len());
        for fetch in answer.iter() {
            let (Some(uid), Some(text)) = (fetch.uid, fetch.body()) else { continue };
            if uids.binary_search(&uid).is_ok() {
                read.push((uid, channel.take_body(text).unwrap_or_else(|| text.to_vec())));
            }
        }
        read.sort_by_key(|(uid, _)| *uid);
        // One of the two is the text of a mail that would be marked, or deleted, without being on record.
        if read.windows(2).any(|pair| matches!(pair, [(a, text), (b, other)] if a == b && text != other)) {
            return Err(Error::Connection("reading mails: the server sent two mails under one number".to_owned()));
        }
        read.dedup_by_key(|(uid, _)| *uid);
        Ok(read)
    }

    /// Reads what stands behind the beginning of a mail, piece by piece, so that all of it is known and none of it kept.
    pub(super) fn read_rest(&mut self, uid: u32, beginning: &[u8]) -> Result<Whole, Error> {
        let mut long = LongMail::new(beginning);
        let mut at = beginning.len();
        while at < HASHED_BYTES_MAX {
            self.begin(Duration::from_secs((REST_BYTES / BYTES_PER_SECOND_MIN) as u64));
            self.channel.borrow_mut().expect_bodies(REST_BYTES, REST_BYTES);
            let query = format!("(UID BODY.PEEK[]<{at}.{REST_BYTES}>)");
            let answer =
                self.session.uid_fetch(uid.to_string(), query).map_err(|e| refused("reading a large mail", e))?;
            let mut channel = self.channel.borrow_mut();
            let piece = answer.iter().find(|fetch| fetch.uid == Some(uid)).and_then(|fetch| fetch.body());
            let piece = piece.map(|text| channel.take_body(text).unwrap_or_else(|| text.to_vec())).unwrap_or_default();
            long.add(&piece);
            at += piece.len();
            if piece.len() < REST_BYTES {
                break;
            }
        }
        Ok(long.end())
    }

    /// Whether settling takes several commands: one that dies in between leaves mails that are marked
    /// as deleted and that no search for new mail finds.
    pub(super) const fn settles_in_steps(&self, after: &ImapAfter) -> bool {
        match after {
            ImapAfter::Seen => false,
            ImapAfter::Move(_) => !self.can_move,
            ImapAfter::Delete => true,
        }
    }

    /// Marks, moves or deletes mails that are on record.
    pub(super) fn settle(&mut self, uids: &[u32], after: &ImapAfter) -> Result<(), Error> {
        if uids.is_empty() {
            return Ok(());
        }
        match after {
            ImapAfter::Seen => {
                self.run(&format!("UID STORE {} +FLAGS.SILENT (\\Seen)", uid_set(uids)), "marking mails as seen")
            }
            ImapAfter::Move(folder) => self.move_to(uids, folder),
            ImapAfter::Delete => self.delete(uids),
        }
    }

    fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), Error> {
        let doing = format!("moving mails to folder {folder:?}");
        let (error, code) = match self.try_move(uids, folder, &doing) {
            Err(why) => why,
            Ok(()) => return Ok(()),
        };
        if !matches!(error, Error::Refused(_)) || code == Code::Final {
            return Err(error);
        }
        // Some servers say only in words that the folder is missing; if it is there, making it fails.
        let wire_name = folder_name::encode(folder);
        self.begin(Duration::ZERO);
        match (self.session.create(&wire_name), code) {
            (Ok(()), _) => tracing::info!(folder, "created a folder"),
            (Err(imap::Error::No(_) | imap::Error::Bad(_)), Code::Other) => return Err(with_hint(error)),
            (Err(e), _) => return Err(refused(&format!("creating folder {folder:?}"), e)),
        }
        self.try_move(uids, folder, &doing).map_err(|(error, _)| error)
    }

    fn try_move(&mut self, uids: &[u32], folder: &str, doing: &str) -> Result<(), (Error, Code)> {
        self.begin(Duration::ZERO);
        let set = uid_set(uids);
        // The crate's own UID COPY does not quote the name.
        let verb = if self.can_move { "MOVE" } else { "COPY" };
        let command = format!("UID {verb} {set} {}", folder_name::quoted(folder));
        let done = self.session.run_command_and_check_ok(command);
        done.map_err(|error| {
            let code = match &error {
                imap::Error::No(no) if is_try_create(no) => Code::TryCreate,
                _ => Code::Other,
            };
            (refused(doing, error), code)
        })?;
        if self.can_move { Ok(()) } else { self.delete(uids).map_err(|error| (error, Code::Final)) }
    }

    /// Never a bare EXPUNGE: it would take other people's deleted mails along. Without UIDPLUS the
    /// mails stay marked as deleted, and are not fetched again.
    fn delete(&mut self, uids: &[u32]) -> Result<(), Error> {
        let set = uid_set(uids);
        self.run(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)"), "marking mails as deleted")?;
        if self.can_expunge_uids { self.run(&format!("UID EXPUNGE {set}"), "deleting mails") } else { Ok(()) }
    }

    fn run(&mut self, command: &str, doing: &str) -> Result<(), Error> {
        self.begin(Duration::ZERO);
        self.session.run_command_and_check_ok(command).map_err(|e| refused(doing, e))
    }

    /// The names of all folders, as people write them.
    pub(super) fn folders(&mut self) -> Result<Vec<String>, Error> {
        self.begin(Duration::ZERO);
        self.channel.borrow_mut().expect_bytes(LIST_BYTES_MAX);
        let names = self.session.list(Some(""), Some("*")).map_err(|e| refused("listing folders", e))?;
        Ok(names.iter().map(|name| folder_name::decode(name.name())).collect())
    }

    /// Logs out; a failure changes nothing.
    pub(super) fn close(mut self) {
        self.begin(Duration::ZERO);
        {
            let mut channel = self.channel.borrow_mut();
            channel.clock.allow_only(GOODBYE_PATIENCE);
            channel.expect_goodbye();
        }
        if let Err(error) = self.session.logout() {
            tracing::debug!(%error, "saying goodbye");
        }
    }
}

fn is_try_create(no: &imap::error::No) -> bool {
    // Cyrus and Dovecot send the code; some servers only say it in words.
    no.code.as_ref().is_some_and(|code| format!("{code:?}").eq_ignore_ascii_case("TryCreate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uid_sets_name_exactly_the_uids_given() {
        assert_eq!(uid_set(&[1, 2, 3, 5, 9, 10]), "1:3,5,9:10");
        assert_eq!(uid_set(&[u32::MAX]), "4294967295");
        assert_eq!(uid_set(&[]), "");
    }
}
