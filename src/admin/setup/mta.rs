//! The mail server on this machine: which one it is, and the lines that make it hand an address's mail to maildesk.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::postfix;
use crate::child;
use crate::domain::EmailAddress;
use crate::outcome::{self, bail};

/// How long a program of a mail server may take. Chosen: `postfix check` looks at every file of the queue.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The database the account finds without being told.
const USUAL_DB: &str = "/var/lib/maildesk/maildesk.db";

/// A mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mta {
    Postfix,
    Exim,
    OpenSmtpd,
}

/// What can be said of the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Choice {
    Postfix,
    Exim,
    #[value(name = "opensmtpd")]
    OpenSmtpd,
    /// There is none, or it stays as it is
    None,
}

impl Choice {
    pub(super) const fn mta(self) -> Option<Mta> {
        match self {
            Self::Postfix => Some(Mta::Postfix),
            Self::Exim => Some(Mta::Exim),
            Self::OpenSmtpd => Some(Mta::OpenSmtpd),
            Self::None => None,
        }
    }
}

/// What the lines speak of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) config: Option<&'a Path>,
    pub(super) db: &'a Path,
    pub(super) address: &'a EmailAddress,
}

impl Place<'_> {
    /// The program with the options that lead to this desk.
    pub(super) fn command(&self) -> outcome::Result<String> {
        let program = std::env::current_exe().unwrap_or_else(|_| "/usr/bin/maildesk".into());
        let mut words = vec![program.display().to_string()];
        words.extend(self.config.map(|path| format!("--config={}", path.display())));
        if self.db != Path::new(USUAL_DB) {
            words.push(format!("--db={}", self.db.display()));
        }
        if let Some(odd) = words.iter().find(|word| word.contains(|c: char| c.is_whitespace() || "'\"${}".contains(c)))
        {
            bail!("{odd}: a path with blanks, quotes or $ cannot stand in a mail server's configuration"; "use another one");
        }
        Ok(words.join(" "))
    }

    /// The account that owns the database.
    pub(super) fn account(&self) -> String {
        crate::admin::doctor::owner_of(self.db).unwrap_or_else(|| "maildesk".to_owned())
    }

    fn parts(&self) -> (&str, &str) {
        self.address.as_str().rsplit_once('@').unwrap_or((self.address.as_str(), ""))
    }
}

/// What is to be done in the mail server's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Commands for a root shell; the files that are copied before.
    Commands { files: Vec<String>, commands: Vec<String> },
    /// Lines for a person to put somewhere.
    Lines(String),
}

impl Plan {
    pub(super) const fn is_done(&self) -> bool {
        matches!(self, Self::Commands { commands, .. } if commands.is_empty())
    }

    pub(super) const fn can_be_applied(&self) -> bool {
        matches!(self, Self::Commands { .. })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Commands { commands, .. } => commands.clone(),
            Self::Lines(text) => text.lines().map(str::to_owned).collect(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.lines().iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Mta {
    /// The mail server that is installed: what answers for `sendmail` is not asked, because all of them do.
    pub(super) fn find() -> Option<Self> {
        let is_there = |paths: &[&str]| paths.iter().any(|path| Path::new(path).exists());
        if is_there(&["/usr/sbin/postconf"]) {
            return Some(Self::Postfix);
        }
        if is_there(&["/usr/sbin/exim4", "/usr/sbin/exim"]) {
            return Some(Self::Exim);
        }
        is_there(&["/etc/smtpd.conf", "/etc/mail/smtpd.conf"]).then_some(Self::OpenSmtpd)
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Postfix => "Postfix",
            Self::Exim => "Exim",
            Self::OpenSmtpd => "OpenSMTPD",
        }
    }

    pub(super) fn plan(self, place: &Place<'_>) -> outcome::Result<Plan> {
        Ok(match self {
            Self::Postfix => postfix::plan(place)?,
            Self::Exim => Plan::Lines(exim(place)?),
            Self::OpenSmtpd => Plan::Lines(opensmtpd(place)?),
        })
    }
}

/// A router and a transport: `examples/exim` explains each line.
fn exim(place: &Place<'_>) -> outcome::Result<String> {
    let (local, domain) = place.parts();
    let (command, account) = (place.command()?, place.account());
    Ok(format!(
        "in /etc/exim4/conf.d/router/350_maildesk, or first of the routers in one file:\n\
         maildesk:\n  driver = accept\n  domains = {domain}\n  local_parts = {local}\n  local_part_suffix = +*\n  \
         local_part_suffix_optional\n  transport = maildesk_pipe\n\
         in /etc/exim4/conf.d/transport/30_maildesk, or beside the transports in one file:\n\
         maildesk_pipe:\n  driver = pipe\n  command = {command} pipe\n  user = {account}\n  group = {account}\n  \
         message_prefix =\n  message_suffix =\n  return_path_add\n  temp_errors = 73 : 75 : 126 : 127\n  freeze_signal\n  \
         timeout = 3m\n  timeout_defer\n  return_fail_output\n  log_fail_output\n  log_defer_output\n\
         then: update-exim4.conf && systemctl reload exim4"
    ))
}

/// An action and a match of smtpd.conf(5).
fn opensmtpd(place: &Place<'_>) -> outcome::Result<String> {
    let (command, account) = (place.command()?, place.account());
    Ok(format!(
        "/etc/smtpd.conf, before the other match lines:\n\
         action \"maildesk\" mda \"{command} pipe --recipient=%{{rcpt}} --sender=%{{sender}}\" user {account}\n\
         match from any for rcpt-to \"{}\" action \"maildesk\"\n\
         then: smtpd -n && systemctl restart opensmtpd",
        place.address
    ))
}

/// Runs a shell command as root would type it.
pub(super) fn shell(line: &str) -> outcome::Result<String> {
    // Programs of mail servers are not on everybody's path.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let said = match child::run(&mut command, b"", PATIENCE) {
        Ok(said) => said,
        Err(error) => bail!("{line}: {error}"),
    };
    if !said.status.success() {
        bail!("{line}: {}: {}", child::ending(said.status), said.stderr.trim());
    }
    Ok(said.stdout)
}
