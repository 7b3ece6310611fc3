//! One test binary: a module per capability, the real program, real SQLite files, real mail servers where they are
//! installed; what they share is in `fixture`. Unit tests lie beside the code they test.

mod admin;
mod admin_care;
mod admin_ticket;
mod agent;
mod api;
mod assign;
mod clock;
mod concurrency;
mod corpus;
mod courier;
mod cut_short;
mod dialects;
mod docs;
mod doctor;
mod events;
mod exim;
mod fixture;
mod hostile;
mod http_abuse;
mod idna;
mod imap;
mod imap_faults;
mod imap_missed;
mod imap_proxy;
mod imap_servers;
mod import;
mod intake;
mod lanes;
mod layering;
mod litestream;
mod lmtp;
mod mail_out;
mod outbox;
mod outbox_faults;
mod panics;
mod pipe;
mod pipe_elsewhere;
mod place;
mod postfix;
mod private_files;
mod quickstart;
mod reading;
mod removal;
mod serve;
mod serve_load;
mod server;
mod setup;
mod snapshots;
mod terminal;
mod threading;
mod unsynced;
mod web;
mod webhook;

// So that a test names them as `crate::desk`.
use fixture::{browser, client, desk, dovecot, imap_script, maildir, mta, receiver, smtp_sink};
