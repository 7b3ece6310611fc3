//! How mail programs mark, in HTML, text that the writer did not type: quoted mails and signatures.
//!
//! Only single tags are judged here, by name, class, id and style; `text` follows the nesting, and
//! `reply` decides what is left of the mail. The marks were collected from what the programs send.

use std::borrow::Cow;

use super::tokens::Tag;

/// What a start tag says about the text from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The element is a quoted mail, written as one: `<blockquote type="cite">`.
    Quote,
    /// The element holds a quoted mail with its header, not indented: Yahoo, Proton, new Outlook.
    QuoteBox,
    /// A line like "On … wrote:" follows, and then the quote: Gmail, Thunderbird.
    Attribution,
    /// All that follows, to the end of the mail, is the mail answered: Outlook, Zimbra.
    RestIsQuoted,
    /// The element is a signature.
    Signature,
}

/// Classes of blockquotes that are quoted mails.
const QUOTE_CLASSES: [&str; 6] =
    ["gmail_quote", "protonmail_quote", "tutanota_quote", "missive_quote", "front-blockquote", "iwcQuote"];

/// Ids of blockquotes that are quoted mails (NetEase, Zoho).
const QUOTE_IDS: [&str; 2] = ["isReplyContent", "blockquote_zmail"];

/// Classes of elements that hold a quoted mail with its header.
const BOX_CLASSES: [&str; 6] = [
    "yahoo_quoted",
    "protonmail_quote",
    "ms-outlook-mobile-reference-message",
    "zmail_extra",
    "freshdesk_quote",
    "tutanota_quote",
];

/// Ids of elements that hold a quoted mail with its header (new Outlook, NetEase, QQ).
const BOX_IDS: [&str; 3] = ["mail-editor-reference-message-container", "isReplyContent", "isForwardContent"];

/// `name` attributes of elements that are signatures (Spark).
const SIGNATURE_SECTIONS: [&str; 1] = ["messageSignatureSection"];

/// `name` attributes of elements that hold a quoted mail (Spark; GMX and WEB.DE).
const BOX_NAMES: [&str; 2] = ["messageReplySection", "quote"];

/// Classes of the line above a quote.
const ATTRIBUTION_CLASSES: [&str; 4] = ["gmail_attr", "moz-cite-prefix", "gmail_quote", "gmail_quote_container"];

/// Ids after which everything is the mail answered (Outlook on the web, Zimbra, Windows Live Mail).
const REST_IDS: [&str; 5] =
    ["divRplyFwdMsg", "appendonsend", "zwchr", "stopSpelling", "ms-outlook-mobile-body-separator-line"];

/// Signature classes and ids.
const SIGNATURE_NAMES: [&str; 18] = [
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "protonmail_signature_block",
    "ms-outlook-mobile-signature",
    "Signature",
    "ymail_android_signature",
    "tutanota_signature",
    "appendSignature",
    "_rc_sig",
    "front-signature",
    "sh-signature",
    "composer_signature",
    "missive_signature",
    "bloop_sign",
    "io-ox-signature",
    "impComposeSignature",
    "mb_sig",
];

/// Colours of the line Outlook draws above the header of the mail answered (2007–2010, 2013 on).
const OUTLOOK_RULES: [&str; 4] =
    ["border-top:solid#e1e1e1", "border-top:solid#b5c4df", "border-top:1ptsolid#e1e1e1", "border-top:1ptsolid#b5c4df"];

/// Judges one start tag; `None` for most tags, which say nothing.
pub(crate) fn sign_of(tag: &Tag<'_>) -> Option<Sign> {
    // Most tags have no attributes at all; `inside` may be a lone `/`.
    if tag.inside.len() < 4 {
        return None;
    }
    let seen = Seen::of(tag);
    if tag.name.eq_ignore_ascii_case("blockquote") {
        return seen.is_quote().then_some(Sign::Quote);
    }
    if seen.has_id(&REST_IDS) || seen.has_class(&["OutlookMessageHeader"]) || seen.is_zimbra_divider() {
        return Some(Sign::RestIsQuoted);
    }
    if seen.has_class(&SIGNATURE_NAMES)
        || seen.has_id(&SIGNATURE_NAMES)
        || SIGNATURE_SECTIONS.contains(&seen.name.as_ref())
    {
        return Some(Sign::Signature);
    }
    if seen.has_class(&BOX_CLASSES) || seen.has_id(&BOX_IDS) || seen.is_named_box(tag) {
        return Some(Sign::QuoteBox);
    }
    if seen.has_class(&ATTRIBUTION_CLASSES) {
        return Some(Sign::Attribution);
    }
    seen.is_outlook_rule().then_some(Sign::RestIsQuoted)
}

/// The attributes that matter here.
#[derive(Default)]
struct Seen<'a> {
    class: Cow<'a, str>,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    style: Cow<'a, str>,
    kind: Cow<'a, str>,
    cite: Cow<'a, str>,
    marker: Cow<'a, str>,
}

