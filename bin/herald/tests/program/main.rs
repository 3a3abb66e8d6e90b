//! The program as people meet it: real processes, real sockets, a real disk.

// A test that can't go on has failed.
#![allow(clippy::unwrap_used)]

mod calls;
mod documents;
mod herald;
mod import;
mod restart;
mod room;
mod send;
mod trace;
mod verbs;
