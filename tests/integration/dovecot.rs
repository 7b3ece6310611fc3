//! A private Dovecot for one test: its own folders, ports, certificates and mail, ended with the test. Nothing here knows
//! what maildesk does with it.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD as BASE64, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tempfile::TempDir;

use crate::maildir;
use crate::mta::{account, free_port, is_root, run, set_mode, skip, wait_for};

/// What access tokens are signed with.
const TOKEN_KEY: &[u8] = b"a key that only this test and its Dovecot know";

const PROGRAM: &str = "/usr/sbin/dovecot";

/// The account the mail belongs to.
const MAIL_ACCOUNT: &str = "nobody";

/// The one user's name and password. The password has what quoting gets wrong.
pub(crate) const USER: &str = "support@mail.test";
pub(crate) const PASSWORD: &str = "pa\"ss\\wörd 1";

/// A running Dovecot.
pub(crate) struct Dovecot {
    dir: TempDir,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    owner: (u32, u32),
}

/// Whether the plain port takes passwords.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plaintext {
    Taken,
    Refused,
}

/// The certificate the server shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// For `localhost`, by the test's authority.
    Good,
    Expired,
    /// For `elsewhere.test`.
    OtherName,
    /// For `localhost`, by nobody but itself.
    SelfSigned,
}

