//! Aligned PER by the clauses of X.691: each claim with octets worked out by hand from the clause, both ways.

#![allow(clippy::unwrap_used)]

mod budgets;
mod extensions;
mod integers;
mod lists;
mod properties;
mod readings;
mod strings;

use codec::per::{self, Per};
use std::fmt::Debug;

/// A value after one bit, so that alignment shows.
#[derive(Clone, Debug, Default, PartialEq)]
struct AfterBit<T>(T);

impl<T: Per> Per for AfterBit<T> {
    fn encode(&self, encoder: &mut per::Encoder) -> Result<(), per::EncodeError> {
        encoder.bit(true);
        self.0.encode(encoder)
    }

    fn decode(decoder: &mut per::Decoder<'_>) -> Result<Self, per::DecodeError> {
        assert!(decoder.bit()?);
        T::decode(decoder).map(Self)
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// The value is written as these octets and read from them.
fn is_coded<T: Per + PartialEq + Debug>(value: T, hex: &str) {
    assert_eq!(per::encode(&value).unwrap(), octets(hex), "{value:?} is written");
    assert_eq!(per::decode::<T>(&octets(hex)).unwrap(), value, "{hex} is read");
}

/// The value, after one bit, is written as these octets and read from them.
fn is_coded_after_bit<T: Per + PartialEq + Debug>(value: T, hex: &str) {
    is_coded(AfterBit(value), hex);
}
