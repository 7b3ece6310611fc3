//! Tickets: their rows, lists of them, searching, merging.

pub mod figures;
pub mod list;
pub mod merge;
pub mod rows;
pub mod search;
