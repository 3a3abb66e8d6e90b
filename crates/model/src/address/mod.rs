//! Addresses: the canonical form that every network's names map to.
