//! `herald trace`.

use crate::herald::{Herald, eventually, failure};
use crate::room::Room;

#[test]
fn a_registration_is_seen_message_by_message() {
    let herald = Herald::start();
    let (people, full) = (herald.trace(&["ROOM4"]), herald.trace(&["room4@localhost", "--full"]));
    let room = Room::register("Room4", herald.address);
    let _other = Room::register("room5", herald.address);
    room.unregister();
    people.until(|line| line == "Following ROOM4; Ctrl-C ends it.");
    let lines = people.until(|line| line.contains("unregistrationConfirm"));
    let of = |line: &String| line.split_whitespace().skip(1).take(3).collect::<Vec<_>>().join(" ");
    assert_eq!(
        lines.iter().map(of).collect::<Vec<_>>(),
        [
            "<- RAS registrationRequest",
            "-> RAS registrationConfirm",
            "<- RAS unregistrationRequest",
            "-> RAS unregistrationConfirm"
        ]
    );
    assert!(lines[0].ends_with("Room4"), "{}", lines[0]);
    full.until(|line| line.contains("\"registrationRequest\""));
}

#[test]
fn a_trace_for_a_program_is_lines_of_json_and_ends_with_its_reader() {
    let herald = Herald::start();
    let trace = herald.trace(&["room4", "--json"]);
    let _room = Room::register("room4", herald.address);
    let shown = trace.json_until(|traced| traced["name"] == "registrationConfirm");
    assert_eq!(shown.len(), 2);
    assert_eq!((&shown[0]["isReceived"], &shown[0]["protocol"]), (&true.into(), &"RAS".into()));
    assert!(shown[0]["at"].as_str().unwrap().ends_with('Z'), "{}", shown[0]);
    let decoded = &shown[0]["reading"]["decoded"]["registrationRequest"];
    assert_eq!(decoded["terminalAlias"][0]["h323-ID"], "room4");
}

#[test]
fn as_many_as_may_can_follow_and_one_more_when_another_has_gone() {
    let herald = Herald::start();
    let mut traces: Vec<_> = (0..8).map(|_| herald.trace(&["room4"])).collect();
    let (status, text) = failure(&herald.run(&["trace", "room4"]));
    assert_eq!(status, 1);
    assert!(text.contains("end another"), "{text}");
    drop(traces.pop());
    // The server notices within a second that a client has gone.
    eventually(|| (herald.counter("ras.traces") == 7).then_some(()));
    traces.push(herald.trace(&["room4"]));
}
