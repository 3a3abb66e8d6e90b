//! Aligned PER (X.691, ALIGNED variant of BASIC-PER).
//!
//! What it promises beyond the standard, for peers of every age:
//! * every extension addition is optional, whatever its type says (older editions do not send it);
//! * additions and alternatives it does not know are kept and written again;
//! * extension bitmaps are written up to the last addition present, as the deployed endpoints do;
//! * a decoder spends memory in proportion to its input ([`Budget`]), and its recursion has a fixed bound.
//!
//! What it does not do: write fragments (lengths of 16,384 or more). The deployed stacks misread them, so an
//! encoder refuses; a decoder reads them.

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod decoder;
mod encoder;
mod error;
mod extension;
mod integer;
mod json;
mod macros;
mod string;

pub use decoder::{Budget, Decoder};
pub use encoder::Encoder;
pub use error::{DecodeError, EncodeError};
#[doc(hidden)]
pub use extension::Bitmap;
pub use extension::{UnknownAddition, UnknownAdditions, UnknownAlternative};
pub use integer::{ExtensibleInteger, Integer, UnboundedInteger};
pub use json::{Json, JsonError};
#[doc(hidden)]
pub use json::{Members, alternative, member};
#[doc(hidden)]
pub use serde_json::{Map, Value};
pub use string::{
    Alphabet, BitString, BmpString, FixedOctets, Ia5String, Null, ObjectIdentifier, OctetString, OpenType,
    RestrictedString,
};

/// A type that has an aligned PER encoding.
pub trait Per: Sized {
    /// Appends the encoding of this value.
    ///
    /// # Errors
    /// The value breaks a constraint of its type, or a length is 16,384 or more.
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError>;

    /// Reads one value.
    ///
    /// # Errors
    /// The input ends early, breaks a constraint that makes it unreadable, or exceeds the [`Budget`].
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Encodes one value as a complete encoding: padded to an octet boundary, at least one octet (X.691 11.1).
///
/// # Errors
/// As [`Per::encode`].
pub fn encode<T: Per>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new();
    value.encode(&mut encoder)?;
    Ok(encoder.finish())
}

/// Decodes one complete encoding. Octets after it are ignored, as a newer sender may have written more.
///
/// # Errors
/// As [`Per::decode`].
pub fn decode<T: Per>(octets: &[u8]) -> Result<T, DecodeError> {
    T::decode(&mut Decoder::new(octets))
}

impl Per for bool {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.bit(*self);
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.bit()
    }
}

/// SEQUENCE OF without a size constraint.
impl<T: Per> Per for Vec<T> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.length(self.len())?;
        self.iter().try_for_each(|element| element.encode(encoder))
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count = decoder.length()?;
        decoder.elements(count)
    }
}

impl<T: Per> Per for Box<T> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (**self).encode(encoder)
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.charge(size_of::<T>())?;
        decoder.nested(|decoder| T::decode(decoder)).map(Box::new)
    }
}

/// SEQUENCE SIZE(MIN..MAX) OF: the count is a constrained number.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BoundedList<T, const MIN: usize, const MAX: usize>(pub Vec<T>);

impl<T: Per, const MIN: usize, const MAX: usize> Per for BoundedList<T, MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained_length(self.0.len(), MIN, MAX)?;
        self.0.iter().try_for_each(|element| element.encode(encoder))
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count = decoder.constrained_length(MIN, MAX)?;
        decoder.elements(count).map(Self)
    }
}
