//! Strings: octets, bits, characters, object identifiers; and NULL.

use super::{DecodeError, Decoder, EncodeError, Encoder, Per};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// The upper bound of a string without one.
const UNBOUNDED: usize = usize::MAX;

/// NULL.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Null;

impl Per for Null {
    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Ok(())
    }

    fn decode(_: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

/// OCTET STRING (SIZE(MIN..MAX)) with MIN < MAX; without bounds unless they are given.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash)]
pub struct OctetString<const MIN: usize = 0, const MAX: usize = UNBOUNDED>(pub Vec<u8>);

impl<const MIN: usize, const MAX: usize> Per for OctetString<MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained_length(self.0.len(), MIN, MAX)?;
        if !self.0.is_empty() {
            encoder.put(&self.0);
        }
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if MAX == UNBOUNDED {
            return decoder.open_type_octets().map(Self);
        }
        let length = decoder.constrained_length(MIN, MAX)?;
        Ok(Self(if length == 0 { Vec::new() } else { decoder.take(length)?.to_vec() }))
    }
}

/// OCTET STRING (SIZE(N)).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct FixedOctets<const N: usize>(pub [u8; N]);

impl<const N: usize> Default for FixedOctets<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Per for FixedOctets<N> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        if N > 2 {
            encoder.put(&self.0);
        } else {
            self.0.iter().for_each(|octet| encoder.bits(u32::from(*octet), 8));
        }
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut octets = [0; N];
        if N > 2 {
            octets.copy_from_slice(decoder.take(N)?);
        } else {
            for octet in &mut octets {
                *octet = decoder.bits(8)? as u8;
            }
        }
        Ok(Self(octets))
    }
}

/// An open type that is not looked into.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash)]
pub struct OpenType(pub Vec<u8>);

impl Per for OpenType {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.open_type_octets(&self.0)
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.open_type_octets().map(Self)
    }
}

/// BIT STRING (SIZE(MIN..MAX)); without bounds unless they are given.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash)]
pub struct BitString<const MIN: usize = 0, const MAX: usize = UNBOUNDED>(pub Vec<bool>);

impl<const MIN: usize, const MAX: usize> BitString<MIN, MAX> {
    const UNALIGNED: bool = MIN == MAX && MAX <= 16;
}

impl<const MIN: usize, const MAX: usize> Per for BitString<MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained_length(self.0.len(), MIN, MAX)?;
        if !Self::UNALIGNED && !self.0.is_empty() {
            encoder.align();
        }
        self.0.iter().for_each(|bit| encoder.bit(*bit));
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let length = decoder.constrained_length(MIN, MAX)?;
        if !Self::UNALIGNED && length > 0 {
            decoder.align();
        }
        decoder.charge(length)?;
        (0..length).map(|_| decoder.bit()).collect::<Result<_, _>>().map(Self)
    }
}

/// BMPString (SIZE(MIN..MAX)): UTF-16 code units as they are on the wire, lone surrogates included.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct BmpString<const MIN: usize = 0, const MAX: usize = UNBOUNDED>(Vec<u16>);

impl<const MIN: usize, const MAX: usize> BmpString<MIN, MAX> {
    /// The string of `text`, characters beyond U+FFFF as surrogate pairs; `None` where its units are too few or
    /// too many.
    pub fn new(text: &str) -> Option<Self> {
        // No text has more units than octets.
        let mut units = Vec::with_capacity(text.len());
        units.extend(text.encode_utf16());
        Self::from_units(units)
    }

    /// The string of these units; `None` where they are too few or too many.
    pub fn from_units(units: Vec<u16>) -> Option<Self> {
        (MIN..=MAX).contains(&units.len()).then_some(Self(units))
    }

    /// The code units.
    pub fn units(&self) -> &[u16] {
        &self.0
    }
}

/// The text, surrogate pairs joined, lone surrogates as U+FFFD.
impl<const MIN: usize, const MAX: usize> fmt::Display for BmpString<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf16_lossy(&self.0))
    }
}

