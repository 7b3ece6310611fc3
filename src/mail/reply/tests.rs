//! Whole mails through the reply rules; single lines are tested where they are judged.

use super::*;

fn parts(full: &str) -> (String, String, String) {
    let reply = reply_of_text(full, Forwards::Kept);
    (reply.typed, reply.quoted, reply.signature)
}

fn three(typed: &str, quoted: &str, signature: &str) -> (String, String, String) {
    (typed.to_owned(), quoted.to_owned(), signature.to_owned())
}

#[test]
fn a_top_posted_reply_is_cut_above_the_quote() {
    let mail =
        "Yes, please.\n\nAnn\n\nOn Mon, Jan 15, 2024 at 2:30 PM Bob <bob@example.org> wrote:\n> Shall we?\n> Bob\n";
    assert_eq!(parts(mail).0, "Yes, please.\n\nAnn");
    assert!(parts(mail).1.starts_with("On Mon") && parts(mail).1.ends_with("> Bob"));
}

#[test]
fn a_signature_between_reply_and_quote_is_set_apart() {
    let mail = "Yes.\n-- \nAnn\n\nAm 15.01.24 um 14:30 schrieb Bob:\n> Ja?\n";
    assert_eq!(parts(mail), three("Yes.", "Am 15.01.24 um 14:30 schrieb Bob:\n> Ja?", "-- \nAnn"));
}

#[test]
fn a_signature_below_the_quote_does_not_make_the_quote_an_answer() {
    let mail = "Yes.\n\nOn 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n\n> Ja?\n\nSent from my iPhone";
    assert_eq!(parts(mail).0, "Yes.");
    assert_eq!(parts(mail).2, "Sent from my iPhone");
}

#[test]
fn interleaved_answers_keep_all_from_the_first_quoted_line_on() {
    let mail = "On 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n> One?\n\nAye.\n\n> Two?\n\nNay.\n-- \nAnn";
    assert_eq!(
        parts(mail),
        three("> One?\n\nAye.\n\n> Two?\n\nNay.", "On 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:", "-- \nAnn")
    );
    let greeted = format!("Hi Bob,\n\n{mail}");
    assert!(parts(&greeted).0.starts_with("Hi Bob,\n\nOn 15 Jan") && parts(&greeted).0.ends_with("Nay."));
}

#[test]
fn text_below_a_quote_without_header_keeps_the_quote() {
    assert_eq!(parts("> One?\n\nAye.").0, "> One?\n\nAye.");
    assert_eq!(parts("Hi\n> One?\nAye.\n> Two?").0, "Hi\n> One?\nAye.\n> Two?");
}

#[test]
fn text_below_a_quote_that_begins_with_its_own_header_is_the_answer() {
    let quote = "> On 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n> \n> One?";
    assert_eq!(parts(&format!("{quote}\n\nAye.\n")), three("Aye.", quote, ""));
    let interleaved = format!("{quote}\n\nAye.\n\n> Two?\n\nNay.");
    assert_eq!(parts(&interleaved).0, interleaved);
}

#[test]
fn a_quote_that_ends_the_mail_goes_even_without_header() {
    assert_eq!(parts("Aye.\n\n> One?\n> Two?\n"), three("Aye.", "> One?\n> Two?", ""));
}

#[test]
fn a_text_of_invisible_characters_is_its_own_reply() {
    for text in ["\u{2069}", "\u{200B}\n\u{FEFF}", "> \u{2069}\n\n-- \n\u{200E}"] {
        assert!(!parts(text).0.is_empty(), "{text:?}");
    }
    assert_eq!(parts(" \n\u{2069}\n"), three("\u{2069}", "", ""));
}

#[test]
fn nothing_is_ever_cut_to_nothing() {
    for mail in [
        "> One?",
        "On 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n> One?",
        "-- \nAnn",
        "Sent from my iPhone",
        "-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: x\n\nText",
        "##- Please type your reply above this line -##\n\nMy answer is below.",
        "___\n\n> quote",
    ] {
        assert_eq!(parts(mail).0, mail);
    }
    assert_eq!(parts(" \n\n"), three("", "", ""));
}

#[test]
fn what_a_company_adds_below_a_quote_is_no_answer_and_words_of_it_are() {
    let quote = "On 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n\n> One?";
    let added = "This message is confidential and meant for its addressee alone.";
    assert_eq!(parts(&format!("Aye.\n\n{quote}\n\n{added}")), three("Aye.", quote, added));
    for asked in [
        "Please unsubscribe me and send me your privacy policy.",
        "Bitte schicken Sie mir die Datenschutzerklärung und den Namen der Geschäftsführer, vertraulich.",
        "Is all rights reserved what the virus-free sheet says?",
    ] {
        assert_eq!(parts(&format!("{quote}\n\n{asked}")).0, asked);
        let both = format!("Hi Bob,\n\n{quote}\n\n{asked}");
        assert_eq!(parts(&both).0, both);
    }
    // Nothing else was typed.
    assert_eq!(parts(&format!("{quote}\n\n{added}")).0, added);
}

