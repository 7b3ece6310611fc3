//! How a mail is read: who wrote it, what of it is shown, which text and files come out of it.

mod again;
mod containers;
mod shown;
mod threads;
mod who;
