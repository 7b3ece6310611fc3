//! maildesk turns incoming mail into support tickets and serves them over a JSON API, on one
//! SQLite file. This is the map; ARCHITECTURE.md has the invariants.
//!
//! Edges, named after the subcommands: [`pipe`], [`imap_fetch`], [`serve`], [`admin`]; [`cli`] calls them, and below
//! them lie [`config`], [`logging`], [`options`] and [`outcome`]. The core, named after the domain: [`intake`] takes in one mail,
//! [`decision`] says what it does, [`desk`] changes tickets, [`store`] holds all SQL, [`mail`]
//! reads raw mail, [`domain`] has the nouns. Imports go one way:
//! `cli → edges → intake → desk → store → decision → mail → domain`.

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
mod logging;
mod login;
mod mail;
mod options;
mod outbox;
mod outcome;
mod password;
mod pipe;
mod private_file;
mod secret_file;
mod serve;
mod stop;
mod store;
mod terminal;
mod totp;
mod trip;

/// What the package's own tests and benchmarks use beside the program; nothing else may rely on it.
#[doc(hidden)]
pub mod inside {
    pub use crate::api::{Api, HostRules, respond};
    pub use crate::domain::{DeskSecret, EmailAddress, ReplyToken, TicketId, Timestamp};
    pub use crate::http::{Method, Request};
    pub use crate::intake::{Envelope, Outcome, Rules, Source, deliver};
    pub use crate::mail::Limits as MailLimits;
    pub use crate::store::Store;
}
