//! Where a signature begins: `-- ` (RFC 3676 §4.3), a marked element of the HTML, or the line a
//! device adds (`device`).
//!
//! A closing ("Best regards, Ann") was typed by the writer and stays.

use std::ops::Range;

use super::device::{goes_on_from, is_device_line};
use super::disclaimer::is_disclaimer;
use super::line::Line;
use super::prose::{is_contact, is_note, is_prose, looks_like_signature, paragraph_at, sentences_in};
use super::split::Part;

/// Most filled lines after a `--` whose trailing space got lost; more is text, not a signature.
const DASHES_LINES_MAX: usize = 20;
/// Most filled lines after `____`, which people also use to divide their text.
const RULE_LINES_MAX: usize = 8;

/// Most blank lines of a block below `-- `, and most bytes below a quote that are searched for what companies add: reading
/// more would cost more than the mail is worth, and no signature has as much. 100 and 64 KiB.
const PARAGRAPHS_MAX: usize = 100;
const ADDED_BYTES_MAX: usize = 64 * 1024;

/// What has to be left where a signature is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Other text: a mail is never all signature.
    NeedsText,
    /// Nothing: the text is above, as where a signature stands below a quote.
    BelowText,
    /// Nothing, but there is no text above the quote either: what is below it may be all that was typed.
    BelowQuote,
}

