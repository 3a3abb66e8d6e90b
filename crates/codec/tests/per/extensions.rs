//! Clauses 19.7 to 19.9, 23, 14.3: what a newer edition added, known here or not.

use super::{is_coded, octets};
use codec::per::{
    self, DecodeError, EncodeError, Encoder, FixedOctets, Integer, Null, UnknownAddition, UnknownAdditions,
    UnknownAlternative,
};

codec::sequence! {
    /// `SEQUENCE { n INTEGER(0..255), o BOOLEAN OPTIONAL, ..., a INTEGER(1..4294967295), b NULL, c BOOLEAN }`
    Extended {
        required "n" n: Integer<0, 255>,
        optional "o" o: bool,
    } ... {
        "a" a: Integer<1, 4294967295>,
        "b" b: Null,
        "c" c: bool,
    }

    /// The edition before: `SEQUENCE { n INTEGER(0..255), o BOOLEAN OPTIONAL, ... }`
    Older {
        required "n" n: Integer<0, 255>,
        optional "o" o: bool,
    } ... {}
}

codec::choice! {
    /// `CHOICE { a NULL, b INTEGER(0..255), c BOOLEAN, ..., d INTEGER(0..255), e NULL }`
    Choice {
        "a" A,
        "b" B(Integer<0, 255>),
        "c" C(bool),
    } ... {
        "d" D(Integer<0, 255>),
        "e" E,
    }

    /// The edition before, without the alternatives `d` and `e`.
    OlderChoice {
        "a" A,
        "b" B(Integer<0, 255>),
        "c" C(bool),
    } ... {}

    /// One alternative takes no index.
    Only { "a" A(bool), }
}

codec::enumerated! {
    /// `ENUMERATED { a, b, c, ... }`
    Enumerated { "a" A, "b" B, "c" C, }
}

fn extended() -> Extended {
    Extended { n: Integer::clamped(7), ..Extended::default() }
}

fn unknown(additions: &[(u16, &[u8])]) -> UnknownAdditions {
    additions
        .iter()
        .map(|(index, octets)| UnknownAddition { index: *index, octets: octets.to_vec() })
        .collect()
}

#[test]
fn without_additions_there_is_no_bitmap() {
    is_coded(extended(), "0007");
    is_coded(Extended { o: Some(true), ..extended() }, "400780");
}

#[test]
fn the_bitmap_ends_at_the_last_addition_present() {
    is_coded(Extended { a: Some(Integer::clamped(1)), ..extended() }, "8007 01 02 0000");
    is_coded(Extended { b: Some(Null), ..extended() }, "8007 02 80 0100");
    is_coded(Extended { c: Some(true), ..extended() }, "8007 04 40 0180");
    is_coded(
        Extended { a: Some(Integer::clamped(257)), c: Some(false), ..extended() },
        "8007 05 40 03400100 0100",
    );
}

#[test]
fn a_longer_bitmap_than_needed_is_read() {
    let read: Extended = per::decode(&octets("8007 0e00")).unwrap();
    assert_eq!(read, extended());
    let read: Extended = per::decode(&octets("8007 1100 020000")).unwrap();
    assert_eq!(read, Extended { a: Some(Integer::clamped(1)), ..extended() });
}

#[test]
fn every_addition_is_optional_as_older_editions_do_not_send_it() {
    let older = Older { n: Integer::clamped(7), o: Some(true), ..Older::default() };
    let read: Extended = per::decode(&per::encode(&older).unwrap()).unwrap();
    assert_eq!(read, Extended { o: Some(true), ..extended() });
}

#[test]
fn unknown_additions_are_kept_and_written_again() {
    let newer = Extended { a: Some(Integer::clamped(9)), c: Some(true), ..extended() };
    let encoding = per::encode(&newer).unwrap();
    let older: Older = per::decode(&encoding).unwrap();
    assert_eq!(older.unknown_additions, unknown(&[(0, &[0x00, 0x08]), (2, &[0x80])]));
    assert_eq!(per::encode(&older).unwrap(), encoding);
}

#[test]
fn unknown_additions_follow_the_known_ones_in_order() {
    let value = Extended {
        b: Some(Null),
        unknown_additions: unknown(&[(5, &[5]), (3, &[3]), (5, &[6])]),
        ..extended()
    };
    is_coded(value, "8007 0a a8 0100 0103 0105");
}

#[test]
fn a_bitmap_of_more_than_64_additions_has_a_general_length() {
    let value = Older { unknown_additions: unknown(&[(0, &[1]), (64, &[2])]), ..Older::default() };
    is_coded(value, "8000 80 41 8000000000000000 80 0101 0102");
}

