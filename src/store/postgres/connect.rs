//! Connecting to a PostgreSQL server: time-outs, and TLS unless the server is on this machine.

use std::net::IpAddr;
use std::time::Duration;

use native_tls::{Certificate, TlsConnector};
use postgres::config::{Host, SslMode, TargetSessionAttrs};
use postgres::{Client, Config, NoTls};
use postgres_native_tls::MakeTlsConnector;

use super::super::place::{Place, Server};
use super::super::{Error, Result};
use super::error;

/// How long making a connection to one host may take. Chosen: a server that is there answers in milliseconds; a mail
/// server waits for us meanwhile.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// After how long without a sign from a server that owes an answer it is asked whether it is there, and how often.
const SILENCE: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

/// How long what was sent may stay unacknowledged by the server's machine.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(20);

/// What the server calls our connections.
const NAME: &str = "maildesk";

fn refused(server: &Server, reason: impl Into<String>) -> Error {
    Error::Inaccessible { path: Place::Server(server.clone()).shown(), reason: reason.into() }
}

pub(super) fn connect(server: &Server) -> Result<Client> {
    // The parser's own words could repeat a piece of the address.
    let mut config: Config = server
        .address()
        .parse()
        .map_err(|_| refused(server, "this is no address of a database; it is postgres://USER@HOST:PORT/DATABASE"))?;
    if let (None, Some(password)) = (config.get_password(), &server.password) {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_MAX);
    }
    config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 4).keepalives_retries(PROBES);
    config.tcp_user_timeout(UNACKNOWLEDGED_MAX);
    if config.get_application_name().is_none() {
        config.application_name(NAME);
    }
    if config.get_hosts().len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    let connected = if is_here(&config) {
        config.ssl_mode(SslMode::Disable);
        config.connect(NoTls)
    } else {
        // No `prefer`: a password must not go to whoever answers without TLS.
        config.ssl_mode(SslMode::Require);
        config.connect(tls(server)?)
    };
    connected.map_err(|e| told(server, &e))
}

/// Whether all that is talked to is on this machine.
fn is_here(config: &Config) -> bool {
    let is_loopback = |name: &str| name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => is_loopback(name),
        Host::Unix(_) => true,
    }) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn tls(server: &Server) -> Result<MakeTlsConnector> {
    let mut builder = TlsConnector::builder();
    if let Some(file) = &server.ca_file {
        let pem = std::fs::read(file).map_err(|e| refused(server, format!("db_ca_file {}: {e}", file.display())))?;
        let one =
            Certificate::from_pem(&pem).map_err(|e| refused(server, format!("db_ca_file {}: {e}", file.display())))?;
        builder.add_root_certificate(one).disable_built_in_roots(true);
    }
    Ok(MakeTlsConnector::new(builder.build().map_err(|e| refused(server, format!("TLS: {e}")))?))
}

/// A refusal of the server is no trouble of the network: it is not over in a minute.
fn told(server: &Server, e: &postgres::Error) -> Error {
    match e.as_db_error().map(|told| (told.code().code(), told.message())) {
        Some((code, said)) if code.starts_with("28") || code == "3D000" || code == "42501" => {
            refused(server, format!("{said}; look at `db`, `db_password_file` and the server's pg_hba.conf"))
        }
        _ if e.to_string().contains("password missing") => {
            refused(server, "the server wants a password; put it into the file that `db_password_file` names")
        }
        _ => error::of(e),
    }
}
