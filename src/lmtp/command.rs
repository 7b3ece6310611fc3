//! Commands of LMTP (RFC 2033, RFC 5321 §4.1) with the extensions that are offered: SIZE, 8BITMIME, SMTPUTF8, CHUNKING.

use super::reply::Reply;

/// Longest command line with its end, in bytes: RFC 5321 §4.5.3.1.4 allows 512, and each extension adds some.
pub(super) const LINE_BYTES_MAX: usize = 2048;

/// Longest address, in bytes (RFC 5321 §4.5.3.1.3: 256 with the brackets).
const ADDRESS_BYTES_MAX: usize = 254;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Lhlo,
    /// The sender; empty for a bounce.
    Mail(String),
    Rcpt(String),
    Data,
    Bdat {
        bytes: u64,
        is_last: bool,
    },
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
}

/// Reads a line without its end.
///
/// # Errors
/// The reply to what cannot be read.
pub(super) fn read(line: &[u8]) -> Result<Command, Reply> {
    let garbled = || Reply::new(500, "5.5.2 the line is not text");
    let text = std::str::from_utf8(line).map_err(|_| garbled())?;
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(garbled());
    }
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim_matches([' ', '\t']);
    let plain = |command| if rest.is_empty() { Ok(command) } else { Err(Reply::new(501, "5.5.4 no parameters here")) };
    match verb.to_ascii_uppercase().as_str() {
        "LHLO" if rest.is_empty() => Err(Reply::new(501, "5.5.4 LHLO takes a name")),
        "LHLO" => Ok(Command::Lhlo),
        "MAIL" => path(rest, "FROM:", &MAIL).map(Command::Mail),
        "RCPT" => match path(rest, "TO:", &[])? {
            recipient if recipient.is_empty() => Err(Reply::new(501, "5.1.3 a recipient has an address")),
            recipient => Ok(Command::Rcpt(recipient)),
        },
        "DATA" => plain(Command::Data),
        "BDAT" => chunk(rest),
        "RSET" => plain(Command::Rset),
        "NOOP" => Ok(Command::Noop),
        "VRFY" => Ok(Command::Vrfy),
        "HELP" => Ok(Command::Help),
        "QUIT" => plain(Command::Quit),
        "HELO" | "EHLO" => Err(Reply::new(500, "5.5.1 this is LMTP; say LHLO")),
        _ => Err(Reply::new(500, "5.5.1 no such command")),
    }
}

/// Whether bytes of a mail follow a line, however it goes on: where it cannot be read, nobody can say how many.
pub(super) fn announces_bytes(line: &[u8]) -> bool {
    line.trim_ascii_start().get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"))
}

/// A parameter, and which values it takes.
type Parameter = (&'static str, fn(&str) -> bool);

/// Parameters that MAIL takes.
const MAIL: [Parameter; 3] = [
    ("SIZE", |value| !value.is_empty() && value.len() <= 20 && value.bytes().all(|b| b.is_ascii_digit())),
    ("BODY", |value| value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME")),
    ("SMTPUTF8", str::is_empty),
];

/// `FROM:<address> PARAMETERS`; white space after the colon is a common mistake.
fn path(text: &str, label: &str, known: &[Parameter]) -> Result<String, Reply> {
    let wrong = || Reply::new(501, format!("5.5.4 {label}<address> is wanted"));
    let (start, rest) = text.split_at_checked(label.len()).ok_or_else(wrong)?;
    if !start.eq_ignore_ascii_case(label) {
        return Err(wrong());
    }
    let rest = rest.trim_start().strip_prefix('<').ok_or_else(wrong)?;
    let end = end_of_path(rest).ok_or_else(wrong)?;
    let (inside, rest) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(wrong());
    }
    let mut named: Vec<&str> = Vec::new();
    for parameter in rest.split(' ').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if named.iter().any(|before| before.eq_ignore_ascii_case(name)) {
            return Err(Reply::new(501, "5.5.4 a parameter is there twice"));
        }
        named.push(name);
        match known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            None => return Err(Reply::new(555, format!("5.5.4 {} is not offered", name.to_ascii_uppercase()))),
            Some((_, takes)) if !takes(value) => {
                return Err(Reply::new(501, format!("5.5.4 not a value of {}", name.to_ascii_uppercase())));
            }
            Some(_) => {}
        }
    }
    let address = without_route(inside);
    if address.len() > ADDRESS_BYTES_MAX || address.contains(['<', '>']) && !address.starts_with('"') {
        return Err(Reply::new(501, "5.1.3 not an address"));
    }
    Ok(address.to_owned())
}

