//! The texts of the pages: one Fluent catalogue a language, compiled in. Another language is one more file in
//! `locales/` and one more line here. The only place that names the crate.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// A language of the pages.
pub(crate) struct Language {
    /// Its code (BCP 47), for `lang` and cookies.
    pub(crate) code: &'static str,
    /// Its own name for itself.
    pub(crate) name: &'static str,
    /// Whether it is written from right to left.
    pub(crate) is_rtl: bool,
    /// What a test compares with the other catalogues.
    #[cfg(test)]
    source: &'static str,
    bundle: LazyLock<FluentBundle<FluentResource>>,
}

macro_rules! language {
    ($code:literal, $name:literal, $is_rtl:literal) => {
        Language {
            code: $code,
            name: $name,
            is_rtl: $is_rtl,
            #[cfg(test)]
            source: include_str!(concat!("../../locales/", $code, ".ftl")),
            bundle: LazyLock::new(|| bundle($code, include_str!(concat!("../../locales/", $code, ".ftl")))),
        }
    };
}

/// Every language, English first: it is shown where nobody asked for another.
pub(crate) static LANGUAGES: [Language; 4] = [
    language!("en", "English", false),
    language!("de", "Deutsch", false),
    language!("es", "Español", false),
    language!("fr", "Français", false),
];

/// A catalogue with a mistake loses that message only; a test finds it before.
fn bundle(code: &str, source: &str) -> FluentBundle<FluentResource> {
    let locales = code.parse().map_or_else(|_| Vec::new(), |code| vec![code]);
    let mut bundle = FluentBundle::new_concurrent(locales);
    // What people wrote is isolated by <bdi> in the templates; names of controls stay free of invisible characters.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(code, ?errors, "a catalogue has a message twice");
    }
    bundle
}

