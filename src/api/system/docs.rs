//! The description of the API: `/openapi.json`, and as a page `/docs`.

use std::fmt::Write;
use std::sync::OnceLock;

use serde_json::Value;

use crate::http::Response;
use crate::mail::html::escape;

/// The API described for programs (OpenAPI 3.1).
const OPENAPI: &str = include_str!("../../../openapi.json");

const STYLE: &str = include_str!("docs.css");

/// The page loads nothing, runs nothing, may not be framed; only its own style sheet is allowed.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /openapi.json`
pub(in crate::api) fn openapi() -> Response {
    Response::new(200, "application/json; charset=UTF-8", OPENAPI)
}

/// `GET /docs`: the description as a page, made here so that it needs no script and no download.
pub(in crate::api) fn docs() -> Response {
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = PAGE.get_or_init(|| page(&serde_json::from_str(OPENAPI).unwrap_or_default()));
    Response::html(200, page.as_str())
        .with_header("Content-Security-Policy", POLICY)
        .with_header("Referrer-Policy", "no-referrer")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn page(description: &Value) -> String {
    let info = description.get("info").unwrap_or(&Value::Null);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1>\n<p>{about}</p>\n<p>For programs: <a href=\"/openapi.json\">openapi.json</a>. In the \
         calls below $DESK is the address of this page without /docs, and $TOKEN a token.</p>\n",
        title = escape(text(info, "title")),
        about = escape(text(info, "description")).replace("\n\n", "</p>\n<p>"),
    );
    let operations: Vec<_> = description
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .flat_map(|(path, methods)| {
            methods.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
        })
        .collect();
    out.push_str("<nav><h2>Contents</h2><ul>\n");
    for (path, method, operation) in &operations {
        let (anchor, summary) = (anchor(path, method), escape(text(operation, "summary")));
        let name = format!("{} {}", method.to_uppercase(), escape(path));
        writeln!(out, "<li><a href=\"#{anchor}\"><code>{name}</code></a> {summary}</li>").ok();
    }
    out.push_str("</ul></nav>\n");
    for (path, method, operation) in operations {
        write_operation(&mut out, path, method, operation);
    }
    out.push_str("</body></html>\n");
    out
}

/// Where an operation is on the page: its method and path in letters that need no escape.
fn anchor(path: &str, method: &str) -> String {
    let letters = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let joined: String = format!("{method}-").chars().chain(letters).collect();
    joined.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A call as it can be typed, with what it must have; `$DESK` is where the desk is.
fn curl(path: &str, method: &str, operation: &Value) -> String {
    let mut line = String::from("curl -H \"Token: $TOKEN\"");
    let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
    let schema = content.and_then(|content| content.values().next()).and_then(|media| media.get("schema"));
    let required = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array).into_iter().flatten();
    let fields: Vec<&str> = required.filter_map(Value::as_str).collect();
    for field in &fields {
        line.push_str(&format!(" -F {field}=…"));
    }
    if fields.is_empty() && method != "get" {
        line.push_str(&format!(" -X {}", method.to_uppercase()));
    }
    format!("{line} \"$DESK{}\"", path.replace("{id}", "1"))
}

// Writing into a String cannot fail, here and below.
fn write_operation(out: &mut String, path: &str, method: &str, operation: &Value) {
    let summary = escape(text(operation, "summary"));
    let (anchor, shown) = (anchor(path, method), format!("{} {}", method.to_uppercase(), escape(path)));
    writeln!(out, "<section id=\"{anchor}\"><h2><a href=\"#{anchor}\"><code>{shown}</code></a> {summary}</h2>").ok();
    let about = text(operation, "description");
    if !about.is_empty() {
        writeln!(out, "<p>{}</p>", escape(about)).ok();
    }
    let mut rows = String::new();
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let is_required = parameter.get("required") == Some(&Value::Bool(true));
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        let (name, place) = (text(parameter, "name"), text(parameter, "in"));
        row(&mut rows, &Field { name, place, is_required, schema, meaning: text(parameter, "description") });
    }
    let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
    if let Some(schema) = content.and_then(|content| content.values().next()).and_then(|media| media.get("schema")) {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required = required.contains(&name.as_str());
            let meaning = text(property, "description");
            row(&mut rows, &Field { name, place: "body", is_required, schema: property, meaning });
        }
    }
    if !rows.is_empty() {
        writeln!(out, "<div class=\"wide\"><table><tr><th>name<th>in<th>type<th>meaning</tr>\n{rows}</table></div>")
            .ok();
    }
    writeln!(out, "<pre>{}</pre>", escape(&curl(path, method, operation))).ok();
    for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        // What every operation shares is a reference, and is said at the top of the page.
        if response.get("$ref").is_some() {
            continue;
        }
        writeln!(out, "<p><code>{}</code> {}</p>", escape(status), escape(text(response, "description"))).ok();
        let example = response.pointer("/content/application~1json/example");
        if let Some(example) = example {
            writeln!(out, "<pre>{}</pre>", escape(&format!("{example:#}"))).ok();
        }
    }
    out.push_str("</section>\n");
}

