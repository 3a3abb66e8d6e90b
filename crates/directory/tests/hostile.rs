//! Servers that send what is no LDAP, or not to its end: the question fails, and the next one is asked as ever.

#![allow(clippy::unwrap_used)]

use directory::{Directory, DirectoryError, Settings};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A server that answers whatever comes with these octets, and the URL to it.
fn server(answer: Vec<u8>, hangs_up: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.unwrap(), answer.clone());
            thread::spawn(move || converse(stream, &answer, hangs_up));
        }
    });
    url
}

fn converse(mut stream: TcpStream, answer: &[u8], hangs_up: bool) {
    let mut request = [0; 4096];
    while stream.read(&mut request).is_ok_and(|octets| octets > 0) {
        if stream.write_all(answer).is_err() || hangs_up {
            return;
        }
    }
}

fn ask(url: String) -> (Result<(), DirectoryError>, Directory) {
    let settings = Settings {
        urls: vec![url],
        starttls: false,
        base: "dc=example,dc=com".to_owned(),
        answer_max: Duration::from_millis(300),
        ..Settings::default()
    };
    let directory = Directory::start(settings).unwrap();
    (directory.fetch().map(drop), directory)
}

/// A message of RFC 4511 clause 4.1.1: an operation of this tag with this content, as the answer to message 1.
fn message(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = |content: &[u8]| u8::try_from(content.len()).unwrap();
    let operation = [&[tag, length(content)], content].concat();
    let body = [&[2, 1, 1], operation.as_slice()].concat();
    [&[0x30, length(&body)], body.as_slice()].concat()
}

#[test]
fn what_is_no_ldap_fails_and_nothing_else_does() {
    let entry = |content: &[u8]| message(0x64, content);
    let hostile = [
        ("another protocol", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("an operation that there is not", message(0x7e, b"")),
        ("an entry without a name", entry(b"")),
        ("a name that is no text", entry(b"\x04\x01\xff\x30\x00")),
        ("attributes that are none", entry(b"\x04\x03a=b\x30\x02\x04\x00")),
        ("an attribute without values", entry(b"\x04\x03a=b\x30\x05\x30\x03\x04\x01a")),
        ("a result that is none", message(0x65, b"")),
        ("a length beyond all", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]),
        ("a length of a length beyond all", vec![0x30, 0xff, 1, 1, 1]),
        ("nothing but zeros", vec![0; 64]),
    ];
    for (what, octets) in hostile {
        for hangs_up in [false, true] {
            let (outcome, directory) = ask(server(octets.clone(), hangs_up));
            assert!(outcome.is_err(), "{what}");
            assert!(directory.fetch().is_err(), "{what}, again");
            let login = directory.authenticate("bob", "secret");
            assert!(login.is_err(), "{what}: {login:?}");
            assert_ne!(directory.fetch(), Err(DirectoryError::Busy(16)), "{what}: the place is free again");
        }
    }
}

#[test]
fn an_answer_without_the_end_of_its_search_is_not_taken_for_the_whole() {
    let entry = message(0x64, b"\x04\x0auid=a,dc=b\x30\x00");
    let (outcome, _directory) = ask(server(entry, true));
    assert!(matches!(outcome, Err(DirectoryError::Malformed { .. })), "{outcome:?}");
}

#[test]
fn a_search_that_ends_well_with_nothing_is_an_empty_directory() {
    let done = message(0x65, b"\x0a\x01\x00\x04\x00\x04\x00");
    let both = [done.clone(), [&[0x30, 0x0c, 2, 1, 2], &done[5..]].concat()].concat();
    let (outcome, _directory) = ask(server(both, false));
    assert_eq!(outcome, Ok(()));
}
