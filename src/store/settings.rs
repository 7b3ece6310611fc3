//! The desk's settings: one table of keys, types, defaults and meanings; [`Settings`] and the documentation are made
//! from it.
//!
//! HelpDeskZ's keys keep their names. Only values that differ from the default are stored.

use std::fmt;

use super::{ReadTx, Result, WriteTx};
use crate::decision::{Policy, StrangerReply, UnknownRecipient};
use crate::domain::words::words;
use crate::domain::{DeskSecret, EmailAddress, SetUpChange, Timestamp, ascii_domain};

/// Which values a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Any text of at most this many characters.
    Text(usize),
    /// 0 or 1.
    Switch,
    /// A whole number between the two, both allowed.
    Number(i64, i64),
    /// A number with a fraction, above 0 and at most this.
    Decimal(f64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// File name extensions, comma-separated.
    Extensions,
    /// An http or https URL, or empty.
    Url,
    /// Origins as browsers write them (`https://a.example`), or `*`; comma-separated.
    Origins,
    /// Mail addresses, comma-separated.
    Addresses,
    /// The IANA name of a time zone.
    TimeZone,
    /// The name that a mail server writes into Authentication-Results, or empty.
    AuthservId,
}

words! {
    /// The order of messages by date.
    #[derive(Default)]
    pub enum ReplyOrder {
        /// Oldest first.
        Ascending = "asc",
        /// Newest first.
        #[default]
        Descending = "desc",
    }
}

words! {
    /// The HTTP status of errors of the API.
    #[derive(Default)]
    pub enum ErrorStatus {
        /// As HelpDeskZ answers.
        #[default]
        Compat = "compat",
        /// 401, 403, 404 and 422.
        Http = "http",
    }
}

words! {
    /// The shape of the answer to Faveo's register call.
    #[derive(Default)]
    pub enum FaveoAnswer {
        /// As Faveo's document prints it.
        #[default]
        Object = "object",
        /// That object in an array of one.
        Array = "array",
    }
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its key.
    pub key: &'static str,
    /// The shipped value.
    pub default: &'static str,
    /// The values it takes.
    pub kind: Kind,
    /// One line for people.
    pub meaning: &'static str,
}

/// Longest list of extensions or origins, in characters. Chosen: far above any real list.
const LIST_CHARS_MAX: usize = 4000;
/// Largest number of hours, days or counts a setting takes. Chosen: over a century in hours.
const NUMBER_MAX: i64 = 1_000_000;
/// Largest attachment size in MB a setting takes: the default raw mail limit is 50 MiB.
const SIZE_MB_MAX: f64 = 1024.0;
/// Longest name of a mail server, in characters: a domain name has 253 (RFC 1035 §2.3.4).
const AUTHSERV_ID_CHARS_MAX: usize = 255;
/// Largest page of a list.
const PAGE_MAX: i64 = 1000;

/// The one table of the settings: makes a field of [`Settings`] and a [`Definition`] of each line.
macro_rules! settings {
    ($($key:ident: $type:ty = $default:literal, $kind:expr, $meaning:literal;)+) => {
        /// Every setting, in the order of `admin setting list`.
        pub(crate) const DEFINITIONS: &[Definition] =
            &[$(Definition { key: stringify!($key), default: $default, kind: $kind, meaning: $meaning },)+];

        /// All settings, each as its field; `default` gives the shipped values.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::struct_excessive_bools)] // each is a separate switch that the desk's owner sets
        pub struct Settings {
            $(#[doc = $meaning] pub $key: $type,)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($key: <$type as Value>::read($default).unwrap_or_default(),)+ }
            }
        }

        impl Settings {
            /// Takes a stored value. A key or a value of another version of maildesk leaves the default.
            fn take(&mut self, key: &str, text: &str) {
                match key {
                    $(stringify!($key) => {
                        if $kind.is_readable(text) && let Some(value) = <$type as Value>::read(text) {
                            self.$key = value;
                        }
                    })+
                    _ => {}
                }
            }
        }
    };
}

