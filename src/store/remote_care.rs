//! Looking after a database on a server: what `admin check` asks PostgreSQL in its own words.

use super::{ReadTx, Result, WriteTx};

/// Most findings of one kind that are listed.
const FINDINGS_MAX: i64 = 100;

/// A reference from one table to another: its columns, and those it names.
struct Reference {
    table: String,
    columns: Vec<String>,
    other: String,
    others: Vec<String>,
}

impl ReadTx<'_> {
    /// What the extension amcheck finds wrong with the indexes; nothing where it is not installed.
    pub(super) fn faults_found_by_server(&self) -> Result<Vec<String>> {
        if self.number("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'", [])? == 0 {
            return Ok(Vec::new());
        }
        let indexes: Vec<(i64, String)> = self.all(
            "SELECT CAST(i.indexrelid AS BIGINT), CAST(c.relname AS TEXT) FROM pg_index AS i \
             JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam \
             WHERE m.amname = 'btree' AND c.relnamespace = CAST(current_schema() AS regnamespace) ORDER BY 2",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, name) in indexes {
            let sql = "SELECT CAST(bt_index_check(CAST($1 AS OID)) AS TEXT)";
            if let Err(error) = self.one(sql, [id], |_| Ok(())) {
                // Nothing can be asked in this transaction any more; the first fault is enough to act on.
                return Ok(vec![format!("index {name}: {error}")]);
            }
        }
        Ok(Vec::new())
    }

    /// Rows that name a row that is not there: PostgreSQL lets none in while its triggers are on.
    pub(super) fn dangling_rows_of_server(&self) -> Result<Vec<String>> {
        let columns = |of: &str, keys: &str| {
            format!(
                "(SELECT string_agg(CAST(attname AS TEXT), ' ' ORDER BY place) FROM unnest({keys}) WITH ORDINALITY AS k (n, place) \
                 JOIN pg_attribute ON attrelid = {of} AND attnum = n)"
            )
        };
        let sql = format!(
            "SELECT CAST(c.conrelid AS regclass)::text, {}, CAST(c.confrelid AS regclass)::text, {} FROM pg_constraint AS c \
             WHERE c.contype = 'f' AND c.connamespace = CAST(current_schema() AS regnamespace) ORDER BY 1, 2",
            columns("c.conrelid", "c.conkey"),
            columns("c.confrelid", "c.confkey")
        );
        let words = |text: String| text.split(' ').map(str::to_owned).collect();
        let all: Vec<Reference> = self.all(&sql, [], |row| {
            let (columns, others): (String, String) = (row.get(1)?, row.get(3)?);
            Ok(Reference { table: row.get(0)?, columns: words(columns), other: row.get(2)?, others: words(others) })
        })?;
        let mut findings = Vec::new();
        for Reference { table, columns, other, others } in all {
            let on = columns.iter().zip(&others).map(|(own, named)| format!("o.{named} = t.{own}"));
            let on = on.collect::<Vec<_>>().join(" AND ");
            let is_set = columns.iter().map(|own| format!("t.{own} IS NOT NULL")).collect::<Vec<_>>().join(" AND ");
            let sql = format!(
                "SELECT count(*) FROM {table} AS t WHERE {is_set} AND NOT EXISTS (SELECT 1 FROM {other} AS o WHERE {on})"
            );
            let dangling = self.number(&sql, [])?;
            if dangling > 0 {
                findings
                    .push(format!("{} rows of {table} name a {other} that is not there", dangling.min(FINDINGS_MAX)));
            }
        }
        Ok(findings)
    }
}

impl WriteTx<'_> {
    /// Builds every index again.
    pub(super) fn rebuild_indexes_of_server(&self) -> Result<()> {
        let tables: Vec<String> = self.all(
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
            [],
            |row| row.get(0),
        )?;
        for table in tables {
            self.run(&format!("REINDEX TABLE {table}"), ())?;
        }
        Ok(())
    }
}