impl<const MIN: usize, const MAX: usize> Per for BmpString<MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained_length(self.0.len(), MIN, MAX)?;
        if MAX.saturating_mul(16) > 16 || MIN == 0 {
            encoder.align();
            encoder.put_units(&self.0);
        } else {
            self.0.iter().for_each(|unit| encoder.bits(u32::from(*unit), 16));
        }
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut units = Vec::new();
        let mut add = |octets: &[u8]| {
            units.extend(octets.chunks_exact(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1])));
        };
        if MAX < 65_536 {
            let length = decoder.constrained_length(MIN, MAX)?;
            add(decoder.take(length * 2)?);
        } else {
            decoder.pieces(2, add)?;
        }
        Ok(Self(units))
    }
}

/// IA5String (SIZE(MIN..MAX)) without a permitted alphabet: one octet a character in the aligned variant.
///
/// Octets above 127 are kept as they came and read as the Unicode characters of the same number.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Ia5String<const MIN: usize = 0, const MAX: usize = UNBOUNDED>(Vec<u8>);

impl<const MIN: usize, const MAX: usize> Ia5String<MIN, MAX> {
    /// The string of `text`; `None` where its length breaks the bounds or a character is above U+00FF.
    pub fn new(text: &str) -> Option<Self> {
        let octets: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>()?;
        (MIN..=MAX).contains(&octets.len()).then_some(Self(octets))
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Ia5String<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.iter().map(|octet| char::from(*octet)).collect::<String>())
    }
}

impl<const MIN: usize, const MAX: usize> Per for Ia5String<MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained_length(self.0.len(), MIN, MAX)?;
        if !self.0.is_empty() {
            encoder.put(&self.0);
        }
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if MAX >= 65_536 {
            return decoder.open_type_octets().map(Self);
        }
        let length = decoder.constrained_length(MIN, MAX)?;
        Ok(Self(if length == 0 { Vec::new() } else { decoder.take(length)?.to_vec() }))
    }
}

/// A permitted alphabet (X.691 30.5).
pub trait Alphabet {
    /// The characters in the order of their codes; 9 to 16 of them, so that each takes four bits.
    const CHARACTERS: &'static [u8];
}

/// IA5String (SIZE(MIN..MAX)) (FROM(A)), four bits a character.
pub struct RestrictedString<A, const MIN: usize, const MAX: usize>(String, PhantomData<A>);

impl<A: Alphabet, const MIN: usize, const MAX: usize> RestrictedString<A, MIN, MAX> {
    const UNALIGNED: bool = if MIN == MAX { MAX * 4 <= 16 } else { MAX * 4 < 16 };

