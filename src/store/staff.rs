//! Staff: their accounts, logins, recovery codes and on-duty schedules.

mod account;
mod login;
mod preferences;
mod recovery;
mod schedule;

pub(crate) use account::{NewStaff, Staff, StaffChange, StaffProfile, StaffToNotify};
pub(crate) use login::{Credentials, LoginNotes, LoginTry};
pub(crate) use preferences::{AfterSending, Preferences, StaffPages};
pub(crate) use schedule::Schedule;
