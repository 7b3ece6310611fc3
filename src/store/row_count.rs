//! The kinds of numbers that `row_count` keeps (see schema.sql): totals without counting a table.

/// All tickets.
pub const TICKETS: i64 = 0;
/// Tickets of a status; the value is its number.
pub const TICKETS_BY_STATUS: i64 = 1;
/// Tickets of a department; the value is its id.
pub const TICKETS_BY_DEPARTMENT: i64 = 2;
/// Tickets of a customer; the value is his id.
pub const TICKETS_BY_CUSTOMER: i64 = 3;
/// All customers.
pub const CUSTOMERS: i64 = 4;
/// All messages but notes.
pub const MESSAGES: i64 = 5;
/// All attachments.
pub const ATTACHMENTS: i64 = 6;
/// Ids that one bucket spans.
pub const BUCKET_IDS: i64 = 1024;
