//! The program as people meet it: real processes, real sockets, a real disk.

mod calls;
mod herald;
mod restart;
mod room;
mod verbs;
