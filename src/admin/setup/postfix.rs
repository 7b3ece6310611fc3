//! Postfix: what its configuration has, the commands that make it hand an address's mail over as `examples/postfix` does,
//! and running them with a way back.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::mta::{PATIENCE, Place, Plan, shell};
use crate::child;
use crate::outcome::{self, bail};

/// Ends the names of the copies that are made before anything is written.
const COPY: &str = ".before-maildesk";

/// Bytes a mail may have as `examples/postfix/main.cf` has it: maildesk's own limit.
const MESSAGE_BYTES: u64 = 52_428_800;

/// Parameters looked at.
const PARAMETERS: &str = "config_directory default_database_type transport_maps mydestination relay_domains \
    virtual_mailbox_domains virtual_alias_domains smtpd_relay_restrictions smtpd_recipient_restrictions local_recipient_maps relay_recipient_maps virtual_mailbox_maps \
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
        Ok(Self { written: pairs(&postconf("")?), filled: pairs(&postconf("-x")?) })
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

/// What Postfix says of [`PARAMETERS`].
fn postconf(option: &str) -> outcome::Result<String> {
    let mut command = Command::new("/usr/sbin/postconf");
    command.args(option.split_whitespace()).args(PARAMETERS.split_whitespace());
    let said = match child::run(&mut command, b"", PATIENCE) {
        Ok(said) => said,
        Err(error) => bail!("running /usr/sbin/postconf: {error}"),
    };
    if !said.status.success() {
        let why = said.stderr.trim().lines().last().unwrap_or("no reason given").to_owned();
        bail!("Postfix's configuration cannot be read: {why}"; "mend it, or leave Postfix alone with --mta none");
    }
    Ok(said.stdout)
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
    let (master, transport, access) = (read("master.cf"), read("maildesk-transport"), read("maildesk-access"));
    let state = State { master: &master, transport: &transport, access: &access };
    let commands = commands(&values, &state, place, &account)?;
    let files =
        ["main.cf", "master.cf", "maildesk-transport", "maildesk-access"].map(|name| format!("{folder}/{name}"));
    Ok(Plan::Commands { files: files.into(), commands })
}

/// What Postfix's files hold.
struct State<'a> {
    master: &'a str,
    transport: &'a str,
    access: &'a str,
}

/// Where our tables are, and of which kind.
struct Table<'a> {
    folder: &'a str,
    kind: &'a str,
    access: &'a str,
}

impl Table<'_> {
    fn name(&self, file: &str) -> String {
        format!("{}:{}/{file}", self.kind, self.folder)
    }
}

fn commands(values: &Values, state: &State<'_>, place: &Place<'_>, account: &str) -> outcome::Result<Vec<String>> {
    let folder = values.filled("config_directory");
    let kind = Some(values.filled("default_database_type")).filter(|kind| !kind.is_empty()).unwrap_or("hash");
    let tables = Table { folder, kind, access: state.access };
    let table = tables.name("maildesk-transport");
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
        steps.push(format!("echo '{line}' >>{folder}/maildesk-transport"));
        steps.push(format!("postmap {table}"));
    }
    steps.extend(values.add("transport_maps", &table));
    if values.filled("maildesk_destination_recipient_limit") != "1" {
        steps.push("postconf -e 'maildesk_destination_recipient_limit = 1'".to_owned());
    }
    steps.extend(accept(values, place.address.as_str(), &tables)?);
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

/// Restrictions that turn mail for other people's domains away, and the words in them that do.
const RESTRICTIONS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];
const TURN_AWAY: [&str; 2] = ["defer_unauth_destination", "reject_unauth_destination"];

