//! Staff: who they are, what they may see and do, their password and second factor.

use super::field::{Field, Form, Loss, OutcomeLine, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, EmailAddress, ScheduleId, StaffId};
use crate::random;
use crate::store::address_use::Purpose;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::staff::{NewStaff, Schedule, Staff, StaffChange};
use crate::store::{Error, ReadTx, WriteTx};
use crate::totp::RecoveryCodes;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::{password, totp};

/// Longest login name, in characters. Chosen: above any that people type.
const USERNAME_CHARS_MAX: usize = 100;

const NOUN: Noun = Noun::Agents;

fn find(call: &Call<'_>, id: &str) -> Result<Staff, Refusal> {
    let id = StaffId::new(number(id)?);
    call.read(|tx| tx.staff(id)?.ok_or(Refusal::NotFound))
}

/// Whether this person may change an account: one that sees no more than they do. Whoever sets a password or switches off
/// a second factor could sign in as it.
fn may_change(tx: &ReadTx<'_>, call: &Call<'_>, staff: &Staff) -> Result<bool, Refusal> {
    let viewer = call.viewer()?;
    if viewer.sees_all {
        return Ok(true);
    }
    Ok(!staff.sees_all() && tx.staff_departments(staff.id)?.iter().all(|department| viewer.sees(*department)))
}

/// An account that this person may change.
fn find_to_change(call: &Call<'_>, id: &str) -> Result<Staff, Refusal> {
    let staff = find(call, id)?;
    if call.read(|tx| may_change(tx, call, &staff))? { Ok(staff) } else { Err(Refusal::Forbidden) }
}

