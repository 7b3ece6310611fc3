//! The desk's settings: the list of keys with defaults and meanings, and their typed view.
//!
//! HelpDeskZ's keys keep their names. Only values that differ from the default are stored.

use super::{ReadTx, Result, WriteTx};
use crate::decision::{Policy, StrangerReply, UnknownRecipient};
use crate::domain::{DeskSecret, Timestamp};

/// What values a setting takes.
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
    /// The IANA name of a time zone.
    TimeZone,
    /// The name that a mail server writes into Authentication-Results, or empty.
    AuthservId,
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

const fn define(key: &'static str, default: &'static str, kind: Kind, meaning: &'static str) -> Definition {
    Definition { key, default, kind, meaning }
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

/// Every setting, in the order of `admin setting list`.
pub const DEFINITIONS: &[Definition] = &[
    define("site_name", "Helpdesk", Kind::Text(250), "name of the desk, in mails"),
    define("site_url", "", Kind::Url, "public URL of the desk, for links in mails"),
    define("tickets_page", "15", Kind::Number(1, PAGE_MAX), "tickets per page of the API"),
    define("tickets_replies", "15", Kind::Number(1, PAGE_MAX), "messages per page of the API"),
    define("reply_order", "desc", Kind::Word(&["asc", "desc"]), "order of messages by date in the API"),
    define("ticket_attachment", "1", Kind::Switch, "API uploads: 1 on, 0 off"),
    define("ticket_attachment_number", "3", Kind::Number(0, PAGE_MAX), "API uploads: files per request"),
    define("ticket_file_size", "2.5", Kind::Decimal(SIZE_MB_MAX), "API uploads: MB per file"),
    define("ticket_file_type", "jpg,png,gif", Kind::Extensions, "API uploads: allowed extensions, comma-separated"),
    define("mail_attachment_number", "50", Kind::Number(0, PAGE_MAX), "attachments kept of one mail"),
    define("mail_attachment_size", "25", Kind::Decimal(SIZE_MB_MAX), "MB per attachment of a mail"),
    define(
        "mail_attachment_block",
        "exe,scr,bat,cmd,com,js,vbs,jar,msi,lnk",
        Kind::Extensions,
        "extensions of mail attachments that are left out and named in a note",
    ),
    define(
        "login_attempt",
        "3",
        Kind::Number(0, NUMBER_MAX),
        "staff/auth: wrong tries before the caller's IP address is locked; 0 = never (an account is locked above 20 failures an hour in any case)",
    ),
    define(
        "login_attempt_minutes",
        "5",
        Kind::Number(0, NUMBER_MAX),
        "staff/auth: minutes the lock lasts; 0 = no lock",
    ),
    define(
        "overdue_time",
        "48",
        Kind::Number(0, NUMBER_MAX),
        "hours after which an unanswered ticket is overdue; 0 = never",
    ),
    define(
        "ticket_autoclose",
        "96",
        Kind::Number(0, NUMBER_MAX),
        "hours after which an answered ticket is closed; 0 = never",
    ),
    define("maintenance", "0", Kind::Switch, "kept for HelpDeskZ's sake; the API ignores it, as there"),
    define("date_format", "d F Y h:i a", Kind::Text(100), "kept for HelpDeskZ's sake: how its pages wrote dates"),
    define("timezone", "UTC", Kind::TimeZone, "kept for HelpDeskZ's sake: the zone its pages wrote dates in"),
    define(
        "unknown_recipient",
        "default",
        Kind::Word(&["default", "quarantine", "reject"]),
        "mail to an address we do not know: to the default address's department, aside, or refused with 5.1.1",
    ),
    define(
        "stranger_reply",
        "new",
        Kind::Word(&["new", "hold", "append"]),
        "mail from a stranger that names a ticket: a new linked ticket, aside for review, or into the ticket",
    ),
    define(
        "refuse_banned",
        "0",
        Kind::Switch,
        "1: pipe refuses mail of banned senders with 5.7.1 in place of recording the drop",
    ),
    define(
        "refuse_oversize",
        "0",
        Kind::Switch,
        "1: pipe refuses mail over the size limit with 5.7.1 in place of keeping its header",
    ),
    define(
        "reopen_days",
        "30",
        Kind::Number(0, NUMBER_MAX),
        "days after closing in which an answer reopens; later ones open a new linked ticket; 0 = never reopen",
    ),
    define(
        "mails_per_hour",
        "60",
        Kind::Number(0, NUMBER_MAX),
        "mails per sender and hour before they are set aside; 0 = no limit",
    ),
    define("auto_answers_per_hour", "5", Kind::Number(0, NUMBER_MAX), "automatic mails per recipient and hour"),
    define(
        "reply_address_token",
        "0",
        Kind::Switch,
        "1: Reply-To is a plus-address with the ticket's token; the MTA must accept plus-addresses",
    ),
    define("subject_tag", "1", Kind::Switch, "[#12] in outgoing subjects"),
    define(
        "authserv_id",
        "",
        Kind::AuthservId,
        "whose Authentication-Results are trusted: the name our own MTA writes",
    ),
    define(
        "forward_to_sender",
        "1",
        Kind::Switch,
        "a customer's mail forwarded by staff belongs to the original sender",
    ),
    define("staff_mail_commands", "1", Kind::Switch, "#close and the like at the top of staff mail"),
    define("raw_keep_days", "90", Kind::Number(0, NUMBER_MAX), "days the raw mail is kept; 0 = for ever"),
    define(
        "api_error_status",
        "compat",
        Kind::Word(&["compat", "http"]),
        "HTTP status of API errors: HelpDeskZ's, or 401, 403, 404, 422",
    ),
    define("faveo_api_key", "", Kind::Text(255), "api_key that Faveo's register call must carry; empty = none"),
    define(
        "faveo_answer",
        "object",
        Kind::Word(&["object", "array"]),
        "answer to Faveo's register call: an object as Faveo's document prints it, or that object in an array of one, as Faveo's published apps read it",
    ),
    define("metrics_open", "0", Kind::Switch, "1: /metrics answers without a token"),
    define("imap_watch", "0", Kind::Switch, "1: serve watches the IMAP mailboxes itself"),
    define(
        "cors_origins",
        "",
        Kind::Text(LIST_CHARS_MAX),
        "origins that browsers may call the API from, comma-separated",
    ),
];

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

/// Finds a setting by its key.
///
/// # Errors
/// [`SettingError::UnknownKey`].
pub fn definition(key: &str) -> std::result::Result<&'static Definition, SettingError> {
    DEFINITIONS.iter().find(|d| d.key == key).ok_or_else(|| SettingError::UnknownKey(key.to_owned()))
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

/// The time zone of that IANA name in its usual spelling, if there is one.
#[must_use]
pub fn zone_name(timezone: &str) -> Option<String> {
    jiff::tz::TimeZone::get(timezone.trim()).ok()?.iana_name().map(str::to_owned)
}

/// Whether a token may hold the character (RFC 2045 §5.1; RFC 8616 adds what is not ASCII).
fn is_of_a_token(c: char) -> bool {
    !c.is_control() && !c.is_whitespace() && !"()<>@,;:\\\"/[]?=".contains(c)
}

fn extensions(list: &str) -> Vec<String> {
    list.split(',').map(|e| e.trim().trim_start_matches('.').to_ascii_lowercase()).filter(|e| !e.is_empty()).collect()
}

/// All settings, read in one query.
#[derive(Clone, Debug)]
pub struct Settings {
    stored: Vec<(String, String)>,
}

impl Settings {
    /// Settings from stored pairs; keys not named have their default.
    #[must_use]
    pub const fn from_stored(stored: Vec<(String, String)>) -> Self {
        Self { stored }
    }

    /// The value of a key as text; the default where none is stored, empty for an unknown key.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        let stored = self.stored.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
        stored.or_else(|| definition(key).ok().map(|d| d.default)).unwrap_or("")
    }

    /// The value of a number setting.
    #[must_use]
    pub fn number(&self, key: &str) -> i64 {
        let default = || definition(key).ok().and_then(|d| d.default.parse().ok());
        self.text(key).parse().ok().or_else(default).unwrap_or(0)
    }

    /// Whether a 0-or-1 setting is 1.
    #[must_use]
    pub fn is_on(&self, key: &str) -> bool {
        self.text(key) == "1"
    }

    /// A size in MB as bytes.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked: above 0, at most 1024 MB
    pub fn megabytes(&self, key: &str) -> u64 {
        let value: f64 = self.text(key).parse().unwrap_or(0.0);
        (value * 1024.0 * 1024.0) as u64
    }

    /// A list of extensions in lower case, without dots.
    #[must_use]
    pub fn extensions(&self, key: &str) -> Vec<String> {
        extensions(self.text(key))
    }

    /// What deciding about a mail needs of the settings.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            unknown_recipient: self.unknown_recipient(),
            stranger_reply: self.stranger_reply(),
            refuses_banned: self.is_on("refuse_banned"),
            refuses_oversize: self.is_on("refuse_oversize"),
            reopen_s: self.number("reopen_days").saturating_mul(Timestamp::DAY_S),
            mails_per_hour: self.number("mails_per_hour"),
            forwards_to_sender: self.is_on("forward_to_sender"),
        }
    }

    fn unknown_recipient(&self) -> UnknownRecipient {
        match self.text("unknown_recipient") {
            "quarantine" => UnknownRecipient::Quarantine,
            "reject" => UnknownRecipient::Reject,
            _ => UnknownRecipient::Default,
        }
    }

    fn stranger_reply(&self) -> StrangerReply {
        match self.text("stranger_reply") {
            "hold" => StrangerReply::Hold,
            "append" => StrangerReply::Append,
            _ => StrangerReply::New,
        }
    }
}

