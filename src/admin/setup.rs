//! `admin setup`: from an installed program to a desk that has taken its first mail. Asks on a terminal, takes flags in
//! scripts, and may be repeated: what is there already stays. The mail server's side is in [`mta`], the test mail in
//! [`trial`].

mod answers;
mod mta;
mod postfix;
mod trial;

use std::path::PathBuf;

use serde_json::json;

use self::answers::Answers;
use self::mta::Mta;
use super::output::{self, Output};
use super::{Context, database, doctor, init, staff, usage};
use crate::config::Loaded;
use crate::domain::desk_address::{Incoming, Outgoing, Tls};
use crate::domain::staff_role::StaffRole;
use crate::domain::{EmailAddress, Timestamp};
use crate::options::Global;
use crate::outcome::{self, Done, Failure, bail};
use crate::store::address::AddressRow;
use crate::store::staff::NewStaff;
use crate::terminal;

/// Where a mail server takes mail (RFC 5321 §4.5.4.2).
const SMTP_PORT: u16 = 25;

/// Options of `admin setup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
On a terminal it asks for what is not named. It finds Postfix, Exim or OpenSMTPD and shows the lines that hand them the
address's mail; with --apply it writes Postfix's, after copying the files, and takes them back if `postfix check` fails.

Examples:
  maildesk admin setup
  maildesk admin setup --site-name 'Example Support' --url https://desk.example.org --address support@example.org \\
    --staff sam --staff-name 'Sam Poe' --staff-email sam@example.org --password-file sam.pass --apply")]
