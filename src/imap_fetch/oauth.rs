//! Access tokens for XOAUTH2: from a command of the sysadmin's, or from the provider's endpoint for
//! a refresh token (RFC 6749 §6).

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::Error;
use super::account::{Options, read_secret};
use crate::{child, private_file};

/// How long a token may take to get.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an endpoint's answer.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// Runs a shell command and takes the first line it prints.
pub(super) fn token_of_command(command: &str) -> Result<String, Error> {
    let failed = |why: String| Error::Setup(format!("running the token command {command:?}: {why}"));
    let said = child::run(Command::new("/bin/sh").args(["-c", command]), b"", TOKEN_PATIENCE);
    let said = said.map_err(|e| failed(e.to_string()))?;
    if !said.status.success() {
        let (ending, stderr) = (child::ending(said.status), said.stderr.trim());
        return Err(failed(if stderr.is_empty() { ending } else { format!("{ending}: {stderr}") }));
    }
    match said.stdout.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => Err(failed("it printed nothing".to_owned())),
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
    let answer = post(&endpoint(url)?, &form.finish())?;
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
fn endpoint(url: &str) -> Result<Uri, Error> {
    let parsed = url.parse::<Uri>().ok().filter(|uri| match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) => !host.is_empty(),
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1"),
        _ => false,
    });
    parsed.ok_or_else(|| Error::Setup(format!("{url:?} is no endpoint; write it as https://host/path")))
}

/// One POST of a form; gives the body of the answer, whatever its status: errors are described there. Nothing is
/// followed elsewhere: the form holds secrets that are the endpoint's alone.
fn post(endpoint: &Uri, form: &str) -> Result<Vec<u8>, Error> {
    let host = endpoint.host().unwrap_or_default();
    let failed = |why: ureq::Error| Error::Connection(format!("asking {host} for an access token: {why}"));
    let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
    let agent = Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(TOKEN_PATIENCE))
        .user_agent("maildesk")
        .accept("application/json")
        .build()
        .new_agent();
    let request = agent.post(endpoint).content_type("application/x-www-form-urlencoded");
    let answer = request.send(form).map_err(failed)?;
    answer.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(failed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn command_gives_its_first_line() {
        assert_eq!(token_of_command("echo ya29.abc; echo more").unwrap(), "ya29.abc");
        assert!(
            token_of_command("echo no login >&2; exit 3").unwrap_err().to_string().ends_with("exit status 3: no login")
        );
        assert!(token_of_command("true").unwrap_err().to_string().contains("printed nothing"));
    }

    #[test]
    fn endpoints_in_the_clear_are_refused_beyond_this_machine() {
        for bad in
            ["http://login.example.org/token", "http://localhost.example.org/", "ftp://x", "https://x y/", "x", ""]
        {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
        assert_eq!(endpoint("https://oauth2.example.org/token?a=b").unwrap().host(), Some("oauth2.example.org"));
        assert_eq!(endpoint("http://127.0.0.1:8000/t").unwrap().port_u16(), Some(8000));
    }

    /// Accepts one connection, answers with `answer` and gives what came first.
    fn once(answer: String) -> (u16, std::thread::JoinHandle<Vec<u8>>) {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            bytes.truncate(count);
            stream.write_all(answer.as_bytes()).unwrap();
            bytes
        });
        (port, served)
    }

    #[test]
    fn answer_in_chunks_is_read_whole_whatever_its_status() {
        let head = "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        let (port, _served) = once(format!("{head}1;x\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n"));
        let url = endpoint(&format!("http://127.0.0.1:{port}/token")).unwrap();
        assert_eq!(post(&url, "a=b").unwrap(), b"{}");
    }

    #[test]
    fn secrets_do_not_follow_a_redirection() {
        let (elsewhere, asked) = once(String::new());
        let location = format!("http://127.0.0.1:{elsewhere}/");
        let (port, _served) = once(format!("HTTP/1.1 307 x\r\nLocation: {location}\r\nContent-Length: 2\r\n\r\n{{}}"));
        let url = endpoint(&format!("http://127.0.0.1:{port}/token")).unwrap();
        assert_eq!(post(&url, "a=b").unwrap(), b"{}");
        assert!(!asked.is_finished());
    }

    #[test]
    fn https_is_spoken_with_tls_and_a_server_without_it_gets_nothing() {
        let (port, served) = once("HTTP/1.1 200 OK\r\n\r\n".to_owned());
        let url = endpoint(&format!("https://127.0.0.1:{port}/token")).unwrap();
        assert!(matches!(post(&url, "secret=1"), Err(Error::Connection(_))));
        let said = served.join().unwrap();
        // The first byte of a TLS handshake (RFC 8446 §5.1).
        assert_eq!(said.first(), Some(&22), "{said:?}");
    }
}
