//! The table of endpoints. Which function answers a request and what it takes to be let in, what `Allow`
//! says, the labels of metrics and the test of openapi.json all come from it.

use super::error::ApiError;
use super::helpdeskz::{attachments, departments, messages, staff, staff_auth, tickets, users};
use super::idempotency::KeyedAnswer;
use super::refusal::ErrorAnswer;
use super::route::{ActivationCode, PathId};
use super::system::{self, activation, docs, metrics, readiness};
use super::{Api, Call, faveo, mail, servetel};
use crate::domain::Timestamp;
use crate::domain::permission::{Permission, Permission as May};
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::settings::Settings;

use Handler::{Changes, Code, Faveo, MailHost, Public, Reads, Servetel, TokenOrSetting, Works};

/// The methods an endpoint may have; HEAD is answered as GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

impl Verb {
    /// The method of a request.
    #[must_use]
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Get => Method::Get,
            Self::Post => Method::Post,
        }
    }

    /// The word in openapi.json and in metrics.
    #[must_use]
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

/// The function that answers, together with what it takes to reach it: neither can be written without the
/// other. `&PathId` is the part of the path where its row has `{id}`.
pub(super) enum Handler {
    /// Answers anybody.
    Public(fn(&Api, Timestamp) -> Response),
    /// Answers everyone who has the code in the path.
    Code(fn(&Api, &ActivationCode, Timestamp) -> Response),
    /// Takes a token with the permission, or nothing while the desk's settings say so. Where a request came
    /// from proves nothing: plain proxies add no header.
    TokenOrSetting(Permission, fn(&Settings) -> bool, fn(&Api, Timestamp) -> Response),
    /// HelpDeskZ's dialect: answers on the snapshot that admitted it.
    Reads(Permission, fn(&ReadTx<'_>, &Call<'_>, &PathId) -> Result<String, ApiError>),
    /// HelpDeskZ's dialect: has heavy work to do outside of transactions, and takes no Idempotency-Key.
    Works(Permission, fn(&Call<'_>, &PathId) -> Result<KeyedAnswer, ApiError>),
    /// HelpDeskZ's dialect: changes something, once for an Idempotency-Key.
    Changes(Permission, fn(&Call<'_>, &PathId) -> Result<KeyedAnswer, ApiError>),
    /// Faveo's dialect: the same with its tokens and refusals.
    Faveo(Permission, fn(&Call<'_>) -> Result<KeyedAnswer, ErrorAnswer>),
    /// Servetel's dialect.
    Servetel(Permission, fn(&Call<'_, servetel::Body>) -> Result<KeyedAnswer, ErrorAnswer>),
    /// Mails from hosts without a database; the receipt keeps a mail from having a second effect.
    MailHost(Permission, fn(&Call<'_, mail::HandedOver>) -> Result<KeyedAnswer, ApiError>),
}

/// A row of the table.
pub(super) struct Endpoint {
    /// The method.
    pub(super) method: Verb,
    /// The path in openapi.json and in metrics.
    pub(super) path: &'static str,
    /// Other paths of the same.
    pub(super) aliases: &'static [&'static str],
    /// Paths that leave out the id: nothing is found by them. They are not described.
    pub(super) without_id: &'static [&'static str],
    /// Who is let in, and what answers.
    pub(super) handler: Handler,
}

impl Endpoint {
    /// Method and path as openapi.json has them: the label of metrics.
    #[must_use]
    pub(super) const fn label(&self) -> (&'static str, &'static str) {
        (self.method.word(), self.path)
    }

    /// Every path it answers at.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'static str> {
        let others = self.aliases.iter().chain(self.without_id).copied();
        std::iter::once(self.path).chain(others)
    }

    const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn without_id(mut self, paths: &'static [&'static str]) -> Self {
        self.without_id = paths;
        self
    }
}

const fn get(path: &'static str, handler: Handler) -> Endpoint {
    Endpoint { method: Verb::Get, path, aliases: &[], without_id: &[], handler }
}

const fn post(path: &'static str, handler: Handler) -> Endpoint {
    Endpoint { method: Verb::Post, path, aliases: &[], without_id: &[], handler }
}

/// HelpDeskZ has no such action, and it stays unknown (404) where the other method would make it 405.
pub(super) const UNKNOWN: &[(Verb, &str)] = &[(Verb::Post, "/api/staff")];

/// Every endpoint, in the order of openapi.json's groups.
pub(super) static ENDPOINTS: &[Endpoint] = &[
    get("/api/users", Reads(May::UsersRead, |tx, call, _| users::list(tx, call))),
    post("/api/users/create", Changes(May::UsersCreate, |call, _| users::create(call))).alias(&["/api/users"]),
    get("/api/users/show/{id}", Reads(May::UsersRead, |tx, _, id| users::show(tx, id))).alias(&["/api/users/{id}"]),
    post("/api/users/update/{id}", Changes(May::UsersUpdate, users::update)).without_id(&["/api/users/update"]),
    post("/api/users/delete/{id}", Changes(May::UsersDelete, users::delete)).without_id(&["/api/users/delete"]),
    get("/api/departments", Reads(May::DepartmentsRead, |tx, _, _| departments::list(tx))),
    post("/api/departments/create", Changes(May::DepartmentsCreate, |call, _| departments::create(call)))
        .alias(&["/api/departments"]),
    get("/api/departments/show/{id}", Reads(May::DepartmentsRead, |tx, _, id| departments::show(tx, id)))
        .alias(&["/api/departments/{id}"]),
    post("/api/departments/update/{id}", Changes(May::DepartmentsUpdate, departments::update))
        .without_id(&["/api/departments/update"]),
    post("/api/departments/delete/{id}", Changes(May::DepartmentsDelete, departments::delete))
        .without_id(&["/api/departments/delete"]),
    get("/api/tickets", Reads(May::TicketsRead, |tx, call, _| tickets::list(tx, call))),
    post("/api/tickets/create", Changes(May::TicketsCreate, |call, _| tickets::create(call))).alias(&["/api/tickets"]),
    get("/api/tickets/show/{id}", Reads(May::TicketsRead, |tx, _, id| tickets::show(tx, id)))
        .alias(&["/api/tickets/{id}"]),
    post("/api/tickets/update/{id}", Changes(May::TicketsUpdate, tickets::update)).without_id(&["/api/tickets/update"]),
    post("/api/tickets/delete/{id}", Changes(May::TicketsDelete, tickets::delete)).without_id(&["/api/tickets/delete"]),
    post("/api/messages/create", Changes(May::MessagesCreate, |call, _| messages::create(call))),
    get("/api/messages/show/{id}", Reads(May::MessagesRead, messages::show)).alias(&["/api/messages/{id}"]),
    get("/api/attachments", Reads(May::AttachmentsRead, |tx, call, _| attachments::list(tx, call))),
    get("/api/attachments/show/{id}", Works(May::AttachmentsDownload, attachments::show))
        .alias(&["/api/attachments/{id}"]),
    post("/api/attachments/delete/{id}", Changes(May::AttachmentsDelete, attachments::delete))
        .without_id(&["/api/attachments/delete"]),
    get("/api/staff", Reads(May::StaffRead, |tx, call, _| staff::list(tx, call))),
    get("/api/staff/show/{id}", Reads(May::StaffRead, |tx, _, id| staff::show(tx, id))).alias(&["/api/staff/{id}"]),
    post("/api/staff/auth", Works(May::StaffAuth, |call, _| staff_auth::authenticate(call))),
    post(faveo::REGISTER, Faveo(May::UsersCreate, faveo::register)),
    post("/v1/user", Servetel(May::StaffCreate, servetel::create)),
    get(mail::DELIVER, MailHost(May::MailDeliver, mail::terms)),
    post(mail::DELIVER, MailHost(May::MailDeliver, mail::deliver)),
    get(activation::PATH, Code(activation::show)),
    post(activation::PATH, Code(activation::confirm)),
    get(system::HEALTH, Public(|_, _| system::health())),
    get(system::READY, Public(readiness::answer)),
    get("/metrics", TokenOrSetting(May::MetricsRead, |settings| settings.metrics_open, metrics::answer)),
    get("/openapi.json", Public(|_, _| docs::openapi())),
    get("/docs", Public(|_, _| docs::docs())),
];
