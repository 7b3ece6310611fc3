//! Departments.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::DepartmentId;
use crate::domain::one_line::DEPARTMENT_CHARS_MAX;
use crate::store::department::Department;
use crate::store::ticket::Owner;
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Departments;

fn find(call: &Call<'_>, id: &str) -> Result<Department, Refusal> {
    let id = DepartmentId::new(number(id)?);
    call.read(|tx| tx.department(id)?.ok_or(Refusal::NotFound))
}

/// A department that this person may change: one they see.
fn find_to_change(call: &Call<'_>, id: &str) -> Result<Department, Refusal> {
    let found = find(call, id)?;
    if call.viewer()?.sees(found.id) { Ok(found) } else { Err(Refusal::Forbidden) }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let all = call.read(|tx| Ok(tx.departments()?))?;
    let viewer = call.viewer()?;
    let row = |department: Department| {
        let may_change = viewer.sees(department.id);
        Row {
            key: department.id.to_string(),
            cells: vec![department.name, if department.is_private { call.language.t("yes") } else { String::new() }],
            edit: may_change.then(|| NOUN.path_of(department.id)),
            remove: may_change.then(|| format!("{}/remove/{}", NOUN.path(), department.id)),
            ..Row::default()
        }
    };
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/departments/new"),
        head: vec![call.language.t("f-name"), call.language.t("f-private")],
        rows: all.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find_to_change(call, id)).transpose()?;
    let title = found.as_ref().map_or_else(|| call.language.t("setup-new-department"), |found| found.name.clone());
    let (name, is_private) = found.map_or((String::new(), false), |found| (found.name, found.is_private));
    let fields = vec![
        Field::text("name", call.language.t("f-name"), name).required(),
        Field::check("private", call.language.t("f-private"), is_private).hint(call.language.t("h-private")),
    ];
    Ok(Form::new(title, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let name = typed.line("name", DEPARTMENT_CHARS_MAX);
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    let is_private = call.form.has("private");
    let id = id.map(|id| find_to_change(call, id)).transpose()?.map(|found| found.id);
    let viewer = call.viewer()?;
    call.write(|tx| {
        match id {
            Some(id) => tx.update_department(id, Some(name), Some(is_private)).map(|_| ())?,
            None => {
                let added = tx.add_department(name, is_private)?;
                // Who makes a department sees it.
                if !viewer.sees_all {
                    let own: Vec<DepartmentId> = viewer.departments.iter().copied().chain([added]).collect();
                    tx.set_staff_departments(viewer.id(), &own)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let found = find_to_change(call, id)?;
    let (others, belongings, addresses) = call.read(|tx| {
        let others: Vec<Department> = tx.departments()?.into_iter().filter(|other| other.id != found.id).collect();
        let own = |address: &crate::store::address::DeskAddress| address.department == Some(found.id);
        let addresses: Vec<String> =
            tx.desk_addresses()?.into_iter().filter(own).map(|address| address.email).collect();
        Ok((others, tx.belongings(Owner::Department(found.id))?, addresses))
    })?;
    let title = call.language.with("remove-department", "name", found.name.as_str());
    let Some(next) = others.iter().min_by_key(|other| other.id) else {
        return Ok(Loss { is_possible: false, ..Loss::new(title, vec![call.language.t("last-department")]) });
    };
    let mut lines = vec![call.language.with("removes-tickets", "n", belongings.tickets)];
    if !addresses.is_empty() {
        lines.push(call.language.with("addresses-move", "name", next.name.as_str()));
        lines.extend(addresses);
    }
    Ok(Loss::new(title, lines))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find_to_change(call, id)?.id;
    call.write(|tx| {
        if tx.departments()?.len() < 2 {
            return Err(Refusal::Forbidden);
        }
        call.change(tx)?.remove_department(id)?;
        Ok(())
    })
}
