//! Recovery codes: each replaces one code of the second factor. Here are only their hashes.

use crate::domain::{StaffId, Timestamp};
use crate::store::token::Sha256Bytes;
use crate::store::{ReadTx, Result, WriteTx};

impl ReadTx<'_> {
    /// How many recovery codes of a staff member were not used yet.
    pub fn recovery_codes_left(&self, staff: StaffId) -> Result<i64> {
        self.number("SELECT count(*) FROM recovery_code WHERE staff_id = $1 AND used_at = 0", [staff.get()])
    }
}

impl WriteTx<'_> {
    /// Gives a staff member these recovery codes; those before do not work any more.
    pub fn set_recovery_codes(&self, staff: StaffId, hashes: &[Sha256Bytes]) -> Result<()> {
        self.run("DELETE FROM recovery_code WHERE staff_id = $1", [staff.get()])?;
        for hash in hashes {
            self.run(
                "INSERT INTO recovery_code (staff_id, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                (staff.get(), &hash[..]),
            )?;
        }
        if hashes.is_empty() { Ok(()) } else { self.note_staff_change(staff, "recovery codes") }
    }

    /// Uses a recovery code up; says whether it was a good one.
    pub fn use_recovery_code(&self, staff: StaffId, hash: &Sha256Bytes, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE recovery_code SET used_at = $1 WHERE staff_id = $2 AND sha256 = $3 AND used_at = 0",
            (now.unix(), staff.get(), &hash[..]),
        )?;
        Ok(changed > 0)
    }
}
