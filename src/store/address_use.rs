//! What a mail address may be used for. An address is the desk's, or one staff member's, or a customer's who may be staff
//! as well: a desk that is its own customer writes to itself, and mail from an address that two staff members share is
//! nobody's. Every door that takes an address asks here, and the verbs that store one ask again.

use super::{Error, ReadTx, Result};
use crate::domain::{EmailAddress, StaffId};

/// What an address is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Mail for the desk.
    Desk,
    /// The account of a staff member, who may be there already.
    Staff(Option<StaffId>),
    /// A customer.
    Customer,
}

/// Who has an address that is wanted for something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The desk itself.
    Desk,
    /// The staff member with that login name.
    Staff(String),
}

impl std::fmt::Display for Holder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Desk => out.write_str("is an address of this desk: the desk would write to itself"),
            Self::Staff(username) => write!(
                out,
                "is the address of staff member {username}, and mail from it is known by it (`maildesk admin staff update \
                 {username} --email …` frees it)"
            ),
        }
    }
}

/// Addresses that were given two uses before this was refused, or by an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overlaps {
    /// Addresses that several active staff members have.
    pub(crate) shared: Vec<String>,
    /// Login names of staff who have an address of the desk.
    pub(crate) staff: Vec<String>,
    /// Customers who have an address of the desk.
    pub(crate) customers: Vec<String>,
}

