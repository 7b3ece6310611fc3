//! Where the desks of unit tests are: files of SQLite, or with MAILDESK_TEST_DB=postgres databases of the server that
//! `tests/postgres` starts. Each test has its own, and it goes away with the test's thread.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::engine::Link;
use super::place::{Place, Server};
use super::postgres::Session;
use super::{Handle, Store, migrate};
use crate::domain::Timestamp;

/// Whether the desks are on a server.
pub(crate) fn is_remote() -> bool {
    std::env::var("MAILDESK_TEST_DB").is_ok_and(|engine| engine == "postgres")
}

fn address(name: &str) -> PathBuf {
    let pattern = std::env::var("MAILDESK_TEST_SERVER").expect("tests/postgres sets it");
    PathBuf::from(pattern.replace("{}", name))
}

fn session(name: &str) -> Session {
    let Place::Server(server) = Place::of(&address(name)) else { panic!("an address of a server") };
    connect(&server)
}

fn connect(server: &Server) -> Session {
    Session::connect(server).unwrap()
}

/// The databases of this thread's tests.
struct Made(Vec<String>);

impl Drop for Made {
    fn drop(&mut self) {
        if self.0.is_empty() {
            return;
        }
        let server = session("postgres");
        for name in &self.0 {
            server.batch(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        }
    }
}

thread_local! {
    static MADE: RefCell<Made> = const { RefCell::new(Made(Vec::new())) };
}

thread_local! {
    static ASKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes a question that this thread puts to a server.
pub(super) fn note_asked(sql: &str) {
    ASKED.with_borrow_mut(|asked| asked.push(sql.to_owned()));
}

/// What this thread has asked servers since this was called last; each was a way to the server and back.
pub(crate) fn asked() -> Vec<String> {
    ASKED.take()
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// An empty database.
fn empty(server: &Session, template: &str) -> String {
    let name = format!("desk_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    server.batch(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
    name
}

/// A place for a new desk. On a server the tables are there already, copied from a template: that is quicker.
pub(crate) fn place(folder: &Path) -> PathBuf {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    if !is_remote() {
        return file(folder);
    }
    let server = session("postgres");
    let template = TEMPLATE.get_or_init(|| {
        let name = empty(&server, "template0");
        migrate::create_or_migrate(&address(&name), &[7; 32], Timestamp::from_unix(1_800_000_000)).unwrap();
        name
    });
    let name = empty(&server, template);
    MADE.with_borrow_mut(|made| made.0.push(name.clone()));
    address(&name)
}

/// A new desk.
pub(crate) fn desk(folder: &Path, now: Timestamp) -> Store {
    let place = place(folder);
    migrate::create_or_migrate(&place, &[7; 32], now).unwrap();
    Store::open(&place, std::time::Duration::from_secs(1)).unwrap()
}

/// A place for a new desk of SQLite, for tests of what only a file has.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("desk.db")
}

/// An empty database of the server, for tests of making the tables.
pub(crate) fn empty_place() -> PathBuf {
    let name = empty(&session("postgres"), "template0");
    MADE.with_borrow_mut(|made| made.0.push(name.clone()));
    address(&name)
}

impl Place {
    /// As it was given, password and all.
    pub(crate) fn address(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Server(server) => PathBuf::from(server.address()),
        }
    }
}

/// The write lock, held from outside until dropped.
pub(crate) struct Lock(Handle);

impl Drop for Lock {
    fn drop(&mut self) {
        match &self.0 {
            Handle::Lite(lite) => lite.execute_batch("ROLLBACK").unwrap(),
            Handle::Pg(session) => session.rollback().unwrap(),
        }
    }
}

/// Takes the write lock of a desk, as another process would.
pub(crate) fn lock(store: &Store) -> Lock {
    match store.place() {
        Place::File(path) => {
            let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
            let lite = rusqlite::Connection::open_with_flags(path, flags).unwrap();
            lite.execute_batch("BEGIN IMMEDIATE").unwrap();
            Lock(Handle::Lite(lite))
        }
        Place::Server(server) => {
            let session = connect(server);
            session.begin_write(std::time::Duration::from_secs(5), super::Durability::Now).unwrap();
            Lock(Handle::Pg(Box::new(session)))
        }
    }
}

impl Store {
    /// Every row of every table, in words.
    pub(crate) fn everything(&self) -> Vec<String> {
        let (tables, all) = if self.is_remote() {
            (
                "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
                "SELECT CAST(t AS TEXT) FROM {} AS t ORDER BY 1",
            )
        } else {
            ("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", "SELECT * FROM {}")
        };
        let names: Vec<String> = self.read(|tx| tx.all(tables, (), |row| row.get(0))).unwrap();
        names.iter().flat_map(|name| self.sql_rows(&all.replace("{}", name))).collect()
    }

    /// Runs statements past all verbs.
    pub(crate) fn sql(&self, text: &str) {
        let connection = self.take().unwrap();
        let link = match &*connection {
            Handle::Lite(lite) => Link::Lite(lite),
            Handle::Pg(session) => Link::Pg(session),
        };
        link.batch(text).unwrap();
        connection.keep();
    }

    /// The one number a query yields.
    pub(crate) fn sql_number(&self, text: &str) -> i64 {
        self.read(|tx| tx.number(text, ())).unwrap()
    }

    /// All rows of a query, in words.
    pub(crate) fn sql_rows(&self, text: &str) -> Vec<String> {
        self.read(|tx| {
            tx.all(text, (), |row| {
                let mut shown = Vec::new();
                while let Ok(value) = row.value(shown.len()) {
                    shown.push(format!("{value:?}"));
                }
                Ok(shown.join(" "))
            })
        })
        .unwrap()
    }
}
