//! Clause 20: SEQUENCE OF.

use super::{is_coded_after_bit, octets};
use codec::per::{self, BoundedList, DecodeError, EncodeError, Integer};

#[test]
fn a_list_without_constraint_has_a_general_length() {
    is_coded_after_bit(Vec::<bool>::new(), "8000");
    is_coded_after_bit(vec![true, false, true], "8003a0");
    is_coded_after_bit(vec![true; 128], &("808080".to_owned() + &"ff".repeat(16)));
}

#[test]
fn a_list_with_a_size_has_a_constrained_length() {
    let list = |length| BoundedList::<Integer<0, 15>, 1, 16>((0..length).map(Integer::clamped).collect());
    is_coded_after_bit(list(1), "8000");
    is_coded_after_bit(list(3), "900900");
    is_coded_after_bit(BoundedList::<bool, 1, 512>(vec![true]), "800000 80");
    is_coded_after_bit(BoundedList::<bool, 2, 2>(vec![true, true]), "e0");
}

#[test]
fn a_list_outside_its_size_is_refused() {
    let error = EncodeError::Length { length: 3, min: 1, max: 2 };
    assert_eq!(per::encode(&BoundedList::<bool, 1, 2>(vec![true; 3])), Err(error));
    assert!(per::decode::<BoundedList<bool, 1, 3>>(&octets("e0")).is_err());
}

#[test]
fn a_list_in_fragments_is_refused() {
    let error = DecodeError::OutOfRange { what: "fragmented length", value: 16_384 };
    assert_eq!(per::decode::<Vec<bool>>(&[0xc1; 3000]), Err(error));
}
