//! Which endpoint a request is for, and what it takes to use it.
//!
//! Paths are compared as sent and in their case: nothing is decoded, so no spelling of a path can
//! mean another one. One slash at the end is allowed, because the manual's own curl lines have it.

use crate::http::Method;

/// An id as it stands in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathId(String);

impl PathId {
    /// The row's id when the text is digits only; 0 and numbers past 64 bits name no row.
    #[must_use]
    pub fn row(&self) -> Option<i64> {
        row_id(&self.0)
    }

    /// Whether the text is a whole number, signed or not.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        let digits = self.0.strip_prefix(['-', '+']).unwrap_or(&self.0);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The secret code of an activation link, as it stands in the path.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivationCode(String);

impl ActivationCode {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActivationCode(…)")
    }
}

/// The id that a text of digits names, if it can be one.
#[must_use]
pub fn row_id(text: &str) -> Option<i64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| is_digits && *id > 0)
}

/// An endpoint. Room for other dialects is here: a new variant does not compile without a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the endpoint of its name in openapi.json
pub enum Route {
    Health,
    Ready,
    Metrics,
    OpenApi,
    Docs,
    UsersCreate,
    UsersList,
    UsersShow(PathId),
    UsersUpdate(PathId),
    UsersDelete(PathId),
    DepartmentsCreate,
    DepartmentsList,
    DepartmentsShow(PathId),
    DepartmentsUpdate(PathId),
    DepartmentsDelete(PathId),
    TicketsCreate,
    TicketsList,
    TicketsShow(PathId),
    TicketsUpdate(PathId),
    TicketsDelete(PathId),
    MessagesCreate,
    MessagesShow(PathId),
    AttachmentsList,
    AttachmentsShow(PathId),
    AttachmentsDelete(PathId),
    StaffList,
    StaffShow(PathId),
    StaffAuth,
    FaveoRegister,
    ServetelCreate,
    ActivationShow(ActivationCode),
    ActivationConfirm(ActivationCode),
}

/// What a token may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // group and action, as `name` writes them
pub enum Permission {
    UsersCreate,
    UsersRead,
    UsersUpdate,
    UsersDelete,
    DepartmentsCreate,
    DepartmentsRead,
    DepartmentsUpdate,
    DepartmentsDelete,
    TicketsCreate,
    TicketsRead,
    TicketsUpdate,
    TicketsDelete,
    MessagesCreate,
    MessagesRead,
    AttachmentsRead,
    AttachmentsDownload,
    AttachmentsDelete,
    StaffRead,
    StaffAuth,
    StaffCreate,
    MetricsRead,
}

impl Permission {
    /// Every permission, grouped as HelpDeskZ shows them.
    pub const ALL: [Self; 21] = [
        Self::UsersCreate,
        Self::UsersRead,
        Self::UsersUpdate,
        Self::UsersDelete,
        Self::DepartmentsCreate,
        Self::DepartmentsRead,
        Self::DepartmentsUpdate,
        Self::DepartmentsDelete,
        Self::TicketsCreate,
        Self::TicketsRead,
        Self::TicketsUpdate,
        Self::TicketsDelete,
        Self::MessagesCreate,
        Self::MessagesRead,
        Self::AttachmentsRead,
        Self::AttachmentsDownload,
        Self::AttachmentsDelete,
        Self::StaffRead,
        Self::StaffAuth,
        Self::StaffCreate,
        Self::MetricsRead,
    ];

