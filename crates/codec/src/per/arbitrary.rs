//! Random values for property tests and fuzzing: always within the constraint of their type.

use super::{
    Alphabet, BitString, BmpString, BoundedList, ExtensibleInteger, FixedOctets, Ia5String, Integer, Null,
    ObjectIdentifier, OctetString, OpenType, RestrictedString, UnboundedInteger, UnknownAdditions,
};
use arbitrary::{Arbitrary, Error, Result, Unstructured};

/// Longest string or list that is usually made where the type sets no lower bound; long ones hide behind their bulk.
const LENGTH_MAX: usize = 24;
/// Longest string that is made at times: enough for a length in two octets.
const LONG_MAX: usize = 300;

fn length(source: &mut Unstructured<'_>, min: usize, max: usize) -> Result<usize> {
    let limit = if source.ratio(1, 32)? { LONG_MAX } else { LENGTH_MAX };
    source.int_in_range(min..=max.min(min.max(limit)))
}

/// A number up to `max` whose count of significant bits is as random as its bits, so that every width is met.
fn number(source: &mut Unstructured<'_>, max: u64) -> Result<u64> {
    let bits = source.int_in_range(0..=u64::BITS - max.leading_zeros())?;
    source.int_in_range(0..=max.min(1u64.checked_shl(bits).map_or(u64::MAX, |power| power - 1)))
}

/// A UTF-16 text of at least `min` and at most `max` units, without lone surrogates: those have no text, and the
/// oracles read text.
fn units(source: &mut Unstructured<'_>, min: usize, max: usize) -> Result<Vec<u16>> {
    let length = length(source, min, max)?;
    let mut units = Vec::with_capacity(length);
    while units.len() < length {
        let is_pair = length - units.len() > 1 && source.ratio(1, 8)?;
        let range = if is_pair { 0x1_0000..=0x10_ffff } else { 0..=0xd7ff };
        let character = char::from_u32(source.int_in_range(range)?).ok_or(Error::IncorrectFormat)?;
        units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
    }
    Ok(units)
}

fn octets(source: &mut Unstructured<'_>, min: usize, max: usize) -> Result<Vec<u8>> {
    let length = length(source, min, max)?;
    (0..length).map(|_| source.arbitrary()).collect()
}

macro_rules! arbitrary {
    ($( [$($generics:tt)*] $type:ty = |$source:ident| $value:expr; )*) => { $(
        impl<'a, $($generics)*> Arbitrary<'a> for $type {
            fn arbitrary($source: &mut Unstructured<'a>) -> Result<Self> {
                $value
            }
        }
    )* };
}

arbitrary! {
    [] Null = |_source| Ok(Self);
    [const MIN: u32, const MAX: u32] Integer<MIN, MAX> =
        |source| Ok(Self::clamped(MIN + number(source, u64::from(MAX - MIN))? as u32));
    [] UnboundedInteger = |source| {
        let magnitude = number(source, i64::MAX as u64)? as i64;
        Ok(Self(if source.arbitrary()? { magnitude } else { !magnitude }))
    };
    [const MIN: u32, const MAX: u32] ExtensibleInteger<MIN, MAX> =
        |source| if source.ratio(1, 4)? { UnboundedInteger::arbitrary(source).map(|number| Self(number.0)) } else {
            Integer::<MIN, MAX>::arbitrary(source).map(|number| Self(number.get().into()))
        };
    [const MIN: usize, const MAX: usize] OctetString<MIN, MAX> = |source| octets(source, MIN, MAX).map(Self);
    [const N: usize] FixedOctets<N> = |source| source.arbitrary().map(Self);
    [] OpenType = |source| octets(source, 1, usize::MAX).map(Self);
    [const MIN: usize, const MAX: usize] BitString<MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        (0..length).map(|_| source.arbitrary()).collect::<Result<_>>().map(Self)
    };
    [const MIN: usize, const MAX: usize] BmpString<MIN, MAX> = |source| {
        Self::from_units(units(source, MIN, MAX)?).ok_or(Error::IncorrectFormat)
    };
    [const MIN: usize, const MAX: usize] Ia5String<MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        let text: String = (0..length).map(|_| source.int_in_range(0..=0x7f).map(char::from)).collect::<Result<_>>()?;
        Self::new(&text).ok_or(Error::IncorrectFormat)
    };
    [A: Alphabet, const MIN: usize, const MAX: usize] RestrictedString<A, MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        let one = |_| source.choose(A::CHARACTERS).map(|octet| char::from(*octet));
        let text: String = (0..length).map(one).collect::<Result<_>>()?;
        Self::new(&text).ok_or(Error::IncorrectFormat)
    };
    [] ObjectIdentifier = |source| {
        let root = source.int_in_range(0..=2)?;
        let second = source.int_in_range(0..=if root < 2 { 39 } else { 200 })?;
        let mut arcs = vec![root, second];
        for _ in 0..source.int_in_range(1..=8)? {
            arcs.push(number(source, u64::from(u32::MAX))?);
        }
        let arcs: Vec<_> = arcs.iter().map(u64::to_string).collect();
        arcs.join(".").parse().map_err(|_| Error::IncorrectFormat)
    };
    [] UnknownAdditions = |_source| Ok(Self::none());
    [T: Arbitrary<'a>, const MIN: usize, const MAX: usize] BoundedList<T, MIN, MAX> = |source| {
        let length = source.int_in_range(MIN..=MAX.min(MIN + 2))?;
        (0..length).map(|_| source.arbitrary()).collect::<Result<_>>().map(Self)
    };
}
