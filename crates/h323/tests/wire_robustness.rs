//! Damaged messages: nothing panics, nothing is lost, and what is read is written back octet for octet.

#![allow(clippy::unwrap_used)]

use codec::per;
use h323::wire::h225::{H323UserInformation, RasMessage};
use h323::wire::presence::PresenceElement;
use h323::wire::q931::Q931;
use h323::wire::{reading, tpkt};
use serde_json::Value;
use std::fmt::Debug;

/// How many damaged messages each test tries; a few seconds without optimisation.
const ROUNDS: usize = 20_000;

/// The octets of every recorded message.
fn recorded() -> Vec<Vec<u8>> {
    let lines = include_str!("vectors/vectors.jsonl").lines();
    let octets = |line| {
        let vector: Value = serde_json::from_str(line).unwrap();
        let digits = vector["hex"].as_str().unwrap().to_owned();
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    lines.map(octets).collect()
}

/// SplitMix64: the same damage at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ value >> 31) as usize % limit
    }

    /// A recorded message with bits flipped, octets overwritten, parts of another one spliced in, or cut.
    fn damaged(&mut self, recorded: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = recorded[self.below(recorded.len())].clone();
        for _ in 0..=self.below(4) {
            let place = self.below(octets.len());
            match self.below(5) {
                0 => octets[place] ^= 1 << self.below(8),
                1 => octets[place] = self.below(256) as u8,
                2 => octets.insert(place, [0, 0xff, 0x80, 0xc1][self.below(4)]),
                3 => octets.truncate(place.max(1)),
                _ => {
                    let other = &recorded[self.below(recorded.len())];
                    let from = self.below(other.len());
                    octets.splice(place.., other[from..].iter().copied());
                }
            }
        }
        octets
    }
}

/// A packet whose length field says its length again, so that damage reaches what is behind it.
fn reframed(octets: Vec<u8>) -> Vec<u8> {
    match octets.as_slice() {
        [3, 0, _, _, content @ ..] => tpkt::packet(content).unwrap(),
        _ => octets,
    }
}

// covers: F-21
#[test]
fn a_damaged_message_that_is_read_is_written_back_octet_for_octet() {
    let recorded = recorded();
    let mut random = Random(1);
    let mut read = 0;
    for _ in 0..ROUNDS {
        let octets = reframed(random.damaged(&recorded));
        let Ok(reading) = reading::read(&octets) else { continue };
        read += 1;
        // By way of text, as between `herald wire decode` and `herald wire encode`.
        let again: Value = serde_json::from_str(&reading.to_string()).unwrap();
        assert_eq!(reading::write(&again), Ok(octets));
    }
    assert!(read > ROUNDS / 10, "only {read} of {ROUNDS} were read");
}

/// What is read is written so that it is read as the same value.
fn is_stable<T: per::Per + Debug + PartialEq>(octets: &[u8]) -> usize {
    let Ok(value) = per::decode::<T>(octets) else { return 0 };
    let written = per::encode(&value).unwrap();
    assert_eq!(per::decode(&written), Ok(value));
    1
}

// covers: F-21
#[test]
fn a_damaged_value_that_is_read_is_written_to_be_read_the_same() {
    let recorded = recorded();
    let mut random = Random(2);
    let mut read = [0; 3];
    for _ in 0..ROUNDS {
        let octets = random.damaged(&recorded);
        // As the outer message, and from any place, so that inner types see it too.
        let inner = &octets[random.below(octets.len())..];
        read[0] += is_stable::<RasMessage>(&octets);
        read[1] += is_stable::<H323UserInformation>(inner);
        read[2] += is_stable::<PresenceElement>(inner);
    }
    assert!(read.iter().all(|count| *count > ROUNDS / 200), "{read:?}");
}

#[test]
fn every_beginning_of_a_message_is_refused_or_read_without_a_panic() {
    for message in recorded() {
        for length in 0..message.len() {
            let beginning = &message[..length];
            let read = per::decode::<RasMessage>(beginning);
            assert!(message[0] == 3 || read.is_err(), "{length} octets of a RAS message are not one");
            let _ = Q931::decode(beginning);
            let _ = reading::read(beginning);
        }
    }
}

#[test]
fn octets_after_a_message_are_ignored_and_kept() {
    for message in recorded().into_iter().filter(|message| message[0] != 3) {
        let longer = [&message[..], b"more"].concat();
        let reading = reading::read(&longer).unwrap();
        assert_eq!(reading["decoded"], reading::read(&message).unwrap()["decoded"]);
        assert_eq!(reading::write(&reading), Ok(longer));
    }
}

#[test]
fn an_edited_reading_overrules_the_exact_octets() {
    let mut reading = reading::read(&[0x86, 3, 0, 0, 1, 0xff]).unwrap();
    assert_eq!(reading["exact"]["hex"], "8603000001ff");
    reading["decoded"]["serviceControlResponse"]["requestSeqNum"] = 3.into();
    assert_eq!(reading::write(&reading), Ok(vec![0x86, 3, 0, 0, 2]));
}

#[test]
fn a_contact_list_of_short_numbers_that_fills_a_datagram_is_read() {
    use codec::per::RestrictedString;
    use h323::wire::h225::AliasAddress;
    use h323::wire::presence::{PresenceAlias, PresenceInstruct, PresenceInstruction, PresenceMessage};
    let contact = |number: usize| {
        let digits = RestrictedString::new(&number.to_string()).unwrap();
        let alias = AliasAddress::DialledDigits(digits);
        PresenceInstruction::Subscribe(PresenceAlias { alias, ..PresenceAlias::default() })
    };
    for contacts in [10, 100, 1000, 10_000] {
        let instruction = (0..contacts).map(|number| contact(100 + number % 900)).collect();
        let message = PresenceInstruct { instruction, ..PresenceInstruct::default() };
        let message = PresenceMessage::PresenceInstruct(PresenceInstruct {
            alias: AliasAddress::DialledDigits(RestrictedString::new("1").unwrap()),
            ..message
        });
        let element = PresenceElement { message: vec![message], ..PresenceElement::default() };
        let octets = per::encode(&element).unwrap();
        assert_eq!(per::decode(&octets), Ok(element), "{contacts} contacts in {} octets", octets.len());
    }
}

#[test]
fn numbers_of_a_call_signalling_header_that_do_not_fit_are_refused() {
    let setup = recorded().into_iter().find(|message| message.starts_with(&[3, 0])).unwrap();
    let good = reading::read(&setup).unwrap();
    let cases = [
        ("messageTypeCode", 256, "expected a number from 0 to 255"),
        ("callReferenceLength", 3, "expected a number from 0 to 2"),
        ("callReferenceValue", 0x8000, "expected a number from 0 to 32767"),
    ];
    for (name, value, expected) in cases {
        let mut bad = good.clone();
        bad["decoded"]["q931"][name] = value.into();
        let error = reading::write(&bad).unwrap_err().to_string();
        assert_eq!(error, format!("/decoded/q931/{name}: {expected}"));
    }
}
