//! `admin template`: what our mails say.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Context, usage};
use crate::desk::notify;
use crate::domain::TicketId;
use crate::domain::one_line::{SUBJECT_CHARS_MAX, is_one_line};
use crate::outbox::template::{self, Event};
use crate::outcome::{self, Done, WithContext};
use crate::store::template::Template;
use crate::terminal;

/// Largest body file read, in bytes. Chosen: far above any text people write, below the limit at
/// which servers refuse mail.
const BODY_BYTES_MAX: u64 = 512 * 1024;

/// What is said of a template that an import brought and nothing here sends.
const KEPT: &str = "kept from HelpDeskZ; maildesk never sends it";

/// Verbs of `admin template`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin template list
  maildesk admin template edit new_ticket --subject 'We have your mail' --body-file new_ticket.html
  maildesk admin template preview new_ticket --ticket 12")]
pub(crate) enum Command {
    /// All templates
    List,
    /// One template with its texts
    Show {
        /// Name
        name: String,
    },
    /// Change the texts of a template; what is not named stays
    Edit {
        /// Name
        name: String,
        /// Subject, without the ticket's tag
        #[arg(long, allow_hyphen_values = true)]
        subject: Option<String>,
        /// File with the body: HTML if it starts with `<` or ends in .html, else plain text; the other part is made from it
        #[arg(long, value_name = "FILE")]
        body_file: Option<PathBuf>,
    },
    /// Send this mail from now on
    Enable {
        /// Name
        name: String,
    },
    /// Send this mail no more
    Disable {
        /// Name
        name: String,
    },
    /// What it makes of a ticket; nothing is sent
    Preview {
        /// Name
        name: String,
        /// The ticket's id
        #[arg(long, value_name = "ID", value_parser = crate::admin::id)]
        ticket: i64,
    },
}

fn event(name: &str) -> outcome::Result<Event> {
    Event::from_name(name).map_or_else(
        || {
            let names: Vec<&str> = Event::ALL.into_iter().map(Event::name).collect();
            usage(format!("there is no template {name:?}; there are {}", names.join(", ")))
        },
        Ok,
    )
}

fn current(context: &Context, event: Event) -> outcome::Result<(Template, bool)> {
    let stored = context.store.read(|tx| tx.stored_template(event.name()))?;
    let is_edited = stored.is_some();
    Ok((stored.unwrap_or_else(|| event.shipped()), is_edited))
}

fn as_json(event: Event, template: &Template, is_edited: bool) -> Value {
    json!({
        "name": event.name(), "enabled": template.is_enabled, "edited": is_edited, "sent": event.meaning(),
        "subject": template.subject, "body_text": template.body_text, "body_html": template.body_html,
    })
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::List => list(context)?,
        Command::Show { name } => match kept(context, &name)? {
            Some(template) => {
                let text =
                    format!("{name}, {KEPT}\nSubject: {}\n\n{}", terminal::line(&template.subject), template.body_html);
                context.output.object(&kept_json(&name, &template), &text)?;
            }
            None => show(context, event(&name)?)?,
        },
        Command::Edit { name, subject, body_file } => edit(context, event(&name)?, subject, body_file.as_deref())?,
        Command::Enable { name } => switch(context, event(&name)?, Switch::On)?,
        Command::Disable { name } => switch(context, event(&name)?, Switch::Off)?,
        Command::Preview { name, ticket } => preview(context, event(&name)?, ticket)?,
    }
    Ok(Done)
}

/// A stored template that is none of ours.
fn kept(context: &Context, name: &str) -> outcome::Result<Option<Template>> {
    if Event::from_name(name).is_some() {
        return Ok(None);
    }
    Ok(context.store.read(|tx| tx.stored_template(name))?)
}

fn kept_json(name: &str, template: &Template) -> Value {
    json!({
        "name": name, "enabled": template.is_enabled, "edited": true, "sent": KEPT, "subject": template.subject,
        "body_text": template.body_text, "body_html": template.body_html,
    })
}