/// What an operation takes.
struct Field<'a> {
    name: &'a str,
    place: &'a str,
    is_required: bool,
    schema: &'a Value,
    meaning: &'a str,
}

fn row(rows: &mut String, field: &Field<'_>) {
    let Field { name, place, is_required, schema, meaning } = *field;
    // An id refers to its own type, which has a name.
    let kind = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => reference.rsplit('/').next().unwrap_or_default(),
        None => text(schema, "type"),
    };
    let required = if is_required { ", required" } else { "" };
    writeln!(
        rows,
        "<tr><td><code>{}</code><td>{}<td>{}{required}<td>{}</tr>",
        escape(name),
        escape(place),
        escape(kind),
        escape(meaning)
    )
    .ok();
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::api::endpoint::{ENDPOINTS, Verb};
    use crate::api::route::{self, NotRouted};
    use crate::http::Method;

    /// Method and path of everything described.
    fn described() -> Vec<(String, String)> {
        let description: Value = serde_json::from_str(OPENAPI).unwrap();
        let paths = description["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|m| (m.clone(), path.clone())))
            .collect()
    }

    #[test]
    fn what_is_described_is_the_table_of_endpoints() {
        let mut described = described();
        let mut table: Vec<(String, String)> = ENDPOINTS
            .iter()
            .flat_map(|row| {
                std::iter::once(&row.path)
                    .chain(row.aliases)
                    .map(|path| (row.method.word().to_owned(), (*path).to_owned()))
            })
            .collect();
        described.sort();
        table.sort();
        assert_eq!(described, table);
    }

    #[test]
    fn every_method_that_allow_names_is_described() {
        let described = described();
        for path in described.iter().map(|(_, path)| path) {
            let Err(NotRouted::Options(allow)) = route::find(&Method::Options, &path.replace("{id}", "1")) else {
                panic!("{path} answers OPTIONS");
            };
            for verb in [Verb::Get, Verb::Post] {
                let word = verb.word().to_uppercase();
                let is_described = described.contains(&(verb.word().to_owned(), path.clone()));
                assert_eq!(allow.split(", ").any(|allowed| allowed == word), is_described, "{word} {path}");
            }
        }
    }

    #[test]
    fn every_path_of_the_table_leads_to_its_row() {
        for row in ENDPOINTS {
            for path in row.paths().map(|path| path.replace("{id}", "1")) {
                for spelling in [path.clone(), format!("{path}/")] {
                    let found = route::find(&row.method.method(), &spelling).ok().map(|route| route.endpoint.label());
                    assert_eq!(found, Some(row.label()), "{spelling}");
                }
            }
        }
    }

    #[test]
    fn every_operation_has_its_place_in_the_contents_and_a_call_to_type() {
        let page = page(&serde_json::from_str(OPENAPI).unwrap());
        let mut anchors = std::collections::BTreeSet::new();
        for (method, path) in described() {
            let anchor = anchor(&path, &method);
            assert_eq!(page.matches(&format!("<section id=\"{anchor}\">")).count(), 1, "{anchor}");
            assert!(page.contains(&format!("<li><a href=\"#{anchor}\">")), "{anchor}");
            assert!(page.contains(&format!("$DESK{}", path.replace("{id}", "1"))), "{path}");
            assert!(anchors.insert(anchor));
        }
        assert!(page.contains("-F subject=…") && page.contains("prefers-color-scheme:dark"));
        assert!(page.contains("@media (max-width:40rem)"), "a telephone gets its own layout");
    }

    #[test]
    fn the_page_loads_and_runs_nothing() {
        let response = docs();
        let page = String::from_utf8(response.body().to_vec()).unwrap();
        assert!(page.contains("/api/tickets/create") && page.contains("Idempotency-Key"), "{page:.200}");
        for outside in ["<script", "<link", "<img", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(response.header("Content-Security-Policy").unwrap().starts_with("default-src 'none'"));
    }
}
