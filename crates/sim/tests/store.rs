//! The simulated store keeps what the real one promises: the same suite, over a disk without mistakes.

#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, but not in what they share"
)]

#[path = "../../store/tests/store/audit.rs"]
mod audit;
#[path = "../../store/tests/store/conformance.rs"]
mod conformance;
#[path = "../../store/tests/store/contacts.rs"]
mod contacts;
#[path = "../../store/tests/store/groups.rs"]
mod groups;
#[path = "../../store/tests/store/history.rs"]
mod history;
#[path = "../../store/tests/store/messages.rs"]
mod messages;
#[allow(dead_code, reason = "some samples are for what only a file can do")]
#[path = "../../store/tests/store/samples.rs"]
mod samples;
#[path = "../../store/tests/store/users.rs"]
mod users;

use sim::{Disk, SimStore};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

thread_local! {
    /// The disk at each place; a test has a thread of its own.
    static DISKS: RefCell<HashMap<PathBuf, Rc<RefCell<Disk>>>> = RefCell::default();
}

fn open(place: &Path) -> SimStore {
    let disk =
        DISKS.with_borrow_mut(|disks| Rc::clone(disks.entry(place.to_owned()).or_insert_with(Disk::perfect)));
    SimStore::open(&disk)
}

conformance::conformance!(simulated, open);
