//! Names and titles: texts of one line, each with its greatest length, whoever takes them.

/// Longest name of a department, in characters before escaping. Chosen: it has to fit a line of a list (HelpDeskZ's column).
pub(crate) const DEPARTMENT_CHARS_MAX: usize = 100;

/// Longest name of a schedule, in characters. Chosen: as a department's.
pub(crate) const SCHEDULE_CHARS_MAX: usize = 100;

/// Longest name in From of one of the desk's addresses, in characters (HelpDeskZ's column).
pub(crate) const ADDRESS_NAME_CHARS_MAX: usize = 250;

/// Longest name of an API token or a webhook, in characters. Chosen: as an address's.
pub(crate) const TOKEN_NAME_CHARS_MAX: usize = 250;

/// Longest title of a custom field or a canned response, in characters (HelpDeskZ's columns).
pub(crate) const TITLE_CHARS_MAX: usize = 255;

/// Longest title of an article and name of a category of articles, in characters (HelpDeskZ's columns).
pub(crate) const ARTICLE_TITLE_CHARS_MAX: usize = 200;

/// Longest name of a priority, in characters (HelpDeskZ's column).
pub(crate) const PRIORITY_CHARS_MAX: usize = 200;

/// Longest name of a saved view, in characters. Chosen: what fits beside the lists.
pub(crate) const VIEW_NAME_CHARS_MAX: usize = 50;

/// Longest search of a saved view, in characters. Chosen: far above what anybody types.
pub(crate) const VIEW_SEARCH_CHARS_MAX: usize = 500;

/// Longest subject of a ticket that is typed, and of a template, in characters (HelpDeskZ's columns).
pub(crate) const SUBJECT_CHARS_MAX: usize = 255;

/// Whether a text is one line of 1 to so many characters. Blanks around it are the caller's to remove.
#[must_use]
pub(crate) fn is_one_line(text: &str, chars_max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

/// What another program said, on one line of at most so many characters.
#[must_use]
pub(crate) fn on_one_line(text: &str, chars_max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_something_in_it_and_ends_at_its_limit() {
        assert!(is_one_line("ä", 1) && is_one_line("ää", 2));
        for no in ["", "ää\u{e4}", "a\nb", "\u{7f}"] {
            assert!(!is_one_line(no, 2), "{no:?}");
        }
    }

    #[test]
    fn what_was_said_is_cut_by_characters_and_has_no_breaks() {
        assert_eq!(on_one_line("5.1.1\r\nno", 8), "5.1.1  n");
    }
}
