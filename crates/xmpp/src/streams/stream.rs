//! One stream: a connection, and what is known of who is at its other end.

use crate::wire::{Condition, Limits, StreamReader};
use link::{ChannelId, PeerCertificate};
use model::{Instant, Strength};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// A connection with a stream on it.
pub(super) struct Stream {
    pub(super) role: Role,
    pub(super) phase: Phase,
    pub(super) reader: StreamReader,
    /// Octets to be sent with the next round.
    pub(super) out: Vec<u8>,
    /// The id of the stream, which the server that was connected to has given it.
    pub(super) id: String,
    /// Our domain.
    pub(super) ours: String,
    /// The other domain, as far as it has said so; of whom it is proven is in `proven`.
    pub(super) theirs: String,
    pub(super) is_secured: bool,
    pub(super) certificate: Option<PeerCertificate>,
    /// Who may send stanzas on it to whom, and how surely: by the other domain and ours.
    pub(super) proven: BTreeMap<(String, String), Strength>,
    /// Whether the other side has taken our word for who we are, and the stream begins anew.
    pub(super) is_authenticated: bool,
    /// Whether the other side offers to tell what it has (XEP-0198).
    pub(super) offers_acknowledgements: bool,
    /// Whether both may send stanzas on it (XEP-0288).
    pub(super) is_both_ways: bool,
    pub(super) address: Option<IpAddr>,
    pub(super) opened_at: Instant,
    pub(super) heard_at: Instant,
    /// When its next timer is due.
    pub(super) due: Instant,
    pub(super) flow: Flow,
    pub(super) taken: Taken,
    /// What becomes of what waits for it, should it not be had.
    pub(super) failure: Condition,
    /// Whether its connection ended without a word.
    pub(super) is_broken: bool,
    /// Whether it is being closed by us.
    pub(super) is_closing: bool,
}

/// What a stream is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// We send stanzas on it.
    Out,
    /// Somebody sends stanzas on it.
    In,
    /// We ask on it whether a key is right that came on another.
    Verify {
        /// The stream on which the key came.
        for_channel: ChannelId,
        /// The id of that stream.
        for_id: String,
        key: String,
    },
    /// We are a component.
    Component,
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// The connection is not there.
    Connecting,
    /// The other header is awaited.
    Header,
    /// Features are awaited.
    Features,
    /// An answer to `starttls` is awaited.
    StartTls,
    /// TLS is awaited.
    Securing,
    /// An answer to `auth` is awaited.
    Sasl,
    /// An answer to a key is awaited.
    Dialback,
    /// Stanzas may pass.
    Ready,
}

/// How fast stanzas come.
#[derive(Debug)]
pub(super) struct Flow {
    /// How many may come now, in thousandths.
    pub(super) credit: u64,
    pub(super) counted_at: Instant,
    pub(super) is_held: bool,
}

/// What of ours the other server has.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Stanzas that the other side has sent and we have handled, where it wants to know (XEP-0198).
    pub(super) handled: Option<u32>,
    /// How many of these are kept.
    pub(super) settled: u32,
    /// Whether it is to be told.
    pub(super) is_owed: bool,
    /// Stanzas that we have sent, where the other side was asked to tell which it has.
    pub(super) sent: Option<u32>,
    /// Whether it has agreed to.
    pub(super) is_enabled: bool,
    /// Whether an acknowledgement was asked for and has not come.
    pub(super) is_asked: bool,
    /// What was sent and is to be told of: how many stanzas had been sent with it, and its tag.
    pub(super) open: VecDeque<(u32, u64)>,
    /// Where it does not tell: what is pinged in the name of which domain of ours.
    pub(super) pings: BTreeMap<(String, String), Ping>,
    /// By when the next answer must have come.
    pub(super) by: Option<Instant>,
}

/// A ping between two domains: what was sent before it has arrived when its answer comes.
#[derive(Debug, Default)]
pub(super) struct Ping {
    /// That of the one that is under way.
    pub(super) id: Option<String>,
    pub(super) by: Instant,
    /// The tags of what was sent before it.
    pub(super) asked: Vec<u64>,
    /// The tags of what was sent after it.
    pub(super) waiting: Vec<u64>,
}

impl Taken {
    /// The tags of what the other side has that has handled so many.
    pub(super) fn up_to(&mut self, handled: u32) -> Vec<u64> {
        // Numbers begin again at 2^32.
        let is_taken = |(sent, _): &(u32, u64)| handled.wrapping_sub(*sent) < 1 << 31;
        let count = self.open.iter().take_while(|one| is_taken(one)).count();
        self.open.drain(..count).map(|(_, tag)| tag).collect()
    }

    pub(super) fn first_due(&self) -> Option<Instant> {
        self.pings.values().filter(|ping| ping.id.is_some()).map(|ping| ping.by).min()
    }
}

impl Stream {
    pub(super) fn new(
        role: Role,
        phase: Phase,
        ours: &str,
        theirs: &str,
        limits: Limits,
        now: Instant,
    ) -> Self {
        Self {
            role,
            phase,
            reader: StreamReader::new(limits),
            out: Vec::new(),
            id: String::new(),
            ours: ours.to_owned(),
            theirs: theirs.to_owned(),
            is_secured: false,
            certificate: None,
            proven: BTreeMap::new(),
            is_authenticated: false,
            offers_acknowledgements: false,
            is_both_ways: false,
            address: None,
            opened_at: now,
            heard_at: now,
            due: now,
            flow: Flow { credit: 0, counted_at: now, is_held: false },
            taken: Taken::default(),
            failure: Condition::RemoteServerTimeout,
            is_broken: false,
            is_closing: false,
        }
    }

    pub(super) fn write(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }

    /// Whether a certificate shows that the other end is the server of a domain.
    pub(super) fn is_certified(&self, domain: &str) -> bool {
        let Some(certificate) = self.certificate.as_ref().filter(|certificate| certificate.is_trusted) else {
            return false;
        };
        certificate.names.iter().any(|name| names(name, domain))
    }

    /// Whether somebody has shown who it is on it.
    pub(super) fn is_proven(&self) -> bool {
        !self.proven.is_empty()
            || matches!(self.role, Role::Out | Role::Component) && self.phase == Phase::Ready
    }

    /// Begins a new stream on the same connection.
    pub(super) fn restart(&mut self) {
        self.reader.reset();
        self.id.clear();
    }
}

/// Whether a name of a certificate is that of a domain: a wildcard stands for one label (RFC 6125 section 6.4.3).
fn names(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.');
    match name.strip_prefix("*.") {
        Some(rest) => domain.split_once('.').is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest)),
        None => name.eq_ignore_ascii_case(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    // covers: F-17
    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(names("xmpp.example", "xmpp.example") && names("XMPP.Example", "xmpp.example"));
        assert!(names("*.example.net", "chat.example.net"));
        assert!(!names("*.example.net", "example.net") && !names("*.example.net", "a.b.example.net"));
        assert!(!names("xmpp.example", "xmpp.example.net") && !names("*", "example"));
    }
}
