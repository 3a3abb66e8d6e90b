//! MD5 over alias, password and time (`cryptoEPPwdHash`, H.225.0 clause 7.6), as deployed endpoints make it.
//!
//! The hash covers nothing of the message, so it shows that somebody who knew the password made the token, at that time, and
//! no more.

use super::procedure1::octets_of;
use crate::alias::Alias;
use crate::wire::h225::{AliasAddress, CryptoEpPwdHash, CryptoH323Token};
use crate::wire::h235::{ClearToken, Hashed, Params, TimeStamp};
use codec::per::{self, BitString, BmpString, ObjectIdentifier};
use md5::{Digest, Md5};
use model::Password;
use subtle::ConstantTimeEq;

/// {iso(1) member-body(2) us(840) rsadsi(113549) digestAlgorithm(2) md5(5)}.
pub const MD5: ObjectIdentifier =
    ObjectIdentifier::from_static(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05]);

/// Who a token is of and when it was made, where it is one of this kind.
pub fn read(token: &CryptoH323Token) -> Option<(String, &CryptoEpPwdHash)> {
    let CryptoH323Token::CryptoEpPwdHash(token) = token else { return None };
    if token.token.algorithm_oid != MD5 {
        return None;
    }
    let alias = Alias::from_wire(&token.alias)?;
    Some((alias.text(), token))
}

/// Whether a token was made with this password. Deployed endpoints end alias and password with a NUL in what they hash;
/// those that write strictly do not.
pub fn is_made_with(token: &CryptoEpPwdHash, alias: &str, password: &Password) -> bool {
    let hash = octets_of(&token.token.hash.0);
    let is_one =
        |end| digest(alias, password, token.time_stamp, end).is_some_and(|made| made[..].ct_eq(&hash).into());
    is_one("\0") | is_one("")
}

/// A token; `None` where the alias is too long.
pub fn make(alias: AliasAddress, password: &Password, time_stamp: u32) -> Option<CryptoH323Token> {
    let time_stamp = TimeStamp::clamped(time_stamp);
    let made = digest(&Alias::from_wire(&alias)?.text(), password, time_stamp, "\0")?;
    let bits = made.iter().flat_map(|octet| (0..8).map(move |bit| octet >> (7 - bit) & 1 == 1)).collect();
    let token = Hashed { algorithm_oid: MD5, param_s: Params::default(), hash: BitString(bits) };
    Some(CryptoH323Token::CryptoEpPwdHash(CryptoEpPwdHash { alias, time_stamp, token }))
}

fn digest(alias: &str, password: &Password, time_stamp: TimeStamp, end: &str) -> Option<[u8; 16]> {
    let token = ClearToken {
        time_stamp: Some(time_stamp),
        password: Some(BmpString::new(&format!("{}{end}", password.as_str()))?),
        general_id: Some(BmpString::new(&format!("{alias}{end}"))?),
        ..ClearToken::default()
    };
    Some(Md5::digest(per::encode(&token).ok()?).into())
}
