//! The statements of a dump that say something: tables with their columns, next ids, and rows.
//! Everything else is moved over. What a table is for is `survey`'s.

use std::fs::File;
use std::io;
use std::rc::Rc;

use super::lexer::{Cell, Lexer, Session, Token};

/// Columns of one table looked at. MySQL's own limit.
const COLUMNS_MAX: usize = 4096;

/// A table by its names as the dump gives them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::admin::import) struct TableName {
    /// Empty where the dump names none.
    pub(in crate::admin::import) database: String,
    pub(in crate::admin::import) table: String,
}

/// A statement that says something.
#[derive(Debug)]
pub(super) enum Statement {
    /// A table with its columns in order.
    Table { name: TableName, columns: Vec<String>, next_id: Option<u64> },
    /// The next id, where it is given apart (phpMyAdmin).
    NextId { name: TableName, next_id: u64 },
    /// Rows follow: [`Reader::row`] until it gives none.
    Rows { name: TableName },
    /// Rows in a form that is not read.
    Unread { name: TableName },
}

/// What came of reading one row.
#[derive(Debug, PartialEq)]
pub(super) enum RowRead {
    /// Its values.
    Row(Vec<Cell>),
    /// The statement is over.
    End,
    /// The text there is not a row; the rest of the statement was skipped.
    Broken,
}

/// The dump as statements.
pub(super) struct Reader {
    lexer: Lexer,
    /// The columns of the statement at hand, shared by its rows.
    pub(super) columns: Option<Rc<[String]>>,
    /// Where the statement at hand starts.
    pub(super) start: u64,
    pub(super) session_at_start: Session,
    /// The file ended inside a statement with rows or columns.
    is_cut: bool,
}

impl Reader {
    pub(super) fn new(file: File) -> Self {
        Self { lexer: Lexer::new(file), columns: None, start: 0, session_at_start: Session::default(), is_cut: false }
    }

    pub(super) fn seek(&mut self, offset: u64, session: Session) -> io::Result<()> {
        self.lexer.seek(offset, session)
    }

    pub(super) fn offset(&self) -> u64 {
        self.lexer.bytes.offset()
    }

    pub(super) fn session(&self) -> &Session {
        &self.lexer.session
    }

