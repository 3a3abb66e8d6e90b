//! Call signalling: calls that are passed on, and instant messages.

mod answered;
mod hostile;
pub mod line;
mod placed;
mod relay;
mod secured;
mod session;
mod traversal;
