//! Ways in and out: what waits in the queue, whether each address can be logged into, certificates,
//! and the name of our own site.

use std::collections::BTreeSet;
use std::net::ToSocketAddrs;
use std::path::Path;

use super::certificate::{self, Greeting};
use super::{CheckContext, Finding, Reach, host, output};
use crate::domain::desk_address::{Incoming, Outgoing, Tls};
use crate::domain::{DepartmentId, Timestamp};
use crate::imap_fetch;
use crate::outbox;
use crate::outbox::transport::Transport;
use crate::store::address::AddressRow;
use crate::store::imap::FolderHealth;
use crate::store::receipt::ReceiptState;
use crate::store::settings::Settings;
use crate::store::{self, Store};

/// Seconds a mail may wait before a person should look: by then its recipient wonders where it is.
const QUEUE_AGE_FAIL_S: i64 = Timestamp::DAY_S;
/// Seconds for which a mail that was given up is reported. Chosen: longer than the five days of its tries.
const FAILURE_MEMORY_S: i64 = 7 * Timestamp::DAY_S;
/// Days before its end at which `doctor` warns of a certificate. Chosen: renewals run at thirty.
const CERTIFICATE_DAYS_LOW: i64 = 14;

/// What waits: outgoing mail, mail set aside, and who sends.
pub(super) fn queue(context: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let (pending, oldest, held, served_at) = store.read(|tx| {
        let held = tx.receipts_in(ReceiptState::Quarantined)?;
        Ok::<_, store::Error>((tx.outbox_pending()?, tx.oldest_pending()?.unwrap_or_default(), held, tx.served_at()?))
    })?;
    let mut findings = Vec::new();
    let age = if pending == 0 { 0 } else { context.now.unix().saturating_sub(oldest.unix()) };
    let text = match pending {
        0 => "no mail is waiting to be sent".to_owned(),
        1 => format!("1 mail has waited to be sent for {} min", age / 60),
        n => format!("{n} mails wait to be sent, the oldest for {} min", age / 60),
    };
    let fix = "maildesk admin outbox list --state pending";
    findings.push(match age {
        QUEUE_AGE_FAIL_S.. => Finding::fail("queue", text, fix),
        _ if age > context.loaded.config.limits.outbox_age_max_s => Finding::warn("queue", text, fix),
        _ => Finding::ok("queue", text),
    });
    findings.extend(failures(context, store)?);
    if held > 0 {
        let text = format!("{} in quarantine, waiting for a decision", output::count(held, "mail"));
        findings.push(Finding::warn("quarantine", text, "maildesk admin mail list --state quarantined"));
    }
    let silent_s = context.now.unix().saturating_sub(served_at.unix());
    findings.push(if outbox::is_sign_fresh(served_at, context.now) {
        Finding::ok("serve", "`maildesk serve` is running")
    } else if silent_s < 0 {
        let text = "the last heartbeat of `maildesk serve` is dated in the future: the clock was ahead then, and `serve` has not run since";
        Finding::warn("serve", text, "systemctl start maildesk, or put `maildesk admin jobs run` into cron")
    } else if served_at.unix() > 0 {
        let silent = match silent_s {
            ..60 => output::count(silent_s, "second"),
            _ => output::count(silent_s / 60, "minute"),
        };
        let text = format!("`maildesk serve` has not run for {silent}: the API is down, and failed mail is not tried again");
        let is_unit = UNITS.iter().any(|unit| Path::new(unit).exists());
        let fix = if is_unit { "systemctl start maildesk" } else { "maildesk serve" };
        Finding::warn("serve", text, fix)
    } else {
        Finding::ok("serve", "`maildesk serve` has never run: cron has to run `maildesk admin jobs run`")
    });
    Ok(findings)
}

/// Where a service file of ours is installed.
const UNITS: [&str; 3] = [
    "/etc/systemd/system/maildesk.service",
    "/usr/lib/systemd/system/maildesk.service",
    "/lib/systemd/system/maildesk.service",
];

/// Mails that could not be sent: those to be tried again, and those given up recently.
fn failures(context: &CheckContext<'_>, store: &Store) -> store::Result<Option<Finding>> {
    let since = context.now.plus_s(-FAILURE_MEMORY_S);
    let (deferred, failed, why) = store.read(|tx| tx.outbox_failures(since))?;
    if deferred + failed == 0 {
        return Ok(None);
    }
    let what = match (deferred, failed) {
        (0, _) => format!("{} could not be delivered", output::count(failed, "mail")),
        (_, 0) => format!("{} could not be sent yet and will be tried again", output::count(deferred, "mail")),
        _ => format!("{} could not be sent yet, and {failed} could not be delivered", output::count(deferred, "mail")),
    };
    let state = if deferred > 0 { "pending" } else { "failed" };
    let fix = format!("maildesk admin outbox list --state {state}");
    Ok(Some(Finding::warn("queue", format!("{what}; the last error: {why}"), fix)))
}

