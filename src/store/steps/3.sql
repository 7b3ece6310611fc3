-- Schema 2 → 3: the statements that change the tables; the texts of articles without markup are made in `migrate.rs`.
-- Everything here is also in schema.sql; a test compares a migrated schema with a new one.

ALTER TABLE customer ADD COLUMN locale TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE staff ADD COLUMN locale TEXT NOT NULL DEFAULT '';
ALTER TABLE staff ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';
ALTER TABLE staff ADD COLUMN has_all_departments INTEGER NOT NULL DEFAULT 0 CHECK (has_all_departments IN (0, 1));
ALTER TABLE staff ADD COLUMN has_setup INTEGER NOT NULL DEFAULT 0 CHECK (has_setup IN (0, 1));
ALTER TABLE address ADD COLUMN signature TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN snoozed_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN spam_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN message_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN message_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE article ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE article ADD COLUMN body_text TEXT NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN markdown TEXT NOT NULL DEFAULT '';
-- Codes that replace the second factor once each, when the telephone is lost.
CREATE TABLE recovery_code (
    staff_id  INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    sha256    BLOB    NOT NULL CHECK (length(sha256) = 32),
    -- 0: not used yet.
    used_at   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (staff_id, sha256)
) STRICT, WITHOUT ROWID;

-- Who is signed in, in which browser. The token itself is stored nowhere.
CREATE TABLE session (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256       BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    -- One of the three: a staff member, a customer, or whoever opened the link of one ticket that was mailed to `email`.
    staff_id     INTEGER REFERENCES staff (id) ON DELETE CASCADE,
    customer_id  INTEGER REFERENCES customer (id) ON DELETE CASCADE,
    ticket_id    INTEGER REFERENCES ticket (id) ON DELETE CASCADE,
    email        TEXT    NOT NULL DEFAULT '' COLLATE NOCASE,
    created_at   INTEGER NOT NULL,
    -- The last request, within a minute.
    used_at      INTEGER NOT NULL,
    ip           TEXT    NOT NULL DEFAULT '',
    -- The browser's User-Agent, cut.
    agent        TEXT    NOT NULL DEFAULT '',
    CHECK (staff_id IS NOT NULL OR customer_id IS NOT NULL OR ticket_id IS NOT NULL)
) STRICT;
CREATE INDEX session_staff ON session (staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX session_customer ON session (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX session_ticket ON session (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX session_used ON session (used_at);

-- Links that let in once, until they end.
CREATE TABLE entry_link (
    sha256       BLOB    PRIMARY KEY CHECK (length(sha256) = 32),
    -- customer: signs a customer in. setup: makes the first account of a new desk.
    kind         TEXT    NOT NULL CHECK (kind IN ('customer', 'setup')),
    customer_id  INTEGER REFERENCES customer (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_link_customer ON entry_link (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX entry_link_ends ON entry_link (ends_at);
-- The lists of the inbox: each (department, status) is a range, read from its newest end.
CREATE INDEX ticket_unassigned ON ticket (department_id, status, last_update_at, id, snoozed_until)
    WHERE staff_id IS NULL AND status <> 5 AND spam_at = 0;
CREATE INDEX ticket_mine ON ticket (staff_id, status, last_update_at, id, snoozed_until, department_id)
    WHERE staff_id IS NOT NULL AND status <> 5 AND spam_at = 0;
CREATE INDEX ticket_touched ON ticket (department_id, status, last_update_at, id, snoozed_until)
    WHERE spam_at = 0 AND merged_into IS NULL;
CREATE INDEX ticket_snoozed ON ticket (department_id, snoozed_until, id) WHERE snoozed_until > 0;
CREATE INDEX ticket_spam ON ticket (department_id, spam_at, id) WHERE spam_at > 0;

-- Tickets that were merged into another one, with what it takes to part them again (src/store/ticket/merge.rs), a
-- JSON object.
CREATE TABLE ticket_merge (
    ticket_id  INTEGER PRIMARY KEY REFERENCES ticket (id) ON DELETE CASCADE,
    into_id    INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    merged_at  INTEGER NOT NULL,
    state      TEXT    NOT NULL
) STRICT;
CREATE INDEX ticket_merge_into ON ticket_merge (into_id);

CREATE TABLE tag (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE ticket_tag (
    ticket_id  INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    tag_id     INTEGER NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    PRIMARY KEY (ticket_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_tag_tag ON ticket_tag (tag_id, ticket_id);

-- How much of a ticket a staff member has seen: all events up to this one. -1: marked as unread by hand.
CREATE TABLE seen (
    staff_id   INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    ticket_id  INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    event_id   INTEGER NOT NULL,
    PRIMARY KEY (staff_id, ticket_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_ticket ON seen (ticket_id);

-- Saved searches of the inbox.
CREATE TABLE saved_view (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- NULL: everybody's.
    staff_id    INTEGER REFERENCES staff (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    -- A search, as people type it.
    query       TEXT    NOT NULL,
    position    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX saved_view_staff ON saved_view (staff_id);

-- What somebody is writing and has not sent yet: one a person, ticket and kind.
CREATE TABLE draft (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    staff_id    INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    -- NULL: a new ticket.
    ticket_id   INTEGER REFERENCES ticket (id) ON DELETE CASCADE,
    kind        TEXT    NOT NULL CHECK (kind IN ('answer', 'note', 'ticket')),
    -- What the form is sent with; see sending_key.
    key         TEXT    NOT NULL UNIQUE,
    body        TEXT    NOT NULL,
    -- The other fields of the form, a JSON object of the page's own making.
    fields      TEXT    NOT NULL DEFAULT '{}',
    saved_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX draft_of_ticket ON draft (staff_id, ticket_id, kind) WHERE ticket_id IS NOT NULL;
CREATE UNIQUE INDEX draft_of_new ON draft (staff_id, kind) WHERE ticket_id IS NULL;
CREATE INDEX draft_ticket ON draft (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE draft_file (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    draft_id      INTEGER NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    -- As in attachment.
    name          TEXT    NOT NULL,
    original_name TEXT    NOT NULL,
    content_type  TEXT    NOT NULL,
    bytes         INTEGER NOT NULL,
    data          BLOB    NOT NULL
) STRICT;
CREATE INDEX draft_file_draft ON draft_file (draft_id);

-- Keys of forms that were sent: the same form again posts nothing.
CREATE TABLE sending_key (
    key         TEXT    PRIMARY KEY,
    -- What became of it: the ticket, and the message; 0 when that was taken back.
    ticket_id   INTEGER NOT NULL,
    message_id  INTEGER NOT NULL,
    spent_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sending_key_spent ON sending_key (spent_at);

-- Changes that can be taken back for a while.
CREATE TABLE undo (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    staff_id    INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    -- An answer; 0: changes of tickets.
    message_id  INTEGER NOT NULL DEFAULT 0,
    -- What it takes (src/desk/undo.rs), a JSON object.
    state       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX undo_staff ON undo (staff_id);
CREATE INDEX undo_message ON undo (message_id) WHERE message_id > 0;
CREATE INDEX undo_ends ON undo (ends_at);

-- What customers think of how their ticket was handled, asked once after it was closed.
CREATE TABLE satisfaction (
    ticket_id    INTEGER PRIMARY KEY REFERENCES ticket (id) ON DELETE CASCADE,
    -- Who it was assigned to when it was asked.
    staff_id     INTEGER REFERENCES staff (id) ON DELETE SET NULL,
    asked_at     INTEGER NOT NULL,
    -- 1 good, 0 not good; NULL: no answer yet.
    is_good      INTEGER CHECK (is_good IN (0, 1)),
    comment      TEXT    NOT NULL DEFAULT '',
    answered_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX satisfaction_staff ON satisfaction (staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX satisfaction_answered ON satisfaction (answered_at) WHERE answered_at > 0;
CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id > 0;

-- URLs that are notified of what happens to tickets.
CREATE TABLE webhook (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL,
    url             TEXT    NOT NULL,
    -- Key of the signatures, as the receiver has it: `whsec_` and base64 (Standard Webhooks).
    secret          TEXT    NOT NULL,
    -- Kinds of events, space-separated; `*` for all.
    kinds           TEXT    NOT NULL,
    is_active       INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at      INTEGER NOT NULL,
    last_update_at  INTEGER NOT NULL,
    -- Since when every delivery fails; 0: the last one worked.
    failing_since   INTEGER NOT NULL DEFAULT 0,
    -- When it was stopped after failing for long; 0: it is not.
    paused_at       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE webhook_delivery (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id       INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    -- What it tells of. Deliveries of one ticket go out in their order.
    event_id         INTEGER NOT NULL,
    ticket_id        INTEGER NOT NULL,
    kind             TEXT    NOT NULL,
    -- The finished JSON, the same on every try.
    body             TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    created_at       INTEGER NOT NULL,
    attempts         INTEGER NOT NULL DEFAULT 0,
    next_attempt_at  INTEGER NOT NULL,
    leased_until     INTEGER NOT NULL DEFAULT 0,
    sent_at          INTEGER NOT NULL DEFAULT 0,
    -- The receiver's HTTP status at the last try; 0: there was no answer.
    http_status      INTEGER NOT NULL DEFAULT 0,
    last_error       TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (state, next_attempt_at, id);
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, ticket_id, id);
CREATE INDEX webhook_delivery_log ON webhook_delivery (webhook_id, id);
CREATE INDEX article_of_category ON article (category_id, position, id);

-- The same for articles of the knowledge base.
CREATE VIRTUAL TABLE article_search USING fts5 (
    title, body_text, content = 'article', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO article_search (article_search) VALUES ('rebuild');
CREATE TRIGGER article_found AFTER INSERT ON article BEGIN
    INSERT INTO article_search (rowid, title, body_text) VALUES (NEW.id, NEW.title, NEW.body_text);
END;
CREATE TRIGGER article_unfound AFTER DELETE ON article BEGIN
    INSERT INTO article_search (article_search, rowid, title, body_text)
        VALUES ('delete', OLD.id, OLD.title, OLD.body_text);
END;
CREATE TRIGGER article_refound AFTER UPDATE OF id, title, body_text ON article BEGIN
    INSERT INTO article_search (article_search, rowid, title, body_text)
        VALUES ('delete', OLD.id, OLD.title, OLD.body_text);
    INSERT INTO article_search (rowid, title, body_text) VALUES (NEW.id, NEW.title, NEW.body_text);
END;

-- What a mail's writer typed, where more than that is shown; the name of Reply-To.
ALTER TABLE message ADD COLUMN reply_text TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN reply_to_name TEXT NOT NULL DEFAULT '';

-- The same condition on both engines.
DROP INDEX customer_activation;
CREATE INDEX customer_activation ON customer (activation_hash) WHERE length(activation_hash) > 0;

-- Every mail paid for it, and the newest receipt is the one recorded last.
DROP INDEX receipt_received;

-- The tickets a person takes part in.
CREATE INDEX participant_email ON participant (email);

-- Several hosts on one database.
ALTER TABLE outbox ADD COLUMN leased_by INTEGER NOT NULL DEFAULT 0;
-- Processes that work on the desk, where the database is on a server (src/store/worker.rs).
CREATE TABLE worker (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    host     TEXT    NOT NULL,
    -- What others on the same machine know a killed process by (src/process.rs).
    process  TEXT    NOT NULL DEFAULT '',
    -- Their last sign of life, by the server's clock.
    seen_at  INTEGER NOT NULL
) STRICT;

-- Who does a kind of work that only one is to do at a time: reading a mailbox's folder, the timed work. It ends with the
-- worker.
CREATE TABLE work_lease (
    name       TEXT    PRIMARY KEY,
    worker_id  INTEGER NOT NULL REFERENCES worker (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX work_lease_worker ON work_lease (worker_id);

-- Where a change came from; when mailboxes were last read.
ALTER TABLE event ADD COLUMN ip TEXT NOT NULL DEFAULT '';
ALTER TABLE imap_folder ADD COLUMN tried_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE imap_folder ADD COLUMN fetched_at INTEGER NOT NULL DEFAULT 0;
-- Far pages of long lists are found by larger buckets; fewer triggers; the search index is merged by timed work.
DROP TRIGGER message_takes_attachments;
DROP TRIGGER ticket_takes_attachments;
DROP TRIGGER attachment_takes_content;
DROP TRIGGER ticket_counted;
DROP TRIGGER ticket_uncounted;
DROP TRIGGER ticket_recounted;
DROP TRIGGER customer_counted;
DROP TRIGGER customer_uncounted;
DROP TRIGGER message_counted;
DROP TRIGGER message_uncounted;
DROP TRIGGER attachment_counted;
DROP TRIGGER attachment_uncounted;
DROP TRIGGER customer_found;
DROP TRIGGER customer_unfound;
DROP TRIGGER participant_found;
DROP TRIGGER participant_unfound;
DROP TRIGGER ticket_found;
DROP TRIGGER ticket_unfound;
DROP TRIGGER message_found;
DROP TRIGGER message_unfound;
CREATE TRIGGER ticket_added AFTER INSERT ON ticket BEGIN
    INSERT INTO row_count (kind, value, bucket, n) SELECT k.column1,
        CASE k.column1 WHEN 0 THEN 0 WHEN 1 THEN NEW.status WHEN 2 THEN NEW.department_id ELSE NEW.customer_id END,
        CASE l.column1 WHEN 0 THEN -1 WHEN 1 THEN NEW.id / 1024 ELSE -2 - NEW.id / 32768 END, 1
        FROM (VALUES (0), (1), (2), (3)) AS k CROSS JOIN (VALUES (0), (1), (2)) AS l WHERE 1 = 1
        ON CONFLICT (kind, value, bucket) DO UPDATE SET n = n + 1;
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 2, NEW.subject);
END;
CREATE TRIGGER ticket_removed AFTER DELETE ON ticket BEGIN
    UPDATE row_count SET n = n - 1 WHERE (kind, value, bucket) IN (SELECT k.column1,
        CASE k.column1 WHEN 0 THEN 0 WHEN 1 THEN OLD.status WHEN 2 THEN OLD.department_id ELSE OLD.customer_id END,
        CASE l.column1 WHEN 0 THEN -1 WHEN 1 THEN OLD.id / 1024 ELSE -2 - OLD.id / 32768 END
        FROM (VALUES (0), (1), (2), (3)) AS k CROSS JOIN (VALUES (0), (1), (2)) AS l);
    DELETE FROM row_count WHERE n = 0 AND kind = 3 AND value = OLD.customer_id;
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 2, OLD.subject);
    DELETE FROM attachment WHERE ticket_id = OLD.id AND OLD.id > 0;
END;
CREATE TRIGGER ticket_recounted AFTER UPDATE OF status, department_id, customer_id ON ticket
WHEN OLD.status <> NEW.status OR OLD.department_id <> NEW.department_id OR OLD.customer_id <> NEW.customer_id BEGIN
    INSERT INTO row_count (kind, value, bucket, n) SELECT k.column1,
        CASE k.column1 * s.column1 WHEN 1 THEN NEW.status WHEN 2 THEN NEW.department_id WHEN 3 THEN NEW.customer_id
            WHEN -1 THEN OLD.status WHEN -2 THEN OLD.department_id ELSE OLD.customer_id END,
        CASE l.column1 WHEN 0 THEN -1 WHEN 1 THEN NEW.id / 1024 ELSE -2 - NEW.id / 32768 END, s.column1
        FROM (VALUES (1), (2), (3)) AS k CROSS JOIN (VALUES (0), (1), (2)) AS l CROSS JOIN (VALUES (-1), (1)) AS s
        WHERE CASE k.column1 WHEN 1 THEN OLD.status <> NEW.status WHEN 2 THEN OLD.department_id <> NEW.department_id
            ELSE OLD.customer_id <> NEW.customer_id END
        ON CONFLICT (kind, value, bucket) DO UPDATE SET n = row_count.n + excluded.n;
END;
CREATE TRIGGER customer_added AFTER INSERT ON customer BEGIN
    INSERT INTO row_count (kind, value, bucket, n) VALUES
        (4, 0, -1, 1), (4, 0, NEW.id / 1024, 1), (4, 0, -2 - NEW.id / 32768, 1)
        ON CONFLICT (kind, value, bucket) DO UPDATE SET n = n + 1;
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4, NEW.fullname || ' ' || NEW.email);
END;
CREATE TRIGGER customer_removed AFTER DELETE ON customer BEGIN
    UPDATE row_count SET n = n - 1 WHERE (kind, value, bucket) IN (VALUES
        (4, 0, -1), (4, 0, OLD.id / 1024), (4, 0, -2 - OLD.id / 32768));
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4, OLD.fullname || ' ' || OLD.email);
END;
CREATE TRIGGER participant_added AFTER INSERT ON participant BEGIN
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 1, NEW.name || ' ' || NEW.email);
END;
CREATE TRIGGER participant_removed AFTER DELETE ON participant BEGIN
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 1, OLD.name || ' ' || OLD.email);
END;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO row_count (kind, value, bucket, n) VALUES (5, 0, -1, 1 - NEW.is_internal)
        ON CONFLICT (kind, value, bucket) DO UPDATE SET n = row_count.n + excluded.n;
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 3, substr(NEW.body, 1, 100000));
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE row_count SET n = n - 1 + OLD.is_internal WHERE kind = 5 AND value = 0 AND bucket = -1;
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 3, substr(OLD.body, 1, 100000));
    DELETE FROM attachment WHERE message_id = OLD.id;
END;
CREATE TRIGGER attachment_added AFTER INSERT ON attachment BEGIN
    INSERT INTO row_count (kind, value, bucket, n) VALUES (6, 0, -1, 1)
        ON CONFLICT (kind, value, bucket) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER attachment_removed AFTER DELETE ON attachment BEGIN
    UPDATE row_count SET n = n - 1 WHERE kind = 6 AND value = 0 AND bucket = -1;
    DELETE FROM content WHERE id = OLD.content_id
        AND NOT EXISTS (SELECT 1 FROM attachment WHERE content_id = OLD.content_id);
END;
INSERT INTO row_count (kind, value, bucket, n)
    SELECT kind, value, -2 - bucket / 32, sum(n) FROM row_count WHERE bucket >= 0
    GROUP BY kind, value, bucket / 32;
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('usermerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 256);
CREATE TABLE errand (
    kind        TEXT    PRIMARY KEY CHECK (kind IN ('backup', 'check', 'import', 'reread')),
    run         INTEGER NOT NULL,
    detail      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL DEFAULT 0,
    is_done     INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1)),
    said        TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
