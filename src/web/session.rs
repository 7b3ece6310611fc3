//! Who is signed in: the cookie, the session it names, and how long that lasts.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::answer::Refusal;
use crate::domain::{DepartmentId, StaffId};
use crate::http::Headers;
use crate::random;
use crate::store::session::{LIFE_S, Session, SessionOwner};
use crate::store::staff::Staff;
use crate::store::{self, ReadTx};

/// Name of the cookie. `__Host-` makes browsers refuse one that another host or an insecure page set.
const COOKIE: &str = "__Host-maildesk";

/// Name of the cookie of customers: somebody of staff who looks at a customer's page stays signed in.
const COOKIE_CUSTOMER: &str = "__Host-maildesk-customer";

/// Its name where sign-in without TLS is allowed.
const COOKIE_CUSTOMER_INSECURE: &str = "maildesk-customer";

/// Whose pages a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Staff's.
    Staff,
    /// Customers'.
    Customers,
}

impl Side {
    /// The names of its cookie: with TLS and without.
    const fn cookies(self) -> (&'static str, &'static str) {
        match self {
            Self::Staff => (COOKIE, COOKIE_INSECURE),
            Self::Customers => (COOKIE_CUSTOMER, COOKIE_CUSTOMER_INSECURE),
        }
    }
}

/// Its name where the desk's owner allows sign-in without TLS: browsers keep no `__Host-` cookie there.
const COOKIE_INSECURE: &str = "maildesk";

/// A staff member who looks at pages.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// The account.
    pub(crate) staff: Staff,
    /// The departments whose tickets they see.
    pub(crate) departments: Vec<DepartmentId>,
    /// Whether they may set up the desk.
    pub(crate) may_set_up: bool,
    /// Whether they see what belongs to no department, such as mails set aside.
    pub(crate) sees_all: bool,
}

impl Viewer {
    /// Their id.
    pub(crate) const fn id(&self) -> StaffId {
        self.staff.id
    }

    /// Whether they see tickets of that department.
    pub(crate) fn sees(&self, department: DepartmentId) -> bool {
        self.departments.contains(&department)
    }
}

/// A new session's secret: what the cookie holds, and what the database does.
pub(crate) fn new_secret() -> Result<(String, [u8; 32]), Refusal> {
    let bytes = random::bytes::<32>()?;
    let secret = BASE64URL_NOPAD.encode(&bytes);
    let hash = hash_of(&secret);
    Ok((secret, hash))
}

/// What is stored of a secret.
pub(crate) fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The value of a cookie of a request.
pub(crate) fn cookie<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.all("Cookie").flat_map(|line| line.split(';')).find_map(|pair| {
        let (own, value) = pair.trim().split_once('=')?;
        (own == name).then_some(value)
    })
}

/// The hash of the session that a request names.
pub(crate) fn named(headers: &Headers, side: Side, is_insecure_allowed: bool) -> Option<[u8; 32]> {
    let (secure, insecure) = side.cookies();
    let insecure = || cookie(headers, insecure).filter(|_| is_insecure_allowed);
    cookie(headers, secure).or_else(insecure).filter(|secret| !secret.is_empty()).map(hash_of)
}

/// The `Set-Cookie` of a session; an empty secret takes it away.
pub(crate) fn set_cookie(side: Side, secret: &str, is_secure: bool) -> String {
    let age = if secret.is_empty() { 0 } else { LIFE_S };
    let (with_tls, without) = side.cookies();
    if is_secure {
        format!("{with_tls}={secret}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Lax")
    } else {
        format!("{without}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax")
    }
}

/// The staff member whose session it is.
pub(crate) fn viewer(tx: &ReadTx<'_>, session: &Session) -> store::Result<Option<Viewer>> {
    let SessionOwner::Staff(id) = session.owner else { return Ok(None) };
    let Some(staff) = tx.staff(id)? else { return Ok(None) };
    let departments = tx.departments_seen(&staff)?;
    Ok(Some(Viewer { may_set_up: staff.may_set_up(), sees_all: staff.sees_all(), departments, staff }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{Method, Request};

    #[test]
    fn a_session_is_found_by_its_cookie_only() {
        let (secret, hash) = new_secret().unwrap();
        assert_eq!(secret.len(), 43);
        let asked = |cookie: &str| {
            named(&Request::new(Method::Get, "/").with_header("Cookie", cookie).headers, Side::Staff, false)
        };
        assert_eq!(asked(&format!("a=b; __Host-maildesk={secret}; c=d")), Some(hash));
        assert_eq!(asked(&format!("__Host-maildesk-customer={secret}")), None);
        assert_eq!(asked(&format!("maildesk={secret}")), None);
        assert_eq!(asked("__Host-maildesk="), None);
    }
}
