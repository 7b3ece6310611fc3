//! Staff: their accounts and on-duty schedules.

pub mod account;
pub mod schedule;
