//! What our mails say: the events, the shipped texts, and filling in `%placeholders%`. Pure; which
//! template is in force and what the values are is decided by the callers.

mod placeholder;

use std::borrow::Cow;

use crate::mail::html;
use crate::store::template::Template;
use crate::terminal;
pub(crate) use placeholder::{known_placeholders, unknown_placeholders};

/// What a mail of ours is about. The names are HelpDeskZ's, so that imported templates fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// A customer's ticket is open: the acknowledgement with its number.
    NewTicket,
    /// A customer's reply has arrived.
    Autoresponse,
    /// Staff have answered.
    StaffReply,
    /// Staff are notified of a customer's message.
    StaffTicketNotification,
    /// A staff member was given a ticket; HelpDeskZ sends nothing then.
    StaffAssigned,
    /// A note mentions a staff member.
    StaffMentioned,
    /// An account was made and its owner is asked to confirm it.
    NewUser,
    /// A customer asked for a link to sign in; HelpDeskZ mailed a new password then.
    LostPassword,
    /// A ticket was closed, and its customer is asked how it was handled.
    Satisfaction,
}

impl Event {
    /// All events in the order of lists.
    pub(crate) const ALL: [Self; 9] = [
        Self::NewTicket,
        Self::Autoresponse,
        Self::StaffReply,
        Self::StaffTicketNotification,
        Self::StaffAssigned,
        Self::StaffMentioned,
        Self::NewUser,
        Self::LostPassword,
        Self::Satisfaction,
    ];

    /// The template's name.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NewTicket => "new_ticket",
            Self::Autoresponse => "autoresponse",
            Self::StaffReply => "staff_reply",
            Self::StaffTicketNotification => "staff_ticketnotification",
            Self::StaffAssigned => "staff_assigned",
            Self::StaffMentioned => "staff_mentioned",
            Self::NewUser => "new_user",
            Self::LostPassword => "lost_password",
            Self::Satisfaction => "satisfaction",
        }
    }

    /// The event with that template name.
    #[must_use]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether the template can be switched off: what staff write always goes out.
    #[must_use]
    pub(crate) const fn is_switchable(self) -> bool {
        match self {
            Self::NewTicket
            | Self::Autoresponse
            | Self::StaffTicketNotification
            | Self::StaffAssigned
            | Self::StaffMentioned
            | Self::NewUser
            | Self::Satisfaction => true,
            Self::StaffReply | Self::LostPassword => false,
        }
    }

    /// Whether it goes to customers about a ticket of theirs, and so brings the link that opens it.
    #[must_use]
    pub(crate) const fn has_ticket_link(self) -> bool {
        match self {
            Self::NewTicket | Self::Autoresponse | Self::StaffReply | Self::Satisfaction => true,
            Self::StaffTicketNotification
            | Self::StaffAssigned
            | Self::StaffMentioned
            | Self::NewUser
            | Self::LostPassword => false,
        }
    }

    /// When it is sent, in one line for people.
    #[must_use]
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::NewTicket => "to the customer whose mail opened a ticket",
            Self::Autoresponse => "to the customer whose reply arrived",
            Self::StaffReply => "to customer and participants, what staff wrote; cannot be switched off",
            Self::StaffTicketNotification => "to staff on duty in the department: a customer wrote",
            Self::StaffAssigned => "to the staff member to whom another person assigned a ticket",
            Self::StaffMentioned => "to the staff member whom a note mentions as @username",
            Self::NewUser => "to a customer whose account was made and who is to confirm it",
            Self::LostPassword => "to a customer who asks for a link to sign in; cannot be switched off",
            Self::Satisfaction => "to the customer whose ticket was closed, where setting satisfaction is on",
        }
    }

    /// The shipped template.
    #[must_use]
    pub(crate) fn shipped(self) -> Template {
        let (subject, body_text, is_enabled) = match self {
            Self::NewTicket => ("%ticket_subject%", NEW_TICKET, true),
            Self::Autoresponse => ("%ticket_subject%", AUTORESPONSE, false),
            Self::StaffReply => ("%ticket_subject%", STAFF_REPLY, true),
            Self::StaffTicketNotification => ("%ticket_subject%", STAFF_TICKETNOTIFICATION, true),
            Self::StaffAssigned => ("%ticket_subject%", STAFF_ASSIGNED, true),
            Self::StaffMentioned => ("%ticket_subject%", STAFF_MENTIONED, true),
            Self::NewUser => ("Please confirm your address for %company_name%", NEW_USER, true),
            Self::LostPassword => ("Your link to %company_name%", LOST_PASSWORD, true),
            Self::Satisfaction => ("%ticket_subject%", SATISFACTION, true),
        };
        Template { subject: subject.to_owned(), body_text: body_text.to_owned(), body_html: String::new(), is_enabled }
    }
}

