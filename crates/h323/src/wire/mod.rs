//! Octets and their typed readings: RAS, call signalling, generic data, the presence and messaging features.
//!
//! A RAS datagram is one [`h225::RasMessage`]; a call signalling packet is [`tpkt`] framing around a [`q931::Q931`]
//! message around [`h225::H323UserInformation`]. [`reading`] shows any of them as JSON and takes the JSON back.

pub mod feature;
pub mod h225;
pub mod h235;
pub mod h245;
pub mod package;
pub mod presence;
pub mod q931;
pub mod reading;
pub mod signalling_security;
pub mod tpkt;
pub mod traversal;
