//! JSON as HelpDeskZ prints it: columns of its database
//! as strings, numbers it made itself as numbers, keys in its order.

use serde::{Serialize, Serializer};

use crate::api::json::compact;
use crate::domain::Timestamp;
use crate::mail::html;

/// A number that HelpDeskZ prints as a string, because it came from the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits(pub(super) i64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<Timestamp> for Digits {
    fn from(at: Timestamp) -> Self {
        Self(at.unix())
    }
}

/// A name: stored as given, HTML-escaped on its way out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Serialize for Escaped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.contains(['&', '<', '>', '"', '\'']) {
            serializer.serialize_str(&html::escape(self.0))
        } else {
            serializer.serialize_str(self.0)
        }
    }
}

/// `{"success":1,"message":…}`
#[must_use]
pub(super) fn done(message: &str) -> String {
    #[derive(Serialize)]
    struct Done<'a> {
        success: i64,
        message: &'a str,
    }
    compact(&Done { success: 1, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_printed_as_php_prints_them() {
        assert_eq!(done("a/b é 😀 \u{2028}\u{1}"), "{\"success\":1,\"message\":\"a/b é 😀 \\u2028\\u0001\"}");
        assert_eq!(
            compact(&(Digits(7), Escaped("<b>O'Neil & \"Co\"</b>"))),
            "[\"7\",\"&lt;b&gt;O&#039;Neil &amp; &quot;Co&quot;&lt;/b&gt;\"]"
        );
    }
}