fn role(call: &Call<'_>, role: StaffRole) -> String {
    call.language.word("role", role.word())
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |(staff, may_change): (Staff, bool)| Row {
        key: staff.id.to_string(),
        edit: may_change.then(|| NOUN.path_of(staff.id)),
        remove: may_change.then(|| format!("{}/remove/{}", NOUN.path(), staff.id)),
        cells: vec![
            staff.username,
            staff.fullname,
            staff.email,
            role(call, staff.role),
            call.language.t(if staff.is_active { "yes" } else { "no" }),
            call.language.t(if staff.has_totp { "yes" } else { "no" }),
            String::new(),
        ],
        times: vec![(6, staff.last_login_at)],
        ..Row::default()
    };
    let all = call.read(|tx| {
        let with_right = |staff: Staff| may_change(tx, call, &staff).map(|may_change| (staff, may_change));
        tx.all_staff()?.into_iter().map(with_right).collect::<Result<Vec<_>, _>>()
    })?;
    let head = ["username", "f-name", "f-email", "f-role", "f-active", "f-second-factor", "f-last-sign-in"];
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-agents"),
        add: Some("/staff/agents/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: all.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find_to_change(call, id)).transpose()?;
    let (own, notices, schedule, all, schedules, codes) = call.read(|tx| {
        let own = match &found {
            Some(staff) => tx.staff_departments(staff.id)?,
            None => Vec::new(),
        };
        let notices = match &found {
            Some(staff) => tx.staff_switches(staff.id)?.is_some_and(|(_, notices)| notices),
            None => true,
        };
        let schedule = match &found {
            Some(staff) => tx.staff_profile(staff.id)?.map(|(_, schedule)| schedule).unwrap_or_default(),
            None => String::new(),
        };
        let codes = match &found {
            Some(staff) => tx.recovery_codes_left(staff.id)?,
            None => 0,
        };
        Ok((own, notices, schedule, tx.departments()?, tx.schedules()?, codes))
    })?;
    let t = |name: &str| call.language.t(name);
    let text = |read: fn(&Staff) -> &str| found.as_ref().map_or("", read).to_owned();
    let is = |read: fn(&Staff) -> bool, new: bool| found.as_ref().map_or(new, read);
    let chosen = found.as_ref().map_or(StaffRole::Agent, |staff| staff.role);
    // Nobody gives what they do not have.
    let viewer = call.viewer()?;
    let roles =
        [StaffRole::Agent, StaffRole::Admin].into_iter().filter(|one| viewer.sees_all || *one != StaffRole::Admin);
    let roles = roles.map(|one| (one.word().to_owned(), role(call, one))).collect();
    let departments = all
        .into_iter()
        .filter(|department| viewer.sees(department.id))
        .map(|department| (department.id.to_string(), department.name, own.contains(&department.id)))
        .collect();
    let mut fields = Vec::new();
    if found.is_none() {
        fields.push(Field::text("username", t("username"), "").required());
    }
    fields.extend([
        Field::text("name", t("f-name"), text(|staff| &staff.fullname)).required(),
        Field::new("email", "email", t("f-email"), text(|staff| &staff.email)).required(),
        Field::select("role", t("f-role"), chosen.word(), roles).hint(t("h-role")),
        Field::checks("departments", t("f-departments"), departments),
    ]);
    if viewer.sees_all {
        fields.push(Field::check("all", t("f-sees-all"), is(|staff| staff.has_all_departments, false)));
    }
    fields.extend([
        Field::check("setup", t("f-sets-up"), is(|staff| staff.has_setup, false)),
        Field::check("active", t("f-active"), is(|staff| staff.is_active, true)),
        Field::check("notices", t("f-notices"), notices),
        Field::select("schedule", t("f-schedule"), &schedule, schedule_choices(call, schedules)).hint(t("h-schedule")),
        Field {
            is_required: found.is_none(),
            hint: t(if found.is_none() { "h-password-new" } else { "h-password" }),
            ..Field::new("password", "password", t("password"), "")
        },
    ]);
    let title = found.as_ref().map_or_else(|| t("setup-new-agent"), |staff| staff.username.clone());
    let deeds = match &found {
        None => Vec::new(),
        Some(staff) if staff.has_totp => vec![("totp-off", t("totp-off")), ("codes", t("new-codes"))],
        Some(_) => vec![("totp-on", t("totp-on"))],
    };
    let about = match &found {
        Some(staff) if staff.has_totp => call.language.with("codes-left", "n", codes),
        Some(_) | None => String::new(),
    };
    Ok(Form { deeds, about, ..Form::new(title, fields) })
}

/// The schedules by name; none is always on duty.
fn schedule_choices(call: &Call<'_>, schedules: Vec<Schedule>) -> Vec<(String, String)> {
    let always = (String::new(), call.language.t("always-on-duty"));
    std::iter::once(always).chain(schedules.into_iter().map(|own| (own.name.clone(), own.name))).collect()
}

/// The fields that were typed, checked.
struct Account<'c> {
    fullname: &'c str,
    email: EmailAddress,
    role: StaffRole,
    departments: Vec<DepartmentId>,
    hash: Option<String>,
    /// `None` for always on duty.
    schedule: Option<ScheduleId>,
}

fn read<'c>(call: &'c Call<'c>, typed: &mut Typed<'c>, is_new: bool) -> Result<Option<Account<'c>>, Refusal> {
    let fullname = typed.line("name", FULLNAME_CHARS_MAX);
    let email = typed.email("email");
    let role = StaffRole::from_word(call.form.trimmed("role"));
    if role.is_none() {
        typed.wrong("role", call.language.t("wrong-choice"));
    }
    let known: Vec<DepartmentId> = call.read(|tx| Ok(tx.departments()?.into_iter().map(|own| own.id).collect()))?;
    let chosen = call.form.all("departments").filter_map(|id| id.parse().ok()).map(DepartmentId::new);
    let departments: Vec<DepartmentId> = chosen.filter(|id| known.contains(id)).collect();
    check_given(call, typed, role, &departments)?;
    let named = call.form.trimmed("schedule");
    let schedule = call.read(|tx| Ok(tx.schedule_named(named)?))?.map(|own| own.id);
    if schedule.is_none() && !named.is_empty() {
        typed.wrong("schedule", call.language.t("wrong-choice"));
    }
    let secret = call.form.get("password");
    let hash = if secret.is_empty() && !is_new { None } else { hashed(call, typed, secret)? };
    let (Some(email), Some(role), true) = (email, role, typed.is_fine()) else { return Ok(None) };
    Ok(Some(Account { fullname, email, role, departments, hash, schedule }))
}

