//! Baseline procedure I (H.235.1): a hash over the whole message, keyed with the password.
//!
//! The hash lies in the very message, and is made with its own 12 octets zero. Who checks works on the
//! octets as they came, since another encoder may write the same message otherwise.

use crate::wire::h225::CryptoH323Token;
use crate::wire::h235::{ClearToken, CryptoHashedToken, CryptoToken, Hashed, Identifier, Params, TimeStamp};
use codec::per::{BitString, EncodeError, ObjectIdentifier, UnboundedInteger};
use hmac::{Hmac, KeyInit, Mac};
use model::PasswordKey;
use sha1::Sha1;

/// "A" {itu-t recommendation h 235 version 2 1}: the hash covers the whole message.
const A: ObjectIdentifier = ObjectIdentifier::from_static(&[0x00, 0x08, 0x81, 0x6b, 0x00, 0x02, 0x01]);
/// "T" {… 5}: the ClearToken of baseline procedure I.
const T: ObjectIdentifier = ObjectIdentifier::from_static(&[0x00, 0x08, 0x81, 0x6b, 0x00, 0x02, 0x05]);
/// "U" {… 6}: HMAC-SHA1-96.
pub const U: ObjectIdentifier = ObjectIdentifier::from_static(&[0x00, 0x08, 0x81, 0x6b, 0x00, 0x02, 0x06]);

/// Where the edition of H.235 is in these identifiers; version 1 differs in nothing else that matters here.
const EDITION: usize = 5;

/// The octets of the hash: the first 96 bits of HMAC-SHA1.
pub const HASH_LENGTH: usize = 12;

/// The places of a message that are tried for the hash. A hash that a sender of good faith made is there once; one of a bad
/// one costs so much work and no more.
const PLACES_MAX: usize = 4;

/// What a token of procedure I says, beside the hash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Who it is for: our identifier, or that of the endpoint.
    pub general_id: Option<Identifier>,
    /// Who sends.
    pub senders_id: Option<Identifier>,
    /// Seconds since 1970.
    pub time_stamp: u32,
    /// Different for each message of one second.
    pub random: i64,
}

/// Whether an identifier is this one, in any edition of H.235.
fn is(identifier: &ObjectIdentifier, wanted: &ObjectIdentifier) -> bool {
    let (one, other) = (identifier.octets(), wanted.octets());
    one.len() == other.len()
        && one[..EDITION] == other[..EDITION]
        && (1..=2).contains(&one[EDITION])
        && one[EDITION + 1..] == other[EDITION + 1..]
}

/// Whether an algorithm is that of procedure I.
pub fn is_algorithm(identifier: &ObjectIdentifier) -> bool {
    is(identifier, &U)
}

/// What a token says, with the hash, where it is one of procedure I over the whole message.
pub fn read(token: &CryptoH323Token) -> Option<(Claim, [u8; HASH_LENGTH])> {
    let CryptoH323Token::NestedcryptoToken(CryptoToken::CryptoHashedToken(token)) = token else {
        return None;
    };
    let values = &token.hashed_vals;
    if !is(&token.token_oid, &A) || !is(&values.token_oid, &T) || !is_algorithm(&token.token.algorithm_oid) {
        return None;
    }
    let hash = octets_of(&token.token.hash.0).try_into().ok()?;
    let claim = Claim {
        general_id: values.general_id.clone(),
        senders_id: values.senders_id.clone(),
        time_stamp: values.time_stamp?.get(),
        random: values.random?.0,
    };
    Some((claim, hash))
}

/// Whether the hash in these octets of a message was made with this key.
pub fn is_signed(octets: &[u8], hash: &[u8; HASH_LENGTH], key: &PasswordKey) -> bool {
    let mut copy = octets.to_vec();
    let places = octets.windows(HASH_LENGTH).enumerate().filter(|(_, window)| window == hash);
    places.take(PLACES_MAX).any(|(place, _)| {
        copy[place..place + HASH_LENGTH].fill(0);
        let is_right = keyed(key, &copy).verify_truncated_left(hash).is_ok();
        copy[place..place + HASH_LENGTH].copy_from_slice(hash);
        is_right
    })
}

/// A token whose hash is yet to be made: `marker` is in its place.
pub fn unsigned_token(claim: &Claim, marker: [u8; HASH_LENGTH]) -> CryptoH323Token {
    let hashed_vals = ClearToken {
        token_oid: T,
        time_stamp: Some(TimeStamp::clamped(claim.time_stamp)),
        random: Some(UnboundedInteger(claim.random)),
        general_id: claim.general_id.clone(),
        senders_id: claim.senders_id.clone(),
        ..ClearToken::default()
    };
    let bits = marker.iter().flat_map(|octet| (0..8).map(move |bit| octet >> (7 - bit) & 1 == 1)).collect();
    let token = Hashed { algorithm_oid: U, param_s: Params::default(), hash: BitString(bits) };
    CryptoH323Token::NestedcryptoToken(CryptoToken::CryptoHashedToken(CryptoHashedToken {
        token_oid: A,
        hashed_vals,
        token,
    }))
}

/// Encodes a message with a token of procedure I and signs it. `encode` writes the message with the token that it is given;
/// `marker` is random, so that it is nowhere else in the message.
///
/// # Errors
/// The message can't be encoded, or has the marker twice.
pub fn sign(
    claim: &Claim,
    key: &PasswordKey,
    marker: [u8; HASH_LENGTH],
    encode: impl FnOnce(CryptoH323Token) -> Result<Vec<u8>, EncodeError>,
) -> Result<Vec<u8>, SignError> {
    seal(encode(unsigned_token(claim, marker))?, key, marker)
}

/// Signs the octets of a message in which `marker` stands in the place of the hash.
///
/// # Errors
/// The message has the marker not once.
pub fn seal(mut octets: Vec<u8>, key: &PasswordKey, marker: [u8; HASH_LENGTH]) -> Result<Vec<u8>, SignError> {
    let mut places = octets.windows(HASH_LENGTH).enumerate().filter(|(_, window)| *window == marker);
    let (Some((place, _)), None) = (places.next(), places.next()) else { return Err(SignError::Marker) };
    octets[place..place + HASH_LENGTH].fill(0);
    let hash = keyed(key, &octets).finalize().into_bytes();
    octets[place..place + HASH_LENGTH].copy_from_slice(&hash[..HASH_LENGTH]);
    Ok(octets)
}

/// Why a message could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It can't be encoded.
    #[error("can't be encoded: {0}")]
    Encode(#[from] EncodeError),
    /// The token is not in the message, or what stands for its hash is there twice.
    #[error("the place of the hash could not be found")]
    Marker,
}

fn keyed(key: &PasswordKey, octets: &[u8]) -> Hmac<Sha1> {
    // HMAC fills a short key up with zeros; so nothing here can fail.
    let mut block = [0; 64];
    block[..20].copy_from_slice(key.octets());
    let mut mac = <Hmac<Sha1> as KeyInit>::new(&block.into());
    mac.update(octets);
    mac
}

/// The octets of a string of bits; a last one that is not whole has zeros.
pub(super) fn octets_of(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8)
        .map(|octet| octet.iter().enumerate().fold(0, |sum, (at, bit)| sum | u8::from(*bit) << (7 - at)))
        .collect()
}
