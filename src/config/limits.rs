//! `[limits]`: what protects the machine, each with the values that make sense for it.
//!
//! A slip in this table (a number meant in MiB, a 0 meant as "no limit") must be said: taken as it stands, it would cut
//! every mail short or turn every client away, and `pipe` would call that a success.

use serde::Deserialize;

use crate::mail::Limits as MailLimits;
use crate::store::LOCK_WAIT_S;

/// `pipe` gives up after this many seconds by itself: Postfix bounces a mail whose command runs
/// into its own limit (command_time_limit, 1000 s; local installations go down to 120 s).
const PIPE_DEADLINE_S: u64 = 100;

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    /// Bytes of one raw mail; of a larger one only the header is kept.
    pub raw_bytes_max: usize,
    /// MIME parts of one mail looked at.
    pub mime_parts_max: usize,
    /// Levels of MIME nesting looked at.
    pub mime_levels_max: usize,
    /// Header fields of one mail kept.
    pub headers_max: usize,
    /// Addresses of one mail kept.
    pub addresses_max: usize,
    /// Seconds after which `pipe` gives up and answers 75.
    pub pipe_deadline_s: u64,
    /// Seconds one exchange with an IMAP server may take; reading mails may take longer with their size.
    pub imap_deadline_s: u64,
    /// Seconds a writer waits for another one.
    pub lock_wait_s: u64,
    /// Bytes of one HTTP request body.
    pub http_body_bytes_max: u64,
    /// HTTP connections served at once.
    pub http_connections_max: usize,
    /// Seconds for the head of a request, from its first byte.
    pub http_head_deadline_s: u64,
    /// Seconds for the body of a request.
    pub http_body_deadline_s: u64,
    /// LMTP connections served at once.
    pub lmtp_connections_max: usize,
    /// Seconds the oldest unsent mail may wait before `/readyz` says so.
    pub outbox_age_max_s: i64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let mail = MailLimits::default();
        Self {
            raw_bytes_max: mail.raw_bytes_max,
            mime_parts_max: mail.mime_parts_max,
            mime_levels_max: mail.mime_levels_max,
            headers_max: mail.headers_max,
            addresses_max: mail.addresses_max,
            pipe_deadline_s: PIPE_DEADLINE_S,
            imap_deadline_s: 60,
            lock_wait_s: LOCK_WAIT_S,
            http_body_bytes_max: 30 * 1024 * 1024,
            http_connections_max: 256,
            http_head_deadline_s: 10,
            http_body_deadline_s: 60,
            lmtp_connections_max: 64,
            outbox_age_max_s: 3600,
        }
    }
}

impl LimitsConfig {
    /// The part that bounds reading a mail.
    #[must_use]
    pub(crate) const fn mail(&self) -> MailLimits {
        MailLimits {
            raw_bytes_max: self.raw_bytes_max,
            mime_parts_max: self.mime_parts_max,
            mime_levels_max: self.mime_levels_max,
            headers_max: self.headers_max,
            addresses_max: self.addresses_max,
        }
    }

    /// Refuses a value that makes no sense.
    ///
    /// # Errors
    /// What is wrong, naming the key and what it takes.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.bounded().into_iter().find(|bound| !(bound.least..=bound.most).contains(&bound.value)) {
            Some(Bound { key, value, least, most, unit }) => {
                Err(format!("limits.{key} is {value}; it takes {least} to {most} {unit}"))
            }
            None => Ok(()),
        }
    }

    /// Every limit with its bounds.
    fn bounded(&self) -> [Bound; 14] {
        let size = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let bound = |key, value, (least, most), unit| Bound { key, value, least, most, unit };
        // A negative age is as wrong as none.
        let age = u64::try_from(self.outbox_age_max_s).unwrap_or(0);
        [
            bound("raw_bytes_max", size(self.raw_bytes_max), RAW_BYTES, "bytes"),
            bound("mime_parts_max", size(self.mime_parts_max), MIME_PARTS, "parts"),
            bound("mime_levels_max", size(self.mime_levels_max), MIME_LEVELS, "levels"),
            bound("headers_max", size(self.headers_max), HEADERS, "header fields"),
            bound("addresses_max", size(self.addresses_max), ADDRESSES, "addresses"),
            bound("pipe_deadline_s", self.pipe_deadline_s, PIPE_DEADLINES_S, "seconds"),
            bound("imap_deadline_s", self.imap_deadline_s, EXCHANGE_S, "seconds"),
            bound("lock_wait_s", self.lock_wait_s, LOCK_WAITS_S, "seconds"),
            bound("http_body_bytes_max", self.http_body_bytes_max, BODY_BYTES, "bytes"),
            bound("http_connections_max", size(self.http_connections_max), CONNECTIONS, "connections"),
            bound("http_head_deadline_s", self.http_head_deadline_s, EXCHANGE_S, "seconds"),
            bound("http_body_deadline_s", self.http_body_deadline_s, EXCHANGE_S, "seconds"),
            bound("lmtp_connections_max", size(self.lmtp_connections_max), CONNECTIONS, "connections"),
            bound("outbox_age_max_s", age, OUTBOX_AGE_S, "seconds"),
        ]
    }
}

