//! People and groups from a directory (LDAP, RFC 4511; Active Directory among them), and the check of a password there.
//!
//! What entries mean is decided by pure functions: [`Person`], [`DirectoryGroup`] and [`Snapshot`] are made of [`Entry`]s.
//! [`Directory`] is the conversation. It owns the one thread that has an asynchronous runtime; whoever asks waits for the
//! answer as for any other thread. Nothing is ever written to a directory, and referrals are not followed.
//!
//! ```no_run
//! let settings = directory::Settings { base: "dc=example,dc=com".to_owned(), ..directory::Settings::default() };
//! let directory = directory::Directory::start(settings).unwrap();
//! let snapshot = directory.fetch().unwrap();
//! println!("{} people in {} groups", snapshot.people.len(), snapshot.groups.len());
//! ```

#![warn(missing_docs)]

mod connection;
mod directory;
mod entry;
mod error;
mod group;
mod login;
mod name;
mod person;
mod settings;
mod snapshot;

pub use directory::Directory;
pub use entry::Entry;
pub use error::DirectoryError;
pub use group::DirectoryGroup;
pub use login::Login;
pub use name::normal;
pub use person::Person;
pub use settings::{Kind, Settings, check_filter, check_url};
pub use snapshot::{Snapshot, SnapshotGroup};
