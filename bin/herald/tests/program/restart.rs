//! Stops, kills, backups.

use crate::herald::{Herald, command, eventually, failure};
use crate::room::Room;

#[test]
fn a_killed_server_goes_on_with_its_registrations_and_nobody_was_offline() {
    let mut herald = Herald::start();
    let room = Room::register("room4", herald.address);
    eventually(|| (herald.presence("room4")["availability"] == "available").then_some(()));
    let before = herald.presence("room4");
    // The secret of the node, the registration, the presence: all that is kept of the last seconds.
    eventually(|| (herald.counter("store.soft_records") >= 3).then_some(()));
    herald.kill();

    herald.serve();
    assert_eq!(herald.status()["store"]["lastShutdown"], "unclean");
    let watch = herald.watch(&["--json"]);
    let seen = watch.json_until(|document| document["state"] == "online");
    assert!(seen.iter().all(|document| document["availability"] != "offline"), "{seen:#?}");
    assert!(room.refresh(), "the registration is known");
    let after = herald.presence("room4");
    assert_eq!(after["since"], before["since"]);
    assert!(after["version"]["epoch"].as_u64() > before["version"]["epoch"].as_u64());
}

#[test]
fn a_server_that_is_told_to_stop_writes_everything_and_says_so_at_the_next_start() {
    let mut herald = Herald::start();
    let room = Room::register("room4", herald.address);
    assert!(herald.stop().success());
    herald.serve();
    assert_eq!(herald.status()["store"]["lastShutdown"], "clean");
    assert!(room.refresh(), "the registration is known");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let herald = Herald::start();
    let (status, text) = failure(&herald.run(&["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(status, 1);
    assert!(text.contains("in use by process"), "{text}");
}

#[test]
fn a_second_server_on_the_same_port_is_told_who_has_it() {
    let herald = Herald::start();
    let listen = herald.address.to_string();
    let other = herald.beside("other");
    let (status, text) = failure(&command(&other, &["serve", "--listen", &listen]).output().unwrap());
    assert_eq!(status, 1);
    assert!(text.contains("is in use by herald (process"), "{text}");
    assert!(text.contains("--listen"), "{text}");
}

#[test]
fn a_backup_restored_elsewhere_knows_the_names() {
    let mut herald = Herald::start();
    let _room = Room::register("room4", herald.address);
    let backup = herald.beside("backup.db");
    assert!(herald.run(&["backup", backup.to_str().unwrap()]).status.success());
    let (status, text) = failure(&herald.run(&["restore", backup.to_str().unwrap()]));
    assert_eq!(status, 1, "a running server's data may not be replaced");
    assert!(text.contains("in use"), "{text}");

    herald.stop();
    let restored = herald.run(&["restore", backup.to_str().unwrap(), "--json"]);
    assert!(restored.status.success(), "{restored:?}");
    herald.serve();
    assert_eq!(herald.presence("room4")["presentity"], "room4@localhost");
}

#[test]
fn a_backup_can_be_made_without_a_server() {
    let mut herald = Herald::start();
    let _room = Room::register("room4", herald.address);
    herald.stop();
    let backup = herald.beside("backup.db");
    assert!(herald.run(&["backup", backup.to_str().unwrap()]).status.success());
    assert!(backup.exists());
}

#[test]
fn a_server_whose_log_can_not_be_written_goes_on() {
    let mut herald = Herald::start();
    herald.kill();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let listen = herald.address.to_string();
    let mut server = command(&herald.data(), &["serve", "--listen", &listen, "--log-level", "debug"])
        .stdout(std::process::Stdio::null())
        .stderr(full)
        .spawn()
        .unwrap();
    eventually(|| {
        assert_eq!(server.try_wait().unwrap(), None, "the server ended");
        herald.run(&["status"]).status.success().then_some(())
    });
    let _room = Room::register("room4", herald.address);
    assert_eq!(server.try_wait().unwrap(), None, "the server ended");
    server.kill().unwrap();
    server.wait().unwrap();
}
