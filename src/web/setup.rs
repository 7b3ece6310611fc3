//! The pages on which a desk is set up: one file a noun below, with its list, its form, and what goes with it when it is
//! removed. Lists, forms and questions look and work alike; they are in `page_of` and `field`.

mod address;
mod address_way;
mod agent;
mod audit;
mod backup;
mod ban;
mod canned;
mod check;
mod custom_field;
mod customer;
mod department;
mod errand;
mod field;
mod figures;
mod first;
mod general;
mod health;
mod import;
mod mails;
mod page_of;
mod priority;
mod resent;
mod schedule;
mod shelf;
mod tag;
mod template;
#[cfg(test)]
mod tests;
mod token;
mod view;
mod webhook;

pub(crate) use address::AddressTest;
pub(crate) use errand::Work;
pub(in crate::web) use first::answer as first_run;
pub(crate) use health::HealthLine;

use std::path::PathBuf;

use super::answer::{self, Refusal};
use super::call::Call;
use crate::http::{Method, Response};
use crate::store::address::AddressRow;
use field::{Form, Loss, Table};

/// Has a short command of `admin` carried out.
pub(crate) type Ask = dyn Fn(&[String]) -> Result<String, String> + Send + Sync;

/// What the pages cannot do by themselves: `serve` hands it in.
pub(crate) struct Tools {
    /// Tries the ways in and out of an address: logs in, sends nothing, changes nothing.
    pub(crate) test_address: Box<dyn Fn(&AddressRow) -> AddressTest + Send + Sync>,
    /// What `admin doctor` says.
    pub(crate) health: Box<dyn Fn() -> Result<Vec<HealthLine>, String> + Send + Sync>,
    /// What a short command of `admin` prints, or what it complains of.
    pub(crate) ask: Box<Ask>,
    /// Begins long work that is on record; returns at once.
    pub(crate) start: Box<dyn Fn(Work) -> Result<(), String> + Send + Sync>,
    /// Our own program with the options that lead it to this desk, for the lines of mail servers.
    pub(crate) command: String,
    /// The database as commands name it: a file, or a server's without a password.
    pub(crate) database: String,
    /// The account the desk's file belongs to.
    pub(crate) account: String,
    /// The folder of the database, where passwords of mailboxes, backups and what is to be imported are kept.
    pub(crate) folder: PathBuf,
}

/// What a set-up page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Noun {
    /// Departments.
    Departments,
    /// The desk's addresses.
    Addresses,
    /// Staff.
    Agents,
    /// Hours in which staff are on duty.
    Schedules,
    /// Customers.
    Customers,
    /// API tokens.
    Tokens,
    /// What our mails say.
    Templates,
    /// Settings.
    General,
    /// Canned responses.
    Canned,
    /// Custom fields.
    Fields,
    /// Priorities.
    Priorities,
    /// Tags.
    Tags,
    /// Views for everybody.
    Views,
    /// Banned senders.
    Bans,
    /// Webhooks.
    Webhooks,
    /// What came in and how fast it was answered.
    Figures,
    /// Every change.
    Audit,
    /// What `admin doctor` says.
    Health,
    /// Every mail that came in.
    Mails,
    /// Backups.
    Backups,
    /// What `admin check` says.
    Check,
    /// Moving in.
    Import,
}

/// What is done there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// The list, or the only page.
    List,
    /// A new one.
    Add,
    /// One of them, by its id or name.
    Edit(String),
    /// Asks whether to remove one.
    Remove(String),
    /// What belongs to one: the log of a webhook.
    Log(String),
    /// One as a file: a backup, a mail.
    File(String),
}

/// A set-up page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// What it is about.
    pub(crate) noun: Noun,
    /// What is done there.
    pub(crate) deed: Deed,
}

impl Noun {
    /// Every noun, in the order of the menu.
    pub(in crate::web) const ALL: [Self; 22] = [
        Self::General,
        Self::Departments,
        Self::Addresses,
        Self::Agents,
        Self::Schedules,
        Self::Customers,
        Self::Templates,
        Self::Canned,
        Self::Fields,
        Self::Priorities,
        Self::Tags,
        Self::Views,
        Self::Tokens,
        Self::Webhooks,
        Self::Bans,
        Self::Mails,
        Self::Figures,
        Self::Audit,
        Self::Health,
        Self::Check,
        Self::Backups,
        Self::Import,
    ];

