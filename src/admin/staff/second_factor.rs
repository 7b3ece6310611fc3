//! `admin staff totp`: the second factor.

use std::io::IsTerminal;
use std::path::PathBuf;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::json;

use super::super::{Context, complete, secret_from_stdin, usage};
use super::change::existing;
use crate::admin::random;
use crate::outcome::{self, Failure, WithContext, bail};
use crate::secret_file;
use crate::totp::{self, RecoveryCodes};

/// Verbs of `admin staff totp`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Ask for a code at the login from now on; prints what the authenticator program needs
    Enable(Enable),
    /// Print ten new recovery codes, each replaces one code of the app; those before work no more
    Codes {
        /// Login name, id or address
        username: String,
    },
    /// Ask for no code any more
    Disable {
        /// Login name, id or address
        #[arg(add = complete::staff())]
        username: String,
    },
}

/// Options of `admin staff totp enable`.
#[derive(Debug, clap::Args)]
pub(crate) struct Enable {
    /// Login name, id or address
    #[arg(add = complete::staff())]
    username: String,
    /// Use this secret, in base32 [default: a random one]
    #[arg(long, value_name = "BASE32", group = "chosen")]
    totp_secret: Option<String>,
    /// Read the secret from a file (0600)
    #[arg(long, value_name = "FILE", group = "chosen")]
    totp_secret_file: Option<PathBuf>,
    /// Read the secret from stdin
    #[arg(long, group = "chosen")]
    totp_secret_stdin: bool,
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<()> {
    match command {
        Command::Enable(wanted) => enable(context, wanted),
        Command::Codes { username } => codes(context, username),
        Command::Disable { username } => {
            let staff = existing(context, username)?;
            context.store.write(|tx| tx.set_totp_secret(staff.id, ""))?;
            let json = json!({ "username": staff.username, "totp": false });
            context.output.changed(&json, &format!("{} logs in without a code now", staff.username))?;
            Ok(())
        }
    }
}

fn enable(context: &Context, wanted: &Enable) -> outcome::Result<()> {
    let staff = existing(context, &wanted.username)?;
    let secret = secret(wanted)?;
    let site = context.store.read(|tx| tx.settings())?.site_name;
    let url = totp::otpauth_url(&site, &staff.username, &secret);
    context.store.write(|tx| tx.set_totp_secret(staff.id, &secret))?;
    context
        .output
        .object(&json!({ "username": staff.username, "totp": true, "secret": secret, "otpauth_url": url }), &url)?;
    if std::io::stdout().is_terminal() && !context.output.is_json() {
        let picture =
            QrCode::new(&url).map_err(Failure::of).context("drawing the QR code")?.render::<Dense1x2>().build();
        context.output.say(&picture);
    }
    Ok(())
}

fn codes(context: &Context, username: &str) -> outcome::Result<()> {
    let staff = existing(context, username)?;
    if !staff.has_totp {
        let name = &staff.username;
        bail!("{name} has no second factor"; "`maildesk admin staff totp enable {name}` sets one up");
    }
    let RecoveryCodes { shown: codes, hashes } = RecoveryCodes::new(random)?;
    context.store.write(|tx| tx.set_recovery_codes(staff.id, &hashes))?;
    context.output.object(&json!({ "username": staff.username, "recovery_codes": codes }), &codes.join("\n"))?;
    Ok(())
}

fn secret(wanted: &Enable) -> outcome::Result<String> {
    let chosen = match (&wanted.totp_secret, &wanted.totp_secret_file) {
        (Some(secret), _) => secret.clone(),
        (None, Some(path)) => secret_file::read(path)?,
        (None, None) if wanted.totp_secret_stdin => secret_from_stdin()?,
        (None, None) => {
            let bytes = random::<{ totp::SECRET_BYTES }>()?;
            totp::secret_of(bytes)
        }
    };
    totp::clean_secret(&chosen).or_else(|refused| usage(refused.to_string()))
}
