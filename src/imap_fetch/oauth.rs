//! Access tokens for XOAUTH2: from a command of the sysadmin's, or from the provider's endpoint for
//! a refresh token (RFC 6749 §6). One small HTTPS request is all the HTTP there is, so no client
//! library is drawn in for it.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use native_tls::{Protocol, TlsConnector};

use super::Error;
use super::account::{Options, read_secret};
use super::stop::Stop;
use super::wire::{Clock, Wire};
use crate::private_file;

/// How long a token may take to get.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an endpoint's answer or a command's output.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// How often a running command is looked at.
const COMMAND_TICK: Duration = Duration::from_millis(20);

/// Runs a shell command and takes the first line it prints.
pub(super) fn token_of_command(command: &str) -> Result<String, Error> {
    let failed = |why: String| Error::Setup(format!("running the token command {command:?}: {why}"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let output = child.stdout.take();
    let read = move || {
        let mut text = String::new();
        // What is no UTF-8 is no token; the empty text below says so.
        output.map(|output| output.take(ANSWER_BYTES_MAX).read_to_string(&mut text)).transpose().ok();
        text
    };
    let reader = match std::thread::Builder::new().name("token".to_owned()).spawn(read) {
        Ok(reader) => reader,
        Err(error) => {
            child.kill().ok();
            child.wait().ok();
            return Err(failed(format!("no thread to read its output by: {error}")));
        }
    };
    let status = wait(&mut child).map_err(failed)?;
    if !status.success() {
        return Err(failed(format!("it ended with {status}")));
    }
    let text = reader.join().unwrap_or_default();
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => Err(failed("it printed nothing".to_owned())),
    }
}

fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    let end = Instant::now() + TOKEN_PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < end => std::thread::sleep(COMMAND_TICK),
            Ok(None) => {
                // Already gone is fine too.
                child.kill().ok();
                child.wait().ok();
                return Err(format!("it took longer than {} s", TOKEN_PATIENCE.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Trades the refresh token for an access token. A new refresh token replaces the old one's file.
pub(super) fn token_of_endpoint(url: &str, options: &Options) -> Result<String, Error> {
    let missing = |what: &str| Error::Setup(format!("an OAuth endpoint needs {what} too"));
    let refresh_file = options.oauth_refresh_file.as_deref().ok_or_else(|| missing("--imap-oauth-refresh-file"))?;
    let client = options.oauth_client.as_deref().ok_or_else(|| missing("--imap-oauth-client"))?;
    let refresh = read_secret(refresh_file)?;
    let secret = options.oauth_secret_file.as_deref().map(read_secret).transpose()?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token")
        .append_pair("client_id", client)
        .append_pair("refresh_token", &refresh);
    if let Some(secret) = &secret {
        form.append_pair("client_secret", secret);
    }
    if let Some(scope) = &options.oauth_scope {
        form.append_pair("scope", scope);
    }
    let answer = post(&Endpoint::of(url)?, &form.finish())?;
    let answer: serde_json::Value =
        serde_json::from_slice(&answer).map_err(|e| Error::Login(format!("asking {url} for an access token: {e}")))?;
    let text = |key: &str| answer.get(key).and_then(serde_json::Value::as_str);
    let Some(token) = text("access_token") else {
        let why = text("error_description").or_else(|| text("error")).unwrap_or("there is none in the answer");
        return Err(Error::Login(format!("asking {url} for an access token: {why}")));
    };
    if let Some(new) = text("refresh_token").filter(|new| *new != refresh) {
        replace(refresh_file, new)?;
    }
    Ok(token.to_owned())
}

/// Writes a secret beside its file and puts it in its place, so that no crash leaves half of one.
fn replace(path: &Path, secret: &str) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::Setup(format!("keeping the new refresh token in {}: {e}", path.display()));
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    private_file::replace(path, Path::new(&beside), secret.as_bytes()).map_err(failed)
}

/// An `https://host[:port]/path`; `http` is for this machine alone.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    host: String,
    port: u16,
    path: String,
    is_tls: bool,
}

impl Endpoint {
    fn of(url: &str) -> Result<Self, Error> {
        let wrong = || Error::Setup(format!("{url:?} is no endpoint; write it as https://host/path"));
        let (is_tls, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wrong()),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let default = if is_tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (authority, default),
        };
        let is_local = matches!(host, "localhost" | "127.0.0.1");
        let is_clean = !host.is_empty() && url.bytes().all(|b| b.is_ascii_graphic());
        if !is_clean || !(is_tls || is_local) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, path: path.to_owned(), is_tls })
    }
}

