//! `admin init`: the database, department 1 and the desk's name.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::output::Output;
use crate::admin::random;
use crate::domain::Timestamp;
use crate::outcome::{self, Done, Failure};
use crate::serve;
use crate::store::migrate::{self, Migrated};
use crate::store::session::EntryLink;
use crate::store::settings::{SettingError, definition};
use crate::store::{self, Place, Store};

/// Options of `admin init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  maildesk admin init --site-name 'Example Support' --url https://desk.example.org")]
pub(crate) struct Arguments {
    /// Name of the desk, in mails
    #[arg(long, value_name = "NAME")]
    site_name: Option<String>,
    /// Public URL of the desk, for links in mails
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// There is a backup: migrate the tables on a PostgreSQL server (a file is backed up by itself)
    #[arg(long)]
    backed_up: bool,
}

pub(super) fn run(
    place: &Place,
    listen: Option<&str>,
    out: &Output,
    arguments: &Arguments,
    now: Timestamp,
) -> outcome::Result<Done> {
    let done = prepare(place, arguments, now)?;
    let path = &place.shown();
    let (word, talk) = match &done {
        Migrated::Created => ("created", format!("created {}", path.display())),
        Migrated::Current => ("current", format!("{} is up to date", path.display())),
        Migrated::Upgraded { from, backup } => (
            "migrated",
            format!(
                "migrated {} from schema {from}; the database as it was is in {}",
                path.display(),
                backup.display()
            ),
        ),
        Migrated::Raised { from } => ("migrated", format!("migrated {} from schema {from}", path.display())),
    };
    let backup = if let Migrated::Upgraded { backup, .. } = &done { Some(backup) } else { None };
    let link = first_link(place, listen, now)?;
    let json = json!({ "first_account": link, "database": path, "schema": migrate::SCHEMA_VERSION, "result": word, "backup": backup });
    out.changed(&json, &talk)?;
    if let Some(link) = link {
        out.say(&format!("make the first account in a browser within the hour, while `maildesk serve` runs: {link}"));
    }
    let owner = std::fs::metadata(path).map(|found| found.uid()).unwrap_or_default();
    if rustix::process::geteuid().is_root() && owner != 0 {
        out.say(&format!("it belongs to user id {owner}, as its folder does"));
    }
    Ok(Done)
}

/// How long the link to the first account works.
const FIRST_LINK_S: i64 = Timestamp::HOUR_S;

/// Where the pages are as long as setting `site_url` does not say it: where `serve` listens, as a browser on this machine
/// reaches it.
pub(super) fn local_url(listen: Option<&str>) -> String {
    let listen = listen.unwrap_or(serve::LISTEN);
    let address = listen.parse::<SocketAddr>().map(|address| match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    });
    format!("http://{}", address.map_or_else(|_| listen.to_owned(), |address| address.to_string()))
}

/// A link by which the first account of a desk without staff is made in a browser, once; none where the pages are off.
fn first_link(place: &Place, listen: Option<&str>, now: Timestamp) -> outcome::Result<Option<String>> {
    let store = Store::open(place, Duration::from_secs(store::LOCK_WAIT_S))?;
    let (settings, has_staff) = store.read(|tx| Ok::<_, store::Error>((tx.settings()?, tx.has_staff()?)))?;
    if has_staff || !settings.web {
        return Ok(None);
    }
    let site = if settings.site_url.is_empty() { local_url(listen) } else { settings.site_url };
    let secret = random::<32>()?;
    let token = BASE64URL_NOPAD.encode(&secret);
    let hash = Sha256::digest(token.as_bytes()).into();
    store.write(|tx| tx.add_entry_link(&hash, EntryLink::Setup, now.plus_s(FIRST_LINK_S), now))?;
    Ok(Some(format!("{}/staff/first/{token}", site.trim_end_matches('/'))))
}

/// Creates or migrates the database and stores the given settings.
pub(super) fn prepare(place: &Place, arguments: &Arguments, now: Timestamp) -> outcome::Result<Migrated> {
    let settings = [("site_name", &arguments.site_name), ("site_url", &arguments.url)];
    let mut checked = Vec::new();
    for (key, value) in settings {
        if let Some(value) = value {
            let definition = definition(key)?;
            let value = definition.check(value).map_err(|e: SettingError| Failure::usage(e.to_string()))?;
            checked.push((definition, value));
        }
    }
    let secret = random::<32>()?;
    let done = migrate::create_or_raise(place, &secret, arguments.backed_up, now)?;
    let store = Store::open(place, Duration::from_secs(store::LOCK_WAIT_S))?;
    store.write(|tx| {
        for (definition, value) in &checked {
            tx.set_setting(definition, value)?;
        }
        Ok::<_, store::Error>(())
    })?;
    Ok(done)
}

impl Arguments {
    /// Arguments as `admin setup` gives them.
    pub(super) fn of(site_name: &str, url: &str) -> Self {
        Self { site_name: Some(site_name.to_owned()), url: Some(url.to_owned()), backed_up: false }
    }

    /// Arguments as `admin demo` gives them.
    pub(super) fn named(site_name: &str) -> Self {
        Self { site_name: Some(site_name.to_owned()), url: None, backed_up: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_site_url_the_link_leads_to_where_serve_listens() {
        for (listen, expected) in [
            (None, "http://127.0.0.1:8080"),
            (Some("127.0.0.1:9000"), "http://127.0.0.1:9000"),
            (Some("0.0.0.0:80"), "http://127.0.0.1:80"),
            (Some("[::]:80"), "http://[::1]:80"),
            (Some("192.0.2.7:80"), "http://192.0.2.7:80"),
            (Some("desk.test:80"), "http://desk.test:80"),
        ] {
            assert_eq!(local_url(listen), expected, "{listen:?}");
        }
    }
}
