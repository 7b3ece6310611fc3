//! maildesk turns incoming mail into support tickets and serves them over a JSON API, on one
//! SQLite file. This is the map; ARCHITECTURE.md has the invariants.
//!
//! Edges, named after the subcommands: [`pipe`], [`imap_fetch`], [`serve`], [`admin`]; [`cli`] calls them, and below
//! them lie [`config`], [`logging`], [`options`] and [`outcome`]. The core, named after the domain: [`intake`] takes in one mail,
//! [`decision`] says what it does, [`desk`] changes tickets, [`store`] holds all SQL, [`mail`]
//! reads raw mail, [`domain`] has the nouns. Imports go one way:
//! `cli → edges → intake → desk → store → decision → mail → domain`.

pub mod admin;
pub mod api;
pub mod child;
pub mod cli;
pub mod config;
pub mod decision;
pub mod desk;
pub mod domain;
pub mod http;
pub mod imap_fetch;
pub mod intake;
pub mod ip_list;
pub mod jobs;
pub mod logging;
pub mod login;
pub mod mail;
pub mod options;
pub mod outbox;
pub mod outcome;
pub mod password;
pub mod pipe;
pub mod private_file;
pub mod secret_file;
pub mod serve;
pub mod stop;
pub mod store;
pub mod terminal;
pub mod totp;
pub mod trip;