    /// `group/action`, as tokens list it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.texts().0
    }

    /// HelpDeskZ's words for it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.texts().1
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::UsersCreate => ("users/create", "Create users."),
            Self::UsersRead => ("users/read", "Get list/details of users."),
            Self::UsersUpdate => ("users/update", "Update users."),
            Self::UsersDelete => ("users/delete", "Delete users."),
            Self::DepartmentsCreate => ("departments/create", "Create departments."),
            Self::DepartmentsRead => ("departments/read", "Get list/details of departments."),
            Self::DepartmentsUpdate => ("departments/update", "Update departments."),
            Self::DepartmentsDelete => ("departments/delete", "Delete departments."),
            Self::TicketsCreate => ("tickets/create", "Create tickets."),
            Self::TicketsRead => ("tickets/read", "Get list/details of tickets."),
            Self::TicketsUpdate => ("tickets/update", "Update ticket status or department."),
            Self::TicketsDelete => ("tickets/delete", "Delete tickets."),
            Self::MessagesCreate => ("messages/create", "Add a message to ticket."),
            Self::MessagesRead => ("messages/read", "Get messages from a ticket."),
            Self::AttachmentsRead => ("attachments/read", "Get list/details of attachments."),
            Self::AttachmentsDownload => ("attachments/download", "Get file content from an attachment."),
            Self::AttachmentsDelete => ("attachments/delete", "Delete attachments."),
            Self::StaffRead => ("staff/read", "Get information/details of staff users."),
            Self::StaffAuth => ("staff/auth", "Validate staff authentication."),
            Self::StaffCreate => ("staff/create", "Create staff users."),
            Self::MetricsRead => ("metrics/read", "Read metrics."),
        }
    }

    /// The permission of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }

    /// Whether a token's list (`*` or names with spaces between them) has it.
    #[must_use]
    pub fn is_in(self, list: &str) -> bool {
        list.split_ascii_whitespace().any(|name| name == "*" || name == self.name())
    }
}

/// What it takes to use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing.
    Public,
    /// A token with the permission.
    Token(Permission),
    /// A token with the permission, or nothing while the setting `metrics_open` is on. Where a request came
    /// from proves nothing: plain proxies add no header.
    TokenOrOpenMetrics(Permission),
    /// A token with the permission, sent and refused in the way of another dialect.
    OwnToken(Permission),
}

/// Why a request has no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRouted {
    /// There is nothing at the path.
    Unknown,
    /// The path takes other methods, listed as `Allow` lists them.
    Method(&'static str),
    /// OPTIONS: the methods the path takes.
    Options(&'static str),
}

/// What a path has for GET and for POST.
#[derive(Default)]
struct Endpoints {
    get: Option<Route>,
    post: Option<Route>,
}

impl Endpoints {
    const fn get(route: Route) -> Self {
        Self { get: Some(route), post: None }
    }

    const fn post(route: Route) -> Self {
        Self { get: None, post: Some(route) }
    }

    const fn both(get: Route, post: Route) -> Self {
        Self { get: Some(get), post: Some(post) }
    }

    const fn allow(&self) -> &'static str {
        match (&self.get, &self.post) {
            (Some(_), Some(_)) => "GET, HEAD, POST, OPTIONS",
            (Some(_), None) => "GET, HEAD, OPTIONS",
            (None, _) => "POST, OPTIONS",
        }
    }
}

impl Route {
    /// Finds the endpoint.
    ///
    /// # Errors
    /// [`NotRouted`], which is also how OPTIONS is answered.
    pub fn parse(method: &Method, path: &str) -> Result<Self, NotRouted> {
        if path == "*" && *method == Method::Options {
            return Err(NotRouted::Options("GET, HEAD, POST, OPTIONS"));
        }
        let found = endpoints(path);
        if found.get.is_none() && found.post.is_none() {
            return Err(NotRouted::Unknown);
        }
        let allow = found.allow();
        match method {
            Method::Get | Method::Head => found.get.ok_or(NotRouted::Method(allow)),
            // HelpDeskZ has no such action, and the contract keeps it unknown.
            Method::Post if found.get == Some(Route::StaffList) => Err(NotRouted::Unknown),
            Method::Post => found.post.ok_or(NotRouted::Method(allow)),
            Method::Options => Err(NotRouted::Options(allow)),
            Method::Put | Method::Patch | Method::Delete | Method::Other(_) => Err(NotRouted::Method(allow)),
        }
    }

