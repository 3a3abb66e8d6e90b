//! Why a value could not be read or written.

/// Why octets could not be decoded. All of them mean that the peer's octets are malformed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The input ends inside a value.
    #[error("the input ends inside a value")]
    Truncated,
    /// A number, length or index is outside its constraint.
    #[error("{what} {value} is outside its range")]
    OutOfRange {
        /// What kind of number.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// An object identifier whose last arc does not end, or that is empty or too long.
    #[error("an object identifier is malformed")]
    ObjectIdentifier,
    /// Values are nested deeper than the decoder follows.
    #[error("values are nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: u8,
    },
    /// The value would take more memory than its input justifies.
    #[error("the value takes more memory than its length allows")]
    TooLarge,
}

/// Why a value could not be encoded. All of them mean that the value breaks its type's constraint.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// A number is outside its constraint.
    #[error("number {value} is outside {min}..{max}")]
    OutOfRange {
        /// The number.
        value: u64,
        /// The least allowed.
        min: u64,
        /// The greatest allowed.
        max: u64,
    },
    /// A length or count is outside its constraint.
    #[error("length {length} is outside {min}..{max}")]
    Length {
        /// The length.
        length: usize,
        /// The least allowed.
        min: usize,
        /// The greatest allowed.
        max: usize,
    },
    /// A character is not in the permitted alphabet.
    #[error("a character is not in the permitted alphabet")]
    Alphabet,
}
