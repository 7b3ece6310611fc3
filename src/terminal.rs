//! Text that is fit for a terminal, and the characters that are not.
//!
//! What strangers wrote may hold line ends that forge lines, escape sequences that move the cursor, and direction
//! controls that show the words in another order than they are in. Everything that is printed goes through here.

use std::borrow::Cow;

/// A mark that changes the direction text is shown in (Unicode UAX #9): embeddings, overrides, isolates and marks.
#[must_use]
pub(crate) const fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character begins a new line somewhere: in a terminal, or in a program that reads the output.
const fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}') || is_line_separator(c)
}

const fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// A field of one line: line ends and tabs become a blank, control characters and direction controls go.
///
/// Every name, subject, address and file name is printed through this.
#[must_use]
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_control() || is_line_end(c) || is_direction_control(c);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let blanked = text.replace("\r\n", " ");
    let shown = blanked.chars().map(|c| if c == '\t' || is_line_end(c) { ' ' } else { c });
    Cow::Owned(shown.filter(|c| !is_odd(*c)).collect())
}

/// A text of several lines: line feeds and tabs stay, other control characters and direction controls go.
#[must_use]
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_direction_control(c);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_odd(*c)).collect())
}

/// JSON text as it is printed. Characters that would do something to a terminal and that JSON allows as they are
/// (delete, C1 controls, direction controls, line separators) are written as escapes: the same data for programs.
#[must_use]
pub(crate) fn json(text: String) -> String {
    // A line feed can only be between the values.
    let is_odd = |c: char| (c.is_control() && c != '\n') || is_line_separator(c) || is_direction_control(c);
    if !text.contains(is_odd) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) {
            // All of them are in the plane that one escape reaches.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every control character and every direction control.
    fn odd() -> impl Iterator<Item = char> {
        let marks = ['\u{200e}', '\u{200f}', '\u{061c}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}');
        ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}').chain(marks)
    }

    #[test]
    fn a_field_is_one_line_whatever_it_holds() {
        for c in odd().chain(['\u{2028}', '\u{2029}']) {
            let shown = line(&format!("a{c}b")).into_owned();
            assert!(shown == "ab" || shown == "a b", "{c:?} became {shown:?}");
        }
        assert_eq!(line("a\r\nb\tc"), "a b c");
        assert_eq!(line("Grüße 日本 😀"), "Grüße 日本 😀");
    }

    #[test]
    fn json_says_the_same_with_escapes() {
        for c in odd().filter(|c| *c >= '\u{20}').chain(['\u{2028}']) {
            let value = serde_json::json!({ "a": format!("x{c}\n") });
            let printed = json(value.to_string());
            assert!(!printed.contains(c), "{c:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), value);
        }
    }

    #[test]
    fn a_text_keeps_line_feeds_and_tabs_alone() {
        for c in odd() {
            let kept = if c == '\n' || c == '\t' { format!("a{c}b") } else { "ab".to_owned() };
            assert_eq!(text(&format!("a{c}b")), kept, "{c:?}");
        }
        assert_eq!(text("x\u{1b}[2J\u{202e}y\n"), "x[2Jy\n");
    }
}
