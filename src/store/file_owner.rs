//! The owner of a desk's files: a file that root makes beside a database, or in a folder, gets their owner, so that
//! the account maildesk runs as can use it.

use std::path::Path;

pub(super) use crate::private_file::give;

/// The folder that holds the path.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
