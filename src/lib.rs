//! maildesk turns incoming mail into support tickets and serves them over a JSON API, on one SQLite file. This is the
//! list of modules; ARCHITECTURE.md has the map, the life of a mail and of a request, and the invariants.
//!
//! Edges, named after the subcommands: [`pipe`], [`imap_fetch`], [`serve`], [`admin`]; [`cli`] calls them. The core:
//! [`intake`] takes in one mail, [`decision`] says what it does, [`desk`] changes tickets, [`store`] holds all SQL,
//! [`mail`] reads raw mail, [`domain`] has the nouns. Imports go one way, from the top:
//! `cli → admin → serve → {pipe, imap_fetch} → options → {logging, outcome} → config → {api, lmtp, web} → {intake, http, jobs} → desk →
//! {outbox, login} → store → decision → mail → domain`, and the leaves below.

mod account;
mod admin;
mod api;
mod child;
pub mod cli;
mod config;
mod decision;
mod desk;
mod domain;
mod http;
mod imap_fetch;
mod intake;
mod ip_list;
mod jobs;
mod lmtp;
mod logging;
mod login;
mod mail;
mod options;
mod outbox;
mod outcome;
mod password;
mod pipe;
mod private_file;
mod process;
mod random;
mod secret_file;
mod serve;
mod stop;
mod store;
mod terminal;
mod totp;
mod trip;
mod unread;
mod web;
mod webhook;
mod worker;

/// What the package's own tests and benchmarks use beside the program; nothing else may rely on it.
#[doc(hidden)]
pub mod inside {
    pub use crate::api::{Api, HostRules, respond};
    pub use crate::domain::{DeskSecret, EmailAddress, ReplyToken, TicketId, Timestamp};
    pub use crate::http::{Method, Request};
    pub use crate::intake::{Envelope, Outcome, Rules, Source, deliver};
    pub use crate::mail::{Limits as MailLimits, reading};
    pub use crate::store::Store;

    #[cfg(feature = "fuzz")]
    pub use crate::admin::dump_rows;
    #[cfg(feature = "fuzz")]
    pub use crate::http::reading as http_reading;
}
