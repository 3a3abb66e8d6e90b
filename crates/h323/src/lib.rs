//! H.323
pub mod wire;
