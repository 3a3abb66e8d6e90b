//! What stanzas mean (interworking tables a, d): pure functions, and constant tables that tests read row by row.

pub mod message;
pub mod presence;
#[cfg(test)]
mod tests;
