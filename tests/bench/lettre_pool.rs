//! The messages of a desk's outbox through lettre's pooled SMTP transport and nothing else: no queue, no bookkeeping. The
//! benchmark holds `maildesk admin outbox send` against it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::{SmtpTransport, Transport};
use rusqlite::Connection;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, port, threads] = arguments.as_slice() else {
        return Err("usage: lettre_pool DATABASE PORT THREADS".into());
    };
    let connection = Connection::open(database)?;
    let mut statement = connection.prepare("SELECT data FROM outbox_raw ORDER BY outbox_id")?;
    let messages = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<Vec<u8>>, _>>()?;
    let threads: u32 = threads.parse()?;
    let pool = PoolConfig::new().max_size(threads);
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port.parse()?).pool_config(pool).build();
    let envelope = Envelope::new(Some("support@helpdesk.test".parse()?), vec!["ann@client.test".parse()?])?;
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let send = || -> Result<(), lettre::transport::smtp::Error> {
            while let Some(message) = messages.get(next.fetch_add(1, Ordering::Relaxed)) {
                transport.send_raw(&envelope, message)?;
            }
            Ok(())
        };
        let senders: Vec<_> = (0..threads).map(|_| scope.spawn(send)).collect();
        senders
            .into_iter()
            .try_for_each(|sender| sender.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(())
}
