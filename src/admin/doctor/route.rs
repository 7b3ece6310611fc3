//! Whether the mail server here hands an address's mail to maildesk: asked of Postfix (`postconf`, `postmap -q`), of Exim
//! (`exim -bt`), and read from the aliases files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::mta::{Line, is_ours};
use super::{CheckContext, Finding, LOOK_UP, Reach, host};
use crate::child;

/// Postfix's programs, where distributions put them; they are not on everybody's PATH.
const POSTCONF: &str = "/usr/sbin/postconf";
const POSTMAP: &str = "/usr/sbin/postmap";
/// Exim's program: Debian's name first.
const EXIM: [&str; 2] = ["/usr/sbin/exim4", "/usr/sbin/exim"];

/// Parameters of Postfix that say where mail goes.
const MAPS: [&str; 3] = ["transport_maps", "virtual_alias_maps", "alias_maps"];
const TRANSPORTS: [&str; 5] =
    ["mailbox_transport", "local_transport", "virtual_transport", "relay_transport", "default_transport"];

/// Kinds of tables that are files; others ask a server.
const LOCAL_TABLES: [&str; 12] =
    ["hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash", "regexp", "pcre", "static", "inline", "unionmap"];

/// Aliases followed one after the other. Chosen: the recipes need one.
const ALIASES_DEEP_MAX: usize = 3;

/// What Postfix is configured to do.
pub(super) struct Postfix {
    values: BTreeMap<String, String>,
    /// Services of master.cf that run maildesk.
    services: Vec<String>,
    /// Where `serve` takes mails by LMTP.
    lmtp: Option<String>,
    reach: Reach,
}

impl Postfix {
    /// `None` where there is no Postfix, or it does not answer.
    pub(super) fn here(reach: Reach) -> Option<Self> {
        let names = MAPS.iter().chain(&TRANSPORTS).chain(&["config_directory"]);
        let said = child::run(Command::new(POSTCONF).arg("-x").args(names), b"", LOOK_UP).ok()?;
        let pair = |line: &str| line.split_once(" =").map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        said.status.success().then(|| Self {
            values: said.stdout.lines().filter_map(pair).collect(),
            services: Vec::new(),
            lmtp: None,
            reach,
        })
    }

    /// Notes where `serve` takes mails by LMTP.
    pub(super) fn with_lmtp(self, place: Option<String>) -> Self {
        Self { lmtp: place, ..self }
    }

    /// Notes which of the lines found are services of master.cf.
    pub(super) fn knowing(self, lines: &[Line]) -> Self {
        let master = self.master_cf();
        let of_master = lines.iter().filter(|line| line.file == master);
        Self { services: of_master.map(|line| line.service.clone()).collect(), ..self }
    }

    pub(super) fn master_cf(&self) -> String {
        format!("{}/master.cf", self.folder())
    }

    fn folder(&self) -> &str {
        self.values.get("config_directory").map_or("/etc/postfix", String::as_str)
    }

    fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The first of the keys that a table of that parameter has.
    fn ask(&self, parameter: &str, keys: &[&str]) -> Option<String> {
        let tables = self.value(parameter).split([',', ' ', '\t']).filter(|table| !table.is_empty());
        for table in tables {
            let table = table.strip_prefix("proxy:").unwrap_or(table);
            let is_local = table.split(':').next().is_some_and(|kind| LOCAL_TABLES.contains(&kind));
            if !is_local && self.reach == Reach::Here {
                continue;
            }
            for key in keys {
                let said = child::run(Command::new(POSTMAP).args(["-q", key, table]), b"", LOOK_UP);
                if let Some(said) = said.ok().filter(|said| said.status.success() && !said.stdout.trim().is_empty()) {
                    return Some(said.stdout.trim().to_owned());
                }
            }
        }
        None
    }

    fn is_service(&self, transport: &str) -> bool {
        let name = transport.split(':').next().unwrap_or_default().trim();
        // Postfix writes a port as inet:127.0.0.1:24.
        let is_lmtp = self.lmtp.as_ref().is_some_and(|place| transport.trim_end().ends_with(place));
        is_lmtp || self.services.iter().any(|service| service == name)
    }

    /// How mail for the address comes to us.
    fn route(&self, email: &str, deep: usize) -> Option<String> {
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        if let Some(found) = self.ask("transport_maps", &[email, domain]) {
            return self.is_service(&found).then(|| format!("by transport_maps ({found})"));
        }
        if let Some(found) = self.ask("alias_maps", &[local]).filter(|found| runs_us(found)) {
            return Some(format!("by alias_maps ({found})"));
        }
        if let Some(name) = TRANSPORTS.iter().find(|name| self.is_service(self.value(name))) {
            return Some(format!("by {name} ({})", self.value(name)));
        }
        let at_domain = format!("@{domain}");
        let aliases = self.ask("virtual_alias_maps", &[email, &at_domain])?;
        let targets = aliases.split(',').map(str::trim).filter(|target| deep < ALIASES_DEEP_MAX && *target != email);
        targets.filter_map(|target| self.route(target, deep + 1)).next()
    }

