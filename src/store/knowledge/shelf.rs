//! The knowledge base as its readers see it: categories and articles in their order, what is not theirs left out, and
//! search.

use std::collections::HashSet;

use super::ArticleCategory;
use crate::domain::Timestamp;
use crate::store::engine::{Link, Row};
use crate::store::value::Owned;
use crate::store::{ReadTx, Result, WriteTx, containing};

/// Words of a search looked at. Chosen: a subject has fewer.
const WORDS_MAX: usize = 12;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Everybody: public articles in public categories.
    Public,
    /// Staff: all.
    Staff,
}

/// An article in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArticleLine {
    /// Id.
    pub(crate) id: i64,
    /// Title.
    pub(crate) title: String,
    /// Its category; none for an article that is in none.
    pub(crate) category: Option<i64>,
    /// How often it was read.
    pub(crate) views: i64,
    /// Whether it is for everybody, as far as it says itself.
    pub(crate) is_public: bool,
    /// Its place in its category.
    pub(crate) position: i64,
    /// When it was changed last.
    pub(crate) last_update_at: Timestamp,
}

impl ArticleLine {
    /// How often it was read.
    pub(crate) const fn views_shown(&self) -> i64 {
        self.views
    }
}

const LINE: &str = "id, title, category_id, views, is_public, position, last_update_at";

fn line(row: &Row<'_>) -> Result<ArticleLine> {
    Ok(ArticleLine {
        id: row.get(0)?,
        title: row.get(1)?,
        category: row.get::<Option<i64>>(2)?.filter(|id| *id > 0),
        views: row.get(3)?,
        is_public: row.get(4)?,
        position: row.get(5)?,
        last_update_at: Timestamp::from_unix(row.get(6)?),
    })
}

/// The categories that a reader sees, each behind the one it is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    /// Categories with their depth: 0 is the outermost.
    pub(crate) categories: Vec<(ArticleCategory, usize)>,
    reader_is_staff: bool,
}

impl Shelf {
    /// The categories in order, for that reader; one inside a category that is hidden is hidden too.
    fn of(mut all: Vec<ArticleCategory>, reader: Reader) -> Self {
        all.sort_by_key(|category| (category.position, category.id));
        let ids: HashSet<i64> = all.iter().map(|category| category.id).collect();
        let mut shelf = Self { categories: Vec::new(), reader_is_staff: reader == Reader::Staff };
        // What is in a category that is gone stands outermost. A ring of categories, which cannot be made, is left out.
        let outer = all.iter().filter(|category| category.parent.is_none_or(|parent| !ids.contains(&parent)));
        let mut stack: Vec<(ArticleCategory, usize)> = outer.rev().map(|category| (category.clone(), 0)).collect();
        while let Some((category, depth)) = stack.pop() {
            if reader == Reader::Public && !category.is_public {
                continue;
            }
            let inner = all.iter().filter(|inner| inner.parent == Some(category.id));
            stack.extend(inner.rev().map(|inner| (inner.clone(), depth + 1)));
            shelf.categories.push((category, depth));
        }
        shelf
    }

    /// The category of that id, if the reader sees it.
    pub(crate) fn category(&self, id: i64) -> Option<&ArticleCategory> {
        self.categories.iter().map(|(category, _)| category).find(|category| category.id == id)
    }

    /// Whether the reader sees an article of that category and kind.
    pub(crate) fn shows(&self, category: Option<i64>, is_public: bool) -> bool {
        self.reader_is_staff || (is_public && category.is_none_or(|id| self.category(id).is_some()))
    }

    /// The categories from the outermost to that one.
    pub(crate) fn way_to(&self, id: i64) -> Vec<&ArticleCategory> {
        let mut way = Vec::new();
        let mut next = self.category(id);
        while let Some(category) = next.filter(|_| way.len() <= self.categories.len()) {
            way.push(category);
            next = category.parent.and_then(|parent| self.category(parent));
        }
        way.reverse();
        way
    }
}

/// How many of the words of a search an article has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    /// Every one.
    All,
    /// One of them.
    Any,
}

/// The words of a search: letters and digits.
fn words(search: &str) -> Vec<String> {
    let words = search.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(WORDS_MAX).map(str::to_owned).collect()
}