/// A limit of the table with the values it takes.
struct Bound {
    key: &'static str,
    value: u64,
    least: u64,
    most: u64,
    unit: &'static str,
}

/// `raw_bytes_max`. At least a short mail, so that a number of mebibytes is refused; at most what fits twice into the room
/// for mails that LMTP receives.
const RAW_BYTES: (u64, u64) = (1024, 256 * 1024 * 1024);

/// `mime_parts_max`. Chosen: far above any mail that a person sent.
const MIME_PARTS: (u64, u64) = (1, 100_000);

/// `mime_levels_max`. Chosen: a signed forward of a mail with pictures has five; sanitisers are quadratic in depth.
const MIME_LEVELS: (u64, u64) = (1, 100);

/// `headers_max`. Chosen: as many as a mail of the largest size could have.
const HEADERS: (u64, u64) = (1, 100_000);

/// `addresses_max`. Chosen: more than any program shows.
const ADDRESSES: (u64, u64) = (1, 10_000);

/// `pipe_deadline_s`. At most what is below Postfix's own limit, at which it bounces the mail (command_time_limit,
/// 1000 s).
const PIPE_DEADLINES_S: (u64, u64) = (1, 900);

/// Deadlines of an exchange with another program. Chosen: an hour is no deadline any more.
const EXCHANGE_S: (u64, u64) = (1, 3600);

/// `lock_wait_s`: 0 does not wait. At most what a mail server waits.
const LOCK_WAITS_S: (u64, u64) = (0, 600);

/// `http_body_bytes_max`. Chosen: the form of a page with a short text.
const BODY_BYTES: (u64, u64) = (1000, 1024 * 1024 * 1024);

/// Connections at once; at most the ports that one client has.
const CONNECTIONS: (u64, u64) = (1, 65_535);

/// `outbox_age_max_s`: up to a year.
const OUTBOX_AGE_S: (u64, u64) = (1, 365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(key: &str, value: u64) -> Result<(), String> {
        toml::from_str::<LimitsConfig>(&format!("{key} = {value}\n")).unwrap().check()
    }

    #[test]
    fn every_limit_is_taken_at_its_bounds_and_refused_beyond() {
        for Bound { key, least, most, .. } in LimitsConfig::default().bounded() {
            assert_eq!((checked(key, least), checked(key, most)), (Ok(()), Ok(())), "{key}");
            let outside = [least.checked_sub(1), Some(most + 1)];
            for value in outside.into_iter().flatten() {
                let refused = checked(key, value).unwrap_err();
                let names = [key.to_owned(), value.to_string(), least.to_string(), most.to_string()];
                assert!(names.iter().all(|name| refused.contains(name)), "{refused}");
            }
        }
    }

    #[test]
    fn shipped_limits_are_within_their_bounds_and_none_is_forgotten() {
        LimitsConfig::default().check().unwrap();
        let written = format!("{:?}", LimitsConfig::default());
        assert_eq!(written.matches(": ").count(), LimitsConfig::default().bounded().len(), "{written}");
        assert!(checked("outbox_age_max_s", 0).is_err());
        let negative: LimitsConfig = toml::from_str("outbox_age_max_s = -5").unwrap();
        assert!(negative.check().is_err());
    }
}
