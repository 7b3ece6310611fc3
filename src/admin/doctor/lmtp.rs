//! The place where `serve` takes mails by LMTP: whether it answers, and whether a mail server can get there.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::{CheckContext, Finding, Reach, host};
use crate::lmtp::Place;

/// How long it may take to greet.
const GREETING: Duration = Duration::from_secs(5);

/// Longest greeting looked at, in bytes.
const GREETING_BYTES_MAX: u64 = 1024;

/// The place, where the configuration names one.
pub(super) fn look(context: &CheckContext<'_>) -> Vec<Finding> {
    let Some(place) = context.loaded.config.lmtp.as_ref().and_then(|place| place.parse::<Place>().ok()) else {
        return Vec::new();
    };
    let mut findings: Vec<Finding> = place.path().and_then(closed_folder).into_iter().collect();
    if context.reach == Reach::Network || place.path().is_some() {
        findings.push(greeted(&place));
    }
    findings
}

/// A folder on the way to the socket that others cannot pass.
fn closed_folder(path: &Path) -> Option<Finding> {
    let is_closed = |folder: &&Path| fs::metadata(folder).is_ok_and(|found| found.mode() & 0o001 == 0);
    let closed = path.ancestors().skip(1).find(is_closed)?;
    let text = format!("{} is closed to mail servers: they cannot reach the socket in it", closed.display());
    Some(Finding::warn("lmtp", text, format!("chmod o+x {}", host::quoted(&closed.display().to_string()))))
}

fn greeted(place: &Place) -> Finding {
    match greeting(place) {
        Ok(line) if line.starts_with("220 ") => Finding::ok("lmtp", format!("{place}: mails are taken by LMTP")),
        Ok(line) if line.starts_with("421 4.7.0") => {
            Finding::ok("lmtp", format!("{place}: answers; this account is none of those that may hand over mails"))
        }
        Ok(line) => Finding::warn("lmtp", format!("{place}: {line}"), "maildesk serve"),
        Err(error) => {
            let text = format!("{place}: {error}: a mail server that hands mails over there keeps them");
            let fix =
                if Path::new("/run/systemd/system").exists() { "systemctl start maildesk" } else { "maildesk serve" };
            Finding::fail("lmtp", text, fix)
        }
    }
}

fn greeting(place: &Place) -> io::Result<String> {
    match place {
        Place::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(GREETING))?;
            line(stream)
        }
        Place::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, GREETING)?;
            stream.set_read_timeout(Some(GREETING))?;
            line(stream)
        }
    }
}

fn line(stream: impl Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(GREETING_BYTES_MAX)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
