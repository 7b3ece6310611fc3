//! Postfix: what its configuration has, the commands that make it hand an address's mail over as `examples/postfix` does,
//! and running them with a way back.

use std::collections::BTreeMap;
use std::path::Path;

use super::mta::{Place, Plan, shell};
use crate::outcome::{self, bail};

/// Ends the names of the copies that are made before anything is written.
const COPY: &str = ".before-maildesk";

/// Bytes a mail may have as `examples/postfix/main.cf` has it: maildesk's own limit.
const MESSAGE_BYTES: u64 = 52_428_800;

/// Parameters looked at.
const PARAMETERS: &str = "config_directory default_database_type transport_maps mydestination relay_domains \
    virtual_mailbox_domains virtual_alias_domains local_recipient_maps relay_recipient_maps virtual_mailbox_maps \
    recipient_delimiter message_size_limit mailbox_size_limit virtual_mailbox_limit maildesk_destination_recipient_limit";

/// Kinds of domains, and the tables of the addresses that are accepted in them.
const CLASSES: [(&str, &str); 3] = [
    ("mydestination", "local_recipient_maps"),
    ("virtual_mailbox_domains", "virtual_mailbox_maps"),
    ("relay_domains", "relay_recipient_maps"),
];

/// Postfix's parameters.
#[derive(Debug, Default)]
struct Values {
    /// As they are written.
    written: BTreeMap<String, String>,
    /// With every `$name` filled in.
    filled: BTreeMap<String, String>,
}

fn pairs(said: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| line.split_once(" =").map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    said.lines().filter_map(pair).collect()
}

impl Values {
    fn read() -> outcome::Result<Self> {
        // A parameter that no Postfix knows (ours) is left out with a warning, and that is all.
        let written = pairs(&shell(&format!("/usr/sbin/postconf {PARAMETERS} 2>/dev/null"))?);
        let filled = pairs(&shell(&format!("/usr/sbin/postconf -x {PARAMETERS} 2>/dev/null"))?);
        Ok(Self { written, filled })
    }

    fn filled(&self, name: &str) -> &str {
        self.filled.get(name).map_or("", String::as_str)
    }

    fn written(&self, name: &str) -> &str {
        self.written.get(name).map_or("", String::as_str)
    }

    fn has(&self, name: &str, word: &str) -> bool {
        self.filled(name).split([',', ' ', '\t']).any(|one| one.eq_ignore_ascii_case(word))
    }

    /// The command that adds a word to a list.
    fn add(&self, name: &str, word: &str) -> Option<String> {
        if self.has(name, word) {
            return None;
        }
        Some(format!("postconf -e '{name} = {}'", format!("{} {word}", self.written(name)).trim()))
    }
}

/// What is left to do.
pub(super) fn plan(place: &Place<'_>) -> outcome::Result<Plan> {
    let values = Values::read()?;
    let account = place.account();
    if account == "root" {
        bail!("{} belongs to root, and Postfix starts no program as root", place.db.display(); "give it to another account");
    }
    let folder = values.filled("config_directory");
    let read = |name: &str| std::fs::read_to_string(Path::new(folder).join(name)).unwrap_or_default();
    let (master, transport) = (read("master.cf"), read("maildesk-transport"));
    let commands = commands(&values, &State { master: &master, transport: &transport }, place, &account)?;
    let files = ["main.cf", "master.cf", "maildesk-transport"].map(|name| format!("{folder}/{name}"));
    Ok(Plan::Commands { files: files.into(), commands })
}

/// The content of Postfix's files.
struct State<'a> {
    master: &'a str,
    transport: &'a str,
}

fn commands(values: &Values, state: &State<'_>, place: &Place<'_>, account: &str) -> outcome::Result<Vec<String>> {
    let folder = values.filled("config_directory");
    let kind = Some(values.filled("default_database_type")).filter(|kind| !kind.is_empty()).unwrap_or("hash");
    let file = format!("{folder}/maildesk-transport");
    let table = format!("{kind}:{file}");
    let domain = place.address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut steps = Vec::new();
    if !state.master.lines().any(|line| line.split_whitespace().next() == Some("maildesk")) {
        steps.push(format!(
            "postconf -M 'maildesk/unix=maildesk unix - n n - 4 pipe flags=RX user={account} null_sender= \
             argv={} pipe --sender=${{sender}} --recipient=${{recipient}}'",
            place.command()?
        ));
    }
    let line = format!("{} maildesk:", place.address);
    let is_routed = state.transport.lines().any(|known| known.split_whitespace().eq(line.split_whitespace()));
    if !is_routed {
        steps.push(format!("echo '{line}' >>{file}"));
        steps.push(format!("postmap {table}"));
    }
    steps.extend(values.add("transport_maps", &table));
    if values.filled("maildesk_destination_recipient_limit") != "1" {
        steps.push("postconf -e 'maildesk_destination_recipient_limit = 1'".to_owned());
    }
    steps.extend(accept(values, domain, &table)?);
    if values.filled("recipient_delimiter").is_empty() {
        steps.push("postconf -e 'recipient_delimiter = +'".to_owned());
    }
    // A mailbox that may hold less than a mail keeps local(8) and virtual(8) from starting: they go first. 0 is no limit.
    for name in ["mailbox_size_limit", "virtual_mailbox_limit", "message_size_limit"] {
        if (1..MESSAGE_BYTES).contains(&values.filled(name).parse().unwrap_or(0)) {
            steps.push(format!("postconf -e '{name} = {MESSAGE_BYTES}'"));
        }
    }
    if !steps.is_empty() {
        steps.push("postfix check".to_owned());
        steps.push(RELOAD.to_owned());
    }
    Ok(steps)
}

