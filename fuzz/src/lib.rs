//! What must hold for any octets, shared by the targets.

use codec::per::{self, DecodeError, EncodeError, Json};
use h323::wire::reading;
use std::fmt::Debug;

/// The first length that is read in fragments but never written.
const FRAGMENT: usize = 16_384;

/// What is read as a `T` is written so that it is read as the same value, and so is its JSON reading.
pub fn is_stable<T: per::Per + Json + Debug + PartialEq>(octets: &[u8]) {
    let Ok(value) = per::decode::<T>(octets) else { return };
    match per::encode(&value) {
        Ok(written) => match per::decode::<T>(&written) {
            // Octets that were passed over were worth their share of the budget.
            Err(DecodeError::TooLarge) if written.len() < octets.len() => return,
            again => assert_eq!(again.as_ref(), Ok(&value)),
        },
        Err(EncodeError::Length { length, .. }) if length >= FRAGMENT => return,
        Err(error) => panic!("{value:?} was read and can't be written: {error}"),
    }
    let reading = value.to_json();
    match T::from_json(&reading) {
        Ok(again) => assert_eq!(again.to_json(), reading),
        Err(error) => panic!("{reading} is not a reading: {error}"),
    }
}

/// What has a reading is written back octet for octet, by way of text.
pub fn is_exact(octets: &[u8]) {
    let Ok(reading) = reading::read(octets) else { return };
    let text = reading.to_string();
    let again = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text} is not JSON: {error}"));
    assert_eq!(reading::write(&again).as_deref(), Ok(octets));
}