    /// Whether the file ended in the middle of something.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut || self.lexer.is_cut
    }

    /// The next statement that says something; `None` at the end of the dump.
    pub(super) fn next(&mut self) -> io::Result<Option<Statement>> {
        loop {
            self.lexer.skip_blank()?;
            self.start = self.offset();
            if self.lexer.bytes.peek()?.is_none() {
                return Ok(None);
            }
            if self.lexer.take_end()? {
                continue;
            }
            if self.lexer.bytes.peek()? == Some(b'\\') {
                self.lexer.line()?;
                continue;
            }
            self.session_at_start = self.lexer.session.clone();
            let word = self.lexer.word()?.to_ascii_uppercase();
            let found = match word.as_slice() {
                b"INSERT" | b"REPLACE" => self.insert()?,
                b"CREATE" => self.create()?,
                b"ALTER" => self.alter()?,
                b"SET" => self.set()?,
                b"USE" => self.choose_database()?,
                b"DELIMITER" => {
                    self.lexer.take_delimiter_line()?;
                    None
                }
                _ => {
                    self.lexer.skip_statement()?;
                    None
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Moves behind the rows of the statement at hand.
    pub(super) fn skip_rows(&mut self) -> io::Result<()> {
        // The last statement may lack its delimiter, but no row may lack its end.
        self.is_cut |= self.lexer.skip_statement()?.is_some_and(|last| last != b')');
        Ok(())
    }

    /// The next row of the statement at hand.
    pub(super) fn row(&mut self) -> io::Result<RowRead> {
        self.lexer.skip_blank()?;
        if self.lexer.bytes.peek()? == Some(b',') {
            self.lexer.bytes.skip(1);
            self.lexer.skip_blank()?;
        } else if self.lexer.take_end()? {
            return Ok(RowRead::End);
        }
        match self.lexer.bytes.peek()? {
            Some(b'(') => {}
            None => {
                self.is_cut = true;
                return Ok(RowRead::End);
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                // ON DUPLICATE KEY UPDATE …, AS new …: the rows are over.
                self.lexer.skip_statement()?;
                return Ok(RowRead::End);
            }
            Some(_) => return self.broken(),
        }
        self.lexer.bytes.skip(1);
        let mut cells = Vec::new();
        loop {
            let Some(cell) = self.lexer.value()? else { return self.broken() };
            if cells.len() < COLUMNS_MAX {
                cells.push(cell);
            }
            self.lexer.skip_blank()?;
            let sign = self.lexer.bytes.peek()?;
            match sign {
                Some(b',') => self.lexer.bytes.skip(1),
                Some(b')') => {
                    self.lexer.bytes.skip(1);
                    return Ok(RowRead::Row(cells));
                }
                _ => return self.broken(),
            }
        }
    }

    fn broken(&mut self) -> io::Result<RowRead> {
        if self.lexer.bytes.peek()?.is_none() {
            self.is_cut = true;
            return Ok(RowRead::End);
        }
        self.lexer.skip_statement()?;
        Ok(RowRead::Broken)
    }

    /// INSERT [IGNORE …] \[INTO\] table [(columns)] VALUES, up to the first row.
    fn insert(&mut self) -> io::Result<Option<Statement>> {
        let mut token = self.lexer.token()?;
        loop {
            let is_option = matches!(&token, Token::Word(word) if
                ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"].iter().any(|o| word.eq_ignore_ascii_case(o)));
            if !is_option {
                break;
            }
            token = self.lexer.token()?;
        }
        let (name, mut token) = self.table_name(token)?;
        let Some(name) = name else { return self.give_up(&token) };
        let mut columns = None;
        if token == Token::Sign(b'(') {
            let mut listed = Vec::new();
            loop {
                match self.lexer.token()? {
                    Token::Word(word) | Token::Quoted(word) if listed.len() < COLUMNS_MAX => listed.push(word),
                    Token::Sign(b')') => break,
                    end @ Token::End => return self.give_up(&end),
                    Token::Word(_) | Token::Quoted(_) | Token::Sign(_) => {}
                }
            }
            columns = Some(listed);
            token = self.lexer.token()?;
        }
        match token {
            Token::Word(word) if word.eq_ignore_ascii_case("VALUES") || word.eq_ignore_ascii_case("VALUE") => {
                self.columns = columns.map(Into::into);
                Ok(Some(Statement::Rows { name }))
            }
            other => {
                self.give_up(&other)?;
                Ok(Some(Statement::Unread { name }))
            }
        }
    }

    /// CREATE TABLE with its columns and AUTO_INCREMENT; every other CREATE is moved over.
    fn create(&mut self) -> io::Result<Option<Statement>> {
        let mut token = self.lexer.token()?;
        for word in ["OR", "REPLACE", "TEMPORARY"] {
            if is_word(&token, word) {
                token = self.lexer.token()?;
            }
        }
        if !is_word(&token, "TABLE") {
            return self.give_up(&token);
        }
        token = self.lexer.token()?;
        for word in ["IF", "NOT", "EXISTS"] {
            if is_word(&token, word) {
                token = self.lexer.token()?;
            }
        }
        let (name, token) = self.table_name(token)?;
        let Some(name) = name.filter(|_| token == Token::Sign(b'(')) else { return self.give_up(&token) };
        let columns = self.column_names()?;
        let next_id = self.next_id()?;
        Ok(Some(Statement::Table { name, columns, next_id }))
    }

    /// The column names of a CREATE TABLE, read from behind its `(` to behind its `)`.
    fn column_names(&mut self) -> io::Result<Vec<String>> {
        const NO_COLUMN: [&str; 10] =
            ["PRIMARY", "KEY", "UNIQUE", "INDEX", "CONSTRAINT", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK", "PERIOD"];
        let (mut columns, mut depth, mut is_first) = (Vec::new(), 1usize, true);
        loop {
            let token = self.lexer.token()?;
            match &token {
                Token::Quoted(name) if is_first && columns.len() < COLUMNS_MAX => columns.push(name.clone()),
                Token::Word(name)
                    if is_first
                        && columns.len() < COLUMNS_MAX
                        && !NO_COLUMN.iter().any(|word| name.eq_ignore_ascii_case(word)) =>
                {
                    columns.push(name.clone());
                }
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') if depth == 1 => return Ok(columns),
                Token::Sign(b')') => depth -= 1,
                Token::End => {
                    self.is_cut |= self.lexer.bytes.peek()?.is_none();
                    return Ok(columns);
                }
                Token::Word(_) | Token::Quoted(_) | Token::Sign(_) => {}
            }
            is_first = depth == 1 && token == Token::Sign(b',');
        }
    }

    /// AUTO_INCREMENT=n in what is left of the statement.
    fn next_id(&mut self) -> io::Result<Option<u64>> {
        let mut found = None;
        let mut token = self.lexer.token()?;
        while token != Token::End {
            let is_option = is_word(&token, "AUTO_INCREMENT");
            token = self.lexer.token()?;
            if is_option && token == Token::Sign(b'=') {
                token = self.lexer.token()?;
                if let Token::Word(number) = &token {
                    found = number.parse().ok().or(found);
                }
            }
        }
        Ok(found)
    }

    fn alter(&mut self) -> io::Result<Option<Statement>> {
        let token = self.lexer.token()?;
        if !is_word(&token, "TABLE") {
            return self.give_up(&token);
        }
        let token = self.lexer.token()?;
        let (name, token) = self.table_name(token)?;
        let (Some(name), false) = (name, token == Token::End) else { return Ok(None) };
        Ok(self.next_id()?.map(|next_id| Statement::NextId { name, next_id }))
    }

    /// `SET NAMES`, `SET CHARACTER SET` and the SQL mode; other variables say nothing about the bytes.
    fn set(&mut self) -> io::Result<Option<Statement>> {
        let (mut before, mut last) = (Token::End, Token::End);
        loop {
            let token = self.lexer.token()?;
            if let Token::Word(value) | Token::Quoted(value) = &token {
                if is_word(&last, "NAMES")
                    || is_word(&last, "CHARSET")
                    || (is_word(&last, "SET") && is_word(&before, "CHARACTER"))
                {
                    self.lexer.session.charset = value.to_ascii_lowercase();
                }
                if let (Token::Word(variable), Token::Sign(b'=')) = (&before, &last) {
                    let variable = variable.to_ascii_uppercase();
                    let variable = variable.trim_start_matches("@@").rsplit('.').next().unwrap_or_default();
                    if variable == "SQL_MODE" {
                        self.lexer.session.has_plain_backslash =
                            value.to_ascii_uppercase().contains("NO_BACKSLASH_ESCAPES");
                    }
                }
            }
            if token == Token::End {
                return Ok(None);
            }
            (before, last) = (last, token);
        }
    }

    fn choose_database(&mut self) -> io::Result<Option<Statement>> {
        let token = self.lexer.token()?;
        if let Token::Word(name) | Token::Quoted(name) = &token {
            self.lexer.session.database.clone_from(name);
        }
        self.give_up(&token)
    }

    /// A table's name that starts with `token`, and the token behind it.
    fn table_name(&mut self, token: Token) -> io::Result<(Option<TableName>, Token)> {
        let is_bare = matches!(token, Token::Word(_));
        let (Token::Word(first) | Token::Quoted(first)) = token else { return Ok((None, token)) };
        let database = self.lexer.session.database.clone();
        let next = self.lexer.token()?;
        // A dot glues to bare words: `a.b` is one, `` `a`.`b` `` has a word "." in the middle, `` `a`.b `` has ".b".
        match next {
            Token::Word(dot) if dot == "." => match self.lexer.token()? {
                Token::Word(table) | Token::Quoted(table) => {
                    Ok((Some(TableName { database: first, table }), self.lexer.token()?))
                }
                other => Ok((None, other)),
            },
            Token::Word(dotted) if dotted.starts_with('.') => {
                let table = dotted.trim_start_matches('.').to_owned();
                Ok((Some(TableName { database: first, table }), self.lexer.token()?))
            }
            next => Ok((
                Some(match first.split_once('.').filter(|_| is_bare) {
                    Some((database, table)) => TableName { database: database.to_owned(), table: table.to_owned() },
                    None => TableName { database, table: first },
                }),
                next,
            )),
        }
    }

    /// Moves behind the statement whose last token was `token`.
    fn give_up(&mut self, token: &Token) -> io::Result<Option<Statement>> {
        if *token != Token::End {
            self.lexer.skip_statement()?;
        }
        Ok(None)
    }
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word))
}
