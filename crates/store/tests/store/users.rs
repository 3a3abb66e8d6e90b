//! What every back end must promise of users; [`conformance`](crate::conformance) makes tests of it.

use crate::conformance::{Open, place};
use crate::samples::{address, write};
use model::{Batch, DirectoryState, DirectoryUser, Fact, PasswordKey, SealedPassword, Timestamp, UserRecord};
use store::Storage;

fn user(name: &str, key: u8) -> UserRecord {
    UserRecord {
        name: name.to_owned(),
        addresses: vec![address("room"), address("4711")],
        networks: vec!["192.0.2.0/24".parse().unwrap()],
        key: Some(PasswordKey::from_octets([key; 20])),
        sealed_password: (key > 1).then(|| SealedPassword(vec![key; 40])),
        since: Timestamp(7),
        directory: None,
    }
}

fn somebody() -> DirectoryUser {
    DirectoryUser {
        dn: "uid=bob,dc=example".to_owned(),
        title: Some("Bob B.".to_owned()),
        contacts: vec!["mailto:bob@example.com".to_owned()],
        state: DirectoryState::Gone,
        owns_addresses: true,
    }
}

fn is(record: UserRecord) -> Fact {
    Fact::User(Box::new(record))
}

// covers: F-18
pub fn users_are_there_when_opened_again_and_what_is_removed_is_not<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let of_directory = UserRecord { key: None, directory: Some(somebody()), ..user("bob", 1) };
    let facts = vec![
        is(user("room 4 \"north\"", 1)),
        is(user("zoe", 1)),
        is(user("amy", 1)),
        is(of_directory.clone()),
    ];
    write(&store, Batch { facts }).unwrap();
    let removed = Fact::UserRemoved { name: "zoe".to_owned() };
    write(&store, Batch { facts: vec![is(user("amy", 2)), removed] }).unwrap();
    store.close().unwrap();
    let mut found = Vec::new();
    assert_eq!(open(place.path()).users(|user| found.push(user)), Ok(3));
    assert_eq!(found, [user("amy", 2), of_directory, user("room 4 \"north\"", 1)]);
}
