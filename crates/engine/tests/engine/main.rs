//! The engine as its driver sees it, in virtual time.

mod claims;
mod explanation;
mod inference;
mod properties;
mod restart;
mod scene;
mod watchers;
