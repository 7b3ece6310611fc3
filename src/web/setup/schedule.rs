//! Hours in which staff are on duty. Who is off duty is not notified of tickets, unless nobody of the department is on.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::desk::duty::{self, Hours};
use crate::domain::ScheduleId;
use crate::domain::one_line::SCHEDULE_CHARS_MAX;
use crate::store::staff::Schedule;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Longest hours, in characters. Chosen: far above three spans a day.
const HOURS_CHARS_MAX: usize = 500;

const NOUN: Noun = Noun::Schedules;

fn find(call: &Call<'_>, id: &str) -> Result<Schedule, Refusal> {
    let id = ScheduleId::new(number(id)?);
    call.read(|tx| tx.schedules()?.into_iter().find(|own| own.id == id).ok_or(Refusal::NotFound))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |own: Schedule| {
        let is_on = duty::is_on_duty(&own.hours, &own.timezone, call.now);
        Row {
            key: own.id.to_string(),
            edit: Some(NOUN.path_of(own.id)),
            remove: Some(format!("{}/remove/{}", NOUN.path(), own.id)),
            cells: vec![
                own.name,
                own.hours,
                own.timezone,
                own.staff.to_string(),
                call.language.t(if is_on { "yes" } else { "no" }),
            ],
            ..Row::default()
        }
    };
    let head = ["f-name", "f-hours", "f-zone", "f-staff", "f-on-duty"];
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-schedules"),
        add: Some("/staff/setup/schedules/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: call.read(|tx| Ok(tx.schedules()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let title = found.as_ref().map_or_else(|| call.language.t("setup-new-schedule"), |own| own.name.clone());
    let (name, hours, zone) = found.map_or_else(
        || (String::new(), String::new(), call.settings.timezone.clone()),
        |own| (own.name, own.hours, own.timezone),
    );
    let t = |name: &str| call.language.t(name);
    let fields = vec![
        Field::text("name", t("f-name"), name).required(),
        Field::text("hours", t("f-hours"), hours).required().hint(t("h-hours")),
        Field::text("zone", t("f-zone"), zone).required().hint(t("h-zone")),
    ];
    Ok(Form::new(title, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let own = id.map(|id| find(call, id)).transpose()?.map(|own| own.id);
    let mut typed = Typed::new(call);
    let name = typed.line("name", SCHEDULE_CHARS_MAX);
    let hours = typed.line("hours", HOURS_CHARS_MAX);
    if typed.is_fine() && hours.parse::<Hours>().is_err() {
        typed.wrong("hours", call.language.t("h-hours"));
    }
    let zone = duty::zone_name(call.form.trimmed("zone"));
    if zone.is_none() {
        typed.wrong("zone", call.language.t("h-zone"));
    }
    if call.read(|tx| Ok(tx.schedule_named(name)?))?.is_some_and(|other| Some(other.id) != own) {
        typed.wrong("name", call.language.t("wrong-taken"));
    }
    let (Some(zone), true) = (zone, typed.is_fine()) else {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    };
    call.write(|tx| {
        match own {
            Some(id) => tx.update_schedule(id, name, hours, &zone).map(drop)?,
            None => tx.add_schedule(name, hours, &zone).map(drop)?,
        }
        Ok(())
    })?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find(call, id)?;
    let title = call.language.with("remove-schedule", "name", own.name.as_str());
    Ok(Loss::new(title, vec![call.language.with("schedule-goes", "n", own.staff)]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.remove_schedule(id).map(drop)?))
}
