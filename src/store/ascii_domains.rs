//! Addresses that an older version stored with a domain in another script, rewritten to the ASCII form
//! in which all are compared now.

use rusqlite::Connection;

use super::Result;
use crate::domain::{ascii_domain, comparable_address};

/// Columns that hold one address each. Where the table allows an address only once, the row of
/// the second spelling is removed.
const COLUMNS: &[(&str, &str)] = &[
    ("staff", "email"),
    ("address", "email"),
    ("participant", "email"),
    ("ticket_address_seen", "email"),
    ("token_holder", "email"),
    ("thread_id", "email"),
    ("ticket", "reply_to"),
    ("receipt", "from_email"),
    ("outbox", "recipient"),
];

/// Tables whose rows say nothing but that the address belongs there.
const SETS: &[&str] = &["participant", "ticket_address_seen", "token_holder"];

/// Rewrites every address and ban; customers who are one person become one.
pub(super) fn rewrite(connection: &Connection) -> Result<()> {
    for (table, column) in COLUMNS {
        for (old, new) in changed(connection, table, column, comparable_address)? {
            connection
                .execute(&format!("UPDATE OR IGNORE {table} SET {column} = $1 WHERE {column} = $2"), (&new, &old))?;
            if SETS.contains(table) {
                connection.execute(&format!("DELETE FROM {table} WHERE {column} = $1"), [&old])?;
            }
        }
    }
    let banned =
        |pattern: &str| if pattern.contains('@') { comparable_address(pattern) } else { ascii_domain(pattern) };
    for (old, new) in changed(connection, "ban", "pattern", banned)? {
        connection.execute("UPDATE OR REPLACE ban SET pattern = $1 WHERE pattern = $2", (&new, &old))?;
    }
    for (old, new) in changed(connection, "customer", "email", comparable_address)? {
        merge_customers(connection, &old, &new)?;
    }
    Ok(())
}

/// Texts of the column whose spelling changes, with the new one.
fn changed(
    connection: &Connection,
    table: &str,
    column: &str,
    rewritten: impl Fn(&str) -> String,
) -> Result<Vec<(String, String)>> {
    // Letters beyond ASCII, or a domain that is encoded already but perhaps not in its usual spelling.
    let mut statement = connection.prepare(&format!(
        "SELECT DISTINCT {column} FROM {table} WHERE {column} GLOB '*[^ -~]*' OR {column} LIKE '%xn--%'"
    ))?;
    let all = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let pairs = all.into_iter().map(|old| (rewritten(&old), old));
    Ok(pairs.filter(|(new, old)| !new.eq_ignore_ascii_case(old)).map(|(new, old)| (old, new)).collect())
}

/// Gives the customer the new spelling, or merges them into the customer who has it already.
fn merge_customers(connection: &Connection, old: &str, new: &str) -> Result<()> {
    if connection.execute("UPDATE OR IGNORE customer SET email = $1 WHERE email = $2", [new, old])? > 0 {
        return Ok(());
    }
    for table in ["ticket", "message"] {
        connection.execute(
            &format!(
                "UPDATE {table} SET customer_id = (SELECT id FROM customer WHERE email = $1) \
                 WHERE customer_id = (SELECT id FROM customer WHERE email = $2)"
            ),
            [new, old],
        )?;
    }
    connection.execute("DELETE FROM customer WHERE email = $1", [old])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_addresses_become_ascii_and_two_spellings_of_one_person_one_customer() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../schema.sql")).unwrap();
        connection
            .execute_batch(
                "INSERT INTO department (id, position, name) VALUES (1, 1, 'General');
                 INSERT INTO customer (id, fullname, email, registered_at) VALUES
                     (1, 'A', 'a@münchen.example', 1), (2, 'A', 'a@xn--mnchen-3ya.example', 2),
                     (3, 'B', 'b@münchen.example', 3), (4, 'Ü', 'ü@plain.example', 4);
                 INSERT INTO ticket (id, customer_id, department_id, subject, created_at, last_update_at)
                     VALUES (7, 1, 1, 'x', 1, 1), (8, 2, 1, 'y', 1, 1);
                 INSERT INTO participant (ticket_id, email, name, added_at) VALUES
                     (7, 'c@münchen.example', '', 1), (7, 'c@xn--mnchen-3ya.example', '', 1);
                 INSERT INTO ban (pattern, created_at) VALUES ('münchen.example', 1), ('spam@münchen.example', 1);",
            )
            .unwrap();
        rewrite(&connection).unwrap();
        let texts = |sql: &str| {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.collect::<rusqlite::Result<Vec<_>>>().unwrap()
        };
        assert_eq!(
            texts("SELECT id || ' ' || email FROM customer ORDER BY id"),
            ["2 a@xn--mnchen-3ya.example", "3 b@xn--mnchen-3ya.example", "4 ü@plain.example"]
        );
        assert_eq!(texts("SELECT id || ' ' || customer_id FROM ticket ORDER BY id"), ["7 2", "8 2"]);
        assert_eq!(texts("SELECT email FROM participant"), ["c@xn--mnchen-3ya.example"]);
        assert_eq!(
            texts("SELECT pattern FROM ban ORDER BY pattern"),
            ["spam@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"]
        );
        rewrite(&connection).unwrap();
        assert_eq!(texts("SELECT email FROM customer").len(), 3, "again changes nothing");
    }
}
