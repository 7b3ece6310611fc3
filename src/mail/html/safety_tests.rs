//! What no input may get past the sanitiser: known attacks as a table, and properties over generated HTML.

use proptest::prelude::*;

use super::danger::danger;
use super::{sanitise_mail, sanitise_message};

fn assert_safe(html: &str) {
    if let Some(mail) = sanitise_mail(html) {
        assert_eq!(danger(&mail, &["cid", "data"]), None, "mail {html:?} became {mail:?}");
        assert_eq!(sanitise_mail(&mail).as_ref(), Some(&mail), "mail {html:?}");
    }
    let message = sanitise_message(html);
    assert_eq!(danger(&message, &["http", "https"]), None, "message {html:?} became {message:?}");
    assert_eq!(sanitise_message(&message), message, "message {html:?}");
}

#[test]
fn schemes_hidden_by_control_characters_are_no_links() {
    let controls = (1..0x20).chain(0x7f..0xa0).map(|code| format!("&#{code};"));
    let raw = (1..0x20).chain(0x7f..0xa0).filter_map(char::from_u32).map(String::from);
    let named = ["&Tab;", "&NewLine;", "&ZeroWidthSpace;", "&shy;", "&nbsp;", "\u{feff}", "\u{202e}"].map(String::from);
    for hidden in controls.chain(raw).chain(named) {
        for url in
            ["java·script:alert(1)", "·javascript:alert(1)", "javascript·:alert(1)", "javascript&colon;·alert(1)"]
        {
            let url = url.replace('·', &hidden);
            for html in [
                format!("<a href=\"{url}\">x</a>"),
                format!("<img src=\"{url}\">"),
                format!("<blockquote cite=\"{url}\">x</blockquote>"),
                format!("<img data-remote-src=\"{url}\">"),
            ] {
                assert_safe(&html);
                assert!(!sanitise_message(&html).contains("alert"), "{html:?}: {}", sanitise_message(&html));
                assert!(!sanitise_mail(&html).unwrap_or_default().contains("alert"), "{html:?}");
            }
        }
    }
}

#[test]
fn known_attacks_are_inert() {
    for html in [
        // OWASP's filter evasion list.
        "<IMG SRC=JaVaScRiPt:alert(1)>",
        "<IMG SRC=\"jav&#x0A;ascript:alert(1);\">",
        "<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
        "<IMG SRC=&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116&#0000058alert(1)>",
        "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\"\\>",
        "<<SCRIPT>alert(1);//\\<</SCRIPT>",
        "<SCRIPT/XSS SRC=\"http://e.test/x.js\"></SCRIPT>",
        "<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=alert(1)>",
        "<iframe src=http://e.test/x.html <",
        "<IMG SRC='vbscript:msgbox(1)'>",
        "<IMG LOWSRC=\"javascript:alert(1)\">",
        "<TABLE><TD BACKGROUND=\"javascript:alert(1)\">",
        "<DIV STYLE=\"background-image: url(javascript:alert(1))\">",
        "<DIV STYLE=\"width: expression(alert(1));\">",
        "<META HTTP-EQUIV=\"refresh\" CONTENT=\"0;url=javascript:alert(1);\">",
        "<BASE HREF=\"javascript:alert(1);//\">",
        "<OBJECT TYPE=\"text/x-scriptlet\" DATA=\"http://e.test/x.html\"></OBJECT>",
        "<svg/onload=alert(1)>",
        "<details open ontoggle=alert(1)>",
        "<a href=\"data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\">x</a>",
        "<a href=//e.test/x>x</a>",
        "<a href=\"\\\\e.test\\x\">x</a>",
        "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
        // Trees that change when they are read again.
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<svg><p><style><g title=\"</style><img src=x onerror=alert(1)>\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
        "<svg><title><style><!--</style></title><img title=\"--&gt;<img src=x onerror=alert(1)>\"></svg>",
        "<select><template><style><!--</template><a rel=\"--></style></template></select><img src onerror=alert(1)>\">",
        "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
        "<!--><img src=x onerror=alert(1)>-->",
        "<![CDATA[<img src=x onerror=alert(1)>]]>",
        "<pre>\n\n\n<a href=java&#1;script:x>x</a></pre>",
        "<a><table><td><a href='javascript:1'>x</table></a><b><p></b></p>",
        "<img alt=\"`><img src=x onerror=alert(1)>\" src=http://e.test/a>",
    ] {
        assert_safe(html);
    }
}

