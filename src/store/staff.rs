//! Staff: their accounts, logins and on-duty schedules.

mod account;
mod login;
mod schedule;

pub use account::{NewStaff, Staff, StaffChange, StaffProfile, StaffToNotify};
pub use login::{Credentials, LoginNotes, LoginTry};
pub use schedule::Schedule;
