//! One test binary: a module per capability, the real program, real SQLite files, real mail servers where they are
//! installed. Unit tests lie beside the code they test.

mod admin;
mod admin_care;
mod admin_ticket;
mod api;
mod client;
mod clock;
mod concurrency;
mod corpus;
mod courier;
mod desk;
mod dialects;
mod dovecot;
mod exim;
mod hostile;
mod http_abuse;
mod imap;
mod imap_faults;
mod imap_script;
mod imap_servers;
mod import;
mod intake;
mod layering;
mod mail_out;
mod maildir;
mod mta;
mod outbox;
mod outbox_faults;
mod panics;
mod pipe;
mod postfix;
mod serve;
mod smtp_sink;
mod snapshots;
mod threading;
