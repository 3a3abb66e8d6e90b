//! INTEGER.

use super::{DecodeError, Decoder, EncodeError, Encoder, Per};

/// INTEGER(MIN..MAX), at most 32 bits wide.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Integer<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Integer<MIN, MAX> {
    /// The number, or `None` outside the constraint.
    pub const fn new(value: u32) -> Option<Self> {
        if value >= MIN && value <= MAX { Some(Self(value)) } else { None }
    }

    /// The nearest number within the constraint.
    pub const fn clamped(value: u32) -> Self {
        if value < MIN {
            Self(MIN)
        } else if value > MAX {
            Self(MAX)
        } else {
            Self(value)
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> Default for Integer<MIN, MAX> {
    fn default() -> Self {
        Self(MIN)
    }
}

impl<const MIN: u32, const MAX: u32> Per for Integer<MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained(u64::from(self.0), u64::from(MIN), u64::from(MAX))
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.constrained(u64::from(MIN), u64::from(MAX)).map(|value| Self(value as u32))
    }
}

/// INTEGER without a constraint, of at most 64 bits.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct UnboundedInteger(pub i64);

impl Per for UnboundedInteger {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let octets = self.0.to_be_bytes();
        let is_sign_of = |next: u8| if next & 0x80 == 0 { 0 } else { 0xff };
        let redundant = octets.windows(2).take_while(|pair| pair[0] == is_sign_of(pair[1])).count();
        encoder.open_type_octets(&octets[redundant..])
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let length = decoder.length()?;
        if length == 0 || length > 8 {
            return Err(DecodeError::OutOfRange { what: "number of octets", value: length as u64 });
        }
        let octets = decoder.take(length)?;
        let sign = if octets[0] & 0x80 == 0 { 0 } else { -1 };
        Ok(Self(octets.iter().fold(sign, |value, octet| value << 8 | i64::from(*octet))))
    }
}

/// INTEGER(MIN..MAX, ...): a number outside the root is written as an unconstrained one.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct ExtensibleInteger<const MIN: u32, const MAX: u32>(pub i64);

impl<const MIN: u32, const MAX: u32> Per for ExtensibleInteger<MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let in_root = (i64::from(MIN)..=i64::from(MAX)).contains(&self.0);
        encoder.bit(!in_root);
        if in_root {
            return encoder.constrained(self.0 as u64, u64::from(MIN), u64::from(MAX));
        }
        UnboundedInteger(self.0).encode(encoder)
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if decoder.bit()? {
            return UnboundedInteger::decode(decoder).map(|value| Self(value.0));
        }
        decoder.constrained(u64::from(MIN), u64::from(MAX)).map(|value| Self(value as i64))
    }
}
