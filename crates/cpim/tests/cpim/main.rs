//! The common formats as whoever uses the crate sees them.

mod composing;
mod documents;
mod hostile;
mod namespaces;
mod tables;
mod xml;
