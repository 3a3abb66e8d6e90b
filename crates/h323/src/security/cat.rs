//! The Cisco access token: MD5 over a number, the password and the time, in a ClearToken.

use crate::wire::h235::{ClearToken, TimeStamp};
use codec::per::{BmpString, ObjectIdentifier, OctetString, UnboundedInteger};
use md5::{Digest, Md5};
use model::Password;
use subtle::ConstantTimeEq;

/// {1 2 840 113548 10 1 2 1}.
pub const CAT: ObjectIdentifier =
    ObjectIdentifier::from_static(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0c, 0x0a, 0x01, 0x02, 0x01]);

/// What an access token says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim<'a> {
    /// Whose it is.
    pub general_id: String,
    /// Seconds since 1970.
    pub time_stamp: u32,
    /// The number: one octet, which some write with a sign.
    pub random: u8,
    hash: &'a [u8],
}

/// What a token says, where it is one of this kind and whole.
pub fn read(token: &ClearToken) -> Option<Claim<'_>> {
    let random = token.random?.0;
    let is_octet = (-128..=255).contains(&random);
    (token.token_oid == CAT && is_octet).then_some(())?;
    Some(Claim {
        general_id: token.general_id.as_ref()?.to_string().trim_end_matches('\0').to_owned(),
        time_stamp: token.time_stamp?.get(),
        random: random as u8,
        hash: &token.challenge.as_ref()?.0,
    })
}

/// Whether a token was made with this password.
pub fn is_made_with(claim: &Claim<'_>, password: &Password) -> bool {
    digest(claim.random, password, claim.time_stamp)[..].ct_eq(claim.hash).into()
}

/// A token; `None` where the name is too long.
pub fn make(name: &str, password: &Password, time_stamp: u32, random: u8) -> Option<ClearToken> {
    let time_stamp = TimeStamp::clamped(time_stamp);
    Some(ClearToken {
        token_oid: CAT,
        time_stamp: Some(time_stamp),
        challenge: Some(OctetString(digest(random, password, time_stamp.get()).to_vec())),
        random: Some(UnboundedInteger(i64::from(random))),
        general_id: Some(BmpString::new(&format!("{name}\0"))?),
        ..ClearToken::default()
    })
}

fn digest(random: u8, password: &Password, time_stamp: u32) -> [u8; 16] {
    let mut hasher = Md5::new();
    hasher.update([random]);
    hasher.update(password.as_str().as_bytes());
    hasher.update(time_stamp.to_be_bytes());
    hasher.finalize().into()
}
