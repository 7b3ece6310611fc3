//! HTML written as readable text, with what the structure shows about quotes and signatures.
//!
//! One linear pass over the tokens, no tree: html2text was measured quadratic in nesting, draws
//! frames around layout tables and cannot leave out a link's URL that its text already shows; and a
//! linear writer is needed anyway for HTML past the sanitiser's caps. Nothing is wrapped: a
//! paragraph is one line. What of the text is the reply is decided in `reply`.

use super::elements::OpenElements;
use super::quotes::{Sign, sign_of};
use super::text_writer::{Page, Spacing};
use super::tokens::{Place, Tag, Token, Tokens, decode, is_void};

/// How a `<blockquote>` is written that no mail program marked as a quoted mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainQuote {
    /// With `> `, as readers expect.
    Marked,
    /// Indented: for reply extraction, where `> ` would mean "not typed by the writer".
    Indented,
}

/// What is known about one line of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineFacts {
    /// Inside a quoted mail.
    pub(crate) is_quoted: bool,
    /// Inside a marked signature.
    pub(crate) is_signature: bool,
    /// A mark of a mail program is right before this line.
    pub(crate) mark: Option<Mark>,
}

/// A mark that is no element of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A line like "On … wrote:" starts here.
    Attribution,
    /// All from here on is the mail answered.
    RestIsQuoted,
}

/// A text and, for each of its lines (split at line feeds), what the structure says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// The text; no line ends in a space, no two blank lines in a row, no blank line at either end.
    pub(crate) text: String,
    /// One entry a line.
    pub(crate) lines: Vec<LineFacts>,
}

/// Writes `html` as text. Linear in its length; never fails. What a browser does not show, such as the
/// preheader of a newsletter, is left out, unless there is nothing else.
pub(crate) fn render(html: &str, plain_quote: PlainQuote) -> Rendered {
    let (rendered, left_out) = written(html, plain_quote, HiddenText::LeftOut);
    if left_out && rendered.text.trim().is_empty() {
        return written(html, plain_quote, HiddenText::Written).0;
    }
    rendered
}

/// What happens to text a browser does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HiddenText {
    LeftOut,
    Written,
}

/// The text, and whether something was left out of it.
fn written(html: &str, plain_quote: PlainQuote, hidden_text: HiddenText) -> (Rendered, bool) {
    let mut writer = Writer {
        page: Page::default(),
        open: OpenElements::new(),
        lists: Vec::new(),
        plain_quote,
        hidden_text,
        hidden: 0,
        left_out: false,
    };
    let mut tokens = Tokens::new(html);
    for token in &mut tokens {
        match token {
            Token::Text(_) if writer.hidden > 0 => {}
            Token::Text(text) => writer.page.text(&decode(text, Place::Text)),
            Token::Raw(_) => {}
            Token::Start(tag) => writer.start(&tag),
            Token::End(name) => writer.end(name),
        }
    }
    let closed = writer.open.close_all();
    writer.undo(closed);
    (writer.page.finish(), writer.left_out)
}

/// What must be undone when an element ends.
enum OpenElement {
    Nothing(Spacing),
    Quote,
    Indent,
    QuoteBox,
    Signature,
    PreformattedSignature,
    Preformatted,
    List,
    Link,
    Hidden(Spacing),
}

struct Writer {
    page: Page,
    open: OpenElements<OpenElement>,
    /// The open lists, outermost first: the next number, or none for bullets.
    lists: Vec<Option<u32>>,
    plain_quote: PlainQuote,
    hidden_text: HiddenText,
    /// Open elements that hide what is in them.
    hidden: usize,
    left_out: bool,
}

/// Most list levels that indent; deeper ones look like this one, so that lines stay short.
const LIST_LEVELS_MAX: usize = 8;

impl Writer {
    fn start(&mut self, tag: &Tag<'_>) {
        if is_address(tag.name) {
            if self.hidden > 0 {
                return;
            }
            self.page.text(&format!("<{}{}>", tag.name, tag.inside));
            return;
        }
        let name = tag.name.to_ascii_lowercase();
        let closed = self.open.close_implied(&name);
        self.undo(closed);
        let spacing = spacing_of(&name);
        self.page.space(spacing);
        let effect = if self.hidden_text == HiddenText::LeftOut && !is_void(&name) && is_hidden(tag) {
            self.hidden += 1;
            self.left_out = true;
            Some(OpenElement::Hidden(spacing))
        } else if self.hidden > 0 {
            None
        } else {
            self.effect_of_sign(tag).or_else(|| self.effect_of_name(&name, tag))
        };
        if is_void(&name) {
            return;
        }
        if let Some(effect) = self.open.open(&name, effect.unwrap_or(OpenElement::Nothing(spacing))) {
            self.undo(vec![effect]);
        }
    }

    fn end(&mut self, name: &str) {
        let closed = self.open.close(name);
        if closed.is_empty() {
            // An end tag without a start, such as `</p>`, still ends a line.
            self.page.space(spacing_of(&name.to_ascii_lowercase()));
        }
        self.undo(closed);
    }

