//! For all values: what is written is read as the same value. For all octets: what is read is written so that it
//! is read as the same value again.

use codec::per::{
    self, BitString, BmpString, BoundedList, ExtensibleInteger, Ia5String, Integer, Json, ObjectIdentifier,
    OctetString, Per, UnboundedInteger, UnknownAddition,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Debug;

codec::sequence! {
    /// A value with every kind of member.
    Record {
        required "small" small: Integer<3, 200>,
        required "wide" wide: Integer<1, 4294967295>,
        optional "any" any: UnboundedInteger,
        optional "extensible" extensible: ExtensibleInteger<0, 16383>,
        required "flag" flag: bool,
        optional "octets" octets: OctetString,
        optional "bits" bits: BitString<0, 511>,
        optional "name" name: BmpString<1, 128>,
        required "kind" kind: Kind,
    } ... {
        "text" text: Ia5String,
        "identifier" identifier: ObjectIdentifier,
        "parts" parts: BoundedList<Record, 1, 512>,
    }
}

codec::choice! {
    /// A recursive choice.
    Kind { "none" None, "one" One(Integer<0, 255>), "list" List(Vec<Kind>), } ... { "record" Record(Box<Record>), }
}

fn kind() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![Just(Kind::None), any::<u8>().prop_map(|n| Kind::One(Integer::clamped(n.into())))];
    leaf.prop_recursive(3, 30, 5, |inner| vec(inner, 0..5).prop_map(Kind::List))
}

prop_compose! {
    fn leaf()(
        small in 3..=200u32,
        wide in 1u32..,
        any in proptest::option::of(any::<i64>()),
        extensible in proptest::option::of(prop_oneof![0..20_000i64, any::<i64>()]),
        flag: bool,
        octets in proptest::option::of(vec(any::<u8>(), 0..300)),
        bits in proptest::option::of(vec(any::<bool>(), 0..511)),
        name in proptest::option::of(vec(any::<u16>(), 1..128)),
        kind in kind(),
        text in proptest::option::of("[ -~]{0,200}"),
        identifier in proptest::option::of("2(\\.(0|[1-9][0-9]{0,8})){1,6}"),
        unknown in vec((3..100u16, vec(any::<u8>(), 1..200)), 0..3),
    ) -> Record {
        let unknown = unknown.into_iter().map(|(index, octets)| UnknownAddition { index, octets });
        Record {
            small: Integer::new(small).unwrap(),
            wide: Integer::new(wide).unwrap(),
            any: any.map(UnboundedInteger),
            extensible: extensible.map(ExtensibleInteger),
            flag,
            octets: octets.map(OctetString),
            bits: bits.map(BitString),
            name: name.and_then(BmpString::from_units),
            kind,
            text: text.and_then(|text| Ia5String::new(&text)),
            identifier: identifier.map(|text| text.parse().unwrap()),
            parts: None,
            unknown_additions: unknown.collect(),
        }
    }
}

fn record() -> impl Strategy<Value = Record> {
    leaf().prop_recursive(2, 6, 3, |inner| {
        (leaf(), vec(inner.clone(), 1..3), inner).prop_map(|(record, parts, boxed)| Record {
            parts: Some(BoundedList(parts)),
            kind: Kind::Record(Box::new(boxed)),
            ..record
        })
    })
}

/// What is read is written so that it is read as the same value.
fn is_stable<T: Per + Debug + PartialEq>(octets: &[u8]) {
    let Ok(value) = per::decode::<T>(octets) else { return };
    // Only a length that needs fragments, which are read but never written, keeps a value from being written.
    let Ok(written) = per::encode(&value) else { return assert!(octets.len() > 16_000) };
    assert_eq!(per::decode(&written), Ok(value));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_read_as_it_was_written(value in record()) {
        let encoding = per::encode(&value).unwrap();
        prop_assert_eq!(per::decode::<Record>(&encoding), Ok(value));
        // A cut encoding is never taken for a whole one of another value.
        let cut = per::decode::<Record>(&encoding[..encoding.len() - 1]);
        prop_assert!(cut.is_err());
    }

    #[test]
    fn every_value_without_lone_surrogates_is_read_from_its_reading(value in record()) {
        let reading = value.to_json();
        prop_assert_eq!(Record::from_json(&reading).unwrap().to_json(), reading);
    }

    #[test]
    fn any_octets_that_are_read_are_written_to_be_read_the_same(octets in vec(any::<u8>(), 0..200)) {
        is_stable::<Record>(&octets);
        is_stable::<Kind>(&octets);
    }

    #[test]
    fn damaged_encodings_that_are_read_are_written_to_be_read_the_same(
        value in record(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut encoding = per::encode(&value).unwrap();
        for (place, octet) in damage {
            let place = place.index(encoding.len());
            encoding[place] = octet;
        }
        is_stable::<Record>(&encoding);
    }
}
