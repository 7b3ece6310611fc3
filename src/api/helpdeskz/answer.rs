//! JSON as HelpDeskZ prints it: columns of its database
//! as strings, numbers it made itself as numbers, keys in its order.

use serde::Serialize;

use crate::api::json::compact;
pub(super) use crate::store::shape::{Digits, Escaped};

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