#[test]
fn what_openpgp_writes_around_a_signed_text_is_no_text() {
    let (begin, end) = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n",
        "\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n=ab\n-----END PGP SIGNATURE-----\n",
    );
    let signed = |text: &str| format!("{begin}{text}{end}");
    assert_eq!(parts(&signed("Aye.\n\n- -- \nAnn\n")).0, "Aye.");
    let quote = "On 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n> One?";
    assert_eq!(parts(&signed(&format!("Aye.\n\n{quote}\n"))).0, "Aye.");
    assert_eq!(parts(&signed(&format!("{quote}\n\nAye.\n"))).0, "Aye.");
    let more = format!("{}\nNay.", signed("Aye."));
    assert_eq!(parts(&more).0, more);
    assert!(parts(&signed("")).0.contains("BEGIN PGP"));
}

#[test]
fn what_a_new_mail_says_that_somebody_wrote_was_typed() {
    for text in [
        "Hello,\n\nOn 12 May at 14:30 your technician wrote:\nThe part is on its way.\nIt never came.",
        "Hello,\n\nAm 12.05.2025 um 14:30 Uhr schrieb Frau Meier:\nEs ist unterwegs.\nEs kam nie an.",
        "2026-01-15 14:30:25 rejected RCPT <bob@example.org>:\n550 mailbox unavailable\n\nWhat can I do?",
        "Bob (bob@example.org) wrote:\nNo access.\nPlease give him access.",
    ] {
        let reply = reply_of_text(text, Forwards::KeptInNew);
        assert_eq!((reply.typed.as_str(), reply.quoted.as_str()), (text, ""), "{text}");
    }
    let quote = "Hello\n\nOn 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n> One?";
    assert_eq!(reply_of_text(quote, Forwards::KeptInNew).typed, "Hello");
    let html = "<p>Hello</p><div class=gmail_attr>Bob wrote on 15 Jan 2024:</div><div>One?</div>";
    assert_eq!(read_body(None, Some(html), Search::Whole(Forwards::KeptInNew)).reply_text(), "Hello");
}

#[test]
fn text_without_quote_marks_below_a_header_at_the_top_is_the_reply() {
    let mail = "On 8 May 2017 17:34, \"Bob\" <bob@example.org> wrote:\n\nIt should be 2.0.";
    assert_eq!(parts(mail).0, "It should be 2.0.");
}

#[test]
fn outlook_headers_end_the_reply_with_and_without_a_rule() {
    let header = "From: Bob <bob@example.org>\nSent: Monday\nTo: Ann\nSubject: x\n\nText";
    for between in
        ["\n\n", "\n________________________________\n", "\n\n-----Original Message-----\n", "\n\n ------\n\n"]
    {
        assert_eq!(parts(&format!("Fine.{between}{header}")).0, "Fine.");
    }
}

#[test]
fn a_thread_of_several_mails_is_cut_at_the_first() {
    let mail = "Third.\n\nOn Mon, Feb 1, 2016 at 4:58 AM, \"B\" <b@example.org> wrote:\n\nSecond.\n\n\
                On Sun, Jan 31, 2016 at 9:58 PM, \"A\" <a@example.org> wrote:\n\nFirst.";
    assert_eq!(parts(mail).0, "Third.");
}

#[test]
fn a_quote_followed_by_the_rest_of_an_outlook_thread_holds_no_answer() {
    let mail = "Fine.\n\nOn 15 Jan 2024, at 14:30, Bob <bob@example.org> wrote:\n> One?\n\n\
                From: Ann\nSent: Monday, 15 January 2024 14:30\nTo: Bob\nSubject: x\n\nText";
    assert_eq!(parts(mail).0, "Fine.");
}

fn html_reply(html: &str) -> String {
    read_body(None, Some(html), Search::Whole(Forwards::Kept)).reply_text().to_owned()
}

#[test]
fn html_replies_are_cut_by_structure_in_any_language() {
    let typed = "<div>Kyllä, <b>kiitos</b>.</div>";
    for quote in [
        "<div class=gmail_quote><div class=gmail_attr>Am Ort sprach Bob, wie folgt</div><blockquote class=gmail_quote>x</blockquote></div>",
        "<div class=moz-cite-prefix>Bob sanoi jotain</div><blockquote type=cite>x</blockquote>",
        "<div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>X:</b> Bob</div><div>x</div>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>X:</b> Bob</p></div><p>x</p>",
        "<div class=yahoo_quoted><div>Bob sanoi</div><div>x</div></div>",
        "<blockquote type=cite>x</blockquote>",
        "<hr id=zwchr><div>Bob</div>x",
        "<div class='protonmail_quote'>sanoi Bob<blockquote class=protonmail_quote>x</blockquote></div>",
        "<div id='mail-editor-reference-message-container'>Bob sanoi x</div>",
        "<div name='quote' style='margin:10px'>Bob sanoi x</div>",
    ] {
        assert_eq!(html_reply(&format!("{typed}{quote}")), "Kyllä, kiitos.", "{quote}");
    }
}