fn list(context: &Context) -> outcome::Result<()> {
    let (mut json, mut rows) = (Vec::new(), Vec::new());
    let asks = context.store.read(|tx| tx.settings())?.satisfaction;
    for event in Event::ALL {
        let (template, is_edited) = current(context, event)?;
        if event == Event::Satisfaction && !asks && !is_edited {
            continue;
        }
        json.push(as_json(event, &template, is_edited));
        let state = if template.is_enabled { "on" } else { "off" };
        let origin = if is_edited { "edited" } else { "as shipped" };
        rows.push([event.name(), state, origin, &template.subject, event.meaning()].map(str::to_owned).to_vec());
    }
    for name in context.store.read(|tx| tx.stored_template_names())? {
        if let Some(template) = kept(context, &name)? {
            json.push(kept_json(&name, &template));
            rows.push([name.as_str(), "kept", "imported", &template.subject, KEPT].map(str::to_owned).to_vec());
        }
    }
    context.output.list(json, &["name", "state", "texts", "subject", "sent"], rows)?;
    Ok(())
}

fn show(context: &Context, event: Event) -> outcome::Result<()> {
    let (template, is_edited) = current(context, event)?;
    let state = if template.is_enabled { "on" } else { "off" };
    let text = format!(
        "{} ({state}), {}\nSubject: {}\n\n{}\n{}",
        event.name(),
        event.meaning(),
        terminal::line(&template.subject),
        template.body_text,
        template.body_html
    );
    context.output.object(&as_json(event, &template, is_edited), text.trim_end())?;
    Ok(())
}

fn edit(context: &Context, event: Event, subject: Option<String>, body_file: Option<&Path>) -> outcome::Result<()> {
    if subject.is_none() && body_file.is_none() {
        return usage("name what to change: --subject, --body-file or both");
    }
    let (mut template, _) = current(context, event)?;
    if let Some(subject) = subject {
        if subject.trim().is_empty() || !is_one_line(&subject, SUBJECT_CHARS_MAX) {
            return usage(format!("--subject must be one line of 1 to {SUBJECT_CHARS_MAX} characters"));
        }
        check_placeholders(&subject)?;
        template.subject = subject;
    }
    if let Some(path) = body_file {
        let body = read_body(path)?;
        check_placeholders(&body)?;
        let is_html = body.trim_start().starts_with('<')
            || path.extension().is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm"));
        (template.body_text, template.body_html) = if is_html { (String::new(), body) } else { (body, String::new()) };
    }
    context.store.write(|tx| tx.store_template(event.name(), &template, context.now))?;
    changed(context, event, "has new texts")
}

/// Refuses what looks like a placeholder and is none: customers would read it as it stands.
fn check_placeholders(text: &str) -> outcome::Result<()> {
    match template::unknown_placeholders(text).first() {
        Some(name) => usage(format!("%{name}% is no placeholder; there are {}", template::known_placeholders())),
        None => Ok(()),
    }
}

/// Shows a template after a change with `--json`, else says what changed.
fn changed(context: &Context, event: Event, what: &str) -> outcome::Result<()> {
    if context.output.is_json() {
        return show(context, event);
    }
    context.output.say(&format!("{} {what}", event.name()));
    Ok(())
}

fn read_body(path: &Path) -> outcome::Result<String> {
    use std::io::Read;
    let reading = || format!("reading {}", path.display());
    let file = std::fs::File::open(path).with_context(reading)?;
    let mut body = String::new();
    file.take(BODY_BYTES_MAX + 1).read_to_string(&mut body).with_context(reading)?;
    if body.trim().is_empty() || body.len() as u64 > BODY_BYTES_MAX {
        return usage(format!("{} must have a text of at most {BODY_BYTES_MAX} bytes", path.display()));
    }
    Ok(body)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
}

fn switch(context: &Context, event: Event, to: Switch) -> outcome::Result<()> {
    if to == Switch::Off && !event.is_switchable() {
        let why = if event == Event::StaffReply { "what staff write is always sent" } else { "people sign in by it" };
        return usage(format!("{} cannot be switched off: {why}", event.name()));
    }
    let (mut template, _) = current(context, event)?;
    template.is_enabled = to == Switch::On;
    context.store.write(|tx| tx.store_template(event.name(), &template, context.now))?;
    changed(context, event, if to == Switch::On { "is on" } else { "is off" })
}

fn preview(context: &Context, event: Event, ticket: i64) -> outcome::Result<()> {
    let shown = context.store.read(|tx| {
        let settings = tx.settings()?;
        notify::preview(tx, &settings, event, TicketId::new(ticket))
    })?;
    let Some(rendered) = shown else { return super::missing("ticket", ticket) };
    let subject = terminal::line(&rendered.subject);
    let text = format!("Subject: {subject}\n\n{}\n\n{}", rendered.text.trim_end(), rendered.html.trim_end());
    let json = json!({ "subject": rendered.subject, "text": rendered.text, "html": rendered.html });
    context.output.object(&json, &text)?;
    Ok(())
}
