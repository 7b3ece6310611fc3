//! The server is killed under load, again and again: a mail that was acknowledged is there, and no mail is there twice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::client::{Client, LmtpServer};
use super::wire;
use crate::desk::{Desk, SUPPORT};

/// Connections that hand over mails.
const CONNECTIONS: usize = 6;

/// How often the server is killed; `MAILDESK_LMTP_KILLS` says otherwise.
const KILLS: usize = 8;

/// Hands a mail over until it is acknowledged, as a mail server does; how often it took.
fn hand_over(address: &Mutex<SocketAddr>, client: &mut Option<Client>, mail: &str) -> usize {
    for tries in 1.. {
        let connected = client.take().or_else(|| {
            let address = *address.lock().unwrap_or_else(PoisonError::into_inner);
            let mut client = Client::try_connect(address).ok().filter(|_| true)?;
            client.send("LHLO mx.client.test\r\n");
            // The greeting, then the reply to LHLO.
            (client.reply().starts_with("220") && client.reply().starts_with("250")).then_some(client)
        });
        let Some(mut connected) = connected else {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        };
        let replies = connected.hand_over("ann@client.test", &[SUPPORT], mail);
        if replies.iter().all(|reply| reply.starts_with("250 ")) {
            *client = Some(connected);
            return tries;
        }
    }
    unreachable!("it tries for ever")
}

#[test]
fn server_killed_under_load_loses_and_doubles_no_mail() {
    let kills = std::env::var("MAILDESK_LMTP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let desk = Desk::new();
    let mut server = LmtpServer::start(&desk);
    let address = Mutex::new(server.address);
    let (is_over, acknowledged, again) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (address, is_over, acknowledged, again) = (&address, &is_over, &acknowledged, &again);
            scope.spawn(move || {
                let mut client = None;
                for number in 0.. {
                    let mail = wire(&format!("c{connection}n{number}"), &"It burns. ".repeat(300));
                    again.fetch_add(hand_over(address, &mut client, &mail) - 1, Ordering::SeqCst);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
        }
        for kill in 0..kills {
            // Some mails later, at another moment of the work each time.
            let before = acknowledged.load(Ordering::SeqCst);
            while acknowledged.load(Ordering::SeqCst) < before + 3 {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(u64::try_from(kill * 977 % 9000).unwrap()));
            server.http.signal("KILL");
            server.http.wait();
            server = LmtpServer::start(&desk);
            *address.lock().unwrap() = server.address;
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let all = i64::try_from(acknowledged.load(Ordering::SeqCst)).unwrap();
    println!("{kills} kills, {all} mails, {} handed over again", again.load(Ordering::SeqCst));
    let counts = ["mails_received", "messages", "tickets"].map(|key| desk.count(key));
    assert_eq!(counts, [all; 3]);
    let distinct = "SELECT count(DISTINCT internet_id) FROM receipt";
    assert_eq!(desk.outside().number(distinct), all);
    assert!(desk.try_admin(&["check"]).status == 0);
}