settings! {
    site_name: String = "Helpdesk", Kind::Text(250), "name of the desk, in mails";
    site_url: String = "", Kind::Url, "public URL of the desk, for links in mails";
    tickets_page: i64 = "15", Kind::Number(1, PAGE_MAX), "tickets per page of the API";
    tickets_replies: i64 = "15", Kind::Number(1, PAGE_MAX), "messages per page of the API";
    reply_order: ReplyOrder = "desc", Kind::Word(ReplyOrder::WORDS), "order of messages by date in the API";
    ticket_attachment: bool = "1", Kind::Switch, "API uploads: 1 on, 0 off";
    ticket_attachment_number: i64 = "3", Kind::Number(0, PAGE_MAX), "API uploads: files per request";
    ticket_file_size: Megabytes = "2.5", Kind::Decimal(SIZE_MB_MAX), "API uploads: MB per file";
    ticket_file_type: Extensions = "jpg,png,gif", Kind::Extensions, "API uploads: allowed extensions, comma-separated";
    mail_attachment_number: i64 = "50", Kind::Number(0, PAGE_MAX), "attachments kept of one mail";
    mail_attachment_size: Megabytes = "25", Kind::Decimal(SIZE_MB_MAX), "MB per attachment of a mail";
    mail_attachment_block: Extensions = "exe,scr,bat,cmd,com,js,vbs,jar,msi,lnk", Kind::Extensions, "extensions of mail attachments that are left out and named in a note";
    login_attempt: i64 = "3", Kind::Number(0, NUMBER_MAX), "wrong passwords before the IP address they come from is locked, for staff/auth and staff's sign-in together, for customers' sign-in apart; 0 = never (an account is locked above 20 failures an hour in any case)";
    login_attempt_minutes: i64 = "5", Kind::Number(0, NUMBER_MAX), "minutes that lock lasts; 0 = no lock";
    overdue_time: i64 = "48", Kind::Number(0, NUMBER_MAX), "hours after which an unanswered ticket is overdue; 0 = never";
    ticket_autoclose: i64 = "96", Kind::Number(0, NUMBER_MAX), "hours after which an answered ticket is closed; 0 = never";
    maintenance: bool = "0", Kind::Switch, "kept for HelpDeskZ's sake; the API ignores it, as there";
    date_format: String = "d F Y h:i a", Kind::Text(100), "kept for HelpDeskZ's sake: how its pages wrote dates";
    timezone: String = "UTC", Kind::TimeZone, "kept for HelpDeskZ's sake: the zone its pages wrote dates in";
    unknown_recipient: UnknownRecipient = "default", Kind::Word(UnknownRecipient::WORDS), "mail to an address we do not know: to the default address's department, aside, or refused with 5.1.1";
    stranger_reply: StrangerReply = "new", Kind::Word(StrangerReply::WORDS), "mail from a stranger that names a ticket: a new linked ticket, aside for review, or into the ticket";
    refuse_banned: bool = "0", Kind::Switch, "1: pipe refuses mail of banned senders with 5.7.1 instead of recording the drop";
    refuse_oversize: bool = "0", Kind::Switch, "1: pipe refuses mail over the size limit with 5.7.1 instead of keeping its header";
    reopen_days: i64 = "30", Kind::Number(0, NUMBER_MAX), "days after closing in which an answer reopens; later ones open a new linked ticket; 0 = never reopen";
    mails_per_hour: i64 = "60", Kind::Number(0, NUMBER_MAX), "mails per sender and hour before they are set aside; 0 = no limit";
    auto_answers_per_hour: i64 = "5", Kind::Number(0, NUMBER_MAX), "automatic mails per recipient and hour";
    reply_address_token: bool = "0", Kind::Switch, "1: Reply-To is a plus-address with the ticket's token; the MTA must accept plus-addresses";
    subject_tag: bool = "1", Kind::Switch, "[#12] in outgoing subjects";
    authserv_id: String = "", Kind::AuthservId, "whose Authentication-Results are trusted: the name our own MTA writes";
    feeding_lists: String = "", Kind::Addresses, "posting addresses of mailing lists that feed the desk, comma-separated: what they bring counts as a person's mail, without an acknowledgement";
    forward_to_sender: bool = "1", Kind::Switch, "a customer's mail forwarded by staff belongs to the original sender";
    staff_mail_commands: bool = "1", Kind::Switch, "#close and the like at the top of staff mail";
    raw_keep_days: i64 = "90", Kind::Number(0, NUMBER_MAX), "days the raw mail is kept; 0 = forever";
    api_error_status: ErrorStatus = "compat", Kind::Word(ErrorStatus::WORDS), "HTTP status of API errors: HelpDeskZ's, or 401, 403, 404, 422";
    faveo_api_key: String = "", Kind::Text(255), "api_key that Faveo's register call must carry; empty = none";
    faveo_answer: FaveoAnswer = "object", Kind::Word(FaveoAnswer::WORDS), "answer to Faveo's register call: an object as Faveo's document prints it, or that object in an array of one, as Faveo's published apps read it";
    metrics_open: bool = "0", Kind::Switch, "1: /metrics answers without a token";
    imap_watch: bool = "0", Kind::Switch, "1: serve watches the IMAP mailboxes itself";
    web: bool = "1", Kind::Switch, "1: serve has pages for people; 0: only the API";
    web_page: i64 = "50", Kind::Number(1, PAGE_MAX), "tickets per page of the inbox";
    web_insecure: bool = "0", Kind::Switch, "1: people may sign in without TLS from other machines too";
    web_signins: i64 = "30", Kind::Number(1, NUMBER_MAX), "tries to sign in on the pages, per client address in 10 minutes";
    web_submits: i64 = "20", Kind::Number(1, NUMBER_MAX), "tickets submitted on the pages, per client address and hour";
    web_links: i64 = "10", Kind::Number(1, NUMBER_MAX), "links mailed to customers who ask for one, per client address and hour";
    ticket_link_days: i64 = "90", Kind::Number(1, NUMBER_MAX), "days the link in a mail to a customer opens its ticket";
    satisfaction: bool = "0", Kind::Switch, "1: customers are asked once, after their ticket was closed, how it was handled";
    spam_keep_days: i64 = "30", Kind::Number(0, NUMBER_MAX), "days after which a ticket called spam is removed; 0 = never";
    undo_send_s: i64 = "10", Kind::Number(0, 3600), "seconds in which an answer written in the browser can be taken back; 0 = not at all";
    require_totp: bool = "0", Kind::Switch, "1: staff without a second factor are led to set one up when they sign in";
    webhook_private: bool = "0", Kind::Switch, "1: webhooks may go to private addresses too, such as those of this machine and its network";
    cors_origins: String = "", Kind::Origins, "origins that browsers may call the API from, comma-separated";
}

