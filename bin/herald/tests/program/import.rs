//! People from another system.

use crate::herald::{Herald, failure};
use std::fs;

#[test]
fn imported_people_are_there_before_their_endpoints_and_a_running_server_is_left_alone() {
    let mut herald = Herald::start();
    let file = herald.beside("people.jsonl");
    let people = r#"{"names": ["room4", "7004"], "watches": ["alice"]}
                    {"names": ["alice"], "watches": ["room4"]}"#;
    fs::write(&file, people).unwrap();
    let import = ["import", file.to_str().unwrap()];
    let (status, text) = failure(&herald.run(&import));
    assert_eq!(status, 1);
    assert!(text.contains("in use"), "{text}");

    assert!(herald.stop().success());
    let output = herald.run(&import);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text.trim(),
        "2 lines: 2 new people, rooms and machines, 3 new names, 2 new subscriptions and 0 new blocks."
    );
    herald.serve();
    assert_eq!(herald.presence("7004")["availability"], "offline");
    assert_eq!(herald.presence("7004")["presentity"], herald.presence("room4")["presentity"]);
    // Alice's list comes to her without her asking for anybody.
    let alice = herald.endpoint("alice", &[]);
    let events = alice.json_until(|event| event["event"] == "contact");
    assert!(events.last().unwrap().to_string().contains("room4"), "{events:#?}");
}