/// A Postfix that does not run yet is started by whoever starts programs here.
const RELOAD: &str = "postfix status 2>/dev/null && postfix reload || \
    if test -d /run/systemd/system; then systemctl start postfix; else postfix start; fi";

/// What makes smtpd take mail for the address.
fn accept(values: &Values, domain: &str, table: &str) -> outcome::Result<Vec<String>> {
    if values.has("virtual_alias_domains", domain) {
        bail!(
            "{domain} is one of Postfix's virtual_alias_domains, where every address is an alias";
            "add a line to virtual_alias_maps that leads the address to another domain of this host, and set up that one"
        );
    }
    let class = CLASSES.into_iter().find(|(domains, _)| values.has(domains, domain));
    let Some((_, recipients)) = class else {
        let mut steps: Vec<String> = values.add("relay_domains", domain).into_iter().collect();
        // Without a table every address of the domains is accepted; with one, only those it has.
        if values.filled("relay_domains").is_empty() || !values.filled("relay_recipient_maps").is_empty() {
            steps.extend(values.add("relay_recipient_maps", table));
        }
        return Ok(steps);
    };
    if values.filled(recipients).is_empty() {
        return Ok(Vec::new());
    }
    Ok(values.add(recipients, table).into_iter().collect())
}

/// Copies the files, runs the commands, and puts the files back if one of them fails.
pub(super) fn apply(plan: &Plan) -> outcome::Result<()> {
    let Plan::Commands { files, commands } = plan else { return Ok(()) };
    let there: Vec<&String> = files.iter().filter(|file| Path::new(file).exists()).collect();
    for file in &there {
        shell(&format!("cp -p {file} {file}{COPY}"))?;
    }
    for command in commands {
        let Err(failure) = shell(command) else { continue };
        for file in &there {
            shell(&format!("cp -p {file}{COPY} {file}"))?;
        }
        // The running Postfix may have read the new files.
        shell("postfix status 2>/dev/null && postfix reload || true")?;
        return Err(failure.while_doing("Postfix has its old configuration again, because this failed"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let map: BTreeMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Values { written: map.clone(), filled: map }
    }

    fn steps(pairs: &[(&str, &str)]) -> Vec<String> {
        let base = [("config_directory", "/etc/postfix"), ("default_database_type", "hash")];
        let address = "support@example.org".parse().unwrap();
        let place = Place { config: None, db: Path::new("/var/lib/maildesk/maildesk.db"), address: &address };
        let all = values(&[&base[..], pairs].concat());
        commands(&all, &State { master: "", transport: "" }, &place, "maildesk").unwrap()
    }

    #[test]
    fn a_domain_of_its_own_is_relayed_and_only_for_known_addresses() {
        let limits =
            [("message_size_limit", "10240000"), ("mailbox_size_limit", "51200000"), ("virtual_mailbox_limit", "0")];
        let steps = steps(&limits).join("\n");
        for wanted in [
            "postconf -e 'relay_domains = example.org'",
            "postconf -e 'relay_recipient_maps = hash:/etc/postfix/maildesk-transport'",
            "echo 'support@example.org maildesk:' >>/etc/postfix/maildesk-transport",
            "postconf -e 'message_size_limit = 52428800'",
            "user=maildesk",
        ] {
            assert!(steps.contains(wanted), "{wanted}\n{steps}");
        }
        assert!(steps.find("mailbox_size_limit").unwrap() < steps.find("message_size_limit").unwrap());
        assert!(!steps.contains("virtual_mailbox_limit"), "it has no limit\n{steps}");
        assert!(steps.find("postmap").unwrap() < steps.find("postfix check").unwrap());
    }

    #[test]
    fn other_relayed_domains_stay_open() {
        let steps = steps(&[("relay_domains", "other.org")]).join("\n");
        assert!(steps.contains("postconf -e 'relay_domains = other.org example.org'"), "{steps}");
        assert!(!steps.contains("relay_recipient_maps"), "other.org's addresses would be refused\n{steps}");
    }

    #[test]
    fn a_local_domain_keeps_its_other_recipients() {
        let local = [("mydestination", "host, example.org"), ("local_recipient_maps", "unix:passwd.byname")];
        let steps = steps(&local).join("\n");
        let wanted = "postconf -e 'local_recipient_maps = unix:passwd.byname hash:/etc/postfix/maildesk-transport'";
        assert!(steps.contains(wanted) && !steps.contains("relay_domains"), "{steps}");
    }

    #[test]
    fn domain_of_aliases_is_refused_with_what_to_do() {
        let all = values(&[("virtual_alias_domains", "example.org")]);
        assert!(accept(&all, "example.org", "hash:t").unwrap_err().to_string().contains("virtual_alias_maps"));
    }
}
