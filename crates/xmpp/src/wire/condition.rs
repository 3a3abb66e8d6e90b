//! Error conditions of stanzas and of streams (RFC 6120 sections 8.3.3 and 4.9.3).

use super::element::Element;

/// The namespace of the conditions of stanzas.
const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// The namespace of the conditions of streams.
const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";

macro_rules! conditions {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident $word:literal)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
        pub enum $type { $($(#[$doc])* $variant,)* }

        impl $type {
            /// All of them, in the order of the RFC.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of its element.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|condition| condition.word() == word)
            }
        }
    };
}

conditions! {
    /// Why a stanza was not handled.
    Condition {
        /// It makes no sense.
        BadRequest "bad-request"
        /// There is something of that name already.
        Conflict "conflict"
        /// It is not implemented.
        FeatureNotImplemented "feature-not-implemented"
        /// The sender may not do that.
        Forbidden "forbidden"
        /// Nobody goes by that address any more.
        Gone "gone"
        /// A fault of the server.
        InternalServerError "internal-server-error"
        /// There is nobody, or nothing, of that name.
        ItemNotFound "item-not-found"
        /// An address is none.
        JidMalformed "jid-malformed"
        /// It is not acceptable as it is.
        NotAcceptable "not-acceptable"
        /// Nobody may do that.
        NotAllowed "not-allowed"
        /// The sender has to show who it is.
        NotAuthorized "not-authorized"
        /// A policy of the server forbids it.
        PolicyViolation "policy-violation"
        /// The recipient is not there.
        RecipientUnavailable "recipient-unavailable"
        /// It is to go elsewhere.
        Redirect "redirect"
        /// The sender must be registered.
        RegistrationRequired "registration-required"
        /// There is no server of that domain.
        RemoteServerNotFound "remote-server-not-found"
        /// The server of that domain does not answer.
        RemoteServerTimeout "remote-server-timeout"
        /// There is no room for it now.
        ResourceConstraint "resource-constraint"
        /// It is not offered.
        ServiceUnavailable "service-unavailable"
        /// The sender must be subscribed.
        SubscriptionRequired "subscription-required"
        /// None of the others.
        UndefinedCondition "undefined-condition"
        /// It came out of turn.
        UnexpectedRequest "unexpected-request"
    }
}

conditions! {
    /// Why a stream ends.
    StreamCondition {
        /// Its XML can't be processed.
        BadFormat "bad-format"
        /// A prefix is not bound.
        BadNamespacePrefix "bad-namespace-prefix"
        /// Another stream takes its place.
        Conflict "conflict"
        /// Nothing was heard for too long.
        ConnectionTimeout "connection-timeout"
        /// The domain is served here no more.
        HostGone "host-gone"
        /// The domain is not served here.
        HostUnknown "host-unknown"
        /// A stanza has no `from` or `to`.
        ImproperAddressing "improper-addressing"
        /// A fault of the server.
        InternalServerError "internal-server-error"
        /// A `from` is of a domain that was not proven.
        InvalidFrom "invalid-from"
        /// The namespace of the stream is another.
        InvalidNamespace "invalid-namespace"
        /// A stanza is none.
        InvalidXml "invalid-xml"
        /// Something came before the peer had shown who it is.
        NotAuthorized "not-authorized"
        /// It is not well-formed.
        NotWellFormed "not-well-formed"
        /// A policy of the server forbids it.
        PolicyViolation "policy-violation"
        /// Another server could not be reached.
        RemoteConnectionFailed "remote-connection-failed"
        /// A feature has to be negotiated anew.
        Reset "reset"
        /// There is no room for it.
        ResourceConstraint "resource-constraint"
        /// It has XML that streams must not have.
        RestrictedXml "restricted-xml"
        /// Another host serves that domain.
        SeeOtherHost "see-other-host"
        /// The server ends.
        SystemShutdown "system-shutdown"
        /// None of the others.
        UndefinedCondition "undefined-condition"
        /// It is not UTF-8.
        UnsupportedEncoding "unsupported-encoding"
        /// A feature that is mandatory is not supported.
        UnsupportedFeature "unsupported-feature"
        /// An element is no stanza.
        UnsupportedStanzaType "unsupported-stanza-type"
        /// It is another version.
        UnsupportedVersion "unsupported-version"
    }
}

impl Condition {
    /// The type that goes with it: what its sender can do.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::BadRequest | Self::JidMalformed | Self::NotAcceptable | Self::Redirect => "modify",
            Self::PolicyViolation => "modify",
            Self::Forbidden
            | Self::NotAuthorized
            | Self::RegistrationRequired
            | Self::SubscriptionRequired => "auth",
            Self::RecipientUnavailable
            | Self::RemoteServerTimeout
            | Self::ResourceConstraint
            | Self::UnexpectedRequest => "wait",
            _ => "cancel",
        }
    }

    /// The element `error` of a stanza.
    #[must_use]
    pub fn element(self) -> Element {
        let condition = Element::new(self.word(), STANZA_ERRORS);
        Element::new("error", super::namespaces::STANZAS).with("type", self.kind()).with_child(condition)
    }

    /// The same with words for people.
    #[must_use]
    pub fn element_with_text(self, text: &str) -> Element {
        let text = Element::new("text", STANZA_ERRORS).with_language(Some("en")).with_text(text);
        self.element().with_child(text)
    }

    /// The condition of a stanza of type `error`.
    #[must_use]
    pub fn of(stanza: &Element) -> Self {
        let error = stanza.child("error", super::namespaces::STANZAS);
        let words = error.into_iter().flat_map(Element::children);
        let mut known = words.filter(|child| child.namespace() == STANZA_ERRORS).map(Element::name);
        known.find_map(Self::of_word).unwrap_or(Self::UndefinedCondition)
    }
}

impl StreamCondition {
    /// The element `error` of a stream.
    #[must_use]
    pub fn element(self, text: Option<&str>) -> Element {
        let text =
            text.map(|text| Element::new("text", STREAM_ERRORS).with_language(Some("en")).with_text(text));
        Element::new("error", super::namespaces::STREAMS)
            .with_child(Element::new(self.word(), STREAM_ERRORS))
            .with_children(text)
    }

    /// The condition that an element `error` of a stream tells, and its words.
    #[must_use]
    pub fn of(error: &Element) -> (Self, Option<String>) {
        let words = error.children().filter(|child| child.namespace() == STREAM_ERRORS);
        let condition = words.map(Element::name).find_map(Self::of_word);
        let text = error.child("text", STREAM_ERRORS).map(Element::text);
        (condition.unwrap_or(Self::UndefinedCondition), text)
    }
}
