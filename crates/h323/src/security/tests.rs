//! Values that others made: pycrate encoded the messages, hashlib and hmac of Python made the hashes.
//!
//! Each is an RRQ with requestSeqNum 7 and the h323-ID `alice`, signed with the password `Passwörter` at 1700000000.

use super::token::{Token, set_tokens, tokens};
use super::*;
use crate::wire::h225::RasMessage;
use codec::per;
use model::Password;

/// RRQ with procedure I.
const PROCEDURE_1: &str = "\
    0e800006060008914a00048001007f00000106b801007f00000106b700000140040061006c00690063006500b50000123420\
    0000004c0174070008816b000201c500070008816b000205c06553f0ff01fb0a0068006500720061006c006406800b080061\
    006c006900630065070008816b000206006054d044eb76e6d86cde78804e\
";

/// RRQ with MD5, alias and password ended by a NUL as h323plus does.
const MD5_WITH_NUL: &str = "\
    0e800006060008914a00048001007f00000106b801007f00000106b700000140040061006c00690063006500b50000123420\
    0000002e0104040061006c006900630065c06553f0ff082a864886f70d02050080801c8fb9ca3a45ed34109cdf8e68205d9c\
";

/// RRQ with MD5 without those NULs.
const MD5_WITHOUT_NUL: &str = "\
    0e800006060008914a00048001007f00000106b801007f00000106b700000140040061006c00690063006500b50000123420\
    0000002e0104040061006c006900630065c06553f0ff082a864886f70d0205008080fdcfaf56ffb4cc0ca821e5559c4064ef\
";

/// RRQ with an access token with 200 as its number.
const CAT_UNSIGNED: &str = "\
    0e800006060008914a00048001007f00000106b801007f00000106b700000140040061006c00690063006500b50000123440\
    00000034014d000a2a864886f70c0a010201c06553f0ff10e59e9fec99ce0335703e1e36bdf7d0320200c80a0061006c0069\
    006300650000\
";

/// RRQ with the same with the number -56.
const CAT_SIGNED: &str = "\
    0e800006060008914a00048001007f00000106b801007f00000106b700000140040061006c00690063006500b50000123440\
    00000033014d000a2a864886f70c0a010201c06553f0ff10e59e9fec99ce0335703e1e36bdf7d03201c80a0061006c006900\
    6300650000\
";

const MADE_AT: u32 = 1_700_000_000;

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn right() -> Password {
    Password::new("Passw\u{f6}rter").unwrap()
}

fn wrong() -> Password {
    Password::new("Passw\u{f6}rters").unwrap()
}

/// Whether the octets of a message are signed with a password, by the token of a method.
fn is_good(octets: &[u8], method: Method, password: &Password) -> bool {
    let message: RasMessage = per::decode(octets).unwrap();
    match tokens(&message).strongest(&[method]).unwrap() {
        Token::Procedure1(_, hash) => procedure1::is_signed(octets, &hash, &key_of(password)),
        Token::Md5(alias, token) => password_hash::is_made_with(token, &alias, password),
        Token::Cat(claim) => cat::is_made_with(&claim, password),
    }
}

#[test]
fn what_python_signed_is_good_with_its_password_and_no_other() {
    let samples = [
        (PROCEDURE_1, Method::Procedure1),
        (MD5_WITH_NUL, Method::Md5),
        (MD5_WITHOUT_NUL, Method::Md5),
        (CAT_UNSIGNED, Method::Cat),
        (CAT_SIGNED, Method::Cat),
    ];
    for (sample, method) in samples {
        let octets = octets(sample);
        assert!(is_good(&octets, method, &right()), "{method:?}");
        assert!(!is_good(&octets, method, &wrong()), "{method:?}");
        let message: RasMessage = per::decode(&octets).unwrap();
        let token = tokens(&message).strongest(&Method::ALL).unwrap();
        assert_eq!((token.method(), token.sender().as_deref()), (method, Some("alice")));
        assert_eq!(token.time().0, MADE_AT);
    }
}

//
#[test]
fn a_signature_of_procedure_1_covers_every_octet_of_the_message() {
    let whole = octets(PROCEDURE_1);
    let message: RasMessage = per::decode(&whole).unwrap();
    let Some(Token::Procedure1(_, hash)) = tokens(&message).strongest(&Method::ALL) else { panic!() };
    let key = key_of(&right());
    assert!(procedure1::is_signed(&whole, &hash, &key));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(!procedure1::is_signed(&changed, &hash, &key), "octet {at}");
    }
}

#[test]
fn what_is_made_here_is_what_python_made() {
    let whole = octets(PROCEDURE_1);
    let message: RasMessage = per::decode(&whole).unwrap();
    let Some(Token::Procedure1(claim, hash)) = tokens(&message).strongest(&Method::ALL) else { panic!() };
    // Another encoder writes longer extension bitmaps; so the marker is set into its octets.
    let encode = |token| {
        let mut message = message.clone();
        assert!(set_tokens(&mut message, Vec::new(), vec![token]));
        let Some(Token::Procedure1(made, marker)) = tokens(&message).strongest(&Method::ALL) else {
            panic!()
        };
        assert_eq!(made, claim);
        let mut octets = whole.clone();
        let place = octets.len() - hash.len();
        assert_eq!(octets[place..], hash);
        octets[place..].copy_from_slice(&marker);
        Ok(octets)
    };
    let signed = procedure1::sign(&claim, &key_of(&right()), *b"0123456789ab", encode).unwrap();
    assert_eq!(signed, whole);

    let message: RasMessage = per::decode(&octets(MD5_WITH_NUL)).unwrap();
    let Some(Token::Md5(_, token)) = tokens(&message).strongest(&Method::ALL) else { panic!() };
    let made = password_hash::make(token.alias.clone(), &right(), MADE_AT).unwrap();
    assert_eq!(tokens(&message).crypto, [made]);

    let message: RasMessage = per::decode(&octets(CAT_UNSIGNED)).unwrap();
    let made = cat::make("alice", &right(), MADE_AT, 200).unwrap();
    assert_eq!(tokens(&message).clear, [made]);
}

#[test]
fn the_strongest_token_that_is_allowed_counts() {
    let both = |first: &str, second: &str| {
        let mut message: RasMessage = per::decode(&octets(first)).unwrap();
        let other: RasMessage = per::decode(&octets(second)).unwrap();
        let (one, other_tokens) = (tokens(&message), tokens(&other));
        let clear = [one.clear, other_tokens.clear].concat();
        let crypto = [one.crypto, other_tokens.crypto].concat();
        assert!(set_tokens(&mut message, clear, crypto));
        message
    };
    let message = both(CAT_SIGNED, PROCEDURE_1);
    let method = |allowed: &[Method]| tokens(&message).strongest(allowed).map(|token| token.method());
    assert_eq!(method(&Method::ALL), Some(Method::Procedure1));
    assert_eq!(method(&[Method::Md5, Method::Cat]), Some(Method::Cat));
    assert_eq!(method(&[Method::Md5]), None);
}

#[test]
fn a_hash_that_is_everywhere_in_a_message_costs_a_few_attempts() {
    // Were every place tried, this would hash 4 GB.
    let message = vec![0; 65_535];
    assert!(!procedure1::is_signed(&message, &[0; 12], &key_of(&right())));
}

#[test]
fn a_method_is_read_by_its_name_and_by_no_other() {
    for method in Method::ALL {
        assert_eq!(method.name().parse(), Ok(method));
    }
    assert!("MD5".parse::<Method>().is_err());
}
