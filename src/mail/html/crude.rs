//! Text of HTML that is so broken that a browser would show nothing: a style sheet or a comment that never ends has
//! swallowed it.

use super::tokens::{Place, decode};

/// Elements whose inside is no text, where they end.
const SILENT: [&str; 2] = ["style", "script"];

/// Everything outside of tags, one line a tag. Linear: what is looked for in vain is not looked for again.
pub(super) fn crude_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // Ends that are known not to come.
    let mut never: Vec<&str> = Vec::new();
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = skip_to(comment, "-->", &mut never).unwrap_or(comment);
            continue;
        }
        let Some((tag, behind)) = after.split_once('>') else {
            rest = after;
            continue;
        };
        out.push('\n');
        rest = behind;
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if let Some(silent) = SILENT.iter().find(|silent| silent.eq_ignore_ascii_case(name)) {
            let end = if *silent == "style" { "</style" } else { "</script" };
            match skip_to(behind, end, &mut never) {
                Some(behind) => rest = behind,
                None => rest = behind_rules(behind),
            }
        }
    }
    out.push_str(rest);
    let text = decode(&out, Place::Text).into_owned();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn skip_to<'a>(text: &'a str, end: &'static str, never: &mut Vec<&str>) -> Option<&'a str> {
    if never.contains(&end) {
        return None;
    }
    let found = if end.starts_with("</") { position_ignore_case(text, end) } else { text.find(end) };
    let Some(at) = found else {
        never.push(end);
        return None;
    };
    let behind = text.get(at + end.len()..)?;
    // The rest of an end tag.
    Some(if end.ends_with('>') { behind } else { behind.split_once('>').map_or(behind, |(_, behind)| behind) })
}

fn position_ignore_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// What follows the rules of a style sheet that never ends: `p { … }` up to the first tag.
fn behind_rules(text: &str) -> &str {
    let tag = text.find('<').unwrap_or(text.len());
    let rules = text.get(..tag).unwrap_or_default();
    rules.rfind('}').and_then(|at| text.get(at + 1..)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_swallowed_by_what_never_ends_is_found() {
        for html in [
            "<html><head><style>p{color:red} b {x:y}<p>Hello &amp; bye</p></html>",
            "<body><!-- oops <p>Hello &amp; bye</p>",
            "<title>Hello &amp; bye",
            "<script>x()</script><style>p{}</style><!-- c --><p>Hello &amp; bye",
        ] {
            assert_eq!(crude_text(html).trim_start_matches("oops\n"), "Hello & bye", "{html}");
        }
        assert_eq!(crude_text("<img src=x>"), "");
    }

    #[test]
    fn hostile_html_costs_linear_time() {
        for piece in ["<!--", "<style>", "<", "<script>", "{<"] {
            assert!(crude_text(&piece.repeat(200_000)).len() <= piece.len() * 200_000);
        }
    }
}