impl ReadTx<'_> {
    /// All settings.
    ///
    /// # Errors
    /// Those of the database.
    pub fn settings(&self) -> Result<Settings> {
        Ok(Settings::from_stored(self.all("SELECT key, value FROM setting", [], |row| Ok((row.get(0)?, row.get(1)?)))?))
    }

    /// The desk's HMAC secret.
    ///
    /// # Errors
    /// Those of the database.
    pub fn desk_secret(&self) -> Result<DeskSecret> {
        let bytes = self.one("SELECT secret FROM desk WHERE id = 1", [], |row| row.get::<_, [u8; 32]>(0))?;
        bytes.map(DeskSecret::new).ok_or_else(|| super::Error::Corrupt("the desk row is missing".to_owned()))
    }
}

impl WriteTx<'_> {
    /// Stores a checked value; the default is stored as no row.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_setting(&self, definition: &Definition, value: &str) -> Result<()> {
        if value == definition.default {
            self.run("DELETE FROM setting WHERE key = $1", [definition.key])?;
        } else {
            self.run(
                "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [definition.key, value],
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_about_settings_says_what_the_code_does() {
        let mut page = String::from(
            "# Settings\n\nOf the desk, kept in its database: `maildesk admin setting list | get KEY | set KEY VALUE`. \
             A change holds for the next mail and request.\n\n| key | default | meaning |\n|---|---|---|\n",
        );
        for d in DEFINITIONS {
            let default = if d.default.is_empty() { "empty" } else { d.default };
            page.push_str(&format!("| {} | {default} | {} |\n", d.key, d.meaning));
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
        if std::env::var_os("MAILDESK_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, page, "write it anew with MAILDESK_WRITE_DOCS=1 cargo test --lib settings");
    }

    #[test]
    fn every_shipped_value_is_one_the_setting_takes() {
        for d in DEFINITIONS {
            assert_eq!(d.check(d.default), Ok(d.default.to_owned()), "{}", d.key);
        }
    }

    #[test]
    fn number_is_taken_at_its_limit_and_refused_above() {
        let page = definition("tickets_page").unwrap();
        assert_eq!(page.check("1000"), Ok("1000".to_owned()));
        let refused = page.check("1001").unwrap_err().to_string();
        assert_eq!(refused, "setting tickets_page cannot be \"1001\": it takes a whole number from 1 to 1000");
        assert!(page.check("0").is_err());
    }

    #[test]
    fn unknown_key_is_named() {
        assert!(definition("tickets_pages").unwrap_err().to_string().contains("tickets_pages"));
    }

    #[test]
    fn extensions_are_cleaned() {
        let types = definition("ticket_file_type").unwrap();
        assert_eq!(types.check(" .JPG, png ,"), Ok("jpg,png".to_owned()));
        assert!(types.check("j/pg").is_err());
    }

    #[test]
    fn time_zone_and_name_of_our_mail_server_are_refused_where_they_are_set() {
        let check = |key: &str, value: &str| definition(key).unwrap().check(value).map_err(|e| e.to_string());
        assert_eq!(check("timezone", " asia/kolkata"), Ok("Asia/Kolkata".to_owned()));
        let refused = check("timezone", "Mars/Olympus").unwrap_err();
        assert!(refused.contains("\"Mars/Olympus\"") && refused.contains("Europe/Berlin"), "{refused}");
        let longest = "x".repeat(AUTHSERV_ID_CHARS_MAX);
        for name in ["", "mx.example.org", "m\u{fc}nchen.example", "mail_1", longest.as_str()] {
            assert_eq!(check("authserv_id", name), Ok(name.to_owned()), "{name}");
        }
        let longer = "x".repeat(AUTHSERV_ID_CHARS_MAX + 1);
        for list in ["mx.example.org 1", "mx.example.org; dmarc=pass", "a,b", "ann@example.org", longer.as_str()] {
            let refused = check("authserv_id", list).unwrap_err();
            assert!(refused.contains(list) && refused.contains("one name"), "{refused}");
        }
    }

    #[test]
    fn site_url_must_be_a_web_address() {
        let url = definition("site_url").unwrap();
        assert_eq!(url.check("https://desk.example.org/"), Ok("https://desk.example.org".to_owned()));
        assert!(url.check("javascript:alert(1)").is_err());
        assert!(url.check("https://").is_err());
    }
}
