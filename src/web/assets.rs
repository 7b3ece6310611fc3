//! The script, the style sheet and the signs of the pages. Each is named after its content, so that a browser may keep
//! it for good.

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::http::Response;

/// A file that browsers fetch.
struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    body: &'static [u8],
    /// `stem-HASH.extension`.
    name: LazyLock<String>,
}

macro_rules! asset {
    ($stem:literal, $extension:literal, $content_type:literal) => {
        Asset {
            stem: $stem,
            extension: $extension,
            content_type: $content_type,
            body: include_bytes!(concat!("../../assets/", $stem, ".", $extension)),
            name: LazyLock::new(|| {
                named($stem, $extension, include_bytes!(concat!("../../assets/", $stem, ".", $extension)))
            }),
        }
    };
}

static ASSETS: [Asset; 3] = [
    asset!("maildesk", "css", "text/css; charset=UTF-8"),
    asset!("maildesk", "js", "text/javascript; charset=UTF-8"),
    asset!("signs", "svg", "image/svg+xml"),
];

/// Bytes of the SHA-256 in a name. Chosen: enough that two contents never share one.
const HASH_BYTES: usize = 8;

fn named(stem: &str, extension: &str, body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    format!("{stem}-{}.{extension}", HEXLOWER.encode(hash.get(..HASH_BYTES).unwrap_or_default()))
}

/// The name with hash of `maildesk.css` and the like.
pub(super) fn name(file: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| file == format!("{}.{}", asset.stem, asset.extension));
    found.map_or("", |asset| asset.name.as_str())
}

/// The file of that name; none for a name of another version.
pub(super) fn answer(name: &str) -> Option<Response> {
    let asset = ASSETS.iter().find(|asset| *asset.name == name)?;
    let response = Response::new(200, asset.content_type, asset.body);
    Some(response.with_header("Cache-Control", "public, max-age=31536000, immutable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Budget of the script and of the style sheet, each, in bytes.
    const BYTES_MAX: usize = 24 * 1024;

    #[test]
    fn script_and_style_sheet_keep_to_their_size() {
        for asset in &ASSETS {
            assert!(asset.body.len() <= BYTES_MAX, "{}: {} bytes", *asset.name, asset.body.len());
        }
    }

    #[test]
    fn an_asset_is_found_by_its_hash_only() {
        let known = name("maildesk.css");
        assert!(
            answer(known).is_some_and(|found| found.header("Cache-Control").is_some_and(|h| h.contains("immutable")))
        );
        assert!(answer("maildesk.css").is_none());
        assert!(answer("maildesk-0000000000000000.css").is_none());
        assert_eq!(name("other.css"), "");
    }
}
