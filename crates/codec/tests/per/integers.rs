//! Clauses 11.5, 11.6, 13: numbers.

use super::{is_coded, is_coded_after_bit, octets};
use codec::per::{
    self, DecodeError, Decoder, EncodeError, Encoder, ExtensibleInteger, Integer, UnboundedInteger,
};

fn number<const MIN: u32, const MAX: u32>(value: u32) -> Integer<MIN, MAX> {
    Integer::new(value).unwrap()
}

#[test]
fn a_range_of_one_takes_no_bits() {
    is_coded_after_bit(number::<5, 5>(5), "80");
}

#[test]
fn a_range_below_256_takes_the_fewest_bits_unaligned() {
    is_coded_after_bit(number::<0, 1>(1), "c0");
    is_coded_after_bit(number::<3, 5>(5), "c0");
    is_coded_after_bit(number::<1, 128>(128), "ff");
    is_coded_after_bit(number::<0, 128>(128), "c000");
    is_coded_after_bit(number::<0, 254>(0xab), "d580");
}

#[test]
fn a_range_of_256_takes_an_aligned_octet() {
    is_coded_after_bit(number::<0, 255>(0xab), "80ab");
    is_coded_after_bit(number::<1, 256>(256), "80ff");
}

#[test]
fn a_range_up_to_65536_takes_two_aligned_octets() {
    is_coded_after_bit(number::<0, 256>(256), "800100");
    is_coded_after_bit(number::<0, 65_535>(65_535), "80ffff");
    is_coded_after_bit(number::<1, 65_536>(65_536), "80ffff");
}

#[test]
fn a_greater_range_takes_the_fewest_aligned_octets_after_their_count() {
    is_coded_after_bit(number::<0, 65_536>(0), "8000");
    is_coded_after_bit(number::<0, 65_536>(255), "80ff");
    is_coded_after_bit(number::<0, 65_536>(65_536), "c0010000");
    is_coded_after_bit(number::<1, 4_294_967_295>(1), "8000");
    is_coded_after_bit(number::<1, 4_294_967_295>(257), "a00100");
    is_coded_after_bit(number::<1, 4_294_967_295>(4_294_967_295), "e0fffffffe");
    is_coded_after_bit(number::<0, 4_294_967_295>(16_777_216), "e001000000");
}

#[test]
fn a_number_above_its_range_is_refused() {
    let error = DecodeError::OutOfRange { what: "number", value: 3 };
    assert_eq!(per::decode::<Integer<0, 2>>(&octets("c0")), Err(error));
    let error = EncodeError::OutOfRange { value: 3, min: 0, max: 2 };
    assert_eq!(Encoder::new().constrained(3, 0, 2), Err(error));
    assert_eq!(Integer::<0, 2>::new(3), None);
}

#[test]
fn an_unconstrained_number_takes_the_fewest_octets_of_twos_complement() {
    let cases = [
        (0, "0100"),
        (127, "017f"),
        (128, "020080"),
        (-1, "01ff"),
        (-128, "0180"),
        (-129, "02ff7f"),
        (i64::MAX, "087fffffffffffffff"),
        (i64::MIN, "088000000000000000"),
    ];
    for (value, hex) in cases {
        is_coded(UnboundedInteger(value), hex);
        is_coded_after_bit(UnboundedInteger(value), &format!("80{hex}"));
    }
}

#[test]
fn an_unconstrained_number_of_no_or_more_than_eight_octets_is_refused() {
    for hex in ["00", "09000000000000000001"] {
        assert!(matches!(
            per::decode::<UnboundedInteger>(&octets(hex)),
            Err(DecodeError::OutOfRange { what: "number of octets", .. })
        ));
    }
}

#[test]
fn a_number_outside_an_extensible_root_is_written_unconstrained() {
    is_coded(ExtensibleInteger::<0, 16_383>(5), "000005");
    is_coded(ExtensibleInteger::<0, 16_383>(16_383), "003fff");
    is_coded(ExtensibleInteger::<0, 16_383>(16_384), "80024000");
    is_coded(ExtensibleInteger::<0, 16_383>(-1), "8001ff");
}

#[test]
fn a_small_number_below_64_takes_seven_bits_and_others_count_their_octets() {
    let cases = [
        (0, "00"),
        (63, "7e"),
        (64, "800140"),
        (255, "8001ff"),
        (256, "80020100"),
        (u32::MAX, "8004ffffffff"),
    ];
    for (value, hex) in cases {
        let mut encoder = Encoder::new();
        encoder.small(value);
        assert_eq!(encoder.finish(), octets(hex));
        assert_eq!(Decoder::new(&octets(hex)).small(), Ok(value));
    }
    assert!(Decoder::new(&octets("80050100000000")).small().is_err());
}

#[test]
fn an_encoding_of_nothing_is_one_zero_octet() {
    is_coded(number::<5, 5>(5), "00");
}

#[test]
fn a_number_that_ends_early_is_truncated() {
    fn is_truncated<T: per::Per + std::fmt::Debug + PartialEq>(hex: &str) {
        let whole = octets(hex);
        for length in 0..whole.len() {
            let read = per::decode::<super::AfterBit<T>>(&whole[..length]);
            assert_eq!(read, Err(DecodeError::Truncated), "{length} octets of {hex}");
        }
        per::decode::<super::AfterBit<T>>(&whole).unwrap();
    }
    is_truncated::<Integer<0, 254>>("d580");
    is_truncated::<Integer<0, 65_535>>("80ffff");
    is_truncated::<Integer<0, 4_294_967_295>>("e001000000");
    is_truncated::<UnboundedInteger>("80020080");
}
