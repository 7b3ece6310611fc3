//! `admin import maildir`: a folder with `cur` and `new`, one file a mail, as Dovecot, Courier and
//! Postfix keep them.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::rc::Rc;

use super::mails::{Import, Mail};

use crate::admin::Context;
use crate::admin::progress::{Progress, Unit};
use crate::domain::{EmailAddress, Timestamp};
use crate::intake::whole_of;
use crate::mail::Whole;
use crate::outcome::{self, Done, WithContext, bail};
use crate::private_file::Folder;

/// Options of `admin import maildir`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Mails keep their dates, nobody is notified, and mails that are there already are skipped. Only the folder
itself is read; run it again for each subfolder you want (.Archive …). Symbolic links in it are not followed.

Example:
  maildesk admin import maildir ~support/Maildir --address support@example.org")]
pub(crate) struct Arguments {
    /// The folder
    dir: PathBuf,
    /// The desk's address the mails were sent to [default: what the headers of each say]
    #[arg(long, value_name = "ADDR")]
    address: Option<EmailAddress>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> outcome::Result<Done> {
    let shown = arguments.dir.display();
    let mut import = Import::new(context, arguments.address.as_ref())?;
    let mut files = Vec::new();
    let mut is_maildir = false;
    let root = Folder::open_named(&arguments.dir).with_context(|| format!("reading {shown}"))?;
    for name in ["cur", "new"] {
        let folder = match root.folder(name.as_ref()) {
            Ok(folder) => Rc::new(folder),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            // A symbolic link: its target does not belong to this maildir.
            Err(error) => return Err(error).with_context(|| format!("reading {shown}/{name}, which must be a folder")),
        };
        is_maildir = true;
        let names = folder.names().with_context(|| format!("reading {shown}/{name}"))?;
        let visible = names.into_iter().filter(|name| !name.as_encoded_bytes().starts_with(b"."));
        files.extend(visible.map(|file| (file, name, Rc::clone(&folder))));
    }
    if !is_maildir {
        bail!("{shown} is not a maildir: it has neither cur nor new");
    }
    // File names begin with the time of delivery: threads are read in their order.
    files.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    let progress = Progress::new(&context.output, Unit::Mails, files.len() as u64);
    progress.part("importing", files.len() as u64);
    for (number, (file, kind, folder)) in files.iter().enumerate() {
        let name = arguments.dir.join(kind).join(file).display().to_string();
        match read(folder, file, import.mail_bytes_max()) {
            Ok((raw, whole)) => import.add(Mail { raw, whole, arrived_at: arrived_at(file), name })?,
            Err(error) => import.fail(&name, &error.to_string()),
        }
        progress.at(number as u64 + 1);
    }
    import.finish(progress)
}

fn read(folder: &Folder, file: &OsStr, bytes_max: usize) -> std::io::Result<(Vec<u8>, Option<Whole>)> {
    let mut raw = Vec::new();
    let mut file = folder.file(file)?;
    file.by_ref().take(bytes_max as u64).read_to_end(&mut raw)?;
    let whole = if raw.len() < bytes_max { None } else { Some(whole_of(&raw, &mut file)?) };
    Ok((raw, whole))
}

/// The seconds a maildir name begins with (`1717496582.M20046P2137.host,S=513:2,S`).
fn arrived_at(file: &OsStr) -> Option<Timestamp> {
    file.to_str()?.split('.').next()?.parse().ok().map(Timestamp::from_unix)
}
