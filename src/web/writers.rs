//! The names of those who wrote in a ticket, each read once, however much they wrote.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::answer::Refusal;
use crate::domain::Author;
use crate::store::ReadTx;
use crate::store::staff::Staff;

/// The names that are known so far; empty for a writer who is no longer there.
pub(super) struct Writers {
    names: HashMap<Author, String>,
}

impl Writers {
    /// Staff that were read already are known.
    pub(super) fn new(site: &str, staff: &[Staff]) -> Self {
        let known = staff.iter().map(|member| (Author::Staff(member.id), member.fullname.clone()));
        Self { names: known.chain([(Author::Desk, site.to_owned())]).collect() }
    }

    /// The writer's name; `None` without one.
    pub(super) fn name(&mut self, tx: &ReadTx<'_>, author: Author) -> Result<Option<String>, Refusal> {
        let name = match (self.names.entry(author), author) {
            (Entry::Occupied(known), _) => known.into_mut(),
            (Entry::Vacant(unknown), Author::Customer(id)) => {
                let customer = tx.customer(id)?;
                unknown.insert(customer.map_or_else(String::new, |one| name_of(&one.fullname, &one.email)))
            }
            (Entry::Vacant(unknown), Author::Staff(id)) => {
                unknown.insert(tx.staff(id)?.map_or_else(String::new, |staff| staff.fullname))
            }
            (Entry::Vacant(unknown), Author::Desk) => unknown.insert(String::new()),
        };
        Ok(Some(&*name).filter(|name| !name.is_empty()).cloned())
    }
}

/// How a person is called: the name, or the address of somebody who gave none.
pub(in crate::web) fn name_of(name: &str, email: &str) -> String {
    if name.trim().is_empty() { email.to_owned() } else { name.to_owned() }
}