    fn effect_of_sign(&mut self, tag: &Tag<'_>) -> Option<OpenElement> {
        match sign_of(tag)? {
            // An element without content, such as the picture of a signature.
            Sign::Quote | Sign::QuoteBox | Sign::Signature if is_void(tag.name) => None,
            Sign::Quote => {
                self.page.quote_level(1);
                Some(OpenElement::Quote)
            }
            Sign::QuoteBox => {
                self.page.space(Spacing::Line);
                self.page.quote_box(1);
                Some(OpenElement::QuoteBox)
            }
            Sign::Signature => {
                self.page.space(Spacing::Line);
                self.page.signature(1);
                if tag.name.eq_ignore_ascii_case("pre") {
                    self.page.preformatted(1);
                    return Some(OpenElement::PreformattedSignature);
                }
                Some(OpenElement::Signature)
            }
            Sign::Attribution => {
                self.page.mark(Mark::Attribution);
                None
            }
            Sign::RestIsQuoted => {
                self.page.mark(Mark::RestIsQuoted);
                None
            }
        }
    }

    fn effect_of_name(&mut self, name: &str, tag: &Tag<'_>) -> Option<OpenElement> {
        match name {
            "br" => self.page.line_break(),
            "hr" => self.page.rule(),
            "img" => self.image(tag),
            "td" | "th" => self.page.next_cell(),
            "li" => self.item(),
            "ul" | "ol" => {
                self.lists.push((name == "ol").then_some(1));
                return Some(OpenElement::List);
            }
            "pre" => {
                self.page.preformatted(1);
                return Some(OpenElement::Preformatted);
            }
            "a" => {
                self.page.link_starts(&tag.attribute("href").unwrap_or_default());
                return Some(OpenElement::Link);
            }
            "blockquote" if self.plain_quote == PlainQuote::Marked => {
                self.page.quote_level(1);
                return Some(OpenElement::Quote);
            }
            "blockquote" | "dd" => {
                self.page.indent(1);
                return Some(OpenElement::Indent);
            }
            _ => {}
        }
        None
    }

    fn image(&mut self, tag: &Tag<'_>) {
        let alt = tag.attribute("alt").unwrap_or_default();
        let alt = alt.trim();
        // An emoji sent as a picture has the emoji as its alternative text.
        if alt.chars().any(|c| c.is_ascii_alphanumeric()) {
            self.page.text(&format!("[{alt}]"));
        } else {
            self.page.text(alt);
        }
    }

    fn item(&mut self) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(LIST_LEVELS_MAX));
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                let bullet = format!("{indent}{number}. ");
                *number = number.saturating_add(1);
                bullet
            }
            Some(None) | None => format!("{indent}- "),
        };
        self.page.bullet(bullet);
    }

    fn undo(&mut self, effects: Vec<OpenElement>) {
        for effect in effects {
            match effect {
                OpenElement::Nothing(spacing) => self.page.space(spacing),
                OpenElement::Quote => self.page.quote_level(-1),
                OpenElement::Indent => self.page.indent(-1),
                OpenElement::QuoteBox => self.page.quote_box(-1),
                OpenElement::Signature => self.page.signature(-1),
                OpenElement::PreformattedSignature => {
                    self.page.preformatted(-1);
                    self.page.signature(-1);
                }
                OpenElement::Preformatted => self.page.preformatted(-1),
                OpenElement::List => {
                    self.lists.pop();
                    self.page.space(if self.lists.is_empty() { Spacing::Paragraph } else { Spacing::Line });
                }
                OpenElement::Link => self.page.link_ends(),
                OpenElement::Hidden(spacing) => {
                    self.hidden = self.hidden.saturating_sub(1);
                    self.page.space(spacing);
                }
            }
        }
    }
}

/// `<ann@example.org>` and `<https://example.org/>`, left unescaped by careless programs, are text.
fn is_address(name: &str) -> bool {
    name.contains('@') || ["http:", "https:", "mailto:"].iter().any(|scheme| name.starts_with(scheme))
}

/// Whether the style of an element keeps what is in it from being seen: `display:none`, or no height
/// and nothing shown outside of it.
fn is_hidden(tag: &Tag<'_>) -> bool {
    // Most tags have no style.
    if tag.inside.len() < "style=display:none".len() || tag.name.eq_ignore_ascii_case("body") {
        return false;
    }
    let Some(style) = tag.attribute("style") else { return false };
    let tight: String = style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let has = |wanted: &[&str]| {
        tight.split(';').any(|rule| wanted.contains(&rule.strip_suffix("!important").unwrap_or(rule)))
    };
    has(&["display:none"]) || has(&["max-height:0", "max-height:0px"]) && has(&["overflow:hidden"])
}

