//! The store keeps what every back end must promise, and what only a file can.

use crate::conformance::place;
use store::{Options, Store, StoreError};

crate::conformance::conformance!(promises, |place| Store::open(place, Options::default()).unwrap());

#[test]
fn a_closed_store_is_not_checked() {
    let place = place();
    let store = Store::open(place.path(), Options::default()).unwrap();
    store.close().unwrap();
    assert_eq!(store.integrity_check_in_background(|_| panic!("it was refused")), Err(StoreError::Closed));
}