/// A value in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// A number, which decides between singular and plural.
    Number(i64),
    /// Words.
    Text(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&i64> for Value<'_> {
    fn from(number: &i64) -> Self {
        Self::Number(*number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl Language {
    /// The language of that code, if there is one.
    pub(crate) fn of_code(code: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|language| language.code == code)
    }

    /// The first language of an `Accept-Language` header that there is, by its weights; else English.
    pub(crate) fn accepted(header: &str) -> &'static Self {
        let mut wanted: Vec<(f32, &str)> = header
            .split(',')
            .take(WANTED_MAX)
            .filter_map(|piece| {
                let mut parts = piece.split(';');
                let code = parts.next()?.trim().split('-').next()?;
                let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
                Some((weight, code))
            })
            .collect();
        wanted.sort_by(|one, other| other.0.total_cmp(&one.0));
        let found = wanted.iter().filter(|(weight, _)| *weight > 0.0);
        found.filter_map(|(_, code)| Self::of_code(&code.to_ascii_lowercase())).next().unwrap_or(&LANGUAGES[0])
    }

    /// The text of that name.
    pub(crate) fn t(&self, name: &str) -> String {
        self.text(name, None)
    }

    /// The text of that name with one value.
    pub(crate) fn with<'v>(&self, name: &str, key: &str, value: impl Into<Value<'v>>) -> String {
        self.with_all(name, &[(key, value.into())])
    }

    /// The text of that name with values.
    pub(crate) fn with_all(&self, name: &str, values: &[(&str, Value<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (key, value) in values {
            match value {
                Value::Number(number) => args.set(*key, FluentValue::from(*number)),
                Value::Text(text) => args.set(*key, FluentValue::from((*text).to_owned())),
            }
        }
        self.text(name, Some(&args))
    }

    /// The text for a word of ours, such as a status: `status` and `open` give `status-open`.
    pub(crate) fn word(&self, kind: &str, word: &str) -> String {
        self.t(&format!("{kind}-{word}"))
    }

    /// The same where there is such a text.
    pub(crate) fn known_word(&self, kind: &str, word: &str) -> Option<String> {
        let name = format!("{kind}-{word}");
        self.bundle.has_message(&name).then(|| self.t(&name))
    }

    /// The same with one value.
    pub(crate) fn word_with<'v>(&self, kind: &str, word: &str, key: &str, value: impl Into<Value<'v>>) -> String {
        self.with(&format!("{kind}-{word}"), key, value)
    }

    fn text(&self, name: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = &*self.bundle;
        let Some(pattern) = bundle.get_message(name).and_then(|message| message.value()) else {
            tracing::error!(name, code = self.code, "a text is missing in the catalogue");
            return name.to_owned();
        };
        bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

impl<'a> From<&&'a String> for Value<'a> {
    fn from(text: &&'a String) -> Self {
        Self::Text(text)
    }
}

/// Entries of `Accept-Language` looked at. Chosen: browsers send fewer than ten.
const WANTED_MAX: usize = 20;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// The messages of a catalogue and the values each takes.
    fn messages(source: &str) -> BTreeSet<(String, BTreeSet<String>)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in source.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            match line.split_once(" = ").or_else(|| line.split_once(" =")) {
                Some((name, text)) if !line.starts_with([' ', '}']) => found.push((name.to_owned(), text.to_owned())),
                _ => found.last_mut().unwrap().1.push_str(line),
            }
        }
        let values = |text: &str| {
            let name = |piece: &str| piece.chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
            text.split('$').skip(1).map(name).collect::<BTreeSet<_>>()
        };
        found.into_iter().map(|(name, text)| (name, values(&text))).collect()
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    /// Names of texts in templates and code: whole ones, and beginnings of those made with a word.
    fn used() -> (BTreeSet<String>, BTreeSet<String>) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = vec![root.join("src/web.rs")];
        files(&root.join("src/web"), &mut paths);
        files(&root.join("templates"), &mut paths);
        let (mut names, mut beginnings) = (BTreeSet::new(), BTreeSet::new());
        for path in paths.iter().filter(|path| !path.ends_with("language.rs")) {
            let text = fs::read_to_string(path).unwrap().replace(['\n', ' '], "");
            for call in ["ui.t(\"", "ui.with(\"", "language.t(\"", "language.with(\"", "language.with_all(\""] {
                let found = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                names.extend(found.filter(|name| !name.is_empty()).map(str::to_owned));
            }
            let found = text.split(".word(\"").skip(1).filter_map(|rest| rest.split('"').next());
            beginnings.extend(found.map(|name| format!("{name}-")));
            let found = text.split(".word_with(\"").skip(1).filter_map(|rest| rest.split('"').next());
            beginnings.extend(found.map(|name| format!("{name}-")));
        }
        (names, beginnings)
    }

    /// What stands in quotes in the code of a folder.
    fn in_quotes(folder: &str) -> BTreeSet<String> {
        let mut paths = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut paths);
        let mut found = BTreeSet::new();
        for path in paths.iter().filter(|path| !path.ends_with("tests.rs")) {
            found.extend(fs::read_to_string(path).unwrap().split('"').map(str::to_owned));
        }
        found
    }

    #[test]
    fn every_catalogue_has_the_same_messages_with_the_same_values() {
        let english = messages(LANGUAGES[0].source);
        for language in &LANGUAGES {
            let own = messages(language.source);
            let heads = language.source.lines().filter(|line| !line.starts_with(['#', ' ', '}']));
            let count = heads.filter(|line| line.contains(" =")).count();
            assert_eq!(own.len(), count, "{}: a message stands there twice", language.code);
            let missing: Vec<_> = english.difference(&own).collect();
            let surplus: Vec<_> = own.difference(&english).collect();
            assert!(missing.is_empty() && surplus.is_empty(), "{}: {missing:?} {surplus:?}", language.code);
            let (_, errors) = match FluentResource::try_new(language.source.to_owned()) {
                Ok(resource) => (resource, Vec::new()),
                Err((resource, errors)) => (resource, errors),
            };
            assert!(errors.is_empty(), "{}: {errors:?}", language.code);
            let mut names: Vec<&str> = language
                .source
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
                .filter_map(|line| line.split(" =").next())
                .collect();
            names.sort_unstable();
            let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert!(twice.is_empty(), "{}: {twice:?} stand there twice", language.code);
        }
    }

    #[test]
    fn every_setting_choice_and_event_is_in_the_catalogue_and_no_others() {
        use crate::store::settings::{DEFINITIONS, Kind};
        let mut wanted = BTreeSet::new();
        for definition in DEFINITIONS {
            let key = definition.key;
            wanted.extend([format!("setting-{key}"), format!("setting-{key}-text")]);
            if let Kind::Word(words) = definition.kind {
                wanted.extend(words.iter().map(|word| format!("choice-{key}-{word}")));
            }
        }
        for language in &LANGUAGES {
            let is_of_settings = |name: &String| name.starts_with("setting-") || name.starts_with("choice-");
            let names = messages(language.source).into_iter().map(|(name, _)| name);
            let known: BTreeSet<String> = names.filter(is_of_settings).collect();
            assert_eq!(known, wanted, "{}", language.code);
            let kinds = messages(language.source)
                .into_iter()
                .filter_map(|(name, _)| name.strip_prefix("kind-").map(str::to_owned));
            let events: BTreeSet<String> =
                crate::domain::EventKind::ALL.iter().map(|kind| kind.word().to_owned()).collect();
            assert_eq!(kinds.collect::<BTreeSet<_>>(), events, "{}", language.code);
            // A translation that is the English text was forgotten.
            let english = |key: &str| LANGUAGES[0].word("setting", &format!("{key}-text"));
            let same =
                |key: &str| language.code != "en" && language.word("setting", &format!("{key}-text")) == english(key);
            let forgotten: Vec<&str> = DEFINITIONS.iter().map(|own| own.key).filter(|key| same(key)).collect();
            assert!(forgotten.is_empty(), "{}: {forgotten:?}", language.code);
        }
    }

    #[test]
    fn every_text_that_is_shown_is_in_the_catalogue_and_no_other() {
        let known: BTreeSet<String> = messages(LANGUAGES[0].source).into_iter().map(|(name, _)| name).collect();
        let (names, beginnings) = used();
        let is_label = |name: &&String| name.starts_with("f-") || name.starts_with("h-");
        let labels: BTreeSet<String> = in_quotes("src/web/setup").into_iter().filter(|name| is_label(&name)).collect();
        let missing: Vec<_> = names.union(&labels).filter(|name| !known.contains(*name)).collect();
        assert!(missing.is_empty(), "not in locales/en.ftl: {missing:?}");
        // Where forms are made of tables of names, any word in quotes may be one.
        let set_up = in_quotes("src/web/setup");
        let is_used = |name: &&String| {
            names.contains(*name)
                || set_up.contains(*name)
                || beginnings.iter().any(|beginning| name.starts_with(beginning.as_str()))
        };
        let surplus: Vec<_> = known.iter().filter(|name| !is_used(name)).collect();
        assert!(surplus.is_empty(), "in locales/en.ftl and used nowhere: {surplus:?}");
    }

    #[test]
    fn the_language_asked_for_is_found_by_its_weight() {
        for (header, code) in [
            ("", "en"),
            ("fr", "fr"),
            ("de-CH,de;q=0.9,en;q=0.8", "de"),
            ("ja, es;q=0.5, fr;q=0.7", "fr"),
            ("de;q=0, es", "es"),
            ("x;;;,,q=1", "en"),
        ] {
            assert_eq!(Language::accepted(header).code, code, "{header}");
        }
    }

    #[test]
    fn a_number_decides_between_singular_and_plural() {
        let english = &LANGUAGES[0];
        assert_eq!(english.word_with("done", "close", "n", 1), "Closed 1 ticket.");
        assert_eq!(english.word_with("done", "close", "n", 2), "Closed 2 tickets.");
    }
}
