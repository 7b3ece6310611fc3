//! What a command says it did: [`Done`], or the [`Failure`] that ends it. The exit status of every command but `pipe`
//! is decided here, by matching; nothing looks into an error for what it may hold.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use crate::desk::notify;
use crate::outbox::compose::Unmailable;
use crate::{config, desk, domain, intake, password, secret_file, store};

/// Exit status: done.
pub(crate) const EXIT_DONE: u8 = 0;
/// Exit status: failed.
pub(crate) const EXIT_FAILED: u8 = 1;
/// Exit status: used wrongly.
pub(crate) const EXIT_USAGE: u8 = 2;
/// Exit status: some items failed, each named.
pub(crate) const EXIT_PARTLY: u8 = 3;
/// Exit status: busy or temporary, EX_TEMPFAIL of sysexits(3).
pub(crate) const EXIT_TEMPORARY: u8 = 75;
/// Exit status: configuration, EX_CONFIG of sysexits(3).
pub(crate) const EXIT_CONFIG: u8 = 78;

/// Variable that has long commands write how far they are in lines: `serve` sets it for those it starts.
pub(crate) const PROGRESS_VARIABLE: &str = "MAILDESK_PROGRESS_LINES";

/// How such a line begins.
pub(crate) const PROGRESS_LINE: &str = "progress: ";

/// All of it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done;

/// [`Done`], or [`Failure::Partly`] where some items failed and each was named.
///
/// # Errors
/// [`Failure::Partly`].
pub(crate) const fn done_unless(some_failed: bool) -> Result<Done> {
    if some_failed { Err(Failure::Partly) } else { Ok(Done) }
}

/// Result of an edge's functions.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// What went wrong, and what can be done about it.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// What went wrong, below it what caused it, and above it what was being done.
    error: anyhow::Error,
    /// The next step, where one is known.
    hint: Option<String>,
}

impl Complaint {
    fn new(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), hint: None }
    }

    /// What was being done and what went wrong, on one line. A cause that the line names already is not repeated.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.error.chain().fold(String::new(), |text, cause| {
            let cause = cause.to_string();
            match (text.is_empty(), text.contains(&cause)) {
                (true, _) => cause,
                (false, true) => text,
                (false, false) => format!("{text}: {cause}"),
            }
        })
    }

    /// The next step, where one is known.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())?;
        self.hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

/// Why a command ends without having done everything, by what its caller can do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A value on the command line that only the desk could find wrong.
    Usage(Complaint),
    /// The configuration cannot be used.
    Config(Complaint),
    /// Another process holds the database: the same command may work soon.
    Busy(Complaint),
    /// Some items failed; each was named when it did.
    Partly,
    /// The reader of our output went away (`maildesk … | head`): they have seen what they wanted.
    Unread,
    /// Everything else.
    Other(Complaint),
}

impl Failure {
    /// A value on the command line that cannot be used.
    #[must_use]
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(Complaint::new(anyhow::Error::msg(text.into())))
    }

    /// A failure of no special kind.
    #[must_use]
    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::Other(Complaint::new(anyhow::Error::msg(text.into())))
    }

    /// A failure of no special kind, from an error and its causes.
    #[must_use]
    pub(crate) fn of(error: impl Into<anyhow::Error>) -> Self {
        Self::Other(Complaint::new(error))
    }

    /// This failure with the next step; one that is known already stays.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(complaint) = self.complaint_mut() {
            complaint.hint.get_or_insert(hint.into());
        }
        self
    }

    /// This failure, of what was being done when it happened.
    #[must_use]
    pub(crate) fn while_doing(self, what: impl Display) -> Self {
        let what = what.to_string();
        let above = |Complaint { error, hint }: Complaint| Complaint { error: error.context(what), hint };
        match self {
            Self::Usage(complaint) => Self::Usage(above(complaint)),
            Self::Config(complaint) => Self::Config(above(complaint)),
            Self::Busy(complaint) => Self::Busy(above(complaint)),
            Self::Other(complaint) => Self::Other(above(complaint)),
            Self::Partly | Self::Unread => self,
        }
    }

    /// What is said about it; `None` where everything was said already.
    #[must_use]
    pub(crate) const fn complaint(&self) -> Option<&Complaint> {
        match self {
            Self::Usage(complaint) | Self::Config(complaint) | Self::Busy(complaint) | Self::Other(complaint) => {
                Some(complaint)
            }
            Self::Partly | Self::Unread => None,
        }
    }

    const fn complaint_mut(&mut self) -> Option<&mut Complaint> {
        match self {
            Self::Usage(complaint) | Self::Config(complaint) | Self::Busy(complaint) | Self::Other(complaint) => {
                Some(complaint)
            }
            Self::Partly | Self::Unread => None,
        }
    }

    /// The exit status it means.
    #[must_use]
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            Self::Config(_) => EXIT_CONFIG,
            Self::Busy(_) => EXIT_TEMPORARY,
            Self::Partly => EXIT_PARTLY,
            Self::Unread => EXIT_DONE,
            Self::Other(_) => EXIT_FAILED,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.complaint()) {
            (_, Some(complaint)) => complaint.fmt(f),
            (Self::Unread, None) => f.write_str("the reader of the output went away"),
            (_, None) => f.write_str("some items failed"),
        }
    }
}

