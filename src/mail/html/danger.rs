//! What makes HTML unsafe to show, found by reading it as a browser does: for the tests and the targets of fuzz/.

use super::bounds::elements_of;

/// Attributes whose value a browser may follow or load.
const URL_ATTRIBUTES: [&str; 14] = [
    "href",
    "src",
    "cite",
    "data-remote-src",
    "action",
    "formaction",
    "background",
    "poster",
    "longdesc",
    "data",
    "srcset",
    "ping",
    "xlink:href",
    "manifest",
];
/// Elements that may never come out.
const BAD_ELEMENTS: [&str; 17] = [
    "script", "style", "iframe", "object", "embed", "form", "input", "button", "svg", "math", "template", "noscript",
    "base", "meta", "link", "textarea", "select",
];

/// The scheme a browser would find, whatever stands in between.
fn scheme(url: &str) -> String {
    let bare: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    bare.split_once(':').map_or(String::new(), |(scheme, _)| scheme.to_ascii_lowercase())
}

/// Why the HTML is not safe, if it is not.
pub(crate) fn danger(html: &str, image_schemes: &[&str]) -> Option<String> {
    if html.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Some("a control character".to_owned());
    }
    for (element, attributes) in elements_of(html).into_iter().skip(1) {
        if BAD_ELEMENTS.contains(&element.as_str()) {
            return Some(format!("<{element}>"));
        }
        for (name, value) in attributes {
            let is_image = element == "img" && name == "src";
            let allowed = if is_image { image_schemes } else { &["http", "https", "mailto", "tel", "ftp"][..] };
            let is_url = URL_ATTRIBUTES.contains(&name.as_str());
            if name.starts_with("on") || (is_url && !allowed.contains(&scheme(&value).as_str())) {
                return Some(format!("<{element} {name}={value:?}>"));
            }
        }
    }
    None
}