/// One POST of a form; gives the body of the answer, whatever its status: errors are told there.
fn post(endpoint: &Endpoint, form: &str) -> Result<Vec<u8>, Error> {
    let failed = |why: String| Error::Connection(format!("asking {} for an access token: {why}", endpoint.host));
    let stop = Stop::new().map_err(|e| failed(e.to_string()))?;
    let clock = Rc::new(Clock::new(&stop, TOKEN_PATIENCE));
    let mut wire =
        Wire::connect(&endpoint.host, endpoint.port, Rc::clone(&clock)).map_err(|e| failed(e.to_string()))?;
    clock.allow(Duration::ZERO);
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Accept: application/json\r\nUser-Agent: maildesk\r\nConnection: close\r\n\r\n{form}",
        endpoint.path,
        endpoint.host,
        form.len()
    );
    let answer = if endpoint.is_tls {
        let connector = TlsConnector::builder().min_protocol_version(Some(Protocol::Tlsv12)).build();
        let connector = connector.map_err(|e| failed(e.to_string()))?;
        let mut tls = connector.connect(&endpoint.host, wire).map_err(|e| failed(e.to_string()))?;
        exchange(&mut tls, &request)
    } else {
        exchange(&mut wire, &request)
    };
    let answer = answer.map_err(|e| failed(e.to_string()))?;
    body_of(&answer).ok_or_else(|| failed("the answer is not HTTP".to_owned()))
}

fn exchange(stream: &mut (impl Read + Write), request: &str) -> std::io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    let mut bytes = [0; 4096];
    while answer.len() < usize::try_from(ANSWER_BYTES_MAX).unwrap_or(usize::MAX) {
        match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            // Many servers close without TLS's goodbye; what came is complete or is no JSON.
            Err(_) if !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

/// The body of an HTTP/1.1 answer that ends with the connection, chunks put together (RFC 9112 §7.1).
fn body_of(answer: &[u8]) -> Option<Vec<u8>> {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(answer.get(..at)?).to_ascii_lowercase();
    let mut rest = answer.get(at + 4..)?;
    if !head.starts_with("http/1.") {
        return None;
    }
    let is_chunked = head.lines().any(|line| line.starts_with("transfer-encoding:") && line.ends_with("chunked"));
    if !is_chunked {
        return Some(rest.to_vec());
    }
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..line_end)?).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = rest.get(line_end + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn command_gives_its_first_line() {
        assert_eq!(token_of_command("echo ya29.abc; echo more").unwrap(), "ya29.abc");
        assert!(token_of_command("exit 3").unwrap_err().to_string().contains("exit status: 3"));
        assert!(token_of_command("true").unwrap_err().to_string().contains("printed nothing"));
    }

    #[test]
    fn endpoints_in_the_clear_are_refused_beyond_this_machine() {
        assert!(Endpoint::of("http://login.example.org/token").is_err());
        assert!(Endpoint::of("ftp://x").is_err());
        assert!(Endpoint::of("https://x y/").is_err());
        let endpoint = Endpoint::of("https://oauth2.example.org/token?a=b").unwrap();
        assert_eq!((endpoint.port, endpoint.path.as_str()), (443, "/token?a=b"));
        assert_eq!(Endpoint::of("http://127.0.0.1:8000/t").unwrap().port, 8000);
    }

    #[test]
    fn bodies_are_read_whole_or_in_chunks() {
        assert_eq!(body_of(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n{}").unwrap(), b"{}");
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(body_of(chunked).unwrap(), b"{}");
        assert_eq!(body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"), None);
        assert_eq!(body_of(b"garbage"), None);
    }
}