#[test]
fn a_bitmap_of_more_additions_than_any_type_has_is_refused() {
    let error = DecodeError::OutOfRange { what: "number of additions", value: 129 };
    assert_eq!(per::decode::<Older>(&octets(&("8000 80 8081".to_owned() + &"00".repeat(17)))), Err(error));
}

#[test]
fn what_an_open_type_has_left_over_is_skipped() {
    let read: Extended = per::decode(&octets("8007 0540 040008adad 02800f")).unwrap();
    assert_eq!(read, Extended { a: Some(Integer::clamped(9)), c: Some(true), ..extended() });
}

#[test]
fn an_open_type_that_is_too_short_is_truncated() {
    assert_eq!(per::decode::<Extended>(&octets("8007 01 02 00")), Err(DecodeError::Truncated));
    assert_eq!(per::decode::<Extended>(&octets("8007 01 01 00")), Err(DecodeError::Truncated));
}

#[test]
fn an_open_type_has_its_length_before_it_whatever_that_takes() {
    for (content, length) in [(127, "7f"), (128, "8080"), (16_383, "bfff")] {
        let mut encoder = Encoder::new();
        encoder.bit(true);
        let written = encoder.open_type(|inner| {
            (0..content).for_each(|_| inner.bits(0xa5, 8));
            Ok(())
        });
        assert_eq!(written, Ok(()));
        let expected = octets(&("80".to_owned() + length + &"a5".repeat(content)));
        assert_eq!(encoder.finish(), expected, "{content} octets");
    }
    let mut encoder = Encoder::new();
    let error = EncodeError::Length { length: 16_384, min: 0, max: 16_383 };
    let written = encoder.open_type(|inner| {
        inner.put(&[0; 16_384]);
        Ok(())
    });
    assert_eq!(written, Err(error));
}

#[test]
fn an_open_type_of_nothing_is_one_octet_and_its_bits_end_with_it() {
    let mut encoder = Encoder::new();
    encoder.open_type(|_| Ok(())).unwrap();
    encoder
        .open_type(|inner| {
            inner.bit(true);
            Ok(())
        })
        .unwrap();
    encoder.bit(true);
    assert_eq!(encoder.finish(), octets("0100 0180 80"));
}

#[test]
fn a_root_alternative_has_a_constrained_index() {
    is_coded(Choice::A, "00");
    is_coded(Choice::B(Integer::clamped(9)), "2009");
    is_coded(Choice::C(true), "50");
    is_coded(Only::A(true), "80");
}

#[test]
fn a_root_index_beyond_the_last_alternative_is_refused() {
    let error = DecodeError::OutOfRange { what: "number", value: 3 };
    assert_eq!(per::decode::<Choice>(&octets("60")), Err(error));
}

#[test]
fn an_alternative_after_the_marker_is_a_small_number_and_an_open_type() {
    is_coded(Choice::D(Integer::clamped(9)), "800109");
    is_coded(Choice::E, "810100");
}

#[test]
fn unknown_alternatives_are_kept_and_written_again() {
    for (newer, index, content) in [(Choice::D(Integer::clamped(9)), 0, 9), (Choice::E, 1, 0)] {
        let encoding = per::encode(&newer).unwrap();
        let older: OlderChoice = per::decode(&encoding).unwrap();
        let unknown = UnknownAlternative { index, octets: vec![content] };
        assert_eq!(older, OlderChoice::UnknownAlternative(unknown));
        assert_eq!(per::encode(&older).unwrap(), encoding);
    }
    let far = UnknownAlternative { index: 300, octets: vec![1, 2] };
    is_coded(Choice::UnknownAlternative(far), "c002012c 020102");
}

#[test]
fn an_alternative_index_beyond_16_bits_is_refused() {
    let error = DecodeError::OutOfRange { what: "alternative", value: 65_536 };
    assert_eq!(per::decode::<Choice>(&octets("c003010000 0100")), Err(error));
}

#[test]
fn unknown_enumerated_values_are_kept_and_written_again() {
    is_coded(Enumerated::C, "40");
    is_coded(Enumerated::Unknown(0), "80");
    is_coded(Enumerated::Unknown(65_535), "c002ffff");
    let error = DecodeError::OutOfRange { what: "enumerated value", value: 65_536 };
    assert_eq!(per::decode::<Enumerated>(&octets("c003010000")), Err(error));
    assert!(per::decode::<Enumerated>(&octets("60")).is_err());
}

#[test]
fn an_addition_starts_its_own_alignment() {
    codec::sequence! {
        /// `SEQUENCE { ..., f OCTET STRING (SIZE(3)) }`
        Fixed {} ... { "f" f: FixedOctets<3>, }
    }
    is_coded(Fixed { f: Some(FixedOctets([1, 2, 3])), ..Fixed::default() }, "80 80 03010203");
}
