//! Pictures written into the HTML as `data:` URLs (RFC 2397), made into parts of the mail: a few of them are larger than
//! all the HTML that is read.

use sha2::{Digest, Sha256};

use super::transfer_encoding::decode_base64;

/// Bytes of the content's hash in the Content-ID that the picture gets.
const ID_BYTES: usize = 12;

/// A picture taken out of the HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// `image/subtype` in lower case.
    pub(super) kind: String,
    /// The Content-ID that the HTML refers to it by now.
    pub(super) content_id: String,
    /// Its bytes.
    pub(super) content: Vec<u8>,
}

/// Replaces up to `count_max` pictures by `cid:` references; `None` where there are none. Linear.
pub(super) fn taken_out(html: &str, count_max: usize) -> Option<(String, Vec<Picture>)> {
    const SCHEME: &str = "data:image/";
    let mut pictures: Vec<Picture> = Vec::new();
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = find_ignore_case(rest, SCHEME) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(['"', '\'', '>', '<', ')', '&']).unwrap_or(from.len());
        let (url, behind) = from.split_at(end);
        rest = behind;
        match picture(url.get(SCHEME.len()..).unwrap_or_default()).filter(|_| pictures.len() < count_max) {
            Some(found) => {
                out.push_str("cid:");
                out.push_str(&found.content_id);
                if !pictures.contains(&found) {
                    pictures.push(found);
                }
            }
            None => out.push_str(url),
        }
    }
    out.push_str(rest);
    (!pictures.is_empty()).then_some((out, pictures))
}

fn find_ignore_case(text: &str, wanted: &str) -> Option<usize> {
    let (bytes, wanted) = (text.as_bytes(), wanted.as_bytes());
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|b| b.eq_ignore_ascii_case(&first))?;
        if bytes.get(at..at + wanted.len()).is_some_and(|found| found.eq_ignore_ascii_case(wanted)) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// `png;base64,iVBO…`
fn picture(url: &str) -> Option<Picture> {
    let (head, data) = url.split_once(',')?;
    let (subtype, parameters) = head.split_once(';')?;
    let is_base64 = parameters.split(';').any(|word| word.trim().eq_ignore_ascii_case("base64"));
    let is_name =
        !subtype.is_empty() && subtype.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !is_base64 || !is_name {
        return None;
    }
    let data = data.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let content = decode_base64(data.as_bytes());
    if content.is_empty() {
        return None;
    }
    let hash = Sha256::digest(&content);
    let id: String = hash.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
    Some(Picture {
        kind: format!("image/{}", subtype.to_ascii_lowercase()),
        content_id: format!("{id}@data.invalid"),
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_become_parts_that_the_html_refers_to() {
        let html = "<img src=\"data:image/PNG;base64,UE5H\" alt=x><IMG SRC='DATA:image/gif;charset=x;base64,R0lG'><img src=\"data:image/png;base64,UE5H\">";
        let (out, pictures) = taken_out(html, 10).expect("pictures");
        assert_eq!(
            pictures.iter().map(|p| (p.kind.as_str(), p.content.as_slice())).collect::<Vec<_>>(),
            [("image/png", &b"PNG"[..]), ("image/gif", b"GIF")]
        );
        assert!(
            !out.to_lowercase().contains("data:") && out.contains(&format!("cid:{}", pictures[0].content_id)),
            "{out}"
        );
    }

    #[test]
    fn other_urls_and_pictures_above_the_limit_stay() {
        for html in ["<img src=\"data:text/html;base64,UE5H\">", "<img src=data:image/png,abc>", "data:image/", "x"] {
            assert_eq!(taken_out(html, 10), None, "{html}");
        }
        let two = "<img src=\"data:image/png;base64,UE5H\"><img src=\"data:image/gif;base64,R0lG\">";
        assert_eq!(taken_out(two, 2).map(|(_, pictures)| pictures.len()), Some(2));
        let (out, pictures) = taken_out(two, 1).expect("one");
        assert!(pictures.len() == 1 && out.contains("data:image/gif"));
    }
}
