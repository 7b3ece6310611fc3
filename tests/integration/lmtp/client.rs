//! A running `serve --lmtp` on a free port, and a client that can also say what no mail server would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::client::Server;
use crate::desk::Desk;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// `maildesk serve` with a port for LMTP.
pub(crate) struct LmtpServer {
    pub(crate) http: Server,
    pub(crate) address: SocketAddr,
}

impl LmtpServer {
    pub(crate) fn start(desk: &Desk) -> Self {
        Self::start_with(desk, &[])
    }

    pub(crate) fn start_with(desk: &Desk, env: &[(&str, String)]) -> Self {
        let mut command = desk.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--lmtp", "127.0.0.1:0"]).stdin(Stdio::null());
        command.envs(env.iter().map(|(name, value)| (*name, value)));
        let (http, lines) = Server::spawn_saying(&mut command, 2);
        let address = lines[1].strip_prefix("taking mail by LMTP on ").and_then(|address| address.parse().ok());
        Self { http, address: address.unwrap_or_else(|| panic!("serve said {lines:?}")) }
    }
}

/// A connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connected, and greeted by the server.
    pub(crate) fn connect(server: &LmtpServer) -> Self {
        let mut client = Self::try_connect(server.address).expect("the server accepts connections");
        assert_eq!(client.reply(), "220 maildesk LMTP");
        client
    }

    pub(crate) fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// The same after LHLO.
    pub(crate) fn greeted(server: &LmtpServer) -> Self {
        let mut client = Self::connect(server);
        client.send("LHLO mx.client.test\r\n");
        assert!(client.reply_lines().last().unwrap().starts_with("250 "));
        client
    }

    /// Sends bytes as they are. What cannot be sent because the server has hung up is left.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).ok();
    }

    /// Sends a command; its reply.
    pub(crate) fn say(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n"));
        self.reply()
    }

    /// The last line of a reply; empty when the connection has ended.
    pub(crate) fn reply(&mut self) -> String {
        self.reply_lines().pop().unwrap_or_default()
    }

    pub(crate) fn reply_lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
                return lines;
            }
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line.trim_end().to_owned());
            if is_last {
                return lines;
            }
        }
    }

    /// DATA with a mail whose lines end with CR LF; the replies.
    pub(crate) fn data(&mut self, mail: &str, recipients: usize) -> Vec<String> {
        let asked = self.say("DATA");
        if !asked.starts_with("354 ") {
            return vec![asked];
        }
        let end = if mail.is_empty() || mail.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" };
        let stuffed =
            mail.split("\r\n").map(|line| if line.starts_with('.') { format!(".{line}") } else { line.into() });
        let stuffed = stuffed.collect::<Vec<String>>().join("\r\n");
        self.send(format!("{stuffed}{end}"));
        (0..recipients).map(|_| self.reply()).collect()
    }

    /// A whole mail; the replies for its recipients.
    pub(crate) fn hand_over(&mut self, sender: &str, recipients: &[&str], mail: &str) -> Vec<String> {
        let said = self.say(&format!("MAIL FROM:<{sender}>"));
        if !said.starts_with("250 ") {
            return vec![said];
        }
        for recipient in recipients {
            self.say(&format!("RCPT TO:<{recipient}>"));
        }
        self.data(mail, recipients.len())
    }

    /// Everything that comes until the connection ends.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).ok();
        String::from_utf8_lossy(&rest).into_owned()
    }
}