/// What makes smtpd take mail for the address.
fn accept(values: &Values, email: &str, table: &Table<'_>) -> outcome::Result<Vec<String>> {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    if values.has("virtual_alias_domains", domain) {
        bail!(
            "{domain} is one of Postfix's virtual_alias_domains, where every address is an alias";
            "add a line to virtual_alias_maps that leads the address to another domain of this host, and set up that one"
        );
    }
    if let Some((_, recipients)) = CLASSES.into_iter().find(|(domains, _)| values.has(domains, domain)) {
        if values.filled(recipients).is_empty() {
            return Ok(Vec::new());
        }
        return Ok(values.add(recipients, &table.name("maildesk-transport")).into_iter().collect());
    }
    // The domain is somebody else's as far as this Postfix knows, and its other addresses stay so: mail to them goes out.
    let access = table.name("maildesk-access");
    let mut steps = Vec::new();
    if !table.access.lines().any(|line| line.split_whitespace().next() == Some(email)) {
        steps.push(format!("echo '{email} OK' >>{}/maildesk-access", table.folder));
        steps.push(format!("postmap {access}"));
    }
    for name in RESTRICTIONS {
        let written = values.written(name);
        let word = TURN_AWAY.iter().find(|word| values.has(name, word) && written.contains(**word));
        if let Some(word) = word.filter(|_| !written.contains(&access)) {
            let with = written.replacen(word, &format!("check_recipient_access {access}, {word}"), 1);
            steps.push(format!("postconf -e '{name} = {with}'"));
        }
    }
    Ok(steps)
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
        commands(&all, &State { master: "", transport: "", access: "" }, &place, "maildesk").unwrap()
    }

    #[test]
    fn of_a_domain_of_others_only_the_address_is_taken() {
        let restrictions = "permit_mynetworks permit_sasl_authenticated defer_unauth_destination";
        let limits =
            [("message_size_limit", "10240000"), ("mailbox_size_limit", "51200000"), ("virtual_mailbox_limit", "0")];
        let relay = [("smtpd_relay_restrictions", restrictions), ("smtpd_recipient_restrictions", "")];
        let steps = steps(&[&limits[..], &relay].concat()).join("\n");
        for wanted in [
            "echo 'support@example.org OK' >>/etc/postfix/maildesk-access",
            "postconf -e 'smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated \
             check_recipient_access hash:/etc/postfix/maildesk-access, defer_unauth_destination'",
            "echo 'support@example.org maildesk:' >>/etc/postfix/maildesk-transport",
            "postconf -e 'message_size_limit = 52428800'",
            "user=maildesk",
        ] {
            assert!(steps.contains(wanted), "{wanted}\n{steps}");
        }
        for other in ["relay_domains", "smtpd_recipient_restrictions", "virtual_mailbox_limit"] {
            assert!(!steps.contains(other), "{other} has nothing to do with it\n{steps}");
        }
        assert!(steps.find("mailbox_size_limit").unwrap() < steps.find("message_size_limit").unwrap());
        assert!(steps.find("postmap").unwrap() < steps.find("postfix check").unwrap());
    }

    #[test]
    fn other_addresses_of_a_relayed_domain_stay_open() {
        let steps = steps(&[("relay_domains", "example.org")]).join("\n");
        assert!(!steps.contains("relay_recipient_maps"), "the others would be refused\n{steps}");
    }

    #[test]
    fn a_local_domain_keeps_its_other_recipients() {
        let local = [("mydestination", "host, example.org"), ("local_recipient_maps", "unix:passwd.byname")];
        let steps = steps(&local).join("\n");
        let wanted = "postconf -e 'local_recipient_maps = unix:passwd.byname hash:/etc/postfix/maildesk-transport'";
        assert!(steps.contains(wanted) && !steps.contains("maildesk-access"), "{steps}");
    }

    #[test]
    fn domain_of_aliases_is_refused_with_what_to_do() {
        let all = values(&[("virtual_alias_domains", "example.org")]);
        let table = Table { folder: "/etc/postfix", kind: "hash", access: "" };
        assert!(accept(&all, "support@example.org", &table).unwrap_err().to_string().contains("virtual_alias_maps"));
    }
}
