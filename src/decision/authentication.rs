//! What the MTA found out about From: Authentication-Results (RFC 8601), read for one question.
//!
//! maildesk verifies nothing itself (that takes DNS at delivery time); it believes the MTA whose
//! name is in setting `authserv_id`, and only the topmost field of that name: a sender can write
//! more of them below.

use crate::domain::ascii_domain;

/// Whether From is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// No `authserv_id` is set, so nothing was checked.
    NotAsked,
    /// DMARC passed, or DKIM or SPF passed for the domain in From.
    Pass,
    /// Anything else, no field of that name included.
    Fail,
}

/// Reads `fields` (topmost first, unfolded, encoded-words left as they are) for the domain in From.
///
/// DKIM (`header.d`, else `header.i`) and SPF (`smtp.mailfrom`) count when their domain is the From
/// domain or lies below it. Relaxed alignment upwards (RFC 7489 §3.1) needs the public suffix list;
/// MTAs that know it say `dmarc=pass`, which counts unless it names another domain (`header.from`).
/// `dmarc=fail` outweighs them all. A field that breaks the grammar proves nothing.
#[must_use]
pub(crate) fn of_sender(fields: &[String], authserv_id: &str, from_domain: &str) -> Authentication {
    if authserv_id.is_empty() {
        return Authentication::NotAsked;
    }
    let of_our_mta = |field: &Field| field.authserv_id.eq_ignore_ascii_case(authserv_id);
    let Some(field) = fields.iter().map(|field| Field::read(field)).find(of_our_mta) else {
        return Authentication::Fail;
    };
    let is_vetoed = field.results.iter().any(|result| result.is("dmarc", "fail"));
    let passes = field.results.iter().any(|result| result.proves(from_domain));
    if field.is_whole && passes && !is_vetoed { Authentication::Pass } else { Authentication::Fail }
}

/// One Authentication-Results field.
struct Field {
    authserv_id: String,
    results: Vec<MethodResult>,
    /// Every quoted string and comment has its end.
    is_whole: bool,
}

/// `dkim=pass header.d=example.org`: one method's result and its properties, in lower case.
struct MethodResult {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Field {
    fn read(text: &str) -> Self {
        let (tokens, is_whole) = tokens(text);
        let mut statements = tokens.split(|token| *token == Token::Semicolon);
        let authserv_id = match statements.next().and_then(<[Token]>::first) {
            Some(Token::Word(word) | Token::Quoted(word)) => word.clone(),
            Some(Token::Semicolon | Token::Equals) | None => String::new(),
        };
        Self { authserv_id, results: statements.filter_map(MethodResult::read).collect(), is_whole }
    }
}

impl MethodResult {
    fn read(tokens: &[Token]) -> Option<Self> {
        let mut pairs = Vec::new();
        for window in tokens.windows(3) {
            if let [Token::Word(name), Token::Equals, Token::Word(value) | Token::Quoted(value)] = window {
                pairs.push((name.to_ascii_lowercase(), value.to_ascii_lowercase()));
            }
        }
        // The first word must be the method, not a property after something else.
        let [Token::Word(_), Token::Equals, Token::Word(_), ..] = tokens else { return None };
        let mut pairs = pairs.into_iter();
        let (method, result) = pairs.next()?;
        // A version may follow the method: "dkim/1=pass" (RFC 8601 §2.2).
        let method = method.split('/').next().unwrap_or_default().to_owned();
        Some(Self { method, result, properties: pairs.collect() })
    }

    fn is(&self, method: &str, result: &str) -> bool {
        self.method == method && self.result == result
    }

    fn proves(&self, from_domain: &str) -> bool {
        if self.result != "pass" {
            return false;
        }
        match self.method.as_str() {
            // DMARC is about From by itself (RFC 7489 §3.1); the property only repeats its domain.
            "dmarc" => !self.has("header.from") || self.is_aligned("header.from", from_domain),
            "dkim" if self.has("header.d") => self.is_aligned("header.d", from_domain),
            "dkim" => self.is_aligned("header.i", from_domain),
            "spf" => self.is_aligned("smtp.mailfrom", from_domain),
            _ => false,
        }
    }

