//! Presence documents and messages of the common formats, as the verbs show them.

use crate::herald::{Herald, command, eventually};
use crate::room::Room;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Output, Stdio};

/// `herald wire VERB` with a document on its standard input.
fn wire(verb: &str, document: &[u8]) -> Output {
    let place = tempfile::tempdir().unwrap();
    let mut command = command(place.path(), &["wire", verb]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(document).unwrap();
    child.wait_with_output().unwrap()
}

fn reading(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

//
#[test]
fn a_room_is_shown_as_a_presence_document_that_is_read_again() {
    let herald = Herald::start();
    let _room = Room::register("room4", herald.address);
    let shown = eventually(|| {
        Some(herald.run(&["presence", "room4", "--pidf"])).filter(|shown| shown.status.success())
    });
    let output = wire("pidf", &shown.stdout);
    assert!(output.status.success(), "{output:?}");
    let reading = reading(&output);
    let entity = reading["entity"].as_str().unwrap();
    assert!(entity.starts_with("pres:room4@"), "{reading}");
    assert_eq!(reading["meant"], json!({ "state": "online", "code": "C2" }));
    let contacts: Vec<_> =
        reading["tuples"].as_array().unwrap().iter().map(|tuple| &tuple["contact"]["uri"]).collect();
    assert_eq!(
        contacts,
        [&json!(entity.replacen("pres", "im", 1)), &json!(entity.replacen("pres", "h323", 1))]
    );
    assert!(reading["tuples"].as_array().unwrap().iter().all(|tuple| tuple["basic"] == "open"));
}

#[test]
fn a_message_is_shown_with_its_names_resolved() {
    let object = "Content-type: Message/CPIM\r\n\r\nFrom: Alice <im:alice@example.com>\r\nTo: <im:bob@example.com>\r\n\
        NS: i <urn:ietf:params:imdn>\r\ni.Message-ID: 42\r\nSubject:;lang=en one\\ntwo\r\n\r\nContent-type: text/plain\r\n\r\nhi";
    let reading = reading(&wire("cpim", object.as_bytes()));
    assert_eq!(reading["from"], json!({ "name": "Alice", "uri": "im:alice@example.com" }));
    assert_eq!((&reading["messageId"], &reading["text"]), (&json!("42"), &json!("hi")));
    assert_eq!(reading["subjects"], json!([{ "text": "one\ntwo", "language": "en" }]));
    assert_eq!(reading["headers"][3]["namespace"], "urn:ietf:params:imdn");
}

#[test]
fn what_can_not_be_read_is_told_with_its_place() {
    for (verb, document, error) in [
        (
            "pidf",
            &b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"[..],
            "line 1, column 1: a document type declaration is not allowed",
        ),
        ("pidf", b"<presence/>", "the root element is {}presence, not presence of PIDF"),
        ("pidf", &[b' '; 70_000], "line 1, column 1: longer than 65536 octets"),
        ("cpim", b"From: <im:a@b>\n\n", "octet 14: a header line ends otherwise than by CRLF"),
    ] {
        let output = wire(verb, document);
        assert_eq!((output.status.code(), reading(&output)), (Some(1), json!({ "error": error })));
    }
}
