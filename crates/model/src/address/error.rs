//! Why a text is not an address.

/// Why a text could not be read as an address, or as a network's form of one.
///
/// All of them are faults of the text (the kind *malformed*); none depends on configuration.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@` between a local part and a domain.
    #[error("an address needs a local part, an @ and a domain")]
    Undivided,
    /// Nothing but spaces stands before the `@`.
    #[error("the local part is empty")]
    EmptyLocal,
    /// The local part is too long.
    #[error("the local part has {octets} octets, more than {limit}")]
    LocalTooLong {
        /// How long it is.
        octets: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A character that may not stand where it does.
    #[error("the character {character:?} is not allowed here")]
    Forbidden {
        /// Which.
        character: char,
    },
    /// The domain is no host name: empty, longer than 253 octets, or against IDNA.
    #[error("the domain is not valid")]
    Domain,
    /// An escape sequence is cut short or has no meaning.
    #[error("the escape sequence at octet {at} is not complete")]
    BrokenEscape {
        /// Where it begins, in octets from 0.
        at: usize,
    },
    /// The escaped octets are not UTF-8.
    #[error("the escaped octets are not UTF-8")]
    NotUtf8,
    /// The text is not a telephone number of the form asked for.
    #[error("this is not a telephone number")]
    NotNumber,
    /// A local telephone number without a domain as its context (RFC 3966, section 5.1.5).
    #[error("a local telephone number needs a domain as phone-context")]
    NumberWithoutContext,
    /// The name can't be written in this network's form without loss.
    #[error("the name has no form in this network")]
    NoForm,
}