impl ReadTx<'_> {
    /// The categories that a reader sees.
    pub(crate) fn shelf(&self, reader: Reader) -> Result<Shelf> {
        Ok(Shelf::of(self.article_categories()?, reader))
    }

    /// The articles of a category in their order; those of none for `None`.
    pub(crate) fn articles_in(&self, category: Option<i64>) -> Result<Vec<ArticleLine>> {
        self.all(
            &format!("SELECT {LINE} FROM article WHERE category_id = $1 ORDER BY position, id"),
            [category.unwrap_or(0)],
            line,
        )
    }

    /// Every article, category by category.
    pub(crate) fn article_lines(&self) -> Result<Vec<ArticleLine>> {
        self.all(&format!("SELECT {LINE} FROM article ORDER BY category_id, position, id"), [], line)
    }

    /// Articles with words of a search that its reader sees, best first: those that have all words, else those that have
    /// some. Each word may be the beginning of one.
    pub(crate) fn articles_found(&self, search: &str, shelf: &Shelf, max: usize) -> Result<Vec<ArticleLine>> {
        let words = words(search);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let is_shown = |line: &ArticleLine| shelf.shows(line.category, line.is_public);
        for joint in [Joint::All, Joint::Any] {
            let mut found = self.articles_matching(&words, joint)?;
            found.retain(is_shown);
            if !found.is_empty() {
                found.truncate(max);
                return Ok(found);
            }
        }
        // A run of letters without blanks is one word to the index.
        let like = self.link.like();
        let conditions: Vec<String> = (1..=words.len())
            .map(|n| format!("(title {like} ${n} ESCAPE '!' OR body_text {like} ${n} ESCAPE '!')"))
            .collect();
        let patterns: Vec<Owned> = words.iter().map(|word| containing(word).into()).collect();
        let sql = format!("SELECT {LINE} FROM article WHERE {} ORDER BY views DESC, id", conditions.join(" AND "));
        let mut found = self.all(&sql, patterns.as_slice(), line)?;
        found.retain(is_shown);
        found.truncate(max);
        Ok(found)
    }

    /// What the index has for words that are the beginnings of some, best first. Each engine has an index of its own.
    fn articles_matching(&self, words: &[String], joint: Joint) -> Result<Vec<ArticleLine>> {
        let (key, condition, rank, values): (_, _, _, Vec<Owned>) = match self.link {
            Link::Lite(_) => {
                // Quotes keep FTS5 from reading operators.
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\" *")).collect();
                let joint = if joint == Joint::All { " AND " } else { " OR " };
                let rank = "bm25(article_search, 4.0, 1.0)".to_owned();
                ("rowid", "article_search MATCH $1".to_owned(), rank, vec![quoted.join(joint).into()])
            }
            Link::Pg(_) => {
                let each: Vec<String> = (1..=words.len()).map(|n| format!("search_query(${n}, 1)")).collect();
                let query = each.join(if joint == Joint::All { " && " } else { " || " });
                let rank = format!("ts_rank(article_search.words, {query}) DESC");
                (
                    "id",
                    format!("article_search.words @@ ({query})"),
                    rank,
                    words.iter().map(|word| word.clone().into()).collect(),
                )
            }
        };
        let sql = format!(
            "SELECT article.id, article.title, article.category_id, article.views, article.is_public, article.position, \
             article.last_update_at FROM article_search JOIN article ON article.id = article_search.{key} \
             WHERE {condition} ORDER BY {rank}, article.id"
        );
        self.all(&sql, values.as_slice(), line)
    }
}

