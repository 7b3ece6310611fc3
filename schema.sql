-- maildesk: the whole current schema, for SQLite 3.37 or newer (STRICT tables).
--
-- Reading guide. Ids of customer, department, staff, ticket, message and attachment are
-- HelpDeskZ's: small integers that are never used twice (AUTOINCREMENT). Every *_at column is
-- seconds since 1970-01-01 UTC; 0 means never. Booleans (is_*, has_*) are 0 or 1. Texts are
-- UTF-8. Mail addresses compare without case (COLLATE NOCASE). Empty text means "none".
-- PRAGMA user_version holds the schema's version; src/store/migrate.rs migrates older ones.

------------------------------------------------------------------------------------------ desk

-- One row: the identity of this desk.
CREATE TABLE desk (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    -- 32 random bytes. HMAC key of reply tokens and of X-Maildesk-Loop; as secret as a password.
    secret      BLOB    NOT NULL CHECK (length(secret) = 32),
    created_at  INTEGER NOT NULL,
    -- Last heartbeat of a running `serve`: while it is fresh, `pipe` leaves sending to it.
    served_at   INTEGER NOT NULL DEFAULT 0,
    -- How often `/readyz` wrote here to test whether the database can be written.
    probes      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Only keys that differ from the shipped default have a row; src/store/settings.rs has the list.
CREATE TABLE setting (
    key    TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Mail templates, by HelpDeskZ's names. Only edited or switched ones have a row.
CREATE TABLE template (
    name            TEXT    PRIMARY KEY,
    subject         TEXT    NOT NULL,
    body_text       TEXT    NOT NULL,
    body_html       TEXT    NOT NULL,
    is_enabled      INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    last_update_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers of rows, kept by the triggers at the end of this file, so that no page of a list has
-- to count a table. bucket -1 is the whole; bucket n counts ids from n * 1024 to n * 1024 + 1023, and
-- bucket -2 - n those from n * 32768 to n * 32768 + 32767, which is how a far page of a list is found
-- without walking to it.
-- kind: 0 tickets, 1 tickets by status, 2 tickets by department, 3 tickets by customer,
-- 4 customers, 5 customers' and staff's messages, 6 attachments (value 0 where there is none).
CREATE TABLE row_count (
    kind    INTEGER NOT NULL,
    value   INTEGER NOT NULL,
    bucket  INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (kind, value, bucket)
) STRICT, WITHOUT ROWID;

---------------------------------------------------------------------------------------- people

CREATE TABLE customer (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    fullname          TEXT    NOT NULL,
    email             TEXT    NOT NULL COLLATE NOCASE,
    -- Empty for those who sign in by a mailed link.
    password_hash     TEXT    NOT NULL DEFAULT '',
    -- HelpDeskZ's users.status: 0 only ever blocked the login.
    is_active         INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    registered_at     INTEGER NOT NULL,
    timezone          TEXT    NOT NULL DEFAULT '',
    first_name        TEXT    NOT NULL DEFAULT '',
    last_name         TEXT    NOT NULL DEFAULT '',
    mobile            TEXT    NOT NULL DEFAULT '',
    country_code      TEXT    NOT NULL DEFAULT '',
    -- When the owner of the address opened the activation link.
    verified_at       INTEGER NOT NULL DEFAULT 0,
    -- SHA-256 of the last activation code (X'' = none) and when it was mailed; 0 once it was used.
    activation_hash   BLOB    NOT NULL DEFAULT X'',
    activation_at     INTEGER NOT NULL DEFAULT 0,
    -- Language of pages, such as `de`; empty: the browser's.
    locale            TEXT    NOT NULL DEFAULT '',
    -- What staff should know about this person; the person never sees it.
    notes             TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX customer_email ON customer (email);
CREATE INDEX customer_activation ON customer (activation_hash) WHERE length(activation_hash) > 0;

-- On-duty hours that staff are tied to (Servetel's time_group).
CREATE TABLE schedule (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL COLLATE NOCASE UNIQUE,
    hours     TEXT NOT NULL,
    timezone  TEXT NOT NULL
) STRICT;

CREATE TABLE staff (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    username           TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    fullname           TEXT    NOT NULL,
    email              TEXT    NOT NULL COLLATE NOCASE,
    -- Argon2id; bcrypt or SHA-1 hex as imported until the next login; empty = no login.
    password_hash      TEXT    NOT NULL DEFAULT '',
    -- 1 admin (every department), 2 agent (those of staff_department).
    role               INTEGER NOT NULL CHECK (role IN (1, 2)),
    is_active          INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    -- 0: may not pass staff/auth although active (Servetel's block_web_login).
    has_login          INTEGER NOT NULL DEFAULT 1 CHECK (has_login IN (0, 1)),
    -- 0: is not notified of tickets (Servetel's create_agent false).
    has_notifications  INTEGER NOT NULL DEFAULT 1 CHECK (has_notifications IN (0, 1)),
    registered_at      INTEGER NOT NULL,
    login_at           INTEGER NOT NULL DEFAULT 0,
    last_login_at      INTEGER NOT NULL DEFAULT 0,
    timezone           TEXT    NOT NULL DEFAULT '',
    signature          TEXT    NOT NULL DEFAULT '',
    -- Base32 secret of the second factor, empty = off; the last time step used never works again.
    totp_secret        TEXT    NOT NULL DEFAULT '',
    totp_last_step     INTEGER NOT NULL DEFAULT 0,
    -- NULL: no schedule, always on duty.
    schedule_id        INTEGER REFERENCES schedule (id) ON DELETE SET NULL,
    -- Telephony data of Servetel's call, a JSON object; maildesk only keeps it.
    profile            TEXT    NOT NULL DEFAULT '{}',
    -- Language of pages, such as `de`; empty: the browser's.
    locale             TEXT    NOT NULL DEFAULT '',
    -- How this person wants the pages (src/store/staff/preferences.rs), a JSON object.
    preferences        TEXT    NOT NULL DEFAULT '{}',
    -- 1: an agent who sees every department; admins do anyway.
    has_all_departments INTEGER NOT NULL DEFAULT 0 CHECK (has_all_departments IN (0, 1)),
    -- 1: an agent who may change the desk's set-up; admins may anyway.
    has_setup          INTEGER NOT NULL DEFAULT 0 CHECK (has_setup IN (0, 1))
) STRICT;
CREATE INDEX staff_email ON staff (email);
CREATE INDEX staff_schedule ON staff (schedule_id);

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

CREATE TABLE department (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    position    INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    is_private  INTEGER NOT NULL DEFAULT 0 CHECK (is_private IN (0, 1))
) STRICT;

CREATE TABLE staff_department (
    staff_id       INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    department_id  INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    PRIMARY KEY (staff_id, department_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_department_department ON staff_department (department_id);

-- The desk's own mail addresses, with how mail comes in and goes out.
CREATE TABLE address (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    email               TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    name                TEXT    NOT NULL,
    -- NULL: the last department was deleted; its mail is quarantined until one is given.
    department_id       INTEGER REFERENCES department (id) ON DELETE SET NULL,
    is_default          INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    created_at          INTEGER NOT NULL,
    last_update_at      INTEGER NOT NULL,
    incoming            TEXT    NOT NULL DEFAULT 'none' CHECK (incoming IN ('none', 'pipe', 'imap')),
    imap_host           TEXT    NOT NULL DEFAULT '',
    imap_port           INTEGER NOT NULL DEFAULT 993,
    imap_user           TEXT    NOT NULL DEFAULT '',
    imap_password_file  TEXT    NOT NULL DEFAULT '',
    imap_tls            TEXT    NOT NULL DEFAULT 'implicit' CHECK (imap_tls IN ('implicit', 'starttls', 'none')),
    imap_after          TEXT    NOT NULL DEFAULT 'seen',
    imap_auth           TEXT    NOT NULL DEFAULT 'password' CHECK (imap_auth IN ('password', 'xoauth2')),
    -- Further IMAP options (private CA, token command …), a JSON object.
    imap_options        TEXT    NOT NULL DEFAULT '{}',
    outgoing            TEXT    NOT NULL DEFAULT 'none' CHECK (outgoing IN ('none', 'smtp', 'sendmail', 'file')),
    smtp_host           TEXT    NOT NULL DEFAULT '',
    smtp_port           INTEGER NOT NULL DEFAULT 587,
    smtp_user           TEXT    NOT NULL DEFAULT '',
    smtp_password_file  TEXT    NOT NULL DEFAULT '',
    smtp_tls            TEXT    NOT NULL DEFAULT 'starttls' CHECK (smtp_tls IN ('implicit', 'starttls', 'none')),
    outgoing_dir        TEXT    NOT NULL DEFAULT '',
    -- When a plus-addressed test mail came back: plus-addresses may be used in Reply-To.
    plus_seen_at        INTEGER NOT NULL DEFAULT 0,
    -- Put under answers that leave by this address, below the writer's own; as typed, with light Markdown.
    signature           TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX address_department ON address (department_id);
CREATE UNIQUE INDEX address_default ON address (is_default) WHERE is_default = 1;

-- IMAP folders of an address and how far each was read (RFC 9051 §2.3.1.1).
CREATE TABLE imap_folder (
    address_id    INTEGER NOT NULL REFERENCES address (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    position      INTEGER NOT NULL,
    uid_validity  INTEGER NOT NULL DEFAULT 0,
    last_uid      INTEGER NOT NULL DEFAULT 0,
    -- The highest UID when the folder was first seen with this uid_validity, and when that was.
    backlog_uid   INTEGER NOT NULL DEFAULT 0,
    started_at    INTEGER NOT NULL DEFAULT 0,
    -- Failures in a row, the earliest time of the next try, and what went wrong last.
    failures      INTEGER NOT NULL DEFAULT 0,
    retry_at      INTEGER NOT NULL DEFAULT 0,
    last_error    TEXT    NOT NULL DEFAULT '',
    -- When the whole folder was last compared with imap_seen.
    reconciled_at INTEGER NOT NULL DEFAULT 0,
    -- When it was last asked, within a minute, and when it was last read to its end.
    tried_at      INTEGER NOT NULL DEFAULT 0,
    fetched_at    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (address_id, name)
) STRICT, WITHOUT ROWID;

-- Mails of an IMAP folder that need not be fetched again, in runs of UIDs that neither overlap nor touch: those on record
-- here, and older ones that are not wanted (imap_options, "start":"new"). A mail up to last_uid that is
-- neither here nor in imap_leftover was missed.
CREATE TABLE imap_seen (
    address_id    INTEGER NOT NULL,
    folder        TEXT    NOT NULL,
    first_uid     INTEGER NOT NULL,
    last_uid      INTEGER NOT NULL,
    PRIMARY KEY (address_id, folder, first_uid),
    FOREIGN KEY (address_id, folder) REFERENCES imap_folder (address_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Mails up to last_uid that failed: not sent by the server, or on record
-- here but not marked, moved or deleted there. Every fetch tries them again.
CREATE TABLE imap_leftover (
    address_id    INTEGER NOT NULL,
    folder        TEXT    NOT NULL,
    uid           INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    failures      INTEGER NOT NULL,
    PRIMARY KEY (address_id, folder, uid),
    FOREIGN KEY (address_id, folder) REFERENCES imap_folder (address_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Addresses and domains whose mail is dropped on record. A domain is written without "@".
CREATE TABLE ban (
    pattern     TEXT    PRIMARY KEY COLLATE NOCASE,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

--------------------------------------------------------------------------------------- tickets

CREATE TABLE ticket (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    department_id   INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    customer_id     INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    priority        INTEGER NOT NULL DEFAULT 1,
    subject         TEXT    NOT NULL,
    -- 1 open, 2 answered, 3 awaiting reply, 4 in progress, 5 closed.
    status          INTEGER NOT NULL DEFAULT 1 CHECK (status BETWEEN 1 AND 5),
    created_at      INTEGER NOT NULL,
    last_update_at  INTEGER NOT NULL,
    -- When it was closed last; 0 = never. reopen_days counts from here.
    closed_at       INTEGER NOT NULL DEFAULT 0,
    -- Messages of customers and staff after the first one, as HelpDeskZ counts.
    replies         INTEGER NOT NULL DEFAULT 0,
    -- 0 the customer, else the id of the staff member who wrote last.
    last_replier    INTEGER NOT NULL DEFAULT 0,
    -- NULL: not assigned.
    staff_id        INTEGER REFERENCES staff (id) ON DELETE SET NULL,
    -- NULL: not merged. Mail for a merged ticket goes to the one named here.
    merged_into     INTEGER REFERENCES ticket (id) ON DELETE CASCADE,
    -- NULL: opened otherwise than by mail to one of our addresses (then the department's is used).
    address_id      INTEGER REFERENCES address (id) ON DELETE SET NULL,
    -- Reply-To of the opening mail: where we write to instead of the customer's address.
    reply_to        TEXT    NOT NULL DEFAULT '',
    -- Answers to HelpDeskZ's custom fields, a JSON list of [title, value].
    custom_fields   TEXT    NOT NULL DEFAULT '[]',
    -- Out of the lists until then, or until the customer writes; 0 = not put off.
    snoozed_until   INTEGER NOT NULL DEFAULT 0,
    -- When it was called spam: out of sight, answered by nobody, removed after spam_keep_days; 0 = it is not.
    spam_at         INTEGER NOT NULL DEFAULT 0,
    -- The name that belongs to reply_to; empty = the customer's.
    reply_to_name   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX ticket_department ON ticket (department_id, id);
CREATE INDEX ticket_customer ON ticket (customer_id, id);
CREATE INDEX ticket_status ON ticket (status, last_update_at);
CREATE INDEX ticket_status_id ON ticket (status, id);
CREATE INDEX ticket_staff ON ticket (staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX ticket_merged ON ticket (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX ticket_address ON ticket (address_id) WHERE address_id IS NOT NULL;
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
    door       TEXT    NOT NULL,
    -- The message or note that was written; 0 for other changes.
    message_id INTEGER NOT NULL DEFAULT 0,
    -- The network address it came from, where it came over the network.
    ip         TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX event_ticket ON event (ticket_id, id);

-- Two tickets about the same thing (a late answer opened the newer one).
CREATE TABLE ticket_link (
    ticket_id  INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    other_id   INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    PRIMARY KEY (ticket_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_link_other ON ticket_link (other_id);

-- People besides the customer who take part: Cc, forwarders. At most 20 a ticket.
CREATE TABLE participant (
    id         INTEGER PRIMARY KEY,
    ticket_id  INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    email      TEXT    NOT NULL COLLATE NOCASE,
    name       TEXT    NOT NULL,
    added_at   INTEGER NOT NULL,
    UNIQUE (ticket_id, email)
) STRICT;
CREATE INDEX participant_email ON participant (email);

-- Our other addresses that a ticket's mail also went to: noted, never mailed.
CREATE TABLE ticket_address_seen (
    ticket_id   INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    email       TEXT    NOT NULL COLLATE NOCASE,
    PRIMARY KEY (ticket_id, email)
) STRICT, WITHOUT ROWID;

-- Who was given a reply token for a ticket: the address is part of the token's HMAC.
CREATE TABLE token_holder (
    ticket_id  INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    email      TEXT    NOT NULL COLLATE NOCASE,
    PRIMARY KEY (ticket_id, email)
) STRICT, WITHOUT ROWID;

-- Every Message-ID seen in or named by a ticket's mail (RFC 5322 §3.6.4), without brackets.
CREATE TABLE thread_id (
    message_id  TEXT    NOT NULL,
    ticket_id   INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    -- Order within the ticket: References of what we send are written in it.
    position    INTEGER NOT NULL,
    -- The only address that has the mail of that id (ours go out one by one); empty: all have it.
    email       TEXT    NOT NULL DEFAULT '' COLLATE NOCASE,
    PRIMARY KEY (message_id, ticket_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_id_ticket ON thread_id (ticket_id, position);

CREATE TABLE message (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket_id    INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    -- 0 a customer, 1 staff, 2 maildesk itself.
    author       INTEGER NOT NULL CHECK (author IN (0, 1, 2)),
    -- The staff member who wrote it; 0 else. No foreign key: accounts are removed, their messages stay.
    staff_id     INTEGER NOT NULL DEFAULT 0,
    -- The customer who wrote it; 0 else. A participant's message names the participant.
    customer_id  INTEGER NOT NULL DEFAULT 0,
    -- 1: a note for staff, never sent and not counted in row_count or replies.
    is_internal  INTEGER NOT NULL DEFAULT 0 CHECK (is_internal IN (0, 1)),
    -- What is shown: of a mail that joins a ticket the reply, of one that opens a ticket all but its signature; or a
    -- body posted over the API.
    body         TEXT    NOT NULL,
    -- 1: body is sanitised HTML; 0: plain text, escaped when it leaves as HTML.
    is_html      INTEGER NOT NULL CHECK (is_html IN (0, 1)),
    -- The whole text of the mail; empty when body is all of it.
    full_text    TEXT    NOT NULL DEFAULT '',
    -- The sanitised HTML body of the mail; empty when there is none.
    mail_html    TEXT    NOT NULL DEFAULT '',
    ip           TEXT    NOT NULL DEFAULT '',
    -- HelpDeskZ's flag: 1 by mail or API, 0 typed into a web form (imported only).
    is_email     INTEGER NOT NULL DEFAULT 1 CHECK (is_email IN (0, 1)),
    -- What the person typed, without what they quoted; empty when body is just that.
    reply_text   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX message_ticket ON message (ticket_id, is_internal, created_at, id);
-- For search by a writer's name and for merging two customers.
CREATE INDEX message_customer ON message (customer_id, ticket_id) WHERE customer_id > 0;

-- Attachment bytes, once per content.
CREATE TABLE content (
    id      INTEGER PRIMARY KEY,
    sha256  BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    bytes   INTEGER NOT NULL,
    data    BLOB    NOT NULL
) STRICT;

CREATE TABLE attachment (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 0: belongs to an imported knowledge-base article.
    ticket_id      INTEGER NOT NULL,
    -- 0: its message is gone.
    message_id     INTEGER NOT NULL,
    article_id     INTEGER NOT NULL DEFAULT 0,
    -- Safe for storage and download; original_name is the sender's.
    name           TEXT    NOT NULL,
    original_name  TEXT    NOT NULL,
    content_type   TEXT    NOT NULL,
    bytes          INTEGER NOT NULL,
    -- 0: the file was gone when it was imported.
    content_id     INTEGER NOT NULL,
    -- Content-ID of an inline image, as cid: links of mail_html name it.
    cid            TEXT    NOT NULL DEFAULT '',
    is_inline      INTEGER NOT NULL DEFAULT 0 CHECK (is_inline IN (0, 1))
) STRICT;
CREATE INDEX attachment_ticket ON attachment (ticket_id);
CREATE INDEX attachment_message ON attachment (message_id);
CREATE INDEX attachment_content ON attachment (content_id);

-------------------------------------------------------------------------------------- mail in

-- Every different mail ever handed over, once, and what became of it. Rows outlive the ticket:
-- a deleted ticket does not come back when its mail is delivered again.
CREATE TABLE receipt (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the mail without its trace headers: one row per mail, whatever the path.
    key            BLOB    NOT NULL UNIQUE CHECK (length(key) = 32),
    -- SHA-256 of its Delivered-To and the like (X'' without any): two copies of a mail that an MTA
    -- made for one recipient have one key and two traces.
    trace          BLOB    NOT NULL DEFAULT X'',
    received_at    INTEGER NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('stored', 'dropped', 'quarantined')),
    -- A word of src/domain/reason.rs, which has the texts for people.
    reason         TEXT    NOT NULL,
    -- A detail that some reasons have: the id of the mail that this one is a copy of.
    detail         TEXT    NOT NULL DEFAULT '',
    -- 0: none (dropped, quarantined).
    ticket_id      INTEGER NOT NULL DEFAULT 0,
    message_id     INTEGER NOT NULL DEFAULT 0,
    -- From, the envelope, and Message-ID as the mail has them; empty where it has none.
    from_email     TEXT    NOT NULL COLLATE NOCASE,
    recipient      TEXT    NOT NULL,
    sender         TEXT    NOT NULL,
    -- Whether the caller gave an envelope sender: if so, an empty one means a bounce.
    has_sender     INTEGER NOT NULL DEFAULT 0 CHECK (has_sender IN (0, 1)),
    subject        TEXT    NOT NULL,
    internet_id    TEXT    NOT NULL,
    bytes          INTEGER NOT NULL
) STRICT;
CREATE INDEX receipt_state ON receipt (state, id);
CREATE INDEX receipt_from ON receipt (from_email, state, received_at);
CREATE INDEX receipt_ticket ON receipt (ticket_id) WHERE ticket_id > 0;

-- The raw mail, zstd-compressed, for raw_keep_days (quarantined: until decided).
CREATE TABLE raw_mail (
    receipt_id  INTEGER PRIMARY KEY REFERENCES receipt (id) ON DELETE CASCADE,
    data        BLOB    NOT NULL
) STRICT;

------------------------------------------------------------------------------------- mail out

-- Finished mails waiting to be sent, and what became of them.
CREATE TABLE outbox (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at       INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    -- new_ticket, autoresponse, staff_reply, staff_ticketnotification, staff_assigned, new_user, test.
    event            TEXT    NOT NULL,
    -- 0: about no ticket.
    ticket_id        INTEGER NOT NULL DEFAULT 0,
    address_id       INTEGER NOT NULL,
    -- Envelope: empty sender is RFC 5321's null reverse-path.
    envelope_sender  TEXT    NOT NULL,
    recipient        TEXT    NOT NULL COLLATE NOCASE,
    -- Message-ID without brackets; the same on every try.
    internet_id      TEXT    NOT NULL UNIQUE,
    -- 1: sent automatically, not written by a person (counts towards auto_answers_per_hour, pauses on bounces).
    is_automatic     INTEGER NOT NULL CHECK (is_automatic IN (0, 1)),
    attempts         INTEGER NOT NULL DEFAULT 0,
    next_attempt_at  INTEGER NOT NULL,
    -- After this a failure is final.
    give_up_at       INTEGER NOT NULL,
    -- Until then one sender has the mail for itself; 0: no sender has it.
    leased_until     INTEGER NOT NULL DEFAULT 0,
    sent_at          INTEGER NOT NULL DEFAULT 0,
    -- When a delivery report said the recipient did not get it.
    bounced_at       INTEGER NOT NULL DEFAULT 0,
    -- Whether the bounce is permanent; empty while bounced_at is 0.
    bounce_class     TEXT    NOT NULL DEFAULT '' CHECK (bounce_class IN ('', 'permanent', 'temporary')),
    last_error       TEXT    NOT NULL DEFAULT '',
    -- Tries after which it is unknown whether the mail has arrived: all of it was handed over, no answer came.
    unknown_tries    INTEGER NOT NULL DEFAULT 0,
    -- The message it tells of; 0: none.
    message_id       INTEGER NOT NULL DEFAULT 0,
    -- The worker that has it; 0: none, or a process beside the database's file.
    leased_by        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (state, next_attempt_at, id);
CREATE INDEX outbox_recipient ON outbox (recipient, is_automatic, created_at);
CREATE INDEX outbox_ticket ON outbox (ticket_id) WHERE ticket_id > 0;
CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id > 0;

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

-- The bytes of an outgoing mail, apart so that trying and settling never rewrites them.
CREATE TABLE outbox_raw (
    outbox_id  INTEGER PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
    data       BLOB    NOT NULL
) STRICT;

------------------------------------------------------------------------------------------ API

CREATE TABLE token (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL,
    -- SHA-256 of the token; the token itself is stored nowhere.
    sha256          BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    -- "*" or a space-separated list of group/action.
    permissions     TEXT    NOT NULL,
    -- Addresses and patterns, comma-separated; empty = any.
    ips             TEXT    NOT NULL DEFAULT '',
    is_active       INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at      INTEGER NOT NULL,
    last_update_at  INTEGER NOT NULL,
    last_used_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Failures per address of the end user (HelpDeskZ's lockout); those of customers are `customer ADDRESS` …
CREATE TABLE login_attempt (
    ip          TEXT    PRIMARY KEY,
    attempts    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- … and every try, for the lockout per account and for people.
CREATE TABLE login_log (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    -- 0: there is no account of that name. The lockout counts by name, so that it does not show
    -- which names have accounts.
    staff_id    INTEGER NOT NULL,
    username    TEXT    NOT NULL DEFAULT '' COLLATE NOCASE,
    ip          TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    is_success  INTEGER NOT NULL CHECK (is_success IN (0, 1))
) STRICT;
CREATE INDEX login_log_staff ON login_log (staff_id, is_success, at);
CREATE INDEX login_log_username ON login_log (username, is_success, at);

-- Answers given to requests that carried an Idempotency-Key, for 24 hours.
CREATE TABLE idempotency (
    token_id     INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    method       TEXT    NOT NULL,
    path         TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    body_sha256  BLOB    NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (token_id, method, path, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_created ON idempotency (created_at);

-- Long work that was asked for in the browser: the newest of each kind, and what became of it. `serve` has it done by a
-- command of its own (src/serve/errand.rs).
CREATE TABLE errand (
    kind        TEXT    PRIMARY KEY CHECK (kind IN ('backup', 'check', 'import', 'reread')),
    -- Random: who runs an older one writes here no more.
    run         INTEGER NOT NULL,
    -- What exactly, such as the file that is imported.
    detail      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    -- When it was last known to run.
    seen_at     INTEGER NOT NULL,
    -- 0: it runs, or was cut off.
    ended_at    INTEGER NOT NULL DEFAULT 0,
    is_done     INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1)),
    -- How far it is; from its end on what it printed.
    said        TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

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

--------------------------------------------------------------------- kept from HelpDeskZ as data

-- Dumps that were imported, so that the same one again changes nothing.
CREATE TABLE import (
    -- SHA-256 of the file.
    sha256       BLOB    PRIMARY KEY CHECK (length(sha256) = 32),
    name         TEXT    NOT NULL,
    started_at   INTEGER NOT NULL,
    -- 0: it was interrupted, or is still running.
    finished_at  INTEGER NOT NULL DEFAULT 0,
    -- Whether its attachments were read too.
    has_files    INTEGER NOT NULL DEFAULT 0 CHECK (has_files IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE canned_response (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    title           TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    position        INTEGER NOT NULL DEFAULT 0,
    staff_id        INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    last_update_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE article_category (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    parent_id  INTEGER NOT NULL,
    is_public  INTEGER NOT NULL CHECK (is_public IN (0, 1))
) STRICT;

CREATE TABLE article (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    title           TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    category_id     INTEGER NOT NULL,
    staff_id        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    last_update_at  INTEGER NOT NULL,
    views           INTEGER NOT NULL,
    is_public       INTEGER NOT NULL CHECK (is_public IN (0, 1)),
    position        INTEGER NOT NULL DEFAULT 0,
    -- The body without markup, for search.
    body_text       TEXT    NOT NULL DEFAULT '',
    -- What the body was made from; empty where the HTML itself is written.
    markdown        TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX article_of_category ON article (category_id, position, id);

CREATE TABLE custom_field (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    -- Options, a JSON list of texts.
    options      TEXT    NOT NULL DEFAULT '[]',
    is_required  INTEGER NOT NULL CHECK (is_required IN (0, 1)),
    -- Department ids, a JSON list; empty = all.
    departments  TEXT    NOT NULL DEFAULT '[]',
    position     INTEGER NOT NULL
) STRICT;

CREATE TABLE priority (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    color  TEXT NOT NULL
) STRICT;

--------------------------------------------------------------------------------------- search

-- What full-text search finds tickets by: subjects, messages and notes (their first 100,000
-- characters), customers and participants. The id of a text is four times its row's id plus what it
-- is: 0 a customer, 1 a participant, 2 a ticket's subject, 3 a message.
CREATE VIEW search_text (id, text) AS
    SELECT id * 4, fullname || ' ' || email FROM customer
    UNION ALL SELECT id * 4 + 1, name || ' ' || email FROM participant
    UNION ALL SELECT id * 4 + 2, subject FROM ticket
    UNION ALL SELECT id * 4 + 3, substr(body, 1, 100000) FROM message;

-- The index holds no copy of the texts (content=), so the triggers below must take out of it what
-- they put in, word for word. Words are compared without case and accents: Müller is muller.
CREATE VIRTUAL TABLE search USING fts5 (
    text, content = 'search_text', content_rowid = 'id', columnsize = 0,
    tokenize = 'unicode61 remove_diacritics 2'
);
-- Each transaction adds a segment to the index and merges none: that is timed work (src/jobs.rs), so that no mail waits for
-- the merging of others. Only where no timed work is ever done are so many merged on the way.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('usermerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 256);

------------------------------------------------------------------------------------- triggers

-- They keep row_count and the search index, and remove what belongs to a row that is removed. One for each kind of change
-- of a table, because every process reads them all when it starts.

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
CREATE TRIGGER ticket_refound AFTER UPDATE OF id, subject ON ticket BEGIN
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 2, OLD.subject);
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 2, NEW.subject);
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
CREATE TRIGGER customer_refound AFTER UPDATE OF id, fullname, email ON customer BEGIN
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4, OLD.fullname || ' ' || OLD.email);
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4, NEW.fullname || ' ' || NEW.email);
END;
CREATE TRIGGER participant_added AFTER INSERT ON participant BEGIN
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 1, NEW.name || ' ' || NEW.email);
END;
CREATE TRIGGER participant_removed AFTER DELETE ON participant BEGIN
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 1, OLD.name || ' ' || OLD.email);
END;
CREATE TRIGGER participant_refound AFTER UPDATE OF id, name, email ON participant BEGIN
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 1, OLD.name || ' ' || OLD.email);
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 1, NEW.name || ' ' || NEW.email);
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
CREATE TRIGGER message_refound AFTER UPDATE OF id, body ON message BEGIN
    INSERT INTO search (search, rowid, text) VALUES ('delete', OLD.id * 4 + 3, substr(OLD.body, 1, 100000));
    INSERT INTO search (rowid, text) VALUES (NEW.id * 4 + 3, substr(NEW.body, 1, 100000));
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

-- The same for articles of the knowledge base.
CREATE VIRTUAL TABLE article_search USING fts5 (
    title, body_text, content = 'article', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
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
