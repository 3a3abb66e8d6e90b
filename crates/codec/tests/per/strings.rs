//! Clauses 11.9, 16, 17, 24, 30: lengths, bit strings, octet strings, object identifiers, character strings.

use super::{is_coded, is_coded_after_bit, octets};
use codec::per::{
    self, BitString, BmpString, DecodeError, EncodeError, FixedOctets, Ia5String, ObjectIdentifier,
    OctetString, OpenType, RestrictedString,
};

codec::alphabet! {
    /// Thirteen characters, as a dialled number has.
    Digits = b"#*,0123456789";
}

fn ia5<const MIN: usize, const MAX: usize>(text: &str) -> Ia5String<MIN, MAX> {
    Ia5String::new(text).unwrap()
}

fn bmp<const MIN: usize, const MAX: usize>(text: &str) -> BmpString<MIN, MAX> {
    BmpString::new(text).unwrap()
}

fn digits<const MIN: usize, const MAX: usize>(text: &str) -> RestrictedString<Digits, MIN, MAX> {
    RestrictedString::new(text).unwrap()
}

#[test]
fn octet_strings_of_one_size_are_aligned_above_two_octets() {
    is_coded_after_bit(FixedOctets([0xab]), "d580");
    is_coded_after_bit(FixedOctets([0xab, 0xcd]), "d5e680");
    is_coded_after_bit(FixedOctets([1, 2, 3]), "80010203");
}

#[test]
fn octet_strings_of_several_sizes_are_aligned_after_their_length() {
    is_coded_after_bit(OctetString::<1, 4>(vec![0xab]), "80ab");
    is_coded_after_bit(OctetString::<1, 4>(vec![1, 2, 3, 4]), "e001020304");
    is_coded_after_bit(OctetString::<0, 3>(vec![]), "80");
    is_coded_after_bit(OctetString::<1, 256>(vec![9]), "800009");
    is_coded_after_bit(OctetString::<0>(vec![]), "8000");
    is_coded_after_bit(OctetString::<0>(vec![7]), "800107");
}

#[test]
fn lengths_from_128_take_two_octets() {
    for (length, prefix) in [(127, "7f"), (128, "8080"), (300, "812c"), (16_383, "bfff")] {
        let string = OctetString::<0>(vec![0x55; length]);
        is_coded(string, &(prefix.to_owned() + &"55".repeat(length)));
    }
}

/// `content` in fragments of these many times 16 Ki units, and a last one.
fn fragmented(content: &[u8], unit: usize, fragments: &[usize]) -> Vec<u8> {
    let mut encoding = Vec::new();
    let mut rest = content;
    for fragment in fragments {
        let (piece, after) = rest.split_at(fragment * 16_384 * unit);
        encoding.push(0xc0 | *fragment as u8);
        encoding.extend(piece);
        rest = after;
    }
    let last = rest.len() / unit;
    assert!(last < 128);
    encoding.push(last as u8);
    encoding.extend(rest);
    encoding
}

#[test]
fn fragmented_strings_are_read() {
    let content: Vec<u8> = (0..7 * 16_384 + 100u32).map(|index| index as u8).collect();
    for fragments in [&[4, 3][..], &[1, 2, 4], &[1, 1, 1, 1, 1, 1, 1]] {
        let encoding = fragmented(&content, 1, fragments);
        assert_eq!(per::decode::<OctetString>(&encoding).unwrap().0, content);
        assert_eq!(per::decode::<OpenType>(&encoding).unwrap().0, content);
    }
    let units = &content[..2 * 16_384 * 2 + 20];
    let text: BmpString = per::decode(&fragmented(units, 2, &[2])).unwrap();
    assert_eq!(text.units().len(), units.len() / 2);
    assert_eq!(text.units()[16_384], 1);
}

#[test]
fn fragments_of_no_or_more_than_four_times_16_ki_are_refused() {
    for first in [0xc0, 0xc5, 0xff] {
        let error = DecodeError::OutOfRange { what: "length determinant", value: first.into() };
        assert_eq!(per::decode::<OctetString>(&vec![first; 70_000]), Err(error));
    }
}

#[test]
fn no_fragment_is_written() {
    let error = EncodeError::Length { length: 16_384, min: 0, max: 16_383 };
    assert_eq!(per::encode(&OctetString::<0>(vec![0; 16_384])), Err(error));
    assert_eq!(per::encode(&vec![false; 16_384]), Err(error));
}