impl Error for Failure {}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        let is_busy = matches!(error, store::Error::Busy | store::Error::Unreachable(_));
        let complaint = Complaint::new(error);
        if is_busy { Self::Busy(complaint) } else { Self::Other(complaint) }
    }
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::Config(Complaint::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Unread } else { Self::of(error) }
    }
}

/// Errors of no special kind.
macro_rules! other {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(error)
            }
        })*
    };
}

other!(
    serde_json::Error,
    std::string::FromUtf8Error,
    getrandom::Error,
    domain::InvalidEmailAddress,
    password::Error,
    secret_file::Error,
    store::settings::SettingError,
    Unmailable,
);

/// Errors of the core that may be one of the database's, which keeps its kind.
macro_rules! of_the_store_or_other {
    ($($error:path),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                use $error as Of;
                match error {
                    Of::Store(error) => error.into(),
                    other => Self::of(other),
                }
            }
        })*
    };
}

of_the_store_or_other!(intake::Error, desk::Refused, notify::Error);

/// Saying what was being done when something failed, without losing what kind of failure it is.
pub(crate) trait WithContext<T> {
    /// Puts what was being done before the failure's text.
    ///
    /// # Errors
    /// The failure.
    fn context(self, what: impl Display) -> Result<T>;

    /// The same; the text is made when it is needed.
    ///
    /// # Errors
    /// The failure.
    fn with_context<D: Display>(self, what: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<Failure>> WithContext<T> for std::result::Result<T, E> {
    fn context(self, what: impl Display) -> Result<T> {
        self.map_err(|error| error.into().while_doing(what))
    }

    fn with_context<D: Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| error.into().while_doing(what()))
    }
}

impl<T> WithContext<T> for Option<T> {
    fn context(self, what: impl Display) -> Result<T> {
        self.ok_or_else(|| Failure::other(what.to_string()))
    }

    fn with_context<D: Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.ok_or_else(|| Failure::other(what().to_string()))
    }
}

/// Ends a function with a failure of no special kind: `bail!("what is wrong")`, or with the next step behind a
/// semicolon, `bail!("what is wrong"; "what to do")`.
macro_rules! bail {
    ($text:literal $(, $value:expr)* $(,)? ; $hint:literal $(,)?) => {
        return Err($crate::outcome::Failure::other(format!($text $(, $value)*)).with_hint(format!($hint)))
    };
    ($text:literal $(, $value:expr)* $(,)?) => {
        return Err($crate::outcome::Failure::other(format!($text $(, $value)*)))
    };
}
pub(crate) use bail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_of_a_failure_survives_what_is_said_about_it() {
        let busy: Result<()> = Err(store::Error::Busy).context("reading the backup").with_context(|| "restoring");
        let failure = busy.unwrap_err();
        assert_eq!(failure.status(), EXIT_TEMPORARY);
        assert!(failure.to_string().starts_with("restoring: reading the backup: the database is locked"), "{failure}");
        let intake: Failure = intake::Error::Store(store::Error::Busy).into();
        assert_eq!(intake.status(), EXIT_TEMPORARY);
        assert_eq!(Failure::from(config::Error::NoDatabase).status(), EXIT_CONFIG);
        let unread = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("printing").unwrap_err();
        assert_eq!((unread.status(), unread.complaint().is_none()), (EXIT_DONE, true));
        let missing = Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)).context("reading x").unwrap_err();
        assert_eq!(missing.status(), EXIT_FAILED);
    }

    #[test]
    fn hint_is_apart_and_printed_behind() {
        let ended: fn() -> Result<()> = || {
            let (thing, noun) = ("ticket", "ticket");
            bail!("there is no {thing} {}", 7; "`maildesk admin {noun} list` shows them all");
        };
        let failure = ended().unwrap_err();
        let complaint = failure.complaint().unwrap();
        assert_eq!(complaint.text(), "there is no ticket 7");
        assert_eq!(complaint.hint(), Some("`maildesk admin ticket list` shows them all"));
        assert_eq!(failure.to_string(), "there is no ticket 7; `maildesk admin ticket list` shows them all");
        let text = failure.to_string();
        assert_eq!(failure.with_hint("other").to_string(), text, "the nearer hint is the better one");
    }

    #[test]
    fn cause_is_named_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer {0}")]
        struct Outer(#[source] io::Error);
        let failure = Failure::of(Outer(io::Error::other("inner")));
        assert_eq!(failure.to_string(), "outer inner");
        #[derive(Debug, thiserror::Error)]
        #[error("silent")]
        struct Silent(#[source] io::Error);
        assert_eq!(Failure::of(Silent(io::Error::other("inner"))).to_string(), "silent: inner");
    }
}
