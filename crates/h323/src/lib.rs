//! H.323: the wire, the gatekeeper.
//!
//! [`wire`] turns octets into types and back. [`alias`] says which address an H.323 name stands for.
//! [`gatekeeper`] is the H.323 gateway of Herald: a [`link::Link`] that speaks RAS with endpoints and tells the
//! engine who is there and who is in a call. None of them does IO.
//!
//! ```text
//! let mut gatekeeper = Gatekeeper::new(GatewayId(0), Settings::new(zone), seed);
//! gatekeeper.receive(now, channel, Input::Datagram { .. });
//! while let Some(output) = gatekeeper.poll() { .. }
//! ```

pub mod alias;
pub mod endpoint;
pub mod gatekeeper;
pub mod security;
mod transport;
pub mod wire;
