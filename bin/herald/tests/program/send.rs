//! `herald send`.

use crate::herald::{Herald, command, failure};
use std::io::Write;
use std::process::Stdio;

#[test]
fn what_can_not_be_sent_is_refused_and_says_why() {
    let herald = Herald::start();
    let (status, text) = failure(&herald.run(&["send", "room4", ""]));
    assert_eq!(status, 2);
    assert!(text.contains("no text"), "{text}");
    assert_eq!(failure(&herald.run(&["send", "", "hello"])).0, 2);
    assert_eq!(failure(&herald.run(&["send", "--from", "", "room4", "hello"])).0, 2);
    let (status, text) = failure(&command(&herald.beside("nowhere"), &["send", "a", "b"]).output().unwrap());
    assert_eq!(status, 3);
    assert!(text.contains("herald serve"), "{text}");
}

#[test]
fn a_text_from_standard_input_that_is_too_long_is_refused() {
    let herald = Herald::start();
    let mut sending = command(&herald.data(), &["send", "room4", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It reads no more than it must, and then hangs up.
    let _ = sending.stdin.take().unwrap().write_all(&vec![b'x'; 200_000]);
    let (status, text) = failure(&sending.wait_with_output().unwrap());
    assert_eq!(status, 2);
    assert!(text.contains("at most 65536"), "{text}");
}
