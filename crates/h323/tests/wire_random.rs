//! Random messages of every type: what is written is read as the same value, and so is its reading.
//!
//! Needs the feature `arbitrary`: `cargo test -p h323 --features arbitrary`.

use arbitrary::{Arbitrary, Unstructured};
use codec::per::{self, Json};
use h323::wire::h225::{H323UserInformation, RasMessage};
use h323::wire::presence::PresenceElement;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Debug;

fn comes_back<T: for<'a> Arbitrary<'a> + per::Per + Json + Debug + PartialEq>(entropy: &[u8]) {
    let Ok(value) = T::arbitrary(&mut Unstructured::new(entropy)) else { return };
    let Ok(octets) = per::encode(&value) else {
        return assert!(entropy.len() > 4000, "only what is long needs fragments, which are not written");
    };
    assert_eq!(per::decode::<T>(&octets).as_ref(), Ok(&value));
    assert_eq!(T::from_json(&value.to_json()).as_ref(), Ok(&value));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_ras_message_comes_back(entropy in vec(any::<u8>(), 0..5000)) {
        comes_back::<RasMessage>(&entropy);
    }

    #[test]
    fn every_user_information_comes_back(entropy in vec(any::<u8>(), 0..5000)) {
        comes_back::<H323UserInformation>(&entropy);
    }

    #[test]
    fn every_presence_element_comes_back(entropy in vec(any::<u8>(), 0..5000)) {
        comes_back::<PresenceElement>(&entropy);
    }
}