/// Each address, both ways.
pub(super) fn addresses(context: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let (addresses, settings, lowest) =
        store.read(|tx| Ok::<_, store::Error>((tx.addresses()?, tx.settings()?, tx.lowest_department()?)))?;
    let mut findings = Vec::new();
    if addresses.is_empty() {
        let fix =
            "maildesk admin address add support@example.org --name Support --department 1 --default --incoming pipe";
        findings.push(Finding::warn("address", "the desk has no mail address", fix));
    } else if !addresses.iter().any(|(_, row)| row.is_default) {
        let text = "no address is the default: mail to unknown addresses goes to the department with the lowest id";
        let first = addresses.first().map_or("", |(_, row)| row.email.as_str());
        let fix = format!("maildesk admin address update {} --default", host::quoted(first));
        findings.push(Finding::warn("address", text, fix));
    }
    for (_, row) in &addresses {
        if row.department.is_none() {
            let text = format!("{} has no department: its mail is quarantined", row.email);
            let department = lowest.map_or(1, DepartmentId::get);
            let fix = format!("maildesk admin address update {} --department {department}", row.email);
            findings.push(Finding::fail("address", text, fix));
        }
        findings.extend(incoming(context, row));
        findings.extend(outgoing(context, row));
    }
    findings.extend(domains(context, addresses.iter().map(|(_, row)| row.email.as_str())));
    findings.extend(store.read(|tx| tx.imap_health())?.iter().flat_map(fetches));
    let own = addresses.iter().find(|(_, row)| row.is_default).or(addresses.first());
    let domain = own.and_then(|(_, row)| row.email.rsplit_once('@')).map_or("example.org", |(_, domain)| domain);
    findings.push(site(context, &settings, domain));
    Ok(findings)
}

/// Names that no DNS server of the world answers for (RFC 6761, RFC 2606).
const RESERVED_DOMAINS: [&str; 4] = ["test", "invalid", "example", "localhost"];

/// The domains of our addresses, as far as the system's resolver says: it gives addresses of hosts and no MX records.
fn domains<'a>(context: &CheckContext<'_>, emails: impl Iterator<Item = &'a str>) -> Vec<Finding> {
    let names: BTreeSet<String> =
        emails.filter_map(|email| Some(email.rsplit_once('@')?.1.to_ascii_lowercase())).collect();
    let look = |name: &String| {
        if RESERVED_DOMAINS.iter().any(|last| name.rsplit('.').next() == Some(last)) {
            let text = format!("{name} is a reserved name: nobody on the internet can write to it");
            return Finding::ok("dns", text);
        }
        let not_looked = format!("whether its mail comes here is not checked (`dig MX {name}` shows it)");
        match (name.as_str(), 25).to_socket_addrs().map(|mut found| found.next()) {
            Ok(Some(address)) => Finding::ok("dns", format!("{name} is at {}; {not_looked}", address.ip())),
            // A domain may have an MX record alone.
            Ok(None) | Err(_) => Finding::ok("dns", format!("{name} has no IP address; {not_looked}")),
        }
    };
    if context.reach == Reach::Here { Vec::new() } else { names.iter().map(look).collect() }
}

/// What the fetches of a folder have noted.
fn fetches(folder: &FolderHealth) -> Vec<Finding> {
    let FolderHealth { email, folder, failures, last_error, left, left_reason, .. } = folder;
    let mut findings = Vec::new();
    if *failures > 0 {
        let times = if *failures == 1 { "once".to_owned() } else { format!("{failures} times in a row") };
        let text = format!("{email}, folder {folder}: could not be read, {times}: {last_error}");
        findings.push(Finding::fail("fetch", text, format!("maildesk imap-fetch --address {email}")));
    }
    if *left > 0 {
        let mails = if *left == 1 {
            "1 mail could not be fetched".to_owned()
        } else {
            format!("{left} mails could not be fetched")
        };
        let text = format!("{email}, folder {folder}: {mails} and will be tried again by every fetch: {left_reason}");
        findings.push(Finding::warn("fetch", text, format!("maildesk imap-fetch --address {email}")));
    }
    findings
}

