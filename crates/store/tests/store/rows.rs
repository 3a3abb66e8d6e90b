//! Rows of messages as they lie in the file.

use crate::messages::{fill, message, plain, settled, stored};
use rusqlite::Connection;
use std::path::Path;
use store::{Options, Store};

fn open(place: &Path) -> Store {
    Store::open(place, Options::default()).unwrap()
}

#[test]
fn the_row_of_a_message_that_has_left_holds_nothing_of_what_it_said() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    fill(&store, vec![stored("b", 1, message("x", 1)), settled("b", "x", 1, 60)]);
    store.close().unwrap();
    let shell = Connection::open(place.path().join("herald.db")).unwrap();
    let row = shell.query_row("SELECT text, media_type, body, handling FROM messages", [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let expected: (String, Option<String>, Option<Vec<u8>>, String) =
        (String::new(), None, None, "{}".to_owned());
    assert_eq!(row, Ok(expected));
}

#[test]
fn a_row_that_cannot_be_read_is_an_error_and_not_a_message() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    fill(&store, vec![stored("b", 1, plain("x", 1))]);
    store.close().unwrap();
    let shell = Connection::open(place.path().join("herald.db")).unwrap();
    shell.execute("UPDATE messages SET handling = '{'", []).unwrap();
    drop(shell);
    let error = open(place.path()).messages(|_, _, _| panic!("it can't be read")).unwrap_err();
    assert!(error.to_string().contains("herald.db"), "{error}");
}