impl WriteTx<'_> {
    /// Counts that an article was read.
    pub(crate) fn count_article_view(&self, id: i64) -> Result<()> {
        self.run("UPDATE article SET views = views + 1 WHERE id = $1", [id])?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::knowledge::{ArticleChange, CategoryChange};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    fn category(store: &Store, name: &str, parent: Option<i64>, is_public: bool) -> i64 {
        let new = CategoryChange { name, parent, is_public, position: None };
        store.write(|tx| tx.add_article_category(&new)).unwrap()
    }

    fn article(store: &Store, title: &str, body: &str, category: Option<i64>, is_public: bool) -> i64 {
        let new = ArticleChange { title, body, markdown: "", category, is_public, position: None };
        store.write(|tx| tx.add_article(&new, crate::domain::StaffId::new(1), NOW)).unwrap()
    }

    fn found(store: &Store, search: &str, reader: Reader) -> Vec<i64> {
        let found = store.read(|tx| {
            let shelf = tx.shelf(reader)?;
            tx.articles_found(search, &shelf, 10)
        });
        found.unwrap().iter().map(|line| line.id).collect()
    }

    #[test]
    fn what_is_hidden_or_in_something_hidden_is_for_staff_alone() {
        let (_dir, store) = desk();
        let public = category(&store, "Printers", None, true);
        let hidden = category(&store, "Inside", None, false);
        let inner = category(&store, "Inks", Some(hidden), true);
        let open = article(&store, "Ink", "change it", Some(public), true);
        let secret = article(&store, "Ink prices", "change them", Some(public), false);
        let buried = article(&store, "Ink suppliers", "change them", Some(inner), true);
        let loose = article(&store, "Ink colours", "change them", None, true);
        let names = |reader| {
            let shelf = store.read(|tx| tx.shelf(reader)).unwrap();
            shelf.categories.iter().map(|(category, depth)| (category.name.clone(), *depth)).collect::<Vec<_>>()
        };
        assert_eq!(names(Reader::Public), [("Printers".to_owned(), 0)]);
        assert_eq!(
            names(Reader::Staff),
            [("Printers".to_owned(), 0), ("Inside".to_owned(), 0), ("Inks".to_owned(), 1)]
        );
        let mut seen = found(&store, "ink", Reader::Public);
        seen.sort_unstable();
        assert_eq!(seen, [open, loose]);
        assert_eq!(found(&store, "ink", Reader::Staff).len(), 4);
        let shelf = store.read(|tx| tx.shelf(Reader::Public)).unwrap();
        assert!(
            !shelf.shows(Some(inner), true) && !shelf.shows(Some(public), false) && shelf.shows(Some(public), true)
        );
        assert_ne!((secret, buried), (open, loose));
    }

    #[test]
    fn search_finds_words_by_their_beginning_accents_or_not_titles_first() {
        let (_dir, store) = desk();
        let second = article(&store, "Other", "The printer of the café is on fire", None, true);
        let first = article(&store, "Printer on fire", "Call us.", None, true);
        let chinese = article(&store, "打印机着火", "请给我们打电话", None, true);
        assert_eq!(found(&store, "print", Reader::Public), [first, second]);
        assert_eq!(found(&store, "cafe", Reader::Public), [second]);
        assert_eq!(found(&store, "my printer burns", Reader::Public), [first, second], "some words");
        assert_eq!(found(&store, "着火", Reader::Public), [chinese]);
        assert!(found(&store, "\"OR NEAR(*", Reader::Public).is_empty(), "no query language");
        assert!(found(&store, "", Reader::Public).is_empty());
    }

    #[test]
    fn a_ring_of_categories_ends() {
        let (_dir, store) = desk();
        let one = category(&store, "One", None, true);
        let two = category(&store, "Two", Some(one), true);
        store.write(|tx| tx.run("UPDATE article_category SET parent_id = $1 WHERE id = $2", (two, one))).unwrap();
        let shelf = store.read(|tx| tx.shelf(Reader::Staff)).unwrap();
        assert!(shelf.categories.is_empty() && shelf.way_to(one).is_empty());
    }

    #[test]
    fn long_article_is_kept_whole_and_found_by_its_beginning() {
        let (_dir, store) = desk();
        let category = category(&store, "Printers", None, true);
        // More different words than PostgreSQL's index takes of one text.
        let words: Vec<String> = (0..200_000).map(|n| format!("word{n}")).collect();
        let id = article(&store, "Long", &words.join(" "), Some(category), true);
        assert_eq!(found(&store, "word42", Reader::Public), [id]);
        let kept = store.read(|tx| tx.article(id)).unwrap().unwrap();
        assert!(kept.body.ends_with("word199999"));
    }
}