    fn has(&self, property: &str) -> bool {
        self.properties.iter().any(|(name, _)| name == property)
    }

    /// Whether the property is there, and names the From domain or one below it each time.
    fn is_aligned(&self, property: &str, from_domain: &str) -> bool {
        let mut values = self.properties.iter().filter(|(name, _)| name == property).map(|(_, value)| value);
        self.has(property) && values.all(|value| is_aligned(value, from_domain))
    }
}

fn is_aligned(value: &str, from_domain: &str) -> bool {
    let value = value.trim_matches(['<', '>']).trim_end_matches('.');
    let domain = ascii_domain(value.rsplit('@').next().unwrap_or(""));
    let from_domain = ascii_domain(from_domain.trim_end_matches('.')).to_ascii_lowercase();
    !domain.is_empty() && (domain == from_domain || domain.ends_with(&format!(".{from_domain}")))
}

/// What the field is made of, comments and blanks left out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Semicolon,
    Equals,
    /// A run without blanks; quoted strings inside it (`"a b"@example.org`) are part of it.
    Word(String),
    /// A run that begins with a quoted string: a value, but never a name.
    Quoted(String),
}

/// Splits a field by RFC 8601's grammar; it contains the sender's own words, in quoted strings and
/// comments, and may hold anything. Also whether all of these have their end.
fn tokens(text: &str) -> (Vec<Token>, bool) {
    let mut tokens = Vec::new();
    let mut chars = text.chars();
    let mut is_in_word = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                if !is_in_word {
                    tokens.push(Token::Quoted(String::new()));
                    is_in_word = true;
                }
                let Some(quoted) = quoted_string(&mut chars) else { return (tokens, false) };
                add(&mut tokens, &quoted);
            }
            '(' => {
                is_in_word = false;
                if !skip_comment(&mut chars) {
                    return (tokens, false);
                }
            }
            ';' => {
                is_in_word = false;
                tokens.push(Token::Semicolon);
            }
            // Behind a name it is the sign; in a value it is a letter ("header.b=abc=").
            '=' if !is_in_word || !is_value(&tokens) => {
                is_in_word = false;
                tokens.push(Token::Equals);
            }
            c if c.is_whitespace() => is_in_word = false,
            c => {
                if !is_in_word {
                    tokens.push(Token::Word(String::new()));
                    is_in_word = true;
                }
                add(&mut tokens, c.encode_utf8(&mut [0; 4]));
            }
        }
    }
    (tokens, true)
}

fn add(tokens: &mut [Token], text: &str) {
    if let Some(Token::Word(word) | Token::Quoted(word)) = tokens.last_mut() {
        word.push_str(text);
    }
}

/// Whether the last token comes after `=`.
fn is_value(tokens: &[Token]) -> bool {
    matches!(tokens, [.., Token::Equals, Token::Word(_) | Token::Quoted(_)])
}

/// The content of a quoted string up to its end, its escapes resolved; `None` when it has no end.
fn quoted_string(chars: &mut std::str::Chars<'_>) -> Option<String> {
    let mut content = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(content),
            '\\' => content.push(chars.next()?),
            c => content.push(c),
        }
    }
}

