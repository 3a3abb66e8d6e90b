//! The features of the generic extensibility framework that Herald speaks: their identifiers.

use super::h225::{Content, EnumeratedParameter, GenericData, GenericIdentifier};
use codec::per::{ExtensibleInteger, FixedOctets, ObjectIdentifier};

/// A feature Herald knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Feature {
    /// Presence, the revision deployed today: 1.3.6.1.4.1.17090.0.12.
    Presence,
    /// Instant messaging: 1.3.6.1.4.1.17090.0.1.
    Messaging,
    /// Herald's own package: what the two above cannot say.
    Herald,
    /// Security of call signalling: H.460.22.
    SignallingSecurity,
    /// Call signalling through address translation: H.460.18.
    SignallingTraversal,
}

const PRESENCE: &[u8] = b"\x2b\x06\x01\x04\x01\x81\x85\x42\x00\x0c";
const MESSAGING: &[u8] = b"\x2b\x06\x01\x04\x01\x81\x85\x42\x00\x01";
const HERALD: FixedOctets<16> = FixedOctets([
    0xab, 0xab, 0xea, 0xb3, 0x47, 0x3c, 0x40, 0x36, 0x95, 0x3b, 0xa3, 0x2e, 0x8c, 0x03, 0xb3, 0x25,
]);

const SIGNALLING_TRAVERSAL: i64 = 18;
const SIGNALLING_SECURITY: i64 = 22;

impl Feature {
    /// Every feature Herald knows.
    pub const ALL: [Self; 5] =
        [Self::Presence, Self::Messaging, Self::Herald, Self::SignallingSecurity, Self::SignallingTraversal];

    /// The identifier on the wire.
    pub const fn identifier(self) -> GenericIdentifier {
        match self {
            Self::Presence => GenericIdentifier::Oid(ObjectIdentifier::from_static(PRESENCE)),
            Self::Messaging => GenericIdentifier::Oid(ObjectIdentifier::from_static(MESSAGING)),
            Self::Herald => GenericIdentifier::NonStandard(HERALD),
            Self::SignallingSecurity => GenericIdentifier::Standard(ExtensibleInteger(SIGNALLING_SECURITY)),
            Self::SignallingTraversal => GenericIdentifier::Standard(ExtensibleInteger(SIGNALLING_TRAVERSAL)),
        }
    }

    /// The feature of an identifier, where it is one of these.
    pub fn of(identifier: &GenericIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| *identifier == feature.identifier())
    }

    /// The identifier of a parameter: one more arc below the two deployed features, a plain number in Herald's own
    /// and in those of H.460.
    pub fn parameter(self, number: u8) -> GenericIdentifier {
        let below = |parent: &[u8]| {
            let octets = [parent, &[number & 0x7f]].concat();
            GenericIdentifier::Oid(ObjectIdentifier::from_octets(&octets).unwrap_or_default())
        };
        match self {
            Self::Presence => below(PRESENCE),
            Self::Messaging => below(MESSAGING),
            Self::Herald | Self::SignallingSecurity | Self::SignallingTraversal => {
                GenericIdentifier::Standard(ExtensibleInteger(i64::from(number)))
            }
        }
    }

    /// The number of a parameter of this feature.
    pub fn number_of(self, parameter: &GenericIdentifier) -> Option<u8> {
        (0..128).find(|number| self.parameter(*number) == *parameter)
    }

    /// What people call the feature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence (OID3 v2)",
            Self::Messaging => "instant messaging (OID1)",
            Self::Herald => "Herald package",
            Self::SignallingSecurity => "signalling security (H.460.22)",
            Self::SignallingTraversal => "signalling traversal (H.460.18)",
        }
    }

    /// What people call a parameter.
    pub const fn parameter_name(self, number: u8) -> Option<&'static str> {
        Some(match (self, number) {
            (Self::Presence, 1) => "presence element",
            (Self::Messaging, 1) => "IM type",
            (Self::Messaging, 3) => "IM encryption support",
            (Self::Messaging, 4) => "IM session open",
            (Self::Messaging, 5) => "IM message text",
            (Self::Messaging, 6) => "IM typing indication",
            (Self::Messaging, 7) => "IM multipoint mode",
            (Self::Messaging, 8) => "IM multipoint message",
            (Self::Messaging, 10) => "IM encrypted message",
            (Self::SignallingSecurity, 1) => "TLS",
            (Self::SignallingSecurity, 2) => "IPsec",
            (Self::SignallingTraversal, 1) => "incoming call indication",
            (Self::Herald, number) => return herald_parameter_name(number),
            _ => return None,
        })
    }

    /// A descriptor that only advertises the feature.
    pub const fn advertised(self) -> GenericData {
        GenericData {
            id: self.identifier(),
            parameters: None,
            unknown_additions: codec::per::UnknownAdditions::none(),
        }
    }
}

/// The parameters of Herald's own package, by the names of its specification.
const fn herald_parameter_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "version",
        2 => "capabilities",
        10 => "messageId",
        11 => "from",
        12 => "to",
        13 => "text",
        14 => "contentType",
        15 => "body",
        16 => "sentAt",
        17 => "expires",
        18 => "maxForwards",
        19 => "thread",
        20 => "part",
        21 => "wants",
        22 => "language",
        23 => "delayed",
        30 => "receiptFor",
        31 => "receipt",
        32 => "reason",
        33 => "retryAfter",
        34 => "typing",
        40 => "entity",
        41 => "pidf",
        42 => "documentVersion",
        43 => "documentExpires",
        44 => "entityTag",
        45 => "cacheTag",
        46 => "pace",
        50 => "stateTag",
        _ => return None,
    })
}

impl GenericData {
    /// The content of a parameter; of several with the same identifier the last (as the deployed readers do).
    pub fn parameter(&self, id: &GenericIdentifier) -> Option<&Content> {
        let parameters = self.parameters.as_ref()?;
        parameters.0.iter().rev().find(|parameter| parameter.id == *id)?.content.as_ref()
    }
}

impl EnumeratedParameter {
    /// A parameter with content.
    pub fn new(id: GenericIdentifier, content: Content) -> Self {
        Self { id, content: Some(content), ..Self::default() }
    }
}