/// Where the bracket closes: not inside a quoted local part.
fn end_of_path(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// A route before the address is read and passed over (RFC 5321 §4.1.1.3).
fn without_route(path: &str) -> &str {
    if path.starts_with('@') { path.split_once(':').map_or(path, |(_, address)| address) } else { path }
}

/// `BDAT SIZE [LAST]` (RFC 3030 §2).
fn chunk(rest: &str) -> Result<Command, Reply> {
    let mut words = rest.split_ascii_whitespace();
    let size = words.next().filter(|size| size.len() <= 18 && size.bytes().all(|b| b.is_ascii_digit()));
    let bytes = size.and_then(|size| size.parse().ok());
    let last = words.next();
    let is_last = last.is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
    match (bytes, last.is_some() == is_last && words.next().is_none()) {
        (Some(bytes), true) => Ok(Command::Bdat { bytes, is_last }),
        _ => Err(Reply::new(501, "5.5.4 BDAT takes a size, and LAST behind the last one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> u16 {
        read(line.as_bytes()).map_or_else(|reply| reply.code, |_| 0)
    }

    #[test]
    fn commands_are_read_as_servers_write_them() {
        let mail = |address: &str| Ok(Command::Mail(address.to_owned()));
        for (line, expected) in [
            ("LHLO mx.example.org", Ok(Command::Lhlo)),
            ("lhlo x", Ok(Command::Lhlo)),
            ("MAIL FROM:<ann@example.org>", mail("ann@example.org")),
            ("mail from:<ann@example.org> size=1000 BODY=8bitmime SMTPUTF8", mail("ann@example.org")),
            ("MAIL FROM: <ann@example.org>", mail("ann@example.org")),
            ("MAIL FROM:<>", mail("")),
            ("MAIL FROM:<@a.example,@b.example:ann@example.org>", mail("ann@example.org")),
            ("MAIL FROM:<\"a>b\"@example.org>", mail("\"a>b\"@example.org")),
            ("MAIL FROM:<\u{fc}@m\u{fc}nchen.example> SMTPUTF8", mail("\u{fc}@m\u{fc}nchen.example")),
            ("RCPT TO:<support@example.org>", Ok(Command::Rcpt("support@example.org".to_owned()))),
            ("DATA", Ok(Command::Data)),
            ("BDAT 86 last", Ok(Command::Bdat { bytes: 86, is_last: true })),
            ("BDAT 0", Ok(Command::Bdat { bytes: 0, is_last: false })),
            ("NOOP anything", Ok(Command::Noop)),
            ("help data", Ok(Command::Help)),
            ("QUIT", Ok(Command::Quit)),
        ] {
            assert_eq!(read(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_command_gets_its_code() {
        for (line, expected) in [
            ("", 500),
            ("EHLO x", 500),
            ("HELO x", 500),
            ("STARTTLS", 500),
            ("LHLO", 501),
            ("MAIL", 501),
            ("MAIL FROM:", 501),
            ("MAIL FROM:ann@example.org", 501),
            ("MAIL FROM:<ann@example.org", 501),
            ("MAIL FROM:<a@b.example>SIZE=1", 501),
            ("MAIL FROM:<a@b.example> SIZE=x", 501),
            ("MAIL FROM:<a@b.example> SIZE=1 size=2", 501),
            ("MAIL FROM:<a@b.example> BODY=BINARYMIME", 501),
            ("MAIL FROM:<a@b.example> AUTH=<>", 555),
            ("MAIL TO:<a@b.example>", 501),
            ("RCPT TO:<>", 501),
            ("RCPT TO:<a@b.example> NOTIFY=NEVER", 555),
            ("DATA now", 501),
            ("BDAT", 501),
            ("BDAT -1", 501),
            ("BDAT 1 2", 501),
            ("BDAT 1 LAST LAST", 501),
            ("BDAT 99999999999999999999", 501),
            ("RSET x", 501),
            ("NO\u{0}OP", 500),
            ("NOOP \u{1b}[2J", 500),
        ] {
            assert_eq!(code(line), expected, "{line:?}");
        }
        assert_eq!(read(b"NOOP \xff").map_err(|reply| reply.code), Err(500));
    }

    #[test]
    fn line_that_announces_bytes_is_known_whatever_is_wrong_with_it() {
        for line in ["BDAT 5 LASTX", "bdat x", "BDAT", "BDAT\t5", " BDAT 5", "BDATA 5"] {
            assert!(announces_bytes(line.as_bytes()) && read(line.as_bytes()).is_err(), "{line:?}");
        }
        assert!(announces_bytes(b"BDAT 5 \xff") && !announces_bytes(b"DATA") && !announces_bytes(b"BDA"));
    }

    #[test]
    fn addresses_have_their_measure() {
        let of = |bytes: usize| code(&format!("RCPT TO:<{}@b.example>", "x".repeat(bytes - 10)));
        assert_eq!((of(ADDRESS_BYTES_MAX), of(ADDRESS_BYTES_MAX + 1)), (0, 501));
    }
}
