//! What a token may be allowed to do, and HelpDeskZ's names and words for it.

/// What a token may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // group and action, as `name` writes them
pub(crate) enum Permission {
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
    MailDeliver,
    MetricsRead,
}

impl Permission {
    /// Every permission, grouped as HelpDeskZ shows them.
    pub(crate) const ALL: [Self; 22] = [
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
        Self::MailDeliver,
        Self::MetricsRead,
    ];

    /// `group/action`, as tokens list it.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        self.texts().0
    }

    /// HelpDeskZ's words for it.
    #[must_use]
    pub(crate) const fn text(self) -> &'static str {
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
            Self::MailDeliver => ("mail/deliver", "Hand over mails from a mail host."),
            Self::MetricsRead => ("metrics/read", "Read metrics."),
        }
    }

    /// The permission of that name.
    #[must_use]
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }

    /// Whether a token's list (`*` or names with spaces between them) has it.
    #[must_use]
    pub(crate) fn is_in(self, list: &str) -> bool {
        list.split_ascii_whitespace().any(|name| name == "*" || name == self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_allows_everything_and_a_name_only_itself() {
        assert!(Permission::ALL.iter().all(|permission| permission.is_in("*")));
        assert!(Permission::UsersRead.is_in("tickets/read users/read"));
        assert!(!Permission::UsersRead.is_in("users/reader users"));
        assert!(Permission::ALL.iter().all(|permission| Permission::named(permission.name()) == Some(*permission)));
    }
}