/// A value that a setting does not take, or an unknown key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no such key.
    #[error("no setting {0:?}; `maildesk admin setting list` shows them all")]
    UnknownKey(String),
    /// The value does not fit.
    #[error("setting {key} cannot be {value:?}: it takes {takes}")]
    BadValue {
        /// The setting.
        key: &'static str,
        /// What was given.
        value: String,
        /// What would fit.
        takes: String,
    },
}

/// The keys of all settings.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().map(|definition| definition.key)
}

/// Finds a setting by its key.
///
/// # Errors
/// [`SettingError::UnknownKey`].
pub(crate) fn definition(key: &str) -> std::result::Result<&'static Definition, SettingError> {
    DEFINITIONS.iter().find(|d| d.key == key).ok_or_else(|| SettingError::UnknownKey(key.to_owned()))
}

impl Kind {
    /// Whether a stored value is still valid. A time zone was looked up when it was set; to look it up for
    /// each mail would read files.
    fn is_readable(self, text: &str) -> bool {
        match self {
            Self::TimeZone => true,
            kind => Definition { key: "", default: "", kind, meaning: "" }.check(text).is_ok(),
        }
    }
}

impl Definition {
    /// Checks a value and gives it back as it is to be stored.
    ///
    /// # Errors
    /// [`SettingError::BadValue`], naming what the setting takes.
    pub fn check(&self, value: &str) -> std::result::Result<String, SettingError> {
        let value = value.trim();
        let refuse = |takes: String| SettingError::BadValue { key: self.key, value: value.to_owned(), takes };
        match self.kind {
            Kind::Text(max) if value.chars().count() > max => Err(refuse(format!("at most {max} characters"))),
            Kind::Text(_) if value.chars().any(char::is_control) => Err(refuse("one line of text".to_owned())),
            Kind::Text(_) => Ok(value.to_owned()),
            Kind::Switch => match value {
                "0" | "1" => Ok(value.to_owned()),
                _ => Err(refuse("0 or 1".to_owned())),
            },
            Kind::Number(least, most) => match value.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
                _ => Err(refuse(format!("a whole number from {least} to {most}"))),
            },
            Kind::Decimal(most) => match value.parse::<f64>() {
                Ok(number) if number > 0.0 && number <= most => Ok(value.to_owned()),
                _ => Err(refuse(format!("a number above 0, at most {most}"))),
            },
            Kind::Word(words) if words.contains(&value) => Ok(value.to_owned()),
            Kind::Word(words) => Err(refuse(words.join(", "))),
            Kind::TimeZone => zone_name(value).ok_or_else(|| {
                refuse("the name of a time zone, such as Europe/Berlin, Asia/Kolkata or UTC".to_owned())
            }),
            Kind::AuthservId if value.chars().count() <= AUTHSERV_ID_CHARS_MAX && value.chars().all(is_of_a_token) => {
                Ok(value.to_owned())
            }
            Kind::AuthservId => {
                Err(refuse("one name without blanks, as our own mail server writes it: mx.example.org".to_owned()))
            }
            Kind::Extensions => {
                let list = extensions(value);
                let fits = value.len() <= LIST_CHARS_MAX
                    && list.iter().all(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_alphanumeric()));
                if fits { Ok(list.join(",")) } else { Err(refuse("extensions such as jpg,png,gif".to_owned())) }
            }
            Kind::Origins => {
                let list: Option<Vec<String>> = entries(value).map(origin).collect();
                let fits = list.filter(|_| value.len() <= LIST_CHARS_MAX);
                let takes = "origins such as https://shop.example.org, without a path, or *";
                fits.map(|list| list.join(",")).ok_or_else(|| refuse(takes.to_owned()))
            }
            Kind::Addresses => {
                let list: Option<Vec<EmailAddress>> = entries(value).map(|entry| entry.parse().ok()).collect();
                let fits = list.filter(|_| value.len() <= LIST_CHARS_MAX);
                let joined = fits.map(|list| list.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(","));
                joined.ok_or_else(|| refuse("mail addresses, comma-separated".to_owned()))
            }
            Kind::Url => {
                let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://")).unwrap_or("");
                let fits = value.is_empty()
                    || (!host.trim_matches('/').is_empty()
                        && !value.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '<'));
                if fits {
                    Ok(value.trim_end_matches('/').to_owned())
                } else {
                    Err(refuse("an http:// or https:// URL".to_owned()))
                }
            }
        }
    }
}