#[test]
fn answers_between_the_quotes_of_html_are_kept() {
    let html = "<div class=gmail_quote><div class=gmail_attr>On Monday Bob wrote:</div>\
                <blockquote class=gmail_quote>One?</blockquote><div>Aye.</div>\
                <blockquote class=gmail_quote>Two?</blockquote><div>Nay.</div></div>";
    assert_eq!(html_reply(html), "> One?\n\nAye.\n\n> Two?\n\nNay.");
    assert_eq!(html_reply("<blockquote type=cite>One?</blockquote><p>Aye.</p>"), "> One?\n\nAye.");
}

#[test]
fn a_blockquote_used_as_formatting_is_part_of_the_reply() {
    assert_eq!(html_reply("<p>My poem:</p><blockquote>Roses are red</blockquote>"), "My poem:\n\n    Roses are red");
}

#[test]
fn a_marked_signature_of_html_goes() {
    assert_eq!(html_reply("<p>Hello</p><div class=gmail_signature>Ann<br>Example Ltd</div>"), "Hello");
    assert_eq!(html_reply("<div id=Signature>Ann</div>"), "Ann");
}

#[test]
fn a_marked_signature_with_a_link_and_a_picture_goes_from_the_text_part_as_well() {
    let html = "<p>Hello</p><div class=gmail_signature><img src='cid:x' alt=logo><br><b>Ann</b><br>\
                <a href='https://www.example.org/'>www.example.org</a></div>";
    for signature in [
        "[image: logo]\n*Ann*\nwww.example.org <https://www.example.org/>",
        "[cid:x]\nAnn\nwww.example.org<https://www.example.org/>",
    ] {
        let text = format!("Hello\n\n{signature}");
        assert_eq!(read_body(Some(text), Some(html), Search::Whole(Forwards::Kept)).reply_text(), "Hello");
    }
}

#[test]
fn the_structure_of_the_html_cuts_a_text_the_line_rules_do_not_know() {
    let text = "Kyllä, kiitos *paljon*\nteille.\n\nBob sanoi eilen\n\nvanha viesti";
    let html = "<p>Kyllä, kiitos <b>paljon</b> teille.</p><div class=gmail_attr>Bob sanoi eilen</div>\
                <blockquote class=gmail_quote>vanha viesti</blockquote>";
    let body = read_body(Some(text.to_owned()), Some(html), Search::Whole(Forwards::Kept));
    assert_eq!(body.reply_text(), "Kyllä, kiitos *paljon*\nteille.");
    assert_eq!(body.full_text, text);
}

#[test]
fn a_text_part_that_differs_from_the_html_is_left_alone() {
    let html = "<p>Short</p><blockquote type=cite>x</blockquote>";
    assert_eq!(
        read_body(Some("Something else".to_owned()), Some(html), Search::Whole(Forwards::Kept)).reply_text(),
        "Something else"
    );
}

#[test]
fn a_forward_keeps_all() {
    let text =
        "FYI\n\n---------- Forwarded message ---------\nFrom: Ann <ann@example.org>\nSubject: x\nTo: us\n\nIt broke.";
    let body = read_body(Some(text.to_owned()), None, Search::Whole(Forwards::Kept)).forwarded();
    assert_eq!((body.reply_text(), body.full_text.as_str()), (text, text));
    let by_marker = read_body(Some(text.to_owned()), None, Search::Whole(Forwards::Kept));
    assert!(by_marker.is_forward && by_marker.reply_text() == text);
}

#[test]
fn the_html_part_speaks_where_the_text_part_is_blank() {
    let body = read_body(Some(" \r\n".to_owned()), Some("<p>Hello</p>"), Search::Whole(Forwards::Kept));
    assert_eq!((body.full_text.as_str(), body.html.as_deref()), ("Hello", Some("<p>Hello</p>")));
}

#[test]
fn html_past_the_caps_is_text_with_a_warning() {
    let html = format!("{}Hello", "<div>".repeat(HTML_DEPTH_MAX + 1));
    let body = read_body(None, Some(&html), Search::Whole(Forwards::Kept));
    assert_eq!((body.reply_text(), body.html.as_deref(), body.warnings.len()), ("Hello", None, 1));
}

#[test]
fn a_body_without_parts_is_empty() {
    let body = read_body(None, None, Search::Whole(Forwards::Kept));
    assert_eq!(body, Body::default());
}

#[test]
fn line_ends_become_line_feeds_and_controls_go() {
    let body = read_body(Some("a\0b\r\nc\u{1F600}".to_owned()), None, Search::Whole(Forwards::Kept));
    assert_eq!(body.full_text, "ab\nc\u{1F600}");
}

#[test]
fn a_reply_is_looked_for_up_to_the_limit_of_lines_and_not_beyond() {
    let mail = |lines: usize| format!("Yes.\n{}", "> x\n".repeat(lines - 2));
    assert_eq!(parts(&mail(LINES_MAX)).0, "Yes.");
    assert_eq!(parts(&mail(LINES_MAX + 1)).0, mail(LINES_MAX + 1));
}
