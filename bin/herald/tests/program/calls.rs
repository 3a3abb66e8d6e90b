//! Calls between endpoints of our own.

use crate::herald::{Herald, eventually};
use std::fs;

#[test]
fn a_call_is_seen_while_it_lasts_and_accounted_for_when_it_has_ended() {
    let herald = Herald::start();
    let mut alice = herald.endpoint("alice", &[]);
    let bob = herald.endpoint("bob", &["--auto-answer"]);
    let watch = herald.watch(&["bob", "--json"]);
    watch.json_until(|document| document["availability"] == "available");

    alice.type_in("call bob");
    bob.json_until(|event| event["event"] == "connected");
    watch.json_until(|document| document["availability"] == "onCall");
    let call = herald.json(&["calls", "--json"]).remove(0);
    assert_eq!((&call["caller"], &call["callee"]), (&"alice".into(), &"bob".into()));

    alice.type_in("hangup");
    watch.json_until(|document| document["availability"] == "available");
    assert!(herald.json(&["calls", "--json"]).is_empty());
    let account = eventually(|| herald.json(&["calls", "--history", "--json"]).pop());
    assert_eq!(account["callIdentifier"], call["callIdentifier"]);
    assert!(account["answeredAt"].is_string(), "{account}");
    let line = eventually(|| {
        fs::read_to_string(herald.data().join("calls.jsonl")).ok().filter(|text| !text.is_empty())
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), account);
}

#[test]
fn an_operator_can_end_a_call() {
    let herald = Herald::start();
    let mut alice = herald.endpoint("alice", &[]);
    let bob = herald.endpoint("bob", &["--auto-answer"]);
    alice.type_in("call bob");
    bob.json_until(|event| event["event"] == "connected");
    assert_eq!(herald.json(&["disconnect", "bob", "--json"])[0]["ended"], 1);
    bob.json_until(|event| event["event"] == "ended");
    alice.json_until(|event| event["event"] == "ended");
}
