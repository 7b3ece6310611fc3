//! Formatted mail as a document of its own: it is shown in a sandboxed frame, runs nothing, and fetches nothing from
//! elsewhere until its reader asks for the pictures.

use crate::http::Response;
use crate::mail::html::{decode_entities, escape};
use crate::web::answer::with_guards;

/// What the document may load: pictures of ours, styles of its own elements.
const POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src-attr 'unsafe-inline'; frame-ancestors 'self'; \
                      base-uri 'none'; form-action 'none'; \
                      sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/// The same with pictures from elsewhere.
const POLICY_PICTURES: &str = "default-src 'none'; img-src 'self' data: https:; style-src-attr 'unsafe-inline'; \
                               frame-ancestors 'self'; base-uri 'none'; form-action 'none'; \
                               sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/// Whether pictures from elsewhere are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pictures {
    /// None is.
    Blocked,
    /// Those by https are.
    Shown,
}

/// The document of a sanitised mail. `inline` has the path of each picture inside the mail, by its Content-ID.
pub(crate) fn document(html: &str, inline: &[(String, String)], pictures: Pictures, language: &str) -> Response {
    let html = with_inline_pictures(html, inline);
    // The sanitiser prints attributes in quotes and escapes quotes in values, so this is an attribute or a word in a text.
    let html = match pictures {
        Pictures::Blocked => html,
        Pictures::Shown => html.replace(" data-remote-src=\"https://", " src=\"https://"),
    };
    let page = format!(
        "<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><base target=\"_blank\"><title>Mail</title></head>\
         <body style=\"margin:8px;font:15px/1.45 system-ui,sans-serif;color:#111;background:#fff;overflow-wrap:anywhere\">{html}</body></html>"
    );
    let response = with_guards(Response::html(200, page));
    match pictures {
        Pictures::Blocked => response.with_header("Content-Security-Policy", POLICY),
        Pictures::Shown => response
            .with_header("Content-Security-Policy", POLICY_PICTURES)
            .with_header("Referrer-Policy", "no-referrer"),
    }
}

/// Gives `cid:` pictures the path of their file.
fn with_inline_pictures(html: &str, inline: &[(String, String)]) -> String {
    const MARK: &str = "src=\"cid:";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        let from = from.get(MARK.len()..).unwrap_or_default();
        let (id, after) = from.split_once('"').unwrap_or((from, ""));
        let wanted = decode_entities(id);
        out.push_str(before);
        match inline.iter().find(|(cid, _)| !cid.is_empty() && cid.as_str() == wanted.as_ref()) {
            Some((_, path)) => {
                out.push_str("src=\"");
                out.push_str(&escape(path));
            }
            None => {
                out.push_str("data-missing=\"");
                out.push_str(id);
            }
        }
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str, pictures: Pictures) -> Response {
        document(html, &[("logo@x".into(), "/staff/files/3/logo%2Epng".into())], pictures, "en")
    }

    fn body(response: &Response) -> String {
        String::from_utf8_lossy(response.body()).into_owned()
    }

    #[test]
    fn pictures_inside_the_mail_are_found_by_their_content_id() {
        let page = body(&shown("<img src=\"cid:logo@x\"><img src=\"cid:other\">", Pictures::Blocked));
        assert!(page.contains("<img src=\"/staff/files/3/logo%2Epng\">"), "{page}");
        assert!(page.contains("<img data-missing=\"other\">"), "{page}");
    }

    #[test]
    fn pictures_from_elsewhere_are_fetched_only_when_asked_for_and_by_https_only() {
        let html = "<img data-remote-src=\"https://e.test/p.png\"><img data-remote-src=\"http://e.test/q.png\">";
        let blocked = shown(html, Pictures::Blocked);
        assert!(!body(&blocked).contains(" src=\"http"));
        assert!(blocked.header("Content-Security-Policy").is_some_and(|policy| !policy.contains("https:")));
        let asked = shown(html, Pictures::Shown);
        assert!(body(&asked).contains(" src=\"https://e.test/p.png\"") && !body(&asked).contains(" src=\"http:"));
        assert_eq!(asked.header("Referrer-Policy"), Some("no-referrer"));
        for response in [blocked, asked] {
            let policy = response.header("Content-Security-Policy").unwrap_or("");
            assert!(policy.contains("sandbox allow-same-origin") && !policy.contains("allow-scripts"), "{policy}");
        }
    }
}
