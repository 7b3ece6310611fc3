//! Which placeholders there are.

use super::MESSAGE;

/// Every placeholder that some mail fills in.
const PLACEHOLDERS: [&str; 16] = [
    "activation_link",
    "client_email",
    "client_name",
    "client_password",
    "company_name",
    "entry_link",
    "helpdesk_url",
    MESSAGE,
    "staff_name",
    "support_url",
    "ticket_department",
    "ticket_id",
    "ticket_link",
    "ticket_priority",
    "ticket_status",
    "ticket_subject",
];

/// Fewest letters of what is taken for a placeholder: an address may have `%af%` in it.
const PLACEHOLDER_CHARS_MIN: usize = 4;

/// What looks like a placeholder and is none, which customers would read as it stands.
#[must_use]
pub(crate) fn unknown_placeholders(text: &str) -> Vec<&str> {
    let is_name =
        |name: &str| name.len() >= PLACEHOLDER_CHARS_MIN && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut unknown: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('%') {
        let Some((name, further)) = behind.split_once('%') else { break };
        if !is_name(name) {
            // The second sign may begin one.
            rest = behind;
            continue;
        }
        if !PLACEHOLDERS.contains(&name) && !unknown.contains(&name) {
            unknown.push(name);
        }
        rest = further;
    }
    unknown
}

/// The placeholders there are, for people.
#[must_use]
pub(crate) fn known_placeholders() -> String {
    PLACEHOLDERS.map(|name| format!("%{name}%")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;

    #[test]
    fn unknown_placeholders_are_found_and_the_shipped_texts_have_none() {
        for event in Event::ALL {
            let shipped = event.shipped();
            for text in [&shipped.subject, &shipped.body_text, &shipped.body_html] {
                assert_eq!(unknown_placeholders(text), Vec::<&str>::new(), "{text}");
            }
        }
        for (text, expected) in [
            ("%nope%", vec!["nope"]),
            ("100% of %client_name% and %nope% and %nope% and %ticket_idd%", vec!["nope", "ticket_idd"]),
            ("50% off, 20% more", vec![]),
            ("https://x.test/%c3%a4%af%bc%20", vec![]),
            ("%%%%nope", vec![]),
        ] {
            assert_eq!(unknown_placeholders(text), expected, "{text}");
        }
    }
}
