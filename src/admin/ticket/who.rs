//! Who sits at the terminal: the staff member that a command without `--staff` is by.

use super::change::staff_named;
use crate::outcome::{self, bail};
use crate::store::ReadTx;
use crate::store::staff::Staff;

/// The staff member that is named, else the one MAILDESK_STAFF names, else the one with the login name of whoever is at
/// the terminal (behind sudo: of whoever called it).
pub(in crate::admin) fn acting(tx: &ReadTx<'_>, named: Option<&str>) -> outcome::Result<Staff> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(name) = named.map(str::to_owned).or_else(|| variable("MAILDESK_STAFF")) {
        return staff_named(tx, &name);
    }
    for name in ["SUDO_USER", "USER"].into_iter().filter_map(variable) {
        if let Some(staff) = tx.staff_by_username(&name)? {
            return Ok(staff);
        }
    }
    bail!("who are you?"; "name yourself with --staff USERNAME, or with MAILDESK_STAFF in the environment")
}