    /// The string of `text`; `None` where its length breaks the bounds or a character is not permitted.
    pub fn new(text: &str) -> Option<Self> {
        let permitted = text.bytes().all(|octet| A::CHARACTERS.contains(&octet));
        (permitted && (MIN..=MAX).contains(&text.len())).then(|| Self(text.to_owned(), PhantomData))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<A: Alphabet, const MIN: usize, const MAX: usize> Per for RestrictedString<A, MIN, MAX> {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.constrained_length(self.0.len(), MIN, MAX)?;
        if !Self::UNALIGNED {
            encoder.align();
        }
        for octet in self.0.bytes() {
            let index = A::CHARACTERS.iter().position(|permitted| *permitted == octet);
            encoder.bits(index.ok_or(EncodeError::Alphabet)? as u32, 4);
        }
        Ok(())
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let length = decoder.constrained_length(MIN, MAX)?;
        if !Self::UNALIGNED {
            decoder.align();
        }
        let mut text = String::with_capacity(length);
        for _ in 0..length {
            let index = decoder.bits(4)?;
            let octet = A::CHARACTERS.get(index as usize);
            let octet =
                octet.ok_or(DecodeError::OutOfRange { what: "character", value: u64::from(index) })?;
            text.push(char::from(*octet));
        }
        Ok(Self(text, PhantomData))
    }
}

// Written by hand because a derive would ask the same of the alphabet.
impl<A, const MIN: usize, const MAX: usize> Default for RestrictedString<A, MIN, MAX> {
    fn default() -> Self {
        Self(String::new(), PhantomData)
    }
}

impl<A, const MIN: usize, const MAX: usize> Clone for RestrictedString<A, MIN, MAX> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<A, const MIN: usize, const MAX: usize> fmt::Debug for RestrictedString<A, MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<A, const MIN: usize, const MAX: usize> PartialEq for RestrictedString<A, MIN, MAX> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<A, const MIN: usize, const MAX: usize> Eq for RestrictedString<A, MIN, MAX> {}

/// OBJECT IDENTIFIER: its content octets (X.690 8.19), known to be well formed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct ObjectIdentifier(Cow<'static, [u8]>);

/// The most content octets of an object identifier.
const OBJECT_IDENTIFIER_MAX: usize = 127;

/// `0.0`, which H.235.0 writes where an identifier is not present.
impl Default for ObjectIdentifier {
    fn default() -> Self {
        Self::from_static(&[0])
    }
}

impl ObjectIdentifier {
    /// An identifier from content octets that are known to be well formed, for constants.
    pub const fn from_static(octets: &'static [u8]) -> Self {
        Self(Cow::Borrowed(octets))
    }

    /// The content octets.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// An identifier from content octets.
    ///
    /// # Errors
    /// The octets are not well formed, or more than 127.
    pub fn from_octets(octets: &[u8]) -> Result<Self, DecodeError> {
        let ends = octets.last().is_some_and(|last| last & 0x80 == 0);
        if !ends
            || octets.len() > OBJECT_IDENTIFIER_MAX
            || subidentifiers(octets).any(|value| value.is_none())
        {
            return Err(DecodeError::ObjectIdentifier);
        }
        Ok(Self(Cow::Owned(octets.to_vec())))
    }
}

/// The subidentifiers in order; `None` for one that does not fit 128 bits.
fn subidentifiers(octets: &[u8]) -> impl Iterator<Item = Option<u128>> {
    octets.split_inclusive(|octet| octet & 0x80 == 0).map(|group| {
        group.iter().try_fold(0u128, |value, octet| {
            (value.leading_zeros() >= 7).then(|| value << 7 | u128::from(octet & 0x7f))
        })
    })
}

/// The dotted form.
impl fmt::Display for ObjectIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values = subidentifiers(&self.0).flatten();
        let first = values.next().unwrap_or_default();
        let root = (first / 40).min(2);
        write!(f, "{root}.{}", first - root * 40)?;
        values.try_for_each(|value| write!(f, ".{value}"))
    }
}

/// Reads the dotted form.
impl FromStr for ObjectIdentifier {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let arcs: Option<Vec<u128>> = text.split('.').map(|arc| arc.parse().ok()).collect();
        let arcs = arcs.ok_or(DecodeError::ObjectIdentifier)?;
        let [root, second, rest @ ..] = arcs.as_slice() else { return Err(DecodeError::ObjectIdentifier) };
        if *root > 2 || (*root < 2 && *second > 39) {
            return Err(DecodeError::ObjectIdentifier);
        }
        let first = second.checked_add(root * 40).ok_or(DecodeError::ObjectIdentifier)?;
        let mut octets = Vec::new();
        for value in std::iter::once(&first).chain(rest) {
            let groups = (u128::BITS - value.leading_zeros()).div_ceil(7).max(1);
            for group in (0..groups).rev() {
                let more = if group == 0 { 0 } else { 0x80 };
                octets.push((value >> (group * 7)) as u8 & 0x7f | more);
            }
        }
        Self::from_octets(&octets)
    }
}

impl Per for ObjectIdentifier {
    fn encode(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.open_type_octets(&self.0)
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let length = decoder.length()?;
        Self::from_octets(decoder.take(length)?)
    }
}