/// Notes what the form gives that its sender does not have.
fn check_given<'c>(
    call: &'c Call<'c>,
    typed: &mut Typed<'c>,
    role: Option<StaffRole>,
    departments: &[DepartmentId],
) -> Result<(), Refusal> {
    let viewer = call.viewer()?;
    let gives = [
        ("role", role == Some(StaffRole::Admin)),
        ("role", call.form.has("all")),
        ("departments", !departments.iter().all(|department| viewer.sees(*department))),
    ];
    for (name, _) in gives.into_iter().filter(|(_, is_given)| *is_given && !viewer.sees_all) {
        typed.wrong(name, call.language.t("for-those-who-see-all"));
    }
    Ok(())
}

/// A password's hash; what is wrong with it is noted.
pub(super) fn hashed<'c>(call: &'c Call<'c>, typed: &mut Typed<'c>, secret: &str) -> Result<Option<String>, Refusal> {
    let done = call.web.slots.run(&|| call.client.is_gone(), |memory| password::hash_in(memory, secret));
    match done.map_err(|_| Refusal::Busy)? {
        Ok(hash) => Ok(Some(hash)),
        Err(password::Error::TooShort | password::Error::TooLong) => {
            let least = i64::try_from(password::PASSWORD_CHARS_MIN).unwrap_or(0);
            typed.wrong("password", call.language.with("wrong-password-length", "min", least));
            Ok(None)
        }
        Err(error) => {
            tracing::error!(%error, "hashing a password");
            Err(Refusal::Failed)
        }
    }
}

/// Whether a text may be a login name.
pub(super) fn is_username(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.len() <= USERNAME_CHARS_MAX && text.chars().all(is_letter)
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    match (id, call.form.get("do")) {
        (Some(id), deed @ ("totp-on" | "totp-off")) => return second_factor(call, id, deed == "totp-on"),
        (Some(id), "codes") => return new_codes(call, id),
        _ => {}
    }
    let former = id.map(|id| find_to_change(call, id)).transpose()?;
    let mut typed = Typed::new(call);
    let username = call.form.trimmed("username");
    if former.is_none() {
        if !is_username(username) {
            typed.wrong("username", call.language.t("wrong-username"));
        } else if call.read(|tx| Ok(tx.staff_by_username(username)?))?.is_some() {
            typed.wrong("username", call.language.t("wrong-taken"));
        }
    }
    let account = read(call, &mut typed, former.is_none())?;
    if let Some(account) = &account {
        let own = former.as_ref().filter(|own| own.email.eq_ignore_ascii_case(account.email.as_str()));
        let purpose = Purpose::Staff(former.as_ref().map(|own| own.id));
        if own.is_none() && call.read(|tx| Ok(tx.holder(&account.email, purpose)?.is_some()))? {
            typed.wrong("email", call.language.t("wrong-taken"));
        }
    }
    let is_active = call.form.has("active");
    if let (Some(staff), Some(account)) = (&former, &account) {
        let stays = is_active && account.role == StaffRole::Admin;
        if !stays && call.read(|tx| is_last_admin(tx, staff))? {
            typed.wrong("role", call.language.t("last-admin"));
        }
    }
    let (Some(account), true) = (account, typed.is_fine()) else {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    };
    call.write(|tx| write(tx, call, former.as_ref(), &account))?;
    Ok(Saved::Done)
}

