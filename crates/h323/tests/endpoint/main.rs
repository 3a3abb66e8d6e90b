//! Two endpoints and a small gatekeeper in one process and virtual time.

mod calls;
mod gatekeeper;
mod registration;
mod robustness;
mod world;
