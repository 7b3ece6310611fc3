-- Schema 1 → 2: the statements that change the tables. What needs code (sanitising stored HTML again) is in `migrate.rs`.
-- Everything here also stands in schema.sql; a test compares a migrated schema with a new one.

ALTER TABLE imap_folder ADD COLUMN reconciled_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE imap_seen (
    address_id    INTEGER NOT NULL,
    folder        TEXT    NOT NULL,
    first_uid     INTEGER NOT NULL,
    last_uid      INTEGER NOT NULL,
    PRIMARY KEY (address_id, folder, first_uid),
    FOREIGN KEY (address_id, folder) REFERENCES imap_folder (address_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
-- Which mails were read was not kept. They are taken for seen: else mail that was never wanted would come in.
INSERT INTO imap_seen (address_id, folder, first_uid, last_uid)
    SELECT address_id, name, 1, last_uid FROM imap_folder WHERE last_uid > 0;
ALTER TABLE desk ADD COLUMN probes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN unknown_tries INTEGER NOT NULL DEFAULT 0;
-- What happened to tickets: one row for each change, written in its transaction. The rows of a ticket
-- stay when it is removed.
CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket_id  INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    -- 0 a customer, 1 a staff member, 2 maildesk, 3 a program; actor_id is whose, 0 for nobody.
    actor      INTEGER NOT NULL CHECK (actor BETWEEN 0 AND 3),
    actor_id   INTEGER NOT NULL DEFAULT 0,
    -- Words of `EventKind` and `Door` in src/domain/event.rs, which also says what the detail is.
    kind       TEXT    NOT NULL,
    detail     TEXT    NOT NULL DEFAULT '',
    door       TEXT    NOT NULL
) STRICT;
CREATE INDEX event_ticket ON event (ticket_id, id);
