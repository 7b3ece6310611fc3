//! Why a mail was taken, dropped or set aside, and what a delivery report says about a mail of ours.

use super::words::words;

words! {
    /// Why a received mail got the state of its receipt.
    pub enum Reason {
        /// It opens a ticket: it names none.
        New = "new",
        /// It opens a ticket: the one it names was closed too long ago.
        ClosedTooLong = "closed-too-long",
        /// It opens a ticket: its subject is not that of the one it names.
        OtherSubject = "other-subject",
        /// It opens a ticket: its sender takes no part in the one it names.
        Stranger = "stranger",
        /// It opens a ticket for the writer of the mail that staff forwarded.
        Forwarded = "forwarded",
        /// It has a ticket's reply token.
        Token = "token",
        /// It answers a mail of a ticket.
        Thread = "thread",
        /// Its subject names a ticket.
        SubjectTag = "subject-tag",
        /// Dropped: we sent it.
        OwnMail = "own-mail",
        /// Dropped: its sender is banned.
        Banned = "banned",
        /// Dropped: a delivery report, noted on the mail it names.
        Bounce = "bounce",
        /// Dropped: a further delivery report about a mail that had bounced.
        BounceAgain = "bounce-again",
        /// Dropped: a delivery report about a mail that is not ours.
        BounceNotOurs = "bounce-not-ours",
        /// Dropped: a delivery report that reports no failure.
        ReportWithoutFailure = "report-without-failure",
        /// Dropped: a read receipt that names no mail and no ticket of ours.
        ReceiptNotOurs = "receipt-not-ours",
        /// Dropped: staff wrote an internal note with it.
        Note = "note",
        /// Dropped: staff wrote nothing but commands.
        CommandsOnly = "commands-only",
        /// Dropped: another copy of a mail on record; the receipt's detail is that mail's id.
        Copy = "copy",
        /// Dropped from the command line.
        ByHand = "by-hand",
        /// Set aside: it cannot be read.
        Unreadable = "unreadable",
        /// Set aside: it does not say who wrote it.
        NoFrom = "no-from",
        /// Set aside: its From is one of our own addresses.
        FromUs = "from-us",
        /// Set aside: its sender wrote too many mails in an hour.
        TooMany = "too-many",
        /// Set aside: it is to an address we do not know.
        UnknownRecipient = "unknown-recipient",
        /// Set aside: there is no department for it.
        NoDepartment = "no-department",
        /// Set aside: a staff reply without proof that this staff member sent it.
        StaffUnproven = "staff-unproven",
        /// Set aside: a staff member's mail that names a ticket without its token.
        StaffWithoutToken = "staff-without-token",
        /// Set aside for review: a stranger's mail that names a ticket.
        StrangerHeld = "stranger-held",
        /// As an older version put it, in the receipt's detail.
        Other = "other",
    }
}

impl Reason {
    /// As people read it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::ClosedTooLong => "closed too long",
            Self::OtherSubject => "other subject",
            Self::Stranger => "stranger",
            Self::Forwarded => "forwarded by staff",
            Self::Token => "token",
            Self::Thread => "thread",
            Self::SubjectTag => "subject tag",
            Self::OwnMail => "self",
            Self::Banned => "banned",
            Self::Bounce => "bounce",
            Self::BounceAgain => "bounce of a mail that had bounced before",
            Self::BounceNotOurs => "bounce of a mail that is not ours",
            Self::ReportWithoutFailure => "delivery report without a failure",
            Self::ReceiptNotOurs => "read receipt of a mail that is not ours",
            Self::Note => "kept as an internal note",
            Self::CommandsOnly => "commands only",
            Self::Copy => "another copy",
            Self::ByHand => "dropped by hand",
            Self::Unreadable => "unreadable",
            Self::NoFrom => "no usable From",
            Self::FromUs => "from one of our own addresses",
            Self::TooMany => "too many mails from this sender",
            Self::UnknownRecipient => "unknown recipient",
            Self::NoDepartment => "no department",
            Self::StaffUnproven => "staff reply without proof of the sender",
            Self::StaffWithoutToken => "staff reply without a token",
            Self::StrangerHeld => "stranger names a ticket",
            Self::Other => "",
        }
    }

    /// As people read it, with the detail that some have.
    #[must_use]
    pub fn in_full(self, detail: &str) -> String {
        match self {
            Self::Copy => format!("{} of mail {detail}", self.text()),
            Self::Other => detail.to_owned(),
            _ => self.text().to_owned(),
        }
    }
}

words! {
    /// Whether a bounce is permanent.
    pub enum BounceClass {
        /// The recipient will not get it, nor the next one.
        Permanent = "permanent",
        /// The recipient's mailbox was full, or the server down (RFC 3463: a status of class 4).
        Temporary = "temporary",
    }
}
