//! What an endpoint is told at its start.

use crate::alias::Alias;
use model::Millis;
use std::net::SocketAddr;

/// The most calls at once.
pub const CALLS_MAX: usize = 8;

/// What an endpoint is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its names, the one it shows to others first.
    pub aliases: Vec<Alias>,
    /// Where the gatekeeper takes RAS messages; `None` to look for one.
    pub gatekeeper: Option<SocketAddr>,
    /// Where this endpoint takes RAS messages, as others reach it.
    pub ras_address: SocketAddr,
    /// Where this endpoint takes calls, as others reach it.
    pub call_signal_address: SocketAddr,
    /// The time to live asked for, in seconds.
    pub time_to_live: u32,
    /// How many calls at once, at most [`CALLS_MAX`]; one more is told that this endpoint is busy.
    pub calls: usize,
    /// Whether to answer a call as soon as it rings.
    pub auto_answer: bool,
    /// Whether to leave out every generic feature, like a room system of old.
    pub plain: bool,
}

/// How long a request waits for its answer before it is sent again (H.225.0 clause 7.19.1).
pub(super) const REQUEST_TIMEOUT: Millis = Millis::seconds(3);

/// How often a request is sent again.
pub(super) const REQUEST_RETRIES: u8 = 2;

/// The pause before an endpoint that lost its gatekeeper, or was sent away by it, tries again when there is no
/// alternate.
pub(super) const REGISTRATION_PAUSE: Millis = Millis::seconds(15);

/// The pause before an endpoint registers again because the gatekeeper wants it.
pub(super) const REREGISTRATION_PAUSE: Millis = Millis::seconds(1);

/// How long a connection may take to open and the other side to give the first answer to a Setup, and how long an
/// accepted connection may stay without a Setup (T303 of Q.931, with the time TCP takes).
pub(super) const SETUP_TIMEOUT: Millis = Millis::seconds(10);

/// How long a call may ring (T301 of Q.931).
pub(super) const RINGING_TIMEOUT: Millis = Millis::seconds(180);

/// How long an incomplete packet may stay incomplete.
pub(super) const PACKET_TIMEOUT: Millis = Millis::seconds(10);

/// How long the connection of an answered call may be silent from our side. An h323plus peer that gets no media gives
/// the call up after ten seconds of silence.
pub(super) const KEEP_ALIVE_INTERVAL: Millis = Millis::seconds(5);

/// How long the farewells of an endpoint that quits may take.
pub(super) const QUIT_TIMEOUT: Millis = Millis::seconds(5);
