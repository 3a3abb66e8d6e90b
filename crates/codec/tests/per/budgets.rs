//! What a decoder may spend: a few octets become neither millions of elements nor deep recursion.

use super::octets;
use codec::per::{self, BoundedList, DecodeError, Null, Per};

codec::sequence! {
    /// A value in a value in a value.
    Nested {
        optional "next" next: Box<Nested>,
    }

    /// A list of lists of itself.
    Tree {
        required "branches" branches: Vec<Tree>,
    }
}

#[test]
fn elements_without_octets_are_charged() {
    type Square = BoundedList<BoundedList<Null, 255, 255>, 255, 255>;
    assert_eq!(per::decode::<Square>(&[]), Err(DecodeError::TooLarge));
    type Cube = BoundedList<Square, 255, 255>;
    assert_eq!(per::decode::<Cube>(&[0; 201]), Err(DecodeError::TooLarge));
}

#[test]
fn a_few_octets_do_not_become_many_elements() {
    // Each list announces 16,383 empty lists; nothing of them is there, and nothing is made for them.
    assert_eq!(per::decode::<Vec<Vec<bool>>>(&octets("bfff")), Err(DecodeError::TooLarge));
    // 201 octets of lists of lists.
    let encoding = [0x7f; 201];
    assert_eq!(per::decode::<Vec<Vec<Vec<Vec<Null>>>>>(&encoding), Err(DecodeError::TooLarge));
}

#[test]
fn as_many_elements_as_the_octets_hold_are_made() {
    for count in [1, 127, 128, 16_383] {
        let list = vec![vec![true; 7]; count];
        let encoding = per::encode(&list).unwrap();
        assert_eq!(per::decode::<Vec<Vec<bool>>>(&encoding), Ok(list));
    }
}

#[test]
fn recursion_ends_at_the_limit() {
    let nested =
        |depth: usize| (0..depth).fold(Nested::default(), |value, _| Nested { next: Some(Box::new(value)) });
    let encoding = per::encode(&nested(24)).unwrap();
    assert_eq!(per::decode(&encoding), Ok(nested(24)));
    let encoding = per::encode(&nested(25)).unwrap();
    assert_eq!(per::decode::<Nested>(&encoding), Err(DecodeError::TooDeep { limit: 24 }));
    assert_eq!(per::decode::<Nested>(&[0xff; 100_000]), Err(DecodeError::TooDeep { limit: 24 }));
    assert_eq!(per::decode::<Tree>(&[1; 100_000]), Err(DecodeError::TooDeep { limit: 24 }));
}

#[test]
fn the_budget_is_shared_with_open_types() {
    codec::sequence! {
        /// `SEQUENCE { ..., list SEQUENCE OF NULL }`
        Outer {} ... { "list" list: Vec<Null>, "more" more: Vec<Null>, }
    }
    // A list of 9,000 elements without octets is within the budget, two are not.
    let one: Outer = per::decode(&octets("8080 02a328")).unwrap();
    assert_eq!(one.list.map(|list| list.len()), Some(9000));
    assert_eq!(per::decode::<Outer>(&octets("81c0 02a328 02a328")), Err(DecodeError::TooLarge));
}

#[test]
fn a_decoder_says_how_far_it_read() {
    let octets = octets("8007 0000");
    let mut decoder = per::Decoder::new(&octets);
    bool::decode(&mut decoder).unwrap();
    assert_eq!(decoder.octets_used(), 1);
    per::FixedOctets::<3>::decode(&mut decoder).unwrap();
    assert_eq!(decoder.octets_used(), 4);
}