/// Marks the lines of signatures in `range`; says whether there are any.
pub(super) fn mark_signature(lines: &[Line<'_>], parts: &mut [Part], range: Range<usize>, ground: Ground) -> bool {
    let mut blocks = marked(lines, range.clone());
    blocks.extend(separated(lines, range.clone()));
    if ground == Ground::BelowText {
        blocks.extend(disclaimers(lines, range.clone()));
    }
    // One entry a line of the range: there may be as many blocks as lines.
    let mut is_signature = vec![false; range.len()];
    for block in blocks {
        is_signature[block.start - range.start..block.end - range.start].fill(true);
    }
    if let Some(start) = trailing_start(lines, range.clone(), &is_signature) {
        is_signature[start - range.start..].fill(true);
    }
    let is_text = |(at, is_signature): (usize, &bool)| !is_signature && !lines[range.start + at].is_blank();
    let has_text = || is_signature.iter().enumerate().any(is_text);
    if !is_signature.contains(&true) || ground == Ground::NeedsText && !has_text() {
        return false;
    }
    for (part, _) in parts[range].iter_mut().zip(&is_signature).filter(|(_, is_signature)| **is_signature) {
        *part = Part::Signature;
    }
    true
}

/// The signatures that the HTML marks, each with the `--` right above it. What stands below one was typed.
fn marked(lines: &[Line<'_>], range: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open: Option<usize> = None;
    for at in range.clone() {
        match (open, lines[at].is_signature) {
            (None, true) => open = Some(if at > range.start && is_dashes(lines[at - 1].text) { at - 1 } else { at }),
            (Some(start), false) if !lines[at].is_blank() => {
                found.push(start..at);
                open = None;
            }
            _ => {}
        }
    }
    found.extend(open.map(|start| start..range.end));
    found
}

fn is_dashes(text: &str) -> bool {
    text.trim_end() == "--"
}

/// Goes up from the end over blank lines, rules and lines of devices, past the signatures found so far; the line where
/// what they close begins.
fn trailing_start(lines: &[Line<'_>], range: Range<usize>, is_signature: &[bool]) -> Option<usize> {
    let (mut start, mut is_last) = (None, true);
    for at in range.clone().rev() {
        if is_signature[at - range.start] {
            continue;
        }
        let line = &lines[at];
        if line.is_rule() || is_device_line(line.text, is_last) && !is_rest_of_sentence(lines, range.start..at, at) {
            start = Some(at);
        } else if start.is_none() && is_bare_address(line.text) && is_rule_above(lines, range.start..at) {
            // Foxmail writes the writer's address below a line of its own.
        } else if !line.is_blank() {
            break;
        }
        is_last &= line.is_blank();
    }
    start
}

/// Whether a wrapped sentence ends at line `at` by chance with the words of a device.
fn is_rest_of_sentence(lines: &[Line<'_>], above: Range<usize>, at: usize) -> bool {
    let above = above.last().map(|above| &lines[above]).filter(|above| !above.is_quoted);
    above.is_some_and(|above| goes_on_from(above, lines[at].text))
}

fn is_bare_address(text: &str) -> bool {
    let text = text.trim();
    text.contains('@') && !text.contains(char::is_whitespace) && !text.contains("://")
}

fn is_rule_above(lines: &[Line<'_>], range: Range<usize>) -> bool {
    range.rev().find(|&at| !lines[at].is_blank()).is_some_and(|at| lines[at].is_rule())
}

/// The paragraphs below a quote that companies add to every mail.
fn disclaimers(lines: &[Line<'_>], range: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let end = range.end.checked_sub(1).map_or(0, |last| lines[last].end());
    let mut at = range.clone().find(|&at| end - lines[at].start <= ADDED_BYTES_MAX).unwrap_or(range.end);
    while at < range.end {
        let paragraph = paragraph_at(lines, at..range.end);
        at = paragraph.end + 1;
        let text: String = lines[paragraph.clone()].iter().flat_map(|line| [line.text, " "]).collect();
        if is_disclaimer(&text) {
            found.push(paragraph);
        }
    }
    found
}

/// The block that a line of dashes sets apart: up to a blank line that prose follows or a note, because people write more
/// below their signature.
fn separated(lines: &[Line<'_>], range: Range<usize>) -> Option<Range<usize>> {
    let exact = range.clone().find(|&at| lines[at].text == "-- " && !lines[at].is_signature);
    let guessed = guessed_separator(lines, range.clone());
    let start = exact.into_iter().chain(guessed).min()?;
    let is_typed = |at: usize| {
        let is_paragraph = lines[at - 1].is_blank() && !lines[at].is_blank();
        is_note(lines[at].text) || is_paragraph && !is_dashes(lines[at].text) && is_prose(lines, at..range.end)
    };
    let mut paragraphs = 0;
    let typed = (start + 1..range.end).find(|&at| {
        paragraphs += usize::from(lines[at - 1].is_blank());
        paragraphs > PARAGRAPHS_MAX || is_typed(at)
    });
    let end = typed.map_or(range.end, |at| if lines[at - 1].is_blank() && at > start + 1 { at - 1 } else { at });
    Some(start..end)
}

/// The topmost `--` or `____` below which there is a signature; looked for from the end, so that a text full of them is
/// read once.
fn guessed_separator(lines: &[Line<'_>], range: Range<usize>) -> Option<usize> {
    let (mut dashes, mut rule, mut filled) = (Vec::new(), None, 0);
    for at in range.clone().rev().filter(|&at| !lines[at].is_blank() && !lines[at].is_signature) {
        let text = lines[at].text.trim_end();
        let is_rule = text.len() >= 2 && text.bytes().all(|b| b == b'_');
        if text == "--" {
            dashes.push(at);
        }
        // Few lines are below, and most mails have no such rule.
        if is_rule && filled <= RULE_LINES_MAX && has_footer(lines, at + 1..range.end) {
            rule = Some(at);
        }
        filled += 1;
        if filled > DASHES_LINES_MAX {
            break;
        }
    }
    // Two of them divide a text.
    let dashes = match dashes[..] {
        [at] if lines[at].text != "-- " => Some(at).filter(|at| looks_like_signature(lines, *at + 1..range.end)),
        _ => None,
    };
    dashes.into_iter().chain(rule).min()
}

/// Whether what stands below a rule is a list's footer or a signature: an address, and no text.
fn has_footer(lines: &[Line<'_>], below: Range<usize>) -> bool {
    let has_contact = below.clone().any(|at| is_contact(lines[at].text.trim_end()));
    has_contact && sentences_in(lines, below.clone()) < 2 && !has_prose(lines, below)
}

fn has_prose(lines: &[Line<'_>], range: Range<usize>) -> bool {
    let is_start = |at: usize| at == range.start || lines[at - 1].is_blank();
    range.clone().any(|at| !lines[at].is_blank() && is_start(at) && is_prose(lines, at..range.end))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    fn kept(text: &str) -> String {
        let lines = lines_of_text(text);
        let mut parts = vec![Part::Typed; lines.len()];
        mark_signature(&lines, &mut parts, 0..lines.len(), Ground::NeedsText);
        let typed = lines.iter().zip(&parts).filter(|(_, part)| **part == Part::Typed);
        typed.map(|(line, _)| line.text).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    #[test]
    fn two_dashes_begin_a_signature() {
        assert_eq!(kept("Hello\n-- \nAnn\nExample Ltd"), "Hello");
        assert_eq!(kept("Hello -- you\n--\nAnn"), "Hello -- you");
        assert_eq!(kept("---\nHello"), "---\nHello");
    }

    #[test]
    fn two_dashes_above_a_long_text_are_no_signature() {
        let long = |lines: usize| format!("Hello\n--{}", "\nMore".repeat(lines));
        assert_eq!(kept(&long(DASHES_LINES_MAX)), "Hello");
        assert_eq!(kept(&long(DASHES_LINES_MAX + 1)), long(DASHES_LINES_MAX + 1));
    }

    #[test]
    fn lines_of_devices_go_in_every_language() {
        for line in [
            "Sent from my iPhone",
            "Sent from Yahoo Mail on Android",
            "Sent from my Wiko RIDGE 4G",
            "Sent from my cell, please excuse typos.",
            "Sent from my new Android phone with K-9 Mail. Please excuse my brevity.",
            "Sent from my Verizon, Samsung Galaxy tablet",
            "Sent with Proton Mail secure email.",
            "Sent via mobile",
            "Sent from my TI-85\nSent from my iPad",
            "Ann from mobile",
            "Envoyé depuis l'application Mail Orange",
            "Von meinem/meiner Galaxy gesendet",
            "Odesláno z aplikace Seznam Email",
            "iOS için Outlook'tan gönderildi",
            "A Windows 10 Posta alkalmazásából küldve",
            "Windows 10 版のメールから送信",
            "从我的手机发送",
            "發自我的 iPad",
            "来自我的小米手机",
            "스마트폰에서 보냄",
            "Galaxyから送信",
            "Εστάλη από το iPad μου",
            "Provenance : Courrier pour Windows 10",
            "Gesendet von unterwegs",
            "Sent from Spike",
            "Sent with eM Client",
            "Sent from Workspace ONE Boxer",
            "Skaff deg Outlook for iOS",
            "Získat Outlook pro iOS",
            "Αποκτήστε το Outlook για iOS",
            "קבל את Outlook עבור iOS",
            "احصل على Outlook لـ iOS",
            "Tải Outlook cho iOS",
            "รับ Outlook for iOS",
            "Dapatkan Outlook untuk iOS",
            "Von meinem iPhone gesendet",
            "Gesendet mit der GMX Mail App",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Enviado do meu iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Wysłane z iPhone'a",
            "Отправлено с iPhone",
            "Skickat från min iPhone",
            "Sendt fra min iPad",
            "Lähetetty iPhonesta",
            "iPhone'umdan gönderildi",
            "Odesláno z iPhonu",
            "发自我的 iPhone",
            "发自我的华为手机",
            "Az iPhone-omról küldve",
            "נשלח מה-iPhone שלי",
            "أُرسلت من الـ iPhone",
            "ส่งจาก iPhone ของฉัน",
            "iPhoneから送信",
            "나의 iPhone에서 보냄",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Outlook für Android beziehen<https://aka.ms/x>",
        ] {
            assert_eq!(kept(&format!("Hello\n\n{line}\n")), "Hello", "{line}");
        }
    }

    #[test]
    fn prose_below_a_signature_was_typed() {
        let more = "PS: I forgot to say that the other printer burns as well.";
        assert_eq!(kept(&format!("Hello\n-- \nAnn\nExample Ltd\n\n{more}")), format!("Hello\n\n{more}"));
        assert_eq!(kept("Hello\n-- \nAnn\n\nExample Ltd\n12 Main St. Springfield"), "Hello");
        assert_eq!(kept("Hello\n-- \nAnn\n\nThis e-mail is confidential and meant for its recipient alone."), "Hello");
        assert_eq!(kept("Hello\n-- \nAnn\n\nRegistered in England and Wales under number 1234567."), "Hello");
    }

    #[test]
    fn several_sentences_below_two_dashes_are_text() {
        let text = "Hello\n--\nThe printer burns since Monday. We have no other one in the house.";
        assert_eq!(kept(text), text);
        assert_eq!(kept("Hello\n--\nAnn\nThere is no planet B, so please be kind."), "Hello");
    }

    #[test]
    fn dashes_and_rules_that_divide_a_text_begin_no_signature() {
        for text in [
            "Hello\n\n--\nThe page https://example.org/cart shows error 500. It worked in May.",
            "Hello\n\n____\nWrite to bob@example.org. He has the contract. The old address is gone.",
            "Hello\n--\nSerial 12345678\nColour red",
            "Hello\n--\nWhen does it come?",
            "We need:\n--\n1 roller\n2 belts\n--\nSend them soon.",
            "Printer A1\nBroken\n--\nPrinter B2\nSlow\n--\nPrinter C3\nDead",
            "Hello\n____\nPlease send the next one to bob@example.org",
        ] {
            assert_eq!(kept(text), text);
        }
    }

    #[test]
    fn notes_below_a_signature_were_typed() {
        for note in [
            "P.S. Call me at +49 30 1234567 before Friday.",
            "PS: it beeps",
            "NB: https://example.org/form fails as well.",
            "Does order 4711234 come too?",
        ] {
            assert_eq!(kept(&format!("Hello\n-- \nAnn\nExample Ltd\n\n{note}")), format!("Hello\n\n{note}"));
        }
        assert_eq!(kept("Hello\n-- \nAnn\n\n-- \nThis mail was looked at by Example."), "Hello");
        assert_eq!(kept("Hello\n-- \nAnn\nPS: it beeps"), "Hello\nPS: it beeps");
    }

    #[test]
    fn signatures_end_at_the_limit_of_paragraphs() {
        let text = |paragraphs: usize| format!("Hello\n-- {}", "\n\nAnn".repeat(paragraphs));
        assert_eq!(kept(&text(PARAGRAPHS_MAX)), "Hello");
        assert!(kept(&text(PARAGRAPHS_MAX + 1)).ends_with("Ann"));
    }

    #[test]
    fn whatever_a_mail_was_sent_from_goes_with_its_last_line() {
        for line in ["Sent from my Fairphone", "Sent from my old faithful typewriter", "Von meinem Toaster gesendet"] {
            assert_eq!(kept(&format!("Hello\n\n{line}\n")), "Hello", "{line}");
        }
        for text in ["Sent from my Fairphone\n\nMore", "Hello\n\nSent from my desk in the old town hall"] {
            assert_eq!(kept(text), text);
        }
    }

    #[test]
    fn sentences_about_devices_stay() {
        for line in [
            "Sent from my desk, is much easier than my mobile phone.",
            "Sent from a magnificent torch of pixels",
            "The notification was sent from my iPhone app to all users.",
            "I cannot get Outlook for iOS to work",
            "From my Android it opens.",
            "Von meinem Tablet aus geht es auch nicht.",
            "Von meinem alten Handy ging es.",
            "Sent by mail on Friday.",
            "Sent by mail.",
            "Envoyé par téléphone ce matin.",
            "Enviado por Gmail no llega.",
            "Sent with Outlook it takes hours.",
            "Sent on Windows 11 the page is blank.",
            "Wysłane przez Gmail nie działa.",
            "Download Outlook for Mac stops at 40 percent.",
            "Get the spark plugs for both machines.",
            "手机收不到邮件",
            "从我的手机发送不成功",
            "携帯から送信できません",
            "휴대폰에서 보냈는데 안 왔습니다",
            "Diese Nachricht wurde von Outlook gesperrt, weshalb?",
            "Sent from my iPhone?",
            "It came from mobile",
            "Отправлено с телефона мужа вчера.",
            "Anhang von Outlook gesendet",
            "Sent from Nine Elms on Friday",
            "Sent via Galaxy Logistics",
            "Provenance : le courrier du mois dernier",
            "스마트폰에서 보냄 확인",
        ] {
            assert_eq!(kept(&format!("Hello\n\n{line}")), format!("Hello\n\n{line}"));
        }
    }

    #[test]
    fn the_end_of_a_wrapped_sentence_is_no_line_of_a_device() {
        for text in ["I cannot read the letter that was\nsent from my iPad", "The one that he had\nsent via mobile"] {
            assert_eq!(kept(text), text);
        }
        for text in ["Hello\nAnn\nSent from my iPad", "Hello.\nsent via mobile", "Hello\niPhoneから送信"] {
            assert_eq!(kept(text), text.rsplit_once('\n').unwrap().0);
        }
    }

    #[test]
    fn closings_and_dividers_in_the_text_stay() {
        for text in ["Hello\n\nBest regards,\nAnn", "Hello\n\n—\nAnn", "Part one\n____\nPart two"] {
            assert_eq!(kept(text), text);
        }
    }

    #[test]
    fn a_mailing_lists_footer_goes() {
        assert_eq!(kept("Hello\n\n____\nusers mailing list\nusers@lists.example.org"), "Hello");
    }

    #[test]
    fn what_would_leave_nothing_is_no_signature() {
        assert_eq!(kept("Sent from my iPhone"), "Sent from my iPhone");
        assert_eq!(kept("-- \nAnn"), "-- \nAnn");
    }
}
