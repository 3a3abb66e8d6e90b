//! Random values for property tests and fuzzing: always within the constraint of their type.

use super::{
    Alphabet, BitString, BmpString, BoundedList, ExtensibleInteger, FixedOctets, Ia5String, Integer, Null,
    ObjectIdentifier, OctetString, OpenType, RestrictedString, UnboundedInteger, UnknownAdditions,
};
use arbitrary::{Arbitrary, Error, Result, Unstructured};

/// Longest string or list that is made where the type sets no lower bound; long ones hide behind their bulk.
const LENGTH_MAX: usize = 24;

fn length(source: &mut Unstructured<'_>, min: usize, max: usize) -> Result<usize> {
    source.int_in_range(min..=max.min(min.max(LENGTH_MAX)))
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
        |source| Ok(Self::clamped(source.int_in_range(MIN..=MAX)?));
    [] UnboundedInteger = |source| source.arbitrary().map(Self);
    [const MIN: u32, const MAX: u32] ExtensibleInteger<MIN, MAX> =
        |source| if source.ratio(1, 4)? { source.arbitrary().map(Self) } else {
            source.int_in_range(i64::from(MIN)..=i64::from(MAX)).map(Self)
        };
    [const MIN: usize, const MAX: usize] OctetString<MIN, MAX> = |source| octets(source, MIN, MAX).map(Self);
    [const N: usize] FixedOctets<N> = |source| source.arbitrary().map(Self);
    [] OpenType = |source| octets(source, 1, usize::MAX).map(Self);
    [const MIN: usize, const MAX: usize] BitString<MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        (0..length).map(|_| source.arbitrary()).collect::<Result<_>>().map(Self)
    };
    [const MIN: usize, const MAX: usize] BmpString<MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        // No surrogates: a lone one has no text, and the oracles read text.
        let units = (0..length).map(|_| source.int_in_range(0x20..=0xd7ff)).collect::<Result<_>>()?;
        Self::from_units(units).ok_or(Error::IncorrectFormat)
    };
    [const MIN: usize, const MAX: usize] Ia5String<MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        let text: String = (0..length).map(|_| source.int_in_range(b' '..=b'~').map(char::from)).collect::<Result<_>>()?;
        Self::new(&text).ok_or(Error::IncorrectFormat)
    };
    [A: Alphabet, const MIN: usize, const MAX: usize] RestrictedString<A, MIN, MAX> = |source| {
        let length = length(source, MIN, MAX)?;
        let one = |_| source.choose(A::CHARACTERS).map(|octet| char::from(*octet));
        let text: String = (0..length).map(one).collect::<Result<_>>()?;
        Self::new(&text).ok_or(Error::IncorrectFormat)
    };
    [] ObjectIdentifier = |source| {
        let rest = (0..source.int_in_range(1..=8)?).map(|_| Ok(source.int_in_range(0..=u32::MAX)?.to_string()));
        let rest = rest.collect::<Result<Vec<_>>>()?.join(".");
        format!("1.{}.{rest}", source.int_in_range(0..=39)?).parse().map_err(|_| Error::IncorrectFormat)
    };
    [] UnknownAdditions = |_source| Ok(Self::none());
    [T: Arbitrary<'a>, const MIN: usize, const MAX: usize] BoundedList<T, MIN, MAX> = |source| {
        let length = source.int_in_range(MIN..=MAX.min(MIN + 2))?;
        (0..length).map(|_| source.arbitrary()).collect::<Result<_>>().map(Self)
    };
}
