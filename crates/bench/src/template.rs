//! Messages that are encoded once and then patched in place, since the encoder would cost more than the system call.

use crate::error::BenchError;
use codec::per::{self, BmpString, Per};
use std::net::SocketAddrV4;
use std::ops::Range;

/// One encoded message with places where it varies.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    octets: Vec<u8>,
    slots: Vec<Range<usize>>,
}

impl Template {
    /// Encodes `plain`, and finds a slot for each of `variants`: the octets in which it differs from `plain`.
    ///
    /// # Errors
    /// One can't be encoded, or differs in length, so that patching it would be wrong.
    pub fn new<T: Per>(plain: &T, variants: &[T]) -> Result<Self, BenchError> {
        let encode =
            |message: &T| per::encode(message).map_err(|error| BenchError::Template(error.to_string()));
        Self::of(encode(plain)?, &variants.iter().map(encode).collect::<Result<Vec<_>, _>>()?)
    }

    /// The same for what is encoded already.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(octets: Vec<u8>, variants: &[Vec<u8>]) -> Result<Self, BenchError> {
        let slots = variants.iter().map(|variant| difference(&octets, variant)).collect::<Result<_, _>>()?;
        Ok(Self { octets, slots })
    }

    /// Appends the message; returns where it begins in `out`.
    pub fn append(&self, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.extend_from_slice(&self.octets);
        start
    }

    /// The octets of a slot in a message that begins at `start`.
    pub fn slot<'a>(&self, out: &'a mut [u8], start: usize, slot: usize) -> &'a mut [u8] {
        let Range { start: from, end } = self.slots[slot];
        &mut out[start + from..start + end]
    }
}

/// The octets in which two encodings differ, from the first to the last.
fn difference(one: &[u8], other: &[u8]) -> Result<Range<usize>, BenchError> {
    let differs = |at: &usize| one[*at] != other[*at];
    let same_length = one.len() == other.len();
    let ends = |one: &[u8]| ((0..one.len()).find(differs), (0..one.len()).rev().find(differs));
    match same_length.then(|| ends(one)) {
        Some((Some(first), Some(last))) => Ok(first..last + 1),
        _ => Err(BenchError::Template("two messages of one shape differ in length".to_owned())),
    }
}

/// The sequence numbers that a template and its variant have: they differ in both octets, on the wire one less.
pub(crate) const SEQUENCES: [u32; 2] = [0x1112, 0x2223];

/// The digits that the name in a template and in its variant have.
pub(crate) const DIGITS: [&str; 2] = ["11111111", "22222222"];

/// The addresses that a template and its variant have.
pub(crate) const ADDRESSES: [SocketAddrV4; 2] = [
    SocketAddrV4::new(std::net::Ipv4Addr::new(1, 1, 1, 1), 0x1111),
    SocketAddrV4::new(std::net::Ipv4Addr::new(2, 2, 2, 2), 0x2222),
];

/// Text of which every octet differs from its variant's, of a length in 16-bit units.
pub(crate) fn filler<const MIN: usize, const MAX: usize>(
    variant: usize,
    units: usize,
) -> BmpString<MIN, MAX> {
    let unit = [0x1111, 0x2222][variant];
    BmpString::from_units(vec![unit; units]).unwrap_or_default()
}

/// Writes a sequence number (1 to 65535), which PER writes less one.
pub(crate) fn put_sequence(slot: &mut [u8], sequence: u16) {
    slot.copy_from_slice(&(sequence - 1).to_be_bytes());
}

/// Writes a number as eight digits in 16-bit units; the slot begins at the lower octet of the first.
pub(crate) fn put_digits(slot: &mut [u8], number: u32) {
    let mut left = number;
    for at in (0..8).rev() {
        slot[at * 2] = b'0' + (left % 10) as u8;
        left /= 10;
    }
}

/// Writes an IPv4 transport address.
pub(crate) fn put_address(slot: &mut [u8], address: SocketAddrV4) {
    slot[..4].copy_from_slice(&address.ip().octets());
    slot[4..].copy_from_slice(&address.port().to_be_bytes());
}