    /// What it takes to use the endpoint.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Health | Self::Ready | Self::OpenApi | Self::Docs => Scope::Public,
            // The code in the path is what it takes.
            Self::ActivationShow(_) | Self::ActivationConfirm(_) => Scope::Public,
            Self::FaveoRegister => Scope::OwnToken(Permission::UsersCreate),
            Self::ServetelCreate => Scope::OwnToken(Permission::StaffCreate),
            Self::Metrics => Scope::TokenOrOpenMetrics(Permission::MetricsRead),
            Self::UsersCreate => Scope::Token(Permission::UsersCreate),
            Self::UsersList | Self::UsersShow(_) => Scope::Token(Permission::UsersRead),
            Self::UsersUpdate(_) => Scope::Token(Permission::UsersUpdate),
            Self::UsersDelete(_) => Scope::Token(Permission::UsersDelete),
            Self::DepartmentsCreate => Scope::Token(Permission::DepartmentsCreate),
            Self::DepartmentsList | Self::DepartmentsShow(_) => Scope::Token(Permission::DepartmentsRead),
            Self::DepartmentsUpdate(_) => Scope::Token(Permission::DepartmentsUpdate),
            Self::DepartmentsDelete(_) => Scope::Token(Permission::DepartmentsDelete),
            Self::TicketsCreate => Scope::Token(Permission::TicketsCreate),
            Self::TicketsList | Self::TicketsShow(_) => Scope::Token(Permission::TicketsRead),
            Self::TicketsUpdate(_) => Scope::Token(Permission::TicketsUpdate),
            Self::TicketsDelete(_) => Scope::Token(Permission::TicketsDelete),
            Self::MessagesCreate => Scope::Token(Permission::MessagesCreate),
            Self::MessagesShow(_) => Scope::Token(Permission::MessagesRead),
            Self::AttachmentsList => Scope::Token(Permission::AttachmentsRead),
            Self::AttachmentsShow(_) => Scope::Token(Permission::AttachmentsDownload),
            Self::AttachmentsDelete(_) => Scope::Token(Permission::AttachmentsDelete),
            Self::StaffList | Self::StaffShow(_) => Scope::Token(Permission::StaffRead),
            Self::StaffAuth => Scope::Token(Permission::StaffAuth),
        }
    }

    /// Method and path as openapi.json has them: the label of metrics.
    #[must_use]
    pub const fn label(&self) -> (&'static str, &'static str) {
        match self {
            Self::Health => ("get", "/healthz"),
            Self::Ready => ("get", "/readyz"),
            Self::Metrics => ("get", "/metrics"),
            Self::OpenApi => ("get", "/openapi.json"),
            Self::Docs => ("get", "/docs"),
            Self::UsersCreate => ("post", "/api/users/create"),
            Self::UsersList => ("get", "/api/users"),
            Self::UsersShow(_) => ("get", "/api/users/show/{id}"),
            Self::UsersUpdate(_) => ("post", "/api/users/update/{id}"),
            Self::UsersDelete(_) => ("post", "/api/users/delete/{id}"),
            Self::DepartmentsCreate => ("post", "/api/departments/create"),
            Self::DepartmentsList => ("get", "/api/departments"),
            Self::DepartmentsShow(_) => ("get", "/api/departments/show/{id}"),
            Self::DepartmentsUpdate(_) => ("post", "/api/departments/update/{id}"),
            Self::DepartmentsDelete(_) => ("post", "/api/departments/delete/{id}"),
            Self::TicketsCreate => ("post", "/api/tickets/create"),
            Self::TicketsList => ("get", "/api/tickets"),
            Self::TicketsShow(_) => ("get", "/api/tickets/show/{id}"),
            Self::TicketsUpdate(_) => ("post", "/api/tickets/update/{id}"),
            Self::TicketsDelete(_) => ("post", "/api/tickets/delete/{id}"),
            Self::MessagesCreate => ("post", "/api/messages/create"),
            Self::MessagesShow(_) => ("get", "/api/messages/show/{id}"),
            Self::AttachmentsList => ("get", "/api/attachments"),
            Self::AttachmentsShow(_) => ("get", "/api/attachments/show/{id}"),
            Self::AttachmentsDelete(_) => ("post", "/api/attachments/delete/{id}"),
            Self::StaffList => ("get", "/api/staff"),
            Self::StaffShow(_) => ("get", "/api/staff/show/{id}"),
            Self::StaffAuth => ("post", "/api/staff/auth"),
            Self::FaveoRegister => ("post", "/api/v1/helpdesk/register"),
            Self::ServetelCreate => ("post", "/v1/user"),
            Self::ActivationShow(_) => ("get", "/activate/{code}"),
            Self::ActivationConfirm(_) => ("post", "/activate/{code}"),
        }
    }
}

/// The path without the slash at its end, which means the same.
#[must_use]
pub fn without_final_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path)
}