/// The entries of a list with commas, blanks or both between them.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty())
}

/// An origin as browsers write it in Origin (RFC 6454 §6.2): scheme and host in lower case, no port that goes without
/// saying, no slash; `*` is any.
#[must_use]
pub(crate) fn origin(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    // A colon inside the brackets of an IPv6 address begins no port.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse::<u16>().ok().filter(|port| *port > 0)?)),
        _ => (rest, None),
    };
    let host = ascii_domain(host).to_ascii_lowercase();
    let is_literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if !is_scheme || !(is_name || is_literal) {
        return None;
    }
    let is_usual = matches!((scheme.as_str(), port), ("http", Some(80)) | ("https", Some(443)));
    let port = port.filter(|_| !is_usual).map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{scheme}://{host}{port}"))
}

/// The time zone of that IANA name in its usual spelling, if there is one.
#[must_use]
pub(crate) fn zone_name(timezone: &str) -> Option<String> {
    jiff::tz::TimeZone::get(timezone.trim()).ok()?.iana_name().map(str::to_owned)
}

/// Whether a token may hold the character (RFC 2045 §5.1; RFC 8616 adds what is not ASCII).
fn is_of_a_token(c: char) -> bool {
    !c.is_control() && !c.is_whitespace() && !"()<>@,;:\\\"/[]?=".contains(c)
}

