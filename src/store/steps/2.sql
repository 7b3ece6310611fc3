-- Schema 1 → 2: the statements that change the tables. What needs code (sanitising stored HTML again) is in `migrate.rs`.
-- Everything here is also in schema.sql; a test compares a migrated schema with a new one.

ALTER TABLE imap_folder ADD COLUMN reconciled_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE imap_seen (
    address_id    INTEGER NOT NULL,
    folder        TEXT    NOT NULL,
    first_uid     INTEGER NOT NULL,
    last_uid      INTEGER NOT NULL,
    PRIMARY KEY (address_id, folder, first_uid),
    FOREIGN KEY (address_id, folder) REFERENCES imap_folder (address_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
-- Version 1 did not record which mails were read. All are taken as seen: else unwanted older mail would come in.
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
    -- 0 a customer, 1 a staff member, 2 maildesk, 3 a program; actor_id is their id, 0 for none.
    actor      INTEGER NOT NULL CHECK (actor BETWEEN 0 AND 3),
    actor_id   INTEGER NOT NULL DEFAULT 0,
    -- Words of `EventKind` and `Door` in src/domain/event.rs, which also says what the detail is.
    kind       TEXT    NOT NULL,
    detail     TEXT    NOT NULL DEFAULT '',
    door       TEXT    NOT NULL
) STRICT;
CREATE INDEX event_ticket ON event (ticket_id, id);
ALTER TABLE outbox ADD COLUMN bounce_class TEXT NOT NULL DEFAULT '' CHECK (bounce_class IN ('', 'permanent', 'temporary'));
-- Until now only the text of the report showed it: it begins with a status of class 4 for a temporary one.
UPDATE outbox SET bounce_class = CASE WHEN last_error LIKE '4%' THEN 'temporary' ELSE 'permanent' END WHERE bounced_at > 0;
ALTER TABLE receipt ADD COLUMN detail TEXT NOT NULL DEFAULT '';
-- The text for people was stored until now. `other` keeps a text that no version is known to have written.
UPDATE receipt SET detail = substr(reason, length('another copy of mail ') + 1), reason = 'copy'
    WHERE reason LIKE 'another copy of mail %';
WITH known (text, word) AS (VALUES
    ('new', 'new'),
    ('closed too long', 'closed-too-long'),
    ('other subject', 'other-subject'),
    ('stranger', 'stranger'),
    ('forwarded by staff', 'forwarded'),
    ('token', 'token'),
    ('thread', 'thread'),
    ('subject tag', 'subject-tag'),
    ('self', 'own-mail'),
    ('banned', 'banned'),
    ('bounce', 'bounce'),
    ('bounce of a mail that had bounced before', 'bounce-again'),
    ('bounce of a mail that is not ours', 'bounce-not-ours'),
    ('delivery report without a failure', 'report-without-failure'),
    ('kept as an internal note', 'note'),
    ('commands only', 'commands-only'),
    ('dropped by hand', 'by-hand'),
    ('unreadable', 'unreadable'),
    ('no usable From', 'no-from'),
    ('from one of our own addresses', 'from-us'),
    ('too many mails from this sender', 'too-many'),
    ('unknown recipient', 'unknown-recipient'),
    ('no department', 'no-department'),
    ('staff reply without proof of the sender', 'staff-unproven'),
    ('staff reply without a token', 'staff-without-token'),
    ('stranger names a ticket', 'stranger-held')
)
UPDATE receipt SET detail = CASE WHEN reason IN (SELECT text FROM known) THEN '' ELSE reason END,
    reason = coalesce((SELECT word FROM known WHERE text = reason), 'other')
    WHERE reason <> 'copy';