fn endpoints(path: &str) -> Endpoints {
    let path = without_final_slash(path);
    let Some(rest) = path.strip_prefix("/api/") else {
        return match path {
            "/healthz" => Endpoints::get(Route::Health),
            "/readyz" => Endpoints::get(Route::Ready),
            "/metrics" => Endpoints::get(Route::Metrics),
            "/openapi.json" => Endpoints::get(Route::OpenApi),
            "/docs" => Endpoints::get(Route::Docs),
            "/v1/user" => Endpoints::post(Route::ServetelCreate),
            _ => path.strip_prefix("/activate/").map_or_else(Endpoints::default, activation),
        };
    };
    let segments: Vec<&str> = rest.split('/').take(4).collect();
    // An id with an escape or a dot in it can only be somebody trying the doors.
    let is_odd = |segment: &&str| segment.is_empty() || segment.contains('%') || *segment == "." || *segment == "..";
    if segments.iter().any(is_odd) {
        return Endpoints::default();
    }
    match segments.as_slice() {
        [group] => collection(group),
        [group, action] => action_or_id(group, action),
        ["v1", "helpdesk", "register"] => Endpoints::post(Route::FaveoRegister),
        [group, action, id] => on_row(group, action, PathId((*id).to_owned())),
        _ => Endpoints::default(),
    }
}

/// `/activate/CODE`: a link that is opened shows a button, and only the button activates; programs
/// that look at every link of a mail press none.
fn activation(code: &str) -> Endpoints {
    if code.is_empty() || code.contains('/') {
        return Endpoints::default();
    }
    let code = ActivationCode(code.to_owned());
    Endpoints::both(Route::ActivationShow(code.clone()), Route::ActivationConfirm(code))
}

fn collection(group: &str) -> Endpoints {
    match group {
        "users" => Endpoints::both(Route::UsersList, Route::UsersCreate),
        "departments" => Endpoints::both(Route::DepartmentsList, Route::DepartmentsCreate),
        "tickets" => Endpoints::both(Route::TicketsList, Route::TicketsCreate),
        "attachments" => Endpoints::get(Route::AttachmentsList),
        "staff" => Endpoints::get(Route::StaffList),
        _ => Endpoints::default(),
    }
}

/// `/api/users/create` or `/api/users/7`.
fn action_or_id(group: &str, action: &str) -> Endpoints {
    let nameless = on_row(group, action, PathId(String::new()));
    match (group, action) {
        ("users", "create") => Endpoints::post(Route::UsersCreate),
        ("departments", "create") => Endpoints::post(Route::DepartmentsCreate),
        ("tickets", "create") => Endpoints::post(Route::TicketsCreate),
        ("messages", "create") => Endpoints::post(Route::MessagesCreate),
        ("staff", "auth") => Endpoints::post(Route::StaffAuth),
        // Without an id they find no row; GET is told the method and not that there is no user "update".
        (_, "update" | "delete") if nameless.post.is_some() => nameless,
        _ => on_row(group, "show", PathId(action.to_owned())),
    }
}

fn on_row(group: &str, action: &str, id: PathId) -> Endpoints {
    match (group, action) {
        ("users", "show") => Endpoints::get(Route::UsersShow(id)),
        ("users", "update") => Endpoints::post(Route::UsersUpdate(id)),
        ("users", "delete") => Endpoints::post(Route::UsersDelete(id)),
        ("departments", "show") => Endpoints::get(Route::DepartmentsShow(id)),
        ("departments", "update") => Endpoints::post(Route::DepartmentsUpdate(id)),
        ("departments", "delete") => Endpoints::post(Route::DepartmentsDelete(id)),
        ("tickets", "show") => Endpoints::get(Route::TicketsShow(id)),
        ("tickets", "update") => Endpoints::post(Route::TicketsUpdate(id)),
        ("tickets", "delete") => Endpoints::post(Route::TicketsDelete(id)),
        ("messages", "show") => Endpoints::get(Route::MessagesShow(id)),
        ("attachments", "show") => Endpoints::get(Route::AttachmentsShow(id)),
        ("attachments", "delete") => Endpoints::post(Route::AttachmentsDelete(id)),
        ("staff", "show") => Endpoints::get(Route::StaffShow(id)),
        _ => Endpoints::default(),
    }
}

#[cfg(test)]
mod tests;
