//! What the tests stand on and no test themselves: desks, clients, servers, mail folders. Nothing here judges an answer.

pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod desk;
pub(crate) mod dovecot;
pub(crate) mod imap_script;
pub(crate) mod line;
pub(crate) mod maildir;
pub(crate) mod mta;
pub(crate) mod receiver;
pub(crate) mod smtp_sink;
