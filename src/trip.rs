//! Panics and sudden ends on purpose, so that tests of the real program can see what survives one. A release build has none.

/// Panics if the environment variable `MAILDESK_TRIP` is `POINT=FILE` with this point's name and a file that is
/// there: a test ends the panics by removing the file. `MAILDESK_DIE` ends the process instead, as a kill would.
///
/// # Panics
/// On purpose.
#[cfg(debug_assertions)]
#[allow(clippy::panic)] // what it is for
pub(crate) fn trip(point: &str) {
    if is_asked("MAILDESK_DIE", point) {
        std::process::abort();
    }
    if is_asked("MAILDESK_TRIP", point) {
        panic!("tripped at {point}");
    }
}

#[cfg(debug_assertions)]
fn is_asked(variable: &str, point: &str) -> bool {
    let Some(asked) = std::env::var_os(variable) else { return false };
    let asked = asked.to_string_lossy();
    asked.split_once('=').is_some_and(|(name, file)| name == point && std::path::Path::new(file).exists())
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) const fn trip(_point: &str) {}
