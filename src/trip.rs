//! Panics on purpose, so that tests of the real program can see what survives one. A release build has none.

/// Panics if the environment variable `MAILDESK_TRIP` is `POINT=FILE` with this point's name and a file that is
/// there: a test ends the panics by removing the file.
///
/// # Panics
/// On purpose.
#[cfg(debug_assertions)]
#[allow(clippy::panic)] // what it is for
pub(crate) fn trip(point: &str) {
    let Some(asked) = std::env::var_os("MAILDESK_TRIP") else { return };
    let asked = asked.to_string_lossy();
    if let Some((name, file)) = asked.split_once('=')
        && name == point
        && std::path::Path::new(file).exists()
    {
        panic!("tripped at {point}");
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) const fn trip(_point: &str) {}
