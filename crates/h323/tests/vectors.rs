//! Messages recorded from real endpoints and gatekeepers: every one reads as recorded and is written back octet
//! for octet.

// A test that meets what it does not expect should stop there.
#![allow(clippy::unwrap_used)]

use codec::per;
use h323::wire::presence::PresenceElement;
use h323::wire::reading;
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let lines = include_str!("vectors/vectors.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn octets(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

// covers: D-01, D-02, D-05, D-42
#[test]
fn every_vector_reads_as_recorded() {
    let vectors = vectors();
    assert!(vectors.len() > 100);
    for vector in vectors {
        let reading = reading::read(&octets(&vector["hex"]))
            .unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        let nothing = Value::Array(Vec::new());
        for member in ["message", "transport", "length", "decoded"] {
            assert_eq!(reading[member], vector[member], "{member} of {}", vector["name"]);
        }
        assert_eq!(
            reading["features"],
            *vector.get("features").unwrap_or(&nothing),
            "features of {}",
            vector["name"]
        );
    }
}

// covers: D-01, D-05
#[test]
fn every_vector_is_written_back_from_its_decoded_value_alone() {
    for vector in vectors() {
        let alone = serde_json::json!({ "decoded": vector["decoded"] });
        let written = reading::write(&alone).unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        assert_eq!(written, octets(&vector["hex"]), "{}", vector["name"]);
    }
}

// covers: D-02
#[test]
fn every_presence_element_is_an_encoding_of_its_own() {
    let mut elements = 0;
    for vector in vectors() {
        for feature in vector["features"].as_array().into_iter().flatten() {
            for parameter in feature["parameters"].as_array().into_iter().flatten() {
                let Some(hex) = parameter.get("rawHex") else { continue };
                let element: PresenceElement = per::decode(&octets(hex)).unwrap();
                assert_eq!(per::encode(&element).unwrap(), octets(hex), "{}", vector["name"]);
                elements += 1;
            }
        }
    }
    assert!(elements > 70);
}