fn incoming(context: &CheckContext<'_>, row: &AddressRow) -> Vec<Finding> {
    if row.incoming != Incoming::Imap || context.reach == Reach::Here {
        return Vec::new();
    }
    let server = format!("{}: {}:{}", row.email, row.imap_host, row.imap_port);
    let mut findings = vec![match imap_fetch::probe(row) {
        Ok(folders) => Finding::ok("imap", format!("{server}: logged in, {} folders", folders.len())),
        Err(error) => {
            let fix = format!("maildesk admin address test {}", row.email);
            Finding::fail("imap", format!("{server}: {error}"), fix)
        }
    }];
    findings.extend(
        greeting(row.imap_tls, Greeting::Imap).and_then(|how| expiry(context, &row.imap_host, row.imap_port, how)),
    );
    findings
}

fn outgoing(context: &CheckContext<'_>, row: &AddressRow) -> Vec<Finding> {
    if row.outgoing == Outgoing::None {
        let text =
            format!("{} sends no mail: customers and staff of its department are not notified of answers", row.email);
        return vec![Finding::ok("outgoing", text)];
    }
    if row.outgoing == Outgoing::Smtp && context.reach == Reach::Here {
        return Vec::new();
    }
    let way = match row.outgoing {
        Outgoing::Smtp => format!("{}:{}", row.smtp_host, row.smtp_port),
        Outgoing::File => row.outgoing_dir.clone(),
        Outgoing::Sendmail | Outgoing::None => row.outgoing.to_string(),
    };
    let mut findings = vec![match Transport::of(Some(row)).test() {
        Ok(()) => Finding::ok("outgoing", format!("{}: {way}", row.email)),
        Err(failure) => {
            let fix = format!("maildesk admin address test {}", row.email);
            Finding::fail("outgoing", format!("{}: {way}: {failure}", row.email), fix)
        }
    }];
    if row.outgoing == Outgoing::Smtp {
        findings.extend(
            greeting(row.smtp_tls, Greeting::Smtp).and_then(|how| expiry(context, &row.smtp_host, row.smtp_port, how)),
        );
    }
    findings
}

/// How TLS begins on a connection, if it does.
const fn greeting(tls: Tls, starttls: Greeting) -> Option<Greeting> {
    match tls {
        Tls::Implicit => Some(Greeting::None),
        Tls::Starttls => Some(starttls),
        Tls::None => None,
    }
}

/// When a server's certificate ends. A server that cannot be reached is reported elsewhere.
fn expiry(context: &CheckContext<'_>, host: &str, port: u16, how: Greeting) -> Option<Finding> {
    let ends = certificate::ends_at((host, port), how).ok()?;
    let days = (ends.unix() - context.now.unix()).div_euclid(Timestamp::DAY_S);
    let text = format!("{host}:{port}: the certificate expires in {}", output::count(days, "day"));
    let protocol = match how {
        Greeting::None => "",
        Greeting::Imap => " -starttls imap",
        Greeting::Smtp => " -starttls smtp",
    };
    let fix = format!("openssl s_client -connect {host}:{port} -servername {host}{protocol} </dev/null");
    Some(if ends < context.now {
        Finding::fail(
            "certificate",
            format!(
                "{host}:{port}: the certificate expired {} ago; renew it on the server",
                output::count(-days, "day")
            ),
            fix,
        )
    } else if days < CERTIFICATE_DAYS_LOW {
        Finding::warn("certificate", format!("{text}; renew it on the server"), fix)
    } else {
        Finding::ok("certificate", text)
    })
}

/// Whether links in mails work.
fn site(context: &CheckContext<'_>, settings: &Settings, domain: &str) -> Finding {
    let url = settings.site_url.as_str();
    if url.is_empty() {
        let fix = format!("maildesk admin setting set site_url https://helpdesk.{domain}");
        return Finding::warn("site_url", "setting site_url is empty: mails that need a link cannot be sent", fix);
    }
    if context.reach == Reach::Here {
        return Finding::ok("site_url", url);
    }
    let name = host_of(url);
    match (name, 443).to_socket_addrs().map(|mut found| found.next().is_some()) {
        Ok(true) => Finding::ok("site_url", format!("{url}: the host name resolves")),
        Ok(false) | Err(_) => {
            let text = format!("{name} does not resolve on this machine: links in our mails may not work");
            Finding::warn("site_url", text, format!("getent hosts {}", host::quoted(name)))
        }
    }
}

/// The host of an http or https URL, without port and brackets.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_cut_out_of_a_url() {
        for (url, host) in [
            ("https://desk.example.org", "desk.example.org"),
            ("http://desk.example.org:8080/help", "desk.example.org"),
            ("https://u:p@desk.example.org?x", "desk.example.org"),
            ("https://[::1]:8080/", "::1"),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