    /// Its path, HelpDeskZ's where it had the page, and the name of its title in the catalogues.
    pub(crate) const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Departments => ("/staff/departments", "departments"),
            Self::Addresses => ("/staff/setup/email-addresses", "addresses"),
            Self::Agents => ("/staff/agents", "agents"),
            Self::Schedules => ("/staff/setup/schedules", "schedules"),
            Self::Customers => ("/staff/users", "customers"),
            Self::Figures => ("/staff/setup/figures", "figures"),
            Self::Tokens => ("/staff/setup/api", "tokens"),
            Self::Templates => ("/staff/setup/email-templates", "templates"),
            Self::General => ("/staff/setup/general", "general"),
            Self::Canned => ("/staff/canned-responses", "canned"),
            Self::Fields => ("/staff/tools/custom-fields", "fields"),
            Self::Priorities => ("/staff/setup/priorities", "priorities"),
            Self::Tags => ("/staff/setup/tags", "tags"),
            Self::Views => ("/staff/setup/views", "views"),
            Self::Bans => ("/staff/setup/bans", "bans"),
            Self::Webhooks => ("/staff/setup/webhooks", "webhooks"),
            Self::Audit => ("/staff/setup/audit", "audit"),
            Self::Health => ("/staff/setup/health", "health"),
            Self::Mails => ("/staff/setup/mails", "mails"),
            Self::Backups => ("/staff/setup/backups", "backups"),
            Self::Check => ("/staff/setup/check", "check"),
            Self::Import => ("/staff/setup/import", "import"),
        }
    }

    /// Whether its list itself is posted to.
    pub(crate) const fn has_acts(self) -> bool {
        matches!(self, Self::General | Self::Backups | Self::Check | Self::Import)
    }

    /// Whether it shows or hands out what belongs to every department, and is for those who see all: a token and a
    /// webhook reach every ticket.
    const fn is_of_all(self) -> bool {
        matches!(self, Self::Tokens | Self::Webhooks | Self::Figures | Self::Backups | Self::Import)
    }

    /// Whether everybody who sets up may look at it, and those who see all change it: settings and texts of mails hold
    /// for every department, say whose word is believed and where the links lead that open tickets.
    const fn is_changed_by_those_who_see_all(self) -> bool {
        matches!(self, Self::General | Self::Templates)
    }

    /// Its path, without prefix.
    pub(in crate::web) const fn path(self) -> &'static str {
        self.parts().0
    }

    fn title(self, call: &Call<'_>) -> String {
        call.language.word("setup", self.parts().1)
    }

    fn path_of(self, id: impl std::fmt::Display) -> String {
        format!("{}/edit/{id}", self.path())
    }
}

