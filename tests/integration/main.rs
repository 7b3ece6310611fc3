//! One test binary: a module per capability, the real program, real SQLite files, real mail servers where they are
//! installed. Unit tests lie beside the code they test.

mod admin;
mod concurrency;
mod corpus;
mod desk;
mod exim;
mod hostile;
mod intake;
mod layering;
mod mta;
mod pipe;
mod postfix;