pub(crate) struct Arguments {
    /// Name of the desk, in mails
    #[arg(long, value_name = "NAME")]
    site_name: Option<String>,
    /// Public URL of the desk, for links in mails
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The first address whose mail becomes tickets
    #[arg(long, value_name = "EMAIL")]
    address: Option<EmailAddress>,
    /// Login name of the first staff member, an admin
    #[arg(long, value_name = "USERNAME")]
    staff: Option<String>,
    /// Their full name
    #[arg(long, value_name = "NAME")]
    staff_name: Option<String>,
    /// Their address
    #[arg(long, value_name = "EMAIL")]
    staff_email: Option<EmailAddress>,
    /// Read their password from stdin
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,
    /// Read their password from a file (0600)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write the lines into Postfix's configuration; needs root
    #[arg(long)]
    apply: bool,
    /// The mail server on this machine [default: the one that is found]
    #[arg(long, value_enum)]
    mta: Option<mta::Choice>,
    /// The port it takes the desk's mail on
    #[arg(long, value_name = "PORT", default_value_t = SMTP_PORT)]
    smtp_port: u16,
    /// Send no test mail
    #[arg(long)]
    no_test: bool,
    /// Let doctor connect to no server
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(
    global: &Global,
    loaded: &Loaded,
    out: Output,
    arguments: &Arguments,
    now: Timestamp,
) -> outcome::Result<Done> {
    let place_of_db = database(global, loaded)?;
    let path = place_of_db.shown();
    let mut answers = Answers::gather(arguments, &out)?;
    let prepared = init::Arguments::of(&answers.site_name, &answers.url);
    init::prepare(&place_of_db, &prepared, now)?;
    out.say(&format!("the database is {}", path.display()));
    let context = Context::open(global, loaded, out, now)?;
    let found = arguments.mta.map_or_else(Mta::find, mta::Choice::mta);
    add_address(&context, &answers, found.map(|_| arguments.smtp_port))?;
    add_staff(&context, &mut answers)?;
    let place = mta::Place { config: global.config.as_deref(), db: &path, address: &answers.address };
    let plan = found.as_ref().map(|mta| mta.plan(&place)).transpose()?;
    let is_applied = match (&found, &plan) {
        (Some(mta), Some(plan)) => hand_over(&context.output, mta, plan, arguments.apply)?,
        _ => {
            let why = match arguments.mta {
                Some(_) => "the mail server was left alone, as asked",
                None => "no Postfix, Exim or OpenSMTPD is on this machine",
            };
            context.output.say(&format!("{why}: mail can be fetched by IMAP instead"));
            context.output.say("  (maildesk admin address update --help)");
            false
        }
    };
    let ticket = if arguments.no_test {
        None
    } else {
        let way = if is_applied { trial::Way::Mta } else { trial::Way::Pipe };
        Some(trial::run(&context, global, &path, &answers, way)?)
    };
    let (report, failed) = doctor::report(global, loaded, &place_of_db, arguments.offline, now);
    let mta_name = found.as_ref().map(Mta::name);
    let json = json!({
        "database": path, "address": answers.address.as_str(), "staff": answers.staff, "mta": mta_name,
        "mta_lines": plan.as_ref().map(mta::Plan::lines), "mta_in_place": is_applied, "ticket_id": ticket,
        "checks": report.json,
    });
    context.output.object(&json, &report.text)?;
    let url = init::local_url(loaded.config.listen.as_deref());
    context.output.say(&next_steps(ticket, &answers.staff, &url));
    if failed > 0 {
        bail!("{} of doctor failed", output::count(i64::try_from(failed).unwrap_or(i64::MAX), "look"));
    }
    Ok(Done)
}

fn next_steps(ticket: Option<i64>, staff: &str, url: &str) -> String {
    let show = ticket.map_or_else(String::new, |id| format!("\n  maildesk admin ticket show {id}"));
    format!(
        "next:{show}\n  systemctl enable --now maildesk      (serve: pages, API, outgoing mail, timed work)\n  \
         {:<36} (the inbox in a browser, as {staff}; `maildesk admin inbox` in a terminal)\n  \
         maildesk admin token add NAME --all  (for programs; {url}/docs says how)",
        format!("{url}/staff")
    )
}

/// The address, if the desk does not have it: mail comes in by `pipe`, and goes out through the mail server here.
fn add_address(context: &Context, answers: &Answers, smtp_port: Option<u16>) -> outcome::Result<()> {
    let is_new = context.store.write(|tx| {
        let all = tx.addresses()?;
        if all.iter().any(|(_, row)| row.email.eq_ignore_ascii_case(answers.address.as_str())) {
            return Ok(false);
        }
        let mut row = AddressRow {
            department: tx.lowest_department()?,
            is_default: !all.iter().any(|(_, row)| row.is_default),
            incoming: Incoming::Pipe,
            ..AddressRow::new(answers.address.as_str(), &answers.site_name)
        };
        if let Some(port) = smtp_port {
            row.outgoing = Outgoing::Smtp;
            row.smtp_host = "localhost".to_owned();
            row.smtp_port = port;
            row.smtp_tls = Tls::None;
        }
        tx.add_address(&row, context.now)?;
        Ok::<_, Failure>(true)
    })?;
    let done = if is_new { "is an address of the desk now" } else { "is an address of the desk already" };
    context.output.say(&format!("{} {done}", answers.address));
    Ok(())
}

/// The first staff member, an admin of the first department, if there is nobody of that name. Who is there stays as is,
/// and the address they have is the one to go on with.
fn add_staff(context: &Context, answers: &mut Answers) -> outcome::Result<()> {
    if let Some(known) = context.store.read(|tx| tx.staff_by_username(&answers.staff))? {
        let mut stays = Vec::new();
        if !known.email.eq_ignore_ascii_case(answers.staff_email.as_str()) {
            stays.push(format!("address {}, not {}", known.email, answers.staff_email));
        }
        if known.fullname != answers.staff_name {
            stays.push(format!("name {:?}, not {:?}", known.fullname, answers.staff_name));
        }
        let name = terminal::line(&known.username);
        let stays = if stays.is_empty() {
            String::new()
        } else {
            let stays = stays.join("; ");
            let stays = terminal::line(&stays);
            format!(", and stays as it is ({stays}; `maildesk admin staff update {name}` changes it)")
        };
        context.output.say(&format!("{name} is staff already{stays}"));
        if let Ok(email) = known.email.parse() {
            answers.staff_email = email;
        }
        return Ok(());
    }
    let Some(password) = &answers.password else {
        return usage("a new staff member needs a password: --password-file or --password-stdin");
    };
    let password_hash = staff::hashed(password)?;
    let new = NewStaff {
        username: &answers.staff,
        fullname: &answers.staff_name,
        email: &answers.staff_email,
        password_hash: &password_hash,
        role: StaffRole::Admin,
        is_active: true,
        totp_secret: "",
    };
    context.store.write(|tx| {
        let departments: Vec<_> = tx.lowest_department()?.into_iter().collect();
        tx.add_staff(&new, &departments, context.now)
    })?;
    context.output.say(&format!("{} is staff now, an admin", answers.staff));
    Ok(())
}

/// Shows the mail server's lines, and writes them where that is wanted; whether they are in place now.
fn hand_over(out: &Output, mta: &Mta, plan: &mta::Plan, is_wanted: bool) -> outcome::Result<bool> {
    if plan.is_done() {
        out.say(&format!("{} hands the mail over already", mta.name()));
        return Ok(true);
    }
    out.say(&format!("{} is on this machine. What makes it hand the mail over:", mta.name()));
    out.say(&plan.text());
    if !plan.can_be_applied() {
        if is_wanted {
            bail!("--apply writes Postfix's lines only"; "put the lines above into the configuration of the mail server");
        }
        return Ok(false);
    }
    let is_root = rustix::process::geteuid().is_root();
    if is_wanted && !is_root {
        bail!("only root may change the configuration of {}", mta.name(); "run this with sudo");
    }
    let is_agreed =
        is_wanted || (is_root && output::can_ask() && output::is_yes(&output::ask("run these commands now? [y/N] ")?));
    if !is_agreed {
        out.say("run them as root, or `maildesk admin setup` again with --apply");
        return Ok(false);
    }
    postfix::apply(plan)?;
    out.say("Postfix has the lines; the files as they were are beside them (.before-maildesk)");
    Ok(true)
}