impl Place {
    /// The page of the pieces of a path behind `/staff`.
    pub(crate) fn of(pieces: &[&str]) -> Option<Self> {
        if matches!(pieces, ["setup"] | ["setup", "security" | "tickets"]) {
            return Some(Self { noun: Noun::General, deed: Deed::List });
        }
        let path = format!("/staff/{}", pieces.join("/"));
        let is_below =
            |noun: &&Noun| path.strip_prefix(noun.path()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let noun = Noun::ALL.iter().find(is_below).copied()?;
        let rest: Vec<&str> = path.strip_prefix(noun.path())?.split('/').skip(1).collect();
        let deed = match rest.as_slice() {
            [] => Deed::List,
            ["new"] => Deed::Add,
            ["edit", id] => Deed::Edit((*id).to_owned()),
            ["remove", id] => Deed::Remove((*id).to_owned()),
            ["log", id] => Deed::Log((*id).to_owned()),
            ["file", id] => Deed::File((*id).to_owned()),
            _ => return None,
        };
        Some(Self { noun, deed })
    }

    /// Its path, without prefix.
    pub(crate) fn path(&self) -> String {
        let path = self.noun.path();
        match &self.deed {
            Deed::List => path.to_owned(),
            Deed::Add => format!("{path}/new"),
            Deed::Edit(id) => format!("{path}/edit/{id}"),
            Deed::Remove(id) => format!("{path}/remove/{id}"),
            Deed::Log(id) => format!("{path}/log/{id}"),
            Deed::File(id) => format!("{path}/file/{id}"),
        }
    }
}

/// What became of a form.
enum Saved {
    /// It was saved: back to the list, which says so.
    Done,
    /// It was saved, and that page has what comes next.
    At(String),
    /// Long work has begun, or one of its kind runs already; that page shows it.
    Begun(String, bool),
    /// Something in it is wrong, or something is to be shown: the form again.
    Again(Form),
}

/// What became of something that was done on the page of a list.
enum Acted {
    /// It was done: back to the list, which says so by this word.
    LeadTo(&'static str),
    /// Something in its form is wrong.
    Again(Form),
}

/// Has a set-up page answer. Who asks may set up the desk.
pub(super) fn answer(call: &Call<'_>, place: &Place) -> Result<Response, Refusal> {
    let is_post = call.method == Method::Post;
    let noun = place.noun;
    let is_closed = noun.is_of_all() || (is_post && noun.is_changed_by_those_who_see_all());
    if is_closed && !call.viewer()?.sees_all {
        return Err(Refusal::Forbidden);
    }
    match &place.deed {
        Deed::List if is_post && noun == Noun::General => {
            let stopped = resent::stopped(call, || general::form(call))?;
            saved(call, noun, stopped.map_or_else(|| general::save(call), Ok)?)
        }
        Deed::List if noun == Noun::General => page_of::form(call, noun, &general::form(call)?),
        Deed::List if is_post => acted(call, noun, act(call, noun)?),
        Deed::List => page_of::table(call, noun, &list(call, noun)?),
        Deed::Add if is_post => match resent::added(call, noun) {
            Err(Refusal::Before) => saved(call, noun, resent::added_before(call, noun)?),
            done => saved(call, noun, done?),
        },
        Deed::Add => page_of::form(call, noun, &form(call, noun, None)?),
        Deed::Edit(id) if is_post => {
            let stopped = resent::stopped(call, || form(call, noun, Some(id)))?;
            saved(call, noun, stopped.map_or_else(|| save(call, noun, Some(id)), Ok)?)
        }
        Deed::Edit(id) => page_of::form(call, noun, &form(call, noun, Some(id))?),
        Deed::Remove(id) if is_post => {
            remove(call, noun, id)?;
            Ok(call.lead_to(&format!("{}?done=removed", noun.path())))
        }
        Deed::Remove(id) => page_of::question(call, noun, &loss(call, noun, id)?),
        Deed::Log(id) if noun == Noun::Webhooks && is_post => webhook::resend(call, id),
        Deed::Log(id) if noun == Noun::Webhooks => page_of::table(call, noun, &webhook::log(call, id)?),
        Deed::File(id) if noun == Noun::Backups && is_post => backup::file(call, id),
        Deed::File(id) if noun == Noun::Mails && !is_post => mails::file(call, id),
        Deed::Log(_) | Deed::File(_) => Err(Refusal::NotFound),
    }
}

fn act(call: &Call<'_>, noun: Noun) -> Result<Acted, Refusal> {
    match noun {
        Noun::Backups => backup::act(call),
        Noun::Check => check::act(call),
        Noun::Import => import::act(call),
        _ => Err(Refusal::Method("GET, HEAD")),
    }
}

fn acted(call: &Call<'_>, noun: Noun, acted: Acted) -> Result<Response, Refusal> {
    match acted {
        Acted::LeadTo(done) => Ok(call.lead_to(&format!("{}?done={done}", noun.path()))),
        Acted::Again(form) => page_of::table(call, noun, &Table { form: Some(form), ..list(call, noun)? }),
    }
}

fn saved(call: &Call<'_>, noun: Noun, saved: Saved) -> Result<Response, Refusal> {
    match saved {
        Saved::Done => Ok(call.lead_to(&format!("{}?done=saved", noun.path()))),
        Saved::At(path) => Ok(call.lead_to(&format!("{path}?done=saved"))),
        Saved::Begun(path, has_begun) => {
            let done = if has_begun { "started" } else { "running" };
            Ok(call.lead_to(&format!("{path}?done={done}")))
        }
        Saved::Again(form) => page_of::form(call, noun, &form),
    }
}

fn list(call: &Call<'_>, noun: Noun) -> Result<Table, Refusal> {
    match noun {
        Noun::Departments => department::list(call),
        Noun::Addresses => address::list(call),
        Noun::Agents => agent::list(call),
        Noun::Schedules => schedule::list(call),
        Noun::Customers => customer::list(call),
        Noun::Tokens => token::list(call),
        Noun::Templates => template::list(call),
        Noun::Canned => canned::list(call),
        Noun::Fields => custom_field::list(call),
        Noun::Priorities => priority::list(call),
        Noun::Tags => tag::list(call),
        Noun::Views => view::list(call),
        Noun::Bans => ban::list(call),
        Noun::Webhooks => webhook::list(call),
        Noun::Figures => figures::list(call),
        Noun::Audit => audit::list(call),
        Noun::Health => health::list(call),
        Noun::Mails => mails::list(call),
        Noun::Backups => backup::list(call),
        Noun::Check => check::list(call),
        Noun::Import => import::list(call),
        Noun::General => Err(Refusal::NotFound),
    }
}

fn form(call: &Call<'_>, noun: Noun, id: Option<&str>) -> Result<Form, Refusal> {
    match noun {
        Noun::Departments => department::form(call, id),
        Noun::Addresses => address::form(call, id),
        Noun::Agents => agent::form(call, id),
        Noun::Schedules => schedule::form(call, id),
        Noun::Customers => customer::form(call, id),
        Noun::Tokens => token::form(call, id),
        Noun::Templates => template::form(call, id),
        Noun::Canned => canned::form(call, id),
        Noun::Fields => custom_field::form(call, id),
        Noun::Priorities => priority::form(call, id),
        Noun::Tags => tag::form(call, id),
        Noun::Views => view::form(call, id),
        Noun::Bans => ban::form(call, id),
        Noun::Webhooks => webhook::form(call, id),
        Noun::Mails => mails::form(call, id),
        Noun::Import => import::form(call, id),
        Noun::Figures | Noun::Audit | Noun::Health | Noun::General | Noun::Backups | Noun::Check => {
            Err(Refusal::NotFound)
        }
    }
}

fn save(call: &Call<'_>, noun: Noun, id: Option<&str>) -> Result<Saved, Refusal> {
    match noun {
        Noun::Departments => department::save(call, id),
        Noun::Addresses => address::save(call, id),
        Noun::Agents => agent::save(call, id),
        Noun::Schedules => schedule::save(call, id),
        Noun::Customers => customer::save(call, id),
        Noun::Tokens => token::save(call, id),
        Noun::Templates => template::save(call, id),
        Noun::Canned => canned::save(call, id),
        Noun::Fields => custom_field::save(call, id),
        Noun::Priorities => priority::save(call, id),
        Noun::Tags => tag::save(call, id),
        Noun::Views => view::save(call, id),
        Noun::Bans => ban::save(call, id),
        Noun::Webhooks => webhook::save(call, id),
        Noun::Mails => mails::save(call, id),
        Noun::Import => import::save(call, id),
        Noun::Figures | Noun::Audit | Noun::Health | Noun::General | Noun::Backups | Noun::Check => {
            Err(Refusal::NotFound)
        }
    }
}

fn loss(call: &Call<'_>, noun: Noun, id: &str) -> Result<Loss, Refusal> {
    match noun {
        Noun::Departments => department::loss(call, id),
        Noun::Addresses => address::loss(call, id),
        Noun::Agents => agent::loss(call, id),
        Noun::Schedules => schedule::loss(call, id),
        Noun::Customers => customer::loss(call, id),
        Noun::Tokens => token::loss(call, id),
        Noun::Canned => canned::loss(call, id),
        Noun::Fields => custom_field::loss(call, id),
        Noun::Priorities => priority::loss(call, id),
        Noun::Tags => tag::loss(call, id),
        Noun::Views => view::loss(call, id),
        Noun::Bans => ban::loss(call, id),
        Noun::Webhooks => webhook::loss(call, id),
        Noun::Templates => template::loss(call, id),
        Noun::Backups => backup::loss(call, id),
        Noun::Import => import::loss(call, id),
        Noun::Figures | Noun::Audit | Noun::Health | Noun::General | Noun::Mails | Noun::Check => {
            Err(Refusal::NotFound)
        }
    }
}

fn remove(call: &Call<'_>, noun: Noun, id: &str) -> Result<(), Refusal> {
    // What is not there, or may not go, is refused as the question is.
    if !loss(call, noun, id)?.is_possible {
        return Err(Refusal::Forbidden);
    }
    match noun {
        Noun::Departments => department::remove(call, id),
        Noun::Addresses => address::remove(call, id),
        Noun::Agents => agent::remove(call, id),
        Noun::Schedules => schedule::remove(call, id),
        Noun::Customers => customer::remove(call, id),
        Noun::Tokens => token::remove(call, id),
        Noun::Canned => canned::remove(call, id),
        Noun::Fields => custom_field::remove(call, id),
        Noun::Priorities => priority::remove(call, id),
        Noun::Tags => tag::remove(call, id),
        Noun::Views => view::remove(call, id),
        Noun::Bans => ban::remove(call, id),
        Noun::Webhooks => webhook::remove(call, id),
        Noun::Templates => template::remove(call, id),
        Noun::Backups => backup::remove(call, id),
        Noun::Import => import::remove(call, id),
        Noun::Figures | Noun::Audit | Noun::Health | Noun::General | Noun::Mails | Noun::Check => {
            Err(Refusal::NotFound)
        }
    }
}

/// The number that an id of a path is.
fn number(id: &str) -> Result<i64, Refusal> {
    let is_plain = id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0');
    id.parse().ok().filter(|_| is_plain).ok_or(Refusal::NotFound)
}

/// A page.
fn html(status: u16, page: &impl askama::Template) -> Result<Response, Refusal> {
    Ok(answer::html_page(status, page.render()?))
}
