//! Who looks at a customer's page: somebody who is signed in, or has the link of one ticket.

use crate::domain::{EmailAddress, TicketId, UserId};
use crate::http::Response;
use crate::store::session::{NewSession, Session, SessionOwner};
use crate::store::ticket::Ticket;
use crate::store::{self, ReadTx};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::session::{self, Side};

/// A customer, or a person who takes part in a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// The address that they read mail at.
    pub(crate) email: EmailAddress,
    /// Their name; the address for one without.
    pub(crate) name: String,
    /// What they may read.
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Everything of this customer.
    All(UserId),
    /// One ticket.
    Ticket(TicketId),
}

impl Guest {
    /// Whose session it is; none for one of staff, or of an account that is blocked.
    pub(crate) fn of(tx: &ReadTx<'_>, session: &Session) -> store::Result<Option<Self>> {
        let (customer, reach) = match &session.owner {
            SessionOwner::Staff(_) => return Ok(None),
            SessionOwner::Customer(id) => (tx.customer(*id)?.filter(|customer| customer.is_active), Reach::All(*id)),
            SessionOwner::TicketLink(ticket, email) => {
                let known = tx.customer_by_email(email)?;
                let Ok(email) = email.parse::<EmailAddress>() else { return Ok(None) };
                let name = known.map(|customer| customer.fullname).filter(|name| !name.is_empty());
                let name = name.unwrap_or_else(|| email.to_string());
                return Ok(Some(Self { email, name, reach: Reach::Ticket(*ticket) }));
            }
        };
        let Some(customer) = customer else { return Ok(None) };
        let Ok(email) = customer.email.parse::<EmailAddress>() else { return Ok(None) };
        let name = if customer.fullname.trim().is_empty() { email.to_string() } else { customer.fullname };
        Ok(Some(Self { email, name, reach }))
    }

    /// The account of one who is signed in.
    pub(crate) const fn customer(&self) -> Option<UserId> {
        match self.reach {
            Reach::All(id) => Some(id),
            Reach::Ticket(_) => None,
        }
    }

    /// The one ticket of somebody who has its link only.
    pub(crate) const fn only_ticket(&self) -> Option<TicketId> {
        match self.reach {
            Reach::All(_) => None,
            Reach::Ticket(id) => Some(id),
        }
    }

    /// A ticket that they may read, or the one it was merged into; every other is not found.
    pub(crate) fn ticket(&self, tx: &ReadTx<'_>, id: TicketId) -> Result<Ticket, Refusal> {
        let ticket = tx.ticket_after_merges(id)?.ok_or(Refusal::NotFound)?;
        let is_reached = match self.reach {
            Reach::All(customer) if ticket.customer == customer => return Ok(ticket),
            Reach::All(_) => true,
            Reach::Ticket(own) => own == id || tx.ticket_after_merges(own)?.is_some_and(|own| own.id == ticket.id),
        };
        if is_reached && tx.takes_part(ticket.id, &self.email)? { Ok(ticket) } else { Err(Refusal::NotFound) }
    }
}

/// Whether a link or a password may be taken from here: with TLS, on this machine, or where the desk's owner says so.
pub(crate) fn is_open(call: &Call<'_>) -> bool {
    call.is_secure || call.is_loopback || call.settings.web_insecure
}

/// Begins a session in place of the one that the browser had, and leads on.
pub(crate) fn begin(call: &Call<'_>, owner: &SessionOwner, path: &str) -> Result<Response, Refusal> {
    let (secret, hash) = session::new_secret()?;
    let ip = call.address.to_string();
    let agent = call.headers.get("User-Agent").unwrap_or("");
    let former = call.session.as_ref().map(|session| session.id);
    call.web.store.write(|tx| {
        if let Some(former) = former {
            tx.end_session(former)?;
        }
        tx.add_session(&NewSession { sha256: &hash, owner, ip: &ip, agent }, call.now)
    })?;
    let cookie = session::set_cookie(Side::Customers, &secret, call.is_secure || call.is_loopback);
    Ok(call.lead_to(path).with_header("Set-Cookie", cookie))
}

/// Ends the session.
pub(crate) fn end(call: &Call<'_>, path: &str) -> Result<Response, Refusal> {
    if let Some(session) = &call.session {
        call.web.store.write(|tx| tx.end_session(session.id))?;
    }
    let gone = session::set_cookie(Side::Customers, "", call.is_secure || call.is_loopback);
    Ok(call.lead_to(path).with_header("Set-Cookie", gone))
}
