//! What real endpoints sign (H.235): recorded from h323plus 1.28 as `alice`, whose password is `correct horse`, with each of
//! its three methods towards GnuGk 5.15, which took them.

// A test that meets what it does not expect should stop there.
#![allow(clippy::unwrap_used)]

use codec::per;
use h323::security::token::{Token, Tokens, tokens};
use h323::security::{Method, cat, key_of, password_hash, procedure1};
use h323::wire::h225::{MessageBody, RasMessage};
use h323::wire::q931::Q931;
use model::Password;
use serde_json::Value;

/// When they were recorded, in seconds since 1970, within a few minutes.
const RECORDED_AT: u32 = 1_795_403_700;

struct Vector {
    method: Method,
    message: String,
    octets: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("vectors/h235.jsonl").lines();
    let read = |line: &str| {
        let vector: Value = serde_json::from_str(line).unwrap();
        let text = |member: &str| vector[member].as_str().unwrap().to_owned();
        let hex = text("hex");
        let octets =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        Vector { method: text("method").parse().unwrap(), message: text("message"), octets }
    };
    lines.map(read).collect()
}

fn is_good(octets: &[u8], token: &Token<'_>, password: &str) -> bool {
    let password = Password::new(password).unwrap();
    match token {
        Token::Procedure1(_, hash) => procedure1::is_signed(octets, hash, &key_of(&password)),
        Token::Md5(alias, token) => password_hash::is_made_with(token, alias, &password),
        Token::Cat(claim) => cat::is_made_with(claim, &password),
    }
}

//
#[test]
fn what_h323plus_signs_is_good_with_its_password_and_no_other() {
    let (mut signed, mut senders) = (Vec::new(), Vec::new());
    for Vector { method, message, octets } in vectors() {
        let decoded: RasMessage = per::decode(&octets).unwrap();
        let Some(token) = tokens(&decoded).strongest(&Method::ALL) else { continue };
        assert_eq!(token.method(), method, "{message}");
        senders.push(token.sender().unwrap());
        assert!(token.time().0.abs_diff(RECORDED_AT) < 600, "{message}");
        assert!(is_good(&octets, &token, "correct horse"), "{method:?} {message}");
        for wrong in ["correct horsE", "correct horse ", "alice"] {
            assert!(!is_good(&octets, &token, wrong), "{method:?} {message} {wrong:?}");
        }
        signed.push(format!("{} {message}", method.name()));
    }
    let expected = [
        "procedure1 registrationRequest",
        "procedure1 admissionRequest",
        "md5 registrationRequest",
        "md5 admissionRequest",
        "md5 disengageRequest",
        "md5 unregistrationRequest",
        "cat registrationRequest",
        "cat admissionRequest",
    ];
    assert_eq!(signed, expected);
    // Once it is registered, procedure I names it by the endpoint identifier; the other two go on with its name.
    let names = ["alice", "1092404164_endp", "alice", "alice", "alice", "alice", "alice", "alice"];
    assert_eq!(senders, names);
}

/// Whoever wants a token in each request shuts these endpoints out.
#[test]
fn h323plus_signs_no_discovery_and_with_cat_no_end_of_a_call_or_registration() {
    let unsigned = vectors().into_iter().filter(|vector| {
        let message: RasMessage = per::decode(&vector.octets).unwrap();
        tokens(&message).is_empty()
    });
    let unsigned: Vec<_> = unsigned.map(|it| format!("{} {}", it.method.name(), it.message)).collect();
    let expected = [
        "procedure1 gatekeeperRequest",
        "md5 gatekeeperRequest",
        "cat gatekeeperRequest",
        "cat disengageRequest",
        "cat unregistrationRequest",
    ];
    assert_eq!(unsigned, expected);
}

#[test]
fn a_request_of_h323plus_that_was_changed_anywhere_is_not_signed() {
    for Vector { method, octets, .. } in vectors() {
        let whole: RasMessage = per::decode(&octets).unwrap();
        let (Method::Procedure1, Some(Token::Procedure1(_, hash))) =
            (method, tokens(&whole).strongest(&Method::ALL))
        else {
            continue;
        };
        let key = key_of(&Password::new("correct horse").unwrap());
        for at in 0..octets.len() {
            let mut changed = octets.clone();
            changed[at] ^= 0x10;
            assert!(!procedure1::is_signed(&changed, &hash, &key), "octet {at}");
        }
    }
}

/// The packet with a Setup that h323plus signed as `alice`, whose password is `alice-secret`, for the gatekeeper `Herald`.
fn recorded_setup() -> Vec<u8> {
    let hex: String = include_str!("vectors/h235_setup.hex").split_whitespace().collect();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

//
#[test]
fn the_hash_that_h323plus_makes_of_a_setup_is_over_the_whole_message_and_not_the_header_before_it() {
    let packet = recorded_setup();
    let octets = &packet[4..];
    let pdu = Q931::decode(octets).unwrap().user_information().unwrap().h323_uu_pdu;
    let MessageBody::Setup(setup) = pdu.h323_message_body else { panic!("no Setup") };
    let crypto = setup.crypto_tokens.as_deref().unwrap();
    let token = Tokens { clear: &[], crypto }.strongest(&Method::ALL).unwrap();
    assert_eq!((token.method(), token.sender().as_deref()), (Method::Procedure1, Some("alice")));
    assert!(is_good(octets, &token, "alice-secret"));
    assert!(!is_good(octets, &token, "alice-secreT"));
    assert!(!is_good(&packet, &token, "alice-secret"));
    // Each octet of it counts but those of the hash itself, which are looked for.
    for at in 0..octets.len() {
        let mut changed = octets.to_vec();
        changed[at] ^= 0x10;
        assert!(!is_good(&changed, &token, "alice-secret"), "octet {at}");
    }
}
