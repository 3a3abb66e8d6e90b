//! What the verbs print, and how they end.

use crate::herald::{Herald, command, eventually, failure};
use crate::room::Room;
use std::fs;

#[test]
fn a_registered_room_is_shown_by_every_verb() {
    let herald = Herald::start();
    let _room = Room::register("Room4", herald.address);

    let presence = eventually(|| Some(herald.presence("room4")).filter(|shown| shown["state"] == "online"));
    assert_eq!(presence["presentity"], "room4@localhost");
    assert_eq!(presence["code"], "C2");
    assert_eq!(presence["availability"], "available");
    assert_eq!(presence["basic"], "open");
    assert!(presence["since"].as_str().unwrap().ends_with('Z'), "{presence}");
    assert_eq!(presence["devices"].as_array().unwrap().len(), 1);

    let endpoints = herald.json(&["endpoints", "--json"]);
    assert_eq!(endpoints[0]["aliases"][0][1], "Room4");
    assert_eq!(endpoints[0]["presentity"], "room4@localhost");
    assert!(herald.json(&["endpoints", "nobody", "--json"]).is_empty());

    let why = herald.json(&["why", "room4@localhost", "--json"]).remove(0);
    let evidence = &why["evidence"][0];
    assert_eq!((&evidence["source"], &evidence["decides"]), (&"registration".into(), &true.into()));
    let text = String::from_utf8(herald.run(&["why", "room4"]).stdout).unwrap();
    assert!(text.starts_with("room4@localhost is available (C2) since "), "{text}");

    assert_eq!(herald.status()["presence"]["available"], 1);
    assert_eq!(herald.counter("ras.registered"), 1);
    let text = String::from_utf8(herald.run(&["status"]).stdout).unwrap();
    assert!(text.contains("1 registered"), "{text}");
}

#[test]
fn a_watch_tells_each_change_in_a_line() {
    let herald = Herald::start();
    let room = Room::register("room4", herald.address);
    let watch = herald.watch(&["room4"]);
    watch.until(|line| line.contains("available"));
    room.unregister();
    let last = watch.until(|line| line.contains("offline")).pop().unwrap();
    assert!(last.contains("room4@localhost") && last.contains("(was available for "), "{last}");
}

#[test]
fn a_name_that_nobody_has_yet_can_be_watched() {
    let herald = Herald::start();
    let watch = herald.watch(&["room4"]);
    watch.until(|line| line == "Nobody has the name room4@localhost yet; waiting.");
    let _room = Room::register("room4", herald.address);
    watch.until(|line| line.contains("available"));
}

#[test]
fn an_operator_can_end_a_registration() {
    let herald = Herald::start();
    let room = Room::register("room4", herald.address);
    assert_eq!(herald.json(&["unregister", "room4", "--json"])[0]["ended"], 1);
    eventually(|| (herald.presence("room4")["availability"] == "offline").then_some(()));
    assert_eq!(failure(&herald.run(&["unregister", "room4"])).0, 4);
    drop(room);
}

#[test]
fn every_failure_has_its_status_and_says_what_to_do() {
    let herald = Herald::start();
    let _room = Room::register("room4", herald.address);
    let (status, text) = failure(&herald.run(&["why", "rom4"]));
    assert_eq!(status, 4);
    assert!(text.contains("did you mean room4@localhost?"), "{text}");

    let nowhere = command(&herald.beside("nowhere"), &["presence"]).output().unwrap();
    let (status, text) = failure(&nowhere);
    assert_eq!(status, 3);
    assert!(text.contains("herald serve"), "{text}");

    assert_eq!(failure(&herald.run(&["dance"])).0, 2);
    assert_eq!(failure(&herald.run(&["disconnect", "room4"])).0, 4);
}

#[test]
fn a_wrong_configuration_is_told_with_its_line_and_what_was_meant() {
    let herald = Herald::start();
    let file = herald.beside("herald.toml");
    fs::write(&file, "[h323]\ntime_to_liv = 60\n").unwrap();
    let (status, text) = failure(&herald.run(&["check", "--config", file.to_str().unwrap()]));
    assert_eq!(status, 1);
    assert!(text.contains("line 2") && text.contains("did you mean `time_to_live`?"), "{text}");
    assert!(herald.run(&["check"]).status.success());
}

#[test]
fn the_running_database_can_be_checked() {
    let herald = Herald::start();
    assert!(herald.run(&["check", "--database"]).status.success());
    assert_eq!(herald.status()["store"]["integrity"], "sound");
}
