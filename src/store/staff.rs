//! Staff: their accounts, logins and on-duty schedules.

mod account;
mod login;
mod schedule;

pub(crate) use account::{NewStaff, Staff, StaffChange, StaffProfile, StaffToNotify};
pub(crate) use login::{Credentials, LoginNotes, LoginTry};
pub(crate) use schedule::Schedule;
