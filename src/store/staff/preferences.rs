//! How a staff member wants the pages: language, time zone, colours, keys, signature.

use serde::{Deserialize, Serialize};

use crate::domain::StaffId;
use crate::domain::words::words;
use crate::store::{ReadTx, Result, WriteTx};

words! {
    /// Where one lands after an answer was sent.
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum AfterSending {
        /// In the same ticket.
        #[default]
        Stay = "stay",
        /// In the next ticket of the list.
        Next = "next",
        /// In the list.
        List = "list",
    }
}

/// How a person wants the pages, as `staff.preferences` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// `light`, `dark`, or empty for what the system has.
    pub scheme: String,
    /// Whether single keys do something.
    pub has_keys: bool,
    /// Where one lands after sending.
    pub after_sending: AfterSending,
    /// Whether `admin ticket list` shows their own tickets unless asked for others.
    pub lists_mine: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { scheme: String::new(), has_keys: true, after_sending: AfterSending::Stay, lists_mine: false }
    }
}

/// What the pages show to a staff member, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffPages {
    /// An IANA name; empty: the browser's.
    pub timezone: String,
    /// A language such as `de`; empty: the browser's.
    pub locale: String,
    /// Sanitised HTML that goes under their answers.
    pub signature: String,
    /// The rest.
    pub preferences: Preferences,
}

impl ReadTx<'_> {
    /// How a staff member wants the pages.
    pub fn staff_pages(&self, id: StaffId) -> Result<StaffPages> {
        let found =
            self.one("SELECT timezone, locale, signature, preferences FROM staff WHERE id = $1", [id.get()], |row| {
                Ok(StaffPages {
                    timezone: row.get(0)?,
                    locale: row.get(1)?,
                    signature: row.get(2)?,
                    // What another version has written is not worth failing for.
                    preferences: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
                })
            })?;
        Ok(found.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Writes how a staff member wants the pages.
    pub fn set_staff_pages(&self, id: StaffId, pages: &StaffPages) -> Result<()> {
        let preferences = serde_json::to_string(&pages.preferences).unwrap_or_else(|_| "{}".to_owned());
        self.run(
            "UPDATE staff SET timezone = $1, locale = $2, signature = $3, preferences = $4 WHERE id = $5",
            (&pages.timezone, &pages.locale, &pages.signature, preferences, id.get()),
        )?;
        self.note_staff_change(id, "profile")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_of_another_version_are_read_as_far_as_they_are_known() {
        let read = |text: &str| serde_json::from_str::<Preferences>(text).unwrap_or_default();
        assert_eq!(read("{}"), Preferences::default());
        let next = Preferences { after_sending: AfterSending::Next, ..Preferences::default() };
        assert_eq!(read("{\"after_sending\":\"next\",\"sounds\":true}"), next);
        assert_eq!(read("[]"), Preferences::default());
    }
}
