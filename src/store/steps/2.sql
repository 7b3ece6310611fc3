-- Schema 1 → 2: the statements that change the tables. What needs code (sanitising stored HTML again) is in `migrate.rs`.
-- Everything here also stands in schema.sql; a test compares a migrated schema with a new one.

ALTER TABLE outbox ADD COLUMN unknown_tries INTEGER NOT NULL DEFAULT 0;
