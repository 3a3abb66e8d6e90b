//! What an endpoint is told at its start.

use super::signature::Credentials;
use crate::alias::Alias;
use crate::wire::presence::{PresenceFeature, PresenceGeoLocation};
use model::Millis;
use std::net::SocketAddr;

/// The most calls at once.
pub const CALLS_MAX: usize = 8;

/// The most calls for messages at once, beside the calls of people.
pub const MESSAGE_CALLS_MAX: usize = 8;

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
    /// Who this endpoint is, where it must show that.
    pub credentials: Option<Credentials>,
    /// The time to live asked for, in seconds.
    pub time_to_live: u32,
    /// How many calls at once, at most [`CALLS_MAX`]; one more is told that this endpoint is busy.
    pub calls: usize,
    /// Whether to answer a call as soon as it rings.
    pub auto_answer: bool,
    /// The generic features this endpoint has.
    pub offers: Offers,
    /// Whether messages go by calls even where the gatekeeper takes them over RAS.
    pub by_call: bool,
    /// What a published state says this endpoint can do, where it does not say so itself.
    pub features: Option<Vec<PresenceFeature>>,
    /// Where a published state says this endpoint is, where it does not say so itself.
    pub location: Option<PresenceGeoLocation>,
}

/// The generic features an endpoint has (H.460.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Offers {
    /// Presence.
    pub presence: bool,
    /// Messages by calls and in calls.
    pub messaging: bool,
    /// Herald's own package.
    pub package: bool,
}

impl Offers {
    /// Every feature.
    pub const ALL: Self = Self { presence: true, messaging: true, package: true };
    /// No feature, like a room system of old.
    pub const NONE: Self = Self { presence: false, messaging: false, package: false };
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

/// How long a call for messages may take to its next step: the answer to its Setup, the text, the opening, the
/// release. The deployed callee waits for ever; a call that stays silent helps nobody.
pub(super) const MESSAGE_TIMEOUT: Millis = Millis::seconds(30);

/// How long the other side may take to release a session that was closed.
pub(super) const CLOSE_TIMEOUT: Millis = Millis::seconds(5);

/// How long an incomplete packet may stay incomplete.
pub(super) const PACKET_TIMEOUT: Millis = Millis::seconds(10);

/// How long the connection of an answered call may be silent from our side. An h323plus peer that gets no media gives
/// the call up after ten seconds of silence.
pub(super) const KEEP_ALIVE_INTERVAL: Millis = Millis::seconds(5);

/// How long the farewells of an endpoint that quits may take.
pub(super) const QUIT_TIMEOUT: Millis = Millis::seconds(5);
