//! JSON readings: the conventions, and errors that say where.

use codec::per::{
    BitString, BmpString, BoundedList, ExtensibleInteger, FixedOctets, Ia5String, Integer, Json, Null,
    ObjectIdentifier, OctetString, OpenType, RestrictedString, UnboundedInteger,
};
use serde_json::json;
use std::fmt::Debug;

codec::alphabet! {
    /// Decimal digits.
    Digits = b"0123456789";
}

codec::sequence! {
    /// One of every kind.
    Sample {
        required "flag" flag: bool,
        required "nothing" nothing: Null,
        required "number" number: Integer<1, 9>,
        required "any" any: UnboundedInteger,
        required "extensible" extensible: ExtensibleInteger<0, 3>,
        required "octets" octets: OctetString,
        required "fixed" fixed: FixedOctets<2>,
        required "open" open: OpenType,
        required "bits" bits: BitString,
        required "bmp" bmp: BmpString<1, 3>,
        required "ia5" ia5: Ia5String<1, 3>,
        required "digits" digits: RestrictedString<Digits, 1, 3>,
        required "oid" oid: ObjectIdentifier,
        required "list" list: Vec<bool>,
        required "bounded" bounded: BoundedList<bool, 1, 2>,
        required "choice" choice: Choice,
        required "enumerated" enumerated: Enumerated,
        optional "optional" optional: Box<Inner>,
    } ... {
        "newer" newer: Null,
    }

    /// A member of it.
    Inner {
        optional "deep" deep: Vec<Integer<0, 9>>,
    } ... {}
}

codec::choice! {
    /// A choice.
    Choice { "first" First, "second" Second(Integer<0, 3>), } ... { "third" Third(bool), }
}

codec::enumerated! {
    /// An enumeration.
    Enumerated { "one" One, "two" Two, }
}

fn sample() -> serde_json::Value {
    json!({
        "flag": true,
        "nothing": null,
        "number": 9,
        "any": -5,
        "extensible": 77,
        "octets": { "hex": "00ff" },
        "fixed": { "hex": "abcd" },
        "open": { "hex": "01" },
        "bits": { "bits": "0101" },
        "bmp": "é\u{1f600}",
        "ia5": "a\u{ff}",
        "digits": "07",
        "oid": "1.3.6",
        "list": [true, false],
        "bounded": [true],
        "choice": { "second": 3 },
        "enumerated": "two",
        "optional": { "deep": [1, 2], "unknownAdditions": [{ "index": 4, "content": { "hex": "05" } }] },
        "newer": null,
    })
}

fn is_read_and_written<T: Json + Debug + PartialEq>(reading: &serde_json::Value) {
    let value = T::from_json(reading).unwrap();
    assert_eq!(value.to_json(), *reading);
    assert_eq!(T::from_json(&value.to_json()), Ok(value));
}

#[test]
fn a_reading_of_every_kind_is_read_and_written() {
    is_read_and_written::<Sample>(&sample());
}

#[test]
fn what_is_not_known_has_a_reading() {
    is_read_and_written::<Choice>(&json!({ "unknownAlternative": { "index": 7, "content": { "hex": "" } } }));
    is_read_and_written::<Choice>(&json!({ "third": true }));
    is_read_and_written::<Enumerated>(&json!(5));
}

#[test]
fn an_absent_member_is_not_in_the_reading() {
    let mut reading = sample();
    for name in ["optional", "newer"] {
        reading.as_object_mut().unwrap().shift_remove(name);
    }
    is_read_and_written::<Sample>(&reading);
}

/// The error of the sample with something else in one place.
fn error_with(place: &str, value: serde_json::Value) -> String {
    let mut reading = sample();
    *reading.pointer_mut(place).unwrap() = value;
    Sample::from_json(&reading).unwrap_err().to_string()
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    assert_eq!(error_with("/flag", json!(1)), "/flag: expected true or false");
    assert_eq!(error_with("/nothing", json!(0)), "/nothing: expected null");
    assert_eq!(error_with("/number", json!(0)), "/number: expected a number from 1 to 9");
    assert_eq!(error_with("/any", json!(0.5)), "/any: expected a number");
    assert_eq!(error_with("/fixed/hex", json!("ab")), "/fixed: expected 2 octets");
    assert!(error_with("/octets/hex", json!("abc")).starts_with("/octets: expected {\"hex\""));
    assert!(error_with("/octets/hex", json!("+1")).starts_with("/octets: expected {\"hex\""));
    assert!(error_with("/bits/bits", json!("012")).starts_with("/bits: expected {\"bits\""));
    assert_eq!(error_with("/bmp", json!("abcd")), "/bmp: expected 1 to 3 UTF-16 units");
    assert_eq!(error_with("/ia5", json!("é–")), "/ia5: expected 1 to 3 IA5 characters");
    assert_eq!(error_with("/digits", json!("a")), "/digits: expected 1 to 3 characters of 0123456789");
    assert_eq!(error_with("/oid", json!("3.1")), "/oid: expected a dotted object identifier");
    assert_eq!(error_with("/list/1", json!(null)), "/list/1: expected true or false");
    assert_eq!(error_with("/choice", json!({})), "/choice: expected an object with one member");
    assert_eq!(
        error_with("/choice", json!({ "fourth": 1 })),
        "/choice/fourth: is not an alternative of this type"
    );
    assert_eq!(error_with("/choice/second", json!(4)), "/choice/second: expected a number from 0 to 3");
    assert_eq!(error_with("/enumerated", json!("three")), "/enumerated: expected the name of a value");
    assert_eq!(error_with("/optional/deep/1", json!(10)), "/optional/deep/1: expected a number from 0 to 9");
    assert_eq!(error_with("/optional", json!({ "x": 1 })), "/optional/x: is not a member of this type");
}

#[test]
fn a_missing_member_is_named() {
    let mut reading = sample();
    reading.as_object_mut().unwrap().shift_remove("oid");
    assert_eq!(Sample::from_json(&reading).unwrap_err().to_string(), "/oid: is missing");
    assert_eq!(Sample::from_json(&json!([])).unwrap_err().to_string(), "/: expected an object");
}
