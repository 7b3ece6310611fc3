//! The `maildesk` program: everything is in the library, see `maildesk::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(maildesk::cli::run(std::env::args_os().collect()))
}
