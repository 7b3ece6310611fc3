//! Hands every file of a folder to the intake, one after the other, in this process: what is left of `maildesk imap-fetch`
//! when there is no server. For tests/bench/imap.
//!
//! Usage: `deliver_all DATABASE FOLDER RECIPIENT`. Prints the seconds it took, reading the files apart.

use std::error::Error;
use std::time::{Duration, Instant};

use maildesk::inside::{Envelope, MailLimits, Outcome, Rules, Source, Store, Timestamp, deliver};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, folder, recipient] = arguments.as_slice() else { return Err("DATABASE FOLDER RECIPIENT".into()) };
    let store = Store::open(std::path::Path::new(&database), Duration::from_secs(10))?;
    let rules = Rules { limits: MailLimits::default() };
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_key(std::fs::DirEntry::path);
    let mails: Vec<Vec<u8>> = paths.iter().map(|entry| std::fs::read(entry.path())).collect::<Result<_, _>>()?;
    let started = Instant::now();
    for raw in &mails {
        let envelope =
            Envelope { recipients: vec![recipient.clone()], sender: None, source: Source::FirstFetch, whole: None };
        let delivery = deliver(&store, &rules, &envelope, raw, Timestamp::now())?;
        if matches!(delivery.outcome, Outcome::Refused(_)) {
            return Err("a mail was refused".into());
        }
    }
    println!("{}", started.elapsed().as_secs_f64());
    Ok(())
}
