//! A host without a database, whose mail goes to a desk elsewhere: the token's file, the desk, its certificate, and the
//! lines of the mail server here.

use std::path::Path;

use super::{CheckContext, Finding, Reach, certificate, host, mta, output};
use crate::config::Desk;
use crate::domain::Timestamp;
use crate::pipe::remote;
use crate::secret_file;

/// Days before its end at which a certificate is worth a warning.
const CERTIFICATE_DAYS_LOW: i64 = 14;

/// All there is to look at on such a host.
pub(super) fn look(context: &CheckContext<'_>, desk: &Desk) -> Vec<Finding> {
    let mut findings = vec![host::configuration(context), token(&desk.token_file)];
    if context.reach == Reach::Here {
        findings.push(Finding::ok("desk", format!("mail is handed over to {}", desk.url)));
        return findings;
    }
    let reached = reach(context, desk);
    let is_reached = reached.level != super::Level::Fail;
    findings.push(reached);
    findings.extend(expiry(context, &desk.url));
    if is_reached {
        findings.extend(mta::lines_elsewhere(context));
    }
    findings
}

fn token(path: &Path) -> Finding {
    let shown = host::quoted(&path.display().to_string());
    match secret_file::check(path) {
        Ok(()) => Finding::ok("token", format!("{}; the mail server's account must own it", path.display())),
        Err(error @ secret_file::Error::Open { .. }) => {
            Finding::fail("token", error.to_string(), format!("chmod 600 {shown}"))
        }
        Err(error @ secret_file::Error::Unreadable { .. }) => {
            Finding::fail("token", error.to_string(), format!("ls -l {shown}"))
        }
    }
}

/// Asks the desk what it takes.
fn reach(context: &CheckContext<'_>, desk: &Desk) -> Finding {
    let terms = match remote::terms(desk) {
        Ok(terms) => terms,
        Err(error) => {
            let fix = format!("curl -sS {}/healthz", host::quoted(&desk.url));
            return Finding::fail("desk", error.to_string(), fix);
        }
    };
    let (own, theirs) = (context.loaded.config.limits.raw_bytes_max, terms.raw_bytes_max);
    let text = format!("{}: maildesk {} takes this host's mail", desk.url, terms.version);
    if own < theirs {
        let text = format!("{text}, but this host reads mails of {own} bytes at most and the desk of {theirs}");
        return Finding::warn("desk", text, "maildesk admin config show");
    }
    Finding::ok("desk", text)
}

/// When the desk's certificate ends. One that is refused has ended [`reach`] already.
fn expiry(context: &CheckContext<'_>, url: &str) -> Option<Finding> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
        _ => (authority, 443),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let ends = certificate::ends_at((name, port), certificate::Greeting::None).ok()?;
    let days = (ends.unix() - context.now.unix()).div_euclid(Timestamp::DAY_S);
    let text = format!("{name}:{port}: the certificate expires in {}", output::count(days.max(0), "day"));
    let fix = format!("openssl s_client -connect {name}:{port} -servername {name} </dev/null");
    Some(if days < CERTIFICATE_DAYS_LOW {
        Finding::warn("certificate", format!("{text}; renew it on the server"), fix)
    } else {
        Finding::ok("certificate", text)
    })
}
