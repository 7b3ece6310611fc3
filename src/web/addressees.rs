//! Fields such as "To" and "Cc": `Ann <ann@x.test>, bob@x.test`.

use crate::domain::EmailAddress;
use crate::domain::one_line::is_one_line;
use crate::mail::Mailbox;
use crate::store::ReadTx;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::web::answer::Refusal;

/// Most addresses in one field. Chosen: as many as may take part in a ticket.
const ADDRESSES_MAX: usize = 20;

/// The people of a field; the piece that is no address where there is one.
pub(crate) fn read(field: &str) -> Result<Vec<Mailbox>, String> {
    let mut found: Vec<Mailbox> = Vec::new();
    for piece in pieces(field) {
        let mailbox = mailbox(&piece).ok_or_else(|| piece.clone())?;
        if found.iter().any(|known| known.address == mailbox.address) {
            continue;
        }
        if found.len() >= ADDRESSES_MAX {
            return Err(piece);
        }
        found.push(mailbox);
    }
    Ok(found)
}

/// The first of these people whose address is one of the desk's own: it would write to itself.
pub(crate) fn own_among(tx: &ReadTx<'_>, people: &[Mailbox]) -> Result<Option<String>, Refusal> {
    for person in people {
        if tx.is_own_address(&person.address)? {
            return Ok(Some(person.address.to_string()));
        }
    }
    Ok(None)
}

/// A person as a field shows them.
pub(crate) fn shown(name: &str, address: &str) -> String {
    if name.is_empty() || name == address {
        return address.to_owned();
    }
    let is_plain = !name.contains([',', ';', '<', '>', '"', '@', '(', ')', '\\']);
    if is_plain { format!("{name} <{address}>") } else { format!("\"{}\" <{address}>", name.replace(['"', '\\'], "")) }
}

/// Cut at commas and semicolons that are not in quotes.
fn pieces(field: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut is_quoted = false;
    for c in field.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' | ';' | '\n' | '\r' if !is_quoted => found.push(String::new()),
            _ => {}
        }
        let is_cut = matches!(c, ',' | ';' | '\n' | '\r') && !is_quoted;
        if let Some(last) = found.last_mut().filter(|_| !is_cut) {
            last.push(c);
        }
    }
    found.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

fn mailbox(piece: &str) -> Option<Mailbox> {
    let (name, address) = match piece.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
        None => ("", piece),
    };
    let address: EmailAddress = address.parse().ok()?;
    // Longer ones would be cut when their owner becomes a customer.
    if !name.is_empty() && !is_one_line(name, FULLNAME_CHARS_MAX) {
        return None;
    }
    Some(Mailbox { name: name.to_owned(), address })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_as_they_are_shown() {
        let found = read("Ann <ann@x.test>; bob@x.test, \"Poe, Sam\" <sam@x.test>,ann@x.test").unwrap();
        let shown: Vec<String> =
            found.iter().map(|person| super::shown(&person.name, person.address.as_str())).collect();
        assert_eq!(shown, ["Ann <ann@x.test>", "bob@x.test", "\"Poe, Sam\" <sam@x.test>"]);
        assert_eq!(read("ann@x.test, nobody").unwrap_err(), "nobody");
        assert!(read(" , ").unwrap().is_empty());
    }

    #[test]
    fn a_name_is_one_line_that_a_customer_may_have() {
        let of = |name: &str| read(&format!("{name} <a@x.test>"));
        assert_eq!(of(&"n".repeat(FULLNAME_CHARS_MAX)).unwrap().len(), 1);
        assert!(of(&"n".repeat(FULLNAME_CHARS_MAX + 1)).is_err());
        assert!(of("\"Ann\nBcc\"").is_err());
    }

    #[test]
    fn a_field_takes_as_many_people_as_a_ticket() {
        let field = |n: usize| (0..n).map(|n| format!("a{n}@x.test")).collect::<Vec<_>>().join(",");
        assert_eq!(read(&field(ADDRESSES_MAX)).unwrap().len(), ADDRESSES_MAX);
        assert!(read(&field(ADDRESSES_MAX + 1)).is_err());
    }
}
