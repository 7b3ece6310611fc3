//! `admin schedule`: on-duty hours that staff can be tied to (Servetel's time_group). Who is off duty
//! is not notified of tickets unless no member of the department is on duty.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, named, nothing_to_change, output, usage};
use crate::desk::duty::{self, Hours};
use crate::domain::Timestamp;
use crate::domain::one_line::{SCHEDULE_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done, bail};
use crate::store::Error;
use crate::store::staff::Schedule;
use crate::terminal;

/// Verbs of `admin schedule`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin schedule add office --hours 'Mon-Fri 9:00-17:00' --tz Europe/Berlin
  maildesk admin schedule list")]
pub(crate) enum Command {
    /// Add a schedule; prints its id
    Add {
        /// Name
        name: String,
        /// On-duty hours, such as "Mon-Fri 18:00-02:00" or "Mon, Wed 9:00-12:00; Sat 10:00-14:00"
        #[arg(long)]
        hours: String,
        /// Time zone of the hours, such as Asia/Kolkata
        #[arg(long, value_name = "ZONE")]
        tz: String,
    },
    /// All schedules, and whether each is on duty now
    List,
    /// Change a schedule; what is not named stays
    Update {
        /// Name or id
        schedule: String,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// New hours
        #[arg(long)]
        hours: Option<String>,
        /// New time zone
        #[arg(long, value_name = "ZONE")]
        tz: Option<String>,
    },
    /// Remove a schedule; its staff are always on duty then
    Remove {
        /// Name or id
        name: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(schedule: &Schedule, now: Timestamp) -> Value {
    json!({
        "id": schedule.id.get(), "name": schedule.name, "hours": schedule.hours, "tz": schedule.timezone,
        "staff": schedule.staff, "on_duty": duty::is_on_duty(&schedule.hours, &schedule.timezone, now),
    })
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name, hours, tz } => add(context, name.trim(), hours.trim(), &tz)?,
        Command::Update { schedule, name, hours, tz } => {
            if name.is_none() && hours.is_none() && tz.is_none() {
                return nothing_to_change();
            }
            let mut own = find(context, &schedule)?;
            own.name = name.map_or(own.name, |name| name.trim().to_owned());
            own.hours = hours.map_or(own.hours, |hours| hours.trim().to_owned());
            own.timezone = checked(&own.name, &own.hours, tz.as_deref().unwrap_or(&own.timezone))?;
            match context.store.write(|tx| tx.update_schedule(own.id, &own.name, &own.hours, &own.timezone)) {
                Err(Error::Taken(_)) => bail!("there is a schedule {} already", terminal::line(&own.name)),
                other => other?,
            };
            context
                .output
                .object(&as_json(&own, context.now), &terminal::line(&format!("{}: {}", own.name, own.hours)))?;
        }
        Command::List => {
            let found = context.store.read(|tx| tx.schedules())?;
            let rows = found.iter().map(|schedule| {
                let is_on_duty = duty::is_on_duty(&schedule.hours, &schedule.timezone, context.now);
                let now = if is_on_duty { "on duty" } else { "off duty" };
                let staff = schedule.staff.to_string();
                let name = schedule.name.clone();
                vec![name, schedule.hours.clone(), schedule.timezone.clone(), staff, now.to_owned()]
            });
            let json = found.iter().map(|schedule| as_json(schedule, context.now)).collect();
            context.output.list(json, &["name", "hours", "time zone", "staff", "now"], rows.collect())?;
        }
        Command::Remove { name, removal } => {
            let found = find(context, &name)?;
            let name = found.name;
            let tail = match found.staff {
                0 => String::new(),
                n => format!("; then always on duty: {}", output::count(n, "staff member")),
            };
            let loss = RemovalPreview::alone(format!("remove schedule {name}")).ending(tail);
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            let removed = context.store.write(|tx| {
                let Some(found) = tx.schedule_named(&name)? else { return Ok::<_, Error>(None) };
                tx.remove_schedule(found.id)?;
                Ok(Some(found))
            })?;
            let Some(removed) = removed else { return missing("schedule", name) };
            let along = match removed.staff {
                0 => String::new(),
                n => format!("; {n} staff without hours are always on duty now"),
            };
            loss.happened(&context.output, &format!("schedule {name} was removed{along}"))?;
        }
    }
    Ok(Done)
}

fn find(context: &Context, word: &str) -> outcome::Result<Schedule> {
    let all = context.store.read(|tx| tx.schedules())?;
    named("schedule", word, all, |one, id| one.id.get() == id, |one, wanted| one.name.to_lowercase() == wanted)
}

/// Whether these are name, hours and zone of a schedule; gives the zone as it is written.
fn checked(name: &str, hours: &str, tz: &str) -> outcome::Result<String> {
    if !is_one_line(name, SCHEDULE_CHARS_MAX) {
        return usage(format!("a schedule's name has 1 to {SCHEDULE_CHARS_MAX} characters on one line"));
    }
    if let Err(refused) = hours.parse::<Hours>() {
        return usage(refused.to_string());
    }
    let zone = duty::zone_name(tz);
    zone.map_or_else(
        || usage(format!("{tz:?} is not a time zone; use a name such as Europe/Berlin, Asia/Kolkata or UTC")),
        Ok,
    )
}

fn add(context: &Context, name: &str, hours: &str, tz: &str) -> outcome::Result<()> {
    let tz = checked(name, hours, tz)?;
    let added = context.store.write(|tx| {
        let id = tx.add_schedule(name, hours, &tz)?;
        Ok::<_, Error>(Schedule { id, name: name.to_owned(), hours: hours.to_owned(), timezone: tz.clone(), staff: 0 })
    });
    let added = match added {
        Err(Error::Taken(_)) => bail!("there is a schedule {} already", terminal::line(name)),
        other => other?,
    };
    context.output.object(&as_json(&added, context.now), &added.id.to_string())?;
    Ok(())
}
