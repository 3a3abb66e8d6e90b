//! Extension additions: the bitmap, and what this edition does not know.

use super::{DecodeError, Decoder, EncodeError, Encoder};

/// An addition of a newer edition, kept as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownAddition {
    /// Its position among the additions, from 0.
    pub index: u16,
    /// The content of its open type.
    pub octets: Vec<u8>,
}

/// The additions of a newer edition, in order; usually none, and then no larger than a pointer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::box_collection,
    reason = "nearly every sequence has this field, and nearly always it is empty"
)]
pub struct UnknownAdditions(Option<Box<Vec<UnknownAddition>>>);

impl UnknownAdditions {
    /// None.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// In order of their index.
    pub fn iter(&self) -> impl Iterator<Item = &UnknownAddition> {
        self.0.iter().flat_map(|additions| additions.iter())
    }
}

/// Puts them in order; of several with the same index the first stays.
impl FromIterator<UnknownAddition> for UnknownAdditions {
    fn from_iter<I: IntoIterator<Item = UnknownAddition>>(additions: I) -> Self {
        let mut additions: Vec<_> = additions.into_iter().collect();
        additions.sort_by_key(|addition| addition.index);
        additions.dedup_by_key(|addition| addition.index);
        Self(if additions.is_empty() { None } else { Some(Box::new(additions)) })
    }
}

/// An alternative of a newer edition, kept as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownAlternative {
    /// Its position among the alternatives after the extension marker, from 0.
    pub index: u16,
    /// The content of its open type.
    pub octets: Vec<u8>,
}

impl UnknownAlternative {
    /// Reads the content of the alternative at `index`.
    ///
    /// # Errors
    /// The input ends, or there can't be so many alternatives.
    #[doc(hidden)]
    pub fn decode(index: u32, decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let index = u16::try_from(index)
            .map_err(|_| DecodeError::OutOfRange { what: "alternative", value: u64::from(index) })?;
        Ok(Self { index, octets: decoder.open_type_octets()? })
    }
}

/// The most additions a bitmap may announce; the largest type of H.225.0 version 7 has 28.
const ADDITIONS_MAX: u32 = 128;

/// Which additions are present.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Bitmap {
    bits: u128,
    len: u32,
}

impl Bitmap {
    /// Reads the bitmap of a sequence whose extension bit is set (X.691 19.7, 19.8).
    pub fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let len = if decoder.bit()? { decoder.length()? as u32 } else { decoder.bits(6)? + 1 };
        if len > ADDITIONS_MAX {
            return Err(DecodeError::OutOfRange { what: "number of additions", value: u64::from(len) });
        }
        let mut bits = 0u128;
        for start in (0..len).step_by(32) {
            let count = (len - start).min(32);
            let first_highest = decoder.bits(count)? << (32 - count);
            bits |= u128::from(first_highest.reverse_bits()) << start;
        }
        Ok(Self { bits, len })
    }

    /// Whether the addition at `index` is present.
    pub const fn has(self, index: u32) -> bool {
        index < self.len && self.bits >> index & 1 == 1
    }

    /// Notes that the addition at `index` is present.
    pub fn add(&mut self, index: u32) {
        debug_assert!(index < ADDITIONS_MAX, "types have fewer additions than the limit");
        self.bits |= 1 << index;
        self.len = self.len.max(index + 1);
    }

    /// Whether no addition is present.
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Writes the bitmap, ending at the last addition present.
    pub fn encode(self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        if self.len <= 64 {
            encoder.bit(false);
            encoder.bits(self.len - 1, 6);
        } else {
            encoder.bit(true);
            encoder.length(self.len as usize)?;
        }
        for start in (0..self.len).step_by(32) {
            let count = (self.len - start).min(32);
            encoder.bits(((self.bits >> start) as u32).reverse_bits() >> (32 - count), count);
        }
        Ok(())
    }

    /// Reads the additions from `known` on.
    pub fn decode_unknown(
        self,
        known: u32,
        decoder: &mut Decoder<'_>,
    ) -> Result<UnknownAdditions, DecodeError> {
        if self.bits >> known == 0 {
            return Ok(UnknownAdditions::default());
        }
        let mut additions = Vec::new();
        for index in (known..self.len).filter(|index| self.has(*index)) {
            decoder.charge(size_of::<UnknownAddition>())?;
            additions.push(UnknownAddition { index: index as u16, octets: decoder.open_type_octets()? });
        }
        Ok(additions.into_iter().collect())
    }

    /// Notes the unknown additions from `known` on; lower indices and those above the limit are passed over.
    pub fn add_unknown(&mut self, known: u32, unknown: &UnknownAdditions) {
        for addition in unknown.iter().filter(|addition| writable(known, addition)) {
            self.add(u32::from(addition.index));
        }
    }

    /// Writes the unknown additions noted by [`Self::add_unknown`].
    pub fn encode_unknown(
        known: u32,
        unknown: &UnknownAdditions,
        encoder: &mut Encoder,
    ) -> Result<(), EncodeError> {
        unknown
            .iter()
            .filter(|addition| writable(known, addition))
            .try_for_each(|addition| encoder.open_type_octets(&addition.octets))
    }
}

fn writable(known: u32, addition: &UnknownAddition) -> bool {
    (known..ADDITIONS_MAX).contains(&u32::from(addition.index))
}