impl Dovecot {
    /// Starts one with a good certificate; `None`, and a loud skip, where that cannot be done.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(Certificate::Good, Plaintext::Refused)
    }

    pub(crate) fn start_with(certificate: Certificate, plaintext: Plaintext) -> Option<Self> {
        let missing =
            [PROGRAM, "/usr/lib/dovecot/imap", "/usr/bin/openssl"].into_iter().find(|path| !Path::new(path).exists());
        if let Some(path) = missing {
            skip(&format!("{path} is missing"));
            return None;
        }
        if !is_root() {
            skip("Dovecot needs root to switch accounts");
            return None;
        }
        // Not TMPDIR: paths of sockets must be short, and other accounts must be able to reach them.
        let dir = tempfile::Builder::new().prefix("maildesk-imap-").tempdir_in("/tmp").expect("a folder in /tmp");
        set_mode(dir.path().to_owned(), 0o755);
        let owner = account(MAIL_ACCOUNT).expect("every machine has an account named nobody");
        let server = Self { port: free_port(), tls_port: free_port(), owner, dir };
        for folder in ["run", "state", "home", "public"] {
            fs::create_dir(server.path(folder)).expect("a new folder");
        }
        server.make_folder("");
        server.give("home");
        server.give("public");
        server.make_certificates(certificate);
        let user = format!("{USER}:{{PLAIN}}{PASSWORD}::::::\n");
        fs::write(server.path("users"), user).expect("the test's folder is writable");
        let key = server.path("keys/default/HS256");
        fs::create_dir_all(&key).expect("a new folder");
        fs::write(key.join("default"), BASE64.encode(TOKEN_KEY)).expect("the test's folder is writable");
        let oauth = format!(
            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\nusername_attribute = sub\n",
            server.dir.path().display()
        );
        fs::write(server.path("oauth2.conf"), oauth).expect("the test's folder is writable");
        server.write_configuration(plaintext);
        // Its children keep the output open, so nobody must wait for the end of that.
        let mut dovecot = Command::new(PROGRAM);
        dovecot.arg("-c").arg(server.path("dovecot.conf"));
        dovecot.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = dovecot.status().expect("it is there");
        assert!(status.success(), "{}", server.log());
        let port = server.port;
        wait_for("Dovecot listens", || TcpStream::connect(("127.0.0.1", port)).ok(), || server.log());
        Some(server)
    }

    fn write_configuration(&self, plaintext: Plaintext) {
        let name = self.dir.path().file_name().expect("a folder in /tmp has a name").to_string_lossy().into_owned();
        let text = include_str!("../imap/dovecot.conf")
            .replace("@DIR@", &self.dir.path().display().to_string())
            .replace("@NAME@", &name)
            .replace("@PORT@", &self.port.to_string())
            .replace("@TLS_PORT@", &self.tls_port.to_string())
            .replace("@UID@", &self.owner.0.to_string())
            .replace("@GID@", &self.owner.1.to_string())
            .replace("@PLAINTEXT_REFUSED@", if plaintext == Plaintext::Refused { "yes" } else { "no" });
        fs::write(self.path("dovecot.conf"), text).expect("the test's folder is writable");
    }

    /// An authority `ca.pem` and a certificate by it.
    fn make_certificates(&self, certificate: Certificate) {
        let openssl = |args: &str| {
            run(Command::new("openssl").args(args.split(' ')).current_dir(self.dir.path()));
        };
        let name = if certificate == Certificate::OtherName { "elsewhere.test" } else { "localhost" };
        let days = if certificate == Certificate::Expired {
            "-not_before 20200101000000Z -not_after 20200201000000Z"
        } else {
            "-days 2"
        };
        if certificate == Certificate::SelfSigned {
            openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority");
            openssl(
                "req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost",
            );
            return;
        }
        fs::write(self.path("ext"), format!("subjectAltName=DNS:{name}\n")).expect("the test's folder is writable");
        openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority");
        openssl(&format!("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN={name}"));
        if certificate == Certificate::Expired {
            // `x509 -req` of OpenSSL 3.0 cannot date back; `ca` can.
            fs::write(self.path("index.txt"), "").expect("the test's folder is writable");
            let settings = "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n";
            fs::write(self.path("ca.cnf"), settings).expect("the test's folder is writable");
            openssl(
                "ca -batch -config ca.cnf -in server.csr -cert ca.pem -keyfile ca.key -out server.pem -extfile ext -startdate 20200101000000Z -enddate 20200201000000Z -notext",
            );
        } else {
            openssl(&format!(
                "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -extfile ext {days}"
            ));
        }
    }

    /// An access token for [`USER`] that the server believes (RFC 7519, HS256).
    #[allow(clippy::disallowed_methods)] // the server looks at its clock
    pub(crate) fn access_token(&self) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is past 1970").as_secs();
        let claims = format!(r#"{{"sub":"{USER}","iat":{},"exp":{}}}"#, now - 60, now + 3600);
        let signed = format!("{}.{}", BASE64_URL.encode(r#"{"alg":"HS256","typ":"JWT"}"#), BASE64_URL.encode(claims));
        let mac =
            Hmac::<Sha256>::new_from_slice(TOKEN_KEY).expect("any length will do").chain_update(&signed).finalize();
        format!("{signed}.{}", BASE64_URL.encode(mac.into_bytes()))
    }

    /// A path below the server's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The authority's certificate.
    pub(crate) fn ca_file(&self) -> String {
        self.path("ca.pem").display().to_string()
    }

    /// Where a folder of the user lies; empty for INBOX.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.path(&format!("home/{USER}/Maildir")).join(name)
    }

    /// Makes a folder of the user.
    pub(crate) fn make_folder(&self, name: &str) {
        self.make_maildir(&self.folder(name));
    }

    /// Makes a folder everybody may read and nobody may change.
    pub(crate) fn make_shared_folder(&self, name: &str) {
        let path = self.path("public").join(name);
        self.make_maildir(&path);
        fs::write(path.join("dovecot-acl"), "authenticated lr\n").expect("the test's folder is writable");
        self.give("public");
    }

    fn make_maildir(&self, path: &Path) {
        maildir::make(path);
        self.give("home");
    }

    /// Gives everything below a folder to the mail account.
    pub(crate) fn give(&self, name: &str) {
        maildir::give(&self.path(name), self.owner);
    }

    /// Puts a mail into a folder, as an MTA would.
    pub(crate) fn put(&self, folder: &Path, name: &str, mail: impl AsRef<[u8]>) {
        maildir::put(folder, self.owner, (name, mail.as_ref()));
    }

    /// The mails of a folder: name and flags, sorted.
    pub(crate) fn mails(&self, folder: &Path) -> Vec<(String, String)> {
        maildir::mails(folder)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("dovecot.log")).unwrap_or_default()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.path("run/master.pid")).unwrap_or_default();
        // Its own instance, by the id it wrote down; the children follow.
        if let Ok(pid) = pid.trim().parse::<i32>()
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
            for _ in 0..100 {
                if rustix::process::test_kill_process(pid).is_err() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
        }
    }
}