impl<'a> Seen<'a> {
    fn of(tag: &Tag<'a>) -> Self {
        let mut seen = Self::default();
        for (name, value) in tag.attributes() {
            let slot = match name.to_ascii_lowercase().as_str() {
                "class" => &mut seen.class,
                "id" => &mut seen.id,
                "name" => &mut seen.name,
                "style" => &mut seen.style,
                "type" => &mut seen.kind,
                "cite" => &mut seen.cite,
                "data-marker" => &mut seen.marker,
                _ => continue,
            };
            if slot.is_empty() {
                *slot = Cow::Borrowed(value);
            }
        }
        seen
    }

    fn has_class(&self, names: &[&str]) -> bool {
        self.class.split_ascii_whitespace().any(|class| names.iter().any(|name| is_name(class, name)))
    }

    fn has_id(&self, names: &[&str]) -> bool {
        names.iter().any(|name| is_name(&self.id, name))
    }

    fn is_named_box(&self, tag: &Tag<'_>) -> bool {
        tag.name.eq_ignore_ascii_case("div") && BOX_NAMES.contains(&self.name.as_ref())
    }

    fn is_quote(&self) -> bool {
        self.kind.eq_ignore_ascii_case("cite")
            || self.has_class(&QUOTE_CLASSES)
            || self.has_id(&QUOTE_IDS)
            || self.cite.starts_with("mid:")
    }

    fn is_zimbra_divider(&self) -> bool {
        matches!(self.marker.as_ref(), "__DIVIDER__" | "__HEADERS__" | "__QUOTED_TEXT__")
    }

    fn is_outlook_rule(&self) -> bool {
        if !self.style.to_ascii_lowercase().contains("border-top") {
            return false;
        }
        let tight: String = self.style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        OUTLOOK_RULES.iter().any(|rule| tight.contains(rule))
    }
}

/// What programs put in front of the names in a mail they quote: Outlook on the web, Gmail, Yahoo.
const PREFIXES: [&str; 4] = ["x_", "m_", "ydp", "yiv"];

/// Whether a class or an id is that name, as another program may have prefixed it: `x_gmail_quote`,
/// `ydp1a2b3cyahoo_quoted`, `m_-4711divRplyFwdMsg`. Yahoo numbers its ids as well.
fn is_name(word: &str, name: &str) -> bool {
    if word.len() <= name.len() {
        return word == name;
    }
    let is_prefixed = PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    let ends = |word: &str| word.ends_with(name);
    is_prefixed && (ends(word) || ends(word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::mail::html::tokens::{Token, Tokens};

    fn sign(html: &str) -> Option<Sign> {
        match Tokens::new(html).next() {
            Some(Token::Start(tag)) => sign_of(&tag),
            _ => None,
        }
    }

    #[test]
    fn blockquotes_count_only_when_a_mail_program_marked_them() {
        assert_eq!(sign("<blockquote type=\"cite\">"), Some(Sign::Quote));
        assert_eq!(sign("<BLOCKQUOTE class='x gmail_quote'>"), Some(Sign::Quote));
        assert_eq!(sign("<blockquote style='margin:0 0 0 40px'>"), None);
    }

    #[test]
    fn the_header_boxes_of_outlook_end_the_reply() {
        assert_eq!(sign("<div id=\"divRplyFwdMsg\" dir=ltr>"), Some(Sign::RestIsQuoted));
        assert_eq!(
            sign("<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"),
            Some(Sign::RestIsQuoted)
        );
        assert_eq!(sign("<div style='border-top:solid red 1pt'>"), None);
    }

    #[test]
    fn gmail_and_thunderbird_announce_the_line_above_the_quote() {
        assert_eq!(sign("<div class=\"gmail_attr\">"), Some(Sign::Attribution));
        assert_eq!(sign("<div class=\"moz-cite-prefix\">"), Some(Sign::Attribution));
    }

    #[test]
    fn names_that_another_program_prefixed_are_known_by_their_ends() {
        assert_eq!(sign("<div class=\"x_x_gmail_attr\">"), Some(Sign::Attribution));
        assert_eq!(sign("<div id=\"x_divRplyFwdMsg\">"), Some(Sign::RestIsQuoted));
        assert_eq!(sign("<div id=\"m_-471divRplyFwdMsg\">"), Some(Sign::RestIsQuoted));
        assert_eq!(sign("<div class=\"ydp12ab3cyahoo_quoted\">"), Some(Sign::QuoteBox));
        assert_eq!(sign("<div class=\"yiv0471gmail_signature\">"), Some(Sign::Signature));
        assert_eq!(sign("<div id=\"companySignature\">"), None);
    }

    #[test]
    fn signatures_and_quote_boxes_are_known() {
        assert_eq!(sign("<pre class=\"moz-signature\" cols=72>"), Some(Sign::Signature));
        assert_eq!(sign("<div id=\"_rc_sig\">"), Some(Sign::Signature));
        assert_eq!(sign("<div id=\"ydp1\" class=\"yahoo_quoted\">"), Some(Sign::QuoteBox));
        assert_eq!(sign("<div name=\"messageSignatureSection\">"), Some(Sign::Signature));
        assert_eq!(sign("<div>"), None);
    }
}