fn extensions(list: &str) -> Vec<String> {
    list.split(',').map(|e| e.trim().trim_start_matches('.').to_ascii_lowercase()).filter(|e| !e.is_empty()).collect()
}

/// A size in MB, as people set it; above 0 and at most 1024.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Megabytes(f64);

impl Megabytes {
    /// In bytes.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked: above 0, at most 1024 MB
    pub fn bytes(self) -> u64 {
        (self.0 * 1024.0 * 1024.0) as u64
    }
}

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// File name extensions in lower case, without dots.
pub(crate) type Extensions = Vec<String>;

/// The types of the fields of [`Settings`].
trait Value: Sized {
    /// The value of a checked text.
    fn read(text: &str) -> Option<Self>;
}

impl Value for String {
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Value for bool {
    fn read(text: &str) -> Option<Self> {
        match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }
}

impl Value for i64 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for Megabytes {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl Value for Extensions {
    fn read(text: &str) -> Option<Self> {
        Some(extensions(text))
    }
}

macro_rules! word_values {
    ($($type:ty),+) => {
        $(impl Value for $type {
            fn read(text: &str) -> Option<Self> {
                Self::from_word(text)
            }
        })+
    };
}

word_values!(ReplyOrder, UnknownRecipient, StrangerReply, ErrorStatus, FaveoAnswer);

impl Settings {
    /// Settings from stored pairs; keys not named, and those with a value that does not fit, have their default.
    #[must_use]
    pub fn from_stored(stored: &[(String, String)]) -> Self {
        let mut settings = Self::default();
        for (key, text) in stored {
            settings.take(key, text);
        }
        settings
    }

    /// The settings that the decision about a mail needs.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        Policy {
            unknown_recipient: self.unknown_recipient,
            stranger_reply: self.stranger_reply,
            refuses_banned: self.refuse_banned,
            refuses_oversize: self.refuse_oversize,
            reopen_s: self.reopen_days.saturating_mul(Timestamp::DAY_S),
            mails_per_hour: self.mails_per_hour,
            forwards_to_sender: self.forward_to_sender,
        }
    }
}

impl ReadTx<'_> {
    /// All settings.
    pub fn settings(&self) -> Result<Settings> {
        Ok(Settings::from_stored(&self.stored_settings()?))
    }

    fn stored_settings(&self) -> Result<Vec<(String, String)>> {
        self.all("SELECT key, value FROM setting", [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Each setting with its value as people wrote it: the stored one, else the default.
    pub fn setting_texts(&self) -> Result<Vec<(&'static Definition, String)>> {
        let stored = self.stored_settings()?;
        let text = |d: &Definition| stored.iter().find(|(key, _)| key == d.key).map(|(_, value)| value.clone());
        Ok(DEFINITIONS.iter().map(|d| (d, text(d).unwrap_or_else(|| d.default.to_owned()))).collect())
    }

    /// The value of one setting as people wrote it: the stored one, else the default.
    pub fn setting_text(&self, definition: &Definition) -> Result<String> {
        let stored = self.one("SELECT value FROM setting WHERE key = $1", [definition.key], |row| row.get(0))?;
        Ok(stored.unwrap_or_else(|| definition.default.to_owned()))
    }

    /// The desk's HMAC secret.
    pub fn desk_secret(&self) -> Result<DeskSecret> {
        let bytes = self.one("SELECT secret FROM desk WHERE id = 1", [], |row| row.get::<[u8; 32]>(0))?;
        bytes.map(DeskSecret::new).ok_or_else(|| super::Error::Corrupt("the desk row is missing".to_owned()))
    }
}

impl WriteTx<'_> {
    /// Stores a checked value; the default is stored as no row.
    pub fn set_setting(&self, definition: &Definition, value: &str) -> Result<()> {
        if value == definition.default {
            self.run("DELETE FROM setting WHERE key = $1", [definition.key])?;
        } else {
            self.run(
                "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [definition.key, value],
            )?;
        }
        // Some are secrets.
        self.note_set_up(SetUpChange::Changed, &format!("setting {}", definition.key))
    }
}

#[cfg(test)]
mod tests;
