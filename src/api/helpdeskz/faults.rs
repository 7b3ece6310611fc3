//! What is wrong with the fields of one request, in the order and form of HelpDeskZ's rules.

use crate::api::error::ApiError;

/// Faults of the fields of one request, in the order of HelpDeskZ's rules.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    /// Notes a fault.
    pub(super) fn add(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    /// Notes a fault, if it is one, and gives what was found good.
    pub(super) fn note<T>(&mut self, checked: Result<T, &'static str>) -> Option<T> {
        checked.map_err(|text| self.add(text)).ok()
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with every fault, one space between them.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0.join(" "))) }
    }
}