#[test]
fn lengths_outside_their_constraint_are_refused() {
    assert_eq!(
        per::encode(&OctetString::<1, 4>(vec![0; 5])),
        Err(EncodeError::Length { length: 5, min: 1, max: 4 })
    );
    assert!(per::decode::<OctetString<1, 3>>(&octets("c0010203")).is_err());
    assert_eq!(BmpString::<1, 2>::new(""), None);
    assert_eq!(BmpString::<1, 2>::new("abc"), None);
    assert_eq!(Ia5String::<1, 2>::new("abc"), None);
}

#[test]
fn bit_strings_of_one_size_up_to_16_bits_are_not_aligned() {
    let bits = |text: &str| text.chars().map(|bit| bit == '1').collect();
    is_coded_after_bit(BitString::<3, 3>(bits("101")), "d0");
    is_coded_after_bit(BitString::<16, 16>(bits("1111000011110000")), "f87800");
    is_coded_after_bit(BitString::<32, 32>(bits(&"10".repeat(16))), "80aaaaaaaa");
    is_coded_after_bit(BitString::<0, 511>(bits("101")), "800003a0");
    is_coded_after_bit(BitString::<0>(bits("101")), "8003a0");
    is_coded_after_bit(BitString::<0>(vec![]), "8000");
}

#[test]
fn ia5_strings_take_an_octet_a_character() {
    is_coded_after_bit(ia5::<1, 512>("ab"), "8000016162");
    is_coded_after_bit(ia5::<1, 64>("ab"), "826162");
    is_coded_after_bit(ia5::<0, { usize::MAX }>("ab"), "80026162");
}

#[test]
fn bmp_strings_take_two_octets_a_unit() {
    is_coded_after_bit(bmp::<1, 256>("é"), "800000e9");
    is_coded_after_bit(bmp::<1, 128>("ab"), "8100610062");
    is_coded(bmp::<0, { usize::MAX }>("\u{1f600}"), "02d83dde00");
    let lone = BmpString::<0>::from_units(vec![0xd83d]).unwrap();
    assert_eq!(lone.to_string(), "\u{fffd}");
    is_coded(lone, "01d83d");
}

#[test]
fn strings_of_few_characters_take_four_bits_a_character_in_the_order_of_their_codes() {
    is_coded_after_bit(digits::<1, 128>("#*,0"), "830123");
    is_coded_after_bit(digits::<1, 128>("987"), "82cba0");
    // Up to 15 bits in all, or 16 of one size, are not aligned.
    is_coded_after_bit(digits::<1, 3>("19"), "a980");
    is_coded_after_bit(digits::<4, 4>("1234"), "a2b380");
    is_coded_after_bit(digits::<1, 4>("19"), "a04c");
}

#[test]
fn characters_outside_the_alphabet_are_refused() {
    assert_eq!(RestrictedString::<Digits, 1, 128>::new("12a"), None);
    let error = DecodeError::OutOfRange { what: "character", value: 13 };
    assert_eq!(per::decode::<RestrictedString<Digits, 1, 128>>(&octets("00d0")), Err(error));
}

#[test]
fn object_identifiers_are_their_content_octets_after_a_length() {
    let cases = [
        ("0.0", "0100"),
        ("1.39.3", "024f03"),
        ("2.47", "017f"),
        ("2.48", "028100"),
        ("2.999.3", "03883703"),
        ("1.3.6.1.4.1.17090.0.12", "0a2b06010401818542000c"),
        ("2.340282366920938463463374607431768211375", "1383ffffffffffffffffffffffffffffffffff7f"),
    ];
    for (text, hex) in cases {
        let identifier: ObjectIdentifier = text.parse().unwrap();
        assert_eq!(identifier.to_string(), text);
        is_coded(identifier, hex);
    }
}

#[test]
fn object_identifiers_that_are_empty_unfinished_or_too_long_are_refused() {
    for hex in [
        "00",
        "0181",
        "022b81",
        &("8080".to_owned() + &"01".repeat(128)),
        "1484ffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(
            per::decode::<ObjectIdentifier>(&octets(hex)),
            Err(DecodeError::ObjectIdentifier),
            "{hex}"
        );
    }
    for text in ["", "1", "3.1", "1.40", "1.2.", "1.x", "1.-2"] {
        assert!(text.parse::<ObjectIdentifier>().is_err(), "{text}");
    }
}
