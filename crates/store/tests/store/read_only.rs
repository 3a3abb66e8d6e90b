//! A directory that can't be written, tried in a process that has no privileges.

use crate::samples::{registered, write};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use store::{Options, Store};

const DIRECTORY: &str = "STORE_TEST_READ_ONLY_DIRECTORY";
const NOBODY: u32 = 65_534;

/// Opens a data directory, which is or lies in a temporary directory, without privileges; returns what was said.
///
/// Permissions do not bind the superuser, who often runs tests in containers; so a copy of this program (which
/// anyone may run) does it as nobody.
fn open_unprivileged(temporary: &Path, directory: &Path) -> String {
    let is_superuser = temporary.metadata().unwrap().uid() == 0;
    let tools = tempfile::tempdir().unwrap();
    fs::set_permissions(tools.path(), Permissions::from_mode(0o755)).unwrap();
    let program = tools.path().join("unprivileged");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    command.args(["--ignored", "--exact", "--nocapture", "read_only::child"]).env(DIRECTORY, directory);
    if is_superuser {
        for entry in temporary.read_dir().unwrap() {
            chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(temporary, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    // So that the directory can be removed by whoever made it.
    fs::set_permissions(temporary, Permissions::from_mode(0o700)).unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "the child of the tests in this file"]
fn child() {
    let directory = std::env::var(DIRECTORY).expect("the parent names the directory");
    match Store::open(Path::new(&directory), Options::default()) {
        Ok(_) => println!("opened"),
        Err(error) => println!("{error:?}\n{error}"),
    }
}

fn directory_with_database() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    write(&store, registered("room")).unwrap();
    store.close().unwrap();
    place
}

#[test]
fn the_way_of_trying_works_on_a_directory_that_can_be_written() {
    let place = directory_with_database();
    assert!(open_unprivileged(place.path(), place.path()).contains("opened"));
}

#[test]
fn a_read_only_directory_is_named_with_what_to_look_at() {
    let place = directory_with_database();
    fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
    fs::remove_file(place.path().join("herald.lock")).unwrap();
    let text = open_unprivileged(place.path(), place.path());
    assert!(text.contains("ReadOnly") && text.contains("owner and mode"), "{text}");
}

#[test]
fn a_read_only_directory_that_was_used_before_is_named_too() {
    let place = directory_with_database();
    fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
    let text = open_unprivileged(place.path(), place.path());
    assert!(text.contains("ReadOnly") && text.contains("owner and mode"), "{text}");
}

#[test]
fn a_read_only_database_is_named_with_what_to_look_at() {
    let place = directory_with_database();
    fs::set_permissions(place.path().join("herald.db"), Permissions::from_mode(0o400)).unwrap();
    let text = open_unprivileged(place.path(), place.path());
    assert!(text.contains("ReadOnly") && text.contains("herald.db"), "{text}");
}

#[test]
fn a_data_directory_that_cannot_be_created_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
    let text = open_unprivileged(place.path(), &place.path().join("herald"));
    assert!(text.contains("ReadOnly") && text.contains("/herald can't be written"), "{text}");
}