// The HTML part of a shipped text is made from it, so the two cannot drift apart. The line "-- "
// (RFC 3676 §4.3) starts what mail programs leave out of quotes.

const NEW_TICKET: &str = "Hello %client_name%,\n\n\
    thank you for your message \"%ticket_subject%\". It has reached us as ticket #%ticket_id% and we will \
    answer as soon as we can.\n\n\
    If there is more to say, simply answer this mail: it goes to the same ticket.\n\n\
    -- \n%company_name%, %ticket_department%\n";

const AUTORESPONSE: &str = "Hello %client_name%,\n\n\
    what you added to ticket #%ticket_id% (\"%ticket_subject%\") has reached us. We will get back to you.\n\n\
    -- \n%company_name%, %ticket_department%\n";

const STAFF_REPLY: &str = "%message%\n\n-- \n%company_name%, %ticket_department%, ticket #%ticket_id%\n";

const STAFF_TICKETNOTIFICATION: &str = "%message%\n\n\
    -- \n%client_name% <%client_email%> wrote in ticket #%ticket_id%, %ticket_department%, %ticket_status%.\n\
    %staff_name%, your answer to this mail goes to the customer.\n";

const STAFF_ASSIGNED: &str = "%staff_name%, ticket #%ticket_id% (\"%ticket_subject%\") is yours now. \
    The last message in it:\n\n%message%\n\n\
    -- \n%client_name% <%client_email%>, %ticket_department%, %ticket_status%.\n\
    Your answer to this mail goes to the customer.\n";

const STAFF_MENTIONED: &str = "%staff_name%, a note in ticket #%ticket_id% (\"%ticket_subject%\") mentions you:\n\n\
    %message%\n\n\
    -- \n%client_name% <%client_email%>, %ticket_department%, %ticket_status%.\n\
    Your answer to this mail goes to the customer.\n";

const NEW_USER: &str = "Hello %client_name%,\n\n\
    an account for %client_email% was made at %company_name%. To confirm that the address is yours, \
    open this link:\n\n%activation_link%\n\n\
    If you expected nothing of the kind, you need not do anything.\n\n\
    -- \n%company_name%\n";

const LOST_PASSWORD: &str = "Hello %client_name%,\n\n\
    this link signs you in at %company_name%. It works once, for half an hour:\n\n%entry_link%\n\n\
    If you did not ask for it, you need not do anything.\n\n\
    -- \n%company_name%\n";

const SATISFACTION: &str = "Hello %client_name%,\n\n\
    your ticket \"%ticket_subject%\" is closed. Were you content with how we handled it? \
    One click says so:\n\n%ticket_link%\n\n\
    -- \n%company_name%, %ticket_department%\n";

const NEW_USER_WITHOUT_LINK: &str = "Hello %client_name%,\n\n\
    an account for %client_email% was made at %company_name%. To reach us, simply answer this mail.\n\n\
    -- \n%company_name%\n";

/// Placeholders of `new_user` that stand for the link; HelpDeskZ mailed a password in the second.
const LINK_PLACEHOLDERS: [&str; 2] = ["%activation_link%", "%client_password%"];

/// Whether a mail made of it has the activation link.
#[must_use]
pub(crate) fn has_link(template: &Template) -> bool {
    let parts = [&template.subject, &template.body_text, &template.body_html];
    parts.iter().any(|part| LINK_PLACEHOLDERS.iter().any(|placeholder| part.contains(placeholder)))
}

/// Placeholders of `lost_password` that stand for the link; HelpDeskZ mailed a password in the second.
const ENTRY_PLACEHOLDERS: [&str; 2] = ["%entry_link%", "%client_password%"];