#[test]
fn a_message_keeps_the_schemes_of_mail_and_no_other() {
    for kept in ["http://x.test/", "https://x.test/", "mailto:a@x.test", "tel:+49123", "ftp://x.test/"] {
        let html = format!("<a href=\"{kept}\">x</a>");
        assert_eq!(sanitise_message(&html), html);
    }
    for lost in ["news:x", "data:text/html,x", "cid:1", "file:///etc/passwd", "/x", "#x", "x.html", "intent://x"] {
        assert_eq!(sanitise_message(&format!("<a href=\"{lost}\">x</a>")), "<a>x</a>", "{lost}");
    }
    assert_eq!(sanitise_message("<q cite='data:image/png;base64,AA'>x</q>"), "<q>x</q>");
    assert_eq!(sanitise_message("<a href=' ht\ttp://x.test/\u{1} '>x</a>"), "<a href=\"http://x.test/\">x</a>");
}

#[test]
fn escaped_text_of_any_size_stays_as_it_is() {
    let text = super::text_to_html(&"<\"x\">\n".repeat(100_000));
    assert_eq!(sanitise_message(&text), text);
    let deep = format!("{}1 < 2<br>\"x\"", "<div>".repeat(super::HTML_DEPTH_MAX + 1));
    let once = sanitise_message(&deep);
    assert_eq!(sanitise_message(&once), once);
}

const NAMES: &[&str] = &[
    "a",
    "img",
    "p",
    "div",
    "b",
    "i",
    "table",
    "tr",
    "td",
    "caption",
    "pre",
    "blockquote",
    "q",
    "svg",
    "math",
    "mtext",
    "mglyph",
    "annotation-xml",
    "style",
    "script",
    "title",
    "textarea",
    "template",
    "select",
    "option",
    "noscript",
    "xmp",
    "iframe",
    "form",
    "font",
    "li",
    "ul",
    "h1",
    "br",
    "del",
    "foreignObject",
    "desc",
    "body",
    "html",
    "plaintext",
    "nobr",
    "center",
    "dd",
];
const ATTRIBUTES: &[&str] = &[
    "href",
    "src",
    "cite",
    "SRC",
    "data-remote-src",
    "srcset",
    "style",
    "onclick",
    "xlink:href",
    "title",
    "alt",
    "class",
    "id",
    "background",
    "action",
    "width",
    "rel",
];
const VALUES: &[&str] = &[
    "javascript:",
    "java",
    "script:",
    "https://x.test/",
    "http:",
    "mailto:",
    "data:image/png;base64,AA",
    "data:text/html,",
    "cid:",
    "vbscript:",
    "&#1;",
    "&#x7f;",
    "&#x81;",
    "&Tab;",
    "&NewLine;",
    "&colon;",
    "\u{1}",
    "\u{9f}",
    "\t",
    "\n",
    " ",
    ":",
    "//",
    "/",
    "?",
    "#",
    "&#106;",
    "&amp;",
    "&lt;",
    "<",
    "`",
    "a",
    "color:red;",
    "\u{202e}",
    "\u{a0}",
    "x",
    "]]>",
    "-->",
];
const TEXTS: &[&str] = &[
    "x",
    " ",
    "\n",
    "\n\n",
    "&#7;",
    "&#10;",
    "&#13;",
    "\r",
    "&lt;img src=1 onerror=alert(1)&gt;",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "&amp;#1;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!doctype x>",
    "<?x>",
    "</",
    "<a",
    "\0",
    "&nbsp;",
];

/// Pieces of HTML that parsers, sanitisers and people stumble over.
fn piece() -> impl Strategy<Value = String> {
    let name = || proptest::sample::select(NAMES);
    let value = proptest::collection::vec(proptest::sample::select(VALUES), 0..5).prop_map(|pieces| pieces.concat());
    let quote = proptest::sample::select(&["\"", "'", ""][..]);
    let attribute = (proptest::sample::select(ATTRIBUTES), value, quote)
        .prop_map(|(name, value, quote)| format!(" {name}={quote}{value}{quote}"));
    let attributes = proptest::collection::vec(attribute, 0..4).prop_map(|all| all.concat());
    prop_oneof![
        4 => (name(), attributes, proptest::sample::select(&[">", "/>", ""][..]))
            .prop_map(|(name, attributes, end)| format!("<{name}{attributes}{end}")),
        2 => name().prop_map(|name| format!("</{name}>")),
        2 => proptest::sample::select(TEXTS).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sanitised_is_safe_and_stays_as_it_is(pieces in proptest::collection::vec(piece(), 0..25)) {
        assert_safe(&pieces.concat());
    }
}
