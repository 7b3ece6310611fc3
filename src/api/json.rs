//! JSON as every dialect reads and prints it.

use serde::Serialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use super::error::ApiError;
use crate::http::form;

/// Prints an answer: compact, slashes and unicode as they are.
#[must_use]
pub(super) fn compact(answer: &impl Serialize) -> String {
    // Maps with keys that are no strings are the one thing serde_json cannot print; there are none.
    let json = serde_json::to_string(answer).unwrap_or_default();
    // PHP escapes these two even with JSON_UNESCAPED_UNICODE: they end lines in JavaScript.
    if json.contains(['\u{2028}', '\u{2029}']) {
        return json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    }
    json
}

/// The members of a JSON object, in order.
///
/// # Errors
/// [`ApiError::Malformed`] for anything else, and for a name that occurs twice.
pub(super) fn object(body: &[u8]) -> Result<Vec<(String, Json)>, ApiError> {
    let malformed = |_| ApiError::Malformed("The JSON body must be one object with each name once.".to_owned());
    serde_json::from_slice::<JsonObject>(body).map(|object| object.0).map_err(malformed)
}

/// A JSON object whose names are all different: two readers could take another one of two.
struct JsonObject(Vec<(String, Json)>);

impl<'de> de::Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = JsonObject;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject, A::Error> {
                let (mut members, mut names) = (Vec::new(), std::collections::HashSet::new());
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    if members.len() >= form::PAIRS_MAX || !names.insert(name.clone()) {
                        return Err(de::Error::custom("a name twice, or too many"));
                    }
                    members.push((name, value));
                }
                Ok(JsonObject(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
