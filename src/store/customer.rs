//! What Faveo's and Servetel's calls know about a person beyond name and address, and the activation
//! of a customer's address. The accounts themselves are in [`super::staff::account`].

use super::{ReadTx, Result, WriteTx};
use crate::domain::{EmailAddress, ScheduleId, StaffId, Timestamp, UserId};

/// What Faveo's register call tells of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerProfile<'a> {
    /// First name, as given.
    pub first_name: &'a str,
    /// Last name, as given.
    pub last_name: &'a str,
    /// Mobile number, as given; empty for none.
    pub mobile: &'a str,
    /// Country code of the number, as given; empty for none.
    pub country_code: &'a str,
}

/// What Servetel's call tells of a staff member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffProfile<'a> {
    /// May pass staff/auth.
    pub has_login: bool,
    /// Is told of tickets.
    pub has_notifications: bool,
    /// On-duty hours; `None`: always on duty.
    pub schedule: Option<ScheduleId>,
    /// Telephony data, a JSON object.
    pub telephony: &'a str,
}

/// An activation code that was mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Whose address it confirms.
    pub customer: UserId,
    /// When it was mailed; `None` once it was used.
    pub mailed_at: Option<Timestamp>,
}

impl ReadTx<'_> {
    /// The activation whose code has that hash.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn activation(&self, code_sha256: &[u8; 32]) -> Result<Option<Activation>> {
        self.one(
            "SELECT id, activation_at FROM customer WHERE activation_hash = $1 AND activation_hash <> X''",
            [&code_sha256[..]],
            |row| {
                let mailed_at = Timestamp::from_unix(row.get(1)?);
                let is_open = mailed_at != Timestamp::default();
                Ok(Activation { customer: UserId::new(row.get(0)?), mailed_at: is_open.then_some(mailed_at) })
            },
        )
    }

    /// Whether a staff account has that address, active or not.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_staff_address(&self, email: &EmailAddress) -> Result<bool> {
        Ok(self.number("SELECT EXISTS (SELECT 1 FROM staff WHERE email = $1)", [email.as_str()])? > 0)
    }

    /// A staff member's telephony data (a JSON object) and the name of the schedule, empty for none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff_profile(&self, id: StaffId) -> Result<Option<(String, String)>> {
        self.one(
            "SELECT staff.profile, coalesce(schedule.name, '') FROM staff \
             LEFT JOIN schedule ON schedule.id = staff.schedule_id WHERE staff.id = $1",
            [id.get()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

impl WriteTx<'_> {
    /// Writes a customer's profile.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_customer_profile(&self, id: UserId, profile: &CustomerProfile<'_>) -> Result<()> {
        self.run(
            "UPDATE customer SET first_name = $1, last_name = $2, mobile = $3, country_code = $4 WHERE id = $5",
            (profile.first_name, profile.last_name, profile.mobile, profile.country_code, id.get()),
        )?;
        Ok(())
    }

    /// Writes a staff member's profile.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_staff_profile(&self, id: StaffId, profile: &StaffProfile<'_>) -> Result<()> {
        self.run(
            "UPDATE staff SET has_login = $1, has_notifications = $2, schedule_id = $3, profile = $4 WHERE id = $5",
            (
                profile.has_login,
                profile.has_notifications,
                profile.schedule.map(ScheduleId::get),
                profile.telephony,
                id.get(),
            ),
        )?;
        Ok(())
    }

    /// Marks a customer's address as verified; the code's hash stays, so that a second use is known
    /// for what it is.
    ///
    /// # Errors
    /// Those of the database.
    pub fn activate(&self, id: UserId, now: Timestamp) -> Result<()> {
        self.run("UPDATE customer SET verified_at = $1, activation_at = 0 WHERE id = $2", (now.unix(), id.get()))?;
        Ok(())
    }
}