impl ReadTx<'_> {
    /// Who stands in the way of using an address for that; nobody where it may be used.
    pub(crate) fn holder(&self, email: &EmailAddress, purpose: Purpose) -> Result<Option<Holder>> {
        if purpose != Purpose::Desk && self.is_desks(email)? {
            return Ok(Some(Holder::Desk));
        }
        let own = match purpose {
            Purpose::Customer => return Ok(None),
            Purpose::Desk | Purpose::Staff(None) => 0,
            Purpose::Staff(Some(own)) => own.get(),
        };
        let sql = "SELECT username FROM staff WHERE email = $1 AND id <> $2 ORDER BY id LIMIT 1";
        Ok(self.one(sql, (email.as_str(), own), |row| row.get(0))?.map(Holder::Staff))
    }

    /// Refuses a use of an address.
    ///
    /// # Errors
    /// [`Error::HeldAddress`].
    pub(super) fn require_free(&self, email: &EmailAddress, purpose: Purpose) -> Result<()> {
        match self.holder(email, purpose)? {
            Some(holder) => Err(Error::HeldAddress { email: email.to_string(), holder }),
            None => Ok(()),
        }
    }

    /// Whether mail to an address comes to this desk: exactly, or with a `+suffix`.
    fn is_desks(&self, email: &EmailAddress) -> Result<bool> {
        let all = self.desk_addresses()?;
        let is_one = |email: &EmailAddress| all.iter().any(|own| own.email.eq_ignore_ascii_case(email.as_str()));
        Ok(is_one(email) || email.split_subaddress().any(|(base, _)| is_one(&base)))
    }

    /// What has two uses.
    pub(crate) fn overlaps(&self) -> Result<Overlaps> {
        let texts = |sql: &str| self.all(sql, [], |row| row.get::<String>(0));
        Ok(Overlaps {
            shared: texts("SELECT min(email) FROM staff WHERE is_active = 1 GROUP BY email HAVING count(*) > 1")?,
            staff: texts("SELECT username FROM staff JOIN address ON address.email = staff.email ORDER BY staff.id")?,
            customers: texts(
                "SELECT customer.email FROM address JOIN customer ON customer.email = address.email ORDER BY customer.id",
            )?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::staff_role::StaffRole;
    use crate::store::Store;
    use crate::store::address::AddressRow;
    use crate::store::staff::{NewStaff, StaffChange};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn staff<'a>(username: &'a str, email: &'a EmailAddress) -> NewStaff<'a> {
        let role = StaffRole::Agent;
        NewStaff { username, fullname: "x", email, password_hash: "", role, is_active: true, totp_secret: "" }
    }

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        let sam = "sam@example.org".parse().unwrap();
        store
            .write(|tx| {
                tx.add_address(&AddressRow::new("support@example.org", "Support"), NOW)?;
                tx.add_staff(&staff("sam", &sam), &[], NOW)
            })
            .unwrap();
        (dir, store)
    }

    #[test]
    fn address_has_one_use_whatever_asks_for_another() {
        let (_dir, store) = desk();
        let of = |text: &str| text.parse::<EmailAddress>().unwrap();
        let sam = store.read(|tx| tx.staff_by_username("sam")).unwrap().unwrap().id;
        let holder = |text: &str, purpose| store.read(|tx| tx.holder(&of(text), purpose)).unwrap();
        let by_sam = Some(Holder::Staff("sam".to_owned()));
        for (text, purpose, expected) in [
            ("Support@example.org", Purpose::Customer, Some(Holder::Desk)),
            ("support+x@example.org", Purpose::Staff(None), Some(Holder::Desk)),
            ("support@example.org", Purpose::Desk, None),
            ("Sam@Example.org", Purpose::Desk, by_sam.clone()),
            ("sam@example.org", Purpose::Staff(None), by_sam),
            ("sam@example.org", Purpose::Staff(Some(sam)), None),
            ("sam@example.org", Purpose::Customer, None),
            ("eve@example.org", Purpose::Staff(None), None),
        ] {
            assert_eq!(holder(text, purpose), expected, "{text} {purpose:?}");
        }
        let (taken, own) = (of("SAM@example.org"), of("support@example.org"));
        let is_held = |done: Result<()>| matches!(done, Err(Error::HeldAddress { .. }));
        assert!(is_held(store.write(|tx| tx.add_staff(&staff("twin", &taken), &[], NOW).map(drop))));
        assert!(is_held(store.write(|tx| tx.add_staff(&staff("loop", &own), &[], NOW).map(drop))));
        assert!(is_held(store.write(|tx| tx.add_customer("x", &own, NOW).map(drop))));
        assert!(is_held(store.write(|tx| tx.add_address(&AddressRow::new("sam@example.org", "x"), NOW).map(drop))));
        let change = StaffChange { email: Some(&own), ..StaffChange::default() };
        assert!(is_held(store.write(|tx| tx.update_staff(sam, &change))));
        let ann = store.write(|tx| tx.add_customer("Ann", &of("ann@client.test"), NOW)).unwrap();
        assert!(is_held(store.write(|tx| tx.update_customer(ann, None, Some(&own)).map(drop))));
        let stays = StaffChange { email: Some(&taken), ..StaffChange::default() };
        store.write(|tx| tx.update_staff(sam, &stays)).unwrap();
        assert_eq!(store.read(|tx| tx.overlaps()).unwrap(), Overlaps::default());
    }

    #[test]
    fn uses_that_were_given_before_are_found_and_their_rows_can_still_be_changed() {
        let (_dir, store) = desk();
        let rows = [
            "INSERT INTO staff (username, fullname, email, password_hash, role, is_active, registered_at) \
             VALUES ('twin', 'x', 'SAM@example.org', '', 2, 1, 1), ('loop', 'x', 'support@example.org', '', 2, 1, 1)",
            "INSERT INTO customer (fullname, email, registered_at) VALUES ('x', 'Support@example.org', 1)",
        ];
        store.write(|tx| rows.iter().try_for_each(|sql| tx.run(sql, ()).map(|_| ()))).unwrap();
        let found = store.read(|tx| tx.overlaps()).unwrap();
        assert!(found.shared.len() == 1 && found.shared[0].eq_ignore_ascii_case("sam@example.org"), "{found:?}");
        assert_eq!((found.staff, found.customers), (vec!["loop".to_owned()], vec!["Support@example.org".to_owned()]));
        let twin = store.read(|tx| tx.staff_by_username("twin")).unwrap().unwrap();
        let email = twin.email.parse().unwrap();
        let change = StaffChange { fullname: Some("Twin"), email: Some(&email), ..StaffChange::default() };
        store.write(|tx| tx.update_staff(twin.id, &change)).unwrap();
    }
}
