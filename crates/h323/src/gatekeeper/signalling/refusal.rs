//! How calls are released: the causes (Q.850) and reasons (H.225.0 clause 7.3.9) for whatever may be wrong.

use crate::wire::h225::ReleaseCompleteReason;
use model::MessageFailure;

/// What a Release Complete says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::gatekeeper) struct Release {
    /// The cause (Q.850).
    pub cause: u8,
    /// The reason, where H.225.0 has one that says more.
    pub reason: Option<ReleaseCompleteReason>,
}

impl Release {
    /// Normal call clearing: in an IM call, that everything was taken.
    pub const NORMAL: Self = Self { cause: 16, reason: None };
    /// Nothing came, or no answer, in time.
    pub const TIMEOUT: Self = Self { cause: 102, reason: None };
    /// What came was no call signalling.
    pub const MALFORMED: Self = Self { cause: 111, reason: None };
    /// Whoever calls was not admitted.
    pub const STRANGER: Self = Self { cause: 21, reason: Some(ReleaseCompleteReason::SecurityDenied) };
    /// The call exists already.
    pub const REPEATED: Self = Self { cause: 81, reason: Some(ReleaseCompleteReason::InvalidCid) };
    /// There are too many of something.
    pub const RESOURCES: Self = Self { cause: 42, reason: Some(ReleaseCompleteReason::GatekeeperResources) };
    /// The zone has no bandwidth left.
    pub const NO_BANDWIDTH: Self = Self { cause: 34, reason: Some(ReleaseCompleteReason::NoBandwidth) };
    /// The called endpoint is not there.
    pub const NOT_REGISTERED: Self =
        Self { cause: 20, reason: Some(ReleaseCompleteReason::CalledPartyNotRegistered) };
    /// The called endpoint could not be connected to.
    pub const UNREACHABLE: Self =
        Self { cause: 27, reason: Some(ReleaseCompleteReason::UnreachableDestination) };
    /// A side, or its registration, is gone.
    pub const TEMPORARY: Self = Self { cause: 41, reason: None };

    /// How an IM call ends whose message is refused:
    ///
    /// | failure | cause | reason |
    /// |---|---|---|
    /// | no recipient | 20 subscriber absent | calledPartyNotRegistered |
    /// | blocked | 21 call rejected | destinationRejection |
    /// | expired | 102 recovery on timer expiry | |
    /// | too large | 43 access information discarded | |
    /// | not supported | 88 incompatible destination | neededFeatureNotSupported |
    /// | loop | 25 exchange routing error | hopCountExceeded |
    /// | unavailable | 42 switching equipment congestion | gatekeeperResources |
    ///
    /// None is 16: that would say that the message was taken.
    pub fn of(failure: MessageFailure) -> Self {
        use ReleaseCompleteReason as Reason;
        let (cause, reason) = match failure {
            MessageFailure::NoRecipient => return Self::NOT_REGISTERED,
            MessageFailure::Blocked => (21, Some(Reason::DestinationRejection)),
            MessageFailure::Expired => return Self::TIMEOUT,
            MessageFailure::TooLarge => (43, None),
            MessageFailure::NotSupported => (88, Some(Reason::NeededFeatureNotSupported)),
            MessageFailure::Loop => (25, Some(Reason::HopCountExceeded)),
            MessageFailure::Unavailable { .. } => return Self::RESOURCES,
        };
        Self { cause, reason }
    }

    /// Whether a release by the called endpoint says that it will never take a message: service not implemented,
    /// incompatible destination, or what h323plus gives a call for a feature it does not know.
    pub fn means_not_supported(cause: Option<u8>, reason: Option<&ReleaseCompleteReason>) -> bool {
        matches!(
            (cause, reason),
            (Some(65 | 69 | 79 | 88), _)
                | (_, Some(ReleaseCompleteReason::NeededFeatureNotSupported))
                | (None, Some(ReleaseCompleteReason::UndefinedReason))
        )
    }
}