/// A mail with the link that signs a customer in: a text of the desk's own that lacks it gets it at its end.
#[must_use]
pub(crate) fn with_entry_link(template: &Template, values: &[(&str, Value<'_>)], link: &str) -> Rendered {
    let mut values = values.to_vec();
    values.extend(ENTRY_PLACEHOLDERS.map(|placeholder| (placeholder.trim_matches('%'), Value::Plain(link))));
    let mut rendered = render(template, &values);
    append_link(&mut rendered, link);
    rendered
}

/// Puts a link at the end of each part of a mail that does not have it.
pub(crate) fn append_link(rendered: &mut Rendered, link: &str) {
    if !rendered.text.contains(link) {
        rendered.text = format!("{}\n{link}\n", rendered.text.trim_end());
    }
    let escaped = html::escape(link);
    if !rendered.html.contains(&escaped) {
        let paragraph = format!("<p><a href=\"{escaped}\">{escaped}</a></p>");
        // An imported text may be a whole document.
        let end = rendered.html.to_ascii_lowercase().rfind("</body").unwrap_or(rendered.html.len());
        rendered.html.insert_str(end, &paragraph);
    }
}

/// The shipped text of `new_user` without the link; a desk's own text stays as it is.
#[must_use]
pub(crate) fn without_link(template: Template) -> Template {
    let shipped = Event::NewUser.shipped();
    if template.body_text != shipped.body_text || !template.body_html.is_empty() {
        return template;
    }
    let subject = "Your account at %company_name%".to_owned();
    Template { subject, body_text: NEW_USER_WITHOUT_LINK.to_owned(), ..template }
}

/// The one placeholder whose value has several lines.
const MESSAGE: &str = "message";

/// A value for a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Text: escaped in HTML.
    Plain(&'a str),
    /// Sanitised HTML: written as text in the plain part.
    Html(&'a str),
}

/// A filled-in template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// One line.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Fills in a template. Placeholders without a value stay as they are; values are not looked at for
/// placeholders. Linear in template plus values.
#[must_use]
pub(crate) fn render(template: &Template, values: &[(&str, Value<'_>)]) -> Rendered {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    // Names and subjects: with several lines they would look like a part of the letter.
    let plain = |name: &str, text| if name == MESSAGE { Cow::Borrowed(text) } else { terminal::line(text) };
    let as_text = |name: &str| {
        value(name).map(|value| match value {
            Value::Plain(text) => plain(name, text).into_owned(),
            Value::Html(html) => html::to_text(html),
        })
    };
    let as_html = |name: &str| {
        value(name).map(|value| match value {
            Value::Plain(text) => html::text_to_html(&plain(name, text)),
            Value::Html(html) => html.to_owned(),
        })
    };
    let html = if template.body_html.trim().is_empty() {
        fill(&html::text_to_html(&template.body_text), as_html)
    } else {
        fill(&template.body_html, as_html)
    };
    let text =
        if template.body_text.trim().is_empty() { html::to_text(&html) } else { fill(&template.body_text, as_text) };
    let subject = one_line(&fill(&template.subject, as_text));
    Rendered { subject, text, html }
}

/// Replaces each `%name%` that `value` knows.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let name_len = after.bytes().take_while(|b| b.is_ascii_lowercase() || *b == b'_').count();
        let (name, behind) = after.split_at(name_len);
        match behind.strip_prefix('%').and_then(|behind| Some((value(name)?, behind))) {
            Some((value, behind)) => {
                out.push_str(&value);
                rest = behind;
            }
            None => {
                out.push('%');
                out.push_str(name);
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text without direction controls and with every run of white space and control characters made one blank.
pub(super) fn one_line(text: &str) -> String {
    let line = terminal::line(text);
    let words = line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The kind of mail a subject is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectForm {
    /// As HelpDeskZ's `[#12] …`.
    First,
    /// As HelpDeskZ's `Re: [#12] …`.
    Reply,
}

/// A subject about a ticket: `tag` (`[#12]`, or empty where the desk wants none) in front, `Re:` before it in a reply.
///
/// A template that names the tag itself keeps its wording; where none is wanted it is taken out.
#[must_use]
pub(crate) fn ticket_subject(rendered: &str, number: i64, has_tag: Tag, form: SubjectForm) -> String {
    let tag = format!("[#{number}]");
    let mut subject = rendered.to_owned();
    if has_tag == Tag::Off {
        subject = one_line(&subject.replace(&tag, ""));
    }
    let bare = match form {
        SubjectForm::First => subject.as_str(),
        SubjectForm::Reply => without_re(&subject),
    };
    let tagged = if has_tag == Tag::Off || bare.contains(&tag) { bare.to_owned() } else { format!("{tag} {bare}") };
    match form {
        SubjectForm::First => tagged,
        SubjectForm::Reply => format!("Re: {tagged}"),
    }
}

/// Whether `[#12]` is put into outgoing subjects (setting `subject_tag`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// It does.
    On,
    /// It does not.
    Off,
}

fn without_re(subject: &str) -> &str {
    let mut rest = subject.trim_start();
    while let Some((head, tail)) = rest.split_at_checked(3) {
        if !head.eq_ignore_ascii_case("re:") {
            break;
        }
        rest = tail.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(subject: &str, text: &str, html: &str) -> Template {
        Template {
            subject: subject.to_owned(),
            body_text: text.to_owned(),
            body_html: html.to_owned(),
            is_enabled: true,
        }
    }

    #[test]
    fn values_are_escaped_in_html_and_not_in_text() {
        let done = render(&template("%x%", "Dear %x%", "<p>Dear %x%</p>"), &[("x", Value::Plain("<b>Ann & Co</b>"))]);
        assert_eq!(done.subject, "<b>Ann & Co</b>");
        assert_eq!(done.text, "Dear <b>Ann & Co</b>");
        assert_eq!(done.html, "<p>Dear &lt;b&gt;Ann &amp; Co&lt;/b&gt;</p>");
    }

    #[test]
    fn imported_html_template_gets_a_text_part() {
        let done = render(
            &template("Re: [#%ticket_id%] x", "", "<p>There is an answer:</p><blockquote>%message%</blockquote>"),
            &[("message", Value::Plain("one\ntwo")), ("ticket_id", Value::Plain("12"))],
        );
        assert_eq!(done.html, "<p>There is an answer:</p><blockquote>one<br />\ntwo</blockquote>");
        assert!(done.text.contains("There is an answer:") && done.text.contains("> one"), "{}", done.text);
        assert_eq!(done.subject, "Re: [#12] x");
    }

    #[test]
    fn html_message_is_text_in_the_plain_part() {
        let done = render(&template("s", "%message%", ""), &[("message", Value::Html("<p>Hello <b>you</b></p>"))]);
        assert_eq!(done.text.trim(), "Hello you");
        assert_eq!(done.html, "<p>Hello <b>you</b></p>");
    }

    #[test]
    fn values_that_look_like_placeholders_stay() {
        let done = render(
            &template("%a%", "100% of %a% and %unknown%", ""),
            &[("a", Value::Plain("%b%")), ("b", Value::Plain("no"))],
        );
        assert_eq!(done.text, "100% of %b% and %unknown%");
    }

    #[test]
    fn subject_is_one_line_whatever_the_value_holds() {
        let done = render(&template("About %a%", "", ""), &[("a", Value::Plain("x\r\nBcc: all@example.org\0"))]);
        assert_eq!(done.subject, "About x Bcc: all@example.org");
    }

    #[test]
    fn only_the_message_has_more_than_one_line() {
        let values = [("client_name", Value::Plain("A\nForged\u{202e}")), ("message", Value::Plain("one\ntwo"))];
        let done = render(&template("", "Dear %client_name%,\n%message%", ""), &values);
        assert_eq!(done.text, "Dear A Forged,\none\ntwo");
        assert_eq!(done.html, "Dear A Forged,<br />\none<br />\ntwo");
    }

    #[test]
    fn subjects_carry_tag_and_reply_mark_once() {
        let reply = |text| ticket_subject(text, 12, Tag::On, SubjectForm::Reply);
        assert_eq!(ticket_subject("Printer", 12, Tag::On, SubjectForm::First), "[#12] Printer");
        assert_eq!(reply("Printer"), "Re: [#12] Printer");
        assert_eq!(reply("RE: re: [#12] Printer"), "Re: [#12] Printer");
        assert_eq!(ticket_subject("Desk: [#12] waits", 12, Tag::On, SubjectForm::First), "Desk: [#12] waits");
        assert_eq!(ticket_subject("Re: [#12] Printer", 12, Tag::Off, SubjectForm::Reply), "Re: Printer");
    }

    #[test]
    fn link_is_in_both_parts_once_whatever_the_template_says() {
        let link = "https://x.test/t/12-a-b?x=1&y=2";
        for (own, text, html) in [
            (template("s", "Hello", ""), "Hello\nLINK\n", "Hello<p><a href=\"LINK\">LINK</a></p>"),
            (template("s", "See %ticket_link%.", ""), "See LINK.", "See LINK."),
            (template("s", "", "<p>Hi</p></BODY>"), "Hi\nLINK\n", "<p>Hi</p><p><a href=\"LINK\">LINK</a></p></BODY>"),
        ] {
            let mut done = render(&own, &[("ticket_link", Value::Plain(link))]);
            append_link(&mut done, link);
            assert_eq!(done.text.trim_start(), text.replace("LINK", link), "{own:?}");
            assert_eq!(done.html, html.replace("LINK", &link.replace('&', "&amp;")), "{own:?}");
        }
    }

    #[test]
    fn imported_mail_about_a_lost_password_brings_the_link_instead() {
        let own = template("s", "Your new password is %client_password%", "");
        assert_eq!(
            with_entry_link(&own, &[], "https://x.test/enter/a").text,
            "Your new password is https://x.test/enter/a"
        );
        let own = template("s", "Somebody asked.", "");
        assert_eq!(
            with_entry_link(&own, &[], "https://x.test/enter/a").text,
            "Somebody asked.\nhttps://x.test/enter/a\n"
        );
    }

    #[test]
    fn every_template_but_autoresponse_is_shipped_switched_on() {
        let on: Vec<&str> = Event::ALL.into_iter().filter(|e| e.shipped().is_enabled).map(Event::name).collect();
        let expected = [
            "new_ticket",
            "staff_reply",
            "staff_ticketnotification",
            "staff_assigned",
            "staff_mentioned",
            "new_user",
            "lost_password",
            "satisfaction",
        ];
        assert_eq!(on, expected);
    }
}