/// Skips a comment, which may nest (RFC 5322 §3.2.2); whether it has an end.
fn skip_comment(chars: &mut std::str::Chars<'_>) -> bool {
    let mut depth = 1u64;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '(' => depth = depth.saturating_add(1),
            ')' if depth == 1 => return true,
            ')' => depth -= 1,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Authentication {
        of_sender(&[field.to_owned()], "mx.example.org", "example.org")
    }

    #[test]
    fn nothing_is_asked_without_an_authserv_id() {
        assert_eq!(of_sender(&["mx.example.org; dmarc=pass".to_owned()], "", "example.org"), Authentication::NotAsked);
    }

    #[test]
    fn dmarc_aligned_dkim_and_aligned_spf_pass() {
        for field in [
            "mx.example.org; dmarc=pass header.from=example.org",
            "mx.example.org 1; spf=fail smtp.mailfrom=x@y.net; dkim=pass (2048-bit; ok) header.d=example.org",
            "MX.Example.org; spf=pass smtp.mailfrom=ann@mail.example.org",
        ] {
            assert_eq!(read(field), Authentication::Pass, "{field}");
        }
    }

    #[test]
    fn another_domains_signature_or_a_word_in_a_comment_fails() {
        for field in [
            "mx.example.org; dkim=pass header.d=attacker.net",
            "mx.example.org; dkim=fail (dmarc=pass; dkim=pass header.d=example.org) header.d=example.org",
            "mx.example.org; spf=pass smtp.mailfrom=ann@notexample.org",
            "mx.example.org; none",
            "other.example.org; dmarc=pass",
        ] {
            assert_eq!(read(field), Authentication::Fail, "{field}");
        }
    }

    #[test]
    fn only_the_topmost_field_of_our_name_counts() {
        let fields = ["mx.example.org; dmarc=fail".to_owned(), "mx.example.org; dmarc=pass".to_owned()];
        assert_eq!(of_sender(&fields, "mx.example.org", "example.org"), Authentication::Fail);
    }

    #[test]
    fn words_of_the_sender_in_quotes_and_comments_prove_nothing() {
        for field in [
            r#"mx.example.org; spf=pass smtp.mailfrom="a; dkim=pass header.d=example.org b"@evil.net"#,
            r#"mx.example.org; spf=pass smtp.mailfrom="a smtp.mailfrom=x@example.org b"@evil.net"#,
            r#"mx.example.org; spf=pass smtp.mailfrom="x@example.org"@evil.net"#,
            r#"mx.example.org; dkim=fail reason="x; dkim=pass header.d=example.org""#,
            r#"mx.example.org; dkim=fail reason="\"; dkim=pass header.d=example.org""#,
            r#"mx.example.org; dkim=fail reason="x; dkim=pass header.d=example.org"#,
            r#"mx.example.org; spf=fail (("\); dkim=pass header.d=example.org) smtp.mailfrom=a@evil.net"#,
            r#"mx.example.org; spf=fail (no end; dkim=pass header.d=example.org"#,
            r#"mx.example.org; dkim=pass header.b="x header.d=example.org" header.d=evil.net"#,
            r#"mx.example.org; dkim=pass header.d=evil.net header.d=example.org"#,
            r#"mx.example.org; "dkim"=pass header.d=example.org"#,
            r#"mx.example.org; x y dkim=pass header.d=example.org"#,
            r#"mx.example.org; spf=pass smtp.mailfrom==?utf-8?Q?a=3B_dkim=3Dpass_header.d=3Dexample.org?=@evil.net"#,
        ] {
            assert_eq!(read(field), Authentication::Fail, "{field}");
        }
    }

    #[test]
    fn dmarc_of_another_domain_is_no_proof_and_its_failure_outweighs_the_rest() {
        for field in [
            "mx.example.org; dmarc=pass header.from=evil.net",
            "mx.example.org; dkim=pass header.d=example.org; dmarc=fail header.from=example.org",
            "mx.example.org; dmarc=fail; spf=pass smtp.mailfrom=a@example.org",
        ] {
            assert_eq!(read(field), Authentication::Fail, "{field}");
        }
    }

    #[test]
    fn spellings_of_the_grammar_are_read() {
        for field in [
            "mx.example.org; dkim/1=pass header.d=example.org",
            "mx.example.org; dmarc=pass (p=none)",
            "mx.example.org; dkim = pass (ok) header.d = \"example.org\" header.b=abc=",
            "\"mx.example.org\" 1;dkim=pass reason=\"a; b\" header.i=@example.org",
            "mx.example.org; spf=pass smtp.mailfrom=<\"ann; x\"@example.org>",
            "mx.example.org;dkim=fail header.d=evil.net;dkim=pass header.d=Example.ORG.",
        ] {
            assert_eq!(read(field), Authentication::Pass, "{field}");
        }
    }
}