    /// The commands that make Postfix hand the address's mail over, as `examples/postfix` has it.
    fn recipe(&self, context: &CheckContext<'_>, email: &str) -> String {
        let folder = self.folder();
        let table = format!("hash:{folder}/maildesk-transport");
        let mut steps = Vec::new();
        let service = match self.services.first() {
            Some(service) => service.clone(),
            None => {
                let user = host::owner_of(&context.path).filter(|name| name != "root");
                let program = std::env::current_exe().unwrap_or_else(|_| "/usr/bin/maildesk".into());
                steps.push(format!(
                    "postconf -M 'maildesk/unix=maildesk unix - n n - 4 pipe flags=RX user={} null_sender= argv={} --db={} \
                     pipe --sender=${{sender}} --recipient=${{recipient}}'",
                    user.as_deref().unwrap_or("maildesk"),
                    program.display(),
                    context.path.display()
                ));
                "maildesk".to_owned()
            }
        };
        if !self.value("transport_maps").contains(&table) {
            let maps = format!("{} {table}", self.value("transport_maps"));
            steps.push(format!("postconf -e 'transport_maps = {}'", maps.trim()));
        }
        steps.push(format!("echo '{email} {service}:' >>{folder}/maildesk-transport"));
        steps.push(format!("postmap {table}"));
        steps.push("postfix reload".to_owned());
        steps.join(" && ")
    }
}

/// Whether an alias pipes into maildesk.
fn runs_us(alias: &str) -> bool {
    let Some((_, command)) = alias.split_once('|') else { return false };
    command.trim_start_matches('"').split_whitespace().next().is_some_and(|program| is_ours(program.trim_matches('"')))
}

/// How Exim would hand the address's mail to us, by what `exim -bt` says of it.
fn exim_route(said: &str, lines: &[Line]) -> Option<String> {
    let is_our_transport = |name: &str| name.contains("maildesk") || lines.iter().any(|line| line.service == name);
    said.lines().find_map(|line| {
        let named = line.split("transport = ").nth(1).map(|name| name.trim().trim_end_matches(','));
        if let Some(name) = named.filter(|name| is_our_transport(name)) {
            return Some(format!("by Exim's transport {name}"));
        }
        runs_us(line).then(|| format!("by Exim ({})", line.trim()))
    })
}

/// Whether each address that a pipe feeds is fed.
pub(super) fn look(
    context: &CheckContext<'_>,
    piped: &[String],
    lines: &[Line],
    postfix: Option<&Postfix>,
) -> Vec<Finding> {
    let exim = EXIM.iter().find(|program| Path::new(program).exists()).filter(|_| context.reach == Reach::Network);
    piped.iter().map(|email| of(context, email, lines, postfix, exim.copied())).collect()
}

fn of(
    context: &CheckContext<'_>,
    email: &str,
    lines: &[Line],
    postfix: Option<&Postfix>,
    exim: Option<&str>,
) -> Finding {
    if let Some(how) = postfix.and_then(|postfix| postfix.route(email, 0)) {
        return Finding::ok("route", format!("Postfix hands mail for {email} to maildesk {how}"));
    }
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
    if let Some(line) = lines.iter().find(|line| line.is_alias && line.service.eq_ignore_ascii_case(local)) {
        return Finding::ok("route", format!("{} hands mail for {email} to maildesk", line.file));
    }
    if let Some(exim) = exim {
        match child::run(Command::new(exim).args(["-bt", email]), b"", LOOK_UP) {
            Ok(said) => {
                if let Some(how) = exim_route(&said.stdout, lines) {
                    return Finding::ok("route", format!("mail for {email} is handed to maildesk {how}"));
                }
            }
            Err(error) => tracing::debug!(%error, exim, "not asked"),
        }
    }
    let text = format!("no line of a mail server here hands mail for {email} to maildesk; examples/ has the lines");
    match (postfix, exim) {
        (Some(postfix), _) => Finding::warn("route", text, postfix.recipe(context, email)),
        (None, Some(exim)) => Finding::warn("route", text, format!("{exim} -bt {}", host::quoted(email))),
        (None, None) => Finding::warn("route", text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exim_says_which_transport_takes_an_address() {
        let lines = [Line::read("exim.conf", "desk_pipe", "/usr/bin/maildesk pipe", "desk").unwrap()];
        let said = "support@example.org\n  router = r, transport = desk_pipe\n";
        assert_eq!(exim_route(said, &lines).as_deref(), Some("by Exim's transport desk_pipe"));
        let alias = "support@example.org\n    <-- support@example.org\n  -> |/usr/bin/maildesk pipe\n  transport = address_pipe\n";
        assert!(exim_route(alias, &[]).is_some_and(|how| how.contains("/usr/bin/maildesk")));
        let local = "maildesk@example.org\n  router = local_user, transport = maildir_home\n";
        assert_eq!(exim_route(local, &lines), None, "the address's own name is no route");
    }

    #[test]
    fn transport_to_the_place_of_lmtp_is_a_way_to_us() {
        let postfix = |place: &str| {
            let (values, services) = (BTreeMap::new(), Vec::new());
            Postfix { values, services, lmtp: None, reach: Reach::Here }.with_lmtp(Some(place.to_owned()))
        };
        assert!(postfix("unix:/run/maildesk/lmtp.sock").is_service("maildesk-lmtp:unix:/run/maildesk/lmtp.sock"));
        assert!(postfix("127.0.0.1:24").is_service("lmtp:inet:127.0.0.1:24"));
        assert!(!postfix("127.0.0.1:24").is_service("lmtp:unix:private/dovecot-lmtp"));
    }

    #[test]
    fn alias_that_runs_us_is_told_from_others() {
        assert!(
            runs_us("|/usr/bin/maildesk pipe")
                && runs_us("\"|/opt/maildesk pipe\"")
                && runs_us("|\"/opt/maildesk\" pipe")
        );
        assert!(!runs_us("|/usr/bin/procmail") && !runs_us("maildesk") && !runs_us("|/bin/notmaildesk"));
    }
}