fn spacing_of(name: &str) -> Spacing {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "pre" | "blockquote" => Spacing::Paragraph,
        "div" | "table" | "tbody" | "thead" | "tfoot" | "tr" | "caption" | "li" | "dt" | "dd" | "section"
        | "article" | "header" | "footer" | "nav" | "aside" | "main" | "figure" | "figcaption" | "address"
        | "center" | "form" | "fieldset" | "body" | "html" | "head" | "title" | "option" | "hr" => Spacing::Line,
        _ => Spacing::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        render(html, PlainQuote::Marked).text
    }

    #[test]
    fn what_a_browser_does_not_show_is_left_out_unless_it_is_all_there_is() {
        for hidden in [
            "<div style='display: none !important'>pre<p>head</p><img alt=x><br></div>",
            "<span style=\"max-height:0px; overflow:hidden\">pre<b>head</b></span>",
            "<DIV STYLE=DISPLAY:NONE>pre<div>head</div></DIV>",
        ] {
            assert_eq!(text(&format!("{hidden}<p>Hello</p>")), "Hello", "{hidden}");
            assert!(text(hidden).starts_with("pre"), "{hidden}");
        }
        assert_eq!(text("<div style='max-height:0'>a</div><div style='display:block'>b</div>"), "a\nb");
        assert_eq!(text("a<img style='display:none'>b"), "ab");
    }

    #[test]
    fn paragraphs_stay_one_line_and_are_set_apart_by_one_blank_line() {
        let html = "<p>One\n long   paragraph.</p>\n\n<p></p><br><br><p>Two<br>lines</p>";
        assert_eq!(text(html), "One long paragraph.\n\nTwo\nlines");
    }

    #[test]
    fn links_show_their_url_only_where_the_text_does_not() {
        let html = "<a href='https://x.test/a'>our page</a> <a href='http://www.y.test/'>y.test</a> \
                    <a href='mailto:ann@x.test'>Ann &lt;ann@x.test></a> <a href='javascript:x'>no</a>";
        assert_eq!(text(html), "our page <https://x.test/a> y.test Ann <ann@x.test> no");
    }

    #[test]
    fn quoted_mails_are_written_with_angle_brackets() {
        let html = "Hi<blockquote type=cite>a<br>b<blockquote type=cite>c</blockquote></blockquote>end";
        assert_eq!(text(html), "Hi\n\n> a\n> b\n>\n> > c\n\nend");
    }

    #[test]
    fn a_formatting_blockquote_is_indented_when_the_reply_is_looked_for() {
        let rendered = render("<blockquote>my words</blockquote>", PlainQuote::Indented);
        assert_eq!(rendered.text, "    my words");
        assert_eq!(text("<blockquote>my words</blockquote>"), "> my words");
    }

    #[test]
    fn unescaped_addresses_in_angle_brackets_are_kept() {
        assert_eq!(
            text("Ann <ann@example.org> wrote:<br><https://example.org/a>"),
            "Ann <ann@example.org> wrote:\n<https://example.org/a>"
        );
    }

    #[test]
    fn table_cells_are_set_apart_by_tabs_and_layout_tables_leave_no_trace() {
        assert_eq!(text("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>"), "A\tB\n1\t2");
        assert_eq!(text("<table><tr><td> </td><td><div>text</div></td><td></td></tr></table>"), "text");
    }

    #[test]
    fn lists_have_bullets_and_numbers() {
        let html = "<ul><li>a<li><p>b</p><ol><li>c</li><li>d</li></ol></ul>after";
        assert_eq!(text(html), "- a\n- b\n\n  1. c\n  2. d\n\nafter");
    }

    #[test]
    fn scripts_styles_titles_and_controls_are_not_text() {
        assert_eq!(text("<title>t</title><style>p{}</style>a\0\u{7}b<script>1<2</script>&#0;"), "ab\u{FFFD}");
    }

    #[test]
    fn the_lines_know_what_mail_programs_marked() {
        let html = "typed<div class=gmail_quote><div class=gmail_attr>Ann wrote:</div>\
                    <blockquote class=gmail_quote>old</blockquote></div><div class=gmail_signature>Bob</div>";
        let rendered = render(html, PlainQuote::Indented);
        assert_eq!(rendered.text, "typed\nAnn wrote:\n\n> old\n\nBob");
        let facts: Vec<_> = rendered.lines.iter().map(|l| (l.is_quoted, l.is_signature, l.mark)).collect();
        let plain = (false, false, None);
        let expected = [
            plain,
            (false, false, Some(Mark::Attribution)),
            plain,
            (true, false, None),
            (false, true, None),
            (false, true, None),
        ];
        assert_eq!(facts, expected);
    }

    #[test]
    fn marks_on_elements_without_an_inside_say_nothing_about_the_rest() {
        let rendered =
            render("<img class=gmail_signature>a<td id=Signature>b<body class=yahoo_quoted>c", PlainQuote::Indented);
        assert!(rendered.lines.iter().all(|line| !line.is_signature && !line.is_quoted), "{rendered:?}");
    }

    #[test]
    fn nested_quotes_do_not_multiply_the_text() {
        let html = "<blockquote>x".repeat(2000);
        assert!(text(&html).len() < 100 * 2000);
    }
}
