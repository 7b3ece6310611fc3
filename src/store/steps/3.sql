-- Schema 2 → 3: the statements that change the tables. Everything here is also in schema.sql; a test compares a migrated
-- schema with a new one.

-- The same condition on both engines.
DROP INDEX customer_activation;
CREATE INDEX customer_activation ON customer (activation_hash) WHERE length(activation_hash) > 0;
