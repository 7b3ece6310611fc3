//! What stands for PostgreSQL in a program that was built without it: a connection that cannot be made.

use std::ops::ControlFlow;
use std::time::Duration;

use super::place::{Place, Server};
use super::value::{Params, Value};
use super::{Error, Result};

/// The server's time.
pub(super) const SERVER_NOW: &str = "0";

/// No row.
#[derive(Debug)]
pub(super) enum Row {}

/// No connection.
#[derive(Debug)]
pub(super) enum Session {}

/// What kind of commit a transaction ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// On the disk before it is confirmed.
    Now,
    /// Soon.
    Soon,
}

impl Session {
    pub(super) fn connect(server: &Server) -> Result<Self> {
        let path = Place::Server(server.clone()).shown();
        let reason = "this maildesk was built without PostgreSQL (feature `postgres`)".to_owned();
        Err(Error::Inaccessible { path, reason })
    }

    pub(super) const fn is_lost(&self) -> bool {
        match *self {}
    }

    pub(super) fn batch(&self, _: &str) -> Result<()> {
        match *self {}
    }

    pub(super) fn begin_read(&self) -> Result<()> {
        match *self {}
    }

    pub(super) fn begin_write(&self, _: Duration, _: Durability) -> Result<crate::domain::Timestamp> {
        match *self {}
    }

    pub(super) fn commit(&self) -> Result<()> {
        match *self {}
    }

    pub(super) fn rollback(&self) -> Result<()> {
        match *self {}
    }

    pub(super) fn each(&self, _: &str, _: &impl Params, _: impl FnMut(&Row) -> Result<ControlFlow<()>>) -> Result<()> {
        match *self {}
    }

    pub(super) fn run(&self, _: &str, _: &impl Params) -> Result<usize> {
        match *self {}
    }
}

pub(super) fn value(row: &Row, _: usize) -> Result<Value<'_>> {
    match *row {}
}

/// The schema for PostgreSQL.
pub(super) mod schema {
    pub(in crate::store) fn translated(_: &str) -> String {
        String::new()
    }

    pub(in crate::store) fn whole(_: &str) -> String {
        String::new()
    }
}
