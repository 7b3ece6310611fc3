//! The roles of staff.

use super::words::words;

words! {
    /// What a staff member may do. The numbers are what the column holds and what Servetel's call names.
    #[derive(clap::ValueEnum)]
    pub enum StaffRole {
        /// Every department
        Admin = "admin",
        /// The departments named
        Agent = "agent",
    }
}

impl StaffRole {
    /// 1 or 2.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Admin => 1,
            Self::Agent => 2,
        }
    }

    /// The role with that number, if there is one.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.number() == number)
    }
}
