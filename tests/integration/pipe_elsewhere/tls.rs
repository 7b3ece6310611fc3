//! The desk behind TLS, with certificates that are good and such that are not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use native_tls::{Identity, TlsAcceptor};

use super::fixture::MailHost;
use crate::client::Server;
use crate::desk::{Desk, SUPPORT, mail};
use crate::mta::run;
use crate::pipe::TRY_AGAIN;

/// A certificate for these names, signed by itself, and its key: `NAME.pem` and `NAME.key` in the folder.
fn make_certificate(folder: &Path, name: &str, names: &str) {
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
    ]);
    openssl.args(["-subj", &format!("/CN={name}"), "-addext", &format!("subjectAltName={names}")]);
    openssl.arg("-keyout").arg(folder.join(format!("{name}.key"))).arg("-out").arg(folder.join(format!("{name}.pem")));
    run(&mut openssl);
}

/// A port where TLS ends and plain HTTP goes on to the desk.
fn terminate(folder: &Path, name: &str, desk: SocketAddr) -> u16 {
    let read = |ending: &str| std::fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
    let identity = Identity::from_pkcs8(&read("pem"), &read("key")).unwrap();
    let acceptor = TlsAcceptor::new(identity).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(mut client) = acceptor.accept(stream) else { continue };
            let mut desk = TcpStream::connect(desk).unwrap();
            client.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            desk.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            carry(&mut client, &mut desk);
        }
    });
    port
}

/// Both ways in turn, until either end closes.
fn carry(client: &mut (impl Read + Write), desk: &mut TcpStream) {
    let mut buffer = [0; 16 * 1024];
    let is_pause =
        |error: &std::io::Error| matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
    loop {
        match client.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => desk.write_all(&buffer[..read]).unwrap(),
            Err(error) if is_pause(&error) => {}
            Err(_) => return,
        }
        match desk.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => client.write_all(&buffer[..read]).unwrap(),
            Err(error) if is_pause(&error) => {}
            Err(_) => return,
        }
    }
}

#[test]
fn only_a_certificate_that_is_believed_for_that_name_gets_the_mail() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let folder = desk.path("");
    make_certificate(&folder, "good", "DNS:localhost,IP:127.0.0.1");
    make_certificate(&folder, "other", "DNS:elsewhere.test");
    let good = terminate(&folder, "good", server.address);
    let other = terminate(&folder, "other", server.address);
    let ca = |name: &str| format!("deliver_ca_file = {:?}\n", desk.path(&format!("{name}.pem")));
    let message = mail("a", "Subject: x\n", &"x".repeat(100_000));
    let hand_over = |url: String, lines: &str| {
        let host = MailHost::of(&desk, &url);
        host.with(lines, "");
        (host.pipe(&message, &["--recipient", SUPPORT]), host.log())
    };
    for (what, port, lines) in [
        ("nobody vouches for it", good, String::new()),
        ("another one is believed", good, ca("other")),
        ("it is for another name", other, ca("other")),
        ("no certificate in the file", good, format!("deliver_ca_file = {:?}\n", desk.path("good.key"))),
        ("no file", good, ca("gone")),
    ] {
        let (done, log) = hand_over(format!("https://127.0.0.1:{port}"), &lines);
        assert_eq!(done.parts(), (75, "", TRY_AGAIN), "{what}: {log}");
        assert!(!log.is_empty(), "{what}");
    }
    assert_eq!(desk.count("mails_received"), 0);
    for name in ["127.0.0.1", "localhost"] {
        let (done, log) = hand_over(format!("https://{name}:{good}"), &ca("good"));
        assert_eq!(done.parts(), (0, "", ""), "{name}: {log}");
    }
    assert_eq!(desk.count("mails_received"), 1);
}