fn write(tx: &WriteTx<'_>, call: &Call<'_>, former: Option<&Staff>, account: &Account<'_>) -> Result<(), Refusal> {
    let is_active = call.form.has("active");
    let id = match former {
        Some(staff) => staff.id,
        None => {
            let new = NewStaff {
                username: call.form.trimmed("username"),
                fullname: account.fullname,
                email: &account.email,
                password_hash: account.hash.as_deref().unwrap_or(""),
                role: account.role,
                is_active,
                totp_secret: "",
            };
            match tx.add_staff(&new, &account.departments, call.now) {
                Err(Error::Taken(_)) => return Err(Refusal::Broken),
                other => other?,
            }
        }
    };
    let change = StaffChange {
        fullname: Some(account.fullname),
        email: Some(&account.email),
        role: Some(account.role),
        is_active: Some(is_active),
        has_notifications: Some(call.form.has("notices")),
        has_all_departments: Some(call.form.has("all")),
        has_setup: Some(call.form.has("setup")),
        ..StaffChange::default()
    };
    tx.update_staff(id, &change)?;
    let tied = tx.staff_profile(id)?.map(|(_, schedule)| schedule).unwrap_or_default();
    if tied != call.form.trimmed("schedule") {
        tx.set_staff_schedule(id, account.schedule)?;
    }
    if former.is_some() {
        if tx.staff_departments(id)? != account.departments {
            tx.set_staff_departments(id, &account.departments)?;
        }
        if let Some(hash) = &account.hash {
            tx.set_staff_password(id, hash)?;
        }
    }
    Ok(())
}

/// Switches the second factor of an account; a new secret is shown once.
fn second_factor(call: &Call<'_>, id: &str, is_on: bool) -> Result<Saved, Refusal> {
    let staff = find_to_change(call, id)?;
    let bytes = random::bytes::<{ totp::SECRET_BYTES }>()?;
    let secret = if is_on { totp::secret_of(bytes) } else { String::new() };
    let codes = RecoveryCodes::new(random::bytes)?;
    call.write(|tx| {
        tx.set_totp_secret(staff.id, &secret)?;
        if is_on { Ok(tx.set_recovery_codes(staff.id, &codes.hashes)?) } else { Ok(()) }
    })?;
    if !is_on {
        return Ok(Saved::Done);
    }
    let url = totp::otpauth_url(&call.settings.site_name, &staff.username, &secret);
    let mut outcome =
        vec![OutcomeLine::good(call.language.t("totp-once")), OutcomeLine::good(secret), OutcomeLine::good(url)];
    outcome.extend(shown_once(call, codes));
    Ok(Saved::Again(Form { outcome, ..form(call, Some(id))? }))
}

/// The lines that show recovery codes, this once.
fn shown_once(call: &Call<'_>, codes: RecoveryCodes) -> impl Iterator<Item = OutcomeLine> {
    let lines = std::iter::once(call.language.t("codes-once")).chain(codes.shown);
    lines.map(OutcomeLine::good)
}

/// Gives an account new recovery codes; those before work no more.
fn new_codes(call: &Call<'_>, id: &str) -> Result<Saved, Refusal> {
    let staff = find_to_change(call, id)?;
    if !staff.has_totp {
        return Err(Refusal::Broken);
    }
    let codes = RecoveryCodes::new(random::bytes)?;
    call.write(|tx| Ok(tx.set_recovery_codes(staff.id, &codes.hashes)?))?;
    let outcome = shown_once(call, codes).collect();
    Ok(Saved::Again(Form { outcome, ..form(call, Some(id))? }))
}

/// Whether nobody else could set up the desk as an admin.
fn is_last_admin(tx: &ReadTx<'_>, staff: &Staff) -> Result<bool, Refusal> {
    let is_admin = |one: &Staff| one.is_active && one.role == StaffRole::Admin;
    Ok(is_admin(staff) && !tx.all_staff()?.iter().any(|other| other.id != staff.id && is_admin(other)))
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let staff = find_to_change(call, id)?;
    let title = call.language.with("remove-agent", "name", staff.username.as_str());
    if call.read(|tx| is_last_admin(tx, &staff))? {
        return Ok(Loss { is_possible: false, ..Loss::new(title, vec![call.language.t("last-admin")]) });
    }
    Ok(Loss::new(title, vec![call.language.t("messages-stay")]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let staff = find_to_change(call, id)?;
    call.write(|tx| {
        if is_last_admin(tx, &staff)? {
            return Err(Refusal::Forbidden);
        }
        call.change(tx)?.remove_staff(staff.id)?;
        Ok(())
    })
}
